/* SPDX-License-Identifier: Apache-2.0 */
/* Asking kithd over its control socket. */
#ifndef KITH_CLI_CLIENT_H
#define KITH_CLI_CLIENT_H

#include "kith.h"

/* Gets each row of an answer; borrowed. Return: false to stop asking. */
typedef bool kith_row_fn(const json_t *row, void *arg);

/**
 * kith_ask() - send a request and read the whole answer
 * @request: its reference is taken
 * @row: NULL: rows are not expected
 * @result: NULL, or set to the answer's result (a new reference) or NULL
 *
 * Errors are said on stderr. Return: KITH_EXIT_OK, KITH_EXIT_FAILED when kithd
 * refused, KITH_EXIT_UNREACHABLE.
 */
int kith_ask(const struct kith_options *options, json_t *request, kith_row_fn *row, void *arg,
	     json_t **result);

/* The same without a word about a kithd that cannot be reached. */
int kith_ask_quietly(const struct kith_options *options, json_t *request, kith_row_fn *row,
		     void *arg, json_t **result);

/* Says that kithd cannot be reached, and what to do. Return:
 * KITH_EXIT_UNREACHABLE. */
int kith_unreachable(const struct kith_options *options, int err);

#endif
