// SPDX-License-Identifier: Apache-2.0
#include "pending.h"

#include <stdarg.h>
#include <stdlib.h>
#include "base/base.h"

void kith_issuing_fail(kith_issued_fn *done, void *arg, const char *format, ...)
{
	const struct kith_x509_list none = { 0 };
	struct kith_issued issued = { .chain = &none };
	va_list args;
	char *error;

	va_start(args, format);
	error = kith_vformat(format, args);
	va_end(args);
	issued.error = error;
	done(&issued, arg);
	free(error);
}

void kith_issuing_take(kith_issued_fn *done, void *arg, const char *from, const char *text,
		       size_t size)
{
	struct kith_x509_list chain = { 0 };
	struct kith_issued issued = { .chain = &chain };
	struct kith_x509_facts facts;
	const char *why = "";

	if (kith_x509_read(text, size, KITH_CHAIN_MAX, &chain, &why) ||
	    kith_x509_facts(&chain.certs[0], &facts)) {
		kith_issuing_fail(
			done, arg,
			"what %s returned is no chain: %s (write the leaf first, then intermediates, as PEM)",
			from, why);
	} else {
		issued.not_before = facts.not_before;
		issued.not_after = facts.not_after;
		done(&issued, arg);
	}
	kith_x509_clear(&chain);
}
