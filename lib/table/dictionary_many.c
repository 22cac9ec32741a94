/* The codes of a whole column's texts.
 *
 * Texts that are the one before are left out first: in files of transactions invoice, customer and country stand on many
 * lines running. Of the others, plain C looks at a portion twice: all hashes are formed and their slots called into the
 * cache, then all are looked up. With AVX-512 eight texts go through each step side by side: their words are gathered,
 * hashed, and compared with the slots and, of longer texts, with the entries that these lead to (after Polychroniou,
 * Raghavan, Ross, "Rethinking SIMD vectorization for in-memory databases", 2015, doi:10.1145/2723372.2747645). What is
 * not found so, one by one. Codes are those of texts added in order, whichever way. */
#include "base/cpu.h"
#include "table/dictionary_slots.h"

#define PORTION 64      /* texts whose slots are called into the cache together */
#define MOST_ROWS 1024  /* that these may stand for */

/* ---- runs ---- */

/* Rows with the texts that they begin with, those that are the one before left out. */
typedef struct runs {
    uint32_t starts[PORTION + 1], lengths[PORTION + 1];
    int32_t codes[PORTION];
    uint64_t count, rows;
    uint8_t place[MOST_ROWS]; /* of each row's text among these */
} runs;

static inline bool same_text(const char *a, const char *b, uint64_t length) {
    if (length > CM_SLOT_MIDDLE) return memcmp(a, b, (size_t)length) == 0;
    if (length > CM_SLOT_SHORT) return cm_same_words(cm_middle_words(a, length), cm_middle_words(b, length));
    return cm_padded_word(a, length) == cm_padded_word(b, length);
}

static void find_runs(const cm_texts *texts, uint64_t first, uint64_t count, runs *out) {
    const uint32_t *starts = texts->starts + first, *lengths = texts->lengths + first;
    uint64_t row = 0, n = 0;
    for (uint64_t end = count < MOST_ROWS ? count : MOST_ROWS; row < end; row++) {
        bool same = row && lengths[row] == lengths[row - 1]
                    && same_text(texts->base + starts[row], texts->base + starts[row - 1], lengths[row]);
        n += !same;
        out->starts[n - 1] = starts[row];
        out->lengths[n - 1] = lengths[row];
        if (n > PORTION) break;
        out->place[row] = (uint8_t)(n - 1);
    }
    out->count = n > PORTION ? PORTION : n;
    out->rows = row;
}

/* The codes of the rows whose texts are among the first `known`; how many rows. */
static uint64_t spread_codes(const runs *from, uint64_t known, int32_t *codes) {
    uint64_t row = 0;
    for (; row < from->rows && from->place[row] < known; row++) codes[row] = from->codes[from->place[row]];
    return row;
}

/* ---- one after the other ---- */

typedef struct prepared {
    cm_slot_key key;
    uint64_t hash;
} prepared;

static prepared prepare(const cm_dictionary *dictionary, const char *text, uint64_t length) {
    const cm_slot_secrets *secrets = &dictionary->secrets;
    if (length <= CM_SLOT_SHORT) {
        uint64_t word = cm_padded_word(text, length);
        return (prepared){{word, (uint32_t)length}, cm_hash_short(secrets, word)};
    }
    uint64_t hash = length <= CM_SLOT_MIDDLE ? cm_hash_words(secrets, cm_middle_words(text, length), length)
                                             : cm_hash_bytes(secrets->sip, text, length);
    return (prepared){{hash, (uint32_t)length | CM_SLOT_LONG}, hash};
}

/* Up to PORTION texts. */
static cm_status add_portion(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t first,
                             uint64_t count, int32_t *codes, uint64_t *done) {
    prepared all[PORTION];
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < count; i++) {
        all[i] = prepare(dictionary, texts->base + texts->starts[first + i], texts->lengths[first + i]);
        if (dictionary->slots) __builtin_prefetch(&dictionary->slots[all[i].hash & (dictionary->slot_count - 1)]);
    }
    for (uint64_t i = 0; i < count && !status; i++) {
        const char *text = texts->base + texts->starts[first + i];
        status = cm_dictionary_look_up(ctx, dictionary, all[i].key, all[i].hash, text, texts->lengths[first + i],
                                       &codes[first + i]);
        *done += !status;
    }
    return status;
}

