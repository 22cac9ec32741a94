/* A hash table with open addressing over texts that never move.
 *
 * A slot of 16 bytes holds a text of up to eight bytes whole, as an integer; of a longer one its hash. Texts are placed
 * by keyed hashes with a key of this dictionary alone, so that nobody outside can make them collide: those of up to 32
 * bytes, read as one word or as four that overlap, by NH (Black, Halevi, Krawczyk, Krovetz, Rogaway, "UMAC: fast and
 * secure message authentication", 1999, doi:10.1007/3-540-48405-1_14) and a mixer; longer ones by SipHash. Growing the
 * table looks at no text. Entries lie in segments, each as large as all before it together, reached through a fixed
 * array of pointers: whoever was given a code reads its entry without a lock while the one writer appends others. */
#include "table/dictionary_slots.h"
#include "table/order.h"

#define LARGEST_SIZE UINT64_C(0x7fffffff)
#define SMALLEST_TABLE UINT64_C(32)
#define SMALL_TABLE (UINT64_C(1) << 14) /* a quarter of a megabyte */
#define LARGE_TABLE (UINT64_C(1) << 17)

cm_status cm_dictionary_new(cm_context *ctx, cm_dictionary **out) {
    *out = NULL;
    cm_dictionary *dictionary = cm_alloc(ctx, 1, sizeof *dictionary);
    if (!dictionary) return ctx->error.status;
    atomic_init(&dictionary->references, 1);
    atomic_init(&dictionary->size, 0);
    dictionary->core = cm_core_retain(ctx->core);
    dictionary->limit = LARGEST_SIZE;
    dictionary->last = -1;
    cm_entropy(&dictionary->secrets, sizeof dictionary->secrets);
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
    cm_free(core, dictionary->slots, dictionary->slot_count, sizeof *dictionary->slots);
    for (uint32_t i = 0; i < CM_SEGMENTS; i++)
        cm_free(core, dictionary->segments[i], cm_segment_size(i), sizeof(cm_text));
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
    return *cm_dictionary_entry(dictionary, code);
}

static bool same_text(const char *a, const char *b, uint64_t length) {
    return length > CM_SLOT_SHORT ? cm_dictionary_same(a, b, length) : !length || memcmp(a, b, (size_t)length) == 0;
}

static bool code_has(const cm_dictionary *dictionary, int32_t code, const char *text, uint64_t length) {
    cm_text entry = cm_dictionary_text(dictionary, code);
    return entry.length == length && same_text(entry.data, text, length);
}

static cm_slot_key key_of(const cm_dictionary *dictionary, const char *text, uint64_t length, uint64_t *hash) {
    const cm_slot_secrets *secrets = &dictionary->secrets;
    return length <= CM_SLOT_SHORT ? cm_short_key(secrets, cm_short_word(text, length), length, hash)
                                   : cm_long_key(secrets, text, length, hash);
}

static uint64_t hash_of(const cm_dictionary *dictionary, const cm_text_slot *from) {
    return from->tag & CM_SLOT_LONG ? from->word : cm_hash_short(&dictionary->secrets, from->word);
}

/* The slot of a text, or the free one where it would stand. There is always a free one. */
static cm_text_slot *probe(const cm_dictionary *dictionary, cm_slot_key key, uint64_t hash, const char *text,
                           uint64_t length) {
    uint64_t mask = dictionary->slot_count - 1;
    for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
        cm_text_slot *at = &dictionary->slots[i];
        if (!at->place) return at;
        if (at->word != key.word || at->tag != key.tag) continue;
        if (!(key.tag & CM_SLOT_LONG) || code_has(dictionary, (int32_t)(at->place - 1), text, length)) return at;
    }
}

int32_t cm_dictionary_find(const cm_dictionary *dictionary, const char *text, uint64_t length) {
    uint64_t hash;
    if (!dictionary->slots) return -1;
    cm_slot_key key = key_of(dictionary, text, length, &hash);
    return (int32_t)probe(dictionary, key, hash, text, length)->place - 1;
}

/* Texts that a table takes. Most then stand where they are first looked for; that all but a few do is worth the room
 * while the second-level cache holds it, and a large table is in no cache whichever way. */
static uint64_t most_texts(uint64_t slots) {
    return slots <= SMALL_TABLE ? slots / 4 : slots < LARGE_TABLE ? slots / 2 : slots / 4 * 3;
}

static cm_status reserve_slot(cm_context *ctx, cm_dictionary *dictionary, uint64_t size) {
    if (size + 1 <= most_texts(dictionary->slot_count)) return CM_OK;
    uint64_t count = dictionary->slot_count ? dictionary->slot_count * 2 : SMALLEST_TABLE;
    cm_text_slot *slots = cm_alloc(ctx, count, sizeof *slots);
    if (!slots) return ctx->error.status;
    for (uint64_t i = 0; i < dictionary->slot_count; i++) {
        cm_text_slot old = dictionary->slots[i];
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
    uint32_t segment = cm_segment_of(code, &within);
    if (!dictionary->segments[segment]) {
        dictionary->segments[segment] = cm_alloc(ctx, cm_segment_size(segment), sizeof(cm_text));
        if (!dictionary->segments[segment]) return ctx->error.status;
    }
    *entry = &dictionary->segments[segment][within];
    return CM_OK;
}

/* Appends a text that is not there. Room first, so that a failure leaves all as it was. */
static cm_status append(cm_context *ctx, cm_dictionary *dictionary, cm_slot_key key, uint64_t hash, const char *text,
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
    *probe(dictionary, key, hash, text, length) = (cm_text_slot){key.word, key.tag, (uint32_t)size + 1};
    atomic_store_explicit(&dictionary->size, size + 1, memory_order_release);
    *code = dictionary->last = (int32_t)size;
    return CM_OK;
}

cm_status cm_dictionary_look_up(cm_context *ctx, cm_dictionary *dictionary, cm_slot_key key, uint64_t hash,
                                const char *text, uint64_t length, int32_t *code) {
    uint32_t place = dictionary->slots ? probe(dictionary, key, hash, text, length)->place : 0;
    if (!place) return append(ctx, dictionary, key, hash, text, length, code);
    *code = dictionary->last = (int32_t)(place - 1);
    return CM_OK;
}

cm_status cm_dictionary_add(cm_context *ctx, cm_dictionary *dictionary, const char *text, uint64_t length,
                            int32_t *code) {
    uint64_t hash;
    if (dictionary->last >= 0 && code_has(dictionary, dictionary->last, text, length)) {
        *code = dictionary->last;
        return CM_OK;
    }
    cm_slot_key key = key_of(dictionary, text, length, &hash);
    return cm_dictionary_look_up(ctx, dictionary, key, hash, text, length, code);
}

int cm_text_compare(cm_text a, cm_text b) {
    uint64_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, (size_t)shorter) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

uint64_t cm_text_prefix(cm_text text) {
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
        keys[code] = (cm_key){cm_text_prefix(cm_dictionary_text(dictionary, (int32_t)code)), code};
    cm_status status = cm_sort_compared(ctx, keys, size, compare_codes, dictionary);
    for (uint64_t rank = 0; rank < size && !status; rank++) {
        if (ranks) ranks[keys[rank].value] = (int32_t)rank;
        if (order) order[rank] = (int32_t)keys[rank].value;
    }
    cm_free(ctx->core, keys, size, sizeof *keys);
    return status;
}
