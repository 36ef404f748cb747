// SPDX-License-Identifier: Apache-2.0
/* Decoding: what was put in comes out, and nothing malformed is taken. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include "netlink/message.h"
#include "netlink/names.h"
#include "unit.h"

#define BUFFER 16384

static _Alignas(8) char buffer[BUFFER];

static struct nlmsghdr *begin(uint8_t command)
{
	struct nlmsghdr *message;
	struct genlmsghdr *generic;

	memset(buffer, 0, sizeof(buffer));
	message = mnl_nlmsg_put_header(buffer);
	generic = mnl_nlmsg_put_extra_header(message, sizeof(*generic));
	generic->cmd = command;
	return message;
}

static struct nlmsghdr *whole_credential(void)
{
	static const uint32_t groups[] = { 10, 20 };
	struct nlmsghdr *m = begin(KITH_CMD_ATTEST);
	struct nlattr *nest;

	mnl_attr_put_u64(m, KITH_A_CREDENTIAL_ID, 0x1122334455667788ULL);
	mnl_attr_put_u32(m, KITH_A_CREDENTIAL_STATE, KITH_CREDENTIAL_STATE_READY);
	mnl_attr_put_u32(m, KITH_A_CREDENTIAL_UID, 1000);
	mnl_attr_put_u32(m, KITH_A_CREDENTIAL_GID, 1001);
	mnl_attr_put(m, KITH_A_CREDENTIAL_GROUPS, sizeof(groups), groups);
	mnl_attr_put_strz(m, KITH_A_CREDENTIAL_CGROUP, "/system.slice/x.service");
	mnl_attr_put_u64(m, KITH_A_CREDENTIAL_CGROUP_ID, 99);
	mnl_attr_put_u32(m, KITH_A_CREDENTIAL_USER_NS, 4026531837U);
	mnl_attr_put(m, KITH_A_CREDENTIAL_MOUNT_NS_INITIAL, 0, NULL);
	mnl_attr_put_strz(m, KITH_A_CREDENTIAL_SPIFFE_ID, "spiffe://a.example/x");
	mnl_attr_put_strz(m, KITH_A_CREDENTIAL_WORKLOAD, "x");
	mnl_attr_put_u64(m, KITH_A_CREDENTIAL_NOT_BEFORE, 1700000000);
	mnl_attr_put_u64(m, KITH_A_CREDENTIAL_NOT_AFTER, (uint64_t)-5);
	mnl_attr_put(m, KITH_A_CREDENTIAL_SERIAL, 3, "abc");
	mnl_attr_put(m, KITH_A_CREDENTIAL_CSR, 4, "csr!");
	mnl_attr_put(m, KITH_A_CREDENTIAL_CERTIFICATE, 4, "leaf");
	mnl_attr_put(m, KITH_A_CREDENTIAL_CERTIFICATE, 2, "ca");
	mnl_attr_put_u32(m, KITH_A_CREDENTIAL_REASON, KITH_REASON_ISSUER);
	mnl_attr_put_strz(m, KITH_A_CREDENTIAL_MESSAGE, "why");
	nest = mnl_attr_nest_start(m, KITH_A_CREDENTIAL_PROGRAM);
	mnl_attr_put_u64(m, KITH_A_PROGRAM_ID, 7);
	mnl_attr_put_u32(m, KITH_A_PROGRAM_PID, 42);
	mnl_attr_put_strz(m, KITH_A_PROGRAM_COMM, "prog");
	mnl_attr_put_strz(m, KITH_A_PROGRAM_EXE, "/usr/bin/prog");
	mnl_attr_put_u64(m, KITH_A_PROGRAM_DEV, 8);
	mnl_attr_put_u64(m, KITH_A_PROGRAM_INO, 9);
	mnl_attr_put(m, KITH_A_PROGRAM_RESTART_NEEDED, 0, NULL);
	mnl_attr_nest_end(m, nest);
	/* What a newer kernel may add is passed over. */
	mnl_attr_put_u32(m, 200, 1);
	return m;
}

