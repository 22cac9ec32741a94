/* custmine profile: what sets a target group apart. The group is told of customers (age=65+, money>=1000), of their
 * lines (StockCode=85123A: who bought it), as a list of ids, or by a saved model's segments (--model rfm.cm --group
 * segment=Champions). */
#include <string.h>

#include "command.h"

/* Whether the condition is on this table: a column's name, then a comparison. */
static int is_of(const char *group, const cm_table *table) {
    for (uint64_t i = 0; i < cm_table_columns(table); i++) {
        cm_column_view column = {.struct_size = sizeof column};
        if (!cm_table_view(table, i, 0, &column)) continue;
        size_t length = strlen(column.name);
        if (!strncmp(group, column.name, length) && group[length] && strchr("!<>=", group[length])) return 1;
    }
    return 0;
}

/* A condition on the lines makes their buyers the group. */
static cm_status set_group(struct job *job, const cm_table *lines, const cm_table *customers) {
    cm_options *options = job_options(job, "profile");
    if (!job->group) return CM_OK;
    cm_status status = cm_options_set_text(job->ctx, options, "group", job->group);
    if (status || is_of(job->group, customers) || !is_of(job->group, lines)) return status;
    return cm_options_set_table(job->ctx, options, "members", lines);
}

/* The segments of a saved model beside the customers. */
static cm_status add_segments(struct job *job, cm_table **customers) {
    static const char *const names[] = {"customer", "segment"};
    cm_model *model = NULL;
    cm_table *scores = NULL, *segments = NULL, *joined = NULL;
    cm_status status = cm_model_load(job->ctx, job->model, &model);
    if (!status) status = cm_apply(job->ctx, model, *customers, &scores);
    if (!status) status = cm_table_select(job->ctx, scores, names, 2, &segments);
    if (!status) status = cm_table_join(job->ctx, *customers, segments, NULL, &joined);
    cm_table_free(segments);
    cm_table_free(scores);
    cm_model_free(model);
    if (status) return status;
    cm_table_free(*customers);
    *customers = joined;
    return CM_OK;
}

static int run(struct job *job) {
    cm_table *table = NULL, *customers = NULL;
    int status = EXIT_DONE;
    if (read_files(job, &table)) status = fail(job);
    else if (has_inputs(job, job->command, table)) customers = cm_table_retain(table);
    else if (make_customers(job, table, &customers)) status = fail(job);
    if (!status && job->model && add_segments(job, &customers)) status = fail(job);
    if (!status && set_group(job, table, customers)) status = fail(job);
    if (!status) status = fit_and_write(job, customers);
    cm_table_free(customers);
    cm_table_free(table);
    return status;
}

const subcommand profile_command = {
    .name = "profile",
    .help = NULL,
    .arguments = "FILE...",
    .topics = "context read customers write METHOD",
    .tables = NULL,
    .examples = {"custmine %s --group StockCode=85123A sales.csv.gz",
                 "custmine %s --model rfm.cm --group segment=Champions --customers people.csv sales.csv.gz"},
    .run = run,
    .least_files = 1,
};
