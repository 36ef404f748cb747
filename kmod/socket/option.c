// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program may ask of its connection.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "conn.h"

static int fill_peer_id(struct kith_conn *conn, struct kith_peer_id *peer)
{
	enum kith_conn_state state = kith_conn_state(conn);
	size_t len;

	if (state == KITH_CONN_STATE_OPENED) {
		peer->flags = KITH_PEER_OPENED;
		return 0;
	}
	if (state != KITH_CONN_STATE_READY)
		return -ENOTCONN;
	memcpy(peer->conn_id, conn->id, sizeof(peer->conn_id));
	len = strlen(conn->peer_id);
	if (len >= sizeof(peer->id))
		return -EOVERFLOW;
	memcpy(peer->id, conn->peer_id, len);
	peer->id_len = len;
	return 0;
}

/**
 * kith_option_reroutes() - whether a socket option leads packets elsewhere first
 * @level: as of setsockopt()
 * @name: likewise
 *
 * Source routes, also by way of flow labels, which carry them: the address that was
 * decided about is not the first that sees the packet then. And what turns an IPv6
 * socket into one of IPv4, with the operations of those.
 */
bool kith_option_reroutes(int level, int name)
{
	if (level == SOL_IP)
		return name == IP_OPTIONS;
	return level == SOL_IPV6 &&
	       (name == IPV6_RTHDR || name == IPV6_2292PKTOPTIONS ||
		name == IPV6_FLOWLABEL_MGR || name == IPV6_ADDRFORM);
}

/**
 * kith_option_peer_id() - getsockopt(SOL_KITH, KITH_PEER_ID)
 * @conn: any connection
 * @value: receives the leading bytes of struct kith_peer_id
 * @len: room on entry, bytes written on return
 *
 * Return: 0, -ENOTCONN before the verdict, -EFAULT, -EINVAL.
 */
int kith_option_peer_id(struct kith_conn *conn, char __user *value,
			int __user *len)
{
	struct kith_peer_id *peer;
	int room, err;

	if (get_user(room, len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	peer = kzalloc(sizeof(*peer), GFP_KERNEL);
	if (!peer)
		return -ENOMEM;
	err = fill_peer_id(conn, peer);
	if (err)
		goto out;
	room = min_t(int, room, sizeof(*peer));
	if (copy_to_user(value, peer, room) || put_user(room, len))
		err = -EFAULT;
out:
	kfree(peer);
	return err;
}
