/* The rows of the customers: each one's records, which lie together, are added up and written into the columns. Chunks
 * of the table are made side by side. Days and invoices are counted by sorting them where they do not come in order
 * already. */
#include "base/number.h"
#include "base/sort.h"
#include "base/threads.h"
#include "prepare/customers.h"
#include "table/blank.h"

/* ---- one customer ---- */

typedef struct sums {
    int64_t first, last;         /* microseconds, of purchases */
    int32_t first_day, last_day; /* CM_NO_DAY: no purchase */
    int64_t purchase_days, invoices, lines, quantity, money, refunds, first_day_money, cost;
    bool cost_known;
} sums;

/* Room for the days and invoices of one customer after the other. */
typedef struct counting {
    cm_key *keys;
    uint64_t capacity, count;
} counting;

static cm_status counting_reserve(cm_context *ctx, counting *room, uint64_t count) {
    room->count = 0;
    return cm_reserve(ctx, &room->keys, &room->capacity, count, sizeof *room->keys);
}

#define FEW 48
static cm_status sort_few(cm_context *ctx, counting *room) {
    if (room->count > FEW) return cm_sort_keys(ctx, room->keys, room->count);
    for (uint64_t i = 1; i < room->count; i++) {
        cm_key each = room->keys[i];
        uint64_t at = i;
        for (; at > 0 && room->keys[at - 1].key > each.key; at--) room->keys[at] = room->keys[at - 1];
        room->keys[at] = each;
    }
    return CM_OK;
}

/* How many different keys there are. */
static cm_status count_different(cm_context *ctx, counting *room, int64_t *out) {
    bool rising = true;
    for (uint64_t i = 1; i < room->count && rising; i++) rising = room->keys[i - 1].key <= room->keys[i].key;
    cm_status status = rising ? CM_OK : sort_few(ctx, room);
    *out = room->count > 0;
    for (uint64_t i = 1; i < room->count; i++) *out += room->keys[i].key != room->keys[i - 1].key;
    return status;
}

static void add_key(counting *room, int32_t value) {
    room->keys[room->count++].key = (uint32_t)value ^ UINT32_C(0x80000000);
}

static bool add_purchase_overflows(sums *to, const cm_order *order) {
    if (to->first_day == CM_NO_DAY) {
        to->first_day = to->last_day = order->day;
        to->first = order->first;
        to->last = order->last;
    }
    if (order->day < to->first_day) {
        to->first_day = order->day;
        to->first_day_money = 0;
    }
    to->last_day = order->day > to->last_day ? order->day : to->last_day;
    to->first = order->first < to->first ? order->first : to->first;
    to->last = order->last > to->last ? order->last : to->last;
    to->lines += order->lines;
    if (order->day == to->first_day && __builtin_add_overflow(to->first_day_money, order->money, &to->first_day_money))
        return true;
    return __builtin_add_overflow(to->quantity, order->quantity, &to->quantity);
}

static bool add_overflows(sums *to, const cm_order *order, bool purchase) {
    to->cost_known &= order->cost_known;
    if (__builtin_add_overflow(to->money, order->money, &to->money)
        || __builtin_add_overflow(to->cost, order->cost, &to->cost))
        return true;
    if (!purchase) return __builtin_add_overflow(to->refunds, order->money, &to->refunds);
    return add_purchase_overflows(to, order);
}

static cm_status fail_overflow(cm_context *ctx, const cm_ids *ids, int32_t customer) {
    if (ids->type == CM_INT64) return cm_fail(ctx, CM_E_OVERFLOW, "CUSTOMER_OVERFLOW", "i", ids->numbers[customer]);
    return cm_fail(ctx, CM_E_OVERFLOW, "CUSTOMER_OVERFLOW", "s", cm_dictionary_text(ids->texts, customer).data);
}

static const cm_order *record_of(const cm_question *ask, uint64_t at) {
    return cm_order_at(&ask->orders->map, ask->records[at]);
}

static bool is_purchase(const cm_question *ask, const cm_order *order) {
    return order->kind != CM_ORDER_REFUND || ask->refunds == CM_REFUNDS_KEEP;
}

/* Days with a purchase, or of those without an invoice alone (a day is one then), or invoices. A day that has lines
 * both with and without an invoice counts for both. */
typedef enum what { DAYS, DAYS_WITHOUT_INVOICE, INVOICES } what;

