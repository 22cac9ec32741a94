/* The filter (kernel.h), once for each level of instructions that has it: a block of a matrix product in floats, two
 * vectors of rows times a tile of centres in registers (K. Goto and R. A. van de Geijn, "Anatomy of high-performance
 * matrix multiplication", ACM Transactions on Mathematical Software 34(3), 2008, doi:10.1145/1356052.1356053), and the
 * least and second least score of each row, kept while the tile is in registers.
 *
 * Who includes it defines
 *   LANES          floats a vector
 *   TILE           most centres a tile, 6 or 12
 *   vector, whole  a vector of floats, of int32
 *   mask           what a comparison gives, one bit a lane after BITS
 *   LOAD STORE ALL ALL_WHOLE ADD MUL_ADD NOT_MUL_ADD (c - a * b) LESSER GREATER LESS NOT_LESS (true for NaN)
 *   CHOOSE(mask, a, b) of whole numbers, b where it is set; BITS; STORE_WHOLE; NARROW(from, to): LANES doubles less an
 *   origin to floats */
#include <string.h>

#include "model/kmeans/kernel.h"

#define ROWS (2 * LANES)
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 12")
#endif
#define INLINED static inline __attribute__((always_inline))

/* ---- rows as floats ---- */

/* As many rows as there is room for are made floats at a time, column by column: the columns lie far apart in memory,
 * and each visit to one should be long. */
#define MOST_ROWS 1024
#define ROOM ((CM_MOST_INPUTS + 1) * 256)
typedef struct slice {
    uint64_t rows;            /* a multiple of ROWS; zeros behind the end */
    float values[ROOM];       /* ROWS by ROWS; of these column by column */
    float squares[MOST_ROWS]; /* |x|^2 */
} slice;

/* Floats from one group of ROWS rows to the next: not a power of two, so that their lines do not fight for one place in
 * the cache. */
static uint64_t slice_step(uint64_t columns) {
    return (columns + 1) * ROWS;
}

static uint64_t slice_rows(uint64_t columns) {
    uint64_t most = ROOM / slice_step(columns) * ROWS;
    return most < MOST_ROWS ? most : MOST_ROWS;
}

/* ROWS rows of one column, of which some may be missing. */
static void narrow_rows(const double *from, uint64_t there, double origin, float *to, float *squares) {
    double end[ROWS];
    if (there < ROWS) {
        memset(end, 0, sizeof end);
        memcpy(end, from, (size_t)there * sizeof *from);
        from = end;
    }
    NARROW(from, origin, to);
    NARROW(from + LANES, origin, to + LANES);
    vector low = LOAD(to), high = LOAD(to + LANES);
    STORE(squares, MUL_ADD(low, low, LOAD(squares)));
    STORE(squares + LANES, MUL_ADD(high, high, LOAD(squares + LANES)));
}

/* The next rows from `first` on, less the origin. */
static void narrow(const cm_kmeans_lot *lot, const double *const *columns, uint64_t first, uint64_t rows, slice *out) {
    uint64_t there = rows - first, most = slice_rows(lot->columns);
    if (there > most) there = most;
    out->rows = (there + ROWS - 1) / ROWS * ROWS;
    memset(out->squares, 0, (size_t)out->rows * sizeof *out->squares);
    for (uint64_t j = 0; j < lot->columns; j++) {
        float *to = out->values + j * ROWS;
        for (uint64_t at = 0; at < there; at += ROWS, to += slice_step(lot->columns))
            narrow_rows(columns[j] + first + at, there - at, lot->origin[j], to, out->squares + at);
    }
}

static void take_row(const double *const *columns, uint64_t count, uint64_t row, double *out) {
    for (uint64_t j = 0; j < count; j++) out[j] = columns[j][row];
}

/* ---- scores ---- */

/* The scores of ROWS rows and a tile of `width` centres. */
INLINED void score_tile(const float *rows, const float *centres, const float *halves, uint64_t columns, const int width,
                        vector (*scores)[2]) {
    UNROLLED
    for (int i = 0; i < width; i++) scores[i][0] = scores[i][1] = ALL(halves[i]);
    for (uint64_t j = 0; j < columns; j++, rows += ROWS, centres += width) {
        vector low = LOAD(rows), high = LOAD(rows + LANES);
        UNROLLED
        for (int i = 0; i < width; i++) {
            vector centre = ALL(centres[i]);
            scores[i][0] = NOT_MUL_ADD(centre, low, scores[i][0]);
            scores[i][1] = NOT_MUL_ADD(centre, high, scores[i][1]);
        }
    }
}

/* The least two scores of each row so far, and whose the least is. */
typedef struct nearest {
    vector least[2], second[2];
    whole labels[2];
} nearest;

