/* The codes of many texts.
 *
 * Idea: they go through each step in portions, so that what one of them waits for from memory is on its way while the
 * others are looked at: hashes are formed and slots called into the cache; then slots are compared; then, of texts that
 * no slot holds whole, the entries that these lead to (Chen, Ailamaki, Gibbons, Mowry, "Improving hash join performance
 * through prefetching", 2007, doi:10.1145/1272743.1272747).
 * Cost: of a text one line of the cache, of one longer than eight bytes three, or two where it is guessed.
 * Different here: a text that is not found so is looked up by itself when its turn comes, for it may have come in the
 * meantime, so that codes are those of texts added in order. */
#include "table/dictionary_slots.h"

#define PORTION 64

/* ---- short texts ---- */

/* The bytes of a word that belong to a text of that length; of longer ones some. */
static const uint64_t kept[2 * CM_SLOT_SHORT] = {
    0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF, UINT64_MAX};

typedef struct short_texts {
    uint64_t words[PORTION], slots[PORTION]; /* where they are looked for first */
} short_texts;

/* False if one is longer than CM_SLOT_SHORT. */
static bool prepare_short(const cm_dictionary *dictionary, const cm_texts *texts, uint64_t first, uint64_t end,
                          short_texts *out) {
    uint64_t mask = dictionary->slot_count - 1;
    uint32_t sizes = 0;
    if (texts->lengths[first] > CM_SLOT_SHORT) return false;
    for (uint64_t i = first; i < end; i++) {
        uint32_t length = texts->lengths[i];
        uint64_t word = cm_load_word(texts->base + texts->starts[i]) & kept[length % (2 * CM_SLOT_SHORT)];
        uint64_t slot = cm_hash_short(&dictionary->secrets, word) & mask;
        __builtin_prefetch(&dictionary->slots[slot]);
        out->words[i - first] = word;
        out->slots[i - first] = slot;
        sizes |= length + (CM_SLOT_SHORT - 1);
    }
    return sizes < 2 * CM_SLOT_SHORT;
}

/* Slots hold short texts whole: what is found there needs no further look. Returns how many are not; their codes are
 * -1. */
static uint64_t look_for_short(const cm_dictionary *dictionary, const cm_texts *texts, uint64_t first, uint64_t end,
                               const short_texts *all, int32_t *codes) {
    const cm_text_slot *slots = dictionary->slots;
    uint64_t mask = dictionary->slot_count - 1, missing = 0;
    for (uint64_t i = first; i < end; i++) {
        uint64_t word = all->words[i - first], slot = all->slots[i - first];
        uint32_t length = texts->lengths[i];
        while (slots[slot].place && ((slots[slot].word ^ word) | (slots[slot].tag ^ length))) slot = (slot + 1) & mask;
        codes[i] = (int32_t)slots[slot].place - 1;
        missing += codes[i] < 0;
    }
    return missing;
}

static cm_status add_short(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t first,
                           uint64_t end, const short_texts *all, int32_t *codes, uint64_t *done) {
    uint64_t missing = look_for_short(dictionary, texts, first, end, all, codes), hash;
    for (uint64_t i = first; i < end && missing; i++) {
        if (codes[i] >= 0) continue;
        cm_slot_key key = cm_short_key(&dictionary->secrets, all->words[i - first], texts->lengths[i], &hash);
        *done = i;
        cm_status status = cm_dictionary_look_up(ctx, dictionary, key, hash, texts->base + texts->starts[i],
                                                 texts->lengths[i], &codes[i]);
        if (status) return status;
        missing--;
    }
    *done = end;
    return CM_OK;
}

/* ---- texts of any length ---- */

typedef struct wanted {
    uint64_t hash;
    cm_slot_key key;
    const cm_text *entry; /* that a slot leads to, of a text that none holds whole */
    uint64_t number;      /* of the text */
} wanted;

