// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/string.h>

#include <asm/cpufeature.h>

#include "curve.h"
#include "p256.h"

/* What is wiped at a time, and how often more: a frame has a limit. */
#define WIPED		1024
#define WIPED_MORE	2

bool kith_curve_adx __ro_after_init;

int kith_curve_init(void)
{
	kith_curve_adx = boot_cpu_has(X86_FEATURE_ADX) && boot_cpu_has(X86_FEATURE_BMI2);
	kith_p256_init();
	return kith_curve_selftest();
}

static noinline void wipe(unsigned int more)
{
	u8 stack[WIPED];

	if (more)
		wipe(more - 1);
	memzero_explicit(stack, sizeof(stack));
}

void kith_curve_wipe_stack(void)
{
	wipe(WIPED_MORE);
}
