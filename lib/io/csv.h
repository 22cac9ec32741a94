/* Records of a CSV source: what libcsv makes of it, byte for byte. Consumers see records alone. */
#ifndef CM_IO_CSV_H
#define CM_IO_CSV_H

#include "io/source.h"

typedef struct cm_csv_field {
    const char *text; /* NULL: an empty field without quotes */
    uint64_t length;
} cm_csv_field;

/* Borrowed until the next record. */
typedef struct cm_record {
    const cm_csv_field *fields;
    uint64_t count;
    uint64_t line;        /* its first, from 1 */
    uint64_t byte_offset; /* of that line in the decompressed source; of its UTF-8, where it is in another encoding */
    const char *raw;      /* the bytes, as UTF-8, without the line end */
    uint64_t raw_length;
} cm_record;

#define CM_DELIMITER_AUTO '\0'  /* , ; tab or |, as the beginning of the file has it */
#define CM_DELIMITER_BLANKS ' ' /* runs of blanks and tabs; those around a line do not count */

typedef struct cm_dialect {
    uint64_t max_row;     /* bytes of a record, its line end not counted; 0: none */
    uint64_t max_field;   /* bytes; 0: none */
    uint64_t max_columns; /* fields of a record; 0: none */
    char delimiter;
} cm_dialect;

typedef struct cm_csv cm_csv;

/* Reads from where the source stands, its start. The source is borrowed. */
cm_status cm_csv_open(cm_context *ctx, cm_source *source, const cm_dialect *dialect, cm_csv **out);
/* *more is false at the end, and where the source is starved (what is there of a record waits for the rest). CM_E_LIMIT
 * and CM_E_DATA name the line; otherwise what the source says. */
cm_status cm_csv_next(cm_context *ctx, cm_csv *csv, cm_record *out, bool *more);
void cm_csv_close(cm_csv *csv);

/* What a source's reader leaves to others, between two records: the bytes that it has but did not read (borrowed until
 * the source's next portion), the place of the first of them, and the delimiter. Before the first record it looks at
 * the source's beginning. */
typedef struct cm_csv_rest {
    const char *bytes;
    uint64_t length, offset, line;
    char delimiter;
} cm_csv_rest;
cm_status cm_csv_leave(cm_context *ctx, cm_csv *csv, cm_csv_rest *out);

/* A reader of bytes that are given to it (borrowed), which begin with a record: of a file of that name (borrowed), for
 * messages. After the last whole record cm_csv_next finds no more, unless these bytes are the `last`. */
cm_status cm_csv_open_bytes(cm_context *ctx, const char *name, const cm_dialect *dialect, cm_csv **out);
void cm_csv_give(cm_csv *csv, const char *bytes, uint64_t length, bool last, uint64_t line, uint64_t offset);
void cm_csv_set_file(cm_csv *csv, const char *name, char delimiter);
void cm_csv_seek(cm_csv *csv, uint64_t position); /* a record begins there; its lines are counted from there on */
void cm_csv_move(cm_csv *csv, const char *bytes);         /* the same bytes lie elsewhere now */
uint64_t cm_csv_taken(const cm_csv *csv);         /* position behind the bytes read so far */

#endif
