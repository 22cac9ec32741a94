/* Customers from orders: the records that count are added up by customer (customers_sums.c), and each customer's sums
 * are written as a row (customers_rows.c); here the question is made ready, and said what was left out. O(orders). */
#include "prepare/customers.h"

#include "base/civil.h"
#include "prepare/customers_rows.h"
#include "prepare/history.h"
#include "table/audit.h"
#include "table/join.h"

static const cm_option_spec customers_options[] = {
    {"as_of", NULL, NULL, "last day that counts; default: the last date among the lines", 0, 0, CM_OPTION_DATE},
    {"refunds", "net", "net|keep|drop", "lower the money; keep as lines like any other; leave out", 0, 0,
     CM_OPTION_CHOICE},
    {"on_error", "fail", "fail|collect", "lines that contradict themselves: stop, or leave out and count", 0, 0,
     CM_OPTION_CHOICE},
    {"attributes", NULL, NULL, "a table of customers, joined by its first column", 0, 0, CM_OPTION_TABLE},
    {"utc_offset", NULL, NULL, "offset like +02:00 at which days of UTC times are cut", 0, 0, CM_OPTION_TEXT},
    {"rhythm", "false", NULL, "further columns: gaps between purchases, active months, stage", 0, 0, CM_OPTION_SWITCH},
    {"before_days", NULL, NULL, "further columns: as so many days before as-of, and what came since", 1, 100000,
     CM_OPTION_INT},
    {"cohorts", "false", NULL, "attach the table cohorts: by month of first purchase, month by month", 0, 0,
     CM_OPTION_SWITCH},
    {0},
};
const cm_topic cm_customers_topic = {"customers", "transactions to customers", customers_options};

#define FEW_CODES UINT64_C(65536)

static const char *const fate_names[CM_FATES] = {NULL,           NULL,      "no date",       "no amount",
                                                 "after as-of", "refund", "contradiction", "no customer"};

/* ---- what was left out ---- */

static cm_audit_line audit_line(const cm_question *ask, const char *reason, uint64_t rows, cm_wide money) {
    cm_audit_line line = {"customers", reason, rows, {0}};
    if (money <= INT64_MAX && money >= INT64_MIN)
        line.money = (cm_money){(int64_t)money, ask->orders->money_scale, true};
    return line;
}

/* Read, the reasons, kept. */
static cm_status attach_audit(cm_context *ctx, const cm_question *ask, const cm_table *before, cm_table *customers) {
    const cm_fate_sums *sums = &ask->sums;
    cm_audit_line lines[CM_FATES + 1];
    cm_wide money = 0;
    uint64_t count = 1, rows = 0;
    for (int fate = 0; fate < CM_FATES; fate++) {
        rows += sums->lines[fate];
        money += sums->money[fate];
        if (fate <= CM_COUNTS_AS_REFUND || !sums->lines[fate]) continue;
        lines[count] = audit_line(ask, fate_names[fate], sums->lines[fate], sums->money[fate]);
        lines[count++].money.known &= fate != CM_DROPPED_NO_AMOUNT;
    }
    lines[0] = audit_line(ask, "read", rows, money);
    lines[count++] = audit_line(ask, "kept", sums->lines[CM_COUNTS_AS_PURCHASE] + sums->lines[CM_COUNTS_AS_REFUND],
                                sums->money[CM_COUNTS_AS_PURCHASE] + sums->money[CM_COUNTS_AS_REFUND]);
    return cm_audit_attach(ctx, customers, before, lines, count);
}

static cm_status check_contradictions(cm_context *ctx, const cm_question *ask) {
    char day[CM_CIVIL_TEXT];
    if (!ask->sums.lines[CM_DROPPED_CONTRADICTION]) return CM_OK;
    cm_print_date(ask->sums.contradiction_day, day);
    return cm_fail(ctx, CM_E_DATA, "CONTRADICTION", "us", ask->sums.lines[CM_DROPPED_CONTRADICTION], day);
}

/* ---- the question ---- */

/* NULL: there are none. */
static const cm_table *attributes_of(const cm_options *options) {
    const cm_table *attributes = cm_option_table(options, &cm_customers_topic, "attributes");
    return attributes && cm_table_columns(attributes) ? attributes : NULL;
}

/* Customers of the attributes' table are shown even if they never bought: they need codes, beside those of the state.
 */
