/* How much of the money hangs on how few items (the ABC analysis of H. F. Dickie, "ABC inventory analysis shoots for
 * dollars, not pennies", Factory Management and Maintenance 109, 1951): the items of a group are taken by money,
 * falling, until they have brought 80% of what all of them bring. Items whose refunds are more than their sales bring
 * nothing. Cost: O(items). */
#include "prepare/concentration.h"

#include "base/sort.h"

__extension__ typedef __int128 wide;

typedef struct group {
    wide money, positive, sum; /* sum: of the items taken so far */
    uint64_t items, taken;
} group;

typedef struct work {
    const cm_table *items;
    uint64_t money;
    int64_t group; /* column; -1: there is none */
    group *all;    /* all items, then by code of the group from 1 */
    uint64_t count;
} work;

static uint64_t group_of(const work *own, uint64_t row) {
    uint64_t column = (uint64_t)own->group;
    if (own->group < 0 || cm_table_is_absent(own->items, row, column)) return 0;
    return 1 + (uint64_t)((const int32_t *)own->items->columns[column]->chunks[0].values)[row];
}

static void take(group *of, int64_t money) {
    if (money <= 0 || of->sum * 5 >= of->positive * 4) return;
    of->sum += money;
    of->taken++;
}

static void add_up(work *own) {
    for (int pass = 0; pass < 2; pass++)
        for (uint64_t row = 0; row < own->items->rows; row++) {
            int64_t money = cm_table_int(own->items, row, own->money);
            uint64_t at = group_of(own, row);
            for (uint64_t each = 0; each <= (at > 0); each++) {
                group *of = &own->all[each ? at : 0];
                if (pass) {
                    take(of, money);
                    continue;
                }
                of->items++;
                of->money += money;
                of->positive += money > 0 ? money : 0;
            }
        }
}

static cm_status put_group(cm_context *ctx, cm_builder *builder, const work *own, uint64_t at) {
    const group *of = &own->all[at];
    cm_status status = CM_OK;
    if (of->money > INT64_MAX || of->money < INT64_MIN) return cm_fail(ctx, CM_E_OVERFLOW, "GROUP_OVERFLOW", "");
    if (at) {
        cm_text text = cm_dictionary_text(own->items->columns[own->group]->dictionary, (int32_t)at - 1);
        status = cm_builder_text(ctx, builder, 0, text.data, text.length);
    }
    if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)of->items);
    if (!status) status = cm_builder_int(ctx, builder, 2, (int64_t)of->money);
    if (!status) status = cm_builder_int(ctx, builder, 3, (int64_t)of->taken);
    if (!status) status = cm_builder_double(ctx, builder, 4, (double)of->taken / (double)of->items);
    return status ? status : cm_builder_row(ctx, builder);
}

/* The groups by money, falling, then in byte order. */
static cm_status order_groups(cm_context *ctx, const work *own, cm_key *keys, uint64_t *count) {
    int32_t *ranks = cm_alloc(ctx, own->count, sizeof *ranks);
    cm_status status = ranks ? CM_OK : ctx->error.status;
    *count = 0;
    if (!status && own->group >= 0)
        status = cm_dictionary_ranks(ctx, own->items->columns[own->group]->dictionary, own->count - 1, ranks, NULL);
    for (uint64_t at = 1; at < own->count && !status; at++)
        if (own->all[at].items) keys[(*count)++] = (cm_key){(uint64_t)ranks[at - 1], at};
    if (!status) status = cm_sort_keys(ctx, keys, *count);
    for (uint64_t i = 0; i < *count && !status; i++)
        keys[i].key = ~cm_key_of_double((double)own->all[keys[i].value].money);
    cm_free(ctx->core, ranks, own->count, sizeof *ranks);
    return status ? status : cm_sort_keys(ctx, keys, *count);
}

static cm_status build(cm_context *ctx, const work *own, cm_table **out) {
    cm_builder *builder = NULL;
    uint64_t count = 0;
    cm_key *keys = cm_alloc(ctx, own->count, sizeof *keys);
    cm_status status = keys ? order_groups(ctx, own, keys, &count) : ctx->error.status;
    int32_t scale = own->items->columns[own->money]->scale;
    if (!status) status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "group", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "items", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "money", CM_DECIMAL, scale, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "items_80", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "share_80", CM_FLOAT64, 0, CM_ROLE_NONE);
    if (!status && own->all[0].items) status = put_group(ctx, builder, own, 0);
    for (uint64_t i = 0; i < count && !status; i++) status = put_group(ctx, builder, own, keys[i].value);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    cm_free(ctx->core, keys, own->count, sizeof *keys);
    return status;
}

cm_status cm_concentration_make(cm_context *ctx, const cm_table *key_items, cm_table **out) {
    work own = {.items = key_items, .group = cm_table_find(key_items, "group")};
    cm_status status = cm_table_require(ctx, key_items, "money", &own.money);
    if (status) return status;
    own.count = own.group < 0 ? 1 : 1 + cm_dictionary_size(key_items->columns[own.group]->dictionary);
    own.all = cm_alloc(ctx, own.count, sizeof *own.all);
    if (!own.all) return ctx->error.status;
    add_up(&own);
    status = build(ctx, &own, out);
    cm_free(ctx->core, own.all, own.count, sizeof *own.all);
    return status;
}
