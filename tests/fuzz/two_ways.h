/* What fuzz targets share that read the same bytes in two ways: a text of all that each way gives, and the
 * comparison. */
#ifndef CM_TESTS_FUZZ_TWO_WAYS_H
#define CM_TESTS_FUZZ_TWO_WAYS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/context.h"
#include "base/cpu.h"
#include "custmine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct text {
    char *bytes;
    size_t length, room;
} text;

static int32_t add(void *user, const char *bytes, uint64_t length) {
    text *to = user;
    if (to->length + length > to->room) {
        to->room = 2 * (to->length + (size_t)length);
        to->bytes = realloc(to->bytes, to->room);
        if (!to->bytes) abort();
    }
    memcpy(to->bytes + to->length, bytes, (size_t)length);
    to->length += (size_t)length;
    return 0;
}

static void add_attached(cm_context *ctx, const cm_table *table, const char *name, text *out) {
    cm_table *more = NULL;
    if (cm_table_attached(ctx, table, name, &more) == CM_OK && cm_write(ctx, more, NULL, add, out)) abort();
    cm_table_free(more);
}

/* What the library makes of a file, with its quick road or record by record. */
typedef text (*read_function)(const char *path, uint8_t choice, uint8_t way, int records);

static int compare_ways(const uint8_t *data, size_t size, const char *name, read_function read_one) {
    static char path[64];
    if (size < 2) return 0;
    if (!path[0]) snprintf(path, sizeof path, "/tmp/custmine-fuzz-%s-%ld.csv", name, (long)getpid());
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data + 2, 1, size - 2, file) != size - 2) abort();
    fclose(file);
    text wanted = read_one(path, data[0], data[1], 1), got = read_one(path, data[0], data[1], 0);
    if (wanted.length != got.length || (wanted.length && memcmp(wanted.bytes, got.bytes, wanted.length) != 0)) abort();
    free(wanted.bytes);
    free(got.bytes);
    remove(path);
    return 0;
}

#endif
