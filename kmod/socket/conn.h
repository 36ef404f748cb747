/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A managed socket: what Kith keeps beside a TCP socket of a claimed program,
 * from connect(), listen() or arrival until release. Internal to socket/.
 *
 * Found by its struct sock in an RCU hash. It lives until the release of the
 * socket, so a socket call may use what it looked up without a reference;
 * softirq callbacks use it under RCU; whoever keeps it longer takes one.
 */
#ifndef _KITH_SOCKET_CONN_H
#define _KITH_SOCKET_CONN_H

#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/seqlock.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include "../compat/net.h"
#include "../identity/config.h"
#include "../identity/credential.h"
#include "../identity/index.h"
#include "../identity/program.h"
#include "socket.h"

/* From TCP established to the end of the TLS handshake. */
#define KITH_HANDSHAKE_MS	(IS_ENABLED(CONFIG_KASAN) ? 60000 : 10000)
/* How long a refused peer's bytes are drained so that it reads our alert, and
 * how long a close waits for room for its close_notify. */
#define KITH_LINGER_MS		5000

struct kith_listener;

struct kith_conn {
	struct hlist_node node;		/* table lock */
	struct kith_index_node order;	/* of walks */
	struct rcu_head rcu;
	refcount_t ref;

	/* Fixed at creation. */
	struct sock *sk;
	const struct proto_ops *base;	/* the network stack's own */
	enum kith_conn_kind kind;

	struct mutex mutex;		/* the handshake; see each field */
	enum kith_conn_state state;	/* mutex; read by kith_conn_state() */
	int err;			/* mutex; errno of a failed connection */
	enum kith_reason reason;	/* mutex */
	const struct proto_ops *inner;	/* mutex until READY, then fixed */
	struct socket *sock;		/* mutex; the program's, or our private
					 * one while a child is not accepted */
	bool parting;			/* mutex to write; closed by its program,
					 * see close.c
					 */
	bool ulp;			/* mutex; kTLS attached */
	bool hooked;			/* sk_callback_lock */
	int rcvlowat;			/* socket lock; the program's while ours
					 * holds, else 0 */
	spinlock_t kick_lock;		/* innermost; @dead against queueing */
	bool dead;			/* kick_lock; no work is queued after */
	unsigned long review;		/* atomic bits; see sweep.c */
	bool expired;			/* set by the deadline */

	struct delayed_work work;
	struct delayed_work deadline;

	/* Identity. */
	struct kith_credential *credential;	/* mutex */
	struct kith_credential_waiter waiter;	/* credential's lock */
	struct kith_credential *lender;		/* mutex; whose @svid is, when it
						 * is not @credential's */
	struct kith_credential *awaited;	/* mutex; a reference */
	struct kith_svid *svid;		/* mutex until READY, then fixed */
	seqlock_t stamp_lock;
	struct kith_stamp stamp;	/* stamp_lock; last user checked */
	char *peer_id;			/* mutex until READY, then fixed */
	u8 peer_serial[20];		/* likewise, as its length */
	u8 peer_serial_len;
	time64_t peer_not_after;	/* likewise */
	bool ends_with_peer;		/* likewise; see expiry.c */
	char *rule;			/* likewise; source of the deciding rule */
	u64 generation;			/* mutex; policy that decided */

	/* Handshake. */
	struct kith_tls *tls;		/* mutex */
	u16 cipher_suite;		/* mutex until READY, then fixed */
	u8 id[KITH_CONN_ID_LEN];	/* mutex until READY, then fixed */
	bool has_id;
	bool opened;			/* mutex; an opening let calls into the
					 * stack, for good */
	struct sockaddr_storage dest;	/* mutex; client: where connect() goes */
	int dest_len;

	/* Stream, after READY. */
	unsigned long reading;		/* bit 0: see reader.c */
	wait_queue_head_t readers;
	bool reader_missed;		/* somebody was told EAGAIN meanwhile */
	bool writer_missed;		/* likewise */
	unsigned int idle_records;	/* the reader's; received without data */
	struct mutex tx;		/* one sender at a time, so that an alert
					 * knows whether kTLS is free */
	bool verdict_pending;		/* client: server may still refuse us */
	bool eof;			/* close_notify received */
	bool fin;			/* tx; our last alert is out, or given up */
	bool fin_due;			/* shut down, close_notify not sent yet */
	unsigned long fin_until;	/* jiffies; how long that is tried */
	bool shut_read;			/* the program shut its receiving side */
	int stream_err;			/* positive errno once broken */
	atomic64_t records;		/* sent under the current key */

