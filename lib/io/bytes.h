/* Text that grows, and cells as CSV writes them. */
#ifndef CM_IO_BYTES_H
#define CM_IO_BYTES_H

#include "base/context.h"

typedef struct cm_bytes {
    char *data;
    uint64_t length, capacity;
} cm_bytes;

cm_status cm_bytes_add(cm_context *ctx, cm_bytes *bytes, const char *text, uint64_t length);
void cm_bytes_free(cm_core *core, cm_bytes *bytes);

/* A text as a CSV cell, in quotes where it must be so that it reads back the same: empty, with a delimiter, quote, line
 * end, or with blanks at its ends. `guard` puts ' before one that a spreadsheet would run as a formula. */
cm_status cm_bytes_add_cell(cm_context *ctx, cm_bytes *bytes, const char *text, uint64_t length, bool guard);

#endif
