/* SPDX-License-Identifier: Apache-2.0 */
/* The openings of the policy in force, for `kith report` and `kith status`. */
#ifndef KITH_CLI_OPENINGS_H
#define KITH_CLI_OPENINGS_H

#include "client.h"

/* Adds them to @list, in the order of the policy. Return: as kith_ask(). */
int kith_openings_ask(const struct kith_options *options, json_t *list);
/* As a table; @none when there are none. */
void kith_openings_print(const json_t *list, const char *none);

#endif
