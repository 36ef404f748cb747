/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TLS 1.3 engine: the one place Kith meets a TLS and X.509 library.
 *
 * Nothing outside kmod/handshake/ includes a header of that library. Keys are
 * made here, used here and zeroised here; no function returns a private key.
 *
 * Context: process context, may sleep, unless said otherwise. No locks are
 * taken that callers could hold. The objects are not synchronised: struct
 * kith_tls belongs to one worker at a time; the others are immutable after
 * creation and may be shared.
 */
#ifndef _KITH_HANDSHAKE_ENGINE_H
#define _KITH_HANDSHAKE_ENGINE_H

#include <linux/types.h>
#include <linux/kith.h>

struct kith_key;	/* P-256 private key, opaque */
struct kith_certs;	/* parsed certificates, leaf first; refcounted */
struct kith_tls;	/* one handshake */

int kith_engine_init(void);
void kith_engine_exit(void);

/* keys ------------------------------------------------------------------ */

/* Returns a fresh P-256 key or ERR_PTR; free with kith_key_free(). */
struct kith_key *kith_key_new(void);
/* Zeroises and frees; NULL is allowed. */
void kith_key_free(struct kith_key *key);
/* How many there are. Any context. */
unsigned int kith_key_count(void);

/* certificates ---------------------------------------------------------- */

/*
 * One chain or bundle from @count DER certificates. ERR_PTR(-EBADMSG) when
 * one does not parse, -E2BIG when one exceeds KITH_CERT_MAX. Ref count 1.
 */
struct kith_certs *kith_certs_parse(const u8 *const der[], const size_t len[],
				    unsigned int count);
struct kith_certs *kith_certs_get(struct kith_certs *certs);
void kith_certs_put(struct kith_certs *certs);
/* DER of certificate @i, or NULL; owned by @certs. */
const u8 *kith_certs_der(const struct kith_certs *certs, unsigned int i,
			 size_t *len);

/*
 * Whether a handshake can send @certs as its own chain: at most KITH_CHAIN_MAX
 * certificates and 8000 bytes. To be asked when a chain is installed.
 */
bool kith_certs_sendable(const struct kith_certs *certs);

/* Facts of a leaf; strings are owned by the struct. */
struct kith_svid_facts {
	char spiffe_id[KITH_SPIFFE_ID_MAX + 1];
	time64_t not_before, not_after;
	u8 serial[20];
	u8 serial_len;
};

/*
 * Reads and checks the leaf of @certs as an X.509-SVID (X509-SVID sections 2
 * to 5: one URI SAN, non-root path, not a CA, key usage). 0, or -EKEYREJECTED
 * with @reason set. Does not verify the chain or the time.
 */
int kith_certs_svid(const struct kith_certs *certs,
		    struct kith_svid_facts *facts, enum kith_reason *reason);

/* Whether the leaf's public key is @key's. */
bool kith_certs_match_key(const struct kith_certs *certs,
			  const struct kith_key *key);

/* issuing: fixed templates, no caller-supplied bytes are signed ------------ */

/*
 * What a template takes at most beside its SPIFFE ID: with less than that much
 * room the functions below return -EMSGSIZE. KITH_CERT_MAX always does.
 */
#define KITH_DER_ROOM	640

/*
 * PKCS#10 CSR with the one URI SAN @spiffe_id. Returns the length of the DER
 * written to @der, or -errno.
 */
int kith_csr_build(const struct kith_key *key, const char *spiffe_id, u8 *der,
		   size_t size);

struct kith_validity {
	time64_t not_before, not_after;	/* CLOCK_REALTIME seconds */
	const u8 *serial;		/* big endian, positive, at most 159 bits */
	size_t serial_len;
};

/*
 * Self-signed CA certificate of @trust_domain (URI SAN spiffe://<td>, CA,
 * keyCertSign|cRLSign). Returns DER length or -errno.
 */
int kith_ca_build(const struct kith_key *key, const char *trust_domain,
		  const struct kith_validity *v, u8 *der, size_t size);

/*
 * X.509-SVID for @subject, signed by @ca_key/@ca. Refuses (-EINVAL) a validity
 * outside the CA's and an ID outside the CA's trust domain.
 */
int kith_svid_build(const struct kith_key *ca_key, const struct kith_certs *ca,
		    const struct kith_key *subject, const char *spiffe_id,
		    const struct kith_validity *v, u8 *der, size_t size);

