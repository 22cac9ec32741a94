/* Arrow schemas, arrays and streams for tests, built by hand: each buffer is a block of its own size, so that reading
 * beyond it is seen, and what was not released is counted. */
#ifndef TESTS_UNIT_ARROW_ARRAYS_H
#define TESTS_UNIT_ARROW_ARRAYS_H

#include <errno.h>

#include "tables.h"

static atomic_int alive UNUSED; /* schemas, arrays and streams made here and not yet released */

typedef struct block {
    const void *data;
    size_t bytes;
} block;

static UNUSED void free_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    if (schema->dictionary) schema->dictionary->release(schema->dictionary);
    free(schema->dictionary);
    free(schema->children);
    schema->release = NULL;
    alive--;
}

static UNUSED void free_array(struct ArrowArray *array) {
    block *kept = array->private_data; /* the numbers may have been spoiled by a test */
    int64_t buffers = (int64_t)kept[0].bytes, children = (int64_t)kept[1].bytes;
    struct ArrowArray *dictionary = (struct ArrowArray *)(uintptr_t)kept[2].data;
    const void **blocks = (const void **)(uintptr_t)kept[0].data;
    struct ArrowArray **below = (struct ArrowArray **)(uintptr_t)kept[1].data;
    for (int64_t i = 0; i < children; i++) {
        if (below[i]->release) below[i]->release(below[i]);
        free(below[i]);
    }
    for (int64_t i = 0; i < buffers; i++) free((void *)(uintptr_t)blocks[i]);
    if (dictionary) dictionary->release(dictionary);
    free(dictionary);
    free(below);
    free(blocks);
    free((void *)(uintptr_t)kept[3].data); /* the pointers that a test may change */
    free(kept);
    array->release = NULL;
    alive--;
}

static UNUSED struct ArrowSchema *new_schema(const char *format, const char *name) {
    struct ArrowSchema *schema = calloc(1, sizeof *schema);
    *schema =
        (struct ArrowSchema){.format = format, .name = name, .flags = ARROW_FLAG_NULLABLE, .release = free_schema};
    schema->children = calloc(64, sizeof *schema->children);
    alive++;
    return schema;
}

static UNUSED struct ArrowArray *new_array_of(int64_t length, int64_t offset, int64_t count, const block *blocks) {
    struct ArrowArray *array = calloc(1, sizeof *array);
    block *kept = calloc(4, sizeof *kept);
    const void **own = calloc((size_t)count + 1, sizeof *own), **shown = calloc((size_t)count + 1, sizeof *shown);
    for (int64_t i = 0; i < count; i++) {
        void *copy = blocks[i].data ? malloc(blocks[i].bytes ? blocks[i].bytes : 1) : NULL;
        if (copy) memcpy(copy, blocks[i].data, blocks[i].bytes);
        own[i] = shown[i] = copy;
    }
    *array = (struct ArrowArray){length, -1,         offset, count, 0, shown, calloc(64, sizeof *array->children),
                                 NULL,   free_array, kept};
    kept[0] = (block){own, (size_t)count};
    kept[1] = (block){array->children, 0};
    kept[3] = (block){shown, 0};
    alive++;
    return array;
}
#define ARRAY(length, offset, ...)                                                                                     \
    new_array_of(length, offset, sizeof((block[]){__VA_ARGS__}) / sizeof(block), (block[]){__VA_ARGS__})
#define NONE                                                                                                           \
    { NULL, 0 }
#define ALL(array)                                                                                                     \
    { array, sizeof(array) }
#define TEXT(text)                                                                                                     \
    { text, sizeof(text) - 1 }

static UNUSED struct ArrowArray *add_child(struct ArrowArray *parent, struct ArrowArray *child) {
    parent->children[parent->n_children++] = child;
    ((block *)parent->private_data)[1].bytes++;
    return parent;
}

