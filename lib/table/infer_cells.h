/* What one cell may be, for the survey and for the decision. */
#ifndef CM_TABLE_INFER_CELLS_H
#define CM_TABLE_INFER_CELLS_H

#include "base/number.h"
#include "table/infer.h"

bool cm_role_is_text(int32_t role);

bool cm_cell_bool(const char *text, uint64_t length, int64_t *out);
/* A number exactly; *exponent tells one that is written with an exponent. */
cm_decimal_status cm_cell_exact(const char *text, uint64_t length, char mark, int64_t *value, int32_t *scale,
                                bool *exponent);
/* A double, written with the column's mark. */
bool cm_cell_double(const char *text, uint64_t length, char mark, double *out);
/* 007 and +49 are no numbers where nobody says so: they would not come back as they were. */
bool cm_cell_is_code(const char *text, uint64_t length);

#endif
