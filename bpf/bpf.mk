# SPDX-License-Identifier: Apache-2.0
#
# BPF programs, as skeletons that kithd includes: build/bpf/NAME.skel.h.
bpf_skeletons := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(wildcard bpf/*.bpf.c))
.SECONDARY: $(bpf_skeletons) $(bpf_skeletons:.skel.h=.bpf.o)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c bpf/bpf.mk | deps
	@echo "  BPF   $@"
	@mkdir -p $(@D)
	@clang -target bpf -g -O2 -I/usr/include/$(shell gcc -print-multiarch) -Wall -Werror -c -o $@ $<

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	@{ echo '/* NOLINTBEGIN: generated */' && /usr/sbin/bpftool gen skeleton $< name $*_bpf && \
		echo '/* NOLINTEND */'; } >$@
