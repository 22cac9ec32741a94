/* What the assignments say of all: the segments with their sizes, money, means, medians and typical members. */
#include "model/kmeans/segments.h"

#include <math.h>
#include <string.h>

/* ---- counting ---- */

static void find_money(cm_kmeans_summary *all) {
    const cm_table *table = all->inputs->table;
    all->money_column = cm_table_find(table, "money");
    if (all->money_column < 0) return;
    const cm_column *column = table->columns[all->money_column];
    all->money_scale = column->scale;
    if (column->type != CM_DECIMAL && column->type != CM_INT64) all->money_column = -1;
}

static int64_t find_whole(const cm_table *table, const char *name) {
    int64_t column = cm_table_find(table, name);
    return column >= 0 && table->columns[column]->type == CM_INT64 ? column : -1;
}

static void find_rhythm(cm_kmeans_summary *all) {
    all->tenure = find_whole(all->inputs->table, "tenure_days");
    all->recency = find_whole(all->inputs->table, "recency_days");
    all->purchase_days = find_whole(all->inputs->table, "purchase_days");
    if (all->tenure < 0 || all->recency < 0) all->purchase_days = -1;
}

static void add_rhythm(const cm_kmeans_summary *all, uint64_t row, cm_kmeans_rhythm *to) {
    const cm_table *table = all->inputs->table;
    if (all->purchase_days < 0) return;
    int64_t days = cm_table_int(table, row, (uint64_t)all->tenure) - cm_table_int(table, row, (uint64_t)all->recency);
    int64_t count = cm_table_int(table, row, (uint64_t)all->purchase_days);
    if (days <= 0 || days > 1000000 || count < 2 || count > days + 1) return; /* absent ones are 0 */
    to->days += (uint64_t)days;
    to->gaps += (uint64_t)count - 1;
}

/* Of squared distances the medoid, the member with the least sum to all others, is the one nearest to the mean. */
static void note_typical(cm_kmeans_summary *all, uint64_t row, double distance) {
    int32_t segment = all->segments[row];
    if (segment < 0 || (all->typical[segment] < all->rows && !(distance < all->nearest[segment]))) return;
    all->typical[segment] = row;
    all->nearest[segment] = distance;
}

static void count_rows(cm_kmeans_summary *all) {
    for (uint64_t row = 0; row < all->rows; row++) {
        if (all->segments[row] < 0) continue;
        all->counts[all->segments[row]]++;
        all->customers++;
        add_rhythm(all, cm_kmeans_number_of(all, row), &all->rhythms[all->segments[row]]);
        if (all->money_column < 0) continue;
        int64_t money = cm_table_int(all->inputs->table, cm_kmeans_number_of(all, row), (uint64_t)all->money_column);
        all->money[all->segments[row]] += money;
        all->all_money += money;
    }
    for (uint64_t i = 0; i < all->kmeans->k; i++) all->starts[i + 1] = all->starts[i] + all->counts[i];
}

/* ---- means and medians ---- */

/* A column in its own units; absent values are the median. */
static void take_column(cm_kmeans_summary *all, uint64_t j) {
    const cm_table *table = all->inputs->table;
    const cm_column *source = all->inputs->columns[j].source;
    uint64_t chunk = 0;
    for (uint64_t i = 0; i < all->rows; i++) {
        uint64_t row = cm_kmeans_number_of(all, i);
        while (row >= table->first_rows[chunk + 1]) chunk++;
        double value = cm_input_real(source, &source->chunks[chunk], row - table->first_rows[chunk]);
        all->values[i] = isnan(value) ? all->kmeans->scalings[j].median : value;
    }
}

/* Adds and remembers what was rounded away (A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation
 * endlicher Summen", ZAMM 54, 1974, doi:10.1002/zamm.19740540106). */
