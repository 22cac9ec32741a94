/* A hash table with open addressing over texts that never move.
 *
 * A slot of 16 bytes holds what tells texts apart without looking at them: one of up to eight bytes stands in it whole,
 * as an integer; of a longer one its 64-bit hash. Both are placed by keyed hashes with a key of this dictionary alone
 * (the mixer for integers, SipHash for longer texts), so that nobody outside can make texts collide. Growing the table
 * looks at no text. Whole columns come in portions: of a portion first all hashes are formed and their slots called
 * into the cache, then all are looked up. Entries lie in segments, each as large as all before it together, reached
 * through a fixed array of pointers: whoever was given a code reads its entry without a lock while the one writer
 * appends others. */
#include "table/dictionary.h"

#include <string.h>

#include "table/order.h"

#define SEGMENT_BITS 4 /* the first segment has 16 entries */
#define SEGMENTS (32 - SEGMENT_BITS)
#define LARGEST_SIZE UINT64_C(0x7fffffff)
#define SMALLEST_TABLE UINT64_C(32)
#define PORTION 64 /* texts whose slots are called into the cache together */

typedef struct slot {
    uint64_t word;  /* the text, or the hash of a long one */
    uint32_t tag;   /* of both its length, and LONG */
    uint32_t place; /* code + 1; 0: free */
} slot;

#define SHORT_LENGTH 8
#define LITTLE_ENDIAN_LOADS (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define LONG UINT32_C(0x80000000)

/* What is to be looked up. */
typedef struct probe_key {
    uint64_t word, hash;
    uint32_t tag;
} probe_key;

struct cm_dictionary {
    atomic_uint_fast64_t references;
    cm_core *core;
    cm_hash_key key;
    slot *slots;
    uint64_t slot_count; /* a power of two */
    atomic_uint_fast64_t size;
    uint64_t limit;
    int32_t last; /* code of the text before, which often comes again; -1 none */
    cm_arena texts;
    cm_text *segments[SEGMENTS];
};

static uint64_t segment_size(uint32_t segment) {
    return segment == 0 ? UINT64_C(1) << SEGMENT_BITS : UINT64_C(1) << (SEGMENT_BITS + segment - 1);
}

/* Segment 0 holds the codes below 16, segment s those from 16 * 2^(s-1) on. */
static uint32_t segment_of(uint32_t code, uint32_t *within) {
    uint32_t high = code >> SEGMENT_BITS;
    if (high == 0) {
        *within = code;
        return 0;
    }
    uint32_t segment = 32 - (uint32_t)__builtin_clz(high);
    *within = code - (uint32_t)segment_size(segment);
    return segment;
}

cm_status cm_dictionary_new(cm_context *ctx, cm_dictionary **out) {
    *out = NULL;
    cm_dictionary *dictionary = cm_alloc(ctx, 1, sizeof *dictionary);
    if (!dictionary) return ctx->error.status;
    atomic_init(&dictionary->references, 1);
    atomic_init(&dictionary->size, 0);
    dictionary->core = cm_core_retain(ctx->core);
    dictionary->limit = LARGEST_SIZE;
    dictionary->last = -1;
    cm_entropy(&dictionary->key, sizeof dictionary->key);
    *out = dictionary;
    return CM_OK;
}

cm_dictionary *cm_dictionary_retain(cm_dictionary *dictionary) {
    if (dictionary) atomic_fetch_add_explicit(&dictionary->references, 1, memory_order_relaxed);
    return dictionary;
}

void cm_dictionary_release(cm_dictionary *dictionary) {
    if (!dictionary || atomic_fetch_sub_explicit(&dictionary->references, 1, memory_order_acq_rel) != 1) return;
    cm_core *core = dictionary->core;
    cm_free(core, dictionary->slots, dictionary->slot_count, sizeof(slot));
    for (uint32_t i = 0; i < SEGMENTS; i++) cm_free(core, dictionary->segments[i], segment_size(i), sizeof(cm_text));
    cm_arena_free(core, &dictionary->texts);
    cm_free(core, dictionary, 1, sizeof *dictionary);
    cm_core_release(core);
}

uint64_t cm_dictionary_size(const cm_dictionary *dictionary) {
    return atomic_load_explicit(&dictionary->size, memory_order_acquire);
}

void cm_dictionary_set_limit(cm_dictionary *dictionary, uint64_t limit) {
    dictionary->limit = limit && limit < LARGEST_SIZE ? limit : LARGEST_SIZE;
}

cm_text cm_dictionary_text(const cm_dictionary *dictionary, int32_t code) {
    uint32_t within;
    uint32_t segment = segment_of((uint32_t)code, &within);
    return dictionary->segments[segment][within];
}

