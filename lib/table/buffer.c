#include "table/table.h"

#include <string.h>

/* Arrow asks for 64 bytes of alignment and padding; so wide loads never cross the end. */
#define BUFFER_ALIGNMENT UINT64_C(64)

/* Allocates the memory of a buffer; false with the context's error set. */
static bool allocate(cm_context *ctx, uint64_t bytes, bool zeroed, cm_buffer *buffer) {
    uint64_t padded = 0, block_size = 0;
    if (cm_add_overflows(bytes ? bytes : 1, BUFFER_ALIGNMENT - 1, &padded)
        || cm_add_overflows(padded, BUFFER_ALIGNMENT, &block_size)) {
        cm_fail_memory(ctx, bytes, false);
        return false;
    }
    padded &= ~(BUFFER_ALIGNMENT - 1);
    block_size = padded + BUFFER_ALIGNMENT;
    unsigned char *block = zeroed ? cm_alloc(ctx, block_size, 1) : cm_alloc_raw(ctx, block_size, 1);
    if (!block) return false;
    buffer->block = block;
    buffer->block_size = block_size;
    buffer->data = block + (BUFFER_ALIGNMENT - (uintptr_t)block % BUFFER_ALIGNMENT) % BUFFER_ALIGNMENT;
    buffer->size = padded;
    return true;
}

static cm_buffer *new_buffer(cm_context *ctx) {
    cm_buffer *buffer = cm_alloc(ctx, 1, sizeof *buffer);
    if (!buffer) return NULL;
    atomic_init(&buffer->references, 1);
    buffer->core = cm_core_retain(ctx->core);
    return buffer;
}

static cm_status make(cm_context *ctx, uint64_t bytes, bool zeroed, cm_buffer **out) {
    *out = NULL;
    cm_buffer *buffer = new_buffer(ctx);
    if (!buffer) return ctx->error.status;
    if (!allocate(ctx, bytes, zeroed, buffer)) {
        cm_buffer_release(buffer);
        return ctx->error.status;
    }
    *out = buffer;
    return CM_OK;
}

cm_status cm_buffer_new(cm_context *ctx, uint64_t bytes, cm_buffer **out) { return make(ctx, bytes, true, out); }

cm_status cm_buffer_new_raw(cm_context *ctx, uint64_t bytes, cm_buffer **out) { return make(ctx, bytes, false, out); }

cm_status cm_buffer_grow(cm_context *ctx, cm_buffer *buffer, uint64_t bytes) {
    if (bytes <= buffer->size) return CM_OK;
    cm_buffer grown = {0};
    if (!allocate(ctx, bytes, true, &grown)) return ctx->error.status;
    memcpy(grown.data, buffer->data, (size_t)buffer->size);
    cm_free(buffer->core, buffer->block, buffer->block_size, 1);
    buffer->block = grown.block;
    buffer->block_size = grown.block_size;
    buffer->data = grown.data;
    buffer->size = grown.size;
    return CM_OK;
}

cm_status cm_buffer_foreign(cm_context *ctx, const void *data, uint64_t bytes, void (*release)(void *), void *owner,
                            cm_buffer **out) {
    *out = NULL;
    cm_buffer *buffer = new_buffer(ctx);
    if (!buffer) return ctx->error.status;
    memcpy(&buffer->data, &data, sizeof data); /* never written through: chunks point to const */
    buffer->size = bytes;
    buffer->release = release;
    buffer->owner = owner;
    *out = buffer;
    return CM_OK;
}

cm_buffer *cm_buffer_retain(cm_buffer *buffer) {
    if (buffer) atomic_fetch_add_explicit(&buffer->references, 1, memory_order_relaxed);
    return buffer;
}

void cm_buffer_release(cm_buffer *buffer) {
    if (!buffer || atomic_fetch_sub_explicit(&buffer->references, 1, memory_order_acq_rel) != 1) return;
    cm_core *core = buffer->core;
    if (buffer->release) buffer->release(buffer->owner);
    cm_free(core, buffer->block, buffer->block_size, 1);
    cm_free(core, buffer, 1, sizeof *buffer);
    cm_core_release(core);
}
