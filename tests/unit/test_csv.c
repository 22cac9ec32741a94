/* Records are what libcsv makes of the bytes, wherever portions are cut; lines and offsets are those of the file. */
#include <csv.h>

#include "files.h"
#include "io/csv.h"

/* ---- libcsv itself, a byte at a time, as text: fields in [], records with line and offset ---- */

typedef struct oracle {
    char text[8192];
    size_t length;
    unsigned long line, offset;
    bool started;
} oracle;

static void say(oracle *o, const char *format, unsigned long a, unsigned long b) {
    o->length += (size_t)snprintf(o->text + o->length, sizeof o->text - o->length, format, a, b);
}

static void say_field(oracle *o, const char *text, size_t length) {
    if (!text) {
        say(o, "<>", 0, 0);
        return;
    }
    o->text[o->length++] = '[';
    memcpy(o->text + o->length, text, length);
    o->length += length;
    o->text[o->length++] = ']';
}

static void oracle_field(void *text, size_t length, void *data) {
    say_field(data, text, length);
}
static void oracle_row(int c, void *data) {
    oracle *o = data;
    (void)c;
    say(o, " at %lu %lu\n", o->line, o->offset);
}

static void ask_libcsv(oracle *o, const char *bytes, size_t length, char delimiter) {
    struct csv_parser parser;
    unsigned long line = 1, line_start = 0;
    o->length = 0;
    csv_init(&parser, CSV_EMPTY_IS_NULL);
    csv_set_delim(&parser, (unsigned char)delimiter);
    for (size_t i = 0; i < length; i++) {
        if (parser.pstate == 0) o->line = line, o->offset = line_start;
        QUICK(csv_parse(&parser, bytes + i, 1, oracle_field, oracle_row, o) == 1, "libcsv");
        if (bytes[i] == '\n' || bytes[i] == '\r') {
            if (bytes[i] == '\r' || i == 0 || bytes[i - 1] != '\r') line++;
            line_start = i + 1;
        }
    }
    csv_fini(&parser, oracle_field, oracle_row, o);
    csv_free(&parser);
}

static void ask_us(oracle *o, const char *bytes, size_t length, char delimiter, uint64_t portion) {
    cm_context *ctx = new_context();
    cm_source *source = NULL;
    cm_csv *csv = NULL;
    cm_dialect dialect = {.delimiter = delimiter};
    cm_record record;
    bool more = true;
    o->length = 0;
    QUICK(!cm_source_memory(ctx, "memory", bytes, length, NULL, &source), "source");
    cm_source_set_portion(source, portion);
    QUICK(!cm_csv_open(ctx, source, &dialect, &csv), "csv");
    while (more) {
        QUICK(!cm_csv_next(ctx, csv, &record, &more), "%s", cm_error_message(ctx));
        for (uint64_t i = 0; more && i < record.count; i++)
            say_field(o, record.fields[i].text, record.fields[i].length);
        if (more) say(o, " at %lu %lu\n", (unsigned long)record.line, (unsigned long)record.byte_offset);
    }
    cm_csv_close(csv);
    cm_source_close(source);
    cm_context_free(ctx);
}

static void compare(const char *bytes, size_t length) {
    static const char delimiters[] = {',', ';', '\t'};
    static const uint64_t portions[] = {1, 2, 3, 7, 1 << 17};
    static oracle libcsv, ours;
    for (size_t d = 0; d < sizeof delimiters; d++) {
        ask_libcsv(&libcsv, bytes, length, delimiters[d]);
        for (size_t p = 0; p < sizeof portions / sizeof *portions; p++) {
            ask_us(&ours, bytes, length, delimiters[d], portions[p]);
            QUICK(libcsv.length == ours.length && !memcmp(libcsv.text, ours.text, ours.length),
                  "portions of %d, delimiter %d: of\n%.*s\nlibcsv makes\n%.*s\nwe\n%.*s", (int)portions[p],
                  delimiters[d], (int)length, bytes, (int)libcsv.length, libcsv.text, (int)ours.length, ours.text);
        }
    }
}

