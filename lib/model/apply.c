/* Scores, reasons and the scorer: the same function of a row, for tables and for live requests. */
#include <string.h>

#include "base/number.h"
#include "model/method.h"
#include "table/audit.h"

uint64_t cm_output_count(const cm_method *method) {
    uint64_t count = 0;
    while (method->outputs[count].table && !strcmp(method->outputs[count].table, method->outputs[0].table)) count++;
    return count;
}

cm_cell cm_input_cell(const cm_inputs *inputs, uint64_t index, uint64_t row) {
    cm_cell cell = {.type = inputs->columns[index].type, .scale = inputs->columns[index].scale};
    if (cell.type == CM_FLOAT64) {
        cell.real = inputs->columns[index].reals[row];
        if (cell.real != cell.real) cell.type = 0; /* absent */
    } else cell.integer = inputs->columns[index].integers[row];
    return cell;
}

/* ---- the id that rows are known by: the customer, the first column of a customer table, or the row's number ---- */

int64_t cm_find_id(const cm_table *table) {
    int64_t id = cm_table_find_role(table, CM_ROLE_CUSTOMER);
    if (id < 0) id = cm_table_find(table, "customer");
    if (id < 0) return -1;
    int32_t type = table->columns[id]->type;
    return type == CM_STRING || type == CM_INT64 ? id : -1;
}

static cm_status add_id_column(cm_context *ctx, cm_builder *builder, const cm_table *table, int64_t id) {
    if (id < 0) return cm_builder_column(ctx, builder, "row", CM_INT64, 0, CM_ROLE_NONE);
    return cm_builder_column(ctx, builder, "customer", table->columns[id]->type, 0, CM_ROLE_CUSTOMER);
}

static cm_status put_id(cm_context *ctx, cm_builder *builder, const cm_table *table, int64_t id, uint64_t row) {
    if (id < 0) return cm_builder_int(ctx, builder, 0, (int64_t)row + 1);
    return cm_copy_cell(ctx, builder, 0, table, (uint64_t)id, row);
}

/* ---- applying ---- */

static cm_money money_of(cm_wide sum, int32_t scale) {
    bool fits = sum <= INT64_MAX && sum >= INT64_MIN;
    return (cm_money){fits ? (int64_t)sum : 0, scale, fits};
}

/* Money of all rows and of those that are scored, where the table has a column of that name. */
static void add_money(const cm_table *table, const cm_column *money, const cm_inputs *inputs, cm_money *all,
                      cm_money *kept) {
    cm_wide sum = 0, part = 0;
    uint64_t next = 0;
    for (uint64_t c = 0; c < money->chunk_count; c++) {
        const cm_chunk *chunk = &money->chunks[c];
        const int64_t *values = (const int64_t *)chunk->values + chunk->offset;
        for (uint64_t i = 0; i < chunk->rows; i++) {
            bool scored = next < inputs->rows && inputs->numbers[next] == table->first_rows[c] + i;
            int64_t value = cm_chunk_present(chunk, i) ? values[i] : 0;
            next += scored;
            sum += value;
            part += scored ? value : 0;
        }
    }
    *all = money_of(sum, money->scale);
    *kept = money_of(part, money->scale);
}

static cm_status attach_audit(cm_context *ctx, const cm_method *method, const cm_inputs *inputs, cm_table *scores) {
    const cm_table *table = inputs->table;
    int64_t money = cm_table_find(table, "money");
    if (money >= 0 && table->columns[money]->type != CM_DECIMAL && table->columns[money]->type != CM_INT64) money = -1;
    cm_money all = {0}, kept = {0}, dropped = {0};
    if (money >= 0) {
        add_money(table, table->columns[money], inputs, &all, &kept);
        if (all.known && kept.known) dropped = money_of((cm_wide)all.value - kept.value, all.scale);
    }
    const cm_audit_line lines[] = {{"scores", "read", table->rows, all},
                                   {"scores", method->incomplete, table->rows - inputs->rows, dropped},
                                   {"scores", "kept", inputs->rows, kept}};
    return cm_audit_attach(ctx, scores, table, lines, 3);
}

static cm_status apply(cm_context *ctx, const cm_model *model, const cm_table *table, cm_table **out) {
    cm_inputs inputs;
    cm_table *scores = NULL;
    cm_status status = cm_model_compile(ctx, model);
    if (!status) status = cm_inputs_open(ctx, model, table, &inputs);
    if (status) return status;
    status = model->method->apply ? model->method->apply(ctx, model, &inputs, &scores)
                                  : cm_score_inputs(ctx, model, &inputs, &scores);
    if (!status) status = attach_audit(ctx, model->method, &inputs, scores);
    cm_inputs_close(ctx->core, &inputs);
    if (status) cm_table_free(scores);
    else *out = scores;
    return status;
}

