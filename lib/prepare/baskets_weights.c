/* The weight of each basket, from a column of its lines. All lines of a basket have the same one, also those that are
 * no part of it (refunds, lines after as-of): another one is an error with its row. Lines belong together as in the
 * baskets: by an invoice, a customer, or a customer and a day, of which a window has several. */
#include "base/civil.h"
#include "base/number.h"
#include "prepare/baskets_weights.h"
#include "table/lines.h"

#define BIT CM_ROLE_BIT

enum { KIND, ID, DAY, PARTS };
enum { INVOICES, CUSTOMERS };

typedef struct finding {
    cm_basket_weights *out;
    cm_weights weights;
    cm_lines lines;
    cm_id_codes customers, invoices;
    cm_lines_block block;
} finding;

/* What the weight is known by. */
static void key_of(int32_t by, int32_t invoice, int32_t customer, int32_t day, int64_t key[PARTS]) {
    bool whole = by == CM_BASKET_BY_INVOICE && invoice >= 0;
    key[KIND] = whole ? INVOICES : CUSTOMERS;
    key[ID] = whole ? invoice : customer;
    key[DAY] = whole || by == CM_BASKET_BY_CUSTOMER ? 0 : day;
}

static cm_status fail_weights(cm_context *ctx, const cm_basket_weights *all, uint64_t row, int64_t weight,
                              int64_t other) {
    char own[CM_NUMBER_TEXT + 1], others[CM_NUMBER_TEXT + 1];
    own[cm_print_decimal(weight, all->scale, own)] = 0;
    others[cm_print_decimal(other, all->scale, others)] = 0;
    return cm_fail(ctx, CM_E_DATA, "BASKET_WEIGHTS", "suss", all->name, row + 1, own, others);
}

static cm_status add_weight(cm_context *ctx, cm_basket_weights *out, const int64_t key[PARTS], uint64_t row,
                            int64_t weight) {
    uint64_t number, known = out->keys.count;
    cm_status status = cm_tuples_add(ctx, &out->keys, key, &number);
    if (!status) status = cm_reserve(ctx, &out->all, &out->capacity, number + 1, sizeof *out->all);
    if (status) return status;
    if (number == known) out->all[number] = (cm_basket_weight){weight, row};
    if (out->all[number].weight == weight) return CM_OK;
    return fail_weights(ctx, out, row, weight, out->all[number].weight);
}

static cm_status add_line(cm_context *ctx, finding *own, uint64_t i) {
    const cm_lines_block *block = &own->block;
    uint8_t has = block->has[i];
    int32_t invoice = -1, customer = -1, day = CM_NO_DAY;
    int64_t weight, key[PARTS];
    cm_status status = CM_OK;
    if (has & CM_HAS_INVOICE) status = cm_id_codes_get(ctx, &own->invoices, block->invoice[i], &invoice);
    if (!status && has & CM_HAS_CUSTOMER) status = cm_id_codes_get(ctx, &own->customers, block->customer[i], &customer);
    if (has & CM_HAS_TIME) day = cm_civil_day_of(block->time[i] + own->out->shift);
    key_of(own->out->by, invoice, customer, day, key);
    if (status || key[ID] < 0) return status; /* it is in no basket */
    status = cm_weight_at(ctx, &own->weights, block->first_row + i, &weight);
    return status ? status : add_weight(ctx, own->out, key, block->first_row + i, weight);
}

static cm_status add_lines(cm_context *ctx, finding *own) {
    uint64_t rows = own->lines.table->rows;
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < rows && !status; row += own->block.rows) {
        status = cm_tick(ctx, "baskets", row, rows);
        if (!status) status = cm_lines_fill(ctx, &own->lines, row, rows, &own->block);
        for (uint64_t i = 0; i < own->block.rows && !status; i++) status = add_line(ctx, own, i);
    }
    return status;
}

cm_status cm_basket_weights_find(cm_context *ctx, const cm_table *lines, const char *column, cm_orders *orders,
                                 int32_t by, cm_basket_weights *out) {
    uint32_t roles = BIT(CM_ROLE_CUSTOMER) | BIT(CM_ROLE_INVOICE) | BIT(CM_ROLE_DATE);
    *out = (cm_basket_weights){.keys.width = PARTS, .by = by, .shift = cm_orders_shift(orders)};
    if (!column) return CM_OK;
    finding *own = cm_alloc(ctx, 1, sizeof *own);
    if (!own) return ctx->error.status;
    own->out = out;
    out->name = column;
    cm_status status = cm_lines_open(ctx, lines, roles, 0, &own->lines);
    if (!status) status = cm_weights_open(ctx, lines, column, &own->weights);
    if (!status) out->type = own->weights.column->type, out->scale = own->weights.column->scale;
    if (!status)
        status = cm_id_codes_open(ctx, &orders->customers, own->lines.columns[CM_ROLE_CUSTOMER], &own->customers);
    if (!status) status = cm_id_codes_open(ctx, &orders->invoices, own->lines.columns[CM_ROLE_INVOICE], &own->invoices);
    if (!status) status = add_lines(ctx, own);
    cm_id_codes_close(ctx->core, &own->invoices);
    cm_id_codes_close(ctx->core, &own->customers);
    cm_weights_close(&own->weights);
    cm_lines_close(&own->lines);
    cm_free(ctx->core, own, 1, sizeof *own);
    return status;
}

void cm_basket_weights_clear(cm_core *core, cm_basket_weights *weights) {
    cm_tuples_clear(core, &weights->keys);
    cm_free(core, weights->all, weights->capacity, sizeof *weights->all);
}

cm_status cm_basket_weights_get(cm_context *ctx, const cm_basket_weights *weights, const cm_order *order,
                                const cm_basket_weight *earlier, const cm_basket_weight **out) {
    int64_t key[PARTS];
    uint64_t number = 0;
    key_of(weights->by, order->invoice, order->customer, order->day, key);
    if (!cm_tuples_find(&weights->keys, key, &number)) return cm_misuse(ctx, __func__);
    *out = &weights->all[number];
    if (!earlier || earlier->weight == (*out)->weight) return CM_OK;
    return fail_weights(ctx, weights, (*out)->row, (*out)->weight, earlier->weight);
}
