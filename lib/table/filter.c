/* The value is read once, as the column's type; texts are compared once a dictionary code, when it is first met. */
#include <string.h>

#include "base/number.h"
#include "table/gather.h"

typedef enum relation { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, ABSENT, PRESENT } relation;

static const char *const relation_names[] = {"=", "!=", "<", "<=", ">", ">=", "absent", "present"};

typedef struct test {
    relation how;
    const cm_column *column;
    int64_t number; /* for all types kept as integers: the value, rounded down */
    bool exact;     /* it was not rounded */
    int beyond;     /* 1 the value lies above all cells there can be, -1 below */
    double real;
    cm_text text;
    uint8_t *answers; /* a code: 0 not asked yet, 1 no, 2 yes */
} test;

static cm_status bad_value(cm_context *ctx, const test *t, const char *value, uint64_t length) {
    return cm_fail(ctx, CM_E_DATA, "BAD_COMPARED", "sts", t->column->name, value, length,
                   cm_type_name(t->column->type));
}

/* ---- the value ---- */

/* A number of another scale than the column's: its floor there, and whether it is that. */
static void set_decimal(test *t, int64_t value, int32_t places) {
    int32_t scale = t->column->type == CM_DECIMAL ? t->column->scale : 0;
    t->number = value;
    if (places <= scale && cm_rescale_overflows(value, places, scale, &t->number)) t->beyond = value > 0 ? 1 : -1;
    for (; places > scale; places--) {
        t->exact = t->exact && t->number % 10 == 0;
        t->number = t->number / 10 - (t->number % 10 < 0);
    }
}

static cm_status read_value(cm_context *ctx, test *t, const char *value) {
    uint64_t length = strlen(value);
    int64_t number;
    int32_t places;
    switch (t->column->type) {
    case CM_STRING: t->text = (cm_text){value, length}; return CM_OK;
    case CM_LIST: return cm_fail(ctx, CM_E_COLUMN, "LIST_COMPARED", "s", t->column->name);
    case CM_FLOAT64: return cm_parse_double(value, length, &t->real) ? CM_OK : bad_value(ctx, t, value, length);
    case CM_INT64:
    case CM_DECIMAL:
        if (cm_parse_decimal(value, length, '.', &number, &places) != CM_DECIMAL_OK)
            return bad_value(ctx, t, value, length);
        set_decimal(t, number, places);
        return CM_OK;
    default: break;
    }
    if (!cm_cell_parse(t->column->type, 0, value, length, &number)) return bad_value(ctx, t, value, length);
    if (t->column->type == CM_TIMESTAMP && !(t->column->flags & CM_COLUMN_UTC) && cm_cell_is_zoned(value, length))
        return bad_value(ctx, t, value, length);
    t->number = number;
    return CM_OK;
}

/* ---- the cells ---- */

static bool holds(relation how, int order) {
    switch (how) {
    case EQUAL: return order == 0;
    case NOT_EQUAL: return order != 0;
    case LESS: return order < 0;
    case LESS_EQUAL: return order <= 0;
    case GREATER: return order > 0;
    default: return order >= 0;
    }
}

static bool text_matches(const test *t, int32_t code) {
    uint8_t *answer = &t->answers[code];
    if (!*answer)
        *answer = holds(t->how, cm_text_compare(cm_dictionary_text(t->column->dictionary, code), t->text)) ? 2 : 1;
    return *answer == 2;
}

/* Nothing but != holds for NaN, as for numbers everywhere. */
static bool double_matches(const test *t, double cell) {
    if (cell != cell) return t->how == NOT_EQUAL;
    return holds(t->how, (cell > t->real) - (cell < t->real));
}

static bool int_matches(const test *t, int64_t cell) {
    int order = (cell > t->number) - (cell < t->number);
    if (order == 0 && !t->exact) order = -1;
    return holds(t->how, t->beyond ? -t->beyond : order);
}

