/* Reading in one pass: pushed, pulled and from files, against the same bytes read as a whole; schemas. */
#include "custmine/prepare.h"
#include "reading.h"
#include "table/table.h"

/* All cells of a table as text, rows ended by line ends; appended to `out`. */
static void print_rows(const cm_table *table, char *out) {
    char room[CM_CELL_TEXT];
    uint64_t length;
    out += strlen(out);
    for (uint64_t chunk = 0; chunk < table->chunk_count; chunk++)
        for (uint64_t row = 0; row < table->first_rows[chunk + 1] - table->first_rows[chunk]; row++) {
            for (uint64_t i = 0; i < table->column_count; i++) {
                const cm_column *column = table->columns[i];
                bool present = cm_chunk_present(&column->chunks[chunk], row);
                const char *text = present ? cm_cell_text(column, &column->chunks[chunk], row, room, &length) : NULL;
                out += sprintf(out, "%.*s|", text ? (int)length : 1, text ? text : "-");
            }
            out += sprintf(out, "\n");
        }
}

typedef struct feed {
    const char *bytes;
    size_t length, at, portion;
    uint32_t random;
} feed;

static int64_t give(void *user, void *out, uint64_t wanted) {
    feed *from = user;
    uint64_t count = from->length - from->at;
    if (count > from->portion) count = from->portion;
    if (count > wanted) count = wanted;
    memcpy(out, from->bytes + from->at, count);
    from->at += count;
    return (int64_t)count;
}

static int64_t fail_to_give(void *user, void *out, uint64_t wanted) {
    (void)user, (void)out, (void)wanted;
    return -1;
}

static void take_batches(cm_reader *reader, char *out, int *batches) {
    cm_table *batch = NULL;
    for (;;) {
        ck_assert_msg(!cm_reader_next(ctx, reader, &batch), "%s", cm_error_message(ctx));
        if (!batch) return;
        ++*batches;
        print_rows(batch, out);
        cm_table_free(batch);
    }
}

/* The rows of pushed bytes, in pieces of `portion` (0: of random sizes); to be freed. */
static char *pushed(const char *bytes, size_t length, size_t portion) {
    char *out = calloc(1, 20 * length + 1000);
    cm_reader *reader = NULL;
    uint32_t random = (uint32_t)length;
    int batches = 0;
    ck_assert_int_eq(cm_reader_open(ctx, NULL, options, &reader), CM_OK);
    for (size_t at = 0; at < length;) {
        size_t part = portion ? portion : 1 + next_random(&random) % 40;
        if (part > length - at) part = length - at;
        ck_assert_int_eq(cm_reader_push(ctx, reader, bytes + at, part), CM_OK);
        at += part;
        take_batches(reader, out, &batches);
    }
    ck_assert_int_eq(cm_reader_push(ctx, reader, NULL, 0), CM_OK);
    take_batches(reader, out, &batches);
    cm_reader_free(reader);
    return out;
}

static char *pulled(const char *bytes, size_t length, size_t portion) {
    char *out = calloc(1, 20 * length + 1000);
    feed from = {bytes, length, 0, portion, 1};
    cm_reader *reader = NULL;
    int batches = 0;
    ck_assert_int_eq(cm_reader_open(ctx, NULL, options, &reader), CM_OK);
    ck_assert_int_eq(cm_reader_pull(ctx, reader, give, &from), CM_OK);
    take_batches(reader, out, &batches);
    ck_assert_int_eq(cm_reader_push(ctx, reader, "x", 1), CM_E_ARGUMENT);
    cm_reader_free(reader);
    return out;
}

static char *streamed(const char *path, int *batches) {
    char *out = calloc(1, 1 << 20);
    cm_reader *reader = NULL;
    set("stream", "true");
    ck_assert_msg(!cm_reader_open(ctx, path, options, &reader), "%s", cm_error_message(ctx));
    *batches = 0;
    take_batches(reader, out, batches);
    cm_reader_free(reader);
    return out;
}

static char *whole(const char *path) {
    char *out = calloc(1, 1 << 20);
    cm_table *table = read_table(path);
    print_rows(table, out);
    cm_table_free(table);
    return out;
}

