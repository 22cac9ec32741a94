/* From columns to points: absent values left out or replaced, logarithms, scaling. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/names.h"
#include "base/number.h"
#include "base/sort.h"
#include "base/threads.h"
#include "model/kmeans/kmeans.h"

#define BLOCK CM_KMEANS_BLOCK
#define LANES CM_KMEANS_LANES

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

/* What a column holds. */
typedef struct survey {
    uint64_t absent, first_absent, first_infinite; /* rows of the table; UINT64_MAX: none */
} survey;

typedef struct preparation {
    const cm_inputs *inputs;
    const cm_kmeans_settings *settings;
    cm_kmeans_scaling *scalings;
    cm_kmeans_points *points;
    survey *surveys;
    bool *flat;         /* of each column: its spread is zero */
    double *variances;  /* of each column, scaled */
} preparation;

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Absent and infinite values of doubles that are all there or NaN, quickly: the difference from itself tells both. */
static bool all_finite(const double *values, uint64_t rows) {
    double lanes[LANES] = {0};
    uint64_t whole = rows / LANES * LANES;
    cm_eight *sums = (cm_eight *)(void *)lanes;
    for (uint64_t i = 0; i < whole; i += LANES) {
        cm_eight eight = *(const cm_eight *)(const void *)(values + i);
        *sums += eight - eight;
    }
    for (uint64_t i = whole; i < rows; i++) lanes[0] += values[i] - values[i];
    return cm_kmeans_sum_lanes(lanes) == 0;
}

static void survey_chunk(const cm_column *column, const cm_chunk *chunk, uint64_t first, survey *out) {
    bool plain = column->type == CM_FLOAT64 && !chunk->validity;
    if (plain && all_finite((const double *)chunk->values + chunk->offset, chunk->rows)) return;
    for (uint64_t row = 0; row < chunk->rows; row++) {
        double value = cm_input_real(column, chunk, row);
        if (isfinite(value)) continue;
        bool absent = isnan(value);
        out->absent += absent;
        if (absent) out->first_absent = earlier(out->first_absent, first + row);
        else out->first_infinite = earlier(out->first_infinite, first + row);
    }
}

