/* Columns made from columns of another type, as jobs want them. */
#ifndef CM_TABLE_CONVERT_H
#define CM_TABLE_CONVERT_H

#include "table/table.h"

/* Most places behind the point that a double may need to become a DECIMAL. */
#define CM_DOUBLE_PLACES 6

/* FLOAT64 to DECIMAL by the shortest decimal form, at the largest scale that a value needs; NaN becomes absent.
 * CM_E_DATA names the row of a value that needs more places. */
cm_status cm_convert_to_decimal(cm_context *ctx, const cm_column *column, cm_column **out);

/* FLOAT64 ids to INT64 (pandas makes doubles of integers where some are absent); CM_E_DATA for one with a fraction. */
cm_status cm_convert_to_int64(cm_context *ctx, const cm_column *column, cm_column **out);

#endif