static void credential(void **state)
{
	struct kith_credential_info c;
	uint32_t group;

	assert_int_equal(kith_decode_credential(whole_credential(), &c), 0);
	assert_true(c.id == 0x1122334455667788ULL);
	assert_true(c.has_state);
	assert_int_equal(c.state, KITH_CREDENTIAL_STATE_READY);
	assert_int_equal(c.uid, 1000);
	assert_int_equal(c.gid, 1001);
	assert_int_equal(c.groups.size, 8);
	memcpy(&group, c.groups.data + 4, 4);
	assert_int_equal(group, 20);
	assert_string_equal(c.cgroup, "/system.slice/x.service");
	assert_int_equal(c.cgroup_id, 99);
	assert_int_equal(c.user_ns, 4026531837U);
	assert_true(c.mount_ns_initial);
	assert_string_equal(c.spiffe_id, "spiffe://a.example/x");
	assert_string_equal(c.workload, "x");
	assert_int_equal(c.not_before, 1700000000);
	assert_true(c.not_after == -5);
	assert_int_equal(c.serial.size, 3);
	assert_int_equal(c.csr.size, 4);
	assert_int_equal(c.n_certificates, 2);
	assert_memory_equal(c.certificate[1].data, "ca", 2);
	assert_int_equal(c.reason, KITH_REASON_ISSUER);
	assert_string_equal(c.message, "why");
	assert_true(c.has_program);
	assert_int_equal(c.program.id, 7);
	assert_int_equal(c.program.pid, 42);
	assert_string_equal(c.program.exe, "/usr/bin/prog");
	assert_int_equal(c.program.ino, 9);
	assert_true(c.program.restart_needed);
}

static void absent_is_empty(void **state)
{
	struct kith_credential_info c;

	assert_int_equal(kith_decode_credential(begin(KITH_CMD_ATTEST), &c), 0);
	assert_null(c.spiffe_id);
	assert_false(c.has_program);
	assert_false(c.has_state);
	assert_int_equal(c.id, 0);
}

static void event(void **state)
{
	struct nlmsghdr *m = begin(KITH_CMD_EVENT);
	struct nlattr *nest;
	struct kith_event_info e;

	mnl_attr_put_u32(m, KITH_A_EVENT_KIND, KITH_EVENT_KIND_DECISION);
	mnl_attr_put_u64(m, KITH_A_EVENT_TIME, 1700000000123ULL);
	mnl_attr_put_u32(m, KITH_A_EVENT_DECISION, KITH_DECISION_ALLOW);
	mnl_attr_put_u32(m, KITH_A_EVENT_REASON, KITH_REASON_RULE);
	mnl_attr_put_u32(m, KITH_A_EVENT_SIDE, KITH_SIDE_PEER);
	mnl_attr_put_u32(m, KITH_A_EVENT_ERRNO, EACCES);
	mnl_attr_put_strz(m, KITH_A_EVENT_DETAIL, "detail");
	mnl_attr_put_u64(m, KITH_A_EVENT_GENERATION, 5);
	mnl_attr_put_u32(m, KITH_A_EVENT_UNTOLD, 7);
	nest = mnl_attr_nest_start(m, KITH_A_EVENT_CONN);
	mnl_attr_put(m, KITH_A_CONN_ID, 16, "0123456789abcdef");
	mnl_attr_put_u32(m, KITH_A_CONN_KIND, KITH_CONN_KIND_SERVER);
	mnl_attr_put_u32(m, KITH_A_CONN_STATE, KITH_CONN_STATE_READY);
	mnl_attr_put(m, KITH_A_CONN_LOCAL_ADDRESS, 4, "\x7f\0\0\1");
	mnl_attr_put_u16(m, KITH_A_CONN_LOCAL_PORT, 6379);
	mnl_attr_put(m, KITH_A_CONN_REMOTE_ADDRESS, 16, "0123456789abcdef");
	mnl_attr_put_u16(m, KITH_A_CONN_REMOTE_PORT, 50000);
	mnl_attr_put_strz(m, KITH_A_CONN_RULE, "a.yaml:3");
	mnl_attr_nest_end(m, nest);
	assert_int_equal(kith_decode_event(m, &e), 0);
	assert_int_equal(e.time, 1700000000123LL);
	assert_true(e.has_decision);
	assert_int_equal(e.decision, KITH_DECISION_ALLOW);
	assert_int_equal(e.err, EACCES);
	assert_string_equal(e.detail, "detail");
	assert_int_equal(e.untold, 7);
	assert_true(e.has_conn);
	assert_false(e.has_credential);
	assert_int_equal(e.conn.id.size, 16);
	assert_int_equal(e.conn.local_address.size, 4);
	assert_int_equal(e.conn.local_port, 6379);
	assert_string_equal(e.conn.rule, "a.yaml:3");
	assert_int_equal(kith_message_command(m), KITH_CMD_EVENT);
}

