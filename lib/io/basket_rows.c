/* Items become codes as they come: texts of up to eight bytes by a small table of their own, longer ones by the
 * dictionary, which is spared where some of their bytes lead to the text that had them last. When all are known, each
 * basket's are put into the order of their texts: by ranks, for texts are compared but once. */
#include "io/basket_rows.h"

#include <string.h>

#include "base/sort.h"
#include "base/threads.h"

#define FIRST_BITS 11
#define RECENT_BITS 11
#define RECENT (UINT64_C(1) << RECENT_BITS)

cm_status cm_basket_rows_open(cm_context *ctx, cm_basket_rows *rows) {
    rows->slot_bits = FIRST_BITS;
    cm_entropy(&rows->multiplier, sizeof rows->multiplier);
    rows->multiplier |= 1;
    cm_status status = cm_dictionary_new(ctx, &rows->items);
    if (status) return status;
    rows->slots = cm_alloc(ctx, UINT64_C(1) << rows->slot_bits, sizeof *rows->slots);
    rows->recent = rows->slots ? cm_alloc(ctx, RECENT, sizeof *rows->recent) : NULL;
    return rows->recent ? CM_OK : ctx->error.status;
}

void cm_basket_rows_close(cm_core *core, cm_basket_rows *rows) {
    for (uint64_t i = 0; i < rows->chunks_made; i++) {
        cm_buffer_release(rows->chunks[i].numbers);
        cm_buffer_release(rows->chunks[i].offsets);
        cm_buffer_release(rows->chunks[i].codes);
    }
    cm_free(core, rows->chunks, rows->chunk_capacity, sizeof *rows->chunks);
    cm_free(core, rows->basket, rows->capacity, sizeof *rows->basket);
    cm_free(core, rows->last, rows->last_capacity, sizeof *rows->last);
    cm_free(core, rows->codes_there, rows->codes_capacity, sizeof *rows->codes_there);
    cm_free(core, rows->slots, UINT64_C(1) << rows->slot_bits, sizeof *rows->slots);
    cm_free(core, rows->recent, RECENT, sizeof *rows->recent);
    cm_dictionary_release(rows->items);
}

/* ---- items ---- */

static bool is_nothing(const cm_basket_rows *rows, const char *text, uint64_t length) {
    for (uint64_t i = 0; i < rows->na_count; i++)
        if (strlen(rows->na[i]) == length && !memcmp(rows->na[i], text, (size_t)length)) return true;
    return false;
}

static cm_basket_slot *probe(const cm_basket_rows *rows, uint64_t key) {
    uint64_t mask = (UINT64_C(1) << rows->slot_bits) - 1, at = cm_basket_first_slot(rows, key);
    while (rows->slots[at].key && rows->slots[at].key != key) at = (at + 1) & mask;
    return &rows->slots[at];
}

static cm_status grow_slots(cm_context *ctx, cm_basket_rows *rows) {
    cm_basket_rows larger = *rows;
    larger.slot_bits++;
    larger.slots = cm_alloc(ctx, UINT64_C(1) << larger.slot_bits, sizeof *larger.slots);
    if (!larger.slots) return ctx->error.status;
    for (uint64_t i = 0; i < UINT64_C(1) << rows->slot_bits; i++)
        if (rows->slots[i].key) *probe(&larger, rows->slots[i].key) = rows->slots[i];
    cm_free(ctx->core, rows->slots, UINT64_C(1) << rows->slot_bits, sizeof *rows->slots);
    *rows = larger;
    return CM_OK;
}

/* A text of more than eight bytes as it would be remembered, and where. */
static cm_basket_recent *recent_of(const cm_basket_rows *rows, const char *text, uint64_t length,
                                   cm_basket_recent *own) {
    *own = (cm_basket_recent){.first = cm_load_word(text), .last = cm_load_word(text + length - 8), .length = length};
    uint64_t some = own->first ^ own->last >> 1 ^ length;
    return &rows->recent[some * rows->multiplier >> (64 - RECENT_BITS)];
}

