/* What goes out comes back the same, whoever releases it, where and when; and no allocation that fails loses anything.
 */
#include <pthread.h>

#include "arrow_arrays.h"

/* An allocator that counts, for any thread, and fails one allocation, or it and all after it. */
typedef struct failing {
    atomic_int_fast64_t bytes;
    uint64_t calls, at;
    bool all;
} failing;

static void *failing_resize(void *user, void *pointer, uint64_t old_size, uint64_t new_size) {
    failing *f = user;
    if (new_size > old_size && f->at && (++f->calls == f->at || (f->all && f->calls > f->at))) return NULL;
    f->bytes += (int64_t)new_size - (int64_t)old_size;
    if (new_size) return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

static cm_options *options_of(cm_context *ctx, int which) {
    cm_options *options = NULL;
    OK(cm_options_new(ctx, "arrow", &options));
    if (which & 1) OK(cm_options_set_text(ctx, options, "strings", "plain"));
    if (which & 2) OK(cm_options_set_text(ctx, options, "decimals", "decimal64"));
    return options;
}

/* Out as an array or as a stream, and in. */
static cm_status around(cm_context *ctx, const cm_table *table, const cm_options *options, bool streamed,
                        cm_table **out) {
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayStream stream;
    *out = NULL;
    cm_status status = streamed ? cm_table_export_stream(ctx, table, options, &stream)
                                : cm_table_export_arrow(ctx, table, options, &schema, &array);
    if (!status)
        return streamed ? cm_table_import_stream(ctx, &stream, out) : cm_table_import_arrow(ctx, &schema, &array, out);
    if (streamed) ck_assert_ptr_null(stream.release);
    else ck_assert(!schema.release && !array.release);
    return status;
}

static void assert_same_table(const cm_table *a, const cm_table *b) {
    ck_assert_uint_eq(cm_table_rows(a), cm_table_rows(b));
    for (uint64_t i = 0; i < cm_table_columns(a); i++) {
        cm_column_view x = view_of(a, i), y = view_of(b, i);
        ck_assert_str_eq(x.name, y.name);
        ck_assert(x.type == y.type && x.scale == y.scale && x.role == y.role && x.flags == y.flags);
    }
    for (uint64_t row = 0; row < cm_table_rows(a); row++) assert_same_row(a, row, b, row);
}

START_TEST(what_goes_out_comes_back) {
    static const uint64_t rows[] = {0, 1, 9, 1000, 140000};
    counted memory = {0};
    cm_context *ctx = new_context(&memory);
    cm_table *whole = random_table(ctx, rows[_i / 8], 3, 500), *part, *back;
    cm_options *options = options_of(ctx, _i & 3);
    OK(cm_table_slice(ctx, whole, rows[_i / 8] / 3, rows[_i / 8] / 2, &part));
    const cm_table *tables[] = {whole, part};
    for (int i = 0; i < 2; i++) {
        OK(around(ctx, tables[i], options, _i & 4, &back));
        assert_sound(back);
        assert_same_table(tables[i], back);
        if (_i & 4) ck_assert_uint_eq(cm_table_chunks(back), cm_table_chunks(tables[i]));
        cm_table_free(back);
    }
    cm_options_free(options);
    cm_table_free(part);
    end(ctx, whole);
    ck_assert_int_eq(memory.bytes, 0);
}
END_TEST

/* Times with a zone, the largest decimals, and a table without columns. */
START_TEST(what_random_tables_lack) {
    static const int64_t values[] = {INT64_MIN, INT64_C(-1000000000000000000), INT64_C(999999999999999999), INT64_MAX};
    cm_context *ctx = new_context(NULL);
    cm_table *table, *back;
    cm_options *narrow = options_of(ctx, 2);
    OK(import(ctx, new_schema("tsu:UTC", "x"), ARRAY(4, 0, NONE, ALL(values)), &table));
    OK(around(ctx, table, NULL, false, &back));
    assert_same_table(table, back);
    cm_table_free(table);
    cm_table_free(back);
    OK(import(ctx, new_schema("d:18,4,64", "x"), ARRAY(4, 0, NONE, ALL(values)), &table));
    OK(around(ctx, table, NULL, true, &back));
    assert_same_table(table, back);
    cm_table_free(back);
    FAILS(around(ctx, table, narrow, false, &back), CM_E_OVERFLOW, "row 1");
    FAILS(around(ctx, table, narrow, true, &back), CM_E_OVERFLOW, "row 1");
    cm_table_free(table);
    struct ArrowSchema *schema = new_schema("+s", NULL);
    struct ArrowArray *array = ARRAY(12, 0, NONE);
    OK(cm_table_import_arrow(ctx, schema, array, &table));
    free(schema);
    free(array);
    ck_assert_uint_eq(cm_table_rows(table), 12);
    for (int streamed = 0; streamed < 2; streamed++) {
        OK(around(ctx, table, NULL, streamed, &back));
        ck_assert_uint_eq(cm_table_rows(back), 12);
        cm_table_free(back);
    }
    cm_options_free(narrow);
    end(ctx, table);
}
END_TEST

START_TEST(wrong_calls_of_export) {
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 3, 1, 9);
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayStream stream;
    cm_options *other = NULL;
    OK(cm_options_new(ctx, "join", &other));
    ck_assert_int_eq(cm_table_export_arrow(NULL, table, NULL, &schema, &array), CM_E_ARGUMENT);
    ck_assert(!schema.release && !array.release);
    FAILS(cm_table_export_arrow(ctx, NULL, NULL, &schema, &array), CM_E_ARGUMENT, "table");
    FAILS(cm_table_export_arrow(ctx, table, NULL, &schema, NULL), CM_E_ARGUMENT, "array");
    FAILS(cm_table_export_arrow(ctx, table, other, &schema, &array), CM_E_ARGUMENT, "join");
    FAILS(cm_table_export_stream(ctx, table, other, &stream), CM_E_ARGUMENT, "join");
    FAILS(cm_table_export_stream(ctx, NULL, NULL, &stream), CM_E_ARGUMENT, "table");
    FAILS(cm_table_export_stream(ctx, table, NULL, NULL), CM_E_ARGUMENT, "stream");
    cm_options_free(other);
    end(ctx, table);
}
END_TEST

