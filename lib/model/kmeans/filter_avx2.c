/* The filter with AVX2 and FMA: eight floats a vector, tiles of six centres in twelve of the sixteen registers. */
#include "base/cpu.h"

#ifdef CM_CPU_HAS_X86_64
#include <immintrin.h>

#define KERNEL cm_kmeans_avx2
#define TARGET "avx2,fma,bmi,bmi2"
#define LANES 8
#define TILE 6

typedef __m256 vector;
typedef __m256i whole;
typedef __m256 mask;

#define PS(name) _mm256_##name##_ps
#define LESS(a, b) _mm256_cmp_ps(a, b, _CMP_LT_OQ)
#define NOT_LESS(a, b) _mm256_cmp_ps(a, b, _CMP_NLT_UQ)
#define BITS(which) ((uint32_t)_mm256_movemask_ps(which))
#define CHOOSE(which, a, b) _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), which))
#define ALL_WHOLE(value) _mm256_set1_epi32(value)
#define STORE_WHOLE(to, a) _mm256_storeu_si256((__m256i *)(void *)(to), a)
#define NARROW_FOUR(from, origin) _mm256_cvtpd_ps(_mm256_sub_pd(_mm256_loadu_pd(from), _mm256_set1_pd(origin)))
#define NARROW(from, origin) _mm256_set_m128(NARROW_FOUR((from) + 4, origin), NARROW_FOUR(from, origin))

#include "model/kmeans/filter.h"
#endif
