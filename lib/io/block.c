/* Rows of a block. Where all records are regular and have as many cells as the file has columns, the index itself is
 * the result. Whatever is not goes through libcsv, one record at a time, and is written behind the block's bytes as a
 * regular record, so that those who read columns know one form only. */
#include "io/block.h"

#include <string.h>

#define LINE UINT64_C(64) /* of the cache */
#define ROOM_AROUND (2 * CM_BLOCK_PADDING + LINE)
#define MOST_BYTES (UINT64_C(1) << 30) /* places are 32 bits */

void cm_block_init(cm_core *core, cm_block *block) {
    *block = (cm_block){.core = core};
}

void cm_block_free(cm_block *block) {
    cm_core *core = block->core;
    cm_free(core, block->room, block->room_size, 1);
    cm_free(core, block->starts, block->starts_capacity, sizeof *block->starts);
    cm_free(core, block->ends, block->ends_capacity, sizeof *block->ends);
    cm_free(core, block->patches, block->patches_capacity, sizeof *block->patches);
    cm_free(core, block->found, block->found_capacity, sizeof *block->found);
    cm_free(core, block->nexts, block->nexts_capacity, sizeof *block->nexts);
    cm_free(core, block->text_starts, block->text_starts_capacity, sizeof *block->text_starts);
    cm_free(core, block->text_lengths, block->text_lengths_capacity, sizeof *block->text_lengths);
    cm_free(core, block->text_codes, block->text_codes_capacity, sizeof *block->text_codes);
    cm_free(core, block->text_present, block->text_present_capacity, 1);
    cm_block_init(core, block);
}

/* The bytes lie at a line of the cache, so that what is read of them 64 or 32 at a time does not cross one. */
cm_status cm_block_reserve(cm_context *ctx, cm_block *block, uint64_t bytes) {
    uint64_t size, room = block->room_size < ROOM_AROUND ? 0 : block->room_size - ROOM_AROUND;
    if (block->room && bytes <= room) return CM_OK;
    uint64_t grown = bytes > room + room / 2 ? bytes : room + room / 2;
    if (cm_add_overflows(grown, ROOM_AROUND, &size)) return cm_fail_memory(ctx, bytes, false);
    char *fresh = cm_alloc_raw(ctx, size, 1);
    if (!fresh) return ctx->error.status;
    char *at = fresh + CM_BLOCK_PADDING + (-(size_t)fresh & (LINE - 1));
    if (block->room) memcpy(at - CM_BLOCK_PADDING, block->bytes - CM_BLOCK_PADDING, (size_t)(room + CM_BLOCK_PADDING));
    else memset(at - CM_BLOCK_PADDING, 0, CM_BLOCK_PADDING);
    cm_free(block->core, block->room, block->room_size, 1);
    block->room = fresh;
    block->room_size = size;
    block->bytes = at;
    return CM_OK;
}

/* ---- lines ---- */

uint64_t cm_block_count_lines(const cm_block *block, uint64_t from, uint64_t to) {
    uint64_t lines = 0;
    for (uint64_t i = from; i < to; i++) {
        char c = block->bytes[i];
        lines += c == '\n' || (c == '\r' && (i + 1 == to || block->bytes[i + 1] != '\n'));
    }
    return lines;
}

uint64_t cm_block_origin(const cm_block *block, uint64_t row) {
    uint64_t low = 0, high = block->patch_count;
    if (block->starts[row] < block->length) return block->starts[row];
    while (low + 1 < high) { /* patches lie in order of rows */
        uint64_t middle = (low + high) / 2;
        if (block->patches[middle].row <= row) low = middle;
        else high = middle;
    }
    return block->patches[low].origin;
}

/* ---- rows ---- */

static cm_status reserve_rows(cm_context *ctx, cm_block *block, uint64_t rows) {
    cm_status status = cm_reserve(ctx, &block->starts, &block->starts_capacity, rows, sizeof *block->starts);
    return status ? status
                  : cm_reserve(ctx, &block->ends, &block->ends_capacity, rows * block->columns + CM_INDEX_SLACK,
                               sizeof *block->ends);
}

/* An empty line is no record where a file has one column. */
static bool is_blank(const cm_block *block, uint64_t start, uint64_t end) {
    for (uint64_t i = start; i < end; i++)
        if (!memchr(" \t\r", block->bytes[i], 3)) return false;
    return true;
}

/* Whether `columns` separators from `ends` on make a row that begins at `start`. */
static bool is_row(const cm_block *block, const uint32_t *ends, uint64_t start) {
    uint64_t columns = block->columns;
    for (uint64_t i = 0; i + 1 < columns; i++)
        if (block->bytes[ends[i]] == '\n') return false;
    return block->bytes[ends[columns - 1]] == '\n' && (columns > 1 || !is_blank(block, start, ends[0]));
}

