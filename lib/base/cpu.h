/* Which vector instructions a kernel may use: one question, asked by all of them. */
#ifndef CM_BASE_CPU_H
#define CM_BASE_CPU_H

#include "base/context.h"

/* Each has the instructions of those before it. A kernel's results are the same bytes at every level. */
typedef enum cm_cpu_level {
    CM_CPU_SCALAR, /* plain C, the reference */
    CM_CPU_BASE,   /* what the compiler may assume everywhere: SSE2 on x86-64, NEON on 64-bit ARM */
    CM_CPU_AVX2,   /* x86-64-v3: AVX2, FMA, BMI1, BMI2 */
    CM_CPU_AVX512, /* x86-64-v4: AVX-512 F, BW, CD, DQ, VL */
    CM_CPU_LEVELS
} cm_cpu_level;

/* The highest level of this processor and system that was not switched off. */
cm_cpu_level cm_cpu(const cm_context *ctx);

/* For tests alone: switches off all levels above `most` for this context and its workers. */
void cm_cpu_limit(cm_context *ctx, cm_cpu_level most);

/* Whether the compiler can make the higher levels; a kernel of one of them is compiled under this condition. */
#if defined(__x86_64__) && defined(__GNUC__)
#define CM_CPU_HAS_X86_64 1
#endif

#endif
