/* What rules recommend to a basket. The antecedents stand in a prefix tree, the rarest item of each first, then the
 * next rarest: a basket walks down the paths that it has, and most rules are passed over with the one rare item that
 * it has not. The nodes lie in the order of the walk, each with the place behind its subtree, so that the walk is a
 * loop over neighbours. Rules are numbered by how good they are (confidence, then lift, then count), so that the best
 * one for an item is the one with the lowest number.
 *
 * Cost of a basket: the nodes under its items whose parents it has all, and the rules that fire; no memory. (The tree
 * is that of candidates in R. Agrawal and R. Srikant, "Fast algorithms for mining association rules", VLDB 1994, with
 * the items by rising frequency.) */
#include "model/rules/advice.h"

#include <float.h>
#include <string.h>

#include "base/sort.h"
#include "model/baskets/rows.h"
#include "table/order.h"

static cm_status damaged(cm_context *ctx) {
    return cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", "rules", "rules");
}

/* ---- rules ---- */

enum { ANTECEDENT, CONSEQUENT, COUNT, CONFIDENCE, LIFT, NEEDED };

/* DECIMAL: weights of baskets. */
static bool is_count(const cm_table *table, int64_t column) {
    return table->columns[column]->type == CM_INT64 || table->columns[column]->type == CM_DECIMAL;
}

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
        if (found < 0) return false;
        if (i == COUNT ? !is_count(table, found) : table->columns[found]->type != needed[i].type) return false;
        columns[i] = (uint64_t)found;
    }
    return true;
}

/* A column of sides: their items, each text looked up once. */
typedef struct sides {
    const cm_column *column;
    int32_t *known; /* by the column's code: the item, from 1; 0: not yet */
} sides;

static cm_status read_item(cm_context *ctx, cm_advice *out, const sides *from, int32_t code, int32_t *item) {
    *item = from->known[code] - 1;
    if (*item >= 0) return CM_OK;
    cm_text text = cm_dictionary_text(from->column->dictionary, code);
    cm_status status = cm_dictionary_add(ctx, out->items, text.data, text.length, item);
    from->known[code] = *item + 1;
    return status;
}

/* The numbers of a row; false: one is absent. */
static bool read_numbers(const cm_table *table, uint64_t row, const uint64_t columns[NEEDED], cm_advice_rule *rule) {
    uint64_t within, at = cm_table_locate(table, row, &within);
    const cm_chunk *count = &table->columns[columns[COUNT]]->chunks[at];
    const cm_chunk *confidence = &table->columns[columns[CONFIDENCE]]->chunks[at];
    const cm_chunk *lift = &table->columns[columns[LIFT]]->chunks[at];
    rule->count = ((const int64_t *)count->values)[count->offset + within];
    rule->confidence = ((const double *)confidence->values)[confidence->offset + within];
    rule->lift = ((const double *)lift->values)[lift->offset + within];
    return cm_chunk_present(count, within) && cm_chunk_present(confidence, within) && cm_chunk_present(lift, within);
}

static cm_status read_rule(cm_context *ctx, cm_advice *out, const cm_table *table, uint64_t row,
                           const uint64_t columns[NEEDED], const sides both[2]) {
    uint64_t lefts, rights;
    const int32_t *left = cm_basket_codes(table, both[ANTECEDENT].column, row, &lefts);
    const int32_t *right = cm_basket_codes(table, both[CONSEQUENT].column, row, &rights);
    if (rights > 1) return CM_OK; /* that of each item alone says more */
    if (!lefts) return CM_OK;     /* says nothing of a basket */
    cm_advice_rule *rule = &out->rules[out->rule_count++];
    *rule = (cm_advice_rule){.first = out->antecedent_count, .length = lefts};
    bool sound = read_numbers(table, row, columns, rule) && rights == 1 && rule->count > 0 && rule->confidence > 0
                 && rule->confidence <= 1 && rule->lift >= 0 && rule->lift <= DBL_MAX;
    if (!sound) return damaged(ctx);
    cm_status status = read_item(ctx, out, &both[CONSEQUENT], right[0], &rule->consequent);
    if (!status)
        status = cm_reserve(ctx, &out->antecedents, &out->antecedent_capacity, out->antecedent_count + lefts,
                            sizeof *out->antecedents);
    for (uint64_t i = 0; i < lefts && !status; i++) {
        int32_t item = -1;
        status = read_item(ctx, out, &both[ANTECEDENT], left[i], &item);
        if (!status && item == rule->consequent) status = damaged(ctx);
        if (!status) out->antecedents[out->antecedent_count++] = item;
    }
    return status;
}

