/* The compiled model, from the table of neighbours alone, and what it recommends: the items most similar to those of a
 * basket, similarities summed over its items (M. Deshpande and G. Karypis, "Item-based top-N recommendation
 * algorithms", ACM TOIS 22(1), 2004, doi:10.1145/963770.963776). Ties go by byte order of the items. */
#include <float.h>
#include <string.h>

#include "model/baskets/rows.h"
#include "model/together/together.h"

typedef struct similar {
    int32_t item;
    double similarity;
} similar;

typedef struct neighbourhood {
    cm_dictionary *items;
    uint64_t item_count, pair_count;
    int32_t *places;  /* in byte order, by item */
    uint64_t *starts; /* of each item's neighbours; item_count + 1 */
    similar *pairs;
    int64_t most; /* items recommended to a basket */
} neighbourhood;

static cm_status damaged(cm_context *ctx) {
    return cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", "together", "together");
}

/* ---- compiling ---- */

enum { ITEM, OTHER, SIMILARITY, NEEDED };

static bool find_columns(const cm_table *table, uint64_t columns[NEEDED]) {
    static const char *const names[NEEDED] = {"item", "other", "similarity"};
    static const int32_t types[NEEDED] = {CM_STRING, CM_STRING, CM_FLOAT64};
    for (int i = 0; i < NEEDED; i++) {
        int64_t found = cm_table_find(table, names[i]);
        if (found < 0 || table->columns[found]->type != types[i]) return false;
        columns[i] = (uint64_t)found;
    }
    return true;
}

static cm_status read_item(cm_context *ctx, neighbourhood *out, const cm_table *table, uint64_t row, uint64_t column,
                           int32_t *item) {
    uint64_t length;
    const char *text = cm_table_text(table, row, column, 0, &length);
    return text ? cm_dictionary_add(ctx, out->items, text, length, item) : damaged(ctx);
}

/* Reads the rows' items and counts those of each; then puts each pair with its item. */
static cm_status read_pairs(cm_context *ctx, neighbourhood *out, const cm_table *table, const uint64_t columns[NEEDED],
                            int32_t *items) {
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < table->rows && !status; row++) {
        status = read_item(ctx, out, table, row, columns[ITEM], &items[2 * row]);
        if (!status) status = read_item(ctx, out, table, row, columns[OTHER], &items[2 * row + 1]);
        double similarity = cm_table_double(table, row, columns[SIMILARITY]);
        bool sound = similarity >= 0 && similarity <= DBL_MAX;
        if (!status && (!sound || items[2 * row] == items[2 * row + 1])) status = damaged(ctx);
    }
    if (status) return status;
    out->item_count = cm_dictionary_size(out->items);
    uint64_t *ends = cm_alloc(ctx, out->item_count + 1, sizeof *ends);
    if (!ends || !(out->starts = cm_alloc(ctx, out->item_count + 1, sizeof *out->starts))) status = ctx->error.status;
    for (uint64_t row = 0; row < table->rows && !status; row++) out->starts[items[2 * row] + 1]++;
    for (uint64_t i = 0; i < out->item_count && !status; i++) ends[i + 1] = out->starts[i + 1] += out->starts[i];
    for (uint64_t row = 0; row < table->rows && !status; row++)
        out->pairs[ends[items[2 * row]]++] =
            (similar){items[2 * row + 1], cm_table_double(table, row, columns[SIMILARITY])};
    cm_free(ctx->core, ends, out->item_count + 1, sizeof *ends);
    return status;
}

static cm_status compile(cm_context *ctx, const cm_model *model, neighbourhood *out) {
    const cm_table *table = cm_model_get(model, "together");
    uint64_t columns[NEEDED];
    if (!table || !find_columns(table, columns) || table->rows >= INT32_MAX) return damaged(ctx);
    out->most = cm_option_int(model->options, &model->method->topic, "recommend");
    out->pair_count = table->rows;
    int32_t *items = cm_alloc(ctx, table->rows, 2 * sizeof *items);
    cm_status status =
        items && (out->pairs = cm_alloc(ctx, table->rows, sizeof *out->pairs)) ? CM_OK : ctx->error.status;
    if (!status) status = cm_dictionary_new(ctx, &out->items);
    if (!status) status = read_pairs(ctx, out, table, columns, items);
    if (!status && !(out->places = cm_alloc(ctx, out->item_count, sizeof *out->places))) status = ctx->error.status;
    if (!status) status = cm_dictionary_ranks(ctx, out->items, out->item_count, out->places, NULL);
    cm_free(ctx->core, items, table->rows, 2 * sizeof *items);
    return status;
}

