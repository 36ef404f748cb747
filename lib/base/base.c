// SPDX-License-Identifier: Apache-2.0
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DURATION_MAX (10ULL * 366 * 24 * 3600)

static void *checked(void *memory)
{
	if (!memory) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *kith_alloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *kith_realloc(void *memory, size_t n, size_t size)
{
	return checked(reallocarray(memory, n ? n : 1, size));
}

char *kith_strdup(const char *string)
{
	return string ? checked(strdup(string)) : NULL;
}

char *kith_vformat(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	return checked(text);
}

char *kith_format(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = kith_vformat(format, args);
	va_end(args);
	return text;
}

void kith_hex(char *out, const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < size; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = 0;
}

int64_t kith_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

char *kith_time_text(char out[KITH_TIME_TEXT], int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char date[24];

	if (ms < 0 || !gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900) {
		strcpy(out, "-");
		return out;
	}
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, KITH_TIME_TEXT, "%s.%03dZ", date, (int)(ms % 1000));
	return out;
}

static int read_all(int fd, size_t max, char **out, size_t *size)
{
	size_t have = 0, room = 4096;
	char *data = kith_alloc(room);
	ssize_t got;

	for (;;) {
		if (have + 1 == room) {
			room *= 2;
			data = kith_realloc(data, room, 1);
		}
		got = read(fd, data + have, room - have - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
		if (have > max) {
			errno = EFBIG;
			got = -1;
			break;
		}
	}
	if (got < 0) {
		int err = errno;

		free(data);
		return -err;
	}
	data[have] = 0;
	*out = data;
	if (size)
		*size = have;
	return 0;
}

int kith_read_file(const char *path, size_t max, char **data, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = read_all(fd, max, data, size);
	close(fd);
	return ret;
}

static int write_all(int fd, const char *data, size_t size)
{
	ssize_t written;

	while (size) {
		written = write(fd, data, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		data += written;
		size -= (size_t)written;
	}
	return fsync(fd) ? -errno : 0;
}

int kith_write_file(const char *path, const void *data, size_t size, unsigned int mode)
{
	char *temporary = kith_format("%s.new", path);
	int fd, ret;

	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	ret = fd < 0 ? -errno : write_all(fd, data, size);
	if (fd >= 0)
		close(fd);
	if (!ret && rename(temporary, path))
		ret = -errno;
	if (ret && fd >= 0)
		unlink(temporary);
	free(temporary);
	return ret;
}

bool kith_parse_duration(const char *text, uint32_t *seconds)
{
	static const struct {
		char unit;
		uint32_t factor;
	} units[] = {
		{ 0, 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 24 * 3600 },
	};
	unsigned long long value;
	char *end;
	size_t i;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || !value || (*end && end[1]))
		return false;
	for (i = 0; i < KITH_ARRAY_SIZE(units); i++) {
		if (*end != units[i].unit)
			continue;
		if (value > DURATION_MAX / units[i].factor)
			return false;
		*seconds = (uint32_t)(value * units[i].factor);
		return true;
	}
	return false;
}
