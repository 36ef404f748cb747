// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/kernel.h>
#include "../identity/config.h"
#include "../identity/credential.h"
#include "../identity/program.h"
#include "opening.h"

/* The SVID that current has, with a reference. */
static struct kith_svid *own_svid(struct kith_program *program, long timeo)
{
	struct kith_credential *credential = kith_credential_current(program);
	struct kith_svid *svid;
	enum kith_reason reason;
	int err;

	if (IS_ERR(credential))
		return ERR_CAST(credential);
	svid = kith_credential_svid(credential, &reason);
	if (svid == ERR_PTR(-EINPROGRESS) && timeo) {
		err = kith_credential_wait(credential, timeo);
		svid = err ? ERR_PTR(err) :
			     kith_credential_svid(credential, &reason);
		/* socket() cannot be interrupted, only begun again. */
		if (svid == ERR_PTR(-EINTR))
			svid = ERR_PTR(-ERESTARTSYS);
		else if (svid == ERR_PTR(-EAGAIN) ||
			 svid == ERR_PTR(-EINPROGRESS))
			svid = ERR_PTR(-ENOKEY);
	}
	kith_credential_put(credential);
	return svid == ERR_PTR(-EINPROGRESS) ? ERR_PTR(-EAGAIN) : svid;
}

static bool is_open(const struct kith_table_rule *rule)
{
	return rule && le32_to_cpu(rule->action) == KITH_TABLE_OPEN;
}

/* An outbound deny rule is about what is sent and what would be answered. */
static const struct kith_table_rule *find(const struct kith_table *table,
					  const char *id, enum kith_door door,
					  const struct kith_flow *flow)
{
	static const struct kith_endpoint nowhere;
	const struct kith_table_rule *out, *in;
	struct kith_endpoint local;

	if (!flow && door == KITH_DOOR_UDP)
		return kith_table_door(table, id, door);
	if (!flow) {
		out = kith_table_address(table, id, KITH_OUTBOUND, door, &nowhere);
		return is_open(out) ? out : NULL;
	}
	local = flow->remote;
	local.port = flow->local_port;
	out = kith_table_address(table, id, KITH_OUTBOUND, door, &flow->remote);
	in = kith_table_address(table, id, KITH_INBOUND, door, &local);
	if (out)
		return is_open(out) ? out : NULL;
	return is_open(in) ? in : NULL;
}

static int look_up(const char *id, enum kith_door door,
		   const struct kith_flow *flow, struct kith_opening_text *text)
{
	struct kith_config *config = kith_config_get();
	const struct kith_table *table = &config->rules;
	const struct kith_table_rule *rule = find(table, id, door, flow);

	if (rule && text)
		snprintf(text->text, sizeof(text->text), "%s (%s)",
			 kith_table_string(table, rule->name) ?: "",
			 kith_table_string(table, rule->source) ?: "");
	kith_config_put(config);
	return rule ? 0 : -EACCES;
}

/* Whether any identity is let through: who asks for others need not wait for its
 * own. Before there are rules, after a boot, UDP waits for them.
 */
static bool is_anybodys(enum kith_door door)
{
	struct kith_config *config = kith_config_get();
	bool opened = config->rules.doors & 1U << door ||
		      (door == KITH_DOOR_UDP && !config->rules.n_subjects);

	kith_config_put(config);
	return opened;
}

int kith_opening_find(enum kith_door door, const struct kith_flow *flow,
		      long timeo, struct kith_opening_text *text)
{
	struct kith_program *program;
	struct kith_svid *svid;
	int err;

	if (!is_anybodys(door))
		return -EACCES;
	program = kith_program_current();
	if (!program)
		return -EACCES;
	svid = own_svid(program, timeo);
	kith_program_put(program);
	if (IS_ERR(svid))
		return PTR_ERR(svid);
	err = look_up(svid->facts.spiffe_id, door, flow, text);
	kith_svid_put(svid);
	return err;
}