static inline wanted prepare(const cm_dictionary *dictionary, const cm_texts *texts, uint64_t number) {
    const cm_slot_secrets *secrets = &dictionary->secrets;
    const char *text = texts->base + texts->starts[number];
    uint64_t hash, length = texts->lengths[number];
    cm_slot_key key = length <= CM_SLOT_SHORT ? cm_short_key(secrets, cm_padded_word(text, length), length, &hash)
                                              : cm_long_key(secrets, text, length, &hash);
    return (wanted){hash, key, NULL, number};
}

/* Whether a guess at a text is right. A short one is found in its slot as quickly. */
static inline bool is_guessed(const cm_dictionary *dictionary, uint64_t size, const char *text, uint64_t length,
                              int32_t guess) {
    if (length <= CM_SLOT_SHORT || (uint64_t)(uint32_t)guess >= size) return false;
    const cm_text *entry = cm_dictionary_entry(dictionary, guess);
    return entry->length == length && cm_dictionary_same(entry->data, text, length);
}

/* Those that have to be looked up. */
static uint64_t prepare_all(const cm_dictionary *dictionary, const cm_texts *texts, uint64_t first, uint64_t end,
                            const int32_t *codes, wanted *out) {
    uint64_t mask = dictionary->slot_count - 1, size = cm_dictionary_size(dictionary), count = 0;
    for (uint64_t i = first; i < end; i++) {
        const char *text = texts->base + texts->starts[i];
        if (i < texts->guessed && is_guessed(dictionary, size, text, texts->lengths[i], codes[i])) continue;
        out[count] = prepare(dictionary, texts, i);
        if (dictionary->slots) __builtin_prefetch(&dictionary->slots[out[count].hash & mask]);
        count++;
    }
    return count;
}

/* The codes of the first slots with these keys; -1: there is none. */
static void look_into_slots(const cm_dictionary *dictionary, wanted *all, uint64_t count, int32_t *codes) {
    const cm_text_slot *slots = dictionary->slots;
    uint64_t mask = dictionary->slot_count - 1;
    for (uint64_t i = 0; i < count; i++) {
        wanted *at = &all[i];
        uint64_t slot = at->hash & mask;
        while (slots[slot].place && ((slots[slot].word ^ at->key.word) | (slots[slot].tag ^ at->key.tag)))
            slot = (slot + 1) & mask;
        int32_t code = codes[at->number] = (int32_t)slots[slot].place - 1;
        if (code < 0 || !(at->key.tag & CM_SLOT_LONG)) continue;
        at->entry = cm_dictionary_entry(dictionary, code);
        __builtin_prefetch(at->entry);
    }
}

/* Whether that code is the text's: of longer ones a slot holds a hash alone. */
static inline bool is_found(const cm_texts *texts, const wanted *at, int32_t code) {
    if (code < 0 || !at->entry) return code >= 0;
    return cm_dictionary_same(at->entry->data, texts->base + texts->starts[at->number], texts->lengths[at->number]);
}

static cm_status add_any(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t first,
                         uint64_t end, int32_t *codes, uint64_t *done) {
    wanted all[PORTION];
    uint64_t count = prepare_all(dictionary, texts, first, end, codes, all);
    bool looked = dictionary->slots != NULL;
    if (looked) look_into_slots(dictionary, all, count, codes);
    for (uint64_t i = 0; i < count; i++) {
        *done = all[i].number;
        if (looked && is_found(texts, &all[i], codes[*done])) continue;
        const char *text = texts->base + texts->starts[*done];
        cm_status status = cm_dictionary_look_up(ctx, dictionary, all[i].key, all[i].hash, text, texts->lengths[*done],
                                                 &codes[*done]);
        if (status) return status;
    }
    *done = end;
    return CM_OK;
}

/* ---- all ---- */

cm_status cm_dictionary_add_many(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t count,
                                 int32_t *codes, uint64_t *done) {
    short_texts all;
    cm_status status = CM_OK;
    for (*done = 0; *done < count && !status;) {
        uint64_t end = count - *done < PORTION ? count : *done + PORTION;
        if (dictionary->slots && prepare_short(dictionary, texts, *done, end, &all))
            status = add_short(ctx, dictionary, texts, *done, end, &all, codes, done);
        else status = add_any(ctx, dictionary, texts, *done, end, codes, done);
    }
    return status;
}