/* handshake -------------------------------------------------------------- */

/* Verdict of the owner of the handshake on an authenticated peer. */
struct kith_tls_verdict {
	int err;			/* 0 or a negative errno */
	enum kith_reason reason;
};

struct kith_tls_ops {
	/*
	 * Non-blocking byte transport: bytes moved, 0 at end of stream (recv),
	 * -EAGAIN, or another -errno. recv must not read past what is asked.
	 */
	int (*send)(void *ctx, const u8 *buf, size_t len);
	int (*recv)(void *ctx, u8 *buf, size_t len);
	/*
	 * CA certificates of a trust domain: a reference the engine puts, or
	 * NULL when there is no bundle for it.
	 */
	struct kith_certs *(*bundle)(void *ctx, const char *trust_domain);
	/* Called once, after the chain is verified and the key proved. */
	struct kith_tls_verdict (*authorise)(void *ctx,
					     const struct kith_svid_facts *peer);
};

struct kith_tls_params {
	bool server;
	const struct kith_key *key;	/* must outlive the kith_tls */
	struct kith_certs *chain;	/* a reference is taken */
	const char *alpn;		/* NULL: not offered / anything goes */
	const char *sni;		/* client; NULL: none sent */
	const struct kith_tls_ops *ops;
	void *ctx;
};

/* One direction's record protection, as kTLS wants it (RFC 8446 7.3). */
struct kith_tls_traffic {
	u8 key[32];
	u8 iv[12];
	u64 seq;			/* next record's number */
};

struct kith_tls_keys {
	u16 cipher_suite;		/* RFC 8446 B.4 */
	struct kith_tls_traffic tx, rx;
};

/*
 * ERR_PTR(-ENOMEM), -E2BIG (chain, see kith_certs_sendable()) or -EINVAL (alpn
 * empty or longer than 255). Takes about 30 KiB until freed. Strings of @params
 * are copied.
 */
struct kith_tls *kith_tls_new(const struct kith_tls_params *params);
/* NULL is allowed. */
void kith_tls_free(struct kith_tls *tls);

/*
 * Advances as far as the transport lets it. 0: done, both sides
 * authenticated and authorised. -EAGAIN: call again when the transport moved.
 * Else the errno the application sees (DESIGN section 4), final; a fatal alert
 * was sent where the protocol still lets one through in handshake keys.
 * A server that refuses after its own Finished does not send the alert
 * itself (it must go out in application keys): see kith_tls_pending_alert().
 */
int kith_tls_handshake(struct kith_tls *tls);

/*
 * What ends a handshake beside the reasons of spec/kith.yaml that speak for
 * themselves: the end of the stream is -ECONNRESET and KITH_REASON_CUT, an
 * error of the transport is passed through with KITH_REASON_NETWORK, a lack of
 * memory is -ENOMEM and KITH_REASON_MEMORY. A server that does not ask for a
 * certificate breaks the handshake: Kith is mutual.
 */

/* Why the handshake ended; KITH_REASON_NONE while it runs. */
enum kith_reason kith_tls_reason(const struct kith_tls *tls);
/* True when the reason is the peer's refusal (an alert it sent). */
bool kith_tls_peer_refused(const struct kith_tls *tls);
/*
 * Fatal alert (RFC 8446 6.2) still to be sent in application keys, or -1. When
 * not -1, kith_tls_keys() works although the handshake failed.
 */
int kith_tls_pending_alert(const struct kith_tls *tls);
/*
 * What a fatal alert of the peer means, during the handshake and after it:
 * the errno for the application, and @reason. Any context.
 */
int kith_tls_alert_errno(u8 alert, enum kith_reason *reason);
/* Traffic keys after success; the caller zeroises @keys. 0 or -ENODATA. */
int kith_tls_keys(struct kith_tls *tls, struct kith_tls_keys *keys);
/*
 * First 16 bytes of SHA-256("kith connection id" || client random || server
 * random): the same on both ends. False while the randoms are not known.
 */
bool kith_tls_conn_id(const struct kith_tls *tls, u8 id[KITH_CONN_ID_LEN]);
/* The peer's facts once its certificate was parsed, else NULL. */
const struct kith_svid_facts *kith_tls_peer(const struct kith_tls *tls);
/* Negotiated ALPN or NULL. */
const char *kith_tls_alpn(const struct kith_tls *tls);

#endif