static cm_status read_rules(cm_context *ctx, cm_advice *out, const cm_table *table, const uint64_t columns[NEEDED]) {
    sides both[2] = {{NULL, NULL}, {NULL, NULL}};
    cm_status status = CM_OK;
    for (int i = 0; i < 2 && !status; i++) {
        both[i].column = table->columns[columns[i]];
        both[i].known = cm_alloc(ctx, both[i].column->dictionary_size, sizeof(int32_t));
        if (!both[i].known) status = ctx->error.status;
    }
    for (uint64_t row = 0; row < table->rows && !status; row++) {
        if (row % 4096 == 0) status = cm_tick(ctx, "rules", row, table->rows);
        if (!status) status = read_rule(ctx, out, table, row, columns, both);
    }
    for (int i = 0; i < 2; i++)
        if (both[i].known) cm_free(ctx->core, both[i].known, both[i].column->dictionary_size, sizeof(int32_t));
    return status;
}

typedef struct ordering {
    const cm_advice_rule *rules;
    const int32_t *places; /* of items in byte order */
} ordering;

/* Rules of the same confidence. */
static int compare_rules(const void *user, uint64_t a, uint64_t b) {
    const ordering *own = user;
    const cm_advice_rule *x = &own->rules[a], *y = &own->rules[b];
    if (x->lift < y->lift || x->lift > y->lift) return x->lift > y->lift ? -1 : 1;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    int32_t place = own->places[x->consequent], other = own->places[y->consequent];
    return place == other ? 0 : place < other ? -1 : 1;
}

/* Numbers the rules by how good they are; equal ones stay as the table has them. */
static cm_status order_rules(cm_context *ctx, cm_advice *out) {
    uint64_t count = out->rule_count;
    cm_key *keys = cm_alloc_raw(ctx, count, sizeof *keys);
    int32_t *places = keys ? cm_alloc_raw(ctx, out->item_count, sizeof *places) : NULL;
    cm_advice_rule *rules = places ? cm_alloc_raw(ctx, out->rule_room, sizeof *rules) : NULL;
    cm_status status = rules ? cm_dictionary_ranks(ctx, out->items, out->item_count, places, NULL) : ctx->error.status;
    const ordering own = {out->rules, places};
    for (uint64_t i = 0; i < count && !status; i++)
        keys[i] = (cm_key){~cm_key_of_double(out->rules[i].confidence), i};
    if (!status) status = cm_sort_compared(ctx, keys, count, compare_rules, &own);
    for (uint64_t i = 0; i < count && !status; i++) rules[i] = out->rules[keys[i].value];
    if (!status) {
        cm_advice_rule *before = out->rules;
        out->rules = rules;
        rules = before;
    }
    cm_free(ctx->core, rules, out->rule_room, sizeof *rules);
    cm_free(ctx->core, places, out->item_count, sizeof *places);
    cm_free(ctx->core, keys, count, sizeof *keys);
    return status;
}

/* ---- the tree ---- */

/* The antecedents as the tree wants them. */
typedef struct paths {
    const cm_advice *advice;
    uint32_t *ranks; /* by item: its place among all by rising frequency */
    int32_t *items;  /* by rank */
    uint32_t *steps; /* as `antecedents`, ranks rising in each rule */
    cm_key *order;   /* the rules by path */
} paths;

