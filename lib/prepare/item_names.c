#include "prepare/item_names.h"

#include <string.h>

#include "base/counter.h"
#include "table/lines.h"

#define BIT CM_ROLE_BIT

/* The value of a cell of ids. */
static int64_t value_of(const cm_column *column, const cm_chunk *chunk, uint64_t row) {
    return column->type == CM_INT64 ? ((const int64_t *)chunk->values)[chunk->offset + row]
                                    : ((const int32_t *)chunk->values)[chunk->offset + row];
}

static cm_status count_names(cm_context *ctx, const cm_lines *lines, cm_id_codes *known, cm_counter *counter) {
    const cm_column *item = lines->columns[CM_ROLE_ITEM], *name = lines->columns[CM_ROLE_ITEM_NAME];
    for (uint64_t chunk = 0; chunk < lines->table->chunk_count; chunk++) {
        const cm_chunk *codes = &item->chunks[chunk], *names = &name->chunks[chunk];
        for (uint64_t row = 0; row < codes->rows; row++) {
            int32_t code;
            cm_status status = row % 4096 ? CM_OK : cm_tick(ctx, "baskets", 0, 0);
            if (status) return status;
            if (!cm_chunk_present(codes, row) || !cm_chunk_present(names, row)) continue;
            uint32_t called = ((const uint32_t *)names->values)[names->offset + row];
            status = cm_id_codes_get(ctx, known, value_of(item, codes, row), &code);
            if (!status) status = cm_counter_add(ctx, counter, (uint64_t)(uint32_t)code << 32 | called, 1);
            if (status) return status;
        }
    }
    return CM_OK;
}

static bool blank(cm_text text) {
    for (uint64_t i = 0; i < text.length; i++)
        if (text.data[i] != ' ' && text.data[i] != '\t') return false;
    return true;
}

static cm_status choose_names(cm_context *ctx, const cm_column *name, const cm_counter *counter, cm_item_names *out) {
    uint64_t *most = cm_alloc(ctx, out->count, sizeof *most);
    if (!most) return ctx->error.status;
    for (uint64_t i = 0; i < counter->slot_count; i++) {
        const cm_count *one = &counter->slots[i];
        uint64_t code = one->key >> 32;
        if (!one->count) continue;
        cm_text text = cm_dictionary_text(name->dictionary, (int32_t)(uint32_t)one->key);
        bool better = one->count > most[code] || (one->count == most[code] && cm_text_compare(text, out->of[code]) < 0);
        if (!better || blank(text)) continue;
        most[code] = one->count;
        out->of[code] = text;
    }
    cm_free(ctx->core, most, out->count, sizeof *most);
    return CM_OK;
}

cm_status cm_item_names_find(cm_context *ctx, const cm_table *sales, cm_ids *items, cm_item_names *out) {
    cm_counter counter = {0};
    cm_lines lines;
    *out = (cm_item_names){0};
    cm_status status = cm_lines_open(ctx, sales, BIT(CM_ROLE_ITEM) | BIT(CM_ROLE_ITEM_NAME), BIT(CM_ROLE_ITEM), &lines);
    if (status) return status;
    if (lines.columns[CM_ROLE_ITEM_NAME]) {
        cm_id_codes known;
        status = cm_id_codes_open(ctx, items, lines.columns[CM_ROLE_ITEM], &known);
        if (!status) status = count_names(ctx, &lines, &known, &counter);
        cm_id_codes_close(ctx->core, &known);
        out->count = cm_ids_count(items);
        if (!status && !(out->of = cm_alloc(ctx, out->count, sizeof *out->of))) status = ctx->error.status;
        if (!status) status = choose_names(ctx, lines.columns[CM_ROLE_ITEM_NAME], &counter, out);
    }
    cm_counter_clear(ctx->core, &counter);
    cm_lines_close(&lines);
    if (status) cm_item_names_clear(ctx->core, out);
    return status;
}

void cm_item_names_clear(cm_core *core, cm_item_names *names) {
    cm_free(core, names->of, names->count, sizeof *names->of);
    *names = (cm_item_names){0};
}
