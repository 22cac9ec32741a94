/* Shares of the values of a column, and their tests. */
#include <math.h>

#include "base/fisher.h"
#include "base/intervals.h"
#include "model/profile/profile.h"

/* ---- one value ---- */

/* In standard deviations of all, as if the value were a number, 1 or 0. The interval is that between the group and the
 * others; the group less all is less than that by the share of the others. */
static void measure_share(const cm_profile *profile, cm_profile_finding *one) {
    double all = (double)one->all_known, others = all - (double)one->group_known, share = (double)one->all / all;
    double unit = sqrt(share * (1 - share)), part = others / all / unit;
    uint64_t other_hits = one->all - one->group, other_trials = one->all_known - one->group_known;
    one->difference = ((double)one->group / (double)one->group_known - share) / unit;
    cm_newcombe(one->group, one->group_known, other_hits, other_trials, cm_normal_z(profile->inside), &one->low,
                &one->high);
    one->low *= part;
    one->high *= part;
    one->p = cm_fisher_two_sided(one->all_known, one->group_known, one->all, one->group);
}

cm_status cm_profile_add_share(cm_context *ctx, const cm_profile *profile, uint64_t column, const char *text,
                               uint64_t length, uint64_t group, uint64_t all, cm_profile_attribute *to) {
    if (!to->group_known || to->group_known == to->all_known || all == to->all_known || all < profile->least) {
        to->untested++;
        return CM_OK;
    }
    cm_status status = cm_reserve(ctx, &to->findings, &to->capacity, to->count + 1, sizeof *to->findings);
    if (status) return status;
    cm_profile_finding *one = &to->findings[to->count];
    *one = (cm_profile_finding){.column = column,
                                .group = group,
                                .all = all,
                                .group_known = to->group_known,
                                .all_known = to->all_known};
    one->value = cm_arena_text(ctx, &to->texts, text, length);
    if (!one->value) return ctx->error.status;
    measure_share(profile, one);
    to->count++;
    to->tested++;
    return CM_OK;
}

/* ---- texts, and the two values of BOOL ---- */

typedef struct counts {
    uint64_t *group, *all; /* by code */
    uint64_t size;
} counts;

static void count_values(const cm_profile *profile, const cm_column *column, counts *to, cm_profile_attribute *out) {
    for (uint64_t c = 0; c < column->chunk_count; c++) {
        const cm_chunk *chunk = &column->chunks[c];
        const uint8_t *member = profile->member + profile->table->first_rows[c];
        for (uint64_t i = 0; i < chunk->rows; i++) {
            if (!cm_chunk_present(chunk, i)) continue;
            uint64_t at = chunk->offset + i;
            uint64_t code =
                column->type == CM_BOOL ? cm_bit(chunk->values, at) : (uint64_t)((const int32_t *)chunk->values)[at];
            to->all[code]++;
            to->group[code] += member[i];
            out->group_known += member[i];
            out->all_known++;
        }
    }
    for (uint64_t code = 0; code < to->size; code++) out->values += to->all[code] > 0;
}

/* In the order of their bytes, whatever their codes are. */
static cm_status add_texts(cm_context *ctx, const cm_profile *profile, uint64_t column, const counts *from,
                           cm_profile_attribute *out) {
    const cm_dictionary *texts = profile->table->columns[column]->dictionary;
    int32_t *order = cm_alloc(ctx, from->size, sizeof *order);
    cm_status status = order ? cm_dictionary_ranks(ctx, texts, from->size, NULL, order) : ctx->error.status;
    for (uint64_t i = 0; i < from->size && !status; i++) {
        cm_text text = cm_dictionary_text(texts, order[i]);
        uint64_t all = from->all[order[i]];
        if (all)
            status =
                cm_profile_add_share(ctx, profile, column, text.data, text.length, from->group[order[i]], all, out);
    }
    cm_free(ctx->core, order, from->size, sizeof *order);
    return status;
}

static cm_status look_at_values(cm_context *ctx, const cm_profile *profile, uint64_t column,
                                cm_profile_attribute *out) {
    static const char *const switches[] = {"false", "true"};
    const cm_column *values = profile->table->columns[column];
    counts own = {.size = values->type == CM_BOOL ? 2 : values->dictionary_size};
    own.group = cm_alloc(ctx, own.size, sizeof *own.group);
    own.all = own.group ? cm_alloc(ctx, own.size, sizeof *own.all) : NULL;
    cm_status status = own.all ? CM_OK : ctx->error.status;
    if (!status) count_values(profile, values, &own, out);
    if (!status && values->type == CM_STRING) status = add_texts(ctx, profile, column, &own, out);
    for (uint64_t i = 0; i < 2 && !status && values->type == CM_BOOL; i++)
        if (own.all[i])
            status = cm_profile_add_share(ctx, profile, column, switches[i], 5 - i, own.group[i], own.all[i], out);
    cm_free(ctx->core, own.group, own.size, sizeof *own.group);
    cm_free(ctx->core, own.all, own.size, sizeof *own.all);
    return status;
}

cm_status cm_profile_look(cm_context *ctx, const cm_profile *profile, uint64_t column, cm_profile_attribute *out) {
    switch (out->kind) {
    case CM_PROFILE_TEXT: return look_at_values(ctx, profile, column, out);
    case CM_PROFILE_NUMBER:
    case CM_PROFILE_DATE: return cm_profile_look_at_numbers(ctx, profile, column, out);
    default: return CM_OK;
    }
}

void cm_profile_clear(cm_core *core, cm_profile *profile) {
    for (uint64_t i = 0; profile->attributes && i < profile->table->column_count; i++) {
        cm_profile_attribute *one = &profile->attributes[i];
        cm_free(core, one->findings, one->capacity, sizeof *one->findings);
        cm_arena_free(core, &one->texts);
    }
    cm_free(core, profile->attributes, profile->table->column_count, sizeof *profile->attributes);
    cm_free(core, profile->member, profile->table->rows, 1);
}
