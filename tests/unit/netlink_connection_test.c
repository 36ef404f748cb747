// SPDX-License-Identifier: Apache-2.0
/* The conversation: calls, upcalls that come between, dumps, refusals. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include "netlink/request.h"
#include "unit.h"

#define FAMILY 29

/* The other end, and what it is to answer. */
struct bench {
	int fd;
	struct kith_nl *nl;
	void (*answer)(struct bench *bench, const struct nlmsghdr *request);
	_Alignas(8) char sent[KITH_NL_REQUEST_MAX + 4096];
	size_t sent_size;
	unsigned int upcalls;
};

static ssize_t on_send(void *arg, const void *message, size_t size)
{
	struct bench *bench = arg;

	memcpy(bench->sent, message, size);
	bench->sent_size = size;
	if (bench->answer)
		bench->answer(bench, message);
	return (ssize_t)size;
}

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct kith_nl_double side = { .family = FAMILY, .send = on_send, .arg = bench };
	int pair[2];

	if (!bench || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		return -1;
	bench->fd = pair[0];
	side.fd = pair[1];
	*state = bench;
	return kith_nl_attach(&bench->nl, &side);
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	kith_nl_close(bench->nl);
	close(bench->fd);
	free(bench);
	return 0;
}

static struct nlmsghdr *begin(void *buffer, uint16_t type, uint32_t seq)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);

	m->nlmsg_type = type;
	m->nlmsg_seq = seq;
	if (type == FAMILY)
		((struct genlmsghdr *)mnl_nlmsg_put_extra_header(m, sizeof(struct genlmsghdr)))
			->cmd = KITH_CMD_ATTEST;
	return m;
}

static void transmit(struct bench *bench, const struct nlmsghdr *m)
{
	assert_int_equal(send(bench->fd, m, m->nlmsg_len, 0), m->nlmsg_len);
}

static void send_error(struct bench *bench, uint32_t seq, int err, const char *words)
{
	_Alignas(8) char buffer[512];
	struct nlmsghdr *m = begin(buffer, NLMSG_ERROR, seq);
	struct nlmsgerr *error = mnl_nlmsg_put_extra_header(m, sizeof(*error));

	error->error = err;
	m->nlmsg_flags = NLM_F_CAPPED;
	if (words) {
		m->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(m, NLMSGERR_ATTR_MSG, words);
	}
	transmit(bench, m);
}

static void send_upcall(struct bench *bench, uint64_t id, uint32_t seq)
{
	_Alignas(8) char buffer[512];
	struct nlmsghdr *m = begin(buffer, FAMILY, seq);

	mnl_attr_put_u64(m, KITH_A_CREDENTIAL_ID, id);
	transmit(bench, m);
}

static int call(struct bench *bench)
{
	return kith_request_config_begin(bench->nl, 7);
}

static void acknowledge(struct bench *bench, const struct nlmsghdr *request)
{
	send_error(bench, request->nlmsg_seq, 0, NULL);
}

