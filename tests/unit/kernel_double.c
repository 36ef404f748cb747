// SPDX-License-Identifier: Apache-2.0
#include "kernel_double.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include "netlink/message.h"

#define BUFFER 32768

struct request {
	struct kernel_double *kernel;
	int index; /* of the connection */
	const struct nlmsghdr *message;
	const struct nlattr *attrs[64];
};

/* Connection and double, for the send hook. */
struct end {
	struct kernel_double *kernel;
	int index;
};
static struct end ends[DOUBLE_CONNECTIONS];

void double_init(struct kernel_double *kernel)
{
	size_t i;

	memset(kernel, 0, sizeof(*kernel));
	kernel->agent = -1;
	for (i = 0; i < DOUBLE_CONNECTIONS; i++)
		kernel->connection[i] = -1;
}

void double_clear(struct kernel_double *kernel)
{
	size_t i;

	for (i = 0; i < DOUBLE_CONNECTIONS; i++)
		if (kernel->connection[i] >= 0)
			close(kernel->connection[i]);
}

/* Messages. */

static struct nlmsghdr *begin(void *buffer, uint16_t type, uint32_t seq, uint8_t command)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *generic;

	message->nlmsg_type = type;
	message->nlmsg_seq = seq;
	generic = mnl_nlmsg_put_extra_header(message, sizeof(*generic));
	generic->cmd = command;
	return message;
}

