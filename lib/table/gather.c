/* A block of rows is first resolved to chunks and places in them, once for all columns; the block is small enough that
 * this list stays in the cache while one column after the other is copied. */
#include "table/gather.h"

#include <string.h>

#include "table/audit.h"

#define BLOCK UINT64_C(4096)
#define NO_CHUNK UINT64_MAX

typedef struct place {
    uint64_t chunk; /* NO_CHUNK: no row, all cells absent */
    uint64_t row;   /* in the chunk */
} place;

/* A chunk in the making. */
typedef struct target {
    cm_buffer *values, *offsets, *validity; /* validity: NULL where the column can have no absent cell */
    uint64_t items;                         /* LIST: codes so far */
    bool absent;                            /* some cell is absent indeed */
} target;

typedef struct gathering {
    const cm_table *table;
    const uint64_t *rows;
    cm_column **out;
    target *targets; /* one a column */
    place *places;   /* BLOCK of them */
    uint8_t *present;
} gathering;

static void release_target(target *to) {
    cm_buffer_release(to->values);
    cm_buffer_release(to->offsets);
    cm_buffer_release(to->validity);
    *to = (target){0};
}

/* Rows that lie near each other are mostly in the chunk of the row before. */
static void resolve(const cm_table *table, const uint64_t *rows, uint64_t count, place *out) {
    uint64_t chunk = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (rows[i] == CM_NO_ROW) {
            out[i] = (place){NO_CHUNK, 0};
            continue;
        }
        if (rows[i] < table->first_rows[chunk] || rows[i] >= table->first_rows[chunk + 1])
            chunk = cm_table_locate(table, rows[i], &out[i].row);
        out[i] = (place){chunk, rows[i] - table->first_rows[chunk]};
    }
}

static bool may_be_absent(const cm_column *column, const uint64_t *rows, uint64_t count) {
    for (uint64_t i = 0; i < column->chunk_count; i++)
        if (column->chunks[i].validity) return true;
    for (uint64_t i = 0; i < count; i++)
        if (rows[i] == CM_NO_ROW) return true;
    return false;
}

static cm_status new_target(cm_context *ctx, const cm_column *column, const uint64_t *rows, uint64_t count,
                            target *to) {
    uint64_t bytes = column->type == CM_BOOL   ? (count + 7) / 8
                     : column->type == CM_LIST ? sizeof(int32_t) /* grows */
                                               : count * cm_type_width(column->type);
    cm_status status = cm_buffer_new(ctx, bytes, &to->values);
    if (!status && column->type == CM_LIST) status = cm_buffer_new(ctx, (count + 1) * sizeof(int64_t), &to->offsets);
    if (!status && may_be_absent(column, rows, count)) status = cm_buffer_new(ctx, (count + 7) / 8, &to->validity);
    return status;
}

static void mark_present(const cm_column *column, const place *from, uint64_t count, uint8_t *present, target *to,
                         uint64_t at) {
    memset(present, 1, (size_t)count);
    if (!to->validity) return;
    for (uint64_t i = 0; i < count; i++) {
        present[i] = from[i].chunk != NO_CHUNK && cm_chunk_present(&column->chunks[from[i].chunk], from[i].row);
        if (present[i]) cm_set_bit(to->validity->data, at + i);
        else to->absent = true;
    }
}

/* Inlined for each width, so that the copy is one move. */
static inline void copy_fixed(const cm_column *column, const place *from, uint64_t count, const uint8_t *present,
                              unsigned char *to, size_t width) {
    for (uint64_t i = 0; i < count; i++) {
        if (!present[i]) continue; /* fresh buffers are zero */
        const cm_chunk *chunk = &column->chunks[from[i].chunk];
        memcpy(to + i * width, (const char *)chunk->values + (chunk->offset + from[i].row) * width, width);
    }
}

static void copy_bits(const cm_column *column, const place *from, uint64_t count, const uint8_t *present, uint8_t *to,
                      uint64_t at) {
    for (uint64_t i = 0; i < count; i++) {
        if (!present[i]) continue;
        const cm_chunk *chunk = &column->chunks[from[i].chunk];
        if (cm_bit(chunk->values, chunk->offset + from[i].row)) cm_set_bit(to, at + i);
    }
}

/* The items of a list: where they start, and how many. */
static uint64_t items_of(const cm_column *column, place from, int64_t *start) {
    const cm_chunk *chunk = &column->chunks[from.chunk];
    *start = chunk->offsets[chunk->offset + from.row];
    return (uint64_t)(chunk->offsets[chunk->offset + from.row + 1] - *start);
}

static cm_status copy_lists(cm_context *ctx, const cm_column *column, const place *from, uint64_t count,
                            const uint8_t *present, target *to, uint64_t at) {
    int64_t start;
    uint64_t items = to->items;
    for (uint64_t i = 0; i < count; i++) items += present[i] ? items_of(column, from[i], &start) : 0;
    uint64_t needed = items * sizeof(int32_t), size = to->values->size;
    cm_status status = needed > size ? cm_buffer_grow(ctx, to->values, needed > 2 * size ? needed : 2 * size) : CM_OK;
    if (status) return status;
    int32_t *codes = to->values->data;
    int64_t *offsets = to->offsets->data;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t more = present[i] ? items_of(column, from[i], &start) : 0;
        if (more) {
            const int32_t *all = column->chunks[from[i].chunk].values;
            memcpy(codes + to->items, all + start, (size_t)more * sizeof *codes);
        }
        to->items += more;
        offsets[at + i + 1] = (int64_t)to->items;
    }
    return CM_OK;
}