void cm_together_discard(cm_core *core, void *compiled) {
    neighbourhood *own = compiled;
    cm_free(core, own->places, own->item_count, sizeof *own->places);
    cm_free(core, own->starts, own->item_count + 1, sizeof *own->starts);
    cm_free(core, own->pairs, own->pair_count, sizeof *own->pairs);
    cm_dictionary_release(own->items);
    cm_free(core, own, 1, sizeof *own);
}

cm_status cm_together_compile(cm_context *ctx, const cm_model *model, void **compiled) {
    neighbourhood *out = cm_alloc(ctx, 1, sizeof *out);
    if (!out) return ctx->error.status;
    cm_status status = compile(ctx, model, out);
    if (status)
        cm_together_discard(ctx->core, out);
    else
        *compiled = out;
    return status;
}

/* ---- recommending ---- */

struct cm_recommending {
    const neighbourhood *model;
    const cm_column *column;
    int32_t *item_of; /* by code; -1: it has no neighbours and is nobody's */
    int32_t *code_of; /* by item; -1: the baskets' dictionary lacks it */
    double *scores;   /* by item */
    uint32_t *here;   /* by item: the last basket that had it, from 1 */
    uint32_t *seen;   /* by item: the last basket that it has a score for */
    int32_t *found;
    uint64_t found_count;
    uint32_t basket;
};

void cm_recommending_close(cm_core *core, cm_recommending *own) {
    if (!own) return;
    uint64_t items = own->model->item_count;
    cm_free(core, own->item_of, own->column->dictionary_size, sizeof *own->item_of);
    cm_free(core, own->code_of, items, sizeof *own->code_of);
    cm_free(core, own->scores, items, sizeof *own->scores);
    cm_free(core, own->here, items, sizeof *own->here);
    cm_free(core, own->seen, items, sizeof *own->seen);
    cm_free(core, own->found, items, sizeof *own->found);
    cm_free(core, own, 1, sizeof *own);
}

static cm_status open_work(cm_context *ctx, cm_recommending *own) {
    uint64_t items = own->model->item_count, codes = own->column->dictionary_size;
    if (!(own->item_of = cm_alloc(ctx, codes, sizeof *own->item_of))
        || !(own->code_of = cm_alloc(ctx, items, sizeof *own->code_of))
        || !(own->scores = cm_alloc(ctx, items, sizeof *own->scores))
        || !(own->here = cm_alloc(ctx, items, sizeof *own->here))
        || !(own->seen = cm_alloc(ctx, items, sizeof *own->seen))
        || !(own->found = cm_alloc(ctx, items, sizeof *own->found)))
        return ctx->error.status;
    for (uint64_t item = 0; item < items; item++) own->code_of[item] = -1;
    cm_baskets_renumber(own->column, own->model->items, own->item_of);
    for (uint64_t code = 0; code < codes; code++)
        if (own->item_of[code] >= 0) own->code_of[own->item_of[code]] = (int32_t)code;
    return CM_OK;
}

cm_status cm_recommending_open(cm_context *ctx, const void *compiled, const cm_column *column, cm_recommending **out) {
    cm_recommending *own = cm_alloc(ctx, 1, sizeof *own);
    *out = NULL;
    if (!own) return ctx->error.status;
    own->model = compiled;
    own->column = column;
    cm_status status = open_work(ctx, own);
    if (status)
        cm_recommending_close(ctx->core, own);
    else
        *out = own;
    return status;
}

static bool better(const cm_recommending *own, int32_t a, int32_t b) {
    if (own->scores[a] != own->scores[b]) return own->scores[a] > own->scores[b];
    return own->model->places[a] < own->model->places[b];
}

