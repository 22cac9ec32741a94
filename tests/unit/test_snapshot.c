/* Tables in files: what comes back is what was saved, equal content gives equal bytes, and no damaged file is read. */
#include <math.h>

#include "base/hash.h"
#include "files.h"
#include "io/snapshot.h"
#include "io/snapshot_format.h"

static cm_context *ctx;

static void setup(void) {
    ctx = new_context();
}
static void teardown(void) {
    cm_context_free(ctx);
}
static void ok(cm_status status) {
    ck_assert_msg(!status, "%s", cm_error_message(ctx));
}

/* A table of all types; every third row absent, texts in another order of first sight if `turned`. */
static cm_table *all_types(uint64_t rows, bool turned) {
    static const int32_t types[] = {CM_BOOL, CM_INT64,     CM_FLOAT64, CM_DECIMAL,
                                    CM_DATE, CM_TIMESTAMP, CM_STRING,  CM_LIST};
    static const char *const names[] = {"b", "i", "f", "d", "day", "time", "s", "l"};
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    ok(cm_builder_new(ctx, &builder));
    for (uint64_t i = 0; i < 8; i++)
        ok(cm_builder_column(ctx, builder, names[i], types[i], types[i] == CM_DECIMAL ? 2 : 0,
                             types[i] == CM_DECIMAL ? CM_ROLE_AMOUNT : 0));
    for (uint64_t k = 0, row = 0; k < rows + turned; k++) {
        char text[16];
        int64_t value = (int64_t)(row * 37) - 50;
        if (turned && k == 0) { /* a row that is sliced off again: its texts stay in the dictionary, unused */
            ok(cm_builder_text(ctx, builder, 6, "unused", 6));
            ok(cm_builder_text(ctx, builder, 7, "text 2", 6));
        } else if (row % 3 != 2) {
            for (uint64_t i = 0; i < 6; i++)
                ok(i == 2 ? cm_builder_double(ctx, builder, i, row % 4 ? (double)value / 3 : -0.0)
                          : cm_builder_int(ctx, builder, i, i == 0 ? value & 1 : value));
            int length = snprintf(text, sizeof text, "text %d", (int)(row % 5));
            ok(cm_builder_text(ctx, builder, 6, row % 4 ? text : "", row % 4 ? (uint64_t)length : 0));
            for (uint64_t i = 0; i < row % 4; i++) ok(cm_builder_text(ctx, builder, 7, text, (uint64_t)length));
        }
        ok(cm_builder_row(ctx, builder));
        row += k > 0 || !turned;
    }
    ok(cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    if (turned) {
        cm_table *sliced = NULL;
        ok(cm_table_slice(ctx, table, 1, rows, &sliced));
        cm_table_free(table);
        table = sliced;
    }
    return table;
}

static bool same_cell(const cm_table *a, const cm_table *b, uint64_t row, uint64_t column) {
    double x = cm_table_double(a, row, column), y = cm_table_double(b, row, column);
    if (cm_table_is_absent(a, row, column) != cm_table_is_absent(b, row, column)) return false;
    if (cm_table_int(a, row, column) != cm_table_int(b, row, column)) return false;
    if (memcmp(&x, &y, sizeof x) && !(isnan(x) && isnan(y))) return false;
    if (cm_table_items(a, row, column) != cm_table_items(b, row, column)) return false;
    for (uint64_t i = 0; i < cm_table_items(a, row, column); i++) {
        uint64_t m = 0, n = 0;
        const char *s = cm_table_text(a, row, column, i, &m), *t = cm_table_text(b, row, column, i, &n);
        if (!s != !t || m != n || (m && memcmp(s, t, m))) return false;
    }
    return true;
}

static void expect_same(const cm_table *a, const cm_table *b) {
    ck_assert_uint_eq(cm_table_rows(a), cm_table_rows(b));
    ck_assert_uint_eq(cm_table_columns(a), cm_table_columns(b));
    for (uint64_t column = 0; column < cm_table_columns(a); column++) {
        const cm_column *x = a->columns[column], *y = b->columns[column];
        ck_assert_str_eq(x->name, y->name);
        ck_assert(x->type == y->type && x->scale == y->scale && x->role == y->role && x->flags == y->flags);
        for (uint64_t row = 0; row < cm_table_rows(a); row++)
            QUICK(same_cell(a, b, row, column), "row %d of column %s", (int)row, x->name);
    }
}

static cm_status load_status(const char *path) {
    cm_snapshot snapshot;
    cm_status status = cm_snapshot_load(ctx, path, &snapshot);
    cm_snapshot_clear(&snapshot);
    return status;
}

START_TEST(round_trips) {
    static const uint64_t rows[] = {0, 1, 7, 8, 9, 1000};
    const char *path = temp_path("trip.cm");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cm_table *a = all_types(rows[i], false), *b = all_types(3, false);
        cm_snapshot snapshot;
        ok(cm_snapshot_save(ctx, path, "orders", (const char *const[]){"a", "b"}, (const cm_table *const[]){a, b}, 2));
        ok(cm_snapshot_load(ctx, path, &snapshot));
        ck_assert_str_eq(snapshot.kind, "orders");
        ck_assert_uint_eq(snapshot.count, 2);
        expect_same(a, cm_snapshot_find(&snapshot, "a"));
        expect_same(b, cm_snapshot_find(&snapshot, "b"));
        ck_assert_ptr_null(cm_snapshot_find(&snapshot, "c"));
        cm_snapshot_clear(&snapshot);
        cm_table_free(a);
        cm_table_free(b);
    }
    ck_assert_int_eq(files_beside(path), 1);
    cm_snapshot none;
    ok(cm_snapshot_save(ctx, path, "nothing", NULL, NULL, 0));
    ok(cm_snapshot_load(ctx, path, &none));
    ck_assert_uint_eq(none.count, 0);
    cm_snapshot_clear(&none);
    unlink(path);
}
END_TEST

