// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <libmnl/libmnl.h>

#define RULES_PIECE (32U * 1024)

struct status_taker {
	kith_status_fn *take;
	void *arg;
};

static int on_status(const struct nlmsghdr *message, void *arg)
{
	struct status_taker *taker = arg;
	struct kith_status_info status;
	int ret = kith_decode_status(message, &status);

	if (!ret)
		taker->take(&status, taker->arg);
	return ret;
}

int kith_request_status(struct kith_nl *nl, kith_status_fn *take, void *arg)
{
	struct status_taker taker = { take, arg };

	return kith_nl_call(nl, kith_nl_start(nl, KITH_CMD_STATUS_GET), on_status, &taker);
}

struct registered {
	uint32_t abi;
	uint64_t generation;
};

static void on_registered(const struct kith_status_info *status, void *arg)
{
	struct registered *registered = arg;

	registered->abi = status->abi;
	registered->generation = status->generation;
}

int kith_request_register(struct kith_nl *nl, uint64_t *generation)
{
	struct registered registered = { 0 };
	struct status_taker taker = { on_registered, &registered };
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_AGENT_REGISTER);
	int ret;

	kith_nl_put_u32(nl, KITH_A_STATUS_ABI, KITH_ABI);
	ret = kith_nl_call(nl, request, on_status, &taker);
	if (ret)
		return ret;
	if (registered.abi != KITH_ABI)
		return -EPROTO;
	*generation = registered.generation;
	return 0;
}

int kith_request_config_begin(struct kith_nl *nl, uint64_t generation)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_CONFIG_BEGIN);

	kith_nl_put_u64(nl, KITH_A_CONFIG_GENERATION, generation);
	return kith_nl_call(nl, request, NULL, NULL);
}

int kith_request_config_commit(struct kith_nl *nl, uint64_t generation, uint32_t open_doors)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_CONFIG_COMMIT);

	kith_nl_put_u64(nl, KITH_A_CONFIG_GENERATION, generation);
	kith_nl_put_u32(nl, KITH_A_CONFIG_OPEN_DOORS, open_doors);
	return kith_nl_call(nl, request, NULL, NULL);
}

int kith_request_config_claim(struct kith_nl *nl, const struct kith_request_claim *claim)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_CONFIG_ADD);

	kith_nl_nest_begin(nl, KITH_A_CONFIG_CLAIM);
	kith_nl_put_u32(nl, KITH_A_CLAIM_KIND, claim->kind);
	switch (claim->kind) {
	case KITH_CLAIM_KIND_EXE:
	case KITH_CLAIM_KIND_CGROUP:
		kith_nl_put_string(nl, KITH_A_CLAIM_PATH, claim->path);
		break;
	case KITH_CLAIM_KIND_UID:
		kith_nl_put_u32(nl, KITH_A_CLAIM_UID, claim->uid);
		break;
	case KITH_CLAIM_KIND_LISTEN:
		if (claim->address)
			kith_nl_put(nl, KITH_A_CLAIM_ADDRESS, claim->address, claim->address_size);
		kith_nl_put_u16(nl, KITH_A_CLAIM_PORT, claim->port);
		break;
	default:
		return -EINVAL;
	}
	kith_nl_nest_end(nl);
	return kith_nl_call(nl, request, NULL, NULL);
}

int kith_request_config_bundle(struct kith_nl *nl, const char *trust_domain,
			       const struct kith_blob *certificates, size_t n)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_CONFIG_ADD);
	size_t i;

	kith_nl_nest_begin(nl, KITH_A_CONFIG_BUNDLE);
	kith_nl_put_string(nl, KITH_A_BUNDLE_TRUST_DOMAIN, trust_domain);
	for (i = 0; i < n; i++)
		kith_nl_put(nl, KITH_A_BUNDLE_CERTIFICATE, certificates[i].data,
			    certificates[i].size);
	kith_nl_nest_end(nl);
	return kith_nl_call(nl, request, NULL, NULL);
}

