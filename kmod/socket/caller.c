// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is calling: the program a socket belongs to, another one of the same
 * identity, or a stranger. The task that was checked last needs no second look.
 */
#include "conn.h"

bool kith_caller_is_known(struct kith_conn *conn)
{
	struct kith_stamp now = kith_stamp_current(), last;
	unsigned int seq;

	do {
		seq = read_seqbegin(&conn->stamp_lock);
		last = conn->stamp;
	} while (read_seqretry(&conn->stamp_lock, seq));
	return kith_stamp_equal(now, last);
}

void kith_caller_remember(struct kith_conn *conn)
{
	write_seqlock(&conn->stamp_lock);
	conn->stamp = kith_stamp_current();
	write_sequnlock(&conn->stamp_lock);
}

void kith_caller_describe(struct kith_conn *conn)
{
	conn->pid = task_tgid_nr(current);
	get_task_comm(conn->comm, current);
}

void kith_conn_adopt(struct kith_conn *conn, struct kith_credential *caller)
{
	struct kith_credential *owner = conn->credential;
	bool lent = !conn->lender;

	if (lent)
		WRITE_ONCE(conn->lender, owner);
	/* Pairs with the sweep for revoked ones: it sees @owner as either. */
	smp_store_release(&conn->credential, kith_credential_get(caller));
	if (!lent)
		kith_credential_put(owner);
}

struct kith_credential *kith_caller_credential(void)
{
	struct kith_program *program = kith_program_current();
	struct kith_credential *credential;

	if (!program)
		return ERR_PTR(-EACCES);
	credential = kith_credential_current(program);
	kith_program_put(program);
	return credential;
}

int kith_caller_compare(struct kith_credential *caller, const char *spiffe_id)
{
	enum kith_reason reason;
	struct kith_svid *svid = kith_credential_svid(caller, &reason);
	int err;

	if (IS_ERR(svid))
		return PTR_ERR(svid) == -EINPROGRESS ? -EINPROGRESS : -EACCES;
	err = strcmp(svid->facts.spiffe_id, spiffe_id) ? -EACCES : 0;
	kith_svid_put(svid);
	return err;
}

int kith_caller_wait(struct kith_conn *conn, struct kith_credential *caller,
		     long timeo)
{
	bool waits;

	if (timeo)
		return kith_credential_wait(caller, timeo);
	mutex_lock(&conn->mutex);
	waits = conn->awaited || kith_conn_await(conn, caller);
	mutex_unlock(&conn->mutex);
	return waits ? -EAGAIN : 0;
}
