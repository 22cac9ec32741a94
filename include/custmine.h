/* libcustmine: customer analytics in one small library.
 *
 * Tables in, tables out: hand the library a table of transactions (CSV, gzip, Arrow, or your own records), get
 * customers, scores, segments and their reasons back as tables.
 *
 *     cm_context *ctx = NULL;
 *     cm_table *sales = NULL, *customers = NULL, *scores = NULL;
 *     cm_model *rfm = NULL;
 *     if (cm_context_new(NULL, &ctx)
 *         || cm_read_csv(ctx, "sales.csv.gz", NULL, &sales)
 *         || cm_customers(ctx, sales, NULL, &customers)
 *         || cm_fit(ctx, "rfm", customers, NULL, &rfm)
 *         || cm_apply(ctx, rfm, customers, &scores))
 *         fprintf(stderr, "%s\n", cm_error_message(ctx));
 *
 * Conventions, for every function:
 *  - A call that can fail takes the context first and returns a cm_status: 0 (CM_OK) or a negative CM_E_ number. On
 *    failure its outputs are NULL (or zero), its inputs are as they were, and the context holds the error.
 *  - Whoever receives an object through an output owns it and frees it with the matching _free. Freeing NULL is fine,
 *    in any order: tables, models and states outlive the context that made them.
 *  - Tables and models never change once made, and may be used by several threads at once. A context, an options
 *    object, a builder, a reader, a state and a scorer serve one thread at a time.
 *  - Arguments that are only read are borrowed for the call. Texts are UTF-8; names, paths and option values end
 *    with a NUL, cells come with a length. A list of texts is an array of pointers and its count.
 *  - Options may be NULL: all defaults. Callers in C may leave out what they do not tune.
 *  - Getters and frees take no context, cannot fail, and leave the last error alone.
 */
#ifndef CUSTMINE_H
#define CUSTMINE_H

#include "custmine/base.h"
#include "custmine/io.h"
#include "custmine/model.h"
#include "custmine/options.h"
#include "custmine/prepare.h"
#include "custmine/table.h"

#endif
