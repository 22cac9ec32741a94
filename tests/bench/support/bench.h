/* What every workload shares: cases by name, clocks, peak memory, and one JSON line a run in the form that the peers'
 * programs print.
 *
 *     static void load(bench *b) { bench_start(b, "load"); ...; bench_stop(b); bench_result(b, "rows", n); }
 *     static const bench_case cases[] = {{"csv-210mb", "custmine", load}, {0}};
 *     int main(int argc, char **argv) { return bench_main(argc, argv, "load", cases); }
 *
 * Usage of the programs: PROGRAM [--case NAME] [--peer NAME] [--threads N] [--list]. One run of each case that fits;
 * peak memory is that of the process, so ask for one case a process. */
#ifndef BENCH_H
#define BENCH_H

#include <custmine.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bench {
    cm_context *ctx; /* with as many threads as asked for */
    const char *workload, *name, *peer;
    int threads;
    struct {
        const char *name;
        double seconds;
    } clocks[16];
    int clock_count, running;
    double started;
    char results[4096];
} bench;

typedef struct bench_case {
    const char *name, *peer; /* peer: "custmine", or a variant of it */
    void (*run)(bench *b);
} bench_case;

int bench_main(int argc, char **argv, const char *workload, const bench_case *cases);

/* Clocks of the same name add up. */
void bench_start(bench *b, const char *name);
void bench_stop(bench *b);
void bench_result(bench *b, const char *name, double value);

/* Ends the program with the context's error unless status is CM_OK. */
void bench_check(bench *b, cm_status status);

/* An option object with NAME, VALUE pairs, ended by NULL. */
cm_options *bench_options(bench *b, const char *topic, const char *const *pairs);
cm_table *bench_model_table(bench *b, const cm_model *model, const char *name);
double bench_sum(const cm_table *table, const char *column); /* absent cells left out */

/* The path of a prepared input: $BENCH_CACHE/NAME (default /tmp/custmine-bench), or $BENCH_DATA/NAME (default
 * ../shared/data). Borrowed until the next but one call. */
const char *bench_cached(const char *name);
const char *bench_data(const char *name);

#endif
