/* Lines of transactions: the columns with roles as plain values, whatever types they came in. */
#ifndef CM_TABLE_LINES_H
#define CM_TABLE_LINES_H

#include "table/audit.h"
#include "table/roles.h"

/* The columns of a table by their roles, as jobs want them: customer, invoice, item STRING or INT64; date DATE or
 * TIMESTAMP; quantity, price, amount, cost INT64 or DECIMAL. Where a table has other types (doubles, dates as text),
 * converted columns stand in. */
typedef struct cm_lines {
    const cm_table *table;                   /* borrowed */
    cm_column *columns[CM_ROLE_COUNT + 1];   /* by role; NULL: the table has none */
    int32_t amount_scale, quantity_scale, cost_scale;
} cm_lines;

/* Finds and converts the columns of a set of roles (CM_ROLE_BIT each); of these `required` must be there. Amount means:
 * amount, or else quantity and price. CM_E_COLUMN, CM_E_DATA (with the row), several currencies: CM_E_DATA. */
cm_status cm_lines_open(cm_context *ctx, const cm_table *table, uint32_t roles, uint32_t required, cm_lines *out);
void cm_lines_close(cm_lines *lines);

/* Values are taken in blocks of at most this many rows. */
#define CM_LINES_BLOCK 1024
#define CM_LINES_VALUES 8

#define CM_HAS_AMOUNT 1
#define CM_HAS_TIME 2
#define CM_HAS_CUSTOMER 4
#define CM_HAS_INVOICE 8
#define CM_HAS_QUANTITY 16
#define CM_HAS_COST 32
#define CM_HAS_ITEM 64

typedef struct cm_lines_block {
    uint64_t first_row, rows;
    const int64_t *amount; /* the line's money, at amount_scale */
    const int64_t *quantity, *cost;
    const int64_t *time;     /* microseconds; of a DATE its midnight */
    const int64_t *customer; /* code of a STRING column, value of an INT64 column */
    const int64_t *invoice, *item;
    uint8_t has[CM_LINES_BLOCK]; /* CM_HAS_ bits; what is absent is 0 above */
    int64_t room[CM_LINES_VALUES][CM_LINES_BLOCK]; /* for values that cannot be read where they lie */
} cm_lines_block;

/* Fills a block with the rows from first_row on: to the end of the chunk, at most CM_LINES_BLOCK, less if `end` comes
 * before. A product beyond 64 bits is CM_E_OVERFLOW with its row. */
cm_status cm_lines_fill(cm_context *ctx, const cm_lines *lines, uint64_t first_row, uint64_t end,
                        cm_lines_block *block);

/* The money of all rows with an amount; unknown where the table has no amounts or the sum is beyond 64 bits. Fails for
 * want of memory only. */
cm_status cm_lines_money(cm_context *ctx, const cm_table *table, cm_money *out);

#endif
