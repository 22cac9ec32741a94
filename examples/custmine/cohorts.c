/* custmine cohorts: customers by the month of their first purchase, month by month. */
#include <string.h>

#include "command.h"

static int run(struct job *job) {
    const char *name = job->table ? job->table : "cohorts";
    cm_table *sales = NULL, *customers = NULL, *table = NULL;
    int status = EXIT_DONE;
    if (strcmp(name, "cohorts") != 0 && strcmp(name, "audit") != 0)
        return usage(job, "there is no table %s, but cohorts and audit", name);
    if (cm_options_set_text(job->ctx, job_options(job, "customers"), "cohorts", "true") || use_columns(job, NULL)
        || read_files(job, &sales) || make_customers(job, sales, &customers)
        || cm_table_attached(job->ctx, customers, name, &table))
        status = fail(job);
    if (!status) status = write_result(job, table, name);
    cm_table_free(table);
    cm_table_free(customers);
    cm_table_free(sales);
    return status;
}

const subcommand cohorts_command = {
    .name = "cohorts",
    .help = "customers by month of first purchase: still buying, money",
    .arguments = "FILE...",
    .topics = "context read customers write",
    .tables = "cohorts audit",
    .examples = {"custmine cohorts sales.csv.gz", "custmine cohorts --as-of 2011-11-30 --format json sales.csv.gz"},
    .run = run,
    .least_files = 1,
};