static void transmit(struct kernel_double *kernel, int index, const struct nlmsghdr *message)
{
	if (index >= 0 && kernel->connection[index] >= 0)
		send(kernel->connection[index], message, message->nlmsg_len,
		     MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void acknowledge(const struct request *request, int err)
{
	char buffer[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nlmsgerr *error = mnl_nlmsg_put_extra_header(message, sizeof(*error));

	message->nlmsg_type = NLMSG_ERROR;
	message->nlmsg_seq = request->message->nlmsg_seq;
	message->nlmsg_flags = NLM_F_CAPPED;
	error->error = -err;
	error->msg = *request->message;
	if (err) {
		message->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(message, NLMSGERR_ATTR_MSG, "the double was told to");
	}
	transmit(request->kernel, request->index, message);
}

static void done(const struct request *request)
{
	char buffer[64];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = NLMSG_DONE;
	message->nlmsg_seq = request->message->nlmsg_seq;
	message->nlmsg_flags = NLM_F_MULTI;
	*(int *)mnl_nlmsg_put_extra_header(message, sizeof(int)) = 0;
	transmit(request->kernel, request->index, message);
}

static uint64_t number(const struct request *request, int type)
{
	return request->attrs[type] ? mnl_attr_get_u64(request->attrs[type]) : 0;
}

static const char *text(const struct request *request, int type)
{
	return request->attrs[type] ? mnl_attr_get_str(request->attrs[type]) : "";
}

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

/* Credentials. */

static struct double_credential *named(const struct request *request)
{
	struct kernel_double *kernel = request->kernel;
	uint64_t id = number(request, KITH_A_CREDENTIAL_ID);
	size_t i;

	for (i = 0; i < kernel->n_credentials; i++)
		if (kernel->credentials[i].id == id)
			return &kernel->credentials[i];
	return NULL;
}

static void put_program(struct nlmsghdr *message, const struct double_credential *credential)
{
	struct nlattr *nest = mnl_attr_nest_start(message, KITH_A_CREDENTIAL_PROGRAM);

	mnl_attr_put_u64(message, KITH_A_PROGRAM_ID, 1000 + credential->id);
	mnl_attr_put_u32(message, KITH_A_PROGRAM_PID, (uint32_t)(4000 + credential->id));
	mnl_attr_put_strz(message, KITH_A_PROGRAM_COMM, "program");
	mnl_attr_put_strz(message, KITH_A_PROGRAM_EXE, credential->exe);
	if (*credential->script)
		mnl_attr_put_strz(message, KITH_A_PROGRAM_SCRIPT, credential->script);
	mnl_attr_nest_end(message, nest);
}

void double_upcall(struct kernel_double *kernel, struct double_credential *credential)
{
	char buffer[BUFFER];
	struct nlmsghdr *message = begin(buffer, DOUBLE_FAMILY, 0, KITH_CMD_ATTEST);

	mnl_attr_put_u64(message, KITH_A_CREDENTIAL_ID, credential->id);
	mnl_attr_put_u32(message, KITH_A_CREDENTIAL_UID, credential->uid);
	mnl_attr_put_u32(message, KITH_A_CREDENTIAL_GID, credential->gid);
	mnl_attr_put(message, KITH_A_CREDENTIAL_GROUPS, credential->n_groups * 4,
		     credential->groups);
	mnl_attr_put_strz(message, KITH_A_CREDENTIAL_CGROUP, credential->cgroup);
	mnl_attr_put_u32(message, KITH_A_CREDENTIAL_USER_NS, credential->user_ns);
	if (credential->mount_ns_initial)
		mnl_attr_put(message, KITH_A_CREDENTIAL_MOUNT_NS_INITIAL, 0, NULL);
	put_program(message, credential);
	credential->asked = true;
	transmit(kernel, kernel->agent, message);
}

struct double_credential *double_add(struct kernel_double *kernel, const char *exe)
{
	struct double_credential *credential = &kernel->credentials[kernel->n_credentials++];

	credential->id = kernel->n_credentials;
	credential->state = KITH_CREDENTIAL_STATE_ATTESTING;
	copy(credential->exe, sizeof(credential->exe), exe);
	copy(credential->cgroup, sizeof(credential->cgroup), "/");
	credential->user_ns = 4026531837U;
	credential->mount_ns_initial = true;
	return credential;
}

static int prepare(struct request *request)
{
	struct double_credential *credential = named(request);
	char buffer[BUFFER];
	struct nlmsghdr *message = begin(buffer, DOUBLE_FAMILY, request->message->nlmsg_seq,
					 KITH_CMD_CREDENTIAL_PREPARE);

	if (!credential)
		return ESRCH;
	credential->prepared = !credential->shares;
	credential->times_prepared++;
	if (credential->state == KITH_CREDENTIAL_STATE_ATTESTING)
		credential->state = KITH_CREDENTIAL_STATE_ISSUING;
	copy(credential->spiffe_id, sizeof(credential->spiffe_id),
	     text(request, KITH_A_CREDENTIAL_SPIFFE_ID));
	copy(credential->workload, sizeof(credential->workload),
	     text(request, KITH_A_CREDENTIAL_WORKLOAD));
	if (!credential->shares) {
		mnl_attr_put(message, KITH_A_CREDENTIAL_CSR, 7, "request");
	} else if (credential->not_after) {
		credential->state = KITH_CREDENTIAL_STATE_READY;
		mnl_attr_put_u64(message, KITH_A_CREDENTIAL_NOT_BEFORE,
				 (uint64_t)credential->not_before);
		mnl_attr_put_u64(message, KITH_A_CREDENTIAL_NOT_AFTER,
				 (uint64_t)credential->not_after);
	}
	transmit(request->kernel, request->index, message);
	return 0;
}

static int sign(struct request *request)
{
	struct double_credential *credential = named(request);
	const struct nlattr *serial = request->attrs[KITH_A_CREDENTIAL_SERIAL];

	if (!credential)
		return ESRCH;
	if (!credential->prepared || !serial || !request->kernel->ca_size)
		return EINVAL;
	credential->prepared = false;
	credential->state = KITH_CREDENTIAL_STATE_READY;
	credential->serial_size = mnl_attr_get_payload_len(serial);
	memcpy(credential->serial, mnl_attr_get_payload(serial), credential->serial_size);
	credential->not_before = (int64_t)number(request, KITH_A_CREDENTIAL_NOT_BEFORE);
	credential->not_after = (int64_t)number(request, KITH_A_CREDENTIAL_NOT_AFTER);
	return 0;
}

static int install(struct request *request)
{
	struct double_credential *credential = named(request);
	struct kith_credential_info info;

	if (!credential)
		return ESRCH;
	if (!credential->prepared || kith_decode_credential(request->message, &info) ||
	    !info.n_certificates)
		return EINVAL;
	credential->prepared = false;
	credential->chain_size = info.n_certificates;
	credential->state = KITH_CREDENTIAL_STATE_READY;
	return 0;
}

static int refuse(struct request *request)
{
	struct double_credential *credential = named(request);
	const struct nlattr *reason = request->attrs[KITH_A_CREDENTIAL_REASON];

	if (!credential)
		return ESRCH;
	credential->state = KITH_CREDENTIAL_STATE_REFUSED;
	credential->reason = reason ? mnl_attr_get_u32(reason) : 0;
	copy(credential->message, sizeof(credential->message),
	     text(request, KITH_A_CREDENTIAL_MESSAGE));
	return 0;
}

static int revoke_one(struct request *request)
{
	struct double_credential *credential = named(request);

	if (!credential)
		return ESRCH;
	credential->state = KITH_CREDENTIAL_STATE_REVOKED;
	return 0;
}

static void put_credential(struct request *request, const struct double_credential *credential)
{
	char buffer[BUFFER];
	struct nlmsghdr *message =
		begin(buffer, DOUBLE_FAMILY, request->message->nlmsg_seq, KITH_CMD_CREDENTIAL_GET);

	message->nlmsg_flags = NLM_F_MULTI;
	mnl_attr_put_u64(message, KITH_A_CREDENTIAL_ID, credential->id);
	mnl_attr_put_u32(message, KITH_A_CREDENTIAL_STATE, credential->state);
	mnl_attr_put_u32(message, KITH_A_CREDENTIAL_UID, credential->uid);
	if (credential->state == KITH_CREDENTIAL_STATE_READY) {
		mnl_attr_put_strz(message, KITH_A_CREDENTIAL_SPIFFE_ID, credential->spiffe_id);
		mnl_attr_put_strz(message, KITH_A_CREDENTIAL_WORKLOAD, credential->workload);
		mnl_attr_put_u64(message, KITH_A_CREDENTIAL_NOT_BEFORE,
				 (uint64_t)credential->not_before);
		mnl_attr_put_u64(message, KITH_A_CREDENTIAL_NOT_AFTER,
				 (uint64_t)credential->not_after);
	}
	put_program(message, credential);
	transmit(request->kernel, request->index, message);
}

/* Revocations. */

static struct double_revocation revocation_of(const struct request *request)
{
	const struct nlattr *serial = request->attrs[KITH_A_REVOCATION_SERIAL];
	const struct nlattr *seconds = request->attrs[KITH_A_REVOCATION_SECONDS];
	struct double_revocation revocation = { .seconds =
							seconds ? mnl_attr_get_u32(seconds) : 0 };

	copy(revocation.spiffe_id, sizeof(revocation.spiffe_id),
	     text(request, KITH_A_REVOCATION_SPIFFE_ID));
	if (serial) {
		revocation.serial_size = mnl_attr_get_payload_len(serial);
		memcpy(revocation.serial, mnl_attr_get_payload(serial), revocation.serial_size);
	}
	return revocation;
}

static struct double_revocation *standing(struct kernel_double *kernel,
					  const struct double_revocation *like)
{
	size_t i;

	for (i = 0; i < kernel->n_revocations; i++)
		if (!strcmp(kernel->revocations[i].spiffe_id, like->spiffe_id) &&
		    kernel->revocations[i].serial_size == like->serial_size &&
		    !memcmp(kernel->revocations[i].serial, like->serial, like->serial_size))
			return &kernel->revocations[i];
	return NULL;
}

static int revocation_add(struct request *request)
{
	const struct nlattr *pid = request->attrs[KITH_A_REVOCATION_PID];
	struct double_revocation revocation = revocation_of(request), *known;
	struct kernel_double *kernel = request->kernel;

	if (pid) {
		kernel->revoked_pid = mnl_attr_get_u32(pid);
		return kernel->revoked_pid > 4000 ? 0 : ESRCH;
	}
	known = standing(kernel, &revocation);
	if (!known && kernel->n_revocations == DOUBLE_REVOCATIONS)
		return ENOSPC;
	*(known ? known : &kernel->revocations[kernel->n_revocations++]) = revocation;
	return 0;
}

static int revocation_remove(struct request *request)
{
	struct double_revocation revocation = revocation_of(request), *known;
	struct kernel_double *kernel = request->kernel;

	known = standing(kernel, &revocation);
	if (!known)
		return ENOENT;
	*known = kernel->revocations[--kernel->n_revocations];
	return 0;
}

static void put_revocation(struct request *request, const struct double_revocation *revocation)
{
	char buffer[BUFFER];
	struct nlmsghdr *message =
		begin(buffer, DOUBLE_FAMILY, request->message->nlmsg_seq, KITH_CMD_REVOCATION_GET);

	message->nlmsg_flags = NLM_F_MULTI;
	if (revocation->serial_size)
		mnl_attr_put(message, KITH_A_REVOCATION_SERIAL, revocation->serial_size,
			     revocation->serial);
	else
		mnl_attr_put_strz(message, KITH_A_REVOCATION_SPIFFE_ID, revocation->spiffe_id);
	if (revocation->seconds)
		mnl_attr_put_u32(message, KITH_A_REVOCATION_SECONDS, revocation->seconds);
	transmit(request->kernel, request->index, message);
}

/* A connection that waits for its program, and one that does not. */
static void put_conn(struct request *request, bool in_review)
{
	char buffer[BUFFER];
	struct nlmsghdr *message =
		begin(buffer, DOUBLE_FAMILY, request->message->nlmsg_seq, KITH_CMD_CONN_GET);

	message->nlmsg_flags = NLM_F_MULTI;
	mnl_attr_put_u32(message, KITH_A_CONN_KIND, KITH_CONN_KIND_CLIENT);
	mnl_attr_put_u32(message, KITH_A_CONN_PID, request->kernel->in_review_pid + !in_review);
	mnl_attr_put_strz(message, KITH_A_CONN_COMM, "holder");
	if (in_review)
		mnl_attr_put(message, KITH_A_CONN_IN_REVIEW, 0, NULL);
	transmit(request->kernel, request->index, message);
}

static int dump(struct request *request, uint8_t command)
{
	struct kernel_double *kernel = request->kernel;
	size_t i;

	for (i = 0; command == KITH_CMD_REVOCATION_GET && i < kernel->n_revocations; i++)
		put_revocation(request, &kernel->revocations[i]);
	for (i = 0; command == KITH_CMD_CONN_GET && i < kernel->reviews; i++)
		put_conn(request, true);
	if (command == KITH_CMD_CONN_GET && kernel->reviews)
		put_conn(request, false);
	for (i = 0; command == KITH_CMD_CREDENTIAL_GET && i < kernel->n_credentials; i++)
		put_credential(request, &kernel->credentials[i]);
	done(request);
	return -1;
}

static int program_exe(struct request *request)
{
	uint64_t id = number(request, KITH_A_FILE_PROGRAM_ID);
	struct kernel_double *kernel = request->kernel;
	char buffer[BUFFER];
	struct nlmsghdr *message =
		begin(buffer, DOUBLE_FAMILY, request->message->nlmsg_seq, KITH_CMD_PROGRAM_EXE);
	const struct double_credential *credential;
	int fd;

	if (id <= 1000 || id > 1000 + kernel->n_credentials)
		return ESRCH;
	credential = &kernel->credentials[id - 1001];
	fd = open(request->attrs[KITH_A_FILE_SCRIPT] ? credential->script_file : credential->exe,
		  O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	mnl_attr_put_u32(message, KITH_A_FILE_FD, (uint32_t)fd);
	transmit(kernel, request->index, message);
	return 0;
}

/* The module, its config and its CA. */

static int status(struct request *request, uint8_t command)
{
	struct kernel_double *kernel = request->kernel;
	char buffer[BUFFER];
	struct nlmsghdr *message =
		begin(buffer, DOUBLE_FAMILY, request->message->nlmsg_seq, command);

	mnl_attr_put_u32(message, KITH_A_STATUS_ABI, KITH_ABI);
	mnl_attr_put_strz(message, KITH_A_STATUS_VERSION, "double");
	mnl_attr_put_u64(message, KITH_A_STATUS_GENERATION, kernel->generation);
	mnl_attr_put_u32(message, KITH_A_STATUS_CLAIMS, (uint32_t)kernel->n_claims);
	if (kernel->guarded)
		mnl_attr_put(message, KITH_A_STATUS_GUARDED, 0, NULL);
	mnl_attr_put_u32(message, KITH_A_STATUS_REVIEWS, kernel->reviews);
	mnl_attr_put_u32(message, KITH_A_STATUS_REVOCATIONS, (uint32_t)kernel->n_revocations);
	transmit(kernel, request->index, message);
	return 0;
}

static int agent_register(struct request *request)
{
	struct kernel_double *kernel = request->kernel;
	size_t i;

	if (kernel->busy)
		return EBUSY;
	kernel->agent = request->index;
	for (i = 0; i < kernel->n_credentials; i++)
		if (kernel->credentials[i].state <= KITH_CREDENTIAL_STATE_ISSUING)
			double_upcall(kernel, &kernel->credentials[i]);
	return status(request, KITH_CMD_AGENT_REGISTER);
}

static int config_begin(struct request *request)
{
	struct kernel_double *kernel = request->kernel;

	kernel->draft_open = true;
	kernel->draft_generation = number(request, KITH_A_CONFIG_GENERATION);
	kernel->draft_rules = kernel->draft_bundles = kernel->n_draft_claims = 0;
	return kernel->draft_generation > kernel->generation ? 0 : ESTALE;
}

static int take_claim(struct kernel_double *kernel, const struct nlattr *nest)
{
	struct double_claim *claim = &kernel->draft_claims[kernel->n_draft_claims++];
	const struct nlattr *attr;

	memset(claim, 0, sizeof(*claim));
	if (!(nest->nla_type & NLA_F_NESTED))
		return EINVAL;
	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case KITH_A_CLAIM_KIND:
			claim->kind = mnl_attr_get_u32(attr);
			break;
		case KITH_A_CLAIM_UID:
			claim->uid = mnl_attr_get_u32(attr);
			break;
		case KITH_A_CLAIM_PORT:
			claim->port = mnl_attr_get_u16(attr);
			break;
		case KITH_A_CLAIM_PATH:
			copy(claim->path, sizeof(claim->path), mnl_attr_get_str(attr));
			break;
		}
	}
	return 0;
}

static int config_add(struct request *request)
{
	struct kernel_double *kernel = request->kernel;
	const struct nlattr *rules = request->attrs[KITH_A_CONFIG_RULES];

	if (!kernel->draft_open)
		return EINVAL;
	if (rules)
		kernel->draft_rules += mnl_attr_get_payload_len(rules);
	if (request->attrs[KITH_A_CONFIG_BUNDLE])
		kernel->draft_bundles++;
	if (request->attrs[KITH_A_CONFIG_CLAIM])
		return take_claim(kernel, request->attrs[KITH_A_CONFIG_CLAIM]);
	return 0;
}

static int config_commit(struct request *request)
{
	struct kernel_double *kernel = request->kernel;

	if (!kernel->draft_open ||
	    number(request, KITH_A_CONFIG_GENERATION) != kernel->draft_generation)
		return EINVAL;
	kernel->draft_open = false;
	kernel->generation = kernel->draft_generation;
	kernel->rules = kernel->draft_rules;
	kernel->bundles = kernel->draft_bundles;
	kernel->n_claims = kernel->n_draft_claims;
	memcpy(kernel->claims, kernel->draft_claims, sizeof(kernel->claims));
	kernel->commits++;
	return 0;
}

size_t double_certificate(uint8_t der[KITH_CERT_MAX], int64_t not_before, int64_t not_after)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	unsigned char *at = der;
	int size;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	ASN1_TIME_set(X509_getm_notBefore(cert), not_before);
	ASN1_TIME_set(X509_getm_notAfter(cert), not_after);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)"double", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	size = i2d_X509(cert, &at);
	X509_free(cert);
	EVP_PKEY_free(key);
	return (size_t)size;
}

