/* Chunks of a column that already has the type and the dictionary of the result are shared; others are copied. Where
 * dictionaries differ, the largest one's texts come first in the new one, so that its codes stay as they are. */
#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "table/audit.h"
#include "table/table.h"

/* What becomes of one column of all tables. */
typedef struct joined {
    const cm_table *const *tables;
    uint64_t count, number;
    cm_column *out;
    const cm_dictionary *base; /* whose codes are the new ones; NULL: no dictionaries */
    const cm_dictionary *mapped; /* of `map`: codes of another dictionary to new ones, -1 not met yet */
    int32_t *map;
    uint64_t map_size;
} joined;

static const cm_column *column_of(const joined *j, uint64_t table) { return j->tables[table]->columns[j->number]; }

/* ---- the common type ---- */

static int32_t common_type(int32_t a, int32_t b) {
    int32_t low = a < b ? a : b, high = a < b ? b : a;
    bool number = low == CM_INT64 || low == CM_FLOAT64;
    if (a == b) return a;
    if (number && (high == CM_FLOAT64 || high == CM_DECIMAL)) return low == CM_FLOAT64 ? CM_FLOAT64 : high;
    return low == CM_DATE && high == CM_TIMESTAMP ? CM_TIMESTAMP : 0;
}

static cm_status no_common_type(cm_context *ctx, const cm_column *a, const cm_column *b, uint64_t table) {
    return cm_fail(ctx, CM_E_COLUMN, "NO_COMMON_TYPE", "sssu", a->name, cm_type_name(a->type), cm_type_name(b->type),
                   table + 1);
}

/* Times with and without a zone mean different things and do not mix; a DATE goes with either. */
static cm_status find_type(cm_context *ctx, const joined *j, int32_t *type, int32_t *scale, int32_t *flags) {
    const cm_column *first = column_of(j, 0), *time = NULL;
    *type = first->type;
    *scale = 0;
    *flags = 0;
    for (uint64_t i = 0; i < j->count; i++) {
        const cm_column *column = column_of(j, i);
        *type = common_type(*type, column->type);
        if (!*type) return no_common_type(ctx, first, column, i);
        if (column->scale > *scale) *scale = column->scale;
        *flags |= column->flags;
        if (column->type != CM_TIMESTAMP) continue;
        if (time && (time->flags ^ column->flags) & CM_COLUMN_UTC)
            return cm_fail(ctx, CM_E_COLUMN, "ZONES_MIXED", "su", column->name, i + 1);
        time = column;
    }
    if (*type != CM_DECIMAL) *scale = 0;
    return CM_OK;
}

/* ---- the common dictionary ---- */

static cm_status copy_texts(cm_context *ctx, const cm_dictionary *from, uint64_t size, cm_dictionary *to) {
    int32_t code;
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < size && !status; i++) {
        cm_text text = cm_dictionary_text(from, (int32_t)i);
        if (i % CM_CHUNK_ROWS == 0) status = cm_tick(ctx, "concat", 0, 0);
        if (!status) status = cm_dictionary_add(ctx, to, text.data, text.length, &code);
    }
    return status;
}

/* The dictionary of the result, retained: the one that all have, or a new one that begins as the largest. */
static cm_status find_dictionary(cm_context *ctx, joined *j, cm_dictionary **out, uint64_t *size) {
    const cm_column *largest = column_of(j, 0);
    bool same = true;
    *out = NULL;
    for (uint64_t i = 0; i < j->count; i++) {
        const cm_column *column = column_of(j, i);
        same = same && column->dictionary == largest->dictionary;
        if (column->dictionary_size > largest->dictionary_size) largest = column;
    }
    j->base = largest->dictionary;
    *size = largest->dictionary_size;
    if (same) {
        *out = cm_dictionary_retain(largest->dictionary);
        return CM_OK;
    }
    cm_status status = cm_dictionary_new(ctx, out);
    if (!status) status = copy_texts(ctx, largest->dictionary, *size, *out);
    if (!status) return CM_OK;
    cm_dictionary_release(*out);
    *out = NULL;
    return status;
}

static cm_status need_map(cm_context *ctx, joined *j, const cm_column *from) {
    if (j->mapped == from->dictionary && j->map_size >= from->dictionary_size) return CM_OK;
    int32_t *map = cm_alloc(ctx, from->dictionary_size, sizeof *map);
    if (!map) return ctx->error.status;
    memset(map, 0xff, (size_t)from->dictionary_size * sizeof *map);
    cm_free(ctx->core, j->map, j->map_size, sizeof *map);
    j->map = map;
    j->map_size = from->dictionary_size;
    j->mapped = from->dictionary;
    return CM_OK;
}

static cm_status map_code(cm_context *ctx, joined *j, int32_t code, int32_t *out) {
    cm_status status = CM_OK;
    if (j->map[code] < 0) {
        cm_text text = cm_dictionary_text(j->mapped, code);
        status = cm_dictionary_add(ctx, j->out->dictionary, text.data, text.length, &j->map[code]);
    }
    *out = j->map[code];
    return status;
}

/* ---- chunks ---- */

