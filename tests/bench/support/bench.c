#include "bench.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

void bench_check(bench *b, cm_status status) {
    if (!status) return;
    fprintf(stderr, "%s\n", cm_error_message(b->ctx));
    exit(1);
}

void bench_start(bench *b, const char *name) {
    int i = 0;
    while (i < b->clock_count && strcmp(b->clocks[i].name, name)) i++;
    if (i == b->clock_count) b->clocks[b->clock_count++].name = name;
    b->running = i;
    b->started = now();
}

void bench_stop(bench *b) {
    b->clocks[b->running].seconds += now() - b->started;
}

void bench_result(bench *b, const char *name, double value) {
    size_t length = strlen(b->results);
    snprintf(b->results + length, sizeof b->results - length, "%s\"%s\": %.17g", length ? ", " : "", name, value);
}

static void print_line(const bench *b) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("{\"workload\": \"%s\", \"case\": \"%s\", \"peer\": \"%s\", \"version\": \"%s\", \"threads\": %d, "
           "\"seconds\": {",
           b->workload, b->name, b->peer, cm_version(), b->threads);
    for (int i = 0; i < b->clock_count; i++)
        printf("%s\"%s\": %.6f", i ? ", " : "", b->clocks[i].name, b->clocks[i].seconds);
    printf("}, \"peak_mb\": %.1f, \"result\": {%s}}\n", (double)use.ru_maxrss / 1024, b->results);
    fflush(stdout);
}

static void run_case(const char *workload, const bench_case *one, const char *threads) {
    bench b = {.workload = workload, .name = one->name, .peer = one->peer, .threads = atoi(threads)};
    bench_check(&b, cm_context_new(NULL, &b.ctx));
    cm_options *options = bench_options(&b, "context", (const char *const[]){"threads", threads, NULL});
    bench_check(&b, cm_context_configure(b.ctx, options));
    cm_options_free(options);
    one->run(&b);
    cm_context_free(b.ctx);
    print_line(&b);
}

int bench_main(int argc, char **argv, const char *workload, const bench_case *cases) {
    const char *name = "*", *peer = "*", *threads = "2";
    int list = 0;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--list")) list = 1;
        else if (i + 1 < argc && !strcmp(argv[i], "--case")) name = argv[++i];
        else if (i + 1 < argc && !strcmp(argv[i], "--peer")) peer = argv[++i];
        else if (i + 1 < argc && !strcmp(argv[i], "--threads")) threads = argv[++i];
        else return fprintf(stderr, "usage: %s [--case NAME] [--peer NAME] [--threads N] [--list]\n", argv[0]), 2;
    }
    for (; cases->name; cases++) {
        if (fnmatch(name, cases->name, 0) || fnmatch(peer, cases->peer, 0)) continue;
        if (list) printf("%s %s\n", cases->name, cases->peer);
        else run_case(workload, cases, threads);
    }
    return 0;
}

cm_options *bench_options(bench *b, const char *topic, const char *const *pairs) {
    cm_options *options = NULL;
    bench_check(b, cm_options_new(b->ctx, topic, &options));
    for (uint64_t i = 0; pairs && pairs[i]; i += 2) {
        int list = 0; /* a name that stands more than once */
        for (uint64_t j = 0; pairs[j]; j += 2) list |= j != i && !strcmp(pairs[i], pairs[j]);
        bench_check(b, list ? cm_options_add_text(b->ctx, options, pairs[i], pairs[i + 1])
                            : cm_options_set_text(b->ctx, options, pairs[i], pairs[i + 1]));
    }
    return options;
}

cm_table *bench_model_table(bench *b, const cm_model *model, const char *name) {
    cm_table *table = NULL;
    bench_check(b, cm_model_table(b->ctx, model, name, &table));
    return table;
}

double bench_sum(const cm_table *table, const char *column) {
    int64_t number = cm_table_find(table, column);
    double sum = 0;
    for (uint64_t row = 0; number >= 0 && row < cm_table_rows(table); row++) {
        double value = cm_table_double(table, row, (uint64_t)number);
        if (!isnan(value)) sum += value;
    }
    return sum;
}

static const char *in_folder(const char *variable, const char *otherwise, const char *name) {
    static char paths[2][1024];
    static int turn;
    const char *folder = getenv(variable);
    char *path = paths[turn = !turn];
    snprintf(path, sizeof paths[0], "%s/%s", folder ? folder : otherwise, name);
    return path;
}

const char *bench_cached(const char *name) {
    return in_folder("BENCH_CACHE", "/tmp/custmine-bench", name);
}

const char *bench_data(const char *name) {
    return in_folder("BENCH_DATA", "../shared/data", name);
}
