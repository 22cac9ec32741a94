/* Numbers and dates: the mean of the group beside that of all (B. L. Welch, "The generalization of 'Student's' problem
 * when several different population variances are involved", 1947, doi:10.1093/biomet/34.1-2.28), and shares of bands.
 *
 * The bands are quantiles of all customers, band(v) = floor(n #{u < v} / N), so that equal values share one; or of
 * round width, the narrowest of 1, 2 and 5 times a power of ten that n of them cover what lies between the 5th and the
 * 95th percentile, the outer ones open. Where there are no more values than bands, each is its own. Cost: one sort. */
#include <math.h>
#include <string.h>

#include "base/intervals.h"
#include "base/number.h"
#include "base/sort.h"
#include "base/student.h"
#include "model/profile/profile.h"

#define DAY_TEXT 10 /* 2011-12-09 */

typedef struct numbers {
    const cm_profile *profile;
    uint64_t column;
    cm_key *keys; /* value, row; sorted */
    double *values; /* by row; NaN: absent */
    uint64_t count, distinct;
    bool whole; /* numbers without a fraction */
    int64_t step; /* of bands of round width: step * 10^power */
    int power;
    double first, last; /* edges of the outer ones; multiples of the step */
} numbers;

/* ---- values ---- */

static cm_status read_values(cm_context *ctx, numbers *own, cm_profile_attribute *out) {
    const cm_table *table = own->profile->table;
    const cm_column *column = table->columns[own->column];
    for (uint64_t c = 0; c < table->chunk_count; c++)
        for (uint64_t i = 0; i < column->chunks[c].rows; i++) {
            uint64_t row = table->first_rows[c] + i;
            double value = own->values[row] = cm_input_real(column, &column->chunks[c], i);
            if (isinf(value)) return cm_fail(ctx, CM_E_DATA, "PROFILE_INFINITE", "us", row + 1, column->name);
            if (isnan(value)) continue;
            own->keys[own->count++] = (cm_key){cm_key_of_double(value), row};
            out->group_known += own->profile->member[row];
        }
    out->all_known = own->count;
    return CM_OK;
}

/* ---- the mean ---- */

typedef struct moments {
    double count, mean, squares; /* squares: sum of squared distances from the mean */
} moments;

/* Of the members (1), the others (0), or all (-1); in the order of the rows. */
static moments moments_of(const numbers *own, int who) {
    moments m = {0};
    double sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint64_t row = 0; row < own->profile->table->rows; row++) {
            double value = own->values[row];
            if (isnan(value) || (who >= 0 && own->profile->member[row] != who)) continue;
            if (!pass) m.count++, sum += value;
            else m.squares += (value - m.mean) * (value - m.mean);
            if (!pass) m.mean = sum / m.count;
        }
    return m;
}

static bool measure_mean(const numbers *own, cm_profile_finding *one) {
    moments group = moments_of(own, 1), others = moments_of(own, 0), all = moments_of(own, -1);
    if (group.count < 2 || others.count < 2) return false;
    double unit = sqrt(all.squares / all.count), part = others.count / all.count / unit;
    double a = group.squares / (group.count - 1) / group.count, b = others.squares / (others.count - 1) / others.count;
    double error = sqrt(a + b), between = group.mean - others.mean;
    if (!(error > 0) || !isfinite(error) || !isfinite(unit))
        return false; /* nothing varies, or beyond what can be squared */
    double freedom = (a + b) * (a + b) / (a * a / (group.count - 1) + b * b / (others.count - 1));
    double reach = cm_student_t(own->profile->inside, freedom) * error;
    one->group_mean = group.mean;
    one->all_mean = all.mean;
    one->difference = (group.mean - all.mean) / unit;
    one->low = (between - reach) * part;
    one->high = (between + reach) * part;
    one->p = cm_student_two_sided(between / error, freedom);
    return true;
}

static cm_status add_mean(cm_context *ctx, const numbers *own, cm_profile_attribute *out) {
    cm_profile_finding one = {.column = own->column, .group = out->group_known, .all = out->all_known,
                              .group_known = out->group_known, .all_known = out->all_known};
    if (!measure_mean(own, &one)) {
        out->untested++;
        return CM_OK;
    }
    cm_status status = cm_reserve(ctx, &out->findings, &out->capacity, out->count + 1, sizeof *out->findings);
    if (status) return status;
    out->findings[out->count++] = one;
    out->tested++;
    return CM_OK;
}

/* ---- bands of round width ---- */

/* m * step * 10^power, rounded once. */
static double edge(const numbers *own, double m) {
    double value = m * (double)own->step;
    if (own->power <= 0) return cm_decimal_to_double((int64_t)value, -own->power);
    for (int i = 0; i < own->power; i++) value *= 10;
    return value;
}

static double value_at(const numbers *own, uint64_t place) { return own->values[own->keys[place].value]; }

/* Where they cannot be had, the step stays 0. */
static void choose_width(numbers *own) {
    static const int64_t steps[] = {1, 2, 5};
    double from = value_at(own, own->count / 20), to = value_at(own, own->count - 1 - own->count / 20);
    double least = (to - from) / (double)own->profile->bands;
    int lowest = own->whole ? 0 : -9;
    if (!(to > from) || fabs(from) > 1e15 || fabs(to) > 1e15) return;
    for (int i = 0; i < 3 * (16 - lowest); i++) {
        own->step = steps[i % 3];
        own->power = lowest + i / 3;
        if (edge(own, 1) >= least) break;
    }
    own->first = floor(from / edge(own, 1)) + 1;
    own->last = floor(to / edge(own, 1));
    if (own->last < own->first || fabs(own->first) > 1e15 || fabs(own->last) > 1e15) own->step = 0;
}

