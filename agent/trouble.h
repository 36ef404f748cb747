/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_AGENT_TROUBLE_H
#define KITH_AGENT_TROUBLE_H

/* What an error of connecting to the kernel or registering there means, and what to
 * do about it. Static. */
const char *kith_kernel_trouble(int err);

#endif
