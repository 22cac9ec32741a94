#include "io/csv.h"

#include <csv.h>
#include <string.h>

#include "io/bytes.h"
#include "io/dialect.h"
#include "io/file.h"

/* libcsv says where it stands between rows by state 0, before any byte of the next one. */
#define BETWEEN_ROWS 0

/* A field of the record at hand; `start` counts into the bytes, which may still move. */
typedef struct span {
    uint64_t start, length;
    bool bare; /* empty, without quotes */
} span;

/* The filter of CM_DELIMITER_BLANKS. */
typedef struct blanks_state {
    bool in_row, pending, quoted, after_quote;
} blanks_state;

struct cm_csv {
    cm_core *core;
    cm_source *source; /* NULL: bytes are given */
    const char *name;
    bool last; /* of bytes that are given */
    cm_dialect dialect;
    struct csv_parser parser;
    cm_context *ctx;  /* of the call at hand */
    cm_status failed; /* in a callback */
    bool limited;

    const char *block;
    uint64_t block_length, position;
    uint64_t next_lf, next_cr; /* places of the next line ends in the block; block_length: none */
    uint64_t offset, line;     /* of the next byte */
    bool started, line_start, after_cr, ended;
    bool waiting;    /* for the rest of a record, of a starved source */
    cm_bytes sample; /* the beginning, where the source gives it in small portions */

    blanks_state blanks;
    char *filtered;
    uint64_t filtered_capacity;

    /* the record at hand */
    uint64_t record_offset, record_line;
    uint64_t record_start; /* in the block */
    cm_bytes carried;      /* of the record, from the blocks before */
    uint64_t ending;       /* bytes of its line end */
    bool complete;
    char *bytes;
    uint64_t used, bytes_capacity;
    span *spans;
    uint64_t count, spans_capacity;
    cm_csv_field *fields;
    uint64_t fields_capacity;
};

/* libcsv's allocation hooks have no user pointer; this holds the parser that runs on this thread. */
static _Thread_local cm_csv *running;

static void *resize_block(void *block, size_t bytes) {
    return cm_hosted_resize(running->core, block, bytes, &running->limited);
}
static void free_block(void *block) {
    bool limited;
    cm_hosted_resize(running->core, block, 0, &limited);
}

/* ---- callbacks ---- */

static cm_status add_field(cm_csv *csv, const char *text, uint64_t length) {
    cm_context *ctx = csv->ctx;
    const cm_dialect *dialect = &csv->dialect;
    if (dialect->max_field && length > dialect->max_field)
        return cm_fail(ctx, CM_E_LIMIT, "LIMIT_FIELD", "u", dialect->max_field);
    if (dialect->max_columns && csv->count == dialect->max_columns)
        return cm_fail(ctx, CM_E_LIMIT, "LIMIT_COLUMNS", "u", dialect->max_columns);
    cm_status status = cm_reserve(ctx, &csv->spans, &csv->spans_capacity, csv->count + 1, sizeof *csv->spans);
    if (!status) status = cm_reserve(ctx, &csv->bytes, &csv->bytes_capacity, csv->used + length + 1, 1);
    if (status) return status;
    csv->spans[csv->count++] = (span){csv->used, length, !text};
    if (length) memcpy(csv->bytes + csv->used, text, (size_t)length);
    csv->used += length;
    return CM_OK;
}

static void on_field(void *text, size_t length, void *data) {
    cm_csv *csv = data;
    if (!csv->failed) csv->failed = add_field(csv, text, length);
}

static void on_row(int terminator, void *data) {
    (void)terminator;
    ((cm_csv *)data)->complete = true;
}

/* ---- blanks as delimiters ---- */

/* Writes the bytes with each run of blanks within a row as one blank, none at its ends; blanks in quotes stay. */
static uint64_t filter_blanks(blanks_state *state, const char *bytes, uint64_t length, char *out) {
    uint64_t written = 0;
    for (uint64_t i = 0; i < length; i++) {
        char c = bytes[i];
        if (state->quoted) {
            state->quoted = c != '"';
            state->after_quote = c == '"';
        } else if (c == ' ' || c == '\t') {
            state->pending = state->in_row;
            state->after_quote = false;
            continue;
        } else if (c == '\n' || c == '\r') {
            *state = (blanks_state){0};
        } else {
            bool field_start = state->pending || !state->in_row;
            if (state->pending) out[written++] = CM_DELIMITER_BLANKS;
            state->quoted = c == '"' && (field_start || state->after_quote);
            state->in_row = true;
            state->pending = state->after_quote = false;
        }
        out[written++] = c;
    }
    return written;
}

