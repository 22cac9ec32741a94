/* Steps that several commands share. */
#include <string.h>

#include "command.h"

/* Rejected rows, with what was wrong with each. */
cm_status write_rejects(struct job *job, const cm_table *rejects) {
    cm_status status = cm_write_file(job->ctx, rejects, job_options(job, "write"), job->rejects);
    if (!status && cm_table_rows(rejects))
        say(job, "custmine %s: %llu rows rejected, written to %s", job->command,
            (unsigned long long)cm_table_rows(rejects), job->rejects);
    return status;
}

static cm_status write_rejects_of(struct job *job, const cm_table *table) {
    cm_table *rejects = NULL;
    cm_status status = cm_table_attached(job->ctx, table, "rejects", &rejects);
    if (status == CM_E_NOT_FOUND) {
        say(job, "custmine %s: nothing was rejected (--rejects goes with --on-error collect)", job->command);
        return CM_OK;
    }
    if (!status) status = write_rejects(job, rejects);
    cm_table_free(rejects);
    return status;
}

int wants_baskets(const struct job *job) { return job->layout && !strcmp(job->layout, "baskets"); }

/* The item table as the join wants it: a column "name" is the items' name where no other is. */
static cm_status read_items(struct job *job, cm_table **out) {
    cm_table *plain = NULL;
    cm_status status = cm_read_csv(job->ctx, job->items, NULL, &plain);
    if (!status && cm_table_find_role(plain, CM_ROLE_ITEM_NAME) < 0 && cm_table_find(plain, "name") >= 0)
        status = cm_table_with_role(job->ctx, plain, "name", CM_ROLE_ITEM_NAME, out);
    else if (!status) *out = cm_table_retain(plain);
    cm_table_free(plain);
    return status;
}

/* Name, category, brand ... beside each line, by the item's code; what has no partner is counted in the audit. */
static cm_status join_items(struct job *job, cm_table **sales) {
    cm_column_view item = {.struct_size = sizeof item}, key = {.struct_size = sizeof key};
    cm_table *items = NULL, *joined = NULL;
    cm_options *options = NULL;
    int64_t column = cm_table_find_role(*sales, CM_ROLE_ITEM);
    cm_status status = read_items(job, &items);
    if (!status) status = cm_options_new(job->ctx, "join", &options);
    if (!status && cm_table_view(*sales, (uint64_t)column, 0, &item))
        status = cm_options_set_text(job->ctx, options, "left_key", item.name);
    if (!status && cm_table_view(items, 0, 0, &key))
        status = cm_options_set_text(job->ctx, options, "right_key", key.name);
    if (!status) status = cm_table_join(job->ctx, *sales, items, options, &joined);
    cm_options_free(options);
    cm_table_free(items);
    if (status) return status;
    cm_table_free(*sales);
    *sales = joined;
    return CM_OK;
}

/* What becomes customers is read no further than it takes: the roles of orders, and what the method would take from a
 * table of customers. */
cm_status use_columns(struct job *job, const char *method) {
    static const char *const roles[] = {"customer", "invoice", "date", "quantity",
                                        "price",    "amount",  "cost", "currency"};
    cm_table *inputs = NULL;
    cm_options *options = job_options(job, "read");
    int baskets = wants_baskets(job) || (method && takes_baskets(job, method));
    cm_status status = CM_OK;
    if (job->columns_given || job->items || (baskets && !streams(job))) return CM_OK;
    if (baskets) status = cm_options_add_text(job->ctx, options, "use", "item");
    for (size_t i = 0; i < sizeof roles / sizeof *roles && !status; i++)
        status = cm_options_add_text(job->ctx, options, "use", roles[i]);
    if (!status && method) status = cm_describe(job->ctx, "inputs", &inputs);
    for (uint64_t row = 0; row < cm_table_rows(inputs) && !status; row++)
        if (!strcmp(cm_table_text(inputs, row, 0, 0, NULL), method))
            status = cm_options_add_text(job->ctx, options, "use", cm_table_text(inputs, row, 1, 0, NULL));
    cm_table_free(inputs);
    return status;
}

