/* Key items against a recount, as plainly as can be: for each item and customer the set of invoices. */
#include <math.h>

#include "support.h"

#define ITEMS 6
#define CUSTOMERS 9
#define INVOICES 14
#define LINES 120

typedef struct line {
    int customer, invoice, item, amount; /* customer -1: none */
} line;

static cm_table *table_of(cm_context *ctx, const line *lines, int count) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "invoice", CM_INT64, 0, CM_ROLE_INVOICE));
    OK(ctx, cm_builder_column(ctx, builder, "item", CM_STRING, 0, CM_ROLE_ITEM));
    OK(ctx, cm_builder_column(ctx, builder, "date", CM_DATE, 0, CM_ROLE_DATE));
    OK(ctx, cm_builder_column(ctx, builder, "amount", CM_DECIMAL, 2, CM_ROLE_AMOUNT));
    OK(ctx, cm_builder_column(ctx, builder, "kind", CM_STRING, 0, CM_ROLE_NONE));
    for (int i = 0; i < count; i++) {
        if (lines[i].customer >= 0) OK(ctx, cm_builder_int(ctx, builder, 0, lines[i].customer));
        OK(ctx, cm_builder_int(ctx, builder, 1, lines[i].invoice));
        OK(ctx, cm_builder_text(ctx, builder, 2, &"abcdef"[lines[i].item], 1));
        OK(ctx, cm_builder_int(ctx, builder, 3, 15000 + lines[i].invoice % 3));
        OK(ctx, cm_builder_int(ctx, builder, 4, lines[i].amount));
        /* a, d: of no kind */
        if (lines[i].item % 3) OK(ctx, cm_builder_text(ctx, builder, 5, &"xyz"[lines[i].item % 3], 1));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

typedef struct recount {
    int64_t money[ITEMS], spent[CUSTOMERS];
    int buys[CUSTOMERS], best[CUSTOMERS], bought[ITEMS], buying, best_count;
    unsigned invoices[ITEMS][CUSTOMERS]; /* bits */
} recount;

static void count_all(const line *lines, int count, double share, int net, recount *all) {
    *all = (recount){.buying = 0};
    for (int i = 0; i < count; i++) {
        const line *one = &lines[i];
        int purchase = one->amount >= 0;
        if (!purchase && !net) continue;
        all->money[one->item] += one->amount;
        all->bought[one->item] |= purchase;
        if (one->customer < 0) continue;
        all->spent[one->customer] += one->amount;
        if (!purchase) continue;
        all->buys[one->customer] = 1;
        all->invoices[one->item][one->customer] |= 1u << one->invoice;
    }
    for (int c = 0; c < CUSTOMERS; c++) all->buying += all->buys[c];
    for (int c = 0; c < CUSTOMERS; c++) {
        int ahead = 0;
        for (int other = 0; other < CUSTOMERS; other++)
            ahead += all->buys[other]
                     && (all->spent[other] > all->spent[c] || (all->spent[other] == all->spent[c] && other < c));
        all->best[c] = all->buys[c] && ahead < (int)ceil(share * all->buying);
        all->best_count += all->best[c];
    }
}

static void check_item(const cm_table *table, uint64_t row, const recount *all, int item) {
    int buyers = 0, repeaters = 0, best = 0, best_repeaters = 0, rank_money = 1, rank_buyers = 1;
    int64_t dependent = 0;
    for (int c = 0; c < CUSTOMERS; c++) {
        int times = __builtin_popcount(all->invoices[item][c]);
        buyers += times > 0;
        repeaters += times > 1;
        best += times > 0 && all->best[c];
        best_repeaters += times > 1 && all->best[c];
        dependent += times > 1 && all->best[c] ? all->spent[c] : 0;
    }
    for (int other = 0; other < ITEMS; other++) {
        int others = 0;
        for (int c = 0; c < CUSTOMERS; c++) others += all->invoices[other][c] != 0;
        rank_money += all->bought[other] && all->money[other] > all->money[item];
        rank_buyers += all->bought[other] && others > buyers;
    }
    ck_assert_int_eq(INT(table, row, "money"), all->money[item]);
    ck_assert_int_eq(INT(table, row, "rank_money"), rank_money);
    ck_assert_int_eq(INT(table, row, "buyers"), buyers);
    ck_assert_int_eq(INT(table, row, "rank_buyers"), rank_buyers);
    ck_assert_int_eq(INT(table, row, "repeaters"), repeaters);
    ck_assert_int_eq(INT(table, row, "best_buyers"), best);
    ck_assert_int_eq(INT(table, row, "best_repeaters"), best_repeaters);
    ck_assert_int_eq(INT(table, row, "dependent_money"), dependent);
    ck_assert_int_eq(ABSENT(table, row, "index"), !buyers);
    if (!buyers) return;
    ck_assert(DOUBLE(table, row, "repeat_rate") == (double)repeaters / buyers);
    ck_assert_double_eq_tol(DOUBLE(table, row, "index"),
                            100.0 * ((double)best / all->best_count) / ((double)buyers / all->buying), 1e-10);
}

/* Of the items that `in` says, those that were bought: the fewest that bring 80% of what all of them bring. */
static void check_group(const cm_table *table, uint64_t row, const recount *all, const int in[ITEMS]) {
    int64_t money = 0, positive = 0, sum = 0, items = 0, taken = 0;
    int used[ITEMS] = {0};
    for (int i = 0; i < ITEMS; i++) {
        if (!in[i] || !all->bought[i]) continue;
        items++;
        money += all->money[i];
        positive += all->money[i] > 0 ? all->money[i] : 0;
    }
    while ((double)sum < 0.8 * (double)positive - 1e-9) {
        int best = -1;
        for (int i = 0; i < ITEMS; i++)
            if (in[i] && all->bought[i] && !used[i] && (best < 0 || all->money[i] > all->money[best])) best = i;
        used[best] = 1;
        sum += all->money[best];
        taken++;
    }
    ck_assert_int_eq(INT(table, row, "items"), items);
    ck_assert_int_eq(INT(table, row, "money"), money);
    ck_assert_int_eq(INT(table, row, "items_80"), taken);
    ck_assert(DOUBLE(table, row, "share_80") == (double)taken / (double)items);
}

static void check_concentration(cm_context *ctx, const cm_table *baskets, const recount *all) {
    static const int everything[ITEMS] = {1, 1, 1, 1, 1, 1};
    cm_table *table = NULL;
    OK(ctx, cm_table_attached(ctx, baskets, "concentration", &table));
    ck_assert(ABSENT(table, 0, "group"));
    check_group(table, 0, all, everything);
    for (uint64_t row = 1; row < cm_table_rows(table); row++) {
        int in[ITEMS];
        for (int i = 0; i < ITEMS; i++) in[i] = i % 3 == TEXT(table, row, "group")[0] - 'x';
        check_group(table, row, all, in);
        if (row > 1) ck_assert_int_ge(INT(table, row - 1, "money"), INT(table, row, "money"));
    }
    int kinds = (all->bought[1] || all->bought[4]) + (all->bought[2] || all->bought[5]);
    ck_assert_uint_eq(cm_table_rows(table), 1 + (uint64_t)kinds);
    cm_table_free(table);
}

START_TEST(key_items_equal_a_recount) {
    static const double shares[] = {0.25, 0.5, 0.1, 1};
    cm_context *ctx = new_context();
    lcg random = {(uint64_t)_i + 3};
    for (int round = 0; round < 20; round++) {
        line lines[LINES];
        recount all;
        cm_options *options = NULL;
        cm_table *table, *baskets = NULL, *items = NULL, *shown = NULL;
        cm_model *model = NULL;
        for (int i = 0; i < LINES; i++) {
            int invoice = (int)lcg_below(&random, INVOICES);
            int item = (int)(lcg_below(&random, ITEMS) * lcg_below(&random, ITEMS)) / (ITEMS - 1);
            lines[i] = (line){invoice % 5 == 4 ? -1 : invoice * 7 % CUSTOMERS, invoice, item,
                              (int)lcg_below(&random, 900) - (lcg_below(&random, 6) ? 0 : 900)};
        }
        count_all(lines, LINES, shares[round % 4], round % 3 != 0, &all);
        table = table_of(ctx, lines, LINES);
        OK(ctx, cm_options_new(ctx, "baskets", &options));
        OK(ctx, cm_options_set_int(ctx, options, "key_items", 1));
        OK(ctx, cm_options_set_double(ctx, options, "best", shares[round % 4]));
        OK(ctx, cm_options_set_text(ctx, options, "refunds", round % 3 ? "net" : "drop"));
        OK(ctx, cm_options_set_text(ctx, options, "group", "kind"));
        OK(ctx, cm_baskets(ctx, table, options, &baskets));
        OK(ctx, cm_table_attached(ctx, baskets, "key_items", &items));
        check_concentration(ctx, baskets, &all);
        uint64_t bought = 0;
        for (int i = 0; i < ITEMS; i++) bought += (uint64_t)all.bought[i];
        ck_assert_uint_eq(cm_table_rows(items), bought);
        double before = 0;
        for (uint64_t row = 0; row < bought; row++) {
            check_item(items, row, &all, TEXT(items, row, "item")[0] - 'a');
            if (row) ck_assert_int_ge(INT(items, row - 1, "money"), INT(items, row, "money"));
            ck_assert(DOUBLE(items, row, "cumulative_share") >= before);
            before = DOUBLE(items, row, "cumulative_share");
        }
        ck_assert(before == 1);
        OK(ctx, cm_fit(ctx, "rules", baskets, NULL, &model));
        OK(ctx, cm_model_table(ctx, model, "key_items", &shown));
        ck_assert_uint_eq(cm_table_rows(shown), bought);
        ck_assert_int_eq(INT(shown, 0, "money"), INT(items, 0, "money"));
        ck_assert_int_ge(INT(shown, 0, "rules"), 0);
        cm_table_free(shown);
        OK(ctx, cm_model_table(ctx, model, "concentration", &shown));
        ck_assert_int_eq(INT(shown, 0, "items"), (int64_t)bought);
        cm_model_free(model);
        cm_table_free(shown), cm_table_free(items), cm_table_free(baskets), cm_table_free(table);
        cm_options_free(options);
    }
    cm_context_free(ctx);
}
END_TEST

Suite *test_key_items(void);
Suite *test_key_items(void) {
    Suite *suite = suite_create("key_items");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, key_items_equal_a_recount, 0, 5);
    suite_add_tcase(suite, all);
    return suite;
}
