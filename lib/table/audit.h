/* The audit: what became of every row and its money, step by step. Each step balances: read = kept + dropped. */
#ifndef CM_TABLE_AUDIT_H
#define CM_TABLE_AUDIT_H

#include "table/table.h"

/* Money of some rows: exact, at a scale; known false where it is not (no amounts, or beyond 64 bits). */
typedef struct cm_money {
    int64_t value;
    int32_t scale;
    bool known;
} cm_money;

/* Adds, at the larger of the two scales; unknown or too large makes the sum unknown. */
cm_money cm_money_add(cm_money a, cm_money b);

typedef struct cm_audit_line {
    const char *step;   /* "load", "customers", "scores" */
    const char *reason; /* "read", a reason of dropping ("no customer"), "kept" */
    uint64_t rows;
    cm_money money;
} cm_audit_line;

/* Attaches to `table` an audit with the lines of `before` (the table that it was made from; may be NULL) followed by
 * these. */
cm_status cm_audit_attach(cm_context *ctx, cm_table *table, const cm_table *before, const cm_audit_line *lines,
                          uint64_t count);
/* The audit itself, for a reader: columns step, reason, rows, money. */
cm_status cm_audit_table(cm_context *ctx, const cm_table *before, const cm_audit_line *lines, uint64_t count,
                         cm_table **out);

#endif