static cm_status count_what(cm_context *ctx, const cm_question *ask, int32_t code, what of, counting *room,
                            int64_t *out) {
    uint64_t first = ask->starts[code], end = ask->starts[code + 1];
    cm_status status = counting_reserve(ctx, room, end - first);
    if (status) return status;
    for (uint64_t i = first; i < end; i++) {
        const cm_order *order = record_of(ask, i);
        if (!is_purchase(ask, order) || (of == INVOICES && order->invoice < 0)
            || (of == DAYS_WITHOUT_INVOICE && order->invoice >= 0))
            continue;
        add_key(room, of == INVOICES ? order->invoice : order->day);
    }
    return count_different(ctx, room, out);
}

static cm_status add_up(cm_context *ctx, const cm_question *ask, int32_t code, counting *room, sums *out) {
    int64_t days_without = 0;
    bool without = false;
    *out = (sums){.first_day = CM_NO_DAY, .last_day = CM_NO_DAY, .cost_known = true};
    for (uint64_t i = ask->starts[code]; i < ask->starts[code + 1]; i++) {
        const cm_order *order = record_of(ask, i);
        without |= order->invoice < 0;
        if (add_overflows(out, order, is_purchase(ask, order))) return fail_overflow(ctx, ask->ids, code);
    }
    cm_status status = count_what(ctx, ask, code, DAYS, room, &out->purchase_days);
    if (!status) status = count_what(ctx, ask, code, INVOICES, room, &out->invoices);
    if (!status && without) status = count_what(ctx, ask, code, DAYS_WITHOUT_INVOICE, room, &days_without);
    out->invoices += days_without;
    return status;
}

/* ---- the table ---- */

enum {
    CUSTOMER, FIRST, LAST, RECENCY, TENURE, PURCHASE_DAYS, INVOICE_COUNT, LINES, QUANTITY, MONEY, REFUNDS, MEAN_ORDER,
    FIRST_DAY_MONEY, MARGIN, COLUMNS
};

typedef struct answer {
    const cm_question *ask;
    cm_blank_column columns[COLUMNS];
    uint64_t count;
    int32_t margin_scale;
    bool days; /* first and last are dates */
    cm_dictionary *dictionary; /* of the ids, where they are texts */
    cm_table *table;
} answer;

