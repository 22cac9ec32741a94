/* Reading CSV by blocks and columns.
 *
 * Idea: cut the file at guessed line ends into blocks that stay in the second-level cache with all that is made of
 * them; index the separators of a block, then convert it column by column in tight loops; let each block check its
 * guess against the end of the block before it (Mühlbauer, Rödiger, Seilbeck, Reiser, Kemper, Neumann, "Instant
 * loading for main memory databases", 2013, doi:10.14778/2556549.2556555; Ge et al. 2019, see block_index.c).
 * Cost: linear; each byte is read once, in one pass where the types guessed from the first block hold for all rows. A
 * thread has a block of its own and its values, some megabytes.
 * Different here: the dictionaries are one for all threads and filled in order of the blocks, so that codes are those
 * of a single pass; types are decided over all rows, so that a guess is only ever a way to save the second pass. */
#include "io/road.h"

#include <string.h>

#include "base/threads.h"

#define BLOCK_BYTES (UINT64_C(128) << 10)
#define FEW_BYTES (UINT64_C(1) << 20) /* not worth a second thread */

/* ---- blocks ---- */

cm_road_block *cm_road_block_new(cm_context *ctx, const cm_road *road) {
    cm_road_block *fresh = cm_alloc(ctx, 1, sizeof *fresh);
    if (!fresh) return NULL;
    cm_block_init(road->core, &fresh->block);
    return fresh;
}

static void free_block(cm_road *road, cm_road_block *block) {
    for (uint64_t i = 0; i < block->value_count; i++) cm_block_values_free(&block->values[i]);
    cm_free(road->core, block->values, block->value_count, sizeof *block->values);
    cm_block_free(&block->block);
    cm_free(road->core, block, 1, sizeof *block);
}

static void free_blocks(cm_road *road, cm_road_block **list) {
    while (*list) {
        cm_road_block *first = *list;
        *list = first->next;
        free_block(road, first);
    }
}

/* Rows, and the values of the columns that need no order. */
static cm_status parse(cm_context *ctx, cm_road *road, cm_road_block *at, cm_csv *csv) {
    cm_reader *reader = road->reader;
    cm_block *block = &at->block;
    cm_status status = CM_OK;
    if (!at->values) {
        at->values = cm_alloc(ctx, reader->kept_count, sizeof *at->values);
        if (!at->values) return ctx->error.status;
        at->value_count = reader->kept_count;
    }
    status = cm_block_parse(ctx, block, csv, &reader->how.dialect, reader->column_count);
    at->parsed = true;
    at->from = 0;
    at->to = block->rows;
    return status;
}

static cm_status convert(cm_context *ctx, cm_road *road, cm_road_block *at) {
    cm_reader *reader = road->reader;
    cm_status status = CM_OK;
    bool widen = (road->work & CM_ROAD_SURVEY) != 0;
    for (uint64_t i = 0; i < reader->kept_count && !status && !at->block.uneven; i++) {
        const cm_read_column *column = reader->kept[i];
        if (column->decision.type != CM_STRING)
            status = cm_block_convert(ctx, &at->block, reader, column, &column->decision, widen, &at->values[i]);
    }
    return status;
}

static bool any_bad(const cm_road *road, const cm_road_block *at) {
    for (uint64_t i = 0; i < road->reader->kept_count; i++)
        if (road->reader->kept[i]->decision.type != CM_STRING && at->values[i].bad) return true;
    return false;
}

/* ---- the place of a block ---- */

/* A record that the cut went through: this block begins with what there is of it. */
static cm_status join_carry(cm_context *ctx, cm_road *road, cm_road_block *at, cm_csv *csv) {
    cm_block *block = &at->block;
    uint64_t length = road->carry.length;
    cm_status status = cm_block_reserve(ctx, block, block->length + length);
    if (status) return status;
    memmove(block->bytes + length, block->bytes, (size_t)block->length);
    memcpy(block->bytes, road->carry.data, (size_t)length);
    block->length += length;
    block->offset -= length;
    road->carry.length = 0;
    status = parse(ctx, road, at, csv);
    return status ? status : convert(ctx, road, at);
}

/* What the next block needs to know. */
static cm_status set_next_place(cm_context *ctx, cm_road *road, const cm_block *block) {
    road->next_line = block->line + block->lines;
    road->carry.length = 0;
    return cm_bytes_add(ctx, &road->carry, block->bytes + block->consumed, block->length - block->consumed);
}

