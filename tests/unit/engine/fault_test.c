// SPDX-License-Identifier: Apache-2.0
/* Transports, peers and allocators that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "handshake/memory.h"
#include "world.h"

/* A lone end whose peer is the test. */
static struct pair *lone(bool is_server)
{
	struct pair *pair = new_pair();

	if (is_server)
		end_open(&pair->server, true, &server, &pair->up, &pair->down);
	else
		end_open(&pair->client, false, &client, &pair->down, &pair->up);
	return pair;
}

static void not_tls(void **state)
{
	static const char *const said[] = {
		"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
		"220 mail ESMTP\r\n",	  "\n",
		"\x80\x2e\x01",		  "\x16\x02",
		"\x17\x03\x03",
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct pair *pair = lone(true);

		pipe_put(&pair->up, said[i], strlen(said[i]));
		end_step(&pair->server);
		assert_failed(&pair->server, -EPROTO, KITH_REASON_PEER_NOT_TLS);
		assert_int_equal(pair->down.written, 0);
		pair_free(pair);

		pair = lone(false);
		pipe_put(&pair->down, said[i], strlen(said[i]));
		end_step(&pair->client);
		assert_failed(&pair->client, -EPROTO, KITH_REASON_PEER_NOT_TLS);
		pair_free(pair);
	}
}

/* Ends the stream after each number of bytes of either direction. */
static void cut_anywhere(void **state)
{
	struct pair *whole = new_pair();
	size_t sizes[2];

	pair_open(whole, &client, &server);
	pair_run(whole);
	assert_agreed(whole);
	sizes[0] = whole->down.written;
	sizes[1] = whole->up.written;
	pair_free(whole);

	for (int is_server = 0; is_server < 2; is_server++) {
		/* Each byte near the start, then in strides: the records are long. */
		for (size_t at = 0; at < sizes[is_server] - 100; at += at < 30 ? 1 : 37) {
			struct pair *pair = new_pair();
			struct end *end = is_server ? &pair->server : &pair->client;
			struct end *other = is_server ? &pair->client : &pair->server;

			pair_open(pair, &client, &server);
			for (int i = 0; i < 6; i++) {
				end_step(other);
				if (end->in->written > at) {
					end->in->written = at;
					end->in->closed = true;
				}
				end_step(end);
			}
			assert_failed(end, -ECONNRESET, KITH_REASON_CUT);
			assert_int_equal(end->authorised, 0);
			assert_int_equal(kith_tls_pending_alert(end->tls), -1);
			pair_free(pair);
		}
	}
}

static int no_route(void *ctx, const u8 *buf, size_t len)
{
	return -EHOSTUNREACH;
}

static int no_data(void *ctx, u8 *buf, size_t len)
{
	return -ETIMEDOUT;
}

static int take_all(void *ctx, const u8 *buf, size_t len)
{
	return len;
}

static void transport_errors_pass_through(void **state)
{
	const struct kith_tls_ops ops[] = {
		{ .send = no_route, .recv = no_data },
		{ .send = take_all, .recv = no_data },
	};
	const int err[] = { -EHOSTUNREACH, -ETIMEDOUT };

	for (int i = 0; i < 2; i++) {
		const struct kith_tls_params params = {
			.key = client.key,
			.chain = client.chain,
			.ops = &ops[i],
		};
		struct kith_tls *tls = kith_tls_new(&params);

		assert_int_equal(kith_tls_handshake(tls), err[i]);
		assert_int_equal(kith_tls_reason(tls), KITH_REASON_NETWORK);
		kith_tls_free(tls);
	}
}

/* Flips one bit of what a good peer says: never success, never a crash. */
static void damage(bool to_server, size_t at)
{
	struct pair *pair = new_pair();
	struct end *end = to_server ? &pair->server : &pair->client;
	struct pipe *pipe = to_server ? &pair->up : &pair->down;
	bool done = false;

	pair_open(pair, &client, &server);
	for (int i = 0; i < 8; i++) {
		end_step(to_server ? &pair->client : &pair->server);
		if (!done && pipe->written > at) {
			pipe->data[at] ^= 1 << (at % 8);
			done = true;
		}
		end_step(end);
	}
	assert_true(done);
	assert_false(pair->client.result == 0 && pair->server.result == 0);
	if (pair->server.result == 0)
		assert_int_equal(pair->server.authorised, 1);
	pair_free(pair);
}

static void damage_is_noticed(void **state)
{
	struct pair *whole = new_pair();
	size_t up, down;

	pair_open(whole, &client, &server);
	pair_run(whole);
	up = whole->up.written;
	down = whole->down.written;
	pair_free(whole);
	/* The lengths of signatures vary a little. */
	for (size_t at = 11; at < up - 16; at += 29)
		damage(true, at);
	for (size_t at = 11; at < down - 16; at += 29)
		damage(false, at);
}

