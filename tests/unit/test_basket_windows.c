/* Baskets of a customer's day, window or whole time against a plain recount of the lines. */
#include "support.h"

#define CUSTOMERS 9
#define ITEMS 12
#define DAYS 60
#define FIRST_DAY 14580 /* 2009-12-02 */

typedef struct lines {
    int has[CUSTOMERS][DAYS]; /* bit i: item i was bought */
} lines;

/* Few days of most customers, so that windows end and begin anew. */
static lines random_lines(uint64_t seed) {
    lcg random = {seed};
    lines all = {{{0}}};
    for (int customer = 0; customer < CUSTOMERS; customer++)
        for (int day = 0; day < DAYS; day++)
            if (lcg_below(&random, 2 + 3 * (uint32_t)customer) == 0)
                for (int i = 0; i < ITEMS; i++)
                    if (lcg_below(&random, 4) == 0) all.has[customer][day] |= 1 << i;
    return all;
}

static void add_line(cm_context *ctx, cm_builder *builder, int customer, int day, int item) {
    char text[16];
    OK(ctx, cm_builder_text(ctx, builder, 0, text, (uint64_t)snprintf(text, sizeof text, "C%d", customer)));
    OK(ctx, cm_builder_text(ctx, builder, 1, text, (uint64_t)snprintf(text, sizeof text, "%d", item)));
    OK(ctx, cm_builder_int(ctx, builder, 2, FIRST_DAY + day));
    OK(ctx, cm_builder_row(ctx, builder));
}

/* Lines in a muddled order, some twice. */
static cm_table *table_of(cm_context *ctx, const lines *all) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_STRING, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "item", CM_STRING, 0, CM_ROLE_ITEM));
    OK(ctx, cm_builder_column(ctx, builder, "date", CM_DATE, 0, CM_ROLE_DATE));
    for (int n = 0; n < DAYS * ITEMS * CUSTOMERS; n++) {
        int at = (int)((int64_t)n * 1009 % (DAYS * ITEMS * CUSTOMERS)), customer = at % CUSTOMERS;
        int item = at / CUSTOMERS % ITEMS, day = at / CUSTOMERS / ITEMS;
        for (int twice = 0; twice <= (n % 5 == 0); twice++)
            if (all->has[customer][day] >> item & 1) add_line(ctx, builder, customer, day, item);
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

/* The items of the basket that begins on a day and lasts so many; found and taken out. */
static int take_basket(lines *all, int customer, int from, int days) {
    int items = 0;
    for (int day = from; day < from + days && day < DAYS; day++) {
        items |= all->has[customer][day];
        all->has[customer][day] = 0;
    }
    return items;
}

static void check_basket(const cm_table *table, uint64_t row, const char *id, int customer, int day, int items) {
    uint64_t column = (uint64_t)column_of(table, "items"), count = cm_table_items(table, row, column);
    char name[16];
    ck_assert_str_eq(TEXT(table, row, "basket"), id);
    snprintf(name, sizeof name, "C%d", customer);
    ck_assert_str_eq(TEXT(table, row, "customer"), name);
    ck_assert_int_eq(INT(table, row, "day"), FIRST_DAY + day);
    ck_assert_uint_eq(count, (uint64_t)__builtin_popcount((unsigned)items));
    for (uint64_t i = 0; i < count; i++) {
        ck_assert(items >> atoi(cm_table_text(table, row, column, i, NULL)) & 1);
        if (i)
            ck_assert_int_lt(
                strcmp(cm_table_text(table, row, column, i - 1, NULL), cm_table_text(table, row, column, i, NULL)), 0);
    }
}

/* "C3 2009-12-24": the month of December 2009 or January 2010, which begin on days 14579 and 14610. */
static void write_id(char out[32], int customer, int day, int whole) {
    int january = FIRST_DAY + day >= 14610;
    if (whole)
        snprintf(out, 32, "C%d", customer);
    else
        snprintf(out, 32, "C%d %s-%02d", customer,
                 january ? (FIRST_DAY + day >= 14641 ? "2010-02" : "2010-01") : "2009-12",
                 FIRST_DAY + day - (january ? (FIRST_DAY + day >= 14641 ? 14641 : 14610) : 14579) + 1);
}

START_TEST(baskets_of_customers_equal_a_recount) {
    static const struct {
        const char *basket;
        int days;
    } kinds[] = {{"day", 1},     {"window", 1},   {"window", 2},    {"window", 7},
                 {"window", 30}, {"window", 400}, {"customer", 400}};
    cm_context *ctx = new_context();
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        lines all = random_lines((uint64_t)_i);
        cm_table *table = table_of(ctx, &all), *baskets = NULL;
        cm_options *options = NULL;
        uint64_t row = 0;
        OK(ctx, cm_options_new(ctx, "baskets", &options));
        OK(ctx, cm_options_set_text(ctx, options, "basket", kinds[k].basket));
        OK(ctx, cm_options_set_int(ctx, options, "window", kinds[k].days));
        set_threads(ctx, 1 + (int64_t)k % 3);
        OK(ctx, cm_baskets(ctx, table, options, &baskets));
        for (int customer = 0; customer < CUSTOMERS; customer++)
            for (int day = 0; day < DAYS; day++) {
                char id[32];
                if (!all.has[customer][day]) continue;
                write_id(id, customer, day, !strcmp(kinds[k].basket, "customer"));
                check_basket(baskets, row++, id, customer, day, take_basket(&all, customer, day, kinds[k].days));
            }
        ck_assert_uint_eq(cm_table_rows(baskets), row);
        cm_table_free(baskets);
        cm_options_free(options);
        cm_table_free(table);
    }
    cm_context_free(ctx);
}
END_TEST

Suite *test_basket_windows(void);
Suite *test_basket_windows(void) {
    Suite *suite = suite_create("basket_windows");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, baskets_of_customers_equal_a_recount, 0, 12);
    suite_add_tcase(suite, all);
    return suite;
}
