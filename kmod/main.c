// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: what comes up after what, and goes down before what.
 */
#define pr_fmt(fmt) "kith: " fmt

#include <linux/module.h>
#include "control/count.h"
#include "control/genl.h"
#include "guard/guard.h"
#include "handshake/engine.h"
#include "identity/identity.h"
#include "identity/process.h"
#include "socket/socket.h"
#include "version.h"

/*
 * The ORDER. Each step may use what the steps before it made:
 *
 *   engine     keys and certificates; uses nothing of ours
 *   identity   the empty config, the workqueue; nothing is claimed yet
 *   process    probes: from here programs are followed, but without claims
 *              none is, and claims come only through genl
 *   socket     hooks: new sockets are wrapped and, with nothing claimed,
 *              handed back
 *   genl       the agent may come; last, so that what it loads finds
 *              everything in place
 *
 * Going down is the reverse, for the same reasons: first nobody can change
 * anything, then no socket uses a credential, then no program is made, then
 * what is left of programs and credentials ends, and at the very end the engine
 * that frees their keys.
 */
static int __init kith_init(void)
{
	int err = kith_engine_init();

	if (err)
		return err;
	err = kith_identity_init();
	if (err)
		goto err_engine;
	err = kith_process_start();
	if (err)
		goto err_identity;
	err = kith_socket_init();
	if (err)
		goto err_process;
	err = kith_guard_init();
	if (err)
		goto err_socket;
	err = kith_genl_init();
	if (err)
		goto err_socket;
	pr_info("version " KITH_VERSION ", contract %d\n", KITH_ABI);
	return 0;
err_socket:
	kith_socket_exit();
err_process:
	kith_process_stop();
	kith_guard_exit();
err_identity:
	kith_identity_exit();
err_engine:
	kith_engine_exit();
	kith_object_report();
	return err;
}

static void __exit kith_exit(void)
{
	kith_genl_exit();
	kith_socket_exit();
	kith_process_stop();
	kith_guard_exit();
	kith_identity_exit();
	kith_engine_exit();
	kith_object_report();
}

module_init(kith_init);
module_exit(kith_exit);

MODULE_DESCRIPTION("SPIFFE identities for programs, held and enforced by the kernel");
MODULE_AUTHOR("The Kith authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(KITH_VERSION);
/* kTLS is found by name when a connection is handed to it. */
MODULE_SOFTDEP("pre: tls");
