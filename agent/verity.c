// SPDX-License-Identifier: Apache-2.0
#include "verity.h"

#include <string.h>
#include <linux/fsverity.h>
#include <sys/ioctl.h>

bool kith_verity_measure(int fd, uint8_t digest[KITH_DIGEST_SIZE])
{
	union {
		struct fsverity_digest head;
		uint8_t bytes[sizeof(struct fsverity_digest) + KITH_DIGEST_SIZE];
	} measured = { .head.digest_size = KITH_DIGEST_SIZE };

	/* A longer digest of another algorithm does not fit: EOVERFLOW. */
	if (ioctl(fd, FS_IOC_MEASURE_VERITY, &measured) ||
	    measured.head.digest_algorithm != FS_VERITY_HASH_ALG_SHA256 ||
	    measured.head.digest_size != KITH_DIGEST_SIZE)
		return false;
	memcpy(digest, measured.head.digest, KITH_DIGEST_SIZE);
	return true;
}
