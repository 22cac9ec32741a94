/* The codes of a whole column's texts.
 *
 * Texts that are the one before are left out first: in files of transactions invoice, customer and country stand on many
 * lines running. The others go through each step as a portion, so that what one of them waits for from memory is on its
 * way while the others are looked at: hashes are formed and slots called into the cache; then slots are compared; then,
 * of texts that no slot holds whole, the entries that these lead to (Chen, Ailamaki, Gibbons, Mowry, "Improving hash
 * join performance through prefetching", 2007, doi:10.1145/1272743.1272747). What is not found so, one by one. Codes are
 * those of texts added in order. */
#include "table/dictionary_slots.h"

#define PORTION 64    /* texts that go through the steps together */
#define MOST_ROWS 256 /* that these may stand for */

typedef struct wanted {
    const char *text;
    uint64_t length, hash;
    cm_slot_key key;
} wanted;

typedef struct portion {
    wanted all[PORTION];
    int32_t codes[PORTION];
    uint64_t count, rows;
    uint8_t place[MOST_ROWS]; /* of each row's text among them */
} portion;

/* ---- texts that are not the one before ---- */

/* A text, and its first and last eight bytes; of a shorter one all of them twice. */
typedef struct text_at {
    const char *text;
    uint64_t length, first, last;
} text_at;

static inline text_at read_text(const char *text, uint64_t length) {
    if (length > CM_SLOT_SHORT)
        return (text_at){text, length, cm_text_word(text), cm_text_word(text + length - CM_SLOT_SHORT)};
    uint64_t word = cm_padded_word(text, length);
    return (text_at){text, length, word, word};
}

static inline bool is_same(text_at a, text_at b) {
    if ((a.first ^ b.first) | (a.last ^ b.last) | (a.length ^ b.length)) return false;
    return a.length <= 2 * CM_SLOT_SHORT || cm_dictionary_same(a.text, b.text, a.length);
}

static inline void set_wanted(const cm_dictionary *dictionary, text_at at, wanted *out) {
    const cm_slot_secrets *secrets = &dictionary->secrets;
    out->text = at.text;
    out->length = at.length;
    if (at.length <= CM_SLOT_SHORT) {
        out->hash = cm_hash_short(secrets, at.first);
        out->key = (cm_slot_key){at.first, (uint32_t)at.length};
        return;
    }
    out->hash = at.length <= CM_SLOT_MIDDLE ? cm_hash_words(secrets, cm_middle_words(at.text, at.length), at.length)
                                            : cm_hash_bytes(secrets->sip, at.text, at.length);
    out->key = (cm_slot_key){out->hash, (uint32_t)at.length | CM_SLOT_LONG};
}

/* As many rows as have so many texts. */
static void begin_portion(const cm_dictionary *dictionary, const cm_texts *texts, uint64_t first, uint64_t count,
                          portion *out) {
    const uint32_t *starts = texts->starts + first, *lengths = texts->lengths + first;
    const cm_text_slot *slots = dictionary->slots;
    uint64_t row = 0, n = 0, mask = dictionary->slot_count - 1;
    text_at before = {NULL, UINT64_MAX, 0, 0};
    for (uint64_t end = count < MOST_ROWS ? count : MOST_ROWS; row < end; row++) {
        text_at at = read_text(texts->base + starts[row], lengths[row]);
        if (!is_same(at, before)) {
            if (n == PORTION) break;
            set_wanted(dictionary, at, &out->all[n]);
            if (slots) __builtin_prefetch(&slots[out->all[n].hash & mask]);
            before = at;
            n++;
        }
        out->place[row] = (uint8_t)(n - 1);
    }
    out->count = n;
    out->rows = row;
}

/* ---- their codes ---- */

/* The code in a slot + 1 if the slot has this key, else 0; a free slot has 0 whatever the key. */
static inline uint32_t place_in(const cm_text_slot *slot, cm_slot_key key) {
    return (slot->word ^ key.word) | (slot->tag ^ key.tag) ? 0 : slot->place;
}

/* The codes that the first two slots have; -1: none. */
static void look_into_slots(const cm_dictionary *dictionary, portion *all) {
    const cm_text_slot *slots = dictionary->slots;
    uint64_t mask = dictionary->slot_count - 1;
    for (uint64_t i = 0; i < all->count; i++) {
        const wanted *at = &all->all[i];
        uint32_t place = place_in(&slots[at->hash & mask], at->key);
        if (!place) place = place_in(&slots[(at->hash + 1) & mask], at->key);
        all->codes[i] = (int32_t)place - 1;
        if (place && at->key.tag & CM_SLOT_LONG)
            __builtin_prefetch(cm_dictionary_entry(dictionary, (int32_t)place - 1));
    }
}

/* Whether that code is the text's: of longer ones a slot holds a hash alone. */
static inline bool is_found(const cm_dictionary *dictionary, const wanted *at, int32_t code) {
    if (code < 0 || !(at->key.tag & CM_SLOT_LONG)) return code >= 0;
    return cm_dictionary_same(cm_dictionary_entry(dictionary, code)->data, at->text, at->length);
}

static cm_status find_codes(cm_context *ctx, cm_dictionary *dictionary, portion *all, uint64_t *known) {
    if (dictionary->slots) look_into_slots(dictionary, all);
    else memset(all->codes, 0xFF, sizeof all->codes);
    for (uint64_t i = 0; i < all->count; i++) {
        const wanted *at = &all->all[i];
        *known = i;
        if (is_found(dictionary, at, all->codes[i])) continue;
        cm_status status =
            cm_dictionary_look_up(ctx, dictionary, at->key, at->hash, at->text, at->length, &all->codes[i]);
        if (status) return status;
    }
    *known = all->count;
    return CM_OK;
}

/* The codes of the rows whose texts are among the first `known`; how many rows. */
static uint64_t spread_codes(const portion *from, uint64_t known, int32_t *codes) {
    uint64_t rows = from->rows;
    while (rows && from->place[rows - 1] >= known) rows--;
    for (uint64_t row = 0; row < rows; row++) codes[row] = from->codes[from->place[row]];
    return rows;
}

cm_status cm_dictionary_add_many(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t count,
                                 int32_t *codes, uint64_t *done) {
    portion all;
    cm_status status = CM_OK;
    for (*done = 0; *done < count && !status;) {
        uint64_t known;
        begin_portion(dictionary, texts, *done, count - *done, &all);
        status = find_codes(ctx, dictionary, &all, &known);
        *done += spread_codes(&all, known, codes + *done);
    }
    return status;
}