static cm_status copy_validity(cm_context *ctx, const cm_chunk *from, cm_chunk *to) {
    if (!from->validity) return CM_OK;
    cm_status status = cm_buffer_new(ctx, (from->rows + 7) / 8, &to->validity_buffer);
    if (status) return status;
    to->validity = to->validity_buffer->data;
    for (uint64_t i = 0; i < from->rows; i++)
        if (cm_chunk_present(from, i)) cm_set_bit(to->validity_buffer->data, i);
    return CM_OK;
}

static cm_status copy_codes(cm_context *ctx, joined *j, const cm_column *column, const cm_chunk *from, cm_chunk *to) {
    const int32_t *codes = (const int32_t *)from->values + from->offset;
    cm_status status = need_map(ctx, j, column);
    if (!status) status = cm_buffer_new(ctx, from->rows * sizeof *codes, &to->values_buffer);
    if (status) return status;
    int32_t *out = to->values_buffer->data;
    for (uint64_t i = 0; i < from->rows && !status; i++)
        if (cm_chunk_present(from, i)) status = map_code(ctx, j, codes[i], &out[i]);
    to->values = out;
    return status;
}

static cm_status copy_lists(cm_context *ctx, joined *j, const cm_column *column, const cm_chunk *from, cm_chunk *to) {
    const int64_t *offsets = from->offsets + from->offset;
    uint64_t items = (uint64_t)(offsets[from->rows] - offsets[0]);
    cm_status status = need_map(ctx, j, column);
    if (!status) status = cm_buffer_new(ctx, items * sizeof(int32_t), &to->values_buffer);
    if (!status) status = cm_buffer_new(ctx, (from->rows + 1) * sizeof *offsets, &to->offsets_buffer);
    if (status) return status;
    const int32_t *codes = (const int32_t *)from->values + offsets[0];
    int32_t *out = to->values_buffer->data;
    int64_t *starts = to->offsets_buffer->data;
    for (uint64_t i = 0; i <= from->rows; i++) starts[i] = offsets[i] - offsets[0];
    for (uint64_t i = 0; i < items && !status; i++) status = map_code(ctx, j, codes[i], &out[i]);
    to->values = out;
    to->offsets = starts;
    return status;
}

/* A value of the narrower type as the wider one; false if it does not fit. */
static bool widen(const cm_column *from, const cm_column *to, const cm_chunk *chunk, uint64_t at, unsigned char *out) {
    const void *values = chunk->values;
    int64_t number = from->type == CM_DATE ? ((const int32_t *)values)[at] : ((const int64_t *)values)[at];
    double real;
    bool fits = true;
    if (to->type == CM_FLOAT64) {
        real = from->type == CM_DECIMAL ? cm_decimal_to_double(number, from->scale) : (double)number;
        memcpy(out, &real, sizeof real);
        return true;
    }
    if (to->type == CM_TIMESTAMP) fits = !__builtin_mul_overflow(number, CM_DAY_MICROSECONDS, &number);
    else fits = !cm_rescale_overflows(number, from->scale, to->scale, &number);
    memcpy(out, &number, sizeof number);
    return fits;
}

static cm_status widen_values(cm_context *ctx, joined *j, const cm_column *column, const cm_chunk *from, cm_chunk *to) {
    char room[CM_CELL_TEXT];
    uint64_t length;
    cm_status status = cm_buffer_new(ctx, from->rows * 8, &to->values_buffer);
    if (status) return status;
    unsigned char *out = to->values_buffer->data;
    for (uint64_t i = 0; i < from->rows; i++) {
        if (!cm_chunk_present(from, i) || widen(column, j->out, from, from->offset + i, out + i * 8)) continue;
        const char *text = cm_cell_text(column, from, i, room, &length);
        return cm_fail(ctx, CM_E_OVERFLOW, "WIDENED", "stsi", column->name, text, length, cm_type_name(j->out->type),
                       (int64_t)j->out->scale);
    }
    to->values = out;
    return CM_OK;
}

static cm_status add_chunk(cm_context *ctx, joined *j, const cm_column *column, const cm_chunk *from, cm_chunk *to) {
    cm_status status;
    bool same_dictionary = column->dictionary == j->base;
    if (column->type == j->out->type && column->scale == j->out->scale && same_dictionary) {
        cm_chunk_share(to, from);
        return CM_OK;
    }
    to->rows = from->rows;
    if (column->type == CM_STRING) status = copy_codes(ctx, j, column, from, to);
    else if (column->type == CM_LIST) status = copy_lists(ctx, j, column, from, to);
    else status = widen_values(ctx, j, column, from, to);
    if (!status) status = copy_validity(ctx, from, to);
    return status ? status : cm_tick(ctx, "concat", 0, 0);
}

/* ---- columns and tables ---- */

/* Chunks of the result: all that have rows, or one if none has. */
static uint64_t count_chunks(const joined *j) {
    uint64_t chunks = 0;
    for (uint64_t i = 0; i < j->count; i++)
        for (uint64_t k = 0; k < column_of(j, i)->chunk_count; k++) chunks += column_of(j, i)->chunks[k].rows > 0;
    return chunks ? chunks : 1;
}

