#include "io/bytes.h"

#include <string.h>

cm_status cm_bytes_add(cm_context *ctx, cm_bytes *bytes, const char *text, uint64_t length) {
    uint64_t needed;
    if (cm_add_overflows(bytes->length, length, &needed)) return cm_fail_memory(ctx, length, false);
    cm_status status = cm_reserve(ctx, &bytes->data, &bytes->capacity, needed, 1);
    if (status) return status;
    if (length) memcpy(bytes->data + bytes->length, text, (size_t)length);
    bytes->length = needed;
    return CM_OK;
}

void cm_bytes_free(cm_core *core, cm_bytes *bytes) {
    cm_free(core, bytes->data, bytes->capacity, 1);
    *bytes = (cm_bytes){0};
}

static bool is_formula(const char *text, uint64_t length) {
    return length && (memchr("=+-@\t\r", text[0], 6) != NULL);
}

/* A byte order mark at the start of a file would be taken off again. */
static bool needs_quotes(const char *text, uint64_t length) {
    if (!length || text[0] == ' ' || text[0] == '\t' || (unsigned char)text[0] == 0xEF) return true;
    if (text[length - 1] == ' ' || text[length - 1] == '\t') return true;
    for (uint64_t i = 0; i < length; i++)
        if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r') return true;
    return false;
}

cm_status cm_bytes_add_cell(cm_context *ctx, cm_bytes *bytes, const char *text, uint64_t length, bool guard) {
    bool quoted = needs_quotes(text, length);
    cm_status status = quoted ? cm_bytes_add(ctx, bytes, "\"", 1) : CM_OK;
    if (!status && guard && is_formula(text, length)) status = cm_bytes_add(ctx, bytes, "'", 1);
    for (const char *end = length ? text + length : text; text < end && !status;) {
        const char *quote = memchr(text, '"', (size_t)(end - text));
        uint64_t part = quote ? (uint64_t)(quote - text) + 1 : (uint64_t)(end - text);
        status = cm_bytes_add(ctx, bytes, text, part);
        if (!status && quote) status = cm_bytes_add(ctx, bytes, "\"", 1);
        text += part;
    }
    return status || !quoted ? status : cm_bytes_add(ctx, bytes, "\"", 1);
}