static cm_status survey_column(cm_context *ctx, void *state, uint64_t j) {
    preparation *of = state;
    const cm_table *table = of->inputs->table;
    of->surveys[j] = (survey){0, UINT64_MAX, UINT64_MAX};
    for (uint64_t i = 0; i < table->chunk_count; i++) {
        const cm_column *column = of->inputs->columns[j].source;
        if (cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
        survey_chunk(column, &column->chunks[i], table->first_rows[i], &of->surveys[j]);
    }
    return CM_OK;
}

/* An infinite value is an error, an absent one if it is said so: the first row of any column. */
static cm_status check_surveys(cm_context *ctx, const preparation *of) {
    uint64_t row = UINT64_MAX, column = 0;
    for (uint64_t j = 0; j < of->inputs->count; j++) {
        uint64_t bad = of->surveys[j].first_infinite;
        if (of->settings->missing == CM_KMEANS_FAIL) bad = earlier(bad, of->surveys[j].first_absent);
        if (bad < row) row = bad, column = j;
    }
    if (row == UINT64_MAX) return CM_OK;
    bool absent = row == of->surveys[column].first_absent;
    return cm_fail(ctx, CM_E_DATA, absent ? "KMEANS_ABSENT" : "KMEANS_INFINITE", "us", row + 1,
                   of->inputs->columns[column].name);
}

static bool is_complete(const cm_inputs *inputs, uint64_t chunk, uint64_t row) {
    for (uint64_t j = 0; j < inputs->count; j++) {
        const cm_column *column = inputs->columns[j].source;
        if (isnan(cm_input_real(column, &column->chunks[chunk], row))) return false;
    }
    return true;
}

/* The rows that lack nothing, where some lack something and are left out for it. */
static cm_status leave_rows_out(cm_context *ctx, preparation *of) {
    const cm_table *table = of->inputs->table;
    cm_kmeans_points *points = of->points;
    uint64_t absent = 0;
    points->rows = table->rows;
    for (uint64_t j = 0; j < of->inputs->count; j++) absent += of->surveys[j].absent;
    if (!absent || of->settings->missing == CM_KMEANS_MEDIAN) return CM_OK;
    points->rows = 0;
    points->number_room = table->rows;
    points->numbers = cm_alloc(ctx, table->rows, sizeof *points->numbers);
    if (!points->numbers) return ctx->error.status;
    for (uint64_t chunk = 0; chunk < table->chunk_count; chunk++)
        for (uint64_t row = 0; row < table->first_rows[chunk + 1] - table->first_rows[chunk]; row++)
            if (is_complete(of->inputs, chunk, row)) points->numbers[points->rows++] = table->first_rows[chunk] + row;
    return CM_OK;
}

/* ---- weights ---- */

static cm_status check_weight(cm_context *ctx, double weight, uint64_t row, const char *name) {
    char text[CM_NUMBER_TEXT];
    if (weight > 0 && weight <= CM_KMEANS_LARGEST) return CM_OK;
    if (isnan(weight)) return cm_fail(ctx, CM_E_DATA, "KMEANS_NO_WEIGHT", "us", row + 1, name);
    return cm_fail(ctx, CM_E_DATA, "KMEANS_WEIGHT", "ust", row + 1, name, text, cm_print_double(weight, text));
}

static cm_status take_weights(cm_context *ctx, preparation *of) {
    cm_kmeans_points *points = of->points;
    const cm_table *table = of->inputs->table;
    uint64_t number, within;
    if (!of->settings->weight) return CM_OK;
    cm_status status = cm_table_require(ctx, table, of->settings->weight, &number);
    if (status) return status;
    const cm_column *column = table->columns[number];
    if (column->type != CM_FLOAT64 && column->type != CM_INT64 && column->type != CM_DECIMAL)
        return cm_fail(ctx, CM_E_COLUMN, "METHOD_TYPE", "ssss", "kmeans", column->name, cm_type_name(CM_FLOAT64),
                       cm_type_name(column->type));
    points->weights = cm_alloc(ctx, points->blocks * BLOCK, sizeof *points->weights);
    if (!points->weights) return ctx->error.status;
    for (uint64_t i = 0; i < points->rows && !status; i++) {
        uint64_t row = cm_kmeans_number(points, i), chunk = cm_table_locate(table, row, &within);
        points->weights[i] = cm_input_real(column, &column->chunks[chunk], within);
        status = check_weight(ctx, points->weights[i], row, column->name);
    }
    return status;
}

/* ---- one column ---- */

/* Its values, block by block. */
static const double *block_of(const cm_kmeans_points *points, uint64_t j, uint64_t block) {
    return points->values[block * points->columns + j];
}

/* Of a block: eight lanes. */
static double sum_block(const double *values, uint64_t rows, double from, bool square) {
    double lanes[LANES] = {0};
    uint64_t whole = rows / LANES * LANES;
    cm_eight sums = {0};
    for (uint64_t i = 0; i < whole; i += LANES) {
        cm_eight step = *(const cm_eight *)(const void *)(values + i) - from;
        if (square) step *= step;
        sums += step;
    }
    memcpy(lanes, &sums, sizeof lanes);
    for (uint64_t i = whole; i < rows; i++) {
        double step = values[i] - from;
        lanes[i % LANES] += square ? step * step : step;
    }
    return cm_kmeans_sum_lanes(lanes);
}

/* Sums of blocks, added in their order. `square`: of the squared distances from `from`. */
static double sum_up(const cm_kmeans_points *points, uint64_t j, double from, bool square) {
    double total = 0;
    for (uint64_t block = 0; block < points->blocks; block++)
        total += sum_block(block_of(points, j, block), cm_kmeans_block_rows(points, block), from, square);
    return total;
}

/* The least and the greatest value, in lanes that do not wait for each other. */
static void find_ends(const cm_kmeans_points *points, uint64_t j, double *low, double *high) {
    double lows[LANES], highs[LANES];
    for (uint64_t lane = 0; lane < LANES; lane++) lows[lane] = highs[lane] = block_of(points, j, 0)[0];
    for (uint64_t block = 0; block < points->blocks; block++) {
        const double *values = block_of(points, j, block);
        uint64_t rows = cm_kmeans_block_rows(points, block), whole = rows / LANES * LANES;
        for (uint64_t i = 0; i < whole; i += LANES)
            for (uint64_t lane = 0; lane < LANES; lane++) {
                lows[lane] = values[i + lane] < lows[lane] ? values[i + lane] : lows[lane];
                highs[lane] = values[i + lane] > highs[lane] ? values[i + lane] : highs[lane];
            }
        for (uint64_t i = whole; i < rows; i++) {
            lows[0] = values[i] < lows[0] ? values[i] : lows[0];
            highs[0] = values[i] > highs[0] ? values[i] : highs[0];
        }
    }
    *low = lows[0];
    *high = highs[0];
    for (uint64_t lane = 1; lane < LANES; lane++) {
        *low = lows[lane] < *low ? lows[lane] : *low;
        *high = highs[lane] > *high ? highs[lane] : *high;
    }
}

/* The value at a share of the way through sorted keys, between two of them in proportion. */
static double quantile(const double *values, const cm_key *sorted, uint64_t count, double share) {
    double place = share * (double)(count - 1);
    uint64_t below = (uint64_t)place, above = below + 1 < count ? below + 1 : below;
    double low = values[sorted[below].value], high = values[sorted[above].value];
    return low + (high - low) * (place - (double)below);
}

/* Sorts those that are present; the keys are freed by the caller. */
static cm_status sort_present(cm_context *ctx, const double *values, uint64_t rows, cm_key **keys, uint64_t *present) {
    *present = 0;
    *keys = cm_alloc(ctx, rows, sizeof **keys);
    if (!*keys) return ctx->error.status;
    for (uint64_t i = 0; i < rows; i++)
        if (!isnan(values[i])) (*keys)[(*present)++] = (cm_key){cm_key_of_double(values[i]), i};
    return cm_sort_keys(ctx, *keys, *present);
}

static cm_status replace_absent(cm_context *ctx, const preparation *of, uint64_t j) {
    double *values = of->points->own[j], *median = &of->scalings[j].median;
    uint64_t rows = of->points->rows, present;
    cm_key *keys;
    cm_status status = sort_present(ctx, values, rows, &keys, &present);
    if (!status && !present) status = cm_fail(ctx, CM_E_DATA, "KMEANS_NO_VALUES", "s", of->inputs->columns[j].name);
    if (!status) *median = quantile(values, keys, present, 0.5);
    for (uint64_t i = 0; i < rows && !status; i++)
        if (isnan(values[i])) values[i] = *median;
    cm_free(ctx->core, keys, rows, sizeof *keys);
    return status;
}

static cm_status find_quartiles(cm_context *ctx, const preparation *of, uint64_t j, double *median, double *between) {
    double *values = of->points->own[j];
    uint64_t rows = of->points->rows, present;
    cm_key *keys;
    cm_status status = sort_present(ctx, values, rows, &keys, &present);
    if (!status) *median = quantile(values, keys, present, 0.5);
    if (!status) *between = quantile(values, keys, present, 0.75) - quantile(values, keys, present, 0.25);
    cm_free(ctx->core, keys, rows, sizeof *keys);
    return status;
}

/* The least and greatest value; an error for the first row beyond what distances can be measured by. */
static cm_status check_size(cm_context *ctx, const preparation *of, uint64_t j, double *ends) {
    const cm_kmeans_points *points = of->points;
    double low, high;
    find_ends(points, j, &low, &high);
    ends[0] = low;
    ends[1] = high;
    if (fabs(low) <= CM_KMEANS_LARGEST && fabs(high) <= CM_KMEANS_LARGEST) return CM_OK;
    uint64_t row = 0;
    while (fabs(cm_kmeans_value(points, row, j)) <= CM_KMEANS_LARGEST) row++;
    return cm_fail(ctx, CM_E_DATA, "KMEANS_RANGE", "us", cm_kmeans_number(points, row) + 1,
                   of->inputs->columns[j].name);
}

/* Whether every block lies in one chunk of doubles that need no change; then the blocks point there. */
static bool borrow_column(const preparation *of, uint64_t j) {
    const cm_table *table = of->inputs->table;
    const cm_column *column = of->inputs->columns[j].source;
    cm_kmeans_points *points = of->points;
    if (column->type != CM_FLOAT64 || of->settings->log[j] || of->settings->scale != CM_KMEANS_NONE || points->numbers
        || of->surveys[j].absent)
        return false;
    for (uint64_t i = 0; i + 1 < table->chunk_count; i++)
        if (table->first_rows[i + 1] % BLOCK) return false;
    for (uint64_t block = 0; block < points->blocks; block++) {
        uint64_t within, chunk = cm_table_locate(table, block * BLOCK, &within);
        const cm_chunk *from = &column->chunks[chunk];
        points->values[block * points->columns + j] = (const double *)from->values + from->offset + within;
    }
    return true;
}

static cm_status copy_column(cm_context *ctx, const preparation *of, uint64_t j) {
    const cm_table *table = of->inputs->table;
    const cm_column *column = of->inputs->columns[j].source;
    cm_kmeans_points *points = of->points;
    uint64_t chunk = 0;
    double *values = points->own[j] = cm_alloc(ctx, points->blocks * BLOCK, sizeof *values);
    if (!values) return ctx->error.status;
    for (uint64_t block = 0; block < points->blocks; block++)
        points->values[block * points->columns + j] = values + block * BLOCK;
    for (uint64_t i = 0; i < points->rows; i++) {
        uint64_t row = cm_kmeans_number(points, i);
        if (i % BLOCK == 0 && cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
        while (row >= table->first_rows[chunk + 1]) chunk++;
        values[i] = cm_input_real(column, &column->chunks[chunk], row - table->first_rows[chunk]);
    }
    cm_status status = of->settings->missing == CM_KMEANS_MEDIAN ? replace_absent(ctx, of, j) : CM_OK;
    for (uint64_t i = 0; i < points->rows && of->settings->log[j]; i++) values[i] = logged(values[i]);
    return status;
}

/* Centre and scale; a column without spread is only moved. */
static cm_status find_scaling(cm_context *ctx, preparation *of, uint64_t j, const double *ends) {
    const cm_kmeans_points *points = of->points;
    cm_kmeans_scaling *out = &of->scalings[j];
    cm_kmeans_scale kind = of->settings->scale;
    double n = (double)points->rows, low = ends[0], high = ends[1], scale = 0;
    double mean = low < high ? low + sum_up(points, j, low, false) / n : low, variance = 0;
    if (low < high && (kind != CM_KMEANS_NONE || of->settings->tolerance > 0))
        variance = sum_up(points, j, mean, true) / n;
    if (kind == CM_KMEANS_STANDARD) {
        out->centre = mean;
        scale = sqrt(variance);
    } else if (kind == CM_KMEANS_MINMAX) {
        out->centre = low;
        scale = high - low;
    } else if (kind == CM_KMEANS_ROBUST) {
        cm_status status = find_quartiles(ctx, of, j, &out->centre, &scale);
        if (status) return status;
    }
    of->flat[j] = kind == CM_KMEANS_NONE ? low == high : !(scale > 0);
    if (scale > 0) out->scale = scale;
    out->average = cm_kmeans_from_scaled(&(cm_kmeans_scaling){.log = out->log, .scale = 1}, mean);
    double deviation = sqrt(variance) / out->scale;
    of->variances[j] = deviation * deviation;
    return CM_OK;
}

static cm_status prepare_column(cm_context *ctx, void *state, uint64_t j) {
    preparation *of = state;
    cm_kmeans_scaling *scaling = &of->scalings[j];
    *scaling = (cm_kmeans_scaling){.log = of->settings->log[j], .scale = 1, .median = (double)NAN};
    double ends[2];
    cm_status status = borrow_column(of, j) ? CM_OK : copy_column(ctx, of, j);
    if (!status) status = check_size(ctx, of, j, ends);
    if (!status) status = find_scaling(ctx, of, j, ends);
    double *own = of->points->own[j];
    if (status || of->settings->scale == CM_KMEANS_NONE) return status;
    for (uint64_t i = 0; i < of->points->rows; i++) own[i] = (own[i] - scaling->centre) / scaling->scale;
    return check_size(ctx, of, j, ends);
}

/* ---- all ---- */

static cm_status prepare_columns(cm_context *ctx, preparation *of) {
    cm_kmeans_points *points = of->points;
    cm_names constant = {0};
    cm_status status = cm_parallel(ctx, points->columns, prepare_column, of);
    for (uint64_t j = 0; j < points->columns && !status; j++) {
        points->mean_variance += of->variances[j] / (double)points->columns;
        if (of->flat[j]) cm_names_add(&constant, of->inputs->columns[j].name);
    }
    memcpy(points->constant, constant.text, sizeof points->constant);
    return status;
}

cm_status cm_kmeans_prepare(cm_context *ctx, const cm_inputs *inputs, const cm_kmeans_settings *settings,
                            cm_kmeans_scaling *scalings, cm_kmeans_points *out) {
    survey surveys[CM_MOST_INPUTS];
    bool flat[CM_MOST_INPUTS];
    double variances[CM_MOST_INPUTS];
    preparation of = {inputs, settings, scalings, out, surveys, flat, variances};
    *out = (cm_kmeans_points){.columns = inputs->count};
    cm_status status = cm_parallel(ctx, inputs->count, survey_column, &of);
    if (!status) status = check_surveys(ctx, &of);
    if (!status) status = leave_rows_out(ctx, &of);
    if (!status && !out->rows) status = cm_fail(ctx, CM_E_DATA, "KMEANS_NOBODY", "");
    out->blocks = (out->rows + BLOCK - 1) / BLOCK;
    if (!status) {
        out->values = cm_alloc(ctx, out->blocks * out->columns, sizeof *out->values);
        status = out->values ? take_weights(ctx, &of) : ctx->error.status;
    }
    if (!status) status = prepare_columns(ctx, &of);
    if (status) cm_kmeans_free_points(ctx->core, out);
    return status;
}

void cm_kmeans_free_points(cm_core *core, cm_kmeans_points *points) {
    for (uint64_t j = 0; j < points->columns; j++)
        cm_free(core, points->own[j], points->blocks * BLOCK, sizeof *points->own[j]);
    cm_free(core, points->weights, points->blocks * BLOCK, sizeof *points->weights);
    cm_free(core, points->numbers, points->number_room, sizeof *points->numbers);
    cm_free(core, points->values, points->blocks * points->columns, sizeof *points->values);
    *points = (cm_kmeans_points){0};
}
