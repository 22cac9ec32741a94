/* Baskets from tables that have a row a basket: lists of items, or a column an item. */
#include <string.h>

#include "prepare/baskets.h"
#include "prepare/weights.h"
#include "table/audit.h"
#include "table/gather.h"
#include "table/roles.h"

/* ---- lists ---- */

enum { KEPT, NO_CUSTOMER, TOO_LARGE, FATES };

/* Different items of a cell. `last` has, by code, the row, from 1, that had it last. */
static uint64_t count_items(const cm_table *table, const cm_column *items, uint64_t row, uint64_t *last) {
    uint64_t within, count = 0, at = cm_table_locate(table, row, &within);
    const cm_chunk *chunk = &items->chunks[at];
    const int64_t *offsets = chunk->offsets + chunk->offset + within;
    const int32_t *codes = chunk->values;
    for (int64_t i = offsets[0]; i < offsets[1]; i++) {
        count += last[codes[i]] != row + 1;
        last[codes[i]] = row + 1;
    }
    return count;
}

static cm_status attach_counts(cm_context *ctx, cm_table *baskets, const cm_table *before,
                               const uint64_t counts[FATES]) {
    const cm_audit_line all[] = {{"baskets", "read", counts[KEPT] + counts[NO_CUSTOMER] + counts[TOO_LARGE], {0}},
                                 {"baskets", "no customer", counts[NO_CUSTOMER], {0}},
                                 {"baskets", "large basket", counts[TOO_LARGE], {0}},
                                 {"baskets", "kept", counts[KEPT], {0}}};
    cm_audit_line shown[4];
    uint64_t count = 0;
    for (int i = 0; i < 4; i++)
        if (i == 0 || i == 3 || all[i].rows) shown[count++] = all[i];
    return cm_audit_attach(ctx, baskets, before, shown, count);
}

static int32_t fate_of(const cm_table *table, uint64_t row, int64_t customer, uint64_t items, uint64_t most) {
    if (customer >= 0 && cm_table_is_absent(table, row, (uint64_t)customer)) return NO_CUSTOMER;
    return most && items > most ? TOO_LARGE : KEPT;
}

/* Each basket that is kept has a weight, where there is a column of them. */
static cm_status check_weights(cm_context *ctx, const cm_table *table, const char *column, const uint64_t *rows,
                               uint64_t count) {
    cm_weights weights;
    int64_t weight;
    if (!column) return CM_OK;
    cm_status status = cm_weights_open(ctx, table, column, &weights);
    for (uint64_t i = 0; i < count && !status; i++) status = cm_weight_at(ctx, &weights, rows[i], &weight);
    cm_weights_close(&weights);
    return status;
}

cm_status cm_baskets_of_lists(cm_context *ctx, const cm_table *table, const cm_options *options, cm_table **out) {
    uint64_t items = 0, most = (uint64_t)cm_option_int(options, &cm_baskets_topic, "max_basket");
    uint64_t counts[FATES] = {0}, *kept = NULL, *last = NULL, size = 0;
    bool known = cm_option_choice(options, &cm_baskets_topic, "baskets") == 1;
    int64_t customer = -1;
    cm_status status = cm_table_require(ctx, table, "items", &items);
    if (!status && table->columns[items]->type != CM_LIST)
        status = cm_fail(ctx, CM_E_COLUMN, "ROLE_TYPE", "ssss", "items", "item",
                         cm_type_name(table->columns[items]->type), "LIST");
    if (!status && known) status = cm_roles_find(ctx, table, CM_ROLE_CUSTOMER, true, &customer);
    if (!status) {
        size = table->columns[items]->dictionary_size;
        kept = cm_alloc(ctx, table->rows, sizeof *kept);
        last = kept ? cm_alloc(ctx, size, sizeof *last) : NULL;
        if (!last) status = ctx->error.status;
    }
    for (uint64_t row = 0; row < table->rows && !status; row++) {
        if (row % 4096 == 0) status = cm_tick(ctx, "baskets", row, table->rows);
        int32_t fate =
            fate_of(table, row, customer, most ? count_items(table, table->columns[items], row, last) : 0, most);
        if (fate == KEPT) kept[counts[KEPT]] = row;
        counts[fate]++;
    }
    const char *weight = cm_option_text(options, &cm_baskets_topic, "weight");
    if (!status) status = check_weights(ctx, table, weight, kept, counts[KEPT]);
    if (!status && counts[KEPT] == table->rows) status = cm_table_slice(ctx, table, 0, table->rows, out);
    else if (!status) status = cm_table_take(ctx, table, kept, counts[KEPT], out);
    if (!status) status = cm_table_copy_attachments(ctx, *out, table);
    if (!status) status = attach_counts(ctx, *out, table, counts);
    if (status) {
        cm_table_free(*out);
        *out = NULL;
    }
    cm_free(ctx->core, kept, table->rows, sizeof *kept);
    cm_free(ctx->core, last, size, sizeof *last);
    return status;
}

/* ---- columns of 0 and 1 ---- */

enum { ID, ITEMS, CUSTOMER, WEIGHT }; /* columns of the lists */

static cm_status check_column(cm_context *ctx, const cm_column *column) {
    bool fits = column->type == CM_BOOL || column->type == CM_INT64
                || (column->type == CM_DECIMAL && column->scale == 0);
    return fits ? CM_OK : cm_fail(ctx, CM_E_COLUMN, "ITEM_COLUMN", "ss", column->name, cm_type_name(column->type));
}

