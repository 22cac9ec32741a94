/* Dialects: the delimiter from the beginning of a file, the line "sep=", and numbers as people write them. */
#include "custmine/io.h"
#include "custmine/table.h"
#include "files.h"
#include "io/dialect.h"
#include "table/amount.h"

static const struct {
    const char *text;
    char delimiter;
} beginnings[] = {
    {"a,b\n1,2\n", ','},
    {"a;b\n1,5;2,5\n", ';'},
    {"a\tb\n1,5\t2\n", '\t'},
    {"a|b\n1|2\n", '|'},
    {"one\ntwo\n", ','},
    {"", ','},
    {"name;note\nx;a, b, c\ny;d, e\n", ';'},
    {"\"a,b\";c\n1;2\n", ';'},
    {"\"a\nb,c,d\";c\n1;2\n", ';'},
    {"\"a \"\"x,y\"\" b\";c\n1;2\n", ';'},
    {"amount in EUR, net;date, local;shop\n1,5;2;3\n2,5;3;4\n", ';'},
    {"a,b;c\n1,2\n3,4\n", ','},
    {"\n\na;b\n1;2\n", ';'},
    {"a;b", ';'},
    {"5\" screen,x;y\n1,2\n", ','},
};

START_TEST(delimiters_are_found) {
    ck_assert_int_eq(cm_dialect_find(beginnings[_i].text, strlen(beginnings[_i].text), true), beginnings[_i].delimiter);
}
END_TEST

START_TEST(sep_lines) {
    char delimiter = 0;
    ck_assert_uint_eq(cm_dialect_sep_line("sep=;\na;b\n", 10, &delimiter), 6);
    ck_assert_int_eq(delimiter, ';');
    ck_assert_uint_eq(cm_dialect_sep_line("SEP=|\r\n", 7, &delimiter), 0);
    ck_assert_uint_eq(cm_dialect_sep_line("Sep=|\r\n", 7, &delimiter), 7);
    ck_assert_int_eq(delimiter, '|');
    ck_assert_uint_eq(cm_dialect_sep_line("sep=\t\r", 6, &delimiter), 6);
    ck_assert_uint_eq(cm_dialect_sep_line("sep=;;\n", 7, &delimiter), 0);
    ck_assert_uint_eq(cm_dialect_sep_line("sep=\n", 5, &delimiter), 0);
    ck_assert_uint_eq(cm_dialect_sep_line("sep=\"\n", 6, &delimiter), 0);
    ck_assert_uint_eq(cm_dialect_sep_line("step=;\n", 7, &delimiter), 0);
}
END_TEST

/* The rest of a file goes on counting lines and bytes behind the line "sep=". */
START_TEST(sep_line_of_a_file) {
    cm_context *ctx = new_context();
    cm_table *table = NULL;
    const char *path = make_text("sep.csv", "\xEF\xBB\xBFsep=|\r\na,1|b\r\nx,y|1\r\nz|2\r\nz\r\n");
    cm_error error = {.struct_size = sizeof error};
    ck_assert_int_eq(cm_read_csv(ctx, path, NULL, &table), CM_E_DATA);
    cm_error_get(ctx, &error);
    ck_assert_uint_eq(error.line, 5);
    ck_assert_uint_eq(error.byte_offset, 10 + 7 + 7 + 5);
    unlink(path);
    path = make_text("sep.csv", "sep=|\na,1|b\nx,y|1\n");
    ck_assert_int_eq(cm_read_csv(ctx, path, NULL, &table), CM_OK);
    ck_assert_uint_eq(cm_table_rows(table), 1);
    ck_assert_int_eq(cm_table_find(table, "a,1"), 0);
    cm_table_free(table);
    unlink(path);
    cm_context_free(ctx);
}
END_TEST

static const struct {
    char mark, thousands;
    bool accounting;
    const char *text, *plain;
} numbers[] = {
    {'.', 0, false, "1,234.50", "1,234.50"},
    {'.', ',', false, "1,234.50", "1234.50"},
    {'.', ',', false, "-1,234,567", "-1234567"},
    {'.', ',', false, "1,23.50", "1,23.50"},
    {'.', ',', false, "12,34,567", "12,34,567"},
    {'.', ',', false, "1234,567", "1234,567"},
    {'.', ',', false, ",234", ",234"},
    {'.', ',', false, "1,234,", "1,234,"},
    {'.', ',', false, "1234.5", "1234.5"},
    {'.', ',', false, "1.234,5", "1.234,5"},
    {'.', ',', false, "$5", "$5"},
    {',', '.', false, "1.234.567,89", "1234567,89"},
    {',', ' ', false, "1 234,5", "1234,5"},
    {',', ' ', false, "1\xC2\xA0" "234,5", "1234,5"},
    {',', ' ', false, "1\xE2\x80\xAF" "234,5", "1234,5"},
    {'.', '\'', false, "1'234.50", "1234.50"},
    {'.', '_', false, "1_000", "1000"},
    {'.', 0, true, "(1.50)", "-1.50"},
    {'.', 0, true, "1.50-", "-1.50"},
    {'.', 0, true, "- 1.50", "-1.50"},
    {'.', 0, true, "\xE2\x88\x92" "1.50", "-1.50"},
    {'.', 0, true, "+1.50", "1.50"},
    {'.', 0, true, "(-1.50)", "(-1.50)"},
    {'.', 0, true, "(1.50", "(1.50"},
    {'.', 0, true, "$1.50", "1.50"},
    {'.', 0, true, "-$1.50", "-1.50"},
    {'.', 0, true, "$-1.50", "-1.50"},
    {'.', ',', true, "($ 1,234.50)", "-1234.50"},
    {',', '.', true, "1.234,50 \xE2\x82\xAC", "1234,50"},
    {'.', ',', true, "EUR 1,234.50", "1234.50"},
    {'.', ',', true, "1,234.50 USD", "1234.50"},
    {'.', ',', true, "US$1", "1"},
    {'.', ',', true, "\xC2\xA3" "1", "1"},
    {'.', ',', true, "$1 EUR", "1 EUR"},
    {'.', ',', true, "EUR", "EUR"},
    {'.', ',', true, "()", "()"},
    {'.', ',', true, "", ""},
    {'.', ',', true, "abc", "abc"},
    {'.', 0, true, "1e5", "1e5"},
};

START_TEST(numbers_as_written) {
    cm_number_style style = {numbers[_i].mark, numbers[_i].thousands, numbers[_i].accounting};
    char room[CM_AMOUNT_TEXT];
    uint64_t length = strlen(numbers[_i].text);
    const char *plain = cm_plain_number(&style, numbers[_i].text, &length, room);
    ck_assert_msg(length == strlen(numbers[_i].plain) && !memcmp(plain, numbers[_i].plain, length), "%s: %.*s",
                  numbers[_i].text, (int)length, plain);
}
END_TEST

Suite *test_dialects(void);
Suite *test_dialects(void) {
    Suite *suite = suite_create("dialects");
    TCase *tests = tcase_create("dialects");
    tcase_add_loop_test(tests, delimiters_are_found, 0, sizeof beginnings / sizeof *beginnings);
    tcase_add_test(tests, sep_lines);
    tcase_add_test(tests, sep_line_of_a_file);
    tcase_add_loop_test(tests, numbers_as_written, 0, sizeof numbers / sizeof *numbers);
    suite_add_tcase(suite, tests);
    return suite;
}
