/* Baskets against a plain recount of the lines, and against themselves: any split, any order of merging, any number of
 * threads must give the same bytes. */
#include "models.h"

#define DAY INT64_C(86400000000)
#define FIRST_DAY 14600
#define DAYS 6
#define CUSTOMERS 7
#define INVOICES 60
#define ITEMS 25
#define NAMES 3

typedef struct line {
    int customer, invoice, item; /* -1 none */
    int64_t day;                 /* -1 none */
    int64_t quantity, price;     /* price NO_PRICE: none */
    int name;                    /* 0 blank, 1 .. NAMES */
} line;

#define NO_PRICE (-999999)

static line random_line(lcg *random) {
    line one = {.customer = (int)lcg_below(random, CUSTOMERS + 1) - 1,
                .invoice = (int)lcg_below(random, INVOICES + 12) - 12,
                .item = (int)lcg_below(random, ITEMS + 1) - 1,
                .day = FIRST_DAY + (int64_t)lcg_below(random, DAYS),
                .quantity = (int64_t)lcg_below(random, 9) - 1,
                .price = (int64_t)lcg_below(random, 5000),
                .name = (int)lcg_below(random, NAMES + 1)};
    if (one.invoice < 0) one.invoice = -1;
    if (lcg_below(random, 50) == 0) one.price = NO_PRICE;
    if (lcg_below(random, 60) == 0) one.day = -1;
    return one;
}

static line *random_lines(uint64_t seed, size_t count) {
    lcg random = {seed};
    line *lines = malloc(count * sizeof *lines);
    for (size_t i = 0; i < count; i++) lines[i] = random_line(&random);
    return lines;
}

static void put_id(cm_context *ctx, cm_builder *builder, uint64_t column, int value) {
    char text[32];
    if (value < 0) return;
    OK(ctx, cm_builder_text(ctx, builder, column, text, (uint64_t)snprintf(text, sizeof text, "%d", value)));
}