/* first - 1: below the first edge; m: from edge m on. */
static double band_of(const numbers *own, double value) {
    double m = floor(value / edge(own, 1));
    while (edge(own, m) > value) m--; /* what the division rounded */
    while (edge(own, m + 1) <= value) m++;
    return m < own->first ? own->first - 1 : m > own->last ? own->last : m;
}

static uint64_t name_round(const cm_context *ctx, const numbers *own, double band, char *out, uint64_t size) {
    char arguments[2 * CM_NUMBER_TEXT];
    bool below = band < own->first, above = band == own->last;
    uint64_t length = cm_print_double(edge(own, below ? own->first : band), arguments);
    if (below || above) return cm_render(ctx, below ? "PROFILE_UNDER" : "PROFILE_OVER", arguments, out, size);
    if (own->whole && edge(own, 1) == 1) return cm_render(ctx, "PROFILE_ONE", arguments, out, size);
    arguments[length++] = 0x1F;
    cm_print_double(edge(own, band + 1) - own->whole, arguments + length);
    return cm_render(ctx, own->whole ? "PROFILE_TO" : "PROFILE_TO_UNDER", arguments, out, size);
}

/* ---- all bands ---- */

/* A cell for eyes: of a time the day, of a fraction six digits. */
static uint64_t write_end(const numbers *own, uint64_t place, char *out) {
    char room[CM_CELL_TEXT];
    const cm_column *column = own->profile->table->columns[own->column];
    uint64_t within, length, chunk = cm_table_locate(own->profile->table, own->keys[place].value, &within);
    if (column->type == CM_FLOAT64) return cm_print_double(cm_round_digits(value_at(own, place), 6), out);
    const char *text = cm_cell_text(column, &column->chunks[chunk], within, room, &length);
    if (column->type == CM_TIMESTAMP) length = DAY_TEXT;
    memcpy(out, text, (size_t)length);
    return length;
}

/* The smallest and the largest value in it. */
static uint64_t name_span(const cm_context *ctx, const numbers *own, uint64_t first, uint64_t last, char *out,
                          uint64_t size) {
    char arguments[2 * CM_CELL_TEXT + 2];
    uint64_t length = write_end(own, first, arguments), end = length + 1;
    bool one = own->keys[first].key == own->keys[last].key;
    if (!one) {
        arguments[length] = 0x1F;
        length = end + write_end(own, last, arguments + end);
        one = length == 2 * end - 1 && !memcmp(arguments, arguments + end, (size_t)end - 1);
    }
    arguments[one ? end - 1 : length] = 0;
    return cm_render(ctx, one ? "PROFILE_ONE" : "PROFILE_TO", arguments, out, size);
}

/* Which band the run of equal values at this place belongs to; `run` is its number. */
static double band_at(const numbers *own, uint64_t place, uint64_t run) {
    if (own->distinct <= own->profile->bands) return (double)run;
    if (own->step) return band_of(own, value_at(own, place));
    return floor((double)own->profile->bands * (double)place / (double)own->count);
}

static cm_status add_band(cm_context *ctx, const numbers *own, uint64_t first, uint64_t end, double band,
                          cm_profile_attribute *out) {
    char name[256];
    uint64_t group = 0, length;
    for (uint64_t i = first; i < end; i++) group += own->profile->member[own->keys[i].value];
    if (own->step && own->distinct > own->profile->bands) length = name_round(ctx, own, band, name, sizeof name);
    else length = name_span(ctx, own, first, end - 1, name, sizeof name);
    return cm_profile_add_share(ctx, own->profile, own->column, name, length, group, end - first, out);
}

static cm_status add_bands(cm_context *ctx, const numbers *own, cm_profile_attribute *out) {
    cm_status status = CM_OK;
    double band = 0;
    for (uint64_t i = 0, first = 0, run = 0; i < own->count && !status; i++) {
        bool fresh = i == 0 || own->keys[i].key != own->keys[i - 1].key;
        double next = fresh ? band_at(own, i, run++) : band;
        if (i && next != band) {
            status = add_band(ctx, own, first, i, band, out);
            first = i;
        }
        band = next;
        if (!status && i == own->count - 1) status = add_band(ctx, own, first, own->count, band, out);
    }
    return status;
}

cm_status cm_profile_look_at_numbers(cm_context *ctx, const cm_profile *profile, uint64_t column,
                                     cm_profile_attribute *out) {
    const cm_column *source = profile->table->columns[column];
    uint64_t rows = profile->table->rows;
    numbers own = {.profile = profile, .column = column};
    own.whole = source->type == CM_INT64 || (source->type == CM_DECIMAL && source->scale == 0);
    own.keys = cm_alloc_raw(ctx, rows, sizeof *own.keys);
    own.values = own.keys ? cm_alloc_raw(ctx, rows, sizeof *own.values) : NULL;
    cm_status status = own.values ? read_values(ctx, &own, out) : ctx->error.status;
    if (!status) status = cm_sort_keys(ctx, own.keys, own.count);
    for (uint64_t i = 0; i < own.count && !status; i++)
        own.distinct += i == 0 || own.keys[i].key != own.keys[i - 1].key;
    out->values = own.distinct;
    if (!status && own.count && profile->round && out->kind == CM_PROFILE_NUMBER && profile->bands) choose_width(&own);
    if (!status && out->kind == CM_PROFILE_NUMBER && own.distinct > 2)
        status = add_mean(ctx, &own, out); /* two: a share */
    if (!status && profile->bands) status = add_bands(ctx, &own, out);
    cm_free(ctx->core, own.keys, rows, sizeof *own.keys);
    cm_free(ctx->core, own.values, rows, sizeof *own.values);
    return status;
}
