/* Hashes: the library's SipHash-1-3 against a plain one written from the paper, which the paper's vectors check. */
#include "base/hash.h"

#include <check.h>
#include <string.h>

#define ROTATE(x, b) (uint64_t)(((x) << (b)) | ((x) >> (64 - (b))))

static void plain_rounds(uint64_t *v0, uint64_t *v1, uint64_t *v2, uint64_t *v3, int rounds) {
    while (rounds-- > 0) {
        *v0 += *v1, *v1 = ROTATE(*v1, 13), *v1 ^= *v0, *v0 = ROTATE(*v0, 32);
        *v2 += *v3, *v3 = ROTATE(*v3, 16), *v3 ^= *v2;
        *v0 += *v3, *v3 = ROTATE(*v3, 21), *v3 ^= *v0;
        *v2 += *v1, *v1 = ROTATE(*v1, 17), *v1 ^= *v2, *v2 = ROTATE(*v2, 32);
    }
}

/* Pads the text as the paper says and takes it byte by byte. */
static uint64_t plain_siphash(int c, int d, uint64_t k0, uint64_t k1, const uint8_t *text, size_t length) {
    uint64_t v0 = k0 ^ UINT64_C(0x736f6d6570736575), v1 = k1 ^ UINT64_C(0x646f72616e646f6d);
    uint64_t v2 = k0 ^ UINT64_C(0x6c7967656e657261), v3 = k1 ^ UINT64_C(0x7465646279746573);
    size_t padded = (length / 8 + 1) * 8;
    uint64_t word = 0;
    for (size_t i = 0; i < padded; i++) {
        uint64_t byte = i < length ? text[i] : i == padded - 1 ? length & 0xff : 0;
        word |= byte << (8 * (i % 8));
        if (i % 8 != 7) continue;
        v3 ^= word;
        plain_rounds(&v0, &v1, &v2, &v3, c);
        v0 ^= word;
        word = 0;
    }
    v2 ^= 0xff;
    plain_rounds(&v0, &v1, &v2, &v3, d);
    return v0 ^ v1 ^ v2 ^ v3;
}

static const cm_hash_key paper_key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

START_TEST(oracle_matches_the_paper) {
    uint8_t text[64];
    for (int i = 0; i < 64; i++) text[i] = (uint8_t)i;
    /* Appendix A of the paper, and the first of the authors' vectors. */
    ck_assert_uint_eq(plain_siphash(2, 4, paper_key.k0, paper_key.k1, text, 15), UINT64_C(0xa129ca6149be45e5));
    ck_assert_uint_eq(plain_siphash(2, 4, paper_key.k0, paper_key.k1, text, 0), UINT64_C(0x726fdb47dd0e0e31));
    ck_assert_uint_eq(plain_siphash(2, 4, paper_key.k0, paper_key.k1, text, 1), UINT64_C(0x74f839c593dc67fd));
    ck_assert_uint_eq(plain_siphash(2, 4, paper_key.k0, paper_key.k1, text, 8), UINT64_C(0x93f5f5799a932462));
}
END_TEST

START_TEST(siphash_matches_the_oracle) {
    uint8_t text[600 + 8];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)(i * 197 + 31);
    for (size_t length = 0; length <= 600; length++)
        for (size_t offset = 0; offset < 8; offset++) {
            cm_hash_key key = {length * UINT64_C(0x9e3779b97f4a7c15), ~(uint64_t)offset};
            if (cm_hash_bytes(key, text + offset, length) != plain_siphash(1, 3, key.k0, key.k1, text + offset, length))
                ck_abort_msg("length %zu, offset %zu", length, offset);
        }
    ck_assert_uint_eq(cm_hash_bytes(paper_key, NULL, 0), plain_siphash(1, 3, paper_key.k0, paper_key.k1, text, 0));
}
END_TEST

START_TEST(every_bit_counts) {
    uint8_t text[40] = {0};
    for (size_t length = 1; length <= sizeof text; length++) {
        uint64_t before = cm_hash_bytes(paper_key, text, length);
        ck_assert_uint_ne(before, cm_hash_bytes(paper_key, text, length - 1));
        for (size_t bit = 0; bit < length * 8; bit++) {
            text[bit / 8] ^= (uint8_t)(1 << bit % 8);
            ck_assert_uint_ne(cm_hash_bytes(paper_key, text, length), before);
            text[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    for (int bit = 0; bit < 64; bit++) {
        cm_hash_key a = paper_key, b = paper_key;
        a.k0 ^= UINT64_C(1) << bit;
        b.k1 ^= UINT64_C(1) << bit;
        uint64_t before = cm_hash_bytes(paper_key, "x", 1);
        ck_assert_uint_ne(cm_hash_bytes(a, "x", 1), before);
        ck_assert_uint_ne(cm_hash_bytes(b, "x", 1), before);
        ck_assert_uint_ne(cm_hash_u64(a, 1), cm_hash_u64(paper_key, 1));
        ck_assert_uint_ne(cm_hash_u64(b, 1), cm_hash_u64(paper_key, 1));
    }
}
END_TEST

START_TEST(integers_spread) {
    /* Multiples of 2^20 into 256 buckets by the low byte: none may get all. */
    uint32_t count[256] = {0};
    for (uint64_t i = 0; i < 25600; i++) count[cm_hash_u64(paper_key, i << 20) & 255]++;
    for (int i = 0; i < 256; i++) {
        ck_assert_uint_gt(count[i], 50);
        ck_assert_uint_lt(count[i], 160);
    }
}
END_TEST

/* Bit by bit, from the definition. */
static uint32_t plain_crc32(const uint8_t *text, size_t length) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < length; i++) {
        crc ^= text[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~crc;
}

START_TEST(crc32_is_that_of_gzip) {
    uint8_t text[300];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)(i * i + 7);
    ck_assert_uint_eq(cm_crc32(0, "123456789", 9), UINT32_C(0xCBF43926)); /* the usual check value */
    ck_assert_uint_eq(cm_crc32(0, NULL, 0), 0);
    for (size_t length = 0; length <= sizeof text; length++) {
        uint32_t whole = cm_crc32(0, text, length);
        ck_assert_uint_eq(whole, plain_crc32(text, length));
        size_t half = length / 3;
        ck_assert_uint_eq(cm_crc32(cm_crc32(0, text, half), text + half, length - half), whole);
        ck_assert_uint_eq(cm_crc32(whole, NULL, 0), whole);
    }
}
END_TEST

Suite *test_hash(void);
Suite *test_hash(void) {
    Suite *suite = suite_create("hash");
    TCase *c = tcase_create("hash");
    tcase_add_test(c, oracle_matches_the_paper);
    tcase_add_test(c, siphash_matches_the_oracle);
    tcase_add_test(c, every_bit_counts);
    tcase_add_test(c, integers_spread);
    tcase_add_test(c, crc32_is_that_of_gzip);
    suite_add_tcase(suite, c);
    return suite;
}
