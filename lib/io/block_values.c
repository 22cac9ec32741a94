#include <string.h>

#include "io/block_cells.h"
#include "io/block_loop.h"

void cm_block_values_free(cm_block_values *values) {
    cm_free(values->core, values->values, values->values_capacity, sizeof *values->values);
    cm_free(values->core, values->codes, values->codes_capacity, sizeof *values->codes);
    cm_free(values->core, values->present, values->present_capacity, 1);
}

cm_status cm_block_values_start(cm_context *ctx, cm_block *block, const cm_read_column *column, cm_block_values *out) {
    out->core = ctx->core;
    out->absent = out->cells = out->largest_row = 0;
    out->bad = out->timed = false;
    out->plain = true;
    memset(&out->numbers, 0, sizeof out->numbers);
    cm_status status = cm_reserve(ctx, &out->present, &out->present_capacity, block->rows, 1);
    return status ? status : cm_block_begin_column(ctx, block, column->number - 1);
}

bool cm_block_whole_cell(const cm_block_loop *loop, uint64_t row, cm_csv_field *field) {
    cm_block_cell(loop->block, row, field);
    return cm_reader_cell(loop->reader, field) && field->length;
}

void cm_block_read_any(const cm_block_loop *loop, uint64_t row, const cm_csv_field *field) {
    cm_block_values *out = loop->out;
    out->plain = false;
    out->values[row].integer = 0;
    out->bad |= cm_decision_read(loop->decision, field->text, field->length, &out->values[row]) != CM_CELL_FITS;
}

static void read_all(const cm_block_loop *loop) {
    cm_csv_field field;
    for (uint64_t row = 0; row < loop->block->rows; row++) {
        loop->out->present[row] = 1;
        if (cm_block_whole_cell(loop, row, &field)) cm_block_read_any(loop, row, &field);
        else cm_block_put_absent(loop->out, row);
    }
}

/* ---- moments ---- */

typedef struct moment_before {
    uint64_t first, second, third; /* bytes 0 to 7, 8 to 15, 11 to 18 of its text; first 0: there is none */
    int32_t day;
    int64_t value;
} moment_before;

/* In files of transactions many lines running have one moment. */
static inline bool is_moment_before(const moment_before *before, const char *text, uint64_t length) {
    return length == 19 && before->first && cm_load_word(text) == before->first
           && cm_load_word(text + 8) == before->second && cm_load_word(text + 11) == before->third;
}

/* YYYY-MM-DD with hh:mm:ss or hh:mm or neither. */
static bool read_plain_moment(const char *text, uint64_t length, moment_before *before, bool *timed) {
    int64_t seconds = 0;
    if (length != 19 && length != 16 && length != 10) return false;
    *timed = length > 10;
    uint64_t first = cm_load_word(text), second = 0, third = 0;
    if (*timed) {
        second = cm_load_word(text + 8);
        third = length == 19 ? cm_load_word(text + 11) : second >> 24 | UINT64_C(0x30303A) << 40;
        if ((text[10] != ' ' && text[10] != 'T') || !cm_read_time_of_day(third, &seconds)) return false;
    } else {
        second = (uint64_t)(unsigned char)text[8] | (uint64_t)(unsigned char)text[9] << 8;
    }
    bool same_day = first && first == before->first && !((second ^ before->second) & 0xFFFF);
    if (!same_day && !cm_read_iso_day(text, &before->day)) return false;
    before->value = before->day * CM_DAY_MICROSECONDS + seconds * INT64_C(1000000);
    before->first = first;
    before->second = second;
    before->third = third;
    return true;
}

/* The rows from this one on that have such moments; returns the first that has not. */
static uint64_t read_moments_alike(const cm_block_loop *loop, moment_before *memory, uint64_t row) {
    cm_block_values *out = loop->out;
    const bool days = loop->decision->type == CM_DATE;
    const uint32_t *begins = loop->block->begins, *behind = loop->block->behind;
    const char *bytes = loop->block->bytes;
    uint64_t first = row, rows = loop->block->rows;
    bool timed = false, any_timed = false;
    moment_before before = *memory;
    if (loop->exceptions || row == rows) return row;
    int64_t *values = &out->values[0].integer;
    for (; row < rows; row++) {
        const char *text = bytes + begins[row];
        uint64_t length = behind[row] - begins[row] - UINT64_C(1);
        if (!is_moment_before(&before, text, length) && !read_plain_moment(text, length, &before, &timed)) break;
        any_timed |= timed;
        values[row] = days ? before.day : before.value;
    }
    *memory = before;
    out->cells += row - first;
    out->timed |= any_timed;
    out->bad |= days && any_timed;
    if (row > first) memset(out->present + first, 1, (size_t)(row - first));
    return row;
}

