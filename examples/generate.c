/* A made-up shop's transactions as CSV: the same bytes for the same arguments, on every machine.
 *
 *     generate [CUSTOMERS [SEED]] > sales.csv          (5000 customers, seed 1: about 200,000 lines in two years)
 *
 * It has what real files have: seasons, loyal, lapsing and one-time customers, products bought together, refunds by
 * credit notes, postage, sales without a customer, and a few rows that are broken. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define DAYS 731 /* 2024-01-01 to 2025-12-31 */
#define PRODUCTS 360

static uint64_t state;

/* splitmix64 (Steele, Lea and Flood 2014) */
static uint32_t next(void) {
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

static uint32_t below(uint32_t bound) { return (uint32_t)(((uint64_t)next() * bound) >> 32); }
static int chance(uint32_t percent) { return below(100) < percent; }

/* ---- products: families of three that belong together, some families popular ---- */

static const char *const kinds[][3] = {{"Teapot", "Teacup", "Saucer"},
                                       {"Candle", "Candle Holder", "Matches"},
                                       {"Notebook", "Pencil Case", "Pencil"},
                                       {"Lunch Box", "Water Bottle", "Napkins"},
                                       {"Cake Stand", "Cake Tin", "Cake Server"},
                                       {"Photo Frame", "Photo Album", "Wall Hook"},
                                       {"Apron", "Oven Glove", "Tea Towel"},
                                       {"Gift Bag", "Ribbon", "Greeting Card"},
                                       {"Cushion", "Throw", "Door Stop"},
                                       {"Lantern", "Fairy Lights", "Tree Star"}};
static const char *const styles[] = {"Red Spot", "Blue Stripe", "Vintage", "Garden Rose", "Retro Circle", "Woodland",
                                     "Regency",  "Polka",       "Lace",    "Strawberry",  "Doily",        "Cream"};

static int family_kind(int product) { return product / 3 % 10; }
static const char *kind_of(int product) { return kinds[family_kind(product)][product % 3]; }
static const char *style_of(int product) { return styles[product / 30]; }
static int price_of(int product) { return 85 + (product * 7919) % 1400 + (product % 3 == 0 ? 600 : 0); }
/* lights and gifts: winter */
static int season_of(int product) { return family_kind(product) == 9 || family_kind(product) == 7; }

/* A product: half of the lines are of the fewest, and winter goods mostly in winter. */
static int choose_product(int month) {
    for (;;) {
        uint32_t a = below(PRODUCTS), b = below(PRODUCTS), c = below(PRODUCTS);
        int product = (int)(a < b ? (a < c ? a : c) : (b < c ? b : c));
        if (!season_of(product) || month >= 10 || chance(15)) return product;
    }
}

/* ---- days ---- */

static int month_of(int day, int *of_month, int *year) {
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    *year = day < 366 ? 2024 : 2025;
    int rest = day < 366 ? day : day - 366;
    for (int month = 1;; month++) {
        int length = lengths[month - 1] + (month == 2 && *year == 2024);
        if (rest < length) {
            *of_month = rest + 1;
            return month;
        }
        rest -= length;
    }
}

/* How much is bought in a month, in percent of the best. */
static const uint32_t season[] = {50, 50, 60, 60, 65, 60, 55, 55, 70, 80, 100, 100};

/* ---- purchases ---- */

typedef struct purchase {
    int day, minute, customer; /* customer -1: nobody is named */
    uint32_t seed;             /* of its lines */
} purchase;

static purchase *purchases;
static size_t purchase_count, purchase_capacity;

static int in_season(int day) {
    int of_month, year;
    return chance(season[month_of(day, &of_month, &year) - 1]);
}

static void add_purchase(int day, int customer) {
    if (purchase_count == purchase_capacity) {
        purchase_capacity = purchase_capacity ? purchase_capacity * 2 : 4096;
        purchases = realloc(purchases, purchase_capacity * sizeof *purchases);
        if (!purchases) exit(1);
    }
    purchases[purchase_count++] = (purchase){day, 480 + (int)below(720), chance(3) ? -1 : customer, next()};
}

/* Loyal: often, to the end. Regular: now and then. Lapsing: often, then no more. One-time: once. */
static void live(int customer) {
    uint32_t type = below(100);
    int first = (int)below(DAYS), gap = 0, last = DAYS;
    if (type < 14) first = (int)below(200), gap = 14 + (int)below(18);
    else if (type < 46) gap = 40 + (int)below(70);
    else if (type < 72) first = (int)below(420), gap = 16 + (int)below(30), last = first + 60 + (int)below(300);
    while (!in_season(first)) first = (first + 17) % DAYS;
    add_purchase(first, customer);
    if (!gap) return;
    for (int day = first; day < DAYS && day < last;) {
        day += 1 + (int)(below((uint32_t)gap) + below((uint32_t)gap));
        if (day < DAYS && day < last && in_season(day)) add_purchase(day, customer);
    }
}

static int by_time(const void *a, const void *b) {
    const purchase *x = a, *y = b;
    if (x->day != y->day) return x->day < y->day ? -1 : 1;
    if (x->minute != y->minute) return x->minute < y->minute ? -1 : 1;
    if (x->customer != y->customer) return x->customer < y->customer ? -1 : 1;
    return x->seed < y->seed ? -1 : x->seed > y->seed;
}

/* ---- lines ---- */

static long line_count;

static void write_line(const char *prefix, int invoice, const char *code, const char *style, const char *kind,
                       int quantity, int day, int minute, int cents, int customer) {
    static const char *const countries[] = {"United Kingdom", "United Kingdom", "United Kingdom",
                                            "Germany",        "France",         "Ireland"};
    int of_month, year, month = month_of(day, &of_month, &year);
    printf("%s%d,%s,\"%s%s%s\",%d,%04d-%02d-%02d %02d:%02d:00,%d.%02d,", prefix, invoice, code, style,
           *style ? ", " : "", kind, quantity, year, month, of_month, minute / 60, minute % 60, cents / 100,
           cents % 100);
    if (customer >= 0) printf("%d,%s\n", 10000 + customer, countries[customer % 6]);
    else printf(",%s\n", countries[(unsigned)invoice % 6]);
    line_count++;
}

static void write_product(const char *prefix, int invoice, int product, int quantity, const purchase *one) {
    char code[16];
    snprintf(code, sizeof code, "%d%s", 20000 + product * 11, product % 3 == 1 ? "A" : "");
    write_line(prefix, invoice, code, style_of(product), kind_of(product), quantity, one->day, one->minute,
               price_of(product), one->customer);
}

/* The lines of one invoice: products, often with those of their family; now and then a credit note some days later. */
static void write_invoice(int invoice, const purchase *one) {
    int of_month, year, month = month_of(one->day, &of_month, &year), bought[64], count = 0;
    state = one->seed;
    int wanted = 1 + (int)below(6) + (int)below(6);
    while (count < wanted && count < 60) {
        int product = choose_product(month), family = product / 3 * 3;
        bought[count++] = product;
        for (int mate = family; mate < family + 3; mate++)
            if (mate != product && chance(product % 3 == 0 ? 45 : 20)) bought[count++] = mate;
    }
    for (int i = 0; i < count; i++)
        write_product("", invoice, bought[i], 1 + (int)below(3) + (chance(12) ? 11 : 0), one);
    if (chance(6)) write_line("", invoice, "POST", "", "Postage", 1, one->day, one->minute, 495, one->customer);
    if (chance(3)) {
        purchase later = *one;
        later.day += 1 + (int)below(9);
        if (later.day < DAYS) write_product("C", invoice, bought[0], -1, &later);
    }
}

/* What happens to files on their way. */
static void write_broken(int number) {
    static const char *const rows[] = {"900001,20011,\"Vintage, Teapot\",2,n/a,4.95,10017,Germany",
                                       "900002,20022A,\"Vintage, Teacup\",1,2024-05-05 10:00:00,free,10018,France",
                                       "900003,20033,\"Lace, Saucer\",three,2024-06-01 11:00:00,1.20,10019,Ireland",
                                       "900004,20044,\"Polka, Apron\",1,2024-07-01 12:00:00,9.99",
                                       "900005,20055A,Doily, Ribbon,1,2024-08-01 13:00:00,0.85,10020,Germany",
                                       "900006,20066,\"Cream, Throw\",1,2024-02-30 09:00:00,14.50,10021,France"};
    printf("%s\n", rows[number]);
}

int main(int argc, char **argv) {
    int customers = argc > 1 ? atoi(argv[1]) : 5000;
    state = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
    if (customers < 1 || customers > 10000000) {
        fprintf(stderr, "usage: generate [CUSTOMERS [SEED]]\n");
        return 2;
    }
    for (int customer = 0; customer < customers; customer++) live(customer);
    qsort(purchases, purchase_count, sizeof *purchases, by_time);
    printf("Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n");
    for (size_t i = 0; i < purchase_count; i++) {
        write_invoice(100001 + (int)i, &purchases[i]);
        if (i % 997 == 996 && i / 997 < 6) write_broken((int)(i / 997));
    }
    free(purchases);
    return fflush(stdout) != 0 || ferror(stdout);
}
