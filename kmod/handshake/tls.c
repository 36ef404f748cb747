// SPDX-License-Identifier: GPL-2.0-only
/*
 * One handshake, TLS 1.3 and mutual.
 *
 * The library runs the protocol; it does not judge certificates (verify none
 * on both ends). Kith judges at one point of each side's state machine:
 *
 *   client: when the server's Finished has verified, before its own
 *           certificate is sent;
 *   server: when the client's Finished has verified.
 *
 * So a verdict is only passed on a peer that has proved its key, and a client
 * shows its certificate to nobody it does not accept.
 *
 * Alerts. The library sends some in wrong keys: a client's between ServerHello
 * and its own Certificate go out in clear, a server's after its Finished in
 * handshake keys although RFC 8446 has it write with application keys by then.
 * There the library is muted and its alert goes out here: the client's in
 * handshake keys, the server's by the caller, see kith_tls_pending_alert().
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "mbedtls/ssl.h"
#include "ssl_misc.h"

#include "internal.h"
#include "outcome.h"
#include "record.h"

/* A whole handshake of the largest chains is well below. */
#define BYTES_MAX (64 * 1024)

struct kith_tls {
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config conf;
	const struct kith_tls_ops *ops;
	void *ctx;
	struct kith_certs *chain;
	bool server;

	/* Progress. */
	bool muted;			/* swallow what the library writes */
	bool judged;			/* the peer was verified and authorised */
	bool ended;			/* @outcome is final but for flushing */
	int io_err;			/* what the transport failed with */
	struct kith_record_watch watch;
	struct kith_outcome outcome;
	int pending_alert;		/* -1: none */
	struct kith_mem_scope scope;	/* of the call under way */

	/* What the handshake yields. */
	bool peer_known;
	bool randoms_known;
	u8 conn_id[KITH_CONN_ID_LEN];
	struct kith_secrets secrets;
	struct kith_svid_facts peer;

	char alpn[256];
	const char *alpn_list[2];
};

static const int suites[] = {
	MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
	MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
	MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
	0,
};

static const u16 groups[] = {
	MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
};

static const u16 signatures[] = {
	MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
	MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
	MBEDTLS_TLS1_3_SIG_NONE,
};

/* callbacks of the library --------------------------------------------------- */

