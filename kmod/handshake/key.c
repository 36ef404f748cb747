// SPDX-License-Identifier: GPL-2.0-only
/* Private keys: they live in the library's key store and are used by number. */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "internal.h"

static psa_status_t generate(psa_key_id_t *id)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

	/* No export usage: the store itself refuses to give the key out. */
	psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(&attributes, 256);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_ANY_HASH));
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
	return psa_generate_key(&attributes, id);
}

/* The library writes at the end of the buffer. */
static int remember_public(struct kith_key *key)
{
	int len = mbedtls_pk_write_pubkey_der(&key->pk, key->spki, sizeof(key->spki));

	if (len < 0)
		return kith_errno(len);
	memmove(key->spki, key->spki + sizeof(key->spki) - len, len);
	key->spki_len = len;
	return 0;
}

static atomic_long_t n_keys;

struct kith_key *kith_key_new(void)
{
	struct kith_key *key = kith_mem_zalloc(sizeof(*key));
	struct kith_mem_scope scope;
	int err;

	if (!key)
		return ERR_PTR(-ENOMEM);
	atomic_long_add(1, &n_keys);
	mbedtls_pk_init(&key->pk);
	kith_mem_begin(&scope);
	err = kith_errno(generate(&key->id));
	if (!err)
		err = kith_errno(mbedtls_pk_setup_opaque(&key->pk, key->id));
	if (!err)
		err = remember_public(key);
	err = kith_mem_end(&scope, err);
	if (err) {
		kith_key_free(key);
		return ERR_PTR(err);
	}
	return key;
}

void kith_key_free(struct kith_key *key)
{
	if (!key)
		return;
	mbedtls_pk_free(&key->pk);
	psa_destroy_key(key->id);
	kith_mem_free(key);
	atomic_long_sub(1, &n_keys);
}

unsigned int kith_key_count(void)
{
	return atomic_long_read(&n_keys);
}
