/* Delimiters by bit masks.
 *
 * Idea: compare 64 bytes at a time with the few characters that matter, which gives a bit a byte; the parity of the
 * quotes so far (a running exclusive or, six shifts) says which of them lie within quotes; what remains are the
 * separators, and their places are read off bit by bit (Langdale, Lemire, "Parsing gigabytes of JSON per second", 2019,
 * doi:10.1007/s00778-019-00578-5; Ge, Li, Eilebrecht, Chandramouli, Kossmann, "Speculative distributed CSV data
 * parsing", 2019, doi:10.1145/3299869.3319898).
 * Cost: linear, some GB/s.
 * Different here: parity is right only where every quote opens or closes a field or is doubled within one. The masks
 * check exactly that, so that the first byte where libcsv might see something else ends the index: libcsv defines CSV,
 * this road only takes what both see alike. */
#include "io/block_index.h"

#include <string.h>

typedef struct masks {
    uint64_t quote, delimiter, line_feed, carriage_return;
    uint64_t lone_returns; /* a number: \r without \n behind them, within quotes */
} masks;

/* What the byte before the next 64 was: 0 or 1 each; `quoted` all bits or none. */
typedef struct carry {
    uint64_t separator, closing, carriage_return, any_return, quoted;
    uint64_t doubled; /* quotes so far that stand behind one that would else close */
} carry;

/* In the last word bits beyond the end mean nothing. */
static inline void keep_low(masks *m, uint64_t bits) {
    uint64_t kept = (UINT64_C(1) << bits) - 1;
    m->quote &= kept;
    m->delimiter &= kept;
    m->line_feed &= kept;
    m->carriage_return &= kept;
}

