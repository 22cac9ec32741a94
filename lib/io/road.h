/* The fast road through CSV files: blocks of records, read and converted by several threads, with the same result as
 * record by record.
 *
 * Each thread takes the next block, finds its rows and reads its numbers and dates, on its own; one at a time reads
 * the files, for those too that wait meanwhile. What depends on what came before goes in order of the blocks: first
 * the place (where the block's first line is, what a record that the cut went through needs), then column after
 * column (codes of texts, the survey, the column's rows). A column is free for the next block as soon as it is done,
 * so that threads follow one another through the columns without waiting. */
#ifndef CM_IO_ROAD_H
#define CM_IO_ROAD_H

#include <pthread.h>

#include "io/block_values.h"

/* A block on its way. */
typedef struct cm_road_block {
    cm_block block;
    cm_block_values *values; /* of the kept columns */
    uint64_t value_count;
    uint64_t number;       /* from 0, over all files */
    bool starts_file;      /* its first line is `line` of the block; else it follows the block before */
    bool parsed, surveyed; /* that was done */
    bool placed;           /* and what follows it knows where it begins */
    uint64_t from, to;     /* rows that are to be converted now */
    bool by_rows;          /* goes record by record */
    uint64_t bytes_done;   /* of these records */
    struct cm_road_block *next;
} cm_road_block;

/* Rows from `row` on were written with this scale. */
typedef struct cm_scale_step {
    uint64_t row;
    int32_t scale;
} cm_scale_step;

typedef struct cm_road_column {
    atomic_uint_fast64_t turn; /* number of the block that may go on */
    cm_scale_step *steps;
    uint64_t step_count, step_capacity;
    cm_guess guess; /* of a STRING column */
} cm_road_column;

typedef enum cm_road_work { CM_ROAD_SURVEY = 1, CM_ROAD_CONVERT = 2, CM_ROAD_BOTH = 3 } cm_road_work;

typedef struct cm_road {
    cm_core *core;
    cm_reader *reader;
    cm_road_work work;
    uint64_t block_bytes;
    uint64_t expected; /* rows in all, as far as can be told; 0: unknown */

    /* blocks, under the lock */
    pthread_mutex_t lock;
    pthread_cond_t arrived; /* something is pending, or nobody reads */
    cm_road_block *pending; /* read for another thread, or not finished by an earlier call; by number */
    cm_road_block *spare;
    uint64_t workers, hungry; /* threads; those that want a block */
    bool reading;    /* one of them has the way into the files: what follows is its own */

    /* the way into the files */
    uint64_t next; /* number of the next block */
    bool open, source_ended;
    bool starts_file;
    cm_bytes rest; /* behind the last line end of the block before */
    uint64_t offset, line;
    char delimiter;

    /* what goes in order */
    atomic_uint_fast64_t place; /* number of the block whose turn it is */
    cm_bytes carry;             /* a record that has begun and goes on in the next block */
    uint64_t next_line;
    uint64_t max_rows;          /* to be converted in this call */
    cm_road_column *columns;
    uint64_t column_count;

    /* who waits for a turn */
    pthread_mutex_t waiting;
    pthread_cond_t turned;
    atomic_uint_fast64_t sleepers;
    atomic_uint_fast64_t limit; /* blocks from this number on do not go on */
    uint64_t failed;            /* number of the block that the error is of; under `waiting` */
    cm_error_state error;

    atomic_bool contradicted; /* what was converted on a guess will not do */
    bool converted;           /* the guess was right: all rows lie in the fields */
    uint64_t converted_rows;
} cm_road;

/* Whether the reader may go this way. */
bool cm_road_suits(const cm_reader *reader);
cm_status cm_road_new(cm_context *ctx, cm_reader *reader, cm_road **out);
void cm_road_free(cm_road *road);
cm_road_block *cm_road_block_new(cm_context *ctx, const cm_road *road);
void cm_road_restart(cm_road *road);

/* The first pass. With `convert`, rows are converted along the way by types guessed from the first block; if these turn
 * out to be the right ones, the second pass has nothing left to do. */
cm_status cm_road_survey(cm_context *ctx, cm_road *road, bool convert);
/* The second: up to so many rows. */
cm_status cm_road_convert(cm_context *ctx, cm_road *road, uint64_t max_rows);

/* road_source.c: the next block; NULL at the end of the last file, or where nothing is left to do. An error is the
 * road's already. Given back, a block that is not finished comes again in the next call. */
cm_status cm_road_take(cm_context *ctx, cm_road *road, cm_road_block **out);
void cm_road_give_back(cm_road *road, cm_road_block *at, bool finished);

/* road_order.c: waits until it is this block's turn; false if it shall not go on. */
bool cm_road_wait(cm_road *road, atomic_uint_fast64_t *turn, uint64_t number);
bool cm_road_wait_all(cm_road *road, uint64_t number); /* for all columns */
void cm_road_pass(cm_road *road, atomic_uint_fast64_t *turn, uint64_t number); /* on to the next block */
void cm_road_limit(cm_road *road, uint64_t number);
void cm_road_fail(cm_road *road, const cm_context *ctx, uint64_t number);

/* road_rows.c: a block record by record, for what the road cannot do. */
cm_status cm_road_by_rows(cm_context *ctx, cm_road *road, cm_road_block *at, cm_csv *csv);

/* road_commit.c: the block's part of a column, in its turn; *failed is set to the row of an error at a cell. */
cm_status cm_road_commit(cm_context *ctx, cm_road *road, cm_road_block *at, uint64_t column, uint64_t *failed);
/* Brings the numbers of a column to a larger scale. False if one is then too large. */
bool cm_road_rescale(cm_road *road, uint64_t column, int32_t scale);

#endif
