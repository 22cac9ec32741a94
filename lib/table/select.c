/* Tables that share their columns with the one they come from. */
#include "table/gather.h"
#include "table/roles.h"

static cm_status need(cm_context *ctx, const char *function, bool given) {
    return given ? CM_OK : cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", function, "an argument is NULL");
}

/* A table of these columns (taken over; `status` says whether they could be made), with what `from` has attached. */
static cm_status same_rows(cm_context *ctx, const cm_table *from, cm_column **columns, uint64_t count, cm_status status,
                           cm_table **out) {
    cm_table *table = NULL;
    if (status) {
        for (uint64_t i = 0; i < count; i++) cm_column_release(columns[i]);
        return status;
    }
    status = cm_table_new(ctx, columns, count, from->rows, &table);
    if (!status) status = cm_table_copy_attachments(ctx, table, from);
    if (status) cm_table_free(table);
    else *out = table;
    return status;
}

/* ---- select ---- */

static cm_status select_columns(cm_context *ctx, const cm_table *table, const char *const *names, uint64_t count,
                                cm_table **out) {
    uint64_t found;
    cm_status status = need(ctx, "cm_table_select", table && out && (names || count == 0));
    if (status) return status;
    cm_column **columns = cm_alloc(ctx, count, sizeof *columns);
    if (!columns) return ctx->error.status;
    for (uint64_t i = 0; i < count && !status; i++) {
        status = need(ctx, "cm_table_select", names[i]);
        if (!status) status = cm_table_require(ctx, table, names[i], &found);
        if (!status) columns[i] = cm_column_retain(table->columns[found]);
    }
    status = same_rows(ctx, table, columns, count, status, out);
    cm_free(ctx->core, columns, count, sizeof *columns);
    return status;
}

cm_status cm_table_select(cm_context *ctx, const cm_table *table, const char *const *names, uint64_t count,
                          cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, select_columns(ctx, table, names, count, out));
}

/* ---- with_role ---- */

/* The role that a column has afterwards: one column at most has a role. */
static int32_t role_of(const cm_column *column, bool chosen, int32_t role) {
    if (chosen) return role;
    return column->role == role ? CM_ROLE_NONE : column->role;
}

static cm_status with_role(cm_context *ctx, const cm_table *table, const char *name, int32_t role, cm_table **out) {
    uint64_t chosen = 0;
    cm_status status = need(ctx, "cm_table_with_role", table && name && out);
    if (!status && (role < 0 || role > CM_ROLE_COUNT))
        status = cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_table_with_role", "there is no such role");
    if (!status) status = cm_table_require(ctx, table, name, &chosen);
    if (status) return status;
    cm_column **columns = cm_alloc(ctx, table->column_count, sizeof *columns);
    if (!columns) return ctx->error.status;
    for (uint64_t i = 0; i < table->column_count && !status; i++) {
        cm_column *from = table->columns[i];
        int32_t own = role_of(from, i == chosen, role);
        if (own == from->role) columns[i] = cm_column_retain(from);
        else status = cm_column_alias(ctx, from, NULL, own, &columns[i]);
    }
    status = same_rows(ctx, table, columns, table->column_count, status, out);
    cm_free(ctx->core, columns, table->column_count, sizeof *columns);
    return status;
}

cm_status cm_table_with_role(cm_context *ctx, const cm_table *table, const char *column, int32_t role, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, with_role(ctx, table, column, role, out));
}

/* ---- slice ---- */

/* The chunks that rows [first, end) touch: count of them from *from on; always one at least. */
static uint64_t touched(const cm_table *table, uint64_t first, uint64_t end, uint64_t *from) {
    uint64_t within;
    if (table->rows == 0) {
        *from = 0;
        return 1;
    }
    *from = cm_table_locate(table, first < table->rows ? first : table->rows - 1, &within);
    return end > first ? cm_table_locate(table, end - 1, &within) - *from + 1 : 1;
}

/* Chunks from number `from` on, cut to rows [first, end) of the table. */
static void cut_chunks(const cm_table *table, const cm_column *column, uint64_t from, uint64_t first, uint64_t end,
                       cm_column *out) {
    for (uint64_t i = 0; i < out->chunk_count; i++) {
        uint64_t start = table->first_rows[from + i], stop = table->first_rows[from + i + 1];
        uint64_t low = first < start ? start : first > stop ? stop : first;
        uint64_t high = end < low ? low : end > stop ? stop : end;
        cm_chunk_share(&out->chunks[i], &column->chunks[from + i]);
        out->chunks[i].offset += low - start;
        out->chunks[i].rows = high - low;
    }
}

static cm_status cut_columns(cm_context *ctx, const cm_table *table, uint64_t first, uint64_t end, cm_table **out) {
    uint64_t from, count = touched(table, first, end, &from);
    cm_status status = CM_OK;
    cm_column **columns = cm_alloc(ctx, table->column_count, sizeof *columns);
    if (!columns) return ctx->error.status;
    for (uint64_t i = 0; i < table->column_count && !status; i++) {
        const cm_column *column = table->columns[i];
        status = cm_column_new(ctx, column->name, column->type, column->scale, column->role, column->flags,
                               column->dictionary, count, &columns[i]);
        if (status) break;
        columns[i]->dictionary_size = column->dictionary_size;
        cut_chunks(table, column, from, first, end, columns[i]);
    }
    if (!status) {
        status = cm_table_new(ctx, columns, table->column_count, end - first, out);
    } else {
        for (uint64_t i = 0; i < table->column_count; i++) cm_column_release(columns[i]);
    }
    cm_free(ctx->core, columns, table->column_count, sizeof *columns);
    return status;
}

static cm_status slice(cm_context *ctx, const cm_table *table, uint64_t first, uint64_t rows, cm_table **out) {
    cm_table *part = NULL;
    cm_status status = need(ctx, "cm_table_slice", table && out);
    if (status) return status;
    if (first > table->rows) first = table->rows;
    if (rows > table->rows - first) rows = table->rows - first;
    if (rows == table->rows) {
        *out = cm_table_retain(table);
        return CM_OK;
    }
    status = cut_columns(ctx, table, first, first + rows, &part);
    if (!status) status = cm_audit_part(ctx, part, table, "slice", "outside the slice");
    if (status) cm_table_free(part);
    else *out = part;
    return status;
}

cm_status cm_table_slice(cm_context *ctx, const cm_table *table, uint64_t first, uint64_t rows, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, slice(ctx, table, first, rows, out));
}
