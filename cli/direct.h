/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the kernel itself, for when kithd is not there. Needs root. */
#ifndef KITH_CLI_DIRECT_H
#define KITH_CLI_DIRECT_H

#include "client.h"

/* The module's status as kithd reports it (a new reference), or NULL with the
 * reason, static, in *@why. */
json_t *kith_direct_status(const char **why);

/* Rows as kithd's "ps" and "conns" give them. Return: 0 or -errno. */
int kith_direct_ps(kith_row_fn *row, void *arg);
int kith_direct_conns(kith_row_fn *row, void *arg);

/* Asks kithd, or the kernel when kithd cannot be reached and we are root.
 * Return: an enum kith_exit. */
int kith_list(const struct kith_options *options, const char *command,
	      int (*direct)(kith_row_fn *row, void *arg), kith_row_fn *row, void *arg);

#endif
