/* Operations on tables against the plainest form of themselves: every cell of the result is compared. */
#include "table/gather.h"
#include "table/join.h"
#include "tables.h"

/* ---- select, with_role ---- */

START_TEST(select_shares_columns) {
    cm_context *ctx = new_context(NULL);
    const char *const names[] = {"text", "id"}, *const twice[] = {"id", "id"}, *const wrong[] = {"id", "Id"};
    cm_table *table = random_table(ctx, 100, 1, 20), *out = NULL;
    OK(cm_table_select(ctx, table, names, 2, &out));
    ck_assert_uint_eq(cm_table_columns(out), 2);
    ck_assert_ptr_eq(out->columns[0], table->columns[C_TEXT]);
    ck_assert_ptr_eq(out->columns[1], table->columns[C_ID]);
    cm_table_free(out);
    OK(cm_table_select(ctx, table, NULL, 0, &out));
    ck_assert_uint_eq(cm_table_rows(out), 100);
    cm_table_free(out);
    FAILS(cm_table_select(ctx, table, twice, 2, &out), CM_E_COLUMN, "id");
    FAILS(cm_table_select(ctx, table, wrong, 2, &out), CM_E_COLUMN, "the columns are id, bool, int");
    FAILS(cm_table_select(ctx, table, NULL, 2, &out), CM_E_ARGUMENT, "NULL");
    ck_assert_ptr_null(out);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(one_column_has_a_role) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 100, 1, 20), *out = NULL, *without = NULL;
    OK(cm_table_with_role(ctx, table, "id", CM_ROLE_CUSTOMER, &out));
    ck_assert_int_eq(cm_table_find_role(out, CM_ROLE_CUSTOMER), C_ID);
    ck_assert_int_eq(out->columns[C_TEXT]->role, CM_ROLE_NONE);
    ck_assert_int_eq(table->columns[C_TEXT]->role, CM_ROLE_CUSTOMER);
    ck_assert_ptr_eq(out->columns[C_LIST], table->columns[C_LIST]);
    ck_assert_ptr_eq(out->columns[C_ID]->chunks[0].values, table->columns[C_ID]->chunks[0].values);
    OK(cm_table_with_role(ctx, out, "id", CM_ROLE_NONE, &without));
    ck_assert_int_eq(cm_table_find_role(without, CM_ROLE_CUSTOMER), -1);
    ck_assert_int_eq(cm_table_find_role(without, CM_ROLE_AMOUNT), C_MONEY);
    cm_table_free(without);
    cm_table_free(table);
    for (uint64_t row = 0; row < 100; row++) ck_assert_int_eq(cm_table_int(out, row, C_ID), (int64_t)row);
    FAILS(cm_table_with_role(ctx, out, "x", 1, &without), CM_E_COLUMN, "x");
    FAILS(cm_table_with_role(ctx, out, "id", 99, &without), CM_E_ARGUMENT, "role");
    cm_table_free(out);
    cm_context_free(ctx);
}
END_TEST

/* ---- slice ---- */

static void check_slice(cm_context *ctx, const cm_table *table, uint64_t first, uint64_t rows) {
    cm_table *out = NULL;
    uint64_t start = first < table->rows ? first : table->rows;
    uint64_t count = rows < table->rows - start ? rows : table->rows - start;
    OK(cm_table_slice(ctx, table, first, rows, &out));
    assert_sound(out);
    ck_assert_uint_eq(cm_table_rows(out), count);
    for (uint64_t row = 0; row < count; row++) assert_same_row(table, start + row, out, row);
    cm_table_free(out);
}

START_TEST(slices) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 65536 * 2 + 777, 4, 500), *part = NULL;
    static const uint64_t places[] = {0, 1, 7, 65535, 65536, 65537, 131071, 131072, 131848, 131849, 131850, UINT64_MAX};
    static const uint64_t counts[] = {0, 1, 9, 65536, 65537, 70000, UINT64_MAX};
    for (uint64_t i = 0; i < sizeof places / sizeof *places; i++)
        for (uint64_t k = 0; k < sizeof counts / sizeof *counts; k++)
            if (counts[k] < 60000 || i % 4 == 1) check_slice(ctx, table, places[i], counts[k]);
    OK(cm_table_slice(ctx, table, 65000, 1000, &part));
    ck_assert_ptr_eq(part->columns[C_INT]->chunks[0].values_buffer, table->columns[C_INT]->chunks[0].values_buffer);
    for (uint64_t first = 0; first < 1010; first += 101) check_slice(ctx, part, first, 333); /* a slice of a slice */
    cm_table_free(part);
    cm_table_free(table);
    table = random_table(ctx, 0, 1, 5);
    check_slice(ctx, table, 0, 0);
    check_slice(ctx, table, 3, 5);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- take ---- */

