/* Bytes from files, pipes and memory, plain and gzip: whole, or refused. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "files.h"
#include "io/source.h"

/* All bytes of a source; NULL if it fails. To be freed. */
static char *drain(cm_context *ctx, cm_source *source, size_t *length) {
    char *all = malloc(1);
    const char *bytes;
    uint64_t more;
    *length = 0;
    do {
        if (cm_source_next(ctx, source, &bytes, &more)) {
            free(all);
            return NULL;
        }
        all = realloc(all, *length + more + 1);
        memcpy(all + *length, bytes, more);
        *length += more;
    } while (more);
    return all;
}

static void expect(cm_context *ctx, cm_source *source, const void *wanted, size_t length) {
    size_t got;
    char *bytes = drain(ctx, source, &got);
    ck_assert_msg(bytes != NULL, "%s", cm_error_message(ctx));
    ck_assert_uint_eq(got, length);
    ck_assert(memcmp(bytes, wanted, length) == 0);
    free(bytes);
}

/* Twice, with a rest between, as the reader does. */
static void expect_file(const char *path, const void *wanted, size_t length) {
    cm_context *ctx = new_context();
    cm_source *source = NULL;
    ck_assert_int_eq(cm_source_open(ctx, path, NULL, &source), CM_OK);
    expect(ctx, source, wanted, length);
    ck_assert_int_eq(cm_source_rewind(ctx, source), CM_OK);
    expect(ctx, source, wanted, length);
    cm_source_rest(source);
    ck_assert_int_eq(cm_source_rewind(ctx, source), CM_OK);
    expect(ctx, source, wanted, length);
    cm_source_close(source);
    cm_context_free(ctx);
}

static cm_status status_of(const void *bytes, size_t length, const cm_source_limits *limits, uint64_t *offset) {
    cm_context *ctx = new_context();
    cm_source *source = NULL;
    cm_error error = {.struct_size = sizeof error};
    size_t got;
    ck_assert_int_eq(cm_source_memory(ctx, "memory", bytes, length, limits, &source), CM_OK);
    free(drain(ctx, source, &got));
    cm_error_get(ctx, &error);
    cm_status status = error.status;
    if (offset) *offset = error.byte_offset;
    cm_source_close(source);
    cm_context_free(ctx);
    return status;
}

static char *letters(size_t length) {
    char *text = malloc(length + 1);
    uint32_t state = 7;
    for (size_t i = 0; i < length; i++) text[i] = (char)('a' + next_random(&state) % 26);
    return text;
}

START_TEST(plain_files) {
    static const size_t lengths[] = {0, 1, 2, 131071, 131072, 131073, 400000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char *text = letters(lengths[i]);
        const char *path = make_file("plain", text, lengths[i]);
        expect_file(path, text, lengths[i]);
        unlink(path);
        free(text);
    }
}
END_TEST

START_TEST(gzip_files) {
    static const size_t lengths[] = {0, 1, 131072, 131073, 400000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t packed;
        char *text = letters(lengths[i]);
        unsigned char *bytes = gzip(text, lengths[i], &packed);
        const char *path = make_file("packed", bytes, packed);
        expect_file(path, text, lengths[i]);
        unlink(path);
        free(bytes);
        free(text);
    }
}
END_TEST

START_TEST(gzip_members_and_padding) {
    size_t one, two;
    unsigned char *a = gzip("one,", 4, &one), *b = gzip("two", 3, &two), all[400] = {0};
    memcpy(all, a, one);
    memcpy(all + one, b, two);
    const char *path = make_file("members", all, one + two);
    expect_file(path, "one,two", 7);
    make_file("members", all, one + two + 30); /* zeros behind */
    expect_file(path, "one,two", 7);
    unlink(path);
    all[one + two + 20] = 'x';
    ck_assert_int_eq(status_of(all, one + two + 30, NULL, NULL), CM_E_FORMAT);
    memcpy(all + one + two, "rest", 4);
    ck_assert_int_eq(status_of(all, one + two + 4, NULL, NULL), CM_E_FORMAT);
    free(a);
    free(b);
}
END_TEST

