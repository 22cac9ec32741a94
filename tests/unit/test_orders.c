/* The state of orders against a plain recount of the lines, and against itself: any split, any order of merging, any
 * number of threads, saved and loaded in between, must give the same bytes. */
#include "models.h"

#define DAY INT64_C(86400000000)

/* ---- lines, and the customers that a plain recount makes of them ---- */

typedef struct line {
    int customer; /* -1 none */
    int invoice;  /* -1 none */
    int64_t time; /* -1 none */
    int64_t quantity, price, cost; /* price -999999 none */
    int item;
} line;

#define NO_PRICE (-999999)
enum { MOST_INVOICES = 200000 };

static line random_line(lcg *random, int customers, int invoices) {
    line one = {.customer = (int)lcg_below(random, (uint32_t)customers + 1) - 1,
                .invoice = (int)lcg_below(random, (uint32_t)invoices + 1) - 1};
    one.time = (14600 + (int64_t)lcg_below(random, 40)) * DAY + (int64_t)lcg_below(random, 86400) * 1000000;
    one.quantity = (int64_t)lcg_below(random, 9) - 1;
    if (one.quantity < 0 && lcg_below(random, 2)) one.quantity = -3;
    one.price = (int64_t)lcg_below(random, 5000);
    if (lcg_below(random, 40) == 0) one.price = -one.price;
    if (one.quantity < 0 && one.price < 0) one.price = -one.price; /* contradictions have a test of their own */
    if (lcg_below(random, 50) == 0) one.price = NO_PRICE;
    if (lcg_below(random, 60) == 0) one.time = -1;
    one.cost = (int64_t)lcg_below(random, 900);
    one.item = (int)lcg_below(random, 25);
    return one;
}

static line *random_lines(uint64_t seed, size_t count, int customers, int invoices) {
    lcg random = {seed};
    line *lines = malloc(count * sizeof *lines);
    for (size_t i = 0; i < count; i++) lines[i] = random_line(&random, customers, invoices);
    return lines;
}

static cm_table *table_of(cm_context *ctx, const line *lines, size_t count, int numbers) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    int32_t id = numbers ? CM_INT64 : CM_STRING;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", id, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "invoice", id, 0, CM_ROLE_INVOICE));
    OK(ctx, cm_builder_column(ctx, builder, "date", CM_TIMESTAMP, 0, CM_ROLE_DATE));
    OK(ctx, cm_builder_column(ctx, builder, "quantity", CM_INT64, 0, CM_ROLE_QUANTITY));
    OK(ctx, cm_builder_column(ctx, builder, "price", CM_DECIMAL, 2, CM_ROLE_PRICE));
    OK(ctx, cm_builder_column(ctx, builder, "cost", CM_DECIMAL, 3, CM_ROLE_COST));
    OK(ctx, cm_builder_column(ctx, builder, "sku", id, 0, CM_ROLE_ITEM));
    for (size_t i = 0; i < count; i++) {
        char text[32];
        for (int j = 0; j < 2; j++) {
            int value = j ? lines[i].invoice : lines[i].customer;
            if (value < 0) continue;
            int length = snprintf(text, sizeof text, "%d", value);
            OK(ctx, cm_builder_text(ctx, builder, (uint64_t)j, text, (uint64_t)length));
        }
        if (lines[i].time >= 0) OK(ctx, cm_builder_int(ctx, builder, 2, lines[i].time));
        OK(ctx, cm_builder_int(ctx, builder, 3, lines[i].quantity));
        if (lines[i].price != NO_PRICE) OK(ctx, cm_builder_int(ctx, builder, 4, lines[i].price));
        OK(ctx, cm_builder_int(ctx, builder, 5, lines[i].cost));
        OK(ctx, cm_builder_text(ctx, builder, 6, text, (uint64_t)snprintf(text, sizeof text, "%d", lines[i].item)));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

enum { NET, KEEP, DROP };

/* Whether a line counts at all for customers as of a day, and whether as a purchase. */
static int counts(const line *one, int64_t as_of, int refunds, int *purchase) {
    if (one->time < 0 || one->price == NO_PRICE || one->time / DAY > as_of || one->customer < 0) return 0;
    int refund = one->quantity < 0 || one->quantity * one->price < 0;
    *purchase = !refund || refunds == KEEP;
    return !refund || refunds != DROP;
}

/* Compares one customer's row with a recount over all lines: slow and plain on purpose. */
static void check_customer(const cm_table *table, uint64_t row, int customer, const line *lines, size_t count,
                           int64_t as_of, int refunds) {
    int64_t first = INT64_MAX, last = -1, bought = 0, quantity = 0, money = 0, refunded = 0, cost = 0, first_money = 0;
    static char invoices[MOST_INVOICES + 200];
    char days[200] = {0}, *without = invoices + MOST_INVOICES; /* by day */
    memset(invoices, 0, sizeof invoices);
    int64_t day_count = 0, invoice_count = 0;
    for (size_t i = 0; i < count; i++) {
        int purchase;
        if (lines[i].customer != customer || !counts(&lines[i], as_of, refunds, &purchase)) continue;
        int64_t amount = lines[i].quantity * lines[i].price, day = lines[i].time / DAY - 14600;
        money += amount;
        cost += lines[i].cost;
        if (!purchase) {
            refunded += amount;
            continue;
        }
        bought++;
        quantity += lines[i].quantity;
        if (lines[i].time < first) first = lines[i].time;
        if (lines[i].time > last) last = lines[i].time;
        char *invoice = lines[i].invoice >= 0 ? &invoices[lines[i].invoice] : &without[day];
        invoice_count += !*invoice;
        *invoice = 1;
        day_count += !days[day];
        days[day] = 1;
    }
    for (size_t i = 0; i < count; i++) {
        int purchase;
        if (lines[i].customer == customer && counts(&lines[i], as_of, refunds, &purchase) && purchase
            && lines[i].time / DAY == first / DAY)
            first_money += lines[i].quantity * lines[i].price;
    }
    ck_assert_int_eq(INT(table, row, "invoices"), invoice_count);
    ck_assert_int_eq(INT(table, row, "purchase_days"), day_count);
    ck_assert_int_eq(INT(table, row, "lines"), bought);
    ck_assert_int_eq(INT(table, row, "quantity"), quantity);
    ck_assert_int_eq(INT(table, row, "money"), money);
    ck_assert_int_eq(INT(table, row, "refunds"), refunded);
    ck_assert_int_eq(INT(table, row, "margin"), money * 10 - cost);
    ck_assert_int_eq(ABSENT(table, row, "first"), !bought);
    if (!bought) return;
    ck_assert_int_eq(INT(table, row, "first"), first);
    ck_assert_int_eq(INT(table, row, "last"), last);
    ck_assert_int_eq(INT(table, row, "recency_days"), as_of - last / DAY);
    ck_assert_int_eq(INT(table, row, "tenure_days"), as_of - first / DAY);
    ck_assert_int_eq(INT(table, row, "first_day_money"), first_money);
    ck_assert_double_eq(DOUBLE(table, row, "mean_order"), (double)money / 100 / (double)invoice_count);
}

static int expected_customers(const line *lines, size_t count, int customers, int64_t as_of, int refunds) {
    int seen = 0;
    for (int customer = 0; customer < customers; customer++)
        for (size_t i = 0; i < count; i++) {
            int purchase;
            if (lines[i].customer != customer || !counts(&lines[i], as_of, refunds, &purchase)) continue;
            seen++;
            break;
        }
    return seen;
}

static cm_options *question(cm_context *ctx, const char *refunds, int64_t as_of) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "customers", &options));
    OK(ctx, cm_options_set_text(ctx, options, "refunds", refunds));
    OK(ctx, cm_options_set_int(ctx, options, "as_of", as_of));
    return options;
}

