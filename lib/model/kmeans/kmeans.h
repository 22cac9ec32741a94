/* k-means inside: what its parts hand to each other. */
#ifndef CM_MODEL_KMEANS_H
#define CM_MODEL_KMEANS_H

#include "model/kmeans/kernel.h"

#define CM_KMEANS_MOST 10000     /* segments */
#define CM_KMEANS_MOST_RANGE 100 /* of those that are tried by themselves */
#define CM_KMEANS_LARGEST 1e140  /* so that no sum of squares overflows */

typedef enum cm_kmeans_scale { CM_KMEANS_NONE, CM_KMEANS_STANDARD, CM_KMEANS_ROBUST, CM_KMEANS_MINMAX } cm_kmeans_scale;
typedef enum cm_kmeans_missing { CM_KMEANS_FAIL, CM_KMEANS_SKIP, CM_KMEANS_MEDIAN } cm_kmeans_missing;
typedef enum cm_kmeans_init { CM_KMEANS_PLUSPLUS, CM_KMEANS_RANDOM, CM_KMEANS_GIVEN } cm_kmeans_init;
typedef enum cm_kmeans_criterion {
    CM_KMEANS_SILHOUETTE,
    CM_KMEANS_CALINSKI_HARABASZ,
    CM_KMEANS_DAVIES_BOULDIN,
    CM_KMEANS_ELBOW
} cm_kmeans_criterion;
typedef enum cm_kmeans_stop {
    CM_KMEANS_UNCHANGED,
    CM_KMEANS_TOLERANCE,
    CM_KMEANS_ITERATIONS,
    CM_KMEANS_DEADLINE
} cm_kmeans_stop;

