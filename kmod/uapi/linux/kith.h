/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note OR MIT */
/* Generated from spec/kith.yaml by spec/generate; edit those. */
#ifndef _UAPI_LINUX_KITH_H
#define _UAPI_LINUX_KITH_H

#include <linux/types.h>

#define KITH_FAMILY_NAME	"kith"
#define KITH_FAMILY_VERSION	1
#define KITH_MCGRP_EVENTS	"events"

/* Version of this contract. */
#define KITH_ABI	1
/* Bytes of a SPIFFE ID (SPIFFE-ID section 2.3). */
#define KITH_SPIFFE_ID_MAX	2048
/* Bytes of a trust domain name. */
#define KITH_TRUST_DOMAIN_MAX	255
/* Bytes of a connection ID. */
#define KITH_CONN_ID_LEN	16
/* Bytes of one certificate. */
#define KITH_CERT_MAX	4096
/* Certificates of one chain. */
#define KITH_CHAIN_MAX	4
/* Bytes of a workload name, a reason text or a rule's source. */
#define KITH_NAME_MAX	255
/* Bytes of a path. */
#define KITH_PATH_MAX	4096
/* Supplementary groups reported of a process. */
#define KITH_GROUPS_MAX	256

/* What a claim matches. */
enum kith_claim_kind {
	KITH_CLAIM_KIND_EXE,
	KITH_CLAIM_KIND_UID,
	KITH_CLAIM_KIND_CGROUP,
	KITH_CLAIM_KIND_LISTEN,

	/* private: */
	__KITH_CLAIM_KIND_COUNT
};

/* Where a credential is in its life. */
enum kith_credential_state {
	KITH_CREDENTIAL_STATE_ATTESTING,
	KITH_CREDENTIAL_STATE_ISSUING,
	KITH_CREDENTIAL_STATE_READY,
	KITH_CREDENTIAL_STATE_REFUSED,
	KITH_CREDENTIAL_STATE_REVOKED,

	/* private: */
	__KITH_CREDENTIAL_STATE_COUNT
};

enum kith_conn_kind {
	KITH_CONN_KIND_CLIENT,
	KITH_CONN_KIND_SERVER,
	KITH_CONN_KIND_LISTENER,

	/* private: */
	__KITH_CONN_KIND_COUNT
};

/* opened: let through unauthenticated by an opening of the policy. */
enum kith_conn_state {
	KITH_CONN_STATE_IDLE,
	KITH_CONN_STATE_ATTESTING,
	KITH_CONN_STATE_CONNECTING,
	KITH_CONN_STATE_HANDSHAKE,
	KITH_CONN_STATE_READY,
	KITH_CONN_STATE_FAILED,
	KITH_CONN_STATE_CLOSING,
	KITH_CONN_STATE_LISTENING,
	KITH_CONN_STATE_OPENED,

	/* private: */
	__KITH_CONN_STATE_COUNT
};

enum kith_decision {
	KITH_DECISION_ALLOW,
	KITH_DECISION_DENY,
	KITH_DECISION_OPEN,

	/* private: */
	__KITH_DECISION_COUNT
};

/* Which end of the connection refused. */
enum kith_side {
	KITH_SIDE_LOCAL,
	KITH_SIDE_PEER,
	KITH_SIDE_NETWORK,

	/* private: */
	__KITH_SIDE_COUNT
};

enum kith_event_kind {
	KITH_EVENT_KIND_DECISION,
	KITH_EVENT_KIND_ATTESTED,
	KITH_EVENT_KIND_REFUSED,
	KITH_EVENT_KIND_ISSUED,
	KITH_EVENT_KIND_EXPIRED,
	KITH_EVENT_KIND_REVOKED,
	KITH_EVENT_KIND_CLOSED,
	KITH_EVENT_KIND_LOST_FORK,
	KITH_EVENT_KIND_CONFIG,
	KITH_EVENT_KIND_TAMPERED,

	/* private: */
	__KITH_EVENT_KIND_COUNT
};

/*
 * What a Workload says of how its programs are held; bits of one
 * number.
 */
