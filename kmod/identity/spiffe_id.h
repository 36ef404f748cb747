/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * SPIFFE IDs (SPIFFE-ID specification, section 2): spiffe://trust-domain/path.
 *
 * The one parser of the project: kernel, agent and CLI compile this source.
 * Input is length-delimited and may hold any byte, NUL included.
 */
#ifndef _KITH_IDENTITY_SPIFFE_ID_H
#define _KITH_IDENTITY_SPIFFE_ID_H

#include "spiffe_id_compat.h"

/* A parsed ID; both parts point into the parsed text. */
struct kith_spiffe_id {
	const char *trust_domain;
	size_t trust_domain_len;
	const char *path;		/* with its leading slash */
	size_t path_len;		/* 0: the ID of the trust domain itself */
};

enum kith_spiffe_fault {
	KITH_SPIFFE_OK,
	KITH_SPIFFE_TOO_LONG,
	KITH_SPIFFE_SCHEME,
	KITH_SPIFFE_NO_TRUST_DOMAIN,
	KITH_SPIFFE_TRUST_DOMAIN_TOO_LONG,
	KITH_SPIFFE_TRUST_DOMAIN_CHAR,
	KITH_SPIFFE_PATH_CHAR,
	KITH_SPIFFE_EMPTY_SEGMENT,
	KITH_SPIFFE_DOT_SEGMENT,
	KITH_SPIFFE_TRAILING_SLASH,
};

/**
 * kith_spiffe_id_parse - check and split a SPIFFE ID
 * @text: the ID; needs no NUL
 * @len: its length in bytes
 * @id: where its parts are, set on success only
 *
 * Any context.
 */
enum kith_spiffe_fault kith_spiffe_id_parse(const char *text, size_t len,
					    struct kith_spiffe_id *id);

/**
 * kith_trust_domain_check - check the name of a trust domain
 * @name: the bare name, "shop.example"; needs no NUL
 * @len: its length in bytes
 */
enum kith_spiffe_fault kith_trust_domain_check(const char *name, size_t len);

/** kith_spiffe_id_in - whether @id belongs to the trust domain @name */
bool kith_spiffe_id_in(const struct kith_spiffe_id *id, const char *name,
		       size_t len);

/** kith_spiffe_fault_text - what is wrong, for people */
const char *kith_spiffe_fault_text(enum kith_spiffe_fault fault);

#endif
