/* What tests of reading begin with: a context and reading options, new for each test, and tables that are read by
 * them. */
#ifndef CM_TESTS_READING_H
#define CM_TESTS_READING_H

#include "custmine/io.h"
#include "custmine/table.h"
#include "files.h"

#define DATA "tests/data/"
#define REAL "../shared/data/" /* not everywhere at hand */
#define UNUSED __attribute__((unused))

static cm_context *ctx;
static cm_options *options;

static void setup(void) {
    ctx = new_context();
    ck_assert_int_eq(cm_options_new(ctx, "read", &options), CM_OK);
}
static void teardown(void) {
    cm_options_free(options);
    cm_context_free(ctx);
}

static UNUSED void set(const char *name, const char *value) {
    ck_assert_msg(!cm_options_set_text(ctx, options, name, value), "%s", cm_error_message(ctx));
}
static UNUSED void add(const char *name, const char *value) {
    ck_assert_msg(!cm_options_add_text(ctx, options, name, value), "%s", cm_error_message(ctx));
}

static UNUSED cm_table *read_table(const char *path) {
    cm_table *table = NULL;
    ck_assert_msg(!cm_read_csv(ctx, path, options, &table), "%s", cm_error_message(ctx));
    return table;
}

static UNUSED cm_table *attached(const cm_table *table, const char *name) {
    cm_table *found = NULL;
    ck_assert_msg(!cm_table_attached(ctx, table, name, &found), "%s", cm_error_message(ctx));
    return found;
}

/* The error of a reading that must end with this status. */
static UNUSED cm_error refuse(const char *path, cm_status status) {
    cm_table *table = NULL;
    cm_error error = {.struct_size = sizeof error};
    ck_assert_int_eq(cm_read_csv(ctx, path, options, &table), status);
    ck_assert_ptr_null(table);
    cm_error_get(ctx, &error);
    return error;
}

static UNUSED bool have(const char *path) {
    if (file_exists(path)) return true;
    fprintf(stderr, "skipped: %s is not there\n", path);
    return false;
}

#endif
