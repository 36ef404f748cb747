// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends live connections: revocation, a policy that allows them no more, the
 * end of the program they belong to, and that of their peer's SVID.
 */
#include "../identity/revocation.h"
#include "conn.h"

#define ALERT_FATAL		2	/* RFC 8446 section 6.2 */
#define ALERT_CERT_REVOKED	44
#define ALERT_CERT_EXPIRED	45
#define ALERT_ACCESS_DENIED	49

/* What the peer is told when it is not let in any more; who lost its own
 * identity says nothing. Never a clean end: without an alert the peer sees a cut. */
static void send_alert(struct kith_conn *conn, enum kith_reason reason)
{
	if (reason == KITH_REASON_PEER_REVOKED)
		kith_record_alert(conn, conn->sock, ALERT_FATAL,
				  ALERT_CERT_REVOKED);
	else if (reason == KITH_REASON_PEER_EXPIRED)
		kith_record_alert(conn, conn->sock, ALERT_FATAL,
				  ALERT_CERT_EXPIRED);
	else if (reason != KITH_REASON_OWN_REVOKED)
		kith_record_alert(conn, conn->sock, ALERT_FATAL,
				  ALERT_ACCESS_DENIED);
}

/* Under @conn->mutex; @err is positive. Nothing leaves afterwards, also of what
 * the program has sent before. */
static void end(struct kith_conn *conn, int err, enum kith_reason reason)
{
	switch (conn->state) {
	case KITH_CONN_STATE_READY:
		send_alert(conn, reason);
		WRITE_ONCE(conn->fin, true);
		kith_stream_break(conn, err, reason, KITH_SIDE_LOCAL);
		kith_conn_drop_unsent(conn, -READ_ONCE(conn->stream_err));
		break;
	case KITH_CONN_STATE_CONNECTING:
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
		kith_conn_drop_unsent(conn, -err);
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
					  KITH_DOOR_NONE, &endpoint);
	} else {
		rule = kith_table_peer(&config->rules, own_id, direction,
				       &endpoint, conn->peer_id);
	}
	if (rule && le32_to_cpu(rule->action) == wanted)
		return KITH_REASON_NONE;
	return kith_conn_refusal(conn, rule);
}

/* --- reviews ----------------------------------------------------------------- */

/*
 * A sweep marks what concerns it and leaves it to the connection's worker, or to
 * the next call of its program: a program can keep its connection locked for
 * long, and sweeps run under the control mutex.
 */