static cm_table *table_of(cm_context *ctx, const line *lines, size_t count, int numbers) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    int32_t id = numbers ? CM_INT64 : CM_STRING;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", id, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "invoice", id, 0, CM_ROLE_INVOICE));
    OK(ctx, cm_builder_column(ctx, builder, "sku", id, 0, CM_ROLE_ITEM));
    OK(ctx, cm_builder_column(ctx, builder, "date", CM_TIMESTAMP, 0, CM_ROLE_DATE));
    OK(ctx, cm_builder_column(ctx, builder, "quantity", CM_INT64, 0, CM_ROLE_QUANTITY));
    OK(ctx, cm_builder_column(ctx, builder, "price", CM_DECIMAL, 2, CM_ROLE_PRICE));
    OK(ctx, cm_builder_column(ctx, builder, "description", CM_STRING, 0, CM_ROLE_ITEM_NAME));
    for (size_t i = 0; i < count; i++) {
        static const char *const names[] = {" ", "lamp", "bag", "bag, red"};
        put_id(ctx, builder, 0, lines[i].customer);
        put_id(ctx, builder, 1, lines[i].invoice);
        put_id(ctx, builder, 2, lines[i].item);
        if (lines[i].day >= 0)
            OK(ctx, cm_builder_int(ctx, builder, 3, lines[i].day * DAY + (int64_t)i * 1000000 % DAY));
        OK(ctx, cm_builder_int(ctx, builder, 4, lines[i].quantity));
        if (lines[i].price != NO_PRICE) OK(ctx, cm_builder_int(ctx, builder, 5, lines[i].price));
        OK(ctx, cm_builder_text(ctx, builder, 6, names[lines[i].name], strlen(names[lines[i].name])));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

/* ---- the recount ---- */

typedef struct asked {
    int64_t as_of;
    int keep, known, most; /* refunds kept; customers known; items at most, 0 any */
} asked;

typedef struct basket {
    int exists, customer;
    int64_t day, money, lines;
    char items[ITEMS];
    int item_count;
} basket;

/* Baskets by number: invoices, then a customer and a day. -1: the line is in none. */
static int basket_number(const line *one, const asked *ask) {
    int refund = one->quantity < 0 && one->price != 0;
    if (one->day < 0 || one->price == NO_PRICE || one->day > ask->as_of || one->item < 0) return -1;
    if ((refund || one->quantity < 0) && !ask->keep) return -1;
    if (one->invoice >= 0) return one->invoice;
    return one->customer < 0 ? -1 : INVOICES + one->customer * DAYS + (int)(one->day - FIRST_DAY);
}

#define BASKETS (INVOICES + CUSTOMERS * DAYS)

static basket *recount(const line *lines, size_t count, const asked *ask) {
    basket *all = calloc(BASKETS, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        int number = basket_number(&lines[i], ask);
        if (number < 0) continue;
        basket *one = &all[number];
        if (!one->exists || lines[i].day < one->day) one->day = lines[i].day;
        if (!one->exists || one->customer < 0 || (lines[i].customer >= 0 && lines[i].customer < one->customer))
            one->customer = lines[i].customer;
        one->exists = 1;
        one->lines++;
        one->money += lines[i].quantity * lines[i].price;
        one->item_count += !one->items[lines[i].item];
        one->items[lines[i].item] = 1;
    }
    for (int i = 0; i < BASKETS; i++)
        if ((ask->known && all[i].customer < 0) || (ask->most && all[i].item_count > ask->most)) all[i].exists = 0;
    return all;
}

static const char *basket_name(int number, char out[64]) {
    if (number < INVOICES)
        snprintf(out, 64, "%d", number);
    else
        snprintf(out, 64, "%d 2009-12-%02d", (number - INVOICES) / DAYS,
                 22 + (number - INVOICES) % DAYS); /* 14600 is 2009-12-22 */
    return out;
}

/* The number of the basket that a row says it is. */
static int number_of(const cm_table *table, uint64_t row) {
    for (int i = 0; i < BASKETS; i++) {
        char name[64];
        if (!strcmp(basket_name(i, name), TEXT(table, row, "basket"))) return i;
    }
    ck_abort_msg("no basket %s", TEXT(table, row, "basket"));
    return -1;
}

static void check_items(const cm_table *table, uint64_t row, const basket *one) {
    uint64_t column = (uint64_t)column_of(table, "items"), count = cm_table_items(table, row, column);
    ck_assert_uint_eq(count, (uint64_t)one->item_count);
    for (uint64_t i = 0; i < count; i++) {
        const char *text = cm_table_text(table, row, column, i, NULL);
        ck_assert_msg(one->items[atoi(text)], "item %s", text);
        if (i) ck_assert_int_lt(strcmp(cm_table_text(table, row, column, i - 1, NULL), text), 0);
    }
}

static int64_t audit_rows(cm_context *ctx, const cm_table *table, const char *reason) {
    cm_table *audit = NULL;
    int64_t rows = 0;
    OK(ctx, cm_table_attached(ctx, table, "audit", &audit));
    for (uint64_t row = 0; row < cm_table_rows(audit); row++)
        if (!strcmp(TEXT(audit, row, "step"), "baskets") && !strcmp(TEXT(audit, row, "reason"), reason))
            rows += INT(audit, row, "rows");
    cm_table_free(audit);
    return rows;
}

/* read = reasons + kept, in lines and in money. */
static void check_audit(cm_context *ctx, const cm_table *table, int64_t read, int64_t kept) {
    cm_table *audit = NULL;
    int64_t rows = 0, money = 0;
    OK(ctx, cm_table_attached(ctx, table, "audit", &audit));
    for (uint64_t row = 0; row < cm_table_rows(audit); row++) {
        int total = !strcmp(TEXT(audit, row, "reason"), "read");
        if (strcmp(TEXT(audit, row, "step"), "baskets") != 0) continue;
        rows += total ? -INT(audit, row, "rows") : INT(audit, row, "rows");
        money += total ? -INT(audit, row, "money") : INT(audit, row, "money");
    }
    ck_assert_int_eq(rows, 0);
    ck_assert_int_eq(money, 0);
    ck_assert_int_eq(audit_rows(ctx, table, "read"), read);
    ck_assert_int_eq(audit_rows(ctx, table, "kept"), kept);
    cm_table_free(audit);
}

/* Lines beyond the first of an item in a basket. */
static void check_repeats(cm_context *ctx, const cm_table *table, const basket *all) {
    cm_table *repeats = NULL, *audit = NULL;
    int64_t items = 0, baskets = 0, lines = 0;
    for (int i = 0; i < BASKETS; i++) {
        if (!all[i].exists) continue;
        lines += all[i].lines;
        items += all[i].lines - all[i].item_count;
        baskets += all[i].lines > all[i].item_count;
    }
    if (!items) {
        FAILS(ctx, CM_E_NOT_FOUND, "repeats", cm_table_attached(ctx, table, "repeats", &repeats));
        return;
    }
    OK(ctx, cm_table_attached(ctx, table, "repeats", &repeats));
    ck_assert_int_eq(INT(repeats, 0, "repeats"), items);
    ck_assert_int_eq(INT(repeats, 0, "baskets"), baskets);
    const basket *first = NULL; /* the first row that has repeats */
    for (uint64_t row = 0; !first; row++)
        if (all[number_of(table, row)].lines > all[number_of(table, row)].item_count)
            first = &all[number_of(table, row)];
    ck_assert_ptr_eq(first, &all[number_of(repeats, 0)]);
    ck_assert(first->items[atoi(TEXT(repeats, 0, "item"))]);
    ck_assert_int_gt(INT(repeats, 0, "times"), 1);
    OK(ctx, cm_table_attached(ctx, table, "audit", &audit));
    uint64_t last = cm_table_rows(audit) - 1; /* read, repeated, kept */
    ck_assert_str_eq(TEXT(audit, last, "step"), "items");
    ck_assert_int_eq(INT(audit, last - 2, "rows"), lines);
    ck_assert_int_eq(INT(audit, last - 1, "rows"), items);
    ck_assert_int_eq(INT(audit, last, "rows"), lines - items);
    cm_table_free(repeats), cm_table_free(audit);
}

static void check_baskets(cm_context *ctx, const cm_table *table, const line *lines, size_t count, const asked *ask) {
    basket *all = recount(lines, count, ask);
    uint64_t expected = 0;
    int64_t kept = 0;
    for (int i = 0; i < BASKETS; i++) {
        expected += (uint64_t)all[i].exists;
        kept += all[i].exists ? all[i].lines : 0;
    }
    ck_assert_uint_eq(cm_table_rows(table), expected);
    for (uint64_t row = 0; row < expected; row++) {
        int number = number_of(table, row);
        const basket *one = &all[number];
        ck_assert(one->exists);
        ck_assert_int_eq(INT(table, row, "day"), one->day);
        ck_assert_int_eq(INT(table, row, "money"), one->money);
        ck_assert_int_eq(ABSENT(table, row, "customer"), one->customer < 0);
        if (one->customer >= 0) ck_assert_int_eq(atoi(TEXT(table, row, "customer")), one->customer);
        check_items(table, row, one);
        if (row) { /* invoices by their bytes, then customers and days */
            int before = number_of(table, row - 1);
            ck_assert_int_le(before >= INVOICES, number >= INVOICES);
            if ((before >= INVOICES) == (number >= INVOICES))
                ck_assert_int_lt(strcmp(TEXT(table, row - 1, "basket"), TEXT(table, row, "basket")), 0);
        }
    }
    check_audit(ctx, table, (int64_t)count, kept);
    check_repeats(ctx, table, all);
    free(all);
}

static cm_options *options_of(cm_context *ctx, const asked *ask) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "baskets", &options));
    OK(ctx, cm_options_set_int(ctx, options, "as_of", ask->as_of));
    OK(ctx, cm_options_set_text(ctx, options, "refunds", ask->keep ? "keep" : ask->most ? "drop" : "net"));
    OK(ctx, cm_options_set_text(ctx, options, "baskets", ask->known ? "known" : "all"));
    OK(ctx, cm_options_set_int(ctx, options, "max_basket", ask->most));
    return options;
}

