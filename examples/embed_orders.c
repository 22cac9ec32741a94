/* The nightly job in C: yesterday's state, tonight's file in portions, the customers as of today.
 *
 *     embed_orders STATE.cm NIGHT.csv
 *
 * The first night makes the state. A file that was added before is refused by its name, so that a job that runs twice
 * does no harm. */
#include <custmine.h>
#include <stdio.h>

static cm_status add_file(cm_context *ctx, cm_orders *orders, const char *path) {
    cm_reader *reader = NULL;
    cm_table *batch = NULL;
    cm_status status = cm_reader_open(ctx, path, NULL, &reader);
    while (status == CM_OK && (status = cm_reader_next(ctx, reader, &batch)) == CM_OK && batch) {
        status = cm_orders_update(ctx, orders, batch, path);
        cm_table_free(batch);
        batch = NULL;
    }
    cm_reader_free(reader);
    return status;
}

int main(int argc, char **argv) {
    cm_context *ctx = NULL;
    cm_orders *orders = NULL;
    cm_table *customers = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: embed_orders STATE.cm NIGHT.csv\n");
        return 2;
    }
    cm_status status = cm_context_new(NULL, &ctx);
    if (status == CM_OK && cm_orders_load(ctx, argv[1], &orders) == CM_E_IO) status = cm_orders_new(ctx, NULL, &orders);
    if (status == CM_OK && orders) status = add_file(ctx, orders, argv[2]);
    if (status == CM_OK && orders) status = cm_orders_save(ctx, orders, argv[1]);
    if (status == CM_OK && orders) status = cm_orders_customers(ctx, orders, NULL, &customers);
    if (customers) printf("%llu customers\n", (unsigned long long)cm_table_rows(customers));
    else fprintf(stderr, "%s\n", cm_error_message(ctx));

    int failed = customers == NULL;
    cm_table_free(customers);
    cm_orders_free(orders);
    cm_context_free(ctx);
    return failed;
}