cm_status cm_apply(cm_context *ctx, const cm_model *model, const cm_table *table, cm_table **out) {
    if (out) *out = NULL;
    if (!model || !table || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, apply(ctx, model, table, out));
}

/* ---- reasons ---- */

static uint64_t print_cell(const cm_cell *cell, char *out, uint64_t size) {
    char number[CM_NUMBER_TEXT];
    const char *text = number;
    uint64_t length = 0;
    if (cell->type == CM_STRING) text = cell->text, length = cell->length;
    else if (cell->type == CM_FLOAT64) length = cm_print_double(cell->real, number);
    else if (cell->type == CM_DECIMAL) length = cm_print_decimal(cell->integer, cell->scale, number);
    else if (cell->type) length = cm_print_int(cell->integer, number);
    if (length > size) length = size;
    if (length) memcpy(out, text, (size_t)length);
    return length;
}

void cm_reasons_add(cm_reasons *reasons, const char *code, const cm_cell *arguments, uint64_t count) {
    if (reasons->count == CM_MOST_OUTPUTS) return;
    char *text = reasons->items[reasons->count].arguments;
    uint64_t size = sizeof reasons->items[0].arguments - 1, length = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (i && length < size) text[length++] = 0x1F;
        length += print_cell(&arguments[i], text + length, size - length);
    }
    text[length] = 0;
    reasons->items[reasons->count++].code = code;
}

static cm_status add_reason(cm_context *ctx, cm_builder *builder, const char *code, const char *arguments) {
    char text[256], sentence[512];
    uint64_t length = strlen(code), more = strlen(arguments);
    memcpy(text, code, (size_t)length);
    if (more) text[length++] = ' ';
    for (uint64_t i = 0; i < more; i++) text[length++] = arguments[i] == 0x1F ? ' ' : arguments[i];
    uint64_t sentence_length = cm_render(ctx, code, arguments, sentence, sizeof sentence);
    cm_status status = cm_builder_text(ctx, builder, 2, text, length);
    return status ? status : cm_builder_text(ctx, builder, 3, sentence, sentence_length);
}

static cm_status explain_row(cm_context *ctx, cm_builder *builder, const cm_model *model, const cm_inputs *inputs,
                             int64_t id, uint64_t row, cm_reasons *reasons) {
    cm_cell in[CM_MOST_INPUTS], out[CM_MOST_OUTPUTS] = {{0}};
    cm_scratch room;
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < inputs->count; i++) in[i] = cm_input_cell(inputs, i, row);
    reasons->count = 0;
    model->method->score(model->compiled, in, out, &room, reasons);
    for (uint64_t i = 0; i < reasons->count && !status; i++) {
        status = put_id(ctx, builder, inputs->table, id, inputs->numbers[row]);
        if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)i + 1);
        if (!status) status = add_reason(ctx, builder, reasons->items[i].code, reasons->items[i].arguments);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    return status;
}

static cm_status fail_no_score(cm_context *ctx, const cm_method *method) {
    return cm_fail(ctx, CM_E_UNSUPPORTED, "METHOD_NO_SCORE", "s", method->topic.name);
}