static void read_moment(const cm_block_loop *loop, uint64_t row, moment_before *before) {
    cm_block_values *out = loop->out;
    cm_csv_field field;
    bool days = loop->decision->type == CM_DATE, timed;
    if (!cm_block_whole_cell(loop, row, &field)) {
        cm_block_put_absent(out, row);
        return;
    }
    out->present[row] = 1;
    if (!read_plain_moment(field.text, field.length, before, &timed)) {
        cm_block_read_any(loop, row, &field);
        return;
    }
    out->cells++;
    out->timed |= timed;
    out->bad |= days && timed;
    out->values[row].integer = days ? before->day : before->value;
}

static void read_moments(const cm_block_loop *loop) {
    moment_before before = {0};
    uint64_t row = read_moments_alike(loop, &before, 0);
    while (row < loop->block->rows) {
        read_moment(loop, row, &before);
        row = read_moments_alike(loop, &before, row + 1);
    }
}

cm_status cm_block_convert(cm_context *ctx, cm_block *block, const cm_reader *reader, const cm_read_column *column,
                           const cm_decision *decision, bool widen, cm_block_values *out) {
    cm_block_loop loop = {block, reader, decision, out, reader->how.na_count > 0, widen};
    cm_status status = cm_block_values_start(ctx, block, column, out);
    if (!status) status = cm_reserve(ctx, &out->values, &out->values_capacity, block->rows, sizeof *out->values);
    if (status) return status;
    out->scale = decision->scale;
    if (decision->type == CM_INT64 || decision->type == CM_DECIMAL) {
        cm_block_read_numbers(ctx, &loop);
    } else if ((decision->type == CM_DATE || decision->type == CM_TIMESTAMP) && decision->orders & CM_ORDER_YMD) {
        read_moments(&loop);
    } else {
        read_all(&loop);
    }
    return CM_OK;
}

cm_status cm_block_count(cm_context *ctx, cm_block *block, const cm_reader *reader, const cm_read_column *column,
                         cm_block_values *out) {
    cm_csv_field field;
    cm_status status = cm_block_values_start(ctx, block, column, out);
    for (uint64_t row = 0; row < block->rows && !status; row++) {
        cm_block_cell(block, row, &field);
        out->cells += field.length && cm_reader_cell(reader, &field);
    }
    return status;
}

/* ---- the survey ---- */

static cm_status show_cells(cm_context *ctx, cm_block *block, const cm_reader *reader, cm_read_column *column) {
    cm_csv_field field;
    uint64_t line = block->line, counted = 0;
    cm_status status = cm_block_begin_column(ctx, block, column->number - 1);
    for (uint64_t row = 0; row < block->rows && !status; row++) {
        uint64_t origin = cm_block_origin(block, row);
        line += cm_block_count_lines(block, counted, origin);
        counted = origin;
        cm_block_cell(block, row, &field);
        if (cm_reader_cell(reader, &field)) cm_survey_cell(&column->survey, field.text, field.length, line);
    }
    return status;
}

static cm_status note_largest(cm_context *ctx, cm_block *block, const cm_read_column *column, cm_block_values *values) {
    cm_csv_field field;
    uint64_t row = values->largest_row;
    if (values->numbers.scale <= column->survey.scale) return CM_OK;
    cm_status status = cm_block_begin_column(ctx, block, column->number - 1);
    if (status) return status;
    cm_block_cell(block, row, &field);
    cm_evidence_note(&values->numbers.largest, field.text, field.length,
                     block->line + cm_block_count_lines(block, 0, cm_block_origin(block, row)));
    return CM_OK;
}

cm_status cm_block_survey(cm_context *ctx, cm_block *block, const cm_reader *reader, cm_read_column *column,
                          cm_block_values *values) {
    int32_t type = column->decision.type;
    bool told = false;
    if (type == CM_STRING) {
        told = cm_survey_texts(&column->survey, values->cells);
    } else if (values->plain && (type == CM_INT64 || type == CM_DECIMAL)) {
        cm_status status = note_largest(ctx, block, column, values);
        if (status) return status;
        told = cm_survey_numbers(&column->survey, &values->numbers);
    } else if (values->plain && (type == CM_DATE || type == CM_TIMESTAMP)) {
        told = cm_survey_moments(&column->survey, values->cells, values->timed);
    }
    return told ? CM_OK : show_cells(ctx, block, reader, column);
}
