/* What the model recommends: to the baskets of a table, in threads, and to a live one (cm_scorer). */
#include <string.h>

#include "base/threads.h"
#include "model/baskets/rows.h"
#include "model/rules/advice.h"
#include "model/rules/rules.h"
#include "table/sheet.h"

cm_status cm_rules_compile(cm_context *ctx, const cm_model *model, void **compiled) {
    cm_advice *advice = NULL;
    cm_status status = cm_advice_open(ctx, model, &advice);
    if (!status) *compiled = advice;
    return status;
}

void cm_rules_discard(cm_core *core, void *compiled) {
    cm_advice_close(core, compiled);
}

/* ---- a table of baskets ---- */

#define BASKETS_A_PART UINT64_C(8192)

/* What some neighbouring baskets are recommended. */
typedef struct part {
    uint32_t *rules;  /* basket by basket */
    uint32_t *counts; /* by basket */
    uint64_t rule_count, rule_capacity;
} part;

typedef struct applying {
    const cm_advice *advice;
    const cm_inputs *inputs;
    const cm_column *column;
    int64_t id;       /* the column of the baskets' ids; -1: their rows' numbers */
    int32_t *item_of; /* by code; -1: in no rule */
    part *parts;
    uint64_t part_count;
} applying;

static uint64_t part_rows(const applying *work, uint64_t number) {
    uint64_t first = number * BASKETS_A_PART, left = work->inputs->rows - first;
    return left < BASKETS_A_PART ? left : BASKETS_A_PART;
}

static cm_status recommend(cm_context *ctx, const applying *work, cm_asker *asker, uint64_t index, part *out,
                           uint32_t *count) {
    uint64_t items;
    const int32_t *codes = cm_basket_codes(work->inputs->table, work->column, work->inputs->numbers[index], &items);
    cm_asker_begin(asker);
    for (uint64_t i = 0; i < items; i++) cm_asker_add(asker, work->item_of[codes[i]]);
    cm_asker_answer(asker);
    *count = (uint32_t)asker->found_count;
    cm_status status =
        cm_reserve(ctx, &out->rules, &out->rule_capacity, out->rule_count + asker->found_count, sizeof *out->rules);
    for (uint64_t i = 0; i < asker->found_count && !status; i++) out->rules[out->rule_count++] = asker->found[i];
    return status;
}

static cm_status recommend_part(cm_context *ctx, void *state, uint64_t number) {
    applying *work = state;
    part *own = &work->parts[number];
    uint64_t first = number * BASKETS_A_PART, rows = part_rows(work, number);
    cm_asker asker;
    cm_status status = cm_asker_open(ctx, work->advice, &asker);
    if (!status && !(own->counts = cm_alloc(ctx, rows, sizeof *own->counts))) status = ctx->error.status;
    for (uint64_t i = 0; i < rows && !status; i++) {
        if (i % 1024 == 0) status = cm_tick(ctx, "recommendations", first + i, work->inputs->rows);
        if (!status) status = recommend(ctx, work, &asker, first + i, own, &own->counts[i]);
    }
    cm_asker_close(ctx->core, &asker);
    return status;
}

static cm_status open_work(cm_context *ctx, const cm_inputs *inputs, const cm_advice *advice, applying *work) {
    const cm_column *column = cm_baskets_items(inputs);
    *work = (applying){.advice = advice,
                       .inputs = inputs,
                       .column = column,
                       .id = cm_baskets_id(inputs->table),
                       .part_count = (inputs->rows + BASKETS_A_PART - 1) / BASKETS_A_PART};
    if (!(work->item_of = cm_alloc(ctx, column->dictionary_size, sizeof *work->item_of))
        || !(work->parts = cm_alloc(ctx, work->part_count, sizeof *work->parts)))
        return ctx->error.status;
    cm_baskets_renumber(column, advice->items, work->item_of);
    return CM_OK;
}

static void close_work(cm_core *core, applying *work) {
    for (uint64_t i = 0; work->parts && i < work->part_count; i++) {
        cm_free(core, work->parts[i].rules, work->parts[i].rule_capacity, sizeof *work->parts[i].rules);
        cm_free(core, work->parts[i].counts, part_rows(work, i), sizeof *work->parts[i].counts);
    }
    cm_free(core, work->item_of, work->column->dictionary_size, sizeof *work->item_of);
    cm_free(core, work->parts, work->part_count, sizeof *work->parts);
}

/* ---- its columns ---- */

/* The id of each row's basket. */
static cm_status add_ids(cm_context *ctx, cm_sheet *sheet, const applying *work) {
    const cm_table *table = work->inputs->table;
    const cm_column *column = work->id < 0 ? NULL : table->columns[work->id];
    bool texts = column && column->type == CM_STRING;
    int64_t *numbers = NULL;
    int32_t *codes = NULL;
    uint64_t row = 0;
    cm_status status = texts ? cm_sheet_texts(ctx, sheet, "basket", column->dictionary, &codes)
                             : cm_sheet_ints(ctx, sheet, "basket", &numbers);
    for (uint64_t i = 0; i < work->inputs->rows && !status; i++) {
        uint64_t within = 0, number = work->inputs->numbers[i], at = cm_table_locate(table, number, &within);
        const cm_chunk *chunk = column ? &column->chunks[at] : NULL;
        bool absent = chunk && !cm_chunk_present(chunk, within);
        uint64_t end = row + work->parts[i / BASKETS_A_PART].counts[i % BASKETS_A_PART];
        for (; row < end && !status; row++) {
            if (absent)
                status = cm_sheet_absent(ctx, sheet, row);
            else if (texts)
                codes[row] = ((const int32_t *)chunk->values)[chunk->offset + within];
            else
                numbers[row] = chunk ? ((const int64_t *)chunk->values)[chunk->offset + within] : (int64_t)number + 1;
        }
    }
    return status;
}