START_TEST(by_hand) {
    static const char *const texts[] = {
        "",
        "a",
        "a,b\n",
        "a,b\r\nc,d\r\n",
        "a,b\rc,d\r",
        "\n\n\na\n\n",
        "  a  , b\t,\"  c  \" \n",
        "\"a\"\"b\",c\n",
        "\"a\nb\r\nc\",d\ne,f\n",
        "a\"b,c\n",
        "\"a\" b,c\n",
        "\"open\nand,on",
        ",\n,,\n",
        "\"\",\n",
        "\"\"",
        "\"",
        "\"\n",
        "   \n\t\na",
        "a,b\n\r\n\rc",
        "\r\n\r\na",
        "a\r\n\nb",
        "\"x\"\r\n\"y\"",
        ";;;\n",
        "a;b,c\td\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) compare(texts[i], strlen(texts[i]));
    compare("a\0b,\0\n", 6);
    compare("\xFF\xFE,\x80\n", 5);
}
END_TEST

START_TEST(at_random) {
    static const char alphabet[] = "aab,,\"\"\r\n\n \t;\\x";
    uint32_t state = (uint32_t)_i + 1;
    char bytes[64];
    for (int round = 0; round < 1500; round++) {
        size_t length = next_random(&state) % sizeof bytes;
        for (size_t i = 0; i < length; i++) bytes[i] = alphabet[next_random(&state) % (sizeof alphabet - 1)];
        compare(bytes, length);
    }
}
END_TEST

static void expect(const char *bytes, char delimiter, const char *wanted) {
    static oracle ours;
    ask_us(&ours, bytes, strlen(bytes), delimiter, 1 << 17);
    ours.text[ours.length] = 0;
    ck_assert_str_eq(ours.text, wanted);
    if (delimiter != CM_DELIMITER_BLANKS) return;
    ask_us(&ours, bytes, strlen(bytes), delimiter, 1);
    ours.text[ours.length] = 0;
    ck_assert_str_eq(ours.text, wanted);
}

START_TEST(blanks) {
    expect("  a   b\tc  \n1 2\n", CM_DELIMITER_BLANKS, "[a][b][c] at 1 0\n[1][2] at 2 12\n");
    expect("a \t \r\n  \n b", CM_DELIMITER_BLANKS, "[a] at 1 0\n[b] at 3 9\n");
    expect("\"a  b\" \"c\"\"  d\" e\n", CM_DELIMITER_BLANKS, "[a  b][c\"  d][e] at 1 0\n");
    expect("a \"\" b\n", CM_DELIMITER_BLANKS, "[a][][b] at 1 0\n");
}
END_TEST

START_TEST(delimiter_by_itself) {
    expect("a;b;c\n1,5;2;3\n", CM_DELIMITER_AUTO, "[a][b][c] at 1 0\n[1,5][2][3] at 2 6\n");
    expect("\n\na|b\n", CM_DELIMITER_AUTO, "[a][b] at 3 2\n");
    expect("\"a,a,a\"\tb\tc\n", CM_DELIMITER_AUTO, "[a,a,a][b][c] at 1 0\n");
    expect("one\n", CM_DELIMITER_AUTO, "[one] at 1 0\n");
    expect("a b,c d\n", CM_DELIMITER_AUTO, "[a b][c d] at 1 0\n");
}
END_TEST

START_TEST(byte_order_mark) {
    expect("\xEF\xBB\xBF"
           "a,b\n",
           ',', "[a][b] at 1 3\n");
    expect("\xEF\xBB\xBF\"a\",b\n", CM_DELIMITER_AUTO, "[a][b] at 1 3\n");
}
END_TEST

static cm_status limited(const char *bytes, cm_dialect dialect, uint64_t *line) {
    cm_context *ctx = new_context();
    cm_source *source = NULL;
    cm_csv *csv = NULL;
    cm_record record;
    cm_error error = {.struct_size = sizeof error};
    bool more = true;
    dialect.delimiter = ',';
    ck_assert_int_eq(cm_source_memory(ctx, "memory", bytes, strlen(bytes), NULL, &source), CM_OK);
    ck_assert_int_eq(cm_csv_open(ctx, source, &dialect, &csv), CM_OK);
    while (more && !cm_csv_next(ctx, csv, &record, &more)) continue;
    cm_error_get(ctx, &error);
    *line = error.line;
    cm_status status = error.status;
    cm_csv_close(csv);
    cm_source_close(source);
    cm_context_free(ctx);
    return status;
}

START_TEST(limits) {
    const char *text = "a,b\n12345,67\r\n";
    uint64_t line;
    for (uint64_t limit = 4; limit <= 9; limit++) {
        cm_status row = limited(text, (cm_dialect){.max_row = limit}, &line);
        ck_assert_int_eq(row, limit < 8 ? CM_E_LIMIT : CM_OK);
        ck_assert_uint_eq(line, limit < 8 ? 2 : 0);
        cm_status field = limited(text, (cm_dialect){.max_field = limit}, &line);
        ck_assert_int_eq(field, limit < 5 ? CM_E_LIMIT : CM_OK);
    }
    ck_assert_int_eq(limited(text, (cm_dialect){.max_columns = 1}, &line), CM_E_LIMIT);
    ck_assert_uint_eq(line, 1);
    ck_assert_int_eq(limited(text, (cm_dialect){.max_columns = 2}, &line), CM_OK);
    ck_assert_int_eq(limited("\"never closed\nand\non", (cm_dialect){.max_row = 16}, &line), CM_E_LIMIT);
    ck_assert_uint_eq(line, 1);
}
END_TEST

START_TEST(long_fields) {
    size_t length = 1000000;
    char *bytes = malloc(length + 4);
    memset(bytes, 'x', length);
    memcpy(bytes + length, ",y\n", 4);
    cm_context *ctx = new_context();
    cm_source *source = NULL;
    cm_csv *csv = NULL;
    cm_record record;
    bool more;
    ck_assert_int_eq(cm_source_memory(ctx, "memory", bytes, length + 3, NULL, &source), CM_OK);
    ck_assert_int_eq(cm_csv_open(ctx, source, &(cm_dialect){.delimiter = ','}, &csv), CM_OK);
    ck_assert_int_eq(cm_csv_next(ctx, csv, &record, &more), CM_OK);
    ck_assert_uint_eq(record.count, 2);
    ck_assert_uint_eq(record.fields[0].length, length);
    ck_assert(memcmp(record.fields[0].text, bytes, length) == 0);
    cm_csv_close(csv);
    cm_source_close(source);
    cm_context_free(ctx);
    free(bytes);
}
END_TEST

Suite *test_csv(void);
Suite *test_csv(void) {
    Suite *suite = suite_create("csv");
    TCase *tests = tcase_create("csv");
    tcase_add_test(tests, by_hand);
    tcase_add_loop_test(tests, at_random, 0, 4);
    tcase_add_test(tests, blanks);
    tcase_add_test(tests, delimiter_by_itself);
    tcase_add_test(tests, byte_order_mark);
    tcase_add_test(tests, limits);
    tcase_add_test(tests, long_fields);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return suite;
}