START_TEST(customers_equal_a_recount) {
    static const char *const refunds[] = {"net", "keep", "drop"};
    cm_context *ctx = new_context();
    for (int treatment = NET; treatment <= DROP; treatment++)
        for (int64_t as_of = 14610; as_of <= 14640; as_of += 15) {
            line *lines = random_lines((uint64_t)(as_of * 3 + treatment), 1500, 60, 300);
            cm_table *sales = table_of(ctx, lines, 1500, _i), *customers = NULL;
            cm_options *options = question(ctx, refunds[treatment], as_of);
            OK(ctx, cm_customers(ctx, sales, options, &customers));
            ck_assert_int_eq((int)cm_table_rows(customers), expected_customers(lines, 1500, 60, as_of, treatment));
            for (uint64_t row = 0; row < cm_table_rows(customers); row++) {
                int id = _i ? (int)cm_table_int(customers, row, 0) : atoi(cm_table_text(customers, row, 0, 0, NULL));
                check_customer(customers, row, id, lines, 1500, as_of, treatment);
                if (row && _i) ck_assert_int_lt(cm_table_int(customers, row - 1, 0), cm_table_int(customers, row, 0));
                if (row && !_i)
                    ck_assert_int_lt(strcmp(cm_table_text(customers, row - 1, 0, 0, NULL),
                                            cm_table_text(customers, row, 0, 0, NULL)),
                                     0);
            }
            cm_options_free(options);
            cm_table_free(customers);
            cm_table_free(sales);
            free(lines);
        }
    cm_context_free(ctx);
}
END_TEST

/* ---- the same bytes ---- */

static char *bytes_of(cm_context *ctx, const cm_orders *orders, size_t *size) {
    char path[256];
    temp_path(path, "state.cm");
    OK(ctx, cm_orders_save(ctx, orders, path));
    char *bytes = read_whole(path, size);
    remove(path);
    return bytes;
}

static void same_state(cm_context *ctx, const cm_orders *a, const cm_orders *b) {
    size_t a_size, b_size;
    char *a_bytes = bytes_of(ctx, a, &a_size), *b_bytes = bytes_of(ctx, b, &b_size);
    ck_assert_uint_eq(a_size, b_size);
    ck_assert_mem_eq(a_bytes, b_bytes, a_size);
    free(a_bytes);
    free(b_bytes);
}

static int keep_items; /* whether the states of a test keep the items */

static cm_orders *state_of(cm_context *ctx, const line *lines, size_t count, int numbers) {
    cm_orders *orders = NULL;
    cm_options *options = NULL;
    cm_table *table = table_of(ctx, lines, count, numbers);
    OK(ctx, cm_options_new(ctx, "orders", &options));
    OK(ctx, cm_options_set_int(ctx, options, "items", keep_items));
    OK(ctx, cm_orders_new(ctx, options, &orders));
    cm_options_free(options);
    OK(ctx, cm_orders_update(ctx, orders, table, NULL));
    cm_table_free(table);
    return orders;
}

static cm_orders *saved_and_loaded(cm_context *ctx, cm_orders *orders) {
    char path[256];
    cm_orders *again = NULL;
    temp_path(path, "through.cm");
    OK(ctx, cm_orders_save(ctx, orders, path));
    OK(ctx, cm_orders_load(ctx, path, &again));
    same_state(ctx, orders, again);
    remove(path);
    cm_orders_free(orders);
    return again;
}

