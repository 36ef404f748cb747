# SPDX-License-Identifier: Apache-2.0
# Unit tests of the TLS engine: the module's own sources on a thin kernel shim.

unit_tests += spiffe_id_test
spiffe_id_test_sources := tests/unit/spiffe_id_test.c kmod/identity/spiffe_id.c
spiffe_id_test_cflags := -Ikmod/identity

# The lists of sources are the module's, as they are for this machine.
kith-y :=
src := kmod
CONFIG_X86_64 := $(if $(filter x86_64,$(shell uname -m)),y)
include kmod/handshake/Kbuild.inc

engine_lib := $(BUILD)/unit/libengine.a
engine_shim := -Itests/unit/shim
engine_cflags := -std=gnu11 -D_GNU_SOURCE -g $(unit_cflags) $(engine_shim) -Ikmod -Ikmod/uapi \
	-Ikmod/handshake/mbedtls -Ikmod/mbedtls/include -Ikmod/mbedtls/library \
	-DMBEDTLS_CONFIG_FILE='"handshake/mbedtls/config.h"' $(kith-curve-flags)
engine_ours := $(kith-engine:%=kmod/handshake/%.c) kmod/identity/spiffe_id.c \
	tests/unit/shim/shim.c
engine_theirs := $(kith-mbedtls:%=kmod/mbedtls/library/%.c)
engine_asm := $(kith-asm:%=kmod/%.S)
engine_objects := $(patsubst %,$(BUILD)/unit/obj/libengine/%.o,$(basename \
	$(engine_ours) $(engine_theirs) $(engine_asm)))

engine_fetched := kmod/mbedtls/VERSION kmod/s2n-bignum/VERSION

$(engine_fetched) &:
	kmod/fetch
$(engine_theirs) $(filter kmod/s2n-bignum/%,$(engine_asm)): $(engine_fetched)

$(BUILD)/unit/obj/libengine/kmod/mbedtls/%.o: kmod/mbedtls/%.c tests/unit/engine.mk | deps
	@mkdir -p $(@D)
	@$(CC) $(engine_cflags) -w -MMD -MP -c -o $@ $<

$(BUILD)/unit/obj/libengine/%.o: %.S tests/unit/engine.mk $(engine_fetched) | deps
	@mkdir -p $(@D)
	@$(CC) -g $(engine_shim) $(kith-asm-flags) -MMD -MP -c -o $@ $<

$(BUILD)/unit/obj/libengine/%.o: %.c tests/unit/engine.mk $(engine_fetched) | deps
	@echo "  CC    $@"
	@mkdir -p $(@D)
	@$(CC) $(engine_cflags) -DMBEDTLS_ALLOW_PRIVATE_ACCESS= -Wall -Wextra -Werror \
		-Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
		-Wmissing-prototypes -Wstrict-prototypes -Wvla \
		-MMD -MP -c -o $@ $<

-include $(engine_objects:.o=.d)

$(engine_lib): $(engine_objects)
	@echo "  AR    $@"
	@ar rcs $@ $^

# engine_test(name): tests/unit/engine/NAME_test.c
define engine_test
unit_tests += engine_$(1)_test
engine_$(1)_test_sources := tests/unit/engine/$(1)_test.c tests/unit/engine/pki.c \
	tests/unit/engine/openssl_peer.c tests/unit/engine/pipe.c tests/unit/engine/world.c
engine_$(1)_test_cflags := $(engine_shim) -Ikmod -Itests/unit/engine \
	-Ikmod/handshake/mbedtls -Ikmod/mbedtls/include -Wno-undef \
	-DMBEDTLS_CONFIG_FILE='"handshake/mbedtls/config.h"'
engine_$(1)_test_ldlibs := $(engine_lib) -lssl -lcrypto -pthread
$(BUILD)/unit/engine_$(1)_test: $(engine_lib)
endef

$(foreach t,fault handshake interop issue refusal,$(eval $(call engine_test,$(t))))

ifeq ($(KITH_CURVES),s2n-bignum)
# curve_test(name): of the curves alone
define curve_test
unit_tests += engine_$(1)_test
engine_$(1)_test_sources := tests/unit/engine/$(1)_test.c tests/unit/engine/openssl_curve.c
engine_$(1)_test_cflags := $(engine_shim) -Ikmod -Itests/unit/engine \
	-Ikmod/handshake/mbedtls -Ikmod/mbedtls -Ikmod/mbedtls/include -Wno-undef \
	-DMBEDTLS_CONFIG_FILE='"handshake/mbedtls/config.h"' $(kith-curve-flags)
engine_$(1)_test_ldlibs := $(engine_lib) -lcrypto -pthread
$(BUILD)/unit/engine_$(1)_test: $(engine_lib)
endef

$(foreach t,curve curve_random driver,$(eval $(call curve_test,$(t))))
endif

# Not a test. Handshakes with the curves of s2n-bignum and of Mbed TLS, built as
# they are in the kernel: optimised, and without sanitisers.
engine_bench_objects := $(patsubst %,$(BUILD)/unit/obj/engine_bench/tests/unit/engine/%.o, \
	bench openssl_peer pipe pki world)

$(BUILD)/unit/obj/engine_bench/%.o: %.c tests/unit/engine.mk $(engine_fetched) | deps
	@mkdir -p $(@D)
	@$(CC) $(engine_cflags) -Itests/unit/engine -w -MMD -MP -c -o $@ $<

$(BUILD)/engine_bench: $(engine_bench_objects) $(engine_lib)
	@$(CC) -o $@ $^ -lssl -lcrypto -lcmocka -pthread

.PHONY: engine-bench
engine-bench: $(engine_fetched)
	@for curves in s2n-bignum portable; do \
		$(MAKE) -s BUILD=$(BUILD)/bench/$$curves KITH_CURVES=$$curves unit_cflags='-O2 -Wno-format-truncation' \
			$(BUILD)/bench/$$curves/engine_bench >&2 && \
		$(BUILD)/bench/$$curves/engine_bench >$(BUILD)/bench/$$curves.us || exit 1; \
	done
	@join --nocheck-order $(BUILD)/bench/portable.us $(BUILD)/bench/s2n-bignum.us | \
		awk '{ printf "%-14s %8.1f us portable %8.1f us s2n-bignum  %5.1f times\n", \
			$$1, $$2, $$3, $$2 / $$3 }'
