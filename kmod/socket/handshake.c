// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driving the TLS engine over a connection, from the worker. Nothing here
 * blocks on the peer: the transport's callbacks run the worker again.
 */
#include <linux/semaphore.h>
#include <linux/tcp.h>
#include <net/tcp.h>
#include "conn.h"

static int send(struct kith_conn *conn, const u8 *buf, size_t len)
{
	struct kvec kv = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &kv, 1, len);
	return conn->base->sendmsg(conn->sock, &msg, len);
}

static int receive(struct kith_conn *conn, u8 *buf, size_t len, int flags)
{
	struct kvec kv = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {};

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &kv, 1, len);
	return conn->base->recvmsg(conn->sock, &msg, len, MSG_DONTWAIT | flags);
}

/* How many may compute: at most half of the CPUs, behind what is urgent. The
 * turn is given up where the socket's lock is taken. */
static struct semaphore turns;

void kith_handshake_init(unsigned int cpus)
{
	sema_init(&turns, cpus);
}

static int transport_send(void *ctx, const u8 *buf, size_t len)
{
	struct kith_conn *conn = ctx;
	int ret;

	up(&turns);
	ret = send(conn, buf, len);
	down(&turns);
	/* A peer may refuse our certificate before it has the rest of the
	 * flight, and be gone: what it said is still to be read. */
	if ((ret == -EPIPE || ret == -ECONNRESET) && tcp_inq(conn->sk))
		return len;
	return ret;
}

static int transport_recv(void *ctx, u8 *buf, size_t len)
{
	int ret;

	up(&turns);
	ret = receive(ctx, buf, len, 0);
	down(&turns);
	return ret;
}

static struct kith_certs *bundle(void *ctx, const char *trust_domain)
{
	struct kith_config *config = kith_config_get();
	struct kith_certs *certs = kith_config_bundle(config, trust_domain);

	kith_config_put(config);
	return certs;
}

static struct kith_tls_verdict refuse(int err, enum kith_reason reason)
{
	return (struct kith_tls_verdict){ .err = err, .reason = reason };
}

/* Whether the policy lets us talk with an authenticated peer. */
static struct kith_tls_verdict authorise(void *ctx,
					 const struct kith_svid_facts *peer)
{
	struct kith_conn *conn = ctx;
	enum kith_direction direction = conn->kind == KITH_CONN_KIND_CLIENT ?
					KITH_OUTBOUND : KITH_INBOUND;
	struct kith_tls_verdict verdict = { .reason = KITH_REASON_RULE };
	const struct kith_table_rule *rule;
	struct kith_endpoint endpoint;
	struct kith_config *config;

	conn->peer_id = kstrdup(peer->spiffe_id, GFP_KERNEL);
	if (!conn->peer_id)
		return refuse(-ENOMEM, KITH_REASON_MEMORY);
	memcpy(conn->peer_serial, peer->serial, peer->serial_len);
	conn->peer_serial_len = peer->serial_len;
	conn->peer_not_after = peer->not_after;
	if (kith_conn_peer_is_revoked(conn))
		return refuse(-EKEYREVOKED, KITH_REASON_PEER_REVOKED);
	config = kith_config_get();
	conn->generation = config->generation;
	kith_endpoint_of_sock(conn->sk, &endpoint, direction);
	rule = kith_table_peer(&config->rules, conn->svid->facts.spiffe_id,
			       direction, &endpoint, peer->spiffe_id);
	if (rule) {
		kfree(conn->rule);
		conn->rule = kstrdup(kith_table_string(&config->rules,
						       rule->source) ?: "",
				     GFP_KERNEL);
	}
	if (!rule || le32_to_cpu(rule->action) != KITH_TABLE_ALLOW)
		verdict = refuse(-EACCES, kith_conn_refusal(conn, rule));
	kith_config_put(config);
	return verdict;
}

static const struct kith_tls_ops tls_ops = {
	.send = transport_send,
	.recv = transport_recv,
	.bundle = bundle,
	.authorise = authorise,
};

/* The rule that names the endpoint sets ALPN and SNI. */
static struct kith_tls *new_tls(struct kith_conn *conn)
{
	bool server = conn->kind == KITH_CONN_KIND_SERVER;
	enum kith_direction direction = server ? KITH_INBOUND : KITH_OUTBOUND;
	struct kith_config *config = kith_config_get();
	struct kith_tls_params params = {
		.server = server,
		.key = conn->svid->key,
		.chain = conn->svid->chain,
		.ops = &tls_ops,
		.ctx = conn,
	};
	const struct kith_table_rule *rule;
	struct kith_endpoint endpoint;
	struct kith_tls *tls;

	kith_endpoint_of_sock(conn->sk, &endpoint, direction);
	rule = kith_table_address(&config->rules, conn->svid->facts.spiffe_id,
				  direction, KITH_DOOR_NONE, &endpoint);
	if (rule) {
		params.alpn = kith_table_string(&config->rules, rule->alpn);
		params.sni = kith_table_string(&config->rules, rule->sni);
	}
	tls = kith_tls_new(&params);
	kith_config_put(config);
	return tls;
}

