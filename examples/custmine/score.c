/* custmine score: a saved model on new data. */
#include <string.h>

#include "command.h"

/* Whether the model was made from columns that were named. */
static int has_columns(struct job *job, const cm_model *model) {
    cm_table *options = NULL;
    int found = 0;
    if (cm_model_table(job->ctx, model, "options", &options)) return 0;
    for (uint64_t row = 0; row < cm_table_rows(options); row++)
        found |= !strcmp(cm_table_text(options, row, 0, 0, NULL), "columns");
    cm_table_free(options);
    return found;
}

static int run(struct job *job) {
    cm_table *input = NULL;
    cm_model *model = NULL;
    int status = EXIT_DONE;
    const char *path = job->files[0];
    job->file_count--;
    for (int i = 0; i < job->file_count; i++) job->files[i] = job->files[i + 1];
    if (cm_model_load(job->ctx, path, &model) == CM_OK) job->columns_given = has_columns(job, model);
    if (!model)
        status = fail(job);
    else if (wants_baskets(job) && !takes_baskets(job, cm_model_method(model)))
        status = usage(job, "--layout baskets is for models of baskets, not of %s", cm_model_method(model));
    else if (read_input(job, cm_model_method(model), &input))
        status = fail(job);
    if (!status) status = apply_model(job, model, input);
    cm_model_free(model);
    cm_table_free(input);
    return status;
}

const subcommand score_command = {
    .name = "score",
    .help = "a saved model on new data",
    .arguments = "MODEL FILE...",
    .topics = "context read customers baskets write",
    .tables = "scores audit reasons, and those of the model",
    .examples = {"custmine score rfm.cm today.csv",
                 "custmine score rfm.cm --table segments --as-of 2011-12-31 today.csv"},
    .run = run,
    .least_files = 2,
};
