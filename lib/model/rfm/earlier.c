/* How the customers stood some days ago, by the cuts and rules of this model, and who has moved since: from the columns
 * that the option before_days of cm_customers adds. The same cuts for both days, so that a move is the customer's, not
 * that of the scale. */
#include <string.h>

#include "base/number.h"
#include "model/migration/moves.h"
#include "model/rfm/rfm.h"

enum { RECENCY, INVOICES, MONEY, DAYS_SINCE, MONEY_SINCE, COLUMNS };

static const char *const names[COLUMNS] = {"recency_days_before", "invoices_before", "money_before",
                                           "purchase_days_since", "money_since"};

/* The columns, if they are all there and of the types that cm_customers, or a CSV file of its table, gives them. */
static bool find_columns(const cm_table *table, int64_t columns[COLUMNS], int32_t *money_scale) {
    *money_scale = 0;
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = cm_table_find(table, names[i]);
        if (columns[i] < 0) return false;
        const cm_column *column = table->columns[columns[i]];
        bool money = i == MONEY || i == MONEY_SINCE;
        if (column->type != CM_INT64 && !(money && column->type == CM_DECIMAL)) return false;
        if (money && column->scale > *money_scale) *money_scale = column->scale;
    }
    return true;
}

static bool read_money(const cm_table *table, uint64_t row, int64_t column, int32_t scale, int64_t *out) {
    return !cm_rescale_overflows(cm_table_int(table, row, (uint64_t)column), table->columns[column]->scale, scale, out);
}

static cm_status read_row(cm_context *ctx, const cm_rfm *rfm, const cm_table *table, uint64_t row,
                          const int64_t columns[COLUMNS], int32_t scale, struct cm_rfm_standing *out) {
    int32_t scores[CM_RFM_DIMENSIONS], scales[CM_RFM_DIMENSIONS] = {0, 0, scale};
    for (int i = 0; i < COLUMNS; i++)
        if (cm_table_is_absent(table, row, (uint64_t)columns[i])) return CM_OK;
    out->known = true;
    out->recency_days = cm_table_int(table, row, (uint64_t)columns[RECENCY]);
    out->invoices = cm_table_int(table, row, (uint64_t)columns[INVOICES]);
    out->days_since = cm_table_int(table, row, (uint64_t)columns[DAYS_SINCE]);
    if (!read_money(table, row, columns[MONEY], scale, &out->money)
        || !read_money(table, row, columns[MONEY_SINCE], scale, &out->money_since))
        return cm_fail(ctx, CM_E_OVERFLOW, "RFM_RANGE", "s", "money");
    const int64_t values[CM_RFM_DIMENSIONS] = {out->recency_days, out->invoices, out->money};
    cm_rfm_scores_of(rfm, values, scales, scores);
    out->segment = rfm->segment_of[cm_rfm_cell(&rfm->shape, scores)];
    return CM_OK;
}

cm_status cm_rfm_open_earlier(cm_context *ctx, const cm_rfm *rfm, const cm_inputs *inputs, cm_rfm_earlier *out) {
    int64_t columns[COLUMNS];
    *out = (cm_rfm_earlier){0};
    if (!find_columns(inputs->table, columns, &out->money_scale)) return CM_OK;
    out->rows = cm_alloc(ctx, inputs->rows, sizeof *out->rows);
    cm_status status = out->rows ? CM_OK : ctx->error.status;
    for (uint64_t row = 0; row < inputs->rows && !status; row++)
        status = read_row(ctx, rfm, inputs->table, inputs->numbers[row], columns, out->money_scale, &out->rows[row]);
    return status;
}

void cm_rfm_close_earlier(cm_core *core, const cm_inputs *inputs, cm_rfm_earlier *earlier) {
    cm_free(core, earlier->rows, inputs->rows, sizeof *earlier->rows);
}

/* ---- who has moved ---- */

static cm_status add_move(cm_context *ctx, cm_moves *moves, const cm_rfm *rfm, const cm_inputs *inputs, uint64_t id,
                          uint64_t row, uint8_t segment, const cm_rfm_earlier *earlier) {
    const struct cm_rfm_standing *one = &earlier->rows[row];
    const char *name = rfm->segment_names[segment], *old = rfm->segment_names[one->segment];
    cm_side then = {0}, now = {name, strlen(name), true, true, true, inputs->columns[CM_RFM_RECENCY].integers[row],
                               inputs->columns[CM_RFM_FREQUENCY].integers[row], 0};
    if (one->known) then = (cm_side){old, strlen(old), true, true, true, one->recency_days, one->invoices, 0};
    if (cm_rescale_overflows(one->money, earlier->money_scale, moves->money_scale, &then.money)
        || cm_rescale_overflows(inputs->columns[CM_RFM_MONETARY].integers[row], inputs->columns[CM_RFM_MONETARY].scale,
                                moves->money_scale, &now.money))
        return cm_fail(ctx, CM_E_OVERFLOW, "RFM_RANGE", "s", "money");
    return cm_moves_add(ctx, moves, inputs->table, id, inputs->numbers[row], &then, &now);
}

cm_status cm_rfm_moves(cm_context *ctx, const cm_rfm *rfm, const cm_inputs *inputs, const uint8_t *segments,
                       const cm_rfm_earlier *earlier, cm_table **migration, cm_table **changes) {
    cm_moves moves;
    int32_t scale = inputs->columns[CM_RFM_MONETARY].scale;
    int64_t id = cm_table_find_role(inputs->table, CM_ROLE_CUSTOMER);
    if (id < 0) id = cm_table_find(inputs->table, "customer");
    if (id < 0) id = 0;
    int32_t type = inputs->table->columns[id]->type;
    if (earlier->money_scale > scale) scale = earlier->money_scale;
    cm_status status = cm_moves_open(ctx, type == CM_INT64 ? CM_INT64 : CM_STRING, scale, &moves);
    for (uint64_t row = 0; row < inputs->rows && !status; row++)
        status = add_move(ctx, &moves, rfm, inputs, (uint64_t)id, row, segments[row], earlier);
    if (!status) status = cm_moves_finish(ctx, &moves, migration, changes);
    cm_moves_close(ctx->core, &moves);
    return status;
}
