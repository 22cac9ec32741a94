/* k-means++: centres to start from (D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding",
 * Proceedings of the 18th Annual ACM-SIAM Symposium on Discrete Algorithms, 2007).
 *
 * The idea: the first centre is any row; each further one is drawn among the rows with a chance in proportion to the
 * squared distance from the centres so far. In expectation the result is within 8 (ln k + 2) of the best. The greedy
 * variant, which scikit-learn uses too, draws 2 + floor(ln k) candidates each time and keeps the one that leaves the
 * least sum of squared distances (the first of equals). Cost: rows times columns times k times candidates.
 *
 * Different here: at first, when most rows are nearer to one candidate or another, all are measured. Later a pass over
 * the rows compares them with the candidates of several steps to come. These are drawn by the distances of that time;
 * when their step comes, each is kept with a chance of its distance now over that then, which makes it one drawn by the
 * distances of the step (rejection sampling, J. von Neumann, 1951). Floats with a bound of their error tell which rows
 * a candidate may be nearer to than any centre, few by now; their distances in doubles are kept while there is room,
 * which decides how many steps a pass serves. Sums are formed in blocks of rows and added in their order; when no row
 * is left at a distance, the rows that differ are fewer than the centres wanted, which is an error that names both. */
#include <string.h>

#include "base/math.h"
#include "base/random.h"
#include "base/threads.h"
#include "model/kmeans/kmeans.h"

#define TASK_BLOCKS 16
#define MOST CM_KMEANS_CANDIDATES
#define STEP_MOST 12    /* candidates of a step: 2 + ln CM_KMEANS_MOST */
#define ALONE 8         /* centres at first whose candidates all rows are measured from */
#define NOT_KEPT UINT16_MAX
#define ROOM (2 * CM_KMEANS_BLOCK) /* doubles a block: a set of bits a candidate, and distances */
#define BITS_ROOM (sizeof(cm_kmeans_bits) / sizeof(double))

_Static_assert(STEP_MOST <= CM_KMEANS_WIDEST, "kernels weigh all candidates of a step together");

/* What the candidates are to the rows of a block. */
typedef struct block_state {
    bool up_to_date;         /* the centre chosen last is in the closest distances */
    double total;            /* what is left: the sum of these, weighted; by subtraction until they are up to date */
    double with[STEP_MOST];  /* what would be left with each candidate of the step */
    uint16_t starts[MOST];   /* of each candidate's distances among those kept; NOT_KEPT: there was no room */
    cm_kmeans_bits *nearer;  /* the rows that are nearer to each candidate, when they were compared */
    double *kept;            /* their distances, in the room behind */
} block_state;

typedef struct seeding {
    cm_kmeans_run *run;
    cm_kmeans_lot last, candidates; /* last: the centre chosen last */
    uint64_t winner;                /* the candidate that it was */
    uint64_t each;                  /* candidates of a step */
    uint64_t next;                  /* candidate that has not had its turn */
    uint64_t rows[MOST], step[STEP_MOST]; /* of the candidates; the candidates of the step */
    double chances[MOST];           /* the candidates' distances when they were drawn */
    bool pass;                      /* the rows are to be compared with the candidates */
    bool alone, last_alone;         /* all rows are measured: in this step; in that of the last centre */
    block_state *blocks;
    double *room; /* of all blocks */
    double total;
    cm_random random;
} seeding;

/* ---- a block ---- */

static double add_up(const double *closest, const double *weights) {
    double lanes[CM_KMEANS_LANES];
    cm_eight sums = {0};
    for (uint64_t row = 0; row < CM_KMEANS_BLOCK; row += CM_KMEANS_LANES) {
        cm_eight eight = *(const cm_eight *)(const void *)(closest + row);
        if (weights) eight *= *(const cm_eight *)(const void *)(weights + row);
        sums += eight;
    }
    memcpy(lanes, &sums, sizeof lanes);
    return cm_kmeans_sum_lanes(lanes);
}

/* Eight rows of a block. */
typedef struct eight {
    uint64_t word, shift;    /* of their bits */
    const double *closest;
    const double *weights;   /* NULL: 1 each */
} eight;

static eight open_eight(const seeding *of, uint64_t number, uint64_t first) {
    const double *weights = cm_kmeans_block_weights(of->run->points, number);
    return (eight){first / 32, first % 32, of->run->closest + number * CM_KMEANS_BLOCK + first,
                   weights ? weights + first : NULL};
}

