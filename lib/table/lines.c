#include "table/lines.h"

#include <string.h>

#include "base/civil.h"
#include "base/words.h"
#include "table/convert.h"
#include "table/infer.h"

#define BIT CM_ROLE_BIT

/* ---- finding and converting ---- */

static cm_status fail_type(cm_context *ctx, const cm_column *column, int32_t role, const char *wanted) {
    return cm_fail(ctx, CM_E_COLUMN, "ROLE_TYPE", "ssss", column->name, cm_role_name(role), cm_type_name(column->type),
                   wanted);
}

static cm_status open_id(cm_context *ctx, cm_column *column, int32_t role, cm_column **out) {
    if (column->type == CM_FLOAT64) return cm_convert_to_int64(ctx, column, out);
    if (column->type != CM_STRING && column->type != CM_INT64) return fail_type(ctx, column, role, "STRING or INT64");
    *out = cm_column_retain(column);
    return CM_OK;
}

static cm_status open_number(cm_context *ctx, const cm_table *table, int64_t index, int32_t role, cm_column **out) {
    cm_column *column = table->columns[index];
    if (column->type == CM_FLOAT64) return cm_convert_to_decimal(ctx, column, out);
    if (column->type == CM_STRING) return cm_infer_column(ctx, table, (uint64_t)index, role, CM_ORDER_ALL, out);
    if (column->type != CM_DECIMAL && column->type != CM_INT64) return fail_type(ctx, column, role, "a number");
    *out = cm_column_retain(column);
    return CM_OK;
}

static cm_status open_date(cm_context *ctx, const cm_table *table, int64_t index, cm_column **out) {
    cm_column *column = table->columns[index];
    if (column->type == CM_STRING) return cm_infer_column(ctx, table, (uint64_t)index, CM_ROLE_DATE, CM_ORDER_ALL, out);
    if (column->type != CM_DATE && column->type != CM_TIMESTAMP)
        return fail_type(ctx, column, CM_ROLE_DATE, "DATE or TIMESTAMP");
    *out = cm_column_retain(column);
    return CM_OK;
}

static cm_status open_role(cm_context *ctx, cm_lines *lines, int32_t role, bool required) {
    int64_t index;
    cm_status status = cm_roles_find(ctx, lines->table, role, required, &index);
    if (status || index < 0) return status;
    cm_column *column = lines->table->columns[index];
    switch (role) {
    case CM_ROLE_DATE:
        return open_date(ctx, lines->table, index, &lines->columns[role]);
    case CM_ROLE_QUANTITY:
    case CM_ROLE_PRICE:
    case CM_ROLE_AMOUNT:
    case CM_ROLE_COST:
        return open_number(ctx, lines->table, index, role, &lines->columns[role]);
    case CM_ROLE_ITEM_NAME:
    case CM_ROLE_CURRENCY:
        if (column->type != CM_STRING) return fail_type(ctx, column, role, "STRING");
        lines->columns[role] = cm_column_retain(column);
        return CM_OK;
    default:
        return open_id(ctx, column, role, &lines->columns[role]);
    }
}

/* Sums of several currencies mean nothing. */
static cm_status check_currency(cm_context *ctx, const cm_column *column) {
    int32_t first = -1;
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        const cm_chunk *chunk = &column->chunks[i];
        const int32_t *codes = (const int32_t *)chunk->values + chunk->offset;
        for (uint64_t row = 0; row < chunk->rows; row++) {
            if (!cm_chunk_present(chunk, row) || codes[row] == first) continue;
            if (first >= 0) {
                cm_text a = cm_dictionary_text(column->dictionary, first),
                        b = cm_dictionary_text(column->dictionary, codes[row]);
                return cm_fail(ctx, CM_E_DATA, "CURRENCIES", "sss", column->name, a.data, b.data);
            }
            first = codes[row];
        }
    }
    return CM_OK;
}

static int32_t scale_of(const cm_column *column) { return column ? column->scale : 0; }

