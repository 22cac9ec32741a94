/* The compiled model, from the table of rules alone, and what it recommends: each rule stands in the list of its first
 * antecedent item; a basket tries the rules of its items. Of the rules that fire for an item the best counts:
 * confidence, then lift, then count. */
#include <float.h>
#include <string.h>

#include "model/rules/rules.h"

typedef struct firing {
    uint64_t first, length; /* of the antecedent in `antecedents` */
    int32_t consequent;
    int64_t count;
    double confidence, lift;
} firing;

typedef struct recommender {
    cm_dictionary *items; /* of all rules */
    uint64_t item_count;
    int32_t *places; /* in byte order, by item */
    firing *rules;
    uint64_t rule_count, rule_room;
    int32_t *antecedents;
    uint64_t antecedent_count, antecedent_capacity;
    uint64_t *starts; /* of the rules of each item in `of`; item_count + 1 */
    uint32_t *of;
} recommender;

static cm_status damaged(cm_context *ctx) {
    return cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", "rules", "rules");
}

/* ---- compiling ---- */

enum { ANTECEDENT, CONSEQUENT, COUNT, CONFIDENCE, LIFT, NEEDED };

static bool find_columns(const cm_table *table, uint64_t columns[NEEDED]) {
    static const struct {
        const char *name;
        int32_t type;
    } needed[NEEDED] = {{"antecedent", CM_LIST},
                        {"consequent", CM_LIST},
                        {"count", CM_INT64},
                        {"confidence", CM_FLOAT64},
                        {"lift", CM_FLOAT64}};
    for (int i = 0; i < NEEDED; i++) {
        int64_t found = cm_table_find(table, needed[i].name);
        if (found < 0 || table->columns[found]->type != needed[i].type) return false;
        columns[i] = (uint64_t)found;
    }
    return true;
}

static cm_status read_item(cm_context *ctx, recommender *out, const cm_table *table, uint64_t row, uint64_t column,
                           uint64_t at, int32_t *item) {
    uint64_t length;
    const char *text = cm_table_text(table, row, column, at, &length);
    return text ? cm_dictionary_add(ctx, out->items, text, length, item) : damaged(ctx);
}

static cm_status read_rule(cm_context *ctx, recommender *out, const cm_table *table, uint64_t row,
                           const uint64_t columns[NEEDED]) {
    if (cm_table_items(table, row, columns[CONSEQUENT]) > 1) return CM_OK; /* that of each item alone says more */
    firing *rule = &out->rules[out->rule_count++];
    *rule = (firing){.first = out->antecedent_count,
                     .length = cm_table_items(table, row, columns[ANTECEDENT]),
                     .count = cm_table_int(table, row, columns[COUNT]),
                     .confidence = cm_table_double(table, row, columns[CONFIDENCE]),
                     .lift = cm_table_double(table, row, columns[LIFT])};
    bool sound = rule->length && cm_table_items(table, row, columns[CONSEQUENT]) == 1 && rule->count > 0
                 && rule->confidence > 0 && rule->confidence <= 1 && rule->lift >= 0 && rule->lift <= DBL_MAX;
    if (!sound) return damaged(ctx);
    cm_status status = read_item(ctx, out, table, row, columns[CONSEQUENT], 0, &rule->consequent);
    if (!status)
        status = cm_reserve(ctx, &out->antecedents, &out->antecedent_capacity, out->antecedent_count + rule->length,
                            sizeof(int32_t));
    for (uint64_t i = 0; i < rule->length && !status; i++) {
        int32_t item = -1;
        status = read_item(ctx, out, table, row, columns[ANTECEDENT], i, &item);
        if (!status && item == rule->consequent) status = damaged(ctx);
        if (!status) out->antecedents[out->antecedent_count++] = item;
    }
    return status;
}

static cm_status index_rules(cm_context *ctx, recommender *out) {
    out->item_count = cm_dictionary_size(out->items);
    uint64_t *ends = NULL;
    if (!(out->places = cm_alloc(ctx, out->item_count, sizeof(int32_t)))
        || !(out->starts = cm_alloc(ctx, out->item_count + 1, sizeof(uint64_t)))
        || !(out->of = cm_alloc(ctx, out->rule_count, sizeof(uint32_t)))
        || !(ends = cm_alloc(ctx, out->item_count, sizeof *ends)))
        return ctx->error.status;
    for (uint64_t i = 0; i < out->rule_count; i++) out->starts[out->antecedents[out->rules[i].first] + 1]++;
    for (uint64_t i = 0; i < out->item_count; i++) {
        ends[i] = out->starts[i];
        out->starts[i + 1] += out->starts[i];
    }
    for (uint64_t i = 0; i < out->rule_count; i++) out->of[ends[out->antecedents[out->rules[i].first]]++] = (uint32_t)i;
    cm_free(ctx->core, ends, out->item_count, sizeof *ends);
    return cm_dictionary_ranks(ctx, out->items, out->item_count, out->places, NULL);
}

