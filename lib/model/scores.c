/* The table of scores: the id, the inputs as they are shown, and what the method says of each row. Chunks are made side
 * by side, each with dictionaries of its own for the texts that it makes; these are put together in the order of the
 * chunks, so that the number of threads does not show. */
#include <math.h>
#include <string.h>

#include "base/threads.h"
#include "model/method.h"
#include "table/blank.h"

#define CACHED 64 /* texts whose codes are remembered by where they lie */

typedef struct texts {
    cm_dictionary *own; /* of one chunk and column */
    struct {
        const char *text;
        int32_t code;
    } cache[CACHED];
} texts;

typedef struct sheet {
    const cm_model *model;
    const cm_inputs *inputs;
    int64_t id; /* column of the table; -1: the row's number */
    cm_blank_column columns[1 + CM_MOST_INPUTS + CM_MOST_OUTPUTS];
    uint64_t count, first_output, outputs;
    cm_table *table;
    texts *texts; /* by chunk and output */
} sheet;

/* ---- columns ---- */

/* The column of the input that is a column of the scores as it stands: all rows are scored, in chunks like ours. */
static cm_column *shareable(const sheet *all, cm_column *column, int32_t type, int32_t scale) {
    const cm_inputs *in = all->inputs;
    bool same = column && column->type == type && column->scale == scale;
    return same && in->rows == in->table->rows && cm_blank_fits(in->table) ? column : NULL;
}

static void describe_columns(sheet *all) {
    const cm_inputs *in = all->inputs;
    const cm_output_spec *outputs = all->model->method->outputs;
    cm_column *id = all->id < 0 ? NULL : in->table->columns[all->id];
    cm_blank_column *to = all->columns;
    *to++ = id ? (cm_blank_column){"customer", id->type, 0, CM_ROLE_CUSTOMER, id->dictionary, id->dictionary_size, true,
                                   shareable(all, id, id->type, id->scale)}
               : (cm_blank_column){"row", CM_INT64, 0, CM_ROLE_NONE, NULL, 0, false, NULL};
    for (uint64_t i = 0; i < in->count; i++) {
        int32_t type = in->columns[i].type, scale = in->columns[i].scale;
        if (!in->columns[i].shown_as) continue;
        *to++ = (cm_blank_column){in->columns[i].shown_as, type, scale, CM_ROLE_NONE, NULL, 0, type == CM_FLOAT64,
                                  type == CM_FLOAT64 ? NULL : shareable(all, in->columns[i].source, type, scale)};
    }
    all->first_output = (uint64_t)(to - all->columns);
    for (uint64_t i = 0; i < all->outputs; i++)
        *to++ = (cm_blank_column){outputs[i].column, outputs[i].type, 0, CM_ROLE_NONE, NULL, 0,
                                  !all->model->method->score_rows, NULL};
    all->count = (uint64_t)(to - all->columns);
}

/* Of a method that gives codes, its texts in their order. */
static cm_status add_known_texts(cm_context *ctx, const sheet *all, uint64_t output) {
    const cm_model *model = all->model;
    const char *text;
    cm_status status = CM_OK;
    if (!model->method->score_rows) return CM_OK;
    for (uint64_t code = 0; !status && (text = model->method->text(model->compiled, output, code)) != NULL; code++) {
        int32_t own;
        status = cm_dictionary_add(ctx, all->columns[all->first_output + output].dictionary, text, strlen(text), &own);
    }
    return status;
}

static cm_status make_dictionaries(cm_context *ctx, sheet *all) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < all->outputs && !status; i++) {
        cm_blank_column *column = &all->columns[all->first_output + i];
        if (column->type != CM_STRING) continue;
        status = cm_dictionary_new(ctx, &column->dictionary);
        if (!status) status = add_known_texts(ctx, all, i);
    }
    return status;
}

static void release_dictionaries(sheet *all) {
    for (uint64_t i = all->first_output; i < all->count; i++) cm_dictionary_release(all->columns[i].dictionary);
}

/* ---- one chunk ---- */

static void put_numbers(const sheet *all, uint64_t chunk, uint64_t first, uint64_t rows) {
    int64_t *numbers = cm_blank_values(all->table, 0, chunk);
    for (uint64_t i = 0; i < rows; i++) numbers[i] = (int64_t)all->inputs->numbers[first + i] + 1;
}

