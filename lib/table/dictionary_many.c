/* The codes of many texts.
 *
 * Idea: they go through each step in portions, so that what one of them waits for from memory is on its way while the
 * others are looked at: hashes are formed and slots called into the cache; then slots are compared; then, of texts that
 * no slot holds whole, the entries that these lead to (Chen, Ailamaki, Gibbons, Mowry, "Improving hash join performance
 * through prefetching", 2007, doi:10.1145/1272743.1272747).
 * Cost: of a text one line of the cache, of one longer than eight bytes three.
 * Different here: a text that is not found so is looked up by itself when its turn comes, for it may have come in the
 * meantime, so that codes are those of texts added in order. */
#include "table/dictionary_slots.h"

#define PORTION 64

typedef struct wanted {
    const char *text;
    uint64_t length, hash;
    cm_slot_key key;
    const cm_text *entry; /* that a slot leads to, of a text that none holds whole */
} wanted;

static inline wanted prepare(const cm_dictionary *dictionary, const char *text, uint64_t length) {
    const cm_slot_secrets *secrets = &dictionary->secrets;
    uint64_t hash;
    cm_slot_key key = length <= CM_SLOT_SHORT ? cm_short_key(secrets, cm_padded_word(text, length), length, &hash)
                                              : cm_long_key(secrets, text, length, &hash);
    return (wanted){text, length, hash, key, NULL};
}

static void prepare_all(const cm_dictionary *dictionary, const cm_texts *texts, uint64_t first, uint64_t count,
                        wanted *out) {
    uint64_t mask = dictionary->slot_count - 1;
    for (uint64_t i = 0; i < count; i++) {
        out[i] = prepare(dictionary, texts->base + texts->starts[first + i], texts->lengths[first + i]);
        if (dictionary->slots) __builtin_prefetch(&dictionary->slots[out[i].hash & mask]);
    }
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
        codes[i] = (int32_t)slots[slot].place - 1;
        if (codes[i] < 0 || !(at->key.tag & CM_SLOT_LONG)) continue;
        at->entry = cm_dictionary_entry(dictionary, codes[i]);
        __builtin_prefetch(at->entry);
    }
}

/* Whether that code is the text's: of longer ones a slot holds a hash alone. */
static inline bool is_found(const wanted *at, int32_t code) {
    return code >= 0 && (!at->entry || cm_dictionary_same(at->entry->data, at->text, at->length));
}

cm_status cm_dictionary_add_many(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t count,
                                 int32_t *codes, uint64_t *done) {
    wanted all[PORTION];
    for (*done = 0; *done < count;) {
        uint64_t part = count - *done < PORTION ? count - *done : PORTION;
        prepare_all(dictionary, texts, *done, part, all);
        if (dictionary->slots) look_into_slots(dictionary, all, part, codes + *done);
        else memset(codes + *done, 0xFF, (size_t)part * sizeof *codes);
        for (uint64_t i = 0; i < part; i++, ++*done) {
            if (is_found(&all[i], codes[*done])) continue;
            cm_status status = cm_dictionary_look_up(ctx, dictionary, all[i].key, all[i].hash, all[i].text,
                                                     all[i].length, &codes[*done]);
            if (status) return status;
        }
    }
    return CM_OK;
}
