/* k-means: customers in k segments, so that the squared distances from the segments' centres are least (J. MacQueen,
 * "Some methods for classification and analysis of multivariate observations", 5th Berkeley Symposium, 1967; S. P.
 * Lloyd, 1982, doi:10.1109/TIT.1982.1056489; starts by D. Arthur and S. Vassilvitskii, "k-means++", SODA 2007).
 *
 * The idea: take centres, give each row to the nearest, move each centre to the mean of its rows, until nothing
 * changes; do so from several starts and keep the best. Cost: rows times columns times k an iteration; memory for the
 * scaled values. settings.c reads the options, prepare.c scales, seed.c starts, lloyd.c iterates by what kernel.c and
 * filter.h find nearest, choose.c picks and orders, criteria.c, silhouette.c and stability.c measure, tables.c keeps,
 * segments.c and profile.c tell.
 *
 * Different here: the same bytes for any number of threads; segments are numbered by size; the scaled centres are part
 * of the model and score later customers on the same scale. */
#include "model/kmeans/kmeans.h"

#include <math.h>

static const cm_option_spec options[] = {
    {"columns", NULL, NULL, "columns to form segments by, any with numbers or dates, or all; default recency_days, "
     "invoices, money", 0, 0, CM_OPTION_LIST},
    {"k", "5", NULL, "number of segments, or auto: by the criterion", 0, 0, CM_OPTION_TEXT},
    {"k_range", "3:8", NULL, "numbers of segments that auto tries", 0, 0, CM_OPTION_TEXT},
    {"criterion", "silhouette", "silhouette|calinski_harabasz|davies_bouldin|elbow",
     "what auto chooses by, among those with no small and no unstable segments if there are any", 0, 0,
     CM_OPTION_CHOICE},
    {"min_share", "0.02", NULL, "what auto wants each segment to have of all", 0, 1, CM_OPTION_NUMBER},
    {"min_stability", "0.8", NULL, "and how far bootstrap runs must agree (adjusted Rand index)", -1, 1,
     CM_OPTION_NUMBER},
    {"init", "k-means++", "k-means++|random", "how a start is drawn: greedy k-means++, or rows at random", 0, 0,
     CM_OPTION_CHOICE},
    {"centroids", NULL, NULL, "a table of centres to start from instead, in the columns' own units; k is its rows", 0,
     0, CM_OPTION_TABLE},
    {"starts", "10", NULL, "starts, the best of which counts", 1, 1000, CM_OPTION_INT},
    {"scale", NULL, "none|standard|robust|minmax",
     "standard deviation, range between the quartiles, or 0 to 1; default standard, none for columns of one's own", 0,
     0, CM_OPTION_CHOICE},
    {"log", NULL, NULL, "columns taken as sign(v) log(1 + |v|); none: no column; default those of the default columns",
     0, 0, CM_OPTION_LIST},
    {"iterations", "300", NULL, "most iterations of a start; 0: the start itself", 0, 1e6, CM_OPTION_INT},
    {"tolerance", "0.0001", NULL,
     "stop when the centres move less than this times the mean variance; 0: only when no row changes", 0, 1,
     CM_OPTION_NUMBER},
    {"missing", "skip", "fail|skip|median", "a row without a value: an error, left out, or given the median", 0, 0,
     CM_OPTION_CHOICE},
    {"weight", NULL, NULL, "a column: how much each row counts; above 0", 0, 0, CM_OPTION_TEXT},
    {"report", "1", NULL, "silhouette and the segments' profile; 0: centres and diagnostics alone", 0, 0,
     CM_OPTION_SWITCH},
    {"allow_partial", "0", NULL, "at the time limit: the model as far as it is, which diagnostics say", 0, 0,
     CM_OPTION_SWITCH},
    {0},
};

static const cm_input_spec inputs[] = {
    {"recency_days", NULL, "days from the last purchase to as-of", CM_FLOAT64},
    {"invoices", NULL, "invoices of purchases", CM_FLOAT64},
    {"money", NULL, "money of purchases less refunds", CM_FLOAT64},
    {0},
};

