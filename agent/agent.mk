# SPDX-License-Identifier: Apache-2.0
#
# kithd.
programs += kithd
agent_sources := $(filter-out agent/main.c,$(wildcard agent/*.c agent/issuers/*.c))
kithd_sources = agent/main.c $(agent_sources) $(lib_sources) $(lib_policy_sources)
agent_generated = $(BUILD)/bpf/guard.skel.h
kithd_generated = $(lib_generated) $(agent_generated)
kithd_cflags = $(lib_policy_cflags) -I$(BUILD)
kithd_packages = libmnl jansson libcrypto libsystemd libbpf $(lib_policy_packages)