static UNUSED struct ArrowArray *with_dictionary(struct ArrowArray *array, struct ArrowArray *dictionary) {
    array->dictionary = dictionary;
    ((block *)array->private_data)[2].data = dictionary;
    return array;
}

static UNUSED struct ArrowSchema *with_item(struct ArrowSchema *parent, struct ArrowSchema *child) {
    parent->children[parent->n_children++] = child;
    return parent;
}

static UNUSED struct ArrowSchema *coded(const char *format, const char *values) {
    struct ArrowSchema *schema = new_schema(format, "x");
    schema->dictionary = new_schema(values, NULL);
    return schema;
}

/* A record batch of one column, imported: the column is consumed. */
static UNUSED cm_status import_rows(cm_context *ctx, struct ArrowSchema *schema, struct ArrowArray *array,
                                    int64_t length, int64_t offset, cm_table **out) {
    struct ArrowSchema *top = with_item(new_schema("+s", NULL), schema);
    struct ArrowArray *rows = add_child(ARRAY(length, offset, NONE), array);
    cm_status status = cm_table_import_arrow(ctx, top, rows, out);
    ck_assert_ptr_null(top->release);
    ck_assert_ptr_null(rows->release);
    free(top);
    free(rows);
    if (status) ck_assert_ptr_null(*out);
    else assert_sound(*out);
    return status;
}

static UNUSED cm_status import(cm_context *ctx, struct ArrowSchema *schema, struct ArrowArray *array, cm_table **out) {
    return import_rows(ctx, schema, array, array->length, 0, out);
}

static UNUSED void end(cm_context *ctx, cm_table *table) {
    cm_table_free(table);
    cm_context_free(ctx);
    ck_assert_int_eq(alive, 0);
}

static UNUSED cm_column_view view_of(const cm_table *table, uint64_t column) {
    cm_column_view view = {.struct_size = sizeof view};
    ck_assert_int_eq(cm_table_view(table, column, 0, &view), 1);
    return view;
}

static UNUSED const char *text_of(const cm_table *table, uint64_t row) {
    uint64_t length;
    const char *text = cm_table_text(table, row, 0, 0, &length);
    return text ? text : "(absent)";
}

/* ---- a dictionary, a batch, a stream ---- */

static UNUSED struct ArrowArray *words(void) {
    static const int32_t offsets[] = {0, 1, 2, 3};
    return ARRAY(3, 0, NONE, ALL(offsets), TEXT("abc"));
}

/* a, b, absent, a: one double and one absent entry */
static UNUSED struct ArrowArray *words_twice(void) {
    static const int32_t offsets[] = {0, 1, 2, 2, 3};
    static const uint8_t validity[] = {0x0B};
    return ARRAY(4, 0, ALL(validity), ALL(offsets), TEXT("aba"));
}