/* The options, read and checked. */
typedef struct cm_kmeans_settings {
    uint64_t low, high; /* numbers of segments to try; the same unless k is auto */
    bool automatic;
    uint64_t starts, iterations, seed;
    double tolerance; /* as set; relative */
    cm_kmeans_scale scale;
    cm_kmeans_missing missing;
    cm_kmeans_init init;
    const cm_table *centroids; /* to start from; borrowed */
    const char *weight;        /* a column; NULL: every row counts once */
    cm_kmeans_criterion criterion; /* for k */
    double min_share, min_stability;
    bool report;               /* criteria and profiles are wanted */
    bool partial;              /* at the deadline: what there is */
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

/* The rows to be fitted, scaled, in blocks. A column that is taken as it is stays where the table has it, and is not
 * copied. */
typedef struct cm_kmeans_points {
    uint64_t rows, columns, blocks;
    const double **values;          /* of block b and column j at [b * columns + j] */
    double *own[CM_MOST_INPUTS];    /* the columns that were copied; else NULL */
    double *weights;                /* up to whole blocks, 0 behind the end; NULL: 1 each */
    uint64_t *numbers, number_room; /* the rows of the table; NULL: all */
    double mean_variance;           /* of the scaled columns; 0 where no tolerance needs it */
    char constant[500];             /* names of the columns that were not divided, as their spread is zero */
} cm_kmeans_points;

static inline double cm_kmeans_value(const cm_kmeans_points *points, uint64_t row, uint64_t column) {
    return points->values[row / CM_KMEANS_BLOCK * points->columns + column][row % CM_KMEANS_BLOCK];
}
static inline uint64_t cm_kmeans_block_rows(const cm_kmeans_points *points, uint64_t block) {
    uint64_t left = points->rows - block * CM_KMEANS_BLOCK;
    return left < CM_KMEANS_BLOCK ? left : CM_KMEANS_BLOCK;
}
/* NULL: 1 each. */
static inline const double *cm_kmeans_block_weights(const cm_kmeans_points *points, uint64_t block) {
    return points->weights ? points->weights + block * CM_KMEANS_BLOCK : NULL;
}
static inline uint64_t cm_kmeans_number(const cm_kmeans_points *points, uint64_t row) {
    return points->numbers ? points->numbers[row] : row;
}

/* settings.c, prepare.c */
cm_status cm_kmeans_read_settings(cm_context *ctx, const cm_model *model, const cm_options *set,
                                  cm_kmeans_settings *out);
cm_status cm_kmeans_prepare(cm_context *ctx, const cm_inputs *inputs, const cm_kmeans_settings *settings,
                            cm_kmeans_scaling *scalings, cm_kmeans_points *out);
void cm_kmeans_free_points(cm_core *core, cm_kmeans_points *points);

/* CM_E_DATA for the first row with a value that is infinite, or absent where that is an error. */
cm_status cm_kmeans_check_values(cm_context *ctx, const cm_inputs *inputs, cm_kmeans_missing missing);

/* What one start works with. Rows are dealt out in portions of whole blocks, whose number depends on the data alone;
 * sums are formed within portions and added in their order. */
typedef struct cm_kmeans_run {
    const cm_kmeans_points *points;
    const cm_kmeans_kernel *kernel;
    uint64_t k, portions, portion_blocks;
    double *centres; /* k times columns */
    cm_kmeans_lot lot;
    uint16_t *labels; /* of each row */
    float *slack;     /* of each row (kernel.h) */
    float *shrink;    /* of each centre: what its rows have lost of it since */
    double *ways;     /* of each centre: how far it moved last */
    double *closest;  /* of each row: the squared distance to its centre; NULL until it is needed */
    double *sums;     /* of all, then of each portion: columns times k */
    double *masses;   /* likewise k: the weights; NULL where every row counts once */
    uint64_t *counts; /* likewise k */
    struct cm_kmeans_part {
        double total;     /* of the squared distances */
        uint64_t changed; /* labels */
    } *parts;             /* one a portion */
    bool known;           /* labels, slack and sums are of the centres, or of those before they moved by shrink */
    bool exact;           /* no row was taken out of the sums since they were formed */
    double inertia;       /* of the last measurement */
    uint64_t changed, iterations;
    cm_kmeans_stop stopped_by;
} cm_kmeans_run;

/* lloyd.c */
cm_status cm_kmeans_open_run(cm_context *ctx, const cm_kmeans_points *points, uint64_t k, double *centres,
                             cm_kmeans_run *out);
void cm_kmeans_close_run(cm_core *core, cm_kmeans_run *run);
cm_status cm_kmeans_assign(cm_context *ctx, cm_kmeans_run *run); /* labels and sums */
/* Centre i becomes the one that was order[i]; room for k times columns, and at least k, numbers. */
void cm_kmeans_renumber(cm_kmeans_run *run, const uint64_t *order, double *room);
cm_status cm_kmeans_measure(cm_context *ctx, cm_kmeans_run *run); /* the inertia; closest, if there is room for it */
cm_status cm_kmeans_want_closest(cm_context *ctx, cm_kmeans_run *run);
/* Iterates and measures; tolerance: absolute. */
cm_status cm_kmeans_iterate(cm_context *ctx, cm_kmeans_run *run, uint64_t most, double tolerance, bool partial);
bool cm_kmeans_time_is_over(cm_context *ctx, cm_status status, bool partial);

/* seed.c: the first centres, each another row; CM_E_DATA if there are fewer rows that differ. */
cm_status cm_kmeans_seed(cm_context *ctx, cm_kmeans_run *run, uint64_t seed, uint64_t start);
/* k rows drawn without replacement. */
cm_status cm_kmeans_seed_randomly(cm_context *ctx, cm_kmeans_run *run, uint64_t seed, uint64_t start);

/* silhouette.c: the mean over a sample of at most 2,000 rows; NaN if fewer than two segments are among them. */
#define CM_KMEANS_SAMPLE UINT64_C(2000)
cm_status cm_kmeans_silhouette(cm_context *ctx, const cm_kmeans_points *points, const uint16_t *labels, uint64_t k,
                               uint64_t seed, double *out);

/* One start. What is NaN was not asked for or cannot be: the criteria are of the best start of each k. */
typedef struct cm_kmeans_start {
    uint64_t k, number, iterations;
    double inertia, silhouette, silhouette_rows, calinski_harabasz, davies_bouldin, elbow, smallest_share, stability;
    cm_kmeans_stop stopped_by;
    bool chosen, unsound; /* unsound: chosen, though a segment is small or unstable, as are those of every k */
    uint64_t place;       /* 1: chosen, 2: the runner-up, 0: neither */
} cm_kmeans_start;

/* criteria.c, stability.c */
cm_status cm_kmeans_judge(cm_context *ctx, const cm_kmeans_run *run, const cm_kmeans_settings *settings,
                          cm_kmeans_start *out);
cm_status cm_kmeans_stability(cm_context *ctx, const cm_kmeans_points *points, uint64_t k,
                              const cm_kmeans_settings *settings, double *out);
/* Marks the best of the best starts of each k, in rising order, and the next best. */
uint64_t cm_kmeans_pick(cm_kmeans_start *const *of, uint64_t count, const cm_kmeans_settings *settings);

/* choose.c: every start of every k, and the centres chosen, in the order of the segments. */
typedef struct cm_kmeans_result {
    uint64_t k, start_count, start_capacity, centre_capacity;
    cm_kmeans_start *starts;
    double *centres;
    double reach;      /* the distance that 99.9% of the rows have at most; NaN: not asked for */
    cm_kmeans_run run; /* of the chosen start, with its labels and, for a report, the distances */
} cm_kmeans_result;

cm_status cm_kmeans_choose(cm_context *ctx, const cm_model *model, const cm_kmeans_points *points,
                           const cm_kmeans_settings *settings, const cm_kmeans_scaling *scalings,
                           cm_kmeans_result *out);
void cm_kmeans_free_result(cm_core *core, cm_kmeans_result *result);

/* The compiled form. */
typedef struct cm_kmeans {
    uint64_t k, columns;
    cm_kmeans_missing missing;
    cm_kmeans_scaling scalings[CM_MOST_INPUTS];
    double averages[CM_MOST_INPUTS]; /* scaled */
    double reach;                    /* a greater distance is far outside; NaN: nothing is */
    char *names[CM_MOST_INPUTS];
    double *centres;
    cm_arena texts;
} cm_kmeans;

/* The nearest centre, the lowest of equally near ones, and the squared distance. */
uint64_t cm_kmeans_nearest(const cm_kmeans *kmeans, const double *scaled, double *distance);

void cm_kmeans_clear(cm_core *core, cm_kmeans *kmeans);

/* tables.c */
cm_status cm_kmeans_put_tables(cm_context *ctx, cm_model *model, const cm_kmeans_points *points,
                               const cm_kmeans_scaling *scalings, const cm_kmeans_result *result);
cm_status cm_kmeans_read_tables(cm_context *ctx, const cm_model *model, cm_kmeans *out);

/* segments.c */
cm_status cm_kmeans_summarise_fit(cm_context *ctx, cm_model *model, const cm_inputs *inputs,
                                  const cm_kmeans_points *points, const cm_kmeans_run *run);
/* The value at a place in rising order; the values before it are not greater afterwards, those behind it not less. */
double cm_kmeans_select(double *values, uint64_t count, uint64_t place);
cm_status cm_kmeans_summarise(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores);

#endif