/* Adds the similarities of the neighbours of one item of the basket. */
static void add_neighbours(cm_recommending *own, int32_t item) {
    const neighbourhood *model = own->model;
    for (uint64_t i = model->starts[item]; i < model->starts[item + 1]; i++) {
        int32_t other = model->pairs[i].item;
        if (own->here[other] == own->basket) continue;
        if (own->seen[other] != own->basket) {
            own->seen[other] = own->basket;
            own->scores[other] = 0;
            own->found[own->found_count++] = other;
        }
        own->scores[other] += model->pairs[i].similarity;
    }
}

/* The best `most` of what was found, in their order, to the front. */
static void pick(cm_recommending *own, uint64_t most) {
    uint64_t kept = 0;
    for (uint64_t i = 0; i < own->found_count; i++) {
        int32_t item = own->found[i];
        if (kept == most && !better(own, item, own->found[kept - 1])) continue;
        uint64_t at = kept < most ? kept++ : kept - 1;
        for (; at > 0 && better(own, item, own->found[at - 1]); at--) own->found[at] = own->found[at - 1];
        own->found[at] = item;
    }
    own->found_count = kept;
}

/* A basket's items count once, however often it has them. */
static void recommend(cm_recommending *own, const int32_t *codes, uint64_t count, uint64_t most) {
    own->basket++;
    own->found_count = 0;
    for (uint64_t i = 0; i < count; i++)
        if (own->item_of[codes[i]] >= 0) own->here[own->item_of[codes[i]]] = own->basket;
    for (uint64_t i = 0; i < count; i++) {
        int32_t item = own->item_of[codes[i]];
        if (item < 0 || own->seen[item] == own->basket) continue;
        own->seen[item] = own->basket; /* it is in the basket, so never found */
        add_neighbours(own, item);
    }
    if (most)
        pick(own, most);
    else
        own->found_count = 0;
}

uint64_t cm_recommending_codes(void *self, const int32_t *codes, uint64_t count, uint64_t most, int32_t *out) {
    cm_recommending *own = self;
    uint64_t kept = 0;
    recommend(own, codes, count, most);
    for (uint64_t i = 0; i < own->found_count; i++)
        if (own->code_of[own->found[i]] >= 0) out[kept++] = own->code_of[own->found[i]];
    return kept;
}

/* ---- the table ---- */

static cm_status put_basket(cm_context *ctx, cm_builder *builder, const cm_recommending *own, const cm_table *table,
                            uint64_t row) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < own->found_count && !status; i++) {
        cm_text text = cm_dictionary_text(own->model->items, own->found[i]);
        status = cm_baskets_put_id(ctx, builder, 0, table, row);
        if (!status) status = cm_builder_text(ctx, builder, 1, text.data, text.length);
        if (!status) status = cm_builder_double(ctx, builder, 2, own->scores[own->found[i]]);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    return status;
}

cm_status cm_together_apply(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table **out) {
    const cm_column *items = cm_baskets_items(inputs);
    const neighbourhood *compiled = model->compiled;
    cm_recommending *own = NULL;
    cm_builder *builder = NULL;
    if (inputs->rows >= UINT32_MAX) return cm_fail(ctx, CM_E_LIMIT, "BASKETS_LIMIT", "u", (uint64_t)UINT32_MAX - 1);
    cm_status status = cm_recommending_open(ctx, compiled, items, &own);
    if (!status) status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_baskets_id_column(ctx, builder, inputs->table);
    if (!status) status = cm_builder_column(ctx, builder, "item", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "score", CM_FLOAT64, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < inputs->rows && !status; i++) {
        uint64_t count;
        const int32_t *codes = cm_basket_codes(inputs->table, items, inputs->numbers[i], &count);
        if (i % 1024 == 0) status = cm_tick(ctx, "recommendations", i, inputs->rows);
        if (status) break;
        recommend(own, codes, count, (uint64_t)compiled->most);
        status = put_basket(ctx, builder, own, inputs->table, inputs->numbers[i]);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    cm_recommending_close(ctx->core, own);
    return status;
}