static void status_and_counters(void **state)
{
	struct nlmsghdr *m = begin(KITH_CMD_STATUS_GET);
	struct kith_status_info s;
	struct nlattr *nest;
	uint32_t i;

	mnl_attr_put_u32(m, KITH_A_STATUS_ABI, 1);
	mnl_attr_put(m, KITH_A_STATUS_HOOKED, 0, NULL);
	for (i = 0; i < __KITH_REASON_COUNT + 3; i++) {
		nest = mnl_attr_nest_start(m, KITH_A_STATUS_COUNTER);
		mnl_attr_put_u32(m, KITH_A_COUNTER_REASON, i);
		mnl_attr_put_u64(m, KITH_A_COUNTER_VALUE, 1000 + i);
		mnl_attr_nest_end(m, nest);
	}
	nest = mnl_attr_nest_start(m, KITH_A_STATUS_CA);
	mnl_attr_put_strz(m, KITH_A_CA_TRUST_DOMAIN, "a.example");
	mnl_attr_nest_end(m, nest);
	assert_int_equal(kith_decode_status(m, &s), 0);
	assert_true(s.hooked);
	assert_int_equal(s.counters[KITH_REASON_RULE], 1000 + KITH_REASON_RULE);
	assert_int_equal(s.counters[__KITH_REASON_COUNT - 1], 1000 + __KITH_REASON_COUNT - 1);
	assert_true(s.has_ca);
	assert_string_equal(s.ca.trust_domain, "a.example");
}

static int decode_with(uint16_t type, size_t size, const void *data)
{
	struct kith_credential_info c;
	struct nlmsghdr *m = begin(KITH_CMD_ATTEST);

	mnl_attr_put(m, type, size, data);
	return kith_decode_credential(m, &c);
}

static void wrong_shapes(void **state)
{
	static const char big[KITH_CERT_MAX + 1];

	assert_int_equal(decode_with(KITH_A_CREDENTIAL_ID, 8, big), 0);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_ID, 4, big), -EBADMSG);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_ID, 9, big), -EBADMSG);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_UID, 8, big), -EBADMSG);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_UID, 0, big), -EBADMSG);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_CGROUP, 2, "/"), 0);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_CGROUP, 1, "/"), -EBADMSG);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_CGROUP, 0, ""), -EBADMSG);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_CGROUP, 4, "a\0b"), -EBADMSG);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_GROUPS, 7, big), -EBADMSG);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_GROUPS, 4 * KITH_GROUPS_MAX, big), 0);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_GROUPS, 4 * KITH_GROUPS_MAX + 4, big),
			 -EBADMSG);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_SERIAL, 20, big), 0);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_SERIAL, 21, big), -EBADMSG);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_CERTIFICATE, KITH_CERT_MAX, big), 0);
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_CERTIFICATE, KITH_CERT_MAX + 1, big),
			 -EBADMSG);
	/* The program's own attributes are looked at too. */
	assert_int_equal(decode_with(KITH_A_CREDENTIAL_PROGRAM, 8, "\6\0\1\0ab\0\0"), -EBADMSG);
}

static void chain_of_five(void **state)
{
	struct nlmsghdr *m = begin(KITH_CMD_CREDENTIAL_INSTALL);
	struct kith_credential_info c;
	int i;

	for (i = 0; i < KITH_CHAIN_MAX; i++)
		mnl_attr_put(m, KITH_A_CREDENTIAL_CERTIFICATE, 4, "cert");
	assert_int_equal(kith_decode_credential(m, &c), 0);
	mnl_attr_put(m, KITH_A_CREDENTIAL_CERTIFICATE, 4, "cert");
	assert_int_equal(kith_decode_credential(m, &c), -EBADMSG);
}

