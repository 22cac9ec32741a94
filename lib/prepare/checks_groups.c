/* Checks of baskets and of customers, each of which is the sum of its lines. */
#include "prepare/checks.h"
#include "prepare/tuples.h"

#define BIT CM_ROLE_BIT

/* Tallies by the number of a tuple. */
typedef struct groups {
    cm_tuples keys;
    cm_line_sum *tallies;
    uint64_t capacity;
} groups;

static cm_status add_to_group(cm_context *ctx, groups *all, const int64_t *key, const cm_sales_block *block,
                              uint64_t i) {
    uint64_t number, known = all->keys.count;
    cm_status status = cm_reserve(ctx, &all->tallies, &all->capacity, known + 1, sizeof *all->tallies);
    if (!status) status = cm_tuples_add(ctx, &all->keys, key, &number);
    if (status) return status;
    if (number == known) all->tallies[number] = (cm_line_sum){0};
    cm_line_sum_add(&all->tallies[number], block, i);
    return CM_OK;
}

static void clear_groups(cm_core *core, groups *all) {
    cm_tuples_clear(core, &all->keys);
    cm_free(core, all->tallies, all->capacity, sizeof *all->tallies);
}

/* ---- large baskets: an invoice, or where a line has none, a customer and a day ---- */

enum {
    WITHOUT_INVOICE,
    ID,
    DAY,
    BASKET_WIDTH
}; /* of a basket's tuple: 0, the invoice, 0 or 1, the customer, the day */

static bool basket_of(const cm_sales *sales, uint64_t i, int64_t key[BASKET_WIDTH]) {
    const cm_sales_block *block = sales->block;
    const uint32_t both = BIT(CM_ROLE_CUSTOMER) | BIT(CM_ROLE_DATE);
    bool invoice = cm_sales_has(block, i, BIT(CM_ROLE_INVOICE));
    key[WITHOUT_INVOICE] = !invoice;
    key[ID] = block->of[invoice ? CM_ROLE_INVOICE : CM_ROLE_CUSTOMER][i];
    key[DAY] = invoice ? 0 : cm_sales_day(sales, block->of[CM_ROLE_DATE][i]);
    return invoice || cm_sales_has(block, i, both);
}

static const uint32_t basket_roles = BIT(CM_ROLE_INVOICE) | BIT(CM_ROLE_CUSTOMER) | BIT(CM_ROLE_DATE);

static cm_status group_baskets(cm_context *ctx, const cm_sales *sales, groups *all) {
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < sales->table->rows && !status; row += sales->block->rows) {
        status = cm_sales_fill(ctx, sales, basket_roles | BIT(CM_ROLE_AMOUNT), row);
        for (uint64_t i = 0; i < sales->block->rows && !status; i++) {
            int64_t key[BASKET_WIDTH];
            if (basket_of(sales, i, key)) status = add_to_group(ctx, all, key, sales->block, i);
        }
    }
    return status;
}

/* Of equally large baskets, invoices come first, then the order of the ids. */
static bool comes_first(const cm_sales *sales, const int64_t *a, const int64_t *b) {
    if (a[WITHOUT_INVOICE] != b[WITHOUT_INVOICE]) return !a[WITHOUT_INVOICE];
    int order = cm_sales_compare(sales, a[WITHOUT_INVOICE] ? CM_ROLE_CUSTOMER : CM_ROLE_INVOICE, a[ID], b[ID]);
    return order ? order < 0 : a[DAY] < b[DAY];
}

/* The different items of one basket. */
static cm_status count_items(cm_context *ctx, const cm_sales *sales, const int64_t *basket, uint64_t *count) {
    cm_tuples items = {.width = 1};
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < sales->table->rows && !status; row += sales->block->rows) {
        status = cm_sales_fill(ctx, sales, basket_roles | BIT(CM_ROLE_ITEM), row);
        for (uint64_t i = 0; i < sales->block->rows && !status; i++) {
            int64_t key[BASKET_WIDTH];
            uint64_t number;
            if (!cm_sales_has(sales->block, i, BIT(CM_ROLE_ITEM)) || !basket_of(sales, i, key)) continue;
            bool same = key[0] == basket[0] && key[1] == basket[1] && key[2] == basket[2];
            if (same) status = cm_tuples_add(ctx, &items, &sales->block->of[CM_ROLE_ITEM][i], &number);
        }
    }
    *count = items.count;
    cm_tuples_clear(ctx->core, &items);
    return status;
}

/* "573585: 1114 lines, 1110 items" */
static cm_status show_basket(cm_context *ctx, const cm_checking *checks, const int64_t *basket, uint64_t lines,
                             cm_phrase *out) {
    uint64_t items = 0;
    cm_checks_id(checks, out, basket[WITHOUT_INVOICE] ? CM_ROLE_CUSTOMER : CM_ROLE_INVOICE, basket[ID]);
    if (basket[WITHOUT_INVOICE]) {
        cm_phrase_say(out, " ");
        cm_phrase_day(out, (int32_t)basket[DAY]);
    }
    cm_phrase_say(out, ": ");
    cm_phrase_int(out, (int64_t)lines);
    cm_phrase_say(out, " lines");
    if (!checks->sales->columns[CM_ROLE_ITEM]) return CM_OK;
    cm_status status = count_items(ctx, checks->sales, basket, &items);
    cm_phrase_say(out, ", ");
    cm_phrase_int(out, (int64_t)items);
    cm_phrase_say(out, " items");
    return status;
}