/* The line's money comes from the amount, or else from quantity and price. */
static cm_status open_amount(cm_context *ctx, cm_lines *lines, bool required) {
    cm_status status = open_role(ctx, lines, CM_ROLE_AMOUNT, false);
    if (status) return status;
    if (lines->columns[CM_ROLE_AMOUNT]) {
        lines->amount_scale = scale_of(lines->columns[CM_ROLE_AMOUNT]);
        return CM_OK;
    }
    status = open_role(ctx, lines, CM_ROLE_PRICE, false);
    if (status) return status;
    bool both = lines->columns[CM_ROLE_PRICE] && lines->columns[CM_ROLE_QUANTITY];
    if (!both) {
        int64_t column;
        return required ? cm_roles_find(ctx, lines->table, CM_ROLE_AMOUNT, true, &column) : CM_OK;
    }
    lines->amount_scale = scale_of(lines->columns[CM_ROLE_PRICE]) + scale_of(lines->columns[CM_ROLE_QUANTITY]);
    if (lines->amount_scale > 18)
        return cm_fail(ctx, CM_E_OVERFLOW, "AMOUNT_SCALE", "i", (int64_t)lines->amount_scale);
    return CM_OK;
}

cm_status cm_lines_open(cm_context *ctx, const cm_table *table, uint32_t roles, uint32_t required, cm_lines *out) {
    cm_status status = CM_OK;
    memset(out, 0, sizeof *out);
    out->table = table;
    for (int32_t role = 1; role <= CM_ROLE_COUNT && !status; role++)
        if (role != CM_ROLE_AMOUNT && role != CM_ROLE_PRICE && roles & BIT(role))
            status = open_role(ctx, out, role, (required & BIT(role)) != 0);
    if (!status && roles & BIT(CM_ROLE_AMOUNT)) {
        if (!(roles & BIT(CM_ROLE_QUANTITY))) status = open_role(ctx, out, CM_ROLE_QUANTITY, false);
        if (!status) status = open_amount(ctx, out, (required & BIT(CM_ROLE_AMOUNT)) != 0);
    }
    if (!status && out->columns[CM_ROLE_CURRENCY]) status = check_currency(ctx, out->columns[CM_ROLE_CURRENCY]);
    out->quantity_scale = scale_of(out->columns[CM_ROLE_QUANTITY]);
    out->cost_scale = scale_of(out->columns[CM_ROLE_COST]);
    if (status) cm_lines_close(out);
    return status;
}

void cm_lines_close(cm_lines *lines) {
    for (int32_t role = 1; role <= CM_ROLE_COUNT; role++) cm_column_release(lines->columns[role]);
    memset(lines, 0, sizeof *lines);
}

/* ---- values, a block at a time ---- */

typedef struct span {
    uint64_t chunk, within, rows;
} span;

/* A number whose lowest byte lies first in memory. */
static inline uint64_t lowest_first(uint64_t number) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(number);
#else
    return number;
#endif
}

static inline void mark_eight(uint8_t *has, uint64_t bits) {
    uint64_t eight;
    memcpy(&eight, has, sizeof eight);
    eight |= bits;
    memcpy(has, &eight, sizeof eight);
}

static void mark_all(uint64_t rows, uint8_t bit, uint8_t *has) {
    uint64_t i = 0;
    for (; i + 8 <= rows; i += 8) mark_eight(has + i, CM_EACH_BYTE(1) * bit);
    for (; i < rows; i++) has[i] |= bit;
}

/* Marks the rows whose cell is present, eight at a time: a bit in each of eight bytes. Whether all are. */
static bool mark_present(const cm_chunk *chunk, const span *at, uint8_t bit, uint8_t *has) {
    uint64_t first = chunk->offset + at->within, i = 0, all = 0xFF;
    if (!chunk->validity) {
        mark_all(at->rows, bit, has);
        return true;
    }
    for (; i + 8 <= at->rows; i += 8) {
        uint64_t from = first + i;
        const uint8_t *byte = chunk->validity + (from >> 3);
        uint64_t bits = from & 7 ? ((uint64_t)byte[0] | (uint64_t)byte[1] << 8) >> (from & 7) & 0xFF : byte[0];
        uint64_t spread =
            (bits * CM_EACH_BYTE(1) & UINT64_C(0x8040201008040201)) + UINT64_C(0x7F7F7F7F7F7F7F7F);
        /* byte k is bit k, the lowest first */
        mark_eight(has + i, lowest_first((spread >> 7 & CM_EACH_BYTE(1)) * bit));
        all &= bits;
    }
    for (; i < at->rows; i++) {
        bool present = cm_chunk_present(chunk, at->within + i);
        if (present) has[i] |= bit;
        else all = 0;
    }
    return all == 0xFF;
}

