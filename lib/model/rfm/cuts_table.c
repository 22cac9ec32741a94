/* The table of cuts: dimension, within, score, from, to, customers. Written from bands; read back by nobody who trusts
 * it. */
#include <string.h>

#include "base/number.h"
#include "model/rfm/rfm.h"

enum { DIMENSION, WITHIN, SCORE, FROM, TO, CUSTOMERS, COLUMNS };

static const char *const names[COLUMNS] = {"dimension", "within", "score", "from", "to", "customers"};
static const int32_t types[COLUMNS] = {CM_STRING, CM_STRING, CM_INT64, CM_DECIMAL, CM_DECIMAL, CM_INT64};

/* ---- places ---- */

void cm_rfm_write_within(const cm_rfm_shape *shape, int dimension, const int32_t *before, char out[CM_RFM_WITHIN]) {
    char number[CM_NUMBER_TEXT];
    *out = 0;
    for (int i = 0; i < dimension && shape->nested; i++) {
        if (i && (shape->scores[0] > 9 || shape->scores[1] > 9)) *out++ = '-';
        uint64_t length = cm_print_int(before[i], number);
        memcpy(out, number, (size_t)length + 1);
        out += length;
    }
}

bool cm_rfm_read_within(const char *text, int dimension, int32_t before[2]) {
    uint64_t length = strlen(text);
    const char *dash = strchr(text, '-');
    uint64_t first = dimension == CM_RFM_FREQUENCY ? length
                     : dash                        ? (uint64_t)(dash - text)
                                                   : 1,
             second = dash ? first + 1 : first;
    int64_t scores[2] = {1, 1};
    if (dimension == CM_RFM_RECENCY || first > 2 || length > 5 || !cm_parse_int(text, first, &scores[0])) return false;
    if (dimension == CM_RFM_MONETARY && (second >= length || !cm_parse_int(text + second, length - second, &scores[1])))
        return false;
    for (int i = 0; i < 2; i++) {
        if (scores[i] < 1 || scores[i] > CM_RFM_MOST) return false;
        before[i] = (int32_t)scores[i];
    }
    return true;
}

bool cm_rfm_next_place(const cm_rfm_shape *shape, int dimension, int32_t before[2]) {
    bool first = !before[0];
    if (first) before[0] = before[1] = 1;
    if (first || !shape->nested || dimension == CM_RFM_RECENCY) return first;
    if (dimension == CM_RFM_MONETARY && ++before[1] <= shape->scores[1]) return true;
    before[1] = 1;
    return ++before[0] <= shape->scores[0];
}

/* ---- written ---- */

static cm_status add_row(cm_context *ctx, cm_builder *builder, int dimension, const char *within, int32_t score,
                         const struct cm_rfm_band *band) {
    const char *name = cm_rfm_dimension_names[dimension];
    cm_status status = cm_builder_text(ctx, builder, DIMENSION, name, strlen(name));
    if (!status && *within) status = cm_builder_text(ctx, builder, WITHIN, within, strlen(within));
    if (!status) status = cm_builder_int(ctx, builder, SCORE, score);
    if (!status && band->has_from) status = cm_builder_int(ctx, builder, FROM, band->from);
    if (!status && band->has_to) status = cm_builder_int(ctx, builder, TO, band->to);
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS, (int64_t)band->customers);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status add_dimension(cm_context *ctx, cm_builder *builder, const cm_rfm_bands *bands, int dimension) {
    char within[CM_RFM_WITHIN];
    cm_status status = CM_OK;
    for (int32_t before[2] = {0, 0}; !status && cm_rfm_next_place(&bands->shape, dimension, before);) {
        uint64_t place = cm_rfm_place(&bands->shape, dimension, before);
        if (!bands->places[place].used) continue;
        cm_rfm_write_within(&bands->shape, dimension, before, within);
        for (int32_t j = 1; j <= bands->shape.scores[dimension] && !status; j++)
            status = add_row(ctx, builder, dimension, within, j, &bands->places[place].of[j]);
    }
    return status;
}

cm_status cm_rfm_build_cuts(cm_context *ctx, const cm_rfm_bands *bands, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < COLUMNS && !status; i++)
        status = cm_builder_column(ctx, builder, names[i], types[i], types[i] == CM_DECIMAL ? bands->scale : 0,
                                   CM_ROLE_NONE);
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++) status = add_dimension(ctx, builder, bands, i);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* ---- and back ---- */

