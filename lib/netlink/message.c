// SPDX-License-Identifier: Apache-2.0
#include "message.h"

#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include "base/base.h"

/*
 * A message is a table: which attribute goes to which member. The type of the
 * member says what the attribute must look like; of a blob, @fits does. What is
 * not in the table is skipped: a newer kernel may say more.
 */
enum shape { SKIPPED, FLAG, NUMBER, STRING, BLOB, BLOBS, NESTED, COUNTER };

struct table;

struct field {
	enum shape shape;
	size_t offset;		   /* of the member */
	size_t size;		   /* of the member */
	size_t has;		   /* of a bool that says it was there; 0: there is none */
	size_t count;		   /* BLOBS: of their number */
	bool (*fits)(size_t size); /* BLOB, BLOBS */
	const struct table *table; /* NESTED */
};

struct table {
	const struct field *fields; /* by type of attribute */
	size_t n;
};

#define SHAPE_OF(value) \
	_Generic((value),                   \
		bool: FLAG,                 \
		uint16_t: NUMBER,           \
		uint32_t: NUMBER,           \
		uint64_t: NUMBER,           \
		int64_t: NUMBER,            \
		const char *: STRING,       \
		struct kith_blob: BLOB,     \
		struct kith_blob *: BLOBS,  \
		default: NESTED)

/* Of struct @what; further members of struct field may follow. */
#define FIELD(what, member, ...)                                          \
	{                                                                 \
		.shape = SHAPE_OF(((struct what *)0)->member),            \
		.offset = offsetof(struct what, member),                  \
		.size = sizeof(((struct what *)0)->member), ##__VA_ARGS__ \
	}
