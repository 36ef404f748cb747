/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's log: lines on stderr, with the priority prefix the journal
 * understands when the journal reads them. LOG_ERR and worse say what the
 * operator can do.
 */
#ifndef KITH_AGENT_LOG_H
#define KITH_AGENT_LOG_H

#include <syslog.h>

void kith_log_init(void);
void kith_log(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
