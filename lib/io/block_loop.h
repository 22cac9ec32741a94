/* A loop over one column of a block, as the functions of its kinds of cells see it. */
#ifndef CM_IO_BLOCK_LOOP_H
#define CM_IO_BLOCK_LOOP_H

#include "io/block_values.h"

typedef struct cm_block_loop {
    cm_block *block;
    const cm_reader *reader;
    const cm_decision *decision;
    cm_block_values *out;
    bool exceptions; /* there are texts that mean absent */
    bool widen;
} cm_block_loop;

/* Room for a column's values, and its cells found. */
cm_status cm_block_values_start(cm_context *ctx, cm_block *block, const cm_read_column *column, cm_block_values *out);

static inline void cm_block_put_absent(cm_block_values *out, uint64_t row) {
    out->values[row].integer = 0;
    out->present[row] = 0;
    out->absent++;
}

/* The cell with what libcsv takes off; false if it is absent. */
bool cm_block_whole_cell(const cm_block_loop *loop, uint64_t row, cm_csv_field *field);
/* Whatever has no road of its own. */
void cm_block_read_any(const cm_block_loop *loop, uint64_t row, const cm_csv_field *field);

/* block_numbers.c */
void cm_block_read_numbers(const cm_context *ctx, const cm_block_loop *loop);

#endif