int kith_request_config_rules(struct kith_nl *nl, const void *table, size_t size)
{
	const uint8_t *piece = table;
	struct nlmsghdr *request;
	size_t length;
	int ret = 0;

	while (!ret && size) {
		length = size < RULES_PIECE ? size : RULES_PIECE;
		request = kith_nl_start(nl, KITH_CMD_CONFIG_ADD);
		kith_nl_put(nl, KITH_A_CONFIG_RULES, piece, length);
		ret = kith_nl_call(nl, request, NULL, NULL);
		piece += length;
		size -= length;
	}
	return ret;
}

static int on_file(const struct nlmsghdr *message, void *arg)
{
	int fd = kith_decode_file(message);

	if (fd < 0)
		return fd;
	*(int *)arg = fd;
	return 0;
}

static int request_file(struct kith_nl *nl, uint64_t program, bool script)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_PROGRAM_EXE);
	int fd = -1, ret;

	kith_nl_put_u64(nl, KITH_A_FILE_PROGRAM_ID, program);
	if (script)
		kith_nl_put(nl, KITH_A_FILE_SCRIPT, NULL, 0);
	ret = kith_nl_call(nl, request, on_file, &fd);
	if (ret)
		return ret;
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -EBADMSG;
	return fd;
}

int kith_request_program_exe(struct kith_nl *nl, uint64_t program)
{
	return request_file(nl, program, false);
}

int kith_request_program_script(struct kith_nl *nl, uint64_t program)
{
	return request_file(nl, program, true);
}

int kith_request_program_run(struct kith_nl *nl, const struct kith_request_run *run)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_PROGRAM_RUN);

	kith_nl_put_u32(nl, KITH_A_RUN_PID, run->pid);
	kith_nl_put_u32(nl, KITH_A_RUN_UID, run->uid);
	kith_nl_put_string(nl, KITH_A_RUN_SPIFFE_ID, run->spiffe_id);
	kith_nl_put_string(nl, KITH_A_RUN_WORKLOAD, run->workload);
	if (run->ttl)
		kith_nl_put_u32(nl, KITH_A_RUN_TTL, run->ttl);
	return kith_nl_call(nl, request, NULL, NULL);
}

struct copy {
	uint8_t *data;
	size_t size;
};

static int copy_blob(struct copy *copy, const struct kith_blob *blob)
{
	if (!blob->size || blob->size > KITH_CERT_MAX)
		return -EBADMSG;
	memcpy(copy->data, blob->data, blob->size);
	copy->size = blob->size;
	return 0;
}

static int on_prepared(const struct nlmsghdr *message, void *arg)
{
	struct kith_request_prepared *prepared = arg;
	struct kith_credential_info credential;
	struct copy copy = { .data = prepared->csr };
	int ret = kith_decode_credential(message, &credential);

	if (ret)
		return ret;
	prepared->not_before = credential.not_before;
	prepared->not_after = credential.not_after;
	if (credential.csr.data)
		ret = copy_blob(&copy, &credential.csr);
	prepared->csr_size = copy.size;
	return ret;
}

int kith_request_prepare(struct kith_nl *nl, uint64_t credential,
			 const struct kith_request_identity *identity,
			 struct kith_request_prepared *prepared)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_CREDENTIAL_PREPARE);
	int ret;

	prepared->csr_size = 0;
	prepared->not_before = prepared->not_after = 0;
	kith_nl_put_u64(nl, KITH_A_CREDENTIAL_ID, credential);
	kith_nl_put_string(nl, KITH_A_CREDENTIAL_SPIFFE_ID, identity->spiffe_id);
	kith_nl_put_string(nl, KITH_A_CREDENTIAL_WORKLOAD, identity->workload);
	kith_nl_put_u32(nl, KITH_A_CREDENTIAL_TRAITS, identity->traits);
	ret = kith_nl_call(nl, request, on_prepared, prepared);
	if (!ret && !prepared->csr_size && !(identity->traits & KITH_TRAIT_SHARE_KEY))
		ret = -EBADMSG;
	return ret;
}

int kith_request_sign(struct kith_nl *nl, uint64_t credential,
		      const struct kith_request_template *template)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_CREDENTIAL_SIGN);

	kith_nl_put_u64(nl, KITH_A_CREDENTIAL_ID, credential);
	kith_nl_put(nl, KITH_A_CREDENTIAL_SERIAL, template->serial, sizeof(template->serial));
	kith_nl_put_u64(nl, KITH_A_CREDENTIAL_NOT_BEFORE, (uint64_t) template->not_before);
	kith_nl_put_u64(nl, KITH_A_CREDENTIAL_NOT_AFTER, (uint64_t) template->not_after);
	return kith_nl_call(nl, request, NULL, NULL);
}