enum kith_trait {
	/*
	 * An end of stream without close_notify reads as an end, not as
	 * ECONNRESET.
	 */
	KITH_TRAIT_EOF_LENIENT = 1U << 0,
	/* Programs of other identities may use its connections. */
	KITH_TRAIT_HANDOFF = 1U << 1,
	/* A peer's SVID that expires closes live connections. */
	KITH_TRAIT_CLOSE_ON_EXPIRY = 1U << 2,
	/* Its programs share one key pair and SVID. */
	KITH_TRAIT_SHARE_KEY = 1U << 3,
	/*
	 * A program that was tampered with loses its credential and its
	 * connections.
	 */
	KITH_TRAIT_QUARANTINE = 1U << 4,
	/* Tampering with its programs is refused. */
	KITH_TRAIT_SHIELD = 1U << 5,
	/* Its programs may make memory they wrote executable. */
	KITH_TRAIT_JIT = 1U << 6,

	/* private: */
	__KITH_TRAIT_ALL = (1U << 7) - 1
};

/* What befell a program; bits of one number. */
enum kith_tampering {
	/*
	 * Another program traced it, or read or wrote its memory or
	 * descriptors.
	 */
	KITH_TAMPERING_TRACE = 1U << 0,
	/* It was started with an override of the loader in its environment. */
	KITH_TAMPERING_LOADER = 1U << 1,
	/* It made memory executable that it had written. */
	KITH_TAMPERING_CODE = 1U << 2,

	/* private: */
	__KITH_TAMPERING_ALL = (1U << 3) - 1
};

/*
 * A way in or out that is no TCP socket of Kith's; closed to claimed
 * programs. native: a TCP socket from elsewhere.
 */
enum kith_door {
	KITH_DOOR_NONE,
	KITH_DOOR_UDP,
	KITH_DOOR_RAW,
	KITH_DOOR_PACKET,
	KITH_DOOR_VSOCK,
	KITH_DOOR_XDP,
	KITH_DOOR_SCTP,
	KITH_DOOR_DCCP,
	KITH_DOOR_SMC,
	KITH_DOOR_MPTCP,
	KITH_DOOR_KCM,
	KITH_DOOR_TIPC,
	KITH_DOOR_RDS,
	KITH_DOOR_TUN,
	KITH_DOOR_RDMA,
	KITH_DOOR_NATIVE,
	KITH_DOOR_OTHER,

	/* private: */
	__KITH_DOOR_COUNT
};

/* Why something was decided; one counter each. */
enum kith_reason {
	/* Nothing to explain. */
	KITH_REASON_NONE,
	/* A rule of the policy allowed it. */
	KITH_REASON_RULE,
	/* An opening of the policy let it through unauthenticated. */
	KITH_REASON_OPENING,
	/* No workload matches the program. */
	KITH_REASON_NOT_ATTESTED,
	/* The agent did not answer within the wait. */
	KITH_REASON_AGENT_TIMEOUT,
	/* The issuer could not be reached or refused. */
	KITH_REASON_ISSUER,
	/* No outbound rule names this destination. */
	KITH_REASON_NO_RULE_OUTBOUND,
	/* The destination is named but not with this peer identity. */
	KITH_REASON_NO_RULE_OUTBOUND_PEER,
	/* No inbound rule admits this peer on this port. */
	KITH_REASON_NO_RULE_INBOUND,
	/* The peer did not speak TLS. */
	KITH_REASON_PEER_NOT_TLS,
	/* The peer does not speak TLS 1.3. */
	KITH_REASON_PEER_TLS_VERSION,
	/* The peer broke the handshake protocol. */
	KITH_REASON_PEER_HANDSHAKE,
	/* The peer presented no certificate. */
	KITH_REASON_PEER_NO_CERTIFICATE,
	/* No bundle vouches for the peer's chain. */
	KITH_REASON_PEER_UNTRUSTED,
	/* The peer's certificate is not an X.509-SVID. */
	KITH_REASON_PEER_NOT_SVID,
	/* The peer's SVID is past its time. */
	KITH_REASON_PEER_EXPIRED,
	/* The peer's SVID is not valid yet. */
	KITH_REASON_PEER_NOT_YET_VALID,
	/* The peer refused our identity. */
	KITH_REASON_PEER_REFUSED,
	/* Our SVID is past its time. */
	KITH_REASON_OWN_EXPIRED,
	/* Our credential is revoked. */
	KITH_REASON_OWN_REVOKED,
	/* No application protocol in common. */
	KITH_REASON_ALPN,
	/* The handshake did not end within its deadline. */
	KITH_REASON_TIMEOUT,
	/*
	 * Too many handshakes were pending; the oldest of the busiest source
	 * went.
	 */
	KITH_REASON_EVICTED,
	/* The stream ended without close_notify. */
	KITH_REASON_CUT,
	/* A record did not authenticate or was not acceptable. */
	KITH_REASON_RECORD,
	/* The peer asked for a key update this kernel cannot follow. */
	KITH_REASON_KEY_UPDATE,
	/* The cipher's record limit was reached. */
	KITH_REASON_RECORD_LIMIT,
	/* A descriptor was used by another identity. */
	KITH_REASON_WRONG_IDENTITY,
	/* The claimed program used a kind of socket that is closed to it. */
	KITH_REASON_DOOR,
	/* Memory could not be had. */
	KITH_REASON_MEMORY,
	/* The network's own failure. */
	KITH_REASON_NETWORK,
	/* The application closed first. */
	KITH_REASON_CLOSED,
	/* A defect of Kith; please report it. */
	KITH_REASON_INTERNAL,
	/* A rule of the policy forbids it. */
	KITH_REASON_DENY_RULE,
	/* The program was written to, or made to run what is not its own. */
	KITH_REASON_TAMPERED,
	/* The peer's SVID or SPIFFE ID is revoked on this host. */
	KITH_REASON_PEER_REVOKED,
	/* A descriptor was used by another identity, as its Workload permits. */
	KITH_REASON_HANDED_ON,