static cm_status add_listed(cm_context *ctx, cm_question *ask, const cm_table *attributes) {
    const cm_ids *from = &ask->orders->customers;
    cm_status status = cm_ids_set_type(ctx, &ask->own_ids, from->type ? from->type : CM_STRING, "customer");
    if (status) return status;
    ask->code_count = cm_ids_count(from);
    ask->codes = cm_alloc(ctx, ask->code_count, sizeof *ask->codes);
    status = ask->codes ? cm_ids_map(ctx, from, &ask->own_ids, ask->codes) : ctx->error.status;
    uint64_t rows = cm_table_rows(attributes);
    ask->listed_count = ask->code_count + rows;
    if (!status) ask->listed = cm_alloc(ctx, ask->listed_count, 1);
    if (!ask->listed) return ctx->error.status;
    const cm_column *key = attributes->columns[0];
    for (uint64_t row = 0; row < rows; row++) {
        char room[CM_CELL_TEXT];
        uint64_t within, length = 0, chunk = cm_table_locate(attributes, row, &within);
        int32_t code;
        if (key->type == CM_LIST || !cm_chunk_present(&key->chunks[chunk], within)) continue;
        const char *text = cm_cell_text(key, &key->chunks[chunk], within, room, &length);
        status = cm_ids_add(ctx, &ask->own_ids, text, &code);
        if (status) return status;
        ask->listed[code] = 1;
    }
    ask->ids = &ask->own_ids;
    ask->id_count = cm_ids_count(ask->ids);
    return CM_OK;
}

/* Those with a record that counts, and those listed, in the order of their ids. */
static cm_status find_shown(cm_context *ctx, cm_question *ask, const uint8_t *seen) {
    ask->shown = cm_alloc_raw(ctx, ask->id_count, sizeof *ask->shown);
    if (!ask->shown) return ctx->error.status;
    cm_status status = ask->ids->type ? cm_ids_order(ctx, ask->ids, ask->id_count, ask->shown) : CM_OK;
    for (uint64_t rank = 0; rank < ask->id_count && !status; rank++) {
        int32_t code = ask->shown[rank];
        if (seen[code] || (ask->listed && ask->listed[code])) ask->shown[ask->shown_count++] = code;
    }
    return status;
}

static void question_close(cm_core *core, cm_question *ask) {
    cm_free(core, ask->codes, ask->code_count, sizeof *ask->codes);
    cm_free(core, ask->listed, ask->listed_count, 1);
    cm_free(core, ask->shown, ask->id_count, sizeof *ask->shown);
    cm_ids_clear(core, &ask->own_ids);
}

/* ---- the answer ---- */

/* Strip by strip: the first also says who is shown, and what contradicts itself. */
static cm_status make_rows(cm_context *ctx, cm_question *ask, bool contradictions_fail, cm_table **out) {
    cm_sums sums;
    cm_customer_rows rows = {0};
    cm_status status = cm_sums_open(ctx, ask, &sums);
    uint64_t from = 0;
    do {
        if (!status) status = cm_sums_make(ctx, &sums, from);
        if (!status && from == 0 && contradictions_fail) status = check_contradictions(ctx, ask);
        if (!status && from == 0) status = find_shown(ctx, ask, sums.parts[0].seen);
        if (!status && from == 0) status = cm_customer_rows_open(ctx, ask, &rows);
        if (!status) status = cm_customer_rows_fill(ctx, &rows, &sums.parts[0]);
        from += sums.strip;
    } while (!status && from < ask->id_count);
    cm_sums_close(ctx->core, &sums);
    cm_customer_rows_close(&rows, status ? NULL : out);
    return status;
}

/* The attributes beside the customers; what is attached to the customers stays. */
static cm_status join_attributes(cm_context *ctx, const cm_table *attributes, cm_table **customers) {
    cm_table *joined = NULL;
    cm_options *options = NULL;
    cm_status status = cm_options_make(ctx, &cm_join_topic, &options);
    if (!status) status = cm_options_set_text(ctx, options, "left_key", "customer");
    if (!status) status = cm_options_set_text(ctx, options, "right_key", attributes->columns[0]->name);
    if (!status) status = cm_table_join(ctx, *customers, attributes, options, &joined);
    cm_options_free(options);
    if (status) return status;
    cm_table_free(*customers);
    *customers = joined;
    return CM_OK;
}

/* `ask` has what is asked of whom: orders, lines, ids, and how many. It is closed here. */
static cm_status answer(cm_context *ctx, cm_question *ask, const cm_options *options, const cm_table *before,
                        cm_table **out) {
    const cm_topic *topic = &cm_customers_topic;
    const cm_table *attributes = attributes_of(options);
    cm_table *customers = NULL;
    bool has_day = cm_option_is_set(options, topic, "as_of");
    bool strict = cm_option_choice(options, topic, "on_error") == 0;
    ask->refunds = cm_option_choice(options, topic, "refunds");
    ask->as_of = has_day ? (int32_t)cm_option_int(options, topic, "as_of") : INT32_MAX;
    cm_status status = attributes ? add_listed(ctx, ask, attributes) : CM_OK;
    if (!status) status = make_rows(ctx, ask, strict, &customers);
    if (!status) status = attach_audit(ctx, ask, before, customers);
    if (!status && attributes) status = join_attributes(ctx, attributes, &customers);
    if (!status && cm_history_asked(options)) status = cm_history_answer(ctx, ask, options, &customers);
    question_close(ctx->core, ask);
    if (status) cm_table_free(customers);
    else *out = customers;
    return status;
}

