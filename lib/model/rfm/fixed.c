/* Cut points that are given: a table dimension, score, from, to and, for nested ones, within, such as the table of cuts
 * of another model. A score needs its worse end, to for recency and from for frequency and monetary; the worst score of
 * a dimension takes what is left. A score without it is left out, as one that ties left without customers. */
#include <string.h>

#include "base/number.h"
#include "model/rfm/rfm.h"

static const char *const column_names[] = {"dimension", "score", "from", "to", "within"};
enum { DIMENSION, SCORE, FROM, TO, WITHIN, COLUMNS };

typedef struct given {
    const cm_table *table;
    const cm_column *columns[COLUMNS]; /* NULL: not there */
    int64_t numbers[COLUMNS];
    cm_rfm_bands *bands;
} given;

static bool is_number(const cm_column *column) {
    bool empty = column->type == CM_STRING && column->dictionary_size == 0; /* no cell has a value */
    return empty || column->type == CM_INT64 || column->type == CM_DECIMAL || column->type == CM_FLOAT64;
}

static cm_status find_columns(cm_context *ctx, const cm_table *table, given *out) {
    for (int i = 0; i < COLUMNS; i++) {
        out->numbers[i] = cm_table_find(table, column_names[i]);
        out->columns[i] = out->numbers[i] < 0 ? NULL : table->columns[out->numbers[i]];
    }
    if (!out->columns[DIMENSION] || !out->columns[SCORE] || !(out->columns[FROM] || out->columns[TO]))
        return cm_fail(ctx, CM_E_DATA, "CUTS_COLUMNS", "");
    bool fine = out->columns[DIMENSION]->type == CM_STRING && out->columns[SCORE]->type == CM_INT64;
    for (int i = FROM; i <= TO; i++) fine &= !out->columns[i] || is_number(out->columns[i]);
    if (out->columns[WITHIN]) fine &= out->columns[WITHIN]->type == CM_STRING || out->columns[WITHIN]->type == CM_INT64;
    return fine ? CM_OK : cm_fail(ctx, CM_E_DATA, "CUTS_TYPES", "");
}

static bool absent(const given *from, uint64_t row, int column) {
    return !from->columns[column] || cm_table_is_absent(from->table, row, (uint64_t)from->numbers[column]);
}

/* A cell as a decimal of its own scale; false if it has none that fits. */
static bool read_number(const given *from, uint64_t row, int column, int64_t *value, int32_t *scale) {
    const cm_column *cells = from->columns[column];
    if (cells->type == CM_FLOAT64)
        return cm_double_to_decimal(cm_table_double(from->table, row, (uint64_t)from->numbers[column]), 18, value,
                                    scale);
    *value = cm_table_int(from->table, row, (uint64_t)from->numbers[column]);
    *scale = cells->type == CM_DECIMAL ? cells->scale : 0;
    return true;
}

/* The largest scale of the cuts and of the money, so that both are exact. */
static cm_status find_scale(cm_context *ctx, given *work, int32_t money_scale) {
    work->bands->scale = money_scale;
    for (uint64_t row = 0; row < work->table->rows; row++)
        for (int i = FROM; i <= TO; i++) {
            int64_t value;
            int32_t scale;
            if (absent(work, row, i)) continue;
            if (!read_number(work, row, i, &value, &scale))
                return cm_fail(ctx, CM_E_DATA, "CUTS_NUMBER", "su", column_names[i], row + 1);
            if (scale > work->bands->scale) work->bands->scale = scale;
        }
    return CM_OK;
}

static int find_dimension(const given *work, uint64_t row) {
    const char *name = cm_table_text(work->table, row, (uint64_t)work->numbers[DIMENSION], 0, NULL);
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++)
        if (name && !strcmp(name, cm_rfm_dimension_names[i])) return i;
    return -1;
}

