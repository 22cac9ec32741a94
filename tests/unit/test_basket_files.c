/* Files of baskets against what stands in them. */
#include "support.h"

static int32_t append(void *user, const char *bytes, uint64_t length) {
    return fwrite(bytes, 1, length, user) == length ? 0 : 1;
}

static char *text_of(cm_context *ctx, const cm_table *table) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    OK(ctx, cm_write(ctx, table, NULL, append, file));
    fclose(file);
    return text;
}

static cm_table *read_text(cm_context *ctx, const char *text, const cm_options *options) {
    char path[256];
    cm_table *table = NULL;
    temp_path(path, "baskets.dat");
    write_whole(path, text, strlen(text));
    OK(ctx, cm_read_baskets(ctx, path, options, &table));
    remove(path);
    return table;
}

START_TEST(files_of_baskets_are_read) {
    static const struct {
        const char *file, *table;
    } cases[] = {
        {"3 1 2\n\n10 9 9\n", "basket,items\n1,1; 2; 3\n2,10; 9\n"},
        {"  7  5 \r\n6", "basket,items\n1,5; 7\n2,6\n"},
        {"  7\t 5 1 \r\n6", "basket,items\n1,5 1; 7\n2,6\n"}, /* tabs are a delimiter of their own */
        {"whole milk\nbutter,whole milk,,rolls\n", "basket,items\n1,whole milk\n2,butter; rolls; whole milk\n"},
        {"a;b,c\nd;\"e;f\"\n", "basket,items\n1,\"a; b,c\"\n2,d; e\\;f\n"},
        {",,\na,b\n", "basket,items\n2,a; b\n"},
    };
    cm_context *ctx = new_context();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cm_table *table = read_text(ctx, cases[i].file, NULL);
        char *text = text_of(ctx, table);
        ck_assert_str_eq(text, cases[i].table);
        free(text);
        cm_table_free(table);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(options_of_reading_hold_for_baskets) {
    cm_context *ctx = new_context();
    cm_options *options = NULL;
    cm_table *table = NULL;
    char path[256];
    temp_path(path, "more.dat");
    write_whole(path, "x|y\n", 4);
    OK(ctx, cm_options_new(ctx, "read", &options));
    OK(ctx, cm_options_add_text(ctx, options, "na", "-"));
    OK(ctx, cm_options_add_text(ctx, options, "files", path));
    table = read_text(ctx, "-,b\n-\n", options);
    char *text = text_of(ctx, table);
    ck_assert_str_eq(text, "basket,items\n1,b\n3,x; y\n");
    free(text);
    cm_table_free(table);
    cm_options_free(options);
    OK(ctx, cm_options_new(ctx, "read", &options));
    OK(ctx, cm_options_set_text(ctx, options, "delimiter", "|"));
    OK(ctx, cm_options_set_int(ctx, options, "max_rows", 1));
    table = read_text(ctx, "a,b|c\n", options);
    text = text_of(ctx, table);
    ck_assert_str_eq(text, "basket,items\n1,\"a,b; c\"\n");
    free(text);
    cm_table_free(table);
    write_whole(path, "x\ny\n", 4);
    FAILS(ctx, CM_E_LIMIT, "max_rows", cm_read_baskets(ctx, path, options, &table));
    write_whole(path, "", 0);
    FAILS(ctx, CM_E_DATA, "empty", cm_read_baskets(ctx, path, options, &table));
    ck_assert_ptr_null(table);
    remove(path);
    cm_options_free(options);
    cm_context_free(ctx);
}
END_TEST

START_TEST(long_baskets_are_sorted) {
    cm_context *ctx = new_context();
    char *text = malloc(200000);
    size_t length = 0;
    lcg random = {8};
    for (int i = 0; i < 5000; i++) length += (size_t)sprintf(text + length, "%u ", lcg_below(&random, 2000));
    cm_table *table = read_text(ctx, text, NULL);
    uint64_t count = cm_table_items(table, 0, 1);
    ck_assert_uint_gt(count, 1500);
    for (uint64_t i = 1; i < count; i++)
        ck_assert_int_lt(strcmp(cm_table_text(table, 0, 1, i - 1, NULL), cm_table_text(table, 0, 1, i, NULL)), 0);
    free(text);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(real_files) {
    char path[256];
    cm_context *ctx = new_context();
    cm_table *baskets = NULL;
    uint64_t items = 0;
    if (!data_path(path, "baskets/groceries.csv")) return;
    OK(ctx, cm_read_baskets(ctx, path, NULL, &baskets));
    for (uint64_t row = 0; row < cm_table_rows(baskets); row++) items += cm_table_items(baskets, row, 1);
    ck_assert_uint_eq(cm_table_rows(baskets), 9835);
    ck_assert_uint_eq(items, 43367);
    cm_table_free(baskets);
    cm_context_free(ctx);
}
END_TEST

Suite *test_basket_files(void);
Suite *test_basket_files(void) {
    Suite *suite = suite_create("basket_files");
    TCase *all = tcase_create("all");
    tcase_add_test(all, files_of_baskets_are_read);
    tcase_add_test(all, options_of_reading_hold_for_baskets);
    tcase_add_test(all, long_baskets_are_sorted);
    tcase_add_test(all, real_files);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);
    return suite;
}
