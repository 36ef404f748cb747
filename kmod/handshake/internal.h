/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the engine share; nothing outside includes it. */
#ifndef _KITH_HANDSHAKE_INTERNAL_H
#define _KITH_HANDSHAKE_INTERNAL_H

#include <linux/refcount.h>
#include <linux/types.h>

#include "mbedtls/pk.h"
#include "mbedtls/x509_crt.h"
#include "psa/crypto.h"

#include "engine.h"
#include "memory.h"

#define KITH_SPKI_MAX	128

/* Of a Certificate message; fits MBEDTLS_SSL_OUT_CONTENT_LEN with its frame. */
#define KITH_SENT_CHAIN_MAX	8000

struct kith_key {
	psa_key_id_t id;		/* volatile, not exportable */
	mbedtls_pk_context pk;		/* opaque: refers to @id */
	u8 spki[KITH_SPKI_MAX];		/* SubjectPublicKeyInfo, DER */
	size_t spki_len;
};

struct kith_certs {
	refcount_t refs;
	unsigned int count;
	mbedtls_x509_crt first;		/* immutable after creation */
};

/* One refusal: what the application, the operator and the peer are told. */
struct kith_refusal {
	int err;
	enum kith_reason reason;
	u8 alert;
};

/* 0 or -errno for a code of the library. */
int kith_errno(int ret);

/* The library takes lists and keys without const; it only reads these. */
static inline mbedtls_x509_crt *kith_certs_first(const struct kith_certs *certs)
{
	return (mbedtls_x509_crt *)&certs->first;
}

static inline mbedtls_pk_context *kith_key_pk(const struct kith_key *key)
{
	return (mbedtls_pk_context *)&key->pk;
}

/* svid.c */

/* Reads and checks @crt as a leaf X.509-SVID: 0 or -EKEYREJECTED. */
int kith_svid_read(const mbedtls_x509_crt *crt, struct kith_svid_facts *facts);
/* Whether @crt may sign SVIDs of the trust domain @name: any SPIFFE ID it
 * carries is that trust domain's own.
 */
bool kith_svid_signer_ok(const mbedtls_x509_crt *crt, const char *name, size_t len);
/* Whether key usage is present, critical and includes @usage. */
bool kith_svid_key_usage(const mbedtls_x509_crt *crt, unsigned int usage);

/* A certificate's time as seconds of CLOCK_REALTIME. */
time64_t kith_seconds(const mbedtls_x509_time *t);

/* verify.c */

/*
 * Judges the peer's @chain: SVID, chain to the bundle of its trust domain,
 * time. True when it stands. @facts is filled, and *@known set, as soon as
 * the leaf is an SVID, whatever the verdict. False: @refusal says why.
 */
bool kith_verify(mbedtls_x509_crt *chain, const struct kith_tls_ops *ops, void *ctx,
		 struct kith_svid_facts *facts, bool *known, struct kith_refusal *refusal);

/* traffic.c */

struct kith_secrets {
	u8 client[48], server[48];
	size_t len;			/* 0: not known yet */
	u16 suite;
};

int kith_traffic_keys(const struct kith_secrets *secrets, bool server,
		      struct kith_tls_keys *keys);

#endif
