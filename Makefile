# SPDX-License-Identifier: Apache-2.0
#
# `make help` lists the targets. Everything is built under build/.
#
# Each part describes itself in a fragment beside it (lib/lib.mk, cli/cli.mk,
# …; any *.mk in the places below), which adds to
#
#   programs        what is installed on a host       → build/user/NAME
#   unit_tests      run on the build machine          → build/unit/NAME
#   guest_programs  helpers of the suites in guests   → build/guest/NAME
#   guest_files     other files the suites need; the fragment makes them
#   install_parts   targets that install into $(DESTDIR)
#
# and for each NAME of the first three sets NAME_sources and, as needed,
# NAME_cflags, NAME_ldlibs and NAME_packages (pkg-config).

KERNELS ?= 6.1 6.12
BUILD := build
CC := gcc
CFLAGS ?= -O2 -g
DESTDIR ?=

common_cflags := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wpointer-arith -Wvla -fno-strict-aliasing \
	-Ilib -Ikmod/uapi
harden_cflags := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
harden_ldflags := -pie -Wl,-z,relro,-z,now
unit_cflags := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

programs :=
unit_tests :=
guest_programs :=
guest_files :=
install_parts :=

.PHONY: all
all: build

fragments := $(wildcard lib/*.mk lib/*/*.mk agent/*.mk cli/*.mk bpf/*.mk man/*.mk \
	packaging/*.mk tests/*/*.mk tests/vm/*/*.mk)
include $(fragments)

##@ Building

.PHONY: build modules user deps
build: modules user unit-build guest-files ## the module for each kernel, the agent, the CLI, the test programs
modules: $(KERNELS:%=module-%) ## the module, in build/6.1 and build/6.12
user: $(programs:%=$(BUILD)/user/%) ## the agent and the CLI, in build/user

# Installs what the build needs, by apt; nothing when all is there.
deps:
	@scripts/install-packages build fetch test

.PHONY: $(KERNELS:%=module-%) module-debug
$(KERNELS:%=module-%) module-debug: module-%: deps
	$(if $(wildcard kmod/Kbuild),scripts/build-module $*)

# compile(directory, name, flags, link flags)
define compile
$(1)/$(2): $$($(2)_sources:%.c=$(1)/obj/$(2)/%.o)
	@echo "  LD    $$@"
	@$$(CC) -o $$@ $$^ $(4) $$($(2)_ldlibs) $$(if $$($(2)_packages),$$$$(pkg-config --libs $$($(2)_packages)))

$(1)/obj/$(2)/%.o: %.c Makefile | deps $$($(2)_generated)
	@echo "  CC    $$@"
	@mkdir -p $$(@D)
	@$$(CC) $$(CFLAGS) $$(common_cflags) $(3) $$($(2)_cflags) \
		$$(if $$($(2)_packages),$$$$(pkg-config --cflags $$($(2)_packages))) \
		-MMD -MP -c -o $$@ $$<

-include $$($(2)_sources:%.c=$(1)/obj/$(2)/%.d)
endef

$(foreach p,$(programs),$(eval $(call compile,$(BUILD)/user,$(p),$$(harden_cflags),$$(harden_ldflags))))
$(foreach p,$(unit_tests),$(eval $(call compile,$(BUILD)/unit,$(p),$$(unit_cflags),$$(unit_cflags) -lcmocka)))
$(foreach p,$(guest_programs),$(eval $(call compile,$(BUILD)/guest,$(p),,-pthread)))

##@ Testing

.PHONY: demo test unit test-vm check format vm debug-kernel
demo: module-$(or $(KERNEL),6.12) user ## the story of the README, in a guest
	KERNEL=$(or $(KERNEL),6.12) demo/run

test: build ## unit tests, then every suite on every kernel
	tests/run $(TESTFLAGS) $(KERNELS:%=-k %)

unit: unit-build ## unit tests alone
	tests/run -u

test-vm: build ## the suites alone: make test-vm KERNELS=6.12 TESTFLAGS='connect accept'
	tests/run -g $(TESTFLAGS) $(KERNELS:%=-k %)

.PHONY: unit-build guest-files
unit-build: $(unit_tests:%=$(BUILD)/unit/%)
guest-files: $(guest_programs:%=$(BUILD)/guest/%) $(guest_files)

check: ## style and static analysis
	scripts/check $(CHECKFLAGS)

format: ## lay out userspace C as `make check` wants it
	git ls-files -co --exclude-standard 'lib/*.[ch]' 'agent/*.[ch]' 'cli/*.[ch]' 'tests/*.[ch]' | \
		grep -vE '^tests/vm/faults/|/shim/' | xargs clang-format -i

vm: build ## a shell in a guest (KERNEL=6.1 for another kernel)
	tests/vm/run -i -k $(or $(KERNEL),6.12) $(VMFLAGS) -- bash -l

debug-kernel: ## a 6.12 kernel with KASAN, lockdep and kmemleak, for tests/vm/run -k debug
	scripts/build-debug-kernel

##@ Installing

.PHONY: install install-files install-module $(install_parts)
# The module is for the running kernel, or for RELEASE. Without headers for it the
# rest is installed all the same, and on a host that is a failure in the end.
install: RELEASE ?= $(shell uname -r)
install: user ## module, agent, CLI, unit and man pages on this host, as root
	@rm -f $(BUILD)/host/kmod/kith.ko
	@scripts/install-packages build
	@RELEASE=$(RELEASE) scripts/kernel-dir host >/dev/null && \
		RELEASE=$(RELEASE) scripts/build-module host || \
		echo "the module for $(RELEASE) is not built; installing the rest" >&2
	@$(MAKE) --no-print-directory install-files KERNEL=host RELEASE=$(RELEASE)
	@if [ -f $(BUILD)/host/kmod/kith.ko ]; then \
		$(if $(DESTDIR),:,depmod -a $(RELEASE)); \
		echo "installed, with kith.ko for $(RELEASE)"; \
	else \
		echo "installed WITHOUT kith.ko, which kithd needs: see above what is missing," \
			"then make install again (RELEASE=… for another kernel)" >&2; \
		$(if $(DESTDIR),:,exit 1); \
	fi

# Installs what has been built, building nothing: tests/vm/stage uses it too.
install-files: install-module $(install_parts)

install-module:
	@if [ -f $(BUILD)/$(KERNEL)/kmod/kith.ko ]; then \
		install -D -m 644 $(BUILD)/$(KERNEL)/kmod/kith.ko \
			$(DESTDIR)/usr/lib/modules/$(RELEASE)/extra/kith.ko; fi

##@ Other

.PHONY: clean help
clean: ## remove build/ (the cache outside the tree stays)
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile
