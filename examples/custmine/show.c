/* custmine show: what a saved model says. */
#include <string.h>

#include "command.h"

static int run(struct job *job) {
    const char *name = job->table ? job->table : "tables";
    cm_model *model = NULL;
    cm_table *table = NULL;
    int status = EXIT_DONE;
    if (job->file_count > 1) return usage(job, "it takes one model; what is %s?", job->files[1]);
    if (cm_model_load(job->ctx, job->files[0], &model) || cm_model_table(job->ctx, model, name, &table))
        status = fail(job);
    if (!status) status = write_result(job, table, name);
    cm_table_free(table);
    cm_model_free(model);
    return status;
}

const subcommand show_command = {
    .name = "show",
    .help = "what a saved model says: its tables",
    .arguments = "MODEL",
    .topics = "context write",
    .tables = "tables, and each that it names (options, cuts, segments ...)",
    .examples = {"custmine show rfm.cm", "custmine show --table cuts rfm.cm"},
    .run = run,
    .least_files = 1,
};