static cm_status filter(cm_context *ctx, cm_csv *csv, const char **bytes, uint64_t *length) {
    if (csv->dialect.delimiter != CM_DELIMITER_BLANKS) return CM_OK;
    cm_status status =
        cm_reserve(ctx, &csv->filtered, &csv->filtered_capacity, *length + 1, 1); /* one blank may be due */
    if (status) return status;
    *length = filter_blanks(&csv->blanks, *bytes, *length, csv->filtered);
    *bytes = csv->filtered;
    return CM_OK;
}

/* ---- feeding ---- */

/* Gives bytes (NULL: the end) to libcsv. */
static cm_status feed(cm_context *ctx, cm_csv *csv, const char *bytes, uint64_t length) {
    struct csv_parser *parser = &csv->parser;
    csv->ctx = ctx;
    csv->failed = CM_OK;
    running = csv;
    if (!bytes) {
        csv_fini(parser, on_field, on_row, csv);
    } else if (csv_parse(parser, bytes, (size_t)length, on_field, on_row, csv) != length && !csv->failed) {
        csv->failed = cm_fail_memory(ctx, parser->entry_size, csv->limited);
    }
    running = NULL;
    return csv->failed;
}

static uint64_t find_byte(const cm_csv *csv, char byte) {
    const char *found = memchr(csv->block + csv->position, byte, (size_t)(csv->block_length - csv->position));
    return found ? (uint64_t)(found - csv->block) : csv->block_length;
}

/* A byte order mark is no part of the first field, a line "sep=;" no record. */
static void begin(cm_csv *csv, bool whole) {
    char *delimiter = &csv->dialect.delimiter, named;
    csv->started = true;
    if (csv->block_length >= 3 && !memcmp(csv->block, "\xEF\xBB\xBF", 3)) csv->position = 3;
    uint64_t line = cm_dialect_sep_line(csv->block + csv->position, csv->block_length - csv->position, &named);
    csv->position += line;
    csv->offset = csv->position;
    csv->line += line > 0;
    if (*delimiter == CM_DELIMITER_AUTO)
        *delimiter =
            line ? named
                 : cm_dialect_find(csv->block + csv->position, csv->block_length - csv->position, whole);
    csv_set_delim(&csv->parser, (unsigned char)*delimiter);
}

/* The error of a source that cannot be decoded, with the line. */
static cm_status locate(cm_context *ctx, const cm_csv *csv, cm_status status) {
    if (status == CM_E_DATA)
        cm_fail_at(ctx, cm_source_name(csv->source), csv->line + cm_source_bad_lines(csv->source), 0, NULL,
                   ctx->error.byte_offset);
    return status;
}

/* Gathers the beginning, as far as it is needed to know what follows; the first block, unless the source starves. */
static cm_status first_block(cm_context *ctx, cm_csv *csv) {
    const char *bytes;
    uint64_t length;
    cm_status status = CM_OK;
    while (!status && csv->sample.length < CM_DIALECT_SAMPLE) {
        status = cm_source_next(ctx, csv->source, &bytes, &length);
        if (status) {
            csv->line += cm_count_lines(csv->sample.data, csv->sample.length);
            return locate(ctx, csv, status);
        }
        if (!csv->sample.length && length >= CM_DIALECT_SAMPLE) {
            csv->block = bytes;
            csv->block_length = length;
            begin(csv, false);
            return CM_OK;
        }
        if (!length) break;
        status = cm_bytes_add(ctx, &csv->sample, bytes, length);
    }
    if (status || cm_source_starved(csv->source)) return status;
    if (csv->sample.length) csv->block = csv->sample.data;
    csv->block_length = csv->sample.length;
    begin(csv, csv->sample.length < CM_DIALECT_SAMPLE);
    return CM_OK;
}

/* What the block has of a record that goes on. */
static cm_status carry(cm_context *ctx, cm_csv *csv) {
    if (csv->line_start && csv->parser.pstate == BETWEEN_ROWS) return CM_OK;
    cm_status status = cm_bytes_add(ctx, &csv->carried, csv->block + csv->record_start,
                                    csv->block_length - csv->record_start);
    csv->record_start = csv->block_length;
    return status;
}

