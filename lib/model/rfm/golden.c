/* Golden customers: the best monetary score, active, and buying at gaps that vary no more than those of purchases at
 * random times (gap_cv at most 1). Where the table has the columns of the option rhythm. */
#include <string.h>

#include "model/rfm/rfm.h"

enum { CUSTOMER, SEGMENT, RECENCY, FREQUENCY, MONETARY, GAP_CV, ACTIVE_MONTHS, MONTHS, COLUMNS };

typedef struct golden {
    const cm_rfm *rfm;
    const cm_inputs *inputs;
    const uint8_t *segments;
    int64_t id, stage, gap_cv, active_months, months; /* columns of the table */
} golden;

static bool find_columns(const cm_table *table, golden *out) {
    out->id = cm_table_find_role(table, CM_ROLE_CUSTOMER);
    if (out->id < 0) out->id = cm_table_find(table, "customer");
    out->stage = cm_table_find(table, "stage");
    out->gap_cv = cm_table_find(table, "gap_cv");
    out->active_months = cm_table_find(table, "active_months");
    out->months = cm_table_find(table, "months");
    if (out->id < 0 || out->stage < 0 || out->gap_cv < 0 || out->active_months < 0 || out->months < 0) return false;
    int32_t type = table->columns[out->id]->type;
    return (type == CM_STRING || type == CM_INT64) && table->columns[out->stage]->type == CM_STRING;
}

static bool is_golden(const golden *work, uint64_t row) {
    const cm_table *table = work->inputs->table;
    uint64_t number = work->inputs->numbers[row];
    int32_t scores[CM_RFM_DIMENSIONS];
    const char *stage = cm_table_text(table, number, (uint64_t)work->stage, 0, NULL);
    double cv = cm_table_double(table, number, (uint64_t)work->gap_cv); /* NaN: absent */
    cm_rfm_scores_of_row(work->rfm, work->inputs, row, scores);
    return scores[CM_RFM_MONETARY] == work->rfm->shape.scores[CM_RFM_MONETARY] && stage && !strcmp(stage, "active")
           && cv <= 1;
}

static cm_status add_customer(cm_context *ctx, cm_builder *builder, const golden *work, uint64_t row) {
    const cm_table *table = work->inputs->table;
    uint64_t number = work->inputs->numbers[row];
    const char *segment = work->rfm->segment_names[work->segments[row]];
    cm_status status = cm_copy_cell(ctx, builder, CUSTOMER, table, (uint64_t)work->id, number);
    if (!status) status = cm_builder_text(ctx, builder, SEGMENT, segment, strlen(segment));
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++)
        status = cm_builder_int(ctx, builder, RECENCY + (uint64_t)i, work->inputs->columns[i].integers[row]);
    double cv = cm_table_double(table, number, (uint64_t)work->gap_cv);
    if (!status) status = cm_builder_double(ctx, builder, GAP_CV, cv);
    if (!status) status = cm_copy_cell(ctx, builder, ACTIVE_MONTHS, table, (uint64_t)work->active_months, number);
    if (!status) status = cm_copy_cell(ctx, builder, MONTHS, table, (uint64_t)work->months, number);
    return status ? status : cm_builder_row(ctx, builder);
}

cm_status cm_rfm_attach_golden(cm_context *ctx, const cm_rfm *rfm, const cm_inputs *inputs, const uint8_t *segments,
                               cm_table *scores) {
    static const char *const names[COLUMNS] = {"customer", "segment", "recency_days", "frequency", "monetary", "gap_cv",
                                               "active_months", "months"};
    golden work = {.rfm = rfm, .inputs = inputs, .segments = segments};
    cm_builder *builder = NULL;
    if (!find_columns(inputs->table, &work)) return CM_OK;
    cm_status status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < COLUMNS && !status; i++) {
        int32_t type = i == CUSTOMER  ? inputs->table->columns[work.id]->type
                       : i == SEGMENT ? CM_STRING
                       : i == GAP_CV  ? CM_FLOAT64
                                      : CM_INT64;
        if (i == MONETARY) type = CM_DECIMAL;
        status =
            cm_builder_column(ctx, builder, names[i], type, i == MONETARY ? inputs->columns[CM_RFM_MONETARY].scale : 0,
                              i == CUSTOMER ? CM_ROLE_CUSTOMER : CM_ROLE_NONE);
    }
    for (uint64_t row = 0; row < inputs->rows && !status; row++)
        if (is_golden(&work, row)) status = add_customer(ctx, builder, &work, row);
    status = cm_rfm_attach(ctx, builder, status, scores, "golden");
    cm_builder_free(builder);
    return status;
}
