/* JSON as a table: what is read, with its types, and what is refused, with its line. */
#include "custmine/io.h"
#include "custmine/table.h"
#include "files.h"

static cm_context *ctx;

static void setup(void) {
    ctx = new_context();
}
static void teardown(void) {
    cm_context_free(ctx);
}

/* "name:type:cell|cell;name..." of the table that a text is, "-" for absent; lists with + between their items. */
static void print_table(const cm_table *table, char out[1000]) {
    static const char letters[] = " BIFDdTSL";
    cm_column_view view = {.struct_size = sizeof view};
    out += sprintf(out, "%d;", (int)cm_table_rows(table));
    for (uint64_t i = 0; i < cm_table_columns(table); i++) {
        cm_table_view(table, i, 0, &view);
        out += sprintf(out, "%s:%c", view.name, letters[view.type]);
        for (uint64_t row = 0; row < cm_table_rows(table); row++) {
            *out++ = '|';
            *out = 0;
            uint64_t length = 0, items = cm_table_items(table, row, i);
            if (cm_table_is_absent(table, row, i)) out += sprintf(out, "-");
            else if (view.type == CM_STRING || view.type == CM_LIST)
                for (uint64_t item = 0; item < items; item++)
                    out += sprintf(out, "%s%s", item ? "+" : "", cm_table_text(table, row, i, item, &length));
            else out += sprintf(out, "%g", view.type == CM_DATE || view.type == CM_TIMESTAMP
                                               ? (double)cm_table_int(table, row, i)
                                               : cm_table_double(table, row, i));
        }
        *out++ = ';';
        *out = 0;
    }
}

static const struct {
    const char *text, *table;
} texts[] = {
    {"", "0;"},
    {"[]", "0;"},
    {" [ ] ", "0;"},
    {"[{}]", "1;"},
    {"[{\"a\":1},{\"a\":2}]", "2;a:I|1|2;"},
    {"{\"a\":1}\n{\"a\":2}\n", "2;a:I|1|2;"},
    {"{\"a\":1}{\"b\":2}", "2;a:I|1|-;b:I|-|2;"},
    {"\xEF\xBB\xBF[{\"a\":1.50},{\"a\":null}]", "2;a:D|1.5|-;"},
    {"{\"v\":1,\"tables\":{\"x\":[\n{\"a\":true},\n{\"a\":false}\n]\n}}", "2;a:B|1|0;"},
    {"{\"v\":1,\"tables\":{\"x\":[\n]\n}}", "0;"},
    {"{\"a\":[]}\n{\"a\":[\"x\",\"y\"]}\n{\"a\":null}", "3;a:L||x+y|-;"},
    {"[{\"a\":\"007\"},{\"a\":\"1\"}]", "2;a:S|007|1;"},
    {"[{\"a\":\"2011-12-09\"},{\"a\":\"\"}]", "2;a:d|15317|-;"},
    {"[{\"a\":\"x\"},{\"a\":\"\"},{\"a\":5}]", "3;a:S|x||5;"},
    {"[{\"a\":1e3}]", "1;a:F|1000;"},
    {"[{\"a\":\"\\u00e9\\ud83d\\ude00\\n\\/\"}]", "1;a:S|\xC3\xA9\xF0\x9F\x98\x80\n/;"},
    {"[{\"[{\":1,\"}\":2}]", "1;[{:I|1;}:I|2;"},
};

START_TEST(reads) {
    char printed[1000];
    cm_table *table = NULL;
    const char *path = make_text("t.json", texts[_i].text);
    ck_assert_msg(!cm_read_json(ctx, path, NULL, &table), "%s: %s", texts[_i].text, cm_error_message(ctx));
    print_table(table, printed);
    ck_assert_str_eq(printed, texts[_i].table);
    cm_table_free(table);
    unlink(path);
}
END_TEST

static const struct {
    const char *text;
    cm_status status;
    uint64_t line;
} wrong[] = {
    {"x", CM_E_FORMAT, 1},
    {"[", CM_E_FORMAT, 1},
    {"[{\"a\":1}", CM_E_FORMAT, 1},
    {"[{\"a\":1},]", CM_E_FORMAT, 1},
    {"[{\"a\":1},\n{\"a\" 2}]", CM_E_FORMAT, 2},
    {"{\"a\":1}\n\n{\"a\":01}", CM_E_FORMAT, 3},
    {"{\"a\":-}", CM_E_FORMAT, 1},
    {"{\"a\":1.}", CM_E_FORMAT, 1},
    {"{\"a\":+1}", CM_E_FORMAT, 1},
    {"{\"a\":nul}", CM_E_FORMAT, 1},
    {"{\"a\":\"x}", CM_E_FORMAT, 1},
    {"{\"a\":\"\n\"}", CM_E_FORMAT, 1},
    {"{\"a\":\"\\x\"}", CM_E_FORMAT, 1},
    {"{\"a\":\"\\ud800\"}", CM_E_FORMAT, 1},
    {"{\"a\":\"\\u12\"}", CM_E_FORMAT, 1},
    {"{\"a\":{\"b\":1}}", CM_E_FORMAT, 1},
    {"{\"a\":[[1]]}", CM_E_FORMAT, 1},
    {"{\"a\":[null]}", CM_E_FORMAT, 1},
    {"{\"a\":[1}", CM_E_FORMAT, 1},
    {"{a:1}", CM_E_FORMAT, 1},
    {"{\"a\":1}\n{\"a\":[1]}", CM_E_UNSUPPORTED, 2},
    {"{\"a\":1,\"a\":2}", CM_E_ARGUMENT, 0},
    {"{\"a\":\"\xFF\"}", CM_E_DATA, 0},
};

START_TEST(refuses) {
    cm_table *table = NULL;
    cm_error error = {.struct_size = sizeof error};
    const char *path = make_text("t.json", wrong[_i].text);
    ck_assert_msg(cm_read_json(ctx, path, NULL, &table) == wrong[_i].status, "%s: %s", wrong[_i].text,
                  cm_error_message(ctx));
    ck_assert_ptr_null(table);
    cm_error_get(ctx, &error);
    ck_assert_uint_eq(error.line, wrong[_i].line);
    unlink(path);
}
END_TEST

START_TEST(no_memory) {
    const char *path = make_text("t.json", "[{\"a\":1,\"b\":\"x\",\"c\":[\"p\",\"q\"]},{\"a\":2.5,\"b\":null}]");
    for (int64_t fail_at = 1;; fail_at++) {
        failing_memory memory = {.fail_at = fail_at, .once = _i};
        cm_allocator allocator = {sizeof allocator, failing_resize, &memory};
        cm_context *own = NULL;
        cm_table *table = NULL;
        cm_status status = cm_context_new(&allocator, &own);
        if (!status) status = cm_read_json(own, path, NULL, &table);
        ck_assert(status == CM_OK || status == CM_E_MEMORY);
        ck_assert(!status == (table != NULL));
        cm_table_free(table);
        cm_context_free(own);
        ck_assert_int_eq(memory.bytes, 0);
        if (!status) break;
    }
    unlink(path);
}
END_TEST

Suite *test_read_json(void);
Suite *test_read_json(void) {
    Suite *suite = suite_create("read_json");
    TCase *tests = tcase_create("read_json");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, reads, 0, sizeof texts / sizeof *texts);
    tcase_add_loop_test(tests, refuses, 0, sizeof wrong / sizeof *wrong);
    tcase_add_loop_test(tests, no_memory, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
