/* The filter (kernel.h), once for each level of instructions that has it: a block of a matrix product in floats, two
 * vectors of rows times a tile of centres in registers (K. Goto and R. A. van de Geijn, "Anatomy of high-performance
 * matrix multiplication", ACM Transactions on Mathematical Software 34(3), 2008, doi:10.1145/1356052.1356053), and the
 * least and second least score of each row, kept while the tile is in registers.
 *
 * Who includes it defines
 *   KERNEL         the name of the kernel
 *   TARGET         the instructions, as the compiler names them
 *   LANES          floats a vector
 *   TILE           most centres a tile, 6 or 12
 *   vector, whole  a vector of floats, of int32
 *   mask           what a comparison gives, one bit a lane after BITS
 *   PS(name)       the intrinsic of that name for floats
 *   LESS NOT_LESS (true for NaN); CHOOSE(mask, a, b) of whole numbers, b where it is set; BITS; ALL_WHOLE, STORE_WHOLE
 *   NARROW(from, origin): LANES doubles less an origin as floats */
#define PRAGMA_OF(text) _Pragma(#text)
#define PRAGMA(text) PRAGMA_OF(text)
#if defined(__clang__)
PRAGMA(clang attribute push(__attribute__((target(TARGET))), apply_to = function))
#else
PRAGMA(GCC push_options)
PRAGMA(GCC target(TARGET))
#endif

#include <string.h>

#include "model/kmeans/kernel.h"

#define ROWS (2 * LANES)
#define LOAD(from) PS(loadu)(from)
#define STORE(to, a) PS(storeu)(to, a)
#define ALL(value) PS(set1)(value)
#define MUL_ADD(a, b, c) PS(fmadd)(a, b, c)
#define NOT_MUL_ADD(a, b, c) PS(fnmadd)(a, b, c) /* c - a * b */
#define ROOT(a) PS(sqrt)(a)
#define LESSER(a, b) PS(min)(a, b)
#define GREATER(a, b) PS(max)(a, b)
#define INLINED static inline __attribute__((always_inline))

/* ---- rows as floats ---- */

/* As many rows as there is room for are made floats at a time, column by column: the columns lie far apart in memory,
 * and each visit to one should be long. */