static const cm_output_spec outputs[] = {
    {"assignments", "segment", "from 1 by falling size", CM_INT64, false, true},
    {"assignments", "distance", "from the segment's centre, in scaled units", CM_FLOAT64, false, true},
    {"assignments", "far", "farther from its centre than 99.9% of the customers that the model was fitted to", CM_BOOL,
     false, true},
    {"centroids", "segment", "number; then the centre in the columns' own units", CM_INT64, true, false},
    {"segments", "segment", "number", CM_INT64, true, true},
    {"segments", "customers", "in this segment", CM_INT64, true, true},
    {"segments", "share", "of all customers", CM_FLOAT64, true, true},
    {"segments", "money", "of these customers, where the table has a column money", CM_DECIMAL, true, true},
    {"segments", "money_share", "of all money", CM_FLOAT64, true, true},
    {"segments", "mean_recency_days", "mean; likewise median_, and of the other columns used", CM_FLOAT64, true, true},
    {"segments", "profile", "what sets the segment apart, in words", CM_STRING, true, true},
    {"segments", "profile_codes", "the same as codes, with column and standard deviations from the mean", CM_STRING,
     true, true},
    {"segments", "typical", "the member nearest to the centre: the customer, or the row", CM_STRING, true, true},
    {"segments", "sentence", "the segment in one sentence", CM_STRING, true, true},
    {"differences", "segment", "number", CM_INT64, true, true},
    {"differences", "column", "name; the one that sets the segment apart most comes first", CM_STRING, true, true},
    {"differences", "mean", "of the segment", CM_FLOAT64, true, true},
    {"differences", "mean_of_all", "of all customers", CM_FLOAT64, true, true},
    {"differences", "difference", "of the scaled means, in standard deviations of all", CM_FLOAT64, true, true},
    {"diagnostics", "k", "number of segments", CM_INT64, true, false},
    {"diagnostics", "start", "from 1", CM_INT64, true, false},
    {"diagnostics", "inertia", "sum of the squared distances, in scaled units", CM_FLOAT64, true, false},
    {"diagnostics", "silhouette", "of the best start of this k (silhouette_rows)", CM_FLOAT64, true, false},
    {"diagnostics", "iterations", "how often the centres moved", CM_INT64, true, false},
    {"diagnostics", "stopped_by", "unchanged, tolerance, iterations or deadline", CM_STRING, true, false},
    {"diagnostics", "chosen", "this start is the model", CM_BOOL, true, false},
    {"diagnostics", "note", "columns that do not vary; whether the segments are small or unstable", CM_STRING, true,
     false},
    {"diagnostics", "place", "1: chosen, 2: the runner-up among the numbers of segments", CM_INT64, true, false},
    {"diagnostics", "calinski_harabasz", "of the best start of each k; larger is better", CM_FLOAT64, true, false},
    {"diagnostics", "davies_bouldin", "the same; smaller is better", CM_FLOAT64, true, false},
    {"diagnostics", "elbow", "how far inertia lies below the line from the first k to the last; larger is better",
     CM_FLOAT64, true, false},
    {"diagnostics", "smallest_share", "of all rows, of the smallest segment", CM_FLOAT64, true, false},
    {"diagnostics", "stability", "mean adjusted Rand index between bootstrap runs", CM_FLOAT64, true, false},
    {"diagnostics", "silhouette_rows",
     "that it is the mean over: all, so that it is exact, or a seeded sample of 2,000", CM_INT64, true, false},
    {"scaling", "column", "name", CM_STRING, true, false},
    {"scaling", "log", "taken as sign(v) log(1 + |v|)", CM_BOOL, true, false},
    {"scaling", "centre", "taken away", CM_FLOAT64, true, false},
    {"scaling", "scale", "then divided by", CM_FLOAT64, true, false},
    {"scaling", "median", "what an absent value becomes; absent unless asked for", CM_FLOAT64, true, false},
    {"scaling", "average", "of all customers, in the column's own units; of logarithms where they are taken",
     CM_FLOAT64, true, false},
    {"reach", "share", "of the customers that the model was fitted to", CM_FLOAT64, true, false},
    {"reach", "distance", "that this share has at most", CM_FLOAT64, true, false},
    {"scaled_centroids", "segment", "number; then the centre as distances are measured", CM_INT64, true, false},
    {0},
};

/* ---- fit and compile ---- */

static cm_status fit(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model) {
    cm_kmeans_settings settings;
    cm_kmeans_scaling scalings[CM_MOST_INPUTS];
    cm_kmeans_points points = {0};
    cm_kmeans_result result = {0};
    cm_status status = cm_kmeans_read_settings(ctx, model, set, &settings);
    if (!status) status = cm_kmeans_prepare(ctx, in, &settings, scalings, &points);
    if (!status) status = cm_kmeans_choose(ctx, model, &points, &settings, scalings, &result);
    if (!status) status = cm_kmeans_put_tables(ctx, model, &points, scalings, &result);
    if (!status && settings.report)
        status = cm_kmeans_summarise_fit(ctx, model, in, &points, &result.run);
    cm_kmeans_free_result(ctx->core, &result);
    cm_kmeans_free_points(ctx->core, &points);
    return status;
}

void cm_kmeans_clear(cm_core *core, cm_kmeans *kmeans) {
    cm_free(core, kmeans->centres, kmeans->k * kmeans->columns, sizeof *kmeans->centres);
    cm_arena_free(core, &kmeans->texts);
    *kmeans = (cm_kmeans){0};
}