void cm_rules_discard(cm_core *core, void *compiled) {
    recommender *own = compiled;
    cm_free(core, own->places, own->item_count, sizeof(int32_t));
    cm_free(core, own->starts, own->item_count + 1, sizeof(uint64_t));
    cm_free(core, own->of, own->rule_count, sizeof(uint32_t));
    cm_free(core, own->rules, own->rule_room, sizeof *own->rules);
    cm_free(core, own->antecedents, own->antecedent_capacity, sizeof(int32_t));
    cm_dictionary_release(own->items);
    cm_free(core, own, 1, sizeof *own);
}

cm_status cm_rules_compile(cm_context *ctx, const cm_model *model, void **compiled) {
    const cm_table *table = cm_model_get(model, "rules");
    uint64_t columns[NEEDED];
    if (!table || !find_columns(table, columns) || table->rows >= UINT32_MAX) return damaged(ctx);
    recommender *out = cm_alloc(ctx, 1, sizeof *out);
    if (!out) return ctx->error.status;
    out->rule_room = table->rows;
    out->rules = cm_alloc(ctx, table->rows, sizeof *out->rules);
    cm_status status = out->rules ? cm_dictionary_new(ctx, &out->items) : ctx->error.status;
    for (uint64_t row = 0; row < table->rows && !status; row++) status = read_rule(ctx, out, table, row, columns);
    if (!status) status = index_rules(ctx, out);
    if (status)
        cm_rules_discard(ctx->core, out);
    else
        *compiled = out;
    return status;
}

/* ---- applying ---- */

typedef struct applying {
    const recommender *rules;
    const cm_inputs *inputs;
    const cm_column *column;
    int64_t id;       /* the column of the baskets' ids; -1: their rows' numbers */
    int32_t *item_of; /* by code; -1: in no rule */
    uint32_t *here;   /* by item: the basket, from 1, that has it */
    uint32_t *fired;  /* by item: the basket that a rule recommends it to */
    uint32_t *best;   /* by item: that rule */
    int32_t *found;   /* the items recommended to the basket at hand */
    uint64_t found_count;
} applying;

static bool better(const recommender *rules, uint32_t a, uint32_t b) {
    const firing *x = &rules->rules[a], *y = &rules->rules[b];
    if (x->confidence != y->confidence) return x->confidence > y->confidence;
    if (x->lift != y->lift) return x->lift > y->lift;
    if (x->count != y->count) return x->count > y->count;
    return x->consequent != y->consequent && rules->places[x->consequent] < rules->places[y->consequent];
}

static bool has_all(const applying *work, const firing *rule, uint32_t basket) {
    for (uint64_t i = 0; i < rule->length; i++)
        if (work->here[work->rules->antecedents[rule->first + i]] != basket) return false;
    return true;
}

static void fire(applying *work, int32_t item, uint32_t basket) {
    const recommender *rules = work->rules;
    for (uint64_t i = rules->starts[item]; i < rules->starts[item + 1]; i++) {
        uint32_t number = rules->of[i];
        const firing *rule = &rules->rules[number];
        bool first = work->fired[rule->consequent] != basket;
        if (work->here[rule->consequent] == basket) continue;
        if ((!first && !better(rules, number, work->best[rule->consequent])) || !has_all(work, rule, basket)) continue;
        if (first) work->found[work->found_count++] = rule->consequent;
        work->best[rule->consequent] = number;
        work->fired[rule->consequent] = basket;
    }
}

static void sort_found(applying *work) {
    for (uint64_t i = 1; i < work->found_count; i++) {
        int32_t item = work->found[i];
        uint64_t at = i;
        for (; at > 0 && better(work->rules, work->best[item], work->best[work->found[at - 1]]); at--)
            work->found[at] = work->found[at - 1];
        work->found[at] = item;
    }
}

static cm_status put_id(cm_context *ctx, cm_builder *builder, const applying *work, uint64_t row) {
    const cm_table *table = work->inputs->table;
    uint64_t length, column = (uint64_t)work->id;
    if (work->id < 0) return cm_builder_int(ctx, builder, 0, (int64_t)row + 1);
    if (cm_table_is_absent(table, row, column)) return CM_OK;
    if (table->columns[column]->type == CM_INT64)
        return cm_builder_int(ctx, builder, 0, cm_table_int(table, row, column));
    const char *text = cm_table_text(table, row, column, 0, &length);
    return cm_builder_text(ctx, builder, 0, text, length);
}

