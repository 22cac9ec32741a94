/* What a block adds to a column: its rows, and what is reported of them. */
#include <string.h>

#include "base/number.h"
#include "io/road.h"

/* ---- scales ---- */

static bool rescale_value(cm_value *value, int32_t from, int32_t to) {
    return !cm_rescale_overflows(value->integer, from, to, &value->integer);
}

/* What is reported of the rows so far. */
static bool rescale_report(cm_read_column *column, int32_t from, int32_t to) {
    bool fits = !column->seen || (rescale_value(&column->low, from, to) && rescale_value(&column->high, from, to));
    for (uint64_t i = 0; i < column->example_count; i++) fits = rescale_value(&column->examples[i], from, to) && fits;
    return fits;
}

static int32_t scale_now(const cm_road_column *at) {
    return at->steps[at->step_count - 1].scale;
}

static cm_status add_step(cm_context *ctx, cm_road_column *at, uint64_t row, int32_t scale) {
    cm_status status =
        cm_reserve(ctx, &at->steps, &at->step_capacity, at->step_count + 1, sizeof *at->steps);
    if (!status) at->steps[at->step_count++] = (cm_scale_step){row, scale};
    return status;
}

/* The block's values and the column's rows to come at one scale, the larger. */
static cm_status meet_scale(cm_context *ctx, cm_road *road, cm_road_block *at, uint64_t index) {
    cm_road_column *to = &road->columns[index];
    cm_read_column *column = road->reader->kept[index];
    cm_block_values *values = &at->values[index];
    bool fits = true;
    if (!to->step_count) {
        cm_status status = add_step(ctx, to, 0, column->decision.scale);
        if (status) return status;
    }
    int32_t before = scale_now(to);
    for (uint64_t row = 0; row < at->to && values->scale < before; row++)
        fits = rescale_value(&values->values[row], values->scale, before) && fits;
    if (values->scale < before) values->scale = before;
    if (values->scale > before) {
        fits = rescale_report(column, before, values->scale);
        cm_status status = add_step(ctx, to, column->field.rows, values->scale);
        if (status) return status;
    }
    if (!fits) atomic_store(&road->contradicted, true);
    return CM_OK;
}

static bool rescale_rows(cm_field *field, uint64_t from, uint64_t to, int32_t scale, int32_t wanted) {
    bool fits = true;
    for (uint64_t row = from; row < to && scale < wanted;) {
        int64_t *values = field->slots[row / CM_CHUNK_ROWS].values->data;
        uint64_t end = (row / CM_CHUNK_ROWS + 1) * CM_CHUNK_ROWS;
        for (end = end < to ? end : to; row < end; row++) {
            int64_t *value = &values[row % CM_CHUNK_ROWS];
            fits = !cm_rescale_overflows(*value, scale, wanted, value) && fits;
        }
    }
    return fits;
}

bool cm_road_rescale(cm_road *road, uint64_t index, int32_t scale) {
    cm_road_column *at = &road->columns[index];
    cm_read_column *column = road->reader->kept[index];
    if (!at->step_count) return true;
    bool fits = rescale_report(column, scale_now(at), scale);
    for (uint64_t i = 0; i < at->step_count; i++) {
        uint64_t end = i + 1 < at->step_count ? at->steps[i + 1].row : column->field.rows;
        fits = rescale_rows(&column->field, at->steps[i].row, end, at->steps[i].scale, scale) && fits;
    }
    at->step_count = 0;
    return fits;
}

/* ---- what is reported ---- */

static bool in_examples(const cm_read_column *column, cm_value value) {
    for (uint64_t i = 0; i < column->example_count; i++)
        if (cm_read_same(&column->decision, column->examples[i], value)) return true;
    return false;
}

static void report_doubles(cm_read_column *column, const cm_block_values *values, uint64_t from, uint64_t to) {
    for (uint64_t row = from; row < to; row++) {
        cm_value value = values->values[row];
        if (!values->present[row]) continue;
        if (!column->seen++) column->low = column->high = value;
        if (cm_read_less(&column->decision, value, column->low)) column->low = value;
        if (cm_read_less(&column->decision, column->high, value)) column->high = value;
    }
}

/* Lowest and highest of the rows that are present; how many these are. */
static uint64_t find_range(const cm_block_values *values, uint64_t from, uint64_t to, int64_t *low, int64_t *high) {
    const cm_value *all = values->values;
    int64_t least = INT64_MAX, most = INT64_MIN;
    uint64_t seen = 0;
    for (uint64_t row = from; row < to && !values->absent; row++) {
        least = all[row].integer < least ? all[row].integer : least;
        most = all[row].integer > most ? all[row].integer : most;
    }
    for (uint64_t row = from; row < to && values->absent; row++) {
        if (!values->present[row]) continue;
        seen++;
        least = all[row].integer < least ? all[row].integer : least;
        most = all[row].integer > most ? all[row].integer : most;
    }
    *low = least;
    *high = most;
    return values->absent ? seen : to - from;
}

