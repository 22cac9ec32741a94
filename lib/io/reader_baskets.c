/* Files of baskets: one a line, its items divided by a delimiter or by blanks, no header. */
#include <string.h>

#include "custmine/io.h"
#include "io/reader.h"

typedef struct basket_reader {
    cm_arena texts;
    cm_reading how;
    cm_builder *builder;
    cm_text *items; /* of the record at hand */
    uint64_t capacity;
    uint64_t read, kept;
} basket_reader;

/* The delimiter that the whole file has most; blanks where it has none. */
static cm_status find_delimiter(cm_context *ctx, cm_source *source, char *out) {
    static const char candidates[] = {',', ';', '\t', '|'};
    uint64_t counts[256] = {0}, length = 0;
    const char *bytes;
    int best = 0;
    cm_status status = cm_source_rewind(ctx, source);
    while (!status && !(status = cm_source_next(ctx, source, &bytes, &length)) && length)
        for (uint64_t i = 0; i < length; i++) counts[(unsigned char)bytes[i]]++;
    for (int i = 1; i < (int)sizeof candidates; i++)
        if (counts[(unsigned char)candidates[i]] > counts[(unsigned char)candidates[best]]) best = i;
    *out = counts[(unsigned char)candidates[best]] ? candidates[best] : CM_DELIMITER_BLANKS;
    return status;
}

static bool skipped(const cm_reading *how, const cm_csv_field *field) {
    if (!field->text || !field->length) return true;
    for (uint64_t i = 0; i < how->na_count; i++)
        if (strlen(how->na[i]) == field->length && !memcmp(how->na[i], field->text, (size_t)field->length)) return true;
    return false;
}

/* Lets the text at `at` sink to its place in a heap with the last text on top. */
static void sink(cm_text *texts, uint64_t at, uint64_t count) {
    for (uint64_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && cm_text_compare(texts[child], texts[child + 1]) < 0) child++;
        if (cm_text_compare(texts[at], texts[child]) >= 0) return;
        cm_text held = texts[at];
        texts[at] = texts[child];
        texts[child] = held;
    }
}

/* Heap sort (J. W. J. Williams 1964): in place, whatever the order that texts come in. */
static void sort_texts(cm_text *texts, uint64_t count) {
    for (uint64_t i = count / 2; i > 0; i--) sink(texts, i - 1, count);
    for (uint64_t last = count; last > 1; last--) {
        cm_text top = texts[0];
        texts[0] = texts[last - 1];
        texts[last - 1] = top;
        sink(texts, 0, last - 1);
    }
}

static cm_status add_basket(cm_context *ctx, basket_reader *reader, const cm_record *record) {
    uint64_t count = 0;
    cm_status status = cm_reserve(ctx, &reader->items, &reader->capacity, record->count, sizeof *reader->items);
    if (status) return status;
    for (uint64_t i = 0; i < record->count; i++)
        if (!skipped(&reader->how, &record->fields[i]))
            reader->items[count++] = (cm_text){record->fields[i].text, record->fields[i].length};
    reader->read++;
    if (!count) return CM_OK;
    sort_texts(reader->items, count);
    status = cm_builder_int(ctx, reader->builder, 0, (int64_t)reader->read);
    for (uint64_t i = 0; i < count && !status; i++)
        if (i == 0 || cm_text_compare(reader->items[i], reader->items[i - 1]) != 0)
            status = cm_builder_text(ctx, reader->builder, 1, reader->items[i].data, reader->items[i].length);
    if (!status) status = cm_builder_row(ctx, reader->builder);
    reader->kept += !status;
    return status;
}

static cm_status read_records(cm_context *ctx, basket_reader *reader, cm_source *source, cm_csv *csv) {
    for (uint64_t n = 0;; n++) {
        cm_record record;
        bool more;
        cm_status status = cm_csv_next(ctx, csv, &record, &more);
        if (!status && !more && !n) status = cm_fail(ctx, CM_E_DATA, "FILE_EMPTY", "");
        if (!status && more && reader->read == reader->how.max_rows)
            status = cm_fail(ctx, CM_E_LIMIT, "LIMIT_ROWS", "u", reader->how.max_rows);
        if (status && !ctx->error.file[0] && status != CM_E_MEMORY)
            return cm_fail_at(ctx, cm_source_name(source), more ? record.line : 0, 0, NULL,
                              more ? record.byte_offset : 0);
        if (!status && more) status = add_basket(ctx, reader, &record);
        if (status || !more) return status;
    }
}

static cm_status read_file(cm_context *ctx, basket_reader *reader, const char *path) {
    cm_dialect dialect = reader->how.dialect;
    cm_source *source = NULL;
    cm_csv *csv = NULL;
    cm_status status = cm_source_open(ctx, path, &reader->how.limits, &source);
    if (!status) status = cm_source_decode(ctx, source, reader->how.encoding, false);
    if (!status && dialect.delimiter == CM_DELIMITER_AUTO) status = find_delimiter(ctx, source, &dialect.delimiter);
    if (!status) status = cm_source_rewind(ctx, source);
    if (!status) status = cm_csv_open(ctx, source, &dialect, &csv);
    if (!status) status = read_records(ctx, reader, source, csv);
    cm_csv_close(csv);
    cm_source_close(source);
    return status;
}

static cm_status make_table(cm_context *ctx, const basket_reader *reader, cm_table **out) {
    const cm_audit_line lines[] = {{.step = "load", .reason = "read", .rows = reader->read},
                                   {.step = "load", .reason = "no item", .rows = reader->read - reader->kept},
                                   {.step = "load", .reason = "kept", .rows = reader->kept}};
    cm_table *table = NULL;
    cm_status status = cm_builder_finish(ctx, reader->builder, &table);
    if (!status) status = cm_audit_attach(ctx, table, NULL, lines, 3);
    if (status)
        cm_table_free(table);
    else
        *out = table;
    return status;
}

static cm_status read_baskets(cm_context *ctx, const char *path, const cm_options *options, cm_table **out) {
    basket_reader reader = {0};
    const char *const *files = NULL;
    cm_status status = cm_options_check(ctx, options, &cm_read_topic);
    if (!status) status = cm_reading_resolve(ctx, options, &reader.texts, &reader.how);
    uint64_t count = status ? 0 : cm_option_list(options, &cm_read_topic, "files", &files);
    if (!status) status = cm_builder_new(ctx, &reader.builder);
    if (!status) status = cm_builder_column(ctx, reader.builder, "basket", CM_INT64, 0, CM_ROLE_INVOICE);
    if (!status) status = cm_builder_column(ctx, reader.builder, "items", CM_LIST, 0, CM_ROLE_NONE);
    if (!status) status = read_file(ctx, &reader, path);
    for (uint64_t i = 0; i < count && !status; i++) status = read_file(ctx, &reader, files[i]);
    if (!status) status = make_table(ctx, &reader, out);
    cm_builder_free(reader.builder);
    cm_free(ctx->core, reader.items, reader.capacity, sizeof *reader.items);
    cm_arena_free(ctx->core, &reader.texts);
    return status;
}

cm_status cm_read_baskets(cm_context *ctx, const char *path, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    if (!path || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, read_baskets(ctx, path, options, out));
}
