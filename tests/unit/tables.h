/* Tables for tests: random ones of all types, and cells compared. */
#ifndef TESTS_UNIT_TABLES_H
#define TESTS_UNIT_TABLES_H

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "custmine/table.h"
#include "table/table.h"

#define UNUSED __attribute__((unused))

/* Check writes to its parent each assertion that holds: too slow for millions of cells. */
#undef ck_assert_msg
#define ck_assert_msg(condition, ...)                                                                                  \
    ((condition) ? (void)0 : _ck_assert_failed(__FILE__, __LINE__, "Assertion '" #condition "' failed", __VA_ARGS__))

#define OK(call) ck_assert_msg((call) == CM_OK, "%s: %s", #call, cm_error_message(ctx))

/* Expects a status, and a message with this in it. */
#define FAILS(call, status, words)                                                                                     \
    do {                                                                                                               \
        ck_assert_int_eq((call), (status));                                                                            \
        ck_assert_msg(strstr(cm_error_message(ctx), (words)), "\"%s\" has no \"%s\"", cm_error_message(ctx), (words)); \
    } while (0)

/* An allocator that counts, and that fails from a certain call on. */
typedef struct counted {
    int64_t bytes;
    uint64_t calls, fail_at; /* 0: never */
} counted;

static UNUSED void *counted_resize(void *user, void *pointer, uint64_t old_size, uint64_t new_size) {
    counted *c = user;
    if (new_size > old_size && c->fail_at && ++c->calls >= c->fail_at) return NULL;
    c->bytes += (int64_t)new_size - (int64_t)old_size;
    if (new_size) return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

static UNUSED cm_context *new_context(counted *c) {
    cm_context *ctx = NULL;
    cm_allocator allocator = {sizeof allocator, counted_resize, c};
    cm_status status = cm_context_new(c ? &allocator : NULL, &ctx);
    ck_assert_int_eq(status, CM_OK);
    return ctx;
}

static UNUSED uint64_t next_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Columns of random tables. */
enum { C_ID, C_BOOL, C_INT, C_REAL, C_MONEY, C_DAY, C_TIME, C_TEXT, C_LIST, C_COUNT };
static const char *const column_names[] UNUSED = {"id", "bool", "int", "real", "money", "day", "time", "text", "list"};

static UNUSED double random_real(uint64_t *state, uint64_t variety) {
    switch (next_random(state) % 12) {
    case 0: return (double)NAN;
    case 1: return -0.0;
    case 2: return 0.0;
    case 3: return (double)INFINITY;
    case 4: return -(double)INFINITY;
    default: return ((double)(next_random(state) % (2 * variety)) - (double)variety) / 4;
    }
}

static UNUSED uint64_t random_text(uint64_t *state, uint64_t variety, char out[64]) {
    uint64_t number = next_random(state) % variety;
    switch (number % 4) {
    case 0: return (uint64_t)sprintf(out, "c%llu", (unsigned long long)number);
    case 1: return (uint64_t)sprintf(out, "customer-%llu", (unsigned long long)number);
    case 2: return (uint64_t)sprintf(out, "\xc3\xa4%llu", (unsigned long long)(number * 7919));
    default: memset(out, 'x', 20); return number % 20; /* prefixes of each other, the empty text too */
    }
}

static UNUSED void random_cell(cm_context *ctx, cm_builder *b, uint64_t column, uint64_t *state, uint64_t variety) {
    char text[64];
    int64_t number = (int64_t)(next_random(state) % (2 * variety)) - (int64_t)variety;
    if (next_random(state) % 7 == 0) return; /* absent */
    switch (column) {
    case C_BOOL: OK(cm_builder_int(ctx, b, column, number & 1)); break;
    case C_REAL: OK(cm_builder_double(ctx, b, column, random_real(state, variety))); break;
    case C_TIME: OK(cm_builder_int(ctx, b, column, number * 1234567890)); break;
    case C_TEXT: OK(cm_builder_text(ctx, b, column, text, random_text(state, variety, text))); break;
    case C_LIST:
        OK(cm_builder_text(ctx, b, column, NULL, 0));
        for (uint64_t i = next_random(state) % 4; i > 0; i--)
            OK(cm_builder_text(ctx, b, column, text, random_text(state, 8, text)));
        break;
    default: OK(cm_builder_int(ctx, b, column, number)); break;
    }
}

static UNUSED void random_columns(cm_context *ctx, cm_builder *b) {
    OK(cm_builder_column(ctx, b, "id", CM_INT64, 0, CM_ROLE_NONE));
    OK(cm_builder_column(ctx, b, "bool", CM_BOOL, 0, CM_ROLE_NONE));
    OK(cm_builder_column(ctx, b, "int", CM_INT64, 0, CM_ROLE_QUANTITY));
    OK(cm_builder_column(ctx, b, "real", CM_FLOAT64, 0, CM_ROLE_NONE));
    OK(cm_builder_column(ctx, b, "money", CM_DECIMAL, 2, CM_ROLE_AMOUNT));
    OK(cm_builder_column(ctx, b, "day", CM_DATE, 0, CM_ROLE_DATE));
    OK(cm_builder_column(ctx, b, "time", CM_TIMESTAMP, 0, CM_ROLE_NONE));
    OK(cm_builder_column(ctx, b, "text", CM_STRING, 0, CM_ROLE_CUSTOMER));
    OK(cm_builder_column(ctx, b, "list", CM_LIST, 0, CM_ROLE_NONE));
}

/* `id` is the row's number, present always; all other cells are random, some absent. */
static UNUSED cm_table *random_table(cm_context *ctx, uint64_t rows, uint64_t seed, uint64_t variety) {
    cm_builder *b = NULL;
    cm_table *table = NULL;
    OK(cm_builder_new(ctx, &b));
    random_columns(ctx, b);
    for (uint64_t row = 0; row < rows; row++) {
        OK(cm_builder_int(ctx, b, C_ID, (int64_t)row));
        for (uint64_t column = 1; column < C_COUNT; column++) random_cell(ctx, b, column, &seed, variety);
        OK(cm_builder_row(ctx, b));
    }
    OK(cm_builder_finish(ctx, b, &table));
    cm_builder_free(b);
    return table;
}

static UNUSED int32_t type_of(const cm_table *table, uint64_t column) {
    cm_column_view view = {.struct_size = sizeof view};
    ck_assert_int_eq(cm_table_view(table, column, 0, &view), 1);
    return view.type;
}

static UNUSED int compare_texts(const cm_table *a, uint64_t row_a, uint64_t column_a, uint64_t item_a,
                                const cm_table *b, uint64_t row_b, uint64_t column_b, uint64_t item_b) {
    uint64_t x, y;
    const char *s = cm_table_text(a, row_a, column_a, item_a, &x), *t = cm_table_text(b, row_b, column_b, item_b, &y);
    int order = memcmp(s, t, x < y ? x : y);
    return order ? order : (x > y) - (x < y);
}

/* Present cells of one type: the order of the documentation, written as plainly as can be. */
static UNUSED int compare_present(const cm_table *a, uint64_t row_a, uint64_t column_a, const cm_table *b,
                                  uint64_t row_b, uint64_t column_b) {
    int32_t type = type_of(a, column_a);
    if (type == CM_STRING) return compare_texts(a, row_a, column_a, 0, b, row_b, column_b, 0);
    if (type == CM_LIST) {
        uint64_t x = cm_table_items(a, row_a, column_a), y = cm_table_items(b, row_b, column_b);
        for (uint64_t i = 0; i < x && i < y; i++) {
            int order = compare_texts(a, row_a, column_a, i, b, row_b, column_b, i);
            if (order) return order;
        }
        return (x > y) - (x < y);
    }
    if (type == CM_FLOAT64) {
        double x = cm_table_double(a, row_a, column_a), y = cm_table_double(b, row_b, column_b);
        if (isnan(x) || isnan(y)) return !!isnan(x) - !!isnan(y);
        return (x > y) - (x < y);
    }
    int64_t x = cm_table_int(a, row_a, column_a), y = cm_table_int(b, row_b, column_b);
    return (x > y) - (x < y);
}

static UNUSED bool same_cell(const cm_table *a, uint64_t row_a, uint64_t column_a, const cm_table *b, uint64_t row_b,
                             uint64_t column_b) {
    int32_t absent_a = cm_table_is_absent(a, row_a, column_a), absent_b = cm_table_is_absent(b, row_b, column_b);
    if (absent_a || absent_b) return absent_a == absent_b;
    return compare_present(a, row_a, column_a, b, row_b, column_b) == 0;
}

static UNUSED void assert_same_row(const cm_table *a, uint64_t row_a, const cm_table *b, uint64_t row_b) {
    for (uint64_t i = 0; i < cm_table_columns(a); i++)
        ck_assert_msg(same_cell(a, row_a, i, b, row_b, i), "row %llu, row %llu, column %llu",
                      (unsigned long long)row_a, (unsigned long long)row_b, (unsigned long long)i);
}

/* Validity, offsets and first rows of all chunks fit together. */
static UNUSED void assert_sound(const cm_table *table) {
    uint64_t rows = 0;
    for (uint64_t chunk = 0; chunk < cm_table_chunks(table); chunk++) {
        cm_column_view first = {.struct_size = sizeof first};
        for (uint64_t i = 0; i < cm_table_columns(table); i++) {
            cm_column_view view = {.struct_size = sizeof view};
            ck_assert_int_eq(cm_table_view(table, i, chunk, &view), 1);
            ck_assert_uint_eq(view.first_row, rows);
            ck_assert_ptr_nonnull(view.values);
            if (i == 0) first = view;
            ck_assert_uint_eq(view.rows, first.rows);
            for (uint64_t row = 0; view.type == CM_LIST && row < view.rows; row++)
                ck_assert_int_le(view.offsets[row], view.offsets[row + 1]);
        }
        rows += first.rows;
    }
    if (cm_table_columns(table)) ck_assert_uint_eq(rows, cm_table_rows(table));
    ck_assert_uint_ge(cm_table_chunks(table), 1);
}

#endif