	/* For people. */
	pid_t pid;
	char comm[TASK_COMM_LEN];
	s64 since;			/* ms since 1970 */

	/* Server child: its listener and place there. */
	struct kith_conn *parent;	/* fixed; a reference */
	struct list_head link;		/* parent's listener lock */
	u32 source;			/* fixed; hash of the remote address */

	/* Listener. */
	struct kith_listener *listener;	/* fixed */
};

/* table.c -------------------------------------------------------------- */

/* The managed socket of @sk, or NULL. Valid during a call on the socket, or
 * under RCU. */
struct kith_conn *kith_conn_find(const struct sock *sk);
/* Makes and publishes one with a reference, or NULL. Process context. */
struct kith_conn *kith_conn_new(struct sock *sk, struct socket *sock,
				enum kith_conn_kind kind,
				const struct proto_ops *base);
struct kith_conn *kith_conn_get(struct kith_conn *conn);
void kith_conn_put(struct kith_conn *conn);
/* Ends work, timer, waiter and callbacks and unpublishes: afterwards nothing
 * but references remains. May sleep; not under @conn->mutex. */
void kith_conn_stop(struct kith_conn *conn);
/* Runs the worker once, soon. Any context. */
void kith_conn_kick(struct kith_conn *conn);
/* Has the worker run when @credential settles; false when it has already. Under
 * @conn->mutex. */
bool kith_conn_await(struct kith_conn *conn, struct kith_credential *credential);
void kith_conn_unawait(struct kith_conn *conn);
/* Calls @fn with a reference held for each managed socket from *@position on
 * (0 at first) until it returns non-zero, which is returned. */
int kith_table_walk(unsigned long *position,
		    int (*fn)(struct kith_conn *conn, void *arg), void *arg);
/* Sets @conn->expired in @ms milliseconds and runs the worker then. */
void kith_conn_arm(struct kith_conn *conn, unsigned int ms);
static inline enum kith_conn_state kith_conn_state(const struct kith_conn *conn)
{
	/* Pairs with kith_conn_set_state(): what READY promises is visible. */
	return smp_load_acquire(&conn->state);
}

static inline void kith_conn_set_state(struct kith_conn *conn,
				       enum kith_conn_state state)
{
	/* Pairs with kith_conn_state(). */
	smp_store_release(&conn->state, state);
}

static inline bool kith_conn_pending(enum kith_conn_state state)
{
	return state == KITH_CONN_STATE_ATTESTING ||
	       state == KITH_CONN_STATE_CONNECTING ||
	       state == KITH_CONN_STATE_HANDSHAKE;
}

/* Takes @conn->mutex, unless somebody has it or the socket's lock: a program can
 * hold those for as long as it likes, and no work of others may wait for it. A
 * dead one is entered, too. */
bool kith_conn_try_enter(struct kith_conn *conn);

int kith_table_init(void);
void kith_table_exit(void);

/* callback.c ------------------------------------------------------------ */

/* Takes over sk_data_ready (and, but for listeners, state_change and
 * write_space and error_report) so that the worker runs when the transport moves. */
void kith_callbacks_hook(struct kith_conn *conn);
void kith_callbacks_unhook(struct kith_conn *conn);
/* SO_RCVLOWAT of a managed socket. Under the socket lock. */
int kith_callbacks_set_rcvlowat(struct kith_conn *conn, int value);
/* Keeps data_ready alone, for a client that still awaits the server's verdict:
 * called right before the receive keys are set, which save the callback. */
void kith_callbacks_watch(struct kith_conn *conn);
void kith_callbacks_unwatch(struct kith_conn *conn);
/* The stack's own wakeups. */
void kith_wake_readable(struct sock *sk);
void kith_wake_all(struct sock *sk);
void kith_callbacks_init(const struct sock *sk);

/* ops.c ----------------------------------------------------------------- */

