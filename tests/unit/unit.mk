# SPDX-License-Identifier: Apache-2.0
#
# Unit tests of policy: cmocka programs that print TAP, built with ASan and
# UBSan from the sources that the agent and the kernel module are built from,
# which are compiled once for all of them.
policy_archive := $(BUILD)/unit/libpolicy.a
policy_objects := $(patsubst %.c,$(BUILD)/unit/obj/libpolicy/%.o,$(lib_policy_sources) \
	lib/base/base.c lib/base/container.c)

$(BUILD)/unit/obj/libpolicy/%.o: %.c Makefile tests/unit/unit.mk | deps
	@echo "  CC    $@"
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(common_cflags) $(unit_cflags) $(lib_policy_cflags) -MMD -MP -c -o $@ $<

-include $(policy_objects:.o=.d)

$(policy_archive): $(policy_objects)
	@echo "  AR    $@"
	@rm -f $@
	@ar rcs $@ $^

# policy_test(name): tests/unit/policy_NAME_test.c
define policy_test
unit_tests += policy_$(1)_test
policy_$(1)_test_sources := tests/unit/policy_$(1)_test.c
policy_$(1)_test_cflags := $(lib_policy_cflags) -Itests/unit
policy_$(1)_test_ldlibs := $(policy_archive)
policy_$(1)_test_packages := $(lib_policy_packages)
$(BUILD)/unit/policy_$(1)_test: $(policy_archive)
endef

$(foreach t,compile diag match property table,$(eval $(call policy_test,$(t))))