static bool is_text(const cm_basket_rows *rows, int32_t code, const char *text, uint64_t length) {
    return length <= 16 || !memcmp(cm_dictionary_text(rows->items, code).data + 8, text + 8, (size_t)length - 16);
}

int32_t cm_basket_recall_further(const cm_basket_rows *rows, const char *text, uint64_t length) {
    if (length > 8) {
        cm_basket_recent own;
        const cm_basket_recent *known = recent_of(rows, text, length, &own);
        bool alike = known->first == own.first && known->last == own.last && known->length == length;
        return alike && is_text(rows, known->code, text, length) ? known->code : CM_NEW_ITEM;
    }
    if (memchr(text, 0, (size_t)length)) return CM_NEW_ITEM;
    const cm_basket_slot *slot = probe(rows, cm_basket_key(text, length));
    return slot->key ? slot->code : CM_NEW_ITEM;
}

/* A new one, of at most eight bytes. */
static cm_status add_key(cm_context *ctx, cm_basket_rows *rows, uint64_t key, const char *text, uint64_t length,
                         int32_t *code) {
    cm_status status = CM_OK;
    *code = CM_NO_ITEM;
    if (4 * (rows->slots_used + 1) > UINT64_C(1) << rows->slot_bits) status = grow_slots(ctx, rows);
    if (!status && !is_nothing(rows, text, length))
        status = cm_dictionary_add(ctx, rows->items, text, length, code);
    if (status) return status;
    *probe(rows, key) = (cm_basket_slot){key, *code};
    rows->slots_used++;
    return CM_OK;
}

static cm_status find_or_add(cm_context *ctx, cm_basket_rows *rows, const char *text, uint64_t length, int32_t *code) {
    char room[8] = {0};
    *code = CM_NO_ITEM;
    if (length <= 8 && !memchr(text, 0, (size_t)length)) {
        memcpy(room, text, (size_t)length);
        *code = cm_basket_recall(rows, room, length);
        return *code == CM_NEW_ITEM ? add_key(ctx, rows, cm_load_word(room), text, length, code) : CM_OK;
    }
    if (is_nothing(rows, text, length)) return CM_OK;
    cm_status status = cm_dictionary_add(ctx, rows->items, text, length, code);
    if (status || length <= 8) return status;
    cm_basket_recent own, *last = recent_of(rows, text, length, &own);
    *last = own;
    last->code = *code;
    return CM_OK;
}

cm_status cm_basket_add(cm_context *ctx, cm_basket_rows *rows, const char *text, uint64_t length) {
    int32_t code = CM_NO_ITEM;
    cm_status status = length ? find_or_add(ctx, rows, text, length, &code) : CM_OK;
    return status || code == CM_NO_ITEM ? status : cm_basket_put(ctx, rows, code);
}

/* ---- rows ---- */

/* Room for codes: some more than the chunk before took, so that it seldom has to grow; first one a row, as there is
 * room for rows. What is not used costs nothing. */
static uint64_t codes_to_come(const cm_basket_rows *rows) {
    uint64_t before = rows->chunk_count ? rows->chunks[rows->chunk_count - 1].used : CM_CHUNK_ROWS;
    return before + before / 16 + 256;
}

static cm_status new_chunk(cm_context *ctx, cm_basket_rows *rows) {
    uint64_t codes = codes_to_come(rows);
    if (rows->chunk_count < rows->chunks_made) {
        cm_basket_chunk *again = &rows->chunks[rows->chunk_count++];
        again->rows = again->used = 0;
        return CM_OK;
    }
    cm_status status = cm_reserve(ctx, &rows->chunks, &rows->chunk_capacity, rows->chunk_count + 1,
                                  sizeof *rows->chunks);
    if (status) return status;
    cm_basket_chunk *own = &rows->chunks[rows->chunk_count++];
    *own = (cm_basket_chunk){0};
    rows->chunks_made = rows->chunk_count;
    status = cm_buffer_new_raw(ctx, CM_CHUNK_ROWS * sizeof(int64_t), &own->numbers);
    if (!status) status = cm_buffer_new_raw(ctx, (CM_CHUNK_ROWS + 1) * sizeof(int64_t), &own->offsets);
    if (!status) ((int64_t *)own->offsets->data)[0] = 0;
    return status ? status : cm_buffer_new_raw(ctx, codes * sizeof(int32_t), &own->codes);
}

