#include "tables.h"

/* ---- getters against what was put in ---- */

START_TEST(cells) {
    cm_context *ctx = new_context(NULL);
    cm_builder *b = NULL;
    cm_table *table = NULL;
    uint64_t rows = 70000, state = 3, length;
    char text[64];
    OK(cm_builder_new(ctx, &b));
    random_columns(ctx, b);
    for (uint64_t row = 0; row < rows; row++) {
        if (row % 3 == 0) {
            OK(cm_builder_row(ctx, b));
            continue;
        }
        for (uint64_t column = 0; column < C_REAL; column++)
            OK(cm_builder_int(ctx, b, column, column == C_BOOL ? (int64_t)(row % 2) : (int64_t)row - 100));
        OK(cm_builder_double(ctx, b, C_REAL, (double)row / 4));
        for (uint64_t column = C_MONEY; column < C_TEXT; column++) OK(cm_builder_int(ctx, b, column, -(int64_t)row));
        OK(cm_builder_text(ctx, b, C_TEXT, text, random_text(&state, 100, text)));
        OK(cm_builder_text(ctx, b, C_LIST, "one", 3));
        OK(cm_builder_text(ctx, b, C_LIST, text, (uint64_t)sprintf(text, "%d", (int)row)));
        OK(cm_builder_row(ctx, b));
    }
    OK(cm_builder_finish(ctx, b, &table));
    cm_builder_free(b);
    state = 3;
    for (uint64_t row = 0; row < rows; row++) {
        bool absent = row % 3 == 0;
        for (uint64_t column = 0; column < C_COUNT; column++)
            ck_assert_int_eq(cm_table_is_absent(table, row, column), absent);
        ck_assert_int_eq(cm_table_int(table, row, C_BOOL), absent ? 0 : (int64_t)(row % 2));
        ck_assert_int_eq(cm_table_int(table, row, C_INT), absent ? 0 : (int64_t)row - 100);
        ck_assert_int_eq(cm_table_int(table, row, C_DAY), absent ? 0 : -(int64_t)row);
        ck_assert_int_eq(cm_table_int(table, row, C_TIME), absent ? 0 : -(int64_t)row);
        ck_assert_int_eq(cm_table_int(table, row, C_REAL), 0);
        ck_assert_uint_eq(cm_table_items(table, row, C_LIST), absent ? 0 : 2);
        ck_assert_uint_eq(cm_table_items(table, row, C_INT), !absent);
        ck_assert(isnan(cm_table_double(table, row, C_DAY)));
        if (absent) {
            ck_assert(isnan(cm_table_double(table, row, C_REAL)));
            ck_assert_ptr_null(cm_table_text(table, row, C_TEXT, 0, &length));
            ck_assert_ptr_null(cm_table_text(table, row, C_LIST, 0, NULL));
            continue;
        }
        ck_assert(cm_table_double(table, row, C_REAL) == (double)row / 4);
        ck_assert(cm_table_double(table, row, C_MONEY) == -(double)row / 100);
        ck_assert(cm_table_double(table, row, C_BOOL) == (double)(row % 2));
        uint64_t expected = random_text(&state, 100, text);
        const char *found = cm_table_text(table, row, C_TEXT, 0, &length);
        ck_assert_uint_eq(length, expected);
        ck_assert_mem_eq(found, text, expected);
        ck_assert_ptr_null(cm_table_text(table, row, C_TEXT, 1, NULL));
        ck_assert_int_eq(atoi(cm_table_text(table, row, C_LIST, 1, NULL)), (int)row);
    }
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(out_of_range) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 5, 1, 10);
    cm_column_view view = {.struct_size = sizeof view, .rows = 9};
    uint64_t length = 9;
    ck_assert_int_eq(cm_table_view(table, C_COUNT, 0, &view), 0);
    ck_assert_uint_eq(view.rows, 0);
    ck_assert_ptr_null(view.name);
    ck_assert_int_eq(cm_table_view(table, 0, 1, &view), 0);
    ck_assert_int_eq(cm_table_view(NULL, 0, 0, &view), 0);
    ck_assert_int_eq(cm_table_view(table, 0, 0, NULL), 0);
    ck_assert_int_eq(cm_table_int(table, 5, 0), 0);
    ck_assert_int_eq(cm_table_is_absent(table, 5, 0), 1);
    ck_assert_int_eq(cm_table_is_absent(table, 0, C_COUNT), 1);
    ck_assert_ptr_null(cm_table_text(table, 9, C_TEXT, 0, &length));
    ck_assert_uint_eq(length, 0);
    ck_assert_ptr_null(cm_table_dictionary_text(table, C_TEXT, -1, &length));
    ck_assert_ptr_null(cm_table_dictionary_text(table, C_TEXT, 1000, &length));
    ck_assert_ptr_null(cm_table_dictionary_text(table, C_INT, 0, NULL));
    ck_assert_int_eq(cm_table_find(table, "nothing"), -1);
    ck_assert_int_eq(cm_table_find(table, NULL), -1);
    ck_assert_int_eq(cm_table_find(table, "money"), C_MONEY);
    ck_assert_int_eq(cm_table_find_role(table, CM_ROLE_NONE), -1);
    ck_assert_int_eq(cm_table_find_role(table, CM_ROLE_COST), -1);
    ck_assert_int_eq(cm_table_find_role(table, CM_ROLE_CUSTOMER), C_TEXT);
    ck_assert_uint_eq(cm_table_rows(NULL) + cm_table_columns(NULL) + cm_table_chunks(NULL), 0);
    ck_assert_ptr_null(cm_table_retain(NULL));
    cm_table_free(NULL);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- views against getters ---- */