/* Cuts the lines into parts, makes a state of each, merges them in a shuffled order, now and then through a file. */
START_TEST(any_split_and_any_order_of_merging) {
    cm_context *ctx = new_context();
    lcg random = {(uint64_t)_i + 7};
    size_t count = 900;
    line *lines = random_lines((uint64_t)_i, count, 40, 200);
    keep_items = _i % 3 == 0;
    cm_orders *whole = state_of(ctx, lines, count, _i % 2), *parts[12];
    int part_count = 1 + (int)lcg_below(&random, 11);
    size_t at = 0;
    for (int i = 0; i < part_count; i++) {
        size_t end = i + 1 == part_count ? count : at + lcg_below(&random, (uint32_t)(count - at) + 1);
        parts[i] = state_of(ctx, lines + at, end - at, _i % 2);
        if (lcg_below(&random, 3) == 0) parts[i] = saved_and_loaded(ctx, parts[i]);
        at = end;
    }
    while (part_count > 1) {
        int to = (int)lcg_below(&random, (uint32_t)part_count), from = (int)lcg_below(&random, (uint32_t)part_count);
        if (to == from) continue;
        OK(ctx, cm_orders_merge(ctx, parts[to], parts[from]));
        cm_orders_free(parts[from]);
        parts[from] = parts[--part_count];
    }
    same_state(ctx, whole, parts[0]);
    cm_orders_free(parts[0]);
    cm_orders_free(whole);
    free(lines);
    cm_context_free(ctx);
}
END_TEST

START_TEST(any_number_of_threads) {
    cm_context *ctx = new_context();
    size_t count = 520000; /* enough for parts to pay */
    line *lines = random_lines(99, count, 20, 30); /* few orders of many lines: merging is what is tested */
    cm_table *table = table_of(ctx, lines, count, 0);
    cm_orders *states[3] = {NULL};
    static const int64_t threads[] = {1, 2, 7};
    for (int i = 0; i < 3; i++) {
        set_threads(ctx, threads[i]);
        OK(ctx, cm_orders_new(ctx, NULL, &states[i]));
        OK(ctx, cm_orders_update(ctx, states[i], table, NULL));
        same_state(ctx, states[0], states[i]);
    }
    for (int i = 0; i < 3; i++) cm_orders_free(states[i]);
    cm_table_free(table);
    free(lines);
    cm_context_free(ctx);
}
END_TEST

static int by_time(const void *a, const void *b) {
    const line *x = a, *y = b;
    return (x->time > y->time) - (x->time < y->time);
}

static void check_customers(const cm_table *customers, const line *lines, size_t count, int every) {
    for (uint64_t row = 0; row < cm_table_rows(customers); row += (uint64_t)every)
        check_customer(customers, row, atoi(TEXT(customers, row, "customer")), lines, count, 14640, NET);
}

static void same_table(cm_context *ctx, const cm_table *a, const cm_table *b) {
    char *one = csv_of(ctx, a), *other = csv_of(ctx, b);
    ck_assert(!strcmp(one, other));
    free(one);
    free(other);
}

/* ---- what a record and an id can hold ---- */

typedef struct wide_line {
    int64_t time, quantity, amount, cost;
} wide_line;

static int64_t any_size(lcg *random) {
    int64_t value = (int64_t)1 << lcg_below(random, 62);
    value += (int64_t)lcg_below(random, 1000);
    return lcg_below(random, 2) ? -value : value;
}

/* Ids that sort as they are numbered, some of them long. */
static uint64_t write_id(char id[4000], size_t number) {
    int length = snprintf(id, 4000, "i%06zu", number);
    size_t more = number % 37 ? number % 3 : 3000;
    memset(id + length, 'x', more);
    return (uint64_t)length + more;
}

