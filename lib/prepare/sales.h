/* Lines of transactions for those who look at what is there and ask for nothing: a column that is missing, or that
 * cannot be read as its role needs it, is simply not there. (table/lines.h is for jobs, which stop and say so.) */
#ifndef CM_PREPARE_SALES_H
#define CM_PREPARE_SALES_H

#include "base/number.h"
#include "table/audit.h"
#include "table/roles.h"


/* Values are taken in blocks of at most this many rows. */
#define CM_SALES_BLOCK 1024

/* In `has`: the line has an amount, which is beyond 64 bits. */
#define CM_SALES_BEYOND 1u

typedef struct cm_sales_block {
    uint64_t first_row, rows;
    uint32_t has[CM_SALES_BLOCK];                  /* CM_ROLE_BIT of what is present */
    int64_t of[CM_ROLE_COUNT + 1][CM_SALES_BLOCK]; /* by role. Ids and names: code, or value of INT64; numbers unscaled;
                                                      date in microseconds; amount: the line's money at money_scale */
} cm_sales_block;

typedef struct cm_sales {
    const cm_table *table;                 /* borrowed */
    cm_column *columns[CM_ROLE_COUNT + 1]; /* by role, as numbers, dates and ids; NULL: there is none. No cost. */
    uint32_t roles; /* CM_ROLE_BIT of those that can be asked for; amount also from quantity and price */
    int32_t money_scale;
    int64_t shift; /* microseconds from the times to those whose days are meant */
    cm_sales_block *block;
} cm_sales;

/* Fails for want of memory, for limits and when cancelled. Several currencies: there is no amount. */
cm_status cm_sales_open(cm_context *ctx, const cm_table *table, int32_t offset_minutes, cm_sales *out);
void cm_sales_close(cm_core *core, cm_sales *sales);

/* Fills sales->block with these roles of the rows from first_row on: to the end of the chunk, at most CM_SALES_BLOCK.
 * Ticks. */
cm_status cm_sales_fill(cm_context *ctx, const cm_sales *sales, uint32_t roles, uint64_t first_row);

/* Whether line i of a block has all of these roles. */
static inline bool cm_sales_has(const cm_sales_block *block, uint64_t i, uint32_t roles) {
    return (block->has[i] & roles) == roles;
}

int32_t cm_sales_day(const cm_sales *sales, int64_t microseconds);

/* The written form of a cell, "" for an absent one: borrowed, or printed into `room`. */
const char *cm_sales_text(const cm_sales *sales, int32_t role, uint64_t row, char room[CM_CELL_TEXT], uint64_t *length);
/* The written form of an id, and the order of two: by bytes, or by value. */
const char *cm_sales_id(const cm_sales *sales, int32_t role, int64_t id, char room[CM_CELL_TEXT], uint64_t *length);
int cm_sales_compare(const cm_sales *sales, int32_t role, int64_t a, int64_t b);

/* Lines and their money, added up. */
typedef struct cm_line_sum {
    uint64_t lines;
    uint64_t first_row; /* of the first line that was added */
    cm_wide money;
    bool beyond; /* a line's money is beyond 64 bits: the sum is unknown */
} cm_line_sum;

void cm_line_sum_add(cm_line_sum *tally, const cm_sales_block *block, uint64_t i);
void cm_line_sum_merge(cm_line_sum *to, const cm_line_sum *from);
cm_money cm_line_sum_money(const cm_sales *sales, const cm_line_sum *tally);

#endif
