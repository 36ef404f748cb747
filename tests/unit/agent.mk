# SPDX-License-Identifier: Apache-2.0
#
# Unit tests of the agent, the command line and what they share. The kernel is
# played by a double behind the netlink connection. What is tested is
# compiled once, into an archive that every test links.
agent_tests := agent_attest_test agent_claims_test agent_container_test container_test agent_config_test \
	agent_control_test agent_digest_test agent_facts_test \
	agent_issuer_test agent_lastgood_test agent_renew_test agent_revocation_test \
	cli_test netlink_message_test netlink_connection_test x509_test
unit_tests += $(agent_tests)

agent_test_archive := $(BUILD)/unit/agent.a
agent_test_cflags := $(lib_policy_cflags) -I$(BUILD) -Itests/unit -Iagent
agent_test_packages := libmnl jansson libcrypto libsystemd libbpf $(lib_policy_packages)
agent_test_objects := $(patsubst %.c,$(BUILD)/unit/obj/agent/%.o,tests/unit/kernel_double.c \
	tests/unit/agent_help.c cli/main.c $(cli_sources) $(agent_sources) $(lib_sources) $(lib_policy_sources))

define agent_test
$(1)_sources := tests/unit/$(1).c
$(1)_cflags := $(agent_test_cflags)
$(1)_packages := $(agent_test_packages)
$(BUILD)/unit/$(1): $(agent_test_archive)
endef
$(foreach t,$(agent_tests),$(eval $(call agent_test,$(t))))

# A test has a main() of its own.
$(BUILD)/unit/obj/agent/cli/main.o: agent_test_cflags += -Dmain=kith_main -Wno-missing-prototypes

$(agent_test_archive): $(agent_test_objects)
	@echo "  AR    $@"
	@rm -f $@
	@ar qcs $@ $^

$(BUILD)/unit/obj/agent/%.o: %.c Makefile $(fragments) | deps $(lib_generated) $(agent_generated)
	@echo "  CC    $@"
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(common_cflags) $(unit_cflags) $(agent_test_cflags) \
		$$(pkg-config --cflags $(agent_test_packages)) -MMD -MP -c -o $@ $<

-include $(agent_test_objects:.o=.d)
