/* Columns of numbers. Most cells have the scale of those before them and at most eight characters: these are read
 * without a branch, eight at once where there is AVX-512; the others one by one. */
#include <string.h>

#include "base/number.h"
#include "io/block_eight.h"
#include "io/block_loop.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A plain number of any length. */
static bool read_plain_number(const cm_csv_field *field, char mark, int64_t *value, int32_t *scale) {
    const char *text = field->text;
    uint64_t length = field->length, first = text[0] == '-';
    if (cm_read_short_number(text, length, mark, value, scale)) return true;
    if (length < first + 1 || !is_digit(text[first]) || !is_digit(text[length - 1])) return false;
    if (text[first] == '0' && length > first + 1 && text[first + 1] != mark) return false;
    return cm_parse_decimal(text, length, mark, value, scale) == CM_DECIMAL_OK;
}

static void widen_values(cm_block_values *out, uint64_t rows, int32_t scale) {
    for (uint64_t row = 0; row < rows; row++)
        out->bad |= cm_rescale_overflows(out->values[row].integer, out->scale, scale, &out->values[row].integer);
    out->scale = scale;
}

static inline void count_number(cm_plain_numbers *numbers, int64_t value, int32_t scale) {
    if (!numbers->count[scale]++) numbers->low[scale] = numbers->high[scale] = value;
    if (value < numbers->low[scale]) numbers->low[scale] = value;
    if (value > numbers->high[scale]) numbers->high[scale] = value;
}

/* A number whose scale is not that of the values so far. */
static void put_other_scale(const cm_block_loop *loop, uint64_t row, int64_t value, int32_t scale,
                            const cm_csv_field *field) {
    cm_block_values *out = loop->out;
    if (scale > out->numbers.scale) {
        out->numbers.scale = scale;
        out->largest_row = row;
    }
    if (scale > out->scale && loop->widen) widen_values(out, row, scale);
    if (scale > out->scale)
        out->bad |= cm_decision_read(loop->decision, field->text, field->length, &out->values[row]) != CM_CELL_FITS;
    else
        out->bad |= cm_rescale_overflows(value, scale, out->scale, &out->values[row].integer);
}

/* Numbers as most are: with the scale of the values so far, of up to eight characters. */
typedef struct number_form {
    uint64_t least;          /* characters that it takes: a digit before the mark, all behind it */
    uint64_t text, limits;   /* "0000.00"; what may be added to a byte's difference from it below 128 */
    uint64_t before, behind; /* bytes of the digits */
} number_form;

static number_form form_of(int32_t scale, char mark) {
    number_form form = {1, CM_EACH_BYTE('0'), CM_EACH_BYTE(0x76), 0, ~UINT64_C(0)};
    if (!scale) return form;
    uint64_t at = (uint64_t)(8 * (7 - scale)), byte = UINT64_C(0xFF) << at;
    form.least = (uint64_t)scale + 2;
    form.text = (form.text & ~byte) | (uint64_t)(unsigned char)mark << at;
    form.limits |= UINT64_C(0x7F) << at;
    form.before = (UINT64_C(1) << at) - 1;
    form.behind = ~form.before & ~byte;
    return form;
}

static inline bool read_form(const number_form *form, const char *text, uint64_t length, int64_t *value) {
    bool negative = text[0] == '-';
    text += negative;
    length -= negative;
    if (length - form->least > 8 - form->least) return false;
    uint64_t others = ~UINT64_C(0xFF) >> 8 >> (8 * (length - 1)); /* bits of the bytes before the cell */
    uint64_t word = (cm_load_word(text + length - 8) & ~others) | (CM_EACH_BYTE('0') & others);
    uint64_t off = word ^ form->text;
    bool coded = text[0] == '0' && length > form->least;
    if (coded | !!((off | (off + form->limits)) & CM_EACH_BYTE(0x80))) return false;
    int64_t magnitude = (int64_t)cm_eight_digits((off & form->behind) | (off & form->before) << 8);
    *value = negative ? -magnitude : magnitude;
    return true;
}

