/* The levels of instructions: a switch per context that workers follow. */
#include <check.h>

#include "base/cpu.h"
#include "base/threads.h"
#include "unit/support.h"

START_TEST(levels_are_switched_off_one_by_one) {
    cm_context *ctx = NULL, *other = NULL;
    ck_assert_int_eq(cm_context_new(NULL, &ctx), CM_OK);
    ck_assert_int_eq(cm_context_new(NULL, &other), CM_OK);
    cm_cpu_level full = cm_cpu(ctx);
    ck_assert_int_ge(full, CM_CPU_BASE);
    for (int level = CM_CPU_LEVELS - 1; level >= CM_CPU_SCALAR; level--) {
        cm_cpu_limit(ctx, (cm_cpu_level)level);
        ck_assert_int_eq(cm_cpu(ctx), level < (int)full ? level : (int)full);
        ck_assert_int_eq(cm_cpu(other), full);
    }
    cm_context_free(ctx);
    cm_context_free(other);
}
END_TEST

static cm_status note_level(cm_context *ctx, void *state, uint64_t task) {
    ((cm_cpu_level *)state)[task] = cm_cpu(ctx);
    return CM_OK;
}

START_TEST(workers_follow_the_switch) {
    cm_cpu_level seen[64];
    cm_context *ctx = NULL;
    ck_assert_int_eq(cm_context_new(NULL, &ctx), CM_OK);
    ctx->settings.threads = 4;
    cm_cpu_limit(ctx, CM_CPU_SCALAR);
    ck_assert_int_eq(cm_parallel(ctx, 64, note_level, seen), CM_OK);
    for (int i = 0; i < 64; i++) ck_assert_int_eq(seen[i], CM_CPU_SCALAR);
    cm_context_free(ctx);
}
END_TEST

Suite *test_cpu(void) {
    Suite *suite = suite_create("cpu");
    TCase *tests = tcase_create("cpu");
    tcase_add_test(tests, levels_are_switched_off_one_by_one);
    suite_add_tcase(suite, tests);
    TCase *threads = tcase_create("threads");
    tcase_add_test(threads, workers_follow_the_switch);
    suite_add_tcase(suite, threads);
    return suite;
}