/* RFC 8446 section 6.2 */
#define ALERT_ACCESS_DENIED	49
#define ALERT_INTERNAL_ERROR	80

/* TLS record and handshake headers, RFC 8446 sections 5.1 and 4. */
#define RECORD_HEADER		5
#define HANDSHAKE_HEADER	4
#define RECORD_HANDSHAKE	22
#define CLIENT_HELLO		1
#define CLIENT_HELLO_MAX	16384

/* Whether a whole ClientHello (or something that is none, which the engine
 * shall refuse) has arrived: before that a peer costs no TLS context. */
static int client_hello_arrived(struct kith_conn *conn)
{
	u8 head[RECORD_HEADER + HANDSHAKE_HEADER];
	int ret = receive(conn, head, sizeof(head), MSG_PEEK);
	u32 hello, record, need;

	if (ret < 0)
		return ret;
	if (ret == 0)
		return -ECONNRESET;
	if (head[0] != RECORD_HANDSHAKE)
		return 0;
	if (ret < sizeof(head))
		return -EAGAIN;
	record = head[3] << 8 | head[4];
	hello = HANDSHAKE_HEADER + (head[6] << 16 | head[7] << 8 | head[8]);
	if (head[5] != CLIENT_HELLO || hello > CLIENT_HELLO_MAX || !record)
		return 0;
	need = hello + RECORD_HEADER * DIV_ROUND_UP(hello, record);
	return tcp_inq(conn->sk) < need ? -EAGAIN : 0;
}

/* The listener's owner lends its identity when the ClientHello is there. */
static int server_identity(struct kith_conn *conn, enum kith_reason *reason)
{
	int err = kith_child_lend(conn, reason);

	if (err != -EINPROGRESS)
		return err;
	kith_conn_await(conn, conn->credential);
	return -EAGAIN;
}

/* Fills @conn->tls. 0, -EAGAIN or the errno the handshake ends with. */
static int prepare(struct kith_conn *conn, enum kith_reason *reason)
{
	int err;

	if (conn->kind == KITH_CONN_KIND_SERVER) {
		err = client_hello_arrived(conn);
		*reason = KITH_REASON_PEER_HANDSHAKE;
		if (!err && !conn->svid)
			err = server_identity(conn, reason);
		if (err)
			return err;
	}
	conn->tls = new_tls(conn);
	if (IS_ERR_OR_NULL(conn->tls)) {
		conn->tls = NULL;
		*reason = KITH_REASON_MEMORY;
		return -ENOMEM;
	}
	return 0;
}

/* Success: the keys go to kTLS. */
static int install_keys(struct kith_conn *conn)
{
	struct kith_tls_keys keys;
	int err;

	err = kith_tls_keys(conn->tls, &keys);
	if (!err) {
		conn->cipher_suite = keys.cipher_suite;
		/* A TLS 1.3 server judges our certificate after we are done. */
		conn->verdict_pending = conn->kind == KITH_CONN_KIND_CLIENT;
		err = kith_ktls_install(conn, &keys, true, true);
	}
	memzero_explicit(&keys, sizeof(keys));
	return err;
}

/* A server's refusal goes out under its application keys (RFC 8446 section
 * 4.4.4: the write key changes after Finished). */
static void send_pending_alert(struct kith_conn *conn)
{
	int alert = conn->tls ? kith_tls_pending_alert(conn->tls) : -1;
	struct kith_tls_keys keys;

	if (alert < 0)
		return;
	if (!kith_tls_keys(conn->tls, &keys) &&
	    !kith_ktls_install(conn, &keys, true, false))
		kith_record_alert(conn, conn->sock, 2, alert);
	memzero_explicit(&keys, sizeof(keys));
}

/* The listener's owner has no identity to show. The peer is told what can be
 * told in clear (RFC 8446 section 6.2), the owner by accept(). */
static void refuse_for_want(struct kith_conn *conn, int err)
{
	static const u8 alert[] = { 21, 3, 3, 0, 2, 2, ALERT_INTERNAL_ERROR };

	send(conn, alert, sizeof(alert));
	kith_listener_tell(conn->parent, err);
}

static bool is_want(int err)
{
	return err == -ENOKEY || err == -EKEYEXPIRED || err == -EKEYREVOKED;
}

static void learn(struct kith_conn *conn)
{
	const struct kith_svid_facts *peer;

	if (!conn->tls)
		return;
	conn->has_id = kith_tls_conn_id(conn->tls, conn->id);
	peer = kith_tls_peer(conn->tls);
	if (peer && !conn->peer_id)
		conn->peer_id = kstrdup(peer->spiffe_id, GFP_KERNEL);
}

