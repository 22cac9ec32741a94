/* Cut points from values, as a table, and back. */
#include <string.h>

#include "base/number.h"
#include "base/sort.h"
#include "model/rfm/rfm.h"

enum { DIMENSION, WITHIN, SCORE, FROM, TO, CUSTOMERS, COLUMNS };

static const char *const dimension_names[CM_RFM_DIMENSIONS] = {"recency", "frequency", "monetary"};

/* starts[j]: how many customers have a score below j, in sorted order the place where score j starts; j from 1 to n +
 * 1. A value has a score of at least j if n #{u < v} / N >= j - 1, so if at least ceil((j - 1) N / n) values are
 * smaller. */
static void find_starts(const cm_key *sorted, uint64_t count, int32_t scores, uint64_t *starts) {
    uint64_t n = (uint64_t)scores;
    starts[1] = 0;
    for (uint64_t j = 2; j <= n; j++) {
        uint64_t start = ((j - 1) * count + n - 1) / n;
        while (start < count && start > 0 && sorted[start].key == sorted[start - 1].key) start++; /* ties stay below */
        starts[j] = start;
    }
    starts[n + 1] = count;
}

static cm_status add_row(cm_context *ctx, cm_builder *builder, int dimension, int64_t score, const cm_inputs *inputs,
                         const cm_key *sorted, uint64_t start, uint64_t end, int32_t scale) {
    const char *name = dimension_names[dimension];
    const int64_t *values = inputs->columns[dimension].integers;
    cm_status status = cm_builder_text(ctx, builder, DIMENSION, name, strlen(name));
    if (!status) status = cm_builder_int(ctx, builder, SCORE, score);
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS, (int64_t)(end - start));
    if (!status && end > start) {
        int64_t worst = values[sorted[start].value], best = values[sorted[end - 1].value], from, to;
        bool turned = dimension == CM_RFM_RECENCY;
        if (cm_rescale_overflows(turned ? best : worst, inputs->columns[dimension].scale, scale, &from)
            || cm_rescale_overflows(turned ? worst : best, inputs->columns[dimension].scale, scale, &to))
            return cm_fail(ctx, CM_E_OVERFLOW, "RFM_RANGE", "s", name);
        status = cm_builder_int(ctx, builder, FROM, from);
        if (!status) status = cm_builder_int(ctx, builder, TO, to);
    }
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status add_dimension(cm_context *ctx, cm_builder *builder, const cm_inputs *inputs, int dimension, int32_t scores,
                               cm_key *keys) {
    uint64_t starts[CM_RFM_MOST + 2];
    int32_t scale = inputs->columns[CM_RFM_MONETARY].scale;
    for (uint64_t i = 0; i < inputs->rows; i++)
        keys[i] = (cm_key){cm_key_of_int(cm_rfm_goodness(dimension, inputs->columns[dimension].integers[i])), i};
    cm_status status = cm_sort_keys(ctx, keys, inputs->rows);
    if (!status) find_starts(keys, inputs->rows, scores, starts);
    for (int32_t j = 1; j <= scores && !status; j++)
        status = add_row(ctx, builder, dimension, j, inputs, keys, starts[j], starts[j + 1], scale);
    return status;
}

cm_status cm_rfm_make_cuts(cm_context *ctx, const cm_inputs *inputs, int32_t scores, cm_table **out) {
    static const char *const names[COLUMNS] = {"dimension", "within", "score", "from", "to", "customers"};
    static const int32_t types[COLUMNS] = {CM_STRING, CM_STRING, CM_INT64, CM_DECIMAL, CM_DECIMAL, CM_INT64};
    int32_t scale = inputs->columns[CM_RFM_MONETARY].scale;
    cm_builder *builder = NULL;
    cm_key *keys = cm_alloc(ctx, inputs->rows, sizeof *keys);
    cm_status status = keys ? cm_builder_new(ctx, &builder) : ctx->error.status;
    for (int i = 0; i < COLUMNS && !status; i++)
        status = cm_builder_column(ctx, builder, names[i], types[i], types[i] == CM_DECIMAL ? scale : 0, CM_ROLE_NONE);
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++) status = add_dimension(ctx, builder, inputs, i, scores, keys);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    cm_free(ctx->core, keys, inputs->rows, sizeof *keys);
    return status;
}

/* ---- back from the table ---- */

static cm_status damaged(cm_context *ctx) { return cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", "cuts", "rfm"); }

static int64_t power_of_ten(int32_t scale) {
    int64_t power = 1;
    while (scale-- > 0) power *= 10;
    return power;
}

static cm_status read_row(cm_context *ctx, const cm_table *table, uint64_t row, cm_rfm *rfm) {
    int dimension = (int)(row / (uint64_t)rfm->scores);
    int64_t score = (int64_t)(row % (uint64_t)rfm->scores) + 1;
    const char *name = cm_table_text(table, row, DIMENSION, 0, NULL);
    if (!name || strcmp(name, dimension_names[dimension]) != 0 || cm_table_int(table, row, SCORE) != score) return damaged(ctx);
    uint64_t column = dimension == CM_RFM_RECENCY ? TO : FROM; /* the worst value that still has the score */
    if (cm_table_is_absent(table, row, column)) return score == 1 ? damaged(ctx) : CM_OK;
    int64_t value = cm_table_int(table, row, column);
    if (dimension != CM_RFM_MONETARY) {
        int64_t power = power_of_ten(rfm->money_scale);
        if (value % power) return damaged(ctx);
        value /= power;
    }
    rfm->cuts[dimension].at[score] = cm_rfm_goodness(dimension, value);
    rfm->cuts[dimension].used[score] = true;
    for (int64_t j = score - 1; j >= 1; j--) {
        if (!rfm->cuts[dimension].used[j]) continue;
        if (rfm->cuts[dimension].at[j] >= rfm->cuts[dimension].at[score]) return damaged(ctx);
        break;
    }
    return CM_OK;
}

cm_status cm_rfm_read_cuts(cm_context *ctx, const cm_table *table, cm_rfm *rfm) {
    if (table->column_count != COLUMNS || table->columns[DIMENSION]->type != CM_STRING || table->columns[SCORE]->type != CM_INT64
        || table->columns[FROM]->type != CM_DECIMAL || table->columns[TO]->type != CM_DECIMAL
        || table->columns[FROM]->scale != table->columns[TO]->scale)
        return damaged(ctx);
    uint64_t scores = table->rows / CM_RFM_DIMENSIONS;
    if (table->rows % CM_RFM_DIMENSIONS || scores < 2 || scores > CM_RFM_MOST) return damaged(ctx);
    rfm->scores = (int32_t)scores;
    rfm->money_scale = table->columns[FROM]->scale;
    for (uint64_t row = 0; row < table->rows; row++) {
        cm_status status = read_row(ctx, table, row, rfm);
        if (status) return status;
    }
    return CM_OK;
}
