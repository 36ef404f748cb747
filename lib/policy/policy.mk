# SPDX-License-Identifier: Apache-2.0
#
# Policy files: lib/policy with the kernel's own table and SPIFFE ID sources.
# A program that uses it adds these to its NAME_sources, NAME_cflags and
# NAME_packages, and lib/base/base.c.
lib_policy_sources := $(addprefix lib/policy/,address.c cases.c check.c claims.c compile.c \
	diag.c explain.c fields.c load.c match.c memory.c opening.c rules.c selector.c spiffe.c subject.c tree.c \
	workload.c) \
	kmod/policy/table.c kmod/identity/spiffe_id.c
lib_policy_cflags := -Ikmod/policy -Ikmod/identity
lib_policy_packages := yaml-0.1