START_TEST(baskets_equal_a_recount) {
    static const asked questions[] = {{FIRST_DAY + DAYS, 0, 0, 0}, {FIRST_DAY + 2, 0, 0, 0},
                                      {FIRST_DAY + DAYS, 1, 0, 0}, {FIRST_DAY + DAYS, 0, 1, 0},
                                      {FIRST_DAY + DAYS, 0, 0, 5}, {FIRST_DAY - 1, 1, 1, 1}};
    static const size_t counts[] = {0, 1, 7, 300, 2500};
    cm_context *ctx = new_context();
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        line *lines = random_lines((uint64_t)_i * 100 + n, counts[n]);
        cm_table *sales = table_of(ctx, lines, counts[n], 0);
        for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
            cm_options *options = options_of(ctx, &questions[i]);
            cm_table *baskets = NULL;
            OK(ctx, cm_baskets(ctx, sales, options, &baskets));
            check_baskets(ctx, baskets, lines, counts[n], &questions[i]);
            cm_table_free(baskets);
            cm_options_free(options);
        }
        cm_table_free(sales);
        free(lines);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(items_have_their_most_frequent_name) {
    static const char *const names[] = {"bag", "bag, red", "lamp"};
    static const int order[] = {2, 3, 1};
    cm_context *ctx = new_context();
    line *lines = random_lines(5, 400);
    for (int numbers = 0; numbers < 2; numbers++) {
        cm_table *sales = table_of(ctx, lines, 400, numbers), *baskets = NULL, *items = NULL;
        OK(ctx, cm_baskets(ctx, sales, NULL, &baskets));
        OK(ctx, cm_table_attached(ctx, baskets, "items", &items));
        ck_assert_uint_eq(cm_table_rows(items), ITEMS);
        for (uint64_t row = 0; row < cm_table_rows(items); row++) {
            int item = atoi(TEXT(items, row, "item")), best = -1;
            int64_t seen[NAMES + 1] = {0}, with = 0;
            for (int i = 0; i < 400; i++)
                if (lines[i].item == item) seen[lines[i].name]++;
            for (int i = 0; i < NAMES; i++)
                if (best < 0 || seen[order[i]] > seen[order[best]]) best = i;
            ck_assert_str_eq(TEXT(items, row, "name"), names[best]);
            if (row) ck_assert_int_lt(strcmp(TEXT(items, row - 1, "item"), TEXT(items, row, "item")), 0);
            uint64_t column = (uint64_t)column_of(baskets, "items");
            for (uint64_t b = 0; b < cm_table_rows(baskets); b++)
                for (uint64_t i = 0; i < cm_table_items(baskets, b, column); i++)
                    with += atoi(cm_table_text(baskets, b, column, i, NULL)) == item;
            ck_assert_int_eq(INT(items, row, "baskets"), with);
        }
        cm_table_free(items);
        cm_table_free(baskets);
        cm_table_free(sales);
    }
    free(lines);
    cm_context_free(ctx);
}
END_TEST