int kith_request_install(struct kith_nl *nl, uint64_t credential, const struct kith_blob *chain,
			 size_t n)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_CREDENTIAL_INSTALL);
	size_t i;

	kith_nl_put_u64(nl, KITH_A_CREDENTIAL_ID, credential);
	for (i = 0; i < n; i++)
		kith_nl_put(nl, KITH_A_CREDENTIAL_CERTIFICATE, chain[i].data, chain[i].size);
	return kith_nl_call(nl, request, NULL, NULL);
}

int kith_request_refuse(struct kith_nl *nl, uint64_t credential, enum kith_reason reason,
			const char *message)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_CREDENTIAL_REFUSE);
	char cut[KITH_NAME_MAX + 1];

	/* The kernel takes so much; the log has it whole. */
	strncpy(cut, message, sizeof(cut) - 1);
	cut[sizeof(cut) - 1] = 0;
	kith_nl_put_u64(nl, KITH_A_CREDENTIAL_ID, credential);
	kith_nl_put_u32(nl, KITH_A_CREDENTIAL_REASON, reason);
	kith_nl_put_string(nl, KITH_A_CREDENTIAL_MESSAGE, cut);
	return kith_nl_call(nl, request, NULL, NULL);
}

int kith_request_revoke_credential(struct kith_nl *nl, uint64_t credential)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_CREDENTIAL_REVOKE);

	kith_nl_put_u64(nl, KITH_A_CREDENTIAL_ID, credential);
	return kith_nl_call(nl, request, NULL, NULL);
}

static int call_about(struct kith_nl *nl, enum kith_cmd command,
		      const struct kith_request_revocation *what)
{
	struct nlmsghdr *request = kith_nl_start(nl, command);

	if (what->spiffe_id)
		kith_nl_put_string(nl, KITH_A_REVOCATION_SPIFFE_ID, what->spiffe_id);
	else if (what->serial)
		kith_nl_put(nl, KITH_A_REVOCATION_SERIAL, what->serial, what->serial_size);
	else
		kith_nl_put_u32(nl, KITH_A_REVOCATION_PID, what->pid);
	if (what->seconds)
		kith_nl_put_u32(nl, KITH_A_REVOCATION_SECONDS, what->seconds);
	return kith_nl_call(nl, request, NULL, NULL);
}

int kith_request_revoke(struct kith_nl *nl, const struct kith_request_revocation *what)
{
	return call_about(nl, KITH_CMD_REVOCATION_ADD, what);
}

int kith_request_lift(struct kith_nl *nl, const struct kith_request_revocation *what)
{
	return call_about(nl, KITH_CMD_REVOCATION_REMOVE, what);
}

static int on_ca(const struct nlmsghdr *message, void *arg)
{
	struct kith_ca_info ca;
	int ret = kith_decode_ca(message, &ca);

	return ret ? ret : copy_blob(arg, &ca.certificate);
}

int kith_request_ca(struct kith_nl *nl, const char *trust_domain,
		    const struct kith_request_template *template, uint8_t *certificate,
		    size_t *size)
{
	struct nlmsghdr *request = kith_nl_start(nl, KITH_CMD_CA_CREATE);
	struct copy copy = { .data = certificate };
	int ret;

	kith_nl_put_string(nl, KITH_A_CA_TRUST_DOMAIN, trust_domain);
	kith_nl_put(nl, KITH_A_CA_SERIAL, template->serial, sizeof(template->serial));
	kith_nl_put_u64(nl, KITH_A_CA_NOT_BEFORE, (uint64_t) template->not_before);
	kith_nl_put_u64(nl, KITH_A_CA_NOT_AFTER, (uint64_t) template->not_after);
	ret = kith_nl_call(nl, request, on_ca, &copy);
	if (!ret && !copy.size)
		ret = -EBADMSG;
	*size = copy.size;
	return ret;
}