/* Records that were refused keep their bytes, which need not be UTF-8: such columns go out as binary ones, whole. */
START_TEST(bytes_that_are_no_text) {
    static const char bytes[] = "2,B\xE9" "a";
    cm_context *ctx = new_context(NULL);
    cm_builder *b = NULL;
    cm_table *table = NULL;
    OK(cm_builder_new(ctx, &b));
    OK(cm_builder_column(ctx, b, "reason", CM_STRING, 0, CM_ROLE_NONE));
    OK(cm_builder_column(ctx, b, "record", CM_STRING, 0, CM_ROLE_NONE));
    OK(cm_builder_text(ctx, b, 0, "bad_encoding", 12));
    OK(cm_builder_text(ctx, b, 1, bytes, sizeof bytes - 1));
    OK(cm_builder_row(ctx, b));
    OK(cm_builder_finish(ctx, b, &table));
    cm_builder_free(b);
    for (int plain = 0; plain < 2; plain++) {
        struct ArrowSchema schema;
        struct ArrowArray array;
        cm_options *options = options_of(ctx, plain);
        OK(cm_table_export_arrow(ctx, table, options, &schema, &array));
        const struct ArrowSchema *reason = schema.children[0], *record = schema.children[1];
        const struct ArrowArray *texts = plain ? array.children[1] : array.children[1]->dictionary;
        ck_assert_str_eq(plain ? reason->format : reason->dictionary->format, "u");
        ck_assert_str_eq(plain ? record->format : record->dictionary->format, "z");
        ck_assert_int_eq(((const int32_t *)texts->buffers[1])[1], sizeof bytes - 1);
        ck_assert_mem_eq(texts->buffers[2], bytes, sizeof bytes - 1);
        array.release(&array);
        schema.release(&schema);
        cm_options_free(options);
    }
    end(ctx, table);
}
END_TEST

