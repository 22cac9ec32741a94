/* What is found as tables, and the fast form back from them. */
#include <math.h>
#include <string.h>

#include "model/kmeans/kmeans.h"

enum { NAME, LOG, CENTRE, SCALE, MEDIAN, AVERAGE, SCALING_COLUMNS };
enum {
    SEGMENTS,
    START,
    INERTIA,
    SILHOUETTE,
    ITERATIONS,
    STOPPED_BY,
    CHOSEN,
    NOTE,
    PLACE,
    MEASURES,
    SILHOUETTE_ROWS = MEASURES + 5,
    DIAGNOSTICS_COLUMNS
};

static const char *const scaling_names[SCALING_COLUMNS] = {"column", "log", "centre", "scale", "median", "average"};
static const int32_t scaling_types[SCALING_COLUMNS] = {CM_STRING,  CM_BOOL,    CM_FLOAT64,
                                                       CM_FLOAT64, CM_FLOAT64, CM_FLOAT64};

static cm_status add_columns(cm_context *ctx, cm_builder *builder, const char *const *names, const int32_t *types,
                             int count) {
    cm_status status = CM_OK;
    for (int i = 0; i < count && !status; i++)
        status = cm_builder_column(ctx, builder, names[i], types[i], 0, CM_ROLE_NONE);
    return status;
}

static cm_status put(cm_context *ctx, cm_model *model, const char *name, cm_builder *builder, cm_status status) {
    cm_table *table = NULL;
    if (!status) status = cm_builder_finish(ctx, builder, &table);
    if (!status) status = cm_model_put(ctx, model, name, table);
    cm_table_free(table);
    cm_builder_free(builder);
    return status;
}

/* The centres by segment: in the columns' own units where `scalings` is given, else as distances are measured. */
static cm_status put_centroids(cm_context *ctx, cm_model *model, const char *name, const cm_kmeans_scaling *scalings,
                               const cm_kmeans_result *result) {
    uint64_t columns = cm_input_count(model);
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "segment", CM_INT64, 0, CM_ROLE_NONE);
    for (uint64_t j = 0; j < columns && !status; j++)
        status = cm_builder_column(ctx, builder, cm_input_name(model, j), CM_FLOAT64, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < result->k && !status; i++) {
        status = cm_builder_int(ctx, builder, 0, (int64_t)i + 1);
        for (uint64_t j = 0; j < columns && !status; j++) {
            double value = result->centres[i * columns + j];
            status =
                cm_builder_double(ctx, builder, 1 + j, scalings ? cm_kmeans_from_scaled(&scalings[j], value) : value);
        }
        if (!status) status = cm_builder_row(ctx, builder);
    }
    return put(ctx, model, name, builder, status);
}

static cm_status add_scaling(cm_context *ctx, cm_builder *builder, const char *name, const cm_kmeans_scaling *scaling) {
    cm_status status = cm_builder_text(ctx, builder, NAME, name, strlen(name));
    if (!status) status = cm_builder_int(ctx, builder, LOG, scaling->log);
    if (!status) status = cm_builder_double(ctx, builder, CENTRE, scaling->centre);
    if (!status) status = cm_builder_double(ctx, builder, SCALE, scaling->scale);
    if (!status && !isnan(scaling->median)) status = cm_builder_double(ctx, builder, MEDIAN, scaling->median);
    if (!status) status = cm_builder_double(ctx, builder, AVERAGE, scaling->average);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status put_scaling(cm_context *ctx, cm_model *model, const cm_kmeans_scaling *scalings) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_columns(ctx, builder, scaling_names, scaling_types, SCALING_COLUMNS);
    for (uint64_t j = 0; j < cm_input_count(model) && !status; j++)
        status = add_scaling(ctx, builder, cm_input_name(model, j), &scalings[j]);
    return put(ctx, model, "scaling", builder, status);
}

/* What there is to say of the chosen start. */
static cm_status put_note(cm_context *ctx, cm_builder *builder, const cm_kmeans_start *start, const char *constant) {
    char note[1280];
    uint64_t length = 0;
    if (start->chosen && *constant) length = cm_render(ctx, "KMEANS_CONSTANT", constant, note, 640);
    if (start->unsound) {
        if (length) memcpy(note + length, "; ", 2), length += 2;
        length += cm_render(ctx, "KMEANS_UNSOUND", "", note + length, 600);
    }
    return length ? cm_builder_text(ctx, builder, NOTE, note, length) : CM_OK;
}

