#include "prepare/sales.h"

#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "table/convert.h"
#include "table/infer.h"
#include "table/lines.h"

/* ---- opening ---- */

/* What stops a call in any case; other errors say that a column is not what a job would need. */
static bool stops(cm_status status) {
    return status == CM_E_MEMORY || status == CM_E_LIMIT || status == CM_E_CANCELLED;
}

static cm_status open_column(cm_context *ctx, cm_sales *sales, int32_t role) {
    cm_lines lines;
    cm_status status = cm_lines_open(ctx, sales->table, CM_ROLE_BIT(role), 0, &lines);
    if (status) return stops(status) ? status : CM_OK;
    if (lines.columns[role]) sales->columns[role] = cm_column_retain(lines.columns[role]);
    cm_lines_close(&lines);
    return CM_OK;
}

/* Numbers one by one: an amount is one also where the quantities are none. */
static cm_status open_number(cm_context *ctx, cm_sales *sales, int32_t role) {
    int64_t index;
    cm_status status = cm_roles_find(ctx, sales->table, role, false, &index);
    if (status || index < 0) return stops(status) ? status : CM_OK;
    cm_column *column = sales->table->columns[index], *made = NULL;
    if (column->type == CM_FLOAT64)
        status = cm_convert_to_decimal(ctx, column, &made);
    else if (column->type == CM_STRING)
        status = cm_infer_column(ctx, sales->table, (uint64_t)index, role, CM_ORDER_ALL, &made);
    else if (column->type == CM_INT64 || column->type == CM_DECIMAL)
        made = cm_column_retain(column);
    sales->columns[role] = made;
    return stops(status) ? status : CM_OK;
}

/* Sums of several currencies mean nothing; the check of the currencies is that of the jobs. */
static cm_status open_money(cm_context *ctx, cm_sales *sales) {
    const cm_column *amount = sales->columns[CM_ROLE_AMOUNT], *price = sales->columns[CM_ROLE_PRICE];
    const cm_column *quantity = sales->columns[CM_ROLE_QUANTITY];
    cm_lines lines;
    cm_status status = cm_lines_open(ctx, sales->table, CM_ROLE_BIT(CM_ROLE_CURRENCY), 0, &lines);
    if (status) return stops(status) ? status : CM_OK;
    cm_lines_close(&lines);
    if (!amount && !(price && quantity)) return CM_OK;
    sales->money_scale = amount ? amount->scale : price->scale + quantity->scale;
    if (sales->money_scale <= CM_MAX_SCALE)
        sales->roles |= CM_ROLE_BIT(CM_ROLE_AMOUNT);
    else
        sales->money_scale = 0;
    return CM_OK;
}

cm_status cm_sales_open(cm_context *ctx, const cm_table *table, int32_t offset_minutes, cm_sales *out) {
    static const int32_t plain[] = {CM_ROLE_CUSTOMER, CM_ROLE_INVOICE, CM_ROLE_DATE, CM_ROLE_ITEM, CM_ROLE_ITEM_NAME};
    static const int32_t numbers[] = {CM_ROLE_QUANTITY, CM_ROLE_PRICE, CM_ROLE_AMOUNT};
    *out = (cm_sales){.table = table};
    out->block = cm_alloc(ctx, 1, sizeof *out->block);
    cm_status status = out->block ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < sizeof plain / sizeof *plain && !status; i++) status = open_column(ctx, out, plain[i]);
    for (uint64_t i = 0; i < sizeof numbers / sizeof *numbers && !status; i++)
        status = open_number(ctx, out, numbers[i]);
    const cm_column *date = out->columns[CM_ROLE_DATE];
    if (date && date->type != CM_DATE) out->shift = offset_minutes * CM_MINUTE_MICROSECONDS;
    for (int32_t role = 1; role <= CM_ROLE_COUNT; role++)
        if (out->columns[role] && role != CM_ROLE_AMOUNT) out->roles |= CM_ROLE_BIT(role);
    if (!status) status = open_money(ctx, out);
    if (status) cm_sales_close(ctx->core, out);
    return status;
}

void cm_sales_close(cm_core *core, cm_sales *sales) {
    for (int32_t role = 1; role <= CM_ROLE_COUNT; role++) cm_column_release(sales->columns[role]);
    cm_free(core, sales->block, 1, sizeof *sales->block);
    *sales = (cm_sales){0};
}

/* ---- blocks ---- */

static void take_column(const cm_column *column, uint64_t chunk_number, uint64_t within, int32_t role,
                        cm_sales_block *block) {
    const cm_chunk *chunk = &column->chunks[chunk_number];
    uint64_t at = chunk->offset + within;
    int64_t *out = block->of[role];
    if (column->type == CM_STRING || column->type == CM_DATE) {
        const int32_t *values = (const int32_t *)chunk->values + at;
        for (uint64_t i = 0; i < block->rows; i++) out[i] = values[i];
    } else {
        memcpy(out, (const int64_t *)chunk->values + at, (size_t)block->rows * sizeof *out);
    }
    for (uint64_t i = 0; i < block->rows; i++) {
        bool present = cm_chunk_present(chunk, within + i);
        if (present && column->type == CM_DATE) present = !__builtin_mul_overflow(out[i], CM_DAY_MICROSECONDS, &out[i]);
        if (present && role == CM_ROLE_DATE) present = cm_civil_in_range(out[i]);
        if (present)
            block->has[i] |= CM_ROLE_BIT(role);
        else
            out[i] = 0;
    }
}

