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
#define ROOT(a) _mm512_sqrt_ps(a)
#define LESSER(a, b) _mm512_min_ps(a, b)
#define GREATER(a, b) _mm512_max_ps(a, b)
#define LESS(a, b) _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ)
#define NOT_LESS(a, b) _mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ)
#define CHOOSE(which, a, b) _mm512_mask_blend_epi32(which, a, b)
#define BITS(which) ((uint32_t)(which))
#define NARROW(from, origin) narrow_sixteen(from, _mm512_set1_pd(origin))

static inline __m512 narrow_sixteen(const double *from, __m512d origin) {
    return _mm512_insertf32x8(
        _mm512_castps256_ps512(_mm512_cvtpd_ps(_mm512_sub_pd(_mm512_loadu_pd(from), origin))),
        _mm512_cvtpd_ps(_mm512_sub_pd(_mm512_loadu_pd(from + 8), origin)), 1);
}

#include "model/kmeans/filter.h"

const cm_kmeans_kernel cm_kmeans_avx512 = {TILE, assign, compare, measure};

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