	/* private: */
	__KITH_REASON_COUNT
};

enum kith_a_claim {
	KITH_A_CLAIM_UNSPEC,
	KITH_A_CLAIM_KIND,
	/* exe: absolute path; cgroup: path in the cgroup2 tree. */
	KITH_A_CLAIM_PATH,
	KITH_A_CLAIM_UID,
	/* listen: 4 or 16 bytes; absent: any address. */
	KITH_A_CLAIM_ADDRESS,
	/* listen: host byte order. */
	KITH_A_CLAIM_PORT,

	/* private: */
	__KITH_A_CLAIM_MAX,
	KITH_A_CLAIM_MAX = __KITH_A_CLAIM_MAX - 1
};

/* One exec image. */
enum kith_a_program {
	KITH_A_PROGRAM_UNSPEC,
	KITH_A_PROGRAM_ID,
	/* Thread group in the initial pid namespace. */
	KITH_A_PROGRAM_PID,
	KITH_A_PROGRAM_COMM,
	/* For people; decisions use the descriptor. */
	KITH_A_PROGRAM_EXE,
	KITH_A_PROGRAM_DEV,
	KITH_A_PROGRAM_INO,
	/* Older than the claim that names it. */
	KITH_A_PROGRAM_RESTART_NEEDED,
	/*
	 * It was started through another file, a script, which exe interprets:
	 * the name by which that was executed.
	 */
	KITH_A_PROGRAM_SCRIPT,

	/* private: */
	__KITH_A_PROGRAM_MAX,
	KITH_A_PROGRAM_MAX = __KITH_A_PROGRAM_MAX - 1
};

/*
 * Key pair and X.509-SVID of one program under one set of process
 * credentials.
 */
enum kith_a_credential {
	KITH_A_CREDENTIAL_UNSPEC,
	KITH_A_CREDENTIAL_ID,
	KITH_A_CREDENTIAL_STATE,
	KITH_A_CREDENTIAL_UID,
	KITH_A_CREDENTIAL_GID,
	/* Array of u32. */
	KITH_A_CREDENTIAL_GROUPS,
	KITH_A_CREDENTIAL_CGROUP,
	KITH_A_CREDENTIAL_CGROUP_ID,
	/* Inode number; 4026531837 is the initial one. */
	KITH_A_CREDENTIAL_USER_NS,
	/*
	 * Its paths are the host's: the initial mount namespace, or one with
	 * the same root directory.
	 */
	KITH_A_CREDENTIAL_MOUNT_NS_INITIAL,
	KITH_A_CREDENTIAL_SPIFFE_ID,
	KITH_A_CREDENTIAL_WORKLOAD,
	/* Seconds since 1970. */
	KITH_A_CREDENTIAL_NOT_BEFORE,
	/* Seconds since 1970. */
	KITH_A_CREDENTIAL_NOT_AFTER,
	KITH_A_CREDENTIAL_SERIAL,
	/* PKCS#10, DER. */
	KITH_A_CREDENTIAL_CSR,
	/* DER, leaf first. */
	KITH_A_CREDENTIAL_CERTIFICATE,
	KITH_A_CREDENTIAL_REASON,
	KITH_A_CREDENTIAL_MESSAGE,
	KITH_A_CREDENTIAL_PROGRAM,
	/* Bits of trait. */
	KITH_A_CREDENTIAL_TRAITS,
	/*
	 * Its program is part of a task that this user started with kith run;
	 * in an upcall spiffe-id, workload and ttl are those permitted.
	 */
	KITH_A_CREDENTIAL_RUN_BY,
	/* Seconds that task may take; absent: as long as it runs. */
	KITH_A_CREDENTIAL_TTL,