/* ---- eight at once ---- */

#ifdef CM_CPU_HAS_X86_64
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx2,bmi,bmi2,popcnt,lzcnt")))

AVX512 static inline __m512i all_of(uint64_t x) { return _mm512_set1_epi64((int64_t)x); }

/* Eight words, one behind each place. Gather instructions do the same, but where processors are guarded against data
 * sampling they are several times as slow as single loads. */
AVX512 static inline __m512i words_at(const void *base, const uint32_t *places) {
    const char *from = base;
    return _mm512_set_epi64((int64_t)cm_text_word(from + places[7]), (int64_t)cm_text_word(from + places[6]),
                            (int64_t)cm_text_word(from + places[5]), (int64_t)cm_text_word(from + places[4]),
                            (int64_t)cm_text_word(from + places[3]), (int64_t)cm_text_word(from + places[2]),
                            (int64_t)cm_text_word(from + places[1]), (int64_t)cm_text_word(from + places[0]));
}

/* The same of vectors of addresses. */
AVX512 static inline __m512i words_behind(__m512i addresses) {
    const char *from[8];
    _mm512_storeu_si512((void *)from, addresses);
    return _mm512_set_epi64((int64_t)cm_text_word(from[7]), (int64_t)cm_text_word(from[6]), (int64_t)cm_text_word(from[5]),
                            (int64_t)cm_text_word(from[4]), (int64_t)cm_text_word(from[3]), (int64_t)cm_text_word(from[2]),
                            (int64_t)cm_text_word(from[1]), (int64_t)cm_text_word(from[0]));
}

AVX512 static inline __m512i address_of(const void *p) { return all_of((uint64_t)(uintptr_t)p); }

AVX512 static inline __m512i nh(__m512i words, uint64_t secret) {
    __m512i sums = _mm512_add_epi32(words, all_of(secret));
    return _mm512_mul_epu32(sums, _mm512_srli_epi64(sums, 32));
}

AVX512 static inline __m512i mix(__m512i x) {
    x = _mm512_xor_si512(x, _mm512_srli_epi64(x, 32));
    x = _mm512_mullo_epi64(x, all_of(CM_SLOT_MIX));
    return _mm512_xor_si512(x, _mm512_srli_epi64(x, 32));
}

/* Those of `which` whose slot at these places holds this word and tag; their codes. */
AVX512 static inline __mmask8 in_slots_at(const cm_dictionary *dictionary, __mmask8 which, __m512i at, __m512i words,
                                          __m512i tags, __m512i *codes) {
    __m512i bytes = _mm512_slli_epi64(_mm512_and_si512(at, all_of(dictionary->slot_count - 1)), 4);
    __m512i slots = _mm512_add_epi64(address_of(dictionary->slots), bytes);
    __m512i rest = words_behind(_mm512_add_epi64(slots, all_of(8))), places = _mm512_srli_epi64(rest, 32);
    which = _mm512_mask_cmpeq_epi64_mask(which, words_behind(slots), words);
    which = _mm512_mask_cmpeq_epi64_mask(which, _mm512_and_si512(rest, all_of(UINT32_MAX)), tags);
    which = _mm512_mask_test_epi64_mask(which, places, places);
    *codes = _mm512_mask_sub_epi64(*codes, which, places, all_of(1));
    return which;
}

/* The same for the slots where they would stand first, and second. */
AVX512 static inline __mmask8 in_slots(const cm_dictionary *dictionary, __m512i hashes, __m512i words, __m512i tags,
                                       __m512i *codes) {
    *codes = _mm512_setzero_si512();
    __mmask8 first = in_slots_at(dictionary, 0xFF, hashes, words, tags, codes), others = (__mmask8)~first;
    if (!others) return first;
    hashes = _mm512_add_epi64(hashes, all_of(1));
    return first | in_slots_at(dictionary, others, hashes, words, tags, codes);
}

