/* The BG/NBD model (P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting Your Customers the Easy Way: An Alternative to
 * the Pareto/NBD Model", Marketing Science 24(2), 2005, doi:10.1287/mksc.1040.0098).
 *
 * The idea: while alive a customer buys as a Poisson process, whose rate is gamma (r, alpha) over customers; after each
 * purchase he may become inactive, with a probability that is beta (a, b) over customers. The likelihood has a closed
 * form in x (repeat purchases), t_x (the time of the last) and T (how long he has been watched).
 *
 * The maximum: BFGS in the logarithms of the four parameters, with the exact gradient, a backtracking line search, and
 * standard errors from differences of the gradient (delta method). Cost: one pass over the distinct histories an
 * evaluation, an exponential and a logarithm each.
 *
 * Different here: gamma functions appear as ratios whose arguments differ by whole numbers, so they are sums of
 * logarithms tabulated over x once an evaluation, and so are those of the distinct times; sums are formed in blocks of
 * fixed size, so that threads do not change a bit. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/sort.h"
#include "base/threads.h"
#include "model/churn/churn.h"

#define N CM_BG_PARAMETERS
#define BLOCK 2048

/* Over x: log of Gamma(q + x) / Gamma(q), and its derivative by q, for q = r, b and a + b. */
typedef struct ratio_table {
    double *log, *slope;
} ratio_table;

/* A time that occurs as an age or as a last purchase, once an evaluation: log(alpha + time), and 1 / (alpha + time). */
typedef struct moment {
    double time, log, inverse;
} moment;

typedef struct evaluation {
    const cm_history *histories;
    uint64_t count, blocks, longest; /* longest: largest x + 1 */
    const double *parameters;
    ratio_table r, b, ab;
    double *log_before; /* log(b + x - 1) */
    moment *moments;    /* ascending */
    uint64_t moment_count;
    uint32_t *ages, *lasts; /* of the histories, among the moments */
    double log_alpha, log_a;
    double (*sums)[N + 1]; /* a block: log-likelihood, gradient */
} evaluation;

static void fill_ratios(ratio_table *table, uint64_t count, double q) {
    double log_sum = 0, slope = 0;
    for (uint64_t x = 0; x < count; x++) {
        table->log[x] = log_sum;
        table->slope[x] = slope;
        log_sum += cm_log(q + (double)x);
        slope += 1 / (q + (double)x);
    }
}

static void fill_tables(evaluation *work) {
    const double *p = work->parameters;
    work->log_alpha = cm_log(p[CM_BG_ALPHA]);
    work->log_a = cm_log(p[CM_BG_A]);
    fill_ratios(&work->r, work->longest, p[CM_BG_R]);
    fill_ratios(&work->b, work->longest, p[CM_BG_B]);
    fill_ratios(&work->ab, work->longest, p[CM_BG_A] + p[CM_BG_B]);
    for (uint64_t x = 1; x < work->longest; x++) work->log_before[x] = cm_log(p[CM_BG_B] + (double)x - 1);
    for (uint64_t i = 0; i < work->moment_count; i++) {
        moment *at = &work->moments[i];
        at->log = cm_log(p[CM_BG_ALPHA] + at->time);
        at->inverse = 1 / (p[CM_BG_ALPHA] + at->time);
    }
}

