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

#endif
