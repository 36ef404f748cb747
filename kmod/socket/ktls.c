// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handing a connection to kTLS.
 *
 * Attaching the ULP and setting keys make the kernel write sock->ops of
 * sk->sk_socket. The program must never see other ops than ours, not for one
 * instruction: a thread that hammers send() would get clear bytes out. So the
 * sock is parked on a private struct socket meanwhile, and what kTLS wrote
 * there becomes @inner.
 *
 * kTLS also copies the ops of the first socket it meets after the protocol
 * changed into a global. A private closed socket with the stack's own ops goes
 * first, each time: the ULP is refused to it (ENOTCONN), after the copy.
 */
#include <linux/sockptr.h>
#include <linux/tcp.h>
#include <net/tls.h>
#include "conn.h"

static struct socket *park(struct kith_conn *conn)
{
	struct socket *sock = conn->sock, *parked;
	struct sock *sk = conn->sk;
	int err;

	err = sock_create_lite(sk->sk_family, SOCK_STREAM, IPPROTO_TCP, &parked);
	if (err)
		return ERR_PTR(err);
	parked->ops = conn->inner;
	parked->state = sock->state;
	parked->flags = sock->flags;
	SOCK_INODE(parked)->i_uid = SOCK_INODE(sock)->i_uid;
	SOCK_INODE(parked)->i_gid = SOCK_INODE(sock)->i_gid;
	write_lock_bh(&sk->sk_callback_lock);
	sk_set_socket(sk, parked);
	write_unlock_bh(&sk->sk_callback_lock);
	return parked;
}

static void unpark(struct kith_conn *conn, struct socket *parked)
{
	struct sock *sk = conn->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk_set_socket(sk, conn->sock);
	write_unlock_bh(&sk->sk_callback_lock);
	conn->inner = parked->ops;
	parked->ops = NULL;
	sock_release(parked);
}

static int attach(struct kith_conn *conn)
{
	struct socket *primer = kith_ops_primer(conn->sk);
	int err;

	primer->ops->setsockopt(primer, SOL_TCP, TCP_ULP, KERNEL_SOCKPTR("tls"),
				3);
	err = conn->base->setsockopt(conn->sock, SOL_TCP, TCP_ULP,
				     KERNEL_SOCKPTR("tls"), 3);
	if (!err)
		conn->ulp = true;
	return err;
}

/**
 * kith_ktls_attach() - attach kTLS without keys
 * @conn: established, before the first handshake byte
 *
 * Without keys kTLS passes bytes through. It has to happen this early: the
 * kernel refuses it once the peer's FIN has arrived.
 *
 * Context: process, under @conn->mutex. Return: 0 or -errno.
 */
int kith_ktls_attach(struct kith_conn *conn)
{
	struct socket *parked = park(conn);
	int err;

	if (IS_ERR(parked))
		return PTR_ERR(parked);
	err = attach(conn);
	unpark(conn, parked);
	return err;
}

union crypto_info {
	struct tls_crypto_info info;
	struct tls12_crypto_info_aes_gcm_128 aes128;
	struct tls12_crypto_info_aes_gcm_256 aes256;
	struct tls12_crypto_info_chacha20_poly1305 chacha;
};

/* kTLS takes the 12-byte nonce base as salt followed by iv. */
#define FILL(ci, traffic, rec_seq_be) do {				\
	memcpy((ci)->salt, (traffic)->iv, sizeof((ci)->salt));		\
	memcpy((ci)->iv, (traffic)->iv + sizeof((ci)->salt),		\
	       sizeof((ci)->iv));					\
	memcpy((ci)->key, (traffic)->key, sizeof((ci)->key));		\
	memcpy((ci)->rec_seq, &(rec_seq_be), sizeof((ci)->rec_seq));	\
} while (0)

/* Returns the size of what was filled, or -EOPNOTSUPP. */
static int fill_crypto_info(union crypto_info *ci, u16 suite,
			    const struct kith_tls_traffic *traffic)
{
	__be64 seq = cpu_to_be64(traffic->seq);

	ci->info.version = TLS_1_3_VERSION;
	switch (suite) {
	case 0x1301:	/* TLS_AES_128_GCM_SHA256 */
		ci->info.cipher_type = TLS_CIPHER_AES_GCM_128;
		FILL(&ci->aes128, traffic, seq);
		return sizeof(ci->aes128);
	case 0x1302:	/* TLS_AES_256_GCM_SHA384 */
		ci->info.cipher_type = TLS_CIPHER_AES_GCM_256;
		FILL(&ci->aes256, traffic, seq);
		return sizeof(ci->aes256);
	case 0x1303:	/* TLS_CHACHA20_POLY1305_SHA256 */
		ci->info.cipher_type = TLS_CIPHER_CHACHA20_POLY1305;
		memcpy(ci->chacha.iv, traffic->iv, sizeof(ci->chacha.iv));
		memcpy(ci->chacha.key, traffic->key, sizeof(ci->chacha.key));
		memcpy(ci->chacha.rec_seq, &seq, sizeof(ci->chacha.rec_seq));
		return sizeof(ci->chacha);
	default:
		return -EOPNOTSUPP;
	}
}

static int set_key(struct kith_conn *conn, int optname, u16 suite,
		   const struct kith_tls_traffic *traffic)
{
	union crypto_info ci = {};
	int size, err;

	size = fill_crypto_info(&ci, suite, traffic);
	err = size < 0 ? size :
	      conn->base->setsockopt(conn->sock, SOL_TLS, optname,
				     KERNEL_SOCKPTR(&ci), size);
	memzero_explicit(&ci, sizeof(ci));
	return err;
}

/**
 * kith_ktls_install() - give kTLS the traffic keys
 * @conn: attached
 * @keys: stays the caller's to zeroise
 * @tx: set the sending direction
 * @rx: set the receiving direction
 *
 * Context: process, under @conn->mutex. Return: 0 or -errno; after an error
 * the connection is finished.
 */
int kith_ktls_install(struct kith_conn *conn, const struct kith_tls_keys *keys,
		      bool tx, bool rx)
{
	struct socket *parked = park(conn);
	int err = 0;

	if (IS_ERR(parked))
		return PTR_ERR(parked);
	if (tx)
		err = set_key(conn, TLS_TX, keys->cipher_suite, &keys->tx);
	if (!err && rx) {
		if (conn->verdict_pending)
			kith_callbacks_watch(conn);
		err = set_key(conn, TLS_RX, keys->cipher_suite, &keys->rx);
	}
	unpark(conn, parked);
	return err;
}
