#include "io/block_values.h"

#include <string.h>

#include "base/number.h"
#include "io/block_cells.h"

#define TEXTS 256 /* encoded at a time */

void cm_block_values_free(cm_block_values *values) {
    cm_free(values->core, values->values, values->values_capacity, sizeof *values->values);
    cm_free(values->core, values->codes, values->codes_capacity, sizeof *values->codes);
    cm_free(values->core, values->present, values->present_capacity, 1);
}

static cm_status start(cm_context *ctx, cm_block *block, cm_block_values *out) {
    out->core = ctx->core;
    out->absent = out->cells = out->largest_row = 0;
    out->bad = out->timed = false;
    out->plain = true;
    memset(&out->numbers, 0, sizeof out->numbers);
    cm_status status = cm_reserve(ctx, &out->present, &out->present_capacity, block->rows, 1);
    return status ? status : cm_block_begin_column(ctx, block);
}

/* A loop over a column. */
typedef struct column_loop {
    cm_block *block;
    const cm_reader *reader;
    const cm_decision *decision;
    uint64_t column; /* in the file, from 0 */
    cm_block_values *out;
    bool exceptions; /* there are texts that mean absent */
    bool widen;
} column_loop;

static inline void put_absent(cm_block_values *out, uint64_t row) {
    out->values[row].integer = 0;
    out->present[row] = 0;
    out->absent++;
}

/* The cell with what libcsv takes off; false if it is absent. */
static bool whole_cell(const column_loop *loop, uint64_t row, cm_csv_field *field) {
    cm_block_cell(loop->block, row, loop->column, field);
    return cm_reader_cell(loop->reader, field) && field->length;
}

/* Whatever has no road of its own. */
static void read_any(const column_loop *loop, uint64_t row, const cm_csv_field *field) {
    cm_block_values *out = loop->out;
    out->plain = false;
    out->values[row].integer = 0;
    out->bad |= cm_decision_read(loop->decision, field->text, field->length, &out->values[row]) != CM_CELL_FITS;
}

static void read_all(const column_loop *loop) {
    cm_csv_field field;
    for (uint64_t row = 0; row < loop->block->rows; row++) {
        loop->out->present[row] = 1;
        if (whole_cell(loop, row, &field)) read_any(loop, row, &field);
        else put_absent(loop->out, row);
    }
}

/* ---- numbers ---- */

/* A plain number of any length. */
static bool read_plain_number(const cm_csv_field *field, char mark, int64_t *value, int32_t *scale) {
    const char *text = field->text;
    uint64_t length = field->length, first = text[0] == '-';
    if (cm_read_short_number(text, length, mark, value, scale)) return true;
    if (length < first + 1 || text[first] < '0' || text[first] > '9' || text[length - 1] < '0' || text[length - 1] > '9')
        return false;
    if (text[first] == '0' && length > first + 1 && text[first + 1] != mark) return false;
    return cm_parse_decimal(text, length, mark, value, scale) == CM_DECIMAL_OK;
}

static void widen_values(cm_block_values *out, uint64_t rows, int32_t scale) {
    for (uint64_t row = 0; row < rows; row++)
        out->bad |= cm_rescale_overflows(out->values[row].integer, out->scale, scale, &out->values[row].integer);
    out->scale = scale;
}

static inline void count_number(cm_plain_numbers *numbers, int64_t value, int32_t scale) {
    if (!numbers->count[scale]++) numbers->low[scale] = numbers->high[scale] = value;
    if (value < numbers->low[scale]) numbers->low[scale] = value;
    if (value > numbers->high[scale]) numbers->high[scale] = value;
}

/* A number whose scale is not that of the values so far. */
static void put_other_scale(const column_loop *loop, uint64_t row, int64_t value, int32_t scale,
                            const cm_csv_field *field) {
    cm_block_values *out = loop->out;
    if (scale > out->numbers.scale) {
        out->numbers.scale = scale;
        out->largest_row = row;
    }
    if (scale > out->scale && loop->widen) widen_values(out, row, scale);
    if (scale > out->scale)
        out->bad |= cm_decision_read(loop->decision, field->text, field->length, &out->values[row]) != CM_CELL_FITS;
    else
        out->bad |= cm_rescale_overflows(value, scale, out->scale, &out->values[row].integer);
}

