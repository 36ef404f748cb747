// SPDX-License-Identifier: Apache-2.0
#include "message.h"

#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

/*
 * Decoding walks the attributes once. @bad collects: the first attribute that
 * does not have the shape its type demands spoils the message.
 */
struct cursor {
	const struct nlattr *attr;
	bool bad;
};

static uint64_t take_number(struct cursor *cursor, size_t size)
{
	const void *data = mnl_attr_get_payload(cursor->attr);
	uint64_t u64 = 0;
	uint32_t u32;
	uint16_t u16;

	if (mnl_attr_get_payload_len(cursor->attr) != size) {
		cursor->bad = true;
		return 0;
	}
	switch (size) {
	case sizeof(u16):
		memcpy(&u16, data, size);
		return u16;
	case sizeof(u32):
		memcpy(&u32, data, size);
		return u32;
	default:
		memcpy(&u64, data, sizeof(u64));
		return u64;
	}
}

static uint16_t take_u16(struct cursor *cursor)
{
	return (uint16_t)take_number(cursor, sizeof(uint16_t));
}

static uint32_t take_u32(struct cursor *cursor)
{
	return (uint32_t)take_number(cursor, sizeof(uint32_t));
}

static uint64_t take_u64(struct cursor *cursor)
{
	return take_number(cursor, sizeof(uint64_t));
}

static const char *take_string(struct cursor *cursor)
{
	const char *string = mnl_attr_get_payload(cursor->attr);
	size_t size = mnl_attr_get_payload_len(cursor->attr);

	if (!size || string[size - 1] || strlen(string) != size - 1) {
		cursor->bad = true;
		return NULL;
	}
	return string;
}

static struct kith_blob take_blob(struct cursor *cursor, size_t max)
{
	struct kith_blob blob = { mnl_attr_get_payload(cursor->attr),
				  mnl_attr_get_payload_len(cursor->attr) };

	if (blob.size > max) {
		cursor->bad = true;
		blob = (struct kith_blob){ 0 };
	}
	return blob;
}

static void take_certificate(struct cursor *cursor, struct kith_blob *list, unsigned int *count,
			     unsigned int max)
{
	if (*count == max)
		cursor->bad = true;
	else
		list[(*count)++] = take_blob(cursor, KITH_CERT_MAX);
}

/* The attributes of a message of ours begin behind its generic header. */
#define HEADER sizeof(struct genlmsghdr)

static int verdict(const struct cursor *cursor)
{
	return cursor->bad ? -EBADMSG : 0;
}

/* libmnl walks attributes to the aligned end of a message: one that does not
 * end there would be read past. */
static bool is_generic(const struct nlmsghdr *message)
{
	return message->nlmsg_len % MNL_ALIGNTO == 0 &&
	       message->nlmsg_len >= MNL_NLMSG_HDRLEN + sizeof(struct genlmsghdr);
}

uint8_t kith_message_command(const struct nlmsghdr *message)
{
	const struct genlmsghdr *generic = mnl_nlmsg_get_payload(message);

	return is_generic(message) ? generic->cmd : KITH_CMD_UNSPEC;
}

static void take_program(struct cursor *outer, struct kith_program_info *out)
{
	struct cursor c = { 0 };

	mnl_attr_for_each_nested(c.attr, outer->attr) {
		switch (mnl_attr_get_type(c.attr)) {
		case KITH_A_PROGRAM_ID:
			out->id = take_u64(&c);
			break;
		case KITH_A_PROGRAM_PID:
			out->pid = take_u32(&c);
			break;
		case KITH_A_PROGRAM_COMM:
			out->comm = take_string(&c);
			break;
		case KITH_A_PROGRAM_EXE:
			out->exe = take_string(&c);
			break;
		case KITH_A_PROGRAM_DEV:
			out->dev = take_u64(&c);
			break;
		case KITH_A_PROGRAM_INO:
			out->ino = take_u64(&c);
			break;
		case KITH_A_PROGRAM_RESTART_NEEDED:
			out->restart_needed = true;
			break;
		}
	}
	outer->bad |= c.bad;
}