/* ---- the same bytes, whatever the way ---- */

static char *baskets_text(cm_context *ctx, const cm_orders *orders) {
    cm_table *baskets = NULL, *items = NULL;
    OK(ctx, cm_orders_baskets(ctx, orders, NULL, &baskets));
    OK(ctx, cm_table_attached(ctx, baskets, "items", &items));
    char *rows = csv_of(ctx, baskets), *more = csv_of(ctx, items), *both = malloc(strlen(rows) + strlen(more) + 1);
    strcat(strcpy(both, rows), more);
    free(rows);
    free(more);
    cm_table_free(items);
    cm_table_free(baskets);
    return both;
}

static cm_orders *new_orders(cm_context *ctx) {
    cm_orders *orders = NULL;
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "orders", &options));
    OK(ctx, cm_options_set_text(ctx, options, "items", "true"));
    OK(ctx, cm_orders_new(ctx, options, &orders));
    cm_options_free(options);
    return orders;
}

START_TEST(splits_and_merges_give_the_same) {
    cm_context *ctx = new_context();
    char path[256];
    temp_path(path, "baskets.cm");
    for (int numbers = 0; numbers < 2; numbers++) {
        line *lines = random_lines(77, 900);
        cm_table *sales = table_of(ctx, lines, 900, numbers);
        cm_orders *whole = new_orders(ctx), *a = new_orders(ctx), *b = new_orders(ctx), *back = NULL;
        OK(ctx, cm_orders_update(ctx, whole, sales, NULL));
        char *expected = baskets_text(ctx, whole);
        for (uint64_t at = 0; at < 900; at += 100) {
            cm_table *part = NULL;
            OK(ctx, cm_table_slice(ctx, sales, 800 - at, 100, &part));
            OK(ctx, cm_orders_update(ctx, at % 300 ? a : b, part, NULL));
            cm_table_free(part);
        }
        OK(ctx, cm_orders_merge(ctx, a, b));
        OK(ctx, cm_orders_save(ctx, a, path));
        OK(ctx, cm_orders_load(ctx, path, &back));
        char *merged = baskets_text(ctx, a), *loaded = baskets_text(ctx, back);
        ck_assert_str_eq(merged, expected);
        ck_assert_str_eq(loaded, expected);
        free(expected), free(merged), free(loaded), free(lines);
        cm_orders_free(whole), cm_orders_free(a), cm_orders_free(b), cm_orders_free(back);
        cm_table_free(sales);
    }
    remove(path);
    cm_context_free(ctx);
}
END_TEST