static cm_table *table_of_wide(cm_context *ctx, const wide_line *lines, size_t count) {
    static const struct {
        const char *name;
        int32_t type, role;
    } columns[] = {{"customer", CM_STRING, CM_ROLE_CUSTOMER}, {"invoice", CM_STRING, CM_ROLE_INVOICE},
                   {"date", CM_TIMESTAMP, CM_ROLE_DATE},      {"quantity", CM_INT64, CM_ROLE_QUANTITY},
                   {"amount", CM_DECIMAL, CM_ROLE_AMOUNT},    {"cost", CM_DECIMAL, CM_ROLE_COST}};
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    char id[4000];
    OK(ctx, cm_builder_new(ctx, &builder));
    for (int i = 0; i < 6; i++)
        OK(ctx, cm_builder_column(ctx, builder, columns[i].name, columns[i].type, 0, columns[i].role));
    for (size_t i = 0; i < count; i++) {
        OK(ctx, cm_builder_text(ctx, builder, 0, "c", 1));
        OK(ctx, cm_builder_text(ctx, builder, 1, id, write_id(id, i)));
        OK(ctx, cm_builder_int(ctx, builder, 2, lines[i].time));
        OK(ctx, cm_builder_int(ctx, builder, 3, lines[i].quantity));
        OK(ctx, cm_builder_int(ctx, builder, 4, lines[i].amount));
        OK(ctx, cm_builder_int(ctx, builder, 5, lines[i].cost));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

/* Records are kept in as many bytes as their numbers need: of any size, one order each, also after merging. */
START_TEST(numbers_and_ids_of_any_size) {
    cm_context *ctx = new_context();
    lcg random = {11};
    size_t count = 20000;
    wide_line *lines = malloc(count * sizeof *lines);
    for (size_t i = 0; i < count; i++)
        lines[i] = (wide_line){((int64_t)lcg_below(&random, 3600000) - 719000) * DAY + lcg_below(&random, 86400),
                               any_size(&random), any_size(&random), any_size(&random)};
    cm_table *sales = table_of_wide(ctx, lines, count), *front = NULL, *back = NULL, *table = NULL;
    cm_orders *orders = NULL;
    OK(ctx, cm_table_slice(ctx, sales, 0, count / 2, &front));
    OK(ctx, cm_table_slice(ctx, sales, count / 2, count - count / 2, &back));
    OK(ctx, cm_orders_new(ctx, NULL, &orders));
    OK(ctx, cm_orders_update(ctx, orders, back, NULL));
    OK(ctx, cm_orders_update(ctx, orders, front, NULL));
    orders = saved_and_loaded(ctx, orders);
    OK(ctx, cm_orders_table(ctx, orders, &table));
    ck_assert_uint_eq(cm_table_rows(table), count);
    for (size_t i = 0; i < count; i++) {
        char id[4000];
        id[write_id(id, i)] = 0;
        ck_assert_str_eq(TEXT(table, i, "invoice"), id);
        ck_assert_int_eq(INT(table, i, "first"), lines[i].time);
        ck_assert_int_eq(INT(table, i, "last"), lines[i].time);
        ck_assert_int_eq(INT(table, i, "quantity"), lines[i].quantity);
        ck_assert_int_eq(INT(table, i, "money"), lines[i].amount);
        ck_assert_int_eq(INT(table, i, "cost"), lines[i].cost);
    }
    cm_orders_free(orders);
    cm_table_free(table);
    cm_table_free(front);
    cm_table_free(back);
    cm_table_free(sales);
    free(lines);
    cm_context_free(ctx);
}
END_TEST

/* At the longest id, and one byte beyond. */
START_TEST(the_longest_id) {
    cm_context *ctx = new_context();
    size_t longest = UINT32_MAX / 256 - 1, length = longest + (size_t)_i;
    char *id = malloc(length + 1);
    memset(id, 'x', length);
    cm_builder *builder = NULL;
    cm_table *sales = NULL;
    cm_orders *orders = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_STRING, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "date", CM_DATE, 0, CM_ROLE_DATE));
    OK(ctx, cm_builder_column(ctx, builder, "amount", CM_INT64, 0, CM_ROLE_AMOUNT));
    OK(ctx, cm_builder_text(ctx, builder, 0, id, length));
    OK(ctx, cm_builder_int(ctx, builder, 1, 14610));
    OK(ctx, cm_builder_int(ctx, builder, 2, 5));
    OK(ctx, cm_builder_row(ctx, builder));
    OK(ctx, cm_builder_finish(ctx, builder, &sales));
    OK(ctx, cm_orders_new(ctx, NULL, &orders));
    ck_assert_int_eq(cm_orders_update(ctx, orders, sales, NULL), _i ? CM_E_LIMIT : CM_OK);
    cm_error error = {.struct_size = sizeof error};
    cm_error_get(ctx, &error);
    if (_i) ck_assert_str_eq(error.reason, "ID_LENGTH");
    cm_orders_free(orders);
    cm_builder_free(builder);
    cm_table_free(sales);
    free(id);
    cm_context_free(ctx);
}
END_TEST

/* How the ids of lines become integers. */
typedef struct spread {
    int64_t first, customer, invoice;
} spread;

static cm_table *sales_of_integers(cm_context *ctx, const line *lines, size_t count, const spread *as) {
    cm_builder *builder = NULL;
    cm_table *sales = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "invoice", CM_INT64, 0, CM_ROLE_INVOICE));
    OK(ctx, cm_builder_column(ctx, builder, "date", CM_TIMESTAMP, 0, CM_ROLE_DATE));
    OK(ctx, cm_builder_column(ctx, builder, "amount", CM_INT64, 0, CM_ROLE_AMOUNT));
    for (size_t i = 0; i < count; i++) {
        const line *one = &lines[i];
        if (one->customer >= 0) OK(ctx, cm_builder_int(ctx, builder, 0, as->first + one->customer * as->customer));
        if (one->invoice >= 0) OK(ctx, cm_builder_int(ctx, builder, 1, as->first + one->invoice * as->invoice));
        OK(ctx, cm_builder_int(ctx, builder, 2, one->time < 0 ? 14600 * DAY : one->time));
        OK(ctx, cm_builder_int(ctx, builder, 3, one->quantity));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &sales));
    cm_builder_free(builder);
    return sales;
}

/* Close together, up to the least and the largest there are, and far apart: the same customers but for their ids. */
START_TEST(integers_may_lie_anywhere) {
    static const spread ways[] = {{0, 1, 1},         {INT64_MIN, 1, 1},   {INT64_MAX - 300, 1, 1},
                                  {-50, 1, 700001},  {-50, 1000003, 1},   {1, INT64_MAX / 60, 7001}};
    cm_context *ctx = new_context();
    line *lines = random_lines(23, 1500, 60, 300);
    cm_table *tables[6] = {NULL};
    for (int i = 0; i < 6; i++) {
        cm_table *sales = sales_of_integers(ctx, lines, 1500, &ways[i]);
        OK(ctx, cm_customers(ctx, sales, NULL, &tables[i]));
        cm_table_free(sales);
        ck_assert_uint_eq(cm_table_rows(tables[i]), 60);
        for (uint64_t row = 0; row < 60; row++) {
            ck_assert_int_eq(cm_table_int(tables[i], row, 0), ways[i].first + (int64_t)row * ways[i].customer);
            for (uint64_t column = 1; column < cm_table_columns(tables[0]); column++)
                ck_assert_int_eq(cm_table_int(tables[i], row, column), cm_table_int(tables[0], row, column));
        }
    }
    for (int i = 0; i < 6; i++) cm_table_free(tables[i]);
    free(lines);
    cm_context_free(ctx);
}
END_TEST

/* The same lines to be asked themselves, or as a state. */
typedef struct both_ways {
    cm_table *sales;
    cm_orders *orders;
    cm_options *options;
} both_ways;

