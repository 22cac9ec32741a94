/* Kept aside are the last baskets by date, or those that a stable hash of their ids picks, so that the same baskets are
 * kept aside in whatever order they come. All baskets of a customer would best be on one side; they are taken one by
 * one, as the figures of rules count them. */
#include "base/hash.h"
#include "base/sort.h"
#include "model/baskets/split.h"

static int64_t find_column(const cm_table *table, int32_t role, const char *name) {
    int64_t column = cm_table_find_role(table, role);
    return column < 0 ? cm_table_find(table, name) : column;
}

/* A number for each basket, by its id or, without one, its row: it decides by order. */
static void hash_baskets(const cm_inputs *inputs, cm_key *keys) {
    static const cm_hash_key key = {UINT64_C(0x6375736d696e65), UINT64_C(0x72756c6573)};
    const cm_table *table = inputs->table;
    int64_t id = find_column(table, CM_ROLE_INVOICE, "basket");
    for (uint64_t i = 0; i < inputs->rows; i++) {
        uint64_t length, row = inputs->numbers[i];
        keys[i] = (cm_key){cm_hash_u64(key, row), i};
        if (id < 0 || cm_table_is_absent(table, row, (uint64_t)id)) continue;
        if (table->columns[id]->type == CM_STRING) {
            const char *text = cm_table_text(table, row, (uint64_t)id, 0, &length);
            keys[i].key = cm_hash_bytes(key, text, length);
        } else
            keys[i].key = cm_hash_u64(key, (uint64_t)cm_table_int(table, row, (uint64_t)id));
    }
}

static cm_status date_baskets(cm_context *ctx, const cm_inputs *inputs, cm_key *keys) {
    const cm_table *table = inputs->table;
    int64_t day = cm_table_find(table, "day");
    if (day < 0 || table->columns[day]->type != CM_DATE) return cm_fail(ctx, CM_E_COLUMN, "BASKETS_NO_DAY", "");
    for (uint64_t i = 0; i < inputs->rows; i++)
        keys[i] = (cm_key){cm_key_of_int(cm_table_int(table, inputs->numbers[i], (uint64_t)day)), i};
    return CM_OK;
}

/* The last `count` of sorted keys, and all that equal the first of them; at least one stays. */
static uint64_t cut(const cm_key *keys, uint64_t total, uint64_t count) {
    uint64_t from = total - count;
    while (from > 0 && count && keys[from - 1].key == keys[from].key) from--;
    return from;
}

static cm_status split(cm_context *ctx, const cm_inputs *inputs, double share, bool by_date, uint8_t *aside) {
    cm_key *keys = cm_alloc(ctx, inputs->rows, sizeof *keys);
    cm_status status = keys ? CM_OK : ctx->error.status;
    if (!status && by_date) status = date_baskets(ctx, inputs, keys);
    if (!status && !by_date) hash_baskets(inputs, keys);
    if (!status) status = cm_sort_keys(ctx, keys, inputs->rows);
    if (!status) {
        uint64_t from = cut(keys, inputs->rows, (uint64_t)(share * (double)inputs->rows));
        if (from == 0 || from == inputs->rows)
            status = cm_fail(ctx, CM_E_OPTION, "BASKETS_NO_SPLIT", "u", inputs->rows);
        for (uint64_t i = from; i < inputs->rows; i++) aside[keys[i].value] = 1;
    }
    cm_free(ctx->core, keys, inputs->rows, sizeof *keys);
    return status;
}

cm_status cm_split_open(cm_context *ctx, const cm_inputs *inputs, double share, bool by_date, cm_split *out) {
    *out = (cm_split){.kept = *inputs, .aside = *inputs, .room = inputs->rows};
    out->kept.numbers = out->aside.numbers = NULL;
    uint8_t *aside = cm_alloc(ctx, inputs->rows, 1);
    cm_status status = aside ? split(ctx, inputs, share, by_date, aside) : ctx->error.status;
    if (!status
        && (!(out->kept.numbers = cm_alloc(ctx, inputs->rows, sizeof(uint64_t)))
            || !(out->aside.numbers = cm_alloc(ctx, inputs->rows, sizeof(uint64_t)))))
        status = ctx->error.status;
    out->kept.rows = out->aside.rows = 0;
    for (uint64_t i = 0; i < inputs->rows && !status; i++) {
        cm_inputs *side = aside[i] ? &out->aside : &out->kept;
        side->numbers[side->rows++] = inputs->numbers[i];
    }
    cm_free(ctx->core, aside, inputs->rows, 1);
    return status;
}

void cm_split_close(cm_core *core, cm_split *split) {
    cm_free(core, split->kept.numbers, split->room, sizeof(uint64_t));
    cm_free(core, split->aside.numbers, split->room, sizeof(uint64_t));
    *split = (cm_split){0};
}
