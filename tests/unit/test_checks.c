/* What looks odd: each check against a plain recount of small tables, where every line is compared with every other;
 * the cases at the edges by hand; Online Retail against what is known of it. */
#include "support.h"

#define DAY INT64_C(86400000000)
#define FIRST_DAY 14610 /* 2010-01-01 */
#define NONE (-999999)
#define LINES 500

typedef struct line {
    int customer, invoice, item, name; /* NONE: absent; name 0: blank */
    int64_t time;                      /* seconds since FIRST_DAY; NONE */
    int64_t quantity, price;           /* tenths, cents; NONE */
} line;

static const char *const names[] = {"  ", "lamp", "red lamp", "lamp, big"};

/* Few values of each kind, so that everything that can meet meets. */
static line random_line(lcg *random) {
    line one = {.customer = (int)lcg_below(random, 60) - 3,
                .invoice = (int)lcg_below(random, 90) - 10,
                .item = (int)lcg_below(random, 14) - 1,
                .name = (int)lcg_below(random, 20),
                .time = lcg_below(random, 90) * INT64_C(43200),
                .quantity = (1 + (int64_t)lcg_below(random, 2)) * (lcg_below(random, 3) ? 10 : -10),
                .price = (int64_t)lcg_below(random, 3) * 100};
    if (one.customer < 0)
        one.customer = NONE;
    else
        one.customer = one.customer * one.customer / 200; /* few of them often */
    if (one.invoice < 0) one.invoice = NONE;
    if (one.item < 0) one.item = NONE;
    if (one.name > 3) one.name = 1 + one.item % 2;
    if (one.item == NONE) one.name = 0;
    if (lcg_below(random, 40) == 0) one.time = NONE;
    if (lcg_below(random, 30) == 0) one.quantity += 5;
    if (lcg_below(random, 60) == 0) one.quantity = NONE;
    if (lcg_below(random, 60) == 0) one.price = NONE;
    if (lcg_below(random, 80) == 0) one.price = -250 - (int64_t)lcg_below(random, 3);
    return one;
}

static line *random_lines(uint64_t seed) {
    lcg random = {seed};
    line *lines = malloc(LINES * sizeof *lines);
    for (int i = 0; i < LINES; i++) {
        lines[i] = random_line(&random);
        if (i && lcg_below(&random, 12) == 0) lines[i] = lines[lcg_below(&random, (uint32_t)i)];
    }
    return lines;
}

/* ---- tables ---- */

static const char *id_text(int id, char out[32]) {
    sprintf(out, "%d", id);
    return out;
}

static void put_id(cm_context *ctx, cm_builder *builder, uint64_t column, int id) {
    char text[32];
    if (id == NONE) return;
    id_text(id, text);
    OK(ctx, cm_builder_text(ctx, builder, column, text, strlen(text)));
}