START_TEST(rows_in_any_order) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 150000, 8, 500), *out = NULL;
    uint64_t count = 140000, state = 17, *rows = calloc(count, sizeof *rows);
    for (uint64_t i = 0; i < count; i++) rows[i] = next_random(&state) % 9 ? next_random(&state) % 150000 : CM_NO_ROW;
    OK(cm_table_take(ctx, table, rows, count, &out));
    assert_sound(out);
    for (uint64_t i = 0; i < count; i++) {
        if (rows[i] != CM_NO_ROW) assert_same_row(table, rows[i], out, i);
        else
            for (uint64_t k = 0; k < C_COUNT; k++) ck_assert_int_eq(cm_table_is_absent(out, i, k), 1);
    }
    ck_assert_ptr_eq(out->columns[C_TEXT]->dictionary, table->columns[C_TEXT]->dictionary);
    free(rows);
    cm_table_free(out);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- filter ---- */

/* How the cell compares with the value, which is put into a table of its own to be read as the column is. */
static bool expected_match(const cm_table *table, uint64_t row, uint64_t column, const char *how,
                           const cm_table *value) {
    bool absent = cm_table_is_absent(table, row, column);
    if (!strcmp(how, "absent")) return absent;
    if (!strcmp(how, "present")) return !absent;
    if (absent) return false;
    if (type_of(table, column) == CM_FLOAT64 && isnan(cm_table_double(table, row, column))) return !strcmp(how, "!=");
    int order = compare_present(table, row, column, value, 0, 0);
    return !strcmp(how, "=")    ? order == 0
           : !strcmp(how, "!=") ? order != 0
           : !strcmp(how, "<")  ? order < 0
           : !strcmp(how, "<=") ? order <= 0
           : !strcmp(how, ">")  ? order > 0
                                : order >= 0;
}

static cm_table *one_value(cm_context *ctx, int32_t type, int32_t scale, const char *text) {
    cm_builder *b = NULL;
    cm_table *table = NULL;
    OK(cm_builder_new(ctx, &b));
    OK(cm_builder_column(ctx, b, "value", type, scale, CM_ROLE_NONE));
    if (text) OK(cm_builder_text(ctx, b, 0, text, strlen(text)));
    OK(cm_builder_row(ctx, b));
    OK(cm_builder_finish(ctx, b, &table));
    cm_builder_free(b);
    return table;
}

static void check_filter(cm_context *ctx, const cm_table *table, uint64_t column, const char *how, const char *text) {
    const cm_column *of = table->columns[column];
    cm_table *out = NULL, *value = one_value(ctx, of->type, of->scale, text);
    uint64_t kept = 0;
    OK(cm_table_filter(ctx, table, of->name, how, text, &out));
    assert_sound(out);
    for (uint64_t row = 0; row < table->rows; row++) {
        if (!expected_match(table, row, column, how, value)) continue;
        ck_assert_uint_lt(kept, cm_table_rows(out));
        assert_same_row(table, row, out, kept++);
    }
    ck_assert_msg(kept == cm_table_rows(out), "%s %s %s: %llu rows, not %llu", of->name, how, text ? text : "",
                  (unsigned long long)cm_table_rows(out), (unsigned long long)kept);
    cm_table_free(value);
    cm_table_free(out);
}

static const char *const comparisons[] = {"=", "!=", "<", "<=", ">", ">="};

START_TEST(filters) {
    cm_context *ctx = new_context(NULL);
    static const char *const values[][3] = {{"0", "-3", "1999"},
                                            {"true", "false", "true"},
                                            {"0", "-9223372036854775808", "9223372036854775807"},
                                            {"0", "-0.25", "1e9"},
                                            {"0", "-0.07", "0.1"},
                                            {"1970-01-01", "1969-12-30", "2100-01-01"},
                                            {"1970-01-01", "1970-01-01 00:20:34.567890", "1900-01-01 12:00:00"},
                                            {"", "customer-5", "xxxxxxx"}};
    cm_table *small = random_table(ctx, 2000, 21, 12), *part = NULL;
    OK(cm_table_slice(ctx, small, 13, 1900, &part));
    for (uint64_t column = 0; column < C_LIST; column++)
        for (int how = 0; how < 6; how++)
            for (int i = 0; i < 3; i++) check_filter(ctx, part, column, comparisons[how], values[column][i]);
    for (uint64_t column = 0; column < C_COUNT; column++) {
        check_filter(ctx, part, column, "absent", NULL);
        check_filter(ctx, part, column, "present", NULL);
    }
    cm_table_free(part);
    cm_table_free(small);
    cm_table *large = random_table(ctx, 200000, 22, 50);
    check_filter(ctx, large, C_TEXT, "=", "customer-5");
    check_filter(ctx, large, C_MONEY, ">", "-0.2");
    check_filter(ctx, large, C_ID, ">=", "0");
    check_filter(ctx, large, C_ID, "<", "0");
    cm_table_free(large);
    cm_context_free(ctx);
}
END_TEST

