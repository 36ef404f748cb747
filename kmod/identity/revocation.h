/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Revocations in force: SPIFFE IDs and serial numbers that nobody on this host
 * accepts, whoever shows them. Held here, so that they stand while the agent is
 * away; counted in time that runs on whatever the clock says.
 */
#ifndef _KITH_IDENTITY_REVOCATION_H
#define _KITH_IDENTITY_REVOCATION_H

#include <linux/types.h>

struct netlink_ext_ack;

#define KITH_REVOCATIONS_MAX	1024

/* By SPIFFE ID, or by serial number when that is NULL. */
struct kith_revocation {
	const char *spiffe_id;
	const u8 *serial;
	size_t serial_len;
	u64 seconds;			/* from now on; 0: until it is lifted */
};

/**
 * kith_revocation_add() - revoke from now on
 * @what: copied; one that stands gets a new time
 *
 * Who has a revoked identity already is the caller's matter. May sleep. Return:
 * 0, -EINVAL, -ENOMEM, or -ENOSPC with KITH_REVOCATIONS_MAX of them.
 */
int kith_revocation_add(const struct kith_revocation *what,
			struct netlink_ext_ack *extack);
/* Lifts one: 0, or -ENOENT. May sleep. */
int kith_revocation_remove(const struct kith_revocation *what);

/**
 * kith_is_revoked() - whether an SVID is revoked on this host
 * @spiffe_id: its SPIFFE ID
 * @serial: its serial number, or NULL to ask about the ID alone
 * @len: bytes of @serial
 *
 * Any context, no locks.
 */
bool kith_is_revoked(const char *spiffe_id, const u8 *serial, size_t len);

/* Calls @show for each that stands and whose number is higher than *@last, which
 * rises past what was shown, until @show returns non-zero, which is returned.
 * May sleep; @show must not.
 */
int kith_revocation_for_each(u64 *last,
			     int (*show)(const struct kith_revocation *what,
					 void *arg),
			     void *arg);
unsigned int kith_revocation_count(void);

/* Frees all; nobody asks any more. */
void kith_revocation_exit(void);

#endif