static void compare_value(const cm_table *table, uint64_t column, const cm_column_view *view, uint64_t row) {
    uint64_t at = view->first_row + row, length = 0;
    bool present = !view->validity || cm_bit(view->validity, view->bit_offset + row);
    ck_assert_int_eq(cm_table_is_absent(table, at, column), !present);
    if (!present) return;
    int64_t number = cm_table_int(table, at, column);
    const int32_t *codes = view->values;
    switch (view->type) {
    case CM_BOOL: ck_assert_int_eq(cm_bit(view->values, view->bit_offset + row), number); break;
    case CM_DATE: ck_assert_int_eq(((const int32_t *)view->values)[row], number); break;
    case CM_FLOAT64: {
        double x = ((const double *)view->values)[row], y = cm_table_double(table, at, column);
        ck_assert(memcmp(&x, &y, sizeof x) == 0);
        break;
    }
    case CM_STRING:
        ck_assert_uint_lt((uint64_t)codes[row], view->dictionary_size);
        ck_assert_ptr_eq(cm_table_dictionary_text(table, column, codes[row], &length),
                         cm_table_text(table, at, column, 0, &length));
        break;
    case CM_LIST:
        ck_assert_uint_eq((uint64_t)(view->offsets[row + 1] - view->offsets[row]), cm_table_items(table, at, column));
        for (int64_t i = view->offsets[row]; i < view->offsets[row + 1]; i++)
            ck_assert_ptr_eq(cm_table_dictionary_text(table, column, codes[i], NULL),
                             cm_table_text(table, at, column, (uint64_t)(i - view->offsets[row]), NULL));
        break;
    default: ck_assert_int_eq(((const int64_t *)view->values)[row], number); break;
    }
}

static void compare_views(const cm_table *table) {
    assert_sound(table);
    for (uint64_t column = 0; column < cm_table_columns(table); column++)
        for (uint64_t chunk = 0; chunk < cm_table_chunks(table); chunk++) {
            cm_column_view view = {.struct_size = sizeof view};
            ck_assert_int_eq(cm_table_view(table, column, chunk, &view), 1);
            for (uint64_t row = 0; row < view.rows; row++) compare_value(table, column, &view, row);
        }
}

START_TEST(views) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 65536 * 2 + 100, 9, 300), *part = NULL;
    compare_views(table);
    OK(cm_table_slice(ctx, table, 65000, 3001, &part));
    compare_views(part);
    cm_table_free(part);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* A caller compiled with a shorter struct gets what fits. */
