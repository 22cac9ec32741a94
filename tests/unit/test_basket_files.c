/* Files of baskets against what stands in them, and against libcsv's records of the same bytes. */
#include "base/context.h"
#include "io/csv.h"
#include "models.h"
#include "table/order.h"
#include "table/table.h"

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
        cm_table *table = read_text(ctx, cm_read_baskets, cases[i].file, NULL);
        char *text = csv_of(ctx, table);
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
    table = read_text(ctx, cm_read_baskets, "-,b\n-\n", options);
    char *text = csv_of(ctx, table);
    ck_assert_str_eq(text, "basket,items\n1,b\n3,x; y\n");
    free(text);
    cm_table_free(table);
    cm_options_free(options);
    OK(ctx, cm_options_new(ctx, "read", &options));
    OK(ctx, cm_options_set_text(ctx, options, "delimiter", "|"));
    OK(ctx, cm_options_set_int(ctx, options, "max_rows", 1));
    table = read_text(ctx, cm_read_baskets, "a,b|c\n", options);
    text = csv_of(ctx, table);
    ck_assert_str_eq(text, "basket,items\n1,\"a,b; c\"\n");
    free(text);
    cm_table_free(table);
    write_whole(path, "x\ny\n", 4);
    FAILS(ctx, CM_E_LIMIT, "max_rows", cm_read_baskets(ctx, path, options, &table));
    set_threads(ctx, 2);
    FAILS(ctx, CM_E_LIMIT, "max_rows", cm_read_baskets(ctx, path, options, &table));
    write_whole(path, "", 0);
    FAILS(ctx, CM_E_DATA, "empty", cm_read_baskets(ctx, path, options, &table));
    ck_assert_ptr_null(table);
    remove(path);
    cm_options_free(options);
    cm_context_free(ctx);
}
END_TEST

static cm_table *attached(cm_context *ctx, const cm_table *table, const char *name) {
    cm_table *out = NULL;
    OK(ctx, cm_table_attached(ctx, table, name, &out));
    return out;
}

