/* Writing tables inside: text gathers and goes out in large portions. */
#ifndef CM_IO_WRITE_H
#define CM_IO_WRITE_H

#include "io/bytes.h"
#include "table/options.h"
#include "table/table.h"

extern const cm_topic cm_write_topic;

typedef struct cm_output {
    cm_status (*put)(cm_context *ctx, void *to, const char *bytes, uint64_t length);
    void *to;
    cm_bytes text;    /* not yet put */
    cm_bytes scratch; /* of one cell */
    bool header, raw;
    bool lines; /* JSON lines */
} cm_output;

/* Lets gathered text go; `all` false: only if there is much. Reports progress. */
cm_status cm_output_flush(cm_context *ctx, cm_output *output, bool all, uint64_t done, uint64_t total);

cm_status cm_write_as_csv(cm_context *ctx, cm_output *output, const cm_table *table);
cm_status cm_write_as_json(cm_context *ctx, cm_output *output, const cm_table *table);

#endif
