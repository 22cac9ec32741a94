/* From columns to points: absent values left out or replaced, logarithms, scaling. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/names.h"
#include "base/sort.h"
#include "model/kmeans/kmeans.h"

#define BLOCK UINT64_C(4096) /* rows of a partial sum */

static double logged(double value) {
    return value < 0 ? -cm_log1p(-value) : cm_log1p(value);
}

static double unlogged(double value) {
    return value < 0 ? -cm_expm1(-value) : cm_expm1(value);
}

double cm_kmeans_to_scaled(const cm_kmeans_scaling *scaling, double value) {
    return ((scaling->log ? logged(value) : value) - scaling->centre) / scaling->scale;
}

double cm_kmeans_from_scaled(const cm_kmeans_scaling *scaling, double value) {
    double own = value * scaling->scale + scaling->centre;
    return scaling->log ? unlogged(own) : own;
}

/* ---- which rows ---- */

cm_status cm_kmeans_check_values(cm_context *ctx, const cm_inputs *inputs, cm_kmeans_missing missing) {
    for (uint64_t row = 0; row < inputs->rows; row++)
        for (uint64_t j = 0; j < inputs->count; j++) {
            double value = inputs->columns[j].reals[row];
            bool absent = isnan(value);
            if (!isinf(value) && !(absent && missing == CM_KMEANS_FAIL)) continue;
            return cm_fail(ctx, CM_E_DATA, absent ? "KMEANS_ABSENT" : "KMEANS_INFINITE", "us", inputs->numbers[row] + 1,
                           inputs->columns[j].name);
        }
    return CM_OK;
}

static bool is_complete(const cm_inputs *inputs, uint64_t row) {
    for (uint64_t j = 0; j < inputs->count; j++)
        if (isnan(inputs->columns[j].reals[row])) return false;
    return true;
}

/* The rows to fit, as places among the inputs. */
static uint64_t find_rows(const cm_inputs *inputs, cm_kmeans_missing missing, uint64_t *rows) {
    uint64_t count = 0;
    for (uint64_t row = 0; row < inputs->rows; row++)
        if (missing == CM_KMEANS_MEDIAN || is_complete(inputs, row)) rows[count++] = row;
    return count;
}

/* ---- one column ---- */

typedef struct column {
    const char *name;
    uint64_t count;
    const uint64_t *rows;
    double *values; /* of the rows */
    cm_key *keys;   /* room, where values must be in order */
} column;

/* Sums of blocks, each in eight lanes, added in the order of the blocks. `square`: of the squared distances from
 * `from`. */
static double sum_up(const double *values, uint64_t count, double from, bool square) {
    double total = 0;
    for (uint64_t start = 0; start < count; start += BLOCK) {
        double lanes[8] = {0};
        uint64_t end = start + BLOCK < count ? start + BLOCK : count;
        for (uint64_t i = start; i < end; i++) {
            double step = values[i] - from;
            lanes[i % 8] += square ? step * step : step;
        }
        total += ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    }
    return total;
}

/* The value at a share of the way through sorted keys, between two of them in proportion. */
static double quantile(const double *values, const cm_key *sorted, uint64_t count, double share) {
    double place = share * (double)(count - 1);
    uint64_t below = (uint64_t)place, above = below + 1 < count ? below + 1 : below;
    double low = values[sorted[below].value], high = values[sorted[above].value];
    return low + (high - low) * (place - (double)below);
}

/* Sorts those that are present; how many they are. */
static cm_status sort_present(cm_context *ctx, const column *of, uint64_t *present) {
    *present = 0;
    for (uint64_t i = 0; i < of->count; i++)
        if (!isnan(of->values[i])) of->keys[(*present)++] = (cm_key){cm_key_of_double(of->values[i]), i};
    return cm_sort_keys(ctx, of->keys, *present);
}

static cm_status replace_absent(cm_context *ctx, const column *of, cm_kmeans_scaling *out) {
    uint64_t present;
    cm_status status = sort_present(ctx, of, &present);
    if (status) return status;
    if (!present) return cm_fail(ctx, CM_E_DATA, "KMEANS_NO_VALUES", "s", of->name);
    out->median = quantile(of->values, of->keys, present, 0.5);
    for (uint64_t i = 0; i < of->count; i++)
        if (isnan(of->values[i])) of->values[i] = out->median;
    return CM_OK;
}

static cm_status too_large(cm_context *ctx, const cm_inputs *inputs, const column *of, uint64_t i) {
    return cm_fail(ctx, CM_E_DATA, "KMEANS_RANGE", "us", inputs->numbers[of->rows[i]] + 1, of->name);
}

static cm_status take_values(cm_context *ctx, const cm_inputs *inputs, uint64_t j, const cm_kmeans_settings *settings,
                             column *of, cm_kmeans_scaling *out) {
    cm_status status = cm_tick(ctx, "kmeans", j, inputs->count);
    of->name = inputs->columns[j].name;
    *out = (cm_kmeans_scaling){.log = settings->log[j], .scale = 1, .median = (double)NAN};
    for (uint64_t i = 0; i < of->count; i++) of->values[i] = inputs->columns[j].reals[of->rows[i]];
    if (!status && settings->missing == CM_KMEANS_MEDIAN) status = replace_absent(ctx, of, out);
    for (uint64_t i = 0; i < of->count && !status; i++) {
        if (out->log) of->values[i] = logged(of->values[i]);
        if (fabs(of->values[i]) > CM_KMEANS_LARGEST)
            status = too_large(ctx, inputs, of, i);
        else if (i % 16384 == 0)
            status = cm_tick(ctx, "kmeans", j, inputs->count);
    }
    return status;
}

