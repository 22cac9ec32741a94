/* k-means inside: what its parts hand to each other. */
#ifndef CM_MODEL_KMEANS_H
#define CM_MODEL_KMEANS_H

#include "model/method.h"

#define CM_KMEANS_MOST 10000     /* segments */
#define CM_KMEANS_MOST_RANGE 100 /* of those that are tried by themselves */
#define CM_KMEANS_LARGEST 1e140  /* so that no sum of squares overflows */

typedef enum cm_kmeans_scale { CM_KMEANS_NONE, CM_KMEANS_STANDARD, CM_KMEANS_ROBUST, CM_KMEANS_MINMAX } cm_kmeans_scale;
typedef enum cm_kmeans_missing { CM_KMEANS_FAIL, CM_KMEANS_SKIP, CM_KMEANS_MEDIAN } cm_kmeans_missing;
typedef enum cm_kmeans_stop { CM_KMEANS_UNCHANGED, CM_KMEANS_TOLERANCE, CM_KMEANS_ITERATIONS } cm_kmeans_stop;

/* The options, read and checked. */
typedef struct cm_kmeans_settings {
    uint64_t low, high; /* numbers of segments to try; the same unless k is auto */
    bool automatic;
    uint64_t starts, iterations, seed;
    double tolerance; /* as set; relative */
    cm_kmeans_scale scale;
    cm_kmeans_missing missing;
    bool log[CM_MOST_INPUTS];
} cm_kmeans_settings;

/* One column's way from its own units to those that distances are measured in. */
typedef struct cm_kmeans_scaling {
    bool log;
    double centre, scale;
    double median;  /* in its own units; NaN unless absent values become it */
    double average; /* the mean of what it is scaled to, in its own units */
} cm_kmeans_scaling;

double cm_kmeans_to_scaled(const cm_kmeans_scaling *scaling, double value);
double cm_kmeans_from_scaled(const cm_kmeans_scaling *scaling, double value);

/* The rows to be fitted, scaled, in groups of eight: value j of row i is values[(i / 8 * columns + j) * 8 + i % 8]. The
 * last group is filled up with zeros. */
#define CM_KMEANS_LANES 8
typedef struct cm_kmeans_points {
    uint64_t rows, columns, groups;
    double *values;
    double mean_variance; /* of the scaled columns */
    char constant[500];   /* names of the columns that were not divided, as their spread is zero */
} cm_kmeans_points;

static inline double cm_kmeans_value(const cm_kmeans_points *points, uint64_t row, uint64_t column) {
    return points->values[(row / CM_KMEANS_LANES * points->columns + column) * CM_KMEANS_LANES + row % CM_KMEANS_LANES];
}

/* settings.c, prepare.c */
cm_status cm_kmeans_read_settings(cm_context *ctx, const cm_model *model, const cm_options *set,
                                  cm_kmeans_settings *out);
cm_status cm_kmeans_prepare(cm_context *ctx, const cm_inputs *inputs, const cm_kmeans_settings *settings,
                            cm_kmeans_scaling *scalings, cm_kmeans_points *out);
void cm_kmeans_free_points(cm_core *core, cm_kmeans_points *points);

/* CM_E_DATA for the first row with a value that is infinite, or absent where that is an error. */
cm_status cm_kmeans_check_values(cm_context *ctx, const cm_inputs *inputs, cm_kmeans_missing missing);

/* What one start works with. Rows are dealt out in portions, whose number depends on the data alone; sums are formed
 * within portions and added in their order. */
typedef struct cm_kmeans_run {
    const cm_kmeans_points *points;
    uint64_t k, portions, portion_groups;
    double *centres;  /* k times columns */
    double *closest;  /* of each row: the squared distance to its centre */
    int32_t *labels;  /* of each row */
    double *sums;     /* portions times k times columns */
    uint64_t *counts; /* portions times k */
    struct cm_kmeans_part {
        double total;     /* of the squared distances */
        uint64_t changed; /* labels */
        double potentials[CM_KMEANS_LANES * 2];
    } *parts; /* one a portion */
    const double *candidates;
    uint64_t candidate_count;
    double inertia; /* of the last assignment; sums and counts of portion 0 are those of all */
    uint64_t changed, iterations;
    cm_kmeans_stop stopped_by;
} cm_kmeans_run;

/* lloyd.c */
cm_status cm_kmeans_open_run(cm_context *ctx, const cm_kmeans_points *points, uint64_t k, double *centres,
                             cm_kmeans_run *out);
void cm_kmeans_close_run(cm_core *core, cm_kmeans_run *run);
cm_status cm_kmeans_assign(cm_context *ctx, cm_kmeans_run *run); /* labels, sums, counts, inertia by the centres */
cm_status cm_kmeans_iterate(cm_context *ctx, cm_kmeans_run *run, uint64_t most, double tolerance); /* absolute */

/* seed.c: the first centres, each another row; CM_E_DATA if there are fewer rows that differ. */
cm_status cm_kmeans_seed(cm_context *ctx, cm_kmeans_run *run, uint64_t seed, uint64_t start);

/* silhouette.c: the mean over a sample of at most 2,000 rows; NaN if fewer than two segments are among them. */
cm_status cm_kmeans_silhouette(cm_context *ctx, const cm_kmeans_points *points, const int32_t *labels, uint64_t k,
                               uint64_t seed, double *out);

/* choose.c: every start of every k, and the centres chosen, in the order of the segments. */
typedef struct cm_kmeans_start {
    uint64_t k, number, iterations;
    double inertia, silhouette; /* silhouette: NaN where it was not asked for */
    cm_kmeans_stop stopped_by;
    bool chosen;
} cm_kmeans_start;

typedef struct cm_kmeans_result {
    uint64_t k, start_count, start_capacity, centre_capacity;
    cm_kmeans_start *starts;
    double *centres;
} cm_kmeans_result;

cm_status cm_kmeans_choose(cm_context *ctx, const cm_kmeans_points *points, const cm_kmeans_settings *settings,
                           cm_kmeans_result *out);
void cm_kmeans_free_result(cm_core *core, cm_kmeans_result *result);

/* The compiled form. */
typedef struct cm_kmeans {
    uint64_t k, columns;
    cm_kmeans_missing missing;
    cm_kmeans_scaling scalings[CM_MOST_INPUTS];
    double averages[CM_MOST_INPUTS]; /* scaled */
    char *names[CM_MOST_INPUTS];
    double *centres;
    cm_arena texts;
} cm_kmeans;

/* The nearest centre, the lowest of equally near ones, and the squared distance. */
uint64_t cm_kmeans_nearest(const cm_kmeans *kmeans, const double *scaled, double *distance);

/* tables.c */
cm_status cm_kmeans_put_tables(cm_context *ctx, cm_model *model, const cm_kmeans_points *points,
                               const cm_kmeans_scaling *scalings, const cm_kmeans_result *result);
cm_status cm_kmeans_read_tables(cm_context *ctx, const cm_model *model, cm_kmeans *out);

/* segments.c */
cm_status cm_kmeans_summarise(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores);

#endif