/* All ones where the bit is set. */
static inline int64_t mask_of(uint8_t has, uint8_t bit) { return -(int64_t)((has & bit) != 0); }

static inline void widen_codes(const int32_t *restrict codes, uint64_t rows, int64_t *restrict out) {
    for (uint64_t i = 0; i < rows; i++) out[i] = codes[i];
}

static inline void take_codes(const int32_t *codes, uint64_t rows, uint8_t bit, int64_t *out, const uint8_t *has) {
    for (uint64_t i = 0; i < rows; i++) out[i] = codes[i] & mask_of(has[i], bit);
}

static inline void take_days(const int32_t *days, uint64_t rows, uint8_t bit, int64_t *out, const uint8_t *has) {
    for (uint64_t i = 0; i < rows; i++) {
        out[i] = 0;
        if (has[i] & bit && __builtin_mul_overflow(days[i], CM_DAY_MICROSECONDS, &out[i])) out[i] = INT64_MAX;
    }
}

static inline void take_integers(const int64_t *values, uint64_t rows, uint8_t bit, int64_t *out, const uint8_t *has) {
    for (uint64_t i = 0; i < rows; i++) out[i] = values[i] & mask_of(has[i], bit);
}

static const int64_t zeros[CM_LINES_BLOCK];

/* The values where they lie, or in `room`. A whole block has a length that the compiler knows, so that it does several
 * rows at a time. */
static const int64_t *take_numbers(const cm_column *column, const span *at, uint8_t bit, int64_t *room, uint8_t *has) {
    if (!column) return zeros;
    const cm_chunk *chunk = &column->chunks[at->chunk];
    bool all = mark_present(chunk, at, bit, has);
    uint64_t start = chunk->offset + at->within;
    const int32_t *narrow = (const int32_t *)chunk->values + start;
    const int64_t *wide = (const int64_t *)chunk->values + start;
    bool whole = at->rows == CM_LINES_BLOCK;
    if (column->type == CM_DATE) take_days(narrow, at->rows, bit, room, has);
    else if (column->type == CM_STRING && all && whole) widen_codes(narrow, CM_LINES_BLOCK, room);
    else if (column->type == CM_STRING) take_codes(narrow, at->rows, bit, room, has);
    else if (all) return wide;
    else if (whole) take_integers(wide, CM_LINES_BLOCK, bit, room, has);
    else take_integers(wide, at->rows, bit, room, has);
    return room;
}

/* Times outside the years 1 to 9999 are mistakes, and arithmetic with them could overflow. */
static cm_status check_times(cm_context *ctx, const cm_column *column, const cm_lines_block *block) {
    bool outside = false;
    for (uint64_t i = 0; i < block->rows; i++) outside |= !cm_civil_in_range(block->time[i]);
    for (uint64_t i = 0; i < block->rows && outside; i++)
        if (!cm_civil_in_range(block->time[i])) {
            cm_fail(ctx, CM_E_DATA, "DATE_RANGE", "u", block->first_row + i + 1);
            return cm_fail_at(ctx, NULL, 0, 0, column->name, 0);
        }
    return CM_OK;
}

enum { AMOUNT, QUANTITY, COST, TIME, CUSTOMER, INVOICE, ITEM, PRICE };
_Static_assert(PRICE < CM_LINES_VALUES, "room for each of the values");

/* An amount is there where price (marked as one) and quantity are; eight rows at a time. */
static void mark_amounts(const uint8_t *prices, uint64_t rows, uint8_t *has) {
    _Static_assert(CM_HAS_QUANTITY == CM_HAS_AMOUNT << 4, "a shift brings one over the other");
    for (uint64_t i = 0; i < rows; i += 8) { /* both have room for a whole block */
        uint64_t price, own;
        memcpy(&price, prices + i, sizeof price);
        memcpy(&own, has + i, sizeof own);
        mark_eight(has + i, price & own >> 4 & CM_EACH_BYTE(CM_HAS_AMOUNT));
    }
}

static inline bool products_overflow(const int64_t *prices, const int64_t *quantities, uint64_t rows,
                                     int64_t *amounts) {
    bool beyond = false; /* what is absent is 0 */
    for (uint64_t i = 0; i < rows; i++) beyond |= __builtin_mul_overflow(prices[i], quantities[i], &amounts[i]);
    return beyond;
}