cm_status read_files(struct job *job, cm_table **out) {
    cm_options *options = job_options(job, "read");
    cm_status status = CM_OK;
    for (int i = 1; i < job->file_count && !status; i++)
        status = cm_options_add_text(job->ctx, options, "files", job->files[i]);
    if (!status && wants_baskets(job)) return cm_read_baskets(job->ctx, job->files[0], options, out);
    if (!status) status = cm_read_csv(job->ctx, job->files[0], options, out);
    if (!status && job->rejects) status = write_rejects_of(job, *out);
    if (!status && job->items) status = join_items(job, out);
    return status;
}

cm_status make_customers(struct job *job, const cm_table *sales, cm_table **out) {
    return cm_customers(job->ctx, sales, job_options(job, "customers"), out);
}

static int is_of_kind(const struct job *job, const char *method, const char *kind) {
    cm_table *methods = NULL;
    int found = 0;
    if (cm_describe(job->ctx, "methods", &methods)) return 0;
    for (uint64_t row = 0; row < cm_table_rows(methods); row++)
        found |= !strcmp(cm_table_text(methods, row, 0, 0, NULL), method)
                 && !strcmp(cm_table_text(methods, row, 1, 0, NULL), kind);
    cm_table_free(methods);
    return found;
}

int takes_baskets(const struct job *job, const char *method) { return is_of_kind(job, method, "baskets"); }

/* Whether the table has every column that the method needs, so that it is one of customers already. A method that takes
 * customers of any columns gets what cannot be transactions. */
int has_inputs(struct job *job, const char *method, const cm_table *table) {
    cm_table *inputs = NULL;
    int all = 1, needed = 0;
    if (cm_describe(job->ctx, "inputs", &inputs)) return 0;
    for (uint64_t row = 0; row < cm_table_rows(inputs); row++) {
        if (strcmp(cm_table_text(inputs, row, 0, 0, NULL), method) != 0) continue;
        all &= cm_table_find(table, cm_table_text(inputs, row, 1, 0, NULL)) >= 0;
        needed++;
    }
    cm_table_free(inputs);
    if (needed || !is_of_kind(job, method, "customers")) return all;
    return cm_table_find_role(table, CM_ROLE_CUSTOMER) < 0 || cm_table_find_role(table, CM_ROLE_DATE) < 0;
}

cm_status basket_options(struct job *job, cm_options **out) {
    cm_options *options = *out = job_options(job, "baskets");
    cm_status status = job->layout ? cm_options_set_text(job->ctx, options, "layout", job->layout) : CM_OK;
    int keys = job->table && (!strcmp(job->table, "key_items") || !strcmp(job->table, "concentration"));
    if (!status && keys && (!job->layout || !strcmp(job->layout, "lines")))
        status = cm_options_set_int(job->ctx, options, "key_items", 1);
    return status;
}

static cm_status make_baskets(struct job *job, const cm_table *table, cm_table **out) {
    cm_options *options = NULL;
    cm_status status = basket_options(job, &options);
    return status ? status : cm_baskets(job->ctx, table, options, out);
}

static cm_status prepare_input(struct job *job, const char *method, const cm_table *table, cm_table **out) {
    if (takes_baskets(job, method)) return make_baskets(job, table, out);
    if (job->columns_given || has_inputs(job, method, table)) {
        *out = cm_table_retain(table);
        return CM_OK;
    }
    return make_customers(job, table, out);
}

/* What some tables of rfm tell from the customers' histories, which cost time that the others need not spend. */
static cm_status ask_histories(struct job *job, const char *method) {
    static const char *const telling[] = {"segments", "migration", "changes", "golden"};
    cm_options *options = job_options(job, "customers");
    cm_status status = CM_OK;
    int asked = job->save != NULL;
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        asked |= job->table && !strcmp(job->table, telling[i]);
    if (strcmp(method, "rfm") != 0 || !options || !asked) return CM_OK;
    if (!job->before_days_given) status = cm_options_set_int(job->ctx, options, "before_days", 90);
    return status ? status : cm_options_set_text(job->ctx, options, "rhythm", "true");
}

cm_status read_input(struct job *job, const char *method, cm_table **out) {
    cm_table *table = NULL;
    cm_status status = ask_histories(job, method);
    if (!status) status = use_columns(job, method);
    if (!status && streams(job)) return stream_input(job, method, out);
    if (!status) status = read_files(job, &table);
    if (!status) status = prepare_input(job, method, table, out);
    cm_table_free(table);
    return status;
}
