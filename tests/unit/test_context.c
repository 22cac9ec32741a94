/* Contexts: limits, cancellation, progress, errors, the catalogue; and the tasks of threads. */
#include <math.h>

#include "base/sort.h"
#include "base/threads.h"
#include "support.h"

static cm_options *context_options(cm_context *ctx) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "context", &options));
    return options;
}

static cm_table *numbers(cm_context *ctx, int count) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "date", CM_DATE, 0, CM_ROLE_DATE));
    OK(ctx, cm_builder_column(ctx, builder, "amount", CM_INT64, 0, CM_ROLE_AMOUNT));
    for (int i = 0; i < count; i++) {
        OK(ctx, cm_builder_int(ctx, builder, 0, i));
        OK(ctx, cm_builder_int(ctx, builder, 1, 15000 + i % 50));
        OK(ctx, cm_builder_int(ctx, builder, 2, i));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

START_TEST(versions_and_names) {
    char expected[64];
    snprintf(expected, sizeof expected, "%d.%d.%d", CM_VERSION_MAJOR, CM_VERSION_MINOR, CM_VERSION_PATCH);
    ck_assert_str_eq(cm_version(), expected);
    ck_assert_int_eq(cm_abi_version(), CM_ABI_VERSION);
    ck_assert_str_eq(cm_status_name(CM_E_DATA), "CM_E_DATA");
    ck_assert_str_eq(cm_status_name(CM_E_UNSUPPORTED), "CM_E_UNSUPPORTED");
    ck_assert_str_eq(cm_status_name(-99), "CM_E_UNKNOWN");
    ck_assert_str_eq(cm_status_name(1), "CM_E_UNKNOWN");
}
END_TEST

START_TEST(nothing_crashes_on_null) {
    cm_table *table = NULL;
    cm_error error = {.struct_size = sizeof error};
    ck_assert_int_eq(cm_context_new(NULL, NULL), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_read_csv(NULL, "x", NULL, &table), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_fit(NULL, "rfm", NULL, NULL, NULL), CM_E_ARGUMENT);
    cm_context_free(NULL);
    cm_context_cancel(NULL);
    cm_options_free(NULL);
    cm_table_free(NULL);
    cm_model_free(NULL);
    cm_orders_free(NULL);
    cm_reader_free(NULL);
    cm_scorer_free(NULL);
    cm_builder_free(NULL);
    ck_assert_ptr_null(cm_table_retain(NULL));
    ck_assert_ptr_null(cm_model_retain(NULL));
    ck_assert_uint_eq(cm_table_rows(NULL), 0);
    ck_assert_uint_eq(cm_context_peak_memory(NULL), 0);
    ck_assert_ptr_nonnull(strstr(cm_error_message(NULL), "no context"));
    cm_error_get(NULL, &error);
    ck_assert_int_eq(error.status, CM_E_ARGUMENT);
}
END_TEST

START_TEST(errors_are_cleared_and_told_in_full) {
    cm_context *ctx = new_context();
    cm_table *table = NULL;
    cm_error error = {.struct_size = sizeof error};
    ck_assert_str_eq(cm_error_message(ctx), "no error");
    FAILS(ctx, CM_E_IO, "cannot open nowhere.csv", cm_read_csv(ctx, "nowhere.csv", NULL, &table));
    cm_error_get(ctx, &error);
    ck_assert_int_eq(error.status, CM_E_IO);
    ck_assert_ptr_nonnull(strstr(error.arguments, "nowhere.csv"));
    cm_table_free(table); /* frees and getters leave the error alone */
    ck_assert_int_eq(cm_table_find(NULL, "x"), -1);
    ck_assert_ptr_nonnull(strstr(cm_error_message(ctx), "nowhere.csv"));
    OK(ctx, cm_describe(ctx, "roles", &table));
    ck_assert_str_eq(cm_error_message(ctx), "no error");
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(an_older_caller_gets_as_much_of_the_error_as_it_knows) {
    cm_context *ctx = new_context();
    cm_table *table = NULL;
    cm_error error;
    memset(&error, 0x77, sizeof error);
    error.struct_size = 16; /* struct_size and message */
    FAILS(ctx, CM_E_NOT_FOUND, "nothing is described as x", cm_describe(ctx, "x", &table));
    cm_error_get(ctx, &error);
    ck_assert_uint_eq(error.struct_size, 16);
    ck_assert_ptr_eq(error.message, cm_error_message(ctx));
    ck_assert_int_eq(error.status, 0x77777777);
    cm_context_free(ctx);
}
END_TEST

START_TEST(the_memory_limit_is_kept) {
    cm_context *ctx = new_context();
    cm_table *table = numbers(ctx, 20000), *customers = NULL;
    cm_options *options = context_options(ctx);
    OK(ctx, cm_options_set_text(ctx, options, "memory_limit", "2MB"));
    OK(ctx, cm_context_configure(ctx, options));
    FAILS(ctx, CM_E_LIMIT, "memory limit of 2097152", cm_customers(ctx, table, NULL, &customers));
    ck_assert_ptr_null(customers);
    ck_assert_uint_le(cm_context_peak_memory(ctx), 2097152);
    OK(ctx, cm_context_configure(ctx, NULL)); /* back to the defaults: no limit */
    OK(ctx, cm_customers(ctx, table, NULL, &customers));
    ck_assert_uint_eq(cm_table_rows(customers), 20000);
    ck_assert_uint_gt(cm_context_peak_memory(ctx), 2097152);
    cm_options_free(options);
    cm_table_free(table);
    cm_context_free(ctx); /* before its tables: they keep what they need */
    cm_table_free(customers);
}
END_TEST

START_TEST(the_time_limit_is_kept) {
    cm_context *ctx = new_context();
    cm_table *table = numbers(ctx, 200000), *customers = NULL;
    cm_options *options = context_options(ctx);
    OK(ctx, cm_options_set_double(ctx, options, "time_limit", 0.000001));
    OK(ctx, cm_context_configure(ctx, options));
    FAILS(ctx, CM_E_LIMIT, "time limit", cm_customers(ctx, table, NULL, &customers));
    cm_options_free(options);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

static int32_t stop_at_once(void *user, const char *stage, uint64_t done, uint64_t total) {
    int *calls = user;
    ck_assert_ptr_nonnull(stage);
    ck_assert(total == 0 || done <= total);
    ++*calls;
    return 1;
}

START_TEST(a_progress_function_cancels) {
    cm_context *ctx = new_context();
    cm_table *table = numbers(ctx, 50000), *customers = NULL;
    int calls = 0;
    set_threads(ctx, _i);
    OK(ctx, cm_context_on_progress(ctx, stop_at_once, &calls));
    FAILS(ctx, CM_E_CANCELLED, "cancelled", cm_customers(ctx, table, NULL, &customers));
    ck_assert_int_eq(calls, 1);
    OK(ctx, cm_context_on_progress(ctx, NULL, NULL));
    OK(ctx, cm_customers(ctx, table, NULL, &customers)); /* the next call is not cancelled */
    cm_table_free(customers);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(cancel_from_outside_stops_the_next_call) {
    cm_context *ctx = new_context();
    cm_table *table = numbers(ctx, 50000), *customers = NULL;
    cm_context_cancel(ctx);
    FAILS(ctx, CM_E_CANCELLED, "cancelled", cm_customers(ctx, table, NULL, &customers));
    OK(ctx, cm_customers(ctx, table, NULL, &customers));
    cm_table *slice = NULL;
    cm_context_cancel(ctx); /* of a call too short to look, too */
    FAILS(ctx, CM_E_CANCELLED, "cancelled", cm_table_slice(ctx, table, 0, 3, &slice));
    ck_assert_ptr_null(slice);
    OK(ctx, cm_table_slice(ctx, table, 0, 3, &slice));
    cm_table_free(slice);
    cm_table_free(customers);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

typedef struct heard {
    int infos, warnings;
    char last[200];
} heard;

static void listen(void *user, int32_t level, const char *message) {
    heard *all = user;
    all->infos += level == CM_LOG_INFO;
    all->warnings += level == CM_LOG_WARNING;
    snprintf(all->last, sizeof all->last, "%s", message);
}

START_TEST(the_log_tells_of_rows_left_out) {
    cm_context *ctx = new_context();
    cm_options *options = NULL;
    cm_table *table = NULL;
    heard all = {0};
    OK(ctx, cm_options_new(ctx, "read", &options));
    OK(ctx, cm_options_set_text(ctx, options, "on_error", "collect"));
    OK(ctx, cm_context_on_log(ctx, CM_LOG_INFO, listen, &all));
    OK(ctx, cm_read_csv(ctx, "tests/data/bad-rows.csv", options, &table));
    cm_table_free(table);
    ck_assert_int_eq(all.infos, 1);
    ck_assert_int_eq(all.warnings, 1);
    ck_assert_ptr_nonnull(strstr(all.last, "rows were left out"));
    OK(ctx, cm_context_on_log(ctx, CM_LOG_ERROR, listen, &all));
    OK(ctx, cm_read_csv(ctx, "tests/data/bad-rows.csv", options, &table));
    cm_table_free(table);
    ck_assert_int_eq(all.infos + all.warnings, 2);
    cm_options_free(options);
    cm_context_free(ctx);
}
END_TEST

/* ---- the host's own sentences ---- */

START_TEST(the_catalogue_can_be_replaced) {
    cm_context *ctx = new_context();
    cm_builder *builder = NULL;
    cm_table *catalogue = NULL, *table = NULL;
    cm_options *options = context_options(ctx);
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "code", CM_STRING, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "sentence", CM_STRING, 0, 0));
    OK(ctx, cm_builder_text(ctx, builder, 0, "NO_METHOD", 9));
    OK(ctx, cm_builder_text(ctx, builder, 1, "{2} gibt es, {1} nicht", 22));
    OK(ctx, cm_builder_row(ctx, builder));
    OK(ctx, cm_builder_finish(ctx, builder, &catalogue));
    cm_builder_free(builder);
    OK(ctx, cm_options_set_table(ctx, options, "catalogue", catalogue));
    OK(ctx, cm_context_configure(ctx, options));
    cm_table *input = numbers(ctx, 3);
    cm_model *model = NULL;
    FAILS(ctx, CM_E_NOT_FOUND, "gibt es, rmf nicht", cm_fit(ctx, "rmf", input, NULL, &model));
    OK(ctx, cm_describe(ctx, "catalogue", &table));
    int found = 0;
    for (uint64_t row = 0; row < cm_table_rows(table); row++)
        if (!strcmp(TEXT(table, row, "code"), "NO_METHOD"))
            found = !strcmp(TEXT(table, row, "sentence"), "{2} gibt es, {1} nicht");
    ck_assert_int_eq(found, 1);
    cm_table_free(table);
    cm_table_free(input);
    cm_table_free(catalogue);
    cm_options_free(options);
    cm_context_free(ctx);
}
END_TEST

START_TEST(long_values_are_cut_not_overrun) {
    cm_context *ctx = new_context();
    cm_table *table = NULL;
    char *name = malloc(100001);
    memset(name, 'x', 100000);
    /* a cut must not split a character */
    memcpy(name + 590, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 14);
    name[100000] = 0;
    ck_assert_int_eq(cm_describe(ctx, name, &table), CM_E_NOT_FOUND);
    const char *message = cm_error_message(ctx);
    ck_assert_uint_lt(strlen(message), 3000);
    const char *cut = strstr(message, "...");
    ck_assert_ptr_nonnull(cut);
    ck_assert_int_ne((unsigned char)cut[-1], 0xC3);
    free(name);
    cm_context_free(ctx);
}
END_TEST

/* ---- options ---- */

START_TEST(options_are_checked_when_they_are_set) {
    cm_context *ctx = new_context();
    cm_options *options = NULL;
    FAILS(ctx, CM_E_NOT_FOUND, "no options for rmf", cm_options_new(ctx, "rmf", &options));
    OK(ctx, cm_options_new(ctx, "rfm", &options));
    FAILS(ctx, CM_E_OPTION, "did you mean scores", cm_options_set_int(ctx, options, "score", 5));
    FAILS(ctx, CM_E_OPTION, "from 2 to 10", cm_options_set_int(ctx, options, "scores", 1));
    FAILS(ctx, CM_E_OPTION, "from 2 to 10", cm_options_set_text(ctx, options, "scores", "11"));
    FAILS(ctx, CM_E_OPTION, "scores", cm_options_set_text(ctx, options, "scores", "five"));
    FAILS(ctx, CM_E_OPTION, "scores", cm_options_set_double(ctx, options, "scores", 2.5));
    OK(ctx, cm_options_set_double(ctx, options, "scores", 3));
    OK(ctx, cm_options_set_text(ctx, options, "scores", "4"));
    cm_options_free(options);
    OK(ctx, cm_options_new(ctx, "customers", &options));
    FAILS(ctx, CM_E_OPTION, "net|keep|drop", cm_options_set_text(ctx, options, "refunds", "none"));
    FAILS(ctx, CM_E_OPTION, "a date like", cm_options_set_text(ctx, options, "as_of", "2011-02-30"));
    OK(ctx, cm_options_set_text(ctx, options, "as_of", "2011-02-28"));
    OK(ctx, cm_options_set_text(ctx, options, "utc_offset", "+25:00")); /* read when it is used */
    cm_table *table = numbers(ctx, 2), *customers = NULL;
    FAILS(ctx, CM_E_OPTION, "write it like +02:00", cm_customers(ctx, table, options, &customers));
    cm_model *model = NULL;
    FAILS(ctx, CM_E_ARGUMENT, "these are options for customers; rfm is wanted",
          cm_fit(ctx, "rfm", table, options, &model));
    cm_table_free(table);
    cm_options_free(options);
    OK(ctx, cm_options_new(ctx, "read", &options));
    FAILS(ctx, CM_E_OPTION, "true or false", cm_options_set_text(ctx, options, "header", "maybe"));
    FAILS(ctx, CM_E_OPTION, "header", cm_options_add_text(ctx, options, "header", "x"));
    FAILS(ctx, CM_E_OPTION, "a size like 512MB", cm_options_set_text(ctx, options, "max_bytes", "512 apples"));
    OK(ctx, cm_options_set_text(ctx, options, "max_bytes", "512MB"));
    OK(ctx, cm_options_add_text(ctx, options, "na", "NA"));
    OK(ctx, cm_options_add_text(ctx, options, "na", "n/a"));
    cm_options_free(options);
    OK(ctx, cm_options_new(ctx, "kmeans", &options));
    OK(ctx, cm_options_set_int(ctx, options, "k", 5)); /* a text, as it may be auto, that is a number mostly */
    OK(ctx, cm_options_set_text(ctx, options, "scale", "robust"));
    cm_options_free(options);
    cm_context_free(ctx);
}
END_TEST

START_TEST(everything_is_described) {
    static const char *const what[] = {"topics", "methods", "inputs", "outputs", "roles", "constants", "catalogue"};
    cm_context *ctx = new_context();
    cm_table *table = NULL, *options = NULL;
    for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
        OK(ctx, cm_describe(ctx, what[i], &table));
        ck_assert_uint_gt(cm_table_rows(table), 0);
        cm_table_free(table);
    }
    OK(ctx, cm_describe(ctx, "topics", &table));
    for (uint64_t row = 0; row < cm_table_rows(table); row++) {
        OK(ctx, cm_describe_options(ctx, TEXT(table, row, "topic"), &options));
        for (uint64_t each = 0; each < cm_table_rows(options); each++) {
            ck_assert_uint_gt(strlen(TEXT(options, each, "help")), 5);
            ck_assert_uint_lt(strlen(TEXT(options, each, "help")), 140);
        }
        cm_table_free(options);
    }
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* Every sentence of the catalogue has a code of its own. */
START_TEST(codes_are_unique) {
    uint64_t count;
    const cm_sentence *sentences = cm_sentences(&count);
    for (uint64_t i = 0; i < count; i++)
        for (uint64_t j = 0; j < i; j++) ck_assert_str_ne(sentences[i].code, sentences[j].code);
}
END_TEST

/* ---- threads ---- */

typedef struct counted {
    int runs[1000];
    uint64_t fail_from;
} counted;

static cm_status count_task(cm_context *ctx, void *state, uint64_t task) {
    counted *all = state;
    __atomic_fetch_add(&all->runs[task], 1, __ATOMIC_SEQ_CST);
    if (task >= all->fail_from) return cm_fail(ctx, CM_E_DATA, "NO_ID", "si", "task", (int64_t)task);
    return CM_OK;
}

START_TEST(tasks_run_once_and_the_lowest_error_counts) {
    cm_context *ctx = new_context();
    set_threads(ctx, _i);
    counted *all = calloc(1, sizeof *all);
    all->fail_from = UINT64_MAX;
    ck_assert_int_eq(cm_parallel(ctx, 1000, count_task, all), CM_OK);
    for (int i = 0; i < 1000; i++) ck_assert_int_eq(all->runs[i], 1);
    for (int repeat = 0; repeat < 50; repeat++) {
        memset(all->runs, 0, sizeof all->runs);
        all->fail_from = 137;
        ck_assert_int_eq(cm_parallel(ctx, 1000, count_task, all), CM_E_DATA);
        ck_assert_ptr_nonnull(strstr(cm_error_message(ctx), "task 137"));
        for (int i = 0; i < 137; i++) ck_assert_int_eq(all->runs[i], 1);
    }
    ck_assert_int_eq(cm_parallel(ctx, 0, count_task, all), CM_OK);
    free(all);
    cm_context_free(ctx);
}
END_TEST

/* ---- sorting ---- */

START_TEST(keys_are_sorted_and_equal_ones_keep_their_order) {
    cm_context *ctx = new_context();
    lcg random = {(uint64_t)_i};
    uint64_t count = lcg_below(&random, _i < 10 ? 60 : 5000);
    cm_key *keys = malloc((count + 1) * sizeof *keys);
    for (uint64_t i = 0; i < count; i++) {
        keys[i].key = (uint64_t)lcg_next(&random) << (lcg_below(&random, 3) * 16) & (_i % 2 ? 0xFF00FF : ~UINT64_C(0));
        keys[i].value = i;
    }
    ck_assert_int_eq(cm_sort_keys(ctx, keys, count), CM_OK);
    for (uint64_t i = 1; i < count; i++)
        ck_assert(keys[i - 1].key < keys[i].key
                  || (keys[i - 1].key == keys[i].key && keys[i - 1].value < keys[i].value));
    ck_assert(cm_key_of_double(-0.0) == cm_key_of_double(0.0));
    ck_assert(cm_key_of_double(-1.0) < cm_key_of_double(0.0)
              && cm_key_of_double(1e300) < cm_key_of_double((double)INFINITY));
    ck_assert(cm_key_of_int(INT64_MIN) < cm_key_of_int(-1) && cm_key_of_int(-1) < cm_key_of_int(0));
    free(keys);
    cm_context_free(ctx);
}
END_TEST

Suite *test_context(void) {
    Suite *suite = suite_create("context");
    TCase *tests = tcase_create("context");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, versions_and_names);
    tcase_add_test(tests, nothing_crashes_on_null);
    tcase_add_test(tests, errors_are_cleared_and_told_in_full);
    tcase_add_test(tests, an_older_caller_gets_as_much_of_the_error_as_it_knows);
    tcase_add_test(tests, the_memory_limit_is_kept);
    tcase_add_test(tests, the_time_limit_is_kept);
    tcase_add_test(tests, cancel_from_outside_stops_the_next_call);
    tcase_add_test(tests, the_log_tells_of_rows_left_out);
    tcase_add_test(tests, the_catalogue_can_be_replaced);
    tcase_add_test(tests, long_values_are_cut_not_overrun);
    tcase_add_test(tests, options_are_checked_when_they_are_set);
    tcase_add_test(tests, everything_is_described);
    tcase_add_test(tests, codes_are_unique);
    suite_add_tcase(suite, tests);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 60);
    tcase_add_loop_test(threads, a_progress_function_cancels, 1, 3);
    tcase_add_loop_test(threads, tasks_run_once_and_the_lowest_error_counts, 1, 5);
    tcase_add_loop_test(threads, keys_are_sorted_and_equal_ones_keep_their_order, 0, 20);
    suite_add_tcase(suite, threads);
    return suite;
}