/* The next block; none at the end, and where the source is starved. */
static cm_status next_block(cm_context *ctx, cm_csv *csv) {
    cm_status status = carry(ctx, csv);
    if (status) return status;
    csv->block = "";
    csv->block_length = csv->position = csv->record_start = 0;
    if (csv->started)
        status = locate(ctx, csv, cm_source_next(ctx, csv->source, &csv->block, &csv->block_length));
    else
        status = first_block(ctx, csv);
    if (status) return status;
    csv->next_lf = find_byte(csv, '\n');
    csv->next_cr = find_byte(csv, '\r');
    return CM_OK;
}

/* The end of the line, or of the block, from the position on; *ending gets the bytes of its line end. */
static uint64_t line_end(cm_csv *csv, uint64_t *ending) {
    if (csv->next_lf < csv->position) csv->next_lf = find_byte(csv, '\n');
    if (csv->next_cr < csv->position) csv->next_cr = find_byte(csv, '\r');
    uint64_t end = csv->next_lf < csv->next_cr ? csv->next_lf : csv->next_cr;
    *ending = 0;
    if (end == csv->block_length) return end;
    *ending = csv->next_cr == end && csv->next_lf == end + 1 && csv->next_lf < csv->block_length ? 2 : 1;
    return end + *ending;
}

static cm_status check_row(cm_context *ctx, const cm_csv *csv, uint64_t ending) {
    uint64_t length = csv->offset - csv->record_offset - (csv->complete ? ending : 0);
    if (!csv->dialect.max_row || length <= csv->dialect.max_row) return CM_OK;
    if (!csv->complete && csv->parser.pstate == BETWEEN_ROWS) return CM_OK; /* blanks that are no row */
    return cm_fail(ctx, CM_E_LIMIT, "LIMIT_ROW", "u", csv->dialect.max_row);
}

/* One line, or what the block has of it. So fed, at most one row ends in a call, and its lines are known. */
static cm_status feed_line(cm_context *ctx, cm_csv *csv) {
    uint64_t ending, end = line_end(csv, &ending);
    const char *bytes = csv->block + csv->position;
    uint64_t length = end - csv->position;
    bool second_half = csv->after_cr && ending == 1 && length == 1 && *bytes == '\n'; /* of a \r\n that blocks cut */
    if (csv->line_start && csv->parser.pstate == BETWEEN_ROWS) {
        csv->record_offset = csv->offset;
        csv->record_line = csv->line;
        csv->record_start = csv->position;
        csv->carried.length = 0;
    }
    csv->ending = ending;
    csv->position = end;
    csv->offset += length;
    csv->line_start = ending > 0;
    csv->after_cr = ending == 1 && bytes[length - 1] == '\r';
    if (ending && !second_half) csv->line++;
    cm_status status = filter(ctx, csv, &bytes, &length);
    if (!status && length) status = feed(ctx, csv, bytes, length);
    return status ? status : check_row(ctx, csv, ending);
}

/* The record's bytes: in the block, or put together with those of the blocks before. */
static cm_status give_raw(cm_context *ctx, cm_csv *csv, cm_record *out) {
    out->raw = csv->block + csv->record_start;
    out->raw_length = csv->position - csv->record_start - (csv->ended ? 0 : csv->ending);
    if (!csv->carried.length) return CM_OK;
    cm_status status = cm_bytes_add(ctx, &csv->carried, out->raw, out->raw_length);
    out->raw = csv->carried.data;
    out->raw_length = csv->carried.length;
    return status;
}

static cm_status give(cm_context *ctx, cm_csv *csv, cm_record *out) {
    cm_status status = cm_reserve(ctx, &csv->fields, &csv->fields_capacity, csv->count, sizeof *csv->fields);
    if (status) return status;
    for (uint64_t i = 0; i < csv->count; i++) {
        const span *one = &csv->spans[i];
        csv->fields[i] = (cm_csv_field){one->bare ? NULL : csv->bytes + one->start, one->length};
    }
    *out = (cm_record){
        .fields = csv->fields, .count = csv->count, .line = csv->record_line, .byte_offset = csv->record_offset};
    return give_raw(ctx, csv, out);
}

/* Takes another line of the record, or the next block. */
static cm_status go_on(cm_context *ctx, cm_csv *csv) {
    if (csv->position < csv->block_length) return feed_line(ctx, csv);
    cm_status status = csv->source ? next_block(ctx, csv) : CM_OK;
    if (status || (csv->source && csv->block_length)) return status;
    csv->waiting = csv->source ? cm_source_starved(csv->source) : !csv->last;
    csv->ended = !csv->waiting;
    return csv->ended ? feed(ctx, csv, NULL, 0) : CM_OK;
}

