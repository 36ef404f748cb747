/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks at the record headers that pass on their way to the library, for what
 * it does not tell: that the peer does not speak TLS at all, and an alert sent
 * in clear where records are already encrypted.
 */
#ifndef _KITH_HANDSHAKE_RECORD_H
#define _KITH_HANDSHAKE_RECORD_H

#include <linux/types.h>

struct kith_record_watch {
	size_t total;		/* bytes seen */
	size_t left;		/* of the record under way */
	u8 header[5];
	u8 header_len;
	u8 body[2];		/* its first bytes */
	u8 body_len;
	bool not_tls;
};

/* Takes the next @len bytes of the stream; false once they cannot be TLS. */
bool kith_record_watch(struct kith_record_watch *watch, const u8 *buf, size_t len);

/* Description of the alert in clear that was the last record, or -1. */
int kith_record_clear_alert(const struct kith_record_watch *watch);

#endif
