/* By the least important column first: each column's sort is stable, so the order by the columns before it stays where
 * cells are equal. Cells become 64-bit keys, texts the ranks of their dictionary. */
#include <string.h>

#include "table/gather.h"
#include "table/order.h"

/* One column to sort by. */
typedef struct sorting {
    const cm_table *table;
    const cm_column *column;
    bool falling;
    int32_t *ranks; /* STRING, LIST: of the dictionary's codes */
} sorting;

static const cm_chunk *find_cell(const sorting *s, uint64_t row, uint64_t *within) {
    return &s->column->chunks[cm_table_locate(s->table, row, within)];
}

static uint64_t list_size(const cm_chunk *chunk, uint64_t at, const int32_t **codes) {
    *codes = (const int32_t *)chunk->values + chunk->offsets[at];
    return (uint64_t)(chunk->offsets[at + 1] - chunk->offsets[at]);
}

/* A number that compares as the cell does; of a list, as its first item. */
static uint64_t key_of(const sorting *s, const cm_chunk *chunk, uint64_t row) {
    uint64_t at = chunk->offset + row;
    const int32_t *codes;
    switch (s->column->type) {
    case CM_BOOL: return cm_bit(chunk->values, at);
    case CM_DATE: return cm_key_of_int(((const int32_t *)chunk->values)[at]);
    case CM_FLOAT64: return cm_key_of_double(((const double *)chunk->values)[at]);
    case CM_STRING: return (uint64_t)s->ranks[((const int32_t *)chunk->values)[at]];
    case CM_LIST: return list_size(chunk, at, &codes) ? (uint64_t)s->ranks[codes[0]] + 1 : 0;
    default: return cm_key_of_int(((const int64_t *)chunk->values)[at]);
    }
}

/* Item by item; a list that is the beginning of another comes before it. */
static int compare_lists(const void *user, uint64_t a, uint64_t b) {
    const sorting *s = user;
    const int32_t *x, *y;
    uint64_t row_a, row_b;
    const cm_chunk *chunk_a = find_cell(s, a, &row_a), *chunk_b = find_cell(s, b, &row_b);
    uint64_t size_a = list_size(chunk_a, chunk_a->offset + row_a, &x);
    uint64_t size_b = list_size(chunk_b, chunk_b->offset + row_b, &y);
    int order = (size_a > size_b) - (size_a < size_b);
    for (uint64_t i = 0; i < size_a && i < size_b; i++)
        if (x[i] != y[i]) {
            order = s->ranks[x[i]] < s->ranks[y[i]] ? -1 : 1;
            break;
        }
    return s->falling ? -order : order;
}

/* NaN comes after all numbers whether they rise or fall. */
static uint64_t falling_key(const sorting *s, uint64_t key) {
    return s->column->type == CM_FLOAT64 && key == UINT64_MAX ? key : ~key;
}

/* Takes the rows in their order apart: keys of the present cells and, at the start of `rows`, those that are absent. */
static cm_status make_keys(cm_context *ctx, const sorting *s, uint64_t *rows, cm_key *keys, uint64_t *present) {
    uint64_t count = s->table->rows, absent = 0, within;
    cm_status status = CM_OK;
    *present = 0;
    for (uint64_t i = 0; i < count && !status; i++) {
        uint64_t row = rows[i];
        const cm_chunk *chunk = find_cell(s, row, &within);
        if (i % CM_CHUNK_ROWS == 0) status = cm_tick(ctx, "sort", 0, 0);
        if (!cm_chunk_present(chunk, within)) {
            rows[absent++] = row;
            continue;
        }
        uint64_t key = key_of(s, chunk, within);
        keys[(*present)++] = (cm_key){s->falling ? falling_key(s, key) : key, row};
    }
    return status;
}

static cm_status sort_by(cm_context *ctx, sorting *s, uint64_t *rows, cm_key *keys) {
    uint64_t present, size = s->column->dictionary_size;
    cm_status status = CM_OK;
    if (s->column->dictionary) {
        s->ranks = cm_alloc(ctx, size, sizeof *s->ranks);
        if (!s->ranks) return ctx->error.status;
        status = cm_dictionary_ranks(ctx, s->column->dictionary, size, s->ranks, NULL);
    }
    if (!status) status = make_keys(ctx, s, rows, keys, &present);
    if (!status && s->column->type == CM_LIST) status = cm_sort_compared(ctx, keys, present, compare_lists, s);
    else if (!status) status = cm_sort_keys(ctx, keys, present);
    if (!status) {
        memmove(rows + present, rows, (size_t)(s->table->rows - present) * sizeof *rows);
        for (uint64_t i = 0; i < present; i++) rows[i] = keys[i].value;
    }
    cm_free(ctx->core, s->ranks, size, sizeof *s->ranks);
    return status;
}

static cm_status sort_rows(cm_context *ctx, const cm_table *table, const uint64_t *columns, const int32_t *falling,
                           uint64_t count, uint64_t *rows) {
    cm_key *keys = cm_alloc(ctx, table->rows, sizeof *keys);
    cm_status status = keys ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < table->rows; i++) rows[i] = i;
    for (uint64_t i = count; i-- > 0 && !status;) {
        sorting s = {.table = table, .column = table->columns[columns[i]], .falling = falling && falling[i]};
        status = sort_by(ctx, &s, rows, keys);
    }
    cm_free(ctx->core, keys, table->rows, sizeof *keys);
    return status;
}

static cm_status sort_table(cm_context *ctx, const cm_table *table, const uint64_t *columns, const int32_t *falling,
                            uint64_t count, cm_table **out) {
    cm_table *sorted = NULL;
    uint64_t *rows = cm_alloc(ctx, table->rows, sizeof *rows);
    cm_status status = rows ? sort_rows(ctx, table, columns, falling, count, rows) : ctx->error.status;
    if (!status) status = cm_table_take(ctx, table, rows, table->rows, &sorted);
    if (!status) status = cm_table_copy_attachments(ctx, sorted, table);
    cm_free(ctx->core, rows, table->rows, sizeof *rows);
    if (status) cm_table_free(sorted);
    else *out = sorted;
    return status;
}

static cm_status sort(cm_context *ctx, const cm_table *table, const char *const *names, const int32_t *falling,
                      uint64_t count, cm_table **out) {
    if (!table || !out || (count && !names))
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_table_sort", "table, columns or out is NULL");
    uint64_t *columns = cm_alloc(ctx, count, sizeof *columns);
    cm_status status = columns ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < count && !status; i++)
        status = names[i] ? cm_table_require(ctx, table, names[i], &columns[i])
                          : cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_table_sort", "a column's name is NULL");
    if (!status) status = sort_table(ctx, table, columns, falling, count, out);
    cm_free(ctx->core, columns, count, sizeof *columns);
    return status;
}

cm_status cm_table_sort(cm_context *ctx, const cm_table *table, const char *const *columns, const int32_t *falling,
                        uint64_t count, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, sort(ctx, table, columns, falling, count, out));
}
