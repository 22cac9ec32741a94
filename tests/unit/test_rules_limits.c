/* Limits of memory and time with allow_partial, on baskets that have far more itemsets than fit: what is given is
 * right, and down to complete_from all is there. */
#include "base/context.h"
#include "models.h"

#define ITEMS 17
#define SETS (1 << ITEMS)
#define BASKETS 60

static int baskets[BASKETS], counts[SETS];

/* Each item fails in baskets of its own, so that supports differ. */
static void invent(void) {
    lcg random = {99};
    for (int b = 0; b < BASKETS; b++) {
        baskets[b] = 0;
        for (int i = 0; i < ITEMS; i++)
            if (lcg_below(&random, 100) >= 4 + 2 * (uint32_t)i) baskets[b] |= 1 << i;
    }
    memset(counts, 0, sizeof counts);
    for (int set = 1; set < SETS; set++)
        for (int b = 0; b < BASKETS; b++) counts[set] += (baskets[b] & set) == set;
}

static cm_table *table_of(cm_context *ctx) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "items", CM_LIST, 0, 0));
    for (int b = 0; b < BASKETS; b++) {
        OK(ctx, cm_builder_text(ctx, builder, 0, NULL, 0));
        for (int i = 0; i < ITEMS; i++)
            if (baskets[b] >> i & 1) OK(ctx, cm_builder_text(ctx, builder, 0, (char[]){(char)('a' + i)}, 1));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static void check_sets(cm_context *ctx, const cm_model *model, int complete_from) {
    cm_table *table = NULL;
    uint64_t wanted = 0, found = 0;
    OK(ctx, cm_model_table(ctx, model, "itemsets", &table));
    for (int set = 1; set < SETS; set++) wanted += counts[set] >= complete_from;
    for (uint64_t row = 0; row < cm_table_rows(table); row++) {
        int count = (int)INT(table, row, "count");
        if (count != counts[letters_of(table, row, "items")]) ck_abort_msg("row %d has a wrong count", (int)row);
        found += count >= complete_from;
    }
    ck_assert_uint_eq(found, wanted);
    cm_table_free(table);
}

static void check_rules(cm_context *ctx, const cm_model *model) {
    cm_table *table = NULL;
    OK(ctx, cm_model_table(ctx, model, "rules", &table));
    ck_assert_uint_gt(cm_table_rows(table), 0);
    ck_assert(diagnostic(ctx, model, "rules") == (double)cm_table_rows(table));
    for (uint64_t row = 0; row < cm_table_rows(table); row++) {
        int left = letters_of(table, row, "antecedent"), right = letters_of(table, row, "consequent");
        if (INT(table, row, "count") != counts[left | right]
            || DOUBLE(table, row, "confidence") != (double)counts[left | right] / counts[left])
            ck_abort_msg("row %d is wrong", (int)row);
    }
    cm_table_free(table);
}

/* Sets the limits, of which that of time is never reached by the clock. */
static cm_options *limited(cm_context *ctx, const char *memory, const char *deliver, int partial) {
    cm_options *options = NULL, *limits = NULL;
    OK(ctx, cm_options_new(ctx, "context", &limits));
    OK(ctx, cm_options_set_text(ctx, limits, "memory_limit", memory));
    OK(ctx, cm_options_set_text(ctx, limits, "time_limit", "1000000"));
    OK(ctx, cm_context_configure(ctx, limits));
    OK(ctx, cm_options_new(ctx, "rules", &options));
    OK(ctx, cm_options_set_text(ctx, options, "support", "1"));
    OK(ctx, cm_options_set_text(ctx, options, "deliver", deliver));
    OK(ctx, cm_options_set_int(ctx, options, "allow_partial", partial));
    cm_options_free(limits);
    return options;
}

static cm_status fit_within(cm_context *ctx, const cm_table *table, const char *memory, const char *deliver,
                            int partial, cm_model **model) {
    cm_options *options = limited(ctx, memory, deliver, partial);
    cm_status status = cm_fit(ctx, "rules", table, options, model);
    cm_options_free(options);
    return status;
}

START_TEST(a_ceiling_gives_what_fits) {
    static const char *const ceilings[] = {"1MB", "3MB", "10MB", "30MB"}, *const delivered[] = {"rules", "itemsets"};
    cm_context *ctx = new_context();
    invent();
    cm_table *table = table_of(ctx);
    for (int deliver = 0; deliver < 2; deliver++) {
        double last = 1e9;
        for (int i = 0; i < 4; i++) {
            cm_model *model = NULL;
            FAILS(ctx, CM_E_LIMIT, "memory limit",
                  fit_within(ctx, table, deliver ? "1MB" : ceilings[i], delivered[deliver], 0, &model));
            OK(ctx, fit_within(ctx, table, ceilings[i], delivered[deliver], 1, &model));
            double complete = diagnostic(ctx, model, "complete_from");
            if (!deliver || i < 2) ck_assert(diagnostic(ctx, model, "truncated") == 1);
            ck_assert(complete <= last);
            last = complete;
            check_sets(ctx, model, (int)complete);
            if (!deliver) check_rules(ctx, model);
            cm_model_free(model);
        }
        ck_assert(last < BASKETS);
    }
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* An allocator with which the time runs out at a certain call: from then on the deadline of the context lies in the
 * past. Or somebody cancels there. */
typedef struct clock_of_calls {
    cm_context *ctx;
    uint64_t calls, out_at, cancel_at; /* 0: never */
} clock_of_calls;

static void *resize(void *user, void *pointer, uint64_t old_size, uint64_t new_size) {
    clock_of_calls *own = user;
    if (new_size > old_size && own->ctx) own->calls++;
    if (own->ctx && own->out_at && own->calls >= own->out_at) own->ctx->deadline = 1;
    if (own->ctx && own->cancel_at && own->calls == own->cancel_at) cm_context_cancel(own->ctx);
    if (new_size) return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

enum { FAILED, TRUNCATED, COMPLETE };

/* With the time out at an allocation: nothing, or what is right down to complete_from. */
static int run_out(clock_of_calls *own, const cm_table *table, uint64_t at, const char *deliver, double *complete) {
    cm_context *ctx = own->ctx;
    cm_model *model = NULL;
    own->calls = 0;
    own->out_at = at;
    cm_status status = fit_within(ctx, table, "10MB", deliver, 1, &model);
    own->out_at = 0;
    if (status) {
        ck_assert_int_eq(status, CM_E_LIMIT);
        ck_assert_ptr_nonnull(strstr(cm_error_message(ctx), "time limit"));
        ck_assert_ptr_null(model);
        return FAILED;
    }
    *complete = diagnostic(ctx, model, "complete_from");
    int truncated = diagnostic(ctx, model, "truncated") == 1;
    check_sets(ctx, model, (int)*complete);
    if (!strcmp(deliver, "rules")) check_rules(ctx, model);
    cm_model_free(model);
    return truncated ? TRUNCATED : COMPLETE;
}

START_TEST(a_deadline_gives_what_was_found) {
    static const char *const delivered[] = {"rules", "itemsets"};
    clock_of_calls clock = {0};
    const cm_allocator allocator = {sizeof allocator, resize, &clock};
    cm_context *ctx = NULL;
    cm_model *model = NULL;
    ck_assert_int_eq(cm_context_new(&allocator, &ctx), CM_OK);
    clock.ctx = ctx;
    invent();
    cm_table *table = table_of(ctx);
    for (int deliver = 0; deliver < 2; deliver++) {
        int before = FAILED, seen[3] = {0};
        double last = 1e9, complete = 1e9;
        for (uint64_t at = 1; at < 200000; at += at / 2 + 1) { /* the later, the more */
            int now = run_out(&clock, table, at, delivered[deliver], &complete);
            ck_assert_int_ge(now, before);
            ck_assert(complete <= last);
            before = now;
            last = complete;
            seen[now]++;
        }
        ck_assert_int_gt(seen[FAILED], 0);
        ck_assert_int_gt(seen[TRUNCATED], 5);
        ck_assert(last < BASKETS);
        clock.calls = 0, clock.out_at = 40;
        FAILS(ctx, CM_E_LIMIT, "time limit", fit_within(ctx, table, "0", delivered[deliver], 0, &model));
        ck_assert_ptr_null(model);
        clock.out_at = 0;
    }
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* Wherever it comes, and also where a part would do: nothing, and the next call goes as ever. */
START_TEST(cancelling_leaves_nothing) {
    clock_of_calls clock = {0};
    const cm_allocator allocator = {sizeof allocator, resize, &clock};
    cm_context *ctx = NULL;
    ck_assert_int_eq(cm_context_new(&allocator, &ctx), CM_OK);
    clock.ctx = ctx;
    invent();
    cm_table *table = table_of(ctx);
    uint64_t cancelled = 0;
    for (uint64_t at = 1; at < 3000; at += at / 3 + 1)
        for (int partial = 0; partial < 2; partial++) {
            cm_options *options = limited(ctx, "3MB", "rules", partial);
            cm_model *model = NULL;
            clock.calls = 0, clock.cancel_at = at;
            cm_status status = cm_fit(ctx, "rules", table, options, &model);
            clock.cancel_at = 0;
            cm_options_free(options);
            ck_assert((model != NULL) == (status == CM_OK));
            ck_assert(status == CM_E_CANCELLED || (partial ? status == CM_OK : status == CM_E_LIMIT));
            cancelled += status == CM_E_CANCELLED;
            cm_model_free(model);
        }
    ck_assert_uint_gt(cancelled, 20);
    cm_model *model = NULL;
    OK(ctx, fit_within(ctx, table, "3MB", "rules", 1, &model));
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

Suite *test_rules_limits(void);
Suite *test_rules_limits(void) {
    Suite *suite = suite_create("rules_limits");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 240);
    tcase_add_test(all, a_ceiling_gives_what_fits);
    tcase_add_test(all, a_deadline_gives_what_was_found);
    tcase_add_test(all, cancelling_leaves_nothing);
    suite_add_tcase(suite, all);
    return suite;
}
