/* Transactions in one pass, straight into the state of orders: memory grows with the customers and their orders (of
 * baskets, with the items of each), not with the lines. What becomes customers is read so from standard input, and
 * anything with --stream. */
#include <string.h>

#include "command.h"

int streams(const struct job *job) {
    if (job->items || job->columns_given || job->layout) return 0;
    if (job->stream) return job->stream > 0;
    if (takes_baskets(job, job->command)) return 0; /* which a state gives without the items' names */
    for (int i = 0; i < job->file_count; i++)
        if (!strcmp(job->files[i], "-")) return 1;
    return 0;
}

static cm_status open_stream(struct job *job, cm_reader **out) {
    cm_options *options = job_options(job, "read");
    cm_status status = cm_options_set_int(job->ctx, options, "stream", 1);
    for (int i = 1; i < job->file_count && !status; i++)
        status = cm_options_add_text(job->ctx, options, "files", job->files[i]);
    return status ? status : cm_reader_open(job->ctx, job->files[0], options, out);
}

/* One table below the other; takes `more` over. */
static cm_status append(struct job *job, cm_table **all, cm_table *more) {
    const cm_table *both[] = {*all, more};
    cm_table *made = NULL;
    if (!*all) {
        *all = more;
        return CM_OK;
    }
    cm_status status = cm_table_concat(job->ctx, both, 2, &made);
    cm_table_free(more);
    if (status) return status;
    cm_table_free(*all);
    *all = made;
    return CM_OK;
}

static cm_status keep_rejects(struct job *job, const cm_table *batch, cm_table **rejects) {
    cm_table *more = NULL;
    if (!job->rejects || cm_table_attached(job->ctx, batch, "rejects", &more)) return CM_OK;
    if (cm_table_rows(more) || !*rejects) return append(job, rejects, more);
    cm_table_free(more);
    return CM_OK;
}

static cm_status new_orders(struct job *job, int keeps_items, cm_orders **out) {
    cm_options *options = NULL;
    cm_status status = cm_options_new(job->ctx, "orders", &options);
    if (!status) status = cm_options_set_int(job->ctx, options, "items", keeps_items);
    if (!status && job->utc_offset) status = cm_options_set_text(job->ctx, options, "utc_offset", job->utc_offset);
    if (!status) status = cm_orders_new(job->ctx, options, out);
    cm_options_free(options);
    return status;
}

/* The lines of all batches; the first is there already. */
static cm_status add_batches(struct job *job, cm_reader *reader, cm_table *batch, cm_orders *orders,
                             cm_table **rejects) {
    cm_status status = CM_OK;
    while (!status && batch) {
        status = cm_orders_update(job->ctx, orders, batch, NULL);
        if (!status) status = keep_rejects(job, batch, rejects);
        cm_table_free(batch);
        batch = NULL;
        if (!status) status = cm_reader_next(job->ctx, reader, &batch);
    }
    cm_table_free(batch);
    return status;
}

static cm_status ask(struct job *job, const cm_orders *orders, int baskets, cm_table **out) {
    cm_options *options = NULL;
    if (!baskets) return cm_orders_customers(job->ctx, orders, job_options(job, "customers"), out);
    cm_status status = basket_options(job, &options);
    return status ? status : cm_orders_baskets(job->ctx, orders, options, out);
}

static cm_status add_up(struct job *job, cm_reader *reader, cm_table *first, int baskets, cm_table **out) {
    cm_orders *orders = NULL;
    cm_table *rejects = NULL;
    cm_status status = new_orders(job, baskets, &orders);
    if (status) cm_table_free(first);
    else status = add_batches(job, reader, first, orders, &rejects);
    if (!status) status = cm_reader_audit(job->ctx, reader, &job->load_audit);
    if (!status && rejects) status = write_rejects(job, rejects);
    if (!status) status = ask(job, orders, baskets, out);
    cm_table_free(rejects);
    cm_orders_free(orders);
    return status;
}

/* A table of customers already, where it is so short that its types are known for sure. */
static cm_status whole_table(struct job *job, cm_reader *reader, cm_table *first, cm_table **out) {
    cm_table *second = NULL;
    cm_status status = cm_reader_next(job->ctx, reader, &second);
    if (!status && second) {
        cm_table_free(second);
        cm_table_free(first);
        job->long_table = 1;
        return CM_E_ARGUMENT;
    }
    if (status) cm_table_free(first);
    else *out = first;
    return status;
}

cm_status stream_input(struct job *job, const char *method, cm_table **out) {
    cm_reader *reader = NULL;
    cm_table *first = NULL;
    int baskets = method && takes_baskets(job, method);
    cm_status status = open_stream(job, &reader);
    if (!status) status = cm_reader_next(job->ctx, reader, &first);
    if (!status && first && method && !baskets && has_inputs(job, method, first))
        status = whole_table(job, reader, first, out);
    else if (!status) status = add_up(job, reader, first, baskets, out);
    cm_reader_free(reader);
    return status;
}

cm_status audit_of(struct job *job, const cm_table *table, cm_table **out) {
    cm_table *own = NULL;
    const cm_table *both[2] = {job->load_audit};
    cm_status status = cm_table_attached(job->ctx, table, "audit", &own);
    if (status || !job->load_audit) {
        *out = own;
        return status;
    }
    both[1] = own;
    status = cm_table_concat(job->ctx, both, 2, out);
    cm_table_free(own);
    return status;
}
