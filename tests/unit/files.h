/* Temporary files, gzip and contexts for the tests of reading and writing. */
#ifndef CM_TESTS_FILES_H
#define CM_TESTS_FILES_H

#include <check.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "custmine/base.h"

/* A path under $TMPDIR or /tmp that belongs to this process and name alone; good until the eighth call after. */
static inline const char *temp_path(const char *name) {
    static char paths[8][600];
    static int next;
    const char *folder = getenv("TMPDIR");
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/custmine-%ld-%s", folder && *folder ? folder : "/tmp", (long)getpid(), name);
    return path;
}

static inline const char *make_file(const char *name, const void *bytes, size_t length) {
    const char *path = temp_path(name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static inline const char *make_text(const char *name, const char *text) {
    return make_file(name, text, strlen(text));
}

/* The content, with a NUL behind; to be freed. NULL: no such file. */
static inline char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    size_t capacity = 1 << 16, got;
    char *bytes = malloc(capacity + 1);
    *length = 0;
    while (file && (got = fread(bytes + *length, 1, capacity - *length, file)) > 0) {
        *length += got;
        if (*length == capacity) bytes = realloc(bytes, (capacity *= 2) + 1);
    }
    if (file) {
        fclose(file);
        bytes[*length] = 0;
        return bytes;
    }
    free(bytes);
    return NULL;
}

static inline bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* Files beside `path` whose names begin with its own. */
static inline int files_beside(const char *path) {
    char folder[600];
    const char *name = strrchr(path, '/') + 1;
    int count = 0;
    snprintf(folder, sizeof folder, "%.*s", (int)(name - path), path);
    DIR *entries = opendir(folder);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += strncmp(entry->d_name, name, strlen(name)) == 0;
    closedir(entries);
    return count;
}

/* One gzip member; to be freed. */
static inline unsigned char *gzip(const void *bytes, size_t length, size_t *out_length) {
    z_stream stream = {0};
    size_t room = length + length / 100 + 100;
    unsigned char *out = malloc(room);
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *out_length = stream.total_out;
    deflateEnd(&stream);
    return out;
}

static inline cm_context *new_context(void) {
    cm_context *ctx = NULL;
    ck_assert_int_eq(cm_context_new(NULL, &ctx), CM_OK);
    return ctx;
}

/* An allocator that counts what is out and gives nothing from the n-th request on (0: always gives). */
typedef struct failing_memory {
    int64_t bytes, requests, fail_at;
    bool once;
} failing_memory;

static inline void *failing_resize(void *user, void *block, uint64_t old_size, uint64_t new_size) {
    failing_memory *memory = user;
    if (new_size > old_size) {
        memory->requests++;
        if (memory->fail_at
            && (memory->once ? memory->requests == memory->fail_at : memory->requests >= memory->fail_at))
            return NULL;
    }
    memory->bytes += (int64_t)new_size - (int64_t)old_size;
    if (new_size) return realloc(block, new_size);
    free(block);
    return NULL;
}

#define QUICK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) ck_abort_msg(__VA_ARGS__);                                                                   \
    } while (0)

static inline uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

#endif
