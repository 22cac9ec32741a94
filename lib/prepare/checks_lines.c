/* Checks that look at each line by itself. */
#include "prepare/checks.h"

#define BIT CM_ROLE_BIT

/* ---- lines without a customer ---- */

cm_status cm_check_no_customer(cm_context *ctx, cm_checking *checks) {
    const cm_sales *sales = checks->sales;
    const cm_sales_block *block = sales->block;
    cm_finding found = {0};
    for (uint64_t row = 0; row < sales->table->rows; row += block->rows) {
        cm_status status = cm_sales_fill(ctx, sales, BIT(CM_ROLE_CUSTOMER) | BIT(CM_ROLE_AMOUNT), row);
        if (status) return status;
        for (uint64_t i = 0; i < block->rows; i++)
            if (!cm_sales_has(block, i, BIT(CM_ROLE_CUSTOMER))) cm_line_sum_add(&found.tally, block, i);
    }
    if (!found.tally.lines) return CM_OK;
    cm_checks_place(checks, &found.example, found.tally.first_row);
    cm_phrase_say(&found.option, "--baskets known");
    cm_finding_int(&found, (int64_t)found.tally.lines);
    cm_finding_int(&found, (int64_t)sales->table->rows);
    cm_finding_example(&found);
    return cm_checks_add(ctx, checks, &found);
}

/* ---- ids such as 17850.0: what reading with ids=integer makes 17850 ---- */

static bool has_point(cm_text text) {
    uint64_t end = text.length, digits = 0;
    while (end > 0 && text.data[end - 1] == '0') end--;
    if (end == text.length || end < 2 || text.data[end - 1] != '.') return false;
    for (uint64_t i = text.data[0] == '-'; i < end - 1; i++, digits++)
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    return digits > 0;
}

static cm_status check_points(cm_context *ctx, cm_checking *checks, int32_t role) {
    const cm_sales *sales = checks->sales;
    const cm_column *column = sales->columns[role];
    const cm_sales_block *block = sales->block;
    cm_finding found = {0};
    if (!column || column->type != CM_STRING) return CM_OK;
    for (uint64_t row = 0; row < sales->table->rows; row += block->rows) {
        cm_status status = cm_sales_fill(ctx, sales, BIT(role) | BIT(CM_ROLE_AMOUNT), row);
        if (status) return status;
        for (uint64_t i = 0; i < block->rows; i++) {
            if (!cm_sales_has(block, i, BIT(role))) continue;
            if (has_point(cm_dictionary_text(column->dictionary, (int32_t)block->of[role][i])))
                cm_line_sum_add(&found.tally, block, i);
        }
    }
    if (!found.tally.lines) return CM_OK;
    char room[CM_CELL_TEXT];
    uint64_t length;
    const char *text = cm_sales_text(sales, role, found.tally.first_row, room, &length);
    cm_phrase_add(&found.example, text, length);
    cm_phrase_say(&found.option, "--ids integer");
    cm_finding_text(&found, column->name, column->name_length);
    cm_finding_int(&found, (int64_t)found.tally.lines);
    cm_finding_example(&found);
    return cm_checks_add(ctx, checks, &found);
}

/* A finding each for customers, invoices and items. */
cm_status cm_check_ids_with_point(cm_context *ctx, cm_checking *checks) {
    cm_status status = check_points(ctx, checks, CM_ROLE_CUSTOMER);
    if (!status) status = check_points(ctx, checks, CM_ROLE_INVOICE);
    return status ? status : check_points(ctx, checks, CM_ROLE_ITEM);
}

/* ---- prices ---- */

/* "536414: 22139" */
static void place_and_item(const cm_checking *checks, cm_phrase *phrase, uint64_t row) {
    char room[CM_CELL_TEXT];
    uint64_t length;
    const char *text = cm_sales_text(checks->sales, CM_ROLE_ITEM, row, room, &length);
    cm_checks_place(checks, phrase, row);
    if (!length) return;
    cm_phrase_say(phrase, ": ");
    cm_phrase_add(phrase, text, length);
}

/* Lines at a price of zero; where there are amounts without prices, of an amount of zero. */
cm_status cm_check_zero_prices(cm_context *ctx, cm_checking *checks) {
    const cm_sales *sales = checks->sales;
    const cm_sales_block *block = sales->block;
    int32_t role = sales->columns[CM_ROLE_PRICE] ? CM_ROLE_PRICE : CM_ROLE_AMOUNT;
    cm_finding found = {0};
    if (!(sales->roles & BIT(role))) return CM_OK;
    for (uint64_t row = 0; row < sales->table->rows; row += block->rows) {
        cm_status status = cm_sales_fill(ctx, sales, BIT(role) | BIT(CM_ROLE_AMOUNT), row);
        if (status) return status;
        for (uint64_t i = 0; i < block->rows; i++)
            if (cm_sales_has(block, i, BIT(role)) && !block->of[role][i]) cm_line_sum_add(&found.tally, block, i);
    }
    if (!found.tally.lines) return CM_OK;
    place_and_item(checks, &found.example, found.tally.first_row);
    cm_finding_int(&found, (int64_t)found.tally.lines);
    cm_finding_example(&found);
    return cm_checks_add(ctx, checks, &found);
}

/* Lines at a negative price, the lowest for an example. */
cm_status cm_check_negative_prices(cm_context *ctx, cm_checking *checks) {
    const cm_sales *sales = checks->sales;
    const cm_sales_block *block = sales->block;
    cm_finding found = {0};
    uint64_t lowest_row = 0, length;
    int64_t lowest = 0;
    char room[CM_CELL_TEXT];
    for (uint64_t row = 0; row < sales->table->rows; row += block->rows) {
        cm_status status = cm_sales_fill(ctx, sales, BIT(CM_ROLE_PRICE) | BIT(CM_ROLE_AMOUNT), row);
        if (status) return status;
        for (uint64_t i = 0; i < block->rows; i++) {
            int64_t price = block->of[CM_ROLE_PRICE][i]; /* absent: 0 */
            if (price >= 0) continue;
            cm_line_sum_add(&found.tally, block, i);
            if (price < lowest) lowest_row = row + i;
            if (price < lowest) lowest = price;
        }
    }
    if (!found.tally.lines) return CM_OK;
    place_and_item(checks, &found.example, lowest_row);
    cm_phrase_say(&found.example, ": ");
    const char *text = cm_sales_text(sales, CM_ROLE_PRICE, lowest_row, room, &length);
    cm_phrase_add(&found.example, text, length);
    cm_finding_int(&found, (int64_t)found.tally.lines);
    cm_finding_example(&found);
    return cm_checks_add(ctx, checks, &found);
}