/* The rows that this call may take; the others wait for the next. */
static void count_rows(cm_road *road, cm_road_block *at) {
    cm_tally *batch = &road->reader->batch;
    uint64_t rows = at->block.rows - at->from, left = road->max_rows - batch->kept;
    if (rows > left) rows = left;
    at->to = at->from + rows;
    batch->read += rows;
    batch->kept += rows;
}

static cm_status place(cm_context *ctx, cm_road *road, cm_road_block *at, cm_csv *csv) {
    cm_reader *reader = road->reader;
    cm_block *block = &at->block;
    bool surveys = (road->work & CM_ROAD_SURVEY) != 0, was_placed = at->placed;
    cm_status status = CM_OK;
    if (!was_placed && !at->by_rows) {
        if (road->carry.length) status = join_carry(ctx, road, at, csv);
        if (!at->starts_file) block->line = road->next_line;
    }
    if (status) return status;
    bool bad = !block->uneven && any_bad(road, at);
    bool beyond = surveys && block->rows > reader->how.max_rows - reader->passed;
    if (surveys && (bad || block->uneven)) atomic_store(&road->contradicted, true);
    if (block->uneven || (surveys ? beyond : bad)) {
        status = cm_road_by_rows(ctx, road, at, csv);
    } else {
        if (surveys) reader->passed += block->rows;
        else count_rows(road, at);
        at->placed = true;
    }
    return !status && at->placed && !was_placed ? set_next_place(ctx, road, block) : status;
}

/* ---- the columns of a block ---- */

/* An error at a cell: the first row counts, of a row the first column. */
typedef struct cell_error {
    uint64_t row, column;
    cm_error_state error;
} cell_error;

static cm_status fail_cell(cm_context *ctx, const cm_road *road, const cm_block *block, const cell_error *at) {
    const cm_read_column *column = road->reader->kept[at->column];
    uint64_t origin = cm_block_origin(block, at->row);
    ctx->error = at->error;
    return cm_fail_at(ctx, cm_reader_file(road->reader), block->line + cm_block_count_lines(block, 0, origin),
                      column->number, column->name, block->offset + origin);
}

/* *whole: the next block may follow. Columns that fail are not passed on. */
static cm_status commit(cm_context *ctx, cm_road *road, cm_road_block *at, bool whole) {
    cell_error first = {.row = UINT64_MAX};
    for (uint64_t i = 0; i < road->column_count; i++) {
        cm_road_column *column = &road->columns[i];
        uint64_t row = UINT64_MAX;
        if (!cm_road_wait(road, &column->turn, at->number)) return CM_OK;
        cm_status status = at->by_rows ? CM_OK : cm_road_commit(ctx, road, at, i, &row);
        if (status && status != CM_E_LIMIT && status != CM_E_DATA) return status;
        if (status && row == UINT64_MAX) return status;
        if (status && row < first.row) first = (cell_error){row, i, ctx->error};
        if (!status && whole) cm_road_pass(road, &column->turn, at->number);
    }
    return first.row == UINT64_MAX ? CM_OK : fail_cell(ctx, road, &at->block, &first);
}

static cm_status process(cm_context *ctx, cm_road *road, cm_road_block *at, cm_csv *csv, bool *finished) {
    cm_status status = CM_OK;
    *finished = false;
    if (!at->parsed) {
        status = parse(ctx, road, at, csv);
        if (!status) status = convert(ctx, road, at);
    }
    if (status || !cm_road_wait(road, &road->place, at->number)) return status;
    status = place(ctx, road, at, csv);
    if (status) return status;
    bool whole = at->placed && (at->by_rows || at->to == at->block.rows);
    if (road->work == CM_ROAD_CONVERT && road->reader->batch.kept >= road->max_rows)
        cm_road_limit(road, at->number + 1);
    if (whole) cm_road_pass(road, &road->place, at->number);
    status = commit(ctx, road, at, whole);
    at->from = at->to;
    *finished = whole && !status && atomic_load(&road->limit) > at->number;
    return status;
}

/* ---- threads ---- */

static void count_worker(cm_road *road, bool begins) {
    pthread_mutex_lock(&road->lock);
    if (begins) road->workers++;
    else road->workers--;
    pthread_mutex_unlock(&road->lock);
}

