/* Random numbers: frozen values (from an independent program in Python), bounds, uniformity. */
#include "base/random.h"

#include <check.h>
#include <math.h>

START_TEST(generator_matches_published_values) {
    /* State 1, 2, 3, 4: the vector of the authors' C program, used by Rust's rand_xoshiro too. */
    static const uint64_t want[] = {11520,
                                    0,
                                    1509978240,
                                    UINT64_C(1215971899390074240),
                                    UINT64_C(1216172134540287360),
                                    UINT64_C(607988272756665600)};
    cm_random r = {{1, 2, 3, 4}};
    for (int i = 0; i < 6; i++) ck_assert_uint_eq(cm_random_u64(&r), want[i]);
}
END_TEST

START_TEST(seeds_and_streams_are_frozen) {
    static const struct {
        uint64_t seed, stream, want[5];
    } cases[] = {
        {0, 0, {0x8c4986f3f0e565d5, 0xf4547fdf5c2f56b6, 0x6a9e0d6a14f022fb, 0xdf483d9e238576e0, 0x30036270739496b8}},
        {42, 0, {0xc986fd807e5b8ab5, 0xe071ea15f19664d1, 0x728624137f1e7291, 0x1a320ab331d48e7d, 0xb5e3ef4a35d65f6c}},
        {42, 1, {0x4180ab06d19cb0c9, 0x1ef53ab21c4c82ef, 0x47b3a4edc8240893, 0x2462cabbb84437c2, 0x1b958f33cdbf5455}},
        {UINT64_MAX,
         UINT64_MAX,
         {0xc5a099ec0b551753, 0x872ef9dd99506f7b, 0xd4f55052789f179b, 0x06abd4f49b1d9c7b, 0x3a5b72163191f8ff}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cm_random r;
        cm_random_seed(&r, cases[i].seed, cases[i].stream);
        for (int k = 0; k < 5; k++) ck_assert_uint_eq(cm_random_u64(&r), cases[i].want[k]);
    }
}
END_TEST

START_TEST(bounded_numbers_are_frozen) {
    static const uint64_t bounds[] = {
        1, 2, 3, 10, 1000, UINT64_C(1000000000000), UINT64_C(9223372036854775809), UINT64_MAX, 6, 6, 6, 6};
    static const uint64_t want[] = {
        0, 1, 1, 0, 236, UINT64_C(406478888955), UINT64_C(5904127792140066738), UINT64_C(16178118595638642016),
        3, 5, 4, 3};
    /* Of this bound nearly half of all draws are drawn again. */
    static const uint64_t rejecting[] = {UINT64_C(8475942309112603648), UINT64_C(5904127792140066738),
                                         UINT64_C(8867081291984282759), UINT64_C(6122556042148853518),
                                         UINT64_C(7397798693127351280), UINT64_C(2249758625710452701)};
    cm_random r;
    cm_random_seed(&r, 7, 3);
    for (int i = 0; i < 12; i++) ck_assert_uint_eq(cm_random_below(&r, bounds[i]), want[i]);
    cm_random_seed(&r, 7, 3);
    for (int i = 0; i < 6; i++) ck_assert_uint_eq(cm_random_below(&r, UINT64_C(9223372036854775809)), rejecting[i]);
}
END_TEST

START_TEST(doubles_are_frozen_and_in_range) {
    cm_random r;
    cm_random_seed(&r, 5, 0);
    ck_assert(cm_random_double(&r) == 0.09450042093829869);
    ck_assert(cm_random_double(&r) == 0.8323143073013275);
    ck_assert(cm_random_double(&r) == 0.04896312568102623);
    double sum = 0, low = 1, high = 0;
    for (int i = 0; i < 100000; i++) {
        double x = cm_random_double(&r);
        if (!(x >= 0 && x < 1)) ck_abort_msg("%g is not in [0, 1)", x);
        sum += x;
        if (x < low) low = x;
        if (x > high) high = x;
    }
    ck_assert(sum / 100000 > 0.495 && sum / 100000 < 0.505); /* five sigma */
    ck_assert(low < 0.001 && high > 0.999);
}
END_TEST

/* Chi square of 0..bound-1 in 200,000 draws. */
static double chi_square(uint64_t seed, uint64_t stream, uint32_t bound) {
    uint32_t count[64] = {0};
    cm_random r;
    cm_random_seed(&r, seed, stream);
    for (int i = 0; i < 200000; i++) {
        uint64_t x = cm_random_below(&r, bound);
        if (x >= bound) ck_abort_msg("out of bounds");
        count[x]++;
    }
    double mean = 200000.0 / bound, sum = 0;
    for (uint32_t i = 0; i < bound; i++) sum += (count[i] - mean) * (count[i] - mean) / mean;
    return sum;
}

START_TEST(bounded_numbers_are_uniform) {
    static const uint32_t bounds[] = {2, 3, 6, 10, 63, 64};
    for (uint64_t seed = 0; seed < 4; seed++)
        for (int i = 0; i < 6; i++) {
            double degrees = bounds[i] - 1, x = chi_square(seed, seed * 1000, bounds[i]);
            ck_assert_msg(x < degrees + 5 * sqrt(2 * degrees) + 10, "chi square %g of %g", x, degrees);
            ck_assert_msg(degrees < 60 || x > degrees - 5 * sqrt(2 * degrees), "too even: %g", x);
        }
}
END_TEST

START_TEST(a_bound_near_the_top_has_no_bias) {
    /* With x % bound for this bound the lower third would come twice as often. */
    uint64_t bound = UINT64_C(3) << 62;
    int lower = 0;
    cm_random r;
    cm_random_seed(&r, 1, 1);
    for (int i = 0; i < 90000; i++) {
        uint64_t x = cm_random_below(&r, bound);
        if (x >= bound) ck_abort_msg("out of bounds");
        lower += x < UINT64_C(1) << 62;
    }
    ck_assert_int_gt(lower, 30000 - 800);
    ck_assert_int_lt(lower, 30000 + 800);
}
END_TEST

START_TEST(streams_differ) {
    uint64_t first[200];
    for (uint64_t i = 0; i < 200; i++) {
        cm_random r;
        cm_random_seed(&r, i / 20, i % 20);
        first[i] = cm_random_u64(&r);
        for (uint64_t k = 0; k < i; k++)
            if (first[i] == first[k]) ck_abort_msg("two streams begin alike");
    }
}
END_TEST

Suite *test_random(void);
Suite *test_random(void) {
    Suite *suite = suite_create("random");
    TCase *c = tcase_create("random");
    tcase_add_test(c, generator_matches_published_values);
    tcase_add_test(c, seeds_and_streams_are_frozen);
    tcase_add_test(c, bounded_numbers_are_frozen);
    tcase_add_test(c, doubles_are_frozen_and_in_range);
    tcase_add_test(c, bounded_numbers_are_uniform);
    tcase_add_test(c, a_bound_near_the_top_has_no_bias);
    tcase_add_test(c, streams_differ);
    suite_add_tcase(suite, c);
    return suite;
}