#define MOST_ROWS 1024
#define ROOM ((CM_MOST_INPUTS + 1) * 256)
typedef struct slice {
    _Alignas(64) float values[ROOM];       /* ROWS by ROWS; of these column by column */
    _Alignas(64) float squares[MOST_ROWS]; /* |x|^2 */
    uint64_t rows;                         /* a multiple of ROWS; zeros behind the end */
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

/* ROWS rows of one column, those listed or those that follow each other; some may be missing. */
static void narrow_rows(const double *from, const uint16_t *list, uint64_t there, double origin, float *to,
                        float *squares) {
    double some[ROWS];
    if (there < ROWS) memset(some, 0, sizeof some);
    if (there > ROWS) there = ROWS;
    for (uint64_t i = 0; list && i < there; i++) some[i] = from[list[i]];
    if (!list && there < ROWS) memcpy(some, from, (size_t)there * sizeof *from);
    if (list || there < ROWS) from = some;
    vector low = NARROW(from, origin), high = NARROW(from + LANES, origin);
    STORE(to, low);
    STORE(to + LANES, high);
    STORE(squares, MUL_ADD(low, low, LOAD(squares)));
    STORE(squares + LANES, MUL_ADD(high, high, LOAD(squares + LANES)));
}

/* The next rows from `first` on, of those listed if there is a list, less the origin. */
static void narrow(const cm_kmeans_lot *lot, const double *const *columns, const uint16_t *list, uint64_t first,
                   uint64_t rows, slice *out) {
    uint64_t there = rows - first, most = slice_rows(lot->columns);
    if (there > most) there = most;
    out->rows = (there + ROWS - 1) / ROWS * ROWS;
    memset(out->squares, 0, (size_t)out->rows * sizeof *out->squares);
    for (uint64_t j = 0; j < lot->columns; j++) {
        float *to = out->values + j * ROWS;
        for (uint64_t at = 0; at < there; at += ROWS, to += slice_step(lot->columns)) {
            const double *from = list ? columns[j] : columns[j] + first + at;
            narrow_rows(from, list ? list + first + at : NULL, there - at, lot->origin[j], to, out->squares + at);
        }
    }
}

/* ---- scores ---- */

/* The scores of ROWS rows and a tile of `width` centres. */
INLINED void score_tile(const float *rows, const float *centres, const float *halves, uint64_t columns, const int width,
                        vector (*scores)[2]) {
    CM_UNROLLED
    for (int i = 0; i < width; i++) scores[i][0] = scores[i][1] = ALL(halves[i]);
    for (uint64_t j = 0; j < columns; j++, rows += ROWS, centres += width) {
        vector low = LOAD(rows), high = LOAD(rows + LANES);
        CM_UNROLLED
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
    CM_UNROLLED
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

/* By how much the second nearest centre is farther, from below: |x - c|^2 = |x|^2 + 2 score, its error within four
 * times that of a score. What is left out of the second distance covers the rounding of roots, and that of the doubles
 * which compare by squares; where floats cannot tell the two apart it is not above zero, or NaN, which GREATER keeps
 * where it comes second. */
INLINED vector slack_of(vector squares, vector error, vector least, vector second) {
    vector none = ALL(0.0F);
    vector near = GREATER(none, MUL_ADD(least, ALL(2.0F), MUL_ADD(error, ALL(4.0F), squares)));
    vector far = GREATER(none, MUL_ADD(second, ALL(2.0F), NOT_MUL_ADD(error, ALL(4.0F), squares)));
    return NOT_MUL_ADD(ROOT(near), ALL(1.0F), MUL_ADD(ROOT(far), ALL(1 - 0x1p-20F), none));
}

/* Bit i: another centre is too near to the nearest one for floats to tell, or they overflowed. */
static uint32_t find_nearest(const cm_kmeans_lot *lot, const float *rows, const float *norms, float *slack,
                             int32_t *labels) {
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
        STORE(slack + half * LANES, slack_of(squares, error, best.least[half], best.second[half]));
    }
    return open;
}

/* A row by doubles. */
static void decide(const cm_kmeans_lot *lot, const double *const *columns, uint64_t row, uint16_t *labels) {
    double values[CM_MOST_INPUTS];
    for (uint64_t j = 0; j < lot->columns; j++) values[j] = columns[j][row];
    labels[row] = (uint16_t)cm_kmeans_nearest_in_lot(lot, values);
}

/* The rows of a slice that begins with the one at `first`, of those listed if there is a list. */
static void assign_slice(const cm_kmeans_lot *lot, const double *const *columns, const uint16_t *list, uint64_t first,
                         uint64_t rows, const slice *of, float *slack, uint16_t *labels) {
    int32_t found[ROWS];
    float own[ROWS];
    for (uint64_t at = 0; at < of->rows; at += ROWS) {
        const float *values = of->values + at / ROWS * slice_step(lot->columns);
        uint32_t open = find_nearest(lot, values, of->squares + at, own, found);
        for (uint64_t i = 0; i < ROWS && first + at + i < rows; i++) {
            uint64_t row = list ? list[first + at + i] : first + at + i;
            labels[row] = (uint16_t)found[i];
            slack[row] = own[i];
            if (open >> i & 1) decide(lot, columns, row, labels);
        }
    }
}

/* Lists the rows that another centre may have come nearer to. */
static uint64_t find_open(uint64_t rows, const float *shrink, const uint16_t *labels, float *slack, uint16_t *open) {
    uint64_t count = 0;
    for (uint64_t row = 0; row < rows; row++) {
        float left = (slack[row] - shrink[labels[row]]) * (1 - 0x1p-22F); /* rounded down */
        slack[row] = left;
        open[count] = (uint16_t)row;
        count += !(left > 0);
    }
    return count;
}

static void assign(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, const float *shrink,
                   float *slack, uint16_t *labels) {
    uint16_t open[CM_KMEANS_BLOCK];
    uint64_t count = shrink ? find_open(rows, shrink, labels, slack, open) : rows;
    const uint16_t *list = count <= rows / 2 ? open : NULL; /* more of them: quicker one after another */
    if (!list) count = rows;
    slice own;
    for (uint64_t i = 0; i < count && !lot->filtered; i++) {
        uint64_t row = list ? list[i] : i;
        decide(lot, columns, row, labels);
        slack[row] = -1;
    }
    for (uint64_t first = 0; first < count && lot->filtered; first += own.rows) {
        narrow(lot, columns, list, first, count, &own);
        assign_slice(lot, columns, list, first, count, &own, slack, labels);
    }
}

/* ---- k-means++ ---- */

/* Bit r of nearer[i]: row r may be nearer to centre i of the tile than to its closest one. */
INLINED void compare_with(const cm_kmeans_lot *lot, const float *rows, const float *norms, const vector *closest,
                          uint64_t tile, const int width, uint32_t *nearer) {
    vector scores[TILE][2];
    const float *centres = lot->rounded + tile * lot->columns * lot->width;
    score_tile(rows, centres, lot->halves + tile * lot->width, lot->columns, width, scores);
    for (int half = 0; half < 2; half++) {
        vector squares = LOAD(norms + half * LANES);
        vector error = MUL_ADD(squares, ALL(lot->error_of_row), ALL(lot->error));
        /* |x - c|^2 = |x|^2 + 2 score, its error within four times that of a score; and closest was rounded */
        vector limit = MUL_ADD(closest[half], ALL(1.000001F), MUL_ADD(error, ALL(4.0F), ALL(0.0F)));
        CM_UNROLLED
        for (int i = 0; i < width; i++) {
            vector estimate = MUL_ADD(scores[i][half], ALL(2.0F), squares);
            nearer[i] |= (uint32_t)BITS(NOT_LESS(limit, estimate)) << (half * LANES);
        }
    }
}

static void compare_tile(const cm_kmeans_lot *lot, const float *rows, const float *norms, const vector *closest,
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

/* ROWS rows at `at` of a slice, from row `first` of the block on, against all centres of the lot. */
static void compare_rows(const cm_kmeans_lot *lot, const slice *of, uint64_t first, uint64_t at, const double *closest,
                         uint32_t there, cm_kmeans_bits *nearer) {
    uint32_t bits[CM_KMEANS_CANDIDATES + TILE] = {0};
    vector near[2] = {NARROW(closest, 0.0), NARROW(closest + LANES, 0.0)};
    uint64_t word = (first + at) / 32, shift = (first + at) % 32;
    for (uint64_t tile = 0; tile < lot->tiles; tile++)
        compare_tile(lot, of->values + at / ROWS * slice_step(lot->columns), of->squares + at, near, tile,
                     bits + tile * lot->width);
    for (uint64_t i = 0; i < lot->count; i++) nearer[i].words[word] |= (bits[i] & there) << shift;
}

static uint32_t bits_of(uint64_t rows) {
    return rows < ROWS ? (uint32_t)((UINT64_C(1) << rows) - 1) : (uint32_t)((UINT64_C(1) << ROWS) - 1);
}

static void compare(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, const double *closest,
                    cm_kmeans_bits *nearer) {
    slice own;
    if (!lot->filtered) {
        cm_kmeans_plain.compare(lot, columns, rows, closest, nearer);
        return;
    }
    memset(nearer, 0, (size_t)lot->count * sizeof *nearer);
    for (uint64_t first = 0; first < rows; first += own.rows) {
        narrow(lot, columns, NULL, first, rows, &own);
        for (uint64_t at = 0; at < own.rows; at += ROWS)
            compare_rows(lot, &own, first, at, closest + first + at, bits_of(rows - first - at), nearer);
    }
}

static void measure(const cm_kmeans_lot *lot, const uint16_t *centres, uint64_t count, const double *const *columns,
                    uint64_t first, uint64_t rows, double *out) {
    cm_kmeans_measure_eight(lot, centres, count, columns, first, rows, out);
}

static double approach(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, const double *weights,
                       double *closest) {
    return cm_kmeans_approach(lot, columns, rows, weights, closest);
}

static void weigh(const cm_kmeans_lot *lot, uint64_t count, const double *const *columns, uint64_t rows,
                  const double *weights, const double *closest, double *sums) {
    cm_kmeans_weigh(lot, count, columns, rows, weights, closest, sums);
}

const cm_kmeans_kernel KERNEL = {TILE, assign, compare, measure, approach, weigh};

#if defined(__clang__)
PRAGMA(clang attribute pop)
#else
PRAGMA(GCC pop_options)
#endif
