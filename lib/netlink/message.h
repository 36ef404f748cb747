/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of the "kith" family, decoded. Every string and buffer points
 * into the message it came from and lives as long as that; NULL or zero means
 * absent. A decoder refuses a message with an attribute of the wrong size or
 * an unterminated string as a whole: -EBADMSG.
 */
#ifndef KITH_LIB_NETLINK_MESSAGE_H
#define KITH_LIB_NETLINK_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/kith.h>
#include <linux/netlink.h>

struct kith_blob {
	const uint8_t *data;
	size_t size;
};

struct kith_program_info {
	uint64_t id;
	uint32_t pid;
	const char *comm;
	const char *exe;
	uint64_t dev, ino;
	bool restart_needed;
	const char *script; /* by which name that was executed; NULL: none */
};

struct kith_credential_info {
	uint64_t id;
	uint32_t state; /* enum kith_credential_state */
	bool has_state;
	uint32_t uid, gid;
	struct kith_blob groups; /* array of uint32_t, maybe unaligned */
	const char *cgroup;
	uint64_t cgroup_id;
	uint32_t user_ns;
	bool mount_ns_initial;
	const char *spiffe_id, *workload;
	int64_t not_before, not_after;
	struct kith_blob serial, csr;
	struct kith_blob certificate[KITH_CHAIN_MAX];
	unsigned int n_certificates;
	uint32_t reason; /* enum kith_reason */
	const char *message;
	uint32_t traits; /* of enum kith_trait */
	bool has_run_by;
	uint32_t run_by, ttl; /* of a task; ttl 0: as long as it runs */
	bool has_program;
	struct kith_program_info program;
};

struct kith_conn_info {
	struct kith_blob id;
	uint32_t kind, state, pid;
	const char *comm;
	struct kith_blob local_address, remote_address;
	uint16_t local_port, remote_port;
	const char *local_id, *peer_id, *workload, *cipher, *rule;
	int64_t since;
	uint32_t pending, queued;
	bool in_review;
};

struct kith_event_info {
	uint32_t kind;
	int64_t time;
	bool has_decision;
	uint32_t decision, reason, side, err;
	const char *detail;
	uint64_t generation;
	uint32_t untold;
	bool has_conn, has_credential;
	struct kith_conn_info conn;
	struct kith_credential_info credential;
};

struct kith_ca_info {
	const char *trust_domain;
	struct kith_blob serial, certificate;
	int64_t not_before, not_after;
};

struct kith_status_info {
	uint32_t abi;
	const char *version;
	uint64_t generation;
	uint32_t agent_pid;
	uint32_t programs, credentials, connections, listeners, claims;
	bool hooked, guarded;
	uint64_t events_lost;
	uint64_t counters[__KITH_REASON_COUNT];
	bool has_ca;
	struct kith_ca_info ca;
	uint32_t reviews, revocations, keys;
};

struct kith_revocation_info {
	const char *spiffe_id; /* or by: */
	struct kith_blob serial;
	uint32_t seconds; /* 0: until it is lifted */
};

/* Certificates of one bundle in one message. */
#define KITH_BUNDLE_CERTS_MAX 64

struct kith_bundle_info {
	const char *trust_domain;
	struct kith_blob certificate[KITH_BUNDLE_CERTS_MAX];
	unsigned int n_certificates;
};

int kith_decode_credential(const struct nlmsghdr *message, struct kith_credential_info *out);
int kith_decode_conn(const struct nlmsghdr *message, struct kith_conn_info *out);
int kith_decode_event(const struct nlmsghdr *message, struct kith_event_info *out);
int kith_decode_status(const struct nlmsghdr *message, struct kith_status_info *out);
int kith_decode_bundle(const struct nlmsghdr *message, struct kith_bundle_info *out);
int kith_decode_ca(const struct nlmsghdr *message, struct kith_ca_info *out);
int kith_decode_revocation(const struct nlmsghdr *message, struct kith_revocation_info *out);
/* The descriptor a program-exe answer carries, or -EBADMSG. */
int kith_decode_file(const struct nlmsghdr *message);

/* The command of a message: an enum kith_cmd. */
uint8_t kith_message_command(const struct nlmsghdr *message);

#endif
