/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An issuer turns a request into an installed SVID, or says why not. It never
 * sees a key: the kernel made it, and the certificate signing request carries
 * the public half only. Whatever an issuer returns is checked again by the
 * kernel when it is installed.
 */
#ifndef KITH_AGENT_ISSUER_H
#define KITH_AGENT_ISSUER_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>
#include "../config.h"
#include "netlink/nl.h"
#include "x509/x509.h"

struct kith_issuer;
struct kith_issuing;

struct kith_issue_request {
	uint64_t credential;
	const char *spiffe_id;
	uint32_t ttl;	      /* seconds */
	struct kith_blob csr; /* DER */
};

/* What came of it. */
struct kith_issued {
	const char *error; /* NULL on success; for people, with the remedy */
	/* Leaf first, to be installed; empty when the kernel has installed what
	 * it signed itself. */
	const struct kith_x509_list *chain;
	int64_t not_before, not_after; /* of the leaf, seconds since 1970 */
};

/* Called once for each request, maybe before kith_issuer_issue() returns. */
typedef void kith_issued_fn(const struct kith_issued *issued, void *arg);

struct kith_issuer_ops {
	/* Return: a handle while the request is under way, NULL when @done has
	 * been called already. The request's strings are the caller's. */
	struct kith_issuing *(*issue)(struct kith_issuer *issuer,
				      const struct kith_issue_request *request,
				      kith_issued_fn *done, void *arg);
	void (*cancel)(struct kith_issuing *issuing);
	void (*free)(struct kith_issuer *issuer);
};

/* What every issuer starts with. */
struct kith_issuer {
	const struct kith_issuer_ops *ops;
};

/* What an issuer may use of the agent. */
struct kith_issuer_host {
	sd_event *loop;
	const struct kith_agent_config *config; /* outlives the issuer */
	struct kith_nl **nl;			/* the registered port, NULL when there is none */
	const int64_t *ca_not_before, *ca_not_after; /* of the embedded CA */
};

/* The issuer the configuration names, or NULL after having logged why. */
struct kith_issuer *kith_issuer_new(const struct kith_issuer_host *host);
void kith_issuer_free(struct kith_issuer *issuer);

struct kith_issuing *kith_issuer_issue(struct kith_issuer *issuer,
				       const struct kith_issue_request *request,
				       kith_issued_fn *done, void *arg);
/* Ends a request: its callback will not come. NULL is fine. */
void kith_issuer_cancel(struct kith_issuer *issuer, struct kith_issuing *issuing);

/* private: the issuers there are */
struct kith_issuer *kith_embedded_issuer(const struct kith_issuer_host *host);
struct kith_issuer *kith_command_issuer(const struct kith_issuer_host *host);
struct kith_issuer *kith_directory_issuer(const struct kith_issuer_host *host);

#endif
