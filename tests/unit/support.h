/* What the unit tests share. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "custmine.h"

/* A call that must succeed; on failure the library's own message is shown. */
#define OK(ctx, call)                                                                                                  \
    do {                                                                                                               \
        cm_status status_ = (call);                                                                                    \
        ck_assert_msg(status_ == CM_OK, "%s: %s: %s", #call, cm_status_name(status_), cm_error_message(ctx));          \
    } while (0)

/* A call that must fail with this status, and say so in a sentence that contains `words`. */
#define FAILS(ctx, wanted, words, call)                                                                                \
    do {                                                                                                               \
        cm_status status_ = (call);                                                                                    \
        ck_assert_msg(status_ == (wanted), "%s gave %s: %s", #call, cm_status_name(status_), cm_error_message(ctx));   \
        ck_assert_msg(strstr(cm_error_message(ctx), words) != NULL, "%s said: %s", #call, cm_error_message(ctx));      \
    } while (0)

static inline cm_context *new_context(void) {
    cm_context *ctx = NULL;
    ck_assert_int_eq(cm_context_new(NULL, &ctx), CM_OK);
    return ctx;
}

static inline void set_threads(cm_context *ctx, int64_t threads) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "context", &options));
    OK(ctx, cm_options_set_int(ctx, options, "threads", threads));
    OK(ctx, cm_context_configure(ctx, options));
    cm_options_free(options);
}

/* A small generator of its own, so that the tests do not lean on what they test. */
typedef struct lcg {
    uint64_t state;
} lcg;

static inline uint32_t lcg_next(lcg *random) {
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random->state >> 33);
}

static inline uint32_t lcg_below(lcg *random, uint32_t bound) { return lcg_next(random) % bound; }

/* A path for a file of this test, in $TMPDIR or /tmp. */
static inline void temp_path(char out[256], const char *name) {
    const char *folder = getenv("TMPDIR");
    snprintf(out, 256, "%s/custmine-test-%ld-%s", folder ? folder : "/tmp", (long)getpid(), name);
}

static inline char *read_whole(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
    bytes[*size] = 0;
    fclose(file);
    return bytes;
}

static inline void write_whole(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* The table that cm_read_csv, cm_read_baskets ... makes of a file with this text. */
static inline cm_table *read_text(cm_context *ctx,
                                  cm_status (*read)(cm_context *, const char *, const cm_options *, cm_table **),
                                  const char *text, const cm_options *options) {
    char path[256];
    cm_table *table = NULL;
    temp_path(path, "text.csv");
    write_whole(path, text, strlen(text));
    OK(ctx, read(ctx, path, options, &table));
    remove(path);
    return table;
}

/* Where the real data is, if it is. */
static inline const char *data_path(char out[256], const char *name) {
    snprintf(out, 256, "../shared/data/%s", name);
    if (access(out, R_OK) == 0) return out;
    printf("skipped: ../shared/data/%s is not here\n", name);
    return NULL;
}

static inline int64_t column_of(const cm_table *table, const char *name) {
    int64_t column = cm_table_find(table, name);
    ck_assert_msg(column >= 0, "no column %s", name);
    return column;
}
#define INT(table, row, name) cm_table_int(table, row, (uint64_t)column_of(table, name))
#define DOUBLE(table, row, name) cm_table_double(table, row, (uint64_t)column_of(table, name))
#define TEXT(table, row, name) cm_table_text(table, row, (uint64_t)column_of(table, name), 0, NULL)
#define ABSENT(table, row, name) cm_table_is_absent(table, row, (uint64_t)column_of(table, name))

#endif