static cm_table *table_of(cm_context *ctx, const line *lines, int count, int numbers) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    int32_t id = numbers ? CM_INT64 : CM_STRING;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", id, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "invoice", id, 0, CM_ROLE_INVOICE));
    OK(ctx, cm_builder_column(ctx, builder, "sku", id, 0, CM_ROLE_ITEM));
    OK(ctx, cm_builder_column(ctx, builder, "date", CM_TIMESTAMP, 0, CM_ROLE_DATE));
    OK(ctx, cm_builder_column(ctx, builder, "quantity", CM_DECIMAL, 1, CM_ROLE_QUANTITY));
    OK(ctx, cm_builder_column(ctx, builder, "price", CM_DECIMAL, 2, CM_ROLE_PRICE));
    OK(ctx, cm_builder_column(ctx, builder, "description", CM_STRING, 0, CM_ROLE_ITEM_NAME));
    for (int i = 0; i < count; i++) {
        put_id(ctx, builder, 0, lines[i].customer);
        put_id(ctx, builder, 1, lines[i].invoice);
        put_id(ctx, builder, 2, lines[i].item);
        if (lines[i].time != NONE) OK(ctx, cm_builder_int(ctx, builder, 3, FIRST_DAY * DAY + lines[i].time * 1000000));
        if (lines[i].quantity != NONE) OK(ctx, cm_builder_int(ctx, builder, 4, lines[i].quantity));
        if (lines[i].price != NONE) OK(ctx, cm_builder_int(ctx, builder, 5, lines[i].price));
        OK(ctx, cm_builder_text(ctx, builder, 6, names[lines[i].name], strlen(names[lines[i].name])));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

/* The same lines in two chunks. */
static cm_table *in_two(cm_context *ctx, const line *lines, int numbers) {
    cm_table *parts[2] = {table_of(ctx, lines, 77, numbers), table_of(ctx, lines + 77, LINES - 77, numbers)},
             *whole = NULL;
    OK(ctx, cm_table_concat(ctx, (const cm_table *const *)parts, 2, &whole));
    cm_table_free(parts[0]);
    cm_table_free(parts[1]);
    return whole;
}

static cm_table *checks_of(cm_context *ctx, const cm_table *table, int64_t basket_lines) {
    cm_options *options = NULL;
    cm_table *checks = NULL;
    OK(ctx, cm_options_new(ctx, "checks", &options));
    OK(ctx, cm_options_set_int(ctx, options, "basket_lines", basket_lines));
    OK(ctx, cm_checks(ctx, table, options, &checks));
    cm_options_free(options);
    return checks;
}

static int64_t row_of(const cm_table *checks, const char *name) {
    for (uint64_t row = 0; row < cm_table_rows(checks); row++)
        if (!strcmp(TEXT(checks, row, "check"), name)) return (int64_t)row;
    return -1;
}

/* A finding with these figures; lines 0: there is none. example NULL: not looked at. */
static void expect(const cm_table *checks, const char *name, int64_t lines, int64_t money, const char *example) {
    int64_t row = row_of(checks, name);
    ck_assert_msg((row >= 0) == (lines > 0), "%s: %s, wanted %lld lines", name, row < 0 ? "not there" : "there",
                  (long long)lines);
    if (row < 0) return;
    ck_assert_msg(INT(checks, (uint64_t)row, "lines") == lines, "%s: %lld lines, wanted %lld", name,
                  (long long)INT(checks, (uint64_t)row, "lines"), (long long)lines);
    ck_assert_msg(INT(checks, (uint64_t)row, "money") == money, "%s: money %lld, wanted %lld", name,
                  (long long)INT(checks, (uint64_t)row, "money"), (long long)money);
    if (example) ck_assert_str_eq(TEXT(checks, (uint64_t)row, "example"), example);
    ck_assert(strlen(TEXT(checks, (uint64_t)row, "sentence")) > 10);
    ck_assert_ptr_null(strstr(TEXT(checks, (uint64_t)row, "sentence"), "CHECK_"));
}

static const char *option_of(const cm_table *checks, const char *name) {
    int64_t row = row_of(checks, name);
    ck_assert_msg(row >= 0, "no finding %s", name);
    const char *option = TEXT(checks, (uint64_t)row, "option");
    return option ? option : "";
}

/* ---- the recounts; money in thousandths ---- */

static int64_t money_of(const line *one) {
    return one->quantity == NONE || one->price == NONE ? 0 : one->quantity * one->price;
}

typedef struct sum {
    int64_t lines, money;
    int first;
} sum;

static void add(sum *to, const line *lines, int i) {
    if (!to->lines++) to->first = i;
    to->money += money_of(&lines[i]);
}

static void place(const line *lines, int i, char out[64]) {
    if (lines[i].invoice != NONE)
        sprintf(out, "%d", lines[i].invoice);
    else
        sprintf(out, "row %d", i + 1);
}

static void recount_lines(const line *lines, const cm_table *checks) {
    sum nobody = {0}, zero = {0}, negative = {0};
    char example[128], where[64];
    int lowest = -1;
    for (int i = 0; i < LINES; i++) {
        if (lines[i].customer == NONE) add(&nobody, lines, i);
        if (lines[i].price == 0) add(&zero, lines, i);
        if (lines[i].price >= 0 || lines[i].price == NONE) continue;
        add(&negative, lines, i);
        if (lowest < 0 || lines[i].price < lines[lowest].price) lowest = i;
    }
    place(lines, nobody.first, where);
    expect(checks, "no_customer", nobody.lines, nobody.money, where);
    place(lines, zero.first, where);
    if (lines[zero.first].item != NONE) sprintf(where + strlen(where), ": %d", lines[zero.first].item);
    expect(checks, "zero_prices", zero.lines, zero.money, where);
    if (lowest < 0) return;
    place(lines, lowest, where);
    if (lines[lowest].item != NONE) sprintf(where + strlen(where), ": %d", lines[lowest].item);
    sprintf(example, "%s: -%d.%02d", where, (int)(-lines[lowest].price / 100), (int)(-lines[lowest].price % 100));
    expect(checks, "negative_prices", negative.lines, negative.money, example);
}

static int mirrors(const line *refund, const line *purchase) {
    return refund->customer == purchase->customer && refund->item == purchase->item && refund->price == purchase->price
           && refund->quantity == -purchase->quantity && purchase->quantity > 0;
}

static int whole(const line *one) {
    return one->customer != NONE && one->item != NONE && one->quantity != NONE && one->price != NONE
           && one->time != NONE;
}

static int earlier(const line *lines, int a, int b) {
    return lines[a].time != lines[b].time ? lines[a].time < lines[b].time : a < b;
}

static int64_t size(const line *one) {
    return money_of(one) < 0 ? -money_of(one) : money_of(one);
}

/* The earliest refund first, each takes the last purchase before it that is left. */
static void recount_refunds(const line *lines, const cm_table *checks) {
    char used[LINES] = {0}, example[128], where[64];
    int largest = -1, undone = -1;
    sum all = {0};
    for (;;) {
        int refund = -1, purchase = -1;
        for (int i = 0; i < LINES; i++)
            if (!used[i] && whole(&lines[i]) && lines[i].quantity < 0 && (refund < 0 || earlier(lines, i, refund)))
                refund = i;
        if (refund < 0) break;
        used[refund] = 1;
        for (int i = 0; i < LINES; i++)
            if (!used[i] && whole(&lines[i]) && mirrors(&lines[refund], &lines[i]) && earlier(lines, i, refund)
                && (purchase < 0 || earlier(lines, purchase, i)))
                purchase = i;
        if (purchase < 0) continue;
        used[purchase] = 1;
        add(&all, lines, refund);
        if (largest >= 0
            && (size(&lines[refund]) < size(&lines[largest])
                || (size(&lines[refund]) == size(&lines[largest]) && refund > largest)))
            continue;
        largest = refund;
        undone = purchase;
    }
    ck_assert_int_gt(all.lines, 5);
    place(lines, undone, example);
    place(lines, largest, where);
    sprintf(example + strlen(example), ", %s", where);
    expect(checks, "mirrored_refunds", all.lines, all.money, example);
}

static int in_basket(const line *one) {
    return one->invoice != NONE || (one->customer != NONE && one->time != NONE);
}

static int same_basket(const line *a, const line *b) {
    if (!in_basket(a) || !in_basket(b)) return 0;
    if (a->invoice != NONE || b->invoice != NONE) return a->invoice == b->invoice;
    return a->customer == b->customer && a->time / 86400 == b->time / 86400;
}

/* Sizes by the basket's text or number, as ids are ordered. */
static int id_before(int a, int b, int numbers) {
    char x[32], y[32];
    return numbers ? a < b : strcmp(id_text(a, x), id_text(b, y)) < 0;
}

static int basket_before(const line *a, const line *b, int numbers) {
    if ((a->invoice == NONE) != (b->invoice == NONE)) return a->invoice != NONE;
    if (a->invoice != NONE) return id_before(a->invoice, b->invoice, numbers);
    return a->customer != b->customer ? id_before(a->customer, b->customer, numbers) : a->time < b->time;
}

static void recount_baskets(const line *lines, const cm_table *checks, int most, int numbers) {
    int largest = -1, largest_lines = 0;
    char example[128], items[20] = {0};
    sum all = {0};
    for (int i = 0; i < LINES; i++) {
        int count = 0;
        for (int j = 0; j < LINES; j++) count += same_basket(&lines[i], &lines[j]);
        if (count > most) add(&all, lines, i);
        if (count > largest_lines
            || (count && count == largest_lines && !same_basket(&lines[i], &lines[largest])
                && basket_before(&lines[i], &lines[largest], numbers))) {
            largest = i;
            largest_lines = count;
        }
    }
    int different = 0;
    for (int j = 0; j < LINES; j++) {
        if (!same_basket(&lines[largest], &lines[j]) || lines[j].item == NONE || items[lines[j].item]) continue;
        items[lines[j].item] = 1;
        different++;
    }
    const line *one = &lines[largest];
    int day = (int)(one->time / 86400);
    if (one->invoice != NONE)
        sprintf(example, "%d: %d lines, %d items", one->invoice, largest_lines, different);
    else
        sprintf(example, "%d 2010-%02d-%02d: %d lines, %d items", one->customer, day < 31 ? 1 : 2,
                day < 31 ? day + 1 : day - 30, largest_lines, different);
    expect(checks, "large_baskets", all.lines, all.money, example);
}

static void recount_items(const line *lines, const cm_table *checks, int numbers) {
    sum names_sum = {0}, units = {0};
    int most = -1, most_names = 0, most_lines = 0, mixed = -1;
    char example[128];
    for (int item = 0; item < 20; item++) {
        int seen[4] = {0}, fraction = -1, full = -1;
        sum all = {0};
        for (int i = 0; i < LINES; i++) {
            if (lines[i].item != item) continue;
            add(&all, lines, i);
            if (lines[i].name) seen[lines[i].name] = 1;
            if (lines[i].quantity == NONE) continue;
            if (lines[i].quantity % 10 && fraction < 0) fraction = i;
            if (lines[i].quantity % 10 == 0 && full < 0) full = i;
        }
        int different = seen[1] + seen[2] + seen[3];
        if (different > most_names || (different && different == most_names && id_before(item, most, numbers))) {
            most = item;
            most_names = different;
        }
        if (different > 1) names_sum.lines += all.lines, names_sum.money += all.money;
        if (fraction < 0 || full < 0) continue;
        units.lines += all.lines, units.money += all.money;
        if (mixed >= 0 && (all.lines < most_lines || (all.lines == most_lines && id_before(mixed, item, numbers))))
            continue;
        mixed = item;
        most_lines = (int)all.lines;
        int tenths = (int)lines[fraction].quantity;
        sprintf(example, "%d: %s%d.5 and %d.0", item, tenths < 0 ? "-" : "", abs(tenths) / 10,
                (int)lines[full].quantity / 10);
    }
    expect(checks, "mixed_units", units.lines, units.money, units.lines ? example : NULL);
    sprintf(example, "%d: %d names", most, most_names);
    expect(checks, "several_names", names_sum.lines, names_sum.money, example);
}

static void recount_ten(const line *lines, const cm_table *checks, int numbers) {
    sum each[100] = {{0}}, ten = {0};
    int64_t total = 0, customers = 0;
    for (int i = 0; i < LINES; i++)
        if (lines[i].customer != NONE) add(&each[lines[i].customer], lines, i);
    for (int i = 0; i < 100; i++) customers += each[i].lines > 0, total += each[i].money;
    for (int n = 0; n < 10; n++) {
        int best = -1;
        for (int i = 0; i < 100; i++)
            if (each[i].lines
                && (best < 0 || each[i].money > each[best].money
                    || (each[i].money == each[best].money && id_before(i, best, numbers))))
                best = i;
        if (best < 0) break;
        ten.lines += each[best].lines, ten.money += each[best].money;
        each[best].lines = 0;
    }
    int said = total > 0 && ten.money * 10 > total && ten.money * customers > 20 * total;
    char example[64];
    if (said) {
        double percent = 100.0 * (double)ten.money / (double)total;
        snprintf(example, sizeof example, "%.1f%%", (double)(int64_t)(percent * 10 + 0.5) / 10);
    }
    expect(checks, "top_ten", said ? ten.lines : 0, ten.money, said ? example : NULL);
}

static int same_line(const line *a, const line *b) {
    return a->customer == b->customer && a->invoice == b->invoice && a->item == b->item && a->name == b->name
           && a->time == b->time && a->quantity == b->quantity && a->price == b->price;
}

static void recount_duplicates(const line *lines, const cm_table *checks) {
    sum all = {0};
    char example[128] = "";
    for (int i = 0; i < LINES; i++) {
        int j = 0;
        while (j < i && !same_line(&lines[i], &lines[j])) j++;
        if (j == i) continue;
        if (!all.lines) {
            place(lines, i, example);
            sprintf(example + strlen(example), ": rows %d, %d", j + 1, i + 1);
        }
        add(&all, lines, i);
    }
    ck_assert_int_gt(all.lines, 10);
    expect(checks, "exact_duplicates", all.lines, all.money, example);
}

static void assert_same(const cm_table *a, const cm_table *b) {
    ck_assert_uint_eq(cm_table_rows(a), cm_table_rows(b));
    for (uint64_t row = 0; row < cm_table_rows(a); row++)
        for (uint64_t column = 0; column < 6; column++) {
            const char *x = cm_table_text(a, row, column, 0, NULL), *y = cm_table_text(b, row, column, 0, NULL);
            ck_assert_int_eq(cm_table_int(a, row, column), cm_table_int(b, row, column));
            ck_assert(x && y ? !strcmp(x, y) : x == y);
        }
}

START_TEST(test_recounts) {
    cm_context *ctx = new_context();
    for (uint64_t seed = 1; seed <= 30; seed++) {
        line *lines = random_lines(seed);
        int numbers = seed % 2 == 0, most = seed % 3 ? 9 : 5;
        cm_table *table = in_two(ctx, lines, numbers), *plain = table_of(ctx, lines, LINES, numbers);
        cm_table *checks = checks_of(ctx, table, most), *again;
        recount_lines(lines, checks);
        recount_refunds(lines, checks);
        recount_baskets(lines, checks, most, numbers);
        recount_items(lines, checks, numbers);
        recount_ten(lines, checks, numbers);
        recount_duplicates(lines, checks);
        set_threads(ctx, 4);
        again = checks_of(ctx, plain, most);
        set_threads(ctx, 1);
        assert_same(checks, again);
        cm_table_free(again);
        cm_table_free(checks);
        cm_table_free(table);
        cm_table_free(plain);
        free(lines);
    }
    cm_context_free(ctx);
}
END_TEST

/* ---- by hand: rows of texts, in the roles that the columns' names say ---- */

static cm_table *read_collecting(cm_context *ctx, const char *text) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "read", &options));
    OK(ctx, cm_options_set_text(ctx, options, "on_error", "collect"));
    cm_table *table = read_text(ctx, cm_read_csv, text, options);
    cm_options_free(options);
    return table;
}

