// SPDX-License-Identifier: Apache-2.0
/* Keys on P-256 and X25519 as the library's users have them, against OpenSSL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <psa/crypto.h>

#include <asm/cpufeature.h>
#include <linux/slab.h>

#include "3rdparty/p256-m/p256-m_driver_entrypoints.h"
#include "handshake/engine.h"
#include "handshake/memory.h"
#include "openssl_curve.h"

#define PAIR   PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)
#define PUBLIC PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1)
#define XPAIR  PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_MONTGOMERY)
#define ECDSA  PSA_ALG_ECDSA(PSA_ALG_SHA_256)

static psa_key_attributes_t kind(psa_key_type_t type, size_t bits, psa_algorithm_t alg,
				 psa_key_usage_t usage)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

	psa_set_key_type(&attributes, type);
	psa_set_key_bits(&attributes, bits);
	psa_set_key_algorithm(&attributes, alg);
	psa_set_key_usage_flags(&attributes, usage);
	return attributes;
}

static psa_key_id_t import(psa_key_type_t type, size_t bits, psa_algorithm_t alg,
			   psa_key_usage_t usage, const u8 *bytes, size_t len)
{
	psa_key_attributes_t attributes = kind(type, bits, alg, usage);
	psa_key_id_t id;

	assert_int_equal(psa_import_key(&attributes, bytes, len, &id), PSA_SUCCESS);
	return id;
}

static psa_key_id_t generate(psa_key_type_t type, size_t bits, psa_algorithm_t alg,
			     psa_key_usage_t usage)
{
	psa_key_attributes_t attributes = kind(type, bits, alg, usage);
	psa_key_id_t id;

	assert_int_equal(psa_generate_key(&attributes, &id), PSA_SUCCESS);
	return id;
}

static void public_of(u8 form[65], psa_key_id_t id)
{
	size_t len;

	assert_int_equal(psa_export_public_key(id, form, 65, &len), PSA_SUCCESS);
	assert_int_equal(len, 65);
	assert_int_equal(form[0], 4);
}

static void made_keys_sign(void **state)
{
	const u8 hash[32] = { 7 };
	u8 form[65], sig[64];
	size_t len;

	for (int i = 0; i < 50; i++) {
		psa_key_id_t id = generate(PAIR, 256, ECDSA,
					   PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_VERIFY_HASH);

		public_of(form, id);
		assert_int_equal(psa_sign_hash(id, ECDSA, hash, 32, sig, 64, &len), PSA_SUCCESS);
		assert_int_equal(len, 64);
		assert_true(openssl_verify(form + 1, hash, 32, sig));
		assert_int_equal(psa_verify_hash(id, ECDSA, hash, 32, sig, 64), PSA_SUCCESS);
		psa_destroy_key(id);
	}
}

static void read_keys_are_those(void **state)
{
	const u8 hash[32] = { 9 };
	u8 d[32], q[64], form[65], sig[64], out[32];
	size_t len;

	for (int i = 0; i < 50; i++) {
		psa_key_id_t id;

		openssl_private(d);
		openssl_public(q, d);
		/* The size is told, or comes of the length. */
		id = import(PAIR, i % 2 ? 256 : 0, ECDSA,
			    PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_EXPORT, d, 32);
		assert_int_equal(psa_export_key(id, out, 32, &len), PSA_SUCCESS);
		assert_memory_equal(out, d, 32);
		public_of(form, id);
		assert_memory_equal(form + 1, q, 64);
		assert_int_equal(psa_sign_hash(id, ECDSA, hash, 32, sig, 64, &len), PSA_SUCCESS);
		psa_destroy_key(id);

		id = import(PUBLIC, i % 2 ? 256 : 0, ECDSA, PSA_KEY_USAGE_VERIFY_HASH, form, 65);
		assert_int_equal(psa_verify_hash(id, ECDSA, hash, 32, sig, 64), PSA_SUCCESS);
		openssl_sign(sig, d, hash, 32);
		assert_int_equal(psa_verify_hash(id, ECDSA, hash, 32, sig, 64), PSA_SUCCESS);
		sig[i] ^= 1;
		assert_int_equal(psa_verify_hash(id, ECDSA, hash, 32, sig, 64),
				 PSA_ERROR_INVALID_SIGNATURE);
		psa_destroy_key(id);
	}
}