/* Those with a bit whose fresh distances are less than the closest: these, to `out`, and what the block would lose with
 * them; other bits are taken out. */
static inline uint64_t take_nearer(const eight *rows, const double *fresh, cm_kmeans_bits *which, double *out,
                                   double *loss) {
    uint32_t bits = which->words[rows->word] >> rows->shift & 0xFF, others = 0;
    uint64_t count = 0;
    double lost = *loss;
    for (; bits; bits &= bits - 1) {
        uint64_t row = (uint64_t)__builtin_ctz(bits);
        double less = rows->closest[row] - fresh[row];
        if (less > 0) {
            lost += rows->weights ? rows->weights[row] * less : less;
            out[count++] = fresh[row];
        } else others |= bits & -bits;
    }
    if (others) which->words[rows->word] &= ~(others << rows->shift);
    *loss = lost;
    return count;
}

/* The rows with a bit, in their order, that are nearer to a centre of a lot than to any: their distances from it. */
static void measure(const seeding *of, uint64_t number, const cm_kmeans_lot *lot, uint64_t centre,
                    cm_kmeans_bits *which, double *out) {
    const cm_kmeans_points *points = of->run->points;
    uint64_t rows = cm_kmeans_block_rows(points, number);
    uint16_t list[] = {(uint16_t)centre};
    double fresh[CM_KMEANS_LANES], loss = 0;
    for (uint64_t first = 0; first < rows; first += CM_KMEANS_LANES) {
        eight own = open_eight(of, number, first);
        if (!(which->words[own.word] >> own.shift & 0xFF)) continue;
        of->run->kernel->measure(lot, list, 1, points->values + number * points->columns, first, rows, fresh);
        out += take_nearer(&own, fresh, which, out, &loss);
    }
}

/* The distances of the rows with a bit, kept ones or measured again. */
static const double *distances(const seeding *of, uint64_t number, const cm_kmeans_lot *lot, uint64_t centre,
                               uint64_t candidate, double *room) {
    const block_state *block = &of->blocks[number];
    if (block->starts[candidate] != NOT_KEPT) return block->kept + block->starts[candidate];
    measure(of, number, lot, centre, &block->nearer[candidate], room);
    return room;
}

/* What the block would lose with a candidate. */
static double add_loss(const seeding *of, uint64_t number, uint64_t candidate, const double *fresh) {
    const double *closest = of->run->closest + number * CM_KMEANS_BLOCK;
    const double *weights = cm_kmeans_block_weights(of->run->points, number);
    const cm_kmeans_bits *nearer = &of->blocks[number].nearer[candidate];
    double loss = 0;
    for (uint64_t word = 0; word < CM_KMEANS_BLOCK / 32; word++)
        for (uint32_t bits = nearer->words[word]; bits; bits &= bits - 1) {
            uint64_t row = word * 32 + (uint64_t)__builtin_ctz(bits);
            double less = closest[row] - *fresh++;
            if (less > 0) loss += weights ? weights[row] * less : less;
        }
    return loss;
}

/* The rows nearer to the last centre get its distance. */
static void take_kept(const seeding *of, uint64_t number, double *closest) {
    double room[CM_KMEANS_BLOCK];
    const double *fresh = distances(of, number, &of->last, 0, of->winner, room);
    for (uint64_t word = 0; word < CM_KMEANS_BLOCK / 32; word++)
        for (uint32_t bits = of->blocks[number].nearer[of->winner].words[word]; bits; bits &= bits - 1) {
            uint64_t row = word * 32 + (uint64_t)__builtin_ctz(bits);
            if (*fresh < closest[row]) closest[row] = *fresh;
            fresh++;
        }
}

static void bring_up_to_date(seeding *of, uint64_t number) {
    const cm_kmeans_points *points = of->run->points;
    block_state *block = &of->blocks[number];
    double *closest = of->run->closest + number * CM_KMEANS_BLOCK;
    const double *weights = cm_kmeans_block_weights(points, number);
    if (block->up_to_date) return;
    if (of->last_alone) {
        block->total = of->run->kernel->approach(&of->last, points->values + number * points->columns,
                                                 cm_kmeans_block_rows(points, number), weights, closest);
    } else {
        take_kept(of, number, closest);
        block->total = add_up(closest, weights);
    }
    block->up_to_date = true;
}

