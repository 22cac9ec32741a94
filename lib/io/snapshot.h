/* Snapshots (.cm files): named tables of one kind, checked from end to end. Models and states are saved as these. */
#ifndef CM_IO_SNAPSHOT_H
#define CM_IO_SNAPSHOT_H

#include "table/table.h"

typedef struct cm_snapshot {
    char *kind;   /* "orders", "model rfm" */
    uint64_t count;
    char **names;
    cm_table **tables;
    cm_core *core;
} cm_snapshot;

/* Writes the tables (schema, roles, cells; not what is attached) beside `path`, syncs, renames. Equal content gives
 * equal bytes: dictionaries are written in byte order of the texts in use, chunks as one. On failure nothing is left
 * behind and an older file stays. */
cm_status cm_snapshot_save(cm_context *ctx, const char *path, const char *kind, const char *const *names,
                           const cm_table *const *tables, uint64_t count);

/* Reads and checks all of it; nothing in the file is trusted. CM_E_IO, CM_E_FORMAT, CM_E_VERSION. */
cm_status cm_snapshot_load(cm_context *ctx, const char *path, cm_snapshot *out);
cm_table *cm_snapshot_find(const cm_snapshot *snapshot, const char *name); /* borrowed; NULL if there is none */
void cm_snapshot_clear(cm_snapshot *snapshot);

#endif
