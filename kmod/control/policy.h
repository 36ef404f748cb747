/* SPDX-License-Identifier: GPL-2.0-only */
/* Generated from spec/kith.yaml by spec/generate; edit those. */
#ifndef _KITH_CONTROL_POLICY_H
#define _KITH_CONTROL_POLICY_H

#include <net/netlink.h>
#include <linux/kith.h>

extern const struct nla_policy
kith_status_policy[KITH_A_STATUS_MAX + 1];
extern const struct nla_policy
kith_claim_policy[KITH_A_CLAIM_MAX + 1];
extern const struct nla_policy
kith_bundle_policy[KITH_A_BUNDLE_MAX + 1];
extern const struct nla_policy
kith_config_policy[KITH_A_CONFIG_MAX + 1];
extern const struct nla_policy
kith_file_policy[KITH_A_FILE_MAX + 1];
extern const struct nla_policy
kith_credential_policy[KITH_A_CREDENTIAL_MAX + 1];
extern const struct nla_policy
kith_ca_policy[KITH_A_CA_MAX + 1];
extern const struct nla_policy
kith_revocation_policy[KITH_A_REVOCATION_MAX + 1];
extern const struct nla_policy
kith_run_policy[KITH_A_RUN_MAX + 1];

#endif
