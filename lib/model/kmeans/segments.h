/* What is known of all segments before it is told: filled by segments.c, told by profile.c. */
#ifndef CM_MODEL_KMEANS_SEGMENTS_H
#define CM_MODEL_KMEANS_SEGMENTS_H

#include "base/number.h"
#include "model/kmeans/kmeans.h"

/* One column over the rows of one segment. */
typedef struct cm_kmeans_centre {
    double sum, lost;          /* lost: what the sum rounded away */
    double scaled;             /* sum of the scaled values */
    double mean, median, away; /* away: of the scaled mean from that of all, in standard deviations */
} cm_kmeans_centre;

/* How often the customers of a segment buy, where the table tells. */
typedef struct cm_kmeans_rhythm {
    uint64_t days, gaps; /* from first to last purchase; between days of purchase */
} cm_kmeans_rhythm;

typedef struct cm_kmeans_summary {
    const cm_inputs *inputs;
    const cm_kmeans *kmeans;
    int32_t *segments; /* of each row, from 0; -1: none */
    uint64_t *counts;
    cm_wide *money;
    cm_kmeans_centre *centres; /* segment by segment */
    double *values, *sorted; /* of a column; the same, segment by segment */
    uint64_t *starts;        /* of each segment's in sorted, and the end */
    const cm_kmeans_points *points; /* of a fit; else NULL */
    double means[CM_MOST_INPUTS];   /* of all, in the columns' own units */
    uint64_t *typical;              /* of each segment: the row nearest to the centre; rows: none */
    double *nearest;                /* and its distance */
    cm_kmeans_rhythm *rhythms;
    int64_t tenure, recency, purchase_days; /* columns; -1: not there */
    uint64_t rows;
    uint64_t customers;
    int64_t money_column; /* -1: there is none */
    int32_t money_scale;
    cm_wide all_money;
} cm_kmeans_summary;

static inline uint64_t cm_kmeans_number_of(const cm_kmeans_summary *all, uint64_t row) {
    return all->points ? cm_kmeans_number(all->points, row) : all->inputs->numbers[row];
}
static inline cm_kmeans_centre *cm_kmeans_centre_of(const cm_kmeans_summary *all, uint64_t segment, uint64_t j) {
    return &all->centres[segment * all->kmeans->columns + j];
}

/* The tables "segments" and "differences". */
cm_status cm_kmeans_make_segments(cm_context *ctx, const cm_kmeans_summary *all, cm_table **out);
cm_status cm_kmeans_make_differences(cm_context *ctx, const cm_kmeans_summary *all, cm_table **out);

#endif
