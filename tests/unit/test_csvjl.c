/* The awkward files that CSV.jl is tested with (JuliaData/CSV.jl, MIT): each read with the shape stated here, which
 * Python's csv module makes of them, too, or refused with the reason stated. Nothing to do where they are not at
 * hand. */
#include "custmine/io.h"
#include "custmine/table.h"
#include "files.h"

#define FOLDER "../shared/data/csv/csvjl"

/* Types: B bool, I integer, D decimal, F floating, d date, T time, S text. */
static const struct {
    const char *name, *options; /* name=value, divided by blanks */
    uint64_t rows, columns;
    const char *types;
    const char *refused; /* behind the file's name */
} files[] = {
    {"ampm.csv", "", 2, 16, "ISSSTdSSSSSSdSSS", NULL},
    {"attenu.csv", "", 182, 5, "IDSDD", NULL},
    {"baseball.csv", "thousands=,", 35, 15, "IIISSSIIDIDIIDS", NULL},
    {"boolext.csv", "", 4, 3, "BBI", NULL},
    {"bools.csv", "", 4, 3, "BBI", NULL},
    {"bug555.txt", "delimiter=blanks", 3, 9, "SSFISFFFF", NULL},
    {"categorical.csv", "", 15, 1, "S", NULL},
    {"census.txt", "", 3, 9, "SIIIIDDDD", NULL},
    {"comma_decimal.csv", "decimal=,", 2, 2, "DI", NULL},
    {"dash_as_null.csv", "na=-", 2, 2, "II", NULL},
    {"double_quote_quotechar_and_escapechar.csv", "", 24, 5, "FISSS", NULL},
    {"error_comment.txt", "on_error=collect", 8, 4, "SDDD", NULL},
    {"escaped_pooled.csv", "header=false", 2, 3, "SSD", NULL},
    {"groupmark_quote.csv", "thousands=,", 2, 2, "II", NULL},
    {"groupmark_space.csv", "delimiter=blanks thousands=,", 2, 2, "II", NULL},
    {"int64_overflow.csv", "", 4, 1, "S", NULL},
    {"issue_120.csv", "header=false", 5, 20, "DDDDDDDDDIIIISDDDDFD", NULL},
    {"issue_198.csv", "decimal=, na=-", 6, 7, "dDDDDDD", NULL},
    {"issue_198_part2.csv", "decimal=, na=++", 0, 0, NULL, "3: the row has 4 fields, the header has 3"},
    {"issue_207.csv", "", 2, 6, "IIIDSD", NULL},
    {"log001_vehicle_status_flags_0.txt", "", 281, 31, "IIIIIIIIIIIIIIIIIIIIIIIIIIIIIII", NULL},
    {"multithreadedpromote.csv", "", 5001, 1, "S", NULL},
    {"plus_as_null.csv", "na=+", 2, 2, "II", NULL},
    {"precompile_small.csv", "", 10, 8, "IDSSBdTS", NULL},
    {"randoms.csv", "", 0, 0, NULL, "the file is empty"},
    {"stocks.csv", "", 30, 2, "SS", NULL},
    {"test_2_footer_rows.csv", "", 5, 3, "III", NULL},
    {"test_508.csv", "", 0, 0, NULL, "3: the row has 2 fields, the header has 1"},
    {"test_bad_datetime.csv", "", 2, 3, "STS", NULL},
    {"test_basic.csv", "", 3, 3, "III", NULL},
    {"test_basic.csv.gz", "", 3, 3, "III", NULL},
    {"test_basic_pipe.csv", "", 3, 3, "III", NULL},
    {"test_comment_first_row.csv", "", 0, 0, NULL, "2: the row has 3 fields, the header has 1"},
    {"test_comments1.csv", "", 3, 3, "SII", NULL},
    {"test_comments_multichar.csv", "", 3, 3, "SII", NULL},
    {"test_comments_multiple.csv", "on_error=collect", 8, 3, "SSI", NULL},
    {"test_correct_trailing_missings.csv", "", 2, 5, "IIISS", NULL},
    {"test_crlf_line_endings.csv", "", 3, 3, "III", NULL},
    {"test_dates.csv", "", 3, 1, "d", NULL},
    {"test_datetimes.csv", "", 3, 1, "T", NULL},
    {"test_delim.tsv", "", 3, 3, "III", NULL},
    {"test_delim.wsv", "delimiter=blanks", 3, 3, "III", NULL},
    {"test_duplicate_columnnames.csv", "", 2, 8, "IIIIIIII", NULL},
    {"test_empty_file.csv", "", 0, 0, NULL, "the file is empty"},
    {"test_empty_file_newlines.csv", "", 0, 0, NULL, "the file is empty"},
    {"test_excel_date_formats.csv", "date_order=mdy", 3, 1, "d", NULL},
    {"test_file_issue_154.csv", "", 2, 4, "IISS", NULL},
    {"test_float_in_int_column.csv", "", 3, 3, "IDI", NULL},
    {"test_floats.csv", "", 3, 3, "DDD", NULL},
    {"test_footer_missing.csv", "", 5, 3, "III", NULL},
    {"test_header_int_list.csv", "", 5, 3, "SSS", NULL},
    {"test_header_on_row_4.csv", "", 3, 3, "III", NULL},
    {"test_header_range.csv", "", 5, 3, "SSS", NULL},
    {"test_int_sentinel.csv", "", 99, 7, "ISSDDdT", NULL},
    {"test_issue_326.wsv", "delimiter=blanks", 2, 2, "II", NULL},
    {"test_mac_line_endings.csv", "", 3, 3, "III", NULL},
    {"test_missing_last_column.csv", "", 0, 0, NULL, "2: the row has 3 fields, the header has 4"},
    {"test_missing_last_field.csv", "", 2, 3, "DDD", NULL},
    {"test_missing_value.csv", "", 3, 3, "DDD", NULL},
    {"test_missing_value_NULL.csv", "na=NULL", 3, 3, "DDD", NULL},
    {"test_mixed_date_formats.csv", "date_order=mdy", 5, 1, "d", NULL},
    {"test_multiline_field_errorwarning.csv", "", 20, 3, "SSI", NULL},
    {"test_multiple_missing.csv", "na=NULL na=NA", 4, 3, "DSD", NULL},
    {"test_multithreaded_row_start_detection_int.csv", "", 151, 30, "IIIIIIIIIIIIIIIIIIIIIIIIIIIIII", NULL},
    {"test_newline_line_endings.csv", "", 3, 3, "III", NULL},
    {"test_no_header.csv", "header=false", 3, 3, "DDD", NULL},
    {"test_not_enough_columns.csv", "", 0, 0, NULL, "2: the row has 3 fields, the header has 5"},
    {"test_not_enough_columns2.csv", "", 0, 0, NULL, "3: the row has 3 fields, the header has 5"},
    {"test_null_only_column.csv", "", 3, 2, "SS", NULL},
    {"test_one_row_of_data.csv", "header=false", 1, 3, "III", NULL},
    {"test_openclosequotes.csv", "", 3, 3, "SSD", NULL},
    {"test_quoted_delim_and_newline.csv", "", 1, 2, "SS", NULL},
    {"test_quoted_delim_multiple_newlines.csv", "", 0, 0, NULL, "11: the row has 2 fields, the header has 3"},
    {"test_quoted_numbers.csv", "", 3, 3, "SII", NULL},
    {"test_repeated_delim_371.csv", "delimiter=blanks", 15, 4, "SSSD", NULL},
    {"test_repeated_delimiters.csv", "delimiter=blanks", 3, 5, "IIIII", NULL},
    {"test_simple_quoted.csv", "", 1, 2, "SS", NULL},
    {"test_single_column.csv", "", 3, 1, "I", NULL},
    {"test_string_delimiters.csv", "", 2, 1, "S", NULL},
    {"test_tab_null_empty.txt", "", 2, 4, "IISI", NULL},
    {"test_tab_null_string.txt", "na=NULL", 2, 4, "IISI", NULL},
    {"test_trailing_empty_column.csv", "", 14, 3, "ISD", NULL},
    {"test_truestrings.csv", "", 6, 2, "IS", NULL},
    {"test_types.csv", "", 1, 8, "IDdTBSSS", NULL},
    {"test_utf16.csv", "encoding=utf-16le", 3, 3, "DDD", NULL},
    {"test_utf16_be.csv", "encoding=utf-16be", 3, 3, "DDD", NULL},
    {"test_utf16_le.csv", "encoding=utf-16le", 3, 3, "DDD", NULL},
    {"test_utf8.csv", "", 3, 3, "DDD", NULL},
    {"test_utf8_with_BOM.csv", "", 3, 3, "DDD", NULL},
    {"test_windows.csv", "", 3, 3, "DDD", NULL},
    {"time.csv", "", 2, 2, "SI", NULL},
    {"transposed.csv", "", 2, 4, "SIII", NULL},
    {"transposed_1row.csv", "", 0, 2, "SS", NULL},
    {"transposed_empty.csv", "", 0, 1, "S", NULL},
    {"transposed_extra_newline.csv", "", 1, 3, "SII", NULL},
    {"transposed_noheader.csv", "header=false", 3, 2, "II", NULL},
    {"types_override.csv", "", 3, 5, "SIIII", NULL},
};
#define COUNT (sizeof files / sizeof *files)