	/* private: */
	__KITH_A_CREDENTIAL_MAX,
	KITH_A_CREDENTIAL_MAX = __KITH_A_CREDENTIAL_MAX - 1
};

enum kith_a_bundle {
	KITH_A_BUNDLE_UNSPEC,
	KITH_A_BUNDLE_TRUST_DOMAIN,
	KITH_A_BUNDLE_CERTIFICATE,

	/* private: */
	__KITH_A_BUNDLE_MAX,
	KITH_A_BUNDLE_MAX = __KITH_A_BUNDLE_MAX - 1
};

/*
 * The embedded CA; its key never leaves the kernel and dies at unload
 * or reboot.
 */
enum kith_a_ca {
	KITH_A_CA_UNSPEC,
	KITH_A_CA_TRUST_DOMAIN,
	KITH_A_CA_SERIAL,
	KITH_A_CA_NOT_BEFORE,
	KITH_A_CA_NOT_AFTER,
	KITH_A_CA_CERTIFICATE,

	/* private: */
	__KITH_A_CA_MAX,
	KITH_A_CA_MAX = __KITH_A_CA_MAX - 1
};

enum kith_a_config {
	KITH_A_CONFIG_UNSPEC,
	KITH_A_CONFIG_GENERATION,
	KITH_A_CONFIG_CLAIM,
	KITH_A_CONFIG_BUNDLE,
	/* A piece of the compiled rule table, appended in order. */
	KITH_A_CONFIG_RULES,
	/*
	 * Doors that stay open to claimed programs: 1 << door. Those that BPF
	 * LSM programs hold have to be among them where these are not in place.
	 */
	KITH_A_CONFIG_OPEN_DOORS,

	/* private: */
	__KITH_A_CONFIG_MAX,
	KITH_A_CONFIG_MAX = __KITH_A_CONFIG_MAX - 1
};

enum kith_a_conn {
	KITH_A_CONN_UNSPEC,
	/* Connection ID; both ends derive the same. */
	KITH_A_CONN_ID,
	KITH_A_CONN_KIND,
	KITH_A_CONN_STATE,
	KITH_A_CONN_PID,
	KITH_A_CONN_COMM,
	KITH_A_CONN_LOCAL_ADDRESS,
	KITH_A_CONN_LOCAL_PORT,
	KITH_A_CONN_REMOTE_ADDRESS,
	KITH_A_CONN_REMOTE_PORT,
	KITH_A_CONN_LOCAL_ID,
	KITH_A_CONN_PEER_ID,
	KITH_A_CONN_WORKLOAD,
	KITH_A_CONN_CIPHER,
	/* Source of the rule, file:line. */
	KITH_A_CONN_RULE,
	/* Milliseconds since 1970. */
	KITH_A_CONN_SINCE,
	/* listener: handshakes under way. */
	KITH_A_CONN_PENDING,
	/* listener: ready connections not yet accepted. */
	KITH_A_CONN_QUEUED,
	/*
	 * A revocation or a change of policy has not reached it yet: its
	 * program keeps it locked. Names, addresses and ID may be missing.
	 */
	KITH_A_CONN_IN_REVIEW,

	/* private: */
	__KITH_A_CONN_MAX,
	KITH_A_CONN_MAX = __KITH_A_CONN_MAX - 1
};