static void *release_elsewhere(void *array) {
    ((struct ArrowArray *)array)->release(array);
    return NULL;
}

/* A consumer may move children out, in any order, on any thread, when context and table are long gone. */
START_TEST(children_live_by_themselves) {
    failing memory = {0};
    cm_allocator allocator = {sizeof allocator, failing_resize, &memory};
    cm_context *ctx = NULL;
    ck_assert_int_eq(cm_context_new(&allocator, &ctx), CM_OK);
    cm_table *table = random_table(ctx, 3000, 5, 50);
    struct ArrowSchema schema, schema_child;
    struct ArrowArray array, moved[C_COUNT];
    pthread_t threads[C_COUNT];
    int64_t first = cm_table_int(table, 0, C_ID);
    OK(cm_table_export_arrow(ctx, table, NULL, &schema, &array));
    cm_context_free(ctx);
    cm_table_free(table);
    schema_child = *schema.children[C_TEXT];
    schema.children[C_TEXT]->release = NULL;
    schema.release(&schema);
    ck_assert_str_eq(schema_child.dictionary->format, "u");
    schema_child.release(&schema_child);
    for (int i = 0; i < C_COUNT; i++) {
        moved[i] = *array.children[i];
        array.children[i]->release = NULL;
    }
    array.release(&array);
    ck_assert_int_eq(((const int64_t *)moved[C_ID].buffers[1])[0], first);
    struct ArrowArray words_ = *moved[C_TEXT].dictionary;
    moved[C_TEXT].dictionary->release = NULL;
    for (int i = 0; i < C_COUNT; i++) pthread_create(&threads[i], NULL, release_elsewhere, &moved[i]);
    for (int i = 0; i < C_COUNT; i++) pthread_join(threads[i], NULL);
    ck_assert_int_eq(((const int32_t *)words_.buffers[1])[0], 0);
    words_.release(&words_);
    ck_assert_int_eq(memory.bytes, 0);
}
END_TEST

START_TEST(numbers_go_out_as_they_are) {
    static const int types[] = {C_BOOL, C_INT, C_REAL, C_DAY, C_TIME, C_TEXT};
    cm_context *ctx = new_context(NULL);
    cm_table *table = random_table(ctx, 3000, 5, 50);
    struct ArrowSchema schema;
    struct ArrowArray array;
    OK(cm_table_export_arrow(ctx, table, NULL, &schema, &array));
    for (int i = 0; i < 6; i++)
        ck_assert_ptr_eq(array.children[types[i]]->buffers[1], view_of(table, (uint64_t)types[i]).values);
    schema.release(&schema);
    array.release(&array);
    end(ctx, table);
}
END_TEST

/* ---- failing memory ---- */

static cm_status do_import(cm_context *ctx, const cm_table *table, cm_table **out) {
    struct ArrowSchema *schema;
    struct ArrowArray *array = spoiled(SPOILED, &schema);
    (void)table;
    array->offset = 1, array->length = 3; /* bits to be masked, lists to be cut */
    cm_status status = cm_table_import_arrow(ctx, schema, array, out);
    free(schema);
    free(array);
    return status;
}

static cm_status do_import_stream(cm_context *ctx, const cm_table *table, cm_table **out) {
    producer p = {0, 5, 99, words()};
    struct ArrowArrayStream stream = stream_of(&p);
    (void)table;
    cm_status status = cm_table_import_stream(ctx, &stream, out);
    cm_table_free(*out); /* its batches use the shared dictionary no more than this long */
    *out = NULL;
    free_shared(&p);
    return status;
}

static cm_status do_around(cm_context *ctx, const cm_table *table, cm_table **out) {
    return around(ctx, table, NULL, false, out);
}

