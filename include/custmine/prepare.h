/* Transactions to customers and baskets, at once or through the mergeable state of orders. */
#ifndef CUSTMINE_PREPARE_H
#define CUSTMINE_PREPARE_H

#include "base.h"
#include "options.h"
#include "table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One row a customer, from a table of transactions, one line an item bought. Needs the roles customer and date and
 * either amount or both quantity and price; without an invoice, all lines of a customer on one day are one.
 * Columns: customer, first, last, recency_days, tenure_days, purchase_days, invoices, lines, quantity, money, refunds,
 * mean_order, first_day_money, then margin where there is a cost. Sorted by customer (text by bytes, numbers by
 * value).
 * Options (topic "customers"): as_of (inclusive; default the last date among the lines), refunds net|keep|drop,
 * on_error, attributes (a table of customers, joined by its first column; customers without a purchase stay),
 * utc_offset. The attached "audit" goes on from the table's own.
 * With the option rhythm, further columns (absent without a purchase): mean_gap_days between purchase days (of two or
 * more), gap_cv (standard deviation of the gaps over their mean; of three or more), active_months (with a purchase),
 * months (from the first purchase to as-of), rhythm_days = (sum of gaps + P) / (gaps + 1), P the median of the mean
 * gaps of all who came back, stage: silent for up to 2 rhythms active (once bought: new), up to 4 slipping, beyond
 * lapsed; active after a last gap of more than 4 rhythms: returned.
 * With the option before_days, further columns (absent for who had not bought by then): recency_days_before,
 * invoices_before, money_before as of so many days before as-of, purchase_days_since, money_since.
 * With the option cohorts, the attached "cohorts", by month of first purchase and month: cohort (its first day), month
 * (from 0), starts (the month's first day), customers (of the cohort), buying (of them, with a purchase in the month),
 * buying_share, money, money_per_customer, over (false: the month is not over at as-of). CM_E_LIMIT beyond 1,200
 * months.
 * A line is a refund when its amount or its quantity is negative. net: it lowers `money`, is summed in `refunds`, and
 * is no purchase. keep: a line like any other. drop: left out and counted. A negative quantity with a positive amount
 * is CM_E_DATA unless refunds are kept (on_error=collect: left out and counted).
 * Money is exact: CM_E_OVERFLOW beyond 64 bits. Cost: O(lines), memory as the orders state. */
CM_API cm_status cm_customers(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out);

/* One row a basket, from a table of transactions. Needs the role item and what tells one basket from another: invoice,
 * or customer and date; where dates, amounts or customers are missing altogether, what follows from them is absent. A
 * basket is one invoice: lines of one invoice number on several days or with several customers are one basket. Lines
 * without an invoice make a basket of a customer and a day. The option `basket` says otherwise: day (of a customer),
 * window (of a customer: `window` days from a purchase on, the next begins with the first purchase after it), customer
 * (all of one). `level` names a column of the lines that stands for the item (category, brand).
 * With layout=baskets the table has a row a basket already (LIST column items, as cm_read_baskets gives them) and is
 * filtered, with layout=columns a row a basket and a column an item (BOOL, or INT64 of 0 and 1; a column with a role is
 * none): baskets, max_basket and the audit, in baskets, are as below.
 * Columns: basket (the invoice, in its own type; in a table with lines that have none STRING, those being "C17
 * 2011-12-09"), customer (the first in order of those it has; absent without one), day (its first), items (LIST, each
 * once, in byte order of the codes), money. Sorted by invoice (text by bytes, numbers by value), then those without an
 * invoice by customer and day. Options (topic "baskets"): as_of (inclusive; default the last date among the lines),
 * refunds net|keep|drop (net, drop: refunds, as cm_customers knows them, are no part of a basket; keep: they are),
 * on_error, baskets all|known (known: those with a customer), max_basket (larger ones are left out and counted; 0
 * none), weight, utc_offset. `weight` names a column (INT64, DECIMAL, FLOAT64 of at most six places) with what a basket
 * counts, such as the households that its customer stands for: above 0 and the same on all its lines, else CM_E_DATA
 * with the row. It keeps its name as the last column; methods weigh by it where their option `weight` says so, too.
 * Attached: "items" (item, name where the table has the role item_name: the most frequent one of the item; baskets that
 * have it), "audit", which goes on from the table's own, in lines, and where items stand more than once in a basket
 * "repeats" (one row: how many are one too many, in how many baskets; the first such basket, an item and how often it
 * has it), which are in the audit, too: its step "items" counts items.
 * Errors as of cm_customers. Cost: O(lines), memory as the state of orders. */
CM_API cm_status cm_baskets(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out);

/* What looks odd in a table of transactions and would change the answer: one row a finding, none for a check that finds
 * nothing. A check
 * whose columns are missing, or cannot be read as their roles need, is left out: the call does not fail for what a
 * table lacks. Columns: check (stable code), lines (that it is about), money (of these lines, exact; absent where
 * unknown), example, option (of the
 * command, what settles it: "--ids integer"; absent where none does), sentence (from the catalogue, codes CHECK_...).
 * Checks, in this order:
 *  no_customer       lines without a customer
 *  ids_with_point    ids of customers, invoices or items such as 17850.0; a finding a column
 *  mirrored_refunds  lines of a negative quantity that undo an earlier line of the same customer, item and price
 *  (without prices: of the
 *                    opposite amount) and the opposite quantity; each purchase is undone once; example: the largest,
 *                    purchase and refund
 *  large_baskets     invoices (without one: customer and day) of more lines than the option basket_lines; example: the
 *  largest, its
 *                    lines and its different items
 *  service_items     items that look like no product: codes without a digit, where at most one in ten is such, or names
 *  such as postage,
 *                    carriage, fee, discount, manual, samples, gift voucher; example: those of the most lines
 *  last_month_open   the last date is not the last day of its month; lines of that month
 *  far_last_date     the gap before the last day with lines is longer than 60 days and than five times the median of
 *  the other gaps, of
 *                    which there are two or more; lines of that day
 *  several_names     items with several different names that are not blank; lines of these items; example: the one with
 *  the most
 *  mixed_units       items with whole quantities on some lines and fractions on others; lines of these items
 *  top_ten           the ten biggest customers bring more than a tenth of the customers' money, and more than twice
 *  what ten of so many
 *                    would bring if all were alike; lines of these ten; example: their share
 *  exact_duplicates  rows that equal an earlier one in every column
 *  zero_prices       lines at a price of zero (without prices: an amount of zero)
 *  negative_prices   lines at a negative price; example: the lowest
 * An invoice in an example is "row 17", counted from 1, where there is none. Long ids are cut.
 * Options (topic "checks"): basket_lines (100), utc_offset.
 * Errors: CM_E_OPTION, CM_E_MEMORY, CM_E_LIMIT, CM_E_CANCELLED. Cost: O(lines) a check; memory: 12 to 24 bytes a line
 * for the exact duplicates, for the others by the numbers of baskets, customers, items and refunds. */
CM_API cm_status cm_checks(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out);

/* The orders: an exact state that is updated, merged, saved and asked, in any order and any split, with the same
 * result as one pass over all lines. A record a (customer, invoice, day): of a shop's some 20 bytes, 55 at most, and 6
 * to 11 to find it by; an id takes its text and 10 to 16 bytes, a number 13 to 19. */
typedef struct cm_orders cm_orders;

/* An empty state. Options (topic "orders"): utc_offset (where days of times are cut, like +02:00; a date without a
 * time is a day already, and the two do not mix where days are cut), items (switch: a record an item, so that baskets
 * can be asked for). */
CM_API cm_status cm_orders_new(cm_context *ctx, const cm_options *options, cm_orders **out);
CM_API void cm_orders_free(cm_orders *orders);

/* Adds the lines of a table. `batch` names the load they belong to (a day, a file); NULL for none. Portions of one load
 * follow each other under the same name; a name that the state has from an earlier load, a merge or a file is
 * CM_E_DUPLICATE, so that a night's file is never counted twice. All or nothing. */
CM_API cm_status cm_orders_update(cm_context *ctx, cm_orders *orders, const cm_table *sales, const char *batch);

/* Adds another state, which stays as it is. CM_E_DUPLICATE if both have a batch of the same name. All or nothing. */
CM_API cm_status cm_orders_merge(cm_context *ctx, cm_orders *orders, const cm_orders *other);

/* Takes out an invoice (edited, voided) or a customer (erased): role is CM_ROLE_INVOICE or CM_ROLE_CUSTOMER (or
 * CM_ROLE_ITEM, where items are kept), the id in its written form. The names of batches stay: their files must not be
 * added again. Afterwards the state is as if these lines had never been seen. CM_E_NOT_FOUND if there is none. */
CM_API cm_status cm_orders_remove(cm_context *ctx, cm_orders *orders, int32_t role, const char *id);

/* Gives the lines of one id to another (two records of one person, a corrected invoice number). */
CM_API cm_status cm_orders_rename(cm_context *ctx, cm_orders *orders, int32_t role, const char *from, const char *to);

/* Customers as cm_customers gives them. Options: topic "customers". */
CM_API cm_status cm_orders_customers(cm_context *ctx, const cm_orders *orders, const cm_options *options,
                                     cm_table **out);

/* Baskets as cm_baskets gives them, without the items' names, which are no part of the state. Options: topic "baskets".
 * CM_E_OPTION if the state keeps no items. */
CM_API cm_status cm_orders_baskets(cm_context *ctx, const cm_orders *orders, const cm_options *options,
                                   cm_table **out);

/* The records themselves: customer, invoice, item (where items are kept), day, kind (purchase, refund, contradiction,
 * no_amount), first, last, lines, quantity, money, cost, cost_known; in canonical order. The attached table "options"
 * (name, value) says how the state was made, for another that is to be merged with it. */
CM_API cm_status cm_orders_table(cm_context *ctx, const cm_orders *orders, cm_table **out);

/* To a file and back; equal states give equal bytes. Written beside its name, synced, renamed. */
CM_API cm_status cm_orders_save(cm_context *ctx, const cm_orders *orders, const char *path);
CM_API cm_status cm_orders_load(cm_context *ctx, const char *path, cm_orders **out);

#ifdef __cplusplus
}
#endif

#endif