/* Whatever order the texts came in, however the rows are cut. */
START_TEST(equal_content_equal_bytes) {
    cm_table *plain = all_types(50, false), *turned = all_types(50, true), *first = NULL, *second = NULL,
             *joined = NULL;
    ok(cm_table_slice(ctx, plain, 0, 13, &first));
    ok(cm_table_slice(ctx, plain, 13, 37, &second));
    ok(cm_table_concat(ctx, (const cm_table *const[]){first, second}, 2, &joined));
    const cm_table *tables[] = {plain, turned, joined};
    char *bytes[3];
    size_t lengths[3];
    const char *path = temp_path("equal.cm");
    for (int i = 0; i < 3; i++) {
        ok(cm_snapshot_save(ctx, path, "k", (const char *const[]){"t"}, &tables[i], 1));
        bytes[i] = read_file(path, &lengths[i]);
        ck_assert_uint_eq(lengths[i], lengths[0]);
        ck_assert(memcmp(bytes[i], bytes[0], lengths[0]) == 0);
    }
    for (int i = 0; i < 3; i++) free(bytes[i]);
    cm_table_free(plain);
    cm_table_free(turned);
    cm_table_free(first);
    cm_table_free(second);
    cm_table_free(joined);
    unlink(path);
}
END_TEST

static char *small_file(size_t *length) {
    cm_table *table = all_types(6, false);
    const char *path = temp_path("small.cm");
    ok(cm_snapshot_save(ctx, path, "model rfm", (const char *const[]){"cuts", "options"},
                        (const cm_table *const[]){table, table}, 2));
    cm_table_free(table);
    char *bytes = read_file(path, length);
    unlink(path);
    return bytes;
}

START_TEST(every_cut_is_refused) {
    size_t length;
    char *bytes = small_file(&length);
    for (size_t cut = 0; cut < length; cut++) {
        const char *path = make_file("cut.cm", bytes, cut);
        QUICK(load_status(path) == CM_E_FORMAT, "cut at %d: %s", (int)cut, cm_error_message(ctx));
    }
    bytes[length] = 0;
    const char *path = make_file("cut.cm", bytes, length + 1); /* a byte too many */
    ck_assert_int_eq(load_status(path), CM_E_FORMAT);
    ok(load_status(make_file("cut.cm", bytes, length)));
    unlink(path);
    free(bytes);
}
END_TEST

START_TEST(every_flip_is_refused) {
    static const unsigned char flips[] = {0x01, 0x80, 0xFF};
    size_t length;
    char *bytes = small_file(&length);
    for (size_t i = 0; i < length; i++)
        for (size_t k = 0; k < sizeof flips; k++) {
            bytes[i] = (char)(bytes[i] ^ flips[k]);
            const char *path = make_file("flip.cm", bytes, length);
            QUICK(load_status(path) == CM_E_FORMAT, "byte %d ^ %02x: %s", (int)i, flips[k], cm_error_message(ctx));
            bytes[i] = (char)(bytes[i] ^ flips[k]);
        }
    unlink(temp_path("flip.cm"));
    free(bytes);
}
END_TEST

/* Every checksum made right again, so that what lies behind them must notice, or the file be sound. */
START_TEST(hostile_files) {
    size_t length;
    unsigned char *bytes = (unsigned char *)small_file(&length);
    uint32_t state = 5;
    size_t directory = cm_get_u32(bytes + 12), start = CM_SNAPSHOT_PREFIX + directory;
    size_t first_place = CM_SNAPSHOT_PREFIX + 4 + 9 + 4 + 4 + 4, section = (size_t)cm_get_u64(bytes + first_place);
    int refused = 0;
    for (size_t i = 0; i < section; i++) {
        unsigned char saved = bytes[start + i];
        bytes[start + i] = (unsigned char)next_random(&state);
        cm_put_u32(bytes + first_place + 8, cm_crc32(0, bytes + start, section));
        cm_put_u32(bytes + 24, cm_crc32(0, bytes + CM_SNAPSHOT_PREFIX, directory));
        cm_put_u32(bytes + 28, cm_crc32(0, bytes, 28));
        cm_status status = load_status(make_file("hostile.cm", bytes, length));
        QUICK(status == CM_OK || status == CM_E_FORMAT, "byte %d: %s", (int)i, cm_error_message(ctx));
        refused += status != CM_OK;
        bytes[start + i] = saved;
    }
    ck_assert_int_gt(refused, (int)section / 4);
    unlink(temp_path("hostile.cm"));
    free(bytes);
}
END_TEST

