/* The inputs of a method from any table: columns by name, narrower types widened, rows that lack one left out. */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "model/method.h"
#include "table/convert.h"

/* ---- which columns: those of the option, else those of the method ---- */

static uint64_t named_columns(const cm_model *model, const char *const **names) {
    *names = NULL;
    return cm_option_list(model->options, &model->method->topic, "columns", names);
}

uint64_t cm_input_count(const cm_model *model) {
    const char *const *names;
    uint64_t count = named_columns(model, &names);
    if (count) return count;
    while (model->method->inputs[count].column) count++;
    return count;
}

int32_t cm_input_type(const cm_model *model, uint64_t index) {
    const char *const *names;
    return named_columns(model, &names) ? CM_FLOAT64 : model->method->inputs[index].type;
}

const char *cm_input_name(const cm_model *model, uint64_t index) {
    const char *const *names;
    return named_columns(model, &names) ? names[index] : model->method->inputs[index].column;
}

static const char *shown_name(const cm_model *model, uint64_t index) {
    const char *const *names;
    const cm_input_spec *inputs =
        model->method->inputs; /* a method shows its inputs or hides them, also those that are named */
    if (!named_columns(model, &names)) return inputs[index].shown_as;
    return inputs[0].shown_as ? names[index] : NULL;
}

/* ---- all columns with numbers ---- */

static bool is_text(const cm_table *table, uint64_t row, const char *name, const char *value) {
    const char *own = cm_table_text(table, row, 0, 0, NULL), *text = cm_table_text(table, row, 1, 0, NULL);
    return own && !strcmp(own, name) && (!value || (text && !strcmp(text, value)));
}

/* A column with numbers or dates that is neither the rows' id nor their weight. */
static bool is_measure(const cm_table *table, uint64_t column, const cm_table *options) {
    const cm_column *of = table->columns[column];
    for (uint64_t row = 0; row < options->rows; row++)
        if (is_text(options, row, "weight", of->name)) return false;
    return (int64_t)column != cm_find_id(table)
           && (of->type == CM_FLOAT64 || of->type == CM_INT64 || of->type == CM_DECIMAL || of->type == CM_DATE
               || of->type == CM_TIMESTAMP);
}

static cm_status add_pair(cm_context *ctx, cm_builder *builder, const char *name, const char *value) {
    cm_status status = cm_builder_text(ctx, builder, 0, name, strlen(name));
    if (!status) status = cm_builder_text(ctx, builder, 1, value, strlen(value));
    return status ? status : cm_builder_row(ctx, builder);
}