const struct proto_ops *kith_ops_base(const struct sock *sk);
/* Around what runs in the module for somebody who holds no reference to it:
 * unloading waits for them. */
void kith_ops_enter(void);
void kith_ops_leave(void);
/* The kernel's private closed socket of @sk's family. */
struct socket *kith_ops_primer(const struct sock *sk);

/* door.c ---------------------------------------------------------------- */

void kith_doors_close(void);
void kith_doors_open(void);

/* datagram.c ------------------------------------------------------------ */

/* Puts the hooks of UDP in place: 0 or -errno. May sleep. */
int kith_datagram_init(void);
bool kith_datagram_hooked(void);
/* Removes them; kith_socket_exit() waits for who is inside. */
void kith_datagram_exit(void);

/* caller.c --------------------------------------------------------------- */

/* Whether current is the task that was checked last. */
bool kith_caller_is_known(struct kith_conn *conn);
void kith_caller_remember(struct kith_conn *conn);
/* Notes current for people. */
void kith_caller_describe(struct kith_conn *conn);
/* Gives a connection to @caller, of the same identity: what it was made with
 * stays noted as lent. Under @conn->mutex. */
void kith_conn_adopt(struct kith_conn *conn, struct kith_credential *caller);
/* The credential of current, with a reference; ERR_PTR(-EACCES) for a program
 * that is not claimed, or as kith_credential_current(). */
struct kith_credential *kith_caller_credential(void);
/* Whether @caller has this identity: 0, -EACCES, -EINPROGRESS while pending. */
int kith_caller_compare(struct kith_credential *caller, const char *spiffe_id);
/* Waits up to @timeo jiffies for a pending @caller: 0 once it is settled,
 * -EAGAIN, -EINTR or -ERESTARTSYS. Without a wait pollers of @conn are woken
 * when it has settled. */
int kith_caller_wait(struct kith_conn *conn, struct kith_credential *caller,
		     long timeo);

/* reader.c --------------------------------------------------------------- */

/* One reader at a time: who meets a control record reads that very one. 0, or
 * -EAGAIN, -EINTR, -ERESTARTSYS after @timeo jiffies without the turn. */
int kith_reader_begin(struct kith_conn *conn, long timeo);
void kith_reader_end(struct kith_conn *conn);

/* ktls.c ---------------------------------------------------------------- */

int kith_ktls_attach(struct kith_conn *conn);
int kith_ktls_install(struct kith_conn *conn, const struct kith_tls_keys *keys,
		      bool tx, bool rx);

/* seat.c ---------------------------------------------------------------- */

/* Keeps others from working beneath the connection @sk; a listener's is left free.
 * Process context.
 */
void kith_seat_take(struct sock *sk);
/* Not where somebody was faster. Any context. */
bool kith_seat_is_taken(const struct sock *sk);
void kith_seat_leave(struct sock *sk);

/* record.c -------------------------------------------------------------- */

/* In a row, without data: a peer must not keep a reader or worker busy. */
#define KITH_IDLE_RECORDS_MAX	64

enum kith_record {
	KITH_RECORD_IGNORED,		/* nothing for the program, go on */
	KITH_RECORD_EOF,		/* close_notify */
};

/* Reads the control record at the head of the stream. Return: enum
 * kith_record, -EAGAIN when there is none, or the -errno the stream ends with. */
int kith_record_control(struct kith_conn *conn, struct socket *sock);
/* Sends one alert record (RFC 8446 section 6); -EAGAIN without room. */
int kith_record_alert(struct kith_conn *conn, struct socket *sock, u8 level,
		      u8 description);
/* Ends the stream with @err (positive) for all further calls; reported once.
 * Return: what it ended with, negative, which may be another's. */
int kith_stream_break(struct kith_conn *conn, int err, enum kith_reason reason,
		       enum kith_side side);
/* Shuts the transport down and has every further call see @err (negative). */
void kith_conn_fail(struct kith_conn *conn, int err);
/* Whether bytes, or FIN, wait to be sent for the first time. */
bool kith_conn_has_unsent(const struct kith_conn *conn);
/* After that: with bytes that still wait to be sent a reset, so that none leaves. */
void kith_conn_drop_unsent(struct kith_conn *conn, int err);