static void add_value(cm_kmeans_centre *to, double value) {
    double sum = to->sum + value;
    to->lost += fabs(to->sum) >= fabs(value) ? (to->sum - sum) + value : (value - sum) + to->sum;
    to->sum = sum;
}
/* Sums of a column by segment, and how the scaled values lie. */
static void add_values(cm_kmeans_summary *all, uint64_t j, double *mean, double *deviation) {
    const cm_kmeans_scaling *scaling = &all->kmeans->scalings[j];
    double sum = 0, squares = 0, first = 0;
    uint64_t count = 0;
    for (uint64_t row = 0; row < all->rows; row++) {
        if (all->segments[row] < 0) continue;
        double value = all->values[row], scaled = cm_kmeans_to_scaled(scaling, value);
        cm_kmeans_centre *to = cm_kmeans_centre_of(all, (uint64_t)all->segments[row], j);
        if (!count++) first = scaled;
        add_value(to, value);
        to->scaled += scaled;
        sum += scaled - first;
        squares += (scaled - first) * (scaled - first);
    }
    double shift = sum / (double)count, variance = squares / (double)count - shift * shift;
    *mean = first + shift;
    *deviation = variance > 0 ? sqrt(variance) : 0;
}

/* C. A. R. Hoare, "Algorithm 65: Find", Communications of the ACM 4(7), 1961, doi:10.1145/366622.366647. */
double cm_kmeans_select(double *values, uint64_t count, uint64_t place) {
    uint64_t low = 0, high = count - 1, random = 1;
    while (low < high) {
        random = random * UINT64_C(6364136223846793005) + 1;
        double pivot = values[low + (random >> 33) % (high - low)]; /* not the last, so that both parts are smaller */
        uint64_t i = low, j = high;
        for (;;) {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i >= j) break;
            double other = values[i];
            values[i++] = values[j];
            values[j--] = other;
        }
        if (place <= j) high = j;
        else low = j + 1;
    }
    return values[place];
}

static double median_of(double *values, uint64_t count) {
    double above = cm_kmeans_select(values, count, count / 2), below = above;
    if (count % 2) return above;
    below = values[0];
    for (uint64_t i = 1; i < count / 2; i++)
        if (values[i] > below) below = values[i];
    return below + (above - below) / 2;
}

/* The values segment by segment, and each segment's middle. */
static void find_medians(cm_kmeans_summary *all, uint64_t j) {
    for (uint64_t row = 0; row < all->rows; row++)
        if (all->segments[row] >= 0) all->sorted[all->starts[all->segments[row]]++] = all->values[row];
    for (uint64_t i = all->kmeans->k; i > 0; i--) all->starts[i] = all->starts[i - 1];
    all->starts[0] = 0;
    for (uint64_t i = 0; i < all->kmeans->k; i++)
        if (all->counts[i])
            cm_kmeans_centre_of(all, i, j)->median = median_of(all->sorted + all->starts[i], all->counts[i]);
}

static cm_status find_centres(cm_context *ctx, cm_kmeans_summary *all, uint64_t j) {
    double mean, deviation;
    cm_status status = cm_tick(ctx, "segments", j, all->kmeans->columns);
    if (status || !all->customers) return status;
    take_column(all, j);
    add_values(all, j, &mean, &deviation);
    find_medians(all, j);
    for (uint64_t i = 0; i < all->kmeans->k; i++) {
        cm_kmeans_centre *of = cm_kmeans_centre_of(all, i, j);
        double count = (double)all->counts[i];
        of->mean = (of->sum + of->lost) / count;
        all->means[j] += of->mean * (count / (double)all->customers);
        of->away = deviation > 0 ? (of->scaled / count - mean) / deviation : 0;
    }
    return CM_OK;
}

/* ---- of a fit, of scores ---- */

static cm_status open(cm_context *ctx, cm_kmeans_summary *all, const cm_inputs *inputs, const cm_kmeans *kmeans,
                      uint64_t rows) {
    all->inputs = inputs;
    all->kmeans = kmeans;
    all->rows = rows;
    find_money(all);
    find_rhythm(all);
    all->segments = cm_alloc(ctx, rows, sizeof *all->segments);
    if (all->segments) all->counts = cm_alloc(ctx, kmeans->k, sizeof *all->counts);
    if (all->counts) all->money = cm_alloc(ctx, kmeans->k, sizeof *all->money);
    if (all->money) all->centres = cm_alloc(ctx, kmeans->k * kmeans->columns, sizeof *all->centres);
    if (all->centres) all->starts = cm_alloc(ctx, kmeans->k + 1, sizeof *all->starts);
    if (all->starts) all->values = cm_alloc(ctx, rows, sizeof *all->values);
    if (all->values) all->sorted = cm_alloc(ctx, rows, sizeof *all->sorted);
    if (all->sorted) all->rhythms = cm_alloc(ctx, kmeans->k, sizeof *all->rhythms);
    if (all->rhythms) all->nearest = cm_alloc(ctx, kmeans->k, sizeof *all->nearest);
    if (all->nearest) all->typical = cm_alloc(ctx, kmeans->k, sizeof *all->typical);
    for (uint64_t i = 0; all->typical && i < kmeans->k; i++) all->typical[i] = UINT64_MAX;
    return all->typical ? CM_OK : ctx->error.status;
}

