/* In files of transactions invoice, customer and country stand on many lines running. To see that a cell is the one
 * before takes its length, its first and its last eight bytes; with AVX-512 eight cells are compared with those before
 * them at once. */
#include "io/block_runs.h"

#include <string.h>

#include "io/block_eight.h"

#define TRIAL UINT64_C(64) /* rows that show whether there are any runs */

/* A cell's first and last eight bytes; of a shorter one all of them twice. */
typedef struct cell_ends {
    uint64_t first, last;
} cell_ends;

typedef struct run_finder {
    const char *bytes;
    const uint32_t *begins, *behind; /* by rows */
    uint32_t *run_begins, *run_behind;
    int32_t *places;
    uint64_t from, count;
} run_finder;

static inline uint64_t length_of(const run_finder *f, uint64_t row) {
    return f->behind[row] - f->begins[row] - UINT64_C(1);
}

static inline cell_ends ends_of(const run_finder *f, uint64_t row) {
    uint64_t length = length_of(f, row), last = cm_load_word(f->bytes + f->behind[row] - 9);
    if (length >= 8) return (cell_ends){cm_load_word(f->bytes + f->begins[row]), last};
    last = length ? last >> (64 - 8 * length) : 0;
    return (cell_ends){last, last};
}

/* Whether a cell whose length and ends are those of the one before is that cell. */
static inline bool same_middle(const run_finder *f, uint64_t row) {
    uint64_t length = length_of(f, row);
    const char *cell = f->bytes + f->begins[row], *before = f->bytes + f->begins[row - 1];
    return length <= 16 || !memcmp(cell + 8, before + 8, (size_t)length - 16);
}

static inline void begin_run(run_finder *f, uint64_t row) {
    f->run_begins[f->count] = f->begins[row];
    f->run_behind[f->count++] = f->behind[row];
}

/* Rows from this one on; the row before it is in a run already. */
static void find_runs(run_finder *f, uint64_t row, uint64_t to) {
    cell_ends before = ends_of(f, row - 1);
    for (; row < to; row++) {
        cell_ends at = ends_of(f, row);
        bool same = at.first == before.first && at.last == before.last && length_of(f, row) == length_of(f, row - 1)
                    && same_middle(f, row);
        if (!same) begin_run(f, row);
        f->places[row - f->from] = (int32_t)f->count - 1;
        before = at;
    }
}

#ifdef CM_CPU_HAS_X86_64
typedef struct eight_cells {
    __m512i lengths, first, last; /* as cell_ends */
} eight_cells;

CM_AVX512 static inline eight_cells cells_at(const run_finder *f, uint64_t row) {
    const uint32_t *begins = f->begins + row, *behind = f->behind + row;
    __m512i lengths = cm_eight_lengths(begins, behind), eight = cm_eight_of(8), last = cm_last_words(f->bytes, behind);
    __mmask8 shorter = _mm512_cmplt_epu64_mask(lengths, eight);
    last = _mm512_mask_srlv_epi64(last, shorter, last, _mm512_slli_epi64(_mm512_sub_epi64(eight, lengths), 3));
    if (shorter == 0xFF) return (eight_cells){lengths, last, last};
    return (eight_cells){lengths, _mm512_mask_mov_epi64(cm_first_words(f->bytes, begins), shorter, last), last};
}

CM_AVX512 static inline __mmask8 equal_to_before(__mmask8 among, __m512i at, __m512i before) {
    return _mm512_mask_cmpeq_epi64_mask(among, at, _mm512_alignr_epi64(at, before, 7));
}

/* Which of the eight are the one before. */
CM_AVX512 static inline __mmask8 find_same(const run_finder *f, uint64_t row, const eight_cells *at,
                                           const eight_cells *before) {
    __mmask8 same = equal_to_before(0xFF, at->lengths, before->lengths);
    same = equal_to_before(same, at->first, before->first);
    same = equal_to_before(same, at->last, before->last);
    __mmask8 longer = _mm512_mask_cmpgt_epu64_mask(same, at->lengths, cm_eight_of(16));
    for (; longer; longer &= (__mmask8)(longer - 1)) {
        unsigned i = (unsigned)__builtin_ctz(longer);
        if (!same_middle(f, row + i)) same &= (__mmask8)~(1U << i);
    }
    return same;
}

CM_AVX512 static inline void begin_runs(run_finder *f, uint64_t row, __mmask8 fresh) {
    const uint64_t each = CM_EACH_BYTE(1);
    __m256i begins = cm_eight_places(f->begins + row), behind = cm_eight_places(f->behind + row);
    uint64_t so_far = _pdep_u64(fresh, each) * each; /* how many of them up to each row, a byte a row */
    __m256i places = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)so_far));
    places = _mm256_add_epi32(places, _mm256_set1_epi32((int32_t)f->count - 1));
    _mm256_storeu_si256((__m256i *)(void *)(f->places + (row - f->from)), places);
    _mm256_storeu_si256((__m256i *)(void *)(f->run_begins + f->count), _mm256_maskz_compress_epi32(fresh, begins));
    _mm256_storeu_si256((__m256i *)(void *)(f->run_behind + f->count), _mm256_maskz_compress_epi32(fresh, behind));
    f->count += (uint64_t)__builtin_popcount(fresh);
}

CM_AVX512 static void find_runs_avx512(run_finder *f, uint64_t row, uint64_t to) {
    cell_ends ends = ends_of(f, row - 1);
    eight_cells before = {cm_eight_of(length_of(f, row - 1)), cm_eight_of(ends.first), cm_eight_of(ends.last)};
    for (; row + 8 <= to; row += 8) {
        eight_cells at = cells_at(f, row);
        begin_runs(f, row, (__mmask8)~find_same(f, row, &at, &before));
        before = at;
    }
    find_runs(f, row, to);
}
#endif

void cm_block_find_runs(const cm_context *ctx, cm_block *block, uint64_t from, uint64_t to, int32_t *places,
                        cm_block_runs *out) {
    run_finder f = {block->bytes, block->begins, block->behind, block->text_starts, block->text_lengths, places, from,
                    0};
    uint64_t trial = to - from < TRIAL ? to : from + TRIAL;
    begin_run(&f, from);
    places[0] = 0;
    find_runs(&f, from + 1, trial);
    if (f.count > (trial - from) / 4 * 3) {
        *out = (cm_block_runs){block->begins + from, block->behind + from, to - from, NULL};
        return;
    }
#ifdef CM_CPU_HAS_X86_64
    if (cm_cpu(ctx) >= CM_CPU_AVX512) find_runs_avx512(&f, trial, to);
    else
#endif
        find_runs(&f, trial, to);
    (void)ctx;
    *out = (cm_block_runs){f.run_begins, f.run_behind, f.count, places};
}
