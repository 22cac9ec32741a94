/* Columns of texts. Most cells stand bare: no quotes, no blanks to be taken off. The others are brought to that form,
 * then all are looked up together. */
#include <string.h>

#include "io/block_loop.h"

/* ---- bare cells ---- */

#define ODD_FIRST 1
#define ODD_LAST 2

/* What a byte makes of a cell that begins or ends with it. */
static void fill_odd(uint8_t odd[256]) {
    memset(odd, 0, 256);
    memset(odd, ODD_FIRST | ODD_LAST, ' ' + 1);
    odd['"'] = ODD_FIRST;
}

static inline unsigned is_odd(const cm_block *block, const uint8_t *odd, uint64_t row) {
    const unsigned char *cell = (const unsigned char *)block->bytes + block->cell_starts[row];
    uint64_t length = block->cell_lengths[row];
    return (odd[cell[0]] & ODD_FIRST) | (odd[(cell + length)[-1]] & ODD_LAST) | (unsigned)(length == 0);
}

/* The first row from this one on whose cell does not stand bare. */
static uint64_t next_odd(const cm_block *block, const uint8_t *odd, uint64_t row, uint64_t to) {
    while (row + 4 <= to
           && !(is_odd(block, odd, row) | is_odd(block, odd, row + 1) | is_odd(block, odd, row + 2)
                | is_odd(block, odd, row + 3)))
        row += 4;
    while (row < to && !is_odd(block, odd, row)) row++;
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
    uint8_t odd[256];
    fill_odd(odd);
    memset(out->present + from, 1, (size_t)(to - from));
    for (uint64_t row = from; row < to; row++) {
        uint64_t begin = row;
        if (!exceptions) row = next_odd(block, odd, row, to);
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
