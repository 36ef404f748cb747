# SPDX-License-Identifier: Apache-2.0
# What suites run inside guests. Static: the guest's libc need not be ours.

guest_programs += probe
probe_sources := $(wildcard tests/vm/programs/probe/*.c)
probe_ldlibs := -static