static void add_history(const evaluation *work, uint64_t i, double *sums) {
    const double *p = work->parameters;
    const cm_history *one = &work->histories[i];
    const moment *age = &work->moments[work->ages[i]], *last = &work->moments[work->lasts[i]];
    uint64_t x = (uint64_t)one->repeats;
    double rx = p[CM_BG_R] + (double)x, weight = one->weight, logs = age->log, inverse = age->inverse;
    double value = work->r.log[x] + p[CM_BG_R] * work->log_alpha + work->b.log[x] - work->ab.log[x];
    double by_a = -work->ab.slope[x], by_b = work->b.slope[x] - work->ab.slope[x];
    if (x == 0) {
        value -= rx * logs;
    } else { /* alive, or gone after the last purchase */
        double alive = -rx * age->log, gone = work->log_a - work->log_before[x] - rx * last->log;
        double lesser = cm_exp(-fabs(alive - gone)), share = (alive > gone ? lesser : 1) / (1 + lesser);
        value += (alive > gone ? alive : gone) + cm_log1p(lesser);
        logs = (1 - share) * age->log + share * last->log;
        inverse = (1 - share) * age->inverse + share * last->inverse;
        by_a += share / p[CM_BG_A];
        by_b -= share / (p[CM_BG_B] + (double)x - 1);
    }
    sums[0] += weight * value;
    sums[1 + CM_BG_R] += weight * (work->r.slope[x] + work->log_alpha - logs);
    sums[1 + CM_BG_ALPHA] += weight * (p[CM_BG_R] / p[CM_BG_ALPHA] - rx * inverse);
    sums[1 + CM_BG_A] += weight * by_a;
    sums[1 + CM_BG_B] += weight * by_b;
}

static cm_status add_block(cm_context *ctx, void *state, uint64_t block) {
    evaluation *work = state;
    uint64_t end = (block + 1) * BLOCK < work->count ? (block + 1) * BLOCK : work->count;
    memset(work->sums[block], 0, sizeof work->sums[block]);
    for (uint64_t i = block * BLOCK; i < end; i++) add_history(work, i, work->sums[block]);
    return cm_tick(ctx, "fit", block, work->blocks);
}

static cm_status evaluate(cm_context *ctx, evaluation *work, const double *parameters, double *value,
                          double *gradient) {
    work->parameters = parameters;
    fill_tables(work);
    cm_status status = cm_parallel(ctx, work->blocks, add_block, work);
    *value = 0;
    memset(gradient, 0, N * sizeof *gradient);
    for (uint64_t block = 0; block < work->blocks && !status; block++) {
        *value += work->sums[block][0];
        for (int i = 0; i < N; i++) gradient[i] += work->sums[block][1 + i];
    }
    return status;
}

/* The distinct times, and where each history's stand among them. */
static cm_status find_moments(cm_context *ctx, evaluation *work) {
    uint64_t count = 2 * work->count;
    cm_key *keys = cm_alloc(ctx, count, sizeof *keys);
    cm_status status = keys ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < count && !status; i++) {
        const cm_history *one = &work->histories[i / 2];
        keys[i] = (cm_key){cm_key_of_double(i % 2 ? one->last : one->age), i};
    }
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) work->moment_count += !i || keys[i].key != keys[i - 1].key;
    if (!status && !(work->moments = cm_alloc(ctx, work->moment_count, sizeof *work->moments)))
        status = ctx->error.status;
    for (uint64_t i = 0, at = 0; i < count && !status; i++) {
        uint64_t row = keys[i].value / 2;
        bool last = keys[i].value % 2;
        if (i && keys[i].key != keys[i - 1].key) at++;
        work->moments[at].time = last ? work->histories[row].last : work->histories[row].age;
        (last ? work->lasts : work->ages)[row] = (uint32_t)at;
    }
    cm_free(ctx->core, keys, count, sizeof *keys);
    return status;
}

static cm_status open_evaluation(cm_context *ctx, const cm_history *histories, uint64_t count, evaluation *out) {
    *out = (evaluation){.histories = histories, .count = count, .blocks = (count + BLOCK - 1) / BLOCK};
    for (uint64_t i = 0; i < count; i++)
        if ((uint64_t)histories[i].repeats >= out->longest) out->longest = (uint64_t)histories[i].repeats + 1;
    double **const arrays[] = {&out->r.log,  &out->r.slope,  &out->b.log,     &out->b.slope,
                               &out->ab.log, &out->ab.slope, &out->log_before};
    for (int i = 0; i < 7; i++)
        if (!(*arrays[i] = cm_alloc(ctx, out->longest, sizeof(double)))) return ctx->error.status;
    out->ages = cm_alloc(ctx, count, sizeof *out->ages);
    out->lasts = out->ages ? cm_alloc(ctx, count, sizeof *out->lasts) : NULL;
    out->sums = out->lasts ? cm_alloc(ctx, out->blocks, sizeof *out->sums) : NULL;
    return out->sums ? find_moments(ctx, out) : ctx->error.status;
}