cm_status cm_csv_next(cm_context *ctx, cm_csv *csv, cm_record *out, bool *more) {
    cm_status status = CM_OK;
    *more = false;
    if (!csv->waiting) {
        csv->count = csv->used = 0;
        csv->complete = false;
    }
    csv->waiting = false;
    while (!status && !csv->complete && !csv->ended && !csv->waiting) status = go_on(ctx, csv);
    if (!status && csv->complete) {
        *more = true;
        status = give(ctx, csv, out);
    }
    if (status == CM_E_LIMIT && !ctx->error.file[0])
        cm_fail_at(ctx, csv->name, csv->record_line, 0, NULL, csv->record_offset);
    return status;
}

static cm_status make(cm_context *ctx, const char *name, const cm_dialect *dialect, cm_csv **out) {
    *out = NULL;
    cm_csv *csv = cm_alloc(ctx, 1, sizeof *csv);
    if (!csv) return ctx->error.status;
    csv->core = cm_core_retain(ctx->core);
    csv->name = name;
    csv->dialect = *dialect;
    csv->line = 1;
    csv->line_start = true;
    csv->block = "";
    csv_init(&csv->parser, CSV_EMPTY_IS_NULL);
    csv_set_realloc_func(&csv->parser, resize_block);
    csv_set_free_func(&csv->parser, free_block);
    *out = csv;
    return CM_OK;
}

cm_status cm_csv_open(cm_context *ctx, cm_source *source, const cm_dialect *dialect, cm_csv **out) {
    cm_status status = make(ctx, cm_source_name(source), dialect, out);
    if (!status) (*out)->source = source;
    return status;
}

cm_status cm_csv_leave(cm_context *ctx, cm_csv *csv, cm_csv_rest *out) {
    cm_status status = csv->started ? CM_OK : next_block(ctx, csv);
    *out = (cm_csv_rest){csv->block + csv->position, csv->block_length - csv->position, csv->offset, csv->line,
                         csv->dialect.delimiter};
    csv->position = csv->block_length;
    return status;
}

/* ---- bytes that are given ---- */

cm_status cm_csv_open_bytes(cm_context *ctx, const char *name, const cm_dialect *dialect, cm_csv **out) {
    return make(ctx, name, dialect, out);
}

void cm_csv_set_file(cm_csv *csv, const char *name, char delimiter) {
    csv->name = name;
    csv->dialect.delimiter = delimiter;
    csv_set_delim(&csv->parser, (unsigned char)delimiter);
}

/* Forgets what an earlier call left half read. */
static void start_record(cm_csv *csv) {
    csv_fini(&csv->parser, NULL, NULL, NULL);
    csv->ended = csv->after_cr = csv->waiting = false;
    csv->line_start = true;
    csv->carried.length = 0;
}

void cm_csv_give(cm_csv *csv, const char *bytes, uint64_t length, bool last, uint64_t line, uint64_t offset) {
    start_record(csv);
    csv->block = bytes;
    csv->block_length = length;
    csv->position = 0;
    csv->last = last;
    csv->line = line;
    csv->offset = offset;
    csv->next_lf = find_byte(csv, '\n');
    csv->next_cr = find_byte(csv, '\r');
}

void cm_csv_seek(cm_csv *csv, uint64_t position) {
    start_record(csv);
    csv->offset += position - csv->position;
    csv->position = position;
}

void cm_csv_move(cm_csv *csv, const char *bytes) {
    csv->block = bytes;
}

uint64_t cm_csv_taken(const cm_csv *csv) {
    return csv->position;
}

void cm_csv_close(cm_csv *csv) {
    if (!csv) return;
    cm_core *core = csv->core;
    running = csv;
    csv_free(&csv->parser);
    running = NULL;
    cm_bytes_free(core, &csv->sample);
    cm_bytes_free(core, &csv->carried);
    cm_free(core, csv->filtered, csv->filtered_capacity, 1);
    cm_free(core, csv->bytes, csv->bytes_capacity, 1);
    cm_free(core, csv->spans, csv->spans_capacity, sizeof *csv->spans);
    cm_free(core, csv->fields, csv->fields_capacity, sizeof *csv->fields);
    cm_free(core, csv, 1, sizeof *csv);
    cm_core_release(core);
}
