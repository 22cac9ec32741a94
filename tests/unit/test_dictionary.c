#include "base/cpu.h"
#include "table/dictionary_slots.h"

#include "tables.h"

static uint64_t text_of(uint64_t i, char out[64]) {
    return (uint64_t)sprintf(out, "%s%llu", i % 3 ? "item number " : "", (unsigned long long)(i * 2654435761u));
}

START_TEST(codes_in_order_of_first_sight) {
    cm_context *ctx = new_context(NULL);
    cm_dictionary *d = NULL;
    int32_t code;
    char text[64];
    OK(cm_dictionary_new(ctx, &d));
    ck_assert_int_eq(cm_dictionary_find(d, "a", 1), -1);
    for (int round = 0; round < 2; round++)
        for (uint64_t i = 0; i < 100000; i++) {
            OK(cm_dictionary_add(ctx, d, text, text_of(i, text), &code));
            ck_assert_int_eq(code, (int32_t)i);
        }
    ck_assert_uint_eq(cm_dictionary_size(d), 100000);
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t length = text_of(i, text);
        cm_text entry = cm_dictionary_text(d, (int32_t)i);
        ck_assert_uint_eq(entry.length, length);
        ck_assert_mem_eq(entry.data, text, length + 1);
        ck_assert_int_eq(cm_dictionary_find(d, text, length), (int32_t)i);
    }
    ck_assert_int_eq(cm_dictionary_find(d, "not there", 9), -1);
    cm_dictionary_release(d);
    cm_context_free(ctx);
}
END_TEST

START_TEST(texts_never_move) {
    cm_context *ctx = new_context(NULL);
    cm_dictionary *d = NULL;
    int32_t code;
    char text[64];
    const char *first[1000];
    OK(cm_dictionary_new(ctx, &d));
    for (uint64_t i = 0; i < 50000; i++) {
        OK(cm_dictionary_add(ctx, d, text, text_of(i, text), &code));
        if (i < 1000) first[i] = cm_dictionary_text(d, code).data;
    }
    for (int32_t i = 0; i < 1000; i++) ck_assert_ptr_eq(first[i], cm_dictionary_text(d, i).data);
    cm_dictionary_release(d);
    cm_context_free(ctx);
}
END_TEST

START_TEST(bytes_as_given) {
    cm_context *ctx = new_context(NULL);
    cm_dictionary *d = NULL;
    int32_t empty, zero, zeros, other;
    OK(cm_dictionary_new(ctx, &d));
    OK(cm_dictionary_add(ctx, d, "", 0, &empty));
    OK(cm_dictionary_add(ctx, d, "\0", 1, &zero));
    OK(cm_dictionary_add(ctx, d, "\0\0", 2, &zeros));
    OK(cm_dictionary_add(ctx, d, "\xff\xfe", 2, &other));
    ck_assert_int_eq(empty, 0);
    ck_assert_int_eq(zero, 1);
    ck_assert_int_eq(zeros, 2);
    ck_assert_int_eq(other, 3);
    ck_assert_int_eq(cm_dictionary_find(d, NULL, 0), 0);
    cm_dictionary_release(d);
    cm_context_free(ctx);
}
END_TEST

START_TEST(limit_is_exact) {
    cm_context *ctx = new_context(NULL);
    cm_dictionary *d = NULL;
    int32_t code = -1;
    OK(cm_dictionary_new(ctx, &d));
    cm_dictionary_set_limit(d, 2);
    OK(cm_dictionary_add(ctx, d, "a", 1, &code));
    OK(cm_dictionary_add(ctx, d, "b", 1, &code));
    ck_assert_int_eq(cm_dictionary_add(ctx, d, "c", 1, &code), CM_E_LIMIT);
    OK(cm_dictionary_add(ctx, d, "a", 1, &code));
    ck_assert_int_eq(code, 0);
    ck_assert_uint_eq(cm_dictionary_size(d), 2);
    cm_dictionary_release(d);
    cm_context_free(ctx);
}
END_TEST

