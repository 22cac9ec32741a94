#include "table/repeats.h"

#include "base/number.h"
#include "table/audit.h"

enum { REPEATS, BASKETS, BASKET, ITEM, TIMES, COLUMNS };
static const struct {
    const char *name;
    int32_t type;
} columns[COLUMNS] = {
    {"repeats", CM_INT64}, {"baskets", CM_INT64}, {"basket", CM_STRING}, {"item", CM_STRING}, {"times", CM_INT64}};

static cm_status put_basket(cm_context *ctx, cm_builder *builder, const cm_table *baskets, uint64_t row) {
    char room[CM_CELL_TEXT];
    uint64_t within, length = 0, at = cm_table_locate(baskets, row, &within);
    int64_t id = cm_table_find(baskets, "basket");
    const cm_column *column = id < 0 ? NULL : baskets->columns[id];
    bool known = column && column->type != CM_LIST && cm_chunk_present(&column->chunks[at], within);
    if (!known) return cm_builder_text(ctx, builder, BASKET, room, cm_print_int((int64_t)row + 1, room));
    const char *text = cm_cell_text(column, &column->chunks[at], within, room, &length);
    return cm_builder_text(ctx, builder, BASKET, text, length);
}

cm_status cm_repeats_table(cm_context *ctx, const cm_table *baskets, const cm_repeats *repeats, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < COLUMNS && !status; i++)
        status = cm_builder_column(ctx, builder, columns[i].name, columns[i].type, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_int(ctx, builder, REPEATS, (int64_t)repeats->items);
    if (!status) status = cm_builder_int(ctx, builder, BASKETS, (int64_t)repeats->baskets);
    if (!status) status = put_basket(ctx, builder, baskets, repeats->row);
    if (!status) status = cm_builder_text(ctx, builder, ITEM, repeats->item.data, repeats->item.length);
    if (!status) status = cm_builder_int(ctx, builder, TIMES, (int64_t)repeats->times);
    if (!status) status = cm_builder_row(ctx, builder);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

static uint64_t count_items(const cm_table *baskets) {
    int64_t items = cm_table_find(baskets, "items");
    uint64_t count = 0;
    for (uint64_t i = 0; items >= 0 && i < baskets->columns[items]->chunk_count; i++) {
        const cm_chunk *chunk = &baskets->columns[items]->chunks[i];
        count += (uint64_t)(chunk->offsets[chunk->offset + chunk->rows] - chunk->offsets[chunk->offset]);
    }
    return count;
}

cm_status cm_repeats_attach(cm_context *ctx, cm_table *baskets, const cm_repeats *repeats) {
    cm_table *table = NULL;
    if (!repeats->items) return CM_OK;
    uint64_t kept = count_items(baskets);
    const cm_audit_line lines[] = {{.step = "items", .reason = "read", .rows = kept + repeats->items},
                                   {.step = "items", .reason = "repeated", .rows = repeats->items},
                                   {.step = "items", .reason = "kept", .rows = kept}};
    cm_status status = cm_repeats_table(ctx, baskets, repeats, &table);
    if (!status) status = cm_table_attach(ctx, baskets, "repeats", table);
    if (!status) status = cm_audit_attach(ctx, baskets, baskets, lines, 3);
    cm_table_free(table);
    return status;
}