static void take_credential_attr(struct cursor *c, struct kith_credential_info *out)
{
	switch (mnl_attr_get_type(c->attr)) {
	case KITH_A_CREDENTIAL_ID:
		out->id = take_u64(c);
		break;
	case KITH_A_CREDENTIAL_STATE:
		out->state = take_u32(c);
		out->has_state = true;
		break;
	case KITH_A_CREDENTIAL_UID:
		out->uid = take_u32(c);
		break;
	case KITH_A_CREDENTIAL_GID:
		out->gid = take_u32(c);
		break;
	case KITH_A_CREDENTIAL_GROUPS:
		out->groups = take_blob(c, KITH_GROUPS_MAX * sizeof(uint32_t));
		c->bad |= out->groups.size % sizeof(uint32_t) != 0;
		break;
	case KITH_A_CREDENTIAL_CGROUP:
		out->cgroup = take_string(c);
		break;
	case KITH_A_CREDENTIAL_CGROUP_ID:
		out->cgroup_id = take_u64(c);
		break;
	case KITH_A_CREDENTIAL_USER_NS:
		out->user_ns = take_u32(c);
		break;
	case KITH_A_CREDENTIAL_MOUNT_NS_INITIAL:
		out->mount_ns_initial = true;
		break;
	case KITH_A_CREDENTIAL_SPIFFE_ID:
		out->spiffe_id = take_string(c);
		break;
	case KITH_A_CREDENTIAL_WORKLOAD:
		out->workload = take_string(c);
		break;
	case KITH_A_CREDENTIAL_NOT_BEFORE:
		out->not_before = (int64_t)take_u64(c);
		break;
	case KITH_A_CREDENTIAL_NOT_AFTER:
		out->not_after = (int64_t)take_u64(c);
		break;
	case KITH_A_CREDENTIAL_SERIAL:
		out->serial = take_blob(c, 20);
		break;
	case KITH_A_CREDENTIAL_CSR:
		out->csr = take_blob(c, KITH_CERT_MAX);
		break;
	case KITH_A_CREDENTIAL_CERTIFICATE:
		take_certificate(c, out->certificate, &out->n_certificates, KITH_CHAIN_MAX);
		break;
	case KITH_A_CREDENTIAL_REASON:
		out->reason = take_u32(c);
		break;
	case KITH_A_CREDENTIAL_MESSAGE:
		out->message = take_string(c);
		break;
	case KITH_A_CREDENTIAL_PROGRAM:
		out->has_program = true;
		take_program(c, &out->program);
		break;
	}
}

int kith_decode_credential(const struct nlmsghdr *message, struct kith_credential_info *out)
{
	struct cursor c = { 0 };

	memset(out, 0, sizeof(*out));
	if (!is_generic(message))
		return -EBADMSG;
	mnl_attr_for_each(c.attr, message, HEADER)
		take_credential_attr(&c, out);
	return verdict(&c);
}

static struct kith_blob take_address(struct cursor *c)
{
	struct kith_blob address = take_blob(c, 16);

	c->bad |= address.size != 4 && address.size != 16;
	return address;
}

static void take_conn_attr(struct cursor *c, struct kith_conn_info *out)
{
	switch (mnl_attr_get_type(c->attr)) {
	case KITH_A_CONN_ID:
		out->id = take_blob(c, KITH_CONN_ID_LEN);
		c->bad |= out->id.size != KITH_CONN_ID_LEN;
		break;
	case KITH_A_CONN_KIND:
		out->kind = take_u32(c);
		break;
	case KITH_A_CONN_STATE:
		out->state = take_u32(c);
		break;
	case KITH_A_CONN_PID:
		out->pid = take_u32(c);
		break;
	case KITH_A_CONN_COMM:
		out->comm = take_string(c);
		break;
	case KITH_A_CONN_LOCAL_ADDRESS:
		out->local_address = take_address(c);
		break;
	case KITH_A_CONN_LOCAL_PORT:
		out->local_port = take_u16(c);
		break;
	case KITH_A_CONN_REMOTE_ADDRESS:
		out->remote_address = take_address(c);
		break;
	case KITH_A_CONN_REMOTE_PORT:
		out->remote_port = take_u16(c);
		break;
	case KITH_A_CONN_LOCAL_ID:
		out->local_id = take_string(c);
		break;
	case KITH_A_CONN_PEER_ID:
		out->peer_id = take_string(c);
		break;
	case KITH_A_CONN_WORKLOAD:
		out->workload = take_string(c);
		break;
	case KITH_A_CONN_CIPHER:
		out->cipher = take_string(c);
		break;
	case KITH_A_CONN_RULE:
		out->rule = take_string(c);
		break;
	case KITH_A_CONN_SINCE:
		out->since = (int64_t)take_u64(c);
		break;
	case KITH_A_CONN_PENDING:
		out->pending = take_u32(c);
		break;
	case KITH_A_CONN_QUEUED:
		out->queued = take_u32(c);
		break;
	}
}

