// SPDX-License-Identifier: Apache-2.0
/*
 * Options and flags that would reach around Kith. As an unclaimed program each
 * shows that the kernel offers the thing; as a claimed one, that it is closed.
 */
#include <linux/kith.h>
#include <linux/tls.h>
#include <sys/mman.h>
#include "probe.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

/* @result of a call that must work natively and must not when managed. */
static void closed_when_managed(long result, const char *what)
{
	int error = error_of(result);

	if (managed)
		ok(error != -1, "%s is refused: %s", what, errno_name(error));
	else
		same_errno(error, -1, what);
}

static int set_key(int fd, int option)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info = { TLS_1_3_VERSION, TLS_CIPHER_AES_GCM_128 },
		.key = "0123456789abcde",
	};

	return setsockopt(fd, SOL_TLS, option, &info, sizeof(info));
}

static int get_key(int fd, int option, uint8_t *buf, size_t size)
{
	socklen_t len = size;

	memset(buf, 0xa5, size);
	return getsockopt(fd, SOL_TLS, option, buf, &len);
}

static bool untouched(const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (buf[i] != 0xa5)
			return false;
	return true;
}

static void option_sol_tls(int argc, char **argv)
{
	uint8_t buf[sizeof(struct tls12_crypto_info_aes_gcm_128)];
	struct pair pair = pair_new();
	int s = pair.client;

	(void)argc, (void)argv;
	closed_when_managed(setsockopt(s, SOL_TCP, TCP_ULP, "tls", 3), "TCP_ULP");
	closed_when_managed(set_key(s, TLS_TX), "setsockopt(TLS_TX)");
	closed_when_managed(set_key(s, TLS_RX), "setsockopt(TLS_RX)");
	for (int option = TLS_TX; option <= TLS_RX; option++) {
		closed_when_managed(get_key(s, option, buf, sizeof(buf)),
				    option == TLS_TX ? "getsockopt(TLS_TX)" : "getsockopt(TLS_RX)");
		ok(!managed == !untouched(buf, sizeof(buf)), "key bytes given away: %s",
		   managed ? "none" : "yes, natively");
	}
	if (managed)
		ok(send_pattern(s, 50) && receive_pattern(pair.server, 50), "the stream goes on");
	pair_close(&pair);
}

/* Every SOL_TLS option number there may be, on both ends. */
static void option_sol_tls_all(int argc, char **argv)
{
	struct pair pair = pair_new();
	uint8_t buf[128];
	int open = 0;

	(void)argc, (void)argv;
	if (!managed) {
		skip("all SOL_TLS options", "native sockets have no limit to show");
		return;
	}
	for (int option = 0; option < 64; option++) {
		open += get_key(pair.client, option, buf, sizeof(buf)) == 0;
		open += !untouched(buf, sizeof(buf));
		open += get_key(pair.server, option, buf, 4) == 0;
		open += setsockopt(pair.client, SOL_TLS, option, buf, 4) == 0;
	}
	same_number(open, 0, "SOL_TLS options that answer");
	pair_close(&pair);
}

static void option_record_type(int argc, char **argv)
{
	char control[CMSG_SPACE(1)] = "", text[] = "not an alert";
	struct iovec v = { text, sizeof(text) };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = CMSG_LEN(1) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct pair pair = pair_new();

	(void)argc, (void)argv;
	if (!managed) {
		skip("SOL_TLS control message", "a native socket ignores it");
		return;
	}
	c->cmsg_level = SOL_TLS;
	c->cmsg_type = TLS_SET_RECORD_TYPE;
	c->cmsg_len = CMSG_LEN(1);
	*CMSG_DATA(c) = 21;
	closed_when_managed(sendmsg(pair.client, &m, 0), "TLS_SET_RECORD_TYPE");
	ok(send_pattern(pair.client, 50) && receive_pattern(pair.server, 50),
	   "the peer saw no such record");
	pair_close(&pair);
}