static cm_status report_baskets(cm_context *ctx, cm_checking *checks, const groups *all) {
    cm_finding found = {0};
    uint64_t baskets = 0, largest = 0;
    for (uint64_t number = 0; number < all->keys.count; number++) {
        const cm_line_sum *one = &all->tallies[number], *most = &all->tallies[largest];
        const int64_t *keys = all->keys.values;
        if (one->lines > (uint64_t)checks->basket_lines) {
            baskets++;
            cm_line_sum_merge(&found.tally, one);
        }
        if (one->lines > most->lines
            || (one->lines == most->lines
                && comes_first(checks->sales, keys + number * BASKET_WIDTH, keys + largest * BASKET_WIDTH)))
            largest = number;
    }
    if (!baskets) return CM_OK;
    cm_status status = show_basket(ctx, checks, all->keys.values + largest * BASKET_WIDTH, all->tallies[largest].lines,
                                   &found.example);
    cm_phrase_say(&found.option, "--max-basket ");
    cm_phrase_int(&found.option, checks->basket_lines);
    cm_finding_int(&found, checks->basket_lines);
    cm_finding_int(&found, (int64_t)baskets);
    cm_finding_example(&found);
    return status ? status : cm_checks_add(ctx, checks, &found);
}

cm_status cm_check_large_baskets(cm_context *ctx, cm_checking *checks) {
    const uint32_t both = BIT(CM_ROLE_CUSTOMER) | BIT(CM_ROLE_DATE);
    groups all = {.keys = {.width = BASKET_WIDTH}};
    if (!(checks->sales->roles & BIT(CM_ROLE_INVOICE)) && (checks->sales->roles & both) != both) return CM_OK;
    cm_status status = group_baskets(ctx, checks->sales, &all);
    if (!status) status = report_baskets(ctx, checks, &all);
    clear_groups(ctx->core, &all);
    return status;
}

/* ---- the ten biggest customers ---- */

#define TEN 10

/* The numbers of the ten biggest, by money, then by id; the money of all. */
static void find_ten(const cm_sales *sales, const groups *all, uint64_t ten[TEN], uint64_t *count, cm_wide *total) {
    *count = 0;
    *total = 0;
    for (uint64_t number = 0; number < all->keys.count; number++) {
        const cm_line_sum *one = &all->tallies[number];
        uint64_t place = *count;
        *total += one->money;
        for (; place > 0; place--) {
            const cm_line_sum *other = &all->tallies[ten[place - 1]];
            int order =
                cm_sales_compare(sales, CM_ROLE_CUSTOMER, all->keys.values[number], all->keys.values[ten[place - 1]]);
            if (one->money < other->money || (one->money == other->money && order > 0)) break;
            if (place < TEN) ten[place] = ten[place - 1];
        }
        if (place < TEN) ten[place] = number;
        if (place < TEN && *count < TEN) (*count)++;
    }
}

/* Worth saying above a tenth, and above twice what ten of so many customers would bring if all were alike. */
static cm_status report_ten(cm_context *ctx, cm_checking *checks, const groups *all) {
    uint64_t ten[TEN], count;
    cm_wide total, money = 0;
    cm_finding found = {0};
    find_ten(checks->sales, all, ten, &count, &total);
    for (uint64_t i = 0; i < count; i++) cm_line_sum_merge(&found.tally, &all->tallies[ten[i]]);
    for (uint64_t i = 0; i < all->keys.count; i++)
        if (all->tallies[i].beyond || all->tallies[i].money > INT64_MAX || all->tallies[i].money < INT64_MIN)
            return CM_OK;
    money = found.tally.money;
    if (total <= 0 || total > INT64_MAX || money > INT64_MAX || money * 10 <= total) return CM_OK;
    if (money * (cm_wide)all->keys.count <= total * 2 * TEN) return CM_OK;
    int64_t thousandths = (int64_t)((money * 1000 + total / 2) / total);
    cm_phrase_int(&found.example, thousandths / 10);
    cm_phrase_say(&found.example, ".");
    cm_phrase_int(&found.example, thousandths % 10);
    cm_phrase_say(&found.example, "%");
    cm_finding_example(&found);
    cm_finding_int(&found, (int64_t)all->keys.count);
    return cm_checks_add(ctx, checks, &found);
}

cm_status cm_check_top_ten(cm_context *ctx, cm_checking *checks) {
    const cm_sales *sales = checks->sales;
    groups all = {.keys = {.width = 1}};
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < sales->table->rows && !status; row += sales->block->rows) {
        status = cm_sales_fill(ctx, sales, BIT(CM_ROLE_CUSTOMER) | BIT(CM_ROLE_AMOUNT), row);
        for (uint64_t i = 0; i < sales->block->rows && !status; i++)
            if (cm_sales_has(sales->block, i, BIT(CM_ROLE_CUSTOMER)))
                status = add_to_group(ctx, &all, &sales->block->of[CM_ROLE_CUSTOMER][i], sales->block, i);
    }
    if (!status) status = report_ten(ctx, checks, &all);
    clear_groups(ctx->core, &all);
    return status;
}
