/* Every allocation fails: each scenario is run with the Nth allocation failing once, and with all from the Nth on
 * failing, for N from 1 until it gets through. A failing call must say CM_E_MEMORY, give NULL, leave its inputs as they
 * were and leak nothing; blocks move and are poisoned at every resize, so that stale pointers show (best under
 * AddressSanitizer).
 *
 *     test_oom [SCENARIO]        STEP=n tries only every nth allocation */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "custmine.h"

/* ---- an allocator that fails on purpose ---- */

typedef struct faulty {
    uint64_t calls, fail_at; /* the Nth call for more memory fails */
    int forever;             /* and all after it */
    int64_t blocks, bytes;
    uint64_t failed;
} faulty;

static void *faulty_resize(void *user, void *old, uint64_t old_size, uint64_t new_size) {
    faulty *state = user;
    if (new_size > old_size) {
        state->calls++;
        if (state->fail_at && (state->forever ? state->calls >= state->fail_at : state->calls == state->fail_at)) {
            state->failed++;
            return NULL;
        }
    }
    void *fresh = NULL;
    if (new_size) {
        fresh = malloc((size_t)new_size);
        if (!fresh) abort();
        memset(fresh, 0xA5, (size_t)new_size);
        if (old) memcpy(fresh, old, (size_t)(old_size < new_size ? old_size : new_size));
        state->blocks++;
        state->bytes += (int64_t)new_size;
    }
    if (old) {
        memset(old, 0x5A, (size_t)old_size);
        free(old);
        state->blocks--;
        state->bytes -= (int64_t)old_size;
    }
    return fresh;
}

/* ---- files that the scenarios read, made once ---- */

static char sales_path[256], segments_path[256], model_path[256], orders_path[256], out_path[256];

static void die(const char *what, const char *why) {
    fprintf(stderr, "oom: %s: %s\n", what, why);
    exit(1);
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(text, 1, strlen(text), file) != strlen(text) || fclose(file)) die(path, "cannot write");
}

static void make_files(void) {
    const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char *text = malloc(64000);
    int length = sprintf(text, "Customer ID,Invoice,Date,Item,Quantity,Price,Cost,Note\n");
    for (int i = 0; i < 300; i++)
        length += sprintf(text + length, "C%d,%d,%d/%d/2011 10:%02d,\"it\"\"em %d\",%d,%d.%02d,0.%d,%s\n", i * 7 % 23,
                          1000 + i / 3, 1 + i % 28, 1 + i % 12, i % 60, i % 11, i % 17 ? 1 + i % 5 : -1, i % 9, i % 100,
                          i % 10, i % 5 ? "true" : "");
    snprintf(sales_path, sizeof sales_path, "%s/custmine-oom-%ld.csv", folder, (long)getpid());
    snprintf(segments_path, sizeof segments_path, "%s/custmine-oom-%ld-segments.csv", folder, (long)getpid());
    snprintf(model_path, sizeof model_path, "%s/custmine-oom-%ld-model.cm", folder, (long)getpid());
    snprintf(orders_path, sizeof orders_path, "%s/custmine-oom-%ld-orders.cm", folder, (long)getpid());
    snprintf(out_path, sizeof out_path, "%s/custmine-oom-%ld-out", folder, (long)getpid());
    write_text(sales_path, text);
    write_text(segments_path, "segment,r_from,r_to\nlapsed,1,2\nhere,3,5\n");
    free(text);
}

/* ---- what scenarios work on: made by a context that does not fail ---- */

static cm_context *steady;
static cm_table *sales, *customers, *attributes, *baskets, *odd, *weighed;
static cm_model *model;
static cm_orders *orders;

static void need(cm_status status) {
    if (status) die("preparing", cm_error_message(steady));
}