/* The chunk that the next row goes to, with room for `count` codes. */
static cm_status open_row(cm_context *ctx, cm_basket_rows *rows, uint64_t count, cm_basket_chunk **out) {
    cm_status status = CM_OK;
    if (!rows->chunk_count || rows->chunks[rows->chunk_count - 1].rows == CM_CHUNK_ROWS) status = new_chunk(ctx, rows);
    if (status) return status;
    cm_basket_chunk *own = *out = &rows->chunks[rows->chunk_count - 1];
    uint64_t bytes = (own->used + count) * sizeof(int32_t), size = own->codes->size;
    if (bytes <= size) return CM_OK;
    return cm_buffer_grow(ctx, own->codes, bytes > 2 * size ? bytes : 2 * size);
}

/* All chunks but the last are full. */
static uint64_t row_count(const cm_basket_rows *rows) {
    return rows->chunk_count ? (rows->chunk_count - 1) * CM_CHUNK_ROWS + rows->chunks[rows->chunk_count - 1].rows : 0;
}

/* Those of other rows, which come to stand behind row `base`. */
static void move_repeats(cm_basket_rows *rows, cm_basket_rows *from, uint64_t base) {
    cm_repeats *more = &from->repeats;
    if (more->items) { /* the other dictionary does not stay */
        int32_t code = cm_dictionary_find(rows->items, more->item.data, more->item.length);
        more->item = cm_dictionary_text(rows->items, code);
        more->row += base;
    }
    cm_repeats_join(&rows->repeats, more);
    *more = (cm_repeats){0};
}

static void end_row(cm_basket_chunk *own, int64_t number) {
    ((int64_t *)own->numbers->data)[own->rows] = number;
    ((int64_t *)own->offsets->data)[++own->rows] = (int64_t)own->used;
}

/* Room for the basket at hand in `last`. */
static cm_status reserve_last(cm_context *ctx, cm_basket_rows *rows) {
    uint64_t before = rows->last_capacity;
    cm_status status = cm_reserve(ctx, &rows->last, &rows->last_capacity, cm_dictionary_size(rows->items),
                                  sizeof *rows->last);
    if (rows->last_capacity > before)
        memset(rows->last + before, 0, (size_t)(rows->last_capacity - before) * sizeof *rows->last);
    return status;
}

cm_status cm_basket_end(cm_context *ctx, cm_basket_rows *rows, int64_t number, bool *kept) {
    cm_basket_chunk *own = NULL;
    *kept = rows->count > 0;
    if (!*kept) return CM_OK;
    cm_status status = reserve_last(ctx, rows);
    if (!status) status = open_row(ctx, rows, rows->count, &own);
    if (status) return status;
    int32_t *codes = own->codes->data;
    rows->ended++;
    for (uint64_t i = 0; i < rows->count; i++) {
        int32_t code = rows->basket[i];
        if (rows->last[code] == rows->ended)
            cm_repeats_add(&rows->repeats, row_count(rows), cm_dictionary_text(rows->items, code));
        else
            codes[own->used++] = code;
        rows->last[code] = rows->ended;
    }
    end_row(own, number);
    rows->count = 0;
    return CM_OK;
}

/* The codes of items that came since the last time, in the order in which they were seen. */
static cm_status move_items(cm_context *ctx, cm_basket_rows *rows, cm_basket_rows *from) {
    uint64_t count = cm_dictionary_size(from->items);
    cm_status status = cm_reserve(ctx, &from->codes_there, &from->codes_capacity, count, sizeof *from->codes_there);
    for (; from->moved < count && !status; from->moved++) {
        cm_text text = cm_dictionary_text(from->items, (int32_t)from->moved);
        status = cm_dictionary_add(ctx, rows->items, text.data, text.length, &from->codes_there[from->moved]);
    }
    return status;
}