/* A signature is never the same, though what is signed is. */
static void signatures_are_hedged(void **state)
{
	const u8 hash[32] = { 1 };
	psa_key_id_t id = generate(PAIR, 256, ECDSA, PSA_KEY_USAGE_SIGN_HASH);
	u8 one[64], other[64];
	size_t len;

	assert_int_equal(psa_sign_hash(id, ECDSA, hash, 32, one, 64, &len), PSA_SUCCESS);
	assert_int_equal(psa_sign_hash(id, ECDSA, hash, 32, other, 64, &len), PSA_SUCCESS);
	assert_memory_not_equal(one, other, 32);
	psa_destroy_key(id);
}

static void agreement(void **state)
{
	u8 d[32], form[65] = { 4 }, mine[65], got[32], want[32];
	size_t len;

	for (int i = 0; i < 50; i++) {
		psa_key_id_t id = generate(PAIR, 256, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE);

		openssl_private(d);
		openssl_public(form + 1, d);
		public_of(mine, id);
		assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, id, form, 65, got, 32, &len),
				 PSA_SUCCESS);
		assert_int_equal(len, 32);
		openssl_shared(want, d, mine + 1);
		assert_memory_equal(got, want, 32);
		psa_destroy_key(id);
	}
}

static void x25519_agreement(void **state)
{
	u8 d[32], q[32], mine[32], got[32], want[32];
	size_t len;

	for (int i = 0; i < 50; i++) {
		psa_key_id_t id = generate(XPAIR, 255, PSA_ALG_ECDH,
					   PSA_KEY_USAGE_DERIVE | PSA_KEY_USAGE_EXPORT);

		assert_int_equal(psa_export_key(id, d, 32, &len), PSA_SUCCESS);
		assert_int_equal(psa_export_public_key(id, mine, 32, &len), PSA_SUCCESS);
		assert_int_equal(len, 32);
		openssl_x25519_public(want, d);
		assert_memory_equal(mine, want, 32);

		openssl_private(d);
		openssl_x25519_public(q, d);
		assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, id, q, 32, got, 32, &len),
				 PSA_SUCCESS);
		assert_int_equal(len, 32);
		assert_true(openssl_x25519_shared(want, d, mine));
		assert_memory_equal(got, want, 32);
		psa_destroy_key(id);
	}
}

static void refused(psa_key_type_t type, size_t bits, const u8 *bytes, size_t len)
{
	psa_key_attributes_t attributes = kind(type, bits, ECDSA, PSA_KEY_USAGE_VERIFY_HASH);
	psa_key_id_t id = 0;

	assert_int_equal(psa_import_key(&attributes, bytes, len, &id), PSA_ERROR_INVALID_ARGUMENT);
	assert_int_equal(id, 0);
}

static void bad_keys_are_refused(void **state)
{
	u8 d[33], form[66] = { 4 };

	openssl_private(d);
	openssl_public(form + 1, d);
	refused(PAIR, 256, d, 31);
	refused(PAIR, 256, d, 33);
	refused(PUBLIC, 256, form, 64);
	refused(PUBLIC, 256, form, 66);
	/* Compressed, hybrid, or of nothing: only one form is taken. */
	refused(PUBLIC, 256, form, 33);
	for (int first = 0; first < 8; first++) {
		form[0] = first;
		if (first != 4)
			refused(PUBLIC, 256, form, 65);
	}
	form[0] = 4;
	form[64] ^= 1;
	refused(PUBLIC, 256, form, 65);
	refused(PUBLIC, 0, form, 65);
	memset(d, 0, sizeof(d));
	refused(PAIR, 256, d, 32);
	refused(PAIR, 0, d, 32);
	bytes_of(d, p256_order);
	refused(PAIR, 256, d, 32);
}