START_TEST(old_struct_sizes) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 5, 1, 10);
    cm_column_view view;
    memset(&view, 0x55, sizeof view);
    view.struct_size = offsetof(cm_column_view, values);
    ck_assert_int_eq(cm_table_view(table, 1, 0, &view), 1);
    ck_assert_str_eq(view.name, "bool");
    ck_assert_uint_eq(view.rows, UINT64_C(0x5555555555555555));
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- references ---- */

START_TEST(references_keep_tables) {
    counted c = {0};
    cm_context *ctx = new_context(&c);
    cm_table *table = random_table(ctx, 1000, 2, 50);
    cm_table *again = cm_table_retain(table);
    ck_assert_ptr_eq(table, again);
    cm_table_free(table);
    cm_context_free(ctx);
    ck_assert_uint_eq(cm_table_rows(again), 1000);
    ck_assert_int_gt(c.bytes, 0);
    cm_table_free(again);
    ck_assert_int_eq(c.bytes, 0);
}
END_TEST

static void release_owner(void *owner) { ++*(int *)owner; }

START_TEST(buffers) {
    counted c = {0};
    cm_context *ctx = new_context(&c);
    cm_buffer *own = NULL, *foreign = NULL;
    int released = 0;
    static const int64_t data[4] = {1, 2, 3, 4};
    OK(cm_buffer_new(ctx, 100, &own));
    ck_assert_uint_eq((uintptr_t)own->data % 64, 0);
    ck_assert_uint_eq(own->size, 128);
    memset(own->data, 7, 128);
    OK(cm_buffer_grow(ctx, own, 1000));
    ck_assert_uint_eq((uintptr_t)own->data % 64, 0);
    for (int i = 0; i < 1024; i++) ck_assert_int_eq(((uint8_t *)own->data)[i], i < 128 ? 7 : 0);
    c.fail_at = 1, c.calls = 0;
    ck_assert_int_eq(cm_buffer_grow(ctx, own, 5000), CM_E_MEMORY);
    ck_assert_int_eq(cm_buffer_grow(ctx, own, UINT64_MAX - 10), CM_E_MEMORY);
    ck_assert_int_eq(cm_buffer_foreign(ctx, data, sizeof data, release_owner, &released, &foreign), CM_E_MEMORY);
    c.fail_at = 0;
    ck_assert_uint_eq(own->size, 1024);
    ck_assert_int_eq(released, 0);
    OK(cm_buffer_foreign(ctx, data, sizeof data, release_owner, &released, &foreign));
    ck_assert_ptr_eq(cm_buffer_retain(foreign), foreign);
    cm_buffer_release(foreign);
    ck_assert_int_eq(released, 0);
    cm_buffer_release(foreign);
    ck_assert_int_eq(released, 1);
    cm_buffer_release(own);
    cm_buffer_release(NULL);
    cm_context_free(ctx);
    ck_assert_int_eq(c.bytes, 0);
}
END_TEST

/* ---- what comes along ---- */

START_TEST(attachments) {
    counted c = {0};
    cm_context *ctx = new_context(&c);
    cm_table *table = random_table(ctx, 10, 1, 5), *other = random_table(ctx, 3, 1, 5), *found = NULL;
    FAILS(cm_table_attached(ctx, table, "audit", &found), CM_E_NOT_FOUND, "none");
    OK(cm_table_attach(ctx, table, "audit", other));
    OK(cm_table_attach(ctx, table, "columns", other));
    FAILS(cm_table_attached(ctx, table, "rejects", &found), CM_E_NOT_FOUND, "audit, columns");
    ck_assert_ptr_null(found);
    OK(cm_table_attached(ctx, table, "audit", &found));
    ck_assert_ptr_eq(found, other);
    cm_table_free(found);
    cm_table *third = random_table(ctx, 1, 1, 5);
    OK(cm_table_attach(ctx, table, "audit", third)); /* in place of the other */
    ck_assert_ptr_eq(cm_table_attachment(table, "audit"), third);
    cm_table_free(third);
    cm_table_free(other);
    cm_table_free(table);
    cm_context_free(ctx);
    ck_assert_int_eq(c.bytes, 0);
}
END_TEST