static int ca_create(struct request *request)
{
	struct kernel_double *kernel = request->kernel;
	char buffer[BUFFER];
	struct nlmsghdr *message =
		begin(buffer, DOUBLE_FAMILY, request->message->nlmsg_seq, KITH_CMD_CA_CREATE);

	if (!kernel->ca_size) {
		copy(kernel->ca_trust_domain, sizeof(kernel->ca_trust_domain),
		     text(request, KITH_A_CA_TRUST_DOMAIN));
		kernel->ca_size = double_certificate(kernel->ca,
						     (int64_t)number(request, KITH_A_CA_NOT_BEFORE),
						     (int64_t)number(request, KITH_A_CA_NOT_AFTER));
	}
	mnl_attr_put(message, KITH_A_CA_CERTIFICATE, kernel->ca_size, kernel->ca);
	transmit(kernel, request->index, message);
	return 0;
}

static bool is_for_agent(uint8_t command)
{
	return command != KITH_CMD_STATUS_GET && command != KITH_CMD_AGENT_REGISTER &&
	       command != KITH_CMD_CREDENTIAL_GET && command != KITH_CMD_CONN_GET &&
	       command != KITH_CMD_BUNDLE_GET && command != KITH_CMD_REVOCATION_GET;
}

/* Return: a positive errno, 0, or -1 when no acknowledgement is due. */
static int answer(struct request *request, uint8_t command)
{
	struct kernel_double *kernel = request->kernel;
	int err;

	if (command > KITH_CMD_MAX)
		return EOPNOTSUPP;
	kernel->seen[command]++;
	if (kernel->absent)
		return ENOENT;
	if (is_for_agent(command) && kernel->agent != request->index)
		return EPERM;
	err = kernel->fail[command];
	kernel->fail[command] = 0;
	if (err)
		return err;
	switch (command) {
	case KITH_CMD_STATUS_GET:
		return status(request, command);
	case KITH_CMD_AGENT_REGISTER:
		return agent_register(request);
	case KITH_CMD_CONFIG_BEGIN:
		return config_begin(request);
	case KITH_CMD_CONFIG_ADD:
		return config_add(request);
	case KITH_CMD_CONFIG_COMMIT:
		return config_commit(request);
	case KITH_CMD_PROGRAM_EXE:
		return program_exe(request);
	case KITH_CMD_CREDENTIAL_PREPARE:
		return prepare(request);
	case KITH_CMD_CREDENTIAL_SIGN:
		return sign(request);
	case KITH_CMD_CREDENTIAL_INSTALL:
		return install(request);
	case KITH_CMD_CREDENTIAL_REFUSE:
		return refuse(request);
	case KITH_CMD_CREDENTIAL_REVOKE:
		return revoke_one(request);
	case KITH_CMD_CA_CREATE:
		return ca_create(request);
	case KITH_CMD_REVOCATION_ADD:
		return revocation_add(request);
	case KITH_CMD_REVOCATION_REMOVE:
		return revocation_remove(request);
	default:
		return dump(request, command);
	}
}

