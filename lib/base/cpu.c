/* The compiler's own table of features is filled when the library is loaded; it asks the system, too, whether the wide
 * registers are kept. */
#include "base/cpu.h"

static cm_cpu_level of_machine(void) {
#ifdef CM_CPU_HAS_X86_64
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi")
              && __builtin_cpu_supports("bmi2");
    bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
              && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
              && __builtin_cpu_supports("avx512vl");
    if (v3) return v4 ? CM_CPU_AVX512 : CM_CPU_AVX2;
#endif
    return CM_CPU_BASE;
}

cm_cpu_level cm_cpu(const cm_context *ctx) {
    const cm_context *root = ctx->parent ? ctx->parent : ctx;
    cm_cpu_level level = of_machine(), most = (cm_cpu_level)root->cpu_most;
    return level < most ? level : most;
}

void cm_cpu_limit(cm_context *ctx, cm_cpu_level most) {
    ctx->cpu_most = (int32_t)most;
}