static uint64_t count_bits(const cm_kmeans_bits *of) {
    uint64_t count = 0;
    for (uint64_t word = 0; word < CM_KMEANS_BLOCK / 32; word += 2)
        count += (uint64_t)__builtin_popcountll((uint64_t)of->words[word] << 32 | of->words[word + 1]);
    return count;
}

/* Where the distances from each candidate are kept. Those of the steps to come are wanted of all candidates, those of
 * this step of the one that is chosen: they come last. */
static void find_room(const seeding *of, block_state *block) {
    uint64_t count = of->candidates.count, used = 0, room = ROOM - count * BITS_ROOM;
    block->kept = (double *)(void *)block->nearer + count * BITS_ROOM;
    for (uint64_t turn = 0; turn < count; turn++) {
        uint64_t i = (turn + of->each) % count, wanted = count_bits(&block->nearer[i]);
        bool fits = used + wanted <= room;
        block->starts[i] = fits ? (uint16_t)used : NOT_KEPT;
        if (fits) used += wanted;
    }
}

/* Candidates, and of each how many distances are kept and what the block would lose. */
typedef struct comparison {
    uint64_t count, ends[MOST];
    uint16_t list[MOST];
    double losses[MOST];
} comparison;

/* Of the candidates listed, those that one of eight rows from `first` on may be nearer to. */
static uint64_t list_nearer(const block_state *block, const comparison *with, uint64_t first, uint16_t *out) {
    uint64_t count = 0;
    for (uint64_t at = 0; at < with->count; at++) {
        out[count] = with->list[at];
        count += (block->nearer[with->list[at]].words[first / 32] >> first % 32 & 0xFF) != 0;
    }
    return count;
}

static void compare_eight(const seeding *of, uint64_t number, uint64_t first, comparison *with) {
    const block_state *block = &of->blocks[number];
    const cm_kmeans_points *points = of->run->points;
    double fresh[MOST * CM_KMEANS_LANES], unkept[CM_KMEANS_LANES];
    uint16_t list[MOST];
    eight rows = open_eight(of, number, first);
    uint64_t count = list_nearer(block, with, first, list);
    if (!count) return;
    of->run->kernel->measure(&of->candidates, list, count, points->values + number * points->columns, first,
                             cm_kmeans_block_rows(points, number), fresh);
    for (uint64_t at = 0; at < count; at++) {
        uint64_t i = list[at];
        double *out = block->starts[i] == NOT_KEPT ? unkept : block->kept + block->starts[i] + with->ends[i];
        with->ends[i] += take_nearer(&rows, fresh + at * CM_KMEANS_LANES, &block->nearer[i], out, &with->losses[i]);
    }
}

/* Compares the rows with all candidates, of which the first are those of the step, and keeps distances while there is
 * room. */
static void compare(seeding *of, uint64_t number) {
    block_state *block = &of->blocks[number];
    const cm_kmeans_points *points = of->run->points;
    comparison with = {0};
    of->run->kernel->compare(&of->candidates, points->values + number * points->columns,
                             cm_kmeans_block_rows(points, number), of->run->closest + number * CM_KMEANS_BLOCK,
                             block->nearer);
    find_room(of, block);
    for (uint64_t word = 0; word < CM_KMEANS_BLOCK / 32; word++) {
        with.count = 0;
        for (uint64_t i = 0; i < of->candidates.count; i++) {
            with.list[with.count] = (uint16_t)i;
            with.count += block->nearer[i].words[word] != 0;
        }
        for (uint64_t first = word * 32; first < (word + 1) * 32; first += CM_KMEANS_LANES)
            compare_eight(of, number, first, &with);
    }
    for (uint64_t i = 0; i < of->each; i++) block->with[i] = block->total - with.losses[i];
}

static void weigh_block(seeding *of, uint64_t number) {
    const cm_kmeans_points *points = of->run->points;
    block_state *block = &of->blocks[number];
    double room[CM_KMEANS_BLOCK];
    bring_up_to_date(of, number);
    if (of->alone) {
        of->run->kernel->weigh(&of->candidates, of->each, points->values + number * points->columns,
                               cm_kmeans_block_rows(points, number), cm_kmeans_block_weights(points, number),
                               of->run->closest + number * CM_KMEANS_BLOCK, block->with);
        return;
    }
    if (of->pass) compare(of, number);
    for (uint64_t i = 0; i < of->each && !of->pass; i++) {
        const double *fresh = distances(of, number, &of->candidates, of->step[i], of->step[i], room);
        block->with[i] = block->total - add_loss(of, number, of->step[i], fresh);
    }
}

