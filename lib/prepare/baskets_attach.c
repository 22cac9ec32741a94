/* What comes along with a table of baskets: its items, what they mean to the best customers, the audit. */
#include "prepare/baskets_question.h"
#include "prepare/concentration.h"
#include "prepare/key_items.h"
#include "table/audit.h"

static const char *const fate_names[FATES] = {"kept",          "no date", "no amount",   "after as-of", "refund",
                                              "contradiction", "no item", "no customer", "large basket"};

cm_status cm_baskets_attach_items(cm_context *ctx, const question *ask, cm_table *baskets) {
    bool named = ask->names && ask->names->of;
    cm_builder *builder = NULL;
    cm_table *items = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "item", CM_STRING, 0, CM_ROLE_ITEM);
    if (!status && named) status = cm_builder_column(ctx, builder, "name", CM_STRING, 0, CM_ROLE_ITEM_NAME);
    if (!status) status = cm_builder_column(ctx, builder, "baskets", CM_INT64, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < ask->item_count && !status; i++) {
        int32_t code = ask->items_ranked[i];
        cm_text text = cm_dictionary_text(ask->items, code), name = named ? ask->names->of[code] : (cm_text){0};
        if (!ask->baskets_of[code]) continue;
        status = cm_builder_text(ctx, builder, 0, text.data, text.length);
        if (!status && name.data) status = cm_builder_text(ctx, builder, 1, name.data, name.length);
        if (!status) status = cm_builder_int(ctx, builder, named ? 2 : 1, (int64_t)ask->baskets_of[code]);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, &items);
    if (!status) status = cm_table_attach(ctx, baskets, "items", items);
    cm_table_free(items);
    cm_builder_free(builder);
    return status;
}

cm_status cm_baskets_attach_key_items(cm_context *ctx, const question *ask, const cm_options *options,
                                      cm_table *baskets) {
    cm_table *items = NULL, *concentration = NULL;
    cm_key_items how = {.orders = ask->orders,
                        .names = ask->names,
                        .groups = ask->groups,
                        .items = ask->items,
                        .items_ranked = ask->items_ranked,
                        .customer_ranks = ask->customer_ranks,
                        .as_of = ask->as_of,
                        .refunds = cm_option_choice(options, &cm_baskets_topic, "refunds"),
                        .best = cm_option_number(options, &cm_baskets_topic, "best")};
    if (!cm_option_int(options, &cm_baskets_topic, "key_items")) return CM_OK;
    cm_status status = cm_key_items_make(ctx, &how, &items);
    if (!status) status = cm_table_attach(ctx, baskets, "key_items", items);
    if (!status) status = cm_concentration_make(ctx, items, &concentration);
    if (!status) status = cm_table_attach(ctx, baskets, "concentration", concentration);
    cm_table_free(concentration);
    cm_table_free(items);
    return status;
}

cm_status cm_baskets_attach_audit(cm_context *ctx, const question *ask, const cm_table *before, cm_table *baskets) {
    __extension__ __int128 money[FATES + 1] = {0};
    uint64_t rows[FATES + 1] = {0}, count = 0;
    cm_audit_line lines[FATES + 1];
    for (uint64_t i = 0; i < ask->orders->map.count; i++) {
        cm_order order = cm_order_at(&ask->orders->map, i);
        const int both[] = {ask->fates[i], FATES};
        for (int j = 0; j < 2; j++) {
            rows[both[j]] += order.lines;
            money[both[j]] += order.money;
        }
    }
    for (int i = 0; i <= FATES; i++) {
        int each = i == 0 ? FATES : i == FATES ? IN_BASKET : i; /* read, the reasons, kept */
        if (each != FATES && each != IN_BASKET && !rows[each]) continue;
        lines[count] = (cm_audit_line){"baskets", each == FATES ? "read" : fate_names[each], rows[each], {0}};
        bool known = money[each] <= INT64_MAX && money[each] >= INT64_MIN && each != NO_AMOUNT && ask->has_amounts;
        if (known) lines[count].money = (cm_money){(int64_t)money[each], ask->orders->money_scale, true};
        count++;
    }
    return cm_audit_attach(ctx, baskets, before, lines, count);
}
