/* Written and read again: random tables of all types come back cell for cell; dirty files balance. */
#include <math.h>

#include "base/civil.h"
#include "custmine/io.h"
#include "custmine/table.h"
#include "files.h"
#include "table/table.h"

static cm_context *ctx;
static uint32_t state;

static void setup(void) {
    ctx = new_context();
}
static void teardown(void) {
    cm_context_free(ctx);
}

static uint32_t below(uint32_t bound) {
    return next_random(&state) % bound;
}

static uint64_t random_bits(void) {
    return (uint64_t)next_random(&state) << 44 ^ (uint64_t)next_random(&state) << 22 ^ next_random(&state);
}

/* Texts with everything that needs care: quotes, delimiters, line ends, blanks, formulas, bytes of 2 to 4. */
static size_t random_text(char out[64]) {
    static const char *const parts[] = {"a",
                                        "B",
                                        "7",
                                        ",",
                                        ";",
                                        "; ",
                                        "\\",
                                        "\"",
                                        "\n",
                                        "\r\n",
                                        " ",
                                        "\t",
                                        "=",
                                        "-",
                                        "'",
                                        "|",
                                        "\xC3\xA9",
                                        "\xE2\x82\xAC",
                                        "\xF0\x9F\x98\x80",
                                        "\xEF\xBB\xBF",
                                        "null",
                                        "0"};
    size_t count = below(7);
    out[0] = 0;
    for (size_t i = 0; i < count; i++) strcat(out, parts[below(sizeof parts / sizeof *parts)]);
    return strlen(out);
}

static double random_double(void) {
    static const double special[] = {0, -0.0, NAN, INFINITY, -INFINITY, 1e308, 5e-324, 0.1, 1e16, 123456789.125};
    double value;
    uint64_t bits = random_bits();
    if (below(3) == 0) return special[below(10)];
    memcpy(&value, &bits, sizeof value);
    return isfinite(value) ? value : 0.5;
}

/* The same table for the same state of the random numbers, except that lists and texts keep their rows' order. */
static cm_table *random_table(void) {
    static const int32_t scales[] = {0, 2, 18};
    cm_builder *b = NULL;
    cm_table *table = NULL;
    char name[80], text[64];
    uint64_t columns = 2 + below(9), rows = below(40);
    int32_t types[12];
    ck_assert_int_eq(cm_builder_new(ctx, &b), CM_OK);
    for (uint64_t i = 0; i < columns; i++) {
        types[i] = i < 8 ? 1 + (int32_t)i : 1 + (int32_t)below(8);
        snprintf(name, sizeof name, "%s%d", i % 3 ? "a \"b\", " : "=c;", (int)i);
        int32_t scale = types[i] == CM_DECIMAL ? scales[below(3)] : 0;
        ck_assert_int_eq(cm_builder_column(ctx, b, name, types[i], scale, i == 3 ? CM_ROLE_AMOUNT : 0), CM_OK);
    }
    for (uint64_t row = 0; row < rows; row++) {
        for (uint64_t i = 0; i < columns; i++) {
            if (below(4) == 0) continue;
            int64_t bits = (int64_t)random_bits();
            cm_status status = CM_OK;
            if (types[i] == CM_BOOL) status = cm_builder_int(ctx, b, i, bits & 1);
            else if (types[i] == CM_FLOAT64) status = cm_builder_double(ctx, b, i, random_double());
            else if (types[i] == CM_DATE) status = cm_builder_int(ctx, b, i, -719162 + (int64_t)below(3652059));
            else if (types[i] == CM_TIMESTAMP)
                status = cm_builder_int(ctx, b, i, (-719000 + (int64_t)below(3652000)) * CM_DAY_MICROSECONDS
                                                       + bits % CM_DAY_MICROSECONDS);
            else if (types[i] == CM_STRING) status = cm_builder_text(ctx, b, i, text, random_text(text));
            else if (types[i] == CM_LIST) {
                status = cm_builder_text(ctx, b, i, NULL, 0);
                for (uint32_t item = below(4); item > 0 && !status; item--)
                    status = cm_builder_text(ctx, b, i, text, random_text(text));
            } else status = cm_builder_int(ctx, b, i, below(5) ? bits : bits & 1 ? INT64_MAX : INT64_MIN);
            ck_assert_msg(!status, "%s", cm_error_message(ctx));
        }
        ck_assert_int_eq(cm_builder_row(ctx, b), CM_OK);
    }
    ck_assert_int_eq(cm_builder_finish(ctx, b, &table), CM_OK);
    cm_builder_free(b);
    return table;
}

