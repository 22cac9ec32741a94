/* Encodings: each as iconv (the program) writes it, cut at every byte; bytes that are none of it; what is found. */
#include "io/source.h"
#include "reading.h"

/* The text that a source of these bytes gives, portion by portion; to be freed. NULL: it failed. */
static char *decoded(const void *bytes, size_t length, uint64_t portion, cm_encoding encoding, bool lenient,
                     size_t *out_length) {
    cm_source *source;
    const char *part;
    uint64_t part_length = 1;
    char *all = calloc(1, 3 * length + 16);
    *out_length = 0;
    ck_assert_int_eq(cm_source_memory(ctx, "m", bytes, length, NULL, &source), CM_OK);
    ck_assert_int_eq(cm_source_decode(ctx, source, encoding, lenient), CM_OK);
    ck_assert_int_eq(cm_source_rewind(ctx, source), CM_OK);
    cm_source_set_portion(source, portion);
    while (part_length) {
        if (cm_source_next(ctx, source, &part, &part_length)) {
            free(all);
            cm_source_close(source);
            return NULL;
        }
        memcpy(all + *out_length, part, part_length);
        *out_length += part_length;
    }
    cm_source_close(source);
    return all;
}

typedef struct sample {
    cm_encoding encoding;
    const char *bytes;
    size_t length;
    const char *text;
} sample;
#define SAMPLE(encoding, bytes, text) {encoding, bytes, sizeof(bytes) - 1, text}

