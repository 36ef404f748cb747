// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends live connections: revocation, a policy that allows them no more,
 * and the end of the program they belong to.
 */
#include <linux/delay.h>
#include "conn.h"

#define ALERT_FATAL		2	/* RFC 8446 section 6.2 */
#define ALERT_ACCESS_DENIED	49

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

/* --- policy ----------------------------------------------------------------- */

enum kith_reason kith_conn_refusal(const struct kith_conn *conn,
				   const struct kith_table_rule *rule)
{
	if (rule && le32_to_cpu(rule->action) == KITH_TABLE_DENY)
		return KITH_REASON_DENY_RULE;
	return conn->kind == KITH_CONN_KIND_CLIENT ?
	       KITH_REASON_NO_RULE_OUTBOUND_PEER : KITH_REASON_NO_RULE_INBOUND;
}

enum kith_reason kith_conn_recheck(struct kith_conn *conn,
				   const struct kith_config *config)
{
	enum kith_table_action wanted = KITH_TABLE_ALLOW;
	enum kith_direction direction = conn->kind == KITH_CONN_KIND_CLIENT ?
					KITH_OUTBOUND : KITH_INBOUND;
	const char *own_id = conn->svid->facts.spiffe_id;
	const struct kith_table_rule *rule;
	struct kith_endpoint endpoint;

	kith_endpoint_of_sock(conn->sk, &endpoint, direction);
	if (conn->state == KITH_CONN_STATE_OPENED) {
		wanted = KITH_TABLE_OPEN;
		rule = kith_table_address(&config->rules, own_id, direction,
					  &endpoint);
	} else {
		rule = kith_table_peer(&config->rules, own_id, direction,
				       &endpoint, conn->peer_id);
	}
	if (rule && le32_to_cpu(rule->action) == wanted)
		return KITH_REASON_NONE;
	return kith_conn_refusal(conn, rule);
}

/* --- sweeps ------------------------------------------------------------------ */

/*
 * A sweep marks what concerns it and leaves it to the connection's worker: a
 * program can keep its connection locked for long, and sweeps run under the
 * control mutex.
 */
#define REVIEW_WAIT_MS	200

enum {
	REVOKED,
	POLICY,
	ORPHAN,
};

/* A handshake under way asks the policy again when it is done. */
static void review_policy(struct kith_conn *conn)
{
	struct kith_config *config;
	enum kith_reason refusal;

	if (!is_live(conn) || conn->state == KITH_CONN_STATE_HANDSHAKE)
		return;
	config = kith_config_get();
	refusal = kith_conn_recheck(conn, config);
	kith_config_put(config);
	if (refusal)
		end(conn, EACCES, refusal);
}

static void review_owner(struct kith_conn *conn)
{
	if (is_live(conn) && conn->credential &&
	    kith_program_is_dead(kith_credential_program(conn->credential)))
		end(conn, EKEYREVOKED, KITH_REASON_OWN_REVOKED);
}

static bool is_revoked(struct kith_credential *credential)
{
	return credential && kith_credential_check(credential) == -EKEYREVOKED;
}

static void review_revoked(struct kith_conn *conn)
{
	if (conn->listener)
		kith_wake_all(conn->sk);	/* accept() tells */
	else if (is_live(conn) && (is_revoked(conn->credential) ||
				   is_revoked(conn->lender)))
		end(conn, EKEYREVOKED, KITH_REASON_OWN_REVOKED);
}

void kith_conn_review(struct kith_conn *conn)
{
	if (likely(!READ_ONCE(conn->review)) || conn->dead)
		return;
	if (test_and_clear_bit(REVOKED, &conn->review))
		review_revoked(conn);
	if (test_and_clear_bit(POLICY, &conn->review))
		review_policy(conn);
	if (test_and_clear_bit(ORPHAN, &conn->review))
		review_owner(conn);
}

void kith_conn_review_now(struct kith_conn *conn)
{
	mutex_lock(&conn->mutex);
	kith_conn_review(conn);
	mutex_unlock(&conn->mutex);
}

static void ask_for(struct kith_conn *conn, int what)
{
	set_bit(what, &conn->review);
	kith_conn_kick(conn);
}

static int is_under_review(struct kith_conn *conn, void *arg)
{
	return !READ_ONCE(conn->dead) &&
	       (READ_ONCE(conn->review) || mutex_is_locked(&conn->mutex));
}

/* Most are done when the operator's command returns; none is waited for long. */
static void wait_for_reviews(void)
{
	unsigned long position = 0;
	int i;

	for (i = 0; i < REVIEW_WAIT_MS; i++) {
		if (!kith_table_walk(&position, is_under_review, NULL))
			return;
		usleep_range(1000, 1500);
	}
}

/* Compared only: what takes a connection over meanwhile has its identity, and
 * the lender's SVID is what its peer has seen. */
static bool is_of(const struct kith_conn *conn,
		  const struct kith_credential *credential)
{
	/* Pairs with kith_conn_adopt(): who is no longer one is the other. */
	return smp_load_acquire(&conn->credential) == credential ||
	       READ_ONCE(conn->lender) == credential;
}

static int end_revoked(struct kith_conn *conn, void *credential)
{
	if (is_of(conn, credential))
		ask_for(conn, REVOKED);
	return 0;
}

void kith_socket_close_credential(const struct kith_credential *credential)
{
	unsigned long position = 0;

	kith_table_walk(&position, end_revoked, (void *)credential);
	wait_for_reviews();
}

static int recheck(struct kith_conn *conn, void *arg)
{
	if (!conn->listener)
		ask_for(conn, POLICY);
	return 0;
}

void kith_socket_recheck(void)
{
	unsigned long position = 0;

	kith_table_walk(&position, recheck, NULL);
	wait_for_reviews();
}

static int end_orphan(struct kith_conn *conn, void *arg)
{
	if (conn->listener)
		kith_conn_kick(conn);	/* its worker looks for the owner */
	else
		ask_for(conn, ORPHAN);
	return 0;
}

void kith_socket_close_orphans(void)
{
	unsigned long position = 0;

	kith_table_walk(&position, end_orphan, NULL);
}