/* The sample shop has roles for all columns but two texts, so that both ways give the same types. */
START_TEST(any_pieces_give_the_same_rows) {
    static const char *const paths[] = {DATA "good-sales.csv", DATA "good-packed.csv.gz", DATA "good-line-ends.csv",
                                        DATA "good-semicolon-bom.csv"};
    static const char *const batch_rows[] = {"1", "3", "1000"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        size_t length;
        set("decimal", i == 3 ? "," : ".");
        char *bytes = read_file(paths[i], &length), *expected = whole(paths[i]);
        for (int b = 0; b < 3; b++) {
            set("batch_rows", batch_rows[b]);
            for (size_t portion = 0; portion < 8; portion++) {
                char *rows = pushed(bytes, length, portion);
                ck_assert_msg(!strcmp(rows, expected), "%s, %d:\n%s\n%s", paths[i], (int)portion, rows, expected);
                free(rows);
            }
            char *rows = pulled(bytes, length, 7);
            ck_assert_str_eq(rows, expected);
            free(rows);
        }
        free(expected);
        free(bytes);
    }
}
END_TEST

/* Numbers grow wider from batch to batch, dates get a time; what was given out before stays as it was. */
START_TEST(columns_widen) {
    char text[200000] = "customer,date,quantity,price\n";
    char *end = text + strlen(text);
    for (int i = 0; i < 5000; i++) end += sprintf(end, "c%d,2011-12-09,1,%d\n", i % 10, i % 7);
    const char *path = make_text("widen.csv", text);
    int batches;
    char *rows = streamed(path, &batches);
    ck_assert_int_eq(batches, 1);
    free(rows);
    unlink(path);

    /* behind the first rows, which decide */
    static char large[4 << 20];
    end = large + sprintf(large, "customer,date,quantity,price\n");
    for (int i = 0; i < 65536 + 10; i++) end += sprintf(end, "c%d,2011-12-09,1,2\n", i % 10);
    end += sprintf(end, "a,2011-12-09,1.5,2.25\nb,2011-12-09 08:26:00,1,2.125\nc,2011-12-10,3,1e3\nd,nonsense,1,1\n");
    path = make_text("widen.csv", large);
    cm_reader *reader = NULL;
    cm_table *batch = NULL;
    set("on_error", "collect");
    set("stream", "true");
    ck_assert_int_eq(cm_reader_open(ctx, path, options, &reader), CM_OK);
    int64_t sizes[8] = {0}, scales[8] = {0}, types[8] = {0}, count = 0, kept = 0;
    while (!cm_reader_next(ctx, reader, &batch) && batch) {
        cm_column_view date = {.struct_size = sizeof date}, price = {.struct_size = sizeof price};
        cm_table_view(batch, 1, 0, &date);
        cm_table_view(batch, 3, 0, &price);
        sizes[count] = (int64_t)cm_table_rows(batch);
        types[count] = date.type;
        scales[count++] = price.scale;
        kept += (int64_t)cm_table_rows(batch);
        cm_table_free(batch);
    }
    ck_assert_int_eq(count, 4);
    ck_assert_int_eq(sizes[0], 65536);
    ck_assert_int_eq(sizes[1], 10);
    ck_assert_int_eq(scales[1], 0);
    ck_assert_int_eq(sizes[2], 1); /* a */
    ck_assert_int_eq(scales[2], 2);
    ck_assert_int_eq(types[2], CM_DATE);
    ck_assert_int_eq(sizes[3], 2); /* b and c */
    ck_assert_int_eq(types[3], CM_TIMESTAMP);
    ck_assert_int_eq(scales[3], 3);
    cm_table *audit = NULL;
    ck_assert_int_eq(cm_reader_audit(ctx, reader, &audit), CM_OK);
    ck_assert_int_eq(cm_table_int(audit, 0, 2), 65536 + 14);
    ck_assert_int_eq(cm_table_int(audit, cm_table_rows(audit) - 1, 2), kept);
    ck_assert_int_eq(kept, 65536 + 13);
    cm_table_free(audit);
    cm_reader_free(reader);
    unlink(path);
}
END_TEST

/* More rows than are looked at, all of the same date. */
static char *many_rows(const char *date, size_t *length) {
    char *text = malloc(4 << 20), *end = text + sprintf(text, "customer,date,amount\n");
    for (int i = 0; i < 65536 + 10; i++) end += sprintf(end, "c%d,%s,5\n", i % 10, date);
    *length = (size_t)(end - text);
    return text;
}