/* Rows of regular records at the front of the index, which are taken as they are. */
static cm_status take_regular(cm_context *ctx, cm_block *block, const cm_index_end *end) {
    uint64_t columns = block->columns, most = end->count / columns, start = 0, rows = 0;
    bool even = columns > 1 && end->count == end->line_feeds * columns;
    cm_status status = cm_reserve(ctx, &block->starts, &block->starts_capacity, most + 1, sizeof *block->starts);
    if (status) return status;
    for (const uint32_t *ends = block->ends; rows < most; rows++, ends += columns) {
        if (even ? block->bytes[ends[columns - 1]] != '\n' : !is_row(block, ends, start)) break;
        block->starts[rows] = (uint32_t)start;
        start = ends[columns - 1] + UINT64_C(1);
    }
    /* If each row's last separator is a line end and there are no others, the rest are delimiters. */
    block->rows = even && rows < most ? 0 : rows;
    block->consumed = block->rows ? block->ends[block->rows * columns - 1] + UINT64_C(1) : 0;
    return CM_OK;
}

/* ---- what is irregular ---- */

static bool needs_quotes(const cm_csv_field *field, char delimiter) {
    for (uint64_t i = 0; i < field->length; i++) {
        char c = field->text[i];
        if (c == delimiter || c == '"' || (c >= 0 && c <= ' ')) return true;
    }
    return field->length == 0;
}

static char *write_field(char *out, const cm_csv_field *field, char delimiter) {
    if (!field->text) return out;
    bool quoted = needs_quotes(field, delimiter);
    if (quoted) *out++ = '"';
    for (uint64_t i = 0; i < field->length; i++) {
        if (field->text[i] == '"') *out++ = '"';
        *out++ = field->text[i];
    }
    if (quoted) *out++ = '"';
    return out;
}

/* A record as one more row, behind the bytes. */
static cm_status add_patch(cm_context *ctx, cm_block *block, const cm_record *record, uint64_t origin) {
    uint64_t size = CM_BLOCK_PADDING, row = block->rows;
    for (uint64_t i = 0; i < record->count; i++) size += 2 * record->fields[i].length + 3;
    cm_status status = cm_block_reserve(ctx, block, block->used + size);
    if (!status) status = reserve_rows(ctx, block, row + 1);
    if (!status)
        status = cm_reserve(ctx, &block->patches, &block->patches_capacity, block->patch_count + 1,
                            sizeof *block->patches);
    if (status) return status;
    char *out = block->bytes + block->used;
    block->starts[row] = (uint32_t)block->used;
    for (uint64_t i = 0; i < record->count; i++) {
        out = write_field(out, &record->fields[i], block->delimiter);
        block->ends[row * block->columns + i] = (uint32_t)(out - block->bytes);
        *out++ = i + 1 < record->count ? block->delimiter : '\n';
    }
    block->used = (uint64_t)(out - block->bytes);
    block->patches[block->patch_count++] = (cm_block_patch){row, origin};
    block->rows++;
    return CM_OK;
}

/* The separators that were found and are not yet used, in an array of their own. */
typedef struct search {
    uint64_t next, count;
    uint64_t irregular; /* where the index ended */
} search;

static cm_status search_from(cm_context *ctx, cm_block *block, uint64_t from, search *s) {
    cm_index_end end;
    cm_status status = cm_reserve(ctx, &block->found, &block->found_capacity, block->length - from + CM_INDEX_SLACK,
                                  sizeof *block->found);
    if (status) return status;
    cm_block_index(cm_cpu(ctx), block->bytes, from, block->length, block->delimiter, block->found, &end);
    *s = (search){0, end.count, end.at};
    return CM_OK;
}

static cm_status take_found_rows(cm_context *ctx, cm_block *block, search *s) {
    uint64_t columns = block->columns;
    while (s->count - s->next >= columns && is_row(block, block->found + s->next, block->consumed)) {
        cm_status status = reserve_rows(ctx, block, block->rows + 1);
        if (status) return status;
        block->starts[block->rows] = (uint32_t)block->consumed;
        memcpy(block->ends + block->rows * columns, block->found + s->next, columns * sizeof *block->ends);
        block->rows++;
        s->next += columns;
        block->consumed = block->found[s->next - 1] + UINT64_C(1);
    }
    return CM_OK;
}

/* One record by libcsv; *ended if there is none. */
static cm_status take_record(cm_context *ctx, cm_block *block, cm_csv *csv, bool *ended) {
    cm_record record;
    bool more;
    cm_csv_seek(csv, block->consumed);
    cm_status status = cm_csv_next(ctx, csv, &record, &more);
    if (status == CM_E_LIMIT || (!status && more && record.count != block->columns)) {
        block->uneven = true;
        return CM_OK;
    }
    if (status) return status;
    *ended = !more;
    if (more || block->last) block->consumed = cm_csv_taken(csv);
    if (more) status = add_patch(ctx, block, &record, record.byte_offset);
    cm_csv_move(csv, block->bytes);
    return status;
}

