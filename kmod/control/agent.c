// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <net/net_namespace.h>
#include "../identity/credential_types.h"
#include "../identity/process.h"
#include "agent.h"
#include "draft.h"
#include "genl.h"

static struct {
	u32 port;		/* kith_control_mutex to write */
	pid_t pid;		/* likewise */
	u32 registration;	/* likewise */
} agent;

u32 kith_agent_port(void)
{
	return READ_ONCE(agent.port);
}

pid_t kith_agent_pid(void)
{
	return READ_ONCE(agent.pid);
}

bool kith_agent_is(const struct task_struct *task)
{
	return task->tgid == READ_ONCE(agent.pid);
}

u32 kith_agent_registration(void)
{
	return READ_ONCE(agent.registration);
}

int kith_agent_check(u32 portid, struct netlink_ext_ack *extack)
{
	if (portid && portid == kith_agent_port())
		return 0;
	NL_SET_ERR_MSG(extack,
		       "only the registered agent may do this; send agent-register first");
	return -EPERM;
}

int kith_agent_register(u32 portid, struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&kith_control_mutex);
	if (agent.port && agent.port != portid) {
		NL_SET_ERR_MSG(extack,
			       "another agent is registered; stop it first");
		return -EBUSY;
	}
	kith_draft_drop();
	WRITE_ONCE(agent.pid, current->tgid);
	WRITE_ONCE(agent.port, portid);
	WRITE_ONCE(agent.registration, agent.registration + 1);
	kith_process_release_current();
	kith_attest_resend();
	return 0;
}

/* The agent's socket is closed: it has ended, or given up. */
static int agent_notify(struct notifier_block *block, unsigned long action,
			void *data)
{
	const struct netlink_notify *notify = data;

	if (action != NETLINK_URELEASE ||
	    notify->protocol != NETLINK_GENERIC ||
	    !net_eq(notify->net, &init_net) ||
	    notify->portid != kith_agent_port())
		return NOTIFY_DONE;
	mutex_lock(&kith_control_mutex);
	if (notify->portid == agent.port) {
		WRITE_ONCE(agent.port, 0);
		WRITE_ONCE(agent.pid, 0);
		kith_draft_drop();
	}
	mutex_unlock(&kith_control_mutex);
	return NOTIFY_DONE;
}

static struct notifier_block agent_notifier = {
	.notifier_call = agent_notify,
};

int kith_agent_init(void)
{
	return netlink_register_notifier(&agent_notifier);
}

void kith_agent_exit(void)
{
	netlink_unregister_notifier(&agent_notifier);
	mutex_lock(&kith_control_mutex);
	WRITE_ONCE(agent.port, 0);
	WRITE_ONCE(agent.pid, 0);
	kith_draft_drop();
	mutex_unlock(&kith_control_mutex);
}