/* The keys go to kTLS, unless the policy is another by now and has no room for
 * the connection any more: those it closes are looked for once only. */
static int settle(struct kith_conn *conn, enum kith_reason *reason)
{
	struct kith_config *config = kith_config_get();
	enum kith_reason refusal = KITH_REASON_NONE;
	int err = install_keys(conn);

	*reason = err ? KITH_REASON_INTERNAL : KITH_REASON_RULE;
	if (!err && conn->generation != config->generation)
		refusal = kith_conn_recheck(conn, config);
	if (refusal) {
		kith_record_alert(conn, conn->sock, 2, ALERT_ACCESS_DENIED);
		conn->generation = config->generation;
		*reason = refusal;
		err = -EACCES;
	}
	kith_config_put(config);
	if (!err)
		kith_expiry_watch(conn);
	return err;
}

void kith_handshake_end(struct kith_conn *conn, int err, enum kith_reason reason,
			enum kith_side side)
{
	bool server = conn->kind == KITH_CONN_KIND_SERVER;

	kith_callbacks_unhook(conn);
	cancel_delayed_work(&conn->deadline);
	learn(conn);
	if (!err) {
		err = settle(conn, &reason);
		side = KITH_SIDE_LOCAL;
	} else if (server && !conn->tls && is_want(err)) {
		refuse_for_want(conn, err);
	} else {
		send_pending_alert(conn);
	}
	kith_tls_free(conn->tls);
	conn->tls = NULL;
	conn->err = err;
	conn->reason = reason;
	kith_conn_report(conn, err ? KITH_DECISION_DENY : KITH_DECISION_ALLOW,
			 -err, reason, side);
	/* SO_ERROR has to tell before poll() does. */
	if (err && !server)
		kith_conn_fail(conn, err);
	if (!err)
		kith_conn_set_state(conn, KITH_CONN_STATE_READY);
	else
		kith_conn_set_state(conn, server ? KITH_CONN_STATE_CLOSING :
						   KITH_CONN_STATE_FAILED);
	if (server) {
		kith_child_settled(conn, !err);
		if (err)
			kith_child_linger(conn);
		return;
	}
	kith_wake_all(conn->sk);
	if (!err)
		kith_conn_kick(conn);	/* the verdict may have come already */
}

/* While TCP was on its way the identity may have been renewed or revoked. */
static int refresh_identity(struct kith_conn *conn, enum kith_reason *reason)
{
	struct kith_svid *svid;

	if (!conn->svid)
		return 0;		/* the owner lends it later */
	svid = kith_credential_svid(conn->credential, reason);
	if (IS_ERR(svid))
		return PTR_ERR(svid);
	kith_svid_put(conn->svid);
	conn->svid = svid;
	return 0;
}

/**
 * kith_handshake_begin() - the transport is established
 * @conn: CONNECTING, hooked
 *
 * Context: process, under @conn->mutex.
 */
void kith_handshake_begin(struct kith_conn *conn)
{
	enum kith_reason reason = KITH_REASON_NONE;
	int err;

	err = refresh_identity(conn, &reason);
	if (err) {
		kith_handshake_end(conn, err, reason, KITH_SIDE_LOCAL);
		return;
	}
	if (!kith_seat_is_taken(conn->sk)) {
		kith_handshake_end(conn, -EPERM, KITH_REASON_DOOR,
				   KITH_SIDE_LOCAL);
		return;
	}
	err = kith_ktls_attach(conn);
	if (err) {
		/* The kernel refuses once the peer has closed. */
		err = err == -ENOTCONN ? -ECONNRESET : err;
		kith_handshake_end(conn, err, KITH_REASON_NETWORK,
				   KITH_SIDE_NETWORK);
		return;
	}
	kith_conn_set_state(conn, KITH_CONN_STATE_HANDSHAKE);
	kith_conn_arm(conn, KITH_HANDSHAKE_MS);
	kith_handshake_step(conn);
}

/**
 * kith_handshake_step() - go on as far as the transport lets us
 * @conn: HANDSHAKE
 *
 * Context: process, under @conn->mutex.
 */
void kith_handshake_step(struct kith_conn *conn)
{
	enum kith_reason reason = KITH_REASON_NONE;
	enum kith_side side = KITH_SIDE_LOCAL;
	int err = 0;

	if (READ_ONCE(conn->expired)) {
		kith_handshake_end(conn, -ETIMEDOUT, KITH_REASON_TIMEOUT,
				   KITH_SIDE_LOCAL);
		return;
	}
	if (!conn->tls)
		err = prepare(conn, &reason);
	if (!err) {
		down(&turns);
		err = kith_tls_handshake(conn->tls);
		up(&turns);
		reason = kith_tls_reason(conn->tls);
		if (kith_tls_peer_refused(conn->tls))
			side = KITH_SIDE_PEER;
	}
	if (err == -EAGAIN)
		return;
	kith_handshake_end(conn, err, reason, side);
}