/* Row numbers rise, so that the input's chunks come one after the other. */
static void put_ids(const sheet *all, uint64_t chunk, uint64_t first, uint64_t rows) {
    const uint64_t *numbers = all->inputs->numbers + first;
    const cm_table *table = all->inputs->table;
    const cm_column *id = table->columns[all->id];
    uint64_t i = 0, within;
    while (i < rows) {
        uint64_t from = cm_table_locate(table, numbers[i], &within), end = table->first_rows[from + 1];
        const cm_chunk *source = &id->chunks[from];
        const int32_t *codes = (const int32_t *)source->values + source->offset;
        const int64_t *values = (const int64_t *)source->values + source->offset;
        for (; i < rows && numbers[i] < end; i++) {
            within = numbers[i] - table->first_rows[from];
            if (cm_chunk_present(source, within))
                cm_blank_put(all->table, 0, chunk, i, id->type == CM_STRING ? codes[within] : values[within]);
        }
    }
}

static void put_inputs(const sheet *all, uint64_t chunk, uint64_t first, uint64_t rows) {
    const cm_inputs *in = all->inputs;
    uint64_t column = 0;
    for (uint64_t i = 0; i < in->count; i++) {
        if (!in->columns[i].shown_as || all->columns[++column].shared) continue;
        void *values = cm_blank_values(all->table, column, chunk);
        const double *reals = in->columns[i].type == CM_FLOAT64 ? in->columns[i].reals + first : NULL;
        if (!reals) memcpy(values, in->columns[i].integers + first, rows * sizeof(int64_t));
        for (uint64_t row = 0; row < rows && reals; row++)
            if (!isnan(reals[row])) cm_blank_put_double(all->table, column, chunk, row, reals[row]);
    }
}

/* The code of a text in the chunk's own dictionary. Texts of the compiled model stay where they are, those in `room` do
 * not. */
static cm_status code_of(cm_context *ctx, texts *own, const cm_cell *cell, const cm_scratch *room, int32_t *code) {
    uintptr_t place = (uintptr_t)cell->text, from = (uintptr_t)room;
    bool stays = place - from >= sizeof *room;
    uint64_t slot = (place >> 2) % CACHED;
    if (stays && own->cache[slot].text == cell->text) {
        *code = own->cache[slot].code;
        return CM_OK;
    }
    cm_status status = own->own ? CM_OK : cm_dictionary_new(ctx, &own->own);
    if (!status) status = cm_dictionary_add(ctx, own->own, cell->text, cell->length, code);
    if (status || !stays) return status;
    own->cache[slot].text = cell->text;
    own->cache[slot].code = *code;
    return CM_OK;
}

static cm_status put_output(cm_context *ctx, const sheet *all, uint64_t output, uint64_t chunk, uint64_t at,
                            const cm_cell *cell, const cm_scratch *room) {
    uint64_t column = all->first_output + output;
    int32_t code;
    if (!cell->type) return CM_OK;
    if (cell->type == CM_FLOAT64) cm_blank_put_double(all->table, column, chunk, at, cell->real);
    else if (cell->type != CM_STRING) cm_blank_put(all->table, column, chunk, at, cell->integer);
    else {
        cm_status status = code_of(ctx, &all->texts[chunk * all->outputs + output], cell, room, &code);
        if (status) return status;
        cm_blank_put(all->table, column, chunk, at, code);
    }
    return CM_OK;
}

static cm_status score_rows(cm_context *ctx, const sheet *all, uint64_t chunk, uint64_t first, uint64_t rows) {
    cm_status status = CM_OK;
    for (uint64_t at = 0; at < rows && !status; at++) {
        cm_cell in[CM_MOST_INPUTS], out[CM_MOST_OUTPUTS];
        cm_scratch room;
        memset(out, 0, (size_t)all->outputs * sizeof *out);
        for (uint64_t i = 0; i < all->inputs->count; i++) in[i] = cm_input_cell(all->inputs, i, first + at);
        all->model->method->score(all->model->compiled, in, out, &room, NULL);
        for (uint64_t i = 0; i < all->outputs && !status; i++)
            status = put_output(ctx, all, i, chunk, at, &out[i], &room);
        if (!status && at % 1024 == 0) status = cm_tick(ctx, "scores", first + at, all->inputs->rows);
    }
    return status;
}

