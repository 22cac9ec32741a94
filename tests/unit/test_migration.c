/* Who moved between two runs, and what the earlier columns add to RFM: against plain loops. */
#include "support.h"

#define PEOPLE 400

typedef struct person {
    int64_t id, segment[2], days[2], orders[2], money[2]; /* then, now; segment 0: not in that run */
} person;

static const char *const segment_names[] = {"", "gold", "silver", "bronze", "lead"};

static person *random_people(uint64_t seed) {
    lcg random = {seed};
    person *all = calloc(PEOPLE, sizeof *all);
    for (int i = 0; i < PEOPLE; i++) {
        all[i].id = i * 3 + 1;
        for (int t = 0; t < 2; t++) {
            all[i].segment[t] = lcg_below(&random, 5);
            all[i].days[t] = lcg_below(&random, 4);
            all[i].orders[t] = 1 + lcg_below(&random, 3);
            all[i].money[t] = lcg_below(&random, 4) * 100;
        }
    }
    return all;
}

static cm_table *run_of(cm_context *ctx, const person *all, int t) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "recency_days", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "frequency", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "monetary", CM_DECIMAL, t ? 2 : 3, 0));
    OK(ctx, cm_builder_column(ctx, builder, "segment", CM_STRING, 0, 0));
    for (int i = 0; i < PEOPLE; i++) {
        const char *name = segment_names[all[i].segment[t]];
        if (!*name) continue;
        OK(ctx, cm_builder_int(ctx, builder, 0, all[i].id));
        OK(ctx, cm_builder_int(ctx, builder, 1, all[i].days[t]));
        OK(ctx, cm_builder_int(ctx, builder, 2, all[i].orders[t]));
        OK(ctx, cm_builder_int(ctx, builder, 3, all[i].money[t] * (t ? 1 : 10)));
        OK(ctx, cm_builder_text(ctx, builder, 4, name, strlen(name)));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static int named(const cm_table *table, uint64_t row, const char *column, int64_t segment) {
    const char *text = TEXT(table, row, column);
    return segment ? text && !strcmp(text, segment_names[segment]) : !text;
}

static void expect_code(const person *one, char out[64]) {
    int64_t money = one->money[1] - one->money[0];
    if (!one->segment[0]) strcpy(out, "MOVE_NEW");
    else if (!one->segment[1]) strcpy(out, "MOVE_GONE");
    else if (one->orders[1] > one->orders[0])
        sprintf(out, "MOVE_BOUGHT_FOR %d %s%d.000", (int)(one->orders[1] - one->orders[0]), money < 0 ? "-" : "",
                abs((int)money) / 100);
    else if (one->orders[1] < one->orders[0]) sprintf(out, "MOVE_FEWER %d", (int)(one->orders[0] - one->orders[1]));
    else if (money) sprintf(out, "MOVE_MONEY %d.000", (int)money / 100);
    else if (one->days[1] > one->days[0]) sprintf(out, "MOVE_SILENT %d %d", (int)one->days[1], (int)one->days[0]);
    else strcpy(out, "MOVE_SCALE");
}

static void assert_migration(const cm_table *migration, const person *all) {
    int64_t everybody = 0;
    for (uint64_t row = 0; row < cm_table_rows(migration); row++) {
        int64_t customers = 0, from = 0, money[2] = {0};
        for (int i = 0; i < PEOPLE; i++) {
            if (!all[i].segment[0] && !all[i].segment[1]) continue;
            if (!named(migration, row, "from", all[i].segment[0])) continue;
            from++;
            if (!named(migration, row, "to", all[i].segment[1])) continue;
            customers++;
            for (int t = 0; t < 2; t++) money[t] += all[i].segment[t] ? all[i].money[t] * 10 : 0;
        }
        ck_assert_int_gt(customers, 0);
        ck_assert_int_eq(INT(migration, row, "customers"), customers);
        ck_assert_double_eq_tol(DOUBLE(migration, row, "share"), (double)customers / (double)from, 1e-15);
        ck_assert_int_eq(INT(migration, row, "money_then"), money[0]);
        ck_assert_int_eq(INT(migration, row, "money_now"), money[1]);
        ck_assert_int_eq(INT(migration, row, "money_change"), money[1] - money[0]);
        everybody += customers;
    }
    for (int i = 0; i < PEOPLE; i++) everybody -= all[i].segment[0] || all[i].segment[1];
    ck_assert_int_eq(everybody, 0);
}

static void assert_changes(const cm_table *changes, const person *all) {
    uint64_t moved = 0;
    for (int i = 0; i < PEOPLE; i++) moved += all[i].segment[0] != all[i].segment[1];
    ck_assert_uint_eq(cm_table_rows(changes), moved);
    for (uint64_t row = 0; row < moved; row++) {
        const person *one = &all[(INT(changes, row, "customer") - 1) / 3];
        char code[64];
        expect_code(one, code);
        ck_assert_int_ne(one->segment[0], one->segment[1]);
        ck_assert(named(changes, row, "from", one->segment[0]) && named(changes, row, "to", one->segment[1]));
        ck_assert_str_eq(TEXT(changes, row, "code"), code);
        ck_assert_int_eq(!!ABSENT(changes, row, "money_then"), !one->segment[0]);
        if (one->segment[1]) ck_assert_int_eq(INT(changes, row, "money_now"), one->money[1] * 10);
    }
}

START_TEST(moves_equal_plain_loops) {
    cm_context *ctx = new_context();
    char path[256];
    person *all = random_people((uint64_t)_i + 3);
    cm_table *then = run_of(ctx, all, 0), *now = run_of(ctx, all, 1), *changes = NULL, *migration = NULL;
    cm_model *model = NULL, *loaded = NULL;
    temp_path(path, "moves.cm");
    OK(ctx, cm_fit(ctx, "migration", then, NULL, &model));
    OK(ctx, cm_model_save(ctx, model, path));
    OK(ctx, cm_model_load(ctx, path, &loaded));
    OK(ctx, cm_apply(ctx, loaded, now, &changes));
    OK(ctx, cm_table_attached(ctx, changes, "migration", &migration));
    assert_changes(changes, all);
    assert_migration(migration, all);
    cm_table_free(changes);
    OK(ctx, cm_apply(ctx, model, then, &changes)); /* nobody moves between a run and itself */
    ck_assert_uint_eq(cm_table_rows(changes), 0);
    remove(path);
    cm_model_free(model);
    cm_model_free(loaded);
    cm_table_free(changes);
    cm_table_free(migration);
    cm_table_free(then);
    cm_table_free(now);
    free(all);
    cm_context_free(ctx);
}
END_TEST

START_TEST(runs_that_do_not_fit) {
    cm_context *ctx = new_context();
    person *all = random_people(1);
    cm_table *run = run_of(ctx, all, 0), *other = NULL, *out = NULL;
    cm_model *model = NULL;
    const char *const names[] = {"customer", "frequency"};
    OK(ctx, cm_table_select(ctx, run, names, 2, &other));
    FAILS(ctx, CM_E_COLUMN, "needs the column segment", cm_fit(ctx, "migration", other, NULL, &model));
    ck_assert_ptr_null(model);
    OK(ctx, cm_fit(ctx, "migration", run, NULL, &model));
    FAILS(ctx, CM_E_COLUMN, "needs the column segment", cm_apply(ctx, model, other, &out));
    cm_table_free(other);
    const cm_table *both[] = {run, run};
    OK(ctx, cm_table_concat(ctx, both, 2, &other));
    FAILS(ctx, CM_E_DATA, "stands in one run twice", cm_apply(ctx, model, other, &out));
    ck_assert_ptr_null(out);
    cm_model_free(model);
    model = NULL;
    FAILS(ctx, CM_E_DATA, "stands in one run twice", cm_fit(ctx, "migration", other, NULL, &model));
    cm_table_free(other);
    cm_table_free(run);
    free(all);
    cm_context_free(ctx);
}
END_TEST

/* ---- what RFM makes of the earlier columns, the rhythm and the money ---- */

typedef struct buyer {
    int64_t now[3], before[3], days_since, money_since, stage;
    double cv;
} buyer;

static cm_table *buyers_of(cm_context *ctx, buyer *all, uint64_t seed) {
    static const char *const columns[] = {"customer",
                                          "recency_days",
                                          "invoices",
                                          "money",
                                          "recency_days_before",
                                          "invoices_before",
                                          "money_before",
                                          "purchase_days_since",
                                          "money_since",
                                          "stage",
                                          "gap_cv",
                                          "active_months",
                                          "months"};
    lcg random = {seed};
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    for (int i = 0; i < 13; i++)
        OK(ctx, cm_builder_column(ctx, builder, columns[i],
                                  i == 3 || i == 6 || i == 8 ? CM_DECIMAL
                                  : i == 9                   ? CM_STRING
                                  : i == 10                  ? CM_FLOAT64
                                                             : CM_INT64,
                                  i == 3 || i == 6 || i == 8 ? 2 : 0, 0));
    for (int i = 0; i < PEOPLE; i++) {
        buyer *one = &all[i];
        *one = (buyer){{lcg_below(&random, 300), 1 + lcg_below(&random, 20), (int64_t)lcg_below(&random, 90000) - 500},
                       {lcg_below(&random, 300), 1 + lcg_below(&random, 20), lcg_below(&random, 60000)},
                       lcg_below(&random, 3),
                       lcg_below(&random, 9000),
                       lcg_below(&random, 2),
                       lcg_below(&random, 200) / 100.0};
        if (i % 9 == 0) one->before[0] = -1; /* had not bought */
        OK(ctx, cm_builder_int(ctx, builder, 0, i));
        for (int d = 0; d < 3; d++) OK(ctx, cm_builder_int(ctx, builder, 1 + (uint64_t)d, one->now[d]));
        for (int d = 0; d < 3 && one->before[0] >= 0; d++)
            OK(ctx, cm_builder_int(ctx, builder, 4 + (uint64_t)d, one->before[d]));
        if (one->before[0] >= 0) OK(ctx, cm_builder_int(ctx, builder, 7, one->days_since));
        if (one->before[0] >= 0) OK(ctx, cm_builder_int(ctx, builder, 8, one->money_since));
        OK(ctx, cm_builder_text(ctx, builder, 9, one->stage ? "active" : "lapsed", 6));
        OK(ctx, cm_builder_double(ctx, builder, 10, one->cv));
        OK(ctx, cm_builder_int(ctx, builder, 11, 3));
        OK(ctx, cm_builder_int(ctx, builder, 12, 5));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

/* The segments of the earlier day, by the scorer of the same model. */
static void earlier_segments(cm_context *ctx, const cm_model *model, const buyer *all, char (*out)[64]) {
    cm_scorer *scorer = NULL;
    OK(ctx, cm_scorer_new(ctx, model, &scorer));
    for (int i = 0; i < PEOPLE; i++) {
        cm_cell in[3] = {{.type = CM_INT64, .integer = all[i].before[0]},
                         {.type = CM_INT64, .integer = all[i].before[1]},
                         {.type = CM_DECIMAL, .scale = 2, .integer = all[i].before[2]}},
                cells[6];
        out[i][0] = 0;
        if (all[i].before[0] < 0) continue;
        OK(ctx, cm_scorer_row(ctx, scorer, in, 3, cells, 6));
        snprintf(out[i], 64, "%.*s", (int)cells[4].length, cells[4].text);
    }
    cm_scorer_free(scorer);
}

START_TEST(outcomes_migration_and_golden_equal_plain_loops) {
    cm_context *ctx = new_context();
    static buyer all[PEOPLE];
    static char earlier[PEOPLE][64];
    cm_table *table = buyers_of(ctx, all, (uint64_t)_i + 77), *segments = NULL, *migration = NULL, *changes = NULL,
             *golden = NULL, *scores = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_fit(ctx, "rfm", table, NULL, &model));
    OK(ctx, cm_apply(ctx, model, table, &scores));
    OK(ctx, cm_table_attached(ctx, scores, "segments", &segments));
    OK(ctx, cm_table_attached(ctx, scores, "migration", &migration));
    OK(ctx, cm_table_attached(ctx, scores, "changes", &changes));
    OK(ctx, cm_table_attached(ctx, scores, "golden", &golden));
    earlier_segments(ctx, model, all, earlier);
    for (uint64_t row = 0; row < cm_table_rows(segments); row++) {
        int64_t customers = 0, back = 0, money = 0;
        for (int i = 0; i < PEOPLE; i++) {
            if (strcmp(earlier[i], TEXT(segments, row, "segment")) != 0) continue;
            customers++;
            back += all[i].days_since > 0;
            money += all[i].money_since;
        }
        ck_assert_int_eq(INT(segments, row, "customers_before"), customers);
        if (!customers) continue;
        ck_assert_double_eq_tol(DOUBLE(segments, row, "came_back"), (double)back / (double)customers, 1e-15);
        ck_assert_int_eq(INT(segments, row, "money_since"), money);
        ck_assert_double_eq_tol(DOUBLE(segments, row, "expected_value"), (double)money / 100 / (double)customers, 1e-9);
    }
    uint64_t moved = 0, best = 0;
    for (uint64_t i = 0; i < PEOPLE; i++) {
        moved += strcmp(earlier[i], TEXT(scores, i, "segment")) != 0;
        if (INT(scores, i, "m") == 5 && all[i].stage && all[i].cv <= 1) {
            ck_assert_int_eq(INT(golden, best, "customer"), (int64_t)i);
            ck_assert_int_eq(INT(golden, best, "monetary"), all[i].now[2]);
            best++;
        }
    }
    ck_assert_uint_eq(cm_table_rows(changes), moved);
    ck_assert_uint_eq(cm_table_rows(golden), best);
    int64_t everybody = 0;
    for (uint64_t row = 0; row < cm_table_rows(migration); row++) everybody += INT(migration, row, "customers");
    ck_assert_int_eq(everybody, PEOPLE);
    cm_table_free(segments);
    cm_table_free(migration);
    cm_table_free(changes);
    cm_table_free(golden);
    cm_table_free(scores);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* Gini by its other definition: the mean absolute difference of all pairs over twice the mean. */
START_TEST(gini_equals_the_mean_difference) {
    cm_context *ctx = new_context();
    static buyer all[PEOPLE];
    cm_table *table = buyers_of(ctx, all, (uint64_t)_i), *pyramid = NULL;
    cm_model *model = NULL;
    double differences = 0, sum = 0, days = 0;
    OK(ctx, cm_fit(ctx, "rfm", table, NULL, &model));
    OK(ctx, cm_model_table(ctx, model, "pyramid", &pyramid));
    for (int i = 0; i < PEOPLE; i++) {
        sum += (double)all[i].now[2];
        days += (double)all[i].now[0];
        for (int j = 0; j < PEOPLE; j++)
            differences +=
                (double)(all[i].now[2] > all[j].now[2] ? all[i].now[2] - all[j].now[2] : all[j].now[2] - all[i].now[2]);
    }
    ck_assert_double_eq_tol(DOUBLE(pyramid, 5, "gini"), differences / (2.0 * PEOPLE * sum), 1e-12);
    ck_assert_double_eq_tol(DOUBLE(pyramid, 5, "mean_recency_days"), days / PEOPLE, 1e-9);
    cm_table_free(pyramid);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* Segments that are numbers come by value, not by their first digit. */
START_TEST(numbers_in_their_order) {
    cm_context *ctx = new_context();
    cm_builder *builder = NULL;
    cm_table *table = NULL, *changes = NULL, *migration = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "segment", CM_INT64, 0, 0));
    for (int64_t i = 0; i < 24; i++) {
        OK(ctx, cm_builder_int(ctx, builder, 0, i));
        OK(ctx, cm_builder_int(ctx, builder, 1, 12 - i % 12));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    OK(ctx, cm_fit(ctx, "migration", table, NULL, &model));
    OK(ctx, cm_apply(ctx, model, table, &changes));
    OK(ctx, cm_table_attached(ctx, changes, "migration", &migration));
    ck_assert_uint_eq(cm_table_rows(migration), 12);
    for (uint64_t row = 0; row < 12; row++) ck_assert_int_eq(atoi(TEXT(migration, row, "from")), (int)row + 1);
    cm_table_free(migration);
    cm_table_free(changes);
    cm_model_free(model);
    cm_table_free(table);
    cm_builder_free(builder);
    cm_context_free(ctx);
}
END_TEST

Suite *test_migration(void) {
    Suite *suite = suite_create("migration");
    TCase *tests = tcase_create("migration");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, moves_equal_plain_loops, 0, 3);
    tcase_add_test(tests, runs_that_do_not_fit);
    tcase_add_loop_test(tests, outcomes_migration_and_golden_equal_plain_loops, 0, 3);
    tcase_add_test(tests, numbers_in_their_order);
    tcase_add_loop_test(tests, gini_equals_the_mean_difference, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}
