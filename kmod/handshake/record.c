// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "record.h"

enum {
	TYPE_ALERT = 21,
	TYPE_HANDSHAKE = 22,
	VERSION_MAJOR = 3,
	LEVEL_FATAL = 2,
};

/* A TLS peer begins with a handshake message or an alert. */
static bool may_begin(const u8 *header, size_t len)
{
	if (len > 0 && header[0] != TYPE_HANDSHAKE && header[0] != TYPE_ALERT)
		return false;
	return len < 2 || header[1] == VERSION_MAJOR;
}

static size_t take_header(struct kith_record_watch *watch, const u8 *buf, size_t len)
{
	size_t n = min(len, sizeof(watch->header) - watch->header_len);

	memcpy(watch->header + watch->header_len, buf, n);
	watch->header_len += n;
	if (watch->header_len == sizeof(watch->header)) {
		watch->left = watch->header[3] << 8 | watch->header[4];
		watch->body_len = 0;
	}
	return n;
}

static size_t take_body(struct kith_record_watch *watch, const u8 *buf, size_t len)
{
	size_t n = min(len, watch->left);
	size_t keep = min(n, sizeof(watch->body) - watch->body_len);

	memcpy(watch->body + watch->body_len, buf, keep);
	watch->body_len += keep;
	watch->left -= n;
	return n;
}

bool kith_record_watch(struct kith_record_watch *watch, const u8 *buf, size_t len)
{
	size_t n;

	while (len) {
		if (watch->header_len == sizeof(watch->header) && !watch->left)
			watch->header_len = 0;
		if (watch->header_len < sizeof(watch->header))
			n = take_header(watch, buf, len);
		else
			n = take_body(watch, buf, len);
		watch->total += n;
		if (watch->total <= sizeof(watch->header) &&
		    !may_begin(watch->header, watch->header_len))
			watch->not_tls = true;
		buf += n;
		len -= n;
	}
	return !watch->not_tls;
}

int kith_record_clear_alert(const struct kith_record_watch *watch)
{
	if (watch->header_len == sizeof(watch->header) && !watch->left &&
	    watch->header[0] == TYPE_ALERT && watch->header[3] == 0 && watch->header[4] == 2 &&
	    watch->body[0] == LEVEL_FATAL)
		return watch->body[1];
	return -1;
}