static cm_status add_chunks(cm_context *ctx, joined *j) {
    uint64_t at = 0;
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < j->count; i++) {
        const cm_column *column = column_of(j, i);
        for (uint64_t k = 0; k < column->chunk_count && !status; k++)
            if (column->chunks[k].rows) status = add_chunk(ctx, j, column, &column->chunks[k], &j->out->chunks[at++]);
    }
    return status || at ? status : add_chunk(ctx, j, column_of(j, 0), column_of(j, 0)->chunks, j->out->chunks);
}

/* The first role that a table gives the column, unless a column before has it. */
static int32_t find_role(const joined *j, cm_column *const *before) {
    int32_t role = CM_ROLE_NONE;
    for (uint64_t i = 0; i < j->count && role == CM_ROLE_NONE; i++) role = column_of(j, i)->role;
    for (uint64_t i = 0; i < j->number; i++)
        if (before[i]->role == role) return CM_ROLE_NONE;
    return role;
}

static cm_status make_column(cm_context *ctx, joined *j, cm_column **columns) {
    int32_t type, scale, flags;
    uint64_t size = 0;
    cm_dictionary *dictionary = NULL;
    cm_status status = find_type(ctx, j, &type, &scale, &flags);
    if (!status) status = find_dictionary(ctx, j, &dictionary, &size);
    if (!status)
        status = cm_column_new(ctx, column_of(j, 0)->name, type, scale, find_role(j, columns), flags, dictionary,
                               count_chunks(j), &columns[j->number]);
    j->out = columns[j->number];
    if (!status) status = add_chunks(ctx, j);
    if (!status && dictionary) j->out->dictionary_size = dictionary == j->base ? size : cm_dictionary_size(dictionary);
    cm_free(ctx->core, j->map, j->map_size, sizeof *j->map);
    cm_dictionary_release(dictionary);
    return status;
}

static cm_status check_names(cm_context *ctx, const cm_table *const *tables, uint64_t count) {
    const cm_table *first = tables[0];
    for (uint64_t i = 1; i < count; i++) {
        if (tables[i]->column_count != first->column_count)
            return cm_fail(ctx, CM_E_COLUMN, "OTHER_COLUMN_COUNT", "uuu", i + 1, tables[i]->column_count,
                           first->column_count);
        for (uint64_t k = 0; k < first->column_count; k++)
            if (strcmp(tables[i]->columns[k]->name, first->columns[k]->name))
                return cm_fail(ctx, CM_E_COLUMN, "OTHER_COLUMN", "usus", i + 1, tables[i]->columns[k]->name, k + 1,
                               first->columns[k]->name);
    }
    return CM_OK;
}

static cm_status concat_columns(cm_context *ctx, const cm_table *const *tables, uint64_t count, cm_table **out) {
    uint64_t width = tables[0]->column_count, rows = 0;
    cm_column **columns = cm_alloc(ctx, width, sizeof *columns);
    cm_status status = columns ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < width && !status; i++) {
        joined j = {.tables = tables, .count = count, .number = i};
        status = make_column(ctx, &j, columns);
    }
    for (uint64_t i = 0; i < count; i++) rows += tables[i]->rows;
    if (!status) {
        status = cm_table_new(ctx, columns, width, rows, out);
    } else {
        for (uint64_t i = 0; columns && i < width; i++) cm_column_release(columns[i]);
    }
    cm_free(ctx->core, columns, width, sizeof *columns);
    return status;
}

/* The audits of all tables, one below the other: each balances, so all do. */
static cm_status concat_audits(cm_context *ctx, const cm_table *const *tables, uint64_t count, cm_table *out) {
    uint64_t found = 0;
    cm_table *audit = NULL;
    const cm_table **audits = cm_alloc(ctx, count, sizeof *audits);
    if (!audits) return ctx->error.status;
    for (uint64_t i = 0; i < count; i++) {
        audits[found] = cm_table_attachment(tables[i], "audit");
        found += audits[found] != NULL;
    }
    cm_status status = found ? concat_columns(ctx, audits, found, &audit) : CM_OK;
    if (!status && audit) status = cm_table_attach(ctx, out, "audit", audit);
    cm_table_free(audit);
    cm_free(ctx->core, audits, count, sizeof *audits);
    return status;
}

static cm_status concat(cm_context *ctx, const cm_table *const *tables, uint64_t count, cm_table **out) {
    cm_table *all = NULL;
    bool given = tables && count && out;
    for (uint64_t i = 0; given && i < count; i++) given = tables[i] != NULL;
    if (!given)
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_table_concat", "no tables, or one of them is NULL");
    cm_status status = check_names(ctx, tables, count);
    if (!status) status = concat_columns(ctx, tables, count, &all);
    if (!status) status = concat_audits(ctx, tables, count, all);
    if (status) cm_table_free(all);
    else *out = all;
    return status;
}

cm_status cm_table_concat(cm_context *ctx, const cm_table *const *tables, uint64_t count, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, concat(ctx, tables, count, out));
}