static void describe_columns(answer *sheet) {
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
static cm_status make_dictionary(cm_context *ctx, answer *sheet) {
    const cm_question *ask = sheet->ask;
    if (ask->ids->type == CM_INT64) return CM_OK;
    if (ask->orders->borrows_ids) {
        sheet->dictionary = cm_dictionary_retain(ask->ids->texts);
        return CM_OK;
    }
    cm_status status = cm_dictionary_new(ctx, &sheet->dictionary);
    for (uint64_t row = 0; row < ask->shown_count && !status; row++) {
        cm_text text = cm_dictionary_text(ask->ids->texts, ask->shown[row]);
        int32_t code;
        status = cm_dictionary_add(ctx, sheet->dictionary, text.data, text.length, &code);
    }
    return status;
}

typedef struct place {
    const answer *sheet;
    uint64_t chunk, at; /* row within it */
} place;

static void put(const place *to, uint64_t column, int64_t value) {
    cm_blank_put(to->sheet->table, column, to->chunk, to->at, value);
}

static void put_id(const place *to, int32_t code) {
    const cm_question *ask = to->sheet->ask;
    if (ask->ids->type == CM_INT64) put(to, CUSTOMER, ask->ids->numbers[code]);
    else put(to, CUSTOMER, ask->orders->borrows_ids ? code : (int64_t)(to->chunk * CM_CHUNK_ROWS + to->at));
}

static cm_status put_margin(cm_context *ctx, const place *to, int32_t code, const sums *one) {
    const cm_orders *orders = to->sheet->ask->orders;
    int32_t scale = to->sheet->margin_scale;
    int64_t money, cost, margin;
    if (!one->cost_known) return CM_OK;
    if (cm_rescale_overflows(one->money, orders->money_scale, scale, &money)
        || cm_rescale_overflows(one->cost, orders->cost_scale, scale, &cost)
        || __builtin_sub_overflow(money, cost, &margin))
        return fail_overflow(ctx, to->sheet->ask->ids, code);
    put(to, MARGIN, margin);
    return CM_OK;
}

/* What there is of a customer with a purchase alone. */
static void put_purchases(const place *to, const sums *one) {
    bool days = to->sheet->days;
    int64_t as_of = to->sheet->ask->as_of;
    put(to, FIRST, days ? one->first_day : one->first);
    put(to, LAST, days ? one->last_day : one->last);
    put(to, RECENCY, as_of - one->last_day);
    put(to, TENURE, as_of - one->first_day);
    double money = cm_decimal_to_double(one->money, to->sheet->ask->orders->money_scale);
    cm_blank_put_double(to->sheet->table, MEAN_ORDER, to->chunk, to->at, money / (double)one->invoices);
    put(to, FIRST_DAY_MONEY, one->first_day_money);
}

static cm_status put_customer(cm_context *ctx, const place *to, int32_t code, const sums *one) {
    const cm_orders *orders = to->sheet->ask->orders;
    put_id(to, code);
    if (one->first_day != CM_NO_DAY) put_purchases(to, one);
    put(to, PURCHASE_DAYS, one->purchase_days);
    put(to, INVOICE_COUNT, one->invoices);
    put(to, LINES, one->lines);
    if (orders->has_quantity) put(to, QUANTITY, one->quantity);
    put(to, MONEY, one->money);
    put(to, REFUNDS, one->refunds);
    return orders->has_cost ? put_margin(ctx, to, code, one) : CM_OK;
}

/* A customer's records lie anywhere: what leads to those of the customers to come is fetched step by step. */
static void prefetch(const cm_question *ask, const int32_t *shown, uint64_t left) {
    if (left > 24) __builtin_prefetch(&ask->starts[shown[24]]);
    if (left > 16) __builtin_prefetch(&ask->records[ask->starts[shown[16]]]);
    if (left <= 8) return;
    uint64_t first = ask->starts[shown[8]], end = ask->starts[shown[8] + 1];
    for (uint64_t i = first; i < end && i < first + 16; i++) __builtin_prefetch(record_of(ask, i));
}

static cm_status fill_chunk(cm_context *ctx, void *state, uint64_t task) {
    const answer *sheet = state;
    const cm_question *ask = sheet->ask;
    place to = {sheet, task, 0};
    counting room = {0};
    cm_status status = cm_blank_chunk(ctx, sheet->table, sheet->columns, task);
    uint64_t rows = sheet->table->first_rows[task + 1] - sheet->table->first_rows[task];
    const int32_t *shown = ask->shown + sheet->table->first_rows[task];
    for (; to.at < rows && !status; to.at++) {
        sums one;
        prefetch(ask, shown + to.at, rows - to.at);
        status = add_up(ctx, ask, shown[to.at], &room, &one);
        if (!status) status = put_customer(ctx, &to, shown[to.at], &one);
        if (!status && to.at % 1024 == 0) status = cm_tick(ctx, "customers", to.at, rows);
    }
    if (!status) cm_blank_settle(sheet->table, sheet->columns, task);
    cm_free(ctx->core, room.keys, room.capacity, sizeof *room.keys);
    return status;
}

cm_status cm_question_rows(cm_context *ctx, const cm_question *ask, cm_table **out) {
    const cm_orders *orders = ask->orders;
    answer sheet = {.ask = ask};
    sheet.days = orders->time_kind != CM_TIME_NAIVE && orders->time_kind != CM_TIME_UTC;
    sheet.margin_scale = orders->money_scale > orders->cost_scale ? orders->money_scale : orders->cost_scale;
    cm_status status = make_dictionary(ctx, &sheet);
    describe_columns(&sheet);
    if (sheet.dictionary)
        sheet.columns[CUSTOMER].dictionary_size = orders->borrows_ids ? ask->id_count : ask->shown_count;
    if (!status) status = cm_blank_table(ctx, sheet.columns, sheet.count, ask->shown_count, &sheet.table);
    if (!status) status = cm_parallel(ctx, sheet.table->chunk_count, fill_chunk, &sheet);
    if (!status && orders->time_kind == CM_TIME_UTC)
        for (int32_t i = FIRST; i <= LAST; i++) sheet.table->columns[i]->flags |= CM_COLUMN_UTC;
    cm_dictionary_release(sheet.dictionary);
    if (status) cm_table_free(sheet.table);
    else *out = sheet.table;
    return status;
}