static void request_is_well_formed(void **state)
{
	struct bench *bench = *state;
	const struct nlmsghdr *m = (const void *)bench->sent;
	const struct nlattr *attr;

	bench->answer = acknowledge;
	assert_int_equal(call(bench), 0);
	assert_int_equal(m->nlmsg_len, bench->sent_size);
	assert_int_equal(m->nlmsg_type, FAMILY);
	assert_int_equal(m->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	assert_int_equal(kith_message_command(m), KITH_CMD_CONFIG_BEGIN);
	attr = mnl_nlmsg_get_payload_offset(m, sizeof(struct genlmsghdr));
	assert_int_equal(mnl_attr_get_type(attr), KITH_A_CONFIG_GENERATION);
	assert_int_equal(mnl_attr_get_u64(attr), 7);
}

static void refuse(struct bench *bench, const struct nlmsghdr *request)
{
	send_error(bench, request->nlmsg_seq, -EEXIST, "there is one already");
}

static void errno_and_words_come_through(void **state)
{
	struct bench *bench = *state;

	bench->answer = refuse;
	assert_int_equal(call(bench), -EEXIST);
	assert_string_equal(kith_nl_error(bench->nl), "there is one already");
	bench->answer = acknowledge;
	assert_int_equal(call(bench), 0);
	assert_string_equal(kith_nl_error(bench->nl), "");
}

/* Stale answers, other sequence numbers and upcalls before the answer. */
static void answer_late(struct bench *bench, const struct nlmsghdr *request)
{
	send_error(bench, request->nlmsg_seq - 1, -EPERM, "stale");
	send_upcall(bench, 1, 0);
	send_upcall(bench, 666, request->nlmsg_seq + 9);
	send_upcall(bench, 2, 0);
	send_error(bench, request->nlmsg_seq, -ENODEV, NULL);
}

static int count_upcall(const struct nlmsghdr *message, void *arg)
{
	struct kith_credential_info info;
	struct bench *bench = arg;

	assert_int_equal(kith_decode_credential(message, &info), 0);
	assert_int_equal(info.id, ++bench->upcalls);
	return 0;
}

static void upcalls_between_are_kept_in_order(void **state)
{
	struct bench *bench = *state;

	bench->answer = answer_late;
	assert_int_equal(call(bench), -ENODEV);
	assert_true(kith_nl_has_queued(bench->nl));
	send_upcall(bench, 3, 0);
	assert_int_equal(kith_nl_receive(bench->nl, count_upcall, bench), 0);
	assert_int_equal(bench->upcalls, 3);
	assert_false(kith_nl_has_queued(bench->nl));
}

static int not_now(const struct nlmsghdr *message, void *arg)
{
	return -EAGAIN;
}

static void what_a_taker_says_is_returned(void **state)
{
	struct bench *bench = *state;

	send_upcall(bench, 1, 0);
	assert_int_equal(kith_nl_receive(bench->nl, not_now, bench), -EAGAIN);
	assert_int_equal(kith_nl_receive(bench->nl, not_now, bench), 0);
}

/* Serving an upcall makes calls, and more upcalls come meanwhile. */
static int call_from_upcall(const struct nlmsghdr *message, void *arg)
{
	struct bench *bench = arg;

	count_upcall(message, bench);
	bench->answer = acknowledge;
	if (bench->upcalls < 5)
		send_upcall(bench, bench->upcalls + 1, 0);
	return call(bench);
}

static void calls_from_an_upcall(void **state)
{
	struct bench *bench = *state;

	send_upcall(bench, 1, 0);
	assert_int_equal(kith_nl_receive(bench->nl, call_from_upcall, bench), 0);
	assert_int_equal(bench->upcalls, 5);
}

/* Each that is served brings another. */
static int call_without_end(const struct nlmsghdr *message, void *arg)
{
	struct bench *bench = arg;

	count_upcall(message, bench);
	bench->answer = acknowledge;
	send_upcall(bench, bench->upcalls + 1, 0);
	return call(bench);
}

static void upcalls_without_end(void **state)
{
	struct bench *bench = *state;
	unsigned int served;

	send_upcall(bench, 1, 0);
	assert_int_equal(kith_nl_receive(bench->nl, call_without_end, bench), 0);
	served = bench->upcalls;
	assert_true(served > 0);
	assert_true(kith_nl_has_queued(bench->nl));
	assert_int_equal(kith_nl_receive(bench->nl, call_without_end, bench), 0);
	assert_true(bench->upcalls > served);
}

static void flood(struct bench *bench, const struct nlmsghdr *request)
{
	_Alignas(8) char buffer[KITH_NL_QUEUE_MAX / 8 * 64];
	struct nlmsghdr *m;
	char *at = buffer;
	unsigned int i, j;

	for (i = 0; i < 16; i++) {
		for (j = 0, at = buffer; j < KITH_NL_QUEUE_MAX / 8; j++) {
			m = begin(at, FAMILY, 0);
			at += m->nlmsg_len;
		}
		assert_int_equal(send(bench->fd, buffer, (size_t)(at - buffer), 0), at - buffer);
	}
	acknowledge(bench, request);
}

static int count(const struct nlmsghdr *message, void *arg)
{
	++*(unsigned int *)arg;
	return 0;
}

static void queue_is_bounded_and_says_so(void **state)
{
	struct bench *bench = *state;
	unsigned int n = 0;

	bench->answer = flood;
	assert_int_equal(call(bench), 0);
	assert_int_equal(kith_nl_receive(bench->nl, count, &n), -ENOBUFS);
	assert_int_equal(n, KITH_NL_QUEUE_MAX);
	assert_int_equal(kith_nl_receive(bench->nl, count, &n), 0);
}

static void too_much_for_one_message(void **state)
{
	static uint8_t certificate[KITH_CERT_MAX];
	struct kith_blob list[20];
	struct bench *bench = *state;
	size_t i;

	for (i = 0; i < COUNT(list); i++)
		list[i] = (struct kith_blob){ certificate, sizeof(certificate) };
	bench->answer = acknowledge;
	assert_int_equal(kith_request_config_bundle(bench->nl, "a.example", list, 15), 0);
	bench->sent_size = 0;
	assert_int_equal(kith_request_config_bundle(bench->nl, "a.example", list, 16), -EMSGSIZE);
	assert_int_equal(bench->sent_size, 0);
}

static size_t rules_received;

static void take_rules(struct bench *bench, const struct nlmsghdr *request)
{
	const struct nlattr *attr =
		mnl_nlmsg_get_payload_offset(request, sizeof(struct genlmsghdr));

	assert_int_equal(mnl_attr_get_type(attr), KITH_A_CONFIG_RULES);
	rules_received += mnl_attr_get_payload_len(attr);
	acknowledge(bench, request);
}

static void rules_go_in_pieces(void **state)
{
	static uint8_t table[200001];
	struct bench *bench = *state;

	bench->answer = take_rules;
	rules_received = 0;
	assert_int_equal(kith_request_config_rules(bench->nl, table, sizeof(table)), 0);
	assert_int_equal(rules_received, sizeof(table));
}

static void send_done(struct bench *bench, uint32_t seq, int err)
{
	_Alignas(8) char buffer[64];
	struct nlmsghdr *m = begin(buffer, NLMSG_DONE, seq);

	*(int *)mnl_nlmsg_put_extra_header(m, sizeof(int)) = err;
	transmit(bench, m);
}

static void dump_three(struct bench *bench, const struct nlmsghdr *request)
{
	assert_true(request->nlmsg_flags & NLM_F_DUMP);
	send_upcall(bench, 1, request->nlmsg_seq);
	send_upcall(bench, 99, request->nlmsg_seq + 9);
	send_upcall(bench, 2, request->nlmsg_seq);
	send_upcall(bench, 3, request->nlmsg_seq);
	send_done(bench, request->nlmsg_seq, 0);
}

static void dump_among_upcalls(struct bench *bench, const struct nlmsghdr *request)
{
	send_upcall(bench, 4, 0);
	dump_three(bench, request);
}

static void dump_fails(struct bench *bench, const struct nlmsghdr *request)
{
	send_upcall(bench, 1, request->nlmsg_seq);
	send_done(bench, request->nlmsg_seq, -EMSGSIZE);
}

static int stop(const struct nlmsghdr *message, void *arg)
{
	return -ECANCELED;
}

static void dumps(void **state)
{
	struct bench *bench = *state;

	bench->answer = dump_three;
	assert_int_equal(kith_nl_dump(bench->nl, KITH_CMD_CREDENTIAL_GET, count_upcall, bench), 0);
	assert_int_equal(bench->upcalls, 3);
	bench->upcalls = 0;
	bench->answer = dump_among_upcalls;
	assert_int_equal(kith_nl_dump(bench->nl, KITH_CMD_CREDENTIAL_GET, count_upcall, bench), 0);
	assert_int_equal(bench->upcalls, 3);
	assert_int_equal(kith_nl_receive(bench->nl, count_upcall, bench), 0);
	assert_int_equal(bench->upcalls, 4);
	bench->upcalls = 0;
	bench->answer = dump_fails;
	assert_int_equal(kith_nl_dump(bench->nl, KITH_CMD_CREDENTIAL_GET, count_upcall, bench),
			 -EMSGSIZE);
	bench->answer = refuse;
	assert_int_equal(kith_nl_dump(bench->nl, KITH_CMD_CREDENTIAL_GET, count_upcall, bench),
			 -EEXIST);
	bench->answer = dump_three;
	assert_int_equal(kith_nl_dump(bench->nl, KITH_CMD_CREDENTIAL_GET, stop, NULL), -ECANCELED);
}

static void hang_up(struct bench *bench, const struct nlmsghdr *request)
{
	shutdown(bench->fd, SHUT_RDWR);
}

static void other_end_goes(void **state)
{
	struct bench *bench = *state;

	bench->answer = hang_up;
	assert_int_equal(call(bench), -ECONNRESET);
}

/* Headers that lie about their lengths, in errors too. */
static void garble(struct bench *bench, const struct nlmsghdr *request)
{
	_Alignas(8) char buffer[256];
	unsigned int i, j;

	for (i = 0; i < 100; i++) {
		size_t size = 1 + (size_t)random() % sizeof(buffer);

		for (j = 0; j < sizeof(buffer); j++)
			buffer[j] = (char)random();
		((struct nlmsghdr *)buffer)->nlmsg_seq = request->nlmsg_seq;
		((struct nlmsghdr *)buffer)->nlmsg_len =
			(uint32_t)(i % 2 ? size : (size_t)random());
		((struct nlmsghdr *)buffer)->nlmsg_type = FAMILY;
		send(bench->fd, buffer, size, MSG_DONTWAIT);
	}
	/* An error whose words are said to lie far behind its end. */
	memset(buffer, 0xff, sizeof(buffer));
	((struct nlmsghdr *)buffer)->nlmsg_seq = request->nlmsg_seq;
	((struct nlmsghdr *)buffer)->nlmsg_len = 36;
	((struct nlmsghdr *)buffer)->nlmsg_type = NLMSG_ERROR;
	((struct nlmsghdr *)buffer)->nlmsg_flags = NLM_F_ACK_TLVS;
	((struct nlmsgerr *)(buffer + 16))->error = -EIO;
	send(bench->fd, buffer, 36, 0);
}

static int ignore(const struct nlmsghdr *message, void *arg)
{
	struct kith_credential_info info;

	kith_decode_credential(message, &info);
	return 0;
}

static void garbled_answers(void **state)
{
	struct bench *bench = *state;

	srandom(7);
	bench->answer = garble;
	assert_int_equal(kith_nl_call(bench->nl, kith_nl_start(bench->nl, KITH_CMD_STATUS_GET),
				      ignore, NULL),
			 -EIO);
}

static void prepare_without_csr(struct bench *bench, const struct nlmsghdr *request)
{
	send_upcall(bench, 1, request->nlmsg_seq);
	acknowledge(bench, request);
}

static void answer_without_what_was_asked(void **state)
{
	struct bench *bench = *state;
	const struct kith_request_identity identity = {
		.spiffe_id = "spiffe://a.example/x",
		.workload = "x",
	};
	struct kith_request_prepared prepared;

	bench->answer = prepare_without_csr;
	assert_int_equal(kith_request_prepare(bench->nl, 1, &identity, &prepared), -EBADMSG);
	bench->answer = acknowledge;
	assert_int_equal(kith_request_prepare(bench->nl, 1, &identity, &prepared), -EBADMSG);
	assert_int_equal(kith_request_program_exe(bench->nl, 1), -EBADMSG);
}

static void long_reason_is_cut(void **state)
{
	const struct nlmsghdr *m;
	struct bench *bench = *state;
	struct kith_credential_info info;
	char words[1000];

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = 0;
	bench->answer = acknowledge;
	assert_int_equal(kith_request_refuse(bench->nl, 1, KITH_REASON_ISSUER, words), 0);
	m = (const void *)bench->sent;
	assert_int_equal(kith_decode_credential(m, &info), 0);
	assert_int_equal(strlen(info.message), KITH_NAME_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(request_is_well_formed),
		TEST(errno_and_words_come_through),
		TEST(upcalls_between_are_kept_in_order),
		TEST(what_a_taker_says_is_returned),
		TEST(calls_from_an_upcall),
		TEST(upcalls_without_end),
		TEST(queue_is_bounded_and_says_so),
		TEST(too_much_for_one_message),
		TEST(rules_go_in_pieces),
		TEST(dumps),
		TEST(other_end_goes),
		TEST(garbled_answers),
		TEST(answer_without_what_was_asked),
		TEST(long_reason_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
