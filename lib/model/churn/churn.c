/* Churn risk: how likely a customer is to stay away, from when he bought (BG/NBD; the model, its paper and its maximum
 * are in bgnbd.c).
 *
 * The idea: customers with the same x (repeat purchase days), t_x (first to last) and T (first to as-of) are one
 * history with a weight; the model is fitted to the histories. The churn risk is the probability of no purchase within
 * the horizon t,
 *     1 - P(alive) + P(alive) ((alpha + T) / (alpha + T + t))^(r + x),
 * which later data can confirm or refute; P(alive) alone is near 1 for all where the data show hardly any drop-out.
 * Cost: a sort of the customers, then an evaluation of the distinct histories a step.
 *
 * Different here: a fit on a ridge or a border is said in words (table diagnostics), not passed over. */
#include "model/churn/churn.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/sort.h"

static const cm_option_spec options[] = {
    {"columns", NULL, NULL, "repeat purchases, time of the last, time watched: own columns, as frequency,recency,T", 0,
     0, CM_OPTION_LIST},
    {"unit", "day", "day|week", "of the times in these columns", 0, 0, CM_OPTION_CHOICE},
    {"horizon", "90", NULL, "days ahead that the risk is about", 1, 36500, CM_OPTION_INT},
    {"iterations", "200", NULL, "most steps of the fit", 1, 100000, CM_OPTION_INT},
    {0},
};

static const cm_input_spec inputs[] = {
    {"purchase_days", NULL, "days with a purchase", CM_INT64},
    {"recency_days", NULL, "days from the last purchase to as-of", CM_INT64},
    {"tenure_days", NULL, "days from the first purchase to as-of", CM_INT64},
    {0},
};

static const cm_output_spec outputs[] = {
    {"scores", "churn_risk", "probability of no purchase within the horizon", CM_FLOAT64, false, true},
    {"scores", "band", "low, medium, high or very high: churn_risk below .25, .5, .75, or not", CM_STRING, false, true},
    {"scores", "reasons", "codes with their values", CM_STRING, false, true},
    {"scores", "repeat_days", "purchase days after the first", CM_INT64, false, true},
    {"scores", "recency_days", "from the last purchase to as-of", CM_FLOAT64, false, true},
    {"scores", "tenure_days", "from the first purchase to as-of", CM_FLOAT64, false, true},
    {"scores", "p_alive", "probability of still being a customer", CM_FLOAT64, false, true},
    {"scores", "expected_purchases", "purchase days expected within the horizon", CM_FLOAT64, false, true},
    {"parameters", "name", "r, alpha, a, b", CM_STRING, true, false},
    {"parameters", "value", "by maximum likelihood, time in the unit of the columns", CM_FLOAT64, true, false},
    {"parameters", "standard_error", "from the curvature; absent where there is none", CM_FLOAT64, true, false},
    {"parameters", "z", "value over standard error", CM_FLOAT64, true, false},
    {"parameters", "p_value", "always absent: no parameter is tested against zero", CM_FLOAT64, true, false},
    {"diagnostics", "code", "what there is to know of the fit", CM_STRING, true, false},
    {"diagnostics", "value", "its figure", CM_FLOAT64, true, false},
    {"diagnostics", "sentence", "in words", CM_STRING, true, false},
    {0},
};

static const char *const parameter_names[CM_BG_PARAMETERS] = {"r", "alpha", "a", "b"};

typedef struct compiled_churn {
    double parameters[CM_BG_PARAMETERS];
    double horizon; /* in the unit of time */
    double days;    /* of one unit */
    bool own_columns;
} compiled_churn;

static double days_of_unit(const cm_model *model) {
    return cm_option_choice(model->options, &model->method->topic, "unit") ? 7 : 1;
}

static bool has_own_columns(const cm_model *model) {
    return cm_option_is_set(model->options, &model->method->topic, "columns");
}

/* ---- histories ---- */

/* The history of a row; false if it is none: repeats that are no count, times that cannot be. */
static bool history_of(bool own_columns, double first, double second, double third, cm_history *out) {
    out->weight = 1;
    if (own_columns) {
        *out = (cm_history){.last = second, .age = third, .weight = 1};
        if (!(first >= 0 && first <= CM_MOST_REPEATS) || first != floor(first)) return false;
        out->repeats = (int64_t)first;
    } else {
        *out = (cm_history){.last = third - second, .age = third, .weight = 1};
        if (!(first >= 1 && first <= CM_MOST_REPEATS)) return false;
        out->repeats = (int64_t)first - 1;
    }
    return out->last >= 0 && out->last <= out->age && out->age < 1e9 && (out->repeats > 0 || out->last == 0);
}

