/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel reports as JSON objects, the same whether the agent or the
 * command line asked. These shapes are what `kith --json` promises.
 */
#ifndef KITH_LIB_REPORT_REPORT_H
#define KITH_LIB_REPORT_REPORT_H

#include <jansson.h>
#include "netlink/message.h"

/* Each returns a new reference. */
json_t *kith_report_status(const struct kith_status_info *status);
json_t *kith_report_credential(const struct kith_credential_info *credential);
json_t *kith_report_conn(const struct kith_conn_info *conn);
json_t *kith_report_event(const struct kith_event_info *event);
json_t *kith_report_bundle(const struct kith_bundle_info *bundle);

/* A string that may hold any bytes (comm, paths): what is not UTF-8 becomes
 * '?'. NULL becomes JSON's null. */
json_t *kith_report_text(const char *text);

#define KITH_ADDRESS_TEXT 64
/* "192.0.2.1:80", "[2001:db8::1]:80" or "-". Return: @out. */
char *kith_address_text(char out[KITH_ADDRESS_TEXT], const struct kith_blob *address,
			uint16_t port);

#endif