cm_status cm_basket_rows_move(cm_context *ctx, cm_basket_rows *rows, cm_basket_rows *from, int64_t base) {
    cm_status status = move_items(ctx, rows, from);
    if (!status) move_repeats(rows, from, row_count(rows));
    for (uint64_t c = 0; c < from->chunk_count && !status; c++) {
        const int64_t *numbers = from->chunks[c].numbers->data, *offsets = from->chunks[c].offsets->data;
        const int32_t *codes = from->chunks[c].codes->data;
        for (uint64_t row = 0; row < from->chunks[c].rows && !status; row++) {
            cm_basket_chunk *own = NULL;
            status = open_row(ctx, rows, (uint64_t)(offsets[row + 1] - offsets[row]), &own);
            if (status) break;
            int32_t *to = own->codes->data;
            for (int64_t i = offsets[row]; i < offsets[row + 1]; i++) to[own->used++] = from->codes_there[codes[i]];
            end_row(own, numbers[row] + base);
        }
    }
    from->chunk_count = 0;
    return status;
}

/* ---- the table ---- */

typedef struct ordering {
    const cm_basket_rows *rows;
    int32_t *ranks, *order; /* of the texts, by code; and back */
} ordering;

static cm_status order_chunk(cm_context *ctx, void *state, uint64_t number) {
    const ordering *all = state;
    const cm_basket_chunk *own = &all->rows->chunks[number];
    const int64_t *offsets = own->offsets->data;
    uint32_t *codes = own->codes->data;
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < own->rows && !status; row++) {
        uint32_t *basket = codes + offsets[row];
        uint64_t count = (uint64_t)(offsets[row + 1] - offsets[row]);
        for (uint64_t i = 0; i < count; i++) basket[i] = (uint32_t)all->ranks[basket[i]];
        status = cm_sort_numbers(ctx, basket, &count);
        for (uint64_t i = 0; i < count; i++) basket[i] = (uint32_t)all->order[basket[i]];
        if (!status && row % 4096 == 0) status = cm_tick(ctx, "baskets", row, own->rows);
    }
    return status;
}

/* The items of each basket into byte order. */
static cm_status order_items(cm_context *ctx, const cm_basket_rows *rows) {
    uint64_t size = cm_dictionary_size(rows->items);
    ordering all = {.rows = rows, .ranks = cm_alloc_raw(ctx, 2 * size, sizeof *all.ranks)};
    if (!all.ranks) return ctx->error.status;
    all.order = all.ranks + size;
    cm_status status = cm_dictionary_ranks(ctx, rows->items, size, all.ranks, all.order);
    if (!status) status = cm_parallel(ctx, rows->chunk_count, order_chunk, &all);
    cm_free(ctx->core, all.ranks, 2 * size, sizeof *all.ranks);
    return status;
}

cm_status cm_basket_rows_table(cm_context *ctx, cm_basket_rows *rows, cm_table **out) {
    cm_column *columns[2] = {NULL, NULL};
    uint64_t total = 0;
    cm_status status = rows->chunk_count ? order_items(ctx, rows) : new_chunk(ctx, rows);
    if (!status)
        status = cm_column_new(ctx, "basket", CM_INT64, 0, CM_ROLE_INVOICE, 0, NULL, rows->chunk_count, &columns[0]);
    if (!status)
        status = cm_column_new(ctx, "items", CM_LIST, 0, CM_ROLE_NONE, 0, rows->items, rows->chunk_count, &columns[1]);
    if (status) {
        cm_column_release(columns[0]);
        return status;
    }
    for (uint64_t i = 0; i < rows->chunk_count; i++) {
        const cm_basket_chunk *own = &rows->chunks[i];
        columns[0]->chunks[i] = (cm_chunk){
            .rows = own->rows, .values = own->numbers->data, .values_buffer = cm_buffer_retain(own->numbers)};
        columns[1]->chunks[i] = (cm_chunk){.rows = own->rows,
                                           .values = own->codes->data,
                                           .offsets = own->offsets->data,
                                           .values_buffer = cm_buffer_retain(own->codes),
                                           .offsets_buffer = cm_buffer_retain(own->offsets)};
        total += own->rows;
    }
    return cm_table_new(ctx, columns, 2, total, out);
}