/* One block of one column, to row `at` of its chunk. */
static cm_status copy_block(cm_context *ctx, const gathering *g, uint64_t column, uint64_t count, uint64_t at) {
    const cm_column *from = g->table->columns[column];
    target *to = &g->targets[column];
    mark_present(from, g->places, count, g->present, to, at);
    switch (cm_type_width(from->type)) {
    case 0: copy_bits(from, g->places, count, g->present, to->values->data, at); return CM_OK;
    case 8: copy_fixed(from, g->places, count, g->present, (unsigned char *)to->values->data + at * 8, 8); return CM_OK;
    default: break;
    }
    if (from->type == CM_LIST) return copy_lists(ctx, from, g->places, count, g->present, to, at);
    copy_fixed(from, g->places, count, g->present, (unsigned char *)to->values->data + at * 4, 4);
    return CM_OK;
}

/* The target's buffers become the chunk's. */
static void finish_chunk(target *to, uint64_t rows, cm_chunk *out) {
    if (!to->absent) {
        cm_buffer_release(to->validity);
        to->validity = NULL;
    }
    *out = (cm_chunk){
        .rows = rows,
        .values = to->values->data,
        .offsets = to->offsets ? to->offsets->data : NULL,
        .validity = to->validity ? to->validity->data : NULL,
        .values_buffer = to->values,
        .offsets_buffer = to->offsets,
        .validity_buffer = to->validity,
    };
    *to = (target){0};
}

static cm_status gather_chunk(cm_context *ctx, const gathering *g, uint64_t first, uint64_t count, uint64_t chunk) {
    uint64_t columns = g->table->column_count;
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < columns && !status; i++)
        status = new_target(ctx, g->table->columns[i], g->rows + first, count, &g->targets[i]);
    for (uint64_t at = 0, part; at < count && !status; at += part) {
        part = count - at < BLOCK ? count - at : BLOCK;
        resolve(g->table, g->rows + first + at, part, g->places);
        for (uint64_t i = 0; i < columns && !status; i++) status = copy_block(ctx, g, i, part, at);
        if (!status) status = cm_tick(ctx, "rows", first + at, 0);
    }
    for (uint64_t i = 0; i < columns; i++) {
        if (status) release_target(&g->targets[i]);
        else finish_chunk(&g->targets[i], count, &g->out[i]->chunks[chunk]);
    }
    return status;
}

static cm_status new_columns(cm_context *ctx, const cm_table *table, uint64_t chunk_count, cm_column **out) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < table->column_count && !status; i++) {
        const cm_column *from = table->columns[i];
        status = cm_column_new(ctx, from->name, from->type, from->scale, from->role, from->flags, from->dictionary,
                               chunk_count, &out[i]);
        if (!status) out[i]->dictionary_size = from->dictionary_size;
    }
    return status;
}

cm_status cm_gather(cm_context *ctx, const cm_table *table, const uint64_t *rows, const uint64_t *first_rows,
                    uint64_t chunk_count, cm_column **out) {
    uint64_t columns = table->column_count;
    gathering g = {.table = table, .rows = rows, .out = out};
    for (uint64_t i = 0; i < columns; i++) out[i] = NULL;
    g.targets = cm_alloc(ctx, columns, sizeof *g.targets);
    g.places = g.targets ? cm_alloc(ctx, BLOCK, sizeof *g.places) : NULL;
    g.present = g.places ? cm_alloc(ctx, BLOCK, 1) : NULL;
    cm_status status = g.present ? new_columns(ctx, table, chunk_count, out) : ctx->error.status;
    for (uint64_t i = 0; i < chunk_count && !status; i++)
        status = gather_chunk(ctx, &g, first_rows[i], first_rows[i + 1] - first_rows[i], i);
    for (uint64_t i = 0; i < columns && status; i++) {
        cm_column_release(out[i]);
        out[i] = NULL;
    }
    cm_free(ctx->core, g.present, BLOCK, 1);
    cm_free(ctx->core, g.places, BLOCK, sizeof *g.places);
    cm_free(ctx->core, g.targets, columns, sizeof *g.targets);
    return status;
}

cm_status cm_table_take(cm_context *ctx, const cm_table *table, const uint64_t *rows, uint64_t count, cm_table **out) {
    uint64_t chunk_count = count ? (count - 1) / CM_CHUNK_ROWS + 1 : 1;
    *out = NULL;
    uint64_t *first_rows = cm_alloc(ctx, chunk_count + 1, sizeof *first_rows);
    cm_column **columns = first_rows ? cm_alloc(ctx, table->column_count, sizeof *columns) : NULL;
    cm_status status = columns ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i <= chunk_count && !status; i++)
        first_rows[i] = i < chunk_count ? i * CM_CHUNK_ROWS : count;
    if (!status) status = cm_gather(ctx, table, rows, first_rows, chunk_count, columns);
    if (!status) status = cm_table_new(ctx, columns, table->column_count, count, out);
    cm_free(ctx->core, columns, table->column_count, sizeof *columns);
    cm_free(ctx->core, first_rows, chunk_count + 1, sizeof *first_rows);
    return status;
}

cm_status cm_audit_part(cm_context *ctx, cm_table *part, const cm_table *whole, const char *step, const char *reason) {
    const cm_audit_line lines[] = {
        {.step = step, .reason = "read", .rows = whole->rows},
        {.step = step, .reason = reason, .rows = whole->rows - part->rows},
        {.step = step, .reason = "kept", .rows = part->rows},
    };
    if (!cm_table_attachment(whole, "audit")) return CM_OK;
    return cm_audit_attach(ctx, part, whole, lines, sizeof lines / sizeof *lines);
}
