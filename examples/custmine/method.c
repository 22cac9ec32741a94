/* custmine rfm, and every other method of the library: fit, apply, and one of the tables that come of it. */
#include <string.h>

#include "command.h"

int is_default_table(struct job *job, const char *method, const char *name) {
    cm_table *outputs = NULL;
    int found = 0;
    if (cm_describe(job->ctx, "outputs", &outputs)) return 0;
    for (uint64_t row = 0; row < cm_table_rows(outputs); row++)
        found |= !strcmp(cm_table_text(outputs, row, 0, 0, NULL), method) && cm_table_int(outputs, row, 3)
                 && !strcmp(cm_table_text(outputs, row, 1, 0, NULL), name);
    cm_table_free(outputs);
    return found;
}

/* A table of a result: the scores, one attached to them, their reasons, or one of the model. */
static cm_status result_table(struct job *job, const cm_model *model, const cm_table *input, const cm_table *scores, cm_table **out) {
    const char *name = job->table;
    if (!name || is_default_table(job, cm_model_method(model), name)) {
        *out = cm_table_retain(scores);
        return CM_OK;
    }
    if (!strcmp(name, "reasons")) return cm_explain(job->ctx, model, input, out);
    if (cm_table_attached(job->ctx, scores, name, out) == CM_OK) return CM_OK;
    return cm_model_table(job->ctx, model, name, out);
}

int apply_model(struct job *job, const cm_model *model, const cm_table *input) {
    cm_table *scores = NULL, *table = NULL;
    int status = EXIT_DONE;
    if (cm_apply(job->ctx, model, input, &scores) || result_table(job, model, input, scores, &table)) status = fail(job);
    if (!status) status = write_result(job, table, job->table ? job->table : "scores");
    cm_table_free(table);
    cm_table_free(scores);
    return status;
}

static int run(struct job *job) {
    cm_table *sales = NULL, *input = NULL;
    cm_model *model = NULL;
    int status = EXIT_DONE;
    if (read_files(job, &sales) || prepare_input(job, job->command, sales, &input)
        || cm_fit(job->ctx, job->command, input, job_options(job, job->command), &model))
        status = fail(job);
    if (!status) status = apply_model(job, model, input);
    if (!status && job->save && cm_model_save(job->ctx, model, job->save)) status = fail(job);
    cm_model_free(model);
    cm_table_free(input);
    cm_table_free(sales);
    return status;
}

const subcommand method_command = {
    .name = NULL,
    .help = NULL,
    .arguments = "FILE...",
    .topics = "context read customers write METHOD",
    .tables = NULL,
    .examples = {"custmine %s sales.csv.gz", "custmine %s --save model.cm --format json --output scores.json sales.csv.gz"},
    .run = run,
    .least_files = 1,
};
