#include "model/baskets/names.h"

/* A name for each row of the table whose item is among those numbered in `numbers`. */
static void take_names(const cm_table *items, uint64_t item, uint64_t name, const cm_dictionary *numbers,
                       cm_text *out) {
    for (uint64_t row = 0; row < items->rows; row++) {
        cm_text text, called;
        if (cm_table_is_absent(items, row, item) || cm_table_is_absent(items, row, name)) continue;
        text.data = cm_table_text(items, row, item, 0, &text.length);
        called.data = cm_table_text(items, row, name, 0, &called.length);
        int32_t number = cm_dictionary_find(numbers, text.data, text.length);
        if (number >= 0) out[number] = called;
    }
}

cm_status cm_baskets_names(cm_context *ctx, const cm_table *baskets, const cm_column *column, const int32_t *codes,
                           uint64_t count, cm_text **out) {
    const cm_table *items = cm_table_attachment(baskets, "items");
    int64_t item = items ? cm_table_find(items, "item") : -1, name = items ? cm_table_find(items, "name") : -1;
    cm_dictionary *numbers = NULL;
    *out = NULL;
    if (item < 0 || name < 0 || items->columns[item]->type != CM_STRING || items->columns[name]->type != CM_STRING)
        return CM_OK;
    cm_text *names = cm_alloc(ctx, count, sizeof *names);
    cm_status status = names ? cm_dictionary_new(ctx, &numbers) : ctx->error.status;
    for (uint64_t i = 0; i < count && !status; i++) {
        cm_text text = cm_dictionary_text(column->dictionary, codes[i]);
        int32_t number;
        status = cm_dictionary_add(ctx, numbers, text.data, text.length, &number); /* the i-th text gets number i */
    }
    if (!status) take_names(items, (uint64_t)item, (uint64_t)name, numbers, names);
    cm_dictionary_release(numbers);
    if (status)
        cm_free(ctx->core, names, count, sizeof *names);
    else
        *out = names;
    return status;
}
