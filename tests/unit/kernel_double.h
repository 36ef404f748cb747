/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A double of kith.ko for the agent's tests: it answers on socket pairs, in the
 * sender's own context, as the kernel does. It keeps programs and credentials,
 * checks the order of what it is asked, and fails what it is told to fail.
 */
#ifndef KITH_TESTS_KERNEL_DOUBLE_H
#define KITH_TESTS_KERNEL_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/kith.h>
#include "netlink/nl.h"

#define DOUBLE_CONNECTIONS 16
#define DOUBLE_CREDENTIALS 64
#define DOUBLE_REVOCATIONS 8
#define DOUBLE_FAMILY	   29

struct double_credential {
	uint64_t id;
	uint32_t state;	       /* enum kith_credential_state */
	char exe[256];	       /* opened for program-exe */
	char script[256];      /* by which name it was started; "": executed itself */
	char script_file[256]; /* opened for it; "": not known */
	uint32_t uid, gid, groups[4];
	size_t n_groups;
	char cgroup[256];
	uint32_t user_ns;
	bool mount_ns_initial;
	bool prepared; /* a key waits for its certificate */
	bool asked;    /* the agent has the upcall */
	char spiffe_id[256], workload[64];
	int64_t not_before, not_after;
	uint8_t serial[20];
	size_t serial_size;
	size_t chain_size; /* certificates installed */
	bool shares;	   /* nothing to sign: it has, or gets, the SVID of another */
	unsigned int times_prepared;
	uint32_t reason;
	char message[256];
};

struct double_claim {
	uint32_t kind, uid;
	char path[256];
	uint16_t port;
};

struct double_revocation {
	char spiffe_id[256]; /* or by: */
	uint8_t serial[20];
	size_t serial_size;
	uint32_t seconds;
};

struct kernel_double {
	bool absent;			    /* no module: opening is -ENOENT */
	int connection[DOUBLE_CONNECTIONS]; /* our ends, -1: free */
	int agent;			    /* index of the registered one, -1: none */
	bool busy;			    /* another agent lives */
	uint64_t generation;

	bool draft_open;
	uint64_t draft_generation;
	size_t draft_rules, draft_bundles, n_draft_claims;
	size_t rules, bundles; /* in force */
	struct double_claim claims[64], draft_claims[64];
	size_t n_claims;
	unsigned int commits;

	uint8_t ca[KITH_CERT_MAX]; /* self-signed, made at first use */
	size_t ca_size;
	char ca_trust_domain[256];

	bool guarded;		/* BPF LSM programs are in place */
	uint32_t reviews;	/* connections not reached yet */
	uint32_t in_review_pid; /* whose */
	struct double_revocation revocations[DOUBLE_REVOCATIONS];
	size_t n_revocations;
	uint32_t revoked_pid; /* last */

	struct double_credential credentials[DOUBLE_CREDENTIALS];
	size_t n_credentials;

	int fail[KITH_CMD_MAX + 1]; /* errno for the next request, once */
	unsigned int seen[KITH_CMD_MAX + 1];
};

void double_init(struct kernel_double *kernel);
void double_clear(struct kernel_double *kernel);

/* For struct kith_kernel. */
int double_open(void *arg, struct kith_nl **nl);
int double_guard(void);

/* A pending credential: sends the upcall when an agent is registered. */
struct double_credential *double_add(struct kernel_double *kernel, const char *exe);
void double_upcall(struct kernel_double *kernel, struct double_credential *credential);

/* Sends bytes as they are to the registered agent. */
void double_send_raw(struct kernel_double *kernel, const void *data, size_t size);

/* Sends an event of a refused connection to every connection but the agent's. */
void double_event(struct kernel_double *kernel, uint32_t pid, const char *peer_id);

/* A self-signed CA, or an SVID under nothing, in DER. Return: its size. */
size_t double_certificate(uint8_t der[KITH_CERT_MAX], int64_t not_before, int64_t not_after);

#endif