/* The texts of codes: where they lie. Those of other codes than `which` are the dictionary's first. */
AVX512 static inline __m512i texts_of(const cm_dictionary *dictionary, __mmask8 which, __m512i codes) {
    codes = _mm512_maskz_mov_epi64(which, codes);
    __m512i high = _mm512_srli_epi64(codes, CM_SEGMENT_BITS);
    __m512i segments = _mm512_sub_epi64(all_of(64), _mm512_lzcnt_epi64(high));
    __m512i sizes = _mm512_sllv_epi64(all_of(1), _mm512_add_epi64(segments, all_of(CM_SEGMENT_BITS - 1)));
    __m512i within = _mm512_mask_sub_epi64(codes, _mm512_test_epi64_mask(high, high), codes, sizes);
    __m512i bases = words_behind(_mm512_add_epi64(address_of(dictionary->segments), _mm512_slli_epi64(segments, 3)));
    return words_behind(_mm512_add_epi64(bases, _mm512_slli_epi64(within, 4)));
}

/* A portion on its way: of short texts their words, of longer ones their hashes again and all of their words. */
typedef enum kind { MIXED, SHORT, MIDDLE } kind;
typedef struct eight {
    uint64_t hashes[8], words[8], parts[4][8];
    kind are;
} eight;

AVX512 static inline void put(uint64_t *to, __m512i words) { _mm512_storeu_si512((void *)to, words); }
AVX512 static inline __m512i get(const uint64_t *from) { return _mm512_loadu_si512((const void *)from); }
AVX512 static inline __m512i get_half(const uint32_t *from) {
    return _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)from));
}

AVX512 static inline void hash_short(const uint64_t *secrets, const cm_texts *texts, uint64_t first, eight *out) {
    __m512i bits = _mm512_slli_epi64(get_half(texts->lengths + first), 3);
    __m512i mask = _mm512_srlv_epi64(all_of(UINT64_MAX), _mm512_sub_epi64(all_of(64), bits));
    __m512i words = _mm512_and_si512(words_at(texts->base, texts->starts + first), mask);
    put(out->words, words);
    put(out->hashes, mix(nh(words, secrets[0])));
}

/* Where the words of texts of nine to 32 bytes begin. */
typedef struct places {
    __m512i second, third, last;
} places;

AVX512 static inline places places_of(__m512i lengths) {
    __m512i last = _mm512_sub_epi64(lengths, all_of(8));
    return (places){_mm512_min_epu64(last, all_of(8)), _mm512_sub_epi64(_mm512_max_epu64(lengths, all_of(16)), all_of(16)),
                    last};
}

AVX512 static inline void hash_middle(const uint64_t *secrets, const cm_texts *texts, uint64_t first, eight *out) {
    __m512i lengths = get_half(texts->lengths + first);
    __m512i starts = _mm512_add_epi64(address_of(texts->base), get_half(texts->starts + first));
    places at = places_of(lengths);
    const __m512i parts[4] = {words_behind(starts), words_behind(_mm512_add_epi64(starts, at.second)),
                              words_behind(_mm512_add_epi64(starts, at.third)),
                              words_behind(_mm512_add_epi64(starts, at.last))};
    __m512i sum = _mm512_slli_epi64(lengths, 56), product = _mm512_setzero_si512();
    for (int i = 0; i < 4; i++) {
        put(out->parts[i], parts[i]);
        product = _mm512_add_epi64(product, nh(parts[i], secrets[i]));
    }
    put(out->hashes, mix(_mm512_xor_si512(sum, product)));
    memcpy(out->words, out->hashes, sizeof out->words);
}

AVX512 static inline void hash_eight(const cm_dictionary *dictionary, const cm_texts *texts, uint64_t first, eight *out) {
    __m512i lengths = get_half(texts->lengths + first);
    __mmask8 are_short = _mm512_cmple_epu64_mask(lengths, all_of(CM_SLOT_SHORT));
    __mmask8 are_long = _mm512_cmpgt_epu64_mask(lengths, all_of(CM_SLOT_MIDDLE));
    out->are = !dictionary->slots ? MIXED : are_short == 0xFF ? SHORT : are_short | are_long ? MIXED : MIDDLE;
    if (out->are == MIXED) return;
    if (out->are == SHORT) hash_short(dictionary->secrets.nh, texts, first, out);
    else hash_middle(dictionary->secrets.nh, texts, first, out);
    uint64_t mask = dictionary->slot_count - 1;
    for (uint64_t i = 0; i < 8; i++) __builtin_prefetch(&dictionary->slots[out->hashes[i] & mask]);
}

