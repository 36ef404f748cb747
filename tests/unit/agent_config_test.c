// SPDX-License-Identifier: Apache-2.0
/* kith.yaml: what it says, and where an error is. */
#include "agent_help.h"
#include "base/base.h"

static char *error_of(const char *text)
{
	struct kith_agent_config config;
	char *error = NULL;

	assert_int_not_equal(kith_agent_config_parse("f", text, strlen(text), &config, &error), 0);
	assert_non_null(error);
	return error;
}

static void errors_name_line_column_and_remedy(void **state)
{
	static const struct {
		const char *text, *begins, *says;
	} cases[] = {
		{ "", "f:1:1: ", "empty" },
		{ "issuer:\n  embedded:\n", "f:1:1: ", "\"trust_domain\" is missing" },
		{ "trust_domain: Shop.example\n", "f:1:15: ", "lower-case DNS name" },
		{ "trust_domain: spiffe://a.example\n", "f:1:15: ", "without spiffe://" },
		{ "trust_domain: a.example\ntrust_domain: b.example\n", "f:2:1: ", "given twice" },
		{ "trust_domain: a.example\npolcy_dir: /x\n",
		  "f:2:1: ", "known here: trust_domain" },
		{ "trust_domain: a.example\npolicy_dir: x\n", "f:2:13: ", "absolute path" },
		{ "trust_domain: a.example\nissuer: {}\n", "f:2:9: ", "exactly one issuer" },
		{ "trust_domain: a.example\nissuer:\n  embedded:\n  command: {path: /x}\n",
		  "f:3:3: ", "exactly one issuer" },
		{ "trust_domain: a.example\nissuer:\n  embedded: {ca_ttl: soon}\n",
		  "f:3:22: ", "write 90s" },
		{ "trust_domain: a.example\nissuer:\n  command: {args: [a]}\n",
		  "f:3:12: ", "\"path\" is missing" },
		{ "trust_domain: a.example\nissuer:\n  command: {path: x}\n",
		  "f:3:19: ", "absolute path" },
		{ "trust_domain: a.example\nissuer:\n  command: {path: /x, args: a}\n",
		  "f:3:29: ", "list of arguments" },
		{ "trust_domain: a.example\nissuer: embedded\n", "f:2:9: ", "key: value" },
		{ "trust_domain: a.example\n  group: x\n", "f:2:", "not YAML" },
		{ "trust_domain: [a\n", "f:2:1: ", "not YAML" },
		{ "trust_domain: a.example\n---\nx: y\n", "f:3:1: ", "second document" },
		{ "trust_domain: a.example\n? [a]\n: b\n", "f:2:3: ", "key must be a word" },
		{ "trust_domain: \"a.example\\0b\"\n", "f:1:15: ", "expected a value" },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		char *error = error_of(cases[i].text);

		if (strncmp(error, cases[i].begins, strlen(cases[i].begins)) ||
		    !strstr(error, cases[i].says) || !strchr(error, '('))
			fail_msg("case %zu: %s", i, error);
		free(error);
	}
}

static void takes_every_key(void **state)
{
	static const char text[] =
		"trust_domain: a.example\nissuer:\n  command:\n    path: /usr/bin/sign\n"
		"    args: [--profile, svid]\n    bundle: /etc/ca.pem\n    deadline: 8s\n"
		"policy_dir: /p\nstate_dir: /s\nsocket: /r/k.sock\ngroup: staff\n"
		"open_doors: [udp, raw, packet, vsock, xdp, sctp, dccp, smc, kcm, tipc, rds, tun, "
		"rdma, native, other]\n";
	struct kith_agent_config config;
	char *error = NULL;

	if (kith_agent_config_parse("f", text, strlen(text), &config, &error))
		fail_msg("%s", error);
	assert_string_equal(config.trust_domain, "a.example");
	assert_int_equal(config.issuer, KITH_ISSUER_COMMAND);
	assert_string_equal(config.issuer_args[0], "/usr/bin/sign");
	assert_string_equal(config.issuer_args[1], "--profile");
	assert_string_equal(config.issuer_args[2], "svid");
	assert_null(config.issuer_args[3]);
	assert_string_equal(config.issuer_bundle, "/etc/ca.pem");
	assert_int_equal(config.issuer_deadline, 8);
	assert_string_equal(config.policy_dir, "/p");
	assert_string_equal(config.state_dir, "/s");
	assert_string_equal(config.socket, "/r/k.sock");
	assert_string_equal(config.group, "staff");
	assert_int_equal(config.open_doors, ((1U << __KITH_DOOR_COUNT) -
					     1) & ~(1U << KITH_DOOR_NONE | 1U << KITH_DOOR_MPTCP));
	kith_agent_config_clear(&config);
}

static void has_defaults(void **state)
{
	static const char text[] = "trust_domain: a.example\nissuer:\n  embedded:\n";
	struct kith_agent_config config;
	char *error = NULL;

	assert_int_equal(kith_agent_config_parse("f", text, strlen(text), &config, &error), 0);
	assert_int_equal(config.issuer, KITH_ISSUER_EMBEDDED);
	assert_int_equal(config.ca_ttl, KITH_CA_TTL);
	assert_string_equal(config.policy_dir, "/etc/kith/policy.d");
	assert_string_equal(config.state_dir, "/var/lib/kith");
	assert_string_equal(config.socket, "/run/kith/kithd.sock");
	assert_string_equal(config.group, "kith");
	kith_agent_config_clear(&config);
}

static void names_a_file_that_is_missing(void **state)
{
	struct kith_agent_config config;
	char *error = NULL;

	assert_int_equal(kith_agent_config_load("/nowhere/kith.yaml", &config, &error), -2);
	assert_non_null(strstr(error, "/nowhere/kith.yaml: No such file"));
	free(error);
}

/* Every prefix and every damaged byte of a good file is good or an error. */
static void survives_anything(void **state)
{
	char text[] = "trust_domain: a.example\nissuer: {command: {path: /x, args: [a, b]}}\n";
	struct kith_agent_config config;
	size_t i, size = strlen(text);
	unsigned int byte;
	char *error;

	for (i = 0; i < size; i++) {
		char kept = text[i];

		for (byte = 0; byte < 256; byte += 3) {
			text[i] = (char)byte;
			error = NULL;
			if (!kith_agent_config_parse("f", text, size, &config, &error))
				kith_agent_config_clear(&config);
			free(error);
		}
		text[i] = kept;
		error = NULL;
		if (!kith_agent_config_parse("f", text, i, &config, &error))
			kith_agent_config_clear(&config);
		free(error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_name_line_column_and_remedy),
		cmocka_unit_test(takes_every_key),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(names_a_file_that_is_missing),
		cmocka_unit_test(survives_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