/* Up to eight bytes as an integer, without reading beyond them. */
static inline uint64_t load_short(const char *text, uint64_t length) {
    uint64_t word = 0;
    if (LITTLE_ENDIAN_LOADS && length >= 4) {
        uint32_t first, last; /* where they overlap they agree */
        memcpy(&first, text, 4);
        memcpy(&last, text + length - 4, 4);
        word = first | (uint64_t)last << (8 * (length - 4));
    } else {
        for (uint64_t i = 0; i < length; i++) word |= (uint64_t)(unsigned char)text[i] << (8 * i);
    }
    return word;
}

/* Of equal length, more than eight bytes. */
static inline bool same_long(const char *a, const char *b, uint64_t length) {
    uint64_t x, y, difference = 0;
    for (uint64_t i = 0; i + 8 < length; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        difference |= x ^ y;
    }
    memcpy(&x, a + length - 8, 8);
    memcpy(&y, b + length - 8, 8);
    return !(difference | (x ^ y));
}

static inline bool same_text(const char *a, const char *b, uint64_t length) {
    return length > SHORT_LENGTH ? same_long(a, b, length) : load_short(a, length) == load_short(b, length);
}

static bool code_has(const cm_dictionary *dictionary, int32_t code, const char *text, uint64_t length) {
    cm_text entry = cm_dictionary_text(dictionary, code);
    return entry.length == length && same_text(entry.data, text, length);
}

static inline probe_key key_of(const cm_dictionary *dictionary, const char *text, uint64_t length) {
    if (length <= SHORT_LENGTH) {
        uint64_t word = load_short(text, length);
        return (probe_key){word, cm_hash_u64(dictionary->key, word), (uint32_t)length};
    }
    uint64_t hash = cm_hash_bytes(dictionary->key, text, length);
    return (probe_key){hash, hash, (uint32_t)length | LONG};
}

static inline uint64_t hash_of(const cm_dictionary *dictionary, const slot *from) {
    return from->tag & LONG ? from->word : cm_hash_u64(dictionary->key, from->word);
}

/* The slot of a text, or the free one where it would stand. There is always a free one. */
static inline __attribute__((always_inline)) slot *probe(const cm_dictionary *dictionary, const probe_key *key, const char *text, uint64_t length) {
    uint64_t mask = dictionary->slot_count - 1;
    for (uint64_t i = key->hash & mask;; i = (i + 1) & mask) {
        slot *at = &dictionary->slots[i];
        if (!at->place) return at;
        if (at->word != key->word || at->tag != key->tag) continue;
        if (!(key->tag & LONG) || code_has(dictionary, (int32_t)(at->place - 1), text, length)) return at;
    }
}

int32_t cm_dictionary_find(const cm_dictionary *dictionary, const char *text, uint64_t length) {
    if (!dictionary->slots) return -1;
    probe_key key = key_of(dictionary, text, length);
    return (int32_t)probe(dictionary, &key, text, length)->place - 1;
}

/* Keeps at least a quarter of the slots free. */
static cm_status reserve_slot(cm_context *ctx, cm_dictionary *dictionary, uint64_t size) {
    if ((size + 1) * 4 <= dictionary->slot_count * 3) return CM_OK;
    uint64_t count = dictionary->slot_count ? dictionary->slot_count * 2 : SMALLEST_TABLE;
    slot *slots = cm_alloc(ctx, count, sizeof *slots);
    if (!slots) return ctx->error.status;
    for (uint64_t i = 0; i < dictionary->slot_count; i++) {
        slot old = dictionary->slots[i];
        if (!old.place) continue;
        uint64_t to = hash_of(dictionary, &old) & (count - 1);
        while (slots[to].place) to = (to + 1) & (count - 1);
        slots[to] = old;
    }
    cm_free(dictionary->core, dictionary->slots, dictionary->slot_count, sizeof *slots);
    dictionary->slots = slots;
    dictionary->slot_count = count;
    return CM_OK;
}

/* Room for the entry of a code. */
static cm_status reserve_entry(cm_context *ctx, cm_dictionary *dictionary, uint32_t code, cm_text **entry) {
    uint32_t within;
    uint32_t segment = segment_of(code, &within);
    if (!dictionary->segments[segment]) {
        dictionary->segments[segment] = cm_alloc(ctx, segment_size(segment), sizeof(cm_text));
        if (!dictionary->segments[segment]) return ctx->error.status;
    }
    *entry = &dictionary->segments[segment][within];
    return CM_OK;
}

/* Appends a text that is not there. Room first, so that a failure leaves all as it was. */
static cm_status append(cm_context *ctx, cm_dictionary *dictionary, const probe_key *key, const char *text,
                        uint64_t length, int32_t *code) {
    uint64_t size = cm_dictionary_size(dictionary);
    cm_text *entry = NULL;
    if (size >= dictionary->limit) return cm_fail(ctx, CM_E_LIMIT, "TOO_MANY_TEXTS", "u", dictionary->limit);
    cm_status status = reserve_slot(ctx, dictionary, size);
    if (!status) status = reserve_entry(ctx, dictionary, (uint32_t)size, &entry);
    if (status) return status;
    char *copy = cm_arena_text(ctx, &dictionary->texts, text, length);
    if (!copy) return ctx->error.status;
    *entry = (cm_text){copy, length};
    *probe(dictionary, key, text, length) = (slot){key->word, key->tag, (uint32_t)size + 1};
    atomic_store_explicit(&dictionary->size, size + 1, memory_order_release);
    *code = dictionary->last = (int32_t)size;
    return CM_OK;
}