/* handshake.c ------------------------------------------------------------ */

/* @cpus: handshakes that may compute at a time. */
void kith_handshake_init(unsigned int cpus);
void kith_handshake_begin(struct kith_conn *conn);
void kith_handshake_step(struct kith_conn *conn);
/* Ends it with @err (0 or -errno). Under @conn->mutex. */
void kith_handshake_end(struct kith_conn *conn, int err, enum kith_reason reason,
			enum kith_side side);

/* destination.c ---------------------------------------------------------- */

int kith_destination_resolve(struct sock *sk, struct sockaddr_storage *dest,
			     int len);
/* The unspecified address means the host itself: @dest, IPv4 or IPv6, says so. */
void kith_destination_specify(const struct sock *sk,
			      struct sockaddr_storage *dest);

/* client.c --------------------------------------------------------------- */

int kith_client_connect(struct kith_conn *conn, struct socket *sock,
			struct sockaddr_unsized *addr, int len, int flags);
void kith_client_attested(struct kith_conn *conn);
void kith_client_established(struct kith_conn *conn);
void kith_client_verdict(struct kith_conn *conn);
/* 0 when not pending any more, else as a native call in SYN_SENT: waits up to
 * @timeo jiffies, -EAGAIN, -EINTR or -ERESTARTSYS. */
int kith_client_wait(struct kith_conn *conn, long timeo);

/* listener.c ------------------------------------------------------------- */

struct kith_listener {
	spinlock_t lock;
	struct list_head pending;	/* lock; handshakes under way, oldest first */
	struct list_head ready;		/* lock; to be accepted */
	struct list_head ended;		/* lock; failed, to be freed */
	unsigned int n_pending;		/* lock */
	unsigned int n_ready;		/* lock; read anywhere */
	unsigned int n_ended;		/* lock; read anywhere */
	bool owned;			/* conn mutex; a claimed program uses it */
	int err;			/* atomic; what accept() is to tell */
};

bool kith_listener_is_claimed(const struct sock *sk);
int kith_listener_listen(struct kith_conn *listener, struct socket *sock,
			 int backlog);
int kith_listener_accept(struct kith_conn *listener, struct socket *newsock,
			 int flags);
__poll_t kith_listener_poll(struct kith_conn *listener, struct file *file,
			    struct socket *sock, struct poll_table_struct *wait);
/* Whether current may change it: 0 also while nobody owns it, or as accept(). */
int kith_listener_check_caller(struct kith_conn *listener);
/* Has one accept() fail with @err (-errno): its owner has no identity to show a
 * peer that came. Any context. */
void kith_listener_tell(struct kith_conn *listener, int err);
/* Takes the listener from an owner that has ended. Not under its mutex. */
void kith_listener_disown(struct kith_conn *listener);

/* children.c ------------------------------------------------------------- */

void kith_listener_work(struct kith_conn *listener);
int kith_child_lend(struct kith_conn *child, enum kith_reason *reason);
/* The owner's credential may have settled; under the child's mutex. */
void kith_child_attested(struct kith_conn *child);
/* A child's handshake ended; under the child's mutex. */
void kith_child_settled(struct kith_conn *child, bool ready);
/* The oldest to be accepted, with the list's reference, or NULL. */
struct kith_conn *kith_children_pop(struct kith_listener *l);
/* And back. */
void kith_children_unpop(struct kith_listener *l, struct kith_conn *child);
/* Runs the workers of those whose handshake is under way. */
void kith_children_kick(struct kith_listener *l);
/* Resets all children, but those of @spared and those without an identity when
 * it is not NULL. Not under any mutex. */
void kith_children_flush(struct kith_conn *listener,
			 const struct kith_credential *spared);

/* stream.c, send.c, receive.c --------------------------------------------- */

/* Whether current may use the connection: 0, -EACCES, or -EAGAIN, -EINTR,
 * -ERESTARTSYS after a wait of @timeo jiffies for current's credential. */
int kith_stream_check_caller(struct kith_conn *conn, long timeo);
#ifdef KITH_HAS_SENDPAGE
ssize_t kith_stream_sendpage(struct kith_conn *conn, struct socket *sock,
			     struct page *page, int offset, size_t size,
			     int flags);
