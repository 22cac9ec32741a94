/* Reading in one pass: the first rows, held back, stand for all when types are decided, unless they are all there are.
 * Later on a column of numbers or dates with a role grows wider where a row asks for it: the batch ends before that
 * row, so that each batch has one type a column. Texts of a batch have a dictionary of their own; memory does not grow
 * with the file. */
#include "io/reader.h"

#define FIRST_ROWS UINT64_C(65536)
#define FIRST_BYTES (UINT64_C(8) << 20) /* as they come, so of gzip the compressed ones */

bool cm_reader_seen_enough(const cm_reader *reader, uint64_t rows) {
    uint64_t kept = 0;
    if (!reader->how.stream) return false;
    for (uint64_t i = 0; i < reader->source_count; i++) kept += cm_source_kept(reader->sources[i]);
    return rows >= FIRST_ROWS || kept >= (reader->wanted > FIRST_BYTES ? reader->wanted : FIRST_BYTES);
}

cm_status cm_stream_decide(cm_context *ctx, cm_read_column *column) {
    cm_decision *decision = &column->decision;
    const cm_survey *survey = &column->survey;
    decision->strict = true;
    if (decision->role == CM_ROLE_NONE) {
        decision->type = CM_STRING;
        decision->scale = decision->flags = 0;
        cm_render(ctx, "DECIDED_STREAM", "", decision->decided_by, sizeof decision->decided_by);
    } else if (decision->role == CM_ROLE_DATE) {
        if (decision->type == CM_STRING) return cm_survey_fail_dates(ctx, survey, column->name);
        bool open = survey->orders == CM_ORDER_ALL && !survey->day_first && !survey->month_first;
        if (open) decision->orders = CM_ORDER_YMD; /* nothing said how another order would be meant */
    }
    return CM_OK;
}

bool cm_stream_hold(cm_context *ctx, cm_reader *reader, const cm_record *record, cm_read_column *column) {
    const cm_csv_field *field = &record->fields[column->number - 1];
    cm_value ignored;
    if (!reader->how.stream || reader->seen_all || column->fixed) return false;
    reader->wider = column->decision;
    if (!cm_decision_widen(ctx, &reader->wider, field->text, field->length, record->line)
        || cm_decision_read(&reader->wider, field->text, field->length, &ignored))
        return false;
    reader->widening = column;
    reader->held = *record;
    reader->holds = true;
    reader->batch.read--;
    reader->passed--;
    return true;
}

static void widen(cm_reader *reader) {
    cm_read_column *column = reader->widening;
    const cm_decision *wider = &reader->wider;
    cm_value_widen(&column->decision, wider, &column->low);
    cm_value_widen(&column->decision, wider, &column->high);
    for (uint64_t i = 0; i < column->example_count; i++)
        cm_value_widen(&column->decision, wider, &column->examples[i]);
    column->decision = *wider;
    column->field.type = wider->type;
    column->field.scale = wider->scale;
    reader->widening = NULL;
}

cm_status cm_stream_next_batch(cm_context *ctx, cm_reader *reader) {
    for (uint64_t i = 0; i < reader->kept_count; i++) {
        cm_field *field = &reader->kept[i]->field;
        cm_field_empty(field);
        if (!field->dictionary || !cm_dictionary_size(field->dictionary)) continue;
        cm_dictionary *fresh;
        cm_status status = cm_dictionary_new(ctx, &fresh);
        if (status) return status;
        cm_dictionary_set_limit(fresh, reader->how.max_distinct);
        cm_dictionary_release(field->dictionary);
        field->dictionary = fresh;
    }
    if (reader->widening) widen(reader);
    return CM_OK;
}

cm_status cm_stream_begin(cm_context *ctx, cm_reader *reader) {
    if (reader->decided) return CM_OK;
    if (reader->pushed && !reader->ended && !cm_reader_seen_enough(reader, 0)) return CM_OK;
    cm_status status = cm_reader_survey(ctx, reader);
    if (status) return status;
    if (!reader->columns) { /* not even the header is there */
        reader->wanted = 2 * (reader->wanted > FIRST_BYTES ? reader->wanted : FIRST_BYTES);
        return CM_OK;
    }
    reader->decided = true;
    if (reader->how.collect) status = cm_reader_start_rejects(ctx, reader);
    cm_reader_restart(reader, 1);
    return status;
}
