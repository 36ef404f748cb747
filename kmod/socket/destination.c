// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a connect() will really go. Rules name addresses as they are on the
 * wire, so what rewrites them runs before the decision.
 */
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include "conn.h"

static __be32 own_address4(const struct sock *sk)
{
	return inet_sk(sk)->inet_saddr ?: htonl(INADDR_LOOPBACK);
}

static void resolve4(const struct sock *sk, struct sockaddr_in *in)
{
	if (!in->sin_addr.s_addr)
		in->sin_addr.s_addr = own_address4(sk);
}

static void resolve6(const struct sock *sk, struct sockaddr_in6 *in6)
{
	struct in6_addr *to = &in6->sin6_addr;

	if (ipv6_addr_v4mapped(to)) {
		if (!to->s6_addr32[3])
			to->s6_addr32[3] = own_address4(sk);
	} else if (ipv6_addr_any(to)) {
#if IS_ENABLED(CONFIG_IPV6)
		if (ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
			ipv6_addr_set_v4mapped(htonl(INADDR_LOOPBACK), to);
		else
#endif
			*to = in6addr_loopback;
	}
}

void kith_destination_specify(const struct sock *sk,
			      struct sockaddr_storage *dest)
{
	if (dest->ss_family == AF_INET6)
		resolve6(sk, (struct sockaddr_in6 *)dest);
	else
		resolve4(sk, (struct sockaddr_in *)dest);
}

/**
 * kith_destination_resolve() - apply what changes a destination
 * @sk: not connected
 * @dest: of connect(), checked to be IPv4 or IPv6; replaced
 * @len: bytes of it
 *
 * A BPF program of the socket's cgroup may send a connection elsewhere (service
 * addresses are made so) or refuse it. The stack runs it once more on the
 * result, so the caller looks at where the socket went. The unspecified address
 * means the host itself.
 *
 * Context: process, not under the socket lock. Return: 0 or the program's
 * -errno.
 */
int kith_destination_resolve(struct sock *sk, struct sockaddr_storage *dest,
			     int len)
{
	int err = 0;

	lock_sock(sk);
	if (sk->sk_prot->pre_connect)
		err = sk->sk_prot->pre_connect(sk, (void *)dest, len);
	release_sock(sk);
	if (!err)
		kith_destination_specify(sk, dest);
	return err;
}