static cm_status add_antecedents(cm_context *ctx, cm_sheet *sheet, const cm_advice *advice, const uint32_t *rules) {
    int64_t *offsets = NULL;
    int32_t *codes = NULL;
    uint64_t items = 0;
    for (uint64_t row = 0; row < sheet->rows; row++) items += advice->rules[rules[row]].length;
    cm_status status = cm_sheet_lists(ctx, sheet, "antecedent", advice->items, items, &offsets, &codes);
    for (uint64_t row = 0; row < sheet->rows && !status; row++) {
        const cm_advice_rule *rule = &advice->rules[rules[row]];
        memcpy(codes + offsets[row], advice->antecedents + rule->first, (size_t)rule->length * sizeof *codes);
        offsets[row + 1] = offsets[row] + (int64_t)rule->length;
    }
    return status;
}

static cm_status add_counts(cm_context *ctx, cm_sheet *sheet, const cm_advice *advice, int64_t **counts) {
    return advice->count_type == CM_DECIMAL ? cm_sheet_decimals(ctx, sheet, "count", advice->count_scale, counts)
                                            : cm_sheet_ints(ctx, sheet, "count", counts);
}

static cm_status add_rules(cm_context *ctx, cm_sheet *sheet, const cm_advice *advice, const uint32_t *rules) {
    int32_t *items = NULL;
    double *confidences = NULL, *lifts = NULL;
    int64_t *counts = NULL;
    cm_status status = cm_sheet_texts(ctx, sheet, "item", advice->items, &items);
    if (!status) status = cm_sheet_doubles(ctx, sheet, "confidence", &confidences);
    if (!status) status = cm_sheet_doubles(ctx, sheet, "lift", &lifts);
    if (!status) status = add_counts(ctx, sheet, advice, &counts);
    for (uint64_t row = 0; row < sheet->rows && !status; row++) {
        const cm_advice_rule *rule = &advice->rules[rules[row]];
        items[row] = rule->consequent;
        confidences[row] = rule->confidence;
        lifts[row] = rule->lift;
        counts[row] = rule->count;
    }
    return status ? status : add_antecedents(ctx, sheet, advice, rules);
}

static cm_status make_table(cm_context *ctx, const applying *work, cm_table **out) {
    cm_sheet sheet = {0};
    uint64_t at = 0;
    for (uint64_t i = 0; i < work->part_count; i++) sheet.rows += work->parts[i].rule_count;
    uint32_t *rules = cm_alloc_raw(ctx, sheet.rows, sizeof *rules);
    cm_status status = rules ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < work->part_count && !status; i++) {
        const part *own = &work->parts[i];
        if (own->rule_count) memcpy(rules + at, own->rules, (size_t)own->rule_count * sizeof *rules);
        at += own->rule_count;
    }
    if (!status) status = add_ids(ctx, &sheet, work);
    if (!status) status = add_rules(ctx, &sheet, work->advice, rules);
    cm_free(ctx->core, rules, sheet.rows, sizeof *rules);
    return cm_sheet_close(ctx, &sheet, status, out);
}

cm_status cm_rules_apply(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table **out) {
    applying work;
    cm_status status = open_work(ctx, inputs, model->compiled, &work);
    if (!status) status = cm_parallel(ctx, work.part_count, recommend_part, &work);
    if (!status) status = make_table(ctx, &work, out);
    close_work(ctx->core, &work);
    return status;
}

/* ---- a live basket ---- */

cm_status cm_rules_listen(cm_context *ctx, const cm_model *model, void **listener) {
    cm_asker *asker = cm_alloc(ctx, 1, sizeof *asker);
    if (!asker) return ctx->error.status;
    cm_status status = cm_asker_open(ctx, model->compiled, asker);
    if (status)
        cm_rules_leave(ctx->core, asker);
    else
        *listener = asker;
    return status;
}

void cm_rules_leave(cm_core *core, void *listener) {
    cm_asker_close(core, listener);
    cm_free(core, listener, 1, sizeof(cm_asker));
}

/* Items in, as texts; out for each recommendation the cells item, confidence, lift, count, the best first. */
void cm_rules_answer(void *listener, const cm_cell *in, uint64_t in_count, cm_cell *out, uint64_t out_count) {
    cm_asker *asker = listener;
    const cm_advice *advice = asker->advice;
    cm_asker_begin(asker);
    for (uint64_t i = 0; i < in_count; i++)
        if (in[i].type) cm_asker_add(asker, cm_dictionary_find(advice->items, in[i].text, in[i].length));
    cm_asker_answer(asker);
    for (uint64_t i = 0; i < asker->found_count && 4 * i + 4 <= out_count; i++) {
        const cm_advice_rule *rule = &advice->rules[asker->found[i]];
        cm_text text = cm_dictionary_text(advice->items, rule->consequent);
        out[4 * i] = (cm_cell){.type = CM_STRING, .text = text.data, .length = text.length};
        out[4 * i + 1] = (cm_cell){.type = CM_FLOAT64, .real = rule->confidence};
        out[4 * i + 2] = (cm_cell){.type = CM_FLOAT64, .real = rule->lift};
        out[4 * i + 3] = (cm_cell){.type = advice->count_type, .scale = advice->count_scale, .integer = rule->count};
    }
}
