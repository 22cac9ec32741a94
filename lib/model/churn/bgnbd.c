/* The BG/NBD model (P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting Your Customers the Easy Way: An Alternative to
 * the Pareto/NBD Model", Marketing Science 24(2), 2005, doi:10.1287/mksc.1040.0098).
 *
 * The idea: while alive a customer buys as a Poisson process, whose rate is gamma (r, alpha) over customers; after each
 * purchase he may become inactive, with a probability that is beta (a, b) over customers. The likelihood has a closed
 * form in x (repeat purchases), t_x (the time of the last) and T (how long he has been watched).
 *
 * The maximum: BFGS in the logarithms of the four parameters, with the exact gradient, a backtracking line search, and
 * standard errors from differences of the gradient (delta method). Cost: one pass over the distinct histories an
 * evaluation.
 *
 * Different here: gamma functions appear as ratios whose arguments differ by whole numbers, so they are sums of
 * logarithms tabulated over x once an evaluation; sums are formed in blocks of fixed size, so that threads do not
 * change a bit. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/threads.h"
#include "model/churn/churn.h"

#define N CM_BG_PARAMETERS
#define BLOCK 2048

/* Over x: log of Gamma(q + x) / Gamma(q), and its derivative by q, for q = r, b and a + b. */
typedef struct ratio_table {
    double *log, *slope;
} ratio_table;

