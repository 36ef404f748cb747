# SPDX-License-Identifier: Apache-2.0
# What suites run inside guests. Static: the guest's libc need not be ours.

guest_programs += probe
probe_sources := $(wildcard tests/vm/programs/probe/*.c)
probe_ldlibs := -static

# Runs on the host, for tests/vm/search.py.
guest_programs += keysearch
keysearch_sources := $(wildcard tests/vm/programs/keysearch/*.c)
keysearch_cflags := -O3
keysearch_ldlibs := -lcrypto

go_programs := goweb gopeer gogrpc
guest_files += $(go_programs:%=$(BUILD)/guest/%)

# No network: they use the standard library and what Debian packages, as gRPC.
$(go_programs:%=$(BUILD)/guest/%): $(BUILD)/guest/%: tests/vm/programs/%/main.go tests/vm/programs/go-toolchain | deps
	@echo "  GO    $@"
	@mkdir -p $(@D)
	@goroot=$$(tests/vm/programs/go-toolchain) && \
		env GOROOT=$$goroot GOTOOLCHAIN=local GOPROXY=off GOFLAGS= GO111MODULE=off GOPATH=/usr/share/gocode \
		CGO_ENABLED=0 GOCACHE=$(abspath $(BUILD))/go-cache \
		$$goroot/bin/go build -trimpath -ldflags '-s -w' -o $@ $<

# Modules that suites and tests/vm/selftest load into guests.
guest_files += $(KERNELS:%=faults-%)

.PHONY: $(KERNELS:%=faults-%)
$(KERNELS:%=faults-%): faults-%: deps
	KITH_KMOD=$(CURDIR)/tests/vm/faults KITH_BUILD=$(CURDIR)/$(BUILD)/faults \
		scripts/build-module $* KITH=$(CURDIR)
