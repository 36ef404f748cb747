/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said about the file that a program's executable interprets. */
#ifndef KITH_AGENT_SCRIPT_H
#define KITH_AGENT_SCRIPT_H

#include <stdbool.h>
#include "exe.h"
#include "netlink/message.h"

struct kith_nl;

struct kith_script {
	char *name; /* by which it was executed; NULL: there is none */
	char *path; /* its own, as the kernel names it; NULL: not known */
	enum kith_exe_state state;
};

/**
 * kith_script_ask() - look at the script that a program was started through
 * @nl: to the kernel
 * @program: of the upcall
 * @host: whether it sees the host's paths
 * @script: to be cleared with kith_script_clear()
 */
void kith_script_ask(struct kith_nl *nl, const struct kith_program_info *program, bool host,
		     struct kith_script *script);
void kith_script_clear(struct kith_script *script);

/**
 * kith_script_path() - the path by which the script may be selected
 * @host: whether the program sees the host's paths; otherwise it is that in its container
 *
 * The interpreter opens the script again, by the name that was executed. That leads to
 * what the kernel saw where it is the file's own path: who can change that could change
 * the file. By another (a symbolic link, relative to a directory, of a descriptor), who
 * executes it could have the interpreter read something else.
 *
 * Return: NULL where it may not be selected.
 */
const char *kith_script_path(const struct kith_script *script, bool host);

/** kith_script_trouble() - why it is not selected, for people; static */
const char *kith_script_trouble(const struct kith_script *script);

#endif