static cm_status do_around_plain(cm_context *ctx, const cm_table *table, cm_table **out) {
    cm_options *plain = NULL;
    cm_status status = cm_options_new(ctx, "arrow", &plain);
    if (!status) status = cm_options_set_text(ctx, plain, "strings", "plain");
    *out = NULL;
    if (!status) status = around(ctx, table, plain, false, out);
    cm_options_free(plain);
    return status;
}

static cm_status do_around_stream(cm_context *ctx, const cm_table *table, cm_table **out) {
    return around(ctx, table, NULL, true, out);
}

START_TEST(every_allocation_may_fail) {
    static cm_status (*const jobs[])(cm_context *, const cm_table *, cm_table **) = {
        do_import, do_import_stream, do_around, do_around_plain, do_around_stream};
    failing f = {0};
    cm_allocator allocator = {sizeof allocator, failing_resize, &f};
    cm_context *ctx = NULL;
    ck_assert_int_eq(cm_context_new(&allocator, &ctx), CM_OK);
    cm_table *some = random_table(ctx, 40, 7, 20), *twice, *out = NULL;
    const cm_table *const both[] = {some, some};
    OK(cm_table_concat(ctx, both, 2, &twice)); /* two chunks */
    int64_t before = f.bytes;
    cm_status status = CM_E_MEMORY;
    f.all = _i % 2;
    for (f.at = 1; status; f.at++) {
        f.calls = 0;
        status = jobs[_i / 2](ctx, twice, &out);
        cm_table_free(out);
        ck_assert_msg(status == CM_OK || status == CM_E_MEMORY, "%d: %s", status,
                      cm_error_message(ctx));
        ck_assert_int_eq(alive, 0);
        ck_assert_int_eq(f.bytes, before);
    }
    ck_assert_uint_gt(f.at, 10);
    f.at = 0;
    cm_table_free(some);
    end(ctx, twice);
    ck_assert_int_eq(f.bytes, 0);
}
END_TEST

/* A batch that failed for memory may be asked for again. */
START_TEST(streams_say_what_failed) {
    failing f = {0};
    cm_allocator allocator = {sizeof allocator, failing_resize, &f};
    cm_context *ctx = NULL;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    ck_assert_int_eq(cm_context_new(&allocator, &ctx), CM_OK);
    cm_table *table = random_table(ctx, 40, 7, 20);
    OK(cm_table_export_stream(ctx, table, NULL, &stream));
    cm_table_free(table);
    cm_context_free(ctx);
    ck_assert_ptr_null(stream.get_last_error(&stream));
    f.at = 1, f.all = true;
    ck_assert_int_eq(stream.get_schema(&stream, &schema), ENOMEM);
    ck_assert_ptr_null(schema.release);
    ck_assert_int_eq(stream.get_next(&stream, &array), ENOMEM);
    ck_assert_ptr_null(array.release);
    ck_assert_ptr_nonnull(strstr(stream.get_last_error(&stream), "memory"));
    f.at = 0;
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_int_eq(array.length, 40);
    array.release(&array);
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_ptr_null(array.release);
    stream.release(&stream);
    ck_assert_int_eq(f.bytes, 0);
}
END_TEST

Suite *test_arrow_export(void) {
    Suite *suite = suite_create("arrow_export");
    TCase *out = tcase_create("out");
    tcase_set_timeout(out, 120);
    tcase_add_loop_test(out, what_goes_out_comes_back, 0, 40);
    tcase_add_test(out, what_random_tables_lack);
    tcase_add_test(out, wrong_calls_of_export);
    tcase_add_test(out, bytes_that_are_no_text);
    tcase_add_test(out, numbers_go_out_as_they_are);
    tcase_add_loop_test(out, every_allocation_may_fail, 0, 10);
    tcase_add_test(out, streams_say_what_failed);
    suite_add_tcase(suite, out);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 120);
    tcase_add_test(threads, children_live_by_themselves);
    suite_add_tcase(suite, threads);
    return suite;
}