typedef struct evaluation {
    const cm_history *histories;
    uint64_t count, blocks, longest; /* longest: largest x + 1 */
    const double *parameters;
    ratio_table r, b, ab;
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

static void add_history(const evaluation *work, const cm_history *one, double *sums) {
    const double *p = work->parameters;
    uint64_t x = (uint64_t)one->repeats;
    double rx = p[CM_BG_R] + (double)x, weight = one->weight;
    double log_age = cm_log(p[CM_BG_ALPHA] + one->age), logs = log_age, inverse = 1 / (p[CM_BG_ALPHA] + one->age);
    double value = work->r.log[x] + p[CM_BG_R] * work->log_alpha + work->b.log[x] - work->ab.log[x];
    double by_a = -work->ab.slope[x], by_b = work->b.slope[x] - work->ab.slope[x];
    if (x == 0) {
        value -= rx * log_age;
    } else { /* alive, or gone after the last purchase */
        double log_last = cm_log(p[CM_BG_ALPHA] + one->last), before = p[CM_BG_B] + (double)x - 1;
        double alive = -rx * log_age, gone = work->log_a - cm_log(before) - rx * log_last;
        double larger = alive > gone ? alive : gone, both = larger + cm_log1p(cm_exp(-fabs(alive - gone)));
        double share = cm_exp(gone - both);
        value += both;
        logs = (1 - share) * log_age + share * log_last;
        inverse = (1 - share) * inverse + share / (p[CM_BG_ALPHA] + one->last);
        by_a += share / p[CM_BG_A];
        by_b -= share / before;
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
    for (uint64_t i = block * BLOCK; i < end; i++) add_history(work, &work->histories[i], work->sums[block]);
    return cm_tick(ctx, "fit", block, work->blocks);
}

static cm_status evaluate(cm_context *ctx, evaluation *work, const double *parameters, double *value, double *gradient) {
    work->parameters = parameters;
    work->log_alpha = cm_log(parameters[CM_BG_ALPHA]);
    work->log_a = cm_log(parameters[CM_BG_A]);
    fill_ratios(&work->r, work->longest, parameters[CM_BG_R]);
    fill_ratios(&work->b, work->longest, parameters[CM_BG_B]);
    fill_ratios(&work->ab, work->longest, parameters[CM_BG_A] + parameters[CM_BG_B]);
    cm_status status = cm_parallel(ctx, work->blocks, add_block, work);
    *value = 0;
    memset(gradient, 0, N * sizeof *gradient);
    for (uint64_t block = 0; block < work->blocks && !status; block++) {
        *value += work->sums[block][0];
        for (int i = 0; i < N; i++) gradient[i] += work->sums[block][1 + i];
    }
    return status;
}

static cm_status open_evaluation(cm_context *ctx, const cm_history *histories, uint64_t count, evaluation *out) {
    *out = (evaluation){.histories = histories, .count = count, .blocks = (count + BLOCK - 1) / BLOCK};
    for (uint64_t i = 0; i < count; i++)
        if ((uint64_t)histories[i].repeats >= out->longest) out->longest = (uint64_t)histories[i].repeats + 1;
    double **const arrays[] = {&out->r.log, &out->r.slope, &out->b.log, &out->b.slope, &out->ab.log, &out->ab.slope};
    for (int i = 0; i < 6; i++)
        if (!(*arrays[i] = cm_alloc(ctx, out->longest, sizeof(double)))) return ctx->error.status;
    out->sums = cm_alloc(ctx, out->blocks, sizeof *out->sums);
    return out->sums ? CM_OK : ctx->error.status;
}

static void close_evaluation(cm_core *core, evaluation *work) {
    double *const arrays[] = {work->r.log, work->r.slope, work->b.log, work->b.slope, work->ab.log, work->ab.slope};
    for (int i = 0; i < 6; i++) cm_free(core, arrays[i], work->longest, sizeof(double));
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
        for (int j = 0; j < N; j++)
            h[i][j] += (1 + yhy / sy) * s[i] * s[j] / sy - (hy[i] * s[j] + s[i] * hy[j]) / sy;
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
static cm_status find_inverse(cm_context *ctx, evaluation *work, const descent *at, double inverse[N][N], bool *regular) {
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

/* Near the top the likelihood itself is flat to its last digit; the gradient still points the way (Newton). */
static cm_status polish(cm_context *ctx, evaluation *work, descent *at, bool *better) {
    double inverse[N][N];
    bool regular;
    descent next = *at;
    *better = false;
    cm_status status = find_inverse(ctx, work, at, inverse, &regular);
    if (status || !regular) return status;
    for (int i = 0; i < N; i++) {
        double move = -dot(inverse[i], at->gradient);
        if (!(fabs(move) < 0.1)) return CM_OK; /* not near a top: a ridge or a border */
        next.logs[i] += move;
    }
    status = evaluate_logs(ctx, work, next.logs, &next.value, next.gradient);
    if (status || !(steepest(next.gradient) < steepest(at->gradient))) return status;
    *at = next;
    *better = true;
    return CM_OK;
}

static cm_status climb(cm_context *ctx, evaluation *work, int64_t iterations, descent *at, cm_bg_fit *out) {
    bool moved = true, regular = false;
    double inverse[N][N];
    cm_status status = evaluate_logs(ctx, work, at->logs, &at->value, at->gradient);
    for (out->iterations = 0; !status && moved && out->iterations < iterations; out->iterations++)
        status = step(ctx, work, at, &moved);
    out->converged = !moved;
    moved = true;
    for (int times = 0; times < 5 && moved && !status; times++) status = polish(ctx, work, at, &moved);
    if (!status) status = find_inverse(ctx, work, at, inverse, &regular);
    for (int i = 0; i < N && !status; i++) {
        out->parameters[i] = cm_exp(at->logs[i]);
        out->errors[i] = regular && inverse[i][i] > 0 ? out->parameters[i] * sqrt(inverse[i][i]) : (double)NAN;
    }
    out->log_likelihood = -at->value;
    return status;
}

cm_status cm_bg_maximise(cm_context *ctx, const cm_history *histories, uint64_t count, int64_t iterations, cm_bg_fit *out) {
    evaluation work;
    descent at = {0};
    double ages = 0, weights = 0;
    *out = (cm_bg_fit){0};
    for (uint64_t i = 0; i < count; i++) {
        ages += histories[i].weight * histories[i].age;
        weights += histories[i].weight;
    }
    if (ages > 0) at.logs[CM_BG_ALPHA] = cm_log(ages / weights / 4); /* a start that does not depend on the unit of time */
    for (int i = 0; i < N; i++) at.inverse[i][i] = 1 / weights;
    cm_status status = open_evaluation(ctx, histories, count, &work);
    if (!status) status = climb(ctx, &work, iterations, &at, out);
    close_evaluation(ctx->core, &work);
    return status;
}

/* ---- one customer ---- */

/* The odds that he is gone, given that he was alive up to his last purchase; 0 for one who never came back. */
static double gone_odds(const double p[N], const cm_history *one) {
    if (one->repeats == 0) return 0;
    double power = (p[CM_BG_R] + (double)one->repeats) * cm_log((p[CM_BG_ALPHA] + one->age) / (p[CM_BG_ALPHA] + one->last));
    return p[CM_BG_A] / (p[CM_BG_B] + (double)one->repeats - 1) * cm_exp(power);
}

double cm_bg_alive(const double p[N], const cm_history *one) { return 1 / (1 + gone_odds(p, one)); }

double cm_bg_silent(const double p[N], const cm_history *one, double t) {
    double alive = cm_bg_alive(p, one), age = p[CM_BG_ALPHA] + one->age;
    return 1 - alive + alive * cm_exp((p[CM_BG_R] + (double)one->repeats) * cm_log(age / (age + t)));
}

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

/* Equation (10) of the paper. At a = 1 it is a limit: approached from beside. */
double cm_bg_expected(const double p[N], const cm_history *one, double t) {
    double a = fabs(p[CM_BG_A] - 1) < 1e-7 ? 1 + 1e-7 : p[CM_BG_A], x = (double)one->repeats;
    double age = p[CM_BG_ALPHA] + one->age, z = t / (age + t), c = a + p[CM_BG_B] + x - 1;
    double rest = cm_exp((p[CM_BG_R] + x) * cm_log(age / (age + t))) * hypergeometric(p[CM_BG_R] + x, p[CM_BG_B] + x, c, z);
    double expected = c / (a - 1) * (1 - rest) / (1 + gone_odds(p, one));
    return expected > 0 ? expected : 0;
}
