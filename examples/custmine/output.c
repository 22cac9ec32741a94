/* Results: sorted, limited, as a table for eyes, CSV or JSON, to standard output or to a file that is whole or not
 * there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

static int32_t write_bytes(void *user, const char *bytes, uint64_t length) {
    return fwrite(bytes, 1, (size_t)length, user) == length ? 0 : 1;
}

static cm_status sort_table(struct job *job, const cm_table *table, cm_table **out) {
    int32_t falling = job->sort[0] == '-' && cm_table_find(table, job->sort) < 0;
    const char *column = job->sort + falling;
    return cm_table_sort(job->ctx, table, &column, &falling, 1, out);
}

static cm_status write_json(struct job *job, FILE *to, const cm_table *table, const char *name) {
    fprintf(to, "{\"schema_version\":1,\"command\":\"%s\",\"tables\":{\"%s\":", job->command, name);
    cm_status status = cm_write(job->ctx, table, job_options(job, "write"), write_bytes, to);
    fprintf(to, "}}\n");
    return status;
}

/* Eyes get a table on a terminal; programs get CSV. */
static const char *format_for(const struct job *job) {
    if (job->format) return job->format;
    return !job->output && isatty(STDOUT_FILENO) ? "table" : "csv";
}

static cm_status write_to(struct job *job, FILE *to, const cm_table *table, const char *name) {
    const char *format = format_for(job);
    cm_options *options = job_options(job, "write");
    if (!strcmp(format, "table")) {
        show_table(to, table, job->limit, terminal_width(to));
        return CM_OK;
    }
    cm_status status = cm_options_set_text(job->ctx, options, "format", format);
    if (status) return status;
    if (!strcmp(format, "json")) return write_json(job, to, table, name);
    return cm_write(job->ctx, table, options, write_bytes, to);
}

static int system_error(const struct job *job, const char *path) {
    fprintf(stderr, "custmine %s: cannot write %s: %s\n", job->command, path, strerror(errno));
    return EXIT_FAILED;
}

/* A device or a pipe is written to as it is: only a file can be replaced. */
static int is_no_file(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

static int write_and_close(struct job *job, const char *path, const cm_table *table, const char *name) {
    FILE *file = fopen(path, "wb");
    int status = file ? EXIT_DONE : system_error(job, job->output);
    if (!file) return status;
    if (write_to(job, file, table, name)) status = fail(job);
    if (fclose(file) != 0 && status == EXIT_DONE) status = system_error(job, job->output);
    return status;
}

/* Written beside its name (that of a link's target) and renamed when it is whole. */
static int write_file(struct job *job, const cm_table *table, const char *name) {
    if (is_no_file(job->output)) return write_and_close(job, job->output, table, name);
    char *real = realpath(job->output, NULL);
    const char *target = real ? real : job->output;
    size_t size = strlen(target) + 32;
    char *beside = malloc(size);
    int status = beside ? EXIT_DONE : system_error(job, job->output);
    if (beside) {
        snprintf(beside, size, "%s.%ld.tmp", target, (long)getpid());
        status = write_and_close(job, beside, table, name);
        if (status == EXIT_DONE && rename(beside, target) != 0) status = system_error(job, job->output);
        if (status != EXIT_DONE) remove(beside);
    }
    free(beside);
    free(real);
    return status;
}

int write_result(struct job *job, const cm_table *table, const char *name) {
    cm_table *sorted = NULL, *cut = NULL;
    int status = EXIT_DONE;
    if (job->sort && sort_table(job, table, &sorted)) status = fail(job);
    if (sorted) table = sorted;
    if (!status && job->limit > 0) {
        if (cm_table_slice(job->ctx, table, 0, (uint64_t)job->limit, &cut)) status = fail(job);
        else table = cut;
    }
    if (!status) {
        if (job->output) status = write_file(job, table, name);
        else if (write_to(job, stdout, table, name)) status = fail(job);
    }
    cm_table_free(sorted);
    cm_table_free(cut);
    return status;
}
