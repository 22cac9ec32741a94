/* Columns of texts. In files of transactions invoice, customer and country stand on many lines running: each text that
 * is not the one before is looked up, once. Most cells stand bare, without quotes and blanks to be taken off; with
 * AVX-512 eight of these are compared with those before them at once. The others are brought to that form first. */
#include <string.h>

#include "io/block_eight.h"
#include "io/block_loop.h"

/* A text's first and last eight bytes; of a shorter one all of them twice. */
typedef struct text_ends {
    uint64_t first, last;
} text_ends;

/* The texts that are not the one before; they lie where the cells were found, those before them left out. */
typedef struct text_runs {
    const char *bytes;
    uint32_t *starts, *lengths;
    int32_t *places; /* of each row's text among them */
    uint64_t count;
    text_ends ends; /* of the last */
} text_runs;

/* ---- one cell ---- */

static inline text_ends ends_of(const char *text, uint64_t length) {
    uint64_t last = cm_load_word(text + length - 8);
    if (length >= 8) return (text_ends){cm_load_word(text), last};
    last = length ? last >> (64 - 8 * length) : 0;
    return (text_ends){last, last};
}

static inline bool same_middle(const char *text, const char *other, uint64_t length) {
    return length <= 16 || !memcmp(text + 8, other + 8, (size_t)length - 16);
}

static inline void add_cell(text_runs *runs, uint64_t row, uint64_t start, uint64_t length) {
    const char *text = runs->bytes + start;
    text_ends ends = ends_of(text, length);
    uint64_t last = runs->count - 1;
    bool same = runs->count && length == runs->lengths[last] && ends.first == runs->ends.first
                && ends.last == runs->ends.last && same_middle(text, runs->bytes + runs->starts[last], length);
    if (!same) {
        runs->ends = ends;
        runs->starts[runs->count] = (uint32_t)start;
        runs->lengths[runs->count++] = (uint32_t)length;
    }
    runs->places[row] = (int32_t)runs->count - 1;
}

/* A cell of any form. Of an absent one nothing needs to be looked up: it stands for the text before. */
static void strip_cell(cm_block *block, const cm_reader *reader, const cm_read_column *column, uint64_t row,
                       text_runs *runs, cm_block_values *out) {
    cm_csv_field field;
    cm_block_cell(block, row, &field);
    out->present[row] = cm_reader_cell(reader, &field);
    if (out->present[row]) {
        uint64_t length = cm_reader_text_length(reader, column, &field);
        out->cells += length > 0;
        add_cell(runs, row, (uint64_t)(field.text - block->bytes), length);
    } else {
        out->absent++;
        runs->places[row] = runs->count ? (int32_t)runs->count - 1 : 0;
    }
}

/* ---- bare cells ---- */

static inline bool is_odd(unsigned char first, unsigned char last) {
    return first <= ' ' || first == '"' || last <= ' ';
}

/* Adds bare cells from this row on; the first row whose cell is not one. */
static uint64_t add_bare(text_runs *runs, uint64_t row, uint64_t to) {
    for (; row < to; row++) {
        uint64_t start = runs->starts[row], length = runs->lengths[row];
        const char *cell = runs->bytes + start;
        if (!length || is_odd((unsigned char)cell[0], (unsigned char)cell[length - 1])) break;
        add_cell(runs, row, start, length);
    }
    return row;
}

#ifdef CM_CPU_HAS_X86_64
typedef struct eight_cells {
    __m512i lengths, first, last; /* as text_ends */
} eight_cells;

CM_AVX512 static inline eight_cells cells_at(const text_runs *runs, uint64_t row) {
    const uint32_t *starts = runs->starts + row;
    __m512i lengths = cm_eight_lengths(runs->lengths + row), eight = cm_eight_of(8);
    __m512i last = cm_last_words(runs->bytes, starts, runs->lengths + row);
    __mmask8 shorter = _mm512_cmplt_epu64_mask(lengths, eight);
    last = _mm512_mask_srlv_epi64(last, shorter, last, _mm512_slli_epi64(_mm512_sub_epi64(eight, lengths), 3));
    if (shorter == 0xFF) return (eight_cells){lengths, last, last};
    return (eight_cells){lengths, _mm512_mask_mov_epi64(cm_first_words(runs->bytes, starts), shorter, last), last};
}

/* The last of the texts so far, eight times. */
CM_AVX512 static inline eight_cells cells_before(const text_runs *runs) {
    return (eight_cells){cm_eight_of(runs->lengths[runs->count - 1]), cm_eight_of(runs->ends.first),
                         cm_eight_of(runs->ends.last)};
}

CM_AVX512 static inline bool any_odd(const eight_cells *at) {
    __m512i first = _mm512_and_si512(at->first, cm_eight_of(0xFF)), blank = cm_eight_of(' ');
    __m512i others = _mm512_sub_epi64(_mm512_min_epu64(at->lengths, cm_eight_of(8)), cm_eight_of(1));
    __m512i shift = _mm512_slli_epi64(others, 3); /* no bits are left of an empty cell's */
    __mmask8 odd = _mm512_cmple_epu64_mask(first, blank) | _mm512_cmpeq_epi64_mask(first, cm_eight_of('"'))
                   | _mm512_cmple_epu64_mask(_mm512_srlv_epi64(at->last, shift), blank);
    return odd != 0;
}