static cm_table *checks_of_text(cm_context *ctx, const char *text) {
    cm_table *table = read_collecting(ctx, text), *checks = checks_of(ctx, table, 100);
    cm_table_free(table);
    return checks;
}

START_TEST(test_ids_with_point) {
    cm_context *ctx = new_context();
    cm_table *checks = checks_of_text(
        ctx, "customer,invoice,amount\n12.0,7,1.50\n13,8.000,2\n-14.00,9,4\n1.5,10,8\n,11,16\na.0,12,32\n.0,x,64\n");
    expect(checks, "ids_with_point", 2, 550, "12.0");
    ck_assert_str_eq(option_of(checks, "ids_with_point"), "--ids integer");
    uint64_t second = (uint64_t)row_of(checks, "ids_with_point") + 1;
    ck_assert_str_eq(TEXT(checks, second, "check"), "ids_with_point");
    ck_assert_str_eq(TEXT(checks, second, "example"), "8.000");
    ck_assert_int_eq(INT(checks, second, "lines"), 1);
    ck_assert_str_eq(TEXT(checks, second, "sentence"),
                     "ids of invoice end in .0 on 1 lines, such as 8.000; they do not match ids without it");
    cm_table_free(checks);
    cm_context_free(ctx);
}
END_TEST

START_TEST(test_service_items) {
    cm_context *ctx = new_context();
    char text[4000] = "item,description,amount\n";
    for (int i = 0; i < 40; i++) sprintf(text + strlen(text), "%d,a thing,1\n", 1000 + i);
    strcat(text, "POST,POSTAGE,2\nPOST,,4\nC2,Next Day CARRIAGE.,8\nM1,Manual,16\nB K,Bank Charges,32\nG1,Our Gift "
                 "Voucher 10.00,64\n"
                 "P1,CARRIAGE CLOCK,128\nP2,postage stamp,256\nP3,user "
                 "manual,512\nP4,coffee,1024\nX1,adjustment,2048\nX1,lamp,4096\n"
                 "X1,lamp,8192\nP5,,16384\n");
    cm_table *checks = checks_of_text(ctx, text);
    expect(checks, "service_items", 6, 2 + 4 + 8 + 16 + 32 + 64, "POST, B K, C2, G1, M1");
    ck_assert_str_eq(option_of(checks, "service_items"), "--exclude 'POST,B K,C2,G1,M1'");
    cm_table_free(checks);

    /* Where codes are words, a code without a digit says nothing; what its name says still counts. */
    checks = checks_of_text(ctx, "item,description,amount\nbread,,1\nmilk,,2\n12,,4\ntea,,8\nZ,shipping,16\n");
    expect(checks, "service_items", 1, 16, "Z");
    ck_assert_str_eq(option_of(checks, "service_items"), "--exclude Z");
    cm_table_free(checks);
    checks = checks_of_text(ctx, "item,amount\nbread,1\nmilk,2\n");
    expect(checks, "service_items", 0, 0, NULL);
    cm_table_free(checks);

    /* Codes that no option can name are named in the example alone. */
    checks = checks_of_text(ctx, "item,description,amount\n\"a,1\",fee,1\nb1,lamp,2\n");
    expect(checks, "service_items", 1, 1, "a,1");
    ck_assert_str_eq(option_of(checks, "service_items"), "");
    cm_table_free(checks);
    cm_context_free(ctx);
}
END_TEST