INLINED void keep_least(const float *rows, const float *centres, const float *halves, uint64_t columns, const int width,
                        int32_t first, nearest *best) {
    vector scores[TILE][2];
    nearest own = *best;
    score_tile(rows, centres, halves, columns, width, scores);
    UNROLLED
    for (int i = 0; i < width; i++) {
        whole label = ALL_WHOLE(first + i);
        for (int half = 0; half < 2; half++) {
            vector score = scores[i][half];
            mask less = LESS(score, own.least[half]);
            own.second[half] = LESSER(own.second[half], GREATER(score, own.least[half]));
            own.labels[half] = CHOOSE(less, own.labels[half], label);
            own.least[half] = LESSER(score, own.least[half]);
        }
    }
    *best = own;
}

/* Bit i: another centre is too near to the nearest one for floats to tell, or they overflowed. */
static uint32_t find_nearest(const cm_kmeans_lot *lot, const float *rows, const float *norms, int32_t *labels) {
    vector none = ALL(__builtin_inff());
    nearest best = {{none, none}, {none, none}, {ALL_WHOLE(0), ALL_WHOLE(0)}};
    const float *centres = lot->rounded, *halves = lot->halves;
    uint64_t columns = lot->columns;
    uint32_t open = 0;
    for (uint64_t first = 0; first < lot->tiles * lot->width; first += lot->width) {
        int32_t at = (int32_t)first;
        switch (lot->width) {
        case 2: keep_least(rows, centres, halves, columns, 2, at, &best); break;
        case 4: keep_least(rows, centres, halves, columns, 4, at, &best); break;
#if TILE > 6
        case 6: keep_least(rows, centres, halves, columns, 6, at, &best); break;
        case 8: keep_least(rows, centres, halves, columns, 8, at, &best); break;
        case 10: keep_least(rows, centres, halves, columns, 10, at, &best); break;
#endif
        default: keep_least(rows, centres, halves, columns, TILE, at, &best); break;
        }
        centres += columns * lot->width;
        halves += lot->width;
    }
    for (int half = 0; half < 2; half++) {
        vector squares = LOAD(norms + half * LANES);
        vector error = MUL_ADD(squares, ALL(lot->error_of_row), ALL(lot->error));
        vector apart = MUL_ADD(error, ALL(2.0F), best.least[half]); /* two scores, each with an error */
        open |= (uint32_t)BITS(NOT_LESS(apart, best.second[half])) << (half * LANES);
        STORE_WHOLE(labels + half * LANES, best.labels[half]);
    }
    return open;
}

/* The rows whose bits are set, by doubles. */
static void decide(const cm_kmeans_lot *lot, const double *const *columns, uint64_t first, uint32_t open,
                   uint16_t *labels) {
    double row[CM_MOST_INPUTS];
    for (; open; open &= open - 1) {
        uint64_t at = (uint64_t)__builtin_ctz(open);
        take_row(columns, lot->columns, first + at, row);
        labels[at] = (uint16_t)cm_kmeans_nearest_in_lot(lot, row);
    }
}

static uint32_t bits_of(uint64_t rows) {
    return rows < ROWS ? (uint32_t)((UINT64_C(1) << rows) - 1) : (uint32_t)((UINT64_C(1) << ROWS) - 1);
}

static void assign_slice(const cm_kmeans_lot *lot, const double *const *columns, uint64_t first, uint64_t rows,
                         const slice *of, uint16_t *labels) {
    int32_t found[ROWS];
    for (uint64_t at = 0; at < of->rows; at += ROWS) {
        uint64_t there = rows - first - at < ROWS ? rows - first - at : ROWS;
        uint32_t open = find_nearest(lot, of->values + at / ROWS * slice_step(lot->columns), of->squares + at, found);
        for (uint64_t i = 0; i < there; i++) labels[first + at + i] = (uint16_t)found[i];
        decide(lot, columns, first + at, open & bits_of(there), labels + first + at);
    }
}

static void assign(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, uint16_t *labels) {
    slice own;
    if (!lot->filtered)
        for (uint64_t first = 0; first < rows; first += ROWS)
            decide(lot, columns, first, bits_of(rows - first), labels + first);
    else
        for (uint64_t first = 0; first < rows; first += own.rows) {
            narrow(lot, columns, first, rows, &own);
            assign_slice(lot, columns, first, rows, &own, labels);
        }
}

/* ---- k-means++ ---- */

#define MOST_NEARER (CM_KMEANS_CANDIDATES + TILE)