/* A batch of one list of codes and one text, spoiled in one place. */
static UNUSED struct ArrowArray *spoiled(int how, struct ArrowSchema **schema) {
    static const int64_t offsets[] = {0, 2, 3, 3, 5}, falling[] = {0, 2, 1, 3, 5}, negative[] = {-1, 2, 3, 3, 5};
    static const int32_t codes[] = {0, 1, 2, 1, 0}, text_offsets[] = {0, 1, 2, 2, 3}, text_falling[] = {0, 2, 1, 2, 3};
    struct ArrowArray *items = with_dictionary(ARRAY(5, 0, NONE, ALL(codes)), words());
    struct ArrowArray *lists = how == 0   ? ARRAY(4, 0, NONE, ALL(falling))
                               : how == 1 ? ARRAY(4, 0, NONE, ALL(negative))
                                          : ARRAY(4, 0, NONE, ALL(offsets));
    struct ArrowArray *texts = how == 2 ? ARRAY(4, 0, NONE, ALL(text_falling), TEXT("abc"))
                                        : ARRAY(4, 0, NONE, ALL(text_offsets), TEXT("abc"));
    struct ArrowArray *rows = add_child(add_child(ARRAY(4, 0, NONE), add_child(lists, items)), texts);
    *schema = with_item(with_item(new_schema("+s", NULL), with_item(new_schema("+L", "l"), coded("i", "u"))),
                        new_schema("u", "t"));
    switch (how) {
    case 3: items->length = 4; break;
    case 4: items->dictionary->length = 2; break;
    case 5: lists->n_children = 0; break;
    case 6: lists->n_buffers = 1; break;
    case 7: lists->n_buffers = 3; break;
    case 8: lists->buffers = NULL; break;
    case 9: lists->buffers[1] = NULL; break;
    case 10: lists->children = NULL; break;
    case 11: texts->buffers[2] = NULL; break;
    case 12: texts->length = 3; break;
    case 13: texts->length = -1; break;
    case 14: texts->offset = -1; break;
    case 15: texts->offset = INT64_MAX; break;
    case 16: texts->null_count = 1; break;
    case 17: texts->null_count = -2; break;
    case 18: rows->n_children = 1; break;
    case 19: rows->n_children = -1; break;
    case 20: rows->children = NULL; break;
    case 21: rows->length = -4; break;
    case 22: rows->length = INT64_MAX; break;
    case 23: rows->n_buffers = 2; break;
    case 24: rows->null_count = 1; break;
    case 25: rows->offset = 1; break;
    case 26: items->dictionary->n_buffers = 2; break;
    case 27: texts->dictionary = items->dictionary; break;
    case 28: items->dictionary = NULL; break;
    case 29: items->dictionary->length = -1; break;
    case 30: (*schema)->children[1]->format = NULL; break;
    case 31: (*schema)->children[0]->children[0]->dictionary->format = NULL; break;
    case 32: (*schema)->children[0]->children[0]->format = NULL; break;
    case 33: texts->release(texts); break; /* moved away */
    default: break;
    }
    return rows;
}
#define SPOILED 34

/* Batches of one column of codes: the first two share a dictionary's memory, the others have their own. */
typedef struct producer {
    int next, count, fail_at;
    struct ArrowArray *shared; /* a dictionary */
} producer;

static UNUSED void release_nothing(struct ArrowArray *array) { array->release = NULL; }

static UNUSED int produce_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    producer *p = stream->private_data;
    struct ArrowSchema *schema = with_item(new_schema("+s", NULL), coded("i", "u"));
    if (p->fail_at < 0) {
        free_schema(schema);
        free(schema);
        return EPERM;
    }
    *out = *schema;
    free(schema);
    return 0;
}

static UNUSED int produce(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    static const int32_t codes[] = {2, 0, 1, 1, 0};
    producer *p = stream->private_data;
    if (p->fail_at == p->next) return EIO;
    if (p->next == p->count) return 0; /* *out is released already */
    struct ArrowArray *dictionary = p->next == 3 ? words_twice() : words();
    if (p->next < 2) {
        dictionary->release(dictionary);
        *dictionary = *p->shared;
        dictionary->release = release_nothing;
    }
    struct ArrowArray *array = with_dictionary(ARRAY(p->next == 2 ? 0 : 5, 0, NONE, ALL(codes)), dictionary);
    struct ArrowArray *rows = add_child(ARRAY(array->length, 0, NONE), array);
    *out = *rows;
    free(rows);
    p->next++;
    return 0;
}

static UNUSED const char *producer_error(struct ArrowArrayStream *stream) {
    return ((producer *)stream->private_data)->fail_at == 1 ? "the well is dry" : NULL;
}

static UNUSED void release_producer(struct ArrowArrayStream *stream) {
    stream->release = NULL;
    alive--;
}

static UNUSED struct ArrowArrayStream stream_of(producer *p) {
    alive++;
    return (struct ArrowArrayStream){produce_schema, produce, producer_error, release_producer, p};
}

static UNUSED void free_shared(producer *p) {
    p->shared->release(p->shared);
    free(p->shared);
}

#endif