START_TEST(ranks_are_byte_order) {
    cm_context *ctx = new_context(NULL);
    uint64_t seed = 5;
    for (uint64_t size = 0; size < 3000; size = size * 2 + 1) {
        cm_dictionary *d = NULL;
        int32_t code, *ranks = calloc(size + 1, sizeof *ranks), *order = calloc(size + 1, sizeof *order);
        OK(cm_dictionary_new(ctx, &d));
        while (cm_dictionary_size(d) < size) { /* few letters, zeros among them: long common beginnings */
            char text[24];
            uint64_t length = next_random(&seed) % 24;
            for (uint64_t i = 0; i < length; i++) text[i] = "\0a\xff"[i < 7 ? 1 : next_random(&seed) % 3];
            OK(cm_dictionary_add(ctx, d, text, length, &code));
        }
        OK(cm_dictionary_ranks(ctx, d, size, ranks, order));
        for (uint64_t i = 0; i < size; i++) {
            ck_assert_int_eq(ranks[order[i]], (int32_t)i);
            if (i)
                ck_assert_int_lt(cm_text_compare(cm_dictionary_text(d, order[i - 1]), cm_dictionary_text(d, order[i])),
                                 0);
        }
        OK(cm_dictionary_ranks(ctx, d, size / 2, ranks, NULL));
        OK(cm_dictionary_ranks(ctx, d, size / 2, NULL, order));
        cm_dictionary_release(d);
        free(ranks);
        free(order);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(out_of_memory_leaves_it_as_it_was) {
    for (uint64_t fail_at = 1; fail_at < 60; fail_at++) {
        counted c = {0};
        cm_context *ctx = new_context(&c);
        cm_dictionary *d = NULL;
        char text[64];
        int32_t code;
        uint64_t added = 0;
        cm_status status = CM_OK;
        c.calls = 0;
        c.fail_at = fail_at;
        status = cm_dictionary_new(ctx, &d);
        while (!status && added < 2000) {
            status = cm_dictionary_add(ctx, d, text, text_of(added, text), &code);
            added += !status;
        }
        c.fail_at = 0;
        if (status) ck_assert_int_eq(status, CM_E_MEMORY);
        if (d) {
            ck_assert_uint_eq(cm_dictionary_size(d), added);
            for (uint64_t i = 0; i <= added; i++) {
                OK(cm_dictionary_add(ctx, d, text, text_of(i, text), &code));
                ck_assert_int_eq(code, (int32_t)i);
            }
        }
        cm_dictionary_release(d);
        cm_context_free(ctx);
        ck_assert_int_eq(c.bytes, 0);
    }
}
END_TEST

/* Right, another text's, none, or no code at all. */
static int32_t some_guess(int32_t right, uint64_t *seed) {
    uint64_t kind = next_random(seed) % 4;
    return kind == 0 ? right : kind == 1 ? (int32_t)(next_random(seed) % 3000) : kind == 2 ? -1 : INT32_MIN;
}

/* Many texts at once, with every instruction level and whatever guesses, get the codes of texts added one by one. */
#define MANY 5000
START_TEST(many_as_one_by_one) {
    static char bytes[MANY * 40 + 64];
    static uint32_t starts[MANY], lengths[MANY];
    static int32_t wanted[MANY], codes[MANY];
    uint64_t seed = 11;
    for (int longest = 8; longest <= 40; longest += 8)
        for (int few = 0; few < 2; few++) {
            cm_context *ctx = new_context(NULL);
            cm_dictionary *d = NULL;
            uint32_t used = 0;
            OK(cm_dictionary_new(ctx, &d));
            for (int i = 0; i < MANY; i++) {
                uint64_t kind = next_random(&seed) % (few ? 30 : 3000);
                starts[i] = used;
                lengths[i] = (uint32_t)(longest - (longest > 8 ? kind % 8 : kind % 9)); /* the same for the same kind */
                if (kind % 11 == 0) lengths[i] = (uint32_t)(kind % 41);
                for (uint32_t k = 0; k < lengths[i]; k++)
                    bytes[used++] = (char)(k == kind % 7 ? kind : k == 8 + kind % 3 ? kind >> 8 : 'a');
                OK(cm_dictionary_add(ctx, d, bytes + starts[i], lengths[i], &wanted[i]));
            }
            cm_dictionary_release(d);
            for (int level = CM_CPU_SCALAR; level < CM_CPU_LEVELS; level++) {
                uint64_t done, all = 0;
                cm_cpu_limit(ctx, (cm_cpu_level)level);
                OK(cm_dictionary_new(ctx, &d));
                while (all < MANY) { /* portions of any size */
                    uint64_t part = 1 + next_random(&seed) % 300;
                    if (part > MANY - all) part = MANY - all;
                    cm_texts texts = {bytes, starts + all, lengths + all, next_random(&seed) % (part + 1)};
                    for (uint64_t i = 0; i < part; i++) codes[all + i] = some_guess(wanted[all + i], &seed);
                    OK(cm_dictionary_add_many(ctx, d, &texts, part, codes + all, &done));
                    ck_assert_uint_eq(done, part);
                    all += part;
                }
                ck_assert_mem_eq(codes, wanted, sizeof codes);
                cm_dictionary_release(d);
            }
            cm_context_free(ctx);
        }
}
END_TEST

/* Where no more fit, all before are there, at every level. */
START_TEST(many_up_to_the_limit) {
    static char bytes[200 * 12 + 64];
    uint32_t starts[200], lengths[200];
    int32_t codes[200];
    for (uint32_t i = 0; i < 200; i++) {
        starts[i] = i * 12;
        lengths[i] = i % 2 ? 5 : 12;
        snprintf(bytes + starts[i], 13, "%05u%07u", i / 3, i / 3);
    }
    for (int level = CM_CPU_SCALAR; level < CM_CPU_LEVELS; level++)
        for (uint64_t limit = 1; limit < 120; limit += 7) {
            cm_context *ctx = new_context(NULL);
            cm_dictionary *d = NULL, *alone = NULL;
            cm_texts texts = {bytes, starts, lengths, 0};
            uint64_t done, added = 0;
            int32_t code;
            cm_cpu_limit(ctx, (cm_cpu_level)level);
            OK(cm_dictionary_new(ctx, &d));
            OK(cm_dictionary_new(ctx, &alone));
            cm_dictionary_set_limit(d, limit);
            cm_dictionary_set_limit(alone, limit);
            while (added < 200 && !cm_dictionary_add(ctx, alone, bytes + starts[added], lengths[added], &code)) added++;
            cm_status status = cm_dictionary_add_many(ctx, d, &texts, 200, codes, &done);
            ck_assert_int_eq(status, added < 200 ? CM_E_LIMIT : CM_OK);
            ck_assert_uint_eq(done, added);
            ck_assert_uint_eq(cm_dictionary_size(d), cm_dictionary_size(alone));
            cm_dictionary_release(d);
            cm_dictionary_release(alone);
            cm_context_free(ctx);
        }
}
END_TEST

/* Slots that are looked at to find all texts: what a crafted file could drive up, whatever the machine. */
static uint64_t looks(cm_dictionary *d) {
    uint64_t sum = 0, mask = d->slot_count - 1;
    for (uint64_t i = 0; i < d->slot_count; i++) {
        const cm_text_slot *at = &d->slots[i];
        uint64_t hash = at->tag & CM_SLOT_LONG ? at->word : cm_hash_short(&d->secrets, at->word);
        if (at->place) sum += ((i - hash) & mask) + 1;
    }
    return sum;
}

/* Ids that an unkeyed or weakly keyed table would put into a few places: runs of numbers, numbers that are equal but
 * for high digits, texts that differ in one word of four, multiples of a power of two. */
static uint64_t crafted(int kind, uint64_t i, char out[64]) {
    switch (kind) {
        case 0: return (uint64_t)sprintf(out, "%07llu", (unsigned long long)i);
        case 1: memcpy(out, (uint64_t[]){i << 40}, 8); return 8;
        case 2: memcpy(out, (uint64_t[]){i << 20}, 8); return 8;
        case 3: memcpy(out, (uint64_t[]){(i & 1023) << 32 | i >> 10}, 8); return 8;
        case 4: return (uint64_t)sprintf(out, "%07lluAAAAAAAAAAAAAAAAAAAAAAAAA", (unsigned long long)i);
        case 5: return (uint64_t)sprintf(out, "AAAAAAAAAAAAAAAAAAAAAAAAA%07llu", (unsigned long long)i);
        default:
            return (uint64_t)sprintf(out, "customer-number-%07llu-that-is-longer-than-words", (unsigned long long)i);
        }
}

START_TEST(crafted_ids_cost_no_more_than_random_ones) {
    const uint64_t count = 1000000;
    uint64_t random = 0, seed = 3;
    for (int kind = -1; kind < 7; kind++) {
        cm_context *ctx = new_context(NULL);
        cm_dictionary *d = NULL;
        char text[64];
        int32_t code;
        OK(cm_dictionary_new(ctx, &d));
        for (uint64_t i = 0; i < count; i++) {
            uint64_t length = 8, word = next_random(&seed) << 32;
            word ^= next_random(&seed);
            if (kind < 0) memcpy(text, &word, 8);
            else length = crafted(kind, i, text);
            OK(cm_dictionary_add(ctx, d, text, length, &code));
        }
        ck_assert_uint_eq(cm_dictionary_size(d), count);
        if (kind < 0) random = looks(d);
        else ck_assert_uint_le(looks(d), 3 * random);
        cm_dictionary_release(d);
        cm_context_free(ctx);
    }
}
END_TEST

Suite *test_dictionary(void);
Suite *test_dictionary(void) {
    Suite *suite = suite_create("dictionary");
    TCase *tests = tcase_create("dictionary");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, codes_in_order_of_first_sight);
    tcase_add_test(tests, texts_never_move);
    tcase_add_test(tests, bytes_as_given);
    tcase_add_test(tests, limit_is_exact);
    tcase_add_test(tests, ranks_are_byte_order);
    tcase_add_test(tests, out_of_memory_leaves_it_as_it_was);
    tcase_add_test(tests, many_as_one_by_one);
    tcase_add_test(tests, many_up_to_the_limit);
    tcase_add_test(tests, crafted_ids_cost_no_more_than_random_ones);
    suite_add_tcase(suite, tests);
    return suite;
}