static cm_status explain(cm_context *ctx, const cm_model *model, const cm_table *table, cm_table **out) {
    cm_inputs inputs;
    cm_builder *builder = NULL;
    if (!model->method->score) return fail_no_score(ctx, model->method);
    cm_status status = cm_inputs_open(ctx, model, table, &inputs);
    if (status) return status;
    cm_reasons *reasons = cm_alloc(ctx, 1, sizeof *reasons);
    if (!reasons) status = ctx->error.status;
    if (!status) status = cm_builder_new(ctx, &builder);
    if (!status) status = add_id_column(ctx, builder, table, cm_find_id(table));
    if (!status) status = cm_builder_column(ctx, builder, "rank", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "code", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "sentence", CM_STRING, 0, CM_ROLE_NONE);
    for (uint64_t row = 0; row < inputs.rows && !status; row++) {
        if (row % 1024 == 0) status = cm_tick(ctx, "reasons", row, inputs.rows);
        if (!status) status = explain_row(ctx, builder, model, &inputs, cm_find_id(table), row, reasons);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    cm_free(ctx->core, reasons, 1, sizeof *reasons);
    cm_inputs_close(ctx->core, &inputs);
    return status;
}

cm_status cm_explain(cm_context *ctx, const cm_model *model, const cm_table *table, cm_table **out) {
    if (out) *out = NULL;
    if (!model || !table || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, explain(ctx, model, table, out));
}

/* ---- the scorer ---- */

struct cm_scorer {
    cm_core *core;
    cm_model *model;
    uint64_t inputs, outputs;
    cm_scratch room;
    void *listener; /* of a method that answers */
};

static cm_status scorer_new(cm_context *ctx, const cm_model *model, cm_scorer **out) {
    if (!model->method->score && !model->method->answer) return fail_no_score(ctx, model->method);
    cm_status status = cm_model_compile(ctx, model);
    if (status) return status;
    cm_scorer *scorer = cm_alloc(ctx, 1, sizeof *scorer);
    if (!scorer) status = ctx->error.status;
    if (!status && model->method->listen) status = model->method->listen(ctx, model, &scorer->listener);
    if (status) {
        cm_free(ctx->core, scorer, 1, sizeof *scorer);
        return status;
    }
    scorer->core = cm_core_retain(ctx->core);
    scorer->model = cm_model_retain(model);
    scorer->inputs = cm_input_count(model);
    scorer->outputs = cm_output_count(model->method);
    *out = scorer;
    return CM_OK;
}

cm_status cm_scorer_new(cm_context *ctx, const cm_model *model, cm_scorer **out) {
    if (out) *out = NULL;
    if (!model || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, scorer_new(ctx, model, out));
}

/* A caller's cell as the method wants it; false if it cannot be. */
static bool widen_cell(const cm_cell *from, int32_t wanted, cm_cell *out) {
    *out = *from;
    out->type = wanted;
    if (from->type == CM_INT64 && wanted != CM_FLOAT64) {
        out->scale = 0;
        return true;
    }
    if (from->type == CM_FLOAT64 && wanted == CM_DECIMAL)
        return cm_double_to_decimal(from->real, 6, &out->integer, &out->scale);
    if (from->type == CM_FLOAT64 && wanted == CM_INT64)
        return cm_double_to_decimal(from->real, 0, &out->integer, &out->scale);
    if (wanted == CM_FLOAT64 && (from->type == CM_INT64 || from->type == CM_DECIMAL))
        out->real = cm_decimal_to_double(from->integer, from->type == CM_DECIMAL ? from->scale : 0);
    else if (from->type != wanted) return false;
    return from->type != CM_DECIMAL || (from->scale >= 0 && from->scale <= 18);
}

/* A row of any length. */
static cm_status answer_row(cm_context *ctx, cm_scorer *scorer, const cm_cell *in, uint64_t in_count, cm_cell *out,
                            uint64_t out_count) {
    const cm_method *method = scorer->model->method;
    if (out_count % method->answer_cells)
        return cm_fail(ctx, CM_E_ARGUMENT, "SCORER_ANSWERS", "su", method->topic.name, method->answer_cells);
    for (uint64_t i = 0; i < in_count; i++)
        if (in[i].type && (in[i].type != CM_STRING || !in[i].text))
            return cm_fail(ctx, CM_E_DATA, "SCORER_TYPE", "ss", cm_input_name(scorer->model, 0),
                           cm_type_name(CM_STRING));
    if (out_count) memset(out, 0, (size_t)out_count * sizeof *out);
    method->answer(scorer->listener, in, in_count, out, out_count);
    return CM_OK;
}

static cm_status score_row(cm_context *ctx, cm_scorer *scorer, const cm_cell *in, uint64_t in_count, cm_cell *out,
                           uint64_t out_count) {
    const cm_method *method = scorer->model->method;
    if (method->answer) return answer_row(ctx, scorer, in, in_count, out, out_count);
    cm_cell wide[CM_MOST_INPUTS];
    if (in_count != scorer->inputs || out_count != scorer->outputs)
        return cm_fail(ctx, CM_E_ARGUMENT, "SCORER_COUNTS", "suu", method->topic.name, scorer->inputs, scorer->outputs);
    for (uint64_t i = 0; i < in_count; i++) {
        const char *name = cm_input_name(scorer->model, i);
        int32_t type = cm_input_type(scorer->model, i);
        if (in[i].type == 0 && method->takes_absent) wide[i] = in[i];
        else if (in[i].type == 0) return cm_fail(ctx, CM_E_DATA, "SCORER_ABSENT", "ss", name, method->incomplete);
        else if (!widen_cell(&in[i], type, &wide[i]))
            return cm_fail(ctx, CM_E_DATA, "SCORER_TYPE", "ss", name, cm_type_name(type));
    }
    memset(out, 0, (size_t)out_count * sizeof *out);
    method->score(scorer->model->compiled, wide, out, &scorer->room, NULL);
    return CM_OK;
}

cm_status cm_scorer_row(cm_context *ctx, cm_scorer *scorer, const cm_cell *in, uint64_t in_count, cm_cell *out,
                        uint64_t out_count) {
    if (!scorer || !in || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, score_row(ctx, scorer, in, in_count, out, out_count));
}

void cm_scorer_free(cm_scorer *scorer) {
    if (!scorer) return;
    cm_core *core = scorer->core;
    if (scorer->listener) scorer->model->method->leave(core, scorer->listener);
    cm_model_free(scorer->model);
    cm_free(core, scorer, 1, sizeof *scorer);
    cm_core_release(core);
}