enum kith_a_event {
	KITH_A_EVENT_UNSPEC,
	KITH_A_EVENT_KIND,
	/* Milliseconds since 1970. */
	KITH_A_EVENT_TIME,
	KITH_A_EVENT_DECISION,
	KITH_A_EVENT_REASON,
	KITH_A_EVENT_SIDE,
	KITH_A_EVENT_ERRNO,
	KITH_A_EVENT_DETAIL,
	KITH_A_EVENT_GENERATION,
	KITH_A_EVENT_CONN,
	KITH_A_EVENT_CREDENTIAL,
	/*
	 * How many of its kind and program were left out since the last one; 0
	 * is left out, too.
	 */
	KITH_A_EVENT_UNTOLD,

	/* private: */
	__KITH_A_EVENT_MAX,
	KITH_A_EVENT_MAX = __KITH_A_EVENT_MAX - 1
};

enum kith_a_counter {
	KITH_A_COUNTER_UNSPEC,
	KITH_A_COUNTER_REASON,
	KITH_A_COUNTER_VALUE,

	/* private: */
	__KITH_A_COUNTER_MAX,
	KITH_A_COUNTER_MAX = __KITH_A_COUNTER_MAX - 1
};

enum kith_a_status {
	KITH_A_STATUS_UNSPEC,
	KITH_A_STATUS_ABI,
	KITH_A_STATUS_VERSION,
	KITH_A_STATUS_GENERATION,
	/* Absent when no agent is registered. */
	KITH_A_STATUS_AGENT_PID,
	KITH_A_STATUS_PROGRAMS,
	KITH_A_STATUS_CREDENTIALS,
	KITH_A_STATUS_CONNECTIONS,
	KITH_A_STATUS_LISTENERS,
	KITH_A_STATUS_CLAIMS,
	/* The socket hooks are in place. */
	KITH_A_STATUS_HOOKED,
	KITH_A_STATUS_COUNTER,
	KITH_A_STATUS_EVENTS_LOST,
	KITH_A_STATUS_CA,
	/* The BPF LSM programs are in place. */
	KITH_A_STATUS_GUARDED,
	/*
	 * Connections that a revocation or a change of policy has not reached
	 * yet.
	 */
	KITH_A_STATUS_REVIEWS,
	/* Revocations that stand. */
	KITH_A_STATUS_REVOCATIONS,
	/*
	 * Private keys in memory: of SVIDs, of those being issued, of the
	 * embedded CA.
	 */
	KITH_A_STATUS_KEYS,

	/* private: */
	__KITH_A_STATUS_MAX,
	KITH_A_STATUS_MAX = __KITH_A_STATUS_MAX - 1
};

enum kith_a_file {
	KITH_A_FILE_UNSPEC,
	KITH_A_FILE_PROGRAM_ID,
	KITH_A_FILE_FD,
	/*
	 * Not the executable: what it interprets, see program.script. ENOENT:
	 * it is not known which file that is.
	 */
	KITH_A_FILE_SCRIPT,

	/* private: */
	__KITH_A_FILE_MAX,
	KITH_A_FILE_MAX = __KITH_A_FILE_MAX - 1
};

/* Of a SPIFFE ID, a serial number or a program. */
enum kith_a_revocation {
	KITH_A_REVOCATION_UNSPEC,
	KITH_A_REVOCATION_SPIFFE_ID,
	/* Of an SVID, whoever signed it. */
	KITH_A_REVOCATION_SERIAL,
	/* Thread group in the initial pid namespace: its program. */
	KITH_A_REVOCATION_PID,
	/* How long it stands from now on; absent: until it is lifted. */
	KITH_A_REVOCATION_SECONDS,

	/* private: */
	__KITH_A_REVOCATION_MAX,
	KITH_A_REVOCATION_MAX = __KITH_A_REVOCATION_MAX - 1
};

enum kith_a_run {
	KITH_A_RUN_UNSPEC,
	/* Thread group in the initial pid namespace. */
	KITH_A_RUN_PID,
	/* The user whose process it must be. */
	KITH_A_RUN_UID,
	KITH_A_RUN_SPIFFE_ID,
	KITH_A_RUN_WORKLOAD,
	/* Seconds; absent: until its first process ends. */
	KITH_A_RUN_TTL,

	/* private: */
	__KITH_A_RUN_MAX,
	KITH_A_RUN_MAX = __KITH_A_RUN_MAX - 1
};

