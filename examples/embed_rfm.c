/* The main job in C: transactions in, RFM scores out.
 *
 *     embed_rfm sales.csv.gz
 */
#include <custmine.h>
#include <stdio.h>

int main(int argc, char **argv) {
    cm_context *ctx = NULL;
    cm_table *sales = NULL, *customers = NULL, *scores = NULL;
    cm_model *rfm = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: embed_rfm FILE\n");
        return 2;
    }
    if (cm_context_new(NULL, &ctx)
        || cm_read_csv(ctx, argv[1], NULL, &sales)           /* types, roles and audit decided and recorded */
        || cm_customers(ctx, sales, NULL, &customers)        /* one row a customer */
        || cm_fit(ctx, "rfm", customers, NULL, &rfm)         /* cut points */
        || cm_apply(ctx, rfm, customers, &scores)            /* scores and segments */
        || cm_model_save(ctx, rfm, "rfm.cm"))                /* the same scale tomorrow */
        fprintf(stderr, "%s\n", cm_error_message(ctx));

    uint64_t length;
    int64_t segment = cm_table_find(scores, "segment"), money = cm_table_find(scores, "monetary");
    for (uint64_t row = 0; row < cm_table_rows(scores) && row < 5; row++)
        printf("%s spent %.2f: %s\n", cm_table_text(scores, row, 0, 0, &length),
               cm_table_double(scores, row, (uint64_t)money),
               cm_table_text(scores, row, (uint64_t)segment, 0, &length));

    int failed = scores == NULL;
    cm_table_free(scores);
    cm_model_free(rfm);
    cm_table_free(customers);
    cm_table_free(sales);
    cm_context_free(ctx);
    return failed;
}