static void addresses_have_two_sizes(void **state)
{
	static const size_t sizes[] = { 4, 16 };
	struct kith_conn_info c;
	size_t size, i;

	for (size = 0; size < 18; size++) {
		struct nlmsghdr *m = begin(KITH_CMD_CONN_GET);
		bool good = false;

		mnl_attr_put(m, KITH_A_CONN_LOCAL_ADDRESS, size, "0123456789abcdefgh");
		for (i = 0; i < COUNT(sizes); i++)
			good |= sizes[i] == size;
		assert_int_equal(kith_decode_conn(m, &c), good ? 0 : -EBADMSG);
	}
}

static void descriptors(void **state)
{
	struct nlmsghdr *m = begin(KITH_CMD_PROGRAM_EXE);

	assert_int_equal(kith_decode_file(m), -EBADMSG);
	mnl_attr_put_u32(m, KITH_A_FILE_FD, 5);
	assert_int_equal(kith_decode_file(m), 5);
	m = begin(KITH_CMD_PROGRAM_EXE);
	mnl_attr_put_u32(m, KITH_A_FILE_FD, 0x80000000U);
	assert_int_equal(kith_decode_file(m), -EBADMSG);
}

static void decode_all(const struct nlmsghdr *m)
{
	static struct {
		struct kith_credential_info credential;
		struct kith_conn_info conn;
		struct kith_event_info event;
		struct kith_status_info status;
		struct kith_bundle_info bundle;
		struct kith_ca_info ca;
	} out;

	kith_message_command(m);
	kith_decode_credential(m, &out.credential);
	kith_decode_conn(m, &out.conn);
	kith_decode_event(m, &out.event);
	kith_decode_status(m, &out.status);
	kith_decode_bundle(m, &out.bundle);
	kith_decode_ca(m, &out.ca);
	kith_decode_file(m);
}

/* Every byte of a message damaged, and every length: ASan watches a copy that
 * is exactly as long as the message says. */
static void damaged_and_cut(void **state)
{
	struct nlmsghdr *m = whole_credential();
	uint32_t size = m->nlmsg_len, i;
	unsigned int byte;
	char *copy;

	for (i = sizeof(*m); i < size; i++) {
		for (byte = 0; byte < 256; byte += 5) {
			copy = malloc(size);
			memcpy(copy, m, size);
			copy[i] = (char)byte;
			decode_all((struct nlmsghdr *)copy);
			free(copy);
		}
	}
	for (i = sizeof(*m); i < size; i++) {
		copy = malloc(i);
		memcpy(copy, m, i);
		((struct nlmsghdr *)copy)->nlmsg_len = i;
		decode_all((struct nlmsghdr *)copy);
		free(copy);
	}
}

static void names_match_the_contract(void **state)
{
	uint32_t i;

	assert_string_equal(kith_name_reason(KITH_REASON_NO_RULE_INBOUND), "no-rule-inbound");
	assert_string_equal(kith_name_reason(KITH_REASON_INTERNAL), "internal");
	assert_string_equal(kith_name_conn_state(KITH_CONN_STATE_OPENED), "opened");
	assert_string_equal(kith_name_event_kind(KITH_EVENT_KIND_CONFIG), "config");
	assert_string_equal(kith_name_side(KITH_SIDE_NETWORK), "network");
	for (i = 0; i < __KITH_REASON_COUNT; i++) {
		assert_string_not_equal(kith_name_reason(i), "unknown");
		assert_string_not_equal(kith_doc_reason(i), "unknown");
	}
	assert_string_equal(kith_name_reason(__KITH_REASON_COUNT), "unknown");
	assert_string_equal(kith_name_reason(UINT32_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(credential),
		cmocka_unit_test(absent_is_empty),
		cmocka_unit_test(event),
		cmocka_unit_test(status_and_counters),
		cmocka_unit_test(wrong_shapes),
		cmocka_unit_test(chain_of_five),
		cmocka_unit_test(addresses_have_two_sizes),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(damaged_and_cut),
		cmocka_unit_test(names_match_the_contract),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