START_TEST(schemas) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 100, 1, 5), *schema = NULL;
    uint64_t absent = 0;
    OK(cm_table_schema(ctx, table, &schema));
    ck_assert_uint_eq(cm_table_rows(schema), C_COUNT);
    for (uint64_t row = 0; row < 100; row++) absent += (uint64_t)cm_table_is_absent(table, row, C_MONEY);
    ck_assert_str_eq(cm_table_text(schema, C_MONEY, 0, 0, NULL), "money");
    ck_assert_str_eq(cm_table_text(schema, C_MONEY, 1, 0, NULL), "DECIMAL");
    ck_assert_int_eq(cm_table_int(schema, C_MONEY, 2), 2);
    ck_assert_str_eq(cm_table_text(schema, C_MONEY, 3, 0, NULL), "amount");
    ck_assert_int_eq(cm_table_int(schema, C_MONEY, 4), (int64_t)absent);
    ck_assert_int_eq(cm_table_is_absent(schema, C_BOOL, 2), 1);
    ck_assert_int_eq(cm_table_is_absent(schema, C_BOOL, 3), 1);
    ck_assert_int_eq(cm_table_int(schema, C_ID, 4), 0);
    cm_table_free(schema);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(names_and_chunks_are_checked) {
    counted c = {0};
    cm_context *ctx = new_context(&c);
    cm_table *a = random_table(ctx, 10, 1, 5), *b = random_table(ctx, 11, 1, 5), *out = NULL;
    cm_column *same[] = {cm_column_retain(a->columns[0]), cm_column_retain(a->columns[1]),
                         cm_column_retain(a->columns[0])};
    FAILS(cm_table_new(ctx, same, 3, 0, &out), CM_E_COLUMN, "id");
    cm_column *uneven[] = {cm_column_retain(a->columns[0]), cm_column_retain(b->columns[1])};
    FAILS(cm_table_new(ctx, uneven, 2, 0, &out), CM_E_ARGUMENT, "bool");
    ck_assert_ptr_null(out);
    cm_table_free(a);
    cm_table_free(b);
    cm_context_free(ctx);
    ck_assert_int_eq(c.bytes, 0);
}
END_TEST

START_TEST(written_cells) {
    static const char *const expected[] = {
        "12", "true", "-5", "0.1", "-12.50", "2011-12-09", "2011-12-09 08:26:00", "caf\xc3\xa9"};
    cm_context *ctx = new_context(NULL);
    cm_builder *b = NULL;
    cm_table *table = NULL;
    OK(cm_builder_new(ctx, &b));
    random_columns(ctx, b);
    for (uint64_t i = 0; i < C_LIST; i++) OK(cm_builder_text(ctx, b, i, expected[i], strlen(expected[i])));
    OK(cm_builder_row(ctx, b));
    OK(cm_builder_finish(ctx, b, &table));
    for (uint64_t i = 0; i < C_LIST; i++) {
        char room[CM_CELL_TEXT];
        uint64_t length;
        const char *text = cm_cell_text(table->columns[i], &table->columns[i]->chunks[0], 0, room, &length);
        ck_assert_uint_eq(length, strlen(expected[i]));
        ck_assert_str_eq(text, expected[i]);
    }
    cm_table_free(table);
    cm_builder_free(b);
    cm_context_free(ctx);
}
END_TEST

Suite *test_table(void);
Suite *test_table(void) {
    Suite *suite = suite_create("table");
    TCase *tests = tcase_create("table");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, cells);
    tcase_add_test(tests, out_of_range);
    tcase_add_test(tests, views);
    tcase_add_test(tests, old_struct_sizes);
    tcase_add_test(tests, references_keep_tables);
    tcase_add_test(tests, buffers);
    tcase_add_test(tests, attachments);
    tcase_add_test(tests, schemas);
    tcase_add_test(tests, names_and_chunks_are_checked);
    tcase_add_test(tests, written_cells);
    suite_add_tcase(suite, tests);
    return suite;
}
