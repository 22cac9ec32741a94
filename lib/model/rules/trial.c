/* The rules as a recommender, tried on baskets kept aside. */
#include "model/baskets/rows.h"
#include "model/baskets/trial.h"
#include "model/rules/advice.h"
#include "model/rules/rules.h"

typedef struct asking {
    const cm_advice *advice;
    cm_asker asker;
    const cm_column *column;
    int32_t *item_of; /* by code of the column's dictionary: the advice's item; -1: in no rule */
    int32_t *code_of; /* the other way round */
} asking;

static void close_asking(cm_core *core, asking *own) {
    cm_asker_close(core, &own->asker);
    cm_free(core, own->item_of, own->column->dictionary_size, sizeof *own->item_of);
    cm_free(core, own->code_of, own->advice->item_count, sizeof *own->code_of);
}

static cm_status open_asking(cm_context *ctx, const cm_advice *advice, const cm_column *column, asking *own) {
    *own = (asking){.advice = advice, .column = column};
    cm_status status = cm_asker_open(ctx, advice, &own->asker);
    if (status) return status;
    if (!(own->item_of = cm_alloc(ctx, column->dictionary_size, sizeof *own->item_of))
        || !(own->code_of = cm_alloc(ctx, advice->item_count, sizeof *own->code_of)))
        return ctx->error.status;
    cm_baskets_renumber(column, advice->items, own->item_of);
    for (uint64_t code = 0; code < column->dictionary_size; code++)
        if (own->item_of[code] >= 0) own->code_of[own->item_of[code]] = (int32_t)code;
    return CM_OK;
}

static uint64_t recommend(void *self, const int32_t *codes, uint64_t count, uint64_t most, int32_t *out) {
    asking *own = self;
    cm_asker_begin(&own->asker);
    for (uint64_t i = 0; i < count; i++) cm_asker_add(&own->asker, own->item_of[codes[i]]);
    cm_asker_answer(&own->asker);
    uint64_t found = own->asker.found_count < most ? own->asker.found_count : most;
    for (uint64_t i = 0; i < found; i++) out[i] = own->code_of[own->advice->rules[own->asker.found[i]].consequent];
    return found;
}

cm_status cm_rules_try(cm_context *ctx, cm_model *model, const cm_market *market, const cm_inputs *aside, uint64_t most,
                       cm_table **out) {
    asking own;
    cm_recommender rules = {"rules", &own, recommend};
    cm_status status = cm_model_compile(ctx, model);
    if (status) return status;
    status = open_asking(ctx, model->compiled, market->column, &own);
    if (!status) status = cm_recommenders_try(ctx, &rules, 1, aside, market->codes, market->count, most, out);
    close_asking(ctx->core, &own);
    return status;
}
