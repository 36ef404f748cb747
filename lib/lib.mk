# SPDX-License-Identifier: Apache-2.0
#
# What the agent and the command line share: memory and files, netlink, X.509,
# reports as JSON. A program adds $(lib_sources) and $(lib_generated); packages
# libmnl, libcrypto and jansson. lib/policy has a fragment of its own.
lib_names := $(BUILD)/gen/names.c
lib_sources := $(wildcard lib/base/*.c lib/netlink/*.c lib/x509/*.c lib/report/*.c) $(lib_names)
lib_generated := $(lib_names)

$(lib_names): spec/kith.yaml lib/netlink/generate-names | deps
	@mkdir -p $(@D)
	@lib/netlink/generate-names spec/kith.yaml >$@.new
	@mv $@.new $@
