/* Sorting and selecting against a plain sort, over spans of every width. */
#include "base/sort.h"
#include "support.h"

enum { MOST = 5000 };

static uint64_t random_bits(lcg *random, uint32_t bits) {
    uint64_t all = (uint64_t)lcg_next(random) << 42 ^ (uint64_t)lcg_next(random) << 21 ^ lcg_next(random);
    return bits == 64 ? all : all & ((UINT64_C(1) << bits) - 1);
}

static int by_key(const void *a, const void *b) {
    const cm_key *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value; /* they rise as given: so it is stable */
}

/* Keys of few and of many bits, near 0 and near the end, with values that fit half a word and such that do not; and
 * such whose highest bits leave many together. */
START_TEST(keys_are_sorted_stably) {
    static cm_key keys[MOST], wanted[MOST];
    cm_context *ctx = new_context();
    lcg random = {11};
    for (uint32_t bits = 0; bits <= 64; bits += bits % 3 + 1) {
        for (int round = 0; round < 8; round++) {
            uint64_t count = lcg_below(&random, round < 2 ? 60 : MOST), wide = round % 4 == 3 ? UINT64_C(1) << 40 : 0;
            uint64_t offset = round % 2 && bits < 63 ? random_bits(&random, 63) : 0;
            uint64_t kept = round < 4 || bits < 48 ? UINT64_MAX : UINT64_C(7) << (bits - 3) | UINT64_C(0x3FFFFF);
            for (uint64_t i = 0; i < count; i++)
                keys[i] = (cm_key){(random_bits(&random, bits) & kept) + offset, i + wide};
            memcpy(wanted, keys, sizeof keys);
            qsort(wanted, count, sizeof *wanted, by_key);
            OK(ctx, cm_sort_keys(ctx, keys, count));
            ck_assert_int_eq(memcmp(keys, wanted, count * sizeof *keys), 0);
        }
    }
    cm_context_free(ctx);
}
END_TEST

/* So many that they are split: spread, all in one part but some, equal but for the last bits; by any number of
 * threads. */
START_TEST(many_keys_are_sorted_stably) {
    enum { MANY = 200000 };
    static const struct { uint32_t bits; uint64_t offset; } cases[] = {{64, 0}, {7, 1u << 20}, {20, 0}, {48, 1u << 31}};
    static const int64_t threads[] = {1, 2, 7};
    cm_key *keys = malloc(MANY * sizeof *keys), *wanted = malloc(MANY * sizeof *keys);
    cm_context *ctx = new_context();
    lcg random = {14};
    for (int round = 0; round < 6; round++) {
        set_threads(ctx, threads[round % 3]);
        for (uint64_t i = 0; i < MANY; i++) {
            uint64_t key = random_bits(&random, cases[_i].bits) + cases[_i].offset;
            keys[i] = (cm_key){round >= 3 && i % 1000 ? key & 0xFFFF : key, i};
        }
        memcpy(wanted, keys, MANY * sizeof *keys);
        qsort(wanted, MANY, sizeof *wanted, by_key);
        OK(ctx, cm_sort_keys(ctx, keys, MANY));
        ck_assert_int_eq(memcmp(keys, wanted, MANY * sizeof *keys), 0);
    }
    free(keys);
    free(wanted);
    cm_context_free(ctx);
}
END_TEST

static int by_number(const void *a, const void *b) {
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* None, few and many; most different, many equal, all equal; up to the largest. */
START_TEST(numbers_are_sorted_each_once) {
    uint32_t numbers[300], wanted[300];
    cm_context *ctx = new_context();
    lcg random = {13};
    for (uint64_t count = 0; count < 300; count += count < 70 ? 1 : 23) {
        for (uint32_t bits = 0; bits < 32; bits++) {
            uint64_t different = 0, found = count;
            uint32_t offset = bits % 2 ? 0 : (UINT32_C(1) << 31) - (UINT32_C(1) << bits);
            for (uint64_t i = 0; i < count; i++) numbers[i] = (uint32_t)random_bits(&random, bits) + offset;
            memcpy(wanted, numbers, sizeof numbers);
            qsort(wanted, count, sizeof *wanted, by_number);
            for (uint64_t i = 0; i < count; i++)
                if (!i || wanted[i] != wanted[i - 1]) wanted[different++] = wanted[i];
            OK(ctx, cm_sort_numbers(ctx, count ? numbers : NULL, &found)); /* of none there may be no array */
            ck_assert_int_eq(found, different);
            ck_assert_int_eq(memcmp(numbers, wanted, different * sizeof *numbers), 0);
        }
    }
    cm_context_free(ctx);
}
END_TEST

static int by_value(const void *a, const void *b) {
    int64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

START_TEST(every_rank_is_found) {
    static int64_t values[MOST], sorted[MOST], room[MOST];
    lcg random = {12};
    for (uint32_t bits = 0; bits <= 64; bits += 4) {
        uint64_t count = 1 + lcg_below(&random, bits % 8 ? 40 : MOST - 1), half = bits ? UINT64_C(1) << (bits - 1) : 0;
        for (uint64_t i = 0; i < count; i++) values[i] = (int64_t)(random_bits(&random, bits) - half);
        memcpy(sorted, values, sizeof sorted);
        qsort(sorted, count, sizeof *sorted, by_value);
        for (uint64_t rank = 0; rank < count; rank += 1 + count / 50)
            ck_assert_int_eq(cm_select(values, count, rank, room), sorted[rank]);
        ck_assert_int_eq(cm_select(values, count, count - 1, room), sorted[count - 1]);
    }
}
END_TEST

Suite *test_sort(void);
Suite *test_sort(void) {
    Suite *suite = suite_create("sort");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, keys_are_sorted_stably);
    tcase_add_test(all, numbers_are_sorted_each_once);
    tcase_add_test(all, every_rank_is_found);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 120);
    tcase_add_loop_test(threads, many_keys_are_sorted_stably, 0, 4);
    suite_add_tcase(suite, all);
    suite_add_tcase(suite, threads);
    return suite;
}