START_TEST(newer_version) {
    size_t length;
    unsigned char *bytes = (unsigned char *)small_file(&length);
    cm_put_u32(bytes + 8, 7);
    cm_put_u32(bytes + 28, cm_crc32(0, bytes, 28));
    const char *path = make_file("newer.cm", bytes, length);
    ck_assert_int_eq(load_status(path), CM_E_VERSION);
    ck_assert_ptr_nonnull(strstr(cm_error_message(ctx), "7"));
    ck_assert_ptr_nonnull(strstr(cm_error_message(ctx), "1"));
    cm_put_u32(bytes + 8, 0);
    cm_put_u32(bytes + 28, cm_crc32(0, bytes, 28));
    ck_assert_int_eq(load_status(make_file("newer.cm", bytes, length)), CM_E_FORMAT);
    unlink(path);
    free(bytes);
}
END_TEST

START_TEST(failures) {
    cm_table *table = all_types(3, false);
    const cm_table *tables[] = {table};
    ck_assert_int_eq(load_status("/nowhere/m.cm"), CM_E_IO);
    ck_assert_int_eq(load_status("/tmp"), CM_E_IO);
    ck_assert_int_eq(load_status("tests/data/good-sales.csv"), CM_E_FORMAT);
    ck_assert_int_eq(cm_snapshot_save(ctx, "/nowhere/m.cm", "k", (const char *const[]){"t"}, tables, 1), CM_E_IO);
    cm_table_free(table);
}
END_TEST

START_TEST(no_memory) {
    const char *path = temp_path("memory.cm");
    size_t length;
    char *bytes = small_file(&length);
    make_file("memory.cm", bytes, length);
    for (int64_t n = 1;; n++) {
        failing_memory memory = {.once = _i != 0};
        cm_allocator allocator = {sizeof allocator, failing_resize, &memory};
        cm_context *small = NULL;
        cm_snapshot snapshot;
        ck_assert_int_eq(cm_context_new(&allocator, &small), CM_OK);
        memory.requests = 0;
        memory.fail_at = n;
        cm_status status = cm_snapshot_load(small, path, &snapshot);
        ck_assert_int_eq(status, memory.requests < n ? CM_OK : CM_E_MEMORY);
        cm_snapshot_clear(&snapshot);
        cm_context_free(small);
        ck_assert_int_eq(memory.bytes, 0);
        if (memory.requests < n) break;
    }
    for (int64_t n = 1;; n++) {
        failing_memory memory = {.once = _i != 0};
        cm_allocator allocator = {sizeof allocator, failing_resize, &memory};
        cm_context *small = NULL;
        cm_snapshot snapshot;
        size_t kept;
        ck_assert_int_eq(cm_context_new(&allocator, &small), CM_OK);
        ck_assert_int_eq(cm_snapshot_load(small, path, &snapshot), CM_OK);
        memory.requests = 0;
        memory.fail_at = n;
        cm_status status = cm_snapshot_save(small, path, snapshot.kind, (const char *const *)snapshot.names,
                                            (const cm_table *const *)snapshot.tables, snapshot.count);
        ck_assert_int_eq(status, memory.requests < n ? CM_OK : CM_E_MEMORY);
        char *now = read_file(path, &kept); /* the same again, or the old one */
        ck_assert(kept == length && !memcmp(now, bytes, length));
        ck_assert_int_eq(files_beside(path), 1);
        free(now);
        cm_snapshot_clear(&snapshot);
        cm_context_free(small);
        ck_assert_int_eq(memory.bytes, 0);
        if (memory.requests < n) break;
    }
    unlink(path);
    free(bytes);
}
END_TEST

Suite *test_snapshot(void);
Suite *test_snapshot(void) {
    Suite *suite = suite_create("snapshot");
    TCase *tests = tcase_create("snapshot");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, round_trips);
    tcase_add_test(tests, equal_content_equal_bytes);
    tcase_add_test(tests, every_cut_is_refused);
    tcase_add_test(tests, every_flip_is_refused);
    tcase_add_test(tests, hostile_files);
    tcase_add_test(tests, newer_version);
    tcase_add_test(tests, failures);
    tcase_add_loop_test(tests, no_memory, 0, 2);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return suite;
}