/* Something for every check to find, on lines of many items, days and customers, so that what is kept of them grows. */
static cm_table *odd_sales(void) {
    cm_table *table = NULL;
    char *text = malloc(32000);
    int length = sprintf(text, "Customer ID,Invoice,Date,Item,Description,Quantity,Price\n");
    for (int i = 0; i < 250; i++)
        length += sprintf(text + length, "%d.0,%d,2011-0%d-%02d,%d,%s,%s%d%s,%d\n", i % 40, i < 120 ? 1 : i, 1 + i % 4,
                          1 + i / 4 % 27, 100 + i % 30, i % 3 ? "lamp" : "red lamp", i % 2 ? "-" : "", 1 + i % 3,
                          i % 50 ? "" : ".5", i % 7 ? i % 30 % 4 : 0);
    for (int i = 0; i < 20; i++)
        length += sprintf(text + length, "1.0,%d,2011-05-%02d,200,lamp,%d,3\n", 900 + i, 1 + i, i % 2 ? -2 : 2);
    sprintf(text + length,
            ",7,2011-03-01,POST,Postage,1,2\n1.0,8,2011-03-01,100,lamp,1,-9\n1.0,8,2011-03-01,100,lamp,1,-9\n"
            "1.0,9,2012-12-09,100,lamp,1,90000\n");
    write_text(out_path, text);
    free(text);
    need(cm_read_csv(steady, out_path, NULL, &table));
    return table;
}

/* Lines whose baskets have weights, and one of them an item twice. */
static cm_table *weighed_sales(void) {
    cm_table *table = NULL;
    char text[4000];
    int length = sprintf(text, "Invoice,Customer,Date,Item,Weight\n");
    for (int i = 0; i < 60; i++)
        length += sprintf(text + length, "%d,C%d,2011-01-%02d,I%d,%d.5\n", i / 3, i / 9, 1 + i / 3, i * 7 % 11 % 4,
                          1 + i / 3);
    write_text(out_path, text);
    need(cm_read_csv(steady, out_path, NULL, &table));
    return table;
}

static void prepare(void) {
    static const char *const keys[] = {"customer", "money"};
    make_files();
    need(cm_context_new(NULL, &steady));
    need(cm_read_csv(steady, sales_path, NULL, &sales));
    need(cm_customers(steady, sales, NULL, &customers));
    need(cm_baskets(steady, sales, NULL, &baskets));
    need(cm_table_select(steady, customers, keys, 2, &attributes));
    need(cm_fit(steady, "rfm", customers, NULL, &model));
    need(cm_model_save(steady, model, model_path));
    need(cm_orders_new(steady, NULL, &orders));
    need(cm_orders_update(steady, orders, sales, "first"));
    need(cm_orders_save(steady, orders, orders_path));
    odd = odd_sales();
    weighed = weighed_sales();
}

static void clean_up(void) {
    cm_table_free(sales);
    cm_table_free(customers);
    cm_table_free(attributes);
    cm_table_free(baskets);
    cm_table_free(odd);
    cm_table_free(weighed);
    cm_model_free(model);
    cm_orders_free(orders);
    cm_context_free(steady);
    remove(sales_path);
    remove(segments_path);
    remove(model_path);
    remove(orders_path);
    remove(out_path);
}

/* ---- scenarios: each runs to its end or returns the first failure; what it made, it frees ---- */

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        status = (call);                                                                                               \
        if (status) goto done;                                                                                         \
    } while (0)

static cm_status read_file(cm_context *ctx) {
    cm_status status;
    cm_table *table = NULL, *audit = NULL, *columns = NULL;
    cm_options *options = NULL;
    TRY(cm_options_new(ctx, "read", &options));
    TRY(cm_options_set_text(ctx, options, "on_error", "collect"));
    TRY(cm_options_add_text(ctx, options, "na", "none"));
    TRY(cm_read_csv(ctx, sales_path, options, &table));
    TRY(cm_table_attached(ctx, table, "audit", &audit));
    TRY(cm_table_attached(ctx, table, "columns", &columns));
done:
    if (status && audit) die("read", "an output beside a failure");
    cm_options_free(options);
    cm_table_free(table);
    cm_table_free(audit);
    cm_table_free(columns);
    return status;
}

static cm_status read_batches(cm_context *ctx) {
    cm_status status;
    cm_reader *reader = NULL;
    cm_table *batch = NULL, *audit = NULL;
    cm_options *options = NULL;
    TRY(cm_options_new(ctx, "read", &options));
    TRY(cm_options_set_int(ctx, options, "batch_rows", 100));
    TRY(cm_reader_open(ctx, sales_path, options, &reader));
    do {
        cm_table_free(batch);
        batch = NULL;
        TRY(cm_reader_next(ctx, reader, &batch));
    } while (batch);
    TRY(cm_reader_audit(ctx, reader, &audit));
done:
    cm_options_free(options);
    cm_table_free(batch);
    cm_table_free(audit);
    cm_reader_free(reader);
    return status;
}

