/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims as the kernel takes them: users are numbers, links are followed. Those
 * in force are kept in the state directory as claims.good, so that after a boot
 * they can be put in force before there is a network, with neither kithd nor its
 * policy nor a directory of users.
 *
 * A list of claims is an array in JSON, as in that file; each says which workload
 * it is for, and which line of the policy made it.
 */
#ifndef KITH_AGENT_CLAIMS_H
#define KITH_AGENT_CLAIMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "netlink/request.h"

/* Where a claim comes from. */
struct kith_claim_origin {
	const char *workload; /* or NULL */
	const char *user;     /* the name that was resolved, or NULL */
	const char *file;
	unsigned int line;
};

void kith_claims_add(json_t *claims, const struct kith_request_claim *claim,
		     const struct kith_claim_origin *origin);

/* Sends each into the open transaction. Return: 0; else -errno, with *@refused
 * the one that the kernel did not take, borrowed. */
int kith_claims_send(struct kith_nl *nl, const json_t *claims, const json_t **refused);

/* Keeps the claims of @generation. A failure is logged. */
void kith_claims_keep(const char *state_dir, uint64_t generation, const json_t *claims);

/**
 * kith_claims_load() - what was kept last
 * @generation: filled: theirs
 * @error: set on failure: what is wrong with which file, to free()
 *
 * Return: the list, a new reference; NULL with *@error NULL when none was ever
 * kept, and with *@error set when it cannot be read.
 */
json_t *kith_claims_load(const char *state_dir, uint64_t *generation, char **error);

/* The number that the claim of user @name had. Return: whether there is one. */
bool kith_claims_uid(const json_t *claims, const char *name, uint32_t *uid);

#endif