static both_ways open_both(cm_context *ctx, const line *lines, size_t count) {
    return (both_ways){table_of(ctx, lines, count, 0), state_of(ctx, lines, count, 0), question(ctx, "net", 14640)};
}

static cm_table *ask(cm_context *ctx, const both_ways *of, int state) {
    cm_table *customers = NULL;
    if (state) OK(ctx, cm_orders_customers(ctx, of->orders, of->options, &customers));
    else OK(ctx, cm_customers(ctx, of->sales, of->options, &customers));
    return customers;
}

static void close_both(both_ways *of) {
    cm_orders_free(of->orders);
    cm_options_free(of->options);
    cm_table_free(of->sales);
}

/* Invoices of three lines and one customer each, one behind the other; half of the customers at times pay an old
 * one. */
static void number_invoices(line *lines, size_t count) {
    lcg random = {21};
    for (size_t i = 0; i < count; i++) {
        lines[i].invoice = (int)(i / 3);
        lines[i].customer = lines[i].invoice % 20;
        if (lines[i].customer < 10 && lcg_below(&random, 50) == 0)
            lines[i].invoice = (int)lcg_below(&random, (uint32_t)(i / 3) + 1);
    }
}

/* In the order of time and in none, threads each with a part of the lines, or of the records of a state. */
START_TEST(customers_with_any_number_of_threads) {
    cm_context *ctx = new_context();
    size_t count = 520000;
    line *lines = random_lines((uint64_t)_i, count, 20, 900);
    if (_i) qsort(lines, count, sizeof *lines, by_time);
    if (_i == 2) number_invoices(lines, count);
    both_ways of = open_both(ctx, lines, count);
    cm_table *first = NULL;
    static const int64_t threads[] = {1, 2, 7};
    for (int i = 0; i < 6; i++) {
        set_threads(ctx, threads[i / 2]);
        cm_table *customers = ask(ctx, &of, i % 2);
        if (!first) {
            first = cm_table_retain(customers);
            check_customers(first, lines, count, 1);
        }
        same_table(ctx, first, customers);
        cm_table_free(customers);
    }
    cm_table_free(first);
    close_both(&of);
    free(lines);
    cm_context_free(ctx);
}
END_TEST

/* More than are added up at once where a state is asked. */
START_TEST(many_customers) {
    cm_context *ctx = new_context();
    size_t count = 900000;
    line *lines = random_lines(5, count, 600000, 900);
    both_ways of = open_both(ctx, lines, count);
    cm_table *whole = ask(ctx, &of, 0), *by_strips = ask(ctx, &of, 1);
    ck_assert_uint_gt(cm_table_rows(whole), 420000);
    check_customers(by_strips, lines, count, 10007);
    same_table(ctx, whole, by_strips);
    cm_table_free(whole);
    cm_table_free(by_strips);
    close_both(&of);
    free(lines);
    cm_context_free(ctx);
}
END_TEST

START_TEST(the_larger_scale_wins) {
    cm_context *ctx = new_context();
    cm_table *tables[2] = {NULL};
    cm_orders *forth = NULL, *back = NULL;
    for (int i = 0; i < 2; i++) {
        cm_builder *builder = NULL;
        OK(ctx, cm_builder_new(ctx, &builder));
        OK(ctx, cm_builder_column(ctx, builder, "customer", CM_STRING, 0, CM_ROLE_CUSTOMER));
        OK(ctx, cm_builder_column(ctx, builder, "date", CM_DATE, 0, CM_ROLE_DATE));
        OK(ctx, cm_builder_column(ctx, builder, "amount", CM_DECIMAL, 1 + 2 * i, CM_ROLE_AMOUNT));
        OK(ctx, cm_builder_text(ctx, builder, 0, "a", 1));
        OK(ctx, cm_builder_int(ctx, builder, 1, 15000));
        OK(ctx, cm_builder_text(ctx, builder, 2, i ? "0.125" : "1.5", i ? 5 : 3));
        OK(ctx, cm_builder_row(ctx, builder));
        OK(ctx, cm_builder_finish(ctx, builder, &tables[i]));
        cm_builder_free(builder);
    }
    OK(ctx, cm_orders_new(ctx, NULL, &forth));
    OK(ctx, cm_orders_new(ctx, NULL, &back));
    for (int i = 0; i < 2; i++) {
        OK(ctx, cm_orders_update(ctx, forth, tables[i], NULL));
        OK(ctx, cm_orders_update(ctx, back, tables[1 - i], NULL));
    }
    same_state(ctx, forth, back);
    cm_table *customers = NULL;
    OK(ctx, cm_orders_customers(ctx, forth, NULL, &customers));
    ck_assert_int_eq(INT(customers, 0, "money"), 1625);
    ck_assert_int_eq(INT(customers, 0, "invoices"), 1); /* without an invoice, a day is one */
    cm_table_free(customers);
    for (int i = 0; i < 2; i++) cm_table_free(tables[i]);
    cm_orders_free(forth);
    cm_orders_free(back);
    cm_context_free(ctx);
}
END_TEST

/* ---- changing a state ---- */

