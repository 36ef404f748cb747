// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>
#include "../compat/kfunc.h"
#include "../control/event.h"
#include "../identity/program.h"
#include "guard.h"
#include "tamper.h"

#define ANSWERS		(KITH_TRAIT_QUARANTINE | KITH_TRAIT_SHIELD)
/* Beside the traits: a workload that the program was attested as minds code. */
#define MINDS_CODE	(1U << 31)

static const char made_code[] = "it made memory executable that no file backs";

/* What of @traits makes it stricter: of several workloads each has its say. */
static u32 strict_of(u32 traits)
{
	return (traits & ANSWERS) | (traits & KITH_TRAIT_JIT ? 0 : MINDS_CODE);
}

/* Bits of @seen that are held against a program with @strict. */
static u32 minded(u32 seen, u32 strict)
{
	return strict & MINDS_CODE ? seen : seen & ~KITH_TAMPERING_CODE;
}

static void tell(struct kith_program *program, const char *detail, bool refused)
{
	struct kith_conn_info who = {
		.kind = KITH_CONN_KIND_CLIENT,
		.pid = kith_program_pid(program),
	};
	struct kith_event event = {
		.kind = KITH_EVENT_KIND_TAMPERED,
		.decision = refused ? KITH_DECISION_DENY : KITH_DECISION_ALLOW,
		.reason = KITH_REASON_TAMPERED,
		.side = KITH_SIDE_LOCAL,
		.err = refused ? EACCES : 0,
		.detail = detail,
		.conn = &who,
	};

	strscpy(who.comm, kith_program_comm(program), sizeof(who.comm));
	/* What is refused can be tried again and again. */
	if (refused)
		kith_event_emit_paced(&event, kith_program_pace(program,
								KITH_REASON_TAMPERED));
	else
		kith_event_emit(&event);
}

int kith_tamper_saw(struct kith_program *program, enum kith_tampering what,
		    const char *detail)
{
	struct kith_tamper *tamper = kith_program_tamper(program);
	u32 strict = atomic_read(&tamper->strict);

	/* Between two images, or without memory for a record: nothing is lent to it. */
	if (!kith_program_id(program))
		return 0;
	/* What is refused has not happened: it is told, and not held against it. */
	if (strict & KITH_TRAIT_SHIELD && minded(what, strict)) {
		tell(program, detail, true);
		return -EACCES;
	}
	if (atomic_fetch_or(what, &tamper->seen) & what)
		return 0;
	/* Ordered by the one above against kith_tamper_admits(), which writes and
	 * reads the other way round: one of the two sees what the other did, and
	 * judges. Code is judged when it is known who minds it.
	 */
	strict = atomic_read(&tamper->strict);
	if (!minded(what, strict))
		return 0;
	tell(program, detail, false);
	if (strict & ANSWERS)
		kith_program_quarantine(program);
	return 0;
}

bool kith_tamper_admits(struct kith_program *program, u32 traits)
{
	struct kith_tamper *tamper = kith_program_tamper(program);
	u32 known = atomic_fetch_or(strict_of(traits), &tamper->strict);
	u32 strict = known | strict_of(traits);
	u32 seen = minded(atomic_read(&tamper->seen), strict);

	if (!(known & MINDS_CODE) && seen & KITH_TAMPERING_CODE)
		tell(program, made_code, false);
	return !(strict & ANSWERS) || !seen;
}

/* The start -------------------------------------------------------------- */

static const char *const overrides[] = {
	"LD_PRELOAD=", "LD_AUDIT=", "LD_LIBRARY_PATH=",
};

#define OVERRIDE_MAX	sizeof("LD_LIBRARY_PATH=")

/* The override that @text, of @len bytes, sets to anything, or NULL. */
static const char *override_in(const char *text, size_t len)
{
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(overrides); i++) {
		n = strlen(overrides[i]);
		if (len > n && text[n] && !memcmp(text, overrides[i], n))
			return overrides[i];
	}
	return NULL;
}

/*
 * Looks for an override among the strings in @page, of which the last may go on
 * behind it. Return: how many bytes need not be looked at again.
 */
static size_t scan(const char *page, size_t len, const char **found)
{
	size_t at = 0, used;

	while (at < len && !*found) {
		*found = override_in(page + at, len - at);
		used = strnlen(page + at, len - at) + 1;
		if (at + used > len) {
			/* Cut: again from its start, unless it is long enough. */
			return at && len - at <= OVERRIDE_MAX ? at : len;
		}
		at += used;
	}
	return at;
}

/*
 * The environment as exec has laid it out; no code of the program has run. A long
 * string is scanned in pieces, and a later piece of it may look like a variable:
 * that is one more event, and nobody's harm but of who wrote it.
 */
static const char *find_override(void)
{
	unsigned long at = current->mm->env_start, end = current->mm->env_end;
	char *page = kmalloc(PAGE_SIZE, GFP_KERNEL);
	const char *found = page ? NULL : "an environment that could not be read";
	size_t len;

	while (page && at < end && !found) {
		len = min(end - at, PAGE_SIZE);
		if (copy_from_user(page, (const char __user *)at, len))
			found = "an environment that could not be read";
		else
			at += scan(page, len, &found);
	}
	kfree(page);
	return found;
}

void kith_tamper_check_start(void)
{
	struct kith_program *program = kith_program_current();
	const char *found;
	char detail[64];

	if (!program)
		return;
	found = find_override();
	if (found) {
		snprintf(detail, sizeof(detail), "started with %.*s",
			 (int)strcspn(found, "="), found);
		kith_tamper_saw(program, KITH_TAMPERING_LOADER, detail);
	}
	if (current->ptrace)
		kith_tamper_saw(program, KITH_TAMPERING_TRACE,
				"started by a program that traces it");
	kith_program_put(program);
}

/* What BPF programs ask --------------------------------------------------- */

__bpf_kfunc int kith_guard_ptrace(struct task_struct *child)
{
	struct kith_program *program = kith_program_of(child), *own;
	char detail[96];
	int err = 0;

	if (!program)
		return 0;
	/* Its own forks are no outsiders. */
	own = kith_program_current();
	if (own != program) {
		/* get_task_comm() would take our task lock inside of @child's. */
		snprintf(detail, sizeof(detail),
			 "its memory or descriptors were taken by %.*s (pid %d, uid %u)",
			 TASK_COMM_LEN, current->comm, task_tgid_nr(current),
			 from_kuid(&init_user_ns, current_uid()));
		err = kith_tamper_saw(program, KITH_TAMPERING_TRACE, detail);
	}
	if (own)
		kith_program_put(own);
	kith_program_put(program);
	return err;
}

static int saw_of_current(enum kith_tampering what, const char *detail)
{
	struct kith_program *program = kith_program_current();
	int err;

	if (!program)
		return 0;
	err = kith_tamper_saw(program, what, detail);
	kith_program_put(program);
	return err;
}

__bpf_kfunc int kith_guard_traceme(void)
{
	return saw_of_current(KITH_TAMPERING_TRACE,
			      "it asked to be traced (PTRACE_TRACEME)");
}

__bpf_kfunc int kith_guard_code(void)
{
	return saw_of_current(KITH_TAMPERING_CODE, made_code);
}