/* Made with iconv(1) of "a,e-acute\n" and of words with characters of 2, 3 and 4 bytes. */
static const sample samples[] = {
    SAMPLE(CM_ENCODING_AUTO, "Caf\xC3\xA9,\xE2\x82\xAC,\xF0\x9F\x98\x80\n",
           "Caf\xC3\xA9,\xE2\x82\xAC,\xF0\x9F\x98\x80\n"),
    SAMPLE(CM_ENCODING_UTF8, "Caf\xC3\xA9", "Caf\xC3\xA9"),
    SAMPLE(CM_ENCODING_AUTO,
           "\xFF\xFE"
           "C\0\xE9\0\xAC\x20\x3D\xD8\x00\xDE\n\0",
           "C\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n"),
    SAMPLE(CM_ENCODING_UTF16LE,
           "\xFF\xFE"
           "C\0\xE9\0",
           "C\xC3\xA9"),
    SAMPLE(CM_ENCODING_UTF16LE, "C\0\xE9\0\xAC\x20\x3D\xD8\x00\xDE", "C\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
    SAMPLE(CM_ENCODING_AUTO, "\xFE\xFF\0C\0\xE9\x20\xAC\xD8\x3D\xDE\x00\0\n",
           "C\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n"),
    SAMPLE(CM_ENCODING_UTF16BE, "\0C\0\xE9", "C\xC3\xA9"),
    SAMPLE(CM_ENCODING_GB18030, "\xB2\xCB\xC6\xB7,\x81\x30\x81\x30,A", "\xE8\x8F\x9C\xE5\x93\x81,\xC2\x80,A"),
    SAMPLE(CM_ENCODING_GBK, "\xB2\xCB", "\xE8\x8F\x9C"),
    SAMPLE(CM_ENCODING_GB18030, "\x94\x39\xFC\x36", "\xF0\x9F\x98\x80"),
    SAMPLE(CM_ENCODING_WINDOWS1252, "Caf\xE9 \x80 \x93x\x94", "Caf\xC3\xA9 \xE2\x82\xAC \xE2\x80\x9Cx\xE2\x80\x9D"),
    SAMPLE(CM_ENCODING_LATIN1, "Caf\xE9 \xFF", "Caf\xC3\xA9 \xC3\xBF"),
    SAMPLE(CM_ENCODING_AUTO, "", ""),
    SAMPLE(CM_ENCODING_AUTO, "a", "a"),
    SAMPLE(CM_ENCODING_UTF16LE, "\xFF\xFE", ""),
};

START_TEST(samples_in_any_portions) {
    const sample *one = &samples[_i];
    for (uint64_t portion = 1; portion <= one->length + 1; portion++) {
        size_t length;
        char *got = decoded(one->bytes, one->length, portion, one->encoding, false, &length);
        ck_assert_msg(got != NULL, "%s", cm_error_message(ctx));
        ck_assert_uint_eq(length, strlen(one->text));
        ck_assert(!memcmp(got, one->text, length));
        free(got);
    }
}
END_TEST

static const sample wrong[] = {
    SAMPLE(CM_ENCODING_AUTO, "a\nb\xE9!",
           "m:: byte E9 is no UTF-8; the file may be windows-1252 or iso-8859-1 (b\xC3\xA9!)"),
    SAMPLE(CM_ENCODING_UTF8, "ab\xC3", "byte C3 is no UTF-8"),
    SAMPLE(CM_ENCODING_UTF8, "\xED\xA0\x80", "byte ED is no UTF-8"),
    SAMPLE(CM_ENCODING_UTF8, "\xC0\x80", "byte C0 is no UTF-8"),
    SAMPLE(CM_ENCODING_AUTO, "\xFF", "byte FF is no UTF-8"),
    SAMPLE(CM_ENCODING_AUTO,
           "\xFE"
           "A",
           "byte FE is no UTF-8"),
    SAMPLE(CM_ENCODING_UTF16LE,
           "\x00\xDC"
           "A\0",
           "byte 00 is no UTF-16LE"),
    SAMPLE(CM_ENCODING_UTF16LE,
           "A\0\x3D\xD8"
           "A\0",
           "byte 3D is no UTF-16LE"),
    SAMPLE(CM_ENCODING_UTF16BE, "\0A\xD8\x3D", "byte D8 is no UTF-16BE"),
    SAMPLE(CM_ENCODING_UTF16BE, "\0A\0", "byte 00 is no UTF-16BE"),
    SAMPLE(CM_ENCODING_GB18030, "A\xB2", "byte B2 is no GB18030"),
    SAMPLE(CM_ENCODING_GB18030, "A\xFF\xFF", "byte FF is no GB18030"),
    SAMPLE(CM_ENCODING_WINDOWS1252, "A\x81", "byte 81 is no Windows-1252"),
};

START_TEST(wrong_bytes) {
    const sample *one = &wrong[_i];
    for (uint64_t portion = 1; portion <= one->length + 1; portion++) {
        size_t length;
        char *got = decoded(one->bytes, one->length, portion, one->encoding, false, &length);
        ck_assert(got == NULL);
        const char *sentence = one->text[0] == 'm' ? one->text + 4 : one->text;
        if (portion > one->length || one->text[0] != 'm') /* the sample is what the portion has of it */
            ck_assert_msg(strstr(cm_error_message(ctx), sentence) != NULL, "%s", cm_error_message(ctx));
    }
}
END_TEST

/* What comes through is no UTF-8, so that whoever reads finds it. */
START_TEST(lenient_bytes_stay_wrong) {
    const sample *one = &wrong[_i];
    size_t length;
    if (one->encoding == CM_ENCODING_AUTO) return;
    for (uint64_t portion = 1; portion <= one->length + 1; portion++) {
        char *got = decoded(one->bytes, one->length, portion, one->encoding, true, &length);
        ck_assert_msg(got != NULL, "%s", cm_error_message(ctx));
        cm_source *again;
        const char *part;
        uint64_t part_length;
        ck_assert_int_eq(cm_source_memory(ctx, "m", got, length, NULL, &again), CM_OK);
        ck_assert_int_eq(cm_source_decode(ctx, again, CM_ENCODING_UTF8, false), CM_OK);
        cm_status status = cm_source_next(ctx, again, &part, &part_length);
        if (!status) status = cm_source_next(ctx, again, &part, &part_length);
        ck_assert_int_eq(status, CM_E_DATA);
        cm_source_close(again);
        free(got);
    }
}
END_TEST

START_TEST(errors_name_line_and_readings) {
    static const char text[] = "id,name\r\n1,Anna\r\n\"2\",Caf\xE9 \x80\r\n";
    const char *path = make_file("latin.csv", text, sizeof text - 1);
    cm_error error = refuse(path, CM_E_DATA);
    ck_assert_uint_eq(error.line, 3);
    ck_assert_uint_eq(error.byte_offset, 24);
    ck_assert_msg(strstr(error.message, "windows-1252 (Caf\xC3\xA9 \xE2\x82\xAC)") != NULL, "%s", error.message);
    set("encoding", "windows-1252");
    cm_table *table = read_table(path);
    uint64_t length;
    ck_assert_str_eq(cm_table_text(table, 1, 1, 0, &length), "Caf\xC3\xA9 \xE2\x82\xAC");
    cm_table_free(table);
    unlink(path);
    static const char dish[] = "id,dish\n1,\xC2\xE9\xB2\xCB\xB2\xCB\n";
    path = make_file("gbk.csv", dish, sizeof dish - 1);
    set("encoding", "auto");
    refuse(path, CM_E_DATA);
    ck_assert(strstr(cm_error_message(ctx), "gb18030 (\xE9\xBA\xBB\xE8\x8F\x9C\xE8\x8F\x9C)") != NULL);
    unlink(path);
}
END_TEST

START_TEST(bad_bytes_are_collected) {
    static const char text[] = "id,name\n1,Anna\n2,B\xE9" "a\n3,Carl\n";
    const char *path = make_file("bad.csv", text, sizeof text - 1);
    set("encoding", "utf-8");
    set("on_error", "collect");
    cm_table *table = read_table(path), *rejects = attached(table, "rejects");
    ck_assert_uint_eq(cm_table_rows(table), 2);
    uint64_t length;
    ck_assert_uint_eq(cm_table_rows(rejects), 1);
    ck_assert_int_eq(cm_table_int(rejects, 0, 1), 3);
    ck_assert_str_eq(cm_table_text(rejects, 0, 4, 0, &length), "bad_encoding");
    ck_assert_str_eq(cm_table_text(rejects, 0, 6, 0, &length), "2,B\xE9" "a");
    cm_table_free(rejects);
    cm_table_free(table);
    set("on_error", "fail");
    refuse(path, CM_E_DATA);
    ck_assert(strstr(cm_error_message(ctx), "bad.csv:3: byte E9 is no UTF-8") != NULL);
    unlink(path);
}
END_TEST

static bool same_tables(const cm_table *a, const cm_table *b) {
    if (cm_table_rows(a) != cm_table_rows(b) || cm_table_columns(a) != cm_table_columns(b)) return false;
    for (uint64_t row = 0; row < cm_table_rows(a); row++)
        for (uint64_t column = 0; column < cm_table_columns(a); column++) {
            uint64_t length_a = 0, length_b = 0;
            const char *text_a = cm_table_text(a, row, column, 0, &length_a);
            const char *text_b = cm_table_text(b, row, column, 0, &length_b);
            if (cm_table_is_absent(a, row, column) != cm_table_is_absent(b, row, column)) return false;
            if (text_a ? length_a != length_b || memcmp(text_a, text_b, length_a) != 0
                       : cm_table_int(a, row, column) != cm_table_int(b, row, column))
                return false;
        }
    return true;
}

/* UTF-8 with a byte order mark, and GBK: quoted line ends, 10,037 records on 12,487 lines. */
START_TEST(meal_orders) {
    const char *marked = REAL "meal-orders/meal_order_detail.csv.gz";
    const char *gbk = REAL "meal-orders/meal_order_detail.gbk.csv.gz";
    if (!have(marked)) return;
    cm_table *one = read_table(marked);
    set("encoding", "gbk");
    cm_table *other = read_table(gbk);
    ck_assert_uint_eq(cm_table_rows(one), 10037);
    ck_assert(same_tables(one, other));
    cm_table_free(other);
    cm_table_free(one);
    set("encoding", "auto");
    refuse(gbk, CM_E_DATA);
    ck_assert_msg(strstr(cm_error_message(ctx), "gb18030 (") != NULL, "%s", cm_error_message(ctx));
}
END_TEST

Suite *test_encoding(void);
Suite *test_encoding(void) {
    Suite *suite = suite_create("encoding");
    TCase *tests = tcase_create("encoding");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, samples_in_any_portions, 0, sizeof samples / sizeof *samples);
    tcase_add_loop_test(tests, wrong_bytes, 0, sizeof wrong / sizeof *wrong);
    tcase_add_loop_test(tests, lenient_bytes_stay_wrong, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tests, errors_name_line_and_readings);
    tcase_add_test(tests, bad_bytes_are_collected);
    tcase_add_test(tests, meal_orders);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return suite;
}
