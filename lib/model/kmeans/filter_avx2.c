/* The filter with AVX2 and FMA: eight floats a vector, tiles of six centres in twelve of the sixteen registers. */
#include "base/cpu.h"

#ifdef CM_CPU_HAS_X86_64
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,bmi,bmi2")
#endif

typedef __m256 vector;
typedef __m256i whole;
typedef __m256 mask;

#define LANES 8
#define TILE 6
#define LOAD(from) _mm256_loadu_ps(from)
#define STORE(to, a) _mm256_storeu_ps(to, a)
#define STORE_WHOLE(to, a) _mm256_storeu_si256((__m256i *)(void *)(to), a)
#define ALL(value) _mm256_set1_ps(value)
#define ALL_WHOLE(value) _mm256_set1_epi32(value)
#define MUL_ADD(a, b, c) _mm256_fmadd_ps(a, b, c)
#define NOT_MUL_ADD(a, b, c) _mm256_fnmadd_ps(a, b, c)
#define ROOT(a) _mm256_sqrt_ps(a)
#define LESSER(a, b) _mm256_min_ps(a, b)
#define GREATER(a, b) _mm256_max_ps(a, b)
#define LESS(a, b) _mm256_cmp_ps(a, b, _CMP_LT_OQ)
#define NOT_LESS(a, b) _mm256_cmp_ps(a, b, _CMP_NLT_UQ)
#define CHOOSE(which, a, b) _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), which))
#define BITS(which) ((uint32_t)_mm256_movemask_ps(which))
#define NARROW(from, origin) narrow_eight(from, _mm256_set1_pd(origin))

static inline __m256 narrow_eight(const double *from, __m256d origin) {
    return _mm256_set_m128(_mm256_cvtpd_ps(_mm256_sub_pd(_mm256_loadu_pd(from + 4), origin)),
                           _mm256_cvtpd_ps(_mm256_sub_pd(_mm256_loadu_pd(from), origin)));
}

#include "model/kmeans/filter.h"

const cm_kmeans_kernel cm_kmeans_avx2 = {TILE, assign, compare, measure};

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