int kith_decode_conn(const struct nlmsghdr *message, struct kith_conn_info *out)
{
	struct cursor c = { 0 };

	memset(out, 0, sizeof(*out));
	if (!is_generic(message))
		return -EBADMSG;
	mnl_attr_for_each(c.attr, message, HEADER)
		take_conn_attr(&c, out);
	return verdict(&c);
}

static void take_conn(struct cursor *outer, struct kith_conn_info *out)
{
	struct cursor c = { 0 };

	mnl_attr_for_each_nested(c.attr, outer->attr)
		take_conn_attr(&c, out);
	outer->bad |= c.bad;
}

static void take_credential(struct cursor *outer, struct kith_credential_info *out)
{
	struct cursor c = { 0 };

	mnl_attr_for_each_nested(c.attr, outer->attr)
		take_credential_attr(&c, out);
	outer->bad |= c.bad;
}

int kith_decode_event(const struct nlmsghdr *message, struct kith_event_info *out)
{
	struct cursor c = { 0 };

	memset(out, 0, sizeof(*out));
	if (!is_generic(message))
		return -EBADMSG;
	mnl_attr_for_each(c.attr, message, HEADER) {
		switch (mnl_attr_get_type(c.attr)) {
		case KITH_A_EVENT_KIND:
			out->kind = take_u32(&c);
			break;
		case KITH_A_EVENT_TIME:
			out->time = (int64_t)take_u64(&c);
			break;
		case KITH_A_EVENT_DECISION:
			out->decision = take_u32(&c);
			out->has_decision = true;
			break;
		case KITH_A_EVENT_REASON:
			out->reason = take_u32(&c);
			break;
		case KITH_A_EVENT_SIDE:
			out->side = take_u32(&c);
			break;
		case KITH_A_EVENT_ERRNO:
			out->err = take_u32(&c);
			break;
		case KITH_A_EVENT_DETAIL:
			out->detail = take_string(&c);
			break;
		case KITH_A_EVENT_GENERATION:
			out->generation = take_u64(&c);
			break;
		case KITH_A_EVENT_CONN:
			out->has_conn = true;
			take_conn(&c, &out->conn);
			break;
		case KITH_A_EVENT_CREDENTIAL:
			out->has_credential = true;
			take_credential(&c, &out->credential);
			break;
		}
	}
	return verdict(&c);
}

static void take_ca_attr(struct cursor *c, struct kith_ca_info *out)
{
	switch (mnl_attr_get_type(c->attr)) {
	case KITH_A_CA_TRUST_DOMAIN:
		out->trust_domain = take_string(c);
		break;
	case KITH_A_CA_SERIAL:
		out->serial = take_blob(c, 20);
		break;
	case KITH_A_CA_NOT_BEFORE:
		out->not_before = (int64_t)take_u64(c);
		break;
	case KITH_A_CA_NOT_AFTER:
		out->not_after = (int64_t)take_u64(c);
		break;
	case KITH_A_CA_CERTIFICATE:
		out->certificate = take_blob(c, KITH_CERT_MAX);
		break;
	}
}

