/* How many customers a rule rests on, and how much of it on one of them. */
#include <string.h>

#include "base/sort.h"
#include "model/rules/rules.h"

/* The customer of each basket as a number from 1 on, 0 none. */
typedef struct buyers {
    uint32_t *of;
    uint64_t count; /* the largest number */
} buyers;

static int64_t find_customer(const cm_table *table) {
    int64_t column = cm_table_find_role(table, CM_ROLE_CUSTOMER);
    if (column < 0) column = cm_table_find(table, "customer");
    if (column < 0) return -1;
    int32_t type = table->columns[column]->type;
    return type == CM_STRING || type == CM_INT64 ? column : -1;
}

bool cm_market_has_customers(const cm_market *market) { return find_customer(market->table) >= 0; }

static cm_status number_customers(cm_context *ctx, const cm_market *market, uint64_t column, buyers *out) {
    const cm_column *from = market->table->columns[column];
    uint64_t count = 0, last = 0;
    cm_key *keys = cm_alloc(ctx, market->baskets, sizeof *keys);
    out->of = keys ? cm_alloc(ctx, market->baskets, sizeof *out->of) : NULL;
    cm_status status = out->of ? CM_OK : ctx->error.status;
    for (uint64_t basket = 0; basket < market->baskets && !status; basket++) {
        uint64_t within, at = cm_table_locate(market->table, market->rows[basket], &within);
        const cm_chunk *chunk = &from->chunks[at];
        if (!cm_chunk_present(chunk, within)) continue;
        int64_t value = from->type == CM_STRING ? ((const int32_t *)chunk->values)[chunk->offset + within]
                                                : ((const int64_t *)chunk->values)[chunk->offset + within];
        keys[count++] = (cm_key){(uint64_t)value, basket};
    }
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) {
        out->count += i == 0 || keys[i].key != last;
        last = keys[i].key;
        out->of[keys[i].value] = (uint32_t)out->count;
    }
    cm_free(ctx->core, keys, market->baskets, sizeof *keys);
    return status;
}

/* Those of `count` baskets that have an item; both lists rise. */
static uint64_t intersect(const cm_market *market, uint32_t *baskets, uint64_t count, uint32_t item) {
    uint64_t kept = 0, at = market->item_starts[item], end = market->item_starts[item + 1];
    for (uint64_t i = 0; i < count; i++) {
        while (at < end && market->tids[at] < baskets[i]) at++;
        if (at < end && market->tids[at] == baskets[i]) baskets[kept++] = baskets[i];
    }
    return kept;
}

uint64_t cm_market_with_all(const cm_market *market, const uint32_t *items, uint64_t length, uint32_t *baskets) {
    uint64_t rarest = 0;
    for (uint64_t i = 1; i < length; i++)
        if (cm_market_occurrences(market, items[i]) < cm_market_occurrences(market, items[rarest])) rarest = i;
    uint64_t count = cm_market_occurrences(market, items[rarest]);
    memcpy(baskets, market->tids + market->item_starts[items[rarest]], (size_t)count * sizeof *baskets);
    for (uint64_t i = 0; i < length; i++)
        if (i != rarest) count = intersect(market, baskets, count, items[i]);
    return count;
}

static void count_customers(const buyers *all, const uint32_t *baskets, uint64_t count, uint32_t *seen,
                            cm_rule_customers *out) {
    uint32_t most = 0;
    *out = (cm_rule_customers){0};
    for (uint64_t i = 0; i < count; i++) {
        uint32_t customer = all->of[baskets[i]];
        if (!customer) continue;
        out->customers += !seen[customer];
        if (++seen[customer] > most) most = seen[customer];
    }
    for (uint64_t i = 0; i < count; i++) seen[all->of[baskets[i]]] = 0;
    out->largest_share = (double)most / (double)count;
}

static void drop_small(cm_rulebook *book, uint64_t least) {
    uint64_t kept = 0;
    for (uint64_t i = 0; i < book->rule_count; i++) {
        if (book->customers[i].customers < least) continue;
        book->customers[kept] = book->customers[i];
        book->rules[kept++] = book->rules[i];
    }
    book->rule_count = kept;
}

cm_status cm_rules_customers(cm_context *ctx, cm_rulebook *book, uint64_t least) {
    const cm_market *market = book->market;
    int64_t column = find_customer(market->table);
    buyers all = {0};
    uint32_t *seen = NULL, *baskets = NULL;
    if (column < 0) return least ? cm_fail(ctx, CM_E_COLUMN, "RULES_NO_CUSTOMERS", "") : CM_OK;
    cm_status status = number_customers(ctx, market, (uint64_t)column, &all);
    if (!status && !all.count) {
        cm_free(ctx->core, all.of, market->baskets, sizeof *all.of);
        return least ? cm_fail(ctx, CM_E_COLUMN, "RULES_NO_CUSTOMERS", "") : CM_OK;
    }
    if (!status
        && (!(seen = cm_alloc(ctx, all.count + 1, sizeof *seen))
            || !(baskets = cm_alloc(ctx, market->baskets, sizeof *baskets))
            || !(book->customers = cm_alloc(ctx, book->rule_capacity, sizeof *book->customers))))
        status = ctx->error.status;
    for (uint64_t i = 0; i < book->rule_count && !status; i++) {
        uint32_t set = book->rules[i].set;
        uint64_t length = cm_rulebook_length(book, set);
        uint64_t count = cm_market_with_all(market, cm_rulebook_items(book, set), length, baskets);
        count_customers(&all, baskets, count, seen, &book->customers[i]);
        if (i % 16 == 0) status = cm_tick(ctx, "rules", i, book->rule_count);
    }
    if (!status) drop_small(book, least);
    cm_free(ctx->core, seen, all.count + 1, sizeof *seen);
    cm_free(ctx->core, baskets, market->baskets, sizeof *baskets);
    cm_free(ctx->core, all.of, market->baskets, sizeof *all.of);
    return status;
}
