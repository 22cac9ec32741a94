/* Columns of texts. Most cells stand bare: no quotes, no blanks to be taken off. The others are brought to that form,
 * then all are looked up together. */
#include <string.h>

#include "io/block_loop.h"

/* ---- bare cells ---- */

/* Bytes that make a cell odd which begins, or ends, with one of them; an empty cell begins with what divides it from
 * the next. */
typedef struct odd_bytes {
    uint8_t first[256], last[256];
} odd_bytes;

static void find_odd_bytes(odd_bytes *odd, char delimiter) {
    memset(odd, 0, sizeof *odd);
    memset(odd->first, 1, ' ' + 1);
    memset(odd->last, 1, ' ' + 1);
    odd->first['"'] = odd->first[(unsigned char)delimiter] = 1;
}

static inline unsigned is_odd(const unsigned char *cell, uint64_t length, const odd_bytes *odd) {
    return odd->first[cell[0]] | odd->last[(cell + length)[-1]];
}

/* The first row from this one on whose cell does not stand bare. */
static uint64_t next_odd(const cm_block *block, const odd_bytes *odd, uint64_t row, uint64_t to) {
    const unsigned char *bytes = (const unsigned char *)block->bytes;
    const uint32_t *starts = block->cell_starts, *lengths = block->cell_lengths;
    for (; row + 4 <= to; row += 4)
        if (is_odd(bytes + starts[row], lengths[row], odd) | is_odd(bytes + starts[row + 1], lengths[row + 1], odd)
            | is_odd(bytes + starts[row + 2], lengths[row + 2], odd)
            | is_odd(bytes + starts[row + 3], lengths[row + 3], odd))
            break;
    while (row < to && !is_odd(bytes + starts[row], lengths[row], odd)) row++;
    return row;
}

/* ---- all cells ---- */

/* A cell of any form, brought to that of a bare one. An absent one stands for that before it, so that nothing needs to
 * be looked up for it. */
static void strip_cell(cm_block *block, const cm_reader *reader, const cm_read_column *column, uint64_t row,
                       cm_block_values *out) {
    cm_csv_field field;
    cm_block_cell(block, row, &field);
    out->present[row] = cm_reader_cell(reader, &field);
    if (!out->present[row]) {
        out->absent++;
        block->cell_starts[row] = row ? block->cell_starts[row - 1] : 0;
        block->cell_lengths[row] = row ? block->cell_lengths[row - 1] : 0;
        return;
    }
    uint64_t length = cm_reader_text_length(reader, column, &field);
    out->cells += length > 0;
    block->cell_starts[row] = (uint32_t)(field.text - block->bytes);
    block->cell_lengths[row] = (uint32_t)length;
}

static void strip_cells(cm_block *block, const cm_reader *reader, const cm_read_column *column,
                        uint64_t from, uint64_t to, cm_block_values *out) {
    bool exceptions = reader->how.na_count || reader->how.integer_ids;
    odd_bytes odd;
    find_odd_bytes(&odd, block->delimiter);
    memset(out->present + from, 1, (size_t)(to - from));
    for (uint64_t row = from; row < to; row++) {
        uint64_t begin = row;
        if (!exceptions) row = next_odd(block, &odd, row, to);
        out->cells += row - begin;
        if (row < to) strip_cell(block, reader, column, row, out);
    }
}

cm_status cm_block_encode(cm_context *ctx, cm_block *block, const cm_reader *reader, cm_read_column *column,
                          uint64_t from, uint64_t to, cm_block_values *out, uint64_t *failed) {
    uint64_t done;
    cm_status status = cm_block_values_start(ctx, block, column, out);
    if (!status) status = cm_reserve(ctx, &out->codes, &out->codes_capacity, block->rows, sizeof *out->codes);
    if (status || from == to) return status;
    strip_cells(block, reader, column, from, to, out);
    for (; from < to && !out->present[from]; from++) out->codes[from] = 0;
    cm_texts texts = {block->bytes, block->cell_starts + from, block->cell_lengths + from};
    status = cm_dictionary_add_many(ctx, column->field.dictionary, &texts, to - from, out->codes + from, &done);
    if (status) *failed = from + done;
    for (uint64_t row = from; out->absent && row < to; row++) out->codes[row] = out->present[row] ? out->codes[row] : 0;
    return status;
}