static cm_status work(cm_context *ctx, void *state, uint64_t task) {
    cm_road *road = state;
    cm_csv *csv = NULL;
    bool finished = true;
    (void)task;
    cm_status status = cm_csv_open_bytes(ctx, "", &road->reader->how.dialect, &csv);
    if (status) return status;
    count_worker(road, true);
    while (finished) {
        cm_road_block *at;
        if (cm_road_take(ctx, road, &at) || !at) break;
        status = process(ctx, road, at, csv, &finished);
        if (status) cm_road_fail(road, ctx, at->number);
        cm_road_give_back(road, at, finished);
    }
    count_worker(road, false);
    cm_csv_close(csv);
    return CM_OK;
}

static uint64_t known_size(const cm_reader *reader) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < reader->source_count; i++) {
        uint64_t size = cm_source_size(reader->sources[i]);
        if (!size) return UINT64_MAX; /* a pipe */
        sum += size < UINT64_MAX - sum ? size : 0;
    }
    return sum;
}

static cm_status run(cm_context *ctx, cm_road *road) {
    atomic_store(&road->limit, UINT64_MAX);
    road->failed = UINT64_MAX;
    bool few = known_size(road->reader) < FEW_BYTES && road->block_bytes == BLOCK_BYTES;
    bool alone = ctx->settings.threads == 1 || few;
    cm_status status = alone ? work(ctx, road, 0) : cm_parallel(ctx, ctx->settings.threads, work, road);
    if (road->failed == UINT64_MAX) return status;
    ctx->error = road->error;
    return ctx->error.status;
}

/* ---- the first pass ---- */

/* The first block alone, on the calling thread: from its cells the types are guessed. */
static cm_status survey_first(cm_context *ctx, cm_road *road, cm_road_block *at, cm_csv *csv) {
    cm_reader *reader = road->reader;
    cm_status status = parse(ctx, road, at, csv);
    for (uint64_t i = 0; i < reader->kept_count && !status && !at->block.uneven; i++)
        status = cm_block_survey(ctx, &at->block, reader, reader->kept[i], &at->values[i]);
    if (!status && at->block.uneven) {
        bool finished;
        at->surveyed = true;
        status = process(ctx, road, at, csv, &finished);
        if (status) return status;
    }
    return status;
}

static cm_status make_columns(cm_context *ctx, cm_road *road) {
    uint64_t count = road->reader->kept_count;
    if (road->columns) return CM_OK;
    road->columns = cm_alloc(ctx, count, sizeof *road->columns);
    if (!road->columns) return ctx->error.status;
    for (uint64_t i = 0; i < count; i++) atomic_init(&road->columns[i].turn, 0);
    road->column_count = count;
    return CM_OK;
}

static void foretell_rows(cm_road *road, const cm_block *first) {
    uint64_t size = known_size(road->reader);
    road->expected = 0;
    if (size == UINT64_MAX || !first->rows || !first->consumed) return;
    road->expected = (uint64_t)((double)size / (double)first->consumed * (double)first->rows);
}

static cm_status guess(cm_context *ctx, cm_road *road) {
    cm_reader *reader = road->reader;
    cm_road_block *at = NULL;
    cm_csv *csv = NULL;
    bool finished = false;
    cm_status status = cm_road_take(ctx, road, &at);
    if (status || !at) return status;
    status = make_columns(ctx, road);
    if (!status) status = cm_csv_open_bytes(ctx, "", &reader->how.dialect, &csv);
    if (!status) status = survey_first(ctx, road, at, csv);
    if (!status) status = cm_reader_decide(ctx, reader);
    if (!status && !at->block.uneven) {
        at->surveyed = true;
        foretell_rows(road, &at->block);
        status = convert(ctx, road, at);
        if (!status) status = process(ctx, road, at, csv, &finished);
    }
    cm_csv_close(csv);
    cm_road_give_back(road, at, true);
    return status;
}

static void forget_rows(cm_road *road) {
    cm_reader *reader = road->reader;
    for (uint64_t i = 0; i < reader->kept_count; i++) {
        cm_read_column *column = reader->kept[i];
        cm_field_clear(road->core, &column->field);
        column->field = (cm_field){0};
        column->absent = column->seen = column->example_count = 0;
        if (i < road->column_count) road->columns[i].step_count = 0;
    }
}

/* Whether what was read by a guess is what the decision says, or can be brought to it. */
static bool agrees(cm_road *road, uint64_t index, const cm_decision *decision) {
    const cm_decision *guessed = &road->reader->kept[index]->decision;
    bool number = decision->type == CM_INT64 || decision->type == CM_DECIMAL;
    bool moment = decision->type == CM_DATE || decision->type == CM_TIMESTAMP;
    if (number && (guessed->type == CM_INT64 || guessed->type == CM_DECIMAL))
        return cm_road_rescale(road, index, decision->scale);
    return guessed->type == decision->type && (!moment || guessed->orders == decision->orders);
}