/* How often each item occurs, as far as the model tells. */
static void find_counts(const cm_model *model, const cm_advice *advice, cm_key *counts) {
    const cm_table *table = cm_model_get(model, "items");
    int64_t item = table ? cm_table_find(table, "item") : -1, count = table ? cm_table_find(table, "count") : -1;
    for (uint64_t i = 0; i < advice->item_count; i++) counts[i].value = i;
    if (item < 0 || count < 0 || table->columns[item]->type != CM_STRING || !is_count(table, count))
        return;
    for (uint64_t row = 0; row < table->rows; row++) {
        uint64_t length = 0;
        const char *text = cm_table_text(table, row, (uint64_t)item, 0, &length);
        int32_t code = text ? cm_dictionary_find(advice->items, text, length) : -1;
        if (code >= 0) counts[code].key = (uint64_t)cm_table_int(table, row, (uint64_t)count);
    }
}

static cm_status rank_items(cm_context *ctx, const cm_model *model, paths *own) {
    uint64_t items = own->advice->item_count;
    cm_key *counts = cm_alloc(ctx, items, sizeof *counts);
    if (!counts) return ctx->error.status;
    find_counts(model, own->advice, counts);
    cm_status status = cm_sort_keys(ctx, counts, items);
    for (uint64_t i = 0; i < items && !status; i++) {
        own->ranks[counts[i].value] = (uint32_t)i;
        own->items[i] = (int32_t)counts[i].value;
    }
    cm_free(ctx->core, counts, items, sizeof *counts);
    return status;
}

static cm_status sort_steps(cm_context *ctx, paths *own, const cm_advice_rule *rule) {
    uint32_t *steps = own->steps + rule->first;
    uint64_t different = rule->length;
    for (uint64_t i = 0; i < rule->length; i++) steps[i] = own->ranks[own->advice->antecedents[rule->first + i]];
    cm_status status = cm_sort_numbers(ctx, steps, &different);
    return !status && different < rule->length ? damaged(ctx) : status;
}

/* Steps that two paths have in common from their beginning. */
static uint64_t common(const paths *own, uint64_t a, uint64_t b) {
    const cm_advice_rule *x = &own->advice->rules[a], *y = &own->advice->rules[b];
    uint64_t i = 0;
    while (i < x->length && i < y->length && own->steps[x->first + i] == own->steps[y->first + i]) i++;
    return i;
}

static int compare_paths(const void *user, uint64_t a, uint64_t b) {
    const paths *own = user;
    const cm_advice_rule *x = &own->advice->rules[a], *y = &own->advice->rules[b];
    uint64_t same = common(own, a, b);
    if (same == x->length || same == y->length) return x->length == y->length ? 0 : x->length < y->length ? -1 : 1;
    return own->steps[x->first + same] < own->steps[y->first + same] ? -1 : 1;
}

/* As many first steps as fit into a number, the first highest; a path that ends comes before one that goes on. */
static uint64_t packed(const paths *own, const cm_advice_rule *rule, uint64_t bits) {
    uint64_t key = 0;
    for (uint64_t i = 0; i < 64 / bits; i++)
        key = key << bits | (i < rule->length ? (uint64_t)own->steps[rule->first + i] + 1 : 0);
    return key;
}

static cm_status open_paths(cm_context *ctx, const cm_model *model, const cm_advice *advice, paths *own) {
    *own = (paths){.advice = advice};
    if (!(own->ranks = cm_alloc_raw(ctx, advice->item_count, sizeof *own->ranks))
        || !(own->items = cm_alloc_raw(ctx, advice->item_count, sizeof *own->items))
        || !(own->steps = cm_alloc_raw(ctx, advice->antecedent_count, sizeof *own->steps))
        || !(own->order = cm_alloc_raw(ctx, advice->rule_count, sizeof *own->order)))
        return ctx->error.status;
    cm_status status = rank_items(ctx, model, own);
    uint64_t bits = 1; /* of a step in a key */
    while (advice->item_count >> bits) bits++;
    for (uint64_t i = 0; i < advice->rule_count && !status; i++) {
        if (i % 4096 == 0) status = cm_tick(ctx, "rules", i, advice->rule_count);
        if (!status) status = sort_steps(ctx, own, &advice->rules[i]);
        own->order[i] = (cm_key){packed(own, &advice->rules[i], bits), i};
    }
    return status ? status : cm_sort_compared(ctx, own->order, advice->rule_count, compare_paths, own);
}

