/* Columns of dates and numbers from columns of texts that came from elsewhere (Arrow, a builder), as a role needs them.
 * Each text is looked at once, however often it stands there. */
#include "table/infer.h"
#include "table/roles.h"


typedef struct inference {
    const cm_column *column;
    cm_survey survey;
    cm_decision decision;
    cm_value *values; /* by code */
    uint8_t *known;   /* by code: 0 not seen, 1 read */
    uint64_t size;
} inference;

static const int32_t *codes_of(const cm_chunk *chunk) {
    return (const int32_t *)chunk->values + chunk->offset;
}

static void survey_texts(inference *work) {
    uint64_t row = 0;
    for (uint64_t i = 0; i < work->column->chunk_count; i++) {
        const cm_chunk *chunk = &work->column->chunks[i];
        for (uint64_t k = 0; k < chunk->rows; k++, row++) {
            int32_t code = codes_of(chunk)[k];
            if (!cm_chunk_present(chunk, k) || work->known[code]) continue;
            cm_text text = cm_dictionary_text(work->column->dictionary, code);
            work->known[code] = 1;
            cm_survey_cell(&work->survey, text.data, text.length, row + 1);
        }
    }
}

static cm_status fail_text(cm_context *ctx, const inference *work, cm_cell_fit fit, cm_text text, uint64_t row) {
    const char *reason = fit == CM_CELL_NO_DATE     ? "TEXT_NO_DATE"
                         : fit == CM_CELL_TOO_LARGE ? "TEXT_TOO_LARGE"
                                                    : "TEXT_NO_NUMBER";
    cm_fail(ctx, CM_E_DATA, reason, "tu", text.data, text.length, row);
    return cm_fail_at(ctx, NULL, 0, 0, work->column->name, 0);
}

static cm_status convert_chunk(cm_context *ctx, inference *work, const cm_chunk *from, uint64_t first_row,
                               cm_chunk *to) {
    bool narrow = work->decision.type == CM_DATE;
    to->rows = from->rows;
    cm_status status = cm_buffer_new(ctx, from->rows * cm_type_width(work->decision.type), &to->values_buffer);
    if (!status) status = cm_buffer_new(ctx, (from->rows + 7) / 8, &to->validity_buffer);
    if (status) return status;
    to->values = to->values_buffer->data;
    to->validity = to->validity_buffer->data;
    for (uint64_t k = 0; k < from->rows; k++) {
        if (!cm_chunk_present(from, k)) continue;
        int32_t code = codes_of(from)[k];
        cm_text text = cm_dictionary_text(work->column->dictionary, code);
        if (!text.length) continue;
        if (work->known[code] == 1) {
            cm_cell_fit fit = cm_decision_read(&work->decision, text.data, text.length, &work->values[code]);
            if (fit) return fail_text(ctx, work, fit, text, first_row + k + 1);
            work->known[code] = 2;
        }
        if (narrow)
            ((int32_t *)to->values_buffer->data)[k] = (int32_t)work->values[code].integer;
        else
            ((int64_t *)to->values_buffer->data)[k] = work->values[code].integer;
        cm_set_bit(to->validity_buffer->data, k);
    }
    return cm_tick(ctx, "read", 0, 0);
}

static cm_status convert_texts(cm_context *ctx, inference *work, int32_t role, cm_column **out) {
    const cm_column *from = work->column;
    const cm_decision *decision = &work->decision;
    cm_status status = cm_column_new(ctx, from->name, decision->type, decision->scale, role, decision->flags, NULL,
                                     from->chunk_count, out);
    uint64_t row = 0;
    for (uint64_t i = 0; i < from->chunk_count && !status; i++) {
        status = convert_chunk(ctx, work, &from->chunks[i], row, &(*out)->chunks[i]);
        row += from->chunks[i].rows;
    }
    if (status) {
        cm_column_release(*out);
        *out = NULL;
    }
    return status;
}

cm_status cm_infer_column(cm_context *ctx, const cm_table *table, uint64_t column, int32_t role, int32_t date_order,
                          cm_column **out) {
    *out = NULL;
    if (column >= table->column_count || table->columns[column]->type != CM_STRING
        || (role != CM_ROLE_DATE && !cm_role_is_number(role)))
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "role", "only texts become dates and numbers");
    inference work = {.column = table->columns[column], .size = table->columns[column]->dictionary_size};
    work.values = cm_alloc(ctx, work.size, sizeof *work.values);
    work.known = work.values ? cm_alloc(ctx, work.size, 1) : NULL;
    cm_status status = work.known ? CM_OK : ctx->error.status;
    if (status) goto done;
    cm_survey_begin(&work.survey, role, (cm_number_style){.mark = '.'}, date_order);
    survey_texts(&work);
    cm_survey_decide(ctx, &work.survey, true, &work.decision);
    status = work.decision.type == CM_STRING ? cm_survey_fail_dates(ctx, &work.survey, work.column->name)
                                             : convert_texts(ctx, &work, role, out);
done:
    cm_free(ctx->core, work.values, work.size, sizeof *work.values);
    cm_free(ctx->core, work.known, work.size, 1);
    return status;
}