static cm_status parse_irregular(cm_context *ctx, cm_block *block, cm_csv *csv) {
    search s;
    bool ended = false;
    cm_csv_set_file(csv, "", block->delimiter); /* an error is found again where its place is known */
    cm_csv_give(csv, block->bytes, block->length, block->last, 1, 0);
    cm_status status = search_from(ctx, block, block->consumed, &s);
    while (!status && !ended && !block->uneven && block->consumed < block->length) {
        status = take_found_rows(ctx, block, &s);
        if (status || block->consumed == block->length) break;
        status = take_record(ctx, block, csv, &ended);
        if (status || ended || block->uneven) break;
        if (block->consumed > s.irregular) status = search_from(ctx, block, block->consumed, &s);
        while (s.next < s.count && block->found[s.next] < block->consumed) s.next++;
    }
    block->lines = cm_block_count_lines(block, 0, block->consumed);
    return status;
}

/* ---- columns ---- */

#define TILE UINT64_C(16) /* rows whose part of the index stays in the first-level cache */

/* Turns the index, which goes row by row, column by column: once for all columns. */
static void turn_index(cm_block *block) {
    uint64_t rows = block->rows, columns = block->columns;
    for (uint64_t first = 0; first < rows; first += TILE) {
        uint64_t count = rows - first < TILE ? rows - first : TILE;
        for (uint64_t column = 0; column < columns; column++) {
            const uint32_t *from = block->ends + first * columns + column;
            uint32_t *to = block->nexts + column * rows + first;
            uint64_t i = 0;
            for (; i + 4 <= count; i += 4, from += 4 * columns) {
                to[i] = from[0] + 1;
                to[i + 1] = from[columns] + 1;
                to[i + 2] = from[2 * columns] + 1;
                to[i + 3] = from[3 * columns] + 1;
            }
            for (; i < count; i++, from += columns) to[i] = *from + 1;
        }
    }
}

static void leave_returns_out(cm_block *block) {
    const uint32_t *begins = block->columns > 1 ? block->nexts + (block->columns - 2) * block->rows : block->starts;
    uint32_t *behind = block->nexts + (block->columns - 1) * block->rows;
    for (uint64_t row = 0; row < block->rows; row++)
        behind[row] -= behind[row] - begins[row] > 1 && block->bytes[behind[row] - 2] == '\r';
}

static cm_status find_columns(cm_context *ctx, cm_block *block) {
    cm_status status = cm_reserve(ctx, &block->nexts, &block->nexts_capacity, block->rows * block->columns,
                                  sizeof *block->nexts);
    if (status || !block->rows) return status;
    turn_index(block);
    leave_returns_out(block);
    return CM_OK;
}

cm_status cm_block_parse(cm_context *ctx, cm_block *block, cm_csv *csv, const cm_dialect *dialect, uint64_t columns) {
    cm_index_end end;
    block->columns = columns;
    block->used = block->length + CM_BLOCK_PADDING;
    block->rows = block->consumed = block->lines = block->patch_count = 0;
    block->uneven = block->length > MOST_BYTES || (dialect->max_row && block->length > dialect->max_row)
                    || (dialect->max_field && block->length > dialect->max_field);
    cm_status status = cm_block_reserve(ctx, block, block->used);
    if (!status)
        status = cm_reserve(ctx, &block->ends, &block->ends_capacity, block->length + CM_INDEX_SLACK,
                            sizeof *block->ends);
    if (status || block->uneven) return status;
    memset(block->bytes + block->length, 0, CM_BLOCK_PADDING);
    cm_block_index(cm_cpu(ctx), block->bytes, 0, block->length, block->delimiter, block->ends, &end);
    status = take_regular(ctx, block, &end);
    block->lines = end.lines;
    block->quotes_inside = end.quotes_inside || block->consumed < block->length;
    if (!status && block->consumed < block->length) status = parse_irregular(ctx, block, csv);
    return status || block->uneven ? status : find_columns(ctx, block);
}

/* ---- a column ---- */

cm_status cm_block_begin_column(cm_context *ctx, cm_block *block, uint64_t column) {
    cm_status status = cm_block_reserve(ctx, block, 2 * (block->used + CM_BLOCK_PADDING));
    if (status || !block->rows) return status;
    block->plain_used = block->used + CM_BLOCK_PADDING;
    block->begins = column ? block->nexts + (column - 1) * block->rows : block->starts;
    block->behind = block->nexts + column * block->rows;
    return CM_OK;
}

/* A cell in quotes. Only one with quotes inside moves. */
void cm_block_unquote(cm_block *block, uint64_t start, uint64_t end, cm_csv_field *out) {
    const char *from = block->bytes + start + 1, *behind = block->bytes + end - 1;
    *out = (cm_csv_field){from, (uint64_t)(behind - from)};
    if (!memchr(from, '"', (size_t)(behind - from))) return;
    char *to = block->bytes + block->plain_used;
    uint64_t length = 0;
    for (; from < behind; from++) {
        to[length++] = *from;
        from += *from == '"';
    }
    block->plain_used += length;
    *out = (cm_csv_field){to, length};
}