/* Bit r of nearer[i]: row r may be nearer to centre i of the tile than to its closest one. */
INLINED void compare_with(const cm_kmeans_lot *lot, const float *rows, const float *norms, const float *closest,
                          uint64_t tile, const int width, uint32_t *nearer) {
    vector scores[TILE][2];
    const float *centres = lot->rounded + tile * lot->columns * lot->width;
    score_tile(rows, centres, lot->halves + tile * lot->width, lot->columns, width, scores);
    for (int half = 0; half < 2; half++) {
        vector squares = LOAD(norms + half * LANES);
        vector error = MUL_ADD(squares, ALL(lot->error_of_row), ALL(lot->error));
        /* |x - c|^2 = |x|^2 + 2 score, its error within four times that of a score; and closest was rounded */
        vector limit = MUL_ADD(LOAD(closest + half * LANES), ALL(1.000001F), MUL_ADD(error, ALL(4.0F), ALL(0.0F)));
        UNROLLED
        for (int i = 0; i < width; i++) {
            vector estimate = MUL_ADD(scores[i][half], ALL(2.0F), squares);
            nearer[i] |= (uint32_t)BITS(NOT_LESS(limit, estimate)) << (half * LANES);
        }
    }
}

static void compare_tile(const cm_kmeans_lot *lot, const float *rows, const float *norms, const float *closest,
                         uint64_t tile, uint32_t *nearer) {
    switch (lot->width) {
    case 2: compare_with(lot, rows, norms, closest, tile, 2, nearer); break;
    case 4: compare_with(lot, rows, norms, closest, tile, 4, nearer); break;
#if TILE > 6
    case 6: compare_with(lot, rows, norms, closest, tile, 6, nearer); break;
    case 8: compare_with(lot, rows, norms, closest, tile, 8, nearer); break;
    case 10: compare_with(lot, rows, norms, closest, tile, 10, nearer); break;
#endif
    default: compare_with(lot, rows, norms, closest, tile, TILE, nearer); break;
    }
}

/* ROWS rows at `at` of a slice against all centres of the lot. */
static void compare(const cm_kmeans_lot *lot, const slice *of, uint64_t at, const double *closest, uint32_t *nearer) {
    float near[ROWS];
    memset(nearer, lot->filtered ? 0 : 0xFF, MOST_NEARER * sizeof *nearer);
    if (!lot->filtered) return;
    NARROW(closest, 0.0, near);
    NARROW(closest + LANES, 0.0, near + LANES);
    for (uint64_t tile = 0; tile < lot->tiles; tile++)
        compare_tile(lot, of->values + at / ROWS * slice_step(lot->columns), of->squares + at, near, tile,
                     nearer + tile * lot->width);
}

/* The distances of the rows whose bits are set, where they are less than those there. */
static void lower(const cm_kmeans_lot *lot, const double *const *columns, uint64_t first, uint64_t i, uint32_t bits,
                  double *closest) {
    double row[CM_MOST_INPUTS];
    for (; bits; bits &= bits - 1) {
        uint64_t at = (uint64_t)__builtin_ctz(bits);
        take_row(columns, lot->columns, first + at, row);
        double fresh = cm_kmeans_distance(row, lot->exact + i, lot->columns, lot->padded);
        if (fresh < closest[at]) closest[at] = fresh;
    }
}

static void approach(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, double *closest) {
    uint32_t nearer[MOST_NEARER];
    slice own;
    for (uint64_t first = 0; first < rows; first += own.rows) {
        narrow(lot, columns, first, rows, &own);
        for (uint64_t at = 0; at < own.rows; at += ROWS) {
            double *to = closest + first + at;
            compare(lot, &own, at, to, nearer);
            lower(lot, columns, first + at, 0, nearer[0] & bits_of(rows - first - at), to);
        }
    }
}

/* What would be left of ROWS rows, into eight lanes. */
static void add_left(const double *least, const double *weights, double *lanes) {
    cm_eight *to = (cm_eight *)(void *)lanes;
    for (uint64_t at = 0; at < ROWS; at += CM_KMEANS_LANES) {
        cm_eight values = *(const cm_eight *)(const void *)(least + at);
        if (weights) values *= *(const cm_eight *)(const void *)(weights + at);
        *to += values;
    }
}

static void weigh(const cm_kmeans_lot *lot, const cm_kmeans_lot *last, const double *const *columns, uint64_t rows,
                  double *closest, const double *weights, double (*left)[CM_KMEANS_LANES]) {
    uint32_t nearer[MOST_NEARER];
    double least[ROWS];
    slice own;
    for (uint64_t first = 0; first < rows; first += own.rows) {
        narrow(lot, columns, first, rows, &own);
        for (uint64_t at = 0; at < own.rows; at += ROWS) {
            double *from = closest + first + at;
            uint32_t there = bits_of(rows - first - at);
            if (last) {
                compare(last, &own, at, from, nearer);
                lower(last, columns, first + at, 0, nearer[0] & there, from);
            }
            compare(lot, &own, at, from, nearer);
            for (uint64_t i = 0; i < lot->count; i++) {
                memcpy(least, from, sizeof least);
                lower(lot, columns, first + at, i, nearer[i] & there, least);
                add_left(least, weights ? weights + first + at : NULL, left[i]);
            }
        }
    }
}