START_TEST(removing_equals_a_pass_over_what_remains) {
    cm_context *ctx = new_context();
    size_t count = 600, kept = 0;
    keep_items = _i % 2;
    line *lines = random_lines(31 + (uint64_t)_i, count, 30, 80), *rest = malloc(count * sizeof *rest);
    cm_orders *orders = state_of(ctx, lines, count, 0);
    OK(ctx, cm_orders_remove(ctx, orders, CM_ROLE_CUSTOMER, "7"));
    OK(ctx, cm_orders_remove(ctx, orders, CM_ROLE_INVOICE, "11"));
    for (size_t i = 0; i < count; i++)
        if (lines[i].customer != 7 && lines[i].invoice != 11) rest[kept++] = lines[i];
    cm_orders *other = state_of(ctx, rest, kept, 0);
    same_state(ctx, orders, other);
    FAILS(ctx, CM_E_NOT_FOUND, "customer 7", cm_orders_remove(ctx, orders, CM_ROLE_CUSTOMER, "7"));
    FAILS(ctx, CM_E_NOT_FOUND, "nobody", cm_orders_remove(ctx, orders, CM_ROLE_CUSTOMER, "nobody"));
    same_state(ctx, orders, other);
    cm_orders_free(orders);
    cm_orders_free(other);
    free(lines);
    free(rest);
    cm_context_free(ctx);
}
END_TEST

START_TEST(renaming_equals_a_pass_over_the_renamed) {
    cm_context *ctx = new_context();
    size_t count = 600;
    line *lines = random_lines(77 + (uint64_t)_i, count, 30, 80);
    keep_items = _i > 2;
    cm_orders *orders = state_of(ctx, lines, count, _i % 2);
    OK(ctx, cm_orders_rename(ctx, orders, CM_ROLE_CUSTOMER, "3", "4"));       /* into one that is there */
    OK(ctx, cm_orders_rename(ctx, orders, CM_ROLE_CUSTOMER, "5", "1005"));    /* into a new one */
    OK(ctx, cm_orders_rename(ctx, orders, CM_ROLE_INVOICE, "20", "21"));
    OK(ctx, cm_orders_rename(ctx, orders, CM_ROLE_INVOICE, "22", "22"));
    if (keep_items) OK(ctx, cm_orders_rename(ctx, orders, CM_ROLE_ITEM, "5", "6"));
    else FAILS(ctx, CM_E_ARGUMENT, "where items are kept", cm_orders_rename(ctx, orders, CM_ROLE_ITEM, "5", "6"));
    for (size_t i = 0; i < count; i++) {
        if (lines[i].customer == 3) lines[i].customer = 4;
        if (lines[i].customer == 5) lines[i].customer = 1005;
        if (lines[i].invoice == 20) lines[i].invoice = 21;
        if (lines[i].item == 5) lines[i].item = 6;
    }
    cm_orders *other = state_of(ctx, lines, count, _i % 2);
    same_state(ctx, orders, other);
    cm_orders_free(orders);
    cm_orders_free(other);
    free(lines);
    cm_context_free(ctx);
}
END_TEST

START_TEST(a_batch_is_added_once) {
    cm_context *ctx = new_context();
    line *lines = random_lines(5, 100, 10, 20);
    cm_table *table = table_of(ctx, lines, 100, 0);
    cm_orders *orders = NULL, *other = NULL;
    OK(ctx, cm_orders_new(ctx, NULL, &orders));
    OK(ctx, cm_orders_update(ctx, orders, table, "monday"));
    OK(ctx, cm_orders_update(ctx, orders, table, "monday")); /* a portion more of the same load */
    OK(ctx, cm_orders_update(ctx, orders, table, "tuesday"));
    FAILS(ctx, CM_E_DUPLICATE, "monday", cm_orders_update(ctx, orders, table, "monday"));
    orders = saved_and_loaded(ctx, orders);
    FAILS(ctx, CM_E_DUPLICATE, "tuesday", cm_orders_update(ctx, orders, table, "tuesday"));
    OK(ctx, cm_orders_new(ctx, NULL, &other));
    OK(ctx, cm_orders_update(ctx, other, table, "tuesday"));
    FAILS(ctx, CM_E_DUPLICATE, "tuesday", cm_orders_merge(ctx, orders, other));
    cm_orders *three = state_of(ctx, lines, 100, 0);
    OK(ctx, cm_orders_merge(ctx, three, three == orders ? NULL : other));
    FAILS(ctx, CM_E_ARGUMENT, "itself", cm_orders_merge(ctx, three, three));
    cm_orders_free(three);
    cm_orders_free(orders);
    cm_orders_free(other);
    cm_table_free(table);
    free(lines);
    cm_context_free(ctx);
}
END_TEST

START_TEST(a_state_that_keeps_items_has_the_same_customers) {
    cm_context *ctx = new_context();
    line *lines = random_lines(17, 700, 30, 90);
    cm_table *tables[2] = {NULL};
    cm_orders *states[2];
    for (keep_items = 0; keep_items < 2; keep_items++) {
        states[keep_items] = state_of(ctx, lines, 700, 0);
        OK(ctx, cm_orders_customers(ctx, states[keep_items], NULL, &tables[keep_items]));
    }
    ck_assert_uint_eq(cm_table_rows(tables[0]), cm_table_rows(tables[1]));
    for (uint64_t row = 0; row < cm_table_rows(tables[0]); row++)
        for (uint64_t column = 1; column < cm_table_columns(tables[0]); column++) {
            ck_assert_int_eq(cm_table_is_absent(tables[0], row, column), cm_table_is_absent(tables[1], row, column));
            ck_assert_int_eq(cm_table_int(tables[0], row, column), cm_table_int(tables[1], row, column));
        }
    FAILS(ctx, CM_E_OPTION, "keeps items", cm_orders_merge(ctx, states[0], states[1]));
    for (int i = 0; i < 2; i++) {
        cm_orders_free(states[i]);
        cm_table_free(tables[i]);
    }
    free(lines);
    cm_context_free(ctx);
}
END_TEST

/* ---- days ---- */