/* Never a short table: each cut and each flipped byte of a member is found. */
START_TEST(gzip_damage) {
    size_t packed;
    unsigned char *bytes = gzip("customer,amount\n1,2\n3,4\n", 24, &packed);
    uint64_t offset;
    for (size_t length = 2; length < packed; length++) {
        ck_assert_int_eq(status_of(bytes, length, NULL, &offset), CM_E_FORMAT);
        ck_assert_uint_eq(offset, length);
    }
    for (size_t i = 10; i < packed; i++) {
        if (i == packed - 9) continue; /* the last bits before the trailer mean nothing */
        bytes[i] ^= 0x10;
        ck_assert_int_eq(status_of(bytes, packed, NULL, NULL), CM_E_FORMAT);
        bytes[i] ^= 0x10;
    }
    ck_assert_int_eq(status_of(bytes, packed, NULL, NULL), CM_OK);
    free(bytes);
}
END_TEST

START_TEST(missing_and_folder) {
    cm_context *ctx = new_context();
    cm_source *source = NULL;
    ck_assert_int_eq(cm_source_open(ctx, "/nowhere/sales.csv", NULL, &source), CM_E_IO);
    ck_assert_ptr_null(source);
    ck_assert_ptr_nonnull(strstr(cm_error_message(ctx), "/nowhere/sales.csv"));
    ck_assert_int_eq(cm_source_open(ctx, "/tmp", NULL, &source), CM_E_IO);
    ck_assert_ptr_nonnull(strstr(cm_error_message(ctx), "/tmp"));
    cm_context_free(ctx);
}
END_TEST

START_TEST(pipes_are_kept) {
    size_t length = 300000;
    char *text = letters(length);
    const char *path = temp_path("fifo");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    pid_t writer = fork();
    if (writer == 0) {
        int out = open(path, O_WRONLY);
        for (size_t done = 0; done < length;) {
            ssize_t part = write(out, text + done, length - done);
            if (part <= 0) _exit(1);
            done += (size_t)part;
        }
        _exit(0);
    }
    expect_file(path, text, length);
    int status;
    waitpid(writer, &status, 0);
    ck_assert_int_eq(status, 0);
    unlink(path);
    free(text);
}
END_TEST

START_TEST(limits) {
    cm_source_limits bytes = {.bytes = 1000};
    char *text = letters(1001);
    ck_assert_int_eq(status_of(text, 999, &bytes, NULL), CM_OK);
    ck_assert_int_eq(status_of(text, 1000, &bytes, NULL), CM_OK);
    ck_assert_int_eq(status_of(text, 1001, &bytes, NULL), CM_E_LIMIT);
    free(text);

    size_t large = (size_t)CM_RATIO_FROM + (1 << 20), packed;
    char *zeros = calloc(1, large);
    unsigned char *small = gzip(zeros, large, &packed);
    double ratio = (double)large / (double)packed;
    cm_source_limits below = {.ratio = ratio / 2}, above = {.ratio = ratio * 2};
    ck_assert_int_eq(status_of(small, packed, &below, NULL), CM_E_LIMIT);
    ck_assert_int_eq(status_of(small, packed, &above, NULL), CM_OK);
    free(small);
    small = gzip(zeros, 1 << 20, &packed); /* too little came out for the ratio to count */
    ck_assert_int_eq(status_of(small, packed, &below, NULL), CM_OK);
    free(small);
    free(zeros);
}
END_TEST

/* Bytes that no compression makes less, then zeros: the ratio grows to the last byte. */
START_TEST(ratio_to_the_byte) {
    const size_t noise = 17u << 20, large = 18u << 20;
    char *text = calloc(large, 1);
    uint64_t seed = 88172645463325252u;
    size_t packed;
    for (size_t i = 0; i < noise; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        text[i] = (char)seed;
    }
    unsigned char *bytes = gzip(text, large, &packed);
    for (int more = -1; more <= 1; more++) {
        cm_source_limits limits = {.ratio = ((double)large + more) / (double)packed};
        ck_assert_int_eq(status_of(bytes, packed, &limits, NULL), more < 0 ? CM_E_LIMIT : CM_OK);
    }
    free(bytes);
    free(text);
}
END_TEST

Suite *test_source(void);
Suite *test_source(void) {
    Suite *suite = suite_create("source");
    TCase *tests = tcase_create("source");
    tcase_add_test(tests, plain_files);
    tcase_add_test(tests, gzip_files);
    tcase_add_test(tests, gzip_members_and_padding);
    tcase_add_test(tests, gzip_damage);
    tcase_add_test(tests, missing_and_folder);
    tcase_add_test(tests, pipes_are_kept);
    tcase_add_test(tests, limits);
    tcase_add_test(tests, ratio_to_the_byte);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return suite;
}
