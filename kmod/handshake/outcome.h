/* SPDX-License-Identifier: GPL-2.0-only */
/* What a failed handshake means to the application, the operator, the peer. */
#ifndef _KITH_HANDSHAKE_OUTCOME_H
#define _KITH_HANDSHAKE_OUTCOME_H

#include "internal.h"

struct mbedtls_ssl_context;
struct kith_record_watch;

struct kith_outcome {
	int err;			/* 0: none yet, or success */
	enum kith_reason reason;
	u8 alert;			/* to send; 0: the library's choice */
	bool silent;			/* there is nobody to send it to */
	bool by_peer;			/* the peer sent an alert */
};

struct kith_failure {
	int ret;			/* the library's code */
	int io_err;			/* the transport's, or 0 */
	const struct kith_record_watch *watch;
	const struct mbedtls_ssl_context *ssl;
	bool server;
};

void kith_outcome_of_failure(const struct kith_failure *failure,
			     struct kith_outcome *outcome);

#endif