static inline cm_status look_up(cm_context *ctx, cm_dictionary *dictionary, const probe_key *key, const char *text,
                                uint64_t length, int32_t *code) {
    uint32_t place = dictionary->slots ? probe(dictionary, key, text, length)->place : 0;
    if (!place) return append(ctx, dictionary, key, text, length, code);
    *code = dictionary->last = (int32_t)(place - 1);
    return CM_OK;
}

cm_status cm_dictionary_add(cm_context *ctx, cm_dictionary *dictionary, const char *text, uint64_t length,
                            int32_t *code) {
    if (dictionary->last >= 0 && code_has(dictionary, dictionary->last, text, length)) {
        *code = dictionary->last;
        return CM_OK;
    }
    probe_key key = key_of(dictionary, text, length);
    return look_up(ctx, dictionary, &key, text, length, code);
}

/* Sets keys[i] of the texts that are not the one before; same[i] of the others. */
static void prepare(const cm_dictionary *dictionary, const cm_text *texts, uint64_t count, probe_key *keys, bool *same) {
    uint64_t mask = dictionary->slot_count - 1, before = 0, word;
    uint64_t before_length = UINT64_MAX;
    for (uint64_t i = 0; i < count; i++) {
        const char *text = texts[i].data;
        uint64_t length = texts[i].length, hash;
        if (length <= SHORT_LENGTH) {
            word = load_short(text, length);
            same[i] = length == before_length && word == before;
            before = word;
            hash = cm_hash_u64(dictionary->key, word);
            keys[i] = (probe_key){word, hash, (uint32_t)length};
        } else {
            same[i] = length == before_length && same_long(text, texts[i - 1].data, length);
            if (same[i]) continue;
            hash = cm_hash_bytes(dictionary->key, text, length);
            keys[i] = (probe_key){hash, hash, (uint32_t)length | LONG};
        }
        before_length = length;
        if (!same[i] && dictionary->slots) __builtin_prefetch(&dictionary->slots[hash & mask]);
    }
}

cm_status cm_dictionary_add_many(cm_context *ctx, cm_dictionary *dictionary, const cm_text *texts, uint64_t count,
                                 int32_t *codes, uint64_t *done) {
    probe_key keys[PORTION];
    bool same[PORTION];
    cm_status status = CM_OK;
    for (*done = 0; *done < count;) {
        uint64_t first = *done, part = count - first < PORTION ? count - first : PORTION;
        prepare(dictionary, texts + first, part, keys, same);
        for (uint64_t i = 0; i < part; i++, ++*done) {
            const cm_text *text = &texts[first + i];
            if (same[i]) codes[first + i] = codes[first + i - 1];
            else status = look_up(ctx, dictionary, &keys[i], text->data, text->length, &codes[first + i]);
            if (status) return status;
        }
    }
    return status;
}

int cm_text_compare(cm_text a, cm_text b) {
    uint64_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, (size_t)shorter) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

/* The first eight bytes as a number that compares as they do; shorter texts as if zeros followed. */
static uint64_t prefix(cm_text text) {
    uint64_t bits = 0, length = text.length < 8 ? text.length : 8;
    for (uint64_t i = 0; i < length; i++) bits |= (uint64_t)(unsigned char)text.data[i] << (56 - 8 * i);
    return bits;
}

static int compare_codes(const void *dictionary, uint64_t a, uint64_t b) {
    return cm_text_compare(cm_dictionary_text(dictionary, (int32_t)a), cm_dictionary_text(dictionary, (int32_t)b));
}

cm_status cm_dictionary_ranks(cm_context *ctx, const cm_dictionary *dictionary, uint64_t size, int32_t *ranks,
                              int32_t *order) {
    cm_key *keys = cm_alloc(ctx, size, sizeof *keys);
    if (!keys) return ctx->error.status;
    for (uint64_t code = 0; code < size; code++)
        keys[code] = (cm_key){prefix(cm_dictionary_text(dictionary, (int32_t)code)), code};
    cm_status status = cm_sort_compared(ctx, keys, size, compare_codes, dictionary);
    for (uint64_t rank = 0; rank < size && !status; rank++) {
        if (ranks) ranks[keys[rank].value] = (int32_t)rank;
        if (order) order[rank] = (int32_t)keys[rank].value;
    }
    cm_free(ctx->core, keys, size, sizeof *keys);
    return status;
}
