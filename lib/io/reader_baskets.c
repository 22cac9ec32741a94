/* Files of baskets: one a line, its items divided by a delimiter or by blanks, no header. */
#include <string.h>

#include "custmine/io.h"
#include "io/basket_scan.h"
#include "io/reader.h"

typedef struct basket_reader {
    cm_arena texts;
    cm_reading how;
    cm_basket_rows rows;
    uint64_t read, kept;
} basket_reader;

static uint64_t count_byte(const char *bytes, uint64_t length, char byte) {
    const char *end = bytes + length;
    uint64_t count = 0;
    for (; (bytes = memchr(bytes, byte, (size_t)(end - bytes))) != NULL; bytes++) count++;
    return count;
}

/* The delimiter that the whole file has most; blanks where it has none. */
static cm_status find_delimiter(cm_context *ctx, cm_source *source, char *out) {
    static const char candidates[] = {',', ';', '\t', '|'};
    uint64_t counts[sizeof candidates] = {0}, length = 0;
    const char *bytes;
    int best = 0;
    cm_status status = cm_source_rewind(ctx, source);
    while (!status && !(status = cm_source_next(ctx, source, &bytes, &length)) && length)
        for (uint64_t i = 0; i < sizeof candidates; i++) counts[i] += count_byte(bytes, length, candidates[i]);
    for (int i = 1; i < (int)sizeof candidates; i++)
        if (counts[i] > counts[best]) best = i;
    *out = counts[best] ? candidates[best] : CM_DELIMITER_BLANKS;
    return status;
}

static cm_status add_record(cm_context *ctx, basket_reader *reader, const cm_record *record) {
    cm_status status = CM_OK;
    bool kept;
    for (uint64_t i = 0; i < record->count && !status; i++)
        if (record->fields[i].text)
            status = cm_basket_add(ctx, &reader->rows, record->fields[i].text, record->fields[i].length);
    reader->read++;
    if (!status) status = cm_basket_end(ctx, &reader->rows, (int64_t)reader->read, &kept);
    reader->kept += !status && kept;
    return status;
}

/* The records of a file from number `first` on. */
static cm_status read_records(cm_context *ctx, basket_reader *reader, cm_source *source, cm_csv *csv, uint64_t first) {
    for (uint64_t n = 0;; n++) {
        cm_record record;
        bool more;
        cm_status status = cm_csv_next(ctx, csv, &record, &more);
        if (!status && !more && !n) status = cm_fail(ctx, CM_E_DATA, "FILE_EMPTY", "");
        if (!status && more && n >= first && reader->read == reader->how.max_rows)
            status = cm_fail(ctx, CM_E_LIMIT, "LIMIT_ROWS", "u", reader->how.max_rows);
        if (status && !ctx->error.file[0] && status != CM_E_MEMORY)
            return cm_fail_at(ctx, cm_source_name(source), more ? record.line : 0, 0, NULL,
                              more ? record.byte_offset : 0);
        if (!status && more && n >= first) status = add_record(ctx, reader, &record);
        if (status || !more) return status;
    }
}

/* By the quick road as far as it goes, then record by record. */
static cm_status read_source(cm_context *ctx, basket_reader *reader, cm_source *source, const cm_dialect *dialect) {
    uint64_t before = reader->read;
    bool finished = false;
    cm_csv *csv = NULL;
    cm_status status = cm_source_rewind(ctx, source);
    if (!status && !ctx->record_road)
        status = cm_basket_scan(ctx, source, dialect, reader->how.max_rows, &reader->rows, &reader->read,
                                &reader->kept, &finished);
    if (status || (finished && reader->read > before)) return status;
    status = cm_source_rewind(ctx, source);
    if (!status) status = cm_csv_open(ctx, source, dialect, &csv);
    if (!status) status = read_records(ctx, reader, source, csv, reader->read - before);
    cm_csv_close(csv);
    return status;
}

static cm_status read_file(cm_context *ctx, basket_reader *reader, const char *path) {
    cm_dialect dialect = reader->how.dialect;
    cm_source *source = NULL;
    cm_status status = cm_source_open(ctx, path, &reader->how.limits, &source);
    if (!status) status = cm_source_decode(ctx, source, reader->how.encoding, false);
    if (!status && dialect.delimiter == CM_DELIMITER_AUTO) status = find_delimiter(ctx, source, &dialect.delimiter);
    if (!status) status = read_source(ctx, reader, source, &dialect);
    cm_source_close(source);
    return status;
}

static cm_status make_table(cm_context *ctx, basket_reader *reader, cm_table **out) {
    const cm_audit_line lines[] = {{.step = "load", .reason = "read", .rows = reader->read},
                                   {.step = "load", .reason = "no item", .rows = reader->read - reader->kept},
                                   {.step = "load", .reason = "kept", .rows = reader->kept}};
    cm_table *table = NULL;
    cm_status status = cm_basket_rows_table(ctx, &reader->rows, &table);
    if (!status) status = cm_audit_attach(ctx, table, NULL, lines, 3);
    if (!status) status = cm_repeats_attach(ctx, table, &reader->rows.repeats);
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
    reader.how.dialect.max_columns = 0; /* a basket has items, not columns */
    reader.rows.na = reader.how.na;
    reader.rows.na_count = reader.how.na_count;
    if (!status) status = cm_basket_rows_open(ctx, &reader.rows);
    if (!status) status = read_file(ctx, &reader, path);
    for (uint64_t i = 0; i < count && !status; i++) status = read_file(ctx, &reader, files[i]);
    if (!status) status = make_table(ctx, &reader, out);
    cm_basket_rows_close(ctx->core, &reader.rows);
    cm_arena_free(ctx->core, &reader.texts);
    return status;
}

cm_status cm_read_baskets(cm_context *ctx, const char *path, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    if (!path || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, read_baskets(ctx, path, options, out));
}
