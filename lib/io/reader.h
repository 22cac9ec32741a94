/* The CSV reader inside: a first pass surveys all cells and decides types and roles, a second one converts. */
#ifndef CM_IO_READER_H
#define CM_IO_READER_H

#include "custmine/io.h"
#include "io/bytes.h"
#include "io/csv.h"
#include "table/audit.h"
#include "table/field.h"
#include "table/infer.h"
#include "table/options.h"
#include "table/roles.h"

extern const cm_topic cm_read_topic;

/* Why a row is left out; CM_DROP_COUNT reasons. */
typedef enum cm_drop {
    CM_DROP_LENGTH,
    CM_DROP_ENCODING,
    CM_DROP_DATE,
    CM_DROP_NUMBER,
    CM_DROP_TOO_LARGE,
    CM_DROP_VALUE,
    CM_DROP_COUNT
} cm_drop;

/* What became of the rows. */
typedef struct cm_tally {
    uint64_t read, kept, dropped[CM_DROP_COUNT];
    cm_money money; /* of those kept */
} cm_tally;

/* How the file is to be read: the options, resolved; texts lie in the reader's arena. */
typedef struct cm_reading {
    cm_dialect dialect;
    cm_source_limits limits;
    const char *roles[CM_ROLE_COUNT + 1]; /* column names; NULL: not given */
    const char **columns, **uses, **na;
    uint64_t column_count, use_count, na_count;
    uint64_t batch_rows, max_rows, max_distinct;
    int32_t orders; /* CM_ORDER_ of dates */
    cm_number_style style;
    cm_encoding encoding;
    bool header, collect, integer_ids, all_columns;
    bool stream;            /* one pass */
    const cm_table *schema; /* borrowed from the options; or NULL */
} cm_reading;

#define CM_EXAMPLES 3
typedef struct cm_read_column {
    const char *header; /* as the file has it; NULL: blank, or no header */
    uint64_t header_length;
    const char *name;    /* made unique */
    const char *renamed; /* code of the sentence that says so; NULL */
    uint64_t number;     /* in the file, from 1 */
    int32_t role;
    bool kept, role_given;
    bool fixed; /* the schema has it */
    cm_survey survey;
    cm_decision decision;
    cm_field field;
    /* the cell at hand */
    bool present;
    cm_value value;
    /* of all rows kept so far */
    uint64_t absent, seen;
    cm_value low, high, examples[CM_EXAMPLES];
    uint64_t example_count;
} cm_read_column;

struct cm_reader {
    cm_core *core;
    cm_arena texts;
    cm_reading how;
    cm_source **sources;
    uint64_t source_count, source_capacity;
    cm_read_column *columns;
    uint64_t column_count;
    cm_read_column **kept; /* those that are converted */
    uint64_t kept_count;
    uint64_t passed; /* rows of this pass */

    /* of one pass */
    bool pushed;          /* bytes come by cm_reader_push, or by the function of cm_reader_pull */
    bool decided;         /* the first rows have been seen */
    bool seen_all;        /* the first rows are all rows */
    bool ended;           /* no more bytes will be pushed */
    bool starved;         /* the last record that was asked for has not come yet */
    cm_read_column *widening; /* the row held back needs this column wider than the rows before it; or NULL */
    cm_decision wider;
    bool filling;         /* a batch has been begun */
    uint64_t wanted;      /* bytes before the first rows are looked at */

    uint64_t file;  /* number of the one at hand */
    cm_csv *csv;    /* open on it; or NULL */
    cm_record held; /* to be read as the next row: the first record of a file without header, one that widens */
    bool holds, failed;

    bool whole;           /* one table of all rows is wanted */
    struct cm_road *road; /* by blocks and columns; NULL: record by record */

    cm_tally batch, total;
    cm_builder *rejects; /* on_error=collect */
    cm_bytes scratch;
};

/* reader_options.c */
cm_status cm_reading_resolve(cm_context *ctx, const cm_options *options, cm_arena *texts, cm_reading *out);

/* reader_header.c: columns, names, roles and which are kept, from the first record. */
cm_status cm_reader_header(cm_context *ctx, cm_reader *reader, const cm_record *record);
cm_status cm_reader_same_header(cm_context *ctx, const cm_reader *reader, const cm_record *record);

/* Bytes that are none of the encoding come through to the records, where they make bad rows. */
static inline bool cm_reading_lenient(const cm_reading *how) {
    return how->collect && how->encoding != CM_ENCODING_AUTO;
}

/* reader_survey.c: the records of all files, headers left out; the first pass. */
void cm_reader_restart(cm_reader *reader, uint64_t pass); /* 0 or 1 */
/* Whether there are first rows enough, or all, for a survey of one pass; the survey stops there. */
bool cm_reader_seen_enough(const cm_reader *reader, uint64_t rows);
cm_status cm_reader_record(cm_context *ctx, cm_reader *reader, cm_record *record, bool *more);
cm_status cm_reader_survey(cm_context *ctx, cm_reader *reader);
/* The parts of it: opens the file at hand and takes its header; shows the survey a record; decides, and makes the
 * fields ready. */
cm_status cm_reader_begin_file(cm_context *ctx, cm_reader *reader);
void cm_reader_end_file(cm_reader *reader);
void cm_reader_survey_record(cm_reader *reader, const cm_record *record);
cm_status cm_reader_count_record(cm_context *ctx, cm_reader *reader, const cm_record *record); /* against max_rows */
cm_status cm_reader_decide(cm_context *ctx, cm_reader *reader);
const char *cm_reader_file(const cm_reader *reader); /* name of the one at hand */
/* Whether the record is a row of the table; *why says what it lacks. */
bool cm_reader_usable(const cm_reader *reader, const cm_record *record, cm_drop *why);
/* False for an absent cell. */
bool cm_reader_cell(const cm_reader *reader, const cm_csv_field *field);

/* reader_convert.c: rows into the columns' fields; the second pass. */
cm_status cm_reader_convert(cm_context *ctx, cm_reader *reader, uint64_t max_rows);
cm_status cm_reader_convert_record(cm_context *ctx, cm_reader *reader, const cm_record *record);
uint64_t cm_reader_text_length(const cm_reader *reader, const cm_read_column *column, const cm_csv_field *field);
bool cm_read_same(const cm_decision *decision, cm_value a, cm_value b);
bool cm_read_less(const cm_decision *decision, cm_value a, cm_value b);
const char *cm_drop_name(cm_drop drop);

/* reader_schema.c: the columns that a schema fixes. */
cm_status cm_reader_fix(cm_context *ctx, cm_reader *reader);

/* reader_stream.c: reading in one pass. */
cm_status cm_stream_begin(cm_context *ctx, cm_reader *reader);      /* the first rows decide; twice does nothing */
cm_status cm_stream_decide(cm_context *ctx, cm_read_column *column); /* what the survey of them may not leave open */
/* Holds the record back if the columns, widened, could take it. */
bool cm_stream_hold(cm_context *ctx, cm_reader *reader, const cm_record *record, cm_read_column *column);
cm_status cm_stream_next_batch(cm_context *ctx, cm_reader *reader); /* fields for the rows to come */

/* reader_report.c: what is attached to a table, and the audit. */
cm_status cm_reader_start_rejects(cm_context *ctx, cm_reader *reader);
cm_status cm_reader_attach(cm_context *ctx, cm_reader *reader, cm_table *table);
cm_status cm_tally_audit(cm_context *ctx, const cm_tally *tally, cm_table **out);

#endif
