/* The rows of the customers: their sums (customers_sums.c) written into the columns, chunks of the table side by side.
 * A strip of customers at a time: rows of others are left for their turn. */
#include "prepare/customers_rows.h"

#include "base/number.h"
#include "base/threads.h"

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

/* ---- some rows of a chunk ---- */

#define GROUP UINT64_C(64) /* rows that are written together: a word of validity bits */

typedef struct group {
    const cm_customer_rows *sheet;
    void *values[CM_CUSTOMER_COLUMNS];      /* of the chunk */
    uint8_t *validity[CM_CUSTOMER_COLUMNS]; /* NULL: no cell is absent */
    uint64_t chunk, first; /* the row of the chunk that the group begins with */
    uint64_t count;        /* customers in it whose turn it is */
    uint64_t rows[GROUP];  /* theirs, of the chunk */
    int32_t codes[GROUP];
    const cm_customer_sums *sums[GROUP];
    const cm_customer_extras *extras[GROUP];
} group;

static void set_present(const group *to, uint64_t column, uint64_t bits) {
    uint8_t *bytes = to->validity[column] + to->first / 8;
    for (; bits; bits >>= 8) *bytes++ |= (uint8_t)bits;
}

static void put_ids(const group *to) {
    const cm_ids *ids = to->sheet->ask->ids;
    int64_t *numbers = to->values[CUSTOMER];
    int32_t *codes = to->values[CUSTOMER], first = (int32_t)(to->chunk * CM_CHUNK_ROWS);
    for (uint64_t i = 0; i < to->count; i++) {
        if (ids->type == CM_INT64) numbers[to->rows[i]] = ids->numbers[to->codes[i]];
        else codes[to->rows[i]] = ids->borrowed ? to->codes[i] : first + (int32_t)to->rows[i];
    }
}

static inline int64_t invoices_of(const group *to, const cm_customer_sums *one) {
    return to->sheet->ask->orders->has_invoice ? one->invoices : one->purchase_days;
}

static void put_sums(const group *to) {
    int64_t *days = to->values[PURCHASE_DAYS], *invoices = to->values[INVOICE_COUNT], *lines = to->values[LINES],
            *quantity = to->values[QUANTITY], *money = to->values[MONEY], *refunds = to->values[REFUNDS];
    bool has_quantity = to->sheet->ask->orders->has_quantity;
    for (uint64_t i = 0; i < to->count; i++) {
        const cm_customer_sums *one = to->sums[i];
        uint64_t row = to->rows[i];
        days[row] = one->purchase_days;
        invoices[row] = invoices_of(to, one);
        lines[row] = (int64_t)one->lines;
        if (has_quantity) quantity[row] = one->quantity;
        money[row] = one->money;
        refunds[row] = to->extras[i]->refunds;
    }
}

static void put_times(const group *to) {
    int32_t *first_days = to->values[FIRST], *last_days = to->values[LAST];
    int64_t *first = to->values[FIRST], *last = to->values[LAST];
    for (uint64_t i = 0; i < to->count; i++) {
        const cm_customer_sums *one = to->sums[i];
        uint64_t row = to->rows[i];
        if (!one->bought) continue;
        if (to->sheet->days) {
            first_days[row] = cm_first_day(to->sheet->of, one);
            last_days[row] = one->last_day;
        } else {
            first[row] = one->first;
            last[row] = one->last;
        }
    }
}

/* What there is of a customer with a purchase alone. */
static void put_purchases(const group *to) {
    int64_t *recency = to->values[RECENCY], *tenure = to->values[TENURE], *first_money = to->values[FIRST_DAY_MONEY];
    int64_t as_of = to->sheet->ask->as_of;
    double *mean = to->values[MEAN_ORDER];
    uint64_t present = 0;
    for (uint64_t i = 0; i < to->count; i++) {
        const cm_customer_sums *one = to->sums[i];
        uint64_t row = to->rows[i];
        if (!one->bought) continue;
        present |= UINT64_C(1) << (row - to->first);
        recency[row] = as_of - one->last_day;
        tenure[row] = as_of - cm_first_day(to->sheet->of, one);
        mean[row] = cm_decimal_to_double(one->money, to->sheet->ask->orders->money_scale)
                    / (double)invoices_of(to, one);
        first_money[row] = one->first_day_money;
    }
    static const int of_purchases[] = {FIRST, LAST, RECENCY, TENURE, MEAN_ORDER, FIRST_DAY_MONEY};
    for (uint64_t i = 0; i < sizeof of_purchases / sizeof *of_purchases; i++)
        set_present(to, (uint64_t)of_purchases[i], present);
}