/* A state of the lines of a file whose days are cut at `offset`. */
static cm_orders *state_cut_at(cm_context *ctx, const char *offset, const cm_table *lines) {
    cm_options *options = NULL;
    cm_orders *orders = NULL;
    OK(ctx, cm_options_new(ctx, "orders", &options));
    OK(ctx, cm_options_set_text(ctx, options, "utc_offset", offset));
    OK(ctx, cm_orders_new(ctx, options, &orders));
    OK(ctx, cm_orders_update(ctx, orders, lines, NULL));
    cm_options_free(options);
    return orders;
}

static void expect_days(const cm_table *customers, int64_t first, int64_t purchase_days) {
    ck_assert_int_eq(INT(customers, 0, "first"), first);
    ck_assert_int_eq(INT(customers, 0, "purchase_days"), purchase_days);
}

/* A date is a day wherever days are cut, asked of lines and of a state, saved or not; a time is cut. */
START_TEST(dates_are_days_at_any_offset) {
    static const char *const offsets[] = {"-05:00", "+00:00", "+05:30"};
    cm_context *ctx = new_context();
    cm_table *dates = read_text(ctx, cm_read_csv, "customer,date,amount\nA,2024-01-05,10\nA,2024-01-06,1\n", NULL);
    cm_table *times = read_text(ctx, cm_read_csv, "customer,date,amount\nA,2024-01-05 23:00:00,10\n"
                                                  "A,2024-01-06 01:00:00,1\n", NULL);
    for (int i = 0; i < 3; i++) {
        cm_options *options = NULL;
        cm_table *customers = NULL;
        OK(ctx, cm_options_new(ctx, "customers", &options));
        OK(ctx, cm_options_set_text(ctx, options, "utc_offset", offsets[i]));
        OK(ctx, cm_customers(ctx, dates, options, &customers));
        expect_days(customers, 19727, 2);
        cm_table_free(customers);
        cm_orders *orders = saved_and_loaded(ctx, state_cut_at(ctx, offsets[i], dates));
        OK(ctx, cm_orders_customers(ctx, orders, NULL, &customers));
        expect_days(customers, 19727, 2);
        cm_table_free(customers);
        if (i == 1) OK(ctx, cm_orders_update(ctx, orders, times, NULL));
        else FAILS(ctx, CM_E_COLUMN, i ? "330 minutes" : "-300 minutes", cm_orders_update(ctx, orders, times, NULL));
        cm_orders_free(orders);
        OK(ctx, cm_customers(ctx, times, options, &customers));
        expect_days(customers, 19727 * DAY + 23 * (DAY / 24), i == 1 ? 2 : 1);
        cm_table_free(customers);
        cm_options_free(options);
    }
    cm_table_free(times);
    cm_table_free(dates);
    cm_context_free(ctx);
}
END_TEST

/* ---- refusals ---- */