static ssize_t on_send(void *arg, const void *data, size_t size)
{
	const struct end *end = arg;
	struct request request = { end->kernel, end->index, data, { NULL } };
	const struct genlmsghdr *generic = mnl_nlmsg_get_payload(request.message);
	const struct nlattr *attr;
	int err;

	mnl_attr_for_each(attr, request.message, sizeof(*generic))
		if (mnl_attr_get_type(attr) < 64)
			request.attrs[mnl_attr_get_type(attr)] = attr;
	err = answer(&request, generic->cmd);
	if (err >= 0)
		acknowledge(&request, err);
	return (ssize_t)size;
}

int double_guard(void)
{
	return 0;
}

int double_open(void *arg, struct kith_nl **nl)
{
	struct kernel_double *kernel = arg;
	struct kith_nl_double side = { .family = DOUBLE_FAMILY, .send = on_send };
	int pair[2], size = 4 << 20, i = 0;

	if (kernel->absent)
		return -ENOENT;
	while (i < DOUBLE_CONNECTIONS && kernel->connection[i] >= 0)
		i++;
	if (i == DOUBLE_CONNECTIONS)
		return -EMFILE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	kernel->connection[i] = pair[0];
	ends[i] = (struct end){ kernel, i };
	side.fd = pair[1];
	side.arg = &ends[i];
	return kith_nl_attach(nl, &side);
}