static void close_evaluation(cm_core *core, evaluation *work) {
    double *const arrays[] = {work->r.log,  work->r.slope,  work->b.log,     work->b.slope,
                              work->ab.log, work->ab.slope, work->log_before};
    for (int i = 0; i < 7; i++) cm_free(core, arrays[i], work->longest, sizeof(double));
    cm_free(core, work->ages, work->count, sizeof *work->ages);
    cm_free(core, work->lasts, work->count, sizeof *work->lasts);
    cm_free(core, work->moments, work->moment_count, sizeof *work->moments);
    cm_free(core, work->sums, work->blocks, sizeof *work->sums);
}

cm_status cm_bg_log_likelihood(cm_context *ctx, const cm_history *histories, uint64_t count, const double parameters[N],
                               double *value, double gradient[N]) {
    evaluation work;
    cm_status status = open_evaluation(ctx, histories, count, &work);
    if (!status) status = evaluate(ctx, &work, parameters, value, gradient);
    close_evaluation(ctx->core, &work);
    return status;
}

/* ---- the maximum ---- */

/* Minus the log-likelihood and its gradient, by the logarithms of the parameters. */
static cm_status evaluate_logs(cm_context *ctx, evaluation *work, const double *logs, double *value, double *gradient) {
    double parameters[N];
    for (int i = 0; i < N; i++) parameters[i] = cm_exp(logs[i]);
    cm_status status = evaluate(ctx, work, parameters, value, gradient);
    *value = -*value;
    for (int i = 0; i < N; i++) gradient[i] *= -parameters[i];
    return status;
}

static double dot(const double *a, const double *b) {
    double sum = 0;
    for (int i = 0; i < N; i++) sum += a[i] * b[i];
    return sum;
}

/* H becomes the inverse Hessian after a step s with the change of gradient y (Broyden, Fletcher, Goldfarb, Shanno
 * 1970). */
static void update_inverse(double h[N][N], const double *s, const double *y) {
    double sy = dot(s, y), hy[N], yhy = 0;
    if (sy <= 0) return;
    for (int i = 0; i < N; i++) {
        hy[i] = dot(h[i], y);
        yhy += y[i] * hy[i];
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) h[i][j] += (1 + yhy / sy) * s[i] * s[j] / sy - (hy[i] * s[j] + s[i] * hy[j]) / sy;
}

#define FARTHEST 3.0 /* no logarithm moves farther in one step */
#define BORDER 30.0  /* nor out of exp(-30) .. exp(30): beyond, the data say nothing */

typedef struct descent {
    double logs[N], gradient[N], inverse[N][N], value;
} descent;

static void find_direction(descent *at, double *direction) {
    double longest = 0;
    for (int i = 0; i < N; i++) direction[i] = -dot(at->inverse[i], at->gradient);
    if (dot(direction, at->gradient) >= 0) { /* no descent: start anew from the gradient */
        memset(at->inverse, 0, sizeof at->inverse);
        for (int i = 0; i < N; i++) {
            at->inverse[i][i] = 1;
            direction[i] = -at->gradient[i];
        }
    }
    for (int i = 0; i < N; i++)
        if (fabs(direction[i]) > longest) longest = fabs(direction[i]);
    for (int i = 0; i < N && longest > FARTHEST; i++) direction[i] *= FARTHEST / longest;
}

