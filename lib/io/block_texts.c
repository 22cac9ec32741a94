/* Columns of texts. Of equal cells running the first is looked up, once; where cells hardly ever run, codes are guessed
 * by those of the column before. */
#include <string.h>

#include "io/block_loop.h"
#include "io/block_runs.h"

/* The cells that are looked up, as texts: where these lie in the block, absent ones left out. */
typedef struct cell_texts {
    cm_block_runs runs;
    uint8_t *present; /* a byte a cell */
    uint32_t *starts, *lengths;
    uint64_t count;
    uint64_t empty; /* the number of one without bytes; UINT64_MAX: there is none */
} cell_texts;

/* ---- texts of cells ---- */

static inline void add_text(cell_texts *texts, uint64_t start, uint64_t length) {
    texts->starts[texts->count] = (uint32_t)start;
    texts->lengths[texts->count++] = (uint32_t)length;
}

/* A cell of any form. */
static void strip_cell(cm_block *block, const cm_reader *reader, const cm_read_column *column, uint64_t cell,
                       cell_texts *texts) {
    cm_csv_field field;
    cm_block_strip(block, texts->runs.begins[cell], texts->runs.behind[cell] - UINT64_C(1), &field);
    texts->present[cell] = cm_reader_cell(reader, &field);
    if (!texts->present[cell]) return;
    uint64_t length = cm_reader_text_length(reader, column, &field);
    if (!length) texts->empty = texts->count;
    add_text(texts, (uint64_t)(field.text - block->bytes), length);
}

/* Adds cells from this one on that stand bare, without blanks to be taken off, or in quotes without any inside; returns
 * the first that does not. */
static uint64_t add_plain_cells(const cm_block *block, uint64_t cell, cell_texts *texts) {
    const char *bytes = block->bytes;
    const uint32_t *begins = texts->runs.begins, *behind = texts->runs.behind;
    uint32_t *starts = texts->starts + texts->count, *lengths = texts->lengths + texts->count;
    uint64_t first_cell = cell;
    for (; cell < texts->runs.count; cell++) {
        uint32_t begin = begins[cell], length = behind[cell] - begin - 1;
        const char *text = bytes + begin, *end = text + length; /* before an empty one there is padding */
        unsigned char first = (unsigned char)text[0], last = (unsigned char)end[-1];
        uint32_t quote = first == '"';
        if (length <= 2 * quote || (!quote && ((first <= ' ') | (last <= ' ')))) break;
        if (quote && block->quotes_inside && memchr(text + 1, '"', length - 2)) break;
        *starts++ = begin + quote;
        *lengths++ = length - 2 * quote;
    }
    texts->count += cell - first_cell;
    return cell;
}

static void find_texts(cm_block *block, const cm_reader *reader, const cm_read_column *column, cell_texts *texts) {
    bool exceptions = reader->how.na_count || reader->how.integer_ids;
    memset(texts->present, 1, (size_t)texts->runs.count);
    for (uint64_t cell = 0; cell < texts->runs.count; cell++) {
        if (!exceptions) cell = add_plain_cells(block, cell, texts);
        if (cell < texts->runs.count) strip_cell(block, reader, column, cell, texts);
    }
}

/* ---- codes ---- */

/* The codes of texts become those of cells, 0 where absent: from the end on, in the same place. */
static void make_room_for_absent(const cell_texts *texts, int32_t *codes) {
    uint64_t text = texts->count;
    for (uint64_t cell = texts->runs.count; cell-- > text;) codes[cell] = texts->present[cell] ? codes[--text] : 0;
}

/* What cells have becomes what their rows have. */
static void spread(const cell_texts *texts, const int32_t *codes, uint64_t rows, int32_t *row_codes, uint8_t *present) {
    const int32_t *places = texts->runs.places;
    bool all = texts->count == texts->runs.count;
    if (all) memset(present, 1, (size_t)rows);
    for (uint64_t row = 0; row < rows && !all; row++) present[row] = texts->present[places[row]];
    for (uint64_t row = 0; row < rows; row++) row_codes[row] = codes[places[row]];
}

/* `empty` is the code of the text without bytes; -1: there is none. */
static void count_cells(const cell_texts *texts, cm_block_values *out, uint64_t from, uint64_t to, int32_t empty) {
    bool all = texts->count == texts->runs.count;
    out->cells = all ? to - from : cm_count_present(out->present, from, to);
    out->absent = to - from - out->cells;
    for (uint64_t row = from; row < to && empty >= 0; row++)
        out->cells -= out->present[row] && out->codes[row] == empty;
}

/* The first row whose text is none of the first `known`. */
static uint64_t first_unknown(const cell_texts *texts, uint64_t known, uint64_t from, uint64_t to) {
    uint64_t cell = 0, row = from;
    for (; known || !texts->present[cell]; cell++) known -= texts->present[cell];
    while (row < to && (texts->runs.places ? (uint64_t)texts->runs.places[row - from] : row - from) < cell) row++;
    return row;
}

static cm_status start(cm_context *ctx, cm_block *block, const cm_read_column *column, cm_guess *guess,
                       cm_block_values *out) {
    uint64_t rows = block->rows;
    cm_status status = cm_block_values_start(ctx, block, column, out);
    if (!status) status = cm_reserve(ctx, &out->codes, &out->codes_capacity, rows, sizeof *out->codes);
    if (!status)
        status = cm_reserve(ctx, &block->text_starts, &block->text_starts_capacity, rows, sizeof *block->text_starts);
    if (!status)
        status =
            cm_reserve(ctx, &block->text_lengths, &block->text_lengths_capacity, rows, sizeof *block->text_lengths);
    if (!status)
        status = cm_reserve(ctx, &block->text_codes, &block->text_codes_capacity, rows, sizeof *block->text_codes);
    if (!status) status = cm_reserve(ctx, &block->text_present, &block->text_present_capacity, rows, 1);
    return status ? status : cm_guess_start(ctx, guess);
}

cm_status cm_block_encode(cm_context *ctx, cm_block *block, const cm_reader *reader, cm_read_column *column,
                          cm_guess *guess, uint64_t from, uint64_t to, cm_block_values *out, uint64_t *failed) {
    uint64_t known;
    cm_status status = start(ctx, block, column, guess, out);
    if (status || from == to) return status;
    cell_texts texts = {.present = block->text_present, .starts = block->text_starts, .lengths = block->text_lengths,
                        .empty = UINT64_MAX};
    int32_t *codes = block->text_codes;
    cm_block_find_runs(ctx, block, from, to, out->codes + from, &texts.runs);
    bool by_rows = !texts.runs.places;
    if (by_rows) {
        codes = out->codes + from;
        texts.present = out->present + from;
    }
    find_texts(block, reader, column, &texts);
    cm_texts wanted = {.base = block->bytes, .starts = texts.starts, .lengths = texts.lengths};
    if (by_rows) wanted.guessed = cm_guess_codes(guess, from, texts.present, texts.runs.count, codes);
    status = cm_dictionary_add_many(ctx, column->field.dictionary, &wanted, texts.count, codes, &known);
    if (status) {
        *failed = first_unknown(&texts, known, from, to);
        return status;
    }
    int32_t empty = texts.empty == UINT64_MAX ? -1 : codes[texts.empty];
    make_room_for_absent(&texts, codes);
    if (by_rows) cm_guess_learn(guess, from, texts.present, to - from, codes);
    else spread(&texts, codes, to - from, out->codes + from, out->present + from);
    count_cells(&texts, out, from, to, empty);
    return CM_OK;
}
