/* Rows of a table in any order: what filter, sort and join come down to. */
#ifndef CM_TABLE_GATHER_H
#define CM_TABLE_GATHER_H

#include "table/table.h"

#define CM_NO_ROW UINT64_MAX

/* A table of the given rows of `table`, in that order; CM_NO_ROW gives a row of absent cells. Dictionaries are shared;
 * nothing is attached. */
cm_status cm_table_take(cm_context *ctx, const cm_table *table, const uint64_t *rows, uint64_t count, cm_table **out);

/* The same as single columns (table->column_count of them into `out`, to be released), cut into chunks as first_rows
 * says: chunk_count + 1 numbers, the last the number of rows. On failure `out` is all NULL. */
cm_status cm_gather(cm_context *ctx, const cm_table *table, const uint64_t *rows, const uint64_t *first_rows,
                    uint64_t chunk_count, cm_column **out);

/* filter.c: the numbers of the rows whose cell compares as said, as for cm_table_filter, added to a growing array
 * (freed with cm_free(core, *rows, *capacity, sizeof **rows), also on failure). */
cm_status cm_matching_rows(cm_context *ctx, const cm_table *table, const char *name, const char *how, const char *value,
                           uint64_t **rows, uint64_t *capacity, uint64_t *count);

/* Attaches to `part`, some rows of `whole`, the audit of `whole` (nothing if there is none) and one step more: rows
 * left out, for this reason. */
cm_status cm_audit_part(cm_context *ctx, cm_table *part, const cm_table *whole, const char *step, const char *reason);

#endif