START_TEST(test_dates) {
    cm_context *ctx = new_context();
    const struct {
        const char *dates, *month, *month_option, *far, *far_option;
        int month_lines;
    } cases[] = {
        {"2011-11-05 2011-12-09 2011-12-09 2011-12-01", "2011-12-09", "--as-of 2011-11-30", NULL, NULL, 3},
        {"2011-12-09 2011-12-01", "2011-12-09", "", NULL, NULL, 2}, /* nothing before this month */
        {"2011-12-31 2011-11-01", NULL, NULL, NULL, NULL, 0},
        {"2012-01-28 2012-02-28", "2012-02-28", "--as-of 2012-01-31", NULL, NULL, 1}, /* a leap year */
        {"2012-01-29 2012-02-29", NULL, NULL, NULL, NULL, 0},
        /* gaps 1, 2, then 61 and 60; 60 is not far */
        {"2011-01-01 2011-01-02 2011-01-04 2011-03-06", "2011-03-06", "--as-of 2011-02-28", "2011-03-06",
         "--as-of 2011-01-04", 1},
        {"2011-01-01 2011-01-02 2011-01-04 2011-03-05", "2011-03-05", "--as-of 2011-02-28", NULL, NULL, 1},
        /* median 14: 71 is more than five times, 70 is not */
        {"2011-01-01 2011-01-14 2011-01-29 2011-04-10", "2011-04-10", "--as-of 2011-03-31", "2011-04-10",
         "--as-of 2011-01-29", 1},
        {"2011-01-01 2011-01-14 2011-01-29 2011-04-09", "2011-04-09", "--as-of 2011-03-31", NULL, NULL, 1},
        {"2011-01-01 2011-01-02 2021-01-31", NULL, NULL, NULL, NULL, 0}, /* one other gap says nothing */
        {"2011-01-31", NULL, NULL, NULL, NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[400] = "date,amount\n,5\n", *at = text + strlen(text);
        for (const char *date = cases[i].dates; *date; date += date[10] ? 11 : 10) at += sprintf(at, "%.10s,1\n", date);
        cm_table *checks = checks_of_text(ctx, text);
        expect(checks, "last_month_open", cases[i].month_lines, cases[i].month_lines, cases[i].month);
        if (cases[i].month) ck_assert_str_eq(option_of(checks, "last_month_open"), cases[i].month_option);
        expect(checks, "far_last_date", cases[i].far != NULL, 1, cases[i].far);
        if (cases[i].far) ck_assert_str_eq(option_of(checks, "far_last_date"), cases[i].far_option);
        cm_table_free(checks);
    }
    cm_table *checks = checks_of_text(ctx, "date,amount\n,5\n");
    expect(checks, "last_month_open", 0, 0, NULL);
    cm_table_free(checks);
    cm_context_free(ctx);
}
END_TEST

/* The days of UTC times are cut where the option says. */
START_TEST(test_utc_offset) {
    cm_context *ctx = new_context();
    cm_table *table = read_collecting(ctx, "date,amount\n2011-12-31T23:30:00Z,1\n2011-12-01T10:00:00Z,2\n"),
             *checks = NULL;
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "checks", &options));
    OK(ctx, cm_checks(ctx, table, options, &checks));
    expect(checks, "last_month_open", 0, 0, NULL);
    cm_table_free(checks);
    OK(ctx, cm_options_set_text(ctx, options, "utc_offset", "+01:00"));
    OK(ctx, cm_checks(ctx, table, options, &checks));
    expect(checks, "last_month_open", 1, 1, "2012-01-01");
    cm_table_free(checks);
    cm_table *dates = read_collecting(ctx, "date,amount\n2011-12-01,1\n2012-01-01,2\n"); /* days already */
    OK(ctx, cm_options_set_text(ctx, options, "utc_offset", "-01:00"));
    OK(ctx, cm_checks(ctx, dates, options, &checks));
    expect(checks, "last_month_open", 1, 2, "2012-01-01");
    cm_table_free(checks);
    cm_table_free(dates);
    OK(ctx, cm_options_set_text(ctx, options, "utc_offset", "later"));
    FAILS(ctx, CM_E_OPTION, "later", cm_checks(ctx, table, options, &checks));
    ck_assert_ptr_null(checks);
    cm_options_free(options);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* What a table lacks leaves checks out and is no failure: roles twice, dates that can be read in two ways, several
 * currencies, sums beyond 64 bits, nothing at all. */
