#include "tables.h"

static cm_builder *one_column(cm_context *ctx, int32_t type, int32_t scale) {
    cm_builder *b = NULL;
    OK(cm_builder_new(ctx, &b));
    OK(cm_builder_column(ctx, b, "x", type, scale, CM_ROLE_NONE));
    return b;
}

static cm_table *finish(cm_context *ctx, cm_builder *b) {
    cm_table *table = NULL;
    OK(cm_builder_finish(ctx, b, &table));
    cm_builder_free(b);
    assert_sound(table);
    return table;
}

START_TEST(the_example_of_the_header) {
    cm_context *ctx = new_context(NULL);
    cm_builder *b = NULL;
    uint64_t length = 0;
    OK(cm_builder_new(ctx, &b));
    OK(cm_builder_column(ctx, b, "customer", CM_STRING, 0, CM_ROLE_CUSTOMER));
    OK(cm_builder_column(ctx, b, "amount", CM_DECIMAL, 2, CM_ROLE_AMOUNT));
    for (int i = 0; i < 3; i++) {
        OK(cm_builder_text(ctx, b, 0, "C17", 3));
        OK(cm_builder_int(ctx, b, 1, 1999 + i));
        OK(cm_builder_row(ctx, b));
    }
    cm_table *table = finish(ctx, b);
    ck_assert_uint_eq(cm_table_rows(table), 3);
    ck_assert_str_eq(cm_table_text(table, 2, 0, 0, &length), "C17");
    ck_assert_uint_eq(length, 3);
    ck_assert_int_eq(cm_table_int(table, 2, 1), 2001);
    ck_assert(cm_table_double(table, 0, 1) == 19.99);
    ck_assert_int_eq(cm_table_find_role(table, CM_ROLE_AMOUNT), 1);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

static const uint64_t sizes[] = {0, 1, 15, 16, 17, 65535, 65536, 65537, 200000};
#define SIZES (sizeof sizes / sizeof *sizes)

typedef struct arrays {
    int64_t *numbers, *offsets;
    double *reals;
    int32_t *days;
    uint8_t *bits, *validity;
    char *bytes;
} arrays;

static arrays new_arrays(uint64_t rows) {
    return (arrays){calloc(rows + 1, 8),     calloc(rows + 2, 8),     calloc(rows + 1, 8), calloc(rows + 1, 4),
                    calloc(rows / 8 + 1, 1), calloc(rows / 8 + 1, 1), calloc(rows + 1, 32)};
}

static void free_arrays(arrays a) {
    free(a.numbers), free(a.offsets), free(a.reals), free(a.days), free(a.bits), free(a.validity), free(a.bytes);
}

/* Rows of a column as a host would have them, and into the builder. */
static void copy_portion(cm_context *ctx, cm_builder *b, const cm_table *from, uint64_t column, uint64_t first,
                         uint64_t rows) {
    arrays a = new_arrays(rows);
    uint64_t end = 0;
    for (uint64_t i = 0; i < rows; i++) {
        uint64_t length;
        const char *text = cm_table_text(from, first + i, column, 0, &length);
        bool absent = cm_table_is_absent(from, first + i, column);
        a.numbers[i] =
            absent ? 77 : cm_table_int(from, first + i, column); /* what lies under an absent cell is nothing */
        a.reals[i] = cm_table_double(from, first + i, column);
        a.days[i] = (int32_t)a.numbers[i];
        if (a.numbers[i]) cm_set_bit(a.bits, i);
        if (!absent) cm_set_bit(a.validity, i);
        a.offsets[i] = (int64_t)end;
        if (length) memcpy(a.bytes + end, text, length);
        end += length;
    }
    a.offsets[rows] = (int64_t)end;
    const uint8_t *validity = column == C_ID ? NULL : a.validity;
    const void *values = column == C_BOOL   ? (const void *)a.bits
                         : column == C_REAL ? (const void *)a.reals
                         : column == C_DAY  ? (const void *)a.days
                                            : (const void *)a.numbers;
    if (column == C_TEXT) OK(cm_builder_texts(ctx, b, column, a.bytes, a.offsets, validity, rows));
    else OK(cm_builder_values(ctx, b, column, values, validity, rows));
    free_arrays(a);
}

/* A row at a time or whole columns in portions of different sizes: the same table. */
START_TEST(rows_and_columns_agree) {
    cm_context *ctx = new_context(NULL);
    uint64_t rows = sizes[_i];
    cm_table *random = random_table(ctx, rows, 11, 1000), *by_row = NULL, *early = NULL;
    cm_builder *b = NULL;
    assert_sound(random);
    ck_assert_uint_eq(cm_table_chunks(random), rows ? (rows + 65535) / 65536 : 1);
    OK(cm_table_select(ctx, random, column_names, C_LIST, &by_row)); /* lists are built by row alone */
    OK(cm_builder_new(ctx, &b));
    for (uint64_t i = 0; i < C_LIST; i++) {
        cm_column_view view = {.struct_size = sizeof view};
        cm_table_view(by_row, i, 0, &view);
        OK(cm_builder_column(ctx, b, view.name, view.type, view.scale, view.role));
    }
    for (uint64_t column = 0; column < C_LIST; column++) {
        uint64_t portion = column % 2 ? rows : 1 + rows / 3;
        for (uint64_t first = 0; first < rows; first += portion) {
            if (column == C_TEXT) FAILS(cm_builder_finish(ctx, b, &early), CM_E_ARGUMENT, "rows");
            copy_portion(ctx, b, by_row, column, first, portion < rows - first ? portion : rows - first);
        }
    }
    for (uint64_t column = 0; column < C_LIST; column++) { /* a row behind them */
        if (column == C_TEXT) OK(cm_builder_text(ctx, b, column, "last", 4));
        else OK(cm_builder_int(ctx, b, column, 1));
    }
    OK(cm_builder_row(ctx, b));
    cm_table *by_column = finish(ctx, b);
    ck_assert_uint_eq(cm_table_rows(by_column), rows + 1);
    for (uint64_t row = 0; row < rows; row++) assert_same_row(by_row, row, by_column, row);
    ck_assert_str_eq(cm_table_text(by_column, rows, C_TEXT, 0, NULL), "last");
    cm_table_free(by_column);
    cm_table_free(by_row);
    cm_table_free(random);
    cm_context_free(ctx);
}
END_TEST

START_TEST(ints) {
    cm_context *ctx = new_context(NULL);
    cm_builder *b = one_column(ctx, CM_BOOL, 0);
    FAILS(cm_builder_int(ctx, b, 0, 2), CM_E_DATA, "BOOL");
    FAILS(cm_builder_double(ctx, b, 0, 1), CM_E_ARGUMENT, "BOOL");
    OK(cm_builder_int(ctx, b, 0, 1)); /* a value that failed was not set */
    OK(cm_builder_row(ctx, b));
    cm_table *table = finish(ctx, b);
    ck_assert_int_eq(cm_table_int(table, 0, 0), 1);
    cm_table_free(table);

    b = one_column(ctx, CM_DATE, 0);
    FAILS(cm_builder_int(ctx, b, 0, INT64_C(1) << 31), CM_E_DATA, "DATE");
    OK(cm_builder_int(ctx, b, 0, INT32_MIN));
    OK(cm_builder_row(ctx, b));
    table = finish(ctx, b);
    ck_assert_int_eq(cm_table_int(table, 0, 0), INT32_MIN);
    cm_table_free(table);

    b = one_column(ctx, CM_FLOAT64, 0);
    OK(cm_builder_int(ctx, b, 0, -3));
    OK(cm_builder_row(ctx, b));
    table = finish(ctx, b);
    ck_assert(cm_table_double(table, 0, 0) == -3.0);
    cm_table_free(table);

    b = one_column(ctx, CM_STRING, 0);
    FAILS(cm_builder_int(ctx, b, 0, 1), CM_E_ARGUMENT, "STRING");
    cm_builder_free(b);
    cm_context_free(ctx);
}
END_TEST

START_TEST(doubles) {
    cm_context *ctx = new_context(NULL);
    cm_builder *b = one_column(ctx, CM_DECIMAL, 2);
    FAILS(cm_builder_double(ctx, b, 0, 0.125), CM_E_DATA, "0.125");
    FAILS(cm_builder_double(ctx, b, 0, 1e300), CM_E_DATA, "places");
    FAILS(cm_builder_double(ctx, b, 0, (double)NAN), CM_E_DATA, "nan");
    OK(cm_builder_double(ctx, b, 0, 19.9));
    OK(cm_builder_row(ctx, b));
    OK(cm_builder_double(ctx, b, 0, -7));
    OK(cm_builder_row(ctx, b));
    cm_table *table = finish(ctx, b);
    ck_assert_int_eq(cm_table_int(table, 0, 0), 1990);
    ck_assert_int_eq(cm_table_int(table, 1, 0), -700);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

static int64_t read_text(cm_context *ctx, int32_t type, int32_t scale, const char *text) {
    cm_builder *b = one_column(ctx, type, scale);
    OK(cm_builder_text(ctx, b, 0, text, strlen(text)));
    OK(cm_builder_row(ctx, b));
    cm_table *table = finish(ctx, b);
    int64_t value = cm_table_int(table, 0, 0);
    cm_table_free(table);
    return value;
}

static void refuse_text(cm_context *ctx, int32_t type, int32_t scale, const char *text) {
    cm_builder *b = one_column(ctx, type, scale);
    cm_table *table = NULL;
    FAILS(cm_builder_text(ctx, b, 0, text, strlen(text)), CM_E_DATA, text);
    OK(cm_builder_row(ctx, b));
    OK(cm_builder_finish(ctx, b, &table));
    ck_assert_int_eq(cm_table_is_absent(table, 0, 0), 1);
    cm_table_free(table);
    cm_builder_free(b);
}

START_TEST(written_forms) {
    cm_context *ctx = new_context(NULL);
    ck_assert_int_eq(read_text(ctx, CM_BOOL, 0, "true"), 1);
    ck_assert_int_eq(read_text(ctx, CM_BOOL, 0, "false"), 0);
    ck_assert_int_eq(read_text(ctx, CM_INT64, 0, "-9223372036854775808"), INT64_MIN);
    ck_assert_int_eq(read_text(ctx, CM_DECIMAL, 2, "12.50"), 1250);
    ck_assert_int_eq(read_text(ctx, CM_DECIMAL, 2, "12.5000"), 1250);
    ck_assert_int_eq(read_text(ctx, CM_DECIMAL, 2, "-3"), -300);
    ck_assert_int_eq(read_text(ctx, CM_DATE, 0, "2011-12-09"), 15317);
    ck_assert_int_eq(read_text(ctx, CM_TIMESTAMP, 0, "2011-12-09 08:26:00"), INT64_C(1323419160000000));
    ck_assert_int_eq(read_text(ctx, CM_TIMESTAMP, 0, "2011-12-09"), INT64_C(1323388800000000));
    refuse_text(ctx, CM_BOOL, 0, "yes");
    refuse_text(ctx, CM_BOOL, 0, "");
    refuse_text(ctx, CM_INT64, 0, "1.5");
    refuse_text(ctx, CM_INT64, 0, "9223372036854775808");
    refuse_text(ctx, CM_DECIMAL, 2, "12.505");
    refuse_text(ctx, CM_DECIMAL, 18, "10");
    refuse_text(ctx, CM_DATE, 0, "2011-02-29");
    refuse_text(ctx, CM_DATE, 0, "2011-12-09 08:26:00");
    refuse_text(ctx, CM_TIMESTAMP, 0, "2011-12-09 08:26:00Z");
    refuse_text(ctx, CM_FLOAT64, 0, "12,5");
    cm_context_free(ctx);
}
END_TEST

START_TEST(lists) {
    cm_context *ctx = new_context(NULL);
    cm_builder *b = one_column(ctx, CM_LIST, 0);
    char text[32];
    OK(cm_builder_row(ctx, b)); /* absent */
    OK(cm_builder_text(ctx, b, 0, NULL, 0));
    OK(cm_builder_row(ctx, b)); /* empty */
    for (int i = 0; i < 1000; i++) OK(cm_builder_text(ctx, b, 0, text, (uint64_t)sprintf(text, "item %d", i % 10)));
    OK(cm_builder_row(ctx, b));
    OK(cm_builder_text(ctx, b, 0, "", 0));
    OK(cm_builder_row(ctx, b));
    cm_table *table = finish(ctx, b);
    ck_assert_int_eq(cm_table_is_absent(table, 0, 0), 1);
    ck_assert_int_eq(cm_table_is_absent(table, 1, 0), 0);
    ck_assert_uint_eq(cm_table_items(table, 0, 0), 0);
    ck_assert_uint_eq(cm_table_items(table, 1, 0), 0);
    ck_assert_uint_eq(cm_table_items(table, 2, 0), 1000);
    ck_assert_uint_eq(cm_table_items(table, 3, 0), 1);
    ck_assert_str_eq(cm_table_text(table, 2, 0, 999, NULL), "item 9");
    ck_assert_ptr_null(cm_table_text(table, 2, 0, 1000, NULL));
    ck_assert_str_eq(cm_table_text(table, 3, 0, 0, NULL), "");
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(misuse_is_refused) {
    cm_context *ctx = new_context(NULL), *other = new_context(NULL);
    cm_builder *b = NULL;
    cm_table *table = NULL;
    int64_t falls[] = {0, 2, 1}, numbers[] = {1, 2};
    OK(cm_builder_new(ctx, &b));
    FAILS(cm_builder_column(ctx, b, "x", 0, 0, 0), CM_E_ARGUMENT, "type");
    FAILS(cm_builder_column(ctx, b, "x", 9, 0, 0), CM_E_ARGUMENT, "type");
    FAILS(cm_builder_column(ctx, b, "x", CM_DECIMAL, 19, 0), CM_E_ARGUMENT, "scale");
    FAILS(cm_builder_column(ctx, b, "x", CM_INT64, 1, 0), CM_E_ARGUMENT, "scale");
    FAILS(cm_builder_column(ctx, b, "x", CM_INT64, 0, 11), CM_E_ARGUMENT, "role");
    FAILS(cm_builder_column(ctx, b, NULL, CM_INT64, 0, 0), CM_E_ARGUMENT, "name");
    OK(cm_builder_column(ctx, b, "x", CM_INT64, 0, CM_ROLE_ITEM));
    FAILS(cm_builder_column(ctx, b, "x", CM_STRING, 0, 0), CM_E_COLUMN, "x");
    FAILS(cm_builder_column(ctx, b, "y", CM_STRING, 0, CM_ROLE_ITEM), CM_E_COLUMN, "item");
    OK(cm_builder_column(ctx, b, "s", CM_STRING, 0, CM_ROLE_NONE));
    FAILS(cm_builder_int(ctx, b, 2, 1), CM_E_ARGUMENT, "number 2");
    FAILS(cm_builder_text(ctx, b, 1, NULL, 0), CM_E_ARGUMENT, "NULL");
    OK(cm_builder_int(ctx, b, 0, 1));
    FAILS(cm_builder_int(ctx, b, 0, 1), CM_E_ARGUMENT, "already");
    FAILS(cm_builder_values(ctx, b, 0, numbers, NULL, 2), CM_E_ARGUMENT, "already");
    FAILS(cm_builder_finish(ctx, b, &table), CM_E_ARGUMENT, "cm_builder_row");
    FAILS(cm_builder_column(ctx, b, "z", CM_INT64, 0, 0), CM_E_ARGUMENT, "before");
    OK(cm_builder_row(ctx, b));
    FAILS(cm_builder_texts(ctx, b, 1, "ab", falls, NULL, 2), CM_E_ARGUMENT, "fall");
    FAILS(cm_builder_texts(ctx, b, 0, "ab", falls, NULL, 1), CM_E_ARGUMENT, "INT64");
    FAILS(cm_builder_values(ctx, b, 1, numbers, NULL, 2), CM_E_ARGUMENT, "STRING");
    OK(cm_builder_values(ctx, b, 0, numbers, NULL, 2));
    FAILS(cm_builder_row(ctx, b), CM_E_ARGUMENT, "rows");
    FAILS(cm_builder_finish(ctx, b, &table), CM_E_ARGUMENT, "rows");
    ck_assert_int_eq(cm_builder_int(other, b, 0, 1), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_builder_row(NULL, b), CM_E_ARGUMENT);
    FAILS(cm_builder_row(ctx, NULL), CM_E_ARGUMENT, "NULL");
    ck_assert_ptr_null(table);
    cm_builder_free(b);
    cm_builder_free(NULL);
    cm_context_free(other);
    cm_context_free(ctx);
}
END_TEST

START_TEST(one_builder_makes_many_tables) {
    cm_context *ctx = new_context(NULL);
    cm_builder *b = NULL;
    cm_table *tables[3];
    char text[32];
    OK(cm_builder_new(ctx, &b));
    OK(cm_builder_column(ctx, b, "s", CM_STRING, 0, CM_ROLE_NONE));
    for (int i = 0; i < 3; i++) {
        OK(cm_builder_text(ctx, b, 0, text, (uint64_t)sprintf(text, "text %d", i)));
        OK(cm_builder_row(ctx, b));
        OK(cm_builder_row(ctx, b));
        OK(cm_builder_finish(ctx, b, &tables[i]));
    }
    OK(cm_builder_column(ctx, b, "more", CM_BOOL, 0, CM_ROLE_NONE)); /* empty again: columns may come */
    cm_builder_free(b);
    cm_context_free(ctx); /* tables live on */
    for (int i = 0; i < 3; i++) {
        sprintf(text, "text %d", i);
        ck_assert_uint_eq(cm_table_rows(tables[i]), 2);
        ck_assert_str_eq(cm_table_text(tables[i], 0, 0, 0, NULL), text);
        ck_assert_int_eq(cm_table_is_absent(tables[i], 1, 0), 1);
        cm_table_free(tables[i]);
    }
}
END_TEST

START_TEST(small_tables_are_small) {
    counted c = {0};
    cm_context *ctx = new_context(&c);
    cm_builder *b = one_column(ctx, CM_INT64, 0);
    int64_t before = c.bytes;
    OK(cm_builder_int(ctx, b, 0, 1));
    OK(cm_builder_row(ctx, b));
    ck_assert_int_lt(c.bytes - before, 1024);
    cm_table_free(finish(ctx, b));
    cm_context_free(ctx);
    ck_assert_int_eq(c.bytes, 0);
}
END_TEST

START_TEST(no_columns) {
    cm_context *ctx = new_context(NULL);
    cm_builder *b = NULL;
    OK(cm_builder_new(ctx, &b));
    OK(cm_builder_row(ctx, b));
    OK(cm_builder_row(ctx, b));
    cm_table *table = finish(ctx, b);
    ck_assert_uint_eq(cm_table_rows(table), 2);
    ck_assert_uint_eq(cm_table_columns(table), 0);
    ck_assert_uint_eq(cm_table_chunks(table), 1);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* A call that fails for want of memory can be made again, and then all is as if it had not failed. */
static void build_again_and_again(cm_context *ctx, counted *c, cm_builder *b, uint64_t fail_at, cm_table **out) {
    int64_t numbers[100], offsets[101] = {0};
    uint8_t validity[13];
    char bytes[400];
    for (int i = 0; i < 100; i++) {
        numbers[i] = i;
        offsets[i + 1] = offsets[i] + sprintf(bytes + offsets[i], "%d", i / 2 * 7);
        validity[i / 8] = 0x5b;
    }
#define AGAIN(call)                                                                                                    \
    do {                                                                                                               \
        c->calls = 0;                                                                                                  \
        c->fail_at = fail_at;                                                                                          \
        cm_status status = (call);                                                                                     \
        c->fail_at = 0;                                                                                                \
        if (status) {                                                                                                  \
            ck_assert_int_eq(status, CM_E_MEMORY);                                                                     \
            OK(call);                                                                                                  \
        }                                                                                                              \
    } while (0)
    AGAIN(cm_builder_values(ctx, b, 0, numbers, validity, 100));
    AGAIN(cm_builder_texts(ctx, b, 1, bytes, offsets, validity, 100));
    for (int i = 0; i < 100; i++) AGAIN(cm_builder_values(ctx, b, 2, numbers + i, NULL, 1));
    for (int i = 0; i < 20; i++) {
        AGAIN(cm_builder_int(ctx, b, 0, 5));
        if (i % 2) AGAIN(cm_builder_text(ctx, b, 1, bytes, (uint64_t)i));
        if (i != 13) AGAIN(cm_builder_int(ctx, b, 2, i));
        AGAIN(cm_builder_row(ctx, b));
    }
    AGAIN(cm_builder_finish(ctx, b, out));
#undef AGAIN
}

START_TEST(out_of_memory_leaves_it_as_it_was) {
    counted c = {0};
    cm_context *ctx = new_context(&c);
    cm_table *tables[12] = {NULL};
    for (uint64_t fail_at = 0; fail_at < 12; fail_at++) { /* 0: nothing fails */
        cm_builder *b = one_column(ctx, CM_INT64, 0);
        OK(cm_builder_column(ctx, b, "s", CM_STRING, 0, CM_ROLE_NONE));
        OK(cm_builder_column(ctx, b, "n", CM_DECIMAL, 2, CM_ROLE_NONE));
        build_again_and_again(ctx, &c, b, fail_at, &tables[fail_at]);
        cm_builder_free(b);
        assert_sound(tables[fail_at]);
        ck_assert_uint_eq(cm_table_rows(tables[fail_at]), 120);
        for (uint64_t row = 0; row < 120; row++) assert_same_row(tables[0], row, tables[fail_at], row);
    }
    for (int i = 0; i < 12; i++) cm_table_free(tables[i]);
    cm_context_free(ctx);
    ck_assert_int_eq(c.bytes, 0);
}
END_TEST

Suite *test_builder(void);
Suite *test_builder(void) {
    Suite *suite = suite_create("builder");
    TCase *tests = tcase_create("builder");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, the_example_of_the_header);
    tcase_add_loop_test(tests, rows_and_columns_agree, 0, SIZES);
    tcase_add_test(tests, ints);
    tcase_add_test(tests, doubles);
    tcase_add_test(tests, written_forms);
    tcase_add_test(tests, lists);
    tcase_add_test(tests, misuse_is_refused);
    tcase_add_test(tests, one_builder_makes_many_tables);
    tcase_add_test(tests, small_tables_are_small);
    tcase_add_test(tests, no_columns);
    tcase_add_test(tests, out_of_memory_leaves_it_as_it_was);
    suite_add_tcase(suite, tests);
    return suite;
}
