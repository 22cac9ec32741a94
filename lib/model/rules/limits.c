/* What can be found within the limits of time and memory, with the option allow_partial: rarer and rarer sets, as long
 * as there is room for them and what follows from them. */
#include "model/rules/fit.h"

#define FIRST_ROOM (UINT64_C(128) << 10) /* bytes of sets */
#define LEAST_ROOM UINT64_C(64)

/* A model of what fits into what->how.room, compiled, in half of the time that is left. */
static cm_status attempt(cm_context *ctx, const cm_market *market, const cm_options *set, cm_outcome *what,
                         const cm_method *method, cm_model **out) {
    cm_model *model = NULL;
    int64_t deadline = cm_deadline_share(ctx, 0.5);
    cm_status status = cm_model_make(ctx, method, &model);
    if (!status) status = cm_rules_mine(ctx, market, set, what, model);
    if (!status) status = cm_model_compile(ctx, model);
    ctx->deadline = deadline;
    if (status)
        cm_model_free(model);
    else
        *out = model;
    return status;
}

/* Moves what `from` has into `to`. */
static cm_status take_over(cm_context *ctx, cm_model *to, cm_model *from) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < from->count && !status; i++)
        status = cm_model_put(ctx, to, from->parts[i].name, from->parts[i].table);
    to->compiled = from->compiled;
    from->compiled = NULL;
    return status;
}

/* What is found must leave room and time for its rules and tables, which nobody knows beforehand: attempts with four
 * times the room of the one before, as long as they succeed; with a quarter until the first does. The last counts. */
cm_status cm_rules_mine_within_limits(cm_context *ctx, const cm_market *market, const cm_options *set,
                                      cm_outcome *what, cm_model *model) {
    bool limited = ctx->settings.memory_limit || ctx->settings.time_limit > 0, ended = false, shrinks = false;
    uint64_t most = ctx->settings.memory_limit ? ctx->settings.memory_limit / 8 : UINT64_MAX / 8;
    cm_model *best = NULL;
    cm_status status = CM_OK;
    what->how.room = limited && FIRST_ROOM < most ? FIRST_ROOM : most;
    while (!ended) {
        cm_model *next = NULL;
        status = attempt(ctx, market, set, what, model->method, &next);
        shrinks = status == CM_E_LIMIT && !best;
        ended = status ? !shrinks || what->how.room / 4 < LEAST_ROOM : !what->truncated || what->how.room >= most;
        if (!status) {
            cm_model_free(best);
            best = next;
        }
        if (shrinks) most = what->how.room / 4;
        what->how.room = shrinks || what->how.room > most / 4 ? most : 4 * what->how.room;
    }
    if (best && status == CM_E_LIMIT) cm_error_clear(&ctx->error);
    if (best && (!status || status == CM_E_LIMIT)) status = take_over(ctx, model, best);
    cm_model_free(best);
    return status;
}
