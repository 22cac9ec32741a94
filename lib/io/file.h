/* Files by descriptor: what the system interrupts or cuts short is taken up again, and an error names the path. */
#ifndef CM_IO_FILE_H
#define CM_IO_FILE_H

#include "base/context.h"

/* Opens for reading. A directory is CM_E_IO. *size is 0 and *seekable false for pipes and devices. */
cm_status cm_file_open(cm_context *ctx, const char *path, int *descriptor, uint64_t *size, bool *seekable);

/* Fills `out` as far as there are bytes: less than `wanted` only at the end of the file. */
cm_status cm_file_read(cm_context *ctx, const char *path, int descriptor, void *out, uint64_t wanted, uint64_t *got);

/* Writes all of it. */
cm_status cm_file_write(cm_context *ctx, const char *path, int descriptor, const void *bytes, uint64_t length);

/* Memory for C libraries that give back blocks without saying their size: it stands before the block. A block that
 * grows gets room to spare; bytes 0 frees. NULL without memory, *limited as cm_core_resize. */
void *cm_hosted_resize(cm_core *core, void *block, uint64_t bytes, bool *limited);

#endif