enum {
	REVOKED,
	POLICY,
	ORPHAN,
	EXPIRED,
	UNDER_WAY,			/* the mark is gone, the work is not done */
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

/* Under RCU or the mutex: credentials are freed after a grace period. */
static const struct kith_program *owner_of(const struct kith_conn *conn)
{
	const struct kith_credential *credential = READ_ONCE(conn->credential);

	return credential ? kith_credential_program(credential) : NULL;
}

static void review_owner(struct kith_conn *conn)
{
	const struct kith_program *owner = owner_of(conn);

	if (is_live(conn) && owner && kith_program_lets_go(owner))
		end(conn, EKEYREVOKED, KITH_REASON_OWN_REVOKED);
}

static bool is_revoked(struct kith_credential *credential)
{
	return credential && kith_credential_is_revoked(credential);
}

/* A connection goes on with the SVID it began with: that may be the revoked one.
 * Under RCU or the mutex, as above: SVIDs, too. */
static bool own_is_revoked(const struct kith_conn *conn)
{
	const struct kith_svid *svid = READ_ONCE(conn->svid);

	return is_revoked(READ_ONCE(conn->credential)) ||
	       is_revoked(READ_ONCE(conn->lender)) ||
	       (svid && kith_svid_is_revoked(svid));
}

bool kith_conn_peer_is_revoked(const struct kith_conn *conn)
{
	return conn->peer_id &&
	       kith_is_revoked(conn->peer_id, conn->peer_serial,
			       conn->peer_serial_len);
}

static void review_revoked(struct kith_conn *conn)
{
	if (conn->listener) {
		if (is_revoked(conn->credential))
			kith_wake_all(conn->sk);	/* accept() tells */
		return;
	}
	if (!is_live(conn) && (conn->dead ||
			       conn->state != KITH_CONN_STATE_CONNECTING))
		return;
	if (own_is_revoked(conn))
		end(conn, EKEYREVOKED, KITH_REASON_OWN_REVOKED);
	else if (kith_conn_peer_is_revoked(conn))
		end(conn, EKEYREVOKED, KITH_REASON_PEER_REVOKED);
}

static void review_expired(struct kith_conn *conn)
{
	if (conn->state == KITH_CONN_STATE_READY &&
	    kith_conn_peer_is_expired(conn))
		end(conn, EKEYEXPIRED, KITH_REASON_PEER_EXPIRED);
}

void kith_conn_review(struct kith_conn *conn)
{
	if (likely(!READ_ONCE(conn->review)) || conn->dead)
		return;
	/* Before a mark goes: who counts reviews must not miss this one. */
	set_bit(UNDER_WAY, &conn->review);
	smp_mb__after_atomic();		/* the bits below are cleared after */
	if (test_and_clear_bit(REVOKED, &conn->review))
		review_revoked(conn);
	if (test_and_clear_bit(POLICY, &conn->review))
		review_policy(conn);
	if (test_and_clear_bit(ORPHAN, &conn->review))
		review_owner(conn);
	if (test_and_clear_bit(EXPIRED, &conn->review))
		review_expired(conn);
	clear_bit(UNDER_WAY, &conn->review);
}

void kith_conn_review_now(struct kith_conn *conn)
{
	mutex_lock(&conn->mutex);
	kith_conn_review(conn);
	mutex_unlock(&conn->mutex);
}

static int count_review(struct kith_conn *conn, void *count)
{
	*(u32 *)count += kith_conn_in_review(conn);
	return 0;
}

u32 kith_socket_reviews(void)
{
	unsigned long position = 0;
	u32 count = 0;

	kith_table_walk(&position, count_review, &count);
	return count;
}

/* --- sweeps ------------------------------------------------------------------ */

static int kick_marked(struct kith_conn *conn, void *unused)
{
	if (READ_ONCE(conn->review))
		kith_conn_kick(conn);
	return 0;
}

/* All are marked before the first ends: should its peer be another of them, that
 * one has its own answer and not a reset. */
static void sweep(int (*mark)(struct kith_conn *conn, void *arg), void *arg)
{
	unsigned long position = 0;

	kith_table_walk(&position, mark, arg);
	position = 0;
	kith_table_walk(&position, kick_marked, NULL);
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

static int mark_of(struct kith_conn *conn, void *credential)
{
	if (is_of(conn, credential))
		set_bit(REVOKED, &conn->review);
	return 0;
}

void kith_socket_close_credential(const struct kith_credential *credential)
{
	sweep(mark_of, (void *)credential);
}

/* Whether a revocation may concern it: nobody shall wait for what others keep
 * locked. What is not established yet has not shown who its peer is. */
static bool may_be_revoked(const struct kith_conn *conn)
{
	enum kith_conn_state state = kith_conn_state(conn);
	bool revoked;

	if (kith_conn_pending(state))
		return true;
	rcu_read_lock();
	revoked = own_is_revoked(conn);
	rcu_read_unlock();
	return revoked || (state == KITH_CONN_STATE_READY &&
			   kith_conn_peer_is_revoked(conn));
}

static int mark_revoked(struct kith_conn *conn, void *unused)
{
	if (may_be_revoked(conn))
		set_bit(REVOKED, &conn->review);
	return 0;
}

void kith_socket_recheck_revoked(void)
{
	sweep(mark_revoked, NULL);
}

static int mark_policy(struct kith_conn *conn, void *unused)
{
	if (!conn->listener)
		set_bit(POLICY, &conn->review);
	return 0;
}

void kith_socket_recheck(void)
{
	sweep(mark_policy, NULL);
}

static int mark_expired(struct kith_conn *conn, void *unused)
{
	if (kith_conn_peer_is_expired(conn) && !READ_ONCE(conn->stream_err))
		set_bit(EXPIRED, &conn->review);
	return 0;
}

void kith_socket_recheck_expired(void)
{
	sweep(mark_expired, NULL);
}

static int mark_orphan(struct kith_conn *conn, void *later)
{
	const struct kith_program *owner;

	rcu_read_lock();
	owner = owner_of(conn);
	if (READ_ONCE(conn->parting))
		;			/* has nobody, and ends by itself */
	else if (conn->listener)
		kith_conn_kick(conn);	/* its worker looks for the owner */
	else if (owner && kith_program_lets_go(owner))
		set_bit(ORPHAN, &conn->review);
	else if (owner && kith_program_is_dead(owner))
		++*(unsigned int *)later;
	rcu_read_unlock();
	return 0;
}

unsigned int kith_socket_close_orphans(void)
{
	unsigned int later = 0;

	sweep(mark_orphan, &later);
	return later;
}
