// SPDX-License-Identifier: GPL-2.0-only
/* Generated from spec/kith.yaml by spec/generate; edit those. */
#include "policy.h"

const struct nla_policy kith_status_policy[KITH_A_STATUS_MAX + 1] = {
	[KITH_A_STATUS_ABI] = { .type = NLA_U32 },
};

const struct nla_policy kith_claim_policy[KITH_A_CLAIM_MAX + 1] = {
	[KITH_A_CLAIM_KIND] = NLA_POLICY_MAX(NLA_U32, __KITH_CLAIM_KIND_COUNT - 1),
	[KITH_A_CLAIM_PATH] = { .type = NLA_NUL_STRING, .len = 4095 },
	[KITH_A_CLAIM_UID] = { .type = NLA_U32 },
	[KITH_A_CLAIM_ADDRESS] = { .type = NLA_BINARY, .len = 16 },
	[KITH_A_CLAIM_PORT] = { .type = NLA_U16 },
};

const struct nla_policy kith_bundle_policy[KITH_A_BUNDLE_MAX + 1] = {
	[KITH_A_BUNDLE_TRUST_DOMAIN] = { .type = NLA_NUL_STRING, .len = 255 },
	[KITH_A_BUNDLE_CERTIFICATE] = { .type = NLA_BINARY, .len = 4096 },
};

const struct nla_policy kith_config_policy[KITH_A_CONFIG_MAX + 1] = {
	[KITH_A_CONFIG_GENERATION] = { .type = NLA_U64 },
	[KITH_A_CONFIG_CLAIM] = NLA_POLICY_NESTED(kith_claim_policy),
	[KITH_A_CONFIG_BUNDLE] = NLA_POLICY_NESTED(kith_bundle_policy),
	[KITH_A_CONFIG_RULES] = { .type = NLA_BINARY },
	[KITH_A_CONFIG_OPEN_DOORS] = { .type = NLA_U32 },
};

const struct nla_policy kith_file_policy[KITH_A_FILE_MAX + 1] = {
	[KITH_A_FILE_PROGRAM_ID] = { .type = NLA_U64 },
	[KITH_A_FILE_SCRIPT] = { .type = NLA_FLAG },
};

const struct nla_policy kith_credential_policy[KITH_A_CREDENTIAL_MAX + 1] = {
	[KITH_A_CREDENTIAL_ID] = { .type = NLA_U64 },
	[KITH_A_CREDENTIAL_SPIFFE_ID] = { .type = NLA_NUL_STRING, .len = 2048 },
	[KITH_A_CREDENTIAL_WORKLOAD] = { .type = NLA_NUL_STRING, .len = 255 },
	[KITH_A_CREDENTIAL_NOT_BEFORE] = { .type = NLA_S64 },
	[KITH_A_CREDENTIAL_NOT_AFTER] = { .type = NLA_S64 },
	[KITH_A_CREDENTIAL_SERIAL] = { .type = NLA_BINARY, .len = 20 },
	[KITH_A_CREDENTIAL_CERTIFICATE] = { .type = NLA_BINARY, .len = 4096 },
	[KITH_A_CREDENTIAL_REASON] = NLA_POLICY_MAX(NLA_U32, __KITH_REASON_COUNT - 1),
	[KITH_A_CREDENTIAL_MESSAGE] = { .type = NLA_NUL_STRING, .len = 255 },
	[KITH_A_CREDENTIAL_TRAITS] = NLA_POLICY_MASK(NLA_U32, __KITH_TRAIT_ALL),
};

const struct nla_policy kith_ca_policy[KITH_A_CA_MAX + 1] = {
	[KITH_A_CA_TRUST_DOMAIN] = { .type = NLA_NUL_STRING, .len = 255 },
	[KITH_A_CA_SERIAL] = { .type = NLA_BINARY, .len = 20 },
	[KITH_A_CA_NOT_BEFORE] = { .type = NLA_S64 },
	[KITH_A_CA_NOT_AFTER] = { .type = NLA_S64 },
};

const struct nla_policy kith_revocation_policy[KITH_A_REVOCATION_MAX + 1] = {
	[KITH_A_REVOCATION_SPIFFE_ID] = { .type = NLA_NUL_STRING, .len = 2048 },
	[KITH_A_REVOCATION_SERIAL] = { .type = NLA_BINARY, .len = 20 },
	[KITH_A_REVOCATION_PID] = { .type = NLA_U32 },
	[KITH_A_REVOCATION_SECONDS] = { .type = NLA_U32 },
};

const struct nla_policy kith_run_policy[KITH_A_RUN_MAX + 1] = {
	[KITH_A_RUN_PID] = { .type = NLA_U32 },
	[KITH_A_RUN_UID] = { .type = NLA_U32 },
	[KITH_A_RUN_SPIFFE_ID] = { .type = NLA_NUL_STRING, .len = 2048 },
	[KITH_A_RUN_WORKLOAD] = { .type = NLA_NUL_STRING, .len = 255 },
	[KITH_A_RUN_TTL] = { .type = NLA_U32 },
};