static cm_status damaged(cm_context *ctx) { return cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", "cuts", "rfm"); }

static int find_dimension(const cm_table *table, uint64_t row) {
    const char *name = cm_table_text(table, row, DIMENSION, 0, NULL);
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++)
        if (name && !strcmp(name, cm_rfm_dimension_names[i])) return i;
    return -1;
}

/* Scores a dimension, and whether any cut is within others. */
static bool read_shape(const cm_table *table, cm_rfm_shape *out) {
    *out = (cm_rfm_shape){0};
    for (uint64_t row = 0; row < table->rows; row++) {
        int dimension = find_dimension(table, row);
        int64_t score = cm_table_int(table, row, SCORE);
        if (dimension < 0 || score < 1 || score > CM_RFM_MOST) return false;
        if (score > out->scores[dimension]) out->scores[dimension] = (int32_t)score;
        out->nested |= !cm_table_is_absent(table, row, WITHIN);
    }
    return out->scores[0] >= 2 && out->scores[1] >= 2 && out->scores[2] >= 2;
}

/* The value at a row's worse end, in the dimension's own scale. */
static bool read_value(const cm_table *table, uint64_t row, uint64_t column, int dimension, int64_t *out) {
    int64_t power = 1;
    for (int32_t i = 0; i < table->columns[FROM]->scale && dimension != CM_RFM_MONETARY; i++) power *= 10;
    *out = cm_table_int(table, row, column);
    if (*out % power) return false;
    *out /= power;
    return true;
}

static bool read_row(const cm_table *table, uint64_t row, cm_rfm *rfm) {
    int32_t before[2] = {1, 1};
    int dimension = find_dimension(table, row);
    int64_t score = cm_table_int(table, row, SCORE), value;
    const char *within = cm_table_text(table, row, WITHIN, 0, NULL);
    if (dimension > 0 && (within != NULL) != rfm->shape.nested) return false;
    if (within
        && (!cm_rfm_read_within(within, dimension, before) || before[0] > rfm->shape.scores[0]
            || before[1] > rfm->shape.scores[1]))
        return false;
    uint64_t place = cm_rfm_place(&rfm->shape, dimension, before);
    uint64_t column = dimension == CM_RFM_RECENCY ? TO : FROM; /* the worst value that still has the score */
    if (rfm->cuts[place].used[score]) return false;
    if (cm_table_is_absent(table, row, column)) return true;
    if (!read_value(table, row, column, dimension, &value)) return false;
    rfm->cuts[place].at[score] = cm_rfm_goodness(dimension, value);
    rfm->cuts[place].used[score] = true;
    return true;
}

/* Better scores start at better values. */
static bool rises(const cm_rfm *rfm, uint64_t place) {
    int32_t last = 0;
    for (int32_t j = 1; j <= CM_RFM_MOST; j++) {
        if (!rfm->cuts[place].used[j]) continue;
        if (last && rfm->cuts[place].at[j] <= rfm->cuts[place].at[last]) return false;
        last = j;
    }
    return true;
}

cm_status cm_rfm_read_cuts(cm_context *ctx, const cm_table *table, cm_rfm *rfm) {
    if (table->column_count != COLUMNS || table->columns[FROM]->scale != table->columns[TO]->scale) return damaged(ctx);
    for (int i = 0; i < COLUMNS; i++)
        if (table->columns[i]->type != types[i]) return damaged(ctx);
    if (!read_shape(table, &rfm->shape)) return damaged(ctx);
    rfm->money_scale = table->columns[FROM]->scale;
    for (uint64_t row = 0; row < table->rows; row++)
        if (!read_row(table, row, rfm)) return damaged(ctx);
    for (uint64_t place = 0; place < CM_RFM_PLACES; place++)
        if (!rises(rfm, place)) return damaged(ctx);
    return CM_OK;
}

cm_status cm_rfm_count_scores(cm_context *ctx, const cm_table *cuts, int32_t scores[3]) {
    cm_rfm_shape shape;
    if (!read_shape(cuts, &shape)) return damaged(ctx);
    memcpy(scores, shape.scores, sizeof shape.scores);
    return CM_OK;
}
