// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends live connections: revocation, a policy that allows them no more,
 * and the end of the program they belong to.
 */
#include "conn.h"

#define ALERT_FATAL		2	/* RFC 8446 section 6.2 */
#define ALERT_ACCESS_DENIED	49

static enum kith_reason no_rule(const struct kith_conn *conn)
{
	return conn->kind == KITH_CONN_KIND_CLIENT ?
	       KITH_REASON_NO_RULE_OUTBOUND_PEER : KITH_REASON_NO_RULE_INBOUND;
}

/* Under @conn->mutex; @err is positive. */
static void end(struct kith_conn *conn, int err, enum kith_reason reason)
{
	switch (conn->state) {
	case KITH_CONN_STATE_READY:
		/* Never a clean end: without an alert the peer sees a cut. */
		if (err == EACCES)
			kith_record_alert(conn, conn->sock, ALERT_FATAL,
					  ALERT_ACCESS_DENIED);
		WRITE_ONCE(conn->fin, true);
		kith_stream_break(conn, err, reason, KITH_SIDE_LOCAL);
		break;
	case KITH_CONN_STATE_HANDSHAKE:
		kith_handshake_end(conn, -err, reason, KITH_SIDE_LOCAL);
		break;
	case KITH_CONN_STATE_OPENED:
		kith_conn_report(conn, KITH_DECISION_DENY, err, reason,
				 KITH_SIDE_LOCAL);
		conn->err = -err;
		conn->reason = reason;
		kith_conn_set_state(conn, KITH_CONN_STATE_FAILED);
		kith_conn_fail(conn, -err);
		kith_wake_all(conn->sk);
		break;
	default:
		break;
	}
}

static bool is_live(const struct kith_conn *conn)
{
	return !conn->dead && !conn->listener &&
	       (conn->state == KITH_CONN_STATE_READY ||
		conn->state == KITH_CONN_STATE_HANDSHAKE ||
		conn->state == KITH_CONN_STATE_OPENED);
}

/* --- revocation ------------------------------------------------------------- */

struct revoked {
	const struct kith_credential *credential;
	enum kith_reason reason;
	int err;
};

static int end_revoked(struct kith_conn *conn, void *arg)
{
	const struct revoked *revoked = arg;

	mutex_lock(&conn->mutex);
	if (conn->listener && conn->credential == revoked->credential)
		kith_wake_all(conn->sk);	/* accept() tells */
	if (is_live(conn) && (conn->credential == revoked->credential ||
			      conn->lender == revoked->credential))
		end(conn, revoked->err, revoked->reason);
	mutex_unlock(&conn->mutex);
	return 0;
}

void kith_socket_close_credential(const struct kith_credential *credential,
				  int err, enum kith_reason reason)
{
	struct revoked revoked = { credential, reason, err };
	unsigned long position = 0;

	kith_table_walk(&position, end_revoked, &revoked);
}

/* --- policy ----------------------------------------------------------------- */

bool kith_conn_is_allowed(struct kith_conn *conn,
			  const struct kith_config *config)
{
	enum kith_direction direction = conn->kind == KITH_CONN_KIND_CLIENT ?
					KITH_OUTBOUND : KITH_INBOUND;
	const char *own_id = conn->svid->facts.spiffe_id;
	const struct kith_table_rule *rule;
	struct kith_endpoint endpoint;

	kith_endpoint_of_sock(conn->sk, &endpoint, direction);
	if (conn->state == KITH_CONN_STATE_OPENED) {
		rule = kith_table_address(&config->rules, own_id, direction,
					  &endpoint);
		return rule && le32_to_cpu(rule->action) == KITH_TABLE_OPEN;
	}
	rule = kith_table_peer(&config->rules, own_id, direction, &endpoint,
			       conn->peer_id);
	return rule && le32_to_cpu(rule->action) == KITH_TABLE_ALLOW;
}

/* A handshake under way asks the policy again when it is done. */
static int recheck(struct kith_conn *conn, void *arg)
{
	mutex_lock(&conn->mutex);
	if (is_live(conn) && conn->state != KITH_CONN_STATE_HANDSHAKE &&
	    !kith_conn_is_allowed(conn, arg))
		end(conn, EACCES, no_rule(conn));
	mutex_unlock(&conn->mutex);
	return 0;
}

void kith_socket_recheck(const struct kith_config *config)
{
	unsigned long position = 0;

	kith_table_walk(&position, recheck, (void *)config);
}

/* --- ended programs ----------------------------------------------------------- */

static int end_orphan(struct kith_conn *conn, void *arg)
{
	mutex_lock(&conn->mutex);
	if (is_live(conn) && conn->credential &&
	    kith_program_is_dead(kith_credential_program(conn->credential)))
		end(conn, EKEYREVOKED, KITH_REASON_OWN_REVOKED);
	mutex_unlock(&conn->mutex);
	if (conn->listener)
		kith_listener_disown(conn);
	return 0;
}

void kith_socket_close_orphans(void)
{
	unsigned long position = 0;

	kith_table_walk(&position, end_orphan, NULL);
}
