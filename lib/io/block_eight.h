/* Eight cells side by side, with AVX-512. */
#ifndef CM_IO_BLOCK_EIGHT_H
#define CM_IO_BLOCK_EIGHT_H

#include "base/cpu.h"
#include "io/block_cells.h"

#ifdef CM_CPU_HAS_X86_64
#include <immintrin.h>

#define CM_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi,bmi2,popcnt,lzcnt")))

CM_AVX512 static inline __m512i cm_eight_of(uint64_t x) { return _mm512_set1_epi64((int64_t)x); }

CM_AVX512 static inline __m256i cm_eight_places(const uint32_t *places) {
    return _mm256_loadu_si256((const __m256i *)(const void *)places);
}

CM_AVX512 static inline __m512i cm_eight_lengths(const uint32_t *begins, const uint32_t *behind) {
    __m256i with_separators = _mm256_sub_epi32(cm_eight_places(behind), cm_eight_places(begins));
    return _mm512_cvtepu32_epi64(_mm256_sub_epi32(with_separators, _mm256_set1_epi32(1)));
}

/* By single loads: gather instructions do the same, but where processors are guarded against data sampling they are
 * several times as slow. */
CM_AVX512 static inline __m512i cm_eight_words(const uint64_t words[8]) {
    return _mm512_set_epi64((int64_t)words[7], (int64_t)words[6], (int64_t)words[5], (int64_t)words[4],
                            (int64_t)words[3], (int64_t)words[2], (int64_t)words[1], (int64_t)words[0]);
}

/* The first eight bytes of each of eight cells. */
CM_AVX512 static inline __m512i cm_first_words(const char *bytes, const uint32_t *starts) {
    uint64_t words[8];
    for (uint64_t i = 0; i < 8; i++) words[i] = cm_load_word(bytes + starts[i]);
    return cm_eight_words(words);
}

/* And their last, which end one byte before `behind`; of shorter ones bytes before them too. */
CM_AVX512 static inline __m512i cm_last_words(const char *bytes, const uint32_t *behind) {
    uint64_t words[8];
    for (uint64_t i = 0; i < 8; i++) words[i] = cm_load_word(bytes + behind[i] - 9);
    return cm_eight_words(words);
}
#endif

#endif
