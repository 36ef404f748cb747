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
	if (svid == ERR_PTR(-EINPROGRESS)) {
		err = timeo ? kith_credential_wait(credential, timeo) : -EAGAIN;
		svid = err ? ERR_PTR(err) :
			     kith_credential_svid(credential, &reason);
	}
	kith_credential_put(credential);
	return svid;
}

static bool is_open(const struct kith_table_rule *rule)
{
	return rule && le32_to_cpu(rule->action) == KITH_TABLE_OPEN;
}

/* Deny rules of either direction win, as they do for connections. */
static const struct kith_table_rule *find(const struct kith_table *table,
					  const char *id, enum kith_door door,
					  const struct kith_flow *flow)
{
	const struct kith_table_rule *out, *in;
	struct kith_endpoint local;

	if (!flow)
		return kith_table_door(table, id, door);
	local = flow->remote;
	local.port = flow->local_port;
	out = kith_table_address(table, id, KITH_OUTBOUND, door, &flow->remote);
	in = kith_table_address(table, id, KITH_INBOUND, door, &local);
	if ((out && !is_open(out)) || (in && !is_open(in)))
		return NULL;
	return out ?: in;
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
 * own.
 */
static bool is_anybodys(enum kith_door door)
{
	struct kith_config *config = kith_config_get();
	bool opened = config->rules.doors & 1U << door;

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