static cm_status find_shape(cm_context *ctx, given *work) {
    cm_rfm_shape *shape = &work->bands->shape;
    for (uint64_t row = 0; row < work->table->rows; row++) {
        int dimension = find_dimension(work, row);
        int64_t score = cm_table_int(work->table, row, (uint64_t)work->numbers[SCORE]);
        if (dimension < 0) return cm_fail(ctx, CM_E_DATA, "CUTS_DIMENSION", "u", row + 1);
        if (score < 1 || score > CM_RFM_MOST) return cm_fail(ctx, CM_E_DATA, "CUTS_SCORE", "ui", row + 1, score);
        if (score > shape->scores[dimension]) shape->scores[dimension] = (int32_t)score;
        shape->nested |= !absent(work, row, WITHIN);
    }
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++)
        if (shape->scores[i] < 2) return cm_fail(ctx, CM_E_DATA, "CUTS_NONE", "s", cm_rfm_dimension_names[i]);
    return CM_OK;
}

static bool find_place(const given *work, uint64_t row, int dimension, uint64_t *place) {
    char number[CM_NUMBER_TEXT];
    const cm_rfm_shape *shape = &work->bands->shape;
    int32_t before[2] = {1, 1};
    bool has = !absent(work, row, WITHIN);
    if (has != (shape->nested && dimension != CM_RFM_RECENCY)) return false;
    if (has) {
        const char *text = cm_table_text(work->table, row, (uint64_t)work->numbers[WITHIN], 0, NULL);
        if (!text) cm_print_int(cm_table_int(work->table, row, (uint64_t)work->numbers[WITHIN]), number);
        if (!cm_rfm_read_within(text ? text : number, dimension, before)) return false;
        if (before[0] > shape->scores[0] || before[1] > shape->scores[1]) return false;
    }
    *place = cm_rfm_place(shape, dimension, before);
    return true;
}

/* One end, at the scale of all; days and invoices are whole. */
static cm_status read_end(cm_context *ctx, const given *work, uint64_t row, int column, int dimension, int64_t *out,
                          bool *has) {
    int64_t value, whole = 1;
    int32_t scale;
    *has = !absent(work, row, column);
    if (!*has) return CM_OK;
    bool fine = read_number(work, row, column, &value, &scale);
    for (int32_t i = 0; i < scale && fine; i++) whole *= 10;
    fine = fine && (dimension == CM_RFM_MONETARY || value % whole == 0);
    if (!fine || cm_rescale_overflows(value, scale, work->bands->scale, out))
        return cm_fail(ctx, CM_E_DATA, "CUTS_NUMBER", "su", column_names[column], row + 1);
    return CM_OK;
}

static cm_status read_row(cm_context *ctx, given *work, uint64_t row, bool *seen) {
    int dimension = find_dimension(work, row);
    int64_t score = cm_table_int(work->table, row, (uint64_t)work->numbers[SCORE]);
    uint64_t place;
    if (!find_place(work, row, dimension, &place)) return cm_fail(ctx, CM_E_DATA, "CUTS_WITHIN", "u", row + 1);
    struct cm_rfm_band *band = &work->bands->places[place].of[score];
    bool *met = &seen[place * (CM_RFM_MOST + 1) + (uint64_t)score];
    if (*met) return cm_fail(ctx, CM_E_DATA, "CUTS_TWICE", "si", cm_rfm_dimension_names[dimension], score);
    *met = work->bands->places[place].used = true;
    cm_status status = read_end(ctx, work, row, FROM, dimension, &band->from, &band->has_from);
    if (!status) status = read_end(ctx, work, row, TO, dimension, &band->to, &band->has_to);
    bool turned = dimension == CM_RFM_RECENCY,
         lacks = turned ? band->has_from && !band->has_to : band->has_to && !band->has_from;
    if (!status && lacks && score > 1)
        status = cm_fail(ctx, CM_E_DATA, "CUTS_END", "usis", row + 1, cm_rfm_dimension_names[dimension], score,
                         turned ? "to" : "from");
    return status;
}

/* Better scores must start at better values, and every place that somebody can come to must have cuts. */
static cm_status check_place(cm_context *ctx, const cm_rfm_bands *bands, int dimension, uint64_t place) {
    const struct cm_rfm_band *last = NULL;
    bool turned = dimension == CM_RFM_RECENCY;
    for (int32_t j = 2; j <= bands->shape.scores[dimension]; j++) {
        const struct cm_rfm_band *band = &bands->places[place].of[j];
        if (turned ? !band->has_to : !band->has_from) continue;
        if (last && (turned ? band->to >= last->to : band->from <= last->from))
            return cm_fail(ctx, CM_E_DATA, "CUTS_ORDER", "si", cm_rfm_dimension_names[dimension], (int64_t)j);
        last = band;
    }
    return CM_OK;
}

