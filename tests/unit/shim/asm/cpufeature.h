/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_ASM_CPUFEATURE_H
#define _SHIM_ASM_CPUFEATURE_H

#include <linux/types.h>

#define X86_FEATURE_ADX	 "adx"
#define X86_FEATURE_BMI2 "bmi2"

/* Set: a processor that has none of the features above. */
extern bool shim_old_cpu;

#define boot_cpu_has(feature) (!shim_old_cpu && __builtin_cpu_supports(feature))

#endif