static double number_at(const cm_inputs *in, uint64_t column, uint64_t row) {
    return in->columns[column].type == CM_FLOAT64 ? in->columns[column].reals[row]
                                                  : (double)in->columns[column].integers[row];
}

static cm_status read_histories(cm_context *ctx, const cm_model *model, const cm_inputs *in, cm_history *histories) {
    if (in->count != 3) return cm_fail(ctx, CM_E_OPTION, "CHURN_COLUMNS", "");
    for (uint64_t row = 0; row < in->rows; row++)
        if (!history_of(has_own_columns(model), number_at(in, 0, row), number_at(in, 1, row), number_at(in, 2, row),
                        &histories[row]))
            return cm_fail(ctx, CM_E_DATA, "CHURN_HISTORY", "uddd", in->numbers[row] + 1, number_at(in, 0, row),
                           number_at(in, 1, row), number_at(in, 2, row));
    return CM_OK;
}

static bool same_history(const cm_history *a, const cm_history *b) {
    return a->repeats == b->repeats && a->last == b->last && a->age == b->age;
}

/* Sorts by x, then t_x, then T, and makes equal ones one; in place by way of `room`. Returns how many are left. */
static cm_status merge_equal(cm_context *ctx, cm_history *histories, cm_history *room, uint64_t *count) {
    cm_key *keys = cm_alloc(ctx, *count, sizeof *keys);
    cm_status status = keys ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < *count && keys; i++) keys[i].value = i;
    for (int pass = 0; pass < 3 && !status; pass++) { /* stable passes, the least important first */
        for (uint64_t i = 0; i < *count; i++) {
            const cm_history *one = &histories[keys[i].value];
            keys[i].key = pass == 0   ? cm_key_of_double(one->age)
                          : pass == 1 ? cm_key_of_double(one->last)
                                      : (uint64_t)one->repeats;
        }
        status = cm_sort_keys(ctx, keys, *count);
    }
    uint64_t kept = 0;
    for (uint64_t i = 0; i < *count && !status; i++) {
        const cm_history *one = &histories[keys[i].value];
        if (kept && same_history(&room[kept - 1], one))
            room[kept - 1].weight += 1;
        else
            room[kept++] = *one;
    }
    cm_free(ctx->core, keys, *count, sizeof *keys);
    if (!status) *count = kept;
    return status;
}

/* ---- the tables ---- */

static cm_status put_parameters(cm_context *ctx, cm_model *model, const cm_bg_fit *fit) {
    static const char *const columns[] = {"name", "value", "standard_error", "z", "p_value"};
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < 5 && !status; i++)
        status = cm_builder_column(ctx, builder, columns[i], i ? CM_FLOAT64 : CM_STRING, 0, CM_ROLE_NONE);
    for (int i = 0; i < CM_BG_PARAMETERS && !status; i++) {
        bool known = isfinite(fit->errors[i]) && fit->errors[i] > 0;
        status = cm_builder_text(ctx, builder, 0, parameter_names[i], strlen(parameter_names[i]));
        if (!status) status = cm_builder_double(ctx, builder, 1, fit->parameters[i]);
        if (!status && known) status = cm_builder_double(ctx, builder, 2, fit->errors[i]);
        if (!status && known) status = cm_builder_double(ctx, builder, 3, fit->parameters[i] / fit->errors[i]);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, &table);
    if (!status) status = cm_model_put(ctx, model, "parameters", table);
    cm_builder_free(builder);
    cm_table_free(table);
    return status;
}

static double rounded(double value) {
    return floor(value + 0.5);
}

/* A finding with its figure; in the sentence a share stands as a percentage of two places. */
static cm_status add_finding(cm_context *ctx, cm_builder *builder, const char *code, double value) {
    char number[CM_NUMBER_TEXT], sentence[512];
    cm_print_double(value > 0 && value < 1 ? rounded(value * 10000) / 100 : value, number);
    uint64_t length = cm_render(ctx, code, number, sentence, sizeof sentence);
    cm_status status = cm_builder_text(ctx, builder, 0, code, strlen(code));
    if (!status) status = cm_builder_double(ctx, builder, 1, value);
    if (!status) status = cm_builder_text(ctx, builder, 2, sentence, length);
    return status ? status : cm_builder_row(ctx, builder);
}