static cm_status answer_of_state(cm_context *ctx, const cm_orders *orders, const cm_options *options,
                                 const cm_table *before, cm_table **out) {
    cm_question ask = {
        .orders = orders,
        .ids = &orders->customers,
        .id_count = cm_ids_count(&orders->customers),
        .invoice_count = cm_ids_count(&orders->invoices),
    };
    return answer(ctx, &ask, options, before, out);
}

/* Asked once: the lines themselves are the records, and the values of their columns the codes. */
static cm_status answer_of_lines(cm_context *ctx, const cm_lines *lines, const cm_orders *like,
                                 const cm_options *options, const cm_codes *customers, const cm_codes *invoices,
                                 cm_table **out) {
    cm_orders *orders = NULL;
    cm_status status = cm_orders_borrow(ctx, lines, like, customers, &orders);
    if (!status) {
        cm_question ask = {
            .orders = orders,
            .lines = lines,
            .ids = &orders->customers,
            .id_count = customers->count,
            .first_customer = customers->least,
            .invoice_count = invoices->count,
            .first_invoice = invoices->least,
        };
        status = answer(ctx, &ask, options, lines->table, out);
    }
    cm_orders_free(orders);
    return status;
}

static cm_status answer_through_state(cm_context *ctx, const cm_lines *lines, const cm_orders *like,
                                      const cm_options *options, cm_table **out) {
    cm_orders *orders = NULL;
    cm_status status = cm_orders_of_lines(ctx, lines, like, &orders);
    if (!status) status = answer_of_state(ctx, orders, options, lines->table, out);
    cm_orders_free(orders);
    return status;
}

static cm_status orders_customers(cm_context *ctx, const cm_orders *orders, const cm_options *options, cm_table **out) {
    int32_t minutes;
    cm_status status = cm_options_check(ctx, options, &cm_customers_topic);
    const char *offset = cm_option_text(options, &cm_customers_topic, "utc_offset");
    if (!status) status = cm_parse_utc_offset(ctx, offset, &minutes);
    if (!status && offset && minutes != orders->utc_offset)
        status = cm_fail(ctx, CM_E_OPTION, "UTC_OFFSETS", "ii", (int64_t)minutes, (int64_t)orders->utc_offset);
    return status ? status : answer_of_state(ctx, orders, options, NULL, out);
}

cm_status cm_orders_customers(cm_context *ctx, const cm_orders *orders, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    if (!orders || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, orders_customers(ctx, orders, options, out));
}

/* Of lines themselves, where ids have codes; but with attributes there are ids beside the lines', and histories find
 * their customers by the ids of a state. Integers may leave some codes out, each of which costs a few bytes. */
static cm_status answer_sales(cm_context *ctx, const cm_lines *lines, const cm_orders *like, const cm_options *options,
                              cm_table **out) {
    cm_codes customers = {0}, invoices = {0};
    uint64_t rows = lines->table->rows;
    cm_status status = CM_OK;
    if (!attributes_of(options) && !cm_history_asked(options)) {
        status = cm_codes_find(ctx, lines->columns[CM_ROLE_CUSTOMER], rows / 4 + FEW_CODES, &customers);
        if (!status) status = cm_codes_find(ctx, lines->columns[CM_ROLE_INVOICE], 4 * rows + FEW_CODES, &invoices);
    }
    if (status) return status;
    return customers.found && invoices.found
               ? answer_of_lines(ctx, lines, like, options, &customers, &invoices, out)
               : answer_through_state(ctx, lines, like, options, out);
}

static cm_status customers(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out) {
    int32_t minutes = 0;
    cm_orders *like = NULL;
    cm_lines lines = {0};
    cm_status status = cm_options_check(ctx, options, &cm_customers_topic);
    if (!status)
        status = cm_parse_utc_offset(ctx, cm_option_text(options, &cm_customers_topic, "utc_offset"), &minutes);
    if (!status) status = cm_orders_make(ctx, minutes, false, &like);
    if (!status) status = cm_orders_open_lines(ctx, like, sales, &lines);
    if (!status) status = answer_sales(ctx, &lines, like, options, out);
    cm_lines_close(&lines);
    cm_orders_free(like);
    return status;
}

cm_status cm_customers(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    if (!sales || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, customers(ctx, sales, options, out));
}