static cm_status read_all(cm_context *ctx, given *work) {
    uint64_t count = CM_RFM_PLACES * (CM_RFM_MOST + 1);
    bool *seen = cm_alloc(ctx, count, sizeof *seen);
    cm_status status = seen ? CM_OK : ctx->error.status;
    for (uint64_t row = 0; row < work->table->rows && !status; row++) status = read_row(ctx, work, row, seen);
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++)
        for (int32_t before[2] = {0, 0}; !status && cm_rfm_next_place(&work->bands->shape, i, before);)
            status = check_place(ctx, work->bands, i, cm_rfm_place(&work->bands->shape, i, before));
    cm_free(ctx->core, seen, count, sizeof *seen);
    return status;
}

/* ---- who has which score ---- */

static cm_status count_customers(cm_context *ctx, const cm_inputs *inputs, cm_rfm_bands *bands) {
    cm_table *cuts = NULL;
    cm_rfm *rfm = cm_alloc(ctx, 1, sizeof *rfm);
    cm_status status = rfm ? cm_rfm_build_cuts(ctx, bands, &cuts) : ctx->error.status;
    if (!status) status = cm_rfm_read_cuts(ctx, cuts, rfm);
    for (uint64_t row = 0; row < inputs->rows && !status; row++) {
        int32_t scores[CM_RFM_DIMENSIONS];
        cm_rfm_scores_of_row(rfm, inputs, row, scores);
        for (int i = 0; i < CM_RFM_DIMENSIONS; i++)
            bands->places[cm_rfm_place(&bands->shape, i, scores)].of[scores[i]].customers++;
    }
    cm_table_free(cuts);
    cm_free(ctx->core, rfm, 1, sizeof *rfm);
    return status;
}

static cm_status add_gaps(cm_context *ctx, const cm_rfm_bands *bands, cm_builder *builder) {
    cm_status status = CM_OK;
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++)
        for (int32_t before[2] = {0, 0}; !status && cm_rfm_next_place(&bands->shape, i, before);) {
            uint64_t place = cm_rfm_place(&bands->shape, i, before);
            cm_rfm_gap gap = {.dimension = i, .of = bands->shape.scores[i], .code = "RFM_EMPTY"};
            cm_rfm_write_within(&bands->shape, i, before, gap.within);
            for (gap.score = 1; gap.score <= gap.of && !status && bands->places[place].used; gap.score++)
                if (!bands->places[place].of[gap.score].customers)
                    status = cm_rfm_add_gap(ctx, builder, bands->scale, &gap);
        }
    return status;
}

cm_status cm_rfm_take_cuts(cm_context *ctx, const cm_inputs *inputs, const cm_table *table, cm_table **cuts,
                           cm_table **diagnostics) {
    given work = {.table = table};
    cm_builder *builder = NULL;
    work.bands = cm_alloc(ctx, 1, sizeof *work.bands);
    if (!work.bands) return ctx->error.status;
    cm_status status = find_columns(ctx, table, &work);
    if (!status) status = find_scale(ctx, &work, inputs->columns[CM_RFM_MONETARY].scale);
    if (!status) status = find_shape(ctx, &work);
    if (!status) status = read_all(ctx, &work);
    if (!status) status = count_customers(ctx, inputs, work.bands);
    if (!status) status = cm_rfm_diagnostics_new(ctx, work.bands->scale, &builder);
    if (!status) status = add_gaps(ctx, work.bands, builder);
    if (!status) status = cm_rfm_build_cuts(ctx, work.bands, cuts);
    if (!status) status = cm_builder_finish(ctx, builder, diagnostics);
    cm_builder_free(builder);
    cm_free(ctx->core, work.bands, 1, sizeof *work.bands);
    return status;
}
