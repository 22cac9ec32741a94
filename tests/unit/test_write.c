/* CSV and JSON as they are written, what reads back the same, and files that are replaced whole. */
#include <math.h>
#include <sys/stat.h>

#include "custmine/io.h"
#include "files.h"
#include "table/table.h"

static cm_context *ctx;
static cm_options *options;

static void setup(void) {
    ctx = new_context();
    ck_assert_int_eq(cm_options_new(ctx, "write", &options), CM_OK);
}
static void teardown(void) {
    cm_options_free(options);
    cm_context_free(ctx);
}

static void ok(cm_status status) {
    ck_assert_msg(!status, "%s", cm_error_message(ctx));
}

typedef struct sink {
    char text[4096];
    uint64_t length;
    int32_t answer;
} sink;

static int32_t take(void *user, const char *bytes, uint64_t length) {
    sink *to = user;
    if (to->length + length < sizeof to->text) memcpy(to->text + to->length, bytes, length);
    to->length += length;
    return to->answer;
}

static void expect(const cm_table *table, const char *wanted) {
    sink to = {.length = 0};
    ok(cm_write(ctx, table, options, take, &to));
    to.text[to.length] = 0;
    ck_assert_str_eq(to.text, wanted);
}

static void put_text(cm_builder *builder, uint64_t column, const char *text) {
    ok(cm_builder_text(ctx, builder, column, text, strlen(text)));
}