START_TEST(threads_give_the_same) {
    size_t count = 600000;
    line *lines = random_lines(3, count);
    char *expected = NULL;
    for (int64_t threads = 1; threads <= 3; threads++) {
        cm_context *ctx = new_context();
        cm_table *baskets = NULL, *sales = table_of(ctx, lines, count, 1);
        set_threads(ctx, threads);
        OK(ctx, cm_baskets(ctx, sales, NULL, &baskets));
        char *text = csv_of(ctx, baskets);
        if (expected)
            ck_assert_str_eq(text, expected);
        else
            expected = strdup(text);
        free(text);
        cm_table_free(baskets);
        cm_table_free(sales);
        cm_context_free(ctx);
    }
    free(expected);
    free(lines);
}
END_TEST

START_TEST(types_of_ids_are_kept) {
    cm_context *ctx = new_context();
    line lines[] = {
        {3, 12, 7, FIRST_DAY, 1, 100, 1}, {3, 9, 10, FIRST_DAY, 1, 100, 1}, {3, 12, 10, FIRST_DAY, 1, 100, 1}};
    cm_table *sales = table_of(ctx, lines, 3, 1), *baskets = NULL;
    cm_column_view view = {.struct_size = sizeof view};
    OK(ctx, cm_baskets(ctx, sales, NULL, &baskets));
    ck_assert_int_eq(INT(baskets, 0, "basket"), 9); /* by value */
    ck_assert_int_eq(INT(baskets, 1, "basket"), 12);
    ck_assert_int_eq(INT(baskets, 1, "customer"), 3);
    ck_assert_str_eq(cm_table_text(baskets, 1, (uint64_t)column_of(baskets, "items"), 0, NULL), "10"); /* by bytes */
    cm_table_view(baskets, (uint64_t)column_of(baskets, "basket"), 0, &view);
    ck_assert_int_eq(view.type, CM_INT64);
    cm_table_free(baskets);
    cm_table_free(sales);
    lines[1].invoice = -1;
    sales = table_of(ctx, lines, 3, 1);
    OK(ctx, cm_baskets(ctx, sales, NULL, &baskets));
    ck_assert_str_eq(TEXT(baskets, 0, "basket"), "12");
    ck_assert_str_eq(TEXT(baskets, 1, "basket"), "3 2009-12-22");
    cm_table_free(baskets);
    cm_table_free(sales);
    cm_context_free(ctx);
}
END_TEST

