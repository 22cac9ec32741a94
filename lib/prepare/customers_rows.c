/* The rows of the customers: their sums (customers_sums.c) written into the columns, chunks of the table side by side.
 * A strip of customers at a time: rows of others are left for their turn. */
#include "prepare/customers_rows.h"

#include "base/number.h"
#include "base/threads.h"

#define AHEAD 16 /* customers whose sums are fetched before their turn: these lie anywhere */

static cm_status fail_overflow(cm_context *ctx, const cm_ids *ids, int32_t customer) {
    if (ids->type == CM_INT64) return cm_fail(ctx, CM_E_OVERFLOW, "CUSTOMER_OVERFLOW", "i", ids->numbers[customer]);
    return cm_fail(ctx, CM_E_OVERFLOW, "CUSTOMER_OVERFLOW", "s", cm_ids_text(ids, customer).data);
}

/* ---- the table ---- */

enum {
    CUSTOMER, FIRST, LAST, RECENCY, TENURE, PURCHASE_DAYS, INVOICE_COUNT, LINES, QUANTITY, MONEY, REFUNDS, MEAN_ORDER,
    FIRST_DAY_MONEY, MARGIN, COLUMNS
};

_Static_assert(COLUMNS == CM_CUSTOMER_COLUMNS, "room for each of the columns");

static void describe_columns(cm_customer_rows *sheet) {
    const cm_orders *orders = sheet->ask->orders;
    int32_t time = sheet->days ? CM_DATE : CM_TIMESTAMP, scale = orders->money_scale;
    int32_t quantity = orders->quantity_scale ? CM_DECIMAL : CM_INT64;
    int32_t id = sheet->ask->ids->type ? sheet->ask->ids->type : CM_STRING;
    const cm_blank_column columns[COLUMNS] = {
        {"customer", id, 0, CM_ROLE_CUSTOMER, sheet->dictionary, 0, false, NULL},
        {"first", time, 0, 0, NULL, 0, true, NULL},
        {"last", time, 0, 0, NULL, 0, true, NULL},
        {"recency_days", CM_INT64, 0, 0, NULL, 0, true, NULL},
        {"tenure_days", CM_INT64, 0, 0, NULL, 0, true, NULL},
        {"purchase_days", CM_INT64, 0, 0, NULL, 0, false, NULL},
        {"invoices", CM_INT64, 0, 0, NULL, 0, false, NULL},
        {"lines", CM_INT64, 0, 0, NULL, 0, false, NULL},
        {"quantity", quantity, orders->quantity_scale, 0, NULL, 0, !orders->has_quantity, NULL},
        {"money", CM_DECIMAL, scale, 0, NULL, 0, false, NULL},
        {"refunds", CM_DECIMAL, scale, 0, NULL, 0, false, NULL},
        {"mean_order", CM_FLOAT64, 0, 0, NULL, 0, true, NULL},
        {"first_day_money", CM_DECIMAL, scale, 0, NULL, 0, true, NULL},
        {"margin", CM_DECIMAL, sheet->margin_scale, 0, NULL, 0, true, NULL},
    };
    sheet->count = orders->has_cost ? COLUMNS : MARGIN;
    for (uint64_t i = 0; i < sheet->count; i++) sheet->columns[i] = columns[i];
}

/* The texts of the ids: the table's that they were borrowed from, or those shown alone, so that nothing stays of an id
 * that was taken out of the state. */
static cm_status make_dictionary(cm_context *ctx, cm_customer_rows *sheet) {
    const cm_question *ask = sheet->ask;
    if (ask->ids->type == CM_INT64) return CM_OK;
    if (ask->ids->borrowed) {
        sheet->dictionary = cm_dictionary_retain(ask->ids->borrowed);
        return CM_OK;
    }
    cm_status status = cm_dictionary_new(ctx, &sheet->dictionary);
    for (uint64_t row = 0; row < ask->shown_count && !status; row++) {
        cm_text text = cm_ids_text(ask->ids, ask->shown[row]);
        int32_t code;
        status = cm_dictionary_add(ctx, sheet->dictionary, text.data, text.length, &code);
    }
    return status;
}

/* ---- a row ---- */

typedef struct place {
    const cm_customer_rows *sheet;
    void *values[CM_CUSTOMER_COLUMNS];      /* of the chunk */
    uint8_t *validity[CM_CUSTOMER_COLUMNS]; /* NULL: no cell is absent */
    uint64_t chunk, at;                     /* row within it */
} place;

static inline void put(const place *to, uint64_t column, int64_t value) {
    ((int64_t *)to->values[column])[to->at] = value;
    if (to->validity[column]) cm_set_bit(to->validity[column], to->at);
}

static inline void put_day(const place *to, uint64_t column, int32_t value) {
    ((int32_t *)to->values[column])[to->at] = value;
    if (to->validity[column]) cm_set_bit(to->validity[column], to->at);
}

static void put_id(const place *to, int32_t code) {
    const cm_question *ask = to->sheet->ask;
    int32_t *codes = to->values[CUSTOMER];
    if (ask->ids->type == CM_INT64) put(to, CUSTOMER, ask->ids->numbers[code]);
    else codes[to->at] = ask->ids->borrowed ? code : (int32_t)(to->chunk * CM_CHUNK_ROWS + to->at);
}

static void put_times(const place *to, const cm_customer_sums *one, int32_t first_day) {
    if (to->sheet->days) {
        put_day(to, FIRST, first_day);
        put_day(to, LAST, one->last_day);
    } else {
        put(to, FIRST, one->first);
        put(to, LAST, one->last);
    }
}