/* A row of all types, and one that has nothing but an empty list. */
static cm_table *all_types(void) {
    static const int32_t types[] = {CM_BOOL, CM_INT64,     CM_FLOAT64, CM_DECIMAL,
                                    CM_DATE, CM_TIMESTAMP, CM_STRING,  CM_LIST};
    static const char *const names[] = {"b", "i", "f", "d", "day", "time", "s", "l"};
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    ok(cm_builder_new(ctx, &builder));
    for (uint64_t i = 0; i < 8; i++)
        ok(cm_builder_column(ctx, builder, names[i], types[i], types[i] == CM_DECIMAL ? 2 : 0, 0));
    ok(cm_builder_int(ctx, builder, 0, 1));
    ok(cm_builder_int(ctx, builder, 1, -7));
    ok(cm_builder_double(ctx, builder, 2, 0.1));
    ok(cm_builder_int(ctx, builder, 3, -1250));
    put_text(builder, 4, "2011-12-09");
    put_text(builder, 5, "2011-12-09 08:26:00");
    put_text(builder, 6, "plain");
    put_text(builder, 7, "a;b");
    put_text(builder, 7, "c\\d");
    ok(cm_builder_row(ctx, builder));
    ok(cm_builder_text(ctx, builder, 7, NULL, 0)); /* an empty list is not absent */
    ok(cm_builder_row(ctx, builder));
    ok(cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static cm_table *texts(const char *const *cells, uint64_t count) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    ok(cm_builder_new(ctx, &builder));
    ok(cm_builder_column(ctx, builder, "t", CM_STRING, 0, 0));
    ok(cm_builder_column(ctx, builder, "n", CM_INT64, 0, 0));
    for (uint64_t i = 0; i < count; i++) {
        if (cells[i]) put_text(builder, 0, cells[i]);
        ok(cm_builder_int(ctx, builder, 1, (int64_t)i - 2));
        ok(cm_builder_row(ctx, builder));
    }
    ok(cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

START_TEST(csv_of_all_types) {
    cm_table *table = all_types();
    expect(table, "b,i,f,d,day,time,s,l\n"
                  "true,-7,0.1,-12.50,2011-12-09,2011-12-09 08:26:00,plain,a\\;b; c\\\\d\n"
                  ",,,,,,,\"\"\n");
    ok(cm_options_set_int(ctx, options, "header", 0));
    sink to = {.length = 0};
    ok(cm_write(ctx, table, options, take, &to));
    ck_assert(!strncmp(to.text, "true,", 5));
    cm_table_free(table);
}
END_TEST

START_TEST(json_of_all_types) {
    cm_table *table = all_types();
    ok(cm_options_set_text(ctx, options, "format", "json"));
    expect(table,
           "[\n{\"b\":true,\"i\":-7,\"f\":0.1,\"d\":-12.50,\"day\":\"2011-12-09\",\"time\":\"2011-12-09 08:26:00\","
           "\"s\":\"plain\",\"l\":[\"a;b\",\"c\\\\d\"]},\n"
           "{\"b\":null,\"i\":null,\"f\":null,\"d\":null,\"day\":null,\"time\":null,\"s\":null,\"l\":[]}\n]\n");
    cm_table *none = NULL;
    ok(cm_table_slice(ctx, table, 0, 0, &none));
    expect(none, "[\n]\n");
    cm_table_free(none);
    cm_table_free(table);
}
END_TEST

START_TEST(csv_texts) {
    static const char *const cells[] = {"",     NULL, "a,b", "say \"x\"", "two\nlines", "cr\r", " front", "back\t",
                                        "=1+1", "+4", "-x",  "@y",        "\t=1",       "'q",   "a=b",    "7"};
    cm_table *table = texts(cells, sizeof cells / sizeof *cells);
    expect(
        table,
        "t,n\n\"\",-2\n,-1\n\"a,b\",0\n\"say \"\"x\"\"\",1\n\"two\nlines\",2\n\"cr\r\",3\n\" front\",4\n\"back\t\",5\n"
        "'=1+1,6\n'+4,7\n'-x,8\n'@y,9\n\"'\t=1\",10\n'q,11\na=b,12\n7,13\n");
    ok(cm_options_set_int(ctx, options, "raw", 1));
    sink to = {.length = 0};
    ok(cm_write(ctx, table, options, take, &to));
    ck_assert_ptr_nonnull(strstr(to.text, "\n=1+1,6\n+4,7\n-x,8\n@y,9\n"));
    cm_table_free(table);
}
END_TEST

START_TEST(json_texts) {
    static const char *const cells[] = {"q\"b\\/",
                                        "\b\f\n\r\t\x01\x1f",
                                        "caf\xC3\xA9 \xF0\x9F\x98\x80",
                                        "\xE9t\xE9",
                                        "\xE2\x82",
                                        "\xED\xA0\x80",
                                        "\xF0\x9F\x98",
                                        "\xC0\xAF"};
    static const char *const wanted[] = {"\"q\\\"b\\\\/\"",
                                         "\"\\b\\f\\n\\r\\t\\u0001\\u001f\"",
                                         "\"caf\xC3\xA9 \xF0\x9F\x98\x80\"",
                                         "\"\xEF\xBF\xBDt\xEF\xBF\xBD\"",
                                         "\"\xEF\xBF\xBD\"",
                                         "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"",
                                         "\"\xEF\xBF\xBD\"",
                                         "\"\xEF\xBF\xBD\xEF\xBF\xBD\""};
    ok(cm_options_set_text(ctx, options, "format", "json"));
    for (uint64_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        char all[300];
        cm_table *table = texts(&cells[i], 1);
        snprintf(all, sizeof all, "[\n{\"t\":%s,\"n\":-2}\n]\n", wanted[i]);
        expect(table, all);
        cm_table_free(table);
    }
}
END_TEST

START_TEST(doubles) {
    static const double values[] = {NAN, INFINITY, -0.0, 1e300, 5e-324, 1234567};
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    ok(cm_builder_new(ctx, &builder));
    ok(cm_builder_column(ctx, builder, "x", CM_FLOAT64, 0, 0));
    ok(cm_builder_values(ctx, builder, 0, values, NULL, 6));
    ok(cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    ok(cm_options_set_text(ctx, options, "format", "json"));
    expect(table,
           "[\n{\"x\":null},\n{\"x\":null},\n{\"x\":-0},\n{\"x\":1e+300},\n{\"x\":5e-324},\n{\"x\":1234567}\n]\n");
    cm_table_free(table);
}
END_TEST

/* What is written raw reads back the same, byte for byte, when written again. */
START_TEST(round_trips) {
    static const char *const alphabet[] = {"a", "b", ",", "\"", "\n", "\r", " ", "\t", ";", "=", "-", "'", "\xC3\xA9"};
    uint32_t state = 11;
    const char *path = temp_path("trip.csv");
    ok(cm_options_set_int(ctx, options, "raw", 1));
    for (int round = 0; round < 200; round++) {
        char rooms[12][24];
        const char *cells[12];
        for (int i = 0; i < 12; i++) {
            int length = (int)(next_random(&state) % 11);
            rooms[i][0] = 0;
            for (int k = 0; k < length; k++)
                strcat(rooms[i], alphabet[next_random(&state) % (sizeof alphabet / sizeof *alphabet)]);
            cells[i] = next_random(&state) % 8 ? rooms[i] : NULL;
        }
        cells[0] = "text";
        cm_table *table = texts(cells, 12), *back = NULL;
        ok(cm_write_file(ctx, table, options, path));
        cm_options *reading = NULL;
        ok(cm_options_new(ctx, "read", &reading));
        ok(cm_options_set_text(ctx, reading, "delimiter", ","));
        ok(cm_read_csv(ctx, path, reading, &back));
        cm_options_free(reading);
        QUICK(cm_table_rows(back) == 12, "%d rows", (int)cm_table_rows(back));
        for (uint64_t row = 0; row < 12; row++) {
            uint64_t length = 0;
            const char *text = cm_table_text(back, row, 0, 0, &length);
            QUICK(cells[row] ? text && length == strlen(cells[row]) && !memcmp(text, cells[row], length) : !text,
                  "row %d", (int)row);
            QUICK(cm_table_int(back, row, 1) == (int64_t)row - 2, "row %d", (int)row);
        }
        cm_table_free(back);
        cm_table_free(table);
    }
    unlink(path);
}
END_TEST

START_TEST(files_are_replaced_whole) {
    cm_table *table = all_types();
    size_t length;
    const char *path = make_text("kept.csv", "old");
    chmod(path, 0600);
    ok(cm_write_file(ctx, table, options, path));
    char *text = read_file(path, &length);
    ck_assert(!strncmp(text, "b,i,f", 5));
    free(text);
    struct stat about;
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_int_eq(about.st_mode & 0777, 0600);
    const char *linked = temp_path("link.csv");
    ck_assert_int_eq(symlink(path, linked), 0);
    ok(cm_write_file(ctx, table, options, linked));
    ck_assert_int_eq(lstat(linked, &about), 0);
    ck_assert(S_ISLNK(about.st_mode));
    unlink(linked);
    ck_assert_int_eq(files_beside(path), 1);
    ck_assert_int_eq(cm_write_file(ctx, table, options, "/nowhere/x.csv"), CM_E_IO);
    ck_assert_int_eq(cm_write_file(ctx, table, options, "/tmp"), CM_E_IO);
    ok(cm_write_file(ctx, table, options, "/dev/null"));
    ck_assert_int_eq(stat("/dev/null", &about), 0);
    ck_assert(S_ISCHR(about.st_mode));
    if (file_exists("/dev/full")) ck_assert_int_eq(cm_write_file(ctx, table, options, "/dev/full"), CM_E_IO);
    unlink(path);
    cm_table_free(table);
}
END_TEST

START_TEST(failures_leave_nothing) {
    cm_table *table = all_types();
    sink to = {.answer = 1};
    ck_assert_int_eq(cm_write(ctx, table, options, take, &to), CM_E_IO);
    ck_assert_int_eq(cm_write(ctx, table, options, NULL, NULL), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_write_file(ctx, NULL, options, "x"), CM_E_ARGUMENT);
    const char *path = make_text("stays.csv", "old");
    cm_context_cancel(ctx);
    ck_assert_int_eq(cm_write_file(ctx, table, options, path), CM_E_CANCELLED);
    size_t length;
    char *text = read_file(path, &length);
    ck_assert_str_eq(text, "old");
    ck_assert_int_eq(files_beside(path), 1);
    free(text);
    unlink(path);
    cm_table_free(table);
}
END_TEST

START_TEST(no_memory) {
    const char *path = temp_path("memory.csv");
    for (int64_t n = 1;; n++) {
        failing_memory memory = {.once = _i != 0};
        cm_allocator allocator = {sizeof allocator, failing_resize, &memory};
        cm_context *small = NULL;
        cm_table *table = NULL;
        ck_assert_int_eq(cm_context_new(&allocator, &small), CM_OK);
        ck_assert_int_eq(cm_read_csv(small, "tests/data/good-sales.csv", NULL, &table), CM_OK);
        memory.requests = 0;
        memory.fail_at = n;
        cm_status status = cm_write_file(small, table, NULL, path);
        ck_assert_int_eq(status, memory.requests < n ? CM_OK : CM_E_MEMORY);
        ck_assert_int_eq(files_beside(path), status ? 0 : 1);
        unlink(path);
        cm_table_free(table);
        cm_context_free(small);
        ck_assert_int_eq(memory.bytes, 0);
        if (memory.requests < n) break;
    }
}
END_TEST

Suite *test_write(void);
Suite *test_write(void) {
    Suite *suite = suite_create("write");
    TCase *tests = tcase_create("write");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, csv_of_all_types);
    tcase_add_test(tests, json_of_all_types);
    tcase_add_test(tests, csv_texts);
    tcase_add_test(tests, json_texts);
    tcase_add_test(tests, doubles);
    tcase_add_test(tests, round_trips);
    tcase_add_test(tests, files_are_replaced_whole);
    tcase_add_test(tests, failures_leave_nothing);
    tcase_add_loop_test(tests, no_memory, 0, 2);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return suite;
}