static int do_send(void *arg, const unsigned char *buf, size_t len)
{
	struct kith_tls *tls = arg;
	int n;

	if (tls->muted)
		return len;
	n = tls->ops->send(tls->ctx, buf, len);
	if (n > 0)
		return n;
	if (n == -EAGAIN || !n)
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	tls->io_err = n;
	return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int do_recv(void *arg, unsigned char *buf, size_t len)
{
	struct kith_tls *tls = arg;
	int n;

	n = tls->ops->recv(tls->ctx, buf, len);
	if (n == -EAGAIN)
		return MBEDTLS_ERR_SSL_WANT_READ;
	if (n < 0) {
		tls->io_err = n;
		return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
	}
	if (!kith_record_watch(&tls->watch, buf, n) || tls->watch.total > BYTES_MAX)
		return MBEDTLS_ERR_SSL_INVALID_RECORD;
	return n;
}

static int fill_random(void *arg, unsigned char *out, size_t len)
{
	return psa_generate_random(out, len) ? MBEDTLS_ERR_SSL_INTERNAL_ERROR : 0;
}

static void derive_conn_id(struct kith_tls *tls, const u8 client[32], const u8 server[32])
{
	static const char label[] = "kith connection id";
	u8 input[sizeof(label) - 1 + 64];
	u8 hash[32];
	size_t len;

	memcpy(input, label, sizeof(label) - 1);
	memcpy(input + sizeof(label) - 1, client, 32);
	memcpy(input + sizeof(label) - 1 + 32, server, 32);
	if (psa_hash_compute(PSA_ALG_SHA_256, input, sizeof(input), hash, sizeof(hash), &len))
		return;
	memcpy(tls->conn_id, hash, KITH_CONN_ID_LEN);
	tls->randoms_known = true;
}

static void on_secret(void *arg, mbedtls_ssl_key_export_type type, const unsigned char *secret,
		      size_t len, const unsigned char client_random[32],
		      const unsigned char server_random[32], mbedtls_tls_prf_types prf)
{
	struct kith_tls *tls = arg;
	struct kith_secrets *secrets = &tls->secrets;

	if (!tls->randoms_known)
		derive_conn_id(tls, client_random, server_random);
	if (len > sizeof(secrets->client))
		return;
	if (type == MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET) {
		memcpy(secrets->client, secret, len);
	} else if (type == MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET) {
		memcpy(secrets->server, secret, len);
		secrets->suite = tls->ssl.handshake->ciphersuite_info->id;
		secrets->len = len;
	}
}

/* creation -------------------------------------------------------------------- */

static int set_alpn(struct kith_tls *tls, const char *alpn)
{
	if (!alpn)
		return 0;
	if (!*alpn || strscpy(tls->alpn, alpn, sizeof(tls->alpn)) < 0)
		return -EINVAL;
	tls->alpn_list[0] = tls->alpn;
	return kith_errno(mbedtls_ssl_conf_alpn_protocols(&tls->conf, tls->alpn_list));
}

static int configure(struct kith_tls *tls, const struct kith_tls_params *params)
{
	mbedtls_ssl_config *conf = &tls->conf;
	int ret;

	ret = mbedtls_ssl_config_defaults(conf, params->server ? MBEDTLS_SSL_IS_SERVER :
								 MBEDTLS_SSL_IS_CLIENT,
					  MBEDTLS_SSL_TRANSPORT_STREAM,
					  MBEDTLS_SSL_PRESET_DEFAULT);
	if (ret)
		return kith_errno(ret);
	mbedtls_ssl_conf_rng(conf, fill_random, NULL);
	mbedtls_ssl_conf_ciphersuites(conf, suites);
	mbedtls_ssl_conf_groups(conf, groups);
	mbedtls_ssl_conf_sig_algs(conf, signatures);
	mbedtls_ssl_conf_tls13_key_exchange_modes(conf,
						  MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL);
	/* Optional makes a server ask; judge() is where it insists. */
	mbedtls_ssl_conf_authmode(conf, params->server ? MBEDTLS_SSL_VERIFY_OPTIONAL :
							 MBEDTLS_SSL_VERIFY_NONE);
	if (params->server)
		mbedtls_ssl_conf_cert_req_ca_list(conf, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
	ret = mbedtls_ssl_conf_own_cert(conf, kith_certs_first(params->chain),
					kith_key_pk(params->key));
	if (ret)
		return kith_errno(ret);
	return set_alpn(tls, params->alpn);
}

static int set_up(struct kith_tls *tls, const struct kith_tls_params *params)
{
	int err;

	err = configure(tls, params);
	if (err)
		return err;
	err = kith_errno(mbedtls_ssl_setup(&tls->ssl, &tls->conf));
	if (err)
		return err;
	if (!params->server) {
		err = kith_errno(mbedtls_ssl_set_hostname(&tls->ssl, params->sni));
		if (err)
			return err;
	}
	mbedtls_ssl_set_bio(&tls->ssl, tls, do_send, do_recv, NULL);
	mbedtls_ssl_set_export_keys_cb(&tls->ssl, on_secret, tls);
	return 0;
}

struct kith_tls *kith_tls_new(const struct kith_tls_params *params)
{
	struct kith_tls *tls;
	int err;

	if (!kith_certs_sendable(params->chain))
		return ERR_PTR(-E2BIG);
	tls = kith_mem_zalloc(sizeof(*tls));
	if (!tls)
		return ERR_PTR(-ENOMEM);
	tls->ops = params->ops;
	tls->ctx = params->ctx;
	tls->server = params->server;
	tls->chain = kith_certs_get(params->chain);
	tls->pending_alert = -1;
	mbedtls_ssl_config_init(&tls->conf);
	mbedtls_ssl_init(&tls->ssl);
	err = set_up(tls, params);
	if (err) {
		kith_tls_free(tls);
		return ERR_PTR(err);
	}
	return tls;
}

void kith_tls_free(struct kith_tls *tls)
{
	if (!tls)
		return;
	mbedtls_ssl_free(&tls->ssl);
	mbedtls_ssl_config_free(&tls->conf);
	kith_certs_put(tls->chain);
	kith_mem_free(tls);
}

/* the end --------------------------------------------------------------------- */

/* The verdict's alert, else the one the library wanted to send. */
static u8 muted_alert(const struct kith_tls *tls)
{
	if (tls->outcome.alert)
		return tls->outcome.alert;
	return tls->ssl.alert_type;
}

static void send_in_handshake_keys(struct kith_tls *tls, u8 alert)
{
	mbedtls_ssl_context *ssl = &tls->ssl;

	tls->muted = false;
	mbedtls_ssl_set_outbound_transform(ssl, ssl->handshake->transform_handshake);
	/* What does not leave at once is flushed by flush_alert(). */
	mbedtls_ssl_send_alert_message(ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, alert);
}

/* The handshake is over and failed; @tls->outcome says how. */
static void deliver_alert(struct kith_tls *tls)
{
	u8 alert;

	if (!tls->muted || tls->outcome.silent)
		return;
	alert = muted_alert(tls);
	if (!alert)
		return;
	if (tls->server)
		tls->pending_alert = alert;
	else
		send_in_handshake_keys(tls, alert);
}

/* -EAGAIN while the transport holds back an alert, else the final errno. */
static int flush_alert(struct kith_tls *tls)
{
	if (tls->outcome.err && !tls->outcome.silent && !tls->io_err && !tls->muted &&
	    mbedtls_ssl_flush_output(&tls->ssl) == MBEDTLS_ERR_SSL_WANT_WRITE)
		return -EAGAIN;
	return tls->outcome.err;
}

static int end(struct kith_tls *tls)
{
	tls->ended = true;
	if (tls->scope.failed && !tls->outcome.silent) {
		tls->outcome.err = -ENOMEM;
		tls->outcome.reason = KITH_REASON_MEMORY;
		tls->outcome.alert = MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR;
	}
	deliver_alert(tls);
	return flush_alert(tls);
}

static int fail(struct kith_tls *tls, int ret)
{
	const struct kith_failure failure = {
		.ret = ret,
		.io_err = tls->io_err,
		.watch = &tls->watch,
		.ssl = &tls->ssl,
		.server = tls->server,
	};

	kith_outcome_of_failure(&failure, &tls->outcome);
	return end(tls);
}

static int refuse(struct kith_tls *tls, const struct kith_refusal *refusal)
{
	tls->outcome.err = refusal->err;
	tls->outcome.reason = refusal->reason;
	tls->outcome.alert = refusal->alert;
	return end(tls);
}

/* the handshake ----------------------------------------------------------------- */

static const struct kith_refusal not_mutual = {
	-EPROTO, KITH_REASON_PEER_HANDSHAKE, MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE
};

static const struct kith_refusal trailing = {
	-EPROTO, KITH_REASON_PEER_HANDSHAKE, MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE
};

static bool authorise(struct kith_tls *tls, struct kith_refusal *refusal)
{
	struct kith_tls_verdict verdict = tls->ops->authorise(tls->ctx, &tls->peer);

	refusal->err = verdict.err;
	refusal->reason = verdict.reason;
	refusal->alert = verdict.err == -EKEYREVOKED ?
			 MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED :
			 MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED;
	return !verdict.err;
}

/* True when the peer is verified and authorised. */
static bool judge(struct kith_tls *tls, struct kith_refusal *refusal)
{
	mbedtls_x509_crt *chain = tls->ssl.session_negotiate->peer_cert;

	tls->judged = true;
	tls->muted = true;	/* end() speaks for the library */
	if (!tls->server && !tls->ssl.handshake->client_auth) {
		*refusal = not_mutual;
		return false;
	}
	/* Nothing may share a record with Finished: keys change behind it. */
	if (mbedtls_ssl_check_pending(&tls->ssl)) {
		*refusal = trailing;
		return false;
	}
	return kith_verify(chain, tls->ops, tls->ctx, &tls->peer, &tls->peer_known, refusal) &&
	       authorise(tls, refusal);
}

static bool time_to_judge(const struct kith_tls *tls)
{
	const int when = tls->server ? MBEDTLS_SSL_HANDSHAKE_WRAPUP :
				       MBEDTLS_SSL_CLIENT_CCS_AFTER_SERVER_FINISHED;

	return !tls->judged && tls->ssl.state == when;
}

/* Whether an alert of the library would go out in wrong keys, see above. */
static bool must_mute(const struct kith_tls *tls)
{
	switch (tls->ssl.state) {
	case MBEDTLS_SSL_ENCRYPTED_EXTENSIONS:
	case MBEDTLS_SSL_CERTIFICATE_REQUEST:
	case MBEDTLS_SSL_SERVER_CERTIFICATE:
	case MBEDTLS_SSL_CERTIFICATE_VERIFY:
	case MBEDTLS_SSL_SERVER_FINISHED:
		return !tls->server;
	case MBEDTLS_SSL_CLIENT_CERTIFICATE:
	case MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY:
	case MBEDTLS_SSL_CLIENT_FINISHED:
	case MBEDTLS_SSL_HANDSHAKE_WRAPUP:
	case MBEDTLS_SSL_HANDSHAKE_OVER:
		return tls->server;
	default:
		return false;
	}
}

/* Before the library takes a step in the state it is in. */
static void prepare(struct kith_tls *tls)
{
	tls->muted = must_mute(tls);
	if (tls->server && tls->ssl.state == MBEDTLS_SSL_CLIENT_CERTIFICATE)
		mbedtls_ssl_set_hs_authmode(&tls->ssl, MBEDTLS_SSL_VERIFY_NONE);
}

static int advance(struct kith_tls *tls)
{
	struct kith_refusal refusal;
	int ret;

	while (!mbedtls_ssl_is_handshake_over(&tls->ssl)) {
		cond_resched();
		/* Our own messages leave before we may be muted. */
		ret = mbedtls_ssl_flush_output(&tls->ssl);
		if (!ret) {
			if (time_to_judge(tls) && !judge(tls, &refusal))
				return refuse(tls, &refusal);
			prepare(tls);
			ret = mbedtls_ssl_handshake_step(&tls->ssl);
		}
		if (ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE)
			return -EAGAIN;
		if (ret)
			return fail(tls, ret);
	}
	tls->ended = true;
	return 0;
}

int kith_tls_handshake(struct kith_tls *tls)
{
	int err;

	if (tls->ended)
		return flush_alert(tls);
	kith_mem_begin(&tls->scope);
	err = advance(tls);
	kith_mem_end(&tls->scope, 0);
	return err;
}

/* results ----------------------------------------------------------------------- */

enum kith_reason kith_tls_reason(const struct kith_tls *tls)
{
	return tls->outcome.reason;
}

bool kith_tls_peer_refused(const struct kith_tls *tls)
{
	return tls->outcome.by_peer;
}

int kith_tls_pending_alert(const struct kith_tls *tls)
{
	return tls->pending_alert;
}

int kith_tls_keys(struct kith_tls *tls, struct kith_tls_keys *keys)
{
	if (!tls->ended || (tls->outcome.err && tls->pending_alert < 0)) {
		memset(keys, 0, sizeof(*keys));
		return -ENODATA;
	}
	return kith_traffic_keys(&tls->secrets, tls->server, keys);
}

bool kith_tls_conn_id(const struct kith_tls *tls, u8 id[KITH_CONN_ID_LEN])
{
	if (tls->randoms_known)
		memcpy(id, tls->conn_id, KITH_CONN_ID_LEN);
	return tls->randoms_known;
}

const struct kith_svid_facts *kith_tls_peer(const struct kith_tls *tls)
{
	return tls->peer_known ? &tls->peer : NULL;
}

const char *kith_tls_alpn(const struct kith_tls *tls)
{
	return mbedtls_ssl_get_alpn_protocol(&tls->ssl);
}