static bool matches(const test *t, const cm_chunk *chunk, uint64_t row) {
    uint64_t at = chunk->offset + row;
    bool present = cm_chunk_present(chunk, row);
    if (t->how == ABSENT) return !present;
    if (t->how == PRESENT || !present) return present;
    switch (t->column->type) {
    case CM_BOOL: return int_matches(t, cm_bit(chunk->values, at));
    case CM_DATE: return int_matches(t, ((const int32_t *)chunk->values)[at]);
    case CM_FLOAT64: return double_matches(t, ((const double *)chunk->values)[at]);
    case CM_STRING: return text_matches(t, ((const int32_t *)chunk->values)[at]);
    default: return int_matches(t, ((const int64_t *)chunk->values)[at]);
    }
}

/* The numbers of the rows that match. */
static cm_status find_rows(cm_context *ctx, const cm_table *table, const test *t, uint64_t **rows, uint64_t *capacity,
                           uint64_t *count) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < table->chunk_count && !status; i++) {
        const cm_chunk *chunk = &t->column->chunks[i];
        for (uint64_t row = 0; row < chunk->rows && !status; row++) {
            if (row % CM_CHUNK_ROWS == 0) status = cm_tick(ctx, "filter", table->first_rows[i] + row, table->rows);
            if (status || !matches(t, chunk, row)) continue;
            status = cm_reserve(ctx, rows, capacity, *count + 1, sizeof **rows);
            if (!status) (*rows)[(*count)++] = table->first_rows[i] + row;
        }
    }
    return status;
}

static cm_status open_test(cm_context *ctx, const cm_table *table, const char *name, const char *how, const char *value,
                           test *t) {
    uint64_t column;
    *t = (test){.how = EQUAL, .exact = true};
    while (t->how <= PRESENT && strcmp(relation_names[t->how], how)) t->how++;
    if (t->how > PRESENT) return cm_fail(ctx, CM_E_ARGUMENT, "NO_COMPARISON", "s", how);
    if ((t->how < ABSENT) != (value != NULL))
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_table_filter",
                       "absent and present have no value (NULL), all other comparisons need one");
    cm_status status = cm_table_require(ctx, table, name, &column);
    if (status) return status;
    t->column = table->columns[column];
    return value ? read_value(ctx, t, value) : CM_OK;
}

cm_status cm_matching_rows(cm_context *ctx, const cm_table *table, const char *name, const char *how, const char *value,
                           uint64_t **rows, uint64_t *capacity, uint64_t *count) {
    test t;
    cm_status status = open_test(ctx, table, name, how, value, &t);
    if (status) return status;
    uint64_t codes = t.column->dictionary_size;
    t.answers = cm_alloc(ctx, codes, 1);
    status = t.answers ? find_rows(ctx, table, &t, rows, capacity, count) : ctx->error.status;
    cm_free(ctx->core, t.answers, codes, 1);
    return status;
}

static cm_status filter(cm_context *ctx, const cm_table *table, const char *name, const char *how, const char *value,
                        cm_table **out) {
    uint64_t *rows = NULL, capacity = 0, count = 0;
    cm_table *part = NULL;
    if (!table || !name || !how || !out)
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_table_filter",
                       "table, column, comparison or out is NULL");
    cm_status status = cm_matching_rows(ctx, table, name, how, value, &rows, &capacity, &count);
    if (!status && count == table->rows) part = cm_table_retain(table);
    else if (!status) status = cm_table_take(ctx, table, rows, count, &part);
    if (!status && part != table) status = cm_audit_part(ctx, part, table, "filter", "does not match");
    if (status) cm_table_free(part);
    else *out = part;
    cm_free(ctx->core, rows, capacity, sizeof *rows);
    return status;
}

cm_status cm_table_filter(cm_context *ctx, const cm_table *table, const char *column, const char *comparison,
                          const char *value, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, filter(ctx, table, column, comparison, value, out));
}