/* One step with backtracking (Armijo 1966); *moved is false where no step helps any more. */
static cm_status step(cm_context *ctx, evaluation *work, descent *at, bool *moved) {
    double direction[N], slope, size = 1;
    find_direction(at, direction);
    slope = dot(direction, at->gradient);
    *moved = false;
    for (int halvings = 0; halvings < 50; halvings++, size *= 0.5) {
        descent next = *at;
        double s[N], y[N];
        for (int i = 0; i < N; i++) {
            next.logs[i] = at->logs[i] + size * direction[i];
            if (next.logs[i] > BORDER) next.logs[i] = BORDER;
            if (next.logs[i] < -BORDER) next.logs[i] = -BORDER;
            s[i] = next.logs[i] - at->logs[i];
        }
        cm_status status = evaluate_logs(ctx, work, next.logs, &next.value, next.gradient);
        if (status) return status;
        if (!(next.value <= at->value + 1e-4 * size * slope)) continue;
        for (int i = 0; i < N; i++) y[i] = next.gradient[i] - at->gradient[i];
        *moved = next.value < at->value;
        *at = next;
        update_inverse(at->inverse, s, y);
        return CM_OK;
    }
    return CM_OK;
}

/* Inverts a small symmetric matrix by Gauss and Jordan with pivoting; false if it is singular. */
static bool invert(double m[N][N], double out[N][N]) {
    memset(out, 0, N * N * sizeof(double));
    for (int i = 0; i < N; i++) out[i][i] = 1;
    for (int column = 0; column < N; column++) {
        int pivot = column;
        for (int row = column + 1; row < N; row++)
            if (fabs(m[row][column]) > fabs(m[pivot][column])) pivot = row;
        if (fabs(m[pivot][column]) < 1e-12) return false;
        for (int j = 0; j < N; j++) {
            double a = m[column][j], b = out[column][j];
            m[column][j] = m[pivot][j], m[pivot][j] = a;
            out[column][j] = out[pivot][j], out[pivot][j] = b;
        }
        double scale = 1 / m[column][column];
        for (int j = 0; j < N; j++) m[column][j] *= scale, out[column][j] *= scale;
        for (int row = 0; row < N; row++) {
            double factor = row == column ? 0 : m[row][column];
            for (int j = 0; j < N && factor != 0; j++) {
                m[row][j] -= factor * m[column][j];
                out[row][j] -= factor * out[column][j];
            }
        }
    }
    return true;
}

/* The inverse of the Hessian by the logarithms, which comes from central differences of the gradient. */
static cm_status find_inverse(cm_context *ctx, evaluation *work, const descent *at, double inverse[N][N],
                              bool *regular) {
    const double h = 1e-4;
    double hessian[N][N];
    for (int i = 0; i < N; i++) {
        double up[N], down[N], logs[N], ignored;
        memcpy(logs, at->logs, sizeof logs);
        logs[i] = at->logs[i] + h;
        cm_status status = evaluate_logs(ctx, work, logs, &ignored, up);
        logs[i] = at->logs[i] - h;
        if (!status) status = evaluate_logs(ctx, work, logs, &ignored, down);
        if (status) return status;
        for (int j = 0; j < N; j++) hessian[i][j] = (up[j] - down[j]) / (2 * h);
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++) hessian[i][j] = hessian[j][i] = (hessian[i][j] + hessian[j][i]) / 2;
    *regular = invert(hessian, inverse);
    return CM_OK;
}

static double steepest(const double *gradient) {
    double largest = 0;
    for (int i = 0; i < N; i++)
        if (fabs(gradient[i]) > largest) largest = fabs(gradient[i]);
    return largest;
}

/* Near the top the likelihood itself is flat to its last digit; the gradient still points the way (Newton, with one
 * inverse for all steps: they are small). *moved is how many there were. */
static cm_status polish(cm_context *ctx, evaluation *work, const double inverse[N][N], descent *at, int *moved) {
    for (*moved = 0; *moved < 5; ++*moved) {
        descent next = *at;
        for (int i = 0; i < N; i++) {
            double move = -dot(inverse[i], at->gradient);
            if (!(fabs(move) < 0.1)) return CM_OK; /* not near a top: a ridge or a border */
            next.logs[i] += move;
        }
        cm_status status = evaluate_logs(ctx, work, next.logs, &next.value, next.gradient);
        if (status || !(steepest(next.gradient) < steepest(at->gradient))) return status;
        *at = next;
    }
    return CM_OK;
}