static cm_status make_customers(cm_context *ctx) {
    cm_status status;
    cm_table *out = NULL;
    cm_options *options = NULL;
    TRY(cm_options_new(ctx, "customers", &options));
    TRY(cm_options_set_table(ctx, options, "attributes", attributes));
    TRY(cm_customers(ctx, sales, options, &out));
done:
    if (status && out) die("customers", "an output beside a failure");
    cm_options_free(options);
    cm_table_free(out);
    return status;
}

static cm_status tell_histories(cm_context *ctx) {
    cm_status status;
    cm_table *out = NULL, *cohorts = NULL;
    cm_options *options = NULL;
    TRY(cm_options_new(ctx, "customers", &options));
    TRY(cm_options_set_text(ctx, options, "rhythm", "true"));
    TRY(cm_options_set_text(ctx, options, "cohorts", "true"));
    TRY(cm_options_set_text(ctx, options, "before_days", "90"));
    TRY(cm_orders_customers(ctx, orders, options, &out));
    TRY(cm_table_attached(ctx, out, "cohorts", &cohorts));
done:
    if (status && cohorts) die("history", "an output beside a failure");
    cm_options_free(options);
    cm_table_free(cohorts);
    cm_table_free(out);
    return status;
}

static cm_status find_moves(cm_context *ctx) {
    cm_status status;
    cm_model *own = NULL, *moves = NULL;
    cm_table *told = NULL, *scores = NULL, *changes = NULL;
    cm_options *options = NULL;
    TRY(cm_options_new(ctx, "customers", &options));
    TRY(cm_options_set_text(ctx, options, "rhythm", "true"));
    TRY(cm_options_set_text(ctx, options, "before_days", "60"));
    TRY(cm_orders_customers(ctx, orders, options, &told));
    TRY(cm_fit(ctx, "rfm", told, NULL, &own));
    TRY(cm_apply(ctx, own, told, &scores));
    TRY(cm_table_attached(ctx, scores, "changes", &changes));
    cm_table_free(changes);
    changes = NULL;
    TRY(cm_fit(ctx, "migration", scores, NULL, &moves));
    TRY(cm_apply(ctx, moves, scores, &changes));
done:
    if (status && changes) die("moves", "an output beside a failure");
    cm_options_free(options);
    cm_model_free(own);
    cm_model_free(moves);
    cm_table_free(told);
    cm_table_free(scores);
    cm_table_free(changes);
    return status;
}

static cm_status check_sales(cm_context *ctx) {
    cm_status status;
    cm_table *out = NULL;
    TRY(cm_checks(ctx, odd, NULL, &out));
    if (cm_table_rows(out) != 13) die("checks", "what is odd was not found");
done:
    if (status && out) die("checks", "an output beside a failure");
    cm_table_free(out);
    return status;
}

static cm_status change_orders(cm_context *ctx) {
    cm_status status;
    cm_orders *own = NULL, *loaded = NULL;
    cm_table *out = NULL;
    TRY(cm_orders_new(ctx, NULL, &own));
    TRY(cm_orders_update(ctx, own, sales, "second"));
    TRY(cm_orders_merge(ctx, own, orders));
    TRY(cm_orders_remove(ctx, own, CM_ROLE_INVOICE, "1001"));
    TRY(cm_orders_rename(ctx, own, CM_ROLE_CUSTOMER, "C3", "C999"));
    TRY(cm_orders_rename(ctx, own, CM_ROLE_CUSTOMER, "C4", "C5"));
    TRY(cm_orders_table(ctx, own, &out));
    TRY(cm_orders_save(ctx, own, out_path));
    TRY(cm_orders_load(ctx, out_path, &loaded));
    cm_table_free(out);
    out = NULL;
    TRY(cm_orders_customers(ctx, loaded, NULL, &out));
done:
    cm_orders_free(own);
    cm_orders_free(loaded);
    cm_table_free(out);
    return status;
}

/* A failed update or merge leaves the state as it was: the same file as before. */
static int same_files(const char *a, const char *b) {
    FILE *files[2] = {fopen(a, "rb"), fopen(b, "rb")};
    int same = files[0] && files[1], c = 0;
    while (same && c != EOF) {
        c = getc(files[0]);
        same = c == getc(files[1]);
    }
    for (int i = 0; i < 2; i++)
        if (files[i]) fclose(files[i]);
    return same;
}

