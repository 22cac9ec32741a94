/* RFM inside: the compiled model and the parts that the descriptor ties together. */
#ifndef CM_MODEL_RFM_RFM_H
#define CM_MODEL_RFM_RFM_H

#include "base/number.h"
#include "base/sort.h"
#include "model/method.h"

#define CM_RFM_MOST 10 /* scores a dimension */

enum { CM_RFM_RECENCY, CM_RFM_FREQUENCY, CM_RFM_MONETARY, CM_RFM_DIMENSIONS };

/* Cuts hold in a place: recency in one; frequency and money in one each, or, nested, in one a recency score, and one a
 * recency and frequency score. */
#define CM_RFM_PLACES (1 + CM_RFM_MOST + CM_RFM_MOST * CM_RFM_MOST)
#define CM_RFM_CELLS (CM_RFM_MOST * CM_RFM_MOST * CM_RFM_MOST)

/* How many scores each dimension has, and whether cuts are nested. */
typedef struct cm_rfm_shape {
    int32_t scores[CM_RFM_DIMENSIONS]; /* from 1 to this */
    bool nested;
} cm_rfm_shape;

/* Cuts as the table shows them: what each score of each place spans. */
typedef struct cm_rfm_bands {
    cm_rfm_shape shape;
    int32_t scale; /* of all values */
    struct {
        bool used; /* somebody is here */
        struct cm_rfm_band {
            int64_t from, to;
            bool has_from, has_to;
            uint64_t customers;
        } of[CM_RFM_MOST + 1]; /* by score, from 1 */
    } places[CM_RFM_PLACES];
} cm_rfm_bands;

/* A model made ready: a cut a score, a segment a cell. Values are compared in "goodness", which rises with the score.
 */
typedef struct cm_rfm {
    cm_rfm_shape shape;
    int32_t money_scale;
    double weights[CM_RFM_DIMENSIONS];
    struct {
        int64_t at[CM_RFM_MOST + 1]; /* goodness from which on a value has score j; by j, from 1 */
        bool used[CM_RFM_MOST + 1];  /* false: no value had exactly this score */
    } cuts[CM_RFM_PLACES];
    uint8_t segment_of[CM_RFM_CELLS]; /* by cell */
    char cell_texts[CM_RFM_CELLS][12];
    uint64_t segment_count;
    char *segment_names[256];
    cm_arena texts;
} cm_rfm;

extern const char *const cm_rfm_dimension_names[CM_RFM_DIMENSIONS];

/* Better is larger: recency is turned round (without overflow), frequency and money stay. */
static inline int64_t cm_rfm_goodness(int dimension, int64_t value) {
    return dimension == CM_RFM_RECENCY ? ~value : value;
}

/* The place of the cuts of a dimension for who has these scores in those before it. */
static inline uint64_t cm_rfm_place(const cm_rfm_shape *shape, int dimension, const int32_t *before) {
    if (dimension == CM_RFM_RECENCY) return 0;
    if (dimension == CM_RFM_FREQUENCY) return shape->nested ? (uint64_t)before[0] : 1;
    return 1 + CM_RFM_MOST + (shape->nested ? (uint64_t)(before[0] - 1) * CM_RFM_MOST + (uint64_t)(before[1] - 1) : 0);
}

static inline uint64_t cm_rfm_cell(const cm_rfm_shape *shape, const int32_t scores[3]) {
    return ((uint64_t)(scores[0] - 1) * (uint64_t)shape->scores[1] + (uint64_t)(scores[1] - 1))
               * (uint64_t)shape->scores[2]
           + (uint64_t)(scores[2] - 1);
}

/* scoring.c: the scores of a customer: values and their scales by dimension. */
void cm_rfm_scores_of(const cm_rfm *rfm, const int64_t values[3], const int32_t scales[3], int32_t scores[3]);
void cm_rfm_scores_of_row(const cm_rfm *rfm, const cm_inputs *in, uint64_t row, int32_t scores[3]);
double cm_rfm_weighted(const cm_rfm *rfm, const int32_t scores[3]);
/* Of rows of the inputs: their segments; score_rows and text of the method. */
void cm_rfm_segments_of(const cm_rfm *rfm, const cm_inputs *in, uint64_t first, uint64_t rows, uint8_t *out);
void cm_rfm_score_rows(const void *compiled, const cm_inputs *in, uint64_t first, uint64_t rows, void *const *out);
const char *cm_rfm_text(const void *compiled, uint64_t output, uint64_t code);