START_TEST(test_missing) {
    cm_context *ctx = new_context();
    cm_table *checks = checks_of_text(ctx, "a,b\n1,2\n1,2\n");
    ck_assert_uint_eq(cm_table_rows(checks), 1);
    expect(checks, "exact_duplicates", 1, 0, "row 2: rows 1, 2");
    ck_assert(ABSENT(checks, 0, "money"));
    ck_assert(ABSENT(checks, 0, "option"));
    cm_table_free(checks);
    checks = checks_of_text(ctx, "customer,client,date,amount\n1,2,03/04/2011,5\n,,03/04/2011,0\n");
    ck_assert_uint_eq(cm_table_rows(checks), 1);
    expect(checks, "zero_prices", 1, 0, "row 2");
    ck_assert_str_eq(cm_error_message(ctx), "no error");
    cm_table_free(checks);
    checks = checks_of_text(ctx, "customer,amount,currency\n,5,EUR\n,7,USD\n");
    expect(checks, "no_customer", 2, 0, "row 1");
    ck_assert(ABSENT(checks, 0, "money"));
    cm_table_free(checks);
    checks = checks_of_text(ctx, "customer,quantity,price\n,9000000000000000000,9\n,1,1\n");
    expect(checks, "no_customer", 2, 0, "row 1");
    ck_assert(ABSENT(checks, 0, "money"));
    cm_table_free(checks);
    checks = checks_of_text(ctx, "customer,amount\n,9000000000000000000\n,9000000000000000000\n");
    expect(checks, "no_customer", 2, 0, "row 1");
    ck_assert(ABSENT(checks, 0, "money"));
    cm_table_free(checks);
    checks = checks_of_text(ctx, "customer,date,amount\n");
    ck_assert_uint_eq(cm_table_rows(checks), 0);
    ck_assert_int_eq(cm_table_find(checks, "sentence"), 5);
    cm_table_free(checks);
    cm_context_free(ctx);
}
END_TEST

