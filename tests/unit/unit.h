/* SPDX-License-Identifier: Apache-2.0 */
/* What cmocka wants included before it. */
#ifndef KITH_TESTS_UNIT_H
#define KITH_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