typedef struct facts {
    double customers, repeaters, histories;
} facts;

/* Where the maximum says little: parameters that run to a border, errors as large as themselves. */
static cm_status add_warnings(cm_context *ctx, cm_builder *builder, const cm_bg_fit *fit, const facts *of) {
    const double *p = fit->parameters;
    double drop_out = p[CM_BG_A] / (p[CM_BG_A] + p[CM_BG_B]);
    bool loose = false;
    cm_status status = CM_OK;
    for (int i = 0; i < CM_BG_PARAMETERS; i++) loose |= !(fit->errors[i] < 2 * p[i]);
    if (!fit->converged) status = add_finding(ctx, builder, "CHURN_NOT_CONVERGED", (double)fit->iterations);
    if (!status && of->repeaters == 0)
        status = add_finding(ctx, builder, "CHURN_NOBODY_REPEATS", of->customers);
    else if (!status && drop_out < 0.01)
        status = add_finding(ctx, builder, "CHURN_NO_DROP_OUT", drop_out);
    else if (!status && loose)
        status = add_finding(ctx, builder, "CHURN_RIDGE", drop_out);
    if (!status && of->repeaters == of->customers)
        status = add_finding(ctx, builder, "CHURN_ALL_REPEAT", of->customers);
    return status;
}

static cm_status put_diagnostics(cm_context *ctx, cm_model *model, const cm_bg_fit *fit, const facts *of) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "code", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "value", CM_FLOAT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "sentence", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = add_finding(ctx, builder, "CHURN_CUSTOMERS", of->customers);
    if (!status) status = add_finding(ctx, builder, "CHURN_REPEATERS", of->repeaters);
    if (!status) status = add_finding(ctx, builder, "CHURN_HISTORIES", of->histories);
    if (!status) status = add_finding(ctx, builder, "CHURN_LOG_LIKELIHOOD", fit->log_likelihood);
    if (!status) status = add_finding(ctx, builder, "CHURN_ITERATIONS", (double)fit->iterations);
    if (!status) status = add_warnings(ctx, builder, fit, of);
    if (!status) status = cm_builder_finish(ctx, builder, &table);
    if (!status) status = cm_model_put(ctx, model, "diagnostics", table);
    cm_builder_free(builder);
    cm_table_free(table);
    return status;
}

/* ---- fit and compile ---- */

static cm_status fit_histories(cm_context *ctx, cm_model *model, const cm_inputs *in, cm_history *histories,
                               cm_history *distinct) {
    uint64_t count = in->rows;
    facts of = {.customers = (double)in->rows};
    cm_bg_fit fit;
    cm_status status = read_histories(ctx, model, in, histories);
    for (uint64_t i = 0; i < count && !status; i++) of.repeaters += histories[i].repeats > 0;
    if (!status) status = merge_equal(ctx, histories, distinct, &count);
    of.histories = (double)count;
    if (!status)
        status = cm_bg_maximise(ctx, distinct, count,
                                cm_option_int(model->options, &model->method->topic, "iterations"), &fit);
    if (!status) status = put_parameters(ctx, model, &fit);
    return status ? status : put_diagnostics(ctx, model, &fit, &of);
}

static cm_status fit(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model) {
    (void)set;
    if (!in->rows) return cm_fail(ctx, CM_E_DATA, "CHURN_NOBODY", "");
    cm_history *histories = cm_alloc(ctx, in->rows, sizeof *histories);
    cm_history *distinct = histories ? cm_alloc(ctx, in->rows, sizeof *distinct) : NULL;
    cm_status status = distinct ? fit_histories(ctx, model, in, histories, distinct) : ctx->error.status;
    cm_free(ctx->core, histories, in->rows, sizeof *histories);
    cm_free(ctx->core, distinct, in->rows, sizeof *distinct);
    return status;
}

