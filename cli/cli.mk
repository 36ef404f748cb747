# SPDX-License-Identifier: Apache-2.0
#
# kith, the command line.
programs += kith
cli_sources := $(filter-out cli/main.c,$(wildcard cli/*.c))
kith_sources = cli/main.c $(cli_sources) $(lib_sources) $(lib_policy_sources)
kith_generated = $(lib_generated)
kith_cflags = $(lib_policy_cflags)
kith_packages = libmnl jansson libcrypto $(lib_policy_packages)