static void option_fastopen(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), s = stream_socket(0), c, one = 1;

	(void)argc, (void)argv;
	if (managed) {
		closed_when_managed(sendto(s, "early", 5, MSG_FASTOPEN, (void *)&at.a, at.len),
				    "MSG_FASTOPEN");
		close(s);
		s = stream_socket(0);
	}
	/* Refused, or without effect: never a connect() that did not connect. */
	setsockopt(s, SOL_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one));
	same_errno(error_of(connect(s, (void *)&at.a, at.len)), -1,
		   "connect() with TCP_FASTOPEN_CONNECT");
	check_managed(s, "client with TCP_FASTOPEN_CONNECT");
	if (!send_pattern(s, 5))
		die("send");
	c = accept_one(l);
	ok(receive_pattern(c, 5), "bytes arrive");
	close(c);
	close(s);
	close(l);
}

static void option_addrform(int argc, char **argv)
{
	struct address at, mapped = { .len = sizeof(struct sockaddr_in6) };
	struct sockaddr_in6 *a = (void *)&mapped.a;
	int l, s, c, inet = AF_INET;

	(void)argc, (void)argv;
	family = AF_INET;
	l = listen_socket(0, 8, &at);
	a->sin6_family = AF_INET6;
	a->sin6_port = htons(port_of(&at));
	a->sin6_addr.s6_addr[10] = a->sin6_addr.s6_addr[11] = 0xff;
	memcpy(&a->sin6_addr.s6_addr[12], &((struct sockaddr_in *)&at.a)->sin_addr, 4);
	s = dial(&mapped, 0);
	c = accept_one(l);
	closed_when_managed(setsockopt(s, SOL_IPV6, IPV6_ADDRFORM, &inet, sizeof(inet)),
			    "IPV6_ADDRFORM");
	check_managed(s, "client");
	ok(send_pattern(s, 50) && receive_pattern(c, 50), "the stream goes on");
	close(c);
	close(s);
	close(l);
}

#ifndef TCP_ZEROCOPY_RECEIVE
#define TCP_ZEROCOPY_RECEIVE 35
#endif

struct zerocopy {
	uint64_t address;
	uint32_t length, recv_skip_hint, inq;
	int32_t err;
	uint64_t copybuf_address;
	int32_t copybuf_len;
	uint32_t flags;
	uint64_t msg_control, msg_controllen;
	uint32_t msg_flags, reserved;
};

/* It reads below kTLS: what a managed socket gave would be ciphertext. */
static void option_zerocopy_receive(int argc, char **argv)
{
	struct pair pair = pair_new();
	uint8_t copy[4096] = "";
	struct zerocopy z = { .copybuf_address = (uintptr_t)copy, .copybuf_len = sizeof(copy) };
	socklen_t len = sizeof(z);
	int result;

	(void)argc, (void)argv;
	z.address = (uintptr_t)mmap(NULL, 65536, PROT_READ, MAP_SHARED, pair.server, 0);
	z.length = 65536;
	if (!send_pattern(pair.client, 1000))
		die("send");
	wait_for(pair.server, POLLIN);
	result = getsockopt(pair.server, SOL_TCP, TCP_ZEROCOPY_RECEIVE, &z, &len);
	closed_when_managed(result, "TCP_ZEROCOPY_RECEIVE");
	if (managed)
		ok(receive_pattern(pair.server, 1000), "recv() still gets the bytes");
	else
		ok(matches(copy, 1000, 0), "it gave the bytes");
	pair_close(&pair);
}

static void option_zerocopy_send(int argc, char **argv)
{
	struct pair pair = pair_new();
	static uint8_t buf[100000];
	int one = 1;
	ssize_t n;

	(void)argc, (void)argv;
	fill(buf, sizeof(buf), 0);
	setsockopt(pair.client, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one));
	n = send(pair.client, buf, sizeof(buf), MSG_ZEROCOPY);
	if (n < 0) {
		ok(managed, "MSG_ZEROCOPY: %s", errno_name(errno));
	} else {
		ok(receive_pattern(pair.server, n), "MSG_ZEROCOPY: bytes arrive");
	}
	pair_close(&pair);
}

/* Urgent data leaves outside the stream. */
static void option_urgent(int argc, char **argv)
{
	struct pair pair = pair_new();

	(void)argc, (void)argv;
	closed_when_managed(send(pair.client, "!", 1, MSG_OOB), "MSG_OOB");
	ok(send_pattern(pair.client, 50), "the stream goes on");
	ok(receive_pattern(pair.server, 50), "without it");
	pair_close(&pair);
}