START_TEST(what_cannot_be_is_an_error) {
    cm_context *ctx = new_context();
    cm_orders *orders = NULL;
    cm_table *table = NULL, *sales = NULL;
    cm_options *options = NULL;
    line lines[] = {{1, 1, 1, FIRST_DAY, -1, -100, 1}}; /* a negative quantity, a positive amount */
    OK(ctx, cm_orders_new(ctx, NULL, &orders));
    FAILS(ctx, CM_E_OPTION, "keeps no items", cm_orders_baskets(ctx, orders, NULL, &table));
    ck_assert_ptr_null(table);
    FAILS(ctx, CM_E_ARGUMENT, "NULL", cm_orders_baskets(ctx, NULL, NULL, &table));
    FAILS(ctx, CM_E_ARGUMENT, "NULL", cm_baskets(ctx, NULL, NULL, &table));
    FAILS(ctx, CM_E_ARGUMENT, "NULL", cm_read_baskets(ctx, NULL, NULL, &table));
    FAILS(ctx, CM_E_IO, "nowhere", cm_read_baskets(ctx, "/nowhere/x.dat", NULL, &table));
    sales = table_of(ctx, lines, 1, 0);
    FAILS(ctx, CM_E_DATA, "negative quantity", cm_baskets(ctx, sales, NULL, &table));
    OK(ctx, cm_options_new(ctx, "baskets", &options));
    OK(ctx, cm_options_set_text(ctx, options, "on_error", "collect"));
    OK(ctx, cm_baskets(ctx, sales, options, &table));
    ck_assert_int_eq(audit_rows(ctx, table, "contradiction"), 1);
    cm_table_free(table);
    FAILS(ctx, CM_E_ARGUMENT, "customers", cm_orders_customers(ctx, orders, options, &table));
    cm_options_free(options);
    cm_table_free(sales);
    cm_orders_free(orders);
    cm_context_free(ctx);
}
END_TEST

START_TEST(real_baskets) {
    char path[256];
    cm_context *ctx = new_context();
    cm_table *sales = NULL, *baskets = NULL;
    if (!data_path(path, "online_retail.csv.gz")) return;
    OK(ctx, cm_read_csv(ctx, path, NULL, &sales));
    OK(ctx, cm_baskets(ctx, sales, NULL, &baskets));
    ck_assert_uint_eq(cm_table_rows(baskets), 20726);
    cm_table_free(baskets);
    cm_table_free(sales);
    cm_context_free(ctx);
}
END_TEST

Suite *test_baskets(void);
Suite *test_baskets(void) {
    Suite *suite = suite_create("baskets");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, baskets_equal_a_recount, 0, 4);
    tcase_add_test(all, items_have_their_most_frequent_name);
    tcase_add_test(all, splits_and_merges_give_the_same);
    tcase_add_test(all, types_of_ids_are_kept);
    tcase_add_test(all, what_cannot_be_is_an_error);
    tcase_add_test(all, real_baskets);
    suite_add_tcase(suite, all);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 120);
    tcase_add_test(threads, threads_give_the_same);
    suite_add_tcase(suite, threads);
    return suite;
}