static cm_status update_atomically(cm_context *ctx) {
    cm_status status;
    cm_orders *own = NULL;
    int changed = 0;
    TRY(cm_orders_load(ctx, orders_path, &own));
    TRY(cm_orders_update(ctx, own, sales, "second"));
    changed = 1;
done:
    if (own && !changed) { /* the context may still be failing: the steady one looks at the state */
        need(cm_orders_save(steady, own, out_path));
        if (!same_files(out_path, orders_path)) die("update", "a failed update changed the state");
    }
    cm_orders_free(own);
    return status;
}

static cm_status fit_and_apply(cm_context *ctx) {
    cm_status status;
    cm_model *own = NULL;
    cm_table *scores = NULL, *why = NULL, *table = NULL, *segments = NULL;
    cm_options *options = NULL;
    TRY(cm_read_csv(ctx, segments_path, NULL, &segments));
    TRY(cm_options_new(ctx, "rfm", &options));
    TRY(cm_options_set_text(ctx, options, "scores", "5"));
    TRY(cm_options_set_table(ctx, options, "segments", segments));
    TRY(cm_fit(ctx, "rfm", customers, options, &own));
    TRY(cm_apply(ctx, own, customers, &scores));
    TRY(cm_explain(ctx, own, customers, &why));
    TRY(cm_model_table(ctx, own, "tables", &table));
    TRY(cm_model_save(ctx, own, out_path));
done:
    cm_options_free(options);
    cm_model_free(own);
    cm_table_free(scores);
    cm_table_free(why);
    cm_table_free(table);
    cm_table_free(segments);
    return status;
}

static cm_status cut_in_every_way(cm_context *ctx) {
    static const char *const methods[] = {"nested", "pyramid", "fixed"};
    cm_status status = CM_OK;
    cm_model *own = NULL;
    cm_table *cuts = NULL, *scores = NULL;
    cm_options *options = NULL;
    for (int i = 0; i < 3; i++) {
        TRY(cm_options_new(ctx, "rfm", &options));
        TRY(cm_options_set_text(ctx, options, "method", methods[i]));
        TRY(cm_options_set_int(ctx, options, "frequency_scores", 3));
        if (i == 2) TRY(cm_options_set_table(ctx, options, "cuts", cuts));
        cm_model_free(own);
        own = NULL;
        TRY(cm_fit(ctx, "rfm", customers, options, &own));
        cm_options_free(options);
        options = NULL;
        cm_table_free(cuts);
        cuts = NULL;
        TRY(cm_model_table(ctx, own, "cuts", &cuts));
    }
    TRY(cm_apply(ctx, own, customers, &scores));
done:
    cm_options_free(options);
    cm_model_free(own);
    cm_table_free(cuts);
    cm_table_free(scores);
    return status;
}

static cm_status segment_customers(cm_context *ctx) {
    static const char *const set[][2] = {
        {"k", "auto"}, {"k_range", "2:3"}, {"starts", "2"}, {"scale", "robust"}, {"missing", "median"}};
    cm_status status;
    cm_model *own = NULL, *loaded = NULL;
    cm_table *scores = NULL, *why = NULL;
    cm_options *options = NULL;
    TRY(cm_options_new(ctx, "kmeans", &options));
    for (unsigned i = 0; i < sizeof set / sizeof *set; i++)
        TRY(cm_options_set_text(ctx, options, set[i][0], set[i][1]));
    TRY(cm_fit(ctx, "kmeans", customers, options, &own));
    TRY(cm_model_save(ctx, own, out_path));
    TRY(cm_model_load(ctx, out_path, &loaded));
    TRY(cm_apply(ctx, loaded, customers, &scores));
    TRY(cm_explain(ctx, loaded, customers, &why));
done:
    if (status && why) die("kmeans", "an output beside a failure");
    cm_options_free(options);
    cm_model_free(own);
    cm_model_free(loaded);
    cm_table_free(scores);
    cm_table_free(why);
    return status;
}

/* From centres that are given, and with weights, each row its own. */
static cm_status start_from_centres(cm_context *ctx) {
    static const char *const columns[] = {"recency_days", "invoices", "money"};
    cm_status status;
    cm_model *own = NULL;
    cm_table *few = NULL, *centres = NULL;
    cm_options *options = NULL;
    TRY(cm_table_select(ctx, customers, columns, 3, &few));
    TRY(cm_table_slice(ctx, few, 0, 3, &centres));
    TRY(cm_options_new(ctx, "kmeans", &options));
    TRY(cm_options_set_table(ctx, options, "centroids", centres));
    TRY(cm_options_set_text(ctx, options, "weight", "lines"));
    TRY(cm_fit(ctx, "kmeans", customers, options, &own));
done:
    cm_options_free(options);
    cm_model_free(own);
    cm_table_free(centres);
    cm_table_free(few);
    return status;
}