/* Which of the eight are the one before, as far as both ends tell; `other` those whose middle is to be compared. */
CM_AVX512 static inline __mmask8 find_same(const eight_cells *at, const eight_cells *before, __mmask8 *other) {
    __mmask8 same = _mm512_cmpeq_epi64_mask(at->lengths, _mm512_alignr_epi64(at->lengths, before->lengths, 7));
    same = _mm512_mask_cmpeq_epi64_mask(same, at->first, _mm512_alignr_epi64(at->first, before->first, 7));
    same = _mm512_mask_cmpeq_epi64_mask(same, at->last, _mm512_alignr_epi64(at->last, before->last, 7));
    *other = _mm512_mask_cmpgt_epu64_mask(same, at->lengths, cm_eight_of(16));
    return same;
}

CM_AVX512 static inline void add_eight(text_runs *runs, uint64_t row, __mmask8 fresh) {
    const uint64_t each = CM_EACH_BYTE(1);
    __m256i starts = _mm256_loadu_si256((const __m256i *)(const void *)(runs->starts + row));
    __m256i lengths = _mm256_loadu_si256((const __m256i *)(const void *)(runs->lengths + row));
    uint64_t so_far = _pdep_u64(fresh, each) * each; /* how many of them up to each row, a byte a row */
    __m256i places = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)so_far));
    places = _mm256_add_epi32(places, _mm256_set1_epi32((int32_t)runs->count - 1));
    _mm256_storeu_si256((__m256i *)(void *)(runs->places + row), places);
    _mm256_storeu_si256((__m256i *)(void *)(runs->starts + runs->count), _mm256_maskz_compress_epi32(fresh, starts));
    _mm256_storeu_si256((__m256i *)(void *)(runs->lengths + runs->count), _mm256_maskz_compress_epi32(fresh, lengths));
    runs->count += (uint64_t)__builtin_popcount(fresh);
}

/* Adds bare cells, eight at a time, until there is another among eight; there is a text already. */
CM_AVX512 static uint64_t add_bare_avx512(text_runs *runs, uint64_t row, uint64_t to) {
    eight_cells before = cells_before(runs);
    for (; row + 8 <= to; row += 8) {
        eight_cells at = cells_at(runs, row);
        __mmask8 other;
        if (any_odd(&at)) break;
        __mmask8 same = find_same(&at, &before, &other);
        for (; other; other &= (__mmask8)(other - 1)) {
            uint64_t i = (uint64_t)__builtin_ctz(other), one = runs->starts[i ? row + i - 1 : runs->count - 1];
            if (!same_middle(runs->bytes + one, runs->bytes + runs->starts[row + i], runs->lengths[row + i]))
                same &= (__mmask8)~(1U << i);
        }
        add_eight(runs, row, (__mmask8)~same);
        before = at;
    }
    uint64_t last = runs->count - 1;
    runs->ends = ends_of(runs->bytes + runs->starts[last], runs->lengths[last]);
    return row;
}
#endif

static uint64_t add_bare_cells(const cm_context *ctx, text_runs *runs, uint64_t row, uint64_t to) {
    if (row == to || add_bare(runs, row, row + 1) == row) return row;
    row++;
#ifdef CM_CPU_HAS_X86_64
    if (cm_cpu(ctx) >= CM_CPU_AVX512) row = add_bare_avx512(runs, row, to);
#endif
    (void)ctx;
    return add_bare(runs, row, to);
}

/* ---- a column ---- */

static void find_texts(const cm_context *ctx, cm_block *block, const cm_reader *reader, const cm_read_column *column,
                       uint64_t from, uint64_t to, text_runs *runs, cm_block_values *out) {
    bool exceptions = reader->how.na_count || reader->how.integer_ids;
    memset(out->present + from, 1, (size_t)(to - from));
    for (uint64_t row = from; row < to; row++) {
        uint64_t begin = row;
        if (!exceptions) row = add_bare_cells(ctx, runs, row, to);
        out->cells += row - begin;
        if (row < to) strip_cell(block, reader, column, row, runs, out);
    }
}

/* The first row whose text is none of the first `known`. */
static uint64_t first_unknown(const cm_block_values *values, uint64_t known, uint64_t from, uint64_t to) {
    uint64_t row = from;
    while (row < to && (!values->present[row] || (uint64_t)values->codes[row] < known)) row++;
    return row;
}

/* Places of texts become their codes; 0 where absent. */
static void set_codes(const cm_block_values *values, const int32_t *codes, uint64_t from, uint64_t to) {
    const uint8_t *present = values->present;
    int32_t *places = values->codes;
    for (uint64_t row = from; row < to; row++) places[row] = codes[places[row]] & -(int32_t)present[row];
}

cm_status cm_block_encode(cm_context *ctx, cm_block *block, const cm_reader *reader, cm_read_column *column,
                          uint64_t from, uint64_t to, cm_block_values *out, uint64_t *failed) {
    uint64_t known;
    cm_status status = cm_block_values_start(ctx, block, column, out);
    if (!status) status = cm_reserve(ctx, &out->codes, &out->codes_capacity, block->rows, sizeof *out->codes);
    if (!status)
        status = cm_reserve(ctx, &block->text_codes, &block->text_codes_capacity, block->rows,
                            sizeof *block->text_codes);
    if (status || from == to) return status;
    text_runs runs = {block->bytes, block->cell_starts, block->cell_lengths, out->codes, 0, {0, 0}};
    find_texts(ctx, block, reader, column, from, to, &runs, out);
    cm_texts texts = {block->bytes, runs.starts, runs.lengths};
    status = cm_dictionary_add_many(ctx, column->field.dictionary, &texts, runs.count, block->text_codes, &known);
    if (status) *failed = to = first_unknown(out, known, from, to);
    set_codes(out, block->text_codes, from, to);
    return status;
}
