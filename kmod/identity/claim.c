// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of claims: how it is kept. How it is looked up is in match.c.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include "claim.h"

static int claim_order(const void *a, const void *b)
{
	const struct kith_claim *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	switch (x->kind) {
	case KITH_CLAIM_KIND_EXE:
	case KITH_CLAIM_KIND_CGROUP:
		return strcmp(x->path, y->path);
	case KITH_CLAIM_KIND_UID:
		return x->uid == y->uid ? 0 : x->uid < y->uid ? -1 : 1;
	case KITH_CLAIM_KIND_LISTEN:
		if (x->port != y->port)
			return x->port < y->port ? -1 : 1;
		if (x->any_address != y->any_address)
			return x->any_address ? -1 : 1;
		return memcmp(x->address, y->address, sizeof(x->address));
	default:
		return 0;
	}
}

void kith_claims_sort(struct kith_claims *claims)
{
	unsigned int kind, i = 0;

	sort(claims->list, claims->count, sizeof(*claims->list), claim_order,
	     NULL);
	for (kind = 0; kind <= __KITH_CLAIM_KIND_COUNT; kind++) {
		while (i < claims->count && claims->list[i].kind < kind)
			i++;
		claims->first[kind] = i;
	}
}

void kith_claims_free(struct kith_claims *claims)
{
	unsigned int i;

	for (i = 0; i < claims->count; i++)
		kfree(claims->list[i].path);
	kvfree(claims->list);
	claims->list = NULL;
	claims->count = 0;
}
