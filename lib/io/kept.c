#include "io/kept.h"

#include <string.h>

#define LEAST_BLOCK 4096 /* so that bytes pushed one by one share a block */

cm_status cm_kept_room(cm_context *ctx, cm_kept *kept, uint64_t wanted, char **out) {
    cm_status status = cm_reserve(ctx, &kept->blocks, &kept->capacity, kept->count + 1, sizeof *kept->blocks);
    if (status) return status;
    cm_kept_block *fresh = &kept->blocks[kept->count];
    *fresh = (cm_kept_block){.capacity = wanted > LEAST_BLOCK ? wanted : LEAST_BLOCK};
    fresh->bytes = cm_alloc(ctx, fresh->capacity, 1);
    if (!fresh->bytes) return ctx->error.status;
    kept->count++;
    *out = fresh->bytes;
    return CM_OK;
}

void cm_kept_filled(cm_core *core, cm_kept *kept, uint64_t length) {
    cm_kept_block *last = &kept->blocks[kept->count - 1];
    last->length = length;
    kept->bytes += length;
    if (length) return;
    cm_free(core, last->bytes, last->capacity, 1);
    kept->count--;
}

cm_status cm_kept_add(cm_context *ctx, cm_kept *kept, const void *bytes, uint64_t length) {
    cm_kept_block *last = kept->next < kept->count ? &kept->blocks[kept->count - 1] : NULL;
    char *room;
    if (!last || last->capacity - last->length < length) {
        cm_status status = cm_kept_room(ctx, kept, length, &room);
        if (status) return status;
        last = &kept->blocks[kept->count - 1];
    }
    memcpy(last->bytes + last->length, bytes, (size_t)length);
    last->length += length;
    kept->bytes += length;
    return CM_OK;
}

/* Lets go of what was taken. */
static void forget(cm_core *core, cm_kept *kept) {
    for (uint64_t i = 0; i < kept->next; i++) cm_free(core, kept->blocks[i].bytes, kept->blocks[i].capacity, 1);
    kept->count -= kept->next;
    memmove(kept->blocks, kept->blocks + kept->next, (size_t)kept->count * sizeof *kept->blocks);
    kept->next = 0;
}

void cm_kept_take(cm_core *core, cm_kept *kept, const char **bytes, uint64_t *length) {
    *bytes = "";
    *length = 0;
    /* blocks that are taken go in groups, so that a long queue is moved seldom */
    if (kept->forgets && (kept->next == kept->count || kept->next >= 64) && kept->next) forget(core, kept);
    if (kept->next == kept->count) return;
    *bytes = kept->blocks[kept->next].bytes;
    *length = kept->blocks[kept->next++].length;
}

void cm_kept_clear(cm_core *core, cm_kept *kept) {
    for (uint64_t i = 0; i < kept->count; i++) cm_free(core, kept->blocks[i].bytes, kept->blocks[i].capacity, 1);
    cm_free(core, kept->blocks, kept->capacity, sizeof *kept->blocks);
    *kept = (cm_kept){0};
}
