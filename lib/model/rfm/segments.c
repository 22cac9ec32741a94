/* Named segments: rectangles of scores, every cell in exactly one. */
#include <string.h>

#include "model/rfm/rfm.h"

static const char *const column_names[] = {"segment", "r_from", "r_to", "f_from", "f_to", "m_from", "m_to"};
enum { SEGMENT, COLUMNS = sizeof column_names / sizeof *column_names };

/* The usual ten, by recency and frequency on a scale of five. */
static const struct {
    const char *name;
    int32_t r_from, r_to, f_from, f_to;
} defaults[] = {
    {"Champions", 5, 5, 4, 5},          {"Loyal customers", 3, 4, 4, 5}, {"Potential loyalists", 4, 5, 2, 3},
    {"New customers", 5, 5, 1, 1},      {"Promising", 4, 4, 1, 1},       {"Need attention", 3, 3, 3, 3},
    {"About to sleep", 3, 3, 1, 2},     {"Cannot lose them", 1, 2, 5, 5}, {"At risk", 1, 2, 3, 4},
    {"Hibernating", 1, 2, 1, 2},
};

/* A score of 1 to n on the scale of five: 1 stays the worst, n the best. */
static int32_t band(int32_t score, int32_t n) { return 1 + ((score - 1) * 4 + (n - 1) / 2) / (n - 1); }

/* The scores whose bands lie in from .. to; false if there are none. */
static bool scores_of_bands(int32_t n, int32_t from, int32_t to, int32_t *low, int32_t *high) {
    *low = *high = 0;
    for (int32_t score = 1; score <= n; score++) {
        if (band(score, n) < from || band(score, n) > to) continue;
        if (!*low) *low = score;
        *high = score;
    }
    return *low > 0;
}

cm_status cm_rfm_default_segments(cm_context *ctx, const int32_t scores[3], cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < COLUMNS && !status; i++)
        status = cm_builder_column(ctx, builder, column_names[i], i == SEGMENT ? CM_STRING : CM_INT64, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < sizeof defaults / sizeof *defaults && !status; i++) {
        int32_t ranges[COLUMNS] = {0, 0, 0, 0, 0, 1, scores[2]};
        if (!scores_of_bands(scores[0], defaults[i].r_from, defaults[i].r_to, &ranges[1], &ranges[2])
            || !scores_of_bands(scores[1], defaults[i].f_from, defaults[i].f_to, &ranges[3], &ranges[4]))
            continue;
        status = cm_builder_text(ctx, builder, SEGMENT, defaults[i].name, strlen(defaults[i].name));
        for (uint64_t j = 1; j < COLUMNS && !status; j++) status = cm_builder_int(ctx, builder, j, ranges[j]);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* ---- reading a table of rules ---- */

typedef struct rules {
    const cm_table *table;
    int64_t columns[COLUMNS]; /* -1: not there, so any score */
} rules;

static cm_status find_columns(cm_context *ctx, const cm_table *table, rules *out) {
    out->table = table;
    for (int i = 0; i < COLUMNS; i++) {
        out->columns[i] = cm_table_find(table, column_names[i]);
        if (out->columns[i] < 0) continue;
        int32_t type = table->columns[out->columns[i]]->type;
        bool empty = type == CM_STRING && table->columns[out->columns[i]]->dictionary_size == 0;
        if (i == SEGMENT ? type != CM_STRING : type != CM_INT64 && !empty)
            return cm_fail(ctx, CM_E_DATA, "SEGMENT_TYPE", "s", column_names[i]);
    }
    if (out->columns[SEGMENT] < 0) return cm_fail(ctx, CM_E_DATA, "SEGMENT_COLUMNS", "");
    return CM_OK;
}

/* One end of a range; an absent one leaves it open. */
static int64_t limit_of(const rules *from, uint64_t row, int column, int64_t open) {
    if (from->columns[column] < 0 || cm_table_is_absent(from->table, row, (uint64_t)from->columns[column])) return open;
    return cm_table_int(from->table, row, (uint64_t)from->columns[column]);
}

static cm_status find_segment(cm_context *ctx, cm_rfm *rfm, const char *name, uint64_t length, uint64_t *index) {
    for (*index = 0; *index < rfm->segment_count; ++*index)
        if (!strcmp(rfm->segment_names[*index], name)) return CM_OK;
    if (rfm->segment_count == 255) return cm_fail(ctx, CM_E_DATA, "SEGMENT_COUNT", "");
    char *copy = cm_arena_text(ctx, &rfm->texts, name, length);
    if (!copy) return ctx->error.status;
    rfm->segment_names[rfm->segment_count++] = copy;
    return CM_OK;
}

static cm_status cover(cm_context *ctx, cm_rfm *rfm, const int32_t scores[3], uint64_t segment, bool *covered) {
    uint64_t cell = cm_rfm_cell(&rfm->shape, scores);
    if (covered[cell])
        return cm_fail(ctx, CM_E_DATA, "SEGMENT_TWICE", "iiiss", (int64_t)scores[0], (int64_t)scores[1],
                       (int64_t)scores[2], rfm->segment_names[rfm->segment_of[cell]], rfm->segment_names[segment]);
    covered[cell] = true;
    rfm->segment_of[cell] = (uint8_t)segment;
    return CM_OK;
}

static cm_status read_rule(cm_context *ctx, const rules *from, uint64_t row, cm_rfm *rfm, bool *covered) {
    int64_t low[3], high[3];
    uint64_t length = 0, segment;
    const char *name = cm_table_text(from->table, row, (uint64_t)from->columns[SEGMENT], 0, &length);
    if (!name || !length) return cm_fail(ctx, CM_E_DATA, "SEGMENT_NAME", "u", row + 1);
    for (int i = 0; i < 3; i++) {
        low[i] = limit_of(from, row, 1 + 2 * i, 1);
        high[i] = limit_of(from, row, 2 + 2 * i, rfm->shape.scores[i]);
        if (low[i] < 1 || high[i] > rfm->shape.scores[i] || low[i] > high[i])
            return cm_fail(ctx, CM_E_DATA, "SEGMENT_RANGE", "siii", name, low[i], high[i],
                           (int64_t)rfm->shape.scores[i]);
    }
    cm_status status = find_segment(ctx, rfm, name, length, &segment);
    int32_t at[3];
    for (at[0] = (int32_t)low[0]; at[0] <= high[0] && !status; at[0]++)
        for (at[1] = (int32_t)low[1]; at[1] <= high[1] && !status; at[1]++)
            for (at[2] = (int32_t)low[2]; at[2] <= high[2] && !status; at[2]++)
                status = cover(ctx, rfm, at, segment, covered);
    return status;
}

static cm_status check_covered(cm_context *ctx, const cm_rfm *rfm, const bool *covered) {
    int64_t r = rfm->shape.scores[0], f = rfm->shape.scores[1], m = rfm->shape.scores[2];
    for (int64_t cell = 0; cell < r * f * m; cell++)
        if (!covered[cell])
            return cm_fail(ctx, CM_E_DATA, "SEGMENT_NONE", "iii", cell / (f * m) + 1, cell / m % f + 1, cell % m + 1);
    return CM_OK;
}

cm_status cm_rfm_read_segments(cm_context *ctx, const cm_table *table, cm_rfm *rfm) {
    rules from;
    bool covered[CM_RFM_CELLS] = {false};
    cm_status status = find_columns(ctx, table, &from);
    for (uint64_t row = 0; row < table->rows && !status; row++) status = read_rule(ctx, &from, row, rfm, covered);
    return status ? status : check_covered(ctx, rfm, covered);
}
