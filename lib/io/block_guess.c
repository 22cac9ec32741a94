#include "io/block_guess.h"

#include <string.h>

#define GUESSES UINT32_C(16384) /* a power of two; codes beyond share places with those before */
#define TRIAL 8                 /* of so many rows one, while guesses are wrong */

cm_status cm_guess_start(cm_context *ctx, cm_guess *guess) {
    if (!guess->before || guess->met) return CM_OK;
    guess->met = cm_alloc_raw(ctx, GUESSES, sizeof *guess->met);
    if (!guess->met) return ctx->error.status;
    memset(guess->met, 0xFF, GUESSES * sizeof *guess->met);
    return CM_OK;
}

void cm_guess_free(cm_core *core, cm_guess *guess) {
    cm_free(core, guess->met, GUESSES, sizeof *guess->met);
}

static uint64_t rows_to_guess(const cm_guess *guess, uint64_t count) {
    return !guess->before ? 0 : guess->right ? count : count / TRIAL;
}

uint64_t cm_guess_codes(const cm_guess *guess, uint64_t row, const uint8_t *has_text, uint64_t count, int32_t *codes) {
    uint64_t rows = rows_to_guess(guess, count), guessed = 0;
    for (uint64_t i = 0; i < rows; i++) {
        codes[guessed] = guess->met[(uint32_t)guess->before[row + i] % GUESSES];
        guessed += has_text[i] != 0;
    }
    return guessed;
}

void cm_guess_learn(cm_guess *guess, uint64_t row, const uint8_t *has_text, uint64_t count, const int32_t *codes) {
    uint64_t rows = rows_to_guess(guess, count), right = 0;
    for (uint64_t i = 0; i < rows; i++) {
        int32_t *met = &guess->met[(uint32_t)guess->before[row + i] % GUESSES];
        right += *met == codes[i];
        if (has_text[i]) *met = codes[i];
    }
    guess->right = right > rows / 2;
}
