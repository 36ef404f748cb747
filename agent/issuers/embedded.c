// SPDX-License-Identifier: Apache-2.0
/*
 * The embedded CA: the kernel signs the key it prepared with a key it holds,
 * from a fixed template; the agent chooses serial and lifetime.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "issuer.h"
#include "netlink/request.h"

/* Peers' clocks may run behind ours, by this much of the lifetime at most. */
#define BACKDATE_MAX  30
#define BACKDATE_PART 10

struct embedded {
	struct kith_issuer base;
	struct kith_nl **nl;
	const int64_t *ca_not_before, *ca_not_after;
};

static int make_template(const struct embedded *embedded, uint32_t ttl,
			 struct kith_request_template *template)
{
	int64_t now = kith_now_ms() / 1000;
	int64_t backdate = ttl / BACKDATE_PART;

	template->not_before = now - (backdate < BACKDATE_MAX ? backdate : BACKDATE_MAX);
	template->not_after = now + ttl;
	/* A clock that was set back a little is still within the CA's time. */
	if (template->not_before < *embedded->ca_not_before)
		template->not_before = *embedded->ca_not_before;
	if (now < template->not_before)
		return -ERANGE;
	if (*embedded->ca_not_after && template->not_after > *embedded->ca_not_after)
		template->not_after = *embedded->ca_not_after;
	if (template->not_after <= now)
		return -EKEYEXPIRED;
	return kith_x509_serial(template->serial);
}

static int sign(const struct embedded *embedded, const struct kith_issue_request *request,
		struct kith_issued *issued)
{
	struct kith_request_template template;
	int ret;

	if (!*embedded->nl)
		return -ENOTCONN;
	ret = make_template(embedded, request->ttl, &template);
	if (ret)
		return ret;
	issued->not_before = template.not_before;
	issued->not_after = template.not_after;
	return kith_request_sign(*embedded->nl, request->credential, &template);
}

static struct kith_issuing *issue(struct kith_issuer *issuer,
				  const struct kith_issue_request *request, kith_issued_fn *done,
				  void *arg)
{
	struct embedded *embedded = (struct embedded *)issuer;
	const struct kith_x509_list none = { 0 };
	struct kith_issued issued = { .chain = &none };
	char *error = NULL;
	int ret = sign(embedded, request, &issued);

	if (ret == -ERANGE) {
		error = kith_format(
			"the clock is before the time of the embedded CA (set the clock)");
	} else if (ret == -EKEYEXPIRED) {
		error = kith_format(
			"the embedded CA has expired or the clock is wrong (check the date, raise issuer.embedded.ca_ttl)");
	} else if (ret) {
		const char *words = *embedded->nl ? kith_nl_error(*embedded->nl) : "";

		error = kith_format("the kernel's CA did not sign: %s%s%s (see the kernel log)",
				    strerror(-ret), *words ? ": " : "", words);
	}
	issued.error = error;
	done(&issued, arg);
	free(error);
	return NULL;
}

static void cancel(struct kith_issuing *issuing)
{
}

static void free_embedded(struct kith_issuer *issuer)
{
	free(issuer);
}

static const struct kith_issuer_ops ops = {
	.issue = issue,
	.cancel = cancel,
	.free = free_embedded,
};

struct kith_issuer *kith_embedded_issuer(const struct kith_issuer_host *host)
{
	struct embedded *embedded = kith_alloc(sizeof(*embedded));

	embedded->base.ops = &ops;
	embedded->nl = host->nl;
	embedded->ca_not_before = host->ca_not_before;
	embedded->ca_not_after = host->ca_not_after;
	return &embedded->base;
}