static void discard(cm_core *core, void *compiled) {
    cm_kmeans_clear(core, compiled);
    cm_free(core, compiled, 1, sizeof(cm_kmeans));
}

static cm_status compile(cm_context *ctx, const cm_model *model, void **compiled) {
    cm_kmeans *kmeans = cm_alloc(ctx, 1, sizeof *kmeans);
    if (!kmeans) return ctx->error.status;
    cm_status status = cm_kmeans_read_tables(ctx, model, kmeans);
    if (status)
        discard(ctx->core, kmeans);
    else
        *compiled = kmeans;
    return status;
}

/* ---- score ---- */

uint64_t cm_kmeans_nearest(const cm_kmeans *kmeans, const double *scaled, double *distance) {
    const double *centre = kmeans->centres;
    uint64_t nearest = 0;
    for (uint64_t i = 0; i < kmeans->k; i++, centre += kmeans->columns) {
        double sum = 0;
        for (uint64_t j = 0; j < kmeans->columns; j++) sum += (scaled[j] - centre[j]) * (scaled[j] - centre[j]);
        if (i && !(sum < *distance)) continue;
        *distance = sum;
        nearest = i;
    }
    return nearest;
}

/* At least four digits of a mean, for eyes. */
static double rounded(double value) {
    double unit = 1, size = fabs(value);
    while (size * unit < 1000 && unit < 1e9) unit *= 10;
    return size < 1e15 ? (value < 0 ? -floor(size * unit + 0.5) : floor(size * unit + 0.5)) / unit : value;
}

static void add_reason(const cm_kmeans *kmeans, const cm_cell *in, uint64_t j, cm_reasons *why) {
    cm_cell name = {.type = CM_STRING, .text = kmeans->names[j], .length = 0};
    while (name.text[name.length]) name.length++;
    cm_cell value = in[j];
    if (!value.type) value = (cm_cell){.type = CM_FLOAT64, .real = kmeans->scalings[j].median};
    const cm_cell arguments[] = {name, value, {.type = CM_FLOAT64, .real = rounded(kmeans->scalings[j].average)}};
    cm_reasons_add(why, "KMEANS_COLUMN", arguments, 3);
}

/* The columns by how far this customer is from the average of all: what decides about the segment comes first. */
static void explain(const cm_kmeans *kmeans, const cm_cell *in, const double *scaled, cm_reasons *why) {
    double away[CM_MOST_INPUTS];
    for (uint64_t j = 0; j < kmeans->columns; j++) away[j] = fabs(scaled[j] - kmeans->averages[j]);
    for (uint64_t rank = 0; rank < kmeans->columns && rank < CM_MOST_OUTPUTS; rank++) {
        uint64_t most = 0;
        for (uint64_t j = 1; j < kmeans->columns; j++)
            if (away[j] > away[most]) most = j;
        add_reason(kmeans, in, most, why);
        away[most] = -1;
    }
}

/* A row without a value, or with one beyond all sense, has no segment. */
static void score(const void *compiled, const cm_cell *in, cm_cell *out, cm_scratch *room, cm_reasons *why) {
    const cm_kmeans *kmeans = compiled;
    double scaled[CM_MOST_INPUTS], distance = 0;
    (void)room;
    for (uint64_t j = 0; j < kmeans->columns; j++) {
        bool absent = in[j].type == 0 || isnan(in[j].real);
        if (absent && kmeans->missing != CM_KMEANS_MEDIAN) return;
        scaled[j] = cm_kmeans_to_scaled(&kmeans->scalings[j], absent ? kmeans->scalings[j].median : in[j].real);
    }
    uint64_t nearest = cm_kmeans_nearest(kmeans, scaled, &distance);
    if (!isfinite(distance)) return;
    out[0] = (cm_cell){.type = CM_INT64, .integer = (int64_t)nearest + 1};
    out[1] = (cm_cell){.type = CM_FLOAT64, .real = sqrt(distance)};
    if (!isnan(kmeans->reach)) out[2] = (cm_cell){.type = CM_BOOL, .integer = sqrt(distance) > kmeans->reach};
    if (why) explain(kmeans, in, scaled, why);
}

extern const cm_method cm_kmeans_method;
const cm_method cm_kmeans_method = {
    .topic = {"kmeans", "segments by k-means: of customers, or of any table with --columns", options},
    .input = CM_INPUT_CUSTOMERS,
    .incomplete = "missing value",
    .takes_absent = true,
    .fits_columns = true,
    .any_columns = true,
    .inputs = inputs,
    .outputs = outputs,
    .fit = fit,
    .compile = compile,
    .discard = discard,
    .score = score,
    .summarise = cm_kmeans_summarise,
};