static bool margin_overflows(const group *to, const cm_customer_sums *one, int64_t spent, int64_t *margin) {
    const cm_orders *orders = to->sheet->ask->orders;
    int32_t scale = to->sheet->margin_scale;
    int64_t money, cost;
    return cm_rescale_overflows(one->money, orders->money_scale, scale, &money)
           || cm_rescale_overflows(spent, orders->cost_scale, scale, &cost)
           || __builtin_sub_overflow(money, cost, margin);
}

static cm_status put_margins(cm_context *ctx, const group *to) {
    int64_t *margins = to->values[MARGIN];
    for (uint64_t i = 0; i < to->count; i++) {
        if (to->sums[i]->cost_unknown) continue;
        if (margin_overflows(to, to->sums[i], to->extras[i]->cost, &margins[to->rows[i]]))
            return fail_overflow(ctx, to->sheet->ask->ids, to->codes[i]);
        set_present(to, MARGIN, UINT64_C(1) << (to->rows[i] - to->first));
    }
    return CM_OK;
}

/* ---- who is in the group ---- */

static const cm_customer_sums no_sums; /* of who is listed, but has no record that counts */
static const cm_customer_extras no_extras;

static bool in_strip(const cm_sums_part *all, int32_t code) { return (uint64_t)code - all->from < all->to - all->from; }

/* Those of the first customers of a list whose turn it is. Sums lie anywhere: those of the group behind are fetched
 * meanwhile. A sum beyond 64 bits fails. */
static cm_status find_customers(cm_context *ctx, const int32_t *shown, uint64_t rows, group *to) {
    const cm_sums_part *all = to->sheet->of;
    to->count = 0;
    for (uint64_t i = 0; i < rows && i < GROUP; i++) {
        uint64_t at = (uint64_t)shown[i] - all->from;
        if (i + GROUP < rows && in_strip(all, shown[i + GROUP])) {
            __builtin_prefetch(&all->sums[(uint64_t)shown[i + GROUP] - all->from]);
            if (all->extras) __builtin_prefetch(&all->extras[(uint64_t)shown[i + GROUP] - all->from]);
        }
        if (!in_strip(all, shown[i])) continue;
        bool seen = all->seen[shown[i]];
        to->rows[to->count] = to->first + i;
        to->codes[to->count] = shown[i];
        to->sums[to->count] = seen ? &all->sums[at] : &no_sums;
        to->extras[to->count] = seen && all->extras ? &all->extras[at] : &no_extras;
        if (to->sums[to->count++]->beyond) return fail_overflow(ctx, to->sheet->ask->ids, shown[i]);
    }
    return CM_OK;
}

static cm_status fill_group(cm_context *ctx, const int32_t *shown, uint64_t rows, group *to) {
    cm_status status = find_customers(ctx, shown, rows, to);
    if (status) return status;
    put_ids(to);
    put_sums(to);
    put_times(to);
    put_purchases(to);
    return to->sheet->ask->orders->has_cost ? put_margins(ctx, to) : CM_OK;
}

static cm_status fill_chunk(cm_context *ctx, void *state, uint64_t task) {
    const cm_customer_rows *sheet = state;
    const cm_sums_part *all = sheet->of;
    group to = {.sheet = sheet, .chunk = task};
    cm_status status = all->from ? CM_OK : cm_blank_chunk(ctx, sheet->table, sheet->columns, task);
    uint64_t rows = sheet->table->first_rows[task + 1] - sheet->table->first_rows[task];
    const int32_t *shown = sheet->ask->shown + sheet->table->first_rows[task];
    for (uint64_t i = 0; i < sheet->count && !status; i++) {
        to.values[i] = cm_blank_values(sheet->table, i, task);
        to.validity[i] = cm_blank_validity(sheet->table, i, task);
    }
    for (; to.first < rows && !status; to.first += GROUP) {
        status = fill_group(ctx, shown + to.first, rows - to.first, &to);
        if (!status && to.first % 1024 == 0) status = cm_tick(ctx, "customers", to.first, rows);
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
