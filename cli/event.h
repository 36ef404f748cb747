/* SPDX-License-Identifier: Apache-2.0 */
/* Events as lines and as explanations. */
#ifndef KITH_CLI_EVENT_H
#define KITH_CLI_EVENT_H

#include "kith.h"

bool kith_event_is_refusal(const json_t *event);
void kith_event_print_line(const json_t *event);

/* Cause, rule, side and remedy, over several lines. */
void kith_event_explain(const json_t *event);

/* Whether an event is about @what: a pid, (the beginning of) a connection ID, an
 * address, or a part of a SPIFFE ID. */
bool kith_event_is_about(const json_t *event, const char *what);

#endif
