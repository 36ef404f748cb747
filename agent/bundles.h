/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bundles the agent loads into the kernel: our own trust domain's and the
 * imported ones of others. They are kept in the state directory:
 *
 *   bundles/TRUST-DOMAIN.pem	imported
 *   ca.pem			CA certificates of our own embedded CA, newest last
 *   ca.until			one line for each of the former: seconds since 1970
 *				after which nothing it signed is valid
 */
#ifndef KITH_AGENT_BUNDLES_H
#define KITH_AGENT_BUNDLES_H

#include <stdbool.h>
#include <stddef.h>
#include "x509/x509.h"

/* Certificates of one trust domain: a nested netlink attribute holds no more. */
#define KITH_BUNDLE_MAX	 15
#define KITH_BUNDLES_MAX 256 /* as the kernel */

struct kith_bundle {
	char *trust_domain;
	struct kith_x509_list list;
};

struct kith_bundles;

/**
 * kith_bundles_load() - read the state directory
 * @own: our trust domain
 *
 * What cannot be read is logged and left out. Never NULL.
 */
struct kith_bundles *kith_bundles_load(const char *state_dir, const char *own);
void kith_bundles_free(struct kith_bundles *bundles);

/* The i-th bundle, NULL past the last. Empty ones are left out. */
const struct kith_bundle *kith_bundles_at(const struct kith_bundles *bundles, size_t i);

/**
 * kith_bundles_import() - replace the bundle of a foreign trust domain
 * @text: PEM, or one certificate in DER
 * @why: what is wrong with it, static
 *
 * Kept on disk when it returns 0, else -errno.
 */
int kith_bundles_import(struct kith_bundles *bundles, const char *trust_domain, const char *text,
			size_t size, const char **why);
int kith_bundles_remove(struct kith_bundles *bundles, const char *trust_domain);

/* Replaces our own bundle by the external issuer's PEM file. */
int kith_bundles_read_own(struct kith_bundles *bundles, const char *path, const char **why);

/**
 * kith_bundles_add_ca() - the embedded CA's present certificate
 * @longest: the longest life of an SVID it signs, seconds
 *
 * A former certificate stays until what it signed is past its time.
 * Return: whether the certificate is new.
 */
bool kith_bundles_add_ca(struct kith_bundles *bundles, const struct kith_blob *der,
			 uint32_t longest);
/* Drops former CA certificates whose time has come. Return: whether any. */
bool kith_bundles_expire(struct kith_bundles *bundles);

#endif
