/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract's enumerations as words, for people and for JSON. names.c is
 * generated from spec/kith.yaml. A value this build does not know is "unknown".
 */
#ifndef KITH_LIB_NETLINK_NAMES_H
#define KITH_LIB_NETLINK_NAMES_H

#include <stdint.h>

const char *kith_name_claim_kind(uint32_t value);
const char *kith_name_credential_state(uint32_t value);
const char *kith_name_conn_kind(uint32_t value);
const char *kith_name_conn_state(uint32_t value);
const char *kith_name_decision(uint32_t value);
const char *kith_name_side(uint32_t value);
const char *kith_name_door(uint32_t value);
const char *kith_name_event_kind(uint32_t value);
const char *kith_name_reason(uint32_t value);
/* The sentence that explains a reason. */
const char *kith_doc_reason(uint32_t value);

#endif