static bool is_item(const cm_column *column) {
    return column->role == CM_ROLE_NONE || column->role == CM_ROLE_ITEM;
}

/* Item columns in byte order of their names come first in `order`; *count of them. */
static cm_status order_columns(cm_context *ctx, const cm_table *table, const char *weight, uint64_t *order,
                               uint64_t *count) {
    *count = 0;
    for (uint64_t i = 0; i < table->column_count; i++) {
        if (!is_item(table->columns[i]) || (weight && !strcmp(table->columns[i]->name, weight))) continue;
        cm_status status = check_column(ctx, table->columns[i]);
        if (status) return status;
        uint64_t at = (*count)++;
        for (; at > 0 && strcmp(table->columns[order[at - 1]]->name, table->columns[i]->name) > 0; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return CM_OK;
}

static cm_status add_items(cm_context *ctx, cm_builder *builder, const cm_table *table, uint64_t row,
                           const uint64_t *order, uint64_t count) {
    cm_status status = cm_builder_text(ctx, builder, ITEMS, NULL, 0);
    for (uint64_t i = 0; i < count && !status; i++) {
        const cm_column *column = table->columns[order[i]];
        if (cm_table_is_absent(table, row, order[i])) continue;
        int64_t value = cm_table_int(table, row, order[i]);
        if (value != 0 && value != 1)
            return cm_fail(ctx, CM_E_DATA, "ITEM_COLUMN_CELL", "sui", column->name, row + 1, value);
        if (value) status = cm_builder_text(ctx, builder, ITEMS, column->name, column->name_length);
    }
    return status;
}

/* What a basket has beside its items: its invoice, or the row's number, its customer and its weight, where there are
 * such columns. */
typedef struct beside {
    int64_t id, customer; /* columns; -1: none */
    cm_weights weights;
    uint64_t weight; /* where it goes to */
} beside;

static cm_status add_columns(cm_context *ctx, cm_builder *builder, const cm_table *table, beside *own) {
    const cm_column *weight = own->weights.column;
    int32_t id_type = own->id < 0 ? CM_INT64 : table->columns[own->id]->type;
    own->weight = own->customer < 0 ? CUSTOMER : WEIGHT;
    cm_status status = cm_builder_column(ctx, builder, "basket", id_type, 0, CM_ROLE_INVOICE);
    if (!status) status = cm_builder_column(ctx, builder, "items", CM_LIST, 0, CM_ROLE_NONE);
    if (!status && own->customer >= 0)
        status = cm_builder_column(ctx, builder, "customer", table->columns[own->customer]->type, 0, CM_ROLE_CUSTOMER);
    if (status || !weight) return status;
    return cm_builder_column(ctx, builder, weight->name, weight->type, weight->scale, CM_ROLE_NONE);
}

static cm_status copy_id(cm_context *ctx, cm_builder *builder, uint64_t to, const cm_table *table, int64_t from,
                         uint64_t row) {
    uint64_t length = 0;
    if (from < 0 || cm_table_is_absent(table, row, (uint64_t)from)) return CM_OK;
    const char *text = cm_table_text(table, row, (uint64_t)from, 0, &length);
    if (table->columns[from]->type == CM_STRING) return cm_builder_text(ctx, builder, to, text, length);
    return cm_builder_int(ctx, builder, to, cm_table_int(table, row, (uint64_t)from));
}

static cm_status add_row(cm_context *ctx, cm_builder *builder, const cm_table *table, uint64_t row, const beside *own) {
    int64_t weight = 0;
    cm_status status = own->id < 0 ? cm_builder_int(ctx, builder, ID, (int64_t)row + 1) : CM_OK;
    if (!status) status = copy_id(ctx, builder, ID, table, own->id, row);
    if (!status) status = copy_id(ctx, builder, CUSTOMER, table, own->customer, row);
    if (!status && own->weights.column) {
        status = cm_weight_at(ctx, &own->weights, row, &weight);
        if (!status) status = cm_builder_int(ctx, builder, own->weight, weight);
    }
    return status;
}

static cm_status to_lists(cm_context *ctx, const cm_table *table, const uint64_t *order, uint64_t count, beside *own,
                          cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_columns(ctx, builder, table, own);
    for (uint64_t row = 0; row < table->rows && !status; row++) {
        if (row % 1024 == 0) status = cm_tick(ctx, "baskets", row, table->rows);
        if (!status) status = add_row(ctx, builder, table, row, own);
        if (!status) status = add_items(ctx, builder, table, row, order, count);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

cm_status cm_baskets_of_columns(cm_context *ctx, const cm_table *table, const cm_options *options, cm_table **out) {
    const char *weight = cm_option_text(options, &cm_baskets_topic, "weight");
    uint64_t *order = cm_alloc(ctx, table->column_count, sizeof *order), count = 0;
    cm_table *lists = NULL;
    beside own = {.id = cm_table_find_role(table, CM_ROLE_INVOICE),
                  .customer = cm_table_find_role(table, CM_ROLE_CUSTOMER)};
    cm_status status = order ? order_columns(ctx, table, weight, order, &count) : ctx->error.status;
    if (!status && weight) status = cm_weights_open(ctx, table, weight, &own.weights);
    if (!status) status = to_lists(ctx, table, order, count, &own, &lists);
    if (!status) status = cm_table_copy_attachments(ctx, lists, table);
    if (!status) status = cm_baskets_of_lists(ctx, lists, options, out);
    cm_table_free(lists);
    cm_weights_close(&own.weights);
    cm_free(ctx->core, order, table->column_count, sizeof *order);
    return status;
}