static bool same_doubles(double a, double b) {
    return isnan(a) ? isnan(b) : !memcmp(&a, &b, sizeof a);
}

static bool same_cell(const cm_table *a, const cm_table *b, uint64_t row, uint64_t column, int32_t type) {
    if (cm_table_is_absent(a, row, column) != cm_table_is_absent(b, row, column)) return false;
    if (cm_table_items(a, row, column) != cm_table_items(b, row, column)) return false;
    if (type == CM_FLOAT64) return same_doubles(cm_table_double(a, row, column), cm_table_double(b, row, column));
    if (type != CM_STRING && type != CM_LIST) return cm_table_int(a, row, column) == cm_table_int(b, row, column);
    for (uint64_t item = 0; item < cm_table_items(a, row, column); item++) {
        uint64_t length_a = 0, length_b = 0;
        const char *text_a = cm_table_text(a, row, column, item, &length_a);
        const char *text_b = cm_table_text(b, row, column, item, &length_b);
        if (length_a != length_b || memcmp(text_a, text_b, length_a) != 0) return false;
    }
    return true;
}

static void expect_same(const cm_table *a, const cm_table *b) {
    ck_assert_uint_eq(cm_table_rows(a), cm_table_rows(b));
    ck_assert_uint_eq(cm_table_columns(a), cm_table_columns(b));
    for (uint64_t i = 0; i < cm_table_columns(a); i++) {
        cm_column_view one = {.struct_size = sizeof one}, other = {.struct_size = sizeof other};
        cm_table_view(a, i, 0, &one);
        cm_table_view(b, i, 0, &other);
        ck_assert_str_eq(one.name, other.name);
        QUICK(one.type == other.type && one.scale == other.scale && one.role == other.role && one.flags == other.flags,
              "%s: type %d, %d", one.name, one.type, other.type);
        for (uint64_t row = 0; row < cm_table_rows(a); row++)
            QUICK(same_cell(a, b, row, i, one.type), "column %s, row %d", one.name, (int)row);
    }
}

/* With the schema of the table itself, with the one saved as JSON, and in one pass. */
START_TEST(all_types_come_back) {
    const char *path = temp_path("trip.csv"), *saved = temp_path("schema.json");
    state = (uint32_t)_i * 977 + 1;
    cm_options *writing = NULL, *json = NULL;
    ck_assert_int_eq(cm_options_new(ctx, "write", &writing), CM_OK);
    ck_assert_int_eq(cm_options_set_int(ctx, writing, "raw", 1), CM_OK);
    ck_assert_int_eq(cm_options_new(ctx, "write", &json), CM_OK);
    ck_assert_int_eq(cm_options_set_text(ctx, json, "format", _i % 2 ? "json" : "jsonl"), CM_OK);
    for (int round = 0; round < 40; round++) {
        cm_table *table = random_table(), *schema = NULL, *back = NULL, *again = NULL, *schema_back = NULL;
        cm_options *reading = NULL;
        ck_assert_int_eq(cm_table_schema(ctx, table, &schema), CM_OK);
        ck_assert_int_eq(cm_write_file(ctx, table, writing, path), CM_OK);
        ck_assert_int_eq(cm_write_file(ctx, schema, json, saved), CM_OK);
        ck_assert_msg(!cm_read_json(ctx, saved, NULL, &schema_back), "%s", cm_error_message(ctx));
        for (int pass = 0; pass < 2; pass++) {
            ck_assert_int_eq(cm_options_new(ctx, "read", &reading), CM_OK);
            ck_assert_int_eq(cm_options_set_text(ctx, reading, "delimiter", ","), CM_OK);
            ck_assert_int_eq(cm_options_set_table(ctx, reading, "schema", pass ? schema_back : schema), CM_OK);
            ck_assert_msg(!cm_read_csv(ctx, path, reading, &back), "%s", cm_error_message(ctx));
            expect_same(table, back);
            cm_options_free(reading);
            cm_table_free(back);
        }
        cm_table_free(schema);
        cm_table_free(schema_back);
        cm_table_free(again);
        cm_table_free(table);
    }
    cm_options_free(writing);
    cm_options_free(json);
    unlink(path);
    unlink(saved);
}
END_TEST

/* ---- dirty files ---- */

typedef struct dirty {
    int64_t read, kept, money; /* cents; of those kept */
} dirty;