static void report_integers(cm_read_column *column, const cm_block_values *values, uint64_t from, uint64_t to) {
    int64_t low, high;
    uint64_t seen = find_range(values, from, to, &low, &high);
    if (seen && (!column->seen || low < column->low.integer)) column->low.integer = low;
    if (seen && (!column->seen || high > column->high.integer)) column->high.integer = high;
    column->seen += seen;
}

static void report(cm_read_column *column, const cm_block_values *values, uint64_t from, uint64_t to) {
    if (values->absent) column->absent += to - from - cm_count_present(values->present, from, to);
    if (column->decision.type == CM_STRING) return;
    if (column->decision.type == CM_FLOAT64) report_doubles(column, values, from, to);
    else report_integers(column, values, from, to);
    for (uint64_t row = from; row < to && column->example_count < CM_EXAMPLES; row++)
        if (values->present[row] && !in_examples(column, values->values[row]))
            column->examples[column->example_count++] = values->values[row];
}

/* ---- rows ---- */

/* Days are half as wide as what they were read into. */
static cm_status narrow_days(cm_context *ctx, cm_road_block *at, cm_block_values *values) {
    cm_status status = cm_reserve(ctx, &values->codes, &values->codes_capacity, at->to, sizeof *values->codes);
    for (uint64_t row = at->from; row < at->to && !status; row++)
        values->codes[row] = (int32_t)values->values[row].integer;
    return status;
}

/* The last column before this one whose texts have got codes. */
static const int32_t *codes_before(const cm_road *road, const cm_road_block *at, uint64_t index) {
    while (index--)
        if (road->reader->kept[index]->decision.type == CM_STRING) return at->values[index].codes;
    return NULL;
}

static cm_status encode(cm_context *ctx, cm_road *road, cm_road_block *at, uint64_t index, uint64_t *failed) {
    cm_guess *guess = &road->columns[index].guess;
    guess->before = codes_before(road, at, index);
    return cm_block_encode(ctx, &at->block, road->reader, road->reader->kept[index], guess, at->from, at->to,
                           &at->values[index], failed);
}

static cm_status convert(cm_context *ctx, cm_road *road, cm_road_block *at, uint64_t index, uint64_t *failed) {
    cm_read_column *column = road->reader->kept[index];
    cm_block_values *values = &at->values[index];
    int32_t type = column->decision.type;
    cm_status status = CM_OK;
    if (at->from == at->to) return CM_OK; /* there may be no memory at all */
    if (type == CM_STRING)
        status = encode(ctx, road, at, index, failed);
    else if (type == CM_INT64 || type == CM_DECIMAL)
        status = meet_scale(ctx, road, at, index);
    else if (type == CM_DATE)
        status = narrow_days(ctx, at, values);
    if (status) return status;
    bool narrow = type == CM_STRING || type == CM_DATE;
    const void *from = narrow ? (const void *)(values->codes + at->from) : (const void *)(values->values + at->from);
    const uint8_t *present = values->absent ? values->present + at->from : NULL;
    status = cm_field_take(ctx, &column->field, from, present, at->to - at->from, road->expected);
    if (!status) report(column, values, at->from, at->to);
    return status;
}

cm_status cm_road_commit(cm_context *ctx, cm_road *road, cm_road_block *at, uint64_t index, uint64_t *failed) {
    cm_read_column *column = road->reader->kept[index];
    cm_block_values *values = &at->values[index];
    bool encoded = false;
    cm_status status = CM_OK;
    if (road->work & CM_ROAD_CONVERT && !atomic_load(&road->contradicted)) {
        status = convert(ctx, road, at, index, failed);
        encoded = true;
        if (status == CM_E_LIMIT && road->work & CM_ROAD_SURVEY) { /* it will be met again where its place is known */
            atomic_store(&road->contradicted, true);
            encoded = false;
            status = CM_OK;
        }
    }
    if (status || !(road->work & CM_ROAD_SURVEY) || at->surveyed) return status;
    if (!encoded && column->decision.type == CM_STRING)
        status = cm_block_count(ctx, &at->block, road->reader, column, values);
    return status ? status : cm_block_survey(ctx, &at->block, road->reader, column, values);
}
