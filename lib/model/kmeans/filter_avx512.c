/* The filter with AVX-512: sixteen floats a vector, tiles of twelve centres in 24 of the 32 registers. */
#include "base/cpu.h"

#ifdef CM_CPU_HAS_X86_64
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))),          \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl,prefer-vector-width=512")
#endif

typedef __m512 vector;
typedef __m512i whole;
typedef __mmask16 mask;

#define LANES 16
#define TILE 12
#define LOAD(from) _mm512_loadu_ps(from)
#define STORE(to, a) _mm512_storeu_ps(to, a)
#define STORE_WHOLE(to, a) _mm512_storeu_si512(to, a)
#define ALL(value) _mm512_set1_ps(value)
#define ALL_WHOLE(value) _mm512_set1_epi32(value)
#define MUL_ADD(a, b, c) _mm512_fmadd_ps(a, b, c)
#define NOT_MUL_ADD(a, b, c) _mm512_fnmadd_ps(a, b, c)
#define LESSER(a, b) _mm512_min_ps(a, b)
#define GREATER(a, b) _mm512_max_ps(a, b)
#define LESS(a, b) _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ)
#define NOT_LESS(a, b) _mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ)
#define CHOOSE(which, a, b) _mm512_mask_blend_epi32(which, a, b)
#define BITS(which) ((uint32_t)(which))
#define NARROW(from, origin, to) narrow_sixteen(from, origin, to)

static inline void narrow_sixteen(const double *from, double origin, float *to) {
    __m512d less = _mm512_set1_pd(origin);
    _mm256_storeu_ps(to, _mm512_cvtpd_ps(_mm512_sub_pd(_mm512_loadu_pd(from), less)));
    _mm256_storeu_ps(to + 8, _mm512_cvtpd_ps(_mm512_sub_pd(_mm512_loadu_pd(from + 8), less)));
}

#include "model/kmeans/filter.h"

const cm_kmeans_kernel cm_kmeans_avx512 = {TILE, assign, approach, weigh};

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