#define HAS(what, member) .has = offsetof(struct what, member)
#define TABLE(name)                                                 \
	static const struct table name = { .fields = name##_fields, \
					   .n = KITH_ARRAY_SIZE(name##_fields) }

static bool fits_serial(size_t size)
{
	return size <= 20;
}

static bool fits_certificate(size_t size)
{
	return size <= KITH_CERT_MAX;
}

static bool fits_groups(size_t size)
{
	return size <= KITH_GROUPS_MAX * sizeof(uint32_t) && size % sizeof(uint32_t) == 0;
}

static bool fits_address(size_t size)
{
	return size == 4 || size == 16;
}

static bool fits_conn_id(size_t size)
{
	return size == KITH_CONN_ID_LEN;
}

#define PROGRAM(...) FIELD(kith_program_info, __VA_ARGS__)
static const struct field program_fields[] = {
	[KITH_A_PROGRAM_ID] = PROGRAM(id),
	[KITH_A_PROGRAM_PID] = PROGRAM(pid),
	[KITH_A_PROGRAM_COMM] = PROGRAM(comm),
	[KITH_A_PROGRAM_EXE] = PROGRAM(exe),
	[KITH_A_PROGRAM_DEV] = PROGRAM(dev),
	[KITH_A_PROGRAM_INO] = PROGRAM(ino),
	[KITH_A_PROGRAM_RESTART_NEEDED] = PROGRAM(restart_needed),
	[KITH_A_PROGRAM_SCRIPT] = PROGRAM(script),
};
TABLE(program);

#define CREDENTIAL(...) FIELD(kith_credential_info, __VA_ARGS__)
static const struct field credential_fields[] = {
	[KITH_A_CREDENTIAL_ID] = CREDENTIAL(id),
	[KITH_A_CREDENTIAL_STATE] = CREDENTIAL(state, HAS(kith_credential_info, has_state)),
	[KITH_A_CREDENTIAL_UID] = CREDENTIAL(uid),
	[KITH_A_CREDENTIAL_GID] = CREDENTIAL(gid),
	[KITH_A_CREDENTIAL_GROUPS] = CREDENTIAL(groups, .fits = fits_groups),
	[KITH_A_CREDENTIAL_CGROUP] = CREDENTIAL(cgroup),
	[KITH_A_CREDENTIAL_CGROUP_ID] = CREDENTIAL(cgroup_id),
	[KITH_A_CREDENTIAL_USER_NS] = CREDENTIAL(user_ns),
	[KITH_A_CREDENTIAL_MOUNT_NS_INITIAL] = CREDENTIAL(mount_ns_initial),
	[KITH_A_CREDENTIAL_SPIFFE_ID] = CREDENTIAL(spiffe_id),
	[KITH_A_CREDENTIAL_WORKLOAD] = CREDENTIAL(workload),
	[KITH_A_CREDENTIAL_NOT_BEFORE] = CREDENTIAL(not_before),
	[KITH_A_CREDENTIAL_NOT_AFTER] = CREDENTIAL(not_after),
	[KITH_A_CREDENTIAL_SERIAL] = CREDENTIAL(serial, .fits = fits_serial),
	[KITH_A_CREDENTIAL_CSR] = CREDENTIAL(csr, .fits = fits_certificate),
	[KITH_A_CREDENTIAL_CERTIFICATE] =
		CREDENTIAL(certificate, .fits = fits_certificate,
			   .count = offsetof(struct kith_credential_info, n_certificates)),
	[KITH_A_CREDENTIAL_REASON] = CREDENTIAL(reason),
	[KITH_A_CREDENTIAL_MESSAGE] = CREDENTIAL(message),
	[KITH_A_CREDENTIAL_TRAITS] = CREDENTIAL(traits),
	[KITH_A_CREDENTIAL_RUN_BY] = CREDENTIAL(run_by, HAS(kith_credential_info, has_run_by)),
	[KITH_A_CREDENTIAL_TTL] = CREDENTIAL(ttl),
	[KITH_A_CREDENTIAL_PROGRAM] =
		CREDENTIAL(program, .table = &program, HAS(kith_credential_info, has_program)),
};
TABLE(credential);

#define CONN(...) FIELD(kith_conn_info, __VA_ARGS__)
static const struct field conn_fields[] = {
	[KITH_A_CONN_ID] = CONN(id, .fits = fits_conn_id),
	[KITH_A_CONN_KIND] = CONN(kind),
	[KITH_A_CONN_STATE] = CONN(state),
	[KITH_A_CONN_PID] = CONN(pid),
	[KITH_A_CONN_COMM] = CONN(comm),
	[KITH_A_CONN_LOCAL_ADDRESS] = CONN(local_address, .fits = fits_address),
	[KITH_A_CONN_LOCAL_PORT] = CONN(local_port),
	[KITH_A_CONN_REMOTE_ADDRESS] = CONN(remote_address, .fits = fits_address),
	[KITH_A_CONN_REMOTE_PORT] = CONN(remote_port),
	[KITH_A_CONN_LOCAL_ID] = CONN(local_id),
	[KITH_A_CONN_PEER_ID] = CONN(peer_id),
	[KITH_A_CONN_WORKLOAD] = CONN(workload),
	[KITH_A_CONN_CIPHER] = CONN(cipher),
	[KITH_A_CONN_RULE] = CONN(rule),
	[KITH_A_CONN_SINCE] = CONN(since),
	[KITH_A_CONN_PENDING] = CONN(pending),
	[KITH_A_CONN_QUEUED] = CONN(queued),
	[KITH_A_CONN_IN_REVIEW] = CONN(in_review),
};
TABLE(conn);

#define EVENT(...) FIELD(kith_event_info, __VA_ARGS__)
static const struct field event_fields[] = {
	[KITH_A_EVENT_KIND] = EVENT(kind),
	[KITH_A_EVENT_TIME] = EVENT(time),
	[KITH_A_EVENT_DECISION] = EVENT(decision, HAS(kith_event_info, has_decision)),
	[KITH_A_EVENT_REASON] = EVENT(reason),
	[KITH_A_EVENT_SIDE] = EVENT(side),
	[KITH_A_EVENT_ERRNO] = EVENT(err),
	[KITH_A_EVENT_DETAIL] = EVENT(detail),
	[KITH_A_EVENT_GENERATION] = EVENT(generation),
	[KITH_A_EVENT_CONN] = EVENT(conn, .table = &conn, HAS(kith_event_info, has_conn)),
	[KITH_A_EVENT_CREDENTIAL] =
		EVENT(credential, .table = &credential, HAS(kith_event_info, has_credential)),
	[KITH_A_EVENT_UNTOLD] = EVENT(untold),
};
TABLE(event);

#define CA(...) FIELD(kith_ca_info, __VA_ARGS__)
static const struct field ca_fields[] = {
	[KITH_A_CA_TRUST_DOMAIN] = CA(trust_domain),
	[KITH_A_CA_SERIAL] = CA(serial, .fits = fits_serial),
	[KITH_A_CA_NOT_BEFORE] = CA(not_before),
	[KITH_A_CA_NOT_AFTER] = CA(not_after),
	[KITH_A_CA_CERTIFICATE] = CA(certificate, .fits = fits_certificate),
};
TABLE(ca);

struct counter {
	uint32_t reason;
	uint64_t value;
};
static const struct field counter_fields[] = {
	[KITH_A_COUNTER_REASON] = FIELD(counter, reason),
	[KITH_A_COUNTER_VALUE] = FIELD(counter, value),
};
TABLE(counter);

#define STATUS(...) FIELD(kith_status_info, __VA_ARGS__)
static const struct field status_fields[] = {
	[KITH_A_STATUS_ABI] = STATUS(abi),
	[KITH_A_STATUS_VERSION] = STATUS(version),
	[KITH_A_STATUS_GENERATION] = STATUS(generation),
	[KITH_A_STATUS_AGENT_PID] = STATUS(agent_pid),
	[KITH_A_STATUS_PROGRAMS] = STATUS(programs),
	[KITH_A_STATUS_CREDENTIALS] = STATUS(credentials),
	[KITH_A_STATUS_CONNECTIONS] = STATUS(connections),
	[KITH_A_STATUS_LISTENERS] = STATUS(listeners),
	[KITH_A_STATUS_CLAIMS] = STATUS(claims),
	[KITH_A_STATUS_HOOKED] = STATUS(hooked),
	[KITH_A_STATUS_GUARDED] = STATUS(guarded),
	[KITH_A_STATUS_EVENTS_LOST] = STATUS(events_lost),
	[KITH_A_STATUS_COUNTER] = { .shape = COUNTER },
	[KITH_A_STATUS_CA] = STATUS(ca, .table = &ca, HAS(kith_status_info, has_ca)),
	[KITH_A_STATUS_REVIEWS] = STATUS(reviews),
	[KITH_A_STATUS_REVOCATIONS] = STATUS(revocations),
	[KITH_A_STATUS_KEYS] = STATUS(keys),
};
TABLE(status);

#define REVOCATION(...) FIELD(kith_revocation_info, __VA_ARGS__)
static const struct field revocation_fields[] = {
	[KITH_A_REVOCATION_SPIFFE_ID] = REVOCATION(spiffe_id),
	[KITH_A_REVOCATION_SERIAL] = REVOCATION(serial, .fits = fits_serial),
	[KITH_A_REVOCATION_SECONDS] = REVOCATION(seconds),
};
TABLE(revocation);

static const struct field bundle_fields[] = {
	[KITH_A_BUNDLE_TRUST_DOMAIN] = FIELD(kith_bundle_info, trust_domain),
	[KITH_A_BUNDLE_CERTIFICATE] =
		FIELD(kith_bundle_info, certificate, .fits = fits_certificate,
		      .count = offsetof(struct kith_bundle_info, n_certificates)),
};
TABLE(bundle);

struct file {
	uint32_t fd;
	bool has_fd;
};
static const struct field file_fields[] = {
	[KITH_A_FILE_FD] = FIELD(file, fd, HAS(file, has_fd)),
};
TABLE(file);

/* Each returns false when the attribute does not have its shape. */
static bool take(const struct nlattr *attr, const struct table *table, void *out);

static bool take_nested(const struct nlattr *outer, const struct table *table, void *out)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, outer)
		if (!take(attr, table, out))
			return false;
	return true;
}

