/* Errors: a status, a stable reason with its arguments, where in the input, and the sentence from the catalogue. */
#ifndef CM_BASE_STATUS_H
#define CM_BASE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "custmine/base.h"

#define CM_ERROR_ARGUMENTS 8
#define CM_ERROR_TEXT 1536

/* Fixed room in the context, so that an error never needs memory. */
typedef struct cm_error_state {
    cm_status status;
    const char *reason; /* constant */
    uint64_t line, column, byte_offset;
    char file[512];
    char field[128];
    char arguments[CM_ERROR_TEXT]; /* 0x1F between them */
    char message[CM_ERROR_TEXT + 1024];
} cm_error_state;

/* Sets the context's error and returns the status, so that `return cm_fail(...)` reads well. `kinds` has one letter an
 * argument: s const char *, t const char * and uint64_t length, i int64_t, u uint64_t, d double.
 *     return cm_fail(ctx, CM_E_OPTION, "UNKNOWN_OPTION", "ss", name, nearest);
 * The sentence of the reason stands in a sentences.def of the folder that uses it; {1} is its first argument. */
cm_status cm_fail(cm_context *ctx, cm_status status, const char *reason, const char *kinds, ...);

/* Adds where in the input the error of this context lies and renders its sentence again, with "file:line: column n
 * (field): " before it. 0 and NULL for what is not known. Returns the error's status. */
cm_status cm_fail_at(cm_context *ctx, const char *file, uint64_t line, uint64_t column, const char *field,
                     uint64_t byte_offset);

/* CM_E_MEMORY or CM_E_LIMIT. */
cm_status cm_fail_memory(cm_context *ctx, uint64_t bytes, bool limited);

/* CM_E_IO with the system's word for errno. */
cm_status cm_fail_system(cm_context *ctx, const char *what, const char *path, int error);

void cm_error_clear(cm_error_state *error);

/* A sentence from the catalogue (the host's, if it has the code) with its arguments, given as one text with 0x1F
 * between them; cut at `size`. Returns the length. An unknown code gives the code and its arguments. */
uint64_t cm_render(const cm_context *ctx, const char *code, const char *arguments, char *out, uint64_t size);

/* The sentence of a code, the host's if it has one; NULL for an unknown code. `ctx` may be NULL. */
const char *cm_sentence_in_force(const cm_context *ctx, const char *code);

/* The English catalogue. */
typedef struct cm_sentence {
    const char *code;
    const char *sentence;
} cm_sentence;
const cm_sentence *cm_sentences(uint64_t *count);

#endif
