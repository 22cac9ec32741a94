#include "table/dictionary.h"

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
    suite_add_tcase(suite, tests);
    return suite;
}
