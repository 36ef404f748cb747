/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of the "kith" family as functions, one each. They return 0 or
 * a negative errno, as kith_nl_call() does; buffers handed out are the
 * caller's.
 */
#ifndef KITH_LIB_NETLINK_REQUEST_H
#define KITH_LIB_NETLINK_REQUEST_H

#include "message.h"
#include "nl.h"

/* Gets a decoded status; it lives until the function returns. */
typedef void kith_status_fn(const struct kith_status_info *status, void *arg);

int kith_request_status(struct kith_nl *nl, kith_status_fn *take, void *arg);

/* Makes this connection the agent. @generation: of the config in force.
 * -EBUSY while another agent lives, -EPROTO when the module speaks another
 * version of the contract. */
int kith_request_register(struct kith_nl *nl, uint64_t *generation);

int kith_request_config_begin(struct kith_nl *nl, uint64_t generation);
/* @open_doors: 1 << enum kith_door, left open to claimed programs. */
int kith_request_config_commit(struct kith_nl *nl, uint64_t generation, uint32_t open_doors);

struct kith_request_claim {
	enum kith_claim_kind kind;
	const char *path; /* exe, cgroup */
	uint32_t uid;
	const uint8_t *address; /* listen; NULL: any */
	size_t address_size;	/* 4 or 16 */
	uint16_t port;
};
int kith_request_config_claim(struct kith_nl *nl, const struct kith_request_claim *claim);

/* -EMSGSIZE when the certificates exceed one message. */
int kith_request_config_bundle(struct kith_nl *nl, const char *trust_domain,
			       const struct kith_blob *certificates, size_t n);
/* Sends the table in pieces. */
int kith_request_config_rules(struct kith_nl *nl, const void *table, size_t size);

/* A descriptor of the program's very executable, close-on-exec, the caller's to
 * close. Return: it, or a negative errno. */
int kith_request_program_exe(struct kith_nl *nl, uint64_t program);
/* The same of the script that it interprets; -ENOENT: not known, or none. */
int kith_request_program_script(struct kith_nl *nl, uint64_t program);

/* What the next exec of a process begins; @ttl 0: as long as it runs. -EPERM when
 * the process is not the user's own. */
struct kith_request_run {
	uint32_t pid, uid, ttl;
	const char *spiffe_id, *workload;
};
int kith_request_program_run(struct kith_nl *nl, const struct kith_request_run *run);

struct kith_request_identity {
	const char *spiffe_id, *workload;
	uint32_t traits; /* of enum kith_trait */
};

/* What there is to sign; or, when programs share an SVID and another is issued
 * it, nothing: then the validity of that, 0 while it is not there yet. */
struct kith_request_prepared {
	uint8_t csr[KITH_CERT_MAX];
	size_t csr_size;
	int64_t not_before, not_after;
};
int kith_request_prepare(struct kith_nl *nl, uint64_t credential,
			 const struct kith_request_identity *identity,
			 struct kith_request_prepared *prepared);

struct kith_request_template {
	uint8_t serial[16];
	int64_t not_before, not_after;
};
int kith_request_sign(struct kith_nl *nl, uint64_t credential,
		      const struct kith_request_template *template);
int kith_request_install(struct kith_nl *nl, uint64_t credential, const struct kith_blob *chain,
			 size_t n);
int kith_request_refuse(struct kith_nl *nl, uint64_t credential, enum kith_reason reason,
			const char *message);
int kith_request_revoke_credential(struct kith_nl *nl, uint64_t credential);

/* By SPIFFE ID, or serial number, or process. */
struct kith_request_revocation {
	const char *spiffe_id;
	const uint8_t *serial;
	size_t serial_size;
	uint32_t pid;
	uint32_t seconds; /* 0: until it is lifted; a process: for good */
};
int kith_request_revoke(struct kith_nl *nl, const struct kith_request_revocation *what);
int kith_request_lift(struct kith_nl *nl, const struct kith_request_revocation *what);

/* Makes the embedded CA of @trust_domain or finds the one there is.
 * @certificate: KITH_CERT_MAX bytes, DER; @size: filled. */
int kith_request_ca(struct kith_nl *nl, const char *trust_domain,
		    const struct kith_request_template *template, uint8_t *certificate,
		    size_t *size);

#endif