START_TEST(what_a_stream_leaves_open) {
    cm_reader *reader = NULL;
    cm_table *batch = NULL;
    size_t length;
    char *text = many_rows("03/04/2011", &length);
    const char *path = make_file("open.csv", text, length);
    set("stream", "true");
    ck_assert_int_eq(cm_reader_open(ctx, path, options, &reader), CM_E_COLUMN);
    ck_assert_msg(strstr(cm_error_message(ctx), "2011-04-03 or 2011-03-04") != NULL, "%s", cm_error_message(ctx));
    ck_assert_ptr_null(reader);
    set("date_order", "dmy");
    ck_assert_int_eq(cm_reader_open(ctx, path, options, &reader), CM_OK);
    cm_reader_free(reader);
    unlink(path);
    /* pushed bytes fail when they are asked for */
    set("date_order", "auto");
    ck_assert_int_eq(cm_reader_open(ctx, NULL, options, &reader), CM_OK);
    ck_assert_int_eq(cm_reader_push(ctx, reader, text, length), CM_OK);
    ck_assert_int_eq(cm_reader_next(ctx, reader, &batch), CM_OK);
    ck_assert_ptr_null(batch);
    ck_assert_int_eq(cm_reader_push(ctx, reader, NULL, 0), CM_OK);
    ck_assert_int_eq(cm_reader_next(ctx, reader, &batch), CM_E_COLUMN);
    ck_assert_int_eq(cm_reader_next(ctx, reader, &batch), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_reader_push(ctx, reader, "x", 1), CM_E_ARGUMENT);
    cm_reader_free(reader);
    free(text);
    /* a few rows that are all: as in two passes, a text for whoever needs no date */
    ck_assert_int_eq(cm_reader_open(ctx, NULL, options, &reader), CM_OK);
    ck_assert_int_eq(cm_reader_push(ctx, reader, "customer,date,n\na,03/04/2011,7\n", 31), CM_OK);
    ck_assert_int_eq(cm_reader_push(ctx, reader, NULL, 0), CM_OK);
    ck_assert_int_eq(cm_reader_next(ctx, reader, &batch), CM_OK);
    cm_column_view date = {.struct_size = sizeof date}, n = {.struct_size = sizeof n};
    cm_table_view(batch, 1, 0, &date);
    cm_table_view(batch, 2, 0, &n);
    ck_assert_int_eq(date.type, CM_STRING);
    ck_assert_int_eq(n.type, CM_INT64);
    cm_table_free(batch);
    cm_reader_free(reader);
}
END_TEST

/* Where the first rows have one order of day and month or none, another one later is a bad row, never a guess. */
START_TEST(later_dates_are_not_guessed) {
    size_t length;
    char *text = many_rows("2011-04-03", &length);
    cm_reader *reader = NULL;
    cm_table *batch = NULL;
    strcpy(text + length, "x,03/04/2011,5\n");
    const char *path = make_file("later.csv", text, length + 15);
    set("stream", "true");
    ck_assert_int_eq(cm_reader_open(ctx, path, options, &reader), CM_OK);
    ck_assert_int_eq(cm_reader_next(ctx, reader, &batch), CM_OK);
    cm_table_free(batch);
    ck_assert_int_eq(cm_reader_next(ctx, reader, &batch), CM_E_DATA);
    ck_assert(strstr(cm_error_message(ctx), "03/04/2011 is no date") != NULL);
    cm_reader_free(reader);
    unlink(path);
    free(text);
}
END_TEST

START_TEST(misuse) {
    cm_reader *reader = NULL;
    cm_table *table = NULL;
    ck_assert_int_eq(cm_read_csv(ctx, NULL, NULL, &table), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_reader_open(ctx, DATA "good-sales.csv", NULL, &reader), CM_OK);
    ck_assert_int_eq(cm_reader_push(ctx, reader, "x", 1), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_reader_pull(ctx, reader, give, NULL), CM_E_ARGUMENT);
    cm_reader_free(reader);
    ck_assert_int_eq(cm_reader_open(ctx, NULL, NULL, &reader), CM_OK);
    ck_assert_int_eq(cm_reader_push(ctx, reader, NULL, 3), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_reader_pull(ctx, reader, NULL, NULL), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_reader_push(ctx, reader, NULL, 0), CM_OK);
    ck_assert_int_eq(cm_reader_push(ctx, reader, NULL, 0), CM_OK);
    ck_assert_int_eq(cm_reader_push(ctx, reader, "a", 1), CM_E_ARGUMENT);
    ck_assert_int_eq(cm_reader_next(ctx, reader, &table), CM_E_DATA); /* empty */
    cm_reader_free(reader);
    ck_assert_int_eq(cm_reader_open(ctx, NULL, NULL, &reader), CM_OK);
    ck_assert_int_eq(cm_reader_pull(ctx, reader, fail_to_give, NULL), CM_OK);
    ck_assert_int_eq(cm_reader_next(ctx, reader, &table), CM_E_IO);
    cm_reader_free(reader);
}
END_TEST

