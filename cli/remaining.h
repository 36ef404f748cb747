/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that a revocation or a policy has not reached yet. */
#ifndef KITH_CLI_REMAINING_H
#define KITH_CLI_REMAINING_H

#include "kith.h"

/* Says on stderr what "remaining" of an answer's @result names. Return:
 * KITH_EXIT_OK when it names nothing, else KITH_EXIT_REMAINING. */
int kith_remaining(const json_t *result);

#endif