/* Refunds without prices mirror by the amount, without dates by the rows. */
START_TEST(test_refunds_by_amount) {
    cm_context *ctx = new_context();
    cm_table *checks =
        checks_of_text(ctx, "customer,item,quantity,amount\n1,a,-2,-6\n1,a,2,6\n1,a,2,6\n1,a,-2,-6\n1,a,-2,-5\n"
                            "2,a,-2,-6\n1,b,-2,-6\n1,a,-2,-6\n1,a,-2,-6\n,a,2,6\n,a,-2,-6\n");
    expect(checks, "mirrored_refunds", 2, -12, "row 3, row 4");
    cm_table_free(checks);
    cm_context_free(ctx);
}
END_TEST

/* Names and ids beyond all measure are cut, at a character's end. */
START_TEST(test_long_texts) {
    cm_context *ctx = new_context();
    char *text = malloc(20000), *at = text;
    at += sprintf(at, "customer,Invoice,");
    memset(at, 'i', 3000);
    at += sprintf(at + 3000, ",Description,Item,amount\n") + 3000;
    for (int i = 0; i < 2; i++) {
        at += sprintf(at, ",");
        for (int j = 0; j < 300; j++) at += sprintf(at, "\xC3\xA9\xE2\x82\xAC");
        at += sprintf(at, ",x,name %d,", i);
        for (int j = 0; j < 1500; j++) at += sprintf(at, "7");
        at += sprintf(at, ".0,1\n");
    }
    cm_table *checks = checks_of_text(ctx, text);
    expect(checks, "no_customer", 2, 2, NULL);
    const char *example = TEXT(checks, (uint64_t)row_of(checks, "no_customer"), "example");
    ck_assert_uint_le(strlen(example), 499);
    ck_assert_str_eq(example + strlen(example) - 4, "\xAC...");
    expect(checks, "ids_with_point", 2, 2, NULL);
    expect(checks, "several_names", 2, 2, NULL);
    cm_table_free(checks);
    free(text);
    cm_context_free(ctx);
}
END_TEST