static cm_status weigh_blocks(cm_context *ctx, void *state, uint64_t task) {
    seeding *of = state;
    uint64_t blocks = of->run->points->blocks;
    for (uint64_t block = task * TASK_BLOCKS; block < (task + 1) * TASK_BLOCKS && block < blocks; block++) {
        if (cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
        weigh_block(of, block);
    }
    return CM_OK;
}

/* What is left with each candidate of the step. */
static cm_status weigh(cm_context *ctx, seeding *of) {
    return cm_parallel(ctx, (of->run->points->blocks + TASK_BLOCKS - 1) / TASK_BLOCKS, weigh_blocks, of);
}

/* ---- candidates ---- */

/* A row with a chance in proportion to its weighted distance; of rounding at the end the last row that has any. */
static uint64_t draw_row(seeding *of) {
    const cm_kmeans_points *points = of->run->points;
    double target = cm_random_double(&of->random) * of->total;
    uint64_t block = 0, last = 0;
    for (uint64_t i = 0; i < points->blocks; i++) {
        if (of->blocks[i].total <= 0) continue;
        block = i;
        if (target < of->blocks[i].total) break;
        target -= of->blocks[i].total;
    }
    bring_up_to_date(of, block);
    uint64_t first = block * CM_KMEANS_BLOCK, rows = cm_kmeans_block_rows(points, block);
    for (uint64_t row = first; row < first + rows; row++) {
        double share = of->run->closest[row] * (points->weights ? points->weights[row] : 1);
        if (share <= 0) continue;
        last = row;
        if (target < share) break;
        target -= share;
    }
    return last;
}

static void copy_row(const cm_kmeans_run *run, uint64_t row, double *to) {
    for (uint64_t j = 0; j < run->points->columns; j++) to[j] = cm_kmeans_value(run->points, row, j);
}

/* Candidates to draw for so many steps from the one at `at` on, if each rejects those of the rows that came to its
 * centre, a share of 1 / (at + 1). */
static uint64_t candidates_for(const seeding *of, uint64_t at, uint64_t steps) {
    return of->each * steps * (at + steps) / (at + 1);
}

/* As many steps as there is room for, if a candidate is nearer to as many rows as each centre has. */
static uint64_t steps_of_pass(const seeding *of, uint64_t at) {
    uint64_t most = ROOM / (CM_KMEANS_BLOCK / (at + 1) + BITS_ROOM), steps = 1;
    if (most > MOST) most = MOST;
    while (!of->alone && at + steps < of->run->k && candidates_for(of, at, steps + 1) <= most) steps++;
    return steps;
}

/* Candidates for the step at `at` and, as few rows are nearer to one of them then, for some that follow. */
static void draw_candidates(seeding *of, uint64_t at) {
    double centres[MOST * CM_MOST_INPUTS];
    uint64_t count = candidates_for(of, at, steps_of_pass(of, at));
    for (uint64_t i = 0; i < count; i++) {
        of->rows[i] = draw_row(of);
        of->chances[i] = of->run->closest[of->rows[i]];
        copy_row(of->run, of->rows[i], centres + i * of->run->points->columns);
    }
    cm_kmeans_lot_fill(&of->candidates, centres, count, of->run->centres, of->run->kernel);
    for (uint64_t i = 0; i < of->each; i++) of->step[i] = i;
    of->next = of->each;
}

/* Those of the step; false if too few are left. */
static bool take_candidates(seeding *of) {
    uint64_t taken = 0;
    while (of->next < of->candidates.count && taken < of->each) {
        uint64_t i = of->next++;
        bring_up_to_date(of, of->rows[i] / CM_KMEANS_BLOCK);
        if (cm_random_double(&of->random) * of->chances[i] < of->run->closest[of->rows[i]]) of->step[taken++] = i;
    }
    return taken == of->each;
}

/* The place in the step of the candidate that leaves least; the first of equals. */
static uint64_t find_best(const seeding *of) {
    double least = 0;
    uint64_t best = 0;
    for (uint64_t i = 0; i < of->each; i++) {
        double left = 0;
        for (uint64_t block = 0; block < of->run->points->blocks; block++) left += of->blocks[block].with[i];
        if (i && left >= least) continue;
        least = left;
        best = i;
    }
    return best;
}

/* ---- centres ---- */

/* The candidate becomes the centre at `at`. Its distances come into a block when they are needed; at once where
 * subtraction left few digits of the sum. */
static void take(seeding *of, uint64_t at, uint64_t best) {
    cm_kmeans_run *run = of->run;
    double *centre = run->centres + at * run->points->columns;
    of->winner = of->step[best];
    copy_row(run, of->rows[of->winner], centre);
    cm_kmeans_lot_fill(&of->last, centre, 1, run->centres, run->kernel);
    of->last_alone = of->alone;
    of->total = 0;
    for (uint64_t i = 0; i < run->points->blocks; i++) {
        block_state *block = &of->blocks[i];
        bool few_digits = block->with[best] < 0x1p-20 * block->total;
        block->total = block->with[best];
        block->up_to_date = false;
        if (few_digits) bring_up_to_date(of, i);
        of->total += block->total;
    }
}

/* Any row; all are nearer to it than to nothing. */
static cm_status take_first(cm_context *ctx, seeding *of) {
    const cm_kmeans_points *points = of->run->points;
    uint64_t each = of->each;
    of->rows[0] = cm_random_below(&of->random, points->rows);
    for (uint64_t row = 0; row < points->rows; row++) of->run->closest[row] = 1e300;
    of->alone = true;
    take(of, 0, 0);
    of->each = 0;
    cm_status status = weigh(ctx, of);
    of->each = each;
    for (uint64_t i = 0; i < points->blocks; i++) of->total += of->blocks[i].total;
    return status;
}

static cm_status seed_all(cm_context *ctx, seeding *of) {
    uint64_t k = of->run->k;
    cm_status status = take_first(ctx, of);
    for (uint64_t at = 1; at < k && !status; at++) {
        if (!(of->total > 0)) return cm_fail(ctx, CM_E_DATA, "KMEANS_DISTINCT", "uu", k, at);
        of->alone = at < ALONE;
        of->pass = !take_candidates(of);
        if (of->pass) draw_candidates(of, at);
        status = weigh(ctx, of);
        if (!status) take(of, at, find_best(of));
    }
    return status;
}

/* ---- all ---- */

static cm_status open_blocks(cm_context *ctx, seeding *of) {
    uint64_t blocks = of->run->points->blocks;
    of->blocks = cm_alloc(ctx, blocks, sizeof *of->blocks);
    if (of->blocks) of->room = cm_alloc_raw(ctx, blocks * ROOM, sizeof *of->room);
    for (uint64_t i = 0; i < blocks && of->room; i++)
        of->blocks[i].nearer = (cm_kmeans_bits *)(void *)(of->room + i * ROOM);
    return of->room ? CM_OK : ctx->error.status;
}

cm_status cm_kmeans_seed(cm_context *ctx, cm_kmeans_run *run, uint64_t seed, uint64_t start) {
    uint64_t blocks = run->points->blocks, columns = run->points->columns;
    seeding of = {.run = run, .each = 2 + (uint64_t)cm_log((double)run->k)};
    cm_random_seed(&of.random, seed, run->k << 32 | start);
    cm_status status = cm_kmeans_want_closest(ctx, run);
    if (!status) status = cm_kmeans_lot_open(ctx, 1, columns, &of.last);
    if (!status) status = cm_kmeans_lot_open(ctx, MOST, columns, &of.candidates);
    if (!status) status = open_blocks(ctx, &of);
    if (!status) status = seed_all(ctx, &of);
    cm_kmeans_lot_close(ctx->core, &of.last);
    cm_kmeans_lot_close(ctx->core, &of.candidates);
    cm_free(ctx->core, of.room, blocks * ROOM, sizeof *of.room);
    cm_free(ctx->core, of.blocks, blocks, sizeof *of.blocks);
    return status;
}

/* One after another, each with the chance that it is among those still to be drawn (D. E. Knuth, The Art of Computer
 * Programming 2, algorithm 3.4.2S). */
cm_status cm_kmeans_seed_randomly(cm_context *ctx, cm_kmeans_run *run, uint64_t seed, uint64_t start) {
    cm_random random;
    uint64_t taken = 0, rows = run->points->rows;
    if (run->k > rows) return cm_fail(ctx, CM_E_DATA, "KMEANS_DISTINCT", "uu", run->k, rows);
    cm_random_seed(&random, seed, run->k << 32 | start);
    for (uint64_t row = 0; row < rows && taken < run->k; row++)
        if (cm_random_below(&random, rows - row) < run->k - taken)
            copy_row(run, row, run->centres + taken++ * run->points->columns);
    return CM_OK;
}
