/* Files written whole or not at all: beside their name, synced, renamed. */
#ifndef CM_IO_REPLACE_H
#define CM_IO_REPLACE_H

#include "base/context.h"

typedef struct cm_replacement cm_replacement;

/* What is no regular file (a pipe, a device) is written directly. An existing file keeps its permissions; of a symbolic
 * link the file it points to is replaced. */
cm_status cm_replacement_open(cm_context *ctx, const char *path, cm_replacement **out);
cm_status cm_replacement_write(cm_context *ctx, cm_replacement *file, const void *bytes, uint64_t length);
/* Over what stands at the beginning; what follows is written behind the end again. */
cm_status cm_replacement_rewrite(cm_context *ctx, cm_replacement *file, const void *bytes, uint64_t length);

/* Puts it in place of the old file, or, after a failure or when `status` is one, leaves no trace. Frees it in any case;
 * NULL is fine. Returns `status` or what went wrong. */
cm_status cm_replacement_close(cm_context *ctx, cm_replacement *file, cm_status status);

#endif