/* Duplicates compare every kind of cell: lists, doubles (-0 is 0), switches, absent cells. */
START_TEST(test_duplicates_of_all_types) {
    cm_context *ctx = new_context();
    cm_builder *b = NULL;
    cm_table *table = NULL;
    const struct {
        double real;
        int flag, day; /* -1: absent */
        const char *items[3];
    } rows[] = {{0.0, 1, 7, {"a", "b"}}, {-0.0, 1, 7, {"a", "b"}}, {0.0, 1, 7, {"b", "a"}}, {0.0, 1, 7, {"a"}},
                {0.0, 0, 7, {"a"}},      {0.0, -1, 7, {"a"}},      {0.0, -1, -1, {"a"}},    {1.0, 1, 7, {"a", "b"}},
                {0.0, 1, 7, {"a"}},      {0.0, -1, -1, {"a"}}};
    OK(ctx, cm_builder_new(ctx, &b));
    OK(ctx, cm_builder_column(ctx, b, "real", CM_FLOAT64, 0, CM_ROLE_NONE));
    OK(ctx, cm_builder_column(ctx, b, "flag", CM_BOOL, 0, CM_ROLE_NONE));
    OK(ctx, cm_builder_column(ctx, b, "day", CM_DATE, 0, CM_ROLE_NONE));
    OK(ctx, cm_builder_column(ctx, b, "items", CM_LIST, 0, CM_ROLE_NONE));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OK(ctx, cm_builder_double(ctx, b, 0, rows[i].real));
        if (rows[i].flag >= 0) OK(ctx, cm_builder_int(ctx, b, 1, rows[i].flag));
        if (rows[i].day >= 0) OK(ctx, cm_builder_int(ctx, b, 2, rows[i].day));
        for (int j = 0; rows[i].items[j]; j++) OK(ctx, cm_builder_text(ctx, b, 3, rows[i].items[j], 1));
        OK(ctx, cm_builder_row(ctx, b));
    }
    OK(ctx, cm_builder_finish(ctx, b, &table));
    cm_table *checks = checks_of(ctx, table, 100);
    expect(checks, "exact_duplicates", 3, 0, "row 2: rows 1, 2"); /* rows 2, 9 and 10 */
    cm_table_free(checks);
    cm_table_free(table);
    cm_builder_free(b);
    cm_context_free(ctx);
}
END_TEST