static cm_status score_columns(cm_context *ctx, const sheet *all, uint64_t chunk, uint64_t first, uint64_t rows) {
    void *out[CM_MOST_OUTPUTS];
    for (uint64_t i = 0; i < all->outputs; i++) out[i] = cm_blank_values(all->table, all->first_output + i, chunk);
    all->model->method->score_rows(all->model->compiled, all->inputs, first, rows, out);
    return cm_tick(ctx, "scores", first, all->inputs->rows);
}

static cm_status fill_chunk(cm_context *ctx, void *state, uint64_t task) {
    const sheet *all = state;
    uint64_t first = all->table->first_rows[task], rows = all->table->first_rows[task + 1] - first;
    cm_status status = cm_blank_chunk(ctx, all->table, all->columns, task);
    if (status) return status;
    if (all->id < 0) put_numbers(all, task, first, rows);
    else if (!all->columns[0].shared) put_ids(all, task, first, rows);
    put_inputs(all, task, first, rows);
    return (all->model->method->score_rows ? score_columns : score_rows)(ctx, all, task, first, rows);
}

/* ---- the texts of all chunks ---- */

/* Puts the texts of a chunk into the column's dictionary and its codes in their place. */
static cm_status join_texts(cm_context *ctx, sheet *all, uint64_t chunk, uint64_t output) {
    const cm_dictionary *own = all->texts[chunk * all->outputs + output].own;
    uint64_t column = all->first_output + output, size = own ? cm_dictionary_size(own) : 0;
    if (!size) return CM_OK;
    int32_t *codes = cm_alloc(ctx, size, sizeof *codes), *values = cm_blank_values(all->table, column, chunk);
    const uint8_t *validity = cm_blank_validity(all->table, column, chunk);
    cm_status status = codes ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < size && !status; i++) {
        cm_text text = cm_dictionary_text(own, (int32_t)i);
        status = cm_dictionary_add(ctx, all->columns[column].dictionary, text.data, text.length, &codes[i]);
    }
    for (uint64_t i = 0; i < all->table->columns[column]->chunks[chunk].rows && !status; i++)
        if (cm_bit(validity, i)) values[i] = codes[values[i]];
    cm_free(ctx->core, codes, size, sizeof *codes);
    return status;
}

static cm_status join_all_texts(cm_context *ctx, sheet *all) {
    cm_status status = CM_OK;
    for (uint64_t chunk = 0; chunk < all->table->chunk_count && !status; chunk++) {
        for (uint64_t i = 0; i < all->outputs && !status; i++) status = join_texts(ctx, all, chunk, i);
        cm_blank_settle(all->table, all->columns, chunk);
    }
    for (uint64_t i = all->first_output; i < all->count && !status; i++)
        if (all->columns[i].dictionary)
            all->table->columns[i]->dictionary_size = cm_dictionary_size(all->columns[i].dictionary);
    return status;
}

static cm_status fill(cm_context *ctx, sheet *all) {
    uint64_t count = all->table->chunk_count * all->outputs;
    all->texts = cm_alloc(ctx, count, sizeof *all->texts);
    if (!all->texts) return ctx->error.status;
    cm_status status = cm_parallel(ctx, all->table->chunk_count, fill_chunk, all);
    if (!status) status = join_all_texts(ctx, all);
    for (uint64_t i = 0; i < count; i++) cm_dictionary_release(all->texts[i].own);
    cm_free(ctx->core, all->texts, count, sizeof *all->texts);
    return status;
}

cm_status cm_score_inputs(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table **out) {
    sheet all = {
        .model = model, .inputs = inputs, .id = cm_find_id(inputs->table), .outputs = cm_output_count(model->method)};
    *out = NULL;
    describe_columns(&all);
    cm_status status = make_dictionaries(ctx, &all);
    if (!status) status = cm_blank_table(ctx, all.columns, all.count, inputs->rows, &all.table);
    release_dictionaries(&all); /* the table keeps them */
    if (!status) status = fill(ctx, &all);
    if (!status && model->method->summarise) status = model->method->summarise(ctx, model, inputs, all.table);
    if (status) cm_table_free(all.table);
    else *out = all.table;
    return status;
}