/* Centre and scale; a column without spread is only moved. *spread: whether it has any. */
static cm_status find_scaling(cm_context *ctx, const column *of, cm_kmeans_scale kind, cm_kmeans_scaling *out,
                              double *variance, bool *spread) {
    double n = (double)of->count, low = of->values[0], high = low, scale = 0;
    for (uint64_t i = 1; i < of->count; i++) {
        if (of->values[i] < low) low = of->values[i];
        if (of->values[i] > high) high = of->values[i];
    }
    double mean = low < high ? low + sum_up(of->values, of->count, low, false) / n : low;
    *variance = low < high ? sum_up(of->values, of->count, mean, true) / n : 0;
    if (kind == CM_KMEANS_STANDARD) {
        out->centre = mean;
        scale = sqrt(*variance);
    } else if (kind == CM_KMEANS_MINMAX) {
        out->centre = low;
        scale = high - low;
    } else if (kind == CM_KMEANS_ROBUST) {
        uint64_t all;
        cm_status status = sort_present(ctx, of, &all);
        if (status) return status;
        out->centre = quantile(of->values, of->keys, all, 0.5);
        scale = quantile(of->values, of->keys, all, 0.75) - quantile(of->values, of->keys, all, 0.25);
    }
    *spread = kind == CM_KMEANS_NONE || scale > 0;
    if (scale > 0) out->scale = scale;
    out->average = cm_kmeans_from_scaled(&(cm_kmeans_scaling){.log = out->log, .scale = 1}, mean);
    return CM_OK;
}

static cm_status put_points(cm_context *ctx, const cm_inputs *inputs, const column *of, uint64_t j,
                            const cm_kmeans_scaling *scaling, cm_kmeans_points *out) {
    for (uint64_t i = 0; i < of->count; i++) {
        double value = (of->values[i] - scaling->centre) / scaling->scale;
        if (!(fabs(value) <= CM_KMEANS_LARGEST)) return too_large(ctx, inputs, of, i);
        out->values[(i / CM_KMEANS_LANES * out->columns + j) * CM_KMEANS_LANES + i % CM_KMEANS_LANES] = value;
    }
    return CM_OK;
}

static cm_status prepare_columns(cm_context *ctx, const cm_inputs *inputs, const cm_kmeans_settings *settings,
                                 column *of, cm_kmeans_scaling *scalings, cm_kmeans_points *out) {
    cm_names constant = {0};
    cm_status status = CM_OK;
    for (uint64_t j = 0; j < inputs->count && !status; j++) {
        double variance;
        bool spread = true;
        status = take_values(ctx, inputs, j, settings, of, &scalings[j]);
        if (!status) status = find_scaling(ctx, of, settings->scale, &scalings[j], &variance, &spread);
        if (!status) status = put_points(ctx, inputs, of, j, &scalings[j], out);
        if (status) break;
        if (!spread) cm_names_add(&constant, of->name);
        double deviation = sqrt(variance) / scalings[j].scale;
        out->mean_variance += deviation * deviation / (double)inputs->count;
    }
    memcpy(out->constant, constant.text, sizeof out->constant);
    return status;
}

/* ---- all ---- */

cm_status cm_kmeans_prepare(cm_context *ctx, const cm_inputs *inputs, const cm_kmeans_settings *settings,
                            cm_kmeans_scaling *scalings, cm_kmeans_points *out) {
    *out = (cm_kmeans_points){.columns = inputs->count};
    bool sorts = settings->missing == CM_KMEANS_MEDIAN || settings->scale == CM_KMEANS_ROBUST;
    cm_status status = cm_kmeans_check_values(ctx, inputs, settings->missing);
    if (status) return status;
    uint64_t *rows = cm_alloc(ctx, inputs->rows, sizeof *rows), keys = sorts ? inputs->rows : 1;
    column of = {.count = rows ? find_rows(inputs, settings->missing, rows) : 0, .rows = rows};
    of.values = rows ? cm_alloc(ctx, inputs->rows, sizeof *of.values) : NULL;
    of.keys = of.values ? cm_alloc(ctx, keys, sizeof *of.keys) : NULL;
    out->rows = of.count;
    out->groups = (of.count + CM_KMEANS_LANES - 1) / CM_KMEANS_LANES;
    out->values = of.keys ? cm_alloc(ctx, out->groups * out->columns, CM_KMEANS_LANES * sizeof *out->values) : NULL;
    if (!out->values)
        status = ctx->error.status;
    else if (!of.count)
        status = cm_fail(ctx, CM_E_DATA, "KMEANS_NOBODY", "");
    else
        status = prepare_columns(ctx, inputs, settings, &of, scalings, out);
    cm_free(ctx->core, rows, inputs->rows, sizeof *rows);
    cm_free(ctx->core, of.values, inputs->rows, sizeof *of.values);
    cm_free(ctx->core, of.keys, keys, sizeof *of.keys);
    if (status) cm_kmeans_free_points(ctx->core, out);
    return status;
}

void cm_kmeans_free_points(cm_core *core, cm_kmeans_points *points) {
    cm_free(core, points->values, points->groups * points->columns, CM_KMEANS_LANES * sizeof *points->values);
    points->values = NULL;
}