static int32_t stop(void *user, const char *stage, uint64_t done, uint64_t total) {
    (void)user, (void)done, (void)total;
    return !strcmp(stage, "checks");
}

START_TEST(test_misuse) {
    cm_context *ctx = new_context();
    cm_table *checks = NULL, *table = read_collecting(ctx, "customer,amount\n,1\n");
    cm_options *options = NULL;
    FAILS(ctx, CM_E_ARGUMENT, "cm_checks", cm_checks(ctx, NULL, NULL, &checks));
    FAILS(ctx, CM_E_ARGUMENT, "cm_checks", cm_checks(ctx, table, NULL, NULL));
    OK(ctx, cm_options_new(ctx, "checks", &options));
    FAILS(ctx, CM_E_OPTION, "basket_lines", cm_options_set_int(ctx, options, "basket_lines", 0));
    cm_context_cancel(ctx);
    ck_assert_int_eq(cm_checks(ctx, table, options, &checks), CM_E_CANCELLED);
    ck_assert_ptr_null(checks);
    cm_options_free(options);
    /* The callback is asked from time to time only, so that a small table may be through before it. */
    OK(ctx, cm_context_on_progress(ctx, stop, NULL));
    cm_status status = cm_checks(ctx, table, NULL, &checks);
    ck_assert(status == CM_OK || status == CM_E_CANCELLED);
    ck_assert((checks != NULL) == (status == CM_OK));
    cm_table_free(checks);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- Online Retail (Chen, Sain and Guo 2012) ---- */

START_TEST(test_online_retail) {
    char path[256];
    cm_context *ctx = new_context();
    cm_table *table = NULL, *checks = NULL;
    if (!data_path(path, "online_retail.csv.gz")) {
        cm_context_free(ctx);
        return;
    }
    OK(ctx, cm_read_csv(ctx, path, NULL, &table));
    OK(ctx, cm_checks(ctx, table, NULL, &checks));
    expect(checks, "no_customer", 135080, 1447682120, "536414");
    expect(checks, "ids_with_point", 406829, 8300065814, "17850.0");
    expect(checks, "mirrored_refunds", 2787, -402926650, "581483, C581484");
    expect(checks, "large_baskets", 146414, 1645776420, "573585: 1114 lines, 1110 items");
    ck_assert_int_eq(strncmp(TEXT(checks, (uint64_t)row_of(checks, "service_items"), "example"), "POST, DOT, M,", 13),
                     0);
    expect(checks, "last_month_open", 25525, 433668010, "2011-12-09");
    ck_assert_str_eq(option_of(checks, "last_month_open"), "--as-of 2011-11-30");
    expect(checks, "far_last_date", 0, 0, NULL);
    expect(checks, "several_names", 112742, 2494802480, "20713: 8 names");
    expect(checks, "mixed_units", 0, 0, NULL);
    expect(checks, "top_ten", 15403, 1369181790, "16.5%");
    expect(checks, "exact_duplicates", 5268, 21740980, "536409: rows 495, 518");
    expect(checks, "zero_prices", 2515, 0, "536414: 22139");
    expect(checks, "negative_prices", 2, -22124120, "A563186: B: -11062.060");
    ck_assert_uint_eq(cm_table_rows(checks), 11);
    cm_table_free(checks);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

Suite *test_checks(void);
Suite *test_checks(void) {
    Suite *suite = suite_create("checks");
    TCase *tests = tcase_create("checks");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_recounts);
    tcase_add_test(tests, test_ids_with_point);
    tcase_add_test(tests, test_service_items);
    tcase_add_test(tests, test_dates);
    tcase_add_test(tests, test_utc_offset);
    tcase_add_test(tests, test_missing);
    tcase_add_test(tests, test_refunds_by_amount);
    tcase_add_test(tests, test_long_texts);
    tcase_add_test(tests, test_duplicates_of_all_types);
    tcase_add_test(tests, test_misuse);
    tcase_add_test(tests, test_online_retail);
    suite_add_tcase(suite, tests);
    return suite;
}