/* On the quick road and, from the first quote on, record by record. */
START_TEST(an_item_twice_in_a_basket_is_said) {
    static const char *const files[] = {"a b\na c a\nb b b c c\na\n", "a,b\na,c,a\nb,\"b\",b,c,c\na\n"};
    cm_context *ctx = new_context();
    for (int i = 0; i < 2; i++) {
        cm_table *table = read_text(ctx, cm_read_baskets, files[i], NULL), *repeats = attached(ctx, table, "repeats");
        ck_assert_int_eq(INT(repeats, 0, "repeats"), 4);
        ck_assert_int_eq(INT(repeats, 0, "baskets"), 2);
        ck_assert_str_eq(TEXT(repeats, 0, "basket"), "2");
        ck_assert_str_eq(TEXT(repeats, 0, "item"), "a");
        ck_assert_int_eq(INT(repeats, 0, "times"), 2);
        cm_table *audit = attached(ctx, table, "audit");
        char *lines = csv_of(ctx, audit);
        ck_assert_ptr_nonnull(strstr(lines, "load,kept,4,\nitems,read,11,\nitems,repeated,4,\nitems,kept,7,\n"));
        free(lines), cm_table_free(audit);
        cm_model *model = NULL;
        OK(ctx, cm_fit(ctx, "rules", table, NULL, &model)); /* which says it, too */
        cm_table_free(repeats);
        OK(ctx, cm_model_table(ctx, model, "repeats", &repeats));
        ck_assert_int_eq(INT(repeats, 0, "repeats"), 4);
        cm_table_free(repeats), cm_table_free(table), cm_model_free(model);
    }
    cm_table *table = read_text(ctx, cm_read_baskets, "a b\na c\n", NULL), *none = NULL;
    FAILS(ctx, CM_E_NOT_FOUND, "repeats", cm_table_attached(ctx, table, "repeats", &none));
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(repeats_are_those_of_one_thread) {
    cm_context *ctx = new_context();
    char text[6000];
    size_t length = 0;
    lcg random = {5};
    for (int b = 0; b < 300; b++) {
        for (int i = 0; i < 6; i++)
            length += (size_t)sprintf(text + length, "%u ", lcg_below(&random, b < 200 ? 300 : 9));
        text[length - 1] = '\n';
    }
    char *expected = NULL;
    for (int64_t threads = 1; threads < 5; threads++) {
        set_threads(ctx, threads);
        cm_table *table = read_text(ctx, cm_read_baskets, text, NULL), *repeats = attached(ctx, table, "repeats");
        char *now = csv_of(ctx, repeats);
        if (expected) ck_assert_str_eq(now, expected);
        free(expected);
        expected = now;
        cm_table_free(repeats), cm_table_free(table);
    }
    free(expected);
    cm_context_free(ctx);
}
END_TEST

START_TEST(long_baskets_are_sorted) {
    cm_context *ctx = new_context();
    char *text = malloc(200000);
    size_t length = 0;
    lcg random = {8};
    for (int i = 0; i < 5000; i++) length += (size_t)sprintf(text + length, "%u ", lcg_below(&random, 2000));
    cm_table *table = read_text(ctx, cm_read_baskets, text, NULL);
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

/* ---- against libcsv ---- */

/* What a file of baskets holds, told plainly: its records as libcsv gives them, their items sorted, each once. */
typedef struct oracle {
    cm_status status;
    uint64_t rows, lines, cells; /* rows with items; where it failed; items */
    int64_t *numbers;            /* of the rows */
    char *items;                 /* length, then text, one behind the other; each row ends with length -1 */
    size_t used, room;
} oracle;

static void note(oracle *all, const void *bytes, size_t length) {
    if (all->used + length > all->room) all->items = realloc(all->items, all->room = 2 * (all->used + length) + 4096);
    if (length) memcpy(all->items + all->used, bytes, length);
    all->used += length;
}

static int by_text(const void *a, const void *b) {
    return cm_text_compare(*(const cm_text *)a, *(const cm_text *)b);
}

static void note_record(oracle *all, const cm_record *record, int64_t number, const char *na) {
    cm_text *items = malloc((record->count + 1) * sizeof *items);
    uint64_t count = 0;
    for (uint64_t i = 0; i < record->count; i++) {
        cm_text one = {record->fields[i].text, record->fields[i].length};
        if (one.length && !(na && one.length == strlen(na) && !memcmp(na, one.data, one.length))) items[count++] = one;
    }
    if (count) {
        qsort(items, count, sizeof *items, by_text);
        all->numbers = realloc(all->numbers, (all->rows + 1) * sizeof *all->numbers);
        all->numbers[all->rows++] = number;
        for (uint64_t i = 0; i < count; i++)
            if (!i || by_text(&items[i - 1], &items[i])) {
                note(all, &items[i].length, sizeof items[i].length);
                note(all, items[i].data, items[i].length);
                all->cells++;
            }
        note(all, &(uint64_t){UINT64_MAX}, sizeof(uint64_t));
    }
    free(items);
}

static oracle ask_oracle(const char *path, const cm_dialect *dialect, const char *na) {
    oracle all = {0};
    cm_context *ctx = new_context();
    cm_source *source = NULL;
    cm_csv *csv = NULL;
    cm_record record;
    bool more = true;
    OK(ctx, cm_source_open(ctx, path, &(cm_source_limits){0}, &source));
    OK(ctx, cm_source_decode(ctx, source, CM_ENCODING_AUTO, false));
    all.status = cm_csv_open(ctx, source, dialect, &csv);
    for (int64_t number = 1; !all.status && more; number++) {
        all.status = cm_csv_next(ctx, csv, &record, &more);
        if (!all.status && !more && number == 1) all.status = CM_E_DATA; /* an empty file */
        if (!all.status && more) note_record(&all, &record, number, na);
    }
    cm_csv_close(csv);
    cm_source_close(source);
    cm_context_free(ctx);
    return all;
}

static void compare_table(const oracle *all, const cm_table *table) {
    const char *at = all->items;
    ck_assert_uint_eq(cm_table_rows(table), all->rows);
    for (uint64_t row = 0; row < all->rows; row++) {
        uint64_t length, wanted, count = cm_table_items(table, row, 1);
        if (cm_table_int(table, row, 0) != all->numbers[row]) ck_abort_msg("row %d has a wrong number", (int)row);
        for (uint64_t i = 0; i <= count; i++) {
            memcpy(&wanted, at, sizeof wanted);
            at += sizeof wanted;
            if (i == count || wanted == UINT64_MAX) {
                if (i != count || wanted != UINT64_MAX) ck_abort_msg("row %d has a wrong number of items", (int)row);
                break;
            }
            const char *text = cm_table_text(table, row, 1, i, &length);
            if (length != wanted || memcmp(text, at, length)) ck_abort_msg("row %d has a wrong item", (int)row);
            at += length;
        }
    }
}

/* Codes are in order of first sight, in the order of rows and items as they stand in the file, whoever read them. */
static void check_threads(const oracle *all, const char *path, const cm_options *options, const cm_table *wanted) {
    cm_context *ctx = new_context();
    cm_table *table = NULL;
    set_threads(ctx, 3);
    OK(ctx, cm_read_baskets(ctx, path, options, &table));
    compare_table(all, table);
    const cm_column *a = wanted->columns[1], *b = table->columns[1];
    ck_assert_uint_eq(a->dictionary_size, b->dictionary_size);
    for (uint64_t i = 0; i < a->dictionary_size; i++)
        if (cm_text_compare(cm_dictionary_text(a->dictionary, (int32_t)i),
                            cm_dictionary_text(b->dictionary, (int32_t)i)))
            ck_abort_msg("code %d differs", (int)i);
    cm_table_free(table);
    cm_context_free(ctx);
}

static void compare_with_libcsv(const char *bytes, size_t length, char delimiter, const char *na, uint64_t max_field) {
    char path[256];
    cm_context *ctx = new_context();
    cm_options *options = NULL;
    cm_table *table = NULL;
    temp_path(path, "differential.dat");
    write_whole(path, bytes, length);
    cm_dialect dialect = {.max_field = max_field, .delimiter = delimiter};
    OK(ctx, cm_options_new(ctx, "read", &options));
    OK(ctx, cm_options_set_text(ctx, options, "delimiter", delimiter == ' ' ? "blanks" : (char[]){delimiter, 0}));
    OK(ctx, cm_options_set_int(ctx, options, "max_field", (int64_t)max_field));
    if (na) OK(ctx, cm_options_add_text(ctx, options, "na", na));
    oracle all = ask_oracle(path, &dialect, na);
    cm_status status = cm_read_baskets(ctx, path, options, &table);
    if (status != all.status || (!status && cm_table_rows(table) != all.rows))
        ck_abort_msg("%d bytes, delimiter %d: %s, %d rows instead of %s, %d: see %s", (int)length, delimiter,
                     cm_status_name(status), table ? (int)cm_table_rows(table) : 0, cm_status_name(all.status),
                     (int)all.rows, path);
    if (!status) {
        compare_table(&all, table);
        check_threads(&all, path, options, table);
    }
    remove(path);
    free(all.items), free(all.numbers);
    cm_table_free(table);
    cm_options_free(options);
    cm_context_free(ctx);
}

static const char delimiters[] = {',', ';', '\t', '|', ' '};

/* Bytes drawn from those that matter, so that each way to go wrong comes up often. */
START_TEST(random_bytes_as_libcsv_reads_them) {
    static const char common[] = "ab1,,;\t | \n\nab12,\r  ", rare[] = "\"\"\0\xC3\xA4\xFF\n\r\"sep=";
    lcg random = {(uint64_t)_i + 1};
    char bytes[400];
    for (int n = 0; n < 400; n++) {
        size_t length = lcg_below(&random, n % 4 ? 40 : sizeof bytes);
        uint32_t strange = lcg_below(&random, 3) ? 0 : 1 + lcg_below(&random, 20);
        for (size_t i = 0; i < length; i++)
            bytes[i] = lcg_below(&random, 100) < strange ? rare[lcg_below(&random, sizeof rare - 1)]
                                                         : common[lcg_below(&random, sizeof common - 1)];
        compare_with_libcsv(bytes, length, delimiters[n % 5], n % 3 ? NULL : "a", n % 7 ? 1000 : 3);
    }
}
END_TEST

/* Files of several blocks: FIMI numbers, or names of many lengths with delimiters; then some bytes of them changed. */
START_TEST(mutated_files_as_libcsv_reads_them) {
    lcg random = {(uint64_t)_i + 100};
    size_t room = 300000, length = 0;
    char *bytes = malloc(room + 100), delimiter = delimiters[_i % 5];
    while (length < room) {
        uint32_t count = 1 + lcg_below(&random, 12);
        for (uint32_t i = 0; i < count; i++)
            length += (size_t)sprintf(bytes + length, _i % 2 ? "%u%c" : "item%u%c",
                                      lcg_below(&random, 1u << (4 + _i % 14)), delimiter);
        length += (size_t)sprintf(bytes + length, lcg_below(&random, 9) ? "\n" : "\r\n");
        if (length + 400 > room) break;
    }
    for (int n = 0; n < 5; n++) {
        compare_with_libcsv(bytes, length - (size_t)n, delimiter, NULL, 1000);
        for (int i = 0; i < n; i++) bytes[lcg_below(&random, (uint32_t)length)] = "\n\r ,\"\0x"[lcg_below(&random, 7)];
    }
    free(bytes);
}
END_TEST

Suite *test_basket_files(void);
Suite *test_basket_files(void) {
    Suite *suite = suite_create("basket_files");
    TCase *all = tcase_create("all");
    tcase_add_test(all, files_of_baskets_are_read);
    tcase_add_test(all, options_of_reading_hold_for_baskets);
    tcase_add_test(all, an_item_twice_in_a_basket_is_said);
    tcase_add_test(all, repeats_are_those_of_one_thread);
    tcase_add_test(all, long_baskets_are_sorted);
    tcase_add_test(all, real_files);
    tcase_add_loop_test(all, random_bytes_as_libcsv_reads_them, 0, 10);
    tcase_add_loop_test(all, mutated_files_as_libcsv_reads_them, 0, 10);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);
    return suite;
}