enum kith_cmd {
	KITH_CMD_UNSPEC,
	/* State of the module and its counters. */
	KITH_CMD_STATUS_GET,
	/*
	 * Makes the caller's port the agent; pending attestations are sent
	 * again. EBUSY while another agent lives.
	 */
	KITH_CMD_AGENT_REGISTER,
	/*
	 * Opens a transaction with a higher generation than the one in force;
	 * an open one is dropped.
	 */
	KITH_CMD_CONFIG_BEGIN,
	/* Adds to the open transaction, which an error drops. */
	KITH_CMD_CONFIG_ADD,
	/*
	 * Checks the transaction and puts it in force atomically; live
	 * connections it no longer allows are closed, see status.reviews.
	 */
	KITH_CMD_CONFIG_COMMIT,
	/*
	 * Opens the very executable of a program, or its script, read-only, for
	 * the caller. EREMOTE: a FUSE server serves it, who could show
	 * anything, or have the caller wait.
	 */
	KITH_CMD_PROGRAM_EXE,
	/*
	 * Answers an attestation, or starts a renewal: a new key is made and
	 * its CSR returned. With share-key there is no CSR where another
	 * credential of the same identity and workload has the key: the reply
	 * has the times of the SVID it shares, once it has one.
	 */
	KITH_CMD_CREDENTIAL_PREPARE,
	/* The embedded CA signs the prepared key from a fixed template. */
	KITH_CMD_CREDENTIAL_SIGN,
	/* Installs the chain an external issuer signed for the prepared key. */
	KITH_CMD_CREDENTIAL_INSTALL,
	/*
	 * Answers an attestation with no; a ready credential only loses what
	 * was prepared.
	 */
	KITH_CMD_CREDENTIAL_REFUSE,
	/* Ends a credential; its connections follow, see status.reviews. */
	KITH_CMD_CREDENTIAL_REVOKE,
	/*
	 * Lists credentials, then programs that have none yet, then processes
	 * that need a restart (the last two hold a program alone).
	 */
	KITH_CMD_CREDENTIAL_GET,
	/*
	 * Makes the embedded CA of a trust domain, or returns the one there is
	 * while the clock is in the first half of its life.
	 */
	KITH_CMD_CA_CREATE,
	/* Lists the bundles in force, one certificate a message. */
	KITH_CMD_BUNDLE_GET,
	/* Lists managed sockets. */
	KITH_CMD_CONN_GET,
	/* Upcall to the agent, unicast: which workload is this? */
	KITH_CMD_ATTEST,
	/* A structured event. */
	KITH_CMD_EVENT,
	/*
	 * Revokes. By SPIFFE ID or serial: those who have it lose it, nobody
	 * gets it, no peer is accepted with it; it stands while there is no
	 * agent, too. By pid: the program, and what its processes execute
	 * later, for good. Connections follow, see status.reviews.
	 */
	KITH_CMD_REVOCATION_ADD,
	/*
	 * Lifts a revocation by SPIFFE ID or serial; programs that lost their
	 * identity stay without.
	 */
	KITH_CMD_REVOCATION_REMOVE,
	/* Lists the revocations that stand. */
	KITH_CMD_REVOCATION_GET,
	/*
	 * The next exec of a process begins a task: claimed whatever it
	 * executes, and asked about with what is permitted here. EPERM unless
	 * the process is that user's own.
	 */
	KITH_CMD_PROGRAM_RUN,

	/* private: */
	__KITH_CMD_MAX,
	KITH_CMD_MAX = __KITH_CMD_MAX - 1
};

/* Doors that only the BPF LSM programs hold: 1 << enum kith_door. */
#define KITH_DOORS_GUARDED	\
	(((1U << __KITH_DOOR_COUNT) - 1) & \
	 ~(1U << KITH_DOOR_NONE | 1U << KITH_DOOR_MPTCP | 1U << KITH_DOOR_UDP))

/*
 * getsockopt(fd, SOL_KITH, KITH_PEER_ID, ...): who the peer of a connection
 * is. ENOTCONN before the verdict, ENOPROTOOPT on a socket Kith does not
 * manage. A shorter buffer receives the leading bytes.
 */
#define SOL_KITH	0x4b49
#define KITH_PEER_ID	1

/* The peer was let in by an opening of the policy, unauthenticated. */
#define KITH_PEER_OPENED	(1U << 0)

struct kith_peer_id {
	__u8 conn_id[KITH_CONN_ID_LEN];
	__u32 flags;
	__u32 id_len;
	char id[KITH_SPIFFE_ID_MAX + 1];
	__u8 pad[3];
};

#endif /* _UAPI_LINUX_KITH_H */
