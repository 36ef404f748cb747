// SPDX-License-Identifier: Apache-2.0
/* P-256 and X25519 of the engine against OpenSSL, on random numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/rand.h>

#include <asm/cpufeature.h>

#include "handshake/curve/curve.h"
#include "handshake/curve/p256.h"
#include "handshake/memory.h"
#include "openssl_curve.h"

#define ROUNDS 1500

static const u8 *random_bytes(u8 *bytes, size_t len)
{
	assert_int_equal(RAND_bytes(bytes, len), 1);
	return bytes;
}

static void signatures(void **state)
{
	u8 d[32], q[64], hash[32], fresh[32], sig[64];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		openssl_private(d);
		random_bytes(hash, 32);
		assert_true(kith_p256_public(q, d));
		assert_int_equal(kith_p256_sign(sig, d, hash, 32, random_bytes(fresh, 32)), 0);
		assert_true(openssl_verify(q, hash, 32, sig));
		openssl_sign(sig, d, hash, 32);
		assert_true(kith_p256_verify(q, hash, 32, sig));
		/* Any change is noticed. */
		if (i % 2)
			sig[i / 2 % 64] ^= 1 << i / 128 % 8;
		else
			hash[i / 2 % 32] ^= 1 << i / 64 % 8;
		assert_false(kith_p256_verify(q, hash, 32, sig));
	}
}

/* Random numbers for a signature are none, and for a point none. */
static void noise(void **state)
{
	u8 q[64], hash[32], sig[64], d[32];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		openssl_private(d);
		openssl_public(q, d);
		random_bytes(hash, 32);
		random_bytes(sig, 64);
		assert_false(kith_p256_verify(q, hash, 32, sig));
		random_bytes(q, 64);
		assert_false(kith_p256_public_ok(q));
		assert_false(kith_p256_verify(q, hash, 32, sig));
		assert_false(kith_p256_shared(hash, d, q));
	}
}

static void secrets(void **state)
{
	u8 mine[32], theirs[32], my_q[64], their_q[64], one[32], other[32], want[32];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		openssl_private(mine);
		openssl_private(theirs);
		assert_true(kith_p256_public(my_q, mine));
		openssl_public(their_q, theirs);
		assert_true(kith_p256_shared(one, mine, their_q));
		assert_true(kith_p256_shared(other, theirs, my_q));
		openssl_shared(want, theirs, my_q);
		assert_memory_equal(one, want, 32);
		assert_memory_equal(other, want, 32);
	}
}

static void x25519(void **state)
{
	u8 d[32], q[32], peer[32], secret[32], want[32];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		random_bytes(d, 32);
		kith_x25519_public(q, d);
		openssl_x25519_public(want, d);
		assert_memory_equal(q, want, 32);
		/* Half of these are points of the twist. */
		random_bytes(peer, 32);
		assert_true(kith_x25519_shared(secret, d, peer));
		assert_true(openssl_x25519_shared(want, d, peer));
		assert_memory_equal(secret, want, 32);
	}
}

static int start(void **state)
{
	openssl_curve_init();
	assert_int_equal(kith_mem_init(), 0);
	assert_int_equal(kith_curve_init(), 0);
	return 0;
}

static int start_old(void **state)
{
	shim_old_cpu = true;
	return start(state);
}

static int end(void **state)
{
	shim_old_cpu = false;
	kith_mem_exit();
	openssl_curve_exit();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures),
		cmocka_unit_test(noise),
		cmocka_unit_test(secrets),
		cmocka_unit_test(x25519),
	};
	int failed = cmocka_run_group_tests_name("this processor", tests, start, end);

	return failed + cmocka_run_group_tests_name("without ADX and BMI2", tests, start_old, end);
}
