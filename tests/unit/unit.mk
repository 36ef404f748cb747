# SPDX-License-Identifier: Apache-2.0
#
# Unit tests of policy: cmocka programs that print TAP, built with ASan and
# UBSan from the sources that the agent and the kernel module are built from.
policy_tests := policy_compile_test policy_diag_test policy_match_test policy_property_test \
	policy_table_test
unit_tests += $(policy_tests)
define policy_test
$(1)_sources := tests/unit/$(1).c $(lib_policy_sources) lib/base/base.c
$(1)_cflags := $(lib_policy_cflags) -Itests/unit
$(1)_packages := $(lib_policy_packages)
endef
$(foreach t,$(policy_tests),$(eval $(call policy_test,$(t))))