static void bad_peers_are_refused(void **state)
{
	psa_key_id_t id = generate(PAIR, 256, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE);
	u8 d[32], form[66] = { 4 }, got[32];
	size_t len;

	openssl_private(d);
	openssl_public(form + 1, d);
	for (size_t n = 0; n <= sizeof(form); n++)
		if (n != 65)
			assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, id, form, n, got, 32,
							       &len),
					 PSA_ERROR_INVALID_ARGUMENT);
	assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, id, form, 65, got, 31, &len),
			 PSA_ERROR_BUFFER_TOO_SMALL);
	form[0] = 2;
	assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, id, form, 65, got, 32, &len),
			 PSA_ERROR_INVALID_ARGUMENT);
	form[0] = 4;
	form[40] ^= 0x40;
	assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, id, form, 65, got, 32, &len),
			 PSA_ERROR_INVALID_ARGUMENT);
	psa_destroy_key(id);

	id = generate(XPAIR, 255, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE);
	memset(form, 0, sizeof(form));
	assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, id, form, 32, got, 32, &len),
			 PSA_ERROR_INVALID_ARGUMENT);
	form[0] = 9;
	assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, id, form, 31, got, 32, &len),
			 PSA_ERROR_INVALID_ARGUMENT);
	psa_destroy_key(id);
}

static void lengths_are_checked(void **state)
{
	psa_key_id_t id =
		generate(PAIR, 256, ECDSA, PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_VERIFY_HASH);
	u8 hash[32] = { 1 }, sig[66] = { 0 }, form[65];
	size_t len;

	assert_int_equal(psa_export_public_key(id, form, 64, &len), PSA_ERROR_BUFFER_TOO_SMALL);
	assert_int_equal(psa_sign_hash(id, ECDSA, hash, 32, sig, 63, &len),
			 PSA_ERROR_BUFFER_TOO_SMALL);
	assert_int_equal(psa_sign_hash(id, ECDSA, hash, 32, sig, 66, &len), PSA_SUCCESS);
	for (size_t n = 0; n <= sizeof(sig); n++)
		assert_int_equal(psa_verify_hash(id, ECDSA, hash, 32, sig, n),
				 n == 64 ? PSA_SUCCESS : PSA_ERROR_INVALID_SIGNATURE);
	psa_destroy_key(id);
}

/* P-384 is none of the driver's. */
static void other_curves_sign(void **state)
{
	const psa_algorithm_t alg = PSA_ALG_ECDSA(PSA_ALG_SHA_384);
	psa_key_id_t id = generate(PAIR, 384, alg, PSA_KEY_USAGE_SIGN_HASH);
	u8 hash[48] = { 1 }, sig[96], form[97];
	size_t len;

	assert_int_equal(psa_sign_hash(id, alg, hash, 48, sig, 96, &len), PSA_SUCCESS);
	assert_int_equal(psa_export_public_key(id, form, 97, &len), PSA_SUCCESS);
	psa_destroy_key(id);
	id = import(PUBLIC, 0, alg, PSA_KEY_USAGE_VERIFY_HASH, form, len);
	assert_int_equal(psa_verify_hash(id, alg, hash, 48, sig, 96), PSA_SUCCESS);
	sig[3] ^= 1;
	assert_int_equal(psa_verify_hash(id, alg, hash, 48, sig, 96), PSA_ERROR_INVALID_SIGNATURE);
	psa_destroy_key(id);
}

static void other_curves_agree(void **state)
{
	u8 form[2][97], shared[2][48];
	psa_key_id_t id[2];
	size_t len;

	for (int i = 0; i < 2; i++) {
		id[i] = generate(PAIR, 384, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE);
		assert_int_equal(psa_export_public_key(id[i], form[i], 97, &len), PSA_SUCCESS);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, id[i], form[1 - i], 97,
						       shared[i], 48, &len),
				 PSA_SUCCESS);
	assert_memory_equal(shared[0], shared[1], 48);
	psa_destroy_key(id[0]);
	psa_destroy_key(id[1]);
}

/* The library's own P-256 cannot do without memory. */
static void the_driver_is_asked(void **state)
{
	psa_key_id_t id =
		generate(PAIR, 256, ECDSA, PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_VERIFY_HASH);
	psa_key_id_t agreeing = generate(PAIR, 256, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE);
	psa_key_id_t x25519 = generate(XPAIR, 255, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE);
	u8 hash[32] = { 1 }, sig[64], form[65], shared[32];
	size_t len;

	assert_int_equal(psa_sign_hash(id, ECDSA, hash, 32, sig, 64, &len), PSA_SUCCESS);
	shim_fail_after = 0;
	public_of(form, id);
	assert_int_equal(psa_verify_hash(id, ECDSA, hash, 32, sig, 64), PSA_SUCCESS);
	assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, agreeing, form, 65, shared, 32, &len),
			 PSA_SUCCESS);
	assert_int_equal(psa_export_public_key(x25519, form, 32, &len), PSA_SUCCESS);
	/* Here it is the library that holds the numbers: 38 pieces, not 3000. */
	shim_fail_after = 100;
	assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, x25519, form, 32, shared, 32, &len),
			 PSA_SUCCESS);
	shim_fail_after = -1;
	psa_destroy_key(id);
	psa_destroy_key(agreeing);
	psa_destroy_key(x25519);
}