/* A gzip file cut short is an error, however it comes. */
START_TEST(cut_gzip) {
    size_t length;
    char *bytes = read_file(DATA "bad-cut.csv.gz", &length);
    cm_reader *reader = NULL;
    cm_table *batch = NULL;
    ck_assert_int_eq(cm_reader_open(ctx, NULL, options, &reader), CM_OK);
    for (size_t i = 0; i < length; i++) ck_assert_int_eq(cm_reader_push(ctx, reader, bytes + i, 1), CM_OK);
    ck_assert_int_eq(cm_reader_push(ctx, reader, NULL, 0), CM_OK);
    ck_assert_int_eq(cm_reader_next(ctx, reader, &batch), CM_E_FORMAT);
    cm_reader_free(reader);
    free(bytes);
}
END_TEST

/* ---- schemas ---- */

static cm_table *schema_of(const char *path) {
    cm_table *table = read_table(path), *schema = attached(table, "schema");
    cm_table_free(table);
    return schema;
}

START_TEST(a_schema_decides) {
    cm_table *schema = schema_of(DATA "good-sales.csv"), *plain = NULL;
    ck_assert_int_eq(cm_options_set_table(ctx, options, "schema", schema), CM_OK);
    int batches;
    char *one = whole(DATA "good-sales.csv"), *other = streamed(DATA "good-sales.csv", &batches);
    ck_assert_str_eq(one, other);
    free(one);
    free(other);
    /* another file by the same schema: a cell that breaks it makes a bad row */
    ck_assert_int_eq(cm_table_schema(ctx, schema, &plain), CM_OK);
    ck_assert_int_eq(cm_table_find(plain, "zone"), 5);
    cm_table_free(plain);
    cm_table_free(schema);
    const char *path = make_text("first.csv", "id,ok,when,n\na,true,31/12/2011,1.50\n");
    cm_options_set_table(ctx, options, "schema", NULL);
    schema = schema_of(path);
    cm_options_set_table(ctx, options, "schema", schema);
    unlink(path);
    path = make_text("second.csv", "n,when,ok,id\n1.5,03/04/2011,false,007\n1.555,03/04/2011,true,x\n1,2,true,y\n"
                                   "1,04/04/2011,maybe,z\n1e20,04/04/2011,true,w\n2,04/13/2011,true,v\n");
    refuse(path, CM_E_DATA);
    set("on_error", "collect");
    cm_table *table = read_table(path), *rejects = attached(table, "rejects");
    ck_assert_uint_eq(cm_table_rows(table), 1);
    ck_assert_int_eq(cm_table_int(table, 0, 0), 150);
    ck_assert_int_eq(cm_table_int(table, 0, 1), 15067); /* 2011-04-03 */
    static const char *const reasons[] = {"number_too_large", "bad_date", "bad_value", "number_too_large", "bad_date"};
    uint64_t length;
    for (uint64_t i = 0; i < 5; i++) ck_assert_str_eq(cm_table_text(rejects, i, 4, 0, &length), reasons[i]);
    cm_table_free(rejects);
    cm_table_free(table);
    unlink(path);
    path = make_text("third.csv", "n,when,id\n1.5,03/04/2011,7\n");
    refuse(path, CM_E_COLUMN);
    unlink(path);
    cm_table_free(schema);
}
END_TEST

static const struct {
    const char *type, *zone, *order, *role;
    int64_t scale;
} wrong_schemas[] = {{"MONEY", NULL, NULL, NULL, 0},
                     {"DECIMAL", NULL, NULL, NULL, 19},
                     {"DECIMAL", NULL, NULL, NULL, -1},
                     {"TIMESTAMP", "CET", NULL, NULL, 0},
                     {"DATE", NULL, "ydm", NULL, 0},
                     {"DATE", NULL, NULL, "shop", 0}};

START_TEST(wrong_schema) {
    cm_builder *b = NULL;
    cm_table *schema = NULL;
    static const char *const names[] = {"column", "type", "zone", "date_order", "role"};
    const char *values[] = {"Quantity", wrong_schemas[_i].type, wrong_schemas[_i].zone, wrong_schemas[_i].order,
                            wrong_schemas[_i].role};
    ck_assert_int_eq(cm_builder_new(ctx, &b), CM_OK);
    for (int i = 0; i < 5; i++) ck_assert_int_eq(cm_builder_column(ctx, b, names[i], CM_STRING, 0, 0), CM_OK);
    ck_assert_int_eq(cm_builder_column(ctx, b, "scale", CM_INT64, 0, 0), CM_OK);
    for (uint64_t i = 0; i < 5; i++)
        if (values[i]) ck_assert_int_eq(cm_builder_text(ctx, b, i, values[i], strlen(values[i])), CM_OK);
    ck_assert_int_eq(cm_builder_int(ctx, b, 5, wrong_schemas[_i].scale), CM_OK);
    ck_assert_int_eq(cm_builder_row(ctx, b), CM_OK);
    ck_assert_int_eq(cm_builder_finish(ctx, b, &schema), CM_OK);
    cm_builder_free(b);
    cm_options_set_table(ctx, options, "schema", schema);
    const char *path = make_text("s.csv", "Quantity\n1\n");
    refuse(path, CM_E_COLUMN);
    unlink(path);
    cm_table_free(schema);
}
END_TEST