static cm_status load_and_score(cm_context *ctx) {
    cm_status status;
    cm_model *own = NULL;
    cm_scorer *scorer = NULL;
    cm_cell in[3] = {{.type = CM_INT64, .integer = 3},
                     {.type = CM_INT64, .integer = 3},
                     {.type = CM_DECIMAL, .scale = 2, .integer = 999}};
    cm_cell out[6];
    TRY(cm_model_load(ctx, model_path, &own));
    TRY(cm_scorer_new(ctx, own, &scorer));
    TRY(cm_scorer_row(ctx, scorer, in, 3, out, 6));
done:
    cm_scorer_free(scorer);
    cm_model_free(own);
    return status;
}

static cm_status churn_risk(cm_context *ctx) {
    cm_status status;
    cm_model *own = NULL, *loaded = NULL;
    cm_table *scores = NULL, *why = NULL;
    cm_options *options = NULL;
    TRY(cm_options_new(ctx, "churn", &options));
    TRY(cm_options_set_int(ctx, options, "iterations", 3));
    TRY(cm_fit(ctx, "churn", customers, options, &own));
    TRY(cm_apply(ctx, own, customers, &scores));
    TRY(cm_explain(ctx, own, customers, &why));
    TRY(cm_model_save(ctx, own, out_path));
    TRY(cm_model_load(ctx, out_path, &loaded));
done:
    cm_options_free(options);
    cm_model_free(own);
    cm_model_free(loaded);
    cm_table_free(scores);
    cm_table_free(why);
    return status;
}

static cm_status tables_from_tables(cm_context *ctx) {
    static const char *const by[] = {"money", "customer"};
    static const int32_t falling[] = {1, 0};
    cm_status status;
    cm_table *made[7] = {NULL};
    TRY(cm_table_sort(ctx, customers, by, falling, 2, &made[0]));
    TRY(cm_table_filter(ctx, made[0], "invoices", ">", "2", &made[1]));
    TRY(cm_table_select(ctx, made[1], by, 2, &made[2]));
    TRY(cm_table_slice(ctx, made[2], 1, 5, &made[3]));
    TRY(cm_table_with_role(ctx, made[3], "money", CM_ROLE_AMOUNT, &made[4]));
    TRY(cm_table_join(ctx, customers, made[4], NULL, &made[5]));
    const cm_table *pair[] = {made[2], made[3]};
    TRY(cm_table_concat(ctx, pair, 2, &made[6]));
    cm_table *schema = NULL;
    TRY(cm_table_schema(ctx, made[6], &schema));
    cm_table_free(schema);
done:
    for (int i = 0; i < 7; i++) cm_table_free(made[i]);
    return status;
}

static cm_status build_table(cm_context *ctx) {
    static const int64_t numbers[] = {1, 2, 3};
    static const int64_t offsets[] = {0, 1, 3, 6};
    cm_status status;
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    TRY(cm_builder_new(ctx, &builder));
    TRY(cm_builder_column(ctx, builder, "number", CM_INT64, 0, CM_ROLE_NONE));
    TRY(cm_builder_column(ctx, builder, "text", CM_STRING, 0, CM_ROLE_ITEM));
    TRY(cm_builder_values(ctx, builder, 0, numbers, NULL, 3));
    TRY(cm_builder_texts(ctx, builder, 1, "abbccc", offsets, NULL, 3));
    for (int i = 0; i < 200; i++) {
        TRY(cm_builder_text(ctx, builder, 0, "17", 2));
        if (i % 3) TRY(cm_builder_text(ctx, builder, 1, "abcdefghijklmnop", (uint64_t)(i % 16)));
        TRY(cm_builder_row(ctx, builder));
    }
    TRY(cm_builder_finish(ctx, builder, &table));
done:
    cm_builder_free(builder);
    cm_table_free(table);
    return status;
}

