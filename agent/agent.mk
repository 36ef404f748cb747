# SPDX-License-Identifier: Apache-2.0
#
# kithd; and kith-claims, which needs as little as it can: it works where kithd does not.
programs += kithd kith-claims
agent_sources := $(filter-out agent/main.c,$(wildcard agent/*.c agent/issuers/*.c))
kithd_sources = agent/main.c $(agent_sources) $(lib_sources) $(lib_policy_sources)
agent_generated = $(BUILD)/bpf/guard.skel.h
kithd_generated = $(lib_generated) $(agent_generated)
kithd_cflags = $(lib_policy_cflags) -I$(BUILD)
kithd_packages = libmnl jansson libcrypto libsystemd libbpf $(lib_policy_packages)

kith-claims_sources = agent/restore/main.c agent/claims.c agent/config.c agent/guard.c agent/log.c \
	agent/trouble.c $(wildcard lib/base/*.c lib/netlink/*.c) $(lib_names) kmod/identity/spiffe_id.c
kith-claims_generated = $(lib_generated) $(agent_generated)
kith-claims_cflags = -Ikmod/identity -I$(BUILD)
kith-claims_packages = libmnl jansson yaml-0.1 libbpf