cm_status cm_inputs_name_all(cm_context *ctx, const cm_model *model, const cm_table *table, const cm_table *options,
                             cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    bool all = model->method->any_columns && cm_table_find(table, "all") < 0;
    if (!status) status = cm_builder_column(ctx, builder, "name", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "value", CM_STRING, 0, CM_ROLE_NONE);
    for (uint64_t row = 0; row < options->rows && !status; row++) {
        bool expands = all && is_text(options, row, "columns", "all");
        for (uint64_t i = 0; i < table->column_count && expands && !status; i++)
            if (is_measure(table, i, options)) status = add_pair(ctx, builder, "columns", table->columns[i]->name);
        if (!expands && !status)
            status = add_pair(ctx, builder, cm_table_text(options, row, 0, 0, NULL),
                              cm_table_text(options, row, 1, 0, NULL));
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* ---- their values ---- */

static cm_status fail_missing(cm_context *ctx, const cm_method *method, const cm_table *table, const char *column) {
    cm_names names;
    cm_table_names(table, &names);
    return cm_fail(ctx, CM_E_COLUMN, "METHOD_COLUMN", "sss", method->topic.name, column, names.text);
}

static cm_status fail_type(cm_context *ctx, const cm_method *method, const cm_column *column, int32_t wanted) {
    return cm_fail(ctx, CM_E_COLUMN, "METHOD_TYPE", "ssss", method->topic.name, column->name, cm_type_name(wanted),
                   cm_type_name(column->type));
}

/* The column as the method wants it; a reference of one's own. Columns of the caller's choice may be dates. */
static cm_status widen(cm_context *ctx, const cm_model *model, cm_column *column, int32_t wanted, cm_column **out) {
    const cm_method *method = model->method;
    const char *const *names;
    int32_t type = column->type;
    bool chosen = named_columns(model, &names) > 0;
    if (type == CM_FLOAT64 && wanted == CM_INT64) return cm_convert_to_int64(ctx, column, out);
    if (type == CM_FLOAT64 && wanted == CM_DECIMAL) return cm_convert_to_decimal(ctx, column, out);
    bool fits = type == wanted || (wanted == CM_DECIMAL && type == CM_INT64)
                || (wanted == CM_FLOAT64 && (type == CM_INT64 || type == CM_DECIMAL))
                || (wanted == CM_FLOAT64 && chosen && (type == CM_DATE || type == CM_TIMESTAMP));
    if (!fits) return fail_type(ctx, method, column, wanted);
    *out = cm_column_retain(column);
    return CM_OK;
}

static bool present(const cm_column *column, const cm_chunk *chunk, uint64_t row) {
    if (!cm_chunk_present(chunk, row)) return false;
    return column->type != CM_FLOAT64 || !isnan(((const double *)chunk->values)[chunk->offset + row]);
}

double cm_input_real(const cm_column *column, const cm_chunk *chunk, uint64_t row) {
    uint64_t at = chunk->offset + row;
    if (!cm_chunk_present(chunk, row)) return (double)NAN;
    if (column->type == CM_FLOAT64) return ((const double *)chunk->values)[at];
    if (column->type == CM_DATE) return ((const int32_t *)chunk->values)[at];
    int64_t value = ((const int64_t *)chunk->values)[at];
    return column->type == CM_TIMESTAMP ? (double)value / 86400e6 : cm_decimal_to_double(value, column->scale);
}

/* Whether no cell of a chunk can be absent. */
static bool is_whole(const cm_inputs *inputs, uint64_t chunk, bool all) {
    bool whole = true;
    for (uint64_t i = 0; i < inputs->count && !all; i++) {
        const cm_column *column = inputs->columns[i].source;
        whole &= !column->chunks[chunk].validity && column->type != CM_FLOAT64;
    }
    return whole;
}

static bool is_complete(const cm_inputs *inputs, uint64_t chunk, uint64_t row) {
    bool complete = true;
    for (uint64_t i = 0; i < inputs->count && complete; i++) {
        const cm_column *column = inputs->columns[i].source;
        complete = present(column, &column->chunks[chunk], row);
    }
    return complete;
}

/* The numbers of the rows where every column has a value, or of all. */
static void find_rows(const cm_table *table, bool all, cm_inputs *inputs) {
    for (uint64_t chunk = 0; chunk < table->chunk_count; chunk++) {
        uint64_t first = table->first_rows[chunk], rows = table->first_rows[chunk + 1] - first;
        bool whole = is_whole(inputs, chunk, all);
        for (uint64_t row = 0; row < rows; row++)
            if (whole || is_complete(inputs, chunk, row)) inputs->numbers[inputs->rows++] = first + row;
    }
}

/* The rows of the inputs from `from` on that lie in one chunk of the table: where they end. */
static uint64_t end_of_chunk(const cm_inputs *inputs, uint64_t from, uint64_t *chunk) {
    uint64_t within, end = from;
    *chunk = cm_table_locate(inputs->table, inputs->numbers[from], &within);
    uint64_t next = inputs->table->first_rows[*chunk + 1];
    if (inputs->rows - from >= next - inputs->numbers[from]
        && inputs->numbers[from + (next - inputs->numbers[from]) - 1] == next - 1)
        return from + (next - inputs->numbers[from]); /* all of them */
    while (end < inputs->rows && inputs->numbers[end] < next) end++;
    return end;
}

static void take_chunk(const cm_inputs *inputs, uint64_t index, uint64_t from, uint64_t end, uint64_t chunk) {
    const cm_column *column = inputs->columns[index].source;
    const cm_chunk *source = &column->chunks[chunk];
    uint64_t first = inputs->table->first_rows[chunk], rows = end - from, within = inputs->numbers[from] - first;
    double *reals = inputs->columns[index].reals;
    int64_t *integers = inputs->columns[index].integers;
    const int64_t *values = (const int64_t *)source->values + source->offset;
    if (reals)
        for (uint64_t i = from; i < end; i++) reals[i] = cm_input_real(column, source, inputs->numbers[i] - first);
    else if (inputs->numbers[end - 1] - inputs->numbers[from] == rows - 1)
        memcpy(integers + from, values + within, rows * sizeof *values);
    else
        for (uint64_t i = from; i < end; i++) integers[i] = values[inputs->numbers[i] - first];
}

static cm_status take_values(cm_context *ctx, cm_inputs *inputs, uint64_t index) {
    const cm_column *column = inputs->columns[index].source;
    int32_t type = inputs->columns[index].type;
    inputs->columns[index].scale = type == CM_DECIMAL ? column->scale : 0;
    if (type == CM_LIST) return CM_OK; /* not copied */
    void *values = cm_alloc_raw(ctx, inputs->rows, sizeof(int64_t));
    if (!values) return ctx->error.status;
    if (type == CM_FLOAT64) inputs->columns[index].reals = values;
    else inputs->columns[index].integers = values;
    for (uint64_t from = 0, end, chunk; from < inputs->rows; from = end) {
        end = end_of_chunk(inputs, from, &chunk);
        take_chunk(inputs, index, from, end, chunk);
    }
    return CM_OK;
}

/* Whether rows without a value stay: as the method says, unless its option `missing` is to skip them. */
static bool keeps_absent(const cm_model *model) {
    const char *missing = cm_option_text(model->options, &model->method->topic, "missing");
    return model->method->takes_absent && !(missing && !strcmp(missing, "skip"));
}

cm_status cm_inputs_open_columns(cm_context *ctx, const cm_model *model, const cm_table *table, cm_inputs *out) {
    uint64_t count = cm_input_count(model);
    cm_status status = CM_OK;
    *out = (cm_inputs){.table = table, .rows = table->rows};
    if (count > CM_MOST_INPUTS)
        return cm_fail(ctx, CM_E_LIMIT, "METHOD_INPUTS", "su", model->method->topic.name, (uint64_t)CM_MOST_INPUTS);
    for (uint64_t i = 0; i < count && !status; i++) {
        int64_t found = cm_table_find(table, cm_input_name(model, i));
        if (found < 0) status = fail_missing(ctx, model->method, table, cm_input_name(model, i));
        else status = widen(ctx, model, table->columns[found], cm_input_type(model, i), &out->columns[i].source);
        if (status) break;
        out->count++;
        out->columns[i].name = cm_input_name(model, i);
        out->columns[i].shown_as = shown_name(model, i);
        out->columns[i].type = cm_input_type(model, i);
    }
    if (status) cm_inputs_close(ctx->core, out);
    return status;
}

cm_status cm_inputs_open(cm_context *ctx, const cm_model *model, const cm_table *table, cm_inputs *out) {
    cm_status status = cm_inputs_open_columns(ctx, model, table, out);
    if (status) return status;
    out->rows = 0;
    out->numbers = cm_alloc_raw(ctx, table->rows, sizeof *out->numbers);
    if (!out->numbers) status = ctx->error.status;
    if (!status) find_rows(table, keeps_absent(model), out);
    for (uint64_t i = 0; i < out->count && !status; i++) status = take_values(ctx, out, i);
    if (status) cm_inputs_close(ctx->core, out);
    return status;
}

void cm_inputs_close(cm_core *core, cm_inputs *inputs) {
    for (uint64_t i = 0; i < CM_MOST_INPUTS; i++) {
        cm_free(core, inputs->columns[i].integers, inputs->rows, sizeof(int64_t));
        cm_free(core, inputs->columns[i].reals, inputs->rows, sizeof(double));
        cm_column_release(inputs->columns[i].source);
    }
    cm_free(core, inputs->numbers, cm_table_rows(inputs->table), sizeof *inputs->numbers);
    *inputs = (cm_inputs){0};
}

cm_status cm_copy_cell(cm_context *ctx, cm_builder *builder, uint64_t to, const cm_table *table, uint64_t column,
                       uint64_t row) {
    uint64_t length = 0;
    if (cm_table_is_absent(table, row, column)) return CM_OK;
    if (table->columns[column]->type != CM_STRING)
        return cm_builder_int(ctx, builder, to, cm_table_int(table, row, column));
    const char *text = cm_table_text(table, row, column, 0, &length);
    return cm_builder_text(ctx, builder, to, text, length);
}
