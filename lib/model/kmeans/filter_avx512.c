/* The filter with AVX-512: sixteen floats a vector, tiles of twelve centres in 24 of the 32 registers. */
#include "base/cpu.h"

#ifdef CM_CPU_HAS_X86_64
#include <immintrin.h>

#define KERNEL cm_kmeans_avx512
#if defined(__clang__)
#define TARGET "avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#else
#define TARGET "avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl,prefer-vector-width=512"
#endif
#define LANES 16
#define TILE 12

typedef __m512 vector;
typedef __m512i whole;
typedef __mmask16 mask;

#define PS(name) _mm512_##name##_ps
#define LESS(a, b) _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ)
#define NOT_LESS(a, b) _mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ)
#define BITS(which) ((uint32_t)(which))
#define CHOOSE(which, a, b) _mm512_mask_blend_epi32(which, a, b)
#define ALL_WHOLE(value) _mm512_set1_epi32(value)
#define STORE_WHOLE(to, a) _mm512_storeu_si512(to, a)
#define NARROW_EIGHT(from, origin) _mm512_cvtpd_ps(_mm512_sub_pd(_mm512_loadu_pd(from), _mm512_set1_pd(origin)))
#define NARROW(from, origin) \
    _mm512_insertf32x8(_mm512_castps256_ps512(NARROW_EIGHT(from, origin)), NARROW_EIGHT((from) + 8, origin), 1)

#include "model/kmeans/filter.h"
#endif