/* A line of a shop, good or with something wrong; what reading must make of it is counted here. */
static size_t dirty_line(char *out, dirty *expected) {
    int quantity = (int)below(9) - 2, price = (int)below(500);
    uint32_t wrong = below(12);
    expected->read++;
    if (wrong == 0) return (size_t)sprintf(out, "c1,2011-12-09,%d\n", quantity); /* short */
    if (wrong == 1) return (size_t)sprintf(out, "c1,2011-12-09,%d,1.00,x\n", quantity); /* long */
    if (wrong == 2) return (size_t)sprintf(out, "c1,soon,%d,1.00\n", quantity); /* no date */
    if (wrong == 3) return (size_t)sprintf(out, "c1,2011-12-09,many,1.00\n"); /* no number */
    if (wrong == 4) return (size_t)sprintf(out, "c1,2011-12-09,1,99999999999999999999\n"); /* too large */
    if (wrong == 5) return (size_t)sprintf(out, "\"c\n1\",2011-02-29,%d,1.00\n", quantity); /* two lines */
    expected->kept++;
    if (wrong == 6) return (size_t)sprintf(out, "c2,2011-12-09,,%d.%02d\n", price / 100, price % 100); /* no quantity */
    expected->money += (int64_t)quantity * price;
    return (size_t)sprintf(out, "c%d,2011-12-%02d,%d,%d.%02d\n", (int)below(5), 1 + (int)below(28), quantity,
                           price / 100, price % 100);
}

/* rows read = kept + dropped by reason, the rejects are those dropped, with their bytes, and money is of those kept. */
static void expect_balance(const cm_table *table, const dirty *expected, const char *text) {
    cm_table *audit = NULL, *rejects = NULL;
    int64_t read = 0, kept = 0, dropped = 0;
    ck_assert_int_eq(cm_table_attached(ctx, table, "audit", &audit), CM_OK);
    ck_assert_int_eq(cm_table_attached(ctx, table, "rejects", &rejects), CM_OK);
    for (uint64_t row = 0; row < cm_table_rows(audit); row++) {
        const char *reason = cm_table_text(audit, row, 1, 0, NULL);
        int64_t rows = cm_table_int(audit, row, 2);
        if (!strcmp(reason, "read")) read = rows;
        else if (!strcmp(reason, "kept")) kept = rows;
        else dropped += rows;
    }
    cm_column_view money = {.struct_size = sizeof money};
    cm_table_view(audit, 3, 0, &money);
    ck_assert_int_eq(read, expected->read);
    ck_assert_int_eq(kept, expected->kept);
    ck_assert_int_eq(dropped, read - kept);
    ck_assert_uint_eq(cm_table_rows(table), (uint64_t)kept);
    ck_assert_uint_eq(cm_table_rows(rejects), (uint64_t)dropped);
    int64_t sum = cm_table_int(audit, cm_table_rows(audit) - 1, 3);
    ck_assert_int_eq(money.scale == 0 ? sum * 100 : sum, expected->money);
    for (uint64_t row = 0; row < cm_table_rows(rejects); row++) { /* the bytes stand in the file, on the line told */
        uint64_t length;
        const char *bytes = cm_table_text(rejects, row, 6, 0, &length), *line = text;
        for (int64_t n = cm_table_int(rejects, row, 1); n > 1; n--) line = strchr(line, '\n') + 1;
        QUICK(!strncmp(line, bytes, length) && line[length] == '\n', "reject %d", (int)row);
    }
    cm_table_free(rejects);
    cm_table_free(audit);
}

START_TEST(dirty_files_balance) {
    static char text[1 << 16];
    state = (uint32_t)_i + 4711;
    for (int round = 0; round < 50; round++) {
        dirty expected = {0};
        char *end = text + sprintf(text, "customer,date,quantity,price\n");
        for (uint32_t lines = 60 + below(200); lines > 0; lines--) end += dirty_line(end, &expected);
        const char *path = make_text("dirty.csv", text);
        cm_options *reading = NULL;
        cm_table *table = NULL;
        ck_assert_int_eq(cm_options_new(ctx, "read", &reading), CM_OK);
        ck_assert_int_eq(cm_options_set_text(ctx, reading, "on_error", "collect"), CM_OK);
        ck_assert_msg(!cm_read_csv(ctx, path, reading, &table), "%s", cm_error_message(ctx));
        expect_balance(table, &expected, text);
        cm_table_free(table);
        cm_options_free(reading);
        unlink(path);
    }
}
END_TEST

Suite *test_round_trip(void);
Suite *test_round_trip(void) {
    Suite *suite = suite_create("round_trip");
    TCase *tests = tcase_create("round_trip");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, all_types_come_back, 0, 8);
    tcase_add_loop_test(tests, dirty_files_balance, 0, 4);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return suite;
}