/* A counter this build does not know the name of is left out. */
static bool take_counter(const struct nlattr *attr, struct kith_status_info *out)
{
	struct counter found = { .reason = __KITH_REASON_COUNT };

	if (!take_nested(attr, &counter, &found))
		return false;
	if (found.reason < __KITH_REASON_COUNT)
		out->counters[found.reason] = found.value;
	return true;
}

static bool take_string(const struct nlattr *attr, const char **out)
{
	size_t size = mnl_attr_get_payload_len(attr);

	*out = mnl_attr_get_payload(attr);
	return size && !(*out)[size - 1] && strlen(*out) == size - 1;
}

static bool take_blob(const struct nlattr *attr, const struct field *field, struct kith_blob *out)
{
	*out = (struct kith_blob){ mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr) };
	return field->fits(out->size);
}

static bool take(const struct nlattr *attr, const struct table *table, void *out)
{
	static const struct field skipped;
	size_t type = mnl_attr_get_type(attr);
	const struct field *field = type < table->n ? &table->fields[type] : &skipped;
	void *member = (char *)out + field->offset;
	unsigned int *count = (void *)((char *)out + field->count);

	if (field->has)
		*(bool *)((char *)out + field->has) = true;
	switch (field->shape) {
	case FLAG:
		*(bool *)member = true;
		return true;
	case NUMBER:
		if (mnl_attr_get_payload_len(attr) != field->size)
			return false;
		memcpy(member, mnl_attr_get_payload(attr), field->size);
		return true;
	case STRING:
		return take_string(attr, member);
	case BLOB:
		return take_blob(attr, field, member);
	case BLOBS:
		return *count < field->size / sizeof(struct kith_blob) &&
		       take_blob(attr, field, (struct kith_blob *)member + (*count)++);
	case NESTED:
		return take_nested(attr, field->table, member);
	case COUNTER:
		return take_counter(attr, out);
	default:
		return true;
	}
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

static int decode(const struct nlmsghdr *message, const struct table *table, void *out, size_t size)
{
	const struct nlattr *attr;

	memset(out, 0, size);
	if (!is_generic(message))
		return -EBADMSG;
	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		if (!take(attr, table, out))
			return -EBADMSG;
	return 0;
}

int kith_decode_credential(const struct nlmsghdr *message, struct kith_credential_info *out)
{
	return decode(message, &credential, out, sizeof(*out));
}

int kith_decode_conn(const struct nlmsghdr *message, struct kith_conn_info *out)
{
	return decode(message, &conn, out, sizeof(*out));
}

int kith_decode_event(const struct nlmsghdr *message, struct kith_event_info *out)
{
	return decode(message, &event, out, sizeof(*out));
}

int kith_decode_ca(const struct nlmsghdr *message, struct kith_ca_info *out)
{
	return decode(message, &ca, out, sizeof(*out));
}

int kith_decode_revocation(const struct nlmsghdr *message, struct kith_revocation_info *out)
{
	return decode(message, &revocation, out, sizeof(*out));
}

int kith_decode_status(const struct nlmsghdr *message, struct kith_status_info *out)
{
	return decode(message, &status, out, sizeof(*out));
}

int kith_decode_bundle(const struct nlmsghdr *message, struct kith_bundle_info *out)
{
	return decode(message, &bundle, out, sizeof(*out));
}

int kith_decode_file(const struct nlmsghdr *message)
{
	struct file found;

	if (decode(message, &file, &found, sizeof(found)) || !found.has_fd || found.fd > INT32_MAX)
		return -EBADMSG;
	return (int)found.fd;
}