static void close_paths(cm_core *core, paths *own) {
    cm_free(core, own->ranks, own->advice->item_count, sizeof *own->ranks);
    cm_free(core, own->items, own->advice->item_count, sizeof *own->items);
    cm_free(core, own->steps, own->advice->antecedent_count, sizeof *own->steps);
    cm_free(core, own->order, own->advice->rule_count, sizeof *own->order);
}

/* Puts the rules in their order into the tree; `open` has the nodes on the way to the last one, `depth` of them. */
static void plant(cm_advice *out, const paths *own, uint32_t *open) {
    uint64_t depth = 0;
    for (uint64_t i = 0; i <= out->rule_count; i++) {
        uint64_t number = i < out->rule_count ? own->order[i].value : 0;
        uint64_t same = i && i < out->rule_count ? common(own, own->order[i - 1].value, number) : 0;
        while (depth > same) out->nodes[open[--depth]].skip = (uint32_t)out->node_count;
        if (i == out->rule_count) return;
        const cm_advice_rule *rule = &out->rules[number];
        for (; depth < rule->length; depth++) {
            int32_t item = own->items[own->steps[rule->first + depth]];
            if (!depth) out->roots[item] = (uint32_t)out->node_count + 1;
            open[depth] = (uint32_t)out->node_count;
            out->nodes[out->node_count++] = (cm_advice_node){.item = item, .end = (uint32_t)i};
        }
        out->firings[i] = (struct cm_advice_firing){rule->consequent, (uint32_t)number};
        out->nodes[out->node_count - 1].end++;
    }
}

static cm_status make_tree(cm_context *ctx, const cm_model *model, cm_advice *out) {
    uint64_t longest = 0;
    paths own = {0};
    uint32_t *open = NULL;
    for (uint64_t i = 0; i < out->rule_count; i++)
        if (out->rules[i].length > longest) longest = out->rules[i].length;
    if (out->antecedent_count >= UINT32_MAX) return damaged(ctx);
    cm_status status = open_paths(ctx, model, out, &own);
    if (!status
        && (!(open = cm_alloc(ctx, longest, sizeof *open))
            || !(out->nodes = cm_alloc_raw(ctx, out->antecedent_count, sizeof *out->nodes))
            || !(out->roots = cm_alloc(ctx, out->item_count, sizeof *out->roots))
            || !(out->firings = cm_alloc_raw(ctx, out->rule_count, sizeof *out->firings))))
        status = ctx->error.status;
    if (!status) plant(out, &own, open);
    cm_free(ctx->core, open, longest, sizeof *open);
    close_paths(ctx->core, &own);
    return status;
}

/* ---- open and close ---- */

void cm_advice_close(cm_core *core, cm_advice *own) {
    cm_free(core, own->nodes, own->antecedent_count, sizeof *own->nodes);
    cm_free(core, own->roots, own->item_count, sizeof *own->roots);
    cm_free(core, own->firings, own->rule_count, sizeof *own->firings);
    cm_free(core, own->rules, own->rule_room, sizeof *own->rules);
    cm_free(core, own->antecedents, own->antecedent_capacity, sizeof *own->antecedents);
    cm_dictionary_release(own->items);
    cm_free(core, own, 1, sizeof *own);
}