static cm_status through_arrow(cm_context *ctx) {
    cm_status status;
    struct ArrowArrayStream stream = {0};
    struct ArrowSchema schema = {0};
    struct ArrowArray array = {0};
    cm_table *back = NULL, *again = NULL;
    TRY(cm_table_export_stream(ctx, sales, NULL, &stream));
    TRY(cm_table_import_stream(ctx, &stream, &back));
    TRY(cm_table_export_arrow(ctx, back, NULL, &schema, &array));
    TRY(cm_table_import_arrow(ctx, &schema, &array, &again));
done:
    if (stream.release) stream.release(&stream);
    if (schema.release) schema.release(&schema);
    if (array.release) array.release(&array);
    cm_table_free(back);
    cm_table_free(again);
    return status;
}

/* A state that keeps items, its baskets, and those of a file. */
static cm_status make_baskets(cm_context *ctx) {
    cm_status status;
    cm_orders *own = NULL;
    cm_table *out = NULL, *read = NULL;
    cm_options *options = NULL, *kinds = NULL;
    TRY(cm_options_new(ctx, "orders", &options));
    TRY(cm_options_set_text(ctx, options, "items", "true"));
    TRY(cm_orders_new(ctx, options, &own));
    TRY(cm_orders_update(ctx, own, sales, NULL));
    TRY(cm_orders_baskets(ctx, own, NULL, &out));
    cm_table_free(out);
    out = NULL;
    TRY(cm_baskets(ctx, sales, NULL, &out));
    cm_table_free(out);
    out = NULL;
    TRY(cm_options_new(ctx, "baskets", &kinds));
    TRY(cm_options_set_text(ctx, kinds, "basket", "window"));
    TRY(cm_options_set_int(ctx, kinds, "key_items", 1));
    TRY(cm_baskets(ctx, sales, kinds, &out));
    cm_table_free(out);
    out = NULL;
    TRY(cm_options_set_text(ctx, kinds, "layout", "baskets"));
    TRY(cm_options_set_text(ctx, kinds, "max_basket", "2"));
    TRY(cm_baskets(ctx, baskets, kinds, &out));
    cm_table_free(out);
    out = NULL;
    TRY(cm_read_baskets(ctx, segments_path, NULL, &read));
done:
    if (status && read) die("baskets", "an output beside a failure");
    cm_options_free(kinds);
    cm_options_free(options);
    cm_orders_free(own);
    cm_table_free(out);
    cm_table_free(read);
    return status;
}

static cm_status find_rules(cm_context *ctx) {
    cm_status status;
    cm_model *own = NULL, *loaded = NULL;
    cm_table *out = NULL;
    cm_options *options = NULL;
    TRY(cm_options_new(ctx, "rules", &options));
    TRY(cm_options_set_text(ctx, options, "support", "2"));
    TRY(cm_options_set_text(ctx, options, "lift", "0"));
    TRY(cm_options_set_text(ctx, options, "exclude", "it\"em 3"));
    TRY(cm_fit(ctx, "rules", baskets, options, &own));
    TRY(cm_model_save(ctx, own, out_path));
    TRY(cm_model_load(ctx, out_path, &loaded));
    TRY(cm_apply(ctx, loaded, baskets, &out));
    cm_model_free(own);
    own = NULL;
    TRY(cm_fit(ctx, "rules", baskets, NULL, &own));
    cm_model_free(own);
    own = NULL;
    TRY(cm_options_set_int(ctx, options, "max_consequent", 2));
    TRY(cm_options_set_int(ctx, options, "no_redundant", 1));
    TRY(cm_options_set_int(ctx, options, "min_customers", 1));
    TRY(cm_options_set_text(ctx, options, "significance", "1"));
    TRY(cm_options_set_text(ctx, options, "interval", "0.95"));
    TRY(cm_options_set_text(ctx, options, "validate", "0.3"));
    TRY(cm_options_set_text(ctx, options, "measures", "all"));
    TRY(cm_options_set_text(ctx, options, "where", "lift>0"));
    TRY(cm_fit(ctx, "rules", baskets, options, &own));
done:
    cm_options_free(options);
    cm_model_free(own);
    cm_model_free(loaded);
    cm_table_free(out);
    return status;
}