static cm_status recommend(cm_context *ctx, cm_builder *builder, applying *work, uint64_t index) {
    uint64_t within, row = work->inputs->numbers[index], at = cm_table_locate(work->inputs->table, row, &within);
    const cm_chunk *chunk = &work->column->chunks[at];
    const int64_t *offsets = chunk->offsets + chunk->offset + within;
    const int32_t *codes = chunk->values;
    uint32_t basket = (uint32_t)index + 1;
    cm_status status = CM_OK;
    work->found_count = 0;
    for (int64_t i = offsets[0]; i < offsets[1]; i++)
        if (work->item_of[codes[i]] >= 0) work->here[work->item_of[codes[i]]] = basket;
    for (int64_t i = offsets[0]; i < offsets[1]; i++)
        if (work->item_of[codes[i]] >= 0) fire(work, work->item_of[codes[i]], basket);
    sort_found(work);
    for (uint64_t i = 0; i < work->found_count && !status; i++) {
        const firing *rule = &work->rules->rules[work->best[work->found[i]]];
        cm_text text = cm_dictionary_text(work->rules->items, rule->consequent);
        status = put_id(ctx, builder, work, row);
        if (!status) status = cm_builder_text(ctx, builder, 1, text.data, text.length);
        if (!status) status = cm_builder_double(ctx, builder, 2, rule->confidence);
        if (!status) status = cm_builder_double(ctx, builder, 3, rule->lift);
        if (!status) status = cm_builder_int(ctx, builder, 4, rule->count);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    return status;
}

static int64_t find_id(const cm_table *table) {
    int64_t id = cm_table_find(table, "basket");
    if (id < 0) return -1;
    int32_t type = table->columns[id]->type;
    return type == CM_STRING || type == CM_INT64 ? id : -1;
}

static cm_status open_work(cm_context *ctx, const cm_inputs *inputs, const recommender *rules, applying *work) {
    const cm_column *column = inputs->table->columns[cm_table_find(inputs->table, inputs->columns[0].name)];
    uint64_t items = rules->item_count;
    *work = (applying){.rules = rules, .inputs = inputs, .column = column, .id = find_id(inputs->table)};
    if (inputs->rows >= UINT32_MAX)
        return cm_fail(ctx, CM_E_LIMIT, "RULES_BASKETS_LIMIT", "u", (uint64_t)UINT32_MAX - 1);
    if (!(work->item_of = cm_alloc(ctx, column->dictionary_size, sizeof(int32_t)))
        || !(work->here = cm_alloc(ctx, items, sizeof(uint32_t)))
        || !(work->fired = cm_alloc(ctx, items, sizeof(uint32_t)))
        || !(work->best = cm_alloc(ctx, items, sizeof(uint32_t)))
        || !(work->found = cm_alloc(ctx, items, sizeof(int32_t))))
        return ctx->error.status;
    for (uint64_t code = 0; code < column->dictionary_size; code++) {
        cm_text text = cm_dictionary_text(column->dictionary, (int32_t)code);
        work->item_of[code] = cm_dictionary_find(rules->items, text.data, text.length);
    }
    return CM_OK;
}

static void close_work(cm_core *core, applying *work) {
    uint64_t items = work->rules->item_count;
    cm_free(core, work->item_of, work->column->dictionary_size, sizeof(int32_t));
    cm_free(core, work->here, items, sizeof(uint32_t));
    cm_free(core, work->fired, items, sizeof(uint32_t));
    cm_free(core, work->best, items, sizeof(uint32_t));
    cm_free(core, work->found, items, sizeof(int32_t));
}

cm_status cm_rules_apply(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table **out) {
    applying work;
    cm_builder *builder = NULL;
    cm_status status = open_work(ctx, inputs, model->compiled, &work);
    int32_t id_type = work.id < 0 ? CM_INT64 : inputs->table->columns[work.id]->type;
    if (!status) status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "basket", id_type, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "item", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "confidence", CM_FLOAT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "lift", CM_FLOAT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "count", CM_INT64, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < inputs->rows && !status; i++) {
        if (i % 1024 == 0) status = cm_tick(ctx, "recommendations", i, inputs->rows);
        if (!status) status = recommend(ctx, builder, &work, i);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    close_work(ctx->core, &work);
    return status;
}