static cm_status climb(cm_context *ctx, evaluation *work, int64_t iterations, descent *at, cm_bg_fit *out) {
    bool going = true, regular = false;
    double inverse[N][N];
    int moved = 1;
    cm_status status = evaluate_logs(ctx, work, at->logs, &at->value, at->gradient);
    for (out->iterations = 0; !status && going && out->iterations < iterations; out->iterations++)
        status = step(ctx, work, at, &going);
    out->converged = !going;
    for (int times = 0; times < 3 && moved && !status; times++) { /* at the end the inverse is that of the top */
        moved = 0;
        status = find_inverse(ctx, work, at, inverse, &regular);
        if (!status && regular) status = polish(ctx, work, inverse, at, &moved);
    }
    for (int i = 0; i < N && !status; i++) {
        out->parameters[i] = cm_exp(at->logs[i]);
        out->errors[i] = regular && inverse[i][i] > 0 ? out->parameters[i] * sqrt(inverse[i][i]) : (double)NAN;
    }
    out->log_likelihood = -at->value;
    return status;
}

cm_status cm_bg_maximise(cm_context *ctx, const cm_history *histories, uint64_t count, int64_t iterations,
                         cm_bg_fit *out) {
    evaluation work;
    descent at = {0};
    double ages = 0, weights = 0;
    *out = (cm_bg_fit){0};
    for (uint64_t i = 0; i < count; i++) {
        ages += histories[i].weight * histories[i].age;
        weights += histories[i].weight;
    }
    if (ages > 0)
        at.logs[CM_BG_ALPHA] = cm_log(ages / weights / 4); /* a start that does not depend on the unit of time */
    for (int i = 0; i < N; i++) at.inverse[i][i] = 1 / weights;
    cm_status status = open_evaluation(ctx, histories, count, &work);
    if (!status) status = climb(ctx, &work, iterations, &at, out);
    close_evaluation(ctx->core, &work);
    return status;
}

/* ---- one customer ---- */

/* Gauss's hypergeometric series, for 0 <= z < 1. */
static double hypergeometric(double a, double b, double c, double z) {
    double sum = 1, term = 1;
    for (int j = 0; j < 100000; j++) {
        term *= (a + j) * (b + j) / ((c + j) * (j + 1)) * z;
        sum += term;
        if (fabs(term) < 1e-16 * fabs(sum) && (a + j) * (b + j) * z < (c + j) * (j + 1)) break;
    }
    return sum;
}

/* The odds that he is gone, given that he was alive up to his last purchase; 0 for one who never came back. */
static double gone_odds(const double p[N], const cm_history *one) {
    if (one->repeats == 0) return 0;
    double power =
        (p[CM_BG_R] + (double)one->repeats) * cm_log((p[CM_BG_ALPHA] + one->age) / (p[CM_BG_ALPHA] + one->last));
    return p[CM_BG_A] / (p[CM_BG_B] + (double)one->repeats - 1) * cm_exp(power);
}

/* P(alive), the probability of no purchase from it, and equation (10) of the paper. At a = 1 that is a limit:
 * approached from beside. */
cm_outlook cm_bg_outlook(const double p[N], const cm_history *one, double t) {
    double a = fabs(p[CM_BG_A] - 1) < 1e-7 ? 1 + 1e-7 : p[CM_BG_A], x = (double)one->repeats, rx = p[CM_BG_R] + x;
    double age = p[CM_BG_ALPHA] + one->age, z = t / (age + t), c = a + p[CM_BG_B] + x - 1;
    double alive = 1 / (1 + gone_odds(p, one)), none = cm_exp(rx * cm_log(age / (age + t))); /* none: while alive */
    double expected = c / (a - 1) * (1 - none * hypergeometric(rx, p[CM_BG_B] + x, c, z)) * alive;
    return (cm_outlook){.alive = alive, .silent = 1 - alive + alive * none, .expected = expected > 0 ? expected : 0};
}