/* cuts.c: cut points from values, by the method of the option; the tables cuts and diagnostics. */
typedef enum cm_rfm_way { CM_RFM_INDEPENDENT, CM_RFM_NESTED, CM_RFM_FIXED, CM_RFM_PYRAMID } cm_rfm_way;
cm_status cm_rfm_make_cuts(cm_context *ctx, const cm_inputs *inputs, cm_rfm_way way, const int32_t scores[3],
                           cm_table **cuts, cm_table **diagnostics);
/* fixed.c: the same from cut points that are given. */
cm_status cm_rfm_take_cuts(cm_context *ctx, const cm_inputs *inputs, const cm_table *given, cm_table **cuts,
                           cm_table **diagnostics);

/* cuts_table.c: the table of cuts, and back. */
cm_status cm_rfm_build_cuts(cm_context *ctx, const cm_rfm_bands *bands, cm_table **out);
cm_status cm_rfm_read_cuts(cm_context *ctx, const cm_table *table, cm_rfm *rfm);
cm_status cm_rfm_count_scores(cm_context *ctx, const cm_table *cuts, int32_t scores[3]);
/* "5", "53", "10-3": the scores that a place is within; "" for everybody. */
#define CM_RFM_WITHIN 8
void cm_rfm_write_within(const cm_rfm_shape *shape, int dimension, const int32_t *before, char out[CM_RFM_WITHIN]);
bool cm_rfm_read_within(const char *text, int dimension, int32_t before[2]);
/* Every place of a dimension, in order: the next after `before`, which starts as 0, 0; false after the last. */
bool cm_rfm_next_place(const cm_rfm_shape *shape, int dimension, int32_t before[2]);

/* diagnostics.c: why a score has no customer. */
cm_status cm_rfm_diagnostics_new(cm_context *ctx, int32_t scale, cm_builder **out);
typedef struct cm_rfm_gap {
    int dimension;
    char within[CM_RFM_WITHIN];
    int32_t score, of;  /* the score that is not there, of how many */
    const char *code;   /* of the sentence */
    uint64_t customers; /* who share the value; 0: none */
    int64_t value;      /* at `scale`, as the value is shown */
    int32_t scale;
    uint64_t distinct; /* different values */
} cm_rfm_gap;
cm_status cm_rfm_add_gap(cm_context *ctx, cm_builder *builder, int32_t scale, const cm_rfm_gap *gap);

/* segments.c: which segment a cell belongs to. */
cm_status cm_rfm_default_segments(cm_context *ctx, const int32_t scores[3], cm_table **out);
cm_status cm_rfm_read_segments(cm_context *ctx, const cm_table *table, cm_rfm *rfm);

/* summary.c: the tables about all scores. */
cm_status cm_rfm_summarise(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores);

/* sums.c: exact money, and tables attached. */
cm_status cm_rfm_to_money(cm_context *ctx, cm_wide sum, int64_t *out); /* CM_E_OVERFLOW beyond 64 bits */
double cm_rfm_decimal(cm_wide sum, int32_t scale);
/* The cell stays absent where the whole is not above zero. */
cm_status cm_rfm_put_share(cm_context *ctx, cm_builder *builder, uint64_t column, cm_wide part, cm_wide whole);
/* Unless `status` is a failure already: what the builder has, under a name. */
cm_status cm_rfm_attach(cm_context *ctx, cm_builder *builder, cm_status status, cm_table *scores, const char *name);

/* pyramid.c, golden.c: `segments` by row. */
cm_status cm_rfm_make_pyramid(cm_context *ctx, const cm_rfm *rfm, const cm_inputs *inputs, const uint8_t *segments,
                              cm_table **out);
cm_status cm_rfm_attach_golden(cm_context *ctx, const cm_rfm *rfm, const cm_inputs *inputs, const uint8_t *segments,
                               cm_table *scores);

/* earlier.c: how the customers stood some days ago (option before_days of "customers"), by the cuts of this model; rows
 * NULL where the table does not tell. */
typedef struct cm_rfm_earlier {
    int32_t money_scale; /* of both sums */
    struct cm_rfm_standing {
        bool known; /* had bought by then */
        uint8_t segment;
        int64_t recency_days, invoices, money, days_since, money_since;
    } *rows; /* by row of the inputs */
} cm_rfm_earlier;
cm_status cm_rfm_open_earlier(cm_context *ctx, const cm_rfm *rfm, const cm_inputs *inputs, cm_rfm_earlier *out);
void cm_rfm_close_earlier(cm_core *core, const cm_inputs *inputs, cm_rfm_earlier *earlier);
cm_status cm_rfm_moves(cm_context *ctx, const cm_rfm *rfm, const cm_inputs *inputs, const uint8_t *segments,
                       const cm_rfm_earlier *earlier, cm_table **migration, cm_table **changes);

#endif
