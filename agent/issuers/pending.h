/* SPDX-License-Identifier: Apache-2.0 */
/* What the issuers outside the kernel share: a request under way. */
#ifndef KITH_AGENT_ISSUERS_PENDING_H
#define KITH_AGENT_ISSUERS_PENDING_H

#include "issuer.h"

#define KITH_ISSUER_ANSWER_MAX (64U * 1024)

/* "No answer came": @done with @format's words as the error. */
void kith_issuing_fail(kith_issued_fn *done, void *arg, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* @done with the PEM chain in @text, or with what is wrong with it. */
void kith_issuing_take(kith_issued_fn *done, void *arg, const char *from, const char *text,
		       size_t size);

#endif