/* What there is of a customer with a purchase alone. */
static void put_purchases(const place *to, const cm_customer_sums *one, int64_t invoices) {
    int64_t as_of = to->sheet->ask->as_of;
    int32_t first_day = cm_first_day(to->sheet->of, one);
    put_times(to, one, first_day);
    put(to, RECENCY, as_of - one->last_day);
    put(to, TENURE, as_of - first_day);
    double money = cm_decimal_to_double(one->money, to->sheet->ask->orders->money_scale);
    ((double *)to->values[MEAN_ORDER])[to->at] = money / (double)invoices;
    cm_set_bit(to->validity[MEAN_ORDER], to->at);
    put(to, FIRST_DAY_MONEY, one->first_day_money);
}

static bool put_margin_overflows(const place *to, const cm_customer_sums *one, int64_t spent) {
    const cm_orders *orders = to->sheet->ask->orders;
    int32_t scale = to->sheet->margin_scale;
    int64_t money, cost, margin;
    if (one->cost_unknown) return false;
    if (cm_rescale_overflows(one->money, orders->money_scale, scale, &money)
        || cm_rescale_overflows(spent, orders->cost_scale, scale, &cost)
        || __builtin_sub_overflow(money, cost, &margin))
        return true;
    put(to, MARGIN, margin);
    return false;
}

static cm_status put_customer(cm_context *ctx, const place *to, int32_t code, const cm_customer_sums *one,
                              const cm_customer_extras *extras) {
    const cm_orders *orders = to->sheet->ask->orders;
    int64_t invoices = orders->has_invoice ? one->invoices : one->purchase_days;
    put_id(to, code);
    put(to, PURCHASE_DAYS, one->purchase_days);
    put(to, INVOICE_COUNT, invoices);
    put(to, LINES, (int64_t)one->lines);
    if (orders->has_quantity) put(to, QUANTITY, one->quantity);
    put(to, MONEY, one->money);
    put(to, REFUNDS, extras->refunds);
    if (one->bought) put_purchases(to, one, invoices);
    bool overflows = one->beyond || (orders->has_cost && put_margin_overflows(to, one, extras->cost));
    return overflows ? fail_overflow(ctx, to->sheet->ask->ids, code) : CM_OK;
}

/* ---- many ---- */

static const cm_customer_sums no_sums; /* of who is listed, but has no record that counts */
static const cm_customer_extras no_extras;

/* A row, if it is the turn of its customer. */
static cm_status fill_row(cm_context *ctx, const place *to, int32_t code) {
    const cm_sums_part *all = to->sheet->of;
    uint64_t at = (uint64_t)code - all->from; /* beyond any if it is before */
    if (at >= all->to - all->from) return CM_OK;
    bool seen = all->seen[code];
    return put_customer(ctx, to, code, seen ? &all->sums[at] : &no_sums,
                        seen && all->extras ? &all->extras[at] : &no_extras);
}

/* The place of a customer in the strip, or any other. */
static uint64_t place_of(const cm_sums_part *all, int32_t code) {
    uint64_t at = (uint64_t)code - all->from;
    return at < all->to - all->from ? at : 0;
}

static cm_status fill_chunk(cm_context *ctx, void *state, uint64_t task) {
    const cm_customer_rows *sheet = state;
    const cm_sums_part *all = sheet->of;
    place to = {.sheet = sheet, .chunk = task};
    cm_status status = all->from ? CM_OK : cm_blank_chunk(ctx, sheet->table, sheet->columns, task);
    uint64_t rows = sheet->table->first_rows[task + 1] - sheet->table->first_rows[task];
    const int32_t *shown = sheet->ask->shown + sheet->table->first_rows[task];
    for (uint64_t i = 0; i < sheet->count && !status; i++) {
        to.values[i] = cm_blank_values(sheet->table, i, task);
        to.validity[i] = cm_blank_validity(sheet->table, i, task);
    }
    for (; to.at < rows && !status; to.at++) {
        if (to.at + AHEAD < rows) __builtin_prefetch(&all->sums[place_of(all, shown[to.at + AHEAD])]);
        status = fill_row(ctx, &to, shown[to.at]);
        if (!status && to.at % 1024 == 0) status = cm_tick(ctx, "customers", to.at, rows);
    }
    if (!status && all->to == sheet->ask->id_count) cm_blank_settle(sheet->table, sheet->columns, task);
    return status;
}

cm_status cm_customer_rows_open(cm_context *ctx, const cm_question *ask, cm_customer_rows *out) {
    const cm_orders *orders = ask->orders;
    *out = (cm_customer_rows){.ask = ask};
    out->days = orders->time_kind != CM_TIME_NAIVE && orders->time_kind != CM_TIME_UTC;
    out->margin_scale = orders->money_scale > orders->cost_scale ? orders->money_scale : orders->cost_scale;
    cm_status status = make_dictionary(ctx, out);
    describe_columns(out);
    uint64_t texts = ask->ids->borrowed ? ask->id_count : ask->shown_count;
    if (out->dictionary) out->columns[CUSTOMER].dictionary_size = texts;
    return status ? status : cm_blank_table(ctx, out->columns, out->count, ask->shown_count, &out->table);
}

cm_status cm_customer_rows_fill(cm_context *ctx, cm_customer_rows *sheet, const cm_sums_part *of) {
    sheet->of = of;
    return cm_parallel(ctx, sheet->table->chunk_count, fill_chunk, sheet);
}

void cm_customer_rows_close(cm_customer_rows *sheet, cm_table **out) {
    bool utc = sheet->ask && sheet->ask->orders->time_kind == CM_TIME_UTC;
    for (int32_t i = FIRST; i <= LAST && utc && sheet->table; i++) sheet->table->columns[i]->flags |= CM_COLUMN_UTC;
    cm_dictionary_release(sheet->dictionary);
    if (out) *out = sheet->table;
    else cm_table_free(sheet->table);
}