/* Straight into the state of orders: the customers of a stream are those of the table. */
START_TEST(stream_to_customers) {
    cm_table *table = NULL, *customers = NULL, *batch = NULL, *streamed_customers = NULL;
    cm_orders *orders = NULL;
    cm_reader *reader = NULL;
    char one[20000] = "", other[20000] = "";
    ck_assert_int_eq(cm_read_csv(ctx, DATA "good-sales.csv", NULL, &table), CM_OK);
    ck_assert_int_eq(cm_customers(ctx, table, NULL, &customers), CM_OK);
    set("stream", "true");
    set("batch_rows", "2");
    ck_assert_int_eq(cm_orders_new(ctx, NULL, &orders), CM_OK);
    ck_assert_int_eq(cm_reader_open(ctx, DATA "good-sales.csv", options, &reader), CM_OK);
    while (!cm_reader_next(ctx, reader, &batch) && batch) {
        ck_assert_msg(!cm_orders_update(ctx, orders, batch, "today"), "%s", cm_error_message(ctx));
        cm_table_free(batch);
    }
    ck_assert_int_eq(cm_orders_customers(ctx, orders, NULL, &streamed_customers), CM_OK);
    print_rows(customers, one);
    print_rows(streamed_customers, other);
    ck_assert(one[0]);
    ck_assert_str_eq(one, other);
    cm_reader_free(reader);
    cm_orders_free(orders);
    cm_table_free(streamed_customers);
    cm_table_free(customers);
    cm_table_free(table);
}
END_TEST

/* Every allocation of a push reader fails once. */
START_TEST(no_memory) {
    static const char text[] = "customer,date,amount\na,2011-12-09,5\nb,2011-12-09,5.25\nc,x,1\n";
    for (int64_t fail_at = 1;; fail_at++) {
        failing_memory memory = {.fail_at = fail_at, .once = _i};
        cm_allocator allocator = {sizeof allocator, failing_resize, &memory};
        cm_context *own = NULL;
        cm_options *reading = NULL;
        cm_reader *reader = NULL;
        cm_table *batch = NULL;
        cm_status status = cm_context_new(&allocator, &own);
        if (!status) status = cm_options_new(own, "read", &reading);
        if (!status) status = cm_options_set_text(own, reading, "on_error", "collect");
        if (!status) status = cm_options_set_text(own, reading, "encoding", "gb18030");
        if (!status) status = cm_reader_open(own, NULL, reading, &reader);
        for (size_t i = 0; i < sizeof text - 1 && !status; i += 5)
            status = cm_reader_push(own, reader, text + i, i + 5 < sizeof text - 1 ? 5 : sizeof text - 1 - i);
        if (!status) status = cm_reader_push(own, reader, NULL, 0);
        if (!status) status = cm_reader_next(own, reader, &batch);
        ck_assert(status == CM_OK || status == CM_E_MEMORY);
        if (!status) ck_assert_uint_eq(cm_table_rows(batch), 2);
        cm_table_free(batch);
        cm_reader_free(reader);
        cm_options_free(reading);
        cm_context_free(own);
        ck_assert_int_eq(memory.bytes, 0);
        if (!status) break;
    }
}
END_TEST

Suite *test_stream(void);
Suite *test_stream(void) {
    Suite *suite = suite_create("stream");
    TCase *tests = tcase_create("stream");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, any_pieces_give_the_same_rows);
    tcase_add_test(tests, columns_widen);
    tcase_add_test(tests, what_a_stream_leaves_open);
    tcase_add_test(tests, later_dates_are_not_guessed);
    tcase_add_test(tests, misuse);
    tcase_add_test(tests, cut_gzip);
    tcase_add_test(tests, a_schema_decides);
    tcase_add_loop_test(tests, wrong_schema, 0, sizeof wrong_schemas / sizeof *wrong_schemas);
    tcase_add_test(tests, stream_to_customers);
    tcase_add_loop_test(tests, no_memory, 0, 2);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return suite;
}