cm_status cm_advice_open(cm_context *ctx, const cm_model *model, cm_advice **result) {
    const cm_table *table = cm_model_get(model, "rules");
    uint64_t columns[NEEDED];
    if (!table || !find_columns(table, columns) || table->rows >= UINT32_MAX) return damaged(ctx);
    cm_advice *out = cm_alloc(ctx, 1, sizeof *out);
    if (!out) return ctx->error.status;
    out->rule_room = table->rows;
    out->count_type = table->columns[columns[COUNT]]->type;
    out->count_scale = table->columns[columns[COUNT]]->scale;
    out->rules = cm_alloc_raw(ctx, table->rows, sizeof *out->rules);
    cm_status status = out->rules ? cm_dictionary_new(ctx, &out->items) : ctx->error.status;
    if (!status) status = read_rules(ctx, out, table, columns);
    out->item_count = out->items ? cm_dictionary_size(out->items) : 0;
    if (!status) status = order_rules(ctx, out);
    if (!status) status = make_tree(ctx, model, out);
    if (status)
        cm_advice_close(ctx->core, out);
    else
        *result = out;
    return status;
}

/* ---- asking ---- */

cm_status cm_asker_open(cm_context *ctx, const cm_advice *advice, cm_asker *out) {
    uint64_t items = advice->item_count;
    *out = (cm_asker){.advice = advice};
    if (!(out->here = cm_alloc(ctx, items, sizeof *out->here))
        || !(out->fired = cm_alloc(ctx, items, sizeof *out->fired))
        || !(out->best = cm_alloc(ctx, items, sizeof *out->best))
        || !(out->items = cm_alloc(ctx, items, sizeof *out->items))
        || !(out->found = cm_alloc(ctx, items, sizeof *out->found)))
        return ctx->error.status;
    return CM_OK;
}

void cm_asker_close(cm_core *core, cm_asker *asker) {
    uint64_t items = asker->advice->item_count;
    cm_free(core, asker->here, items, sizeof *asker->here);
    cm_free(core, asker->fired, items, sizeof *asker->fired);
    cm_free(core, asker->best, items, sizeof *asker->best);
    cm_free(core, asker->items, items, sizeof *asker->items);
    cm_free(core, asker->found, items, sizeof *asker->found);
}

void cm_asker_begin(cm_asker *asker) {
    if (asker->turn == UINT32_MAX) {
        memset(asker->here, 0, (size_t)asker->advice->item_count * sizeof *asker->here);
        memset(asker->fired, 0, (size_t)asker->advice->item_count * sizeof *asker->fired);
        asker->turn = 0;
    }
    asker->turn++;
    asker->item_count = asker->found_count = 0;
}

static void fire(cm_asker *asker, const struct cm_advice_firing *from, const struct cm_advice_firing *end) {
    for (; from < end; from++) {
        int32_t item = from->consequent;
        if (asker->here[item] == asker->turn) continue;
        if (asker->fired[item] != asker->turn) {
            asker->fired[item] = asker->turn;
            asker->best[item] = from->rule;
            asker->found[asker->found_count++] = (uint32_t)item;
        } else if (from->rule < asker->best[item])
            asker->best[item] = from->rule;
    }
}

/* Shell sort (D. L. Shell 1959): in place, and quick for the few that there are. */
static void sort_found(uint32_t *found, uint64_t count) {
    for (uint64_t gap = count > 16 ? count / 3 + 1 : 1; gap; gap = gap == 1 ? 0 : gap / 3 + (gap < 3))
        for (uint64_t i = gap; i < count; i++) {
            uint32_t one = found[i];
            uint64_t at = i;
            for (; at >= gap && found[at - gap] > one; at -= gap) found[at] = found[at - gap];
            found[at] = one;
        }
}

void cm_asker_answer(cm_asker *asker) {
    const cm_advice *advice = asker->advice;
    for (uint64_t i = 0; i < asker->item_count; i++) {
        uint32_t root = advice->roots[asker->items[i]];
        if (!root) continue;
        uint32_t end = advice->nodes[root - 1].skip;
        for (uint32_t at = root - 1; at < end;) {
            const cm_advice_node *node = &advice->nodes[at];
            if (asker->here[node->item] != asker->turn) {
                at = node->skip;
                continue;
            }
            fire(asker, advice->firings + (at ? node[-1].end : 0), advice->firings + node->end);
            at++;
        }
    }
    for (uint64_t i = 0; i < asker->found_count; i++) asker->found[i] = asker->best[asker->found[i]];
    sort_found(asker->found, asker->found_count);
}