static void multiply(cm_sales_block *block) {
    const uint32_t both = CM_ROLE_BIT(CM_ROLE_PRICE) | CM_ROLE_BIT(CM_ROLE_QUANTITY);
    int64_t *amount = block->of[CM_ROLE_AMOUNT];
    for (uint64_t i = 0; i < block->rows; i++) {
        amount[i] = 0;
        if (!cm_sales_has(block, i, both)) continue;
        if (!__builtin_mul_overflow(block->of[CM_ROLE_PRICE][i], block->of[CM_ROLE_QUANTITY][i], &amount[i]))
            block->has[i] |= CM_ROLE_BIT(CM_ROLE_AMOUNT);
        else {
            block->has[i] |= CM_SALES_BEYOND;
            amount[i] = 0;
        }
    }
}

cm_status cm_sales_fill(cm_context *ctx, const cm_sales *sales, uint32_t roles, uint64_t first_row) {
    cm_sales_block *block = sales->block;
    uint64_t within, chunk = cm_table_locate(sales->table, first_row, &within);
    uint64_t rows = sales->table->first_rows[chunk + 1] - first_row;
    cm_status status = cm_tick(ctx, "checks", first_row, sales->table->rows);
    bool product = roles & sales->roles & CM_ROLE_BIT(CM_ROLE_AMOUNT) && !sales->columns[CM_ROLE_AMOUNT];
    if (status) return status;
    if (product) roles |= CM_ROLE_BIT(CM_ROLE_PRICE) | CM_ROLE_BIT(CM_ROLE_QUANTITY);
    block->first_row = first_row;
    block->rows = rows < CM_SALES_BLOCK ? rows : CM_SALES_BLOCK;
    memset(block->has, 0, sizeof block->has);
    for (int32_t role = 1; role <= CM_ROLE_COUNT; role++)
        if (roles & sales->roles & CM_ROLE_BIT(role) && sales->columns[role])
            take_column(sales->columns[role], chunk, within, role, block);
    if (product) multiply(block);
    return CM_OK;
}

/* ---- single cells ---- */

int32_t cm_sales_day(const cm_sales *sales, int64_t microseconds) {
    return cm_civil_day_of(microseconds + sales->shift);
}

const char *cm_sales_text(const cm_sales *sales, int32_t role, uint64_t row, char room[CM_CELL_TEXT],
                          uint64_t *length) {
    uint64_t within, chunk = cm_table_locate(sales->table, row, &within);
    const cm_column *column = sales->columns[role];
    *length = 0;
    if (!column || !cm_chunk_present(&column->chunks[chunk], within)) return "";
    return cm_cell_text(column, &column->chunks[chunk], within, room, length);
}

const char *cm_sales_id(const cm_sales *sales, int32_t role, int64_t id, char room[CM_CELL_TEXT], uint64_t *length) {
    const cm_column *column = sales->columns[role];
    if (column->type == CM_STRING) {
        cm_text text = cm_dictionary_text(column->dictionary, (int32_t)id);
        *length = text.length;
        return text.data;
    }
    *length = cm_print_int(id, room);
    return room;
}

int cm_sales_compare(const cm_sales *sales, int32_t role, int64_t a, int64_t b) {
    const cm_column *column = sales->columns[role];
    if (column->type != CM_STRING) return (a > b) - (a < b);
    return cm_text_compare(cm_dictionary_text(column->dictionary, (int32_t)a),
                           cm_dictionary_text(column->dictionary, (int32_t)b));
}

/* ---- tallies ---- */

void cm_line_sum_add(cm_line_sum *tally, const cm_sales_block *block, uint64_t i) {
    if (!tally->lines++) tally->first_row = block->first_row + i;
    if (block->has[i] & CM_ROLE_BIT(CM_ROLE_AMOUNT)) tally->money += block->of[CM_ROLE_AMOUNT][i];
    if (block->has[i] & CM_SALES_BEYOND) tally->beyond = true;
}

void cm_line_sum_merge(cm_line_sum *to, const cm_line_sum *from) {
    if (from->lines && (!to->lines || from->first_row < to->first_row)) to->first_row = from->first_row;
    to->lines += from->lines;
    to->money += from->money;
    to->beyond |= from->beyond;
}

cm_money cm_line_sum_money(const cm_sales *sales, const cm_line_sum *tally) {
    bool known = sales->roles & CM_ROLE_BIT(CM_ROLE_AMOUNT) && !tally->beyond && tally->money >= INT64_MIN
                 && tally->money <= INT64_MAX;
    return (cm_money){known ? (int64_t)tally->money : 0, sales->money_scale, known};
}
