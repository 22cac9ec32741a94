#include "table/table.h"

#include <string.h>

/* ---- making ---- */

static bool same_chunks(const cm_column *a, const cm_column *b) {
    if (a->chunk_count != b->chunk_count) return false;
    for (uint64_t i = 0; i < a->chunk_count; i++)
        if (a->chunks[i].rows != b->chunks[i].rows) return false;
    return true;
}

static bool same_name(const cm_column *a, const cm_column *b) {
    return a->name_length == b->name_length && !memcmp(a->name, b->name, (size_t)a->name_length);
}

static cm_status check_columns(cm_context *ctx, cm_column *const *columns, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        const char *name = columns[i]->name;
        if (!same_chunks(columns[0], columns[i])) return cm_fail(ctx, CM_E_ARGUMENT, "UNEVEN_COLUMNS", "s", name);
        for (uint64_t j = 0; j < i; j++)
            if (same_name(columns[j], columns[i])) return cm_fail(ctx, CM_E_COLUMN, "COLUMN_TWICE", "s", name);
    }
    return CM_OK;
}

static void fill(cm_table *table, cm_column *const *columns, uint64_t count, uint64_t rows) {
    table->column_count = count;
    for (uint64_t i = 0; i < count; i++) table->columns[i] = cm_column_retain(columns[i]);
    for (uint64_t i = 0; i < table->chunk_count; i++)
        table->first_rows[i + 1] = table->first_rows[i] + (count ? columns[0]->chunks[i].rows : rows);
    table->rows = table->first_rows[table->chunk_count];
}

static cm_status new_table(cm_context *ctx, cm_column *const *columns, uint64_t count, uint64_t rows, cm_table **out) {
    cm_status status = check_columns(ctx, columns, count);
    if (status) return status;
    cm_table *table = cm_alloc(ctx, 1, sizeof *table);
    if (!table) return ctx->error.status;
    atomic_init(&table->references, 1);
    table->core = cm_core_retain(ctx->core);
    table->column_count = count;
    table->chunk_count = count ? columns[0]->chunk_count : 1;
    table->columns = cm_alloc(ctx, count, sizeof(cm_column *));
    table->first_rows = table->columns ? cm_alloc(ctx, table->chunk_count + 1, sizeof(uint64_t)) : NULL;
    if (table->first_rows) {
        fill(table, columns, count, rows);
        *out = table;
        return CM_OK;
    }
    cm_table_free(table);
    return ctx->error.status;
}

cm_status cm_table_new(cm_context *ctx, cm_column **columns, uint64_t count, uint64_t rows, cm_table **out) {
    *out = NULL;
    cm_status status = new_table(ctx, columns, count, rows, out);
    for (uint64_t i = 0; i < count; i++) cm_column_release(columns[i]);
    return status;
}

/* ---- references ---- */

cm_table *cm_table_retain(const cm_table *table) {
    cm_table *own = (cm_table *)(uintptr_t)table; /* the count alone changes: to callers a table is constant */
    if (own) atomic_fetch_add_explicit(&own->references, 1, memory_order_relaxed);
    return own;
}

static void free_attachment(cm_core *core, cm_attachment *attachment) {
    if (attachment->name) cm_free(core, attachment->name, strlen(attachment->name) + 1, 1);
    cm_table_free(attachment->table);
}

void cm_table_free(cm_table *table) {
    if (!table || atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) != 1) return;
    cm_core *core = table->core;
    for (uint64_t i = 0; table->columns && i < table->column_count; i++) cm_column_release(table->columns[i]);
    for (uint64_t i = 0; i < table->attachment_count; i++) free_attachment(core, &table->attachments[i]);
    cm_free(core, table->attachments, table->attachment_count, sizeof *table->attachments);
    cm_free(core, table->columns, table->column_count, sizeof(cm_column *));
    cm_free(core, table->first_rows, table->chunk_count + 1, sizeof(uint64_t));
    cm_free(core, table, 1, sizeof *table);
    cm_core_release(core);
}

/* ---- attachments ---- */

static cm_attachment *find_attachment(const cm_table *table, const char *name) {
    for (uint64_t i = 0; i < table->attachment_count; i++)
        if (!strcmp(table->attachments[i].name, name)) return &table->attachments[i];
    return NULL;
}

/* One more at the end; the array is made anew each time, for there are few. */
static cm_status append_attachment(cm_context *ctx, cm_table *table, const char *name, cm_table *attached) {
    uint64_t count = table->attachment_count;
    cm_attachment *all = cm_alloc(ctx, count + 1, sizeof *all);
    char *copy = all ? cm_copy_text(ctx, name, strlen(name)) : NULL;
    if (!copy) {
        cm_free(ctx->core, all, count + 1, sizeof *all);
        return ctx->error.status;
    }
    if (count) memcpy(all, table->attachments, (size_t)count * sizeof *all);
    all[count] = (cm_attachment){copy, cm_table_retain(attached)};
    cm_free(table->core, table->attachments, count, sizeof *all);
    table->attachments = all;
    table->attachment_count = count + 1;
    return CM_OK;
}

cm_status cm_table_attach(cm_context *ctx, cm_table *table, const char *name, cm_table *attached) {
    cm_attachment *there = find_attachment(table, name);
    if (!there) return append_attachment(ctx, table, name, attached);
    cm_table *before = there->table;
    there->table = cm_table_retain(attached);
    cm_table_free(before);
    return CM_OK;
}

cm_table *cm_table_attachment(const cm_table *table, const char *name) {
    cm_attachment *there = find_attachment(table, name);
    return there ? there->table : NULL;
}

cm_status cm_table_copy_attachments(cm_context *ctx, cm_table *to, const cm_table *from) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < from->attachment_count && !status; i++)
        status = cm_table_attach(ctx, to, from->attachments[i].name, from->attachments[i].table);
    return status;
}

/* ---- names, for errors ---- */

void cm_table_names(const cm_table *table, cm_names *out) {
    *out = (cm_names){0};
    for (uint64_t i = 0; i < table->column_count; i++) cm_names_add(out, table->columns[i]->name);
}

cm_status cm_table_require(cm_context *ctx, const cm_table *table, const char *name, uint64_t *column) {
    cm_names names;
    int64_t found = cm_table_find(table, name);
    if (found >= 0) {
        *column = (uint64_t)found;
        return CM_OK;
    }
    cm_table_names(table, &names);
    return cm_fail(ctx, CM_E_COLUMN, "NO_COLUMN", "ss", name, names.text);
}

static cm_status attached(cm_context *ctx, const cm_table *table, const char *name, cm_table **out) {
    cm_names names = {0};
    if (!table || !name || !out)
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_table_attached", "table, name or out is NULL");
    cm_attachment *there = find_attachment(table, name);
    if (there) {
        *out = cm_table_retain(there->table);
        return CM_OK;
    }
    for (uint64_t i = 0; i < table->attachment_count; i++)
        cm_names_add(&names, table->attachments[i].name);
    return cm_fail(ctx, CM_E_NOT_FOUND, "NOT_ATTACHED", "ss", name, names.length ? names.text : "none");
}

cm_status cm_table_attached(cm_context *ctx, const cm_table *table, const char *name, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, attached(ctx, table, name, out));
}
