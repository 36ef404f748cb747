/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small things the agent and the command line share. Memory: an allocation
 * that fails aborts the process (the kernel keeps what it holds, systemd
 * starts the agent again), so callers do not test for it.
 */
#ifndef KITH_LIB_BASE_BASE_H
#define KITH_LIB_BASE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KITH_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

void *kith_alloc(size_t size); /* zeroed */
void *kith_realloc(void *memory, size_t n, size_t size);
char *kith_strdup(const char *string); /* NULL stays NULL */
char *kith_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *kith_vformat(const char *format, va_list args);

/* Lower-case hexadecimal of @data in @out, which has 2 * @size + 1 bytes. */
void kith_hex(char *out, const uint8_t *data, size_t size);

/* Milliseconds since 1970. */
int64_t kith_now_ms(void);

#define KITH_TIME_TEXT 32
/* "2026-11-22T09:30:00.123Z". Return: @out. */
char *kith_time_text(char out[KITH_TIME_TEXT], int64_t ms);

/**
 * kith_read_file() - a whole file in memory
 * @max: more bytes than this are -EFBIG
 * @size: filled when not NULL
 *
 * Return: 0 with a NUL after the content in *@data, to free(), or -errno.
 */
int kith_read_file(const char *path, size_t max, char **data, size_t *size);

/* Replaces @path by @data in one step, flushed to the disk. Return: 0 or
 * -errno. */
int kith_write_file(const char *path, const void *data, size_t size, unsigned int mode);

/**
 * kith_parse_duration() - "90s", "15m", "1h", "30d", or seconds
 *
 * Return: true with *@seconds in 1 to 10 years.
 */
bool kith_parse_duration(const char *text, uint32_t *seconds);

#endif
