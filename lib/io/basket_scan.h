/* The quick road through files of baskets. */
#ifndef CM_IO_BASKET_SCAN_H
#define CM_IO_BASKET_SCAN_H

#include "io/basket_rows.h"
#include "io/csv.h"

/* Reads baskets from the source, which stands at its start, as long as libcsv would find the same in each line and no
 * limit is reached; a row more than `most` is not read (UINT64_MAX: any number). *read and *kept go on from where they
 * are. *finished: to the end; otherwise the rest is for libcsv, which has to leave out as many records as were read. */
cm_status cm_basket_scan(cm_context *ctx, cm_source *source, const cm_dialect *dialect, uint64_t most,
                         cm_basket_rows *rows, uint64_t *read, uint64_t *kept, bool *finished);

#endif
