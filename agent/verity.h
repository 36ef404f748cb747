/* SPDX-License-Identifier: Apache-2.0 */
/* What fs-verity says of a file. */
#ifndef KITH_AGENT_VERITY_H
#define KITH_AGENT_VERITY_H

#include <stdbool.h>
#include <stdint.h>
#include "digest.h"

/**
 * kith_verity_measure() - the fs-verity digest of the file behind @fd
 *
 * The kernel holds it and checks what is read of the file against it: nothing
 * has to be hashed here.
 *
 * Return: whether the file has one, made with SHA-256.
 */
bool kith_verity_measure(int fd, uint8_t digest[KITH_DIGEST_SIZE]);

#endif