/* connect(AF_UNSPEC) must not turn a managed socket into a clear one. */
static void option_disconnect(int argc, char **argv)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct pair pair = pair_new();
	int s = pair.client, error, c;

	(void)argc, (void)argv;
	error = error_of(connect(s, &none, sizeof(none)));
	if (error != -1) {
		ok(managed, "connect(AF_UNSPEC): %s", errno_name(error));
		ok(send_pattern(s, 50) && receive_pattern(pair.server, 50),
		   "the connection is as it was");
	} else if (!connect(s, (void *)&pair.at.a, pair.at.len)) {
		c = accept_one(pair.listener);
		check_managed(s, "connected again after AF_UNSPEC");
		check_managed(c, "its peer");
		close(c);
		ok(true, "connect(AF_UNSPEC), then connect() again");
	} else {
		ok(managed, "connect() after AF_UNSPEC: %s", errno_name(errno));
	}
	pair_close(&pair);
}

static socklen_t peer_of(int fd, struct kith_peer_id *peer)
{
	socklen_t len = sizeof(*peer);

	memset(peer, 0, sizeof(*peer));
	if (getsockopt(fd, SOL_KITH, KITH_PEER_ID, peer, &len))
		die("KITH_PEER_ID: %s", errno_name(errno));
	return len;
}

static int peer_error(int fd)
{
	struct kith_peer_id peer;
	socklen_t len = sizeof(peer);

	return error_of(getsockopt(fd, SOL_KITH, KITH_PEER_ID, &peer, &len));
}

static void check_short_buffer(int fd, const struct kith_peer_id *whole)
{
	uint8_t part[20];
	socklen_t len = 8;

	memset(part, 0xa5, sizeof(part));
	same_errno(error_of(getsockopt(fd, SOL_KITH, KITH_PEER_ID, part, &len)), -1,
		   "KITH_PEER_ID into 8 bytes");
	ok(len == 8 && !memcmp(part, whole, 8), "gives the leading bytes");
	ok(untouched(part + 8, sizeof(part) - 8), "and not one more");
}

/* option-peer-id [ID]: the identity both ends must see. */
static void option_peer_id(int argc, char **argv)
{
	struct kith_peer_id a, b;
	struct pair pair;
	int fresh = stream_socket(0);

	if (!managed) { /* IPv4 and IPv6 differ */
		int error = peer_error(fresh);

		ok(error == ENOPROTOOPT || error == EOPNOTSUPP, "KITH_PEER_ID natively: %s",
		   errno_name(error));
		return;
	}
	same_errno(peer_error(fresh), ENOTCONN, "KITH_PEER_ID before connect()");
	close(fresh);
	pair = pair_new();
	same_errno(peer_error(pair.listener), ENOTCONN, "KITH_PEER_ID of a listener");
	peer_of(pair.client, &a);
	peer_of(pair.server, &b);
	same_number(a.flags, 0, "flags");
	ok(!memcmp(a.conn_id, b.conn_id, sizeof(a.conn_id)), "one connection ID");
	ok(memcmp(a.conn_id, (char[16]){ 0 }, sizeof(a.conn_id)), "which is not zero");
	same_number(a.id_len, strlen(a.id), "id_len");
	if (argc > 1) {
		ok(!strcmp(a.id, argv[1]), "client sees %s", a.id);
		ok(!strcmp(b.id, argv[1]), "server sees %s", b.id);
	}
	check_short_buffer(pair.client, &a);
	ok(setsockopt(pair.client, SOL_KITH, KITH_PEER_ID, &a, sizeof(a)) < 0, "it cannot be set");
	pair_close(&pair);
}

const struct command option_commands[] = {
	{ "option-sol-tls", option_sol_tls },
	{ "option-sol-tls-all", option_sol_tls_all },
	{ "option-record-type", option_record_type },
	{ "option-fastopen", option_fastopen },
	{ "option-addrform", option_addrform },
	{ "option-zerocopy-receive", option_zerocopy_receive },
	{ "option-zerocopy-send", option_zerocopy_send },
	{ "option-urgent", option_urgent },
	{ "option-disconnect", option_disconnect },
	{ "option-peer-id", option_peer_id },
	{ 0 },
};