static cm_status compile(cm_context *ctx, const cm_model *model, void **compiled) {
    const cm_table *table = cm_model_get(model, "parameters");
    double values[CM_BG_PARAMETERS];
    bool fine = table && table->rows == CM_BG_PARAMETERS && table->column_count == 5
                && table->columns[0]->type == CM_STRING && table->columns[1]->type == CM_FLOAT64;
    for (uint64_t i = 0; fine && i < CM_BG_PARAMETERS; i++) {
        const char *name = cm_table_text(table, i, 0, 0, NULL);
        values[i] = cm_table_double(table, i, 1);
        fine = name && !strcmp(name, parameter_names[i]) && values[i] > 0 && values[i] < 1e15;
    }
    if (!fine) return cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", "parameters", "churn");
    compiled_churn *churn = cm_alloc(ctx, 1, sizeof *churn);
    if (!churn) return ctx->error.status;
    memcpy(churn->parameters, values, sizeof values);
    churn->days = days_of_unit(model);
    churn->horizon = (double)cm_option_int(model->options, &model->method->topic, "horizon") / churn->days;
    churn->own_columns = has_own_columns(model);
    *compiled = churn;
    return CM_OK;
}

static void discard(cm_core *core, void *compiled) {
    cm_free(core, compiled, 1, sizeof(compiled_churn));
}

/* ---- score ---- */

static const char *band_of(double risk) {
    return risk < 0.25 ? "low" : risk < 0.5 ? "medium" : risk < 0.75 ? "high" : "very high";
}

/* What speaks for the risk: how often he used to come, and how long he has been silent. */
static void explain(const compiled_churn *churn, const cm_history *one, double alive, cm_reasons *why) {
    double silent = rounded((one->age - one->last) * churn->days);
    if (one->repeats > 0) {
        double gap = rounded(one->last / (double)one->repeats * churn->days);
        const cm_cell arguments[] = {{.type = CM_FLOAT64, .real = gap}, {.type = CM_FLOAT64, .real = silent}};
        cm_reasons_add(why, "GAP", arguments, 2);
    } else {
        const cm_cell argument = {.type = CM_FLOAT64, .real = silent};
        cm_reasons_add(why, "ONCE", &argument, 1);
    }
    const cm_cell percent = {.type = CM_FLOAT64, .real = rounded(alive * 100)};
    cm_reasons_add(why, "ALIVE", &percent, 1);
}

/* The codes of the reasons with their values, "; " between. */
static cm_cell reasons_cell(const cm_reasons *why, cm_scratch *room) {
    uint64_t length = 0;
    for (uint64_t i = 0; i < why->count; i++) {
        const char *parts[] = {i ? "; " : "", why->items[i].code, " ", why->items[i].arguments};
        for (int j = 0; j < 4; j++)
            for (const char *c = parts[j]; *c && length < sizeof room->text; c++)
                room->text[length++] = *c == 0x1F ? ' ' : *c;
    }
    return (cm_cell){.type = CM_STRING, .text = room->text, .length = length};
}

static cm_cell real_cell(double value) {
    return (cm_cell){.type = isfinite(value) ? CM_FLOAT64 : 0, .real = value};
}

static double real_of(const cm_cell *cell) {
    return cell->type == CM_FLOAT64 ? cell->real : (double)cell->integer;
}

static void score(const void *compiled, const cm_cell *in, cm_cell *out, cm_scratch *room, cm_reasons *why) {
    const compiled_churn *churn = compiled;
    cm_reasons own = {0};
    cm_history one;
    if (!history_of(churn->own_columns, real_of(&in[0]), real_of(&in[1]), real_of(&in[2]), &one)) return;
    cm_outlook next = cm_bg_outlook(churn->parameters, &one, churn->horizon);
    const char *band = band_of(next.silent);
    if (!why) why = &own;
    explain(churn, &one, next.alive, why);
    out[0] = real_cell(next.silent);
    out[1] = (cm_cell){.type = CM_STRING, .text = band, .length = strlen(band)};
    out[2] = reasons_cell(why, room);
    out[3] = (cm_cell){.type = CM_INT64, .integer = one.repeats};
    out[4] = real_cell(one.age - one.last);
    out[5] = real_cell(one.age);
    out[6] = real_cell(next.alive);
    out[7] = real_cell(next.expected);
}

extern const cm_method cm_churn_method;
const cm_method cm_churn_method = {
    .topic = {"churn", "churn risk from transactions, with reasons", options},
    .input = CM_INPUT_CUSTOMERS,
    .incomplete = "no purchase",
    .inputs = inputs,
    .outputs = outputs,
    .fit = fit,
    .compile = compile,
    .discard = discard,
    .score = score,
};
