// SPDX-License-Identifier: Apache-2.0
#include "issuer.h"

struct kith_issuer *kith_issuer_new(const struct kith_issuer_host *host)
{
	switch (host->config->issuer) {
	case KITH_ISSUER_COMMAND:
		return kith_command_issuer(host);
	case KITH_ISSUER_DIRECTORY:
		return kith_directory_issuer(host);
	default:
		return kith_embedded_issuer(host);
	}
}

void kith_issuer_free(struct kith_issuer *issuer)
{
	if (issuer)
		issuer->ops->free(issuer);
}

struct kith_issuing *kith_issuer_issue(struct kith_issuer *issuer,
				       const struct kith_issue_request *request,
				       kith_issued_fn *done, void *arg)
{
	return issuer->ops->issue(issuer, request, done, arg);
}

void kith_issuer_cancel(struct kith_issuer *issuer, struct kith_issuing *issuing)
{
	if (issuing)
		issuer->ops->cancel(issuing);
}
