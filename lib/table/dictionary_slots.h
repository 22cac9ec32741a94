/* A dictionary inside: what its table of slots holds, and the keyed hashes that place texts in it. */
#ifndef CM_TABLE_DICTIONARY_SLOTS_H
#define CM_TABLE_DICTIONARY_SLOTS_H

#include <string.h>

#include "base/words.h"
#include "table/dictionary.h"

#define CM_SEGMENT_BITS 4 /* the first segment has 16 entries */
#define CM_SEGMENTS (32 - CM_SEGMENT_BITS)

/* What tells texts apart without looking at them: one of up to eight bytes whole, as an integer; of a longer one its
 * hash. */
typedef struct cm_slot_key {
    uint64_t word;
    uint32_t tag; /* length, and CM_SLOT_LONG */
} cm_slot_key;

typedef struct cm_text_slot {
    uint64_t word;
    uint32_t tag;
    uint32_t place; /* code + 1; 0: free */
} cm_text_slot;

#define CM_SLOT_SHORT 8
#define CM_SLOT_MIDDLE 32
#define CM_SLOT_LONG UINT32_C(0x80000000)

__extension__ typedef unsigned __int128 cm_wide;

typedef struct cm_slot_secrets {
    uint64_t nh[4];
    cm_hash_key sip;
} cm_slot_secrets;

struct cm_dictionary {
    atomic_uint_fast64_t references;
    cm_core *core;
    cm_slot_secrets secrets;
    cm_text_slot *slots;
    uint64_t slot_count; /* a power of two */
    atomic_uint_fast64_t size;
    uint64_t limit;
    int32_t last; /* code of the text before, which often comes again; -1 none */
    cm_arena texts;
    cm_text *segments[CM_SEGMENTS];
};

static inline uint64_t cm_segment_size(uint32_t segment) {
    return segment == 0 ? UINT64_C(1) << CM_SEGMENT_BITS : UINT64_C(1) << (CM_SEGMENT_BITS + segment - 1);
}

/* Segment 0 holds the codes below 16, segment s those from 16 * 2^(s-1) on. */
static inline uint32_t cm_segment_of(uint32_t code, uint32_t *within) {
    uint32_t high = code >> CM_SEGMENT_BITS;
    if (high == 0) {
        *within = code;
        return 0;
    }
    uint32_t segment = 32 - (uint32_t)__builtin_clz(high);
    *within = code - (uint32_t)cm_segment_size(segment);
    return segment;
}

/* ---- words ---- */

/* Up to eight bytes as an integer, without reading beyond them. */
static inline uint64_t cm_short_word(const char *text, uint64_t length) {
    uint64_t word = 0;
    if (length == CM_SLOT_SHORT) return cm_load_word(text);
    for (uint64_t i = 0; i < length; i++) word |= (uint64_t)(unsigned char)text[i] << (8 * i);
    return word;
}

/* The same of a text behind whose beginning eight bytes may be read. */
static inline uint64_t cm_padded_word(const char *text, uint64_t length) {
    return length ? cm_load_word(text) & ~UINT64_C(0) >> (64 - 8 * length) : 0;
}

/* Nine to 32 bytes as four words, which overlap where there are fewer. Named, so that they stay in registers. */
typedef struct cm_words {
    uint64_t a, b, c, d;
} cm_words;

static inline cm_words cm_middle_words(const char *text, uint64_t length) {
    uint64_t last = length - 8, second = last < 8 ? last : 8; /* lengths vary: no branch */
    return (cm_words){cm_load_word(text), cm_load_word(text + second), cm_load_word(text + (last - second)),
                      cm_load_word(text + last)};
}

static inline bool cm_same_words(cm_words x, cm_words y) {
    return !((x.a ^ y.a) | (x.b ^ y.b) | (x.c ^ y.c) | (x.d ^ y.d));
}

/* ---- hashes ---- */

#define CM_SLOT_MIX UINT64_C(0xd6e8feb86659fd93)

static inline uint64_t cm_slot_mix(uint64_t x) {
    x ^= x >> 32;
    x *= CM_SLOT_MIX;
    return x ^ x >> 32;
}

/* The two halves of a word, each with its half of the secret, multiplied. */
static inline uint64_t cm_hash_short(const cm_slot_secrets *secrets, uint64_t word) {
    uint64_t secret = secrets->nh[0];
    uint32_t low = (uint32_t)word + (uint32_t)secret, high = (uint32_t)(word >> 32) + (uint32_t)(secret >> 32);
    return cm_slot_mix((uint64_t)low * high);
}

/* The same of four whole words: the sum of their products has 128 bits, which are folded. */
static inline uint64_t cm_hash_words(const cm_slot_secrets *secrets, cm_words w, uint64_t length) {
    const uint64_t *nh = secrets->nh;
    cm_wide sum = (cm_wide)(w.a + nh[0]) * (w.b + nh[1]) + (cm_wide)(w.c + nh[2]) * (w.d + nh[3]);
    return cm_slot_mix((uint64_t)sum ^ (uint64_t)(sum >> 64) ^ length << 56);
}

/* What finds a text longer than CM_SLOT_SHORT. */
static inline cm_slot_key cm_long_key(const cm_slot_secrets *secrets, const char *text, uint64_t length,
                                      uint64_t *hash) {
    *hash = length <= CM_SLOT_MIDDLE ? cm_hash_words(secrets, cm_middle_words(text, length), length)
                                     : cm_hash_bytes(secrets->sip, text, length);
    return (cm_slot_key){*hash, (uint32_t)length | CM_SLOT_LONG};
}

/* The same of a shorter one, by its word. */
static inline cm_slot_key cm_short_key(const cm_slot_secrets *secrets, uint64_t word, uint64_t length,
                                       uint64_t *hash) {
    *hash = cm_hash_short(secrets, word);
    return (cm_slot_key){word, (uint32_t)length};
}

/* ---- entries ---- */

static inline const cm_text *cm_dictionary_entry(const cm_dictionary *dictionary, int32_t code) {
    uint32_t within, segment = cm_segment_of((uint32_t)code, &within);
    return &dictionary->segments[segment][within];
}

/* Of texts longer than CM_SLOT_SHORT. */
static inline bool cm_dictionary_same(const char *a, const char *b, uint64_t length) {
    if (length > CM_SLOT_MIDDLE) return memcmp(a, b, (size_t)length) == 0;
    return cm_same_words(cm_middle_words(a, length), cm_middle_words(b, length));
}

/* ---- dictionary.c, for dictionary_many.c ---- */

/* The code of a text whose key and hash are known. */
cm_status cm_dictionary_look_up(cm_context *ctx, cm_dictionary *dictionary, cm_slot_key key, uint64_t hash,
                                const char *text, uint64_t length, int32_t *code);

#endif