static void noise_never_passes(void **state)
{
	srand(1);
	for (int i = 0; i < 300; i++) {
		struct pair *pair = lone(i & 1);
		struct end *end = i & 1 ? &pair->server : &pair->client;
		u8 noise[600];

		for (size_t n = 0; n < sizeof(noise); n++)
			noise[n] = rand();
		/* A proper record header lets the noise through to the parsers. */
		memcpy(noise, "\x16\x03\x03\x02\x53", 5);
		if (i & 2)
			memcpy(noise + 5,
			       i & 1 ? "\x01\x00\x02\x4f\x03\x03" : "\x02\x00\x02\x4f\x03\x03", 6);
		pipe_put(end->in, noise, sizeof(noise));
		end->in->closed = true;
		end_step(end);
		assert_true(end->result < 0 && end->result != -EAGAIN);
		assert_int_not_equal(kith_tls_reason(end->tls), KITH_REASON_NONE);
		pair_free(pair);
	}
}

/* A peer that keeps the worker busy with nothing. */
static void endless_filler(void **state)
{
	struct pair *pair = lone(false);
	static const u8 warning[] = { 21, 3, 3, 0, 2, 1, 100 };

	while (pair->down.written + sizeof(warning) < sizeof(pair->down.data))
		pipe_put(&pair->down, warning, sizeof(warning));
	end_step(&pair->client);
	assert_failed(&pair->client, -EPROTO, KITH_REASON_PEER_HANDSHAKE);
	assert_true(pair->down.read < 70 * 1024);
	pair_free(pair);
}

static void no_memory_for_a_context(void **state)
{
	const struct kith_tls_params params = { .key = client.key, .chain = client.chain };
	struct kith_tls *tls = NULL;
	long before = kith_mem_in_use();
	int n;

	for (n = 0; !tls; n++) {
		shim_fail_after = n;
		tls = kith_tls_new(&params);
		if (IS_ERR(tls)) {
			assert_int_equal(PTR_ERR(tls), -ENOMEM);
			assert_int_equal(kith_mem_in_use(), before);
			tls = NULL;
		}
	}
	shim_fail_after = -1;
	assert_true(n > 5);
	kith_tls_free(tls);
	assert_int_equal(kith_mem_in_use(), before);
}

/* Fails allocations all along a handshake: an end that is short of memory says
 * so, whatever the library took it for, and an end that is not never does. The
 * one that the library itself does without is for resumption, which is off.
 */
static void no_memory_in_a_handshake(void **state)
{
	unsigned int failed = 0, spared = 0;
	bool agreed = false;

	for (long n = 0; !agreed; n += n < 60 ? 1 : 1 + n / 40) {
		struct pair *pair = new_pair();

		pair_open(pair, &client, &server);
		shim_fail_after = n;
		pair_run(pair);
		agreed = shim_fail_after >= 0;
		shim_fail_after = -1;
		if (agreed) {
			assert_agreed(pair);
		} else if (!pair->client.result && !pair->server.result) {
			assert_agreed(pair);
			spared++;
		} else {
			const struct end *end =
				pair->client.result == -ENOMEM ? &pair->client : &pair->server;

			assert_failed(end, -ENOMEM, KITH_REASON_MEMORY);
			failed++;
		}
		pair_free(pair);
	}
	assert_true(failed > 100);
	assert_in_range(spared, 0, 1);
}

static unsigned int freed, dirty;

static void look_at_freed(const void *object, size_t size)
{
	const u8 *p = object;

	freed++;
	/* The first eight bytes say how long it was. */
	for (size_t i = 8; i < size; i++) {
		if (p[i]) {
			dirty++;
			return;
		}
	}
}

static void memory_is_zeroised(void **state)
{
	struct pair *pair = new_pair();

	freed = 0;
	dirty = 0;
	shim_on_free = look_at_freed;
	pair_open(pair, &client, &server);
	pair_run(pair);
	assert_agreed(pair);
	pair_free(pair);
	shim_on_free = NULL;
	assert_true(freed > 100);
	assert_int_equal(dirty, 0);
}

static void memory_is_bounded(void **state)
{
	assert_null(kith_mem_zalloc((8ul << 20) + 1));
	assert_null(kith_mem_calloc(1ul << 63, 2));
	assert_null(kith_mem_calloc(1ul << 20, 9));
	for (size_t size = 0; size <= 20000; size += 61) {
		u8 *mem = kith_mem_zalloc(size);

		assert_non_null(mem);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(mem[i], 0);
		memset(mem, 0xaa, size);
		kith_mem_free(mem);
	}
	kith_mem_free(NULL);
}

static void nothing_is_left_over(void **state)
{
	long before = kith_mem_in_use();
	struct pair *pair = new_pair();

	pair_open(pair, &client, &server);
	pair_run(pair);
	pair_free(pair);
	assert_int_equal(kith_mem_in_use(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_tls),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(transport_errors_pass_through),
		cmocka_unit_test(damage_is_noticed),
		cmocka_unit_test(noise_never_passes),
		cmocka_unit_test(endless_filler),
		cmocka_unit_test(no_memory_for_a_context),
		cmocka_unit_test(no_memory_in_a_handshake),
		cmocka_unit_test(memory_is_zeroised),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(nothing_is_left_over),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