void double_send_raw(struct kernel_double *kernel, const void *data, size_t size)
{
	if (kernel->agent >= 0)
		send(kernel->connection[kernel->agent], data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void double_event(struct kernel_double *kernel, uint32_t pid, const char *peer_id)
{
	char buffer[BUFFER];
	struct nlmsghdr *message = begin(buffer, DOUBLE_FAMILY, 0, KITH_CMD_EVENT);
	struct nlattr *nest;
	int i;

	mnl_attr_put_u32(message, KITH_A_EVENT_KIND, KITH_EVENT_KIND_DECISION);
	mnl_attr_put_u64(message, KITH_A_EVENT_TIME, 1700000000123ULL);
	mnl_attr_put_u32(message, KITH_A_EVENT_DECISION, KITH_DECISION_DENY);
	mnl_attr_put_u32(message, KITH_A_EVENT_REASON, KITH_REASON_NO_RULE_INBOUND);
	mnl_attr_put_u32(message, KITH_A_EVENT_ERRNO, EACCES);
	nest = mnl_attr_nest_start(message, KITH_A_EVENT_CONN);
	mnl_attr_put_u32(message, KITH_A_CONN_KIND, KITH_CONN_KIND_SERVER);
	mnl_attr_put_u32(message, KITH_A_CONN_PID, pid);
	mnl_attr_put_strz(message, KITH_A_CONN_LOCAL_ID, "spiffe://a.example/w");
	mnl_attr_put_strz(message, KITH_A_CONN_PEER_ID, peer_id);
	mnl_attr_nest_end(message, nest);
	for (i = 0; i < DOUBLE_CONNECTIONS; i++)
		if (i != kernel->agent)
			transmit(kernel, i, message);
}
