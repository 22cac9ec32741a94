/* Rows that equal an earlier one in every column. A keyed hash of the row's values leads to earlier rows, which are
 * then compared cell by cell: a hash alone decides nothing. A slot holds a row and, above it, some bits of its hash, so
 * that few rows are compared in vain. Cost: O(lines x columns); memory: 8 bytes a slot, at most 3 slots a line. */
#include <string.h>

#include "base/hash.h"
#include "base/sort.h"
#include "prepare/checks.h"

#define ROW_BITS 40 /* 2^40 rows would need more memory than there is */
#define ROW_MASK ((UINT64_C(1) << ROW_BITS) - 1)
#define ABSENT UINT64_C(0x9E3779B97F4A7C15)

typedef struct seen {
    const cm_table *table;
    uint64_t *slots; /* row + 1, and bits of its hash above */
    uint64_t slot_count;
    cm_hash_key key;
    uint64_t *hashes; /* of the rows of a block */
} seen;

/* A value that is the same for equal cells; of a LIST that of its length. -0 is 0. */
static uint64_t bits_of(const cm_column *column, const cm_chunk *chunk, uint64_t row) {
    uint64_t at = chunk->offset + row;
    switch (column->type) {
    case CM_BOOL:
        return cm_bit(chunk->values, at);
    case CM_FLOAT64:
        return cm_key_of_double(((const double *)chunk->values)[at]);
    case CM_DATE:
    case CM_STRING:
        return (uint64_t)((const int32_t *)chunk->values)[at];
    case CM_LIST:
        return (uint64_t)(chunk->offsets[at + 1] - chunk->offsets[at]);
    default:
        return (uint64_t)((const int64_t *)chunk->values)[at];
    }
}

/* ---- hashes ---- */

static uint64_t hash_cell(const seen *all, const cm_column *column, const cm_chunk *chunk, uint64_t row,
                          uint64_t hash) {
    if (!cm_chunk_present(chunk, row)) return cm_hash_u64(all->key, hash ^ ABSENT);
    hash = cm_hash_u64(all->key, hash ^ bits_of(column, chunk, row));
    if (column->type != CM_LIST) return hash;
    const int64_t *offsets = chunk->offsets + chunk->offset + row;
    for (int64_t i = offsets[0]; i < offsets[1]; i++)
        hash = cm_hash_u64(all->key, hash ^ (uint64_t)((const int32_t *)chunk->values)[i]);
    return hash;
}

static void hash_rows(const seen *all, uint64_t chunk, uint64_t within, uint64_t rows) {
    memset(all->hashes, 0, (size_t)rows * sizeof *all->hashes);
    for (uint64_t column = 0; column < all->table->column_count; column++) {
        const cm_column *one = all->table->columns[column];
        for (uint64_t i = 0; i < rows; i++)
            all->hashes[i] = hash_cell(all, one, &one->chunks[chunk], within + i, all->hashes[i]);
    }
}

/* ---- equality ---- */

static bool same_list(const cm_chunk *a, uint64_t row_a, const cm_chunk *b, uint64_t row_b, uint64_t items) {
    const int32_t *x = (const int32_t *)a->values + a->offsets[a->offset + row_a];
    const int32_t *y = (const int32_t *)b->values + b->offsets[b->offset + row_b];
    return items == 0 || !memcmp(x, y, (size_t)items * sizeof *x);
}

static bool same_rows(const cm_table *table, uint64_t a, uint64_t b) {
    uint64_t row_a, row_b, chunk_a = cm_table_locate(table, a, &row_a), chunk_b = cm_table_locate(table, b, &row_b);
    for (uint64_t i = 0; i < table->column_count; i++) {
        const cm_column *column = table->columns[i];
        const cm_chunk *x = &column->chunks[chunk_a], *y = &column->chunks[chunk_b];
        bool present = cm_chunk_present(x, row_a);
        if (present != cm_chunk_present(y, row_b)) return false;
        if (!present) continue;
        uint64_t bits = bits_of(column, x, row_a);
        if (bits != bits_of(column, y, row_b)) return false;
        if (column->type == CM_LIST && !same_list(x, row_a, y, row_b, bits)) return false;
    }
    return true;
}

/* Whether an earlier row is the same; if none is, the row is kept. */
static bool is_repeated(seen *all, uint64_t row, uint64_t hash, uint64_t *earlier) {
    uint64_t mask = all->slot_count - 1, tag = hash & ~ROW_MASK;
    uint64_t slot = hash & mask;
    for (; all->slots[slot]; slot = (slot + 1) & mask) {
        *earlier = (all->slots[slot] & ROW_MASK) - 1;
        if ((all->slots[slot] & ~ROW_MASK) == tag && same_rows(all->table, *earlier, row)) return true;
    }
    all->slots[slot] = tag | (row + 1);
    return false;
}

/* ---- the check ---- */

static cm_status find_repeated(cm_context *ctx, cm_checking *checks, seen *all, cm_finding *found) {
    const cm_sales *sales = checks->sales;
    const cm_sales_block *block = sales->block;
    for (uint64_t row = 0; row < sales->table->rows; row += block->rows) {
        uint64_t within, chunk = cm_table_locate(sales->table, row, &within), earlier;
        cm_status status = cm_sales_fill(ctx, sales, CM_ROLE_BIT(CM_ROLE_AMOUNT), row);
        if (status) return status;
        hash_rows(all, chunk, within, block->rows);
        for (uint64_t i = 0; i < block->rows; i++) {
            if (!is_repeated(all, row + i, all->hashes[i], &earlier)) continue;
            cm_line_sum_add(&found->tally, block, i);
            if (found->tally.lines > 1) continue;
            cm_checks_place(checks, &found->example, row + i);
            cm_phrase_say(&found->example, ": rows ");
            cm_phrase_int(&found->example, (int64_t)earlier + 1);
            cm_phrase_say(&found->example, ", ");
            cm_phrase_int(&found->example, (int64_t)(row + i) + 1);
        }
    }
    return CM_OK;
}

cm_status cm_check_exact_duplicates(cm_context *ctx, cm_checking *checks) {
    cm_finding found = {0};
    seen all = {.table = checks->sales->table, .slot_count = 64};
    if (!all.table->column_count || all.table->rows > ROW_MASK - 1) return CM_OK;
    while (all.slot_count < all.table->rows + all.table->rows / 2) all.slot_count *= 2;
    cm_entropy(&all.key, sizeof all.key);
    cm_status status = CM_OK;
    if (!(all.slots = cm_alloc(ctx, all.slot_count, sizeof *all.slots))
        || !(all.hashes = cm_alloc(ctx, CM_SALES_BLOCK, sizeof *all.hashes)))
        status = ctx->error.status;
    if (!status) status = find_repeated(ctx, checks, &all, &found);
    if (!status && found.tally.lines) {
        cm_finding_int(&found, (int64_t)found.tally.lines);
        cm_finding_example(&found);
        status = cm_checks_add(ctx, checks, &found);
    }
    cm_free(ctx->core, all.slots, all.slot_count, sizeof *all.slots);
    cm_free(ctx->core, all.hashes, CM_SALES_BLOCK, sizeof *all.hashes);
    return status;
}