/* From lines with a weight to rules and neighbours by it. */
static cm_status weigh_baskets(cm_context *ctx) {
    static const char *const methods[] = {"rules", "together"};
    cm_status status = CM_OK;
    cm_table *out = NULL;
    cm_model *own = NULL;
    cm_options *options = NULL;
    TRY(cm_options_new(ctx, "baskets", &options));
    TRY(cm_options_set_text(ctx, options, "weight", "Weight"));
    TRY(cm_baskets(ctx, weighed, options, &out));
    for (int i = 0; i < 2; i++) {
        cm_options_free(options);
        options = NULL;
        cm_model_free(own);
        own = NULL;
        TRY(cm_options_new(ctx, methods[i], &options));
        TRY(cm_options_set_text(ctx, options, "weight", "Weight"));
        TRY(cm_options_set_text(ctx, options, "validate", "0.2"));
        TRY(cm_fit(ctx, methods[i], out, options, &own));
    }
done:
    cm_options_free(options);
    cm_model_free(own);
    cm_table_free(out);
    return status;
}

/* The triangle of pairs, and (where items are many) item by item; saved, loaded, applied, tried on baskets kept
 * aside. */
static cm_status find_neighbours(cm_context *ctx) {
    cm_status status;
    cm_model *own = NULL, *loaded = NULL;
    cm_table *out = NULL, *few = NULL;
    cm_options *options = NULL;
    TRY(cm_options_new(ctx, "together", &options));
    TRY(cm_fit(ctx, "together", baskets, options, &own));
    TRY(cm_model_save(ctx, own, out_path));
    TRY(cm_model_load(ctx, out_path, &loaded));
    TRY(cm_apply(ctx, loaded, baskets, &out));
    cm_model_free(own);
    own = NULL;
    TRY(cm_table_slice(ctx, baskets, 0, 4, &few));
    TRY(cm_options_set_text(ctx, options, "validate", "0.3"));
    TRY(cm_options_set_text(ctx, options, "by", "lift"));
    TRY(cm_fit(ctx, "together", few, options, &own));
done:
    cm_options_free(options);
    cm_model_free(own);
    cm_model_free(loaded);
    cm_table_free(out);
    cm_table_free(few);
    return status;
}

/* All ways of mining and what they can deliver. */
static cm_status mine_itemsets(cm_context *ctx) {
    static const char *const ways[][3] = {{"auto", "closed", "itemsets"},
                                          {"auto", "maximal", "counts"},
                                          {"auto", "frequent", "counts"},
                                          {"eclat", "frequent", "itemsets"},
                                          {"apriori", "closed", "itemsets"}};
    cm_status status = CM_OK;
    for (int i = 0; i < 5 && !status; i++) {
        cm_model *own = NULL;
        cm_options *options = NULL;
        TRY(cm_options_new(ctx, "rules", &options));
        TRY(cm_options_set_text(ctx, options, "support", "2"));
        TRY(cm_options_set_text(ctx, options, "algorithm", ways[i][0]));
        TRY(cm_options_set_text(ctx, options, "itemsets", ways[i][1]));
        TRY(cm_options_set_text(ctx, options, "deliver", ways[i][2]));
        TRY(cm_fit(ctx, "rules", baskets, options, &own));
    done:
        cm_options_free(options);
        cm_model_free(own);
    }
    return status;
}

/* Of a condition, a list, and who bought an item; every kind of column. */
static cm_status profile_groups(cm_context *ctx) {
    cm_status status;
    cm_options *options = NULL;
    cm_model *own = NULL, *loaded = NULL;
    cm_table *out = NULL;
    TRY(cm_options_new(ctx, "profile", &options));
    TRY(cm_options_set_text(ctx, options, "group", "lines>12"));
    TRY(cm_options_set_int(ctx, options, "least", 2));
    TRY(cm_options_set_text(ctx, options, "band_width", "round"));
    TRY(cm_fit(ctx, "profile", customers, options, &own));
    cm_model_free(own);
    own = NULL;
    TRY(cm_options_set_text(ctx, options, "group", "Invoice=1001"));
    TRY(cm_options_set_table(ctx, options, "members", sales));
    TRY(cm_options_set_text(ctx, options, "adjust", "bh"));
    TRY(cm_fit(ctx, "profile", customers, options, &own));
    TRY(cm_model_save(ctx, own, out_path));
    TRY(cm_model_load(ctx, out_path, &loaded));
    TRY(cm_apply(ctx, loaded, customers, &out));
done:
    cm_options_free(options);
    cm_model_free(own);
    cm_model_free(loaded);
    cm_table_free(out);
    return status;
}