/* Rows of a column that are read at once, and the lowest and highest of them. */
typedef struct number_rows {
    const char *bytes;
    const uint32_t *begins, *behind;
    int64_t *values;
    uint64_t end;
    int64_t low, high;
} number_rows;

/* Each of these reads the rows from this one on that have such numbers, and returns the first that has not. */
static uint64_t alike_scalar(const number_form *form_at, number_rows *rows, uint64_t row) {
    const number_form form = *form_at;
    const char *bytes = rows->bytes;
    const uint32_t *begins = rows->begins, *behind = rows->behind;
    int64_t *values = rows->values, value, low = rows->low, high = rows->high;
    uint64_t end = rows->end;
    for (; row < end; row++) {
        if (!read_form(&form, bytes + begins[row], behind[row] - begins[row] - UINT64_C(1), &value)) break;
        low = value < low ? value : low;
        high = value > high ? value : high;
        values[row] = value;
    }
    rows->low = low;
    rows->high = high;
    return row;
}

#ifdef CM_CPU_HAS_X86_64
/* Eight digits a lane: pairs, then fours, then all. */
CM_AVX512 static inline __m512i eight_digits(__m512i digits) {
    __m512i pairs = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010A));
    __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00010064));
    return _mm512_add_epi64(_mm512_mul_epu32(fours, cm_eight_of(10000)), _mm512_srli_epi64(fours, 32));
}

/* The first byte of a cell whose last is the highest of the word. */
CM_AVX512 static inline __m512i first_byte(__m512i words, __m512i bits) {
    return _mm512_and_si512(_mm512_srlv_epi64(words, _mm512_sub_epi64(cm_eight_of(64), bits)), cm_eight_of(0xFF));
}

/* What read_form does, for eight cells; which of them have the form. */
CM_AVX512 static inline __mmask8 read_forms(const number_form *form, const number_rows *rows, uint64_t row,
                                            __m512i *out) {
    __m512i words = cm_last_words(rows->bytes, rows->behind + row);
    __m512i lengths = cm_eight_lengths(rows->begins + row, rows->behind + row), bits = _mm512_slli_epi64(lengths, 3);
    __mmask8 negative = _mm512_cmpeq_epi64_mask(first_byte(words, bits), cm_eight_of('-'));
    lengths = _mm512_mask_sub_epi64(lengths, negative, lengths, cm_eight_of(1));
    bits = _mm512_slli_epi64(lengths, 3);
    __m512i more = _mm512_sub_epi64(lengths, cm_eight_of(form->least));
    __m512i others = _mm512_srlv_epi64(cm_eight_of(UINT64_MAX), bits), zeros = cm_eight_of(CM_EACH_BYTE('0'));
    words = _mm512_or_si512(_mm512_andnot_si512(others, words), _mm512_and_si512(others, zeros));
    __m512i off = _mm512_xor_si512(words, cm_eight_of(form->text));
    __m512i over = _mm512_or_si512(off, _mm512_add_epi64(off, cm_eight_of(form->limits)));
    __mmask8 fit = _mm512_cmple_epu64_mask(more, cm_eight_of(8 - form->least));
    fit = _mm512_mask_testn_epi64_mask(fit, over, cm_eight_of(CM_EACH_BYTE(0x80)));
    __mmask8 coded = _mm512_cmpeq_epi64_mask(first_byte(words, bits), cm_eight_of('0'));
    fit &= (__mmask8)~_mm512_mask_test_epi64_mask(coded, more, more);
    __m512i before = _mm512_slli_epi64(_mm512_and_si512(off, cm_eight_of(form->before)), 8);
    __m512i numbers = eight_digits(_mm512_or_si512(_mm512_and_si512(off, cm_eight_of(form->behind)), before));
    *out = _mm512_mask_sub_epi64(numbers, negative, _mm512_setzero_si512(), numbers);
    return fit;
}

