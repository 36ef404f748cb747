/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for the tests of the engine, good and bad ones, by OpenSSL. */
#ifndef _TESTS_ENGINE_PKI_H
#define _TESTS_ENGINE_PKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "handshake/engine.h"

#define HOUR 3600L

/* A certificate to be made; zero means what a proper SVID has. */
struct cert_spec {
	const char *san;	 /* "URI:spiffe://…,DNS:…"; NULL: none */
	const char *usage;	 /* keyUsage; NULL: critical,digitalSignature; "": none */
	const char *extended;	 /* extendedKeyUsage; NULL: none */
	const char *constraints; /* basicConstraints; NULL: critical,CA:FALSE; "": none */
	const char *name;	 /* CN; NULL: "test" */
	long from, to;		 /* seconds from now; both 0: an hour around now */
	const EVP_MD *md;	 /* NULL: SHA-256 */
};

/* A CA of the tests: its certificate and key. */
struct ca {
	X509 *cert;
	EVP_PKEY *key;
};

#define CA_CONSTRAINTS "critical,CA:TRUE"
#define CA_USAGE       "critical,keyCertSign,cRLSign"

/* @type: "P-256", "P-384" or "RSA". */
EVP_PKEY *pki_key(const char *type);

X509 *pki_issue(const struct cert_spec *spec, EVP_PKEY *subject, const struct ca *issuer);

/* A root CA of @trust_domain; @type as for pki_key(). */
struct ca pki_root(const char *trust_domain, const char *type);
/* An intermediate CA below @issuer; NULL fields of @spec: those of a CA. */
struct ca pki_intermediate(const struct cert_spec *spec, const struct ca *issuer);
void pki_ca_free(struct ca *ca);

/* @certs ends with NULL; the certificates stay the caller's. */
struct kith_certs *pki_certs(X509 *const certs[]);
struct kith_certs *pki_bundle(const struct ca *ca);

/* The public key of @key, as a certificate request of the engine tells it. */
EVP_PKEY *pki_public(const struct kith_key *key);

/* DER as an OpenSSL certificate; fails the test when it is none. */
X509 *pki_parse(const u8 *der, int len);

#endif
