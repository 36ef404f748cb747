// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

#define CHUNK 65536

uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 9) + (i >> 17));
}

void fill(void *buf, size_t len, size_t offset)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = pattern(offset + i);
}

bool matches(const void *buf, size_t len, size_t offset)
{
	const uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		if (p[i] != pattern(offset + i))
			return false;
	return true;
}

static void mark_block(char block[MARK_BLOCK], size_t number)
{
	static const char digits[] = "0123456789abcdef";
	size_t text = sizeof(MARK) - 1;

	memcpy(block, MARK, text);
	for (size_t i = MARK_BLOCK; i-- > text; number >>= 4)
		block[i] = digits[number & 15];
}

void mark_fill(void *buf, size_t len, size_t offset)
{
	char block[MARK_BLOCK], *p = buf;

	for (size_t i = 0; i < len; i++, offset++) {
		if (!i || offset % MARK_BLOCK == 0)
			mark_block(block, offset / MARK_BLOCK);
		p[i] = block[offset % MARK_BLOCK];
	}
}

bool mark_matches(const void *buf, size_t len, size_t offset)
{
	char block[MARK_BLOCK];
	const char *p = buf;

	for (size_t i = 0; i < len; i++, offset++) {
		if (!i || offset % MARK_BLOCK == 0)
			mark_block(block, offset / MARK_BLOCK);
		if (p[i] != block[offset % MARK_BLOCK])
			return false;
	}
	return true;
}

ssize_t read_all(int fd, void *buf, size_t len)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = read(fd, (char *)buf + got, len - got);
		if (n < 0 && errno == EAGAIN) {
			wait_for(fd, POLLIN);
			continue;
		}
		if (n < 0)
			return -1;
		if (!n)
			break;
		got += n;
	}
	return got;
}

ssize_t write_all(int fd, const void *buf, size_t len)
{
	size_t put = 0;
	ssize_t n;

	while (put < len) {
		n = write(fd, (const char *)buf + put, len - put);
		if (n < 0 && errno == EAGAIN) {
			wait_for(fd, POLLOUT);
			continue;
		}
		if (n < 0)
			return -1;
		put += n;
	}
	return put;
}

bool send_pattern(int fd, size_t len)
{
	static __thread uint8_t buf[CHUNK];

	for (size_t done = 0; done < len;) {
		size_t n = len - done < CHUNK ? len - done : CHUNK;

		fill(buf, n, done);
		if (write_all(fd, buf, n) < 0)
			return false;
		done += n;
	}
	return true;
}

bool receive_pattern(int fd, size_t len)
{
	static __thread uint8_t buf[CHUNK];

	for (size_t done = 0; done < len;) {
		size_t n = len - done < CHUNK ? len - done : CHUNK;

		if (read_all(fd, buf, n) != (ssize_t)n || !matches(buf, n, done))
			return false;
		done += n;
	}
	return true;
}

int echo(int fd)
{
	static __thread uint8_t buf[CHUNK];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write_all(fd, buf, n) < 0)
			return errno;
	return n ? errno : 0;
}