#endif
int kith_stream_sendmsg(struct kith_conn *conn, struct socket *sock,
			struct msghdr *msg, size_t len);
int kith_stream_recvmsg(struct kith_conn *conn, struct socket *sock,
			struct msghdr *msg, size_t len, int flags);
void kith_stream_splice_eof(struct kith_conn *conn, struct socket *sock);
ssize_t kith_stream_splice_read(struct kith_conn *conn, struct socket *sock,
				loff_t *pos, struct pipe_inode_info *pipe,
				size_t len, unsigned int flags);
__poll_t kith_stream_poll(struct kith_conn *conn, struct file *file,
			  struct socket *sock, struct poll_table_struct *wait);
int kith_stream_inq(struct kith_conn *conn, struct socket *sock, int *bytes);
/* Gate of every call that moves bytes, asked once: 0 when it may go to kTLS,
 * KITH_STREAM_OPENED when to the stack in clear, else the -errno. -ENOTCONN
 * says that there is no connection. */
#define KITH_STREAM_OPENED	1
int kith_stream_enter(struct kith_conn *conn, long timeo);

/* expiry.c --------------------------------------------------------------- */

/* Becomes READY: ends with the peer's SVID if our Workload says so. Under
 * @conn->mutex. */
void kith_expiry_watch(struct kith_conn *conn);
/* Whether it is to end because of that, now. Any context. */
bool kith_conn_peer_is_expired(const struct kith_conn *conn);
/* No connection is left. May sleep. */
void kith_expiry_exit(void);

/* close.c ---------------------------------------------------------------- */

int kith_conn_shutdown(struct kith_conn *conn, struct socket *sock, int how);
/* READY and @conn->fin_due: tries again. Under @conn->mutex. */
void kith_conn_push_fin(struct kith_conn *conn);
void kith_conn_free_fin(struct kith_conn *conn);
int kith_conn_release(struct kith_conn *conn, struct socket *sock);
/* Half-closes a refused child and drains it until the peer is done. */
void kith_child_linger(struct kith_conn *child);
void kith_child_free(struct kith_conn *child);

/* option.c --------------------------------------------------------------- */

bool kith_option_reroutes(int level, int name);
int kith_option_peer_id(struct kith_conn *conn, char __user *value,
			int __user *len);

/* report.c --------------------------------------------------------------- */

void kith_conn_describe(struct kith_conn *conn, struct kith_conn_info *info);
void kith_conn_report(struct kith_conn *conn, enum kith_decision decision,
		      int err, enum kith_reason reason, enum kith_side side);
/* The remote end (and @port) as the policy sees it. */
void kith_endpoint_of_sock(const struct sock *sk, struct kith_endpoint *endpoint,
			   enum kith_direction direction);
int kith_endpoint_of_addr(const struct sockaddr_unsized *addr, int len,
			  struct kith_endpoint *endpoint);

/* sweep.c ---------------------------------------------------------------- */

/* Has those closed with EKEYEXPIRED whose peer's SVID has expired, if they are to.
 * May sleep. */
void kith_socket_recheck_expired(void);
/* What sweeps left to do. Under @conn->mutex. */
void kith_conn_review(struct kith_conn *conn);
/* The same for a call of the program, which can hold up nobody but itself. May
 * sleep; not under the mutex. */
void kith_conn_review_now(struct kith_conn *conn);

/* Whether what a sweep left is still to be seen to. Any context. */
static inline bool kith_conn_in_review(const struct kith_conn *conn)
{
	return READ_ONCE(conn->review) && !READ_ONCE(conn->dead);
}

/* Whether the peer's SVID is revoked on this host. */
bool kith_conn_peer_is_revoked(const struct kith_conn *conn);

/* Why @rule, the one that names both ends or NULL, does not allow @conn. */
enum kith_reason kith_conn_refusal(const struct kith_conn *conn,
				   const struct kith_table_rule *rule);
/* Why @config, in force now, lets the connection be no more, or
 * KITH_REASON_NONE. READY or OPENED, under @conn->mutex. */
enum kith_reason kith_conn_recheck(struct kith_conn *conn,
				   const struct kith_config *config);

extern struct workqueue_struct *kith_socket_wq;

#endif