static void accept(cm_read_column *column, const cm_decision *decision) {
    column->decision = *decision;
    column->field.type = decision->type;
    column->field.scale = decision->scale;
    column->field.role = decision->role;
}

static cm_status settle(cm_context *ctx, cm_road *road) {
    cm_reader *reader = road->reader;
    road->converted = road->work == CM_ROAD_BOTH && !atomic_load(&road->contradicted);
    for (uint64_t i = 0; i < reader->kept_count && road->converted; i++) {
        cm_read_column *column = reader->kept[i];
        cm_decision decision;
        if (column->fixed) continue;
        cm_survey_decide(ctx, &column->survey, column->role_given, &decision);
        road->converted = agrees(road, i, &decision);
        if (road->converted) accept(column, &decision);
    }
    road->converted_rows = reader->passed;
    if (road->converted) return CM_OK;
    forget_rows(road);
    return cm_reader_decide(ctx, reader);
}

cm_status cm_road_survey(cm_context *ctx, cm_road *road, bool convert_too) {
    cm_reader_restart(road->reader, 0);
    road->work = convert_too ? CM_ROAD_BOTH : CM_ROAD_SURVEY;
    cm_status status = guess(ctx, road);
    if (!status) status = run(ctx, road);
    return status ? status : settle(ctx, road);
}

/* ---- the second pass ---- */

cm_status cm_road_convert(cm_context *ctx, cm_road *road, uint64_t max_rows) {
    cm_reader *reader = road->reader;
    if (road->converted) {
        road->converted = false;
        reader->batch.read = reader->batch.kept = road->converted_rows;
        return CM_OK;
    }
    road->work = CM_ROAD_CONVERT;
    road->max_rows = max_rows;
    return run(ctx, road);
}

/* ---- beginning and end ---- */

/* Files that can be read twice, all bytes in one encoding. */
bool cm_road_suits(const cm_reader *reader) {
    const cm_reading *how = &reader->how;
    return !how->stream && !how->schema && !reader->pushed && how->dialect.delimiter != CM_DELIMITER_BLANKS
           && !cm_reading_lenient(how);
}

cm_status cm_road_new(cm_context *ctx, cm_reader *reader, cm_road **out) {
    cm_road *road = *out = cm_alloc(ctx, 1, sizeof *road);
    if (!road) return ctx->error.status;
    road->core = reader->core;
    road->reader = reader;
    road->block_bytes = ctx->block_bytes ? ctx->block_bytes : BLOCK_BYTES;
    pthread_mutex_init(&road->lock, NULL);
    pthread_mutex_init(&road->waiting, NULL);
    pthread_cond_init(&road->arrived, NULL);
    pthread_cond_init(&road->turned, NULL);
    return CM_OK;
}

void cm_road_restart(cm_road *road) {
    while (road->pending) {
        cm_road_block *first = road->pending;
        road->pending = first->next;
        first->next = road->spare;
        road->spare = first;
    }
    road->next = 0;
    road->open = road->source_ended = false;
    road->rest.length = road->carry.length = 0;
    atomic_store(&road->place, 0);
    atomic_store(&road->limit, UINT64_MAX);
    atomic_store(&road->contradicted, false);
    for (uint64_t i = 0; i < road->column_count; i++) atomic_store(&road->columns[i].turn, 0);
}

void cm_road_free(cm_road *road) {
    if (!road) return;
    free_blocks(road, &road->pending);
    free_blocks(road, &road->spare);
    for (uint64_t i = 0; i < road->column_count; i++) {
        cm_free(road->core, road->columns[i].steps, road->columns[i].step_capacity, sizeof(cm_scale_step));
        cm_guess_free(road->core, &road->columns[i].guess);
    }
    cm_free(road->core, road->columns, road->column_count, sizeof *road->columns);
    cm_bytes_free(road->core, &road->rest);
    cm_bytes_free(road->core, &road->carry);
    pthread_mutex_destroy(&road->lock);
    pthread_mutex_destroy(&road->waiting);
    pthread_cond_destroy(&road->arrived);
    pthread_cond_destroy(&road->turned);
    cm_free(road->core, road, 1, sizeof *road);
}
