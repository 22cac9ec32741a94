/* Methods and models: fit, apply, explain, save. */
#ifndef CUSTMINE_MODEL_H
#define CUSTMINE_MODEL_H

#include "base.h"
#include "options.h"
#include "table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A model: its options and its named tables, nothing else. Immutable, reference-counted, shared between threads. */
typedef struct cm_model cm_model;

/* Fits a method (see cm_describe(ctx, "methods", ...)) to a table: what columns it needs, its options and the tables
 * that it makes are described at run time. Errors: CM_E_NOT_FOUND, CM_E_COLUMN (names the column that is missing),
 * CM_E_OPTION, CM_E_DATA, CM_E_LIMIT. */
CM_API cm_status cm_fit(cm_context *ctx, const char *method, const cm_table *table, const cm_options *options,
                        cm_model **out);

/* The model on a table, today's or tomorrow's: one row a customer (or row) that can be scored, in the order of the
 * input. The attached "audit" counts those that cannot; further attached tables as cm_describe(ctx, "outputs", ...)
 * says. */
CM_API cm_status cm_apply(cm_context *ctx, const cm_model *model, const cm_table *table, cm_table **out);

/* Why: for each row that can be scored its reasons, the strongest first: the first column of the scores, rank, code
 * (stable,
 * with its values: "RECENCY 3 5"), sentence. */
CM_API cm_status cm_explain(cm_context *ctx, const cm_model *model, const cm_table *table, cm_table **out);

/* The method's name, borrowed from the library. */
CM_API const char *cm_model_method(const cm_model *model);

/* A table of the model by name: "options", "tables" (their names), "inputs" (column, type: what it takes), and those of
 * the method (RFM: "cuts", "rules", "segments", "pyramid"). The caller frees it; it outlives the model. */
CM_API cm_status cm_model_table(cm_context *ctx, const cm_model *model, const char *name, cm_table **out);

CM_API cm_model *cm_model_retain(const cm_model *model);
CM_API void cm_model_free(cm_model *model);

/* To a file and back. Equal models give equal bytes; the file is written beside its name, synced and renamed. Loading
 * checks everything: CM_E_FORMAT for a damaged file, CM_E_VERSION for one by a newer library. */
CM_API cm_status cm_model_save(cm_context *ctx, const cm_model *model, const char *path);
CM_API cm_status cm_model_load(cm_context *ctx, const char *path, cm_model **out);

/* One value for a scorer. */
typedef struct cm_cell {
    int32_t type;     /* CM_INT64 ...; 0 is absent */
    int32_t scale;    /* DECIMAL */
    int64_t integer;  /* BOOL, INT64, DECIMAL (unscaled), DATE, TIMESTAMP */
    double real;      /* FLOAT64 */
    const char *text; /* STRING, not NUL-terminated: see length */
    uint64_t length;
} cm_cell;

/* A scorer for live requests: compiled from a model (which it keeps), one per thread, no allocation after it is made.
 * Inputs are the columns that cm_describe(ctx, "inputs") gives for the method, outputs those of its scores that follow
 * the inputs ("r", "f", "m", "rfm", "segment", "score" for RFM); both in that order. Texts in `out` are borrowed from
 * the scorer until its next call. CM_E_ARGUMENT for wrong counts, CM_E_DATA for a row that cannot be scored.
 *
 *     cm_cell in[3] = {{.type = CM_INT64, .integer = 12},                        recency_days
 *                      {.type = CM_INT64, .integer = 3},                         invoices
 *                      {.type = CM_DECIMAL, .scale = 2, .integer = 24990}};      money: 249.90
 *     cm_cell out[6];
 *     if (cm_scorer_row(ctx, scorer, in, 3, out, 6) == CM_OK)
 *         printf("%.*s", (int)out[4].length, out[4].text);                       the segment
 *
 * Rules answer a basket: in goes any number of items (STRING; unknown ones and absent cells are passed over), out come
 * recommendations of four cells each, the best first: item, confidence, lift, count, as many as out_count has room for;
 * the others are absent. Cost: a look-up an item and the rules that fire, some microseconds.
 *
 *     cm_cell basket[2] = {{.type = CM_STRING, .text = "ham", .length = 3},
 *                          {.type = CM_STRING, .text = "rolls", .length = 5}};
 *     cm_cell best[12];                                                          three recommendations
 *     if (cm_scorer_row(ctx, scorer, basket, 2, best, 12) == CM_OK && best[0].type)
 *         printf("%.*s", (int)best[0].length, best[0].text);
 */
typedef struct cm_scorer cm_scorer;
CM_API cm_status cm_scorer_new(cm_context *ctx, const cm_model *model, cm_scorer **out);
CM_API cm_status cm_scorer_row(cm_context *ctx, cm_scorer *scorer, const cm_cell *in, uint64_t in_count, cm_cell *out,
                               uint64_t out_count);
CM_API void cm_scorer_free(cm_scorer *scorer);

#ifdef __cplusplus
}
#endif

#endif