int kith_decode_ca(const struct nlmsghdr *message, struct kith_ca_info *out)
{
	struct cursor c = { 0 };

	memset(out, 0, sizeof(*out));
	if (!is_generic(message))
		return -EBADMSG;
	mnl_attr_for_each(c.attr, message, HEADER)
		take_ca_attr(&c, out);
	return verdict(&c);
}

static void take_ca(struct cursor *outer, struct kith_ca_info *out)
{
	struct cursor c = { 0 };

	mnl_attr_for_each_nested(c.attr, outer->attr)
		take_ca_attr(&c, out);
	outer->bad |= c.bad;
}

/* A counter this build does not know the name of is left out. */
static void take_counter(struct cursor *outer, struct kith_status_info *out)
{
	uint32_t reason = __KITH_REASON_COUNT;
	struct cursor c = { 0 };
	uint64_t value = 0;

	mnl_attr_for_each_nested(c.attr, outer->attr) {
		if (mnl_attr_get_type(c.attr) == KITH_A_COUNTER_REASON)
			reason = take_u32(&c);
		else if (mnl_attr_get_type(c.attr) == KITH_A_COUNTER_VALUE)
			value = take_u64(&c);
	}
	if (reason < __KITH_REASON_COUNT)
		out->counters[reason] = value;
	outer->bad |= c.bad;
}

int kith_decode_status(const struct nlmsghdr *message, struct kith_status_info *out)
{
	struct cursor c = { 0 };

	memset(out, 0, sizeof(*out));
	if (!is_generic(message))
		return -EBADMSG;
	mnl_attr_for_each(c.attr, message, HEADER) {
		switch (mnl_attr_get_type(c.attr)) {
		case KITH_A_STATUS_ABI:
			out->abi = take_u32(&c);
			break;
		case KITH_A_STATUS_VERSION:
			out->version = take_string(&c);
			break;
		case KITH_A_STATUS_GENERATION:
			out->generation = take_u64(&c);
			break;
		case KITH_A_STATUS_AGENT_PID:
			out->agent_pid = take_u32(&c);
			break;
		case KITH_A_STATUS_PROGRAMS:
			out->programs = take_u32(&c);
			break;
		case KITH_A_STATUS_CREDENTIALS:
			out->credentials = take_u32(&c);
			break;
		case KITH_A_STATUS_CONNECTIONS:
			out->connections = take_u32(&c);
			break;
		case KITH_A_STATUS_LISTENERS:
			out->listeners = take_u32(&c);
			break;
		case KITH_A_STATUS_CLAIMS:
			out->claims = take_u32(&c);
			break;
		case KITH_A_STATUS_HOOKED:
			out->hooked = true;
			break;
		case KITH_A_STATUS_EVENTS_LOST:
			out->events_lost = take_u64(&c);
			break;
		case KITH_A_STATUS_COUNTER:
			take_counter(&c, out);
			break;
		case KITH_A_STATUS_CA:
			out->has_ca = true;
			take_ca(&c, &out->ca);
			break;
		}
	}
	return verdict(&c);
}

int kith_decode_bundle(const struct nlmsghdr *message, struct kith_bundle_info *out)
{
	struct cursor c = { 0 };

	memset(out, 0, sizeof(*out));
	if (!is_generic(message))
		return -EBADMSG;
	mnl_attr_for_each(c.attr, message, HEADER) {
		switch (mnl_attr_get_type(c.attr)) {
		case KITH_A_BUNDLE_TRUST_DOMAIN:
			out->trust_domain = take_string(&c);
			break;
		case KITH_A_BUNDLE_CERTIFICATE:
			take_certificate(&c, out->certificate, &out->n_certificates,
					 KITH_BUNDLE_CERTS_MAX);
			break;
		}
	}
	return verdict(&c);
}

int kith_decode_file(const struct nlmsghdr *message)
{
	uint32_t fd = UINT32_MAX;
	struct cursor c = { 0 };

	if (!is_generic(message))
		return -EBADMSG;
	mnl_attr_for_each(c.attr, message, HEADER)
		if (mnl_attr_get_type(c.attr) == KITH_A_FILE_FD)
			fd = take_u32(&c);
	return c.bad || fd > INT32_MAX ? -EBADMSG : (int)fd;
}