static void no_memory_to_sign(void **state)
{
	psa_key_id_t id = generate(PAIR, 256, ECDSA, PSA_KEY_USAGE_SIGN_HASH);
	u8 hash[32] = { 1 }, sig[64];
	size_t len;

	shim_fail_after = 0;
	assert_int_equal(psa_sign_hash(id, ECDSA, hash, 32, sig, 64, &len),
			 PSA_ERROR_INSUFFICIENT_MEMORY);
	shim_fail_after = -1;
	psa_destroy_key(id);
}

#define STACK 12000 /* of what lies below a function, how much is looked at */
#define NEAR  700   /* and how much of that is of the functions here */

static __attribute__((noinline, no_sanitize("address"))) void paint(void)
{
	volatile u8 stack[STACK];

	for (size_t i = 0; i < sizeof(stack); i++)
		stack[i] = 0xa5;
}

/* Bytes that were written after paint(), and not with 0. */
static __attribute__((noinline, no_sanitize("address"))) unsigned int left_over(void)
{
	volatile u8 stack[STACK];
	unsigned int found = 0;

	/* What is there already. */
	__asm__ volatile("" : "=m"(stack));
	for (size_t i = 0; i < sizeof(stack) - NEAR; i++)
		found += stack[i] != 0xa5 && stack[i] != 0;
	return found;
}

#define ASSERT_FORGOTTEN(call)                              \
	do {                                                \
		paint();                                    \
		assert_int_equal(call, PSA_SUCCESS);        \
		assert_in_range(left_over(), 0, FORGOTTEN); \
	} while (0)

#define FORGOTTEN 400

/* Little is left on the stack: return addresses and the like. */
static void the_stack_forgets(void **state)
{
	static u8 d[32], form[65], hash[32], sig[64], secret[32];
	const psa_key_attributes_t pair = kind(PAIR, 256, ECDSA, 0);
	const psa_key_attributes_t xpair = kind(XPAIR, 255, PSA_ALG_ECDH, 0);
	size_t len;

	assert_int_equal(p256_transparent_generate_key(&pair, d, 32, &len), PSA_SUCCESS);
	ASSERT_FORGOTTEN(p256_transparent_export_public_key(&pair, d, 32, form, 65, &len));
	ASSERT_FORGOTTEN(p256_transparent_sign_hash(&pair, d, 32, ECDSA, hash, 32, sig, 64, &len));
	ASSERT_FORGOTTEN(p256_transparent_key_agreement(&pair, d, 32, PSA_ALG_ECDH, form, 65,
							secret, 32, &len));
	ASSERT_FORGOTTEN(p256_transparent_export_public_key(&xpair, d, 32, form, 65, &len));
}

static int start(void **state)
{
	openssl_curve_init();
	assert_int_equal(kith_engine_init(), 0);
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
	kith_engine_exit();
	openssl_curve_exit();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_keys_sign),	 cmocka_unit_test(read_keys_are_those),
		cmocka_unit_test(signatures_are_hedged), cmocka_unit_test(agreement),
		cmocka_unit_test(x25519_agreement),	 cmocka_unit_test(bad_keys_are_refused),
		cmocka_unit_test(bad_peers_are_refused), cmocka_unit_test(lengths_are_checked),
		cmocka_unit_test(other_curves_sign),	 cmocka_unit_test(other_curves_agree),
		cmocka_unit_test(the_driver_is_asked),	 cmocka_unit_test(no_memory_to_sign),
		cmocka_unit_test(the_stack_forgets),
	};
	int failed = cmocka_run_group_tests_name("this processor", tests, start, end);

	return failed + cmocka_run_group_tests_name("without ADX and BMI2", tests, start_old, end);
}
