/* The codes of many texts.
 *
 * Idea: they go through each step in portions, so that what one of them waits for from memory is on its way while the
 * others are looked at: hashes are formed and slots called into the cache; then slots are compared; then, of texts that
 * no slot holds whole, the entries that these lead to (Chen, Ailamaki, Gibbons, Mowry, "Improving hash join performance
 * through prefetching", 2007, doi:10.1145/1272743.1272747).
 * Cost: of a text one line of the cache, of one longer than eight bytes three.
 * Different here: what is not found so, because it is new or stands further on, is looked up by itself when its turn
 * comes, so that codes are those of texts added in order. */
#include "table/dictionary_slots.h"

#define PORTION 64

typedef struct wanted {
    const char *text;
    uint64_t length, hash;
    cm_slot_key key;
} wanted;

static inline wanted prepare(const cm_dictionary *dictionary, const char *text, uint64_t length) {
    const cm_slot_secrets *secrets = &dictionary->secrets;
    if (length <= CM_SLOT_SHORT) {
        uint64_t word = cm_padded_word(text, length);
        return (wanted){text, length, cm_hash_short(secrets, word), {word, (uint32_t)length}};
    }
    uint64_t hash = length <= CM_SLOT_MIDDLE ? cm_hash_words(secrets, cm_middle_words(text, length), length)
                                             : cm_hash_bytes(secrets->sip, text, length);
    return (wanted){text, length, hash, {hash, (uint32_t)length | CM_SLOT_LONG}};
}

static void prepare_all(const cm_dictionary *dictionary, const cm_texts *texts, uint64_t first, uint64_t count,
                        wanted *out) {
    uint64_t mask = dictionary->slot_count - 1;
    for (uint64_t i = 0; i < count; i++) {
        out[i] = prepare(dictionary, texts->base + texts->starts[first + i], texts->lengths[first + i]);
        if (dictionary->slots) __builtin_prefetch(&dictionary->slots[out[i].hash & mask]);
    }
}

/* The code in a slot + 1 if the slot has this key, else 0; a free slot has 0 whatever the key. */
static inline uint32_t place_in(const cm_text_slot *slot, cm_slot_key key) {
    return (slot->word ^ key.word) | (slot->tag ^ key.tag) ? 0 : slot->place;
}

/* The codes that the first two slots have; -1: none. */
static void look_into_slots(const cm_dictionary *dictionary, const wanted *all, uint64_t count, int32_t *codes) {
    const cm_text_slot *slots = dictionary->slots;
    uint64_t mask = dictionary->slot_count - 1;
    for (uint64_t i = 0; i < count; i++) {
        const wanted *at = &all[i];
        uint32_t place = slots ? place_in(&slots[at->hash & mask], at->key) : 0;
        if (!place && slots) place = place_in(&slots[(at->hash + 1) & mask], at->key);
        codes[i] = (int32_t)place - 1;
        if (place && at->key.tag & CM_SLOT_LONG)
            __builtin_prefetch(cm_dictionary_entry(dictionary, (int32_t)place - 1));
    }
}

/* Whether that code is the text's: of longer ones a slot holds a hash alone. */
static inline bool is_found(const cm_dictionary *dictionary, const wanted *at, int32_t code) {
    if (code < 0 || !(at->key.tag & CM_SLOT_LONG)) return code >= 0;
    return cm_dictionary_same(cm_dictionary_entry(dictionary, code)->data, at->text, at->length);
}

cm_status cm_dictionary_add_many(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t count,
                                 int32_t *codes, uint64_t *done) {
    wanted all[PORTION];
    for (*done = 0; *done < count;) {
        uint64_t part = count - *done < PORTION ? count - *done : PORTION;
        prepare_all(dictionary, texts, *done, part, all);
        look_into_slots(dictionary, all, part, codes + *done);
        for (uint64_t i = 0; i < part; i++, ++*done) {
            if (is_found(dictionary, &all[i], codes[*done])) continue;
            cm_status status = cm_dictionary_look_up(ctx, dictionary, all[i].key, all[i].hash, all[i].text,
                                                     all[i].length, &codes[*done]);
            if (status) return status;
        }
    }
    return CM_OK;
}