START_TEST(contradictions) {
    cm_context *ctx = new_context();
    line lines[] = {{.customer = 1, .invoice = 1, .time = 14600 * DAY, .quantity = 2, .price = 500},
                    {.customer = 1, .invoice = 2, .time = 14601 * DAY, .quantity = -1, .price = -300}};
    cm_table *table = table_of(ctx, lines, 2, 0), *customers = NULL, *audit = NULL;
    cm_options *options = question(ctx, "net", 14700);
    FAILS(ctx, CM_E_DATA, "2009-12-23", cm_customers(ctx, table, options, &customers));
    ck_assert_ptr_null(customers);
    OK(ctx, cm_options_set_text(ctx, options, "on_error", "collect"));
    OK(ctx, cm_customers(ctx, table, options, &customers));
    ck_assert_int_eq(INT(customers, 0, "money"), 1000);
    OK(ctx, cm_table_attached(ctx, customers, "audit", &audit));
    ck_assert_str_eq(TEXT(audit, 1, "reason"), "contradiction");
    ck_assert_int_eq(INT(audit, 1, "rows"), 1);
    cm_table_free(customers);
    OK(ctx, cm_options_set_text(ctx, options, "refunds", "keep"));
    OK(ctx, cm_customers(ctx, table, options, &customers));
    ck_assert_int_eq(INT(customers, 0, "money"), 1300);
    ck_assert_int_eq(INT(customers, 0, "quantity"), 1);
    cm_table_free(customers);
    cm_table_free(audit);
    cm_options_free(options);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(audit_balances) {
    cm_context *ctx = new_context();
    line *lines = random_lines(123, 2000, 50, 100);
    cm_table *table = table_of(ctx, lines, 2000, 0), *customers = NULL, *audit = NULL;
    static const char *const treatments[] = {"net", "keep", "drop"};
    for (int i = 0; i < 3; i++) {
        cm_options *options = question(ctx, treatments[i], 14620);
        OK(ctx, cm_customers(ctx, table, options, &customers));
        OK(ctx, cm_table_attached(ctx, customers, "audit", &audit));
        int64_t rows = 0, money = 0;
        uint64_t last = cm_table_rows(audit) - 1;
        ck_assert_str_eq(TEXT(audit, 0, "reason"), "read");
        ck_assert_str_eq(TEXT(audit, last, "reason"), "kept");
        for (uint64_t row = 1; row <= last; row++) {
            rows += INT(audit, row, "rows");
            money += INT(audit, row, "money");
        }
        ck_assert_int_eq(rows, 2000);
        ck_assert_int_eq(INT(audit, 0, "rows"), 2000);
        ck_assert_int_eq(money, INT(audit, 0, "money"));
        int64_t sum = 0;
        for (uint64_t row = 0; row < cm_table_rows(customers); row++) sum += INT(customers, row, "money");
        ck_assert_int_eq(sum, INT(audit, last, "money"));
        cm_table_free(audit);
        cm_table_free(customers);
        cm_options_free(options);
    }
    cm_table_free(table);
    free(lines);
    cm_context_free(ctx);
}
END_TEST

START_TEST(too_much_money_is_said_and_nothing_changes) {
    cm_context *ctx = new_context();
    line lines[] = {{.customer = 1, .invoice = 1, .time = 14600 * DAY, .quantity = 1, .price = INT64_MAX - 5}};
    cm_table *table = table_of(ctx, lines, 1, 0), *customers = NULL;
    cm_orders *orders = NULL, *same = NULL;
    OK(ctx, cm_orders_new(ctx, NULL, &orders));
    OK(ctx, cm_orders_new(ctx, NULL, &same));
    OK(ctx, cm_orders_update(ctx, orders, table, "a"));
    OK(ctx, cm_orders_update(ctx, same, table, "a"));
    FAILS(ctx, CM_E_OVERFLOW, "64 bits", cm_orders_update(ctx, orders, table, "b"));
    same_state(ctx, orders, same);
    lines[0].quantity = 3;
    cm_table *product = table_of(ctx, lines, 1, 0);
    FAILS(ctx, CM_E_OVERFLOW, "row 1", cm_orders_update(ctx, orders, product, "c"));
    lines[0].quantity = 1;
    lines[0].invoice = 2;
    cm_table *invoice = table_of(ctx, lines, 1, 0);
    OK(ctx, cm_orders_update(ctx, orders, invoice, "d")); /* each order fits, their sum does not */
    FAILS(ctx, CM_E_OVERFLOW, "64 bits", cm_orders_customers(ctx, orders, NULL, &customers));
    cm_table_free(table);
    cm_table_free(product);
    cm_table_free(invoice);
    cm_orders_free(orders);
    cm_orders_free(same);
    cm_context_free(ctx);
}
END_TEST

START_TEST(an_empty_state_is_no_error) {
    cm_context *ctx = new_context();
    cm_orders *orders = NULL;
    cm_table *customers = NULL;
    OK(ctx, cm_orders_new(ctx, NULL, &orders));
    orders = saved_and_loaded(ctx, orders);
    OK(ctx, cm_orders_customers(ctx, orders, NULL, &customers));
    ck_assert_uint_eq(cm_table_rows(customers), 0);
    ck_assert_int_eq(cm_table_find(customers, "first_day_money"), 12);
    cm_table_free(customers);
    cm_orders_free(orders);
    cm_context_free(ctx);
}
END_TEST

START_TEST(customers_without_a_purchase_come_from_the_attributes) {
    cm_context *ctx = new_context();
    line lines[] = {{.customer = 5, .invoice = 1, .time = 14600 * DAY, .quantity = 1, .price = 100}};
    cm_table *sales = table_of(ctx, lines, 1, 0), *attributes = NULL, *customers = NULL;
    cm_builder *builder = NULL;
    cm_options *options = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "id", CM_STRING, 0, CM_ROLE_NONE));
    OK(ctx, cm_builder_column(ctx, builder, "city", CM_STRING, 0, CM_ROLE_NONE));
    for (int i = 4; i <= 6; i++) {
        char id[8];
        snprintf(id, sizeof id, "%d", i);
        OK(ctx, cm_builder_text(ctx, builder, 0, id, 1));
        OK(ctx, cm_builder_text(ctx, builder, 1, i == 5 ? "Ulm" : "Bonn", i == 5 ? 3 : 4));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &attributes));
    cm_builder_free(builder);
    OK(ctx, cm_options_new(ctx, "customers", &options));
    OK(ctx, cm_options_set_table(ctx, options, "attributes", attributes));
    OK(ctx, cm_customers(ctx, sales, options, &customers));
    ck_assert_uint_eq(cm_table_rows(customers), 3);
    ck_assert_str_eq(TEXT(customers, 0, "customer"), "4");
    ck_assert_int_eq(INT(customers, 0, "invoices"), 0);
    ck_assert_int_eq(ABSENT(customers, 0, "first"), 1);
    ck_assert_str_eq(TEXT(customers, 1, "city"), "Ulm");
    ck_assert_int_eq(INT(customers, 1, "money"), 100);
    cm_options_free(options);
    cm_table_free(customers);
    cm_table_free(attributes);
    cm_table_free(sales);
    cm_context_free(ctx);
}
END_TEST

Suite *test_orders(void) {
    Suite *suite = suite_create("orders");
    TCase *tests = tcase_create("orders");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, customers_equal_a_recount, 0, 2);
    tcase_add_test(tests, integers_may_lie_anywhere);
    tcase_add_loop_test(tests, any_split_and_any_order_of_merging, 0, 20);
    tcase_add_test(tests, numbers_and_ids_of_any_size);
    tcase_add_loop_test(tests, the_longest_id, 0, 2);
    tcase_add_test(tests, the_larger_scale_wins);
    tcase_add_loop_test(tests, removing_equals_a_pass_over_what_remains, 0, 5);
    tcase_add_loop_test(tests, renaming_equals_a_pass_over_the_renamed, 0, 6);
    tcase_add_test(tests, a_batch_is_added_once);
    tcase_add_test(tests, a_state_that_keeps_items_has_the_same_customers);
    tcase_add_test(tests, dates_are_days_at_any_offset);
    tcase_add_test(tests, contradictions);
    tcase_add_test(tests, audit_balances);
    tcase_add_test(tests, too_much_money_is_said_and_nothing_changes);
    tcase_add_test(tests, an_empty_state_is_no_error);
    tcase_add_test(tests, customers_without_a_purchase_come_from_the_attributes);
    suite_add_tcase(suite, tests);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 300);
    tcase_add_test(threads, any_number_of_threads);
    tcase_add_loop_test(threads, customers_with_any_number_of_threads, 0, 3);
    tcase_add_test(tests, many_customers);
    suite_add_tcase(suite, threads);
    return suite;
}
