/* custmine customers: one row a customer. */
#include <string.h>

#include "command.h"

static int run(struct job *job) {
    const char *name = job->table ? job->table : "customers";
    cm_table *sales = NULL, *customers = NULL, *audit = NULL;
    int status = EXIT_DONE, wants_audit = !strcmp(name, "audit");
    if (!wants_audit && strcmp(name, "customers") != 0)
        return usage(job, "there is no table %s, but customers and audit", name);
    if (use_columns(job, NULL)
        || (streams(job) ? stream_input(job, NULL, &customers)
                         : read_files(job, &sales) || make_customers(job, sales, &customers)))
        status = fail(job);
    else if (wants_audit && audit_of(job, customers, &audit))
        status = fail(job);
    if (!status) status = write_result(job, wants_audit ? audit : customers, name);
    cm_table_free(audit);
    cm_table_free(customers);
    cm_table_free(sales);
    return status;
}

const subcommand customers_command = {
    .name = "customers",
    .help = "one row a customer: first, last, invoices, money, refunds",
    .arguments = "FILE...",
    .topics = "context read customers write",
    .tables = "customers audit",
    .examples = {"custmine customers sales.csv.gz",
                 "custmine customers --as-of 2011-11-30 --refunds keep --sort -money --limit 20 sales.csv.gz"},
    .run = run,
    .least_files = 1,
};
