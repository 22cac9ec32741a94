/* Checks of items whose lines do not go together: several names for one code, fractions beside whole quantities. */
#include "prepare/checks.h"
#include "prepare/tuples.h"

#define BIT CM_ROLE_BIT

typedef struct item {
    cm_line_sum tally;
    uint64_t names;       /* different ones that are not blank */
    uint64_t whole, part; /* first row of a whole and of a fractional quantity, from 1; 0: none */
} item;

typedef struct items {
    const cm_sales *sales;
    cm_tuples keys;
    item *list; /* by number */
    uint64_t capacity;
    cm_tuples named; /* item and name */
    int64_t one;     /* a whole quantity, unscaled */
} items;

static cm_status item_at(cm_context *ctx, items *all, uint64_t i, item **out) {
    uint64_t number, known = all->keys.count;
    cm_status status = cm_reserve(ctx, &all->list, &all->capacity, known + 1, sizeof *all->list);
    if (!status) status = cm_tuples_add(ctx, &all->keys, &all->sales->block->of[CM_ROLE_ITEM][i], &number);
    if (status) return status;
    if (number == known) all->list[number] = (item){0};
    *out = &all->list[number];
    return CM_OK;
}

/* Goes over the lines that have an item; `look` sees each, with its item. */
static cm_status each_line(cm_context *ctx, items *all, uint32_t roles,
                           cm_status (*look)(cm_context *ctx, items *all, uint64_t i, item *one)) {
    const cm_sales *sales = all->sales;
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < sales->table->rows && !status; row += sales->block->rows) {
        status = cm_sales_fill(ctx, sales, BIT(CM_ROLE_ITEM) | BIT(CM_ROLE_AMOUNT) | roles, row);
        for (uint64_t i = 0; i < sales->block->rows && !status; i++) {
            item *one;
            if (!cm_sales_has(sales->block, i, BIT(CM_ROLE_ITEM))) continue;
            status = item_at(ctx, all, i, &one);
            if (!status) cm_line_sum_add(&one->tally, sales->block, i);
            if (!status) status = look(ctx, all, i, one);
        }
    }
    return status;
}

static void clear_items(cm_core *core, items *all) {
    cm_tuples_clear(core, &all->keys);
    cm_tuples_clear(core, &all->named);
    cm_free(core, all->list, all->capacity, sizeof *all->list);
}

static bool before(const items *all, uint64_t a, uint64_t b) {
    return cm_sales_compare(all->sales, CM_ROLE_ITEM, all->keys.values[a], all->keys.values[b]) < 0;
}

/* ---- several names ---- */

static bool blank(cm_text text) {
    for (uint64_t i = 0; i < text.length; i++)
        if (text.data[i] != ' ' && text.data[i] != '\t') return false;
    return true;
}

static cm_status look_at_name(cm_context *ctx, items *all, uint64_t i, item *one) {
    const cm_sales_block *block = all->sales->block;
    int64_t pair[2] = {block->of[CM_ROLE_ITEM][i], block->of[CM_ROLE_ITEM_NAME][i]};
    uint64_t number, known = all->named.count;
    if (!cm_sales_has(block, i, BIT(CM_ROLE_ITEM_NAME))) return CM_OK;
    if (blank(cm_dictionary_text(all->sales->columns[CM_ROLE_ITEM_NAME]->dictionary, (int32_t)pair[1]))) return CM_OK;
    cm_status status = cm_tuples_add(ctx, &all->named, pair, &number);
    one->names += !status && number == known;
    return status;
}

/* "85123A: 3 names" */
static cm_status report_names(cm_context *ctx, cm_checking *checks, const items *all) {
    cm_finding found = {0};
    uint64_t count = 0, most = 0;
    for (uint64_t number = 0; number < all->keys.count; number++) {
        const item *one = &all->list[number], *other = &all->list[most];
        if (one->names > other->names || (one->names == other->names && before(all, number, most))) most = number;
        if (one->names < 2) continue;
        cm_line_sum_merge(&found.tally, &one->tally);
        count++;
    }
    if (!count) return CM_OK;
    cm_checks_id(checks, &found.example, CM_ROLE_ITEM, all->keys.values[most]);
    cm_phrase_say(&found.example, ": ");
    cm_phrase_int(&found.example, (int64_t)all->list[most].names);
    cm_phrase_say(&found.example, " names");
    cm_finding_int(&found, (int64_t)count);
    cm_finding_example(&found);
    return cm_checks_add(ctx, checks, &found);
}

cm_status cm_check_several_names(cm_context *ctx, cm_checking *checks) {
    items all = {.sales = checks->sales, .keys = {.width = 1}, .named = {.width = 2}};
    cm_status status = each_line(ctx, &all, BIT(CM_ROLE_ITEM_NAME), look_at_name);
    if (!status) status = report_names(ctx, checks, &all);
    clear_items(ctx->core, &all);
    return status;
}

/* ---- mixed units: an item of which some lines have a whole quantity and others one with a fraction (pieces and
 * kilograms, boxes and parts of them). A quantity of zero is neither. ---- */

static cm_status look_at_quantity(cm_context *ctx, items *all, uint64_t i, item *one) {
    const cm_sales_block *block = all->sales->block;
    int64_t quantity = block->of[CM_ROLE_QUANTITY][i]; /* absent: 0 */
    uint64_t *first = quantity % all->one ? &one->part : &one->whole;
    (void)ctx;
    if (quantity && !*first) *first = block->first_row + i + 1;
    return CM_OK;
}

/* "B12: 0.5 and 3.0", of the item with the most lines */
static cm_status report_units(cm_context *ctx, cm_checking *checks, const items *all) {
    cm_finding found = {0};
    uint64_t count = 0, most = 0;
    for (uint64_t number = 0; number < all->keys.count; number++) {
        const item *one = &all->list[number], *other = &all->list[most];
        if (!one->whole || !one->part) continue;
        bool larger = one->tally.lines > other->tally.lines
                      || (one->tally.lines == other->tally.lines && before(all, number, most));
        if (!count || larger) most = number;
        cm_line_sum_merge(&found.tally, &one->tally);
        count++;
    }
    if (!count) return CM_OK;
    cm_checks_id(checks, &found.example, CM_ROLE_ITEM, all->keys.values[most]);
    for (int i = 0; i < 2; i++) {
        char room[CM_CELL_TEXT];
        uint64_t length, row = (i ? all->list[most].whole : all->list[most].part) - 1;
        const char *text = cm_sales_text(all->sales, CM_ROLE_QUANTITY, row, room, &length);
        cm_phrase_say(&found.example, i ? " and " : ": ");
        cm_phrase_add(&found.example, text, length);
    }
    cm_finding_int(&found, (int64_t)count);
    cm_finding_example(&found);
    return cm_checks_add(ctx, checks, &found);
}

cm_status cm_check_mixed_units(cm_context *ctx, cm_checking *checks) {
    items all = {.sales = checks->sales, .keys = {.width = 1}, .named = {.width = 2}, .one = 1};
    int32_t scale = checks->sales->columns[CM_ROLE_QUANTITY]->scale;
    if (!scale) return CM_OK;
    for (int32_t i = 0; i < scale; i++) all.one *= 10;
    cm_status status = each_line(ctx, &all, BIT(CM_ROLE_QUANTITY), look_at_quantity);
    if (!status) status = report_units(ctx, checks, &all);
    clear_items(ctx->core, &all);
    return status;
}
