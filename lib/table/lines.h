/* Lines of transactions: the columns with roles as plain values, whatever types they came in. */
#ifndef CM_TABLE_LINES_H
#define CM_TABLE_LINES_H

#include "table/audit.h"
#include "table/table.h"

/* A row's values of one chunk are filled into arrays of the caller's choice by blocks of at most this many rows. */
#define CM_LINES_BLOCK 1024

/* Where the values come from; column -1: the table has none. */
typedef struct cm_lines {
    const cm_table *table;
    int64_t customer, invoice, date, item, quantity, price, amount, cost;
    int32_t amount_scale, quantity_scale, cost_scale;
    cm_column *converted[8]; /* columns made from texts or doubles; freed by cm_lines_clear */
    uint64_t converted_count;
} cm_lines;

typedef struct cm_lines_block {
    uint64_t first_row, rows;
    int64_t amount[CM_LINES_BLOCK];   /* quantity x price, or the amount */
    int64_t quantity[CM_LINES_BLOCK];
    int64_t cost[CM_LINES_BLOCK];
    int64_t time[CM_LINES_BLOCK];     /* microseconds */
    int32_t customer[CM_LINES_BLOCK]; /* dictionary codes, -1 absent; of INT64 ids see customer_id */
    int32_t invoice[CM_LINES_BLOCK];
    int64_t customer_id[CM_LINES_BLOCK];
    int64_t invoice_id[CM_LINES_BLOCK];
    uint8_t has[CM_LINES_BLOCK];      /* bits CM_HAS_ */
} cm_lines_block;

#define CM_HAS_AMOUNT 1
#define CM_HAS_TIME 2
#define CM_HAS_CUSTOMER 4
#define CM_HAS_INVOICE 8
#define CM_HAS_COST 16
#define CM_HAS_QUANTITY 32

#endif