static void close(cm_core *core, cm_kmeans_summary *all) {
    uint64_t k = all->kmeans->k;
    cm_free(core, all->segments, all->rows, sizeof *all->segments);
    cm_free(core, all->counts, k, sizeof *all->counts);
    cm_free(core, all->money, k, sizeof *all->money);
    cm_free(core, all->centres, k * all->kmeans->columns, sizeof *all->centres);
    cm_free(core, all->starts, k + 1, sizeof *all->starts);
    cm_free(core, all->values, all->rows, sizeof *all->values);
    cm_free(core, all->sorted, all->rows, sizeof *all->sorted);
    cm_free(core, all->rhythms, k, sizeof *all->rhythms);
    cm_free(core, all->nearest, k, sizeof *all->nearest);
    cm_free(core, all->typical, k, sizeof *all->typical);
}

static cm_status summarise(cm_context *ctx, cm_kmeans_summary *all, cm_table **out, cm_table **differences) {
    cm_status status = CM_OK;
    count_rows(all);
    for (uint64_t j = 0; j < all->kmeans->columns && !status; j++) status = find_centres(ctx, all, j);
    if (!status) status = cm_kmeans_make_segments(ctx, all, out);
    return status ? status : cm_kmeans_make_differences(ctx, all, differences);
}

cm_status cm_kmeans_summarise(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores) {
    const cm_kmeans *kmeans = model->compiled;
    cm_kmeans_summary all = {0};
    cm_table *table = NULL, *differences = NULL;
    uint64_t segment = (uint64_t)cm_table_find(scores, "segment");
    uint64_t distance = (uint64_t)cm_table_find(scores, "distance");
    cm_status status = cm_kmeans_check_values(ctx, inputs, kmeans->missing);
    if (status) return status;
    status = open(ctx, &all, inputs, kmeans, inputs->rows);
    for (uint64_t row = 0; row < inputs->rows && !status; row++) {
        all.segments[row] = (int32_t)cm_table_int(scores, row, segment) - 1;
        note_typical(&all, row, cm_table_double(scores, row, distance));
    }
    if (!status) status = summarise(ctx, &all, &table, &differences);
    if (!status) status = cm_table_attach(ctx, scores, "segments", table);
    if (!status) status = cm_table_attach(ctx, scores, "differences", differences);
    cm_table_free(table);
    cm_table_free(differences);
    close(ctx->core, &all);
    return status;
}

cm_status cm_kmeans_summarise_fit(cm_context *ctx, cm_model *model, const cm_inputs *inputs,
                                  const cm_kmeans_points *points, const cm_kmeans_run *run) {
    cm_kmeans kmeans = {0};
    cm_kmeans_summary all = {.points = points};
    cm_table *table = NULL, *differences = NULL;
    cm_status status = cm_kmeans_read_tables(ctx, model, &kmeans);
    if (!status) status = open(ctx, &all, inputs, &kmeans, points->rows);
    for (uint64_t row = 0; row < points->rows && !status; row++) {
        all.segments[row] = run->labels[row];
        note_typical(&all, row, run->closest[row]);
    }
    if (!status) status = summarise(ctx, &all, &table, &differences);
    if (!status) status = cm_model_put(ctx, model, "segments", table);
    if (!status) status = cm_model_put(ctx, model, "differences", differences);
    cm_table_free(table);
    cm_table_free(differences);
    if (all.kmeans) close(ctx->core, &all);
    cm_kmeans_clear(ctx->core, &kmeans);
    return status;
}
