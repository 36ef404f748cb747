// SPDX-License-Identifier: Apache-2.0
#include "trouble.h"

#include <errno.h>
#include <string.h>

const char *kith_kernel_trouble(int err)
{
	switch (err) {
	case -ENOENT:
		return "the kith module is not loaded (modprobe kith)";
	case -EBUSY:
		return "another kithd is the agent already (systemctl status kithd)";
	case -EPERM:
		return "the kernel refused: CAP_SYS_ADMIN in the initial user namespace is needed (run as root, on the host)";
	case -EPROTO:
	case -EPROTONOSUPPORT:
		return "kith.ko and kithd are of different versions (install both from the same build, then reload the module)";
	default:
		return strerror(-err);
	}
}
