/* Baskets as they are read: items become codes at once, rows the chunks of a table. */
#ifndef CM_IO_BASKET_ROWS_H
#define CM_IO_BASKET_ROWS_H

#include "base/words.h"
#include "table/repeats.h"

/* Codes of no item: of a text that stands for nothing, and of one that was not seen yet. */
#define CM_NO_ITEM (-2)
#define CM_NEW_ITEM (-3)

typedef struct cm_basket_chunk {
    cm_buffer *numbers, *offsets, *codes;
    uint64_t rows, used; /* codes */
} cm_basket_chunk;

/* A text of at most eight bytes, none of them NUL, is its key: these have a hash table of their own. */
typedef struct cm_basket_slot {
    uint64_t key; /* 0: free */
    int32_t code;
} cm_basket_slot;

/* A longer one that was seen lately. Up to sixteen bytes it is all here; of more the dictionary knows the rest. */
typedef struct cm_basket_recent {
    uint64_t first, last; /* eight bytes, which may overlap */
    uint64_t length;      /* 0: free */
    int32_t code;
} cm_basket_recent;

typedef struct cm_basket_rows {
    cm_dictionary *items;
    const char *const *na; /* borrowed; texts that stand for nothing */
    uint64_t na_count;
    cm_basket_slot *slots;
    uint64_t slot_bits, slots_used, multiplier;
    cm_basket_recent *recent; /* by some bytes of a longer text: the last one that had them */
    int32_t *basket; /* the codes of the one at hand */
    uint64_t count, capacity;
    uint64_t *last; /* by code: the basket that had it last, of `ended` */
    uint64_t ended, last_capacity;
    cm_basket_chunk *chunks; /* behind chunk_count those whose room is used again, up to chunks_made */
    uint64_t chunk_count, chunks_made, chunk_capacity;
    cm_repeats repeats; /* items that a basket had more than once */
    int32_t *codes_there; /* of items by their code here, in the rows that baskets are moved to */
    uint64_t moved, codes_capacity;
} cm_basket_rows;

cm_status cm_basket_rows_open(cm_context *ctx, cm_basket_rows *rows);
void cm_basket_rows_close(cm_core *core, cm_basket_rows *rows);

/* The bytes of a text of 1 to 8 as a number. Eight bytes may be read. */
static inline uint64_t cm_basket_key(const char *text, uint64_t length) {
    return cm_load_word(text) & ~UINT64_C(0) >> (64 - 8 * length);
}

/* Multiply-shift with a secret multiplier: nobody outside can make keys collide. */
static inline uint64_t cm_basket_first_slot(const cm_basket_rows *rows, uint64_t key) {
    return key * rows->multiplier >> (64 - rows->slot_bits);
}

/* An item of the basket at hand, by its text; it may stand for nothing. */
cm_status cm_basket_add(cm_context *ctx, cm_basket_rows *rows, const char *text, uint64_t length);

/* The code of a text of at least one byte that was added before, or CM_NO_ITEM; CM_NEW_ITEM: none is remembered. Eight
 * bytes of the text may be read. */
int32_t cm_basket_recall_further(const cm_basket_rows *rows, const char *text, uint64_t length);
static inline int32_t cm_basket_recall(const cm_basket_rows *rows, const char *text, uint64_t length) {
    if (length > 8 || !text[length - 1]) return cm_basket_recall_further(rows, text, length);
    uint64_t key = cm_basket_key(text, length);
    const cm_basket_slot *slot = &rows->slots[cm_basket_first_slot(rows, key)];
    return slot->key == key ? slot->code : cm_basket_recall_further(rows, text, length);
}

/* An item of the basket at hand, by its code. */
static inline cm_status cm_basket_put(cm_context *ctx, cm_basket_rows *rows, int32_t code) {
    if (rows->count == rows->capacity) {
        cm_status status = cm_reserve(ctx, &rows->basket, &rows->capacity, rows->count + 1, sizeof *rows->basket);
        if (status) return status;
    }
    rows->basket[rows->count++] = code;
    return CM_OK;
}

/* Ends the basket at hand: its items, each once (others are counted as repeats), under this number; *kept false: it has
 * none. */
cm_status cm_basket_end(cm_context *ctx, cm_basket_rows *rows, int64_t number, bool *kept);

/* Moves the baskets of other rows, with `base` added to their numbers, behind those that are here: as if they had been
 * read here. Those rows go on with their items, and always move to the same ones. */
cm_status cm_basket_rows_move(cm_context *ctx, cm_basket_rows *rows, cm_basket_rows *from, int64_t base);

/* The table: basket (number), items in byte order. */
cm_status cm_basket_rows_table(cm_context *ctx, cm_basket_rows *rows, cm_table **out);

#endif