static inline uint64_t running_parity(uint64_t bits) {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

/* Returns have a word to themselves: few files have any. */
static inline uint64_t check_returns(masks *m, carry *before, uint64_t outside) {
    uint64_t any = m->carriage_return, here = any & outside;
    uint64_t behind = here << 1 | before->carriage_return, behind_any = any << 1 | before->any_return;
    m->lone_returns = (uint64_t)__builtin_popcountll(any) - (uint64_t)__builtin_popcountll(behind_any & m->line_feed);
    before->carriage_return = here >> 63;
    before->any_return = any >> 63;
    return behind & ~m->line_feed;
}

/* The separators among the next 64 bytes; returns the irregular ones. */
static inline uint64_t find_separators(masks *m, carry *before, uint64_t *separators) {
    uint64_t quoted = before->quoted, irregular = 0;
    if (m->quote) quoted ^= running_parity(m->quote); /* an opening quote is within, a closing one is not */
    uint64_t found = (m->delimiter | m->line_feed) & ~quoted;
    m->lone_returns = 0;
    if (m->carriage_return | before->any_return) irregular = check_returns(m, before, ~quoted);
    if (m->quote | before->closing) {
        uint64_t opening = m->quote & quoted, closing = m->quote & ~quoted;
        uint64_t behind_separator = found << 1 | before->separator, behind_closing = closing << 1 | before->closing;
        irregular |= opening & ~(behind_separator | behind_closing);
        irregular |= behind_closing & ~(m->quote | found | (m->carriage_return & ~quoted));
        before->doubled |= behind_closing & m->quote;
        before->closing = closing >> 63;
    }
    before->separator = found >> 63;
    before->quoted = (uint64_t)((int64_t)quoted >> 63);
    *separators = found;
    return irregular;
}

static inline uint64_t write_place(uint64_t bits, uint32_t base, uint32_t *out) {
    *out = base + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
    return bits & (bits - 1);
}

/* Eight places at once, whether there are so many or not: a loop that ends anew each time would be mispredicted. */
static inline uint64_t write_eight(uint64_t bits, uint32_t base, uint32_t *out) {
    bits = write_place(bits, base, out);
    bits = write_place(bits, base, out + 1);
    bits = write_place(bits, base, out + 2);
    bits = write_place(bits, base, out + 3);
    bits = write_place(bits, base, out + 4);
    bits = write_place(bits, base, out + 5);
    bits = write_place(bits, base, out + 6);
    return write_place(bits, base, out + 7);
}

static inline uint64_t write_places(uint64_t bits, uint32_t base, uint32_t *out) {
    uint64_t count = (uint64_t)__builtin_popcountll(bits);
    bits = write_eight(bits, base, out);
    if (__builtin_expect(count > 8, 0))
        for (uint64_t done = 8; done < count; done += 8) bits = write_eight(bits, base, out + done);
    return count;
}

/* ---- levels ---- */

static inline void scalar_masks(const char *p, char delimiter, masks *m) {
    memset(m, 0, sizeof *m);
    for (uint64_t i = 0; i < 64; i++) {
        m->quote |= (uint64_t)(p[i] == '"') << i;
        m->delimiter |= (uint64_t)(p[i] == delimiter) << i;
        m->line_feed |= (uint64_t)(p[i] == '\n') << i;
        m->carriage_return |= (uint64_t)(p[i] == '\r') << i;
    }
}
#define KERNEL index_scalar
#define TARGET
#define masks_of scalar_masks
#include "io/block_index_kernel.h"

#if defined(__SSE2__)
#include <immintrin.h>

static inline uint64_t equal_16x4(const __m128i x[4], char byte) {
    __m128i wanted = _mm_set1_epi8(byte);
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++)
        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x[i], wanted)) << (16 * i);
    return bits;
}
static inline void base_masks(const char *p, char delimiter, masks *m) {
    __m128i x[4];
    for (int i = 0; i < 4; i++) x[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    m->quote = equal_16x4(x, '"');
    m->delimiter = equal_16x4(x, delimiter);
    m->line_feed = equal_16x4(x, '\n');
    m->carriage_return = equal_16x4(x, '\r');
}
#define HAS_BASE 1
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>

static inline uint64_t equal_16x4(const uint8x16_t x[4], char byte) {
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t wanted = vdupq_n_u8((uint8_t)byte), bit = vld1q_u8(places), y[4];
    for (int i = 0; i < 4; i++) y[i] = vandq_u8(vceqq_u8(x[i], wanted), bit);
    uint8x16_t sums = vpaddq_u8(vpaddq_u8(y[0], y[1]), vpaddq_u8(y[2], y[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}
static inline void base_masks(const char *p, char delimiter, masks *m) {
    uint8x16_t x[4];
    for (int i = 0; i < 4; i++) x[i] = vld1q_u8((const uint8_t *)p + 16 * i);
    m->quote = equal_16x4(x, '"');
    m->delimiter = equal_16x4(x, delimiter);
    m->line_feed = equal_16x4(x, '\n');
    m->carriage_return = equal_16x4(x, '\r');
}
#define HAS_BASE 1
#endif

#ifdef HAS_BASE
#define KERNEL index_base
#define TARGET
#define masks_of base_masks
#include "io/block_index_kernel.h"
#endif

#ifdef CM_CPU_HAS_X86_64
/* For AVX-512, too: wider masks take as long to find, and longer to get into the words that the rest needs. */
#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
AVX2 static inline uint64_t equal_32x2(__m256i low, __m256i high, char byte) {
    __m256i wanted = _mm256_set1_epi8(byte);
    uint32_t first = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    uint32_t second = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return (uint64_t)second << 32 | first;
}
AVX2 static inline void avx2_masks(const char *p, char delimiter, masks *m) {
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    m->quote = equal_32x2(low, high, '"');
    m->delimiter = equal_32x2(low, high, delimiter);
    m->line_feed = equal_32x2(low, high, '\n');
    m->carriage_return = equal_32x2(low, high, '\r');
}
#define KERNEL index_avx2
#define TARGET AVX2
#define masks_of avx2_masks
#include "io/block_index_kernel.h"
#endif

void cm_block_index(cm_cpu_level level, const char *bytes, uint64_t from, uint64_t to, char delimiter, uint32_t *out,
                    cm_index_end *end) {
#ifdef CM_CPU_HAS_X86_64
    if (level >= CM_CPU_AVX2) {
        index_avx2(bytes, from, to, delimiter, out, end);
        return;
    }
#endif
#ifdef HAS_BASE
    if (level >= CM_CPU_BASE) {
        index_base(bytes, from, to, delimiter, out, end);
        return;
    }
#endif
    index_scalar(bytes, from, to, delimiter, out, end);
}
