/* custmine describe: what a file holds, what looks odd in it, how it was read, and why. */
#include <string.h>

#include "command.h"

static int run(struct job *job) {
    const char *name = job->table ? job->table : "columns";
    cm_table *sales = NULL, *table = NULL;
    cm_options *options = job_options(job, "read");
    int status = EXIT_DONE;
    int checks = !strcmp(name, "checks");
    if (!checks && strcmp(name, "columns") != 0 && strcmp(name, "schema") != 0 && strcmp(name, "audit") != 0
        && strcmp(name, "rejects") != 0)
        return usage(job, "there is no table %s, but columns, checks, schema, audit and rejects", name);
    /* To look at a file must work with any file: rows that do not fit are counted, unless it was asked otherwise. */
    if (!job->on_error_given && cm_options_set_text(job->ctx, options, "on_error", "collect")) return fail(job);
    if (read_files(job, &sales)
        || (checks ? cm_checks(job->ctx, sales, NULL, &table) : cm_table_attached(job->ctx, sales, name, &table)))
        status = fail(job);
    if (!status) status = write_result(job, table, name);
    cm_table_free(table);
    cm_table_free(sales);
    return status;
}

const subcommand describe_command = {
    .name = "describe",
    .help = "what the file holds, and how it was read",
    .arguments = "FILE...",
    .topics = "context read write",
    .tables = "columns checks schema audit rejects",
    .examples = {"custmine describe sales.csv.gz",
                 "custmine describe --table audit --format json january.csv february.csv"},
    .run = run,
    .least_files = 1,
};