/* Which of these texts, of nine to 32 bytes, are those of the codes. */
AVX512 static inline __mmask8 have_codes(const cm_dictionary *dictionary, __mmask8 which, const eight *all,
                                         __m512i lengths, __m512i codes) {
    __m512i kept = texts_of(dictionary, which, codes), zero = _mm512_setzero_si512(), differ = zero;
    places at = places_of(lengths);
    const __m512i offsets[4] = {zero, at.second, at.third, at.last};
    for (int i = 0; i < 4; i++) {
        __m512i from = _mm512_add_epi64(kept, _mm512_maskz_mov_epi64(which, offsets[i]));
        differ = _mm512_or_si512(differ, _mm512_xor_si512(words_behind(from), get(all->parts[i])));
    }
    return _mm512_mask_testn_epi64_mask(which, differ, differ);
}

/* Writes the codes of those of eight texts that are found at the first looks; which they are. */
AVX512 static inline uint32_t find_eight(const cm_dictionary *dictionary, const cm_texts *texts, uint64_t first,
                                         const eight *all, int32_t *codes) {
    __m512i lengths = get_half(texts->lengths + first), tags = lengths, found;
    if (all->are == MIXED) return 0;
    if (all->are == MIDDLE) tags = _mm512_or_si512(lengths, all_of(CM_SLOT_LONG));
    __mmask8 which = in_slots(dictionary, get(all->hashes), get(all->words), tags, &found);
    if (all->are == MIDDLE && which) which = have_codes(dictionary, which, all, lengths, found);
    _mm256_storeu_si256((__m256i *)(void *)(codes + first), _mm512_cvtepi64_epi32(found));
    return which;
}

static cm_status add_missing(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t first,
                             const eight *all, uint32_t missing, int32_t *codes, uint64_t *done) {
    cm_status status = CM_OK;
    *done = first + 8;
    for (; missing && !status; missing &= missing - 1) {
        uint64_t i = (uint64_t)__builtin_ctz(missing), at = first + i;
        const char *text = texts->base + texts->starts[at];
        uint32_t length = texts->lengths[at], tag = all->are == MIDDLE ? length | CM_SLOT_LONG : length;
        if (all->are == MIXED) status = cm_dictionary_add(ctx, dictionary, text, length, &codes[at]);
        else
            status = cm_dictionary_look_up(ctx, dictionary, (cm_slot_key){all->words[i], tag}, all->hashes[i], text, length,
                                           &codes[at]);
        if (status) *done = at;
    }
    return status;
}

/* Up to PORTION texts, `count` a multiple of 8. */
AVX512 static cm_status add_eights(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t count,
                                   int32_t *codes, uint64_t *done) {
    eight all[PORTION / 8];
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < count; i += 8) hash_eight(dictionary, texts, i, &all[i / 8]);
    for (uint64_t i = 0; i < count && !status; i += 8) {
        uint32_t found = find_eight(dictionary, texts, i, &all[i / 8], codes);
        if (found == 0xFF) *done = i + 8;
        else status = add_missing(ctx, dictionary, texts, i, &all[i / 8], 0xFF & ~found, codes, done);
    }
    return status;
}
#endif

/* The codes of all texts, in portions; *done of them are there. */
static cm_status add_all(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t count,
                         int32_t *codes, uint64_t *done) {
    *done = 0;
#ifdef CM_CPU_HAS_X86_64
    if (cm_cpu(ctx) >= CM_CPU_AVX512 && count >= 8) {
        cm_status status = add_eights(ctx, dictionary, texts, count & ~UINT64_C(7), codes, done);
        if (status) return status;
    }
#endif
    return add_portion(ctx, dictionary, texts, *done, count - *done, codes, done);
}

cm_status cm_dictionary_add_many(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t count,
                                 int32_t *codes, uint64_t *done) {
    runs some;
    cm_status status = CM_OK;
    for (*done = 0; *done < count && !status;) {
        uint64_t known;
        find_runs(texts, *done, count - *done, &some);
        status = add_all(ctx, dictionary, &(cm_texts){texts->base, some.starts, some.lengths}, some.count, some.codes,
                         &known);
        *done += spread_codes(&some, known, codes + *done);
    }
    return status;
}