static void read_numbers(const column_loop *loop) {
    cm_block_values *out = loop->out;
    const char *bytes = loop->block->bytes;
    char mark = loop->decision->style.mark;
    for (uint64_t row = 0; row < loop->block->rows; row++) {
        uint64_t start, end;
        int64_t value;
        int32_t scale;
        cm_block_place(loop->block, row, loop->column, &start, &end);
        cm_csv_field field = {bytes + start, end - start};
        if (loop->exceptions || !cm_read_short_number(field.text, field.length, mark, &value, &scale)) {
            if (start == end || !whole_cell(loop, row, &field)) {
                put_absent(out, row);
                continue;
            }
            out->present[row] = 1;
            if (!read_plain_number(&field, mark, &value, &scale)) {
                read_any(loop, row, &field);
                continue;
            }
        }
        out->present[row] = 1;
        count_number(&out->numbers, value, scale);
        if (scale == out->scale) out->values[row].integer = value;
        else put_other_scale(loop, row, value, scale, &field);
    }
    for (int32_t scale = 0; scale <= CM_MAX_SCALE; scale++) out->numbers.cells += out->numbers.count[scale];
}

/* The decision's own scale is seldom the first that is met: where it is 2, the first number may have none. */
static void find_largest(const column_loop *loop) {
    cm_block_values *out = loop->out;
    int32_t scale = CM_MAX_SCALE;
    while (scale && !out->numbers.count[scale]) scale--;
    out->numbers.scale = scale;
}

/* ---- moments ---- */

typedef struct moment_before {
    uint64_t first, second, third; /* bytes 0 to 7, 8 to 15, 11 to 18 of its text; first 0: there is none */
    int32_t day;
    int64_t value;
} moment_before;

/* YYYY-MM-DD with hh:mm:ss or hh:mm or neither. */
static inline bool read_plain_moment(const char *text, uint64_t length, moment_before *before, int64_t *value,
                                     bool *timed) {
    int64_t seconds = 0;
    if (length != 19 && length != 16 && length != 10) return false;
    *timed = length > 10;
    uint64_t first = cm_load_word(text), second = 0, third = 0;
    if (*timed) {
        second = cm_load_word(text + 8);
        third = length == 19 ? cm_load_word(text + 11) : second >> 24 | UINT64_C(0x30303A) << 40;
        if (first && first == before->first && second == before->second && third == before->third) {
            *value = before->value;
            return true;
        }
        if ((text[10] != ' ' && text[10] != 'T') || !cm_read_time_of_day(third, &seconds)) return false;
    } else {
        second = (uint64_t)(unsigned char)text[8] | (uint64_t)(unsigned char)text[9] << 8;
    }
    bool same_day = first && first == before->first && !((second ^ before->second) & 0xFFFF);
    if (!same_day && !cm_read_iso_day(text, &before->day)) return false;
    before->value = *value = before->day * CM_DAY_MICROSECONDS + seconds * INT64_C(1000000);
    before->first = first;
    before->second = second;
    before->third = third;
    return true;
}

static void read_moments(const column_loop *loop) {
    cm_block_values *out = loop->out;
    const char *bytes = loop->block->bytes;
    bool days = loop->decision->type == CM_DATE, timed;
    moment_before before = {0};
    for (uint64_t row = 0; row < loop->block->rows; row++) {
        uint64_t start, end;
        int64_t value;
        cm_block_place(loop->block, row, loop->column, &start, &end);
        cm_csv_field field = {bytes + start, end - start};
        if (loop->exceptions || !read_plain_moment(field.text, field.length, &before, &value, &timed)) {
            if (start == end || !whole_cell(loop, row, &field)) {
                put_absent(out, row);
                continue;
            }
            out->present[row] = 1;
            if (!read_plain_moment(field.text, field.length, &before, &value, &timed)) {
                read_any(loop, row, &field);
                continue;
            }
        }
        out->present[row] = 1;
        out->cells++;
        out->timed |= timed;
        out->bad |= days && timed;
        out->values[row].integer = days ? before.day : value;
    }
}

