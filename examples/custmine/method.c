/* custmine rfm, and every other method of the library: fit, apply, and one of the tables that come of it. */
#include <string.h>

#include "command.h"

/* The first table of a method that cm_fit or cm_apply makes; the first of all is its default. The caller frees
 * *outputs. */
static const char *first_table(struct job *job, const char *method, const char *made_by, cm_table **outputs) {
    *outputs = NULL;
    if (cm_describe(job->ctx, "outputs", outputs)) return NULL;
    for (uint64_t row = 0; row < cm_table_rows(*outputs); row++)
        if (!strcmp(cm_table_text(*outputs, row, 0, 0, NULL), method)
            && strstr(cm_table_text(*outputs, row, 2, 0, NULL), made_by))
            return cm_table_text(*outputs, row, 1, 0, NULL);
    return NULL;
}

/* A table of a result: what cm_apply gave, one attached to it, the reasons, or one of the model. */
static cm_status result_table(struct job *job, const cm_model *model, const cm_table *input, const cm_table *scores,
                              const char *applied, cm_table **out) {
    const char *name = job->table;
    if (!name || (applied && !strcmp(name, applied))) {
        *out = cm_table_retain(scores);
        return CM_OK;
    }
    if (!strcmp(name, "reasons")) return cm_explain(job->ctx, model, input, out);
    if (!strcmp(name, "audit")) return audit_of(job, scores, out);
    if (cm_table_attached(job->ctx, scores, name, out) == CM_OK) return CM_OK;
    return cm_model_table(job->ctx, model, name, out);
}

int apply_model(struct job *job, const cm_model *model, const cm_table *input) {
    cm_table *scores = NULL, *table = NULL, *outputs = NULL;
    const char *applied = first_table(job, cm_model_method(model), "apply", &outputs);
    int status = EXIT_DONE;
    if (cm_apply(job->ctx, model, input, &scores) || result_table(job, model, input, scores, applied, &table))
        status = fail(job);
    if (!status) status = write_result(job, table, job->table ? job->table : applied ? applied : "scores");
    cm_table_free(outputs);
    cm_table_free(table);
    cm_table_free(scores);
    return status;
}

/* Of a method whose default table cm_fit makes: what it found, not what follows for the data that it was found in. */
static int show_model(struct job *job, const cm_model *model, const cm_table *input, const char *name) {
    cm_table *table = NULL;
    int found = !strcmp(name, "audit") && audit_of(job, input, &table) == CM_OK, status = EXIT_DONE;
    if (!found && cm_model_table(job->ctx, model, name, &table)) status = fail(job);
    if (!status) status = write_result(job, table, name);
    cm_table_free(table);
    return status;
}

static int write_tables(struct job *job, const cm_model *model, const cm_table *input) {
    cm_table *all = NULL, *made = NULL;
    const char *first = first_table(job, job->command, "", &all);
    const char *applied = first ? first_table(job, job->command, "apply", &made) : NULL;
    const char *name = job->table ? job->table : first;
    int status;
    if (!applied) status = fail(job);
    else if (!strcmp(first, applied) || !strcmp(name, applied) || !strcmp(name, "reasons"))
        status = apply_model(job, model, input);
    else status = show_model(job, model, input, name);
    cm_table_free(all);
    cm_table_free(made);
    return status;
}

int fit_and_write(struct job *job, const cm_table *input) {
    cm_model *model = NULL;
    int status = EXIT_DONE;
    if (cm_fit(job->ctx, job->command, input, job_options(job, job->command), &model)) status = fail(job);
    if (!status) status = write_tables(job, model, input);
    if (!status && job->save && cm_model_save(job->ctx, model, job->save)) status = fail(job);
    cm_model_free(model);
    return status;
}

static int run(struct job *job) {
    cm_table *input = NULL;
    int status = EXIT_DONE;
    if (read_input(job, job->command, &input)) {
        if (job->long_table)
            return usage(job, "%s", "a table of customers comes from a file, or from standard input with --no-stream");
        status = fail(job);
    }
    if (!status) status = fit_and_write(job, input);
    cm_table_free(input);
    return status;
}

const subcommand method_command = {
    .name = NULL,
    .help = NULL,
    .arguments = "FILE...",
    .topics = "context read INPUT write METHOD",
    .tables = NULL,
    .examples = {"custmine %s sales.csv.gz",
                 "custmine %s --save model.cm --format json --output scores.json sales.csv.gz"},
    .run = run,
    .least_files = 1,
};
