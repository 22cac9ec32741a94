/* One column of a block as values: tight loops over the usual forms, everything else by the functions that the road of
 * single records uses. */
#ifndef CM_IO_BLOCK_VALUES_H
#define CM_IO_BLOCK_VALUES_H

#include "base/words.h"
#include "io/block.h"
#include "io/block_guess.h"
#include "io/reader.h"

typedef struct cm_block_values {
    cm_core *core;
    cm_value *values; /* 0 where absent; not of a STRING column */
    int32_t *codes;   /* of a STRING column */
    uint8_t *present; /* a byte a row */
    uint64_t values_capacity, codes_capacity, present_capacity;
    uint64_t absent;
    int32_t scale; /* of the values */
    bool bad;      /* some cell does not fit the decision */

    /* what the survey is told */
    bool plain;                /* all cells with text have the form that the decision's type usually has */
    uint64_t cells;            /* with text */
    bool timed;                /* of moments: any with a time of day */
    cm_plain_numbers numbers;  /* its evidence is not set */
    uint64_t largest_row;      /* of the first number with the largest scale */
} cm_block_values;

void cm_block_values_free(cm_block_values *values);

/* Rows in [from, to) that are present. */
static inline uint64_t cm_count_present(const uint8_t *present, uint64_t from, uint64_t to) {
    uint64_t count = 0, row = from;
    for (; row + 8 <= to; row += 8) count += cm_load_word((const char *)present + row) * CM_EACH_BYTE(1) >> 56;
    for (; row < to; row++) count += present[row];
    return count;
}

/* Reads the cells as decided. `widen`: numbers with more places than the decision's scale raise the scale. Any thread
 * may do this for any block at any time. */
cm_status cm_block_convert(cm_context *ctx, cm_block *block, const cm_reader *reader, const cm_read_column *column,
                           const cm_decision *decision, bool widen, cm_block_values *out);

/* The codes of a STRING column's texts in rows [from, to): one block after the other. *failed: the row of an error. */
cm_status cm_block_encode(cm_context *ctx, cm_block *block, const cm_reader *reader, cm_read_column *column,
                          cm_guess *guess, uint64_t from, uint64_t to, cm_block_values *out, uint64_t *failed);

/* Tells the survey of the block's cells: one block after the other. */
cm_status cm_block_survey(cm_context *ctx, cm_block *block, const cm_reader *reader, cm_read_column *column,
                          cm_block_values *values);

/* Only counts the cells with text, for a survey that needs no more of a STRING column. */
cm_status cm_block_count(cm_context *ctx, cm_block *block, const cm_reader *reader, const cm_read_column *column,
                         cm_block_values *out);

#endif
