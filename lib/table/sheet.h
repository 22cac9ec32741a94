/* A table of whole columns in one chunk each, lists among them, added one by one (blank.h: all at once, by threads). */
#ifndef CM_TABLE_SHEET_H
#define CM_TABLE_SHEET_H

#include "table/table.h"

#define CM_SHEET_COLUMNS 40

typedef struct cm_sheet {
    cm_column *columns[CM_SHEET_COLUMNS];
    uint64_t count, rows;
} cm_sheet;

/* Columns of zeros that the caller fills; the memory is the column's. LIST: `offsets` has room for rows + 1, `codes`
 * for all items, and all of them have to be written but the first offset; the texts are those that the dictionary has
 * at cm_sheet_close. */
cm_status cm_sheet_doubles(cm_context *ctx, cm_sheet *sheet, const char *name, double **values);
cm_status cm_sheet_ints(cm_context *ctx, cm_sheet *sheet, const char *name, int64_t **values);
cm_status cm_sheet_decimals(cm_context *ctx, cm_sheet *sheet, const char *name, int32_t scale, int64_t **values);
cm_status cm_sheet_texts(cm_context *ctx, cm_sheet *sheet, const char *name, cm_dictionary *dictionary,
                         int32_t **codes);
cm_status cm_sheet_lists(cm_context *ctx, cm_sheet *sheet, const char *name, cm_dictionary *dictionary, uint64_t items,
                         int64_t **offsets, int32_t **codes);
/* A column of another table in one chunk of as many rows; retained. */
cm_status cm_sheet_share(cm_context *ctx, cm_sheet *sheet, cm_column *column);
/* Makes a cell of the column added last absent. */
cm_status cm_sheet_absent(cm_context *ctx, cm_sheet *sheet, uint64_t row);

/* The table, unless `status` is a failure already; the columns are gone in either case. */
cm_status cm_sheet_close(cm_context *ctx, cm_sheet *sheet, cm_status status, cm_table **out);

#endif