static uint64_t count_filtered(cm_context *ctx, const cm_table *table, const char *column, const char *how,
                               const char *value) {
    cm_table *out = NULL;
    OK(cm_table_filter(ctx, table, column, how, value, &out));
    uint64_t rows = cm_table_rows(out);
    cm_table_free(out);
    return rows;
}

/* A value with more places than the column, or beyond it, still compares as a number. */
START_TEST(filter_values_between) {
    cm_context *ctx = new_context(NULL);
    static const struct {
        const char *column, *value;
        uint64_t below, equal, above;
    } cases[] = {
        {"value", "2.5", 5, 0, 5},     {"value", "-2.5", 0, 0, 10},   {"value", "3.000", 5, 1, 4},
        {"value", "-0.001", 2, 0, 8},  {"value", "0.001", 3, 0, 7},   {"value", "0.0", 2, 1, 7},
        {"value", "9223372036854775807", 10, 0, 0}, {"value", "-9223372036854775807", 0, 0, 10},
    };
    for (int32_t scale = 0; scale <= 2; scale += 2) {
        cm_builder *b = NULL;
        cm_table *table = NULL;
        OK(cm_builder_new(ctx, &b));
        OK(cm_builder_column(ctx, b, "value", scale ? CM_DECIMAL : CM_INT64, scale, CM_ROLE_NONE));
        for (int64_t i = -2; i < 8; i++) {
            OK(cm_builder_int(ctx, b, 0, scale ? i * 100 : i));
            OK(cm_builder_row(ctx, b));
        }
        OK(cm_builder_finish(ctx, b, &table));
        cm_builder_free(b);
        for (uint64_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const char *column = cases[i].column, *value = cases[i].value;
            ck_assert_uint_eq(count_filtered(ctx, table, column, "<", value), cases[i].below);
            ck_assert_uint_eq(count_filtered(ctx, table, column, "<=", value), cases[i].below + cases[i].equal);
            ck_assert_uint_eq(count_filtered(ctx, table, column, "=", value), cases[i].equal);
            ck_assert_uint_eq(count_filtered(ctx, table, column, "!=", value), 10 - cases[i].equal);
            ck_assert_uint_eq(count_filtered(ctx, table, column, ">=", value), cases[i].above + cases[i].equal);
            ck_assert_uint_eq(count_filtered(ctx, table, column, ">", value), cases[i].above);
        }
        cm_table_free(table);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(filter_mistakes) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 10, 1, 5), *out = NULL;
    FAILS(cm_table_filter(ctx, table, "nothing", "=", "1", &out), CM_E_COLUMN, "nothing");
    FAILS(cm_table_filter(ctx, table, "int", "==", "1", &out), CM_E_ARGUMENT, "==");
    FAILS(cm_table_filter(ctx, table, "int", "=", NULL, &out), CM_E_ARGUMENT, "value");
    FAILS(cm_table_filter(ctx, table, "int", "absent", "1", &out), CM_E_ARGUMENT, "value");
    FAILS(cm_table_filter(ctx, table, "int", "=", "one", &out), CM_E_DATA, "one");
    FAILS(cm_table_filter(ctx, table, "day", "=", "2011-13-01", &out), CM_E_DATA, "2011-13-01");
    FAILS(cm_table_filter(ctx, table, "time", "=", "2011-12-01 00:00:00Z", &out), CM_E_DATA, "TIMESTAMP");
    FAILS(cm_table_filter(ctx, table, "list", "=", "a", &out), CM_E_COLUMN, "lists");
    FAILS(cm_table_filter(ctx, NULL, "list", "=", "a", &out), CM_E_ARGUMENT, "NULL");
    ck_assert_ptr_null(out);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- sort ---- */

static const cm_table *sorted_table;
static const uint64_t *sorted_columns;
static const int32_t *sorted_falling;
static uint64_t sorted_count;

static int expected_order(const void *x, const void *y) {
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    for (uint64_t i = 0; i < sorted_count; i++) {
        uint64_t column = sorted_columns[i];
        int32_t absent_a = cm_table_is_absent(sorted_table, a, column),
                absent_b = cm_table_is_absent(sorted_table, b, column);
        if (absent_a != absent_b) return absent_a - absent_b;
        if (absent_a) continue;
        int order = compare_present(sorted_table, a, column, sorted_table, b, column);
        bool nan =
            type_of(sorted_table, column) == CM_FLOAT64
            && (isnan(cm_table_double(sorted_table, a, column)) || isnan(cm_table_double(sorted_table, b, column)));
        if (order) return sorted_falling && sorted_falling[i] && !nan ? -order : order;
    }
    return a < b ? -1 : 1; /* equal rows keep their order */
}

static void check_sort(cm_context *ctx, const cm_table *table, const uint64_t *columns, const int32_t *falling,
                       uint64_t count) {
    const char *names[C_COUNT];
    cm_table *out = NULL;
    uint64_t *rows = calloc(table->rows + 1, sizeof *rows);
    for (uint64_t i = 0; i < count; i++) names[i] = table->columns[columns[i]]->name;
    for (uint64_t i = 0; i < table->rows; i++) rows[i] = i;
    sorted_table = table, sorted_columns = columns, sorted_falling = falling, sorted_count = count;
    qsort(rows, table->rows, sizeof *rows, expected_order);
    OK(cm_table_sort(ctx, table, names, falling, count, &out));
    assert_sound(out);
    ck_assert_uint_eq(cm_table_rows(out), table->rows);
    for (uint64_t i = 0; i < table->rows; i++) assert_same_row(table, rows[i], out, i);
    free(rows);
    cm_table_free(out);
}

START_TEST(sort_by_one_column) {
    cm_context *ctx = new_context(NULL);
    static const uint64_t sizes[] = {0, 1, 2, 100, 3000};
    for (uint64_t i = 0; i < 5; i++)
        for (uint64_t column = 0; column < C_COUNT; column++)
            for (int32_t falling = 0; falling < 2; falling++) {
                cm_table *table = random_table(ctx, sizes[i], 31 + i, 20);
                check_sort(ctx, table, &column, &falling, 1);
                cm_table_free(table);
            }
    cm_context_free(ctx);
}
END_TEST

START_TEST(sort_by_columns) {
    cm_context *ctx = new_context(NULL);
    uint64_t state = 77;
    for (int round = 0; round < 30; round++) {
        cm_table *table = random_table(ctx, next_random(&state) % 1000, next_random(&state), 4), *part = NULL;
        uint64_t columns[3];
        int32_t falling[3];
        for (int i = 0; i < 3; i++) columns[i] = next_random(&state) % C_COUNT, falling[i] = next_random(&state) % 2;
        OK(cm_table_slice(ctx, table, 5, 900, &part));
        check_sort(ctx, part, columns, round % 3 ? falling : NULL, 3);
        check_sort(ctx, part, columns, NULL, 0);
        cm_table_free(part);
        cm_table_free(table);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(sort_many) {
    cm_context *ctx = new_context(NULL);
    static const uint64_t columns[] = {C_TEXT, C_REAL, C_TIME};
    static const int32_t falling[] = {1, 0, 1};
    cm_table *table = random_table(ctx, 100000, 41, 200);
    check_sort(ctx, table, columns, falling, 3);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(sort_mistakes) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 10, 1, 5), *out = NULL;
    const char *const wrong[] = {"id", "nothing"}, *const missing[] = {"id", NULL};
    FAILS(cm_table_sort(ctx, table, wrong, NULL, 2, &out), CM_E_COLUMN, "nothing");
    FAILS(cm_table_sort(ctx, table, missing, NULL, 2, &out), CM_E_ARGUMENT, "NULL");
    FAILS(cm_table_sort(ctx, table, NULL, NULL, 2, &out), CM_E_ARGUMENT, "NULL");
    ck_assert_ptr_null(out);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- concat ---- */

START_TEST(concat_random) {
    cm_context *ctx = new_context(NULL);
    uint64_t state = 5;
    for (int round = 0; round < 12; round++) {
        cm_table *tables[5], *out = NULL;
        uint64_t count = 1 + next_random(&state) % 5, row = 0;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t rows = round == 0 ? 70000 : next_random(&state) % 4 * 50;
            cm_table *whole = random_table(ctx, rows, next_random(&state), 40);
            OK(cm_table_slice(ctx, whole, rows / 7, UINT64_MAX, &tables[i]));
            cm_table_free(whole);
        }
        OK(cm_table_concat(ctx, (const cm_table *const *)tables, count, &out));
        assert_sound(out);
        for (uint64_t i = 0; i < count; i++)
            for (uint64_t k = 0; k < tables[i]->rows; k++) assert_same_row(tables[i], k, out, row++);
        ck_assert_uint_eq(cm_table_rows(out), row);
        ck_assert_int_eq(cm_table_find_role(out, CM_ROLE_CUSTOMER), C_TEXT);
        for (uint64_t i = 0; i < count; i++) cm_table_free(tables[i]);
        cm_table_free(out);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(concat_shares) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 1000, 3, 50), *other = random_table(ctx, 10, 4, 5), *out = NULL, *parts[2],
             *back = NULL;
    OK(cm_table_slice(ctx, table, 0, 600, &parts[0]));
    OK(cm_table_slice(ctx, table, 600, 600, &parts[1]));
    OK(cm_table_concat(ctx, (const cm_table *const *)parts, 2, &back));
    for (uint64_t column = 0; column < C_COUNT; column++) /* one dictionary: nothing is copied */
        ck_assert_ptr_eq(back->columns[column]->chunks[1].values_buffer,
                         table->columns[column]->chunks[0].values_buffer);
    const cm_table *const both[] = {other, table};
    OK(cm_table_concat(ctx, both, 2, &out)); /* the larger dictionary keeps its codes, wherever it stands */
    ck_assert_ptr_eq(out->columns[C_TEXT]->chunks[1].values_buffer, table->columns[C_TEXT]->chunks[0].values_buffer);
    ck_assert_ptr_ne(out->columns[C_TEXT]->chunks[0].values_buffer, other->columns[C_TEXT]->chunks[0].values_buffer);
    cm_table_free(parts[0]), cm_table_free(parts[1]), cm_table_free(back), cm_table_free(out);
    cm_table_free(table), cm_table_free(other);
    cm_context_free(ctx);
}
END_TEST

static cm_table *concat_two(cm_context *ctx, cm_table *a, cm_table *b, cm_status expected, const char *words) {
    const cm_table *const both[] = {a, b};
    cm_table *out = NULL;
    if (expected) FAILS(cm_table_concat(ctx, both, 2, &out), expected, words);
    else OK(cm_table_concat(ctx, both, 2, &out));
    cm_table_free(a);
    cm_table_free(b);
    return out;
}

START_TEST(concat_widens) {
    cm_context *ctx = new_context(NULL);
    cm_table *t = concat_two(ctx, one_value(ctx, CM_INT64, 0, "7"), one_value(ctx, CM_DECIMAL, 2, "1.25"), CM_OK, "");
    ck_assert_int_eq(type_of(t, 0), CM_DECIMAL);
    ck_assert_int_eq(cm_table_int(t, 0, 0), 700);
    ck_assert_int_eq(cm_table_int(t, 1, 0), 125);
    cm_table_free(t);
    t = concat_two(ctx, one_value(ctx, CM_DECIMAL, 1, "-7.5"), one_value(ctx, CM_DECIMAL, 3, NULL), CM_OK, "");
    ck_assert_int_eq(cm_table_int(t, 0, 0), -7500);
    ck_assert_int_eq(cm_table_is_absent(t, 1, 0), 1);
    cm_table_free(t);
    t = concat_two(ctx, one_value(ctx, CM_FLOAT64, 0, "0.5"), one_value(ctx, CM_DECIMAL, 1, "0.1"), CM_OK, "");
    ck_assert_int_eq(type_of(t, 0), CM_FLOAT64);
    ck_assert(cm_table_double(t, 1, 0) == 0.1);
    cm_table_free(t);
    t = concat_two(ctx, one_value(ctx, CM_FLOAT64, 0, "0.5"), one_value(ctx, CM_INT64, 0, "-3"), CM_OK, "");
    ck_assert(cm_table_double(t, 1, 0) == -3.0);
    cm_table_free(t);
    t = concat_two(ctx, one_value(ctx, CM_DATE, 0, "1969-12-31"), one_value(ctx, CM_TIMESTAMP, 0, "1970-01-01"), CM_OK,
                   "");
    ck_assert_int_eq(type_of(t, 0), CM_TIMESTAMP);
    ck_assert_int_eq(cm_table_int(t, 0, 0), -INT64_C(86400000000));
    cm_table_free(t);
    concat_two(ctx, one_value(ctx, CM_INT64, 0, "9223372036854775807"), one_value(ctx, CM_DECIMAL, 1, "0.1"),
               CM_E_OVERFLOW, "9223372036854775807");
    concat_two(ctx, one_value(ctx, CM_INT64, 0, "1"), one_value(ctx, CM_STRING, 0, "1"), CM_E_COLUMN,
               "INT64 and STRING");
    concat_two(ctx, one_value(ctx, CM_BOOL, 0, "true"), one_value(ctx, CM_INT64, 0, "1"), CM_E_COLUMN, "BOOL");
    concat_two(ctx, one_value(ctx, CM_INT64, 0, "1"), one_value(ctx, CM_DATE, 0, NULL), CM_E_COLUMN, "DATE");
    cm_table *utc = one_value(ctx, CM_TIMESTAMP, 0, "1970-01-01");
    utc->columns[0]->flags = CM_COLUMN_UTC;
    concat_two(ctx, utc, one_value(ctx, CM_TIMESTAMP, 0, "1970-01-01"), CM_E_COLUMN, "zone");
    concat_two(ctx, random_table(ctx, 3, 1, 3), one_value(ctx, CM_INT64, 0, "1"), CM_E_COLUMN, "columns");
    cm_table *out = NULL;
    FAILS(cm_table_concat(ctx, NULL, 0, &out), CM_E_ARGUMENT, "no tables");
    cm_context_free(ctx);
}
END_TEST

/* ---- join ---- */

/* Keys of many kinds: each at most once where they must be unique, some without a partner, some absent. */
static cm_table *keyed(cm_context *ctx, uint64_t rows, uint64_t keys, uint64_t seed, bool unique, int32_t type,
                       const char *key_name, const char *value_name) {
    cm_builder *b = NULL;
    cm_table *table = NULL;
    uint8_t *used = calloc(keys, 1);
    OK(cm_builder_new(ctx, &b));
    OK(cm_builder_column(ctx, b, key_name, type, 0, CM_ROLE_CUSTOMER));
    OK(cm_builder_column(ctx, b, value_name, CM_INT64, 0, CM_ROLE_NONE));
    OK(cm_builder_column(ctx, b, "note", CM_STRING, 0, CM_ROLE_ITEM));
    for (uint64_t row = 0; row < rows; row++) {
        char text[32];
        uint64_t key = next_random(&seed) % keys;
        uint64_t length = (uint64_t)sprintf(text, "%llu", (unsigned long long)key);
        if (next_random(&seed) % 10 && !(unique && used[key])) {
            used[key] = 1;
            OK(cm_builder_text(ctx, b, 0, text, length));
        }
        OK(cm_builder_int(ctx, b, 1, (int64_t)row));
        if (next_random(&seed) % 3)
            OK(cm_builder_text(ctx, b, 2, text, (uint64_t)sprintf(text, "%s %d", value_name, (int)row)));
        OK(cm_builder_row(ctx, b));
    }
    OK(cm_builder_finish(ctx, b, &table));
    cm_builder_free(b);
    free(used);
    return table;
}

static bool same_key(const cm_table *left, uint64_t row, const cm_table *right, uint64_t other) {
    char x[CM_CELL_TEXT], y[CM_CELL_TEXT];
    uint64_t length_x, length_y, within_x, within_y;
    if (cm_table_is_absent(left, row, 0) || cm_table_is_absent(right, other, 0)) return false;
    const cm_chunk *a = &left->columns[0]->chunks[cm_table_locate(left, row, &within_x)];
    const cm_chunk *b = &right->columns[0]->chunks[cm_table_locate(right, other, &within_y)];
    const char *s = cm_cell_text(left->columns[0], a, within_x, x, &length_x);
    const char *t = cm_cell_text(right->columns[0], b, within_y, y, &length_y);
    return length_x == length_y && !memcmp(s, t, length_x);
}

/* The columns are key, value, note of the left, then value and note of the right. */
static void check_joined_row(const cm_table *out, uint64_t row, const cm_table *left, uint64_t l, const cm_table *right,
                             uint64_t r) {
    for (uint64_t i = 0; i < 3; i++)
        if (l != CM_NO_ROW && i == 0) /* the key may have become text */
            ck_assert(same_key(out, row, left, l)
                      || (cm_table_is_absent(out, row, 0) && cm_table_is_absent(left, l, 0)));
        else if (l != CM_NO_ROW) ck_assert(same_cell(out, row, i, left, l, i));
        else if (i == 0) ck_assert(same_key(out, row, right, r) || cm_table_is_absent(right, r, 0));
        else ck_assert(cm_table_is_absent(out, row, i));
    for (uint64_t i = 1; i < 3; i++)
        if (r != CM_NO_ROW) ck_assert(same_cell(out, row, 2 + i, right, r, i));
        else ck_assert(cm_table_is_absent(out, row, 2 + i));
}

static void check_join(cm_context *ctx, const cm_table *left, const cm_table *right, const char *kind,
                       const cm_options *options) {
    cm_table *out = NULL, *audit = NULL;
    uint64_t at = 0;
    uint8_t *found = calloc(right->rows + 1, 1);
    OK(cm_table_join(ctx, left, right, options, &out));
    assert_sound(out);
    ck_assert_uint_eq(cm_table_columns(out), 5);
    for (uint64_t row = 0; row < left->rows; row++) {
        uint64_t partner = 0;
        while (partner < right->rows && !same_key(left, row, right, partner)) partner++;
        if (partner == right->rows) partner = CM_NO_ROW;
        else found[partner] = 1;
        if (partner != CM_NO_ROW || strcmp(kind, "inner")) check_joined_row(out, at++, left, row, right, partner);
    }
    for (uint64_t row = 0; row < right->rows; row++)
        if (!found[row] && !strcmp(kind, "full")) check_joined_row(out, at++, left, CM_NO_ROW, right, row);
    ck_assert_uint_eq(cm_table_rows(out), at);
    OK(cm_table_attached(ctx, out, "audit", &audit));
    int64_t balance[2] = {0, 0};
    for (uint64_t row = 0; row < cm_table_rows(audit); row++) {
        int side = !strcmp(cm_table_text(audit, row, 0, 0, NULL), "join right");
        bool read = !strcmp(cm_table_text(audit, row, 1, 0, NULL), "read");
        balance[side] += (read ? 1 : -1) * cm_table_int(audit, row, 2);
    }
    ck_assert_int_eq(balance[0], 0);
    ck_assert_int_eq(balance[1], 0);
    ck_assert_int_eq(cm_table_int(audit, 0, 2), (int64_t)left->rows);
    cm_table_free(audit);
    cm_table_free(out);
    free(found);
}

START_TEST(joins) {
    cm_context *ctx = new_context(NULL);
    static const char *const kinds[] = {"left", "inner", "full"};
    static const uint64_t sizes[][2] = {{0, 0}, {0, 5}, {5, 0}, {300, 100}, {50, 200}};
    for (int types = 0; types < 4; types++)
        for (int kind = 0; kind < 3; kind++)
            for (uint64_t i = 0; i < 5; i++) {
                cm_options *options = NULL;
                cm_table *left =
                    keyed(ctx, sizes[i][0], 150, 1 + i, false, types & 1 ? CM_INT64 : CM_STRING, "customer", "a");
                cm_table *right =
                    keyed(ctx, sizes[i][1], 150, 9 + i, true, types & 2 ? CM_INT64 : CM_STRING, "customer", "b");
                OK(cm_options_make(ctx, &cm_join_topic, &options));
                OK(cm_options_set_text(ctx, options, "kind", kinds[kind]));
                check_join(ctx, left, right, kinds[kind], options);
                cm_options_free(options);
                cm_table_free(left);
                cm_table_free(right);
            }
    cm_context_free(ctx);
}
END_TEST

START_TEST(left_join_shares_the_left) {
    cm_context *ctx = new_context(NULL);
    cm_table *left = keyed(ctx, 200000, 100, 1, false, CM_STRING, "who", "a");
    cm_table *right = keyed(ctx, 80, 100, 2, true, CM_STRING, "customer id", "a"), *out = NULL;
    OK(cm_table_join(ctx, left, right, NULL, &out)); /* found by its role; both have a column "a" */
    for (int i = 0; i < 3; i++) ck_assert_ptr_eq(out->columns[i], left->columns[i]);
    ck_assert_str_eq(out->columns[3]->name, "a_right");
    ck_assert_str_eq(out->columns[4]->name, "note_right");
    ck_assert_int_eq(out->columns[4]->role, CM_ROLE_NONE);
    ck_assert_int_eq(cm_table_find_role(out, CM_ROLE_ITEM), 2);
    for (uint64_t row = 0; row < 200000; row += 997) {
        uint64_t partner = 0;
        while (partner < 80 && !same_key(left, row, right, partner)) partner++;
        check_joined_row(out, row, left, row, right, partner < 80 ? partner : CM_NO_ROW);
    }
    cm_table_free(out);
    cm_table_free(left);
    cm_table_free(right);
    cm_context_free(ctx);
}
END_TEST

START_TEST(join_mistakes) {
    cm_context *ctx = new_context(NULL);
    cm_options *options = NULL;
    cm_table *left = keyed(ctx, 50, 10, 1, false, CM_STRING, "customer", "a"), *none = NULL, *out = NULL;
    cm_table *right = keyed(ctx, 5, 100, 2, true, CM_INT64, "customer", "b"), *random = random_table(ctx, 3, 1, 3);
    FAILS(cm_table_join(ctx, right, left, NULL, &out), CM_E_DATA, "twice");
    OK(cm_table_select(ctx, left, NULL, 0, &none));
    FAILS(cm_table_join(ctx, left, none, NULL, &out), CM_E_COLUMN, "no columns");
    FAILS(cm_table_join(ctx, none, right, NULL, &out), CM_E_COLUMN, "customer");
    OK(cm_options_make(ctx, &cm_join_topic, &options));
    OK(cm_options_set_text(ctx, options, "right_key", "day"));
    FAILS(cm_table_join(ctx, left, random, options, &out), CM_E_COLUMN, "DATE");
    OK(cm_options_set_text(ctx, options, "right_key", "no such"));
    FAILS(cm_table_join(ctx, left, right, options, &out), CM_E_COLUMN, "no such");
    ck_assert_int_eq(cm_options_set_text(ctx, options, "kind", "outer"), CM_E_OPTION);
    ck_assert_ptr_null(out);
    cm_options_free(options);
    cm_table_free(none), cm_table_free(left), cm_table_free(right), cm_table_free(random);
    cm_context_free(ctx);
}
END_TEST

/* ---- audits ---- */

START_TEST(audits_go_along) {
    cm_context *ctx = new_context(NULL);
    cm_table *left = keyed(ctx, 50, 10, 1, false, CM_STRING, "customer", "a"), *joined = NULL, *next = NULL,
             *both = NULL;
    cm_table *right = keyed(ctx, 5, 100, 2, true, CM_INT64, "customer", "b");
    const char *names[] = {"a", "b"};
    OK(cm_table_join(ctx, left, right, NULL, &joined));
    ck_assert_uint_eq(cm_table_rows(cm_table_attachment(joined, "audit")), 6);
    OK(cm_table_select(ctx, joined, names, 2, &next));
    ck_assert_ptr_eq(cm_table_attachment(next, "audit"), cm_table_attachment(joined, "audit"));
    cm_table_free(next);
    OK(cm_table_sort(ctx, joined, names, NULL, 2, &next));
    ck_assert_ptr_eq(cm_table_attachment(next, "audit"), cm_table_attachment(joined, "audit"));
    cm_table_free(next);
    OK(cm_table_filter(ctx, joined, "a", "<", "20", &next));
    const cm_table *audit = cm_table_attachment(next, "audit");
    ck_assert_uint_eq(cm_table_rows(audit), 9);
    ck_assert_str_eq(cm_table_text(audit, 6, 0, 0, NULL), "filter");
    ck_assert_int_eq(cm_table_int(audit, 6, 2), 50);
    ck_assert_int_eq(cm_table_int(audit, 7, 2), 30);
    ck_assert_int_eq(cm_table_int(audit, 8, 2), 20);
    const cm_table *const parts[] = {next, joined};
    OK(cm_table_concat(ctx, parts, 2, &both));
    ck_assert_uint_eq(cm_table_rows(cm_table_attachment(both, "audit")), 15);
    cm_table_free(both), cm_table_free(next), cm_table_free(joined), cm_table_free(left), cm_table_free(right);
    cm_context_free(ctx);
}
END_TEST

/* ---- memory ---- */

/* All operations in a row; the first failure ends it. */
static cm_status all_operations(cm_context *ctx, const cm_table *const in[3]) {
    const char *const names[] = {"text", "list", "real"}, *const keys[] = {"id", "text"};
    cm_table *out[8] = {NULL};
    cm_status status = cm_table_select(ctx, in[0], names, 3, &out[0]);
    if (!status) status = cm_table_with_role(ctx, in[0], "id", CM_ROLE_CUSTOMER, &out[1]);
    if (!status) status = cm_table_slice(ctx, in[0], 10, 70, &out[2]);
    if (!status) status = cm_table_filter(ctx, in[0], "text", "<", "customer-5", &out[3]);
    if (!status) status = cm_table_sort(ctx, in[0], names, NULL, 3, &out[4]);
    if (!status) status = cm_table_concat(ctx, in, 2, &out[5]);
    if (!status) status = cm_table_select(ctx, in[0], keys, 1, &out[6]);
    if (!status) status = cm_table_schema(ctx, in[0], &out[7]);
    cm_options *options = NULL;
    cm_table *joined = NULL, *again = NULL;
    if (!status) status = cm_options_make(ctx, &cm_join_topic, &options);
    if (!status) status = cm_options_set_text(ctx, options, "kind", "full");
    if (!status) status = cm_table_join(ctx, in[2], out[6], options, &joined);
    if (!status) status = cm_table_filter(ctx, joined, "id", "<", "20", &again);
    for (int i = 0; i < 8; i++) cm_table_free(out[i]);
    cm_table_free(joined);
    cm_table_free(again);
    cm_options_free(options);
    return status;
}

START_TEST(out_of_memory_leaks_nothing) {
    counted c = {0};
    cm_context *ctx = new_context(&c), *plain = new_context(NULL);
    cm_table *tables[3] = {random_table(ctx, 200, 1, 30), random_table(ctx, 100, 2, 60), NULL}, *text = NULL;
    text = keyed(ctx, 50, 300, 3, true, CM_STRING, "id", "value");
    tables[2] = text;
    int64_t before = c.bytes;
    cm_status status = CM_E_MEMORY;
    uint64_t fail_at = 1;
    for (; status; fail_at++) {
        c.calls = 0;
        c.fail_at = fail_at;
        status = all_operations(ctx, (const cm_table *const *)tables);
        if (status) ck_assert_msg(status == CM_E_MEMORY, "%s", cm_error_message(ctx));
        c.fail_at = 0;
        ck_assert_int_eq(c.bytes, before);
    }
    ck_assert_uint_gt(fail_at, 100);
    for (int i = 0; i < 3; i++) cm_table_free(tables[i]);
    cm_context_free(ctx);
    cm_context_free(plain);
    ck_assert_int_eq(c.bytes, 0);
}
END_TEST

Suite *test_table_ops(void);
Suite *test_table_ops(void) {
    Suite *suite = suite_create("table_ops");
    TCase *tests = tcase_create("table_ops");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, select_shares_columns);
    tcase_add_test(tests, one_column_has_a_role);
    tcase_add_test(tests, slices);
    tcase_add_test(tests, rows_in_any_order);
    tcase_add_test(tests, filters);
    tcase_add_test(tests, filter_values_between);
    tcase_add_test(tests, filter_mistakes);
    tcase_add_test(tests, sort_by_one_column);
    tcase_add_test(tests, sort_by_columns);
    tcase_add_test(tests, sort_many);
    tcase_add_test(tests, sort_mistakes);
    tcase_add_test(tests, concat_random);
    tcase_add_test(tests, concat_shares);
    tcase_add_test(tests, concat_widens);
    tcase_add_test(tests, joins);
    tcase_add_test(tests, left_join_shares_the_left);
    tcase_add_test(tests, join_mistakes);
    tcase_add_test(tests, audits_go_along);
    tcase_add_test(tests, out_of_memory_leaks_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