cm_status cm_block_convert(cm_context *ctx, cm_block *block, const cm_reader *reader, const cm_read_column *column,
                           const cm_decision *decision, bool widen, cm_block_values *out) {
    column_loop loop = {block, reader, decision, column->number - 1, out, reader->how.na_count > 0, widen};
    cm_status status = start(ctx, block, out);
    if (!status) status = cm_reserve(ctx, &out->values, &out->values_capacity, block->rows, sizeof *out->values);
    if (status) return status;
    out->scale = decision->scale;
    if (decision->type == CM_INT64 || decision->type == CM_DECIMAL) {
        read_numbers(&loop);
        find_largest(&loop);
    } else if ((decision->type == CM_DATE || decision->type == CM_TIMESTAMP) && decision->orders & CM_ORDER_YMD) {
        read_moments(&loop);
    } else {
        read_all(&loop);
    }
    return CM_OK;
}

/* ---- texts ---- */

/* Texts that are looked up together, and the rows that they are of. */
typedef struct text_batch {
    cm_text texts[TEXTS];
    uint64_t rows[TEXTS];
    int32_t codes[TEXTS];
    uint64_t count;
} text_batch;

static cm_status encode_batch(cm_context *ctx, cm_read_column *column, text_batch *batch, cm_block_values *out,
                              uint64_t *failed) {
    uint64_t done;
    cm_status status =
        cm_dictionary_add_many(ctx, column->field.dictionary, batch->texts, batch->count, batch->codes, &done);
    for (uint64_t i = 0; i < done; i++) out->codes[batch->rows[i]] = batch->codes[i];
    if (status) *failed = batch->rows[done];
    batch->count = 0;
    return status;
}

cm_status cm_block_encode(cm_context *ctx, cm_block *block, const cm_reader *reader, cm_read_column *column,
                          uint64_t from, uint64_t to, cm_block_values *out, uint64_t *failed) {
    text_batch batch;
    bool exceptions = reader->how.na_count || reader->how.integer_ids;
    const unsigned char *bytes = (const unsigned char *)block->bytes;
    cm_status status = start(ctx, block, out);
    if (!status) status = cm_reserve(ctx, &out->codes, &out->codes_capacity, block->rows, sizeof *out->codes);
    batch.count = 0;
    for (uint64_t row = from; row < to && !status; row++) {
        uint64_t first, end;
        cm_block_place(block, row, column->number - 1, &first, &end);
        cm_csv_field field = {block->bytes + first, end - first};
        bool present = first < end, bare = present && bytes[first] > ' ' && bytes[first] != '"' && bytes[end - 1] > ' ';
        if (present && (!bare || exceptions)) {
            cm_block_cell(block, row, column->number - 1, &field);
            present = cm_reader_cell(reader, &field);
            if (present) field.length = cm_reader_text_length(reader, column, &field);
        }
        out->present[row] = present;
        out->cells += present && field.length;
        if (!present) {
            out->codes[row] = 0;
            out->absent++;
            continue;
        }
        batch.texts[batch.count] = (cm_text){field.text, field.length};
        batch.rows[batch.count++] = row;
        if (batch.count == TEXTS) status = encode_batch(ctx, column, &batch, out, failed);
    }
    return status ? status : encode_batch(ctx, column, &batch, out, failed);
}

cm_status cm_block_count(cm_context *ctx, cm_block *block, const cm_reader *reader, const cm_read_column *column,
                         cm_block_values *out) {
    cm_csv_field field;
    cm_status status = start(ctx, block, out);
    for (uint64_t row = 0; row < block->rows && !status; row++) {
        cm_block_cell(block, row, column->number - 1, &field);
        out->cells += field.length && cm_reader_cell(reader, &field);
    }
    return status;
}

/* ---- the survey ---- */

static cm_status show_cells(cm_context *ctx, cm_block *block, const cm_reader *reader, cm_read_column *column) {
    cm_csv_field field;
    uint64_t line = block->line, counted = 0;
    cm_status status = cm_block_begin_column(ctx, block);
    for (uint64_t row = 0; row < block->rows && !status; row++) {
        uint64_t origin = cm_block_origin(block, row);
        line += cm_block_count_lines(block, counted, origin);
        counted = origin;
        cm_block_cell(block, row, column->number - 1, &field);
        if (cm_reader_cell(reader, &field)) cm_survey_cell(&column->survey, field.text, field.length, line);
    }
    return status;
}

static cm_status note_largest(cm_context *ctx, cm_block *block, const cm_read_column *column, cm_block_values *values) {
    cm_csv_field field;
    uint64_t row = values->largest_row;
    if (values->numbers.scale <= column->survey.scale) return CM_OK;
    cm_status status = cm_block_begin_column(ctx, block);
    if (status) return status;
    cm_block_cell(block, row, column->number - 1, &field);
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
