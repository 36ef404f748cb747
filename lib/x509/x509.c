// SPDX-License-Identifier: Apache-2.0
#include "x509.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include "base/base.h"

static int64_t seconds_of(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) ? (int64_t)timegm(&tm) : 0;
}

int kith_x509_facts(const struct kith_blob *der, struct kith_x509_facts *facts)
{
	const unsigned char *at = der->data;
	unsigned int size = sizeof(facts->sha256);
	X509 *cert;

	if (der->size > LONG_MAX)
		return -EINVAL;
	cert = d2i_X509(NULL, &at, (long)der->size);
	if (!cert || at != der->data + der->size) {
		X509_free(cert);
		return -EINVAL;
	}
	facts->not_before = seconds_of(X509_get0_notBefore(cert));
	facts->not_after = seconds_of(X509_get0_notAfter(cert));
	facts->is_ca = X509_check_ca(cert) == 1;
	if (!X509_NAME_oneline(X509_get_subject_name(cert), facts->subject, sizeof(facts->subject)))
		facts->subject[0] = 0;
	EVP_Digest(der->data, der->size, facts->sha256, &size, EVP_sha256(), NULL);
	X509_free(cert);
	return 0;
}

static char *pem_of(const struct kith_blob *der, const char *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long size;

	if (!bio || !PEM_write_bio(bio, name, "", der->data, (long)der->size))
		abort();
	size = BIO_get_mem_data(bio, &data);
	text = kith_alloc((size_t)size + 1);
	memcpy(text, data, (size_t)size);
	BIO_free(bio);
	return text;
}

char *kith_x509_pem(const struct kith_blob *der)
{
	return pem_of(der, PEM_STRING_X509);
}

char *kith_x509_request_pem(const struct kith_blob *der)
{
	return pem_of(der, PEM_STRING_X509_REQ);
}

bool kith_x509_add(struct kith_x509_list *list, const struct kith_blob *der)
{
	uint8_t *copy;
	size_t i;

	for (i = 0; i < list->n; i++)
		if (list->certs[i].size == der->size &&
		    !memcmp(list->certs[i].data, der->data, der->size))
			return false;
	copy = kith_alloc(der->size);
	memcpy(copy, der->data, der->size);
	list->certs = kith_realloc(list->certs, list->n + 1, sizeof(*list->certs));
	list->certs[list->n++] = (struct kith_blob){ copy, der->size };
	return true;
}

void kith_x509_remove(struct kith_x509_list *list, size_t index)
{
	free((void *)list->certs[index].data);
	list->n--;
	memmove(&list->certs[index], &list->certs[index + 1],
		(list->n - index) * sizeof(*list->certs));
}

void kith_x509_clear(struct kith_x509_list *list)
{
	while (list->n)
		kith_x509_remove(list, list->n - 1);
	free(list->certs);
	list->certs = NULL;
}

static int take(struct kith_x509_list *list, size_t max, const struct kith_blob *der,
		const char **why)
{
	struct kith_x509_facts facts;

	if (der->size > KITH_CERT_MAX) {
		*why = "a certificate is larger than 4096 bytes";
		return -E2BIG;
	}
	if (kith_x509_facts(der, &facts)) {
		*why = "this is not an X.509 certificate";
		return -EINVAL;
	}
	if (list->n >= max) {
		*why = "there are too many certificates";
		return -E2BIG;
	}
	kith_x509_add(list, der);
	return 0;
}

static int take_block(struct kith_x509_list *list, size_t max, BIO *bio, const char **why)
{
	unsigned char *data;
	char *name, *header;
	struct kith_blob der;
	long size;
	int ret;

	ERR_clear_error();
	if (!PEM_read_bio(bio, &name, &header, &data, &size)) {
		if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
			return 0;
		*why = "a PEM block in it is damaged";
		return -EINVAL;
	}
	der = (struct kith_blob){ data, (size_t)size };
	if (strcmp(name, PEM_STRING_X509)) {
		*why = strstr(name, "PRIVATE KEY")
			       ? "there is a private key in it; give certificates only"
			       : "there is something other than certificates in it";
		ret = -EINVAL;
	} else {
		ret = take(list, max, &der, why);
	}
	OPENSSL_clear_free(data, (size_t)size);
	OPENSSL_free(name);
	OPENSSL_free(header);
	return ret ? ret : 1;
}

int kith_x509_read(const char *text, size_t size, size_t max, struct kith_x509_list *list,
		   const char **why)
{
	struct kith_blob der = { (const uint8_t *)text, size };
	bool found = false;
	BIO *bio;
	int ret;

	if (size && text[0] == 0x30)
		return take(list, max, &der, why);
	if (size > INT_MAX || !(bio = BIO_new_mem_buf(text, (int)size))) {
		*why = "it is too large";
		return -EFBIG;
	}
	while ((ret = take_block(list, max, bio, why)) > 0)
		found = true;
	BIO_free(bio);
	if (!ret && !found) {
		*why = "there is no certificate in it";
		return -EINVAL;
	}
	return ret;
}

char *kith_x509_list_pem(const struct kith_x509_list *list)
{
	char *all = kith_strdup(""), *pem, *longer;
	size_t i;

	for (i = 0; i < list->n; i++) {
		pem = kith_x509_pem(&list->certs[i]);
		longer = kith_format("%s%s", all, pem);
		free(pem);
		free(all);
		all = longer;
	}
	return all;
}

int kith_x509_serial(uint8_t serial[16])
{
	if (RAND_bytes(serial, 16) != 1)
		return -EIO;
	/* Positive, and of full length whatever the dice say. */
	serial[0] = (serial[0] & 0x7f) | 0x40;
	return 0;
}