static cm_status multiply(cm_context *ctx, const cm_column *price, const span *at, cm_lines_block *block) {
    uint8_t has[CM_LINES_BLOCK] = {0};
    const int64_t *prices = take_numbers(price, at, CM_HAS_AMOUNT, block->room[PRICE], has);
    bool beyond = products_overflow(prices, block->quantity, at->rows, block->room[AMOUNT]);
    mark_amounts(has, at->rows, block->has);
    block->amount = block->room[AMOUNT];
    for (uint64_t i = 0; i < at->rows && beyond; i++) {
        int64_t amount;
        if (__builtin_mul_overflow(prices[i], block->quantity[i], &amount))
            return cm_fail(ctx, CM_E_OVERFLOW, "AMOUNT_OVERFLOW", "u", block->first_row + i + 1);
    }
    return CM_OK;
}

cm_status cm_lines_fill(cm_context *ctx, const cm_lines *lines, uint64_t first_row, uint64_t end,
                        cm_lines_block *block) {
    cm_column *const *columns = lines->columns;
    uint8_t *has = block->has;
    span at = {0};
    at.chunk = cm_table_locate(lines->table, first_row, &at.within);
    at.rows = lines->table->first_rows[at.chunk + 1] - first_row;
    if (at.rows > CM_LINES_BLOCK) at.rows = CM_LINES_BLOCK;
    if (at.rows > end - first_row) at.rows = end - first_row;
    block->first_row = first_row;
    block->rows = at.rows;
    memset(has, 0, sizeof block->has);
    block->customer = take_numbers(columns[CM_ROLE_CUSTOMER], &at, CM_HAS_CUSTOMER, block->room[CUSTOMER], has);
    block->invoice = take_numbers(columns[CM_ROLE_INVOICE], &at, CM_HAS_INVOICE, block->room[INVOICE], has);
    block->item = take_numbers(columns[CM_ROLE_ITEM], &at, CM_HAS_ITEM, block->room[ITEM], has);
    block->time = take_numbers(columns[CM_ROLE_DATE], &at, CM_HAS_TIME, block->room[TIME], has);
    cm_status status = check_times(ctx, columns[CM_ROLE_DATE], block);
    if (status) return status;
    block->quantity = take_numbers(columns[CM_ROLE_QUANTITY], &at, CM_HAS_QUANTITY, block->room[QUANTITY], has);
    block->cost = take_numbers(columns[CM_ROLE_COST], &at, CM_HAS_COST, block->room[COST], has);
    if (!columns[CM_ROLE_AMOUNT] && columns[CM_ROLE_PRICE]) return multiply(ctx, columns[CM_ROLE_PRICE], &at, block);
    block->amount = take_numbers(columns[CM_ROLE_AMOUNT], &at, CM_HAS_AMOUNT, block->room[AMOUNT], has);
    return CM_OK;
}

/* ---- the money of a table ---- */

static cm_status add_up(cm_context *ctx, const cm_lines *lines, cm_lines_block *block, cm_money *out) {
    __extension__ __int128 sum = 0;
    uint64_t rows = lines->table->rows;
    for (uint64_t row = 0; row < rows; row += block->rows) {
        cm_status status = cm_lines_fill(ctx, lines, row, rows, block);
        if (status) return status;
        for (uint64_t i = 0; i < block->rows; i++) sum += block->amount[i];
    }
    if (sum > INT64_MAX || sum < INT64_MIN) return CM_OK;
    *out = (cm_money){(int64_t)sum, lines->amount_scale, true};
    return CM_OK;
}

cm_status cm_lines_money(cm_context *ctx, const cm_table *table, cm_money *out) {
    cm_lines lines;
    *out = (cm_money){0};
    cm_status status = cm_lines_open(ctx, table, BIT(CM_ROLE_AMOUNT) | BIT(CM_ROLE_QUANTITY), 0, &lines);
    if (!status && (lines.columns[CM_ROLE_AMOUNT] || lines.columns[CM_ROLE_PRICE])) {
        cm_lines_block *block = cm_alloc(ctx, 1, sizeof *block);
        status = block ? add_up(ctx, &lines, block, out) : ctx->error.status;
        cm_free(ctx->core, block, 1, sizeof *block);
    }
    cm_lines_close(&lines);
    /* No sum to be had for another reason: it stays unknown, and the job that needs it says why. */
    return status == CM_E_MEMORY || status == CM_E_LIMIT || status == CM_E_CANCELLED ? status : CM_OK;
}
