/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little of X.509 that userspace needs: reading and writing PEM, and the
 * facts of a certificate that are shown and scheduled by. Trust is decided in
 * the kernel, not here.
 */
#ifndef KITH_LIB_X509_X509_H
#define KITH_LIB_X509_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "netlink/message.h"

struct kith_x509_facts {
	int64_t not_before, not_after; /* seconds since 1970 */
	bool is_ca;
	char subject[256];  /* one line, cut when longer */
	uint8_t sha256[32]; /* of the DER */
};

/* Return: 0, or -EINVAL when @der is not exactly one certificate. */
int kith_x509_facts(const struct kith_blob *der, struct kith_x509_facts *facts);

/* PEM text of a certificate, or of a PKCS#10 request; to free(). */
char *kith_x509_pem(const struct kith_blob *der);
char *kith_x509_request_pem(const struct kith_blob *der);

/* Certificates in DER, owned. */
struct kith_x509_list {
	struct kith_blob *certs; /* each data to free() */
	size_t n;
};

/**
 * kith_x509_read() - certificates from PEM, or one from DER
 * @list: empty or filled before; what is read is appended
 * @max: certificates the list may have in the end
 *
 * Other PEM blocks are an error: a private key does not belong here.
 * Return: 0, or -errno with a sentence for people in *@why (static).
 */
int kith_x509_read(const char *text, size_t size, size_t max, struct kith_x509_list *list,
		   const char **why);
/* Appends a copy unless the list has the certificate. Return: whether it did. */
bool kith_x509_add(struct kith_x509_list *list, const struct kith_blob *der);
void kith_x509_remove(struct kith_x509_list *list, size_t index);
void kith_x509_clear(struct kith_x509_list *list);
/* All as PEM, to free(). */
char *kith_x509_list_pem(const struct kith_x509_list *list);

/* A positive serial of 16 random bytes. Return: 0 or -EIO. */
int kith_x509_serial(uint8_t serial[16]);

#endif