static cm_status add_start(cm_context *ctx, cm_builder *builder, const cm_kmeans_start *start, const char *constant) {
    static const char *const stops[] = {"unchanged", "tolerance", "iterations", "deadline"};
    const char *stop = stops[start->stopped_by];
    cm_status status = cm_builder_int(ctx, builder, SEGMENTS, (int64_t)start->k);
    if (!status) status = cm_builder_int(ctx, builder, START, (int64_t)start->number);
    if (!status) status = cm_builder_double(ctx, builder, INERTIA, start->inertia);
    if (!status && !isnan(start->silhouette)) status = cm_builder_double(ctx, builder, SILHOUETTE, start->silhouette);
    if (!status) status = cm_builder_int(ctx, builder, ITERATIONS, (int64_t)start->iterations);
    if (!status) status = cm_builder_text(ctx, builder, STOPPED_BY, stop, strlen(stop));
    if (!status) status = cm_builder_int(ctx, builder, CHOSEN, start->chosen);
    const double measures[] = {start->calinski_harabasz, start->davies_bouldin, start->elbow, start->smallest_share,
                               start->stability};
    for (uint64_t i = 0; i < sizeof measures / sizeof *measures && !status; i++)
        if (!isnan(measures[i])) status = cm_builder_double(ctx, builder, MEASURES + i, measures[i]);
    if (!status && start->silhouette_rows > 0)
        status = cm_builder_int(ctx, builder, SILHOUETTE_ROWS, (int64_t)start->silhouette_rows);
    if (!status && start->place) status = cm_builder_int(ctx, builder, PLACE, (int64_t)start->place);
    if (!status) status = put_note(ctx, builder, start, constant);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status put_diagnostics(cm_context *ctx, cm_model *model, const cm_kmeans_result *result,
                                 const char *constant) {
    static const char *const names[] = {"k",          "start",      "inertia", "silhouette",
                                        "iterations", "stopped_by", "chosen",  "note",
                                        "place",      "calinski_harabasz", "davies_bouldin", "elbow",
                                        "smallest_share", "stability", "silhouette_rows"};
    static const int32_t types[] = {CM_INT64, CM_INT64,  CM_FLOAT64, CM_FLOAT64,
                                    CM_INT64, CM_STRING, CM_BOOL,    CM_STRING,
                                    CM_INT64, CM_FLOAT64, CM_FLOAT64, CM_FLOAT64,
                                    CM_FLOAT64, CM_FLOAT64, CM_INT64};
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_columns(ctx, builder, names, types, DIAGNOSTICS_COLUMNS);
    for (uint64_t i = 0; i < result->start_count && !status; i++)
        status = add_start(ctx, builder, &result->starts[i], constant);
    return put(ctx, model, "diagnostics", builder, status);
}

static cm_status put_reach(cm_context *ctx, cm_model *model, double reach) {
    static const char *const names[] = {"share", "distance"};
    static const int32_t types[] = {CM_FLOAT64, CM_FLOAT64};
    cm_builder *builder = NULL;
    if (isnan(reach)) return CM_OK;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_columns(ctx, builder, names, types, 2);
    if (!status) status = cm_builder_double(ctx, builder, 0, 0.999);
    if (!status) status = cm_builder_double(ctx, builder, 1, reach);
    if (!status) status = cm_builder_row(ctx, builder);
    return put(ctx, model, "reach", builder, status);
}

cm_status cm_kmeans_put_tables(cm_context *ctx, cm_model *model, const cm_kmeans_points *points,
                               const cm_kmeans_scaling *scalings, const cm_kmeans_result *result) {
    cm_status status = put_centroids(ctx, model, "centroids", scalings, result);
    if (!status) status = put_diagnostics(ctx, model, result, points->constant);
    if (!status) status = put_scaling(ctx, model, scalings);
    if (!status) status = put_reach(ctx, model, result->reach);
    return status ? status : put_centroids(ctx, model, "scaled_centroids", NULL, result);
}

/* ---- back from the tables ---- */

static cm_status damaged(cm_context *ctx, const char *table) {
    return cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", table, "kmeans");
}

static bool usable(double value) {
    return fabs(value) <= 10 * CM_KMEANS_LARGEST;
} /* not NaN, not infinite */

static cm_status read_scaling(cm_context *ctx, const cm_model *model, const cm_table *table, uint64_t j,
                              cm_kmeans *out) {
    cm_kmeans_scaling *scaling = &out->scalings[j];
    const char *name = cm_table_text(table, j, NAME, 0, NULL), *expected = cm_input_name(model, j);
    *scaling = (cm_kmeans_scaling){cm_table_int(table, j, LOG) != 0, cm_table_double(table, j, CENTRE),
                                   cm_table_double(table, j, SCALE), cm_table_double(table, j, MEDIAN),
                                   cm_table_double(table, j, AVERAGE)};
    if (!name || strcmp(name, expected) != 0 || !usable(scaling->centre) || !usable(scaling->scale)
        || scaling->scale <= 0 || isinf(scaling->median) || (isnan(scaling->median) && out->missing == CM_KMEANS_MEDIAN)
        || isnan(scaling->average))
        return damaged(ctx, "scaling");
    out->averages[j] = cm_kmeans_to_scaled(scaling, scaling->average);
    out->names[j] = cm_arena_text(ctx, &out->texts, expected, strlen(expected));
    return out->names[j] ? CM_OK : ctx->error.status;
}

static cm_status read_scalings(cm_context *ctx, const cm_model *model, cm_kmeans *out) {
    const cm_table *table = cm_model_get(model, "scaling");
    if (!table || table->column_count != SCALING_COLUMNS || table->rows != out->columns) return damaged(ctx, "scaling");
    for (int i = 0; i < SCALING_COLUMNS; i++)
        if (table->columns[i]->type != scaling_types[i]) return damaged(ctx, "scaling");
    cm_status status = CM_OK;
    for (uint64_t j = 0; j < out->columns && !status; j++) status = read_scaling(ctx, model, table, j, out);
    return status;
}

/* A table of centres: a number and as many values as there are columns. */
static bool has_centroids(const cm_model *model, const char *name, uint64_t columns) {
    const cm_table *table = cm_model_get(model, name);
    if (!table || table->column_count != columns + 1 || !table->rows || table->rows > CM_KMEANS_MOST) return false;
    for (uint64_t j = 0; j <= columns; j++)
        if (table->columns[j]->type != (j ? CM_FLOAT64 : CM_INT64)
            || (j && strcmp(table->columns[j]->name, cm_input_name(model, j - 1)) != 0))
            return false;
    return true;
}

static cm_status read_centres(cm_context *ctx, const cm_model *model, cm_kmeans *out) {
    const cm_table *table = cm_model_get(model, "scaled_centroids"), *shown = cm_model_get(model, "centroids");
    if (!has_centroids(model, "scaled_centroids", out->columns)) return damaged(ctx, "scaled_centroids");
    if (!has_centroids(model, "centroids", out->columns) || shown->rows != table->rows)
        return damaged(ctx, "centroids");
    out->k = table->rows;
    out->centres = cm_alloc(ctx, out->k * out->columns, sizeof *out->centres);
    if (!out->centres) return ctx->error.status;
    for (uint64_t i = 0; i < out->k; i++) {
        if (cm_table_int(table, i, 0) != (int64_t)i + 1) return damaged(ctx, "scaled_centroids");
        for (uint64_t j = 0; j < out->columns; j++) {
            out->centres[i * out->columns + j] = cm_table_double(table, i, j + 1);
            if (!usable(out->centres[i * out->columns + j])) return damaged(ctx, "scaled_centroids");
        }
    }
    return CM_OK;
}

/* A model without the table says of nobody that he is far outside. */
static cm_status read_reach(cm_context *ctx, const cm_model *model, cm_kmeans *out) {
    const cm_table *table = cm_model_get(model, "reach");
    out->reach = (double)NAN;
    if (!table) return CM_OK;
    if (table->column_count != 2 || table->rows != 1 || table->columns[1]->type != CM_FLOAT64)
        return damaged(ctx, "reach");
    out->reach = cm_table_double(table, 0, 1);
    return out->reach >= 0 ? CM_OK : damaged(ctx, "reach");
}

cm_status cm_kmeans_read_tables(cm_context *ctx, const cm_model *model, cm_kmeans *out) {
    out->columns = cm_input_count(model);
    if (out->columns > CM_MOST_INPUTS) return damaged(ctx, "options");
    out->missing = (cm_kmeans_missing)cm_option_choice(model->options, &model->method->topic, "missing");
    cm_status status = read_scalings(ctx, model, out);
    if (!status) status = read_centres(ctx, model, out);
    return status ? status : read_reach(ctx, model, out);
}
