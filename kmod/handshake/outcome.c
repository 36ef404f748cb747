// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/kernel.h>

#include "mbedtls/error.h"
#include "mbedtls/ssl.h"

#include "outcome.h"
#include "record.h"

enum {
	ALERT_CERTIFICATE_REQUIRED = 116,	/* the library predates it */
};

int kith_tls_alert_errno(u8 alert, enum kith_reason *reason)
{
	switch (alert) {
	case MBEDTLS_SSL_ALERT_MSG_NO_CERT:
	case MBEDTLS_SSL_ALERT_MSG_BAD_CERT:
	case MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT:
	case MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED:
	case MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED:
	case MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN:
	case MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA:
	case MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED:
	case ALERT_CERTIFICATE_REQUIRED:
		*reason = KITH_REASON_PEER_REFUSED;
		return -EKEYREJECTED;
	case MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION:
		*reason = KITH_REASON_PEER_TLS_VERSION;
		return -EPROTO;
	case MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL:
		*reason = KITH_REASON_ALPN;
		return -EPROTO;
	default:
		*reason = KITH_REASON_PEER_HANDSHAKE;
		return -EPROTO;
	}
}

static void set(struct kith_outcome *outcome, int err, enum kith_reason reason)
{
	outcome->err = err;
	outcome->reason = reason;
}

static void set_silent(struct kith_outcome *outcome, int err, enum kith_reason reason)
{
	set(outcome, err, reason);
	outcome->silent = true;
}

static void set_by_peer(struct kith_outcome *outcome, u8 alert)
{
	outcome->err = kith_tls_alert_errno(alert, &outcome->reason);
	outcome->silent = true;
	outcome->by_peer = true;
}

/* The code of the library's upper layers, without what a lower one added. */
static int high_level(int ret)
{
	return -(-ret & 0xff80);
}

/* Only the peer's certificates are parsed in these states. */
static bool at_certificate(const struct kith_failure *f)
{
	return f->ssl->state == (f->server ? MBEDTLS_SSL_CLIENT_CERTIFICATE :
					     MBEDTLS_SSL_SERVER_CERTIFICATE);
}

static bool is_x509(int ret)
{
	return ret <= MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE &&
	       ret >= MBEDTLS_ERR_X509_FATAL_ERROR - 0x7f;
}

/* Well-formed, but made with algorithms that Kith does not trust. */
static bool is_unknown_algorithm(int ret)
{
	switch (high_level(ret)) {
	case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
	case MBEDTLS_ERR_PK_INVALID_ALG:
		return true;
	default:
		return false;
	}
}

static void of_certificate(int ret, struct kith_outcome *outcome)
{
	if (is_unknown_algorithm(ret))
		set(outcome, -EKEYREJECTED, KITH_REASON_PEER_UNTRUSTED);
	else if (is_x509(ret))
		set(outcome, -EKEYREJECTED, KITH_REASON_PEER_NOT_SVID);
	else
		set(outcome, -EPROTO, KITH_REASON_PEER_HANDSHAKE);
}

/* The library answers an empty server Certificate with the code of an alert. */
static bool is_empty_server_certificate(const struct kith_failure *f)
{
	return at_certificate(f) && !f->server &&
	       f->ssl->alert_type == MBEDTLS_SSL_ALERT_MSG_NO_CERT;
}

/*
 * The library drops a certificate whose signature algorithm it does not know.
 * It stumbles when the peer then proves the key of a leaf that was dropped:
 * against nothing, or against the CA that came next.
 */
static bool is_dropped_certificate(const struct kith_failure *f)
{
	const int state = f->server ? MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY :
				      MBEDTLS_SSL_CERTIFICATE_VERIFY;
	const mbedtls_x509_crt *leaf;

	if (f->ssl->state != state)
		return false;
	leaf = f->ssl->session_negotiate->peer_cert;
	return leaf && (!leaf->raw.len || leaf->ca_istrue);
}

static void of_code(const struct kith_failure *f, struct kith_outcome *outcome)
{
	switch (f->ret) {
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
		if (is_empty_server_certificate(f)) {
			set(outcome, -EKEYREJECTED, KITH_REASON_PEER_NO_CERTIFICATE);
			outcome->alert = MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR;
		} else {
			set_by_peer(outcome, f->ssl->in_msg[1]);
		}
		return;
	case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE:
		set(outcome, -EKEYREJECTED, KITH_REASON_PEER_NO_CERTIFICATE);
		outcome->alert = ALERT_CERTIFICATE_REQUIRED;
		return;
	case MBEDTLS_ERR_SSL_CONN_EOF:
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
		set_silent(outcome, -ECONNRESET, KITH_REASON_CUT);
		return;
	case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
		set(outcome, -EPROTO, KITH_REASON_PEER_TLS_VERSION);
		return;
	case MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL:
		set(outcome, -EPROTO, KITH_REASON_ALPN);
		return;
	case MBEDTLS_ERR_SSL_INVALID_MAC:
		set(outcome, -EPROTO, KITH_REASON_PEER_HANDSHAKE);
		outcome->alert = MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC;
		return;
	case MBEDTLS_ERR_SSL_INTERNAL_ERROR:
	case MBEDTLS_ERR_ERROR_CORRUPTION_DETECTED:
		set(outcome, -EPROTO, KITH_REASON_INTERNAL);
		outcome->alert = MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR;
		return;
	}
	if (at_certificate(f)) {
		of_certificate(f->ret, outcome);
	} else if (is_dropped_certificate(f)) {
		set(outcome, -EKEYREJECTED, KITH_REASON_PEER_UNTRUSTED);
		outcome->alert = MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT;
	} else {
		set(outcome, -EPROTO, KITH_REASON_PEER_HANDSHAKE);
	}
}

void kith_outcome_of_failure(const struct kith_failure *f, struct kith_outcome *outcome)
{
	const int clear_alert = kith_record_clear_alert(f->watch);

	if (f->io_err) {
		set_silent(outcome, f->io_err, KITH_REASON_NETWORK);
	} else if (f->watch->not_tls) {
		set_silent(outcome, -EPROTO, KITH_REASON_PEER_NOT_TLS);
	} else if (kith_errno(f->ret) == -ENOMEM) {
		set(outcome, -ENOMEM, KITH_REASON_MEMORY);
		outcome->alert = MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR;
	} else if (f->ssl->transform_in && clear_alert >= 0) {
		/* Some clients refuse a server in clear. */
		set_by_peer(outcome, clear_alert);
	} else {
		of_code(f, outcome);
	}
}