CM_AVX512 static uint64_t alike_avx512(const number_form *form_at, number_rows *rows, uint64_t row) {
    const number_form form = *form_at;
    __m512i low = cm_eight_of((uint64_t)rows->low), high = cm_eight_of((uint64_t)rows->high), eight;
    for (; row + 8 <= rows->end && read_forms(&form, rows, row, &eight) == 0xFF; row += 8) {
        low = _mm512_min_epi64(low, eight);
        high = _mm512_max_epi64(high, eight);
        _mm512_storeu_si512((void *)(rows->values + row), eight);
    }
    rows->low = _mm512_reduce_min_epi64(low);
    rows->high = _mm512_reduce_max_epi64(high);
    return alike_scalar(form_at, rows, row);
}
#endif

static uint64_t read_alike(const cm_context *ctx, const cm_block_loop *loop, uint64_t first) {
    cm_block_values *out = loop->out;
    cm_plain_numbers *numbers = &out->numbers;
    const cm_block *block = loop->block;
    int32_t scale = out->scale;
    uint64_t end;
    if (scale > 6 || loop->exceptions || !block->rows) return first;
    number_rows rows = {block->bytes, block->begins, block->behind, &out->values[0].integer, block->rows,
                        INT64_MAX, INT64_MIN};
    number_form form = form_of(scale, loop->decision->style.mark);
#ifdef CM_CPU_HAS_X86_64
    if (cm_cpu(ctx) >= CM_CPU_AVX512) end = alike_avx512(&form, &rows, first);
    else
#endif
        end = alike_scalar(&form, &rows, first);
    (void)ctx;
    if (end == first) return first;
    memset(out->present + first, 1, (size_t)(end - first));
    if (!numbers->count[scale] || rows.low < numbers->low[scale]) numbers->low[scale] = rows.low;
    if (!numbers->count[scale] || rows.high > numbers->high[scale]) numbers->high[scale] = rows.high;
    numbers->count[scale] += end - first;
    return end;
}

static void read_number(const cm_block_loop *loop, uint64_t row) {
    cm_block_values *out = loop->out;
    const cm_block *block = loop->block;
    cm_csv_field field = {block->bytes + block->begins[row], cm_block_cell_length(block, row)};
    int64_t value;
    int32_t scale;
    char mark = loop->decision->style.mark;
    if (loop->exceptions || !cm_read_short_number(field.text, field.length, mark, &value, &scale)) {
        if (!field.length || !cm_block_whole_cell(loop, row, &field)) {
            cm_block_put_absent(out, row);
            return;
        }
        out->present[row] = 1;
        if (!read_plain_number(&field, mark, &value, &scale)) {
            cm_block_read_any(loop, row, &field);
            return;
        }
    }
    out->present[row] = 1;
    count_number(&out->numbers, value, scale);
    if (scale == out->scale) out->values[row].integer = value;
    else put_other_scale(loop, row, value, scale, &field);
}

/* The decision's own scale is seldom the first that is met: where it is 2, the first number may have none. */
static void find_largest(const cm_block_loop *loop) {
    cm_block_values *out = loop->out;
    int32_t scale = CM_MAX_SCALE;
    while (scale && !out->numbers.count[scale]) scale--;
    out->numbers.scale = scale;
}

void cm_block_read_numbers(const cm_context *ctx, const cm_block_loop *loop) {
    cm_block_values *out = loop->out;
    uint64_t row = read_alike(ctx, loop, 0);
    while (row < loop->block->rows) {
        read_number(loop, row);
        row = read_alike(ctx, loop, row + 1);
    }
    for (int32_t scale = 0; scale <= CM_MAX_SCALE; scale++) out->numbers.cells += out->numbers.count[scale];
    find_largest(loop);
}