static cm_options *options_of(cm_context *ctx, const char *text) {
    cm_options *options = NULL;
    char room[100], *rest = room;
    ck_assert_int_eq(cm_options_new(ctx, "read", &options), CM_OK);
    snprintf(room, sizeof room, "%s", text);
    for (char *one; (one = strsep(&rest, " ")) != NULL;) {
        if (!*one) continue;
        char *value = strchr(one, '=');
        *value++ = 0;
        ck_assert_msg(!(strcmp(one, "na") ? cm_options_set_text : cm_options_add_text)(ctx, options, one, value), "%s",
                      cm_error_message(ctx));
    }
    return options;
}

static void expect_types(const cm_table *table, const char *types, const char *name) {
    static const char letters[] = " BIFDdTSL";
    cm_column_view view = {.struct_size = sizeof view};
    ck_assert_msg(cm_table_columns(table) == strlen(types), "%s: %d columns", name, (int)cm_table_columns(table));
    for (uint64_t i = 0; types[i]; i++) {
        ck_assert_int_eq(cm_table_view(table, i, 0, &view), 1);
        ck_assert_msg(letters[view.type] == types[i], "%s: %s is %c", name, view.name, letters[view.type]);
    }
}

START_TEST(each_file) {
    char path[300];
    cm_context *ctx = new_context();
    cm_table *table = NULL;
    snprintf(path, sizeof path, FOLDER "/%s", files[_i].name);
    cm_options *options = access(path, R_OK) ? NULL : options_of(ctx, files[_i].options);
    if (options && files[_i].refused) {
        ck_assert_int_eq(cm_read_csv(ctx, path, options, &table), CM_E_DATA);
        const char *message = strstr(cm_error_message(ctx), files[_i].name) + strlen(files[_i].name) + 1;
        while (*message == ' ') message++;
        ck_assert_str_eq(message, files[_i].refused);
    } else if (options) {
        ck_assert_msg(!cm_read_csv(ctx, path, options, &table), "%s", cm_error_message(ctx));
        ck_assert_msg(cm_table_rows(table) == files[_i].rows, "%s: %d rows", path, (int)cm_table_rows(table));
        expect_types(table, files[_i].types, files[_i].name);
    }
    cm_table_free(table);
    cm_options_free(options);
    cm_context_free(ctx);
}
END_TEST

START_TEST(all_files_are_here) {
    DIR *folder = opendir(FOLDER);
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        bool found = entry->d_name[0] == '.';
        for (size_t i = 0; i < COUNT; i++) found |= !strcmp(files[i].name, entry->d_name);
        ck_assert_msg(found, "%s", entry->d_name);
    }
    closedir(folder);
}
END_TEST

Suite *test_csvjl(void);
Suite *test_csvjl(void) {
    Suite *suite = suite_create("csvjl");
    TCase *tests = tcase_create("csvjl");
    tcase_add_loop_test(tests, each_file, 0, COUNT);
    tcase_add_test(tests, all_files_are_here);
    suite_add_tcase(suite, tests);
    return suite;
}
