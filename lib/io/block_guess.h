/* A guess at a column's texts by those of the column before: the description of a product goes with its number, a
 * country with the customer. For each text before, the one last met with it is remembered; a wrong guess costs a
 * comparison. Guesses go on where most were right in the last block; otherwise a part of a block is tried. */
#ifndef CM_IO_BLOCK_GUESS_H
#define CM_IO_BLOCK_GUESS_H

#include "base/context.h"

typedef struct cm_guess {
    int32_t *met;          /* by the low bits of the code before: the code last met with it; -1: none */
    const int32_t *before; /* codes of the column before, by rows of the block at hand; NULL: there is none */
    bool right;            /* most were, the last time */
} cm_guess;

/* Room for it, if there is a column before. */
cm_status cm_guess_start(cm_context *ctx, cm_guess *guess);
void cm_guess_free(cm_core *core, cm_guess *guess);

/* Of so many rows from `row` on those are guessed that have a text: writes the codes of the first, one after the other,
 * and returns how many these are. */
uint64_t cm_guess_codes(const cm_guess *guess, uint64_t row, const uint8_t *has_text, uint64_t count, int32_t *codes);
/* What they were in fact, row by row. */
void cm_guess_learn(cm_guess *guess, uint64_t row, const uint8_t *has_text, uint64_t count, const int32_t *codes);

#endif
