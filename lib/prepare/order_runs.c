#include "prepare/order_runs.h"

#include "base/civil.h"

static inline uint8_t kind_of(uint8_t has, int64_t amount, int64_t quantity) {
    if (!(has & CM_HAS_AMOUNT)) return CM_ORDER_NO_AMOUNT;
    if (quantity < 0 && amount > 0) return CM_ORDER_CONTRADICTION;
    return amount < 0 || quantity < 0 ? CM_ORDER_REFUND : CM_ORDER_PURCHASE;
}

/* Whether a line is of the order of line i, whose day begins at midnight. */
static inline bool same_order(const cm_lines_block *block, uint64_t i, uint64_t line, int64_t midnight, uint8_t kind) {
    return block->invoice[line] == block->invoice[i] && block->customer[line] == block->customer[i]
           && block->item[line] == block->item[i] && block->has[line] == block->has[i]
           && (uint64_t)(block->time[line] - midnight) < (uint64_t)CM_DAY_MICROSECONDS
           && kind_of(block->has[line], block->amount[line], block->quantity[line]) == kind;
}

/* True if the line does not go into the sums, which stay as they were. */
static inline bool add_line_overflows(const cm_lines_block *block, uint64_t line, cm_order *sums) {
    int64_t quantity, money, cost, time = block->time[line];
    if (__builtin_add_overflow(sums->quantity, block->quantity[line], &quantity)
        || __builtin_add_overflow(sums->money, block->amount[line], &money)
        || __builtin_add_overflow(sums->cost, block->cost[line], &cost))
        return true;
    sums->quantity = quantity;
    sums->money = money;
    sums->cost = cost;
    sums->first = time < sums->first ? time : sums->first;
    sums->last = time > sums->last ? time : sums->last;
    return false;
}

/* The run that begins with line i; where it ends. */
static uint64_t find_run(const cm_lines_block *block, uint64_t i, int64_t shift, cm_order *out) {
    uint8_t has = block->has[i], kind = kind_of(has, block->amount[i], block->quantity[i]);
    int32_t day = cm_civil_day_of(block->time[i] + shift);
    int64_t midnight = day * CM_DAY_MICROSECONDS - shift;
    *out = (cm_order){
        .day = has & CM_HAS_TIME ? day : CM_NO_DAY,
        .kind = kind,
        .cost_known = (has & CM_HAS_COST) != 0,
        .first = block->time[i],
        .last = block->time[i],
        .quantity = block->quantity[i],
        .money = block->amount[i],
        .cost = block->cost[i],
    };
    uint64_t end = i + 1;
    while (end < block->rows && same_order(block, i, end, midnight, kind) && !add_line_overflows(block, end, out))
        end++;
    out->lines = (uint32_t)(end - i);
    return end;
}

void cm_runs_find(const cm_lines_block *block, int64_t shift, cm_runs *out) {
    out->count = 0;
    for (uint64_t i = 0; i < block->rows; out->count++) {
        out->starts[out->count] = (uint16_t)i;
        i = find_run(block, i, shift, &out->orders[out->count]);
    }
}