static int32_t swallow(void *user, const char *bytes, uint64_t length) {
    (void)user, (void)bytes, (void)length;
    return 0;
}

static cm_status write_tables(cm_context *ctx) {
    cm_status status;
    cm_options *options = NULL;
    TRY(cm_write(ctx, sales, NULL, swallow, NULL));
    TRY(cm_options_new(ctx, "write", &options));
    TRY(cm_options_set_text(ctx, options, "format", "json"));
    TRY(cm_write_file(ctx, customers, options, out_path));
done:
    cm_options_free(options);
    return status;
}

static cm_status describe_all(cm_context *ctx) {
    static const char *const what[] = {"topics", "methods", "inputs", "outputs", "roles", "constants", "catalogue"};
    cm_status status;
    cm_table *table = NULL, *options_table = NULL;
    cm_options *options = NULL;
    for (unsigned i = 0; i < sizeof what / sizeof *what; i++) {
        TRY(cm_describe(ctx, what[i], &table));
        cm_table_free(table);
        table = NULL;
    }
    TRY(cm_describe_options(ctx, "read", &options_table));
    TRY(cm_describe(ctx, "catalogue", &table));
    TRY(cm_options_new(ctx, "context", &options));
    TRY(cm_options_set_table(ctx, options, "catalogue", table));
    TRY(cm_context_configure(ctx, options));
done:
    cm_options_free(options);
    cm_table_free(table);
    cm_table_free(options_table);
    return status;
}

static const struct {
    const char *name;
    cm_status (*run)(cm_context *ctx);
} scenarios[] = {
    {"read", read_file},         {"batches", read_batches},     {"customers", make_customers},
    {"orders", change_orders},   {"update", update_atomically}, {"fit", fit_and_apply},
    {"load", load_and_score},    {"churn", churn_risk},         {"tables", tables_from_tables},
    {"builder", build_table},    {"arrow", through_arrow},      {"write", write_tables},
    {"describe", describe_all},  {"kmeans", segment_customers}, {"centres", start_from_centres},
    {"cuts", cut_in_every_way},  {"history", tell_histories},   {"moves", find_moves},
    {"checks", check_sales},     {"baskets", make_baskets},     {"rules", find_rules},
    {"itemsets", mine_itemsets}, {"together", find_neighbours}, {"weights", weigh_baskets},
    {"profile", profile_groups},
};

/* ---- the sweep ---- */

/* One run with the Nth allocation failing; whether none failed, so that the sweep is at its end. A success in spite of
 * a failure is right where less will do (libcsv asks again for a smaller buffer), but not where all later
 * allocations fail, too. */
static int run_once(unsigned scenario, uint64_t fail_at, int forever, uint64_t *injected) {
    faulty state = {.fail_at = fail_at, .forever = forever};
    cm_allocator allocator = {sizeof allocator, faulty_resize, &state};
    const char *name = scenarios[scenario].name;
    cm_context *ctx = NULL;
    cm_status status = cm_context_new(&allocator, &ctx);
    if (!status) status = scenarios[scenario].run(ctx);
    if (status && status != CM_E_MEMORY) die(name, ctx ? cm_error_message(ctx) : cm_status_name(status));
    if (!status && state.failed && forever) die(name, "allocations failed and nobody said so");
    cm_context_free(ctx);
    if (state.blocks || state.bytes) {
        fprintf(stderr, "oom: %s: allocation %" PRIu64 "%s: %" PRId64 " blocks leaked\n", name, fail_at,
                forever ? " and all later" : "", state.blocks);
        exit(1);
    }
    *injected += state.failed;
    return state.failed == 0;
}

int main(int argc, char **argv) {
    uint64_t total = 0, step = getenv("STEP") ? strtoull(getenv("STEP"), NULL, 10) : 1;
    prepare();
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        uint64_t injected = 0, tries = 0;
        if (argc > 1 && strcmp(argv[1], scenarios[i].name) != 0) continue;
        for (int forever = 0; forever <= 1; forever++)
            for (uint64_t n = 1;; n += step, tries++)
                if (run_once(i, n, forever, &injected)) break;
        printf("oom: %-10s %6" PRIu64 " runs, %7" PRIu64 " failed allocations\n", scenarios[i].name, tries, injected);
        total += injected;
    }
    clean_up();
    printf("oom: %" PRIu64 " failures injected: no crash, no leak, right status\n", total);
    return 0;
}
