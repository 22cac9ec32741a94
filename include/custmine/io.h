/* Reading and writing: CSV, gzip, JSON. */
#ifndef CUSTMINE_IO_H
#define CUSTMINE_IO_H

#include "base.h"
#include "options.h"
#include "table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads a CSV file, plain or gzip (told by its content), "-" for standard input, into a table. What CSV means is what
 * libcsv makes of it. Types are decided over all rows and recorded, with the evidence, in the attached table
 * "columns" (and, to read another such file by, "schema"); roles are given by options or found by the columns' names;
 * the attached "audit" balances rows and money.
 * A row that cannot be used (too long, too short, a cell of a date, quantity, price or amount that is none) is
 * CM_E_DATA with file, line, column and value, or, with on_error=collect, left out, counted, and kept in the attached
 * table "rejects" (file, line, column, field, reason, value, record: its bytes, as UTF-8).
 * Options (topic "read"):
 *   customer, invoice, date, item, item_name, quantity, price, amount, cost, currency: the column that has this role
 *   files: further files with the same header, read as one table (a list)
 *   delimiter: one character, "tab", "blanks" (runs of them), "auto" (default: what the beginning of the file has, or a
 *   first line "sep=;" says); header: switch
 *   encoding: auto (default: by the byte order mark, else UTF-8; what is no UTF-8 is CM_E_DATA and names the encodings
 *   that could be meant, with what each would read there), utf-8, utf-16le, utf-16be, gb18030 (gbk), windows-1252,
 *   iso-8859-1
 *   na: further texts that mean absent (a list); ids: verbatim | integer (17850.0 becomes 17850)
 *   decimal: "." | ","; thousands: none, or the mark between thousands; amounts: plain | accounting (currency signs,
 *   (1.50) for -1.50); date_order: auto | dmy | mdy | ymd | unix (seconds since 1970); on_error: fail | collect
 *   select: only these columns, and those named for a role (a list)
 *   schema: a table of columns whose types are known: column, type, scale, role, zone (UTC), date_order, the last four
 *   if they are there; as the attached table "schema" has them. A cell that does not fit makes a bad row.
 *   batch_rows, stream (cm_reader_next), max_row, max_field, max_columns, max_rows, max_distinct, max_bytes, max_ratio:
 *   limits, CM_E_LIMIT
 * Errors: CM_E_IO, CM_E_FORMAT, CM_E_DATA, CM_E_COLUMN, CM_E_LIMIT.
 * Cost: two passes over the file; memory: the table's. */
CM_API cm_status cm_read_csv(cm_context *ctx, const char *path, const cm_options *options, cm_table **out);

/* The same in portions, for files larger than memory: a first pass decides the types, then each call of _next gives a
 * table of some rows (option `batch_rows`), with shared dictionaries, and NULL at the end. _audit gives the audit of
 * what has been read so far. Standard input cannot be read twice and is kept in memory.
 *
 * With the option `stream`, or without a path, there is one pass and memory does not grow with the file: types come
 * from the option `schema`; of the other columns those without a role are STRING, those with one take the type that the
 * first rows say (65,536 of them, or 8 MB), which are held back until then; if these are all, types are those of two
 * passes.
 * If they leave the order of day and month open, that is CM_E_COLUMN, and the option date_order settles it. A later row
 * with more decimal places, or the first time of day, ends the batch before it and widens the column for those that
 * follow; any other row that does not fit is a bad row. Each batch has dictionaries of its own, and its attached
 * "columns" tell of the rows so far but, for texts, of the batch. */
typedef struct cm_reader cm_reader;
CM_API cm_status cm_reader_open(cm_context *ctx, const char *path, const cm_options *options, cm_reader **out);
CM_API cm_status cm_reader_next(cm_context *ctx, cm_reader *reader, cm_table **out);
CM_API cm_status cm_reader_audit(cm_context *ctx, const cm_reader *reader, cm_table **out);
CM_API void cm_reader_free(cm_reader *reader);

/* Bytes for a reader that was opened without a path (NULL): plain or gzip, in pieces of any size, copied. After each
 * piece take the tables that are ready: _next gives NULL when it needs more. Length 0 says that all have come; then
 * _next gives the rest, and NULL for the end. */
CM_API cm_status cm_reader_push(cm_context *ctx, cm_reader *reader, const void *bytes, uint64_t length);

/* Gives bytes to a reader: fills `out` with up to `wanted` of them and returns how many; 0 at the end, less than 0 if
 * they cannot be had (CM_E_IO). */
typedef int64_t (*cm_read_function)(void *user, void *out, uint64_t wanted);


/* Lets such a reader ask for its bytes: _next calls the function as often as it needs, on this thread, and then goes as
 * for a file. `user` must live as long. */
CM_API cm_status cm_reader_pull(cm_context *ctx, cm_reader *reader, cm_read_function function, void *user);

/* Reads JSON, plain or gzip: an array of flat objects, the first such array within an object (as the command writes
 * it), or JSON lines. Columns are the names in the order in which they come first; a name that an object lacks is
 * absent, as null is. Types are the narrowest that fit all values; what stands in quotes is a date or STRING; arrays of
 * plain values are LIST. Options (topic "read"): encoding, max_bytes, max_ratio. Errors: CM_E_IO; CM_E_FORMAT with the
 * line for what is no JSON or not flat; CM_E_UNSUPPORTED for a name with a list here and a plain value there.
 * Cost: O(bytes); memory: the file's and the table's. */
CM_API cm_status cm_read_json(cm_context *ctx, const char *path, const cm_options *options, cm_table **out);

/* Reads baskets, one a line, any number of items on each, no header: ragged CSV, or items divided by blanks as in
 * FIMI's .dat files. Columns: basket (its number from 1 on, over all files) and items (LIST, each once, in byte order).
 * Empty cells and those of `na` are skipped; a record without items is left out and counted in the attached "audit",
 * whose rows are baskets; items that stand more than once in a record are counted in "repeats" and in the step "items"
 * of the audit (as of cm_baskets).
 * Options (topic "read"): files, delimiter (auto: of , ; tab and | the one that the file has most; blanks if it has
 * none of them), na, and the limits but max_distinct and max_columns; the others, header too, mean nothing here.
 * Errors: CM_E_IO, CM_E_FORMAT, CM_E_DATA (an empty file), CM_E_LIMIT. Cost: one pass, two where the delimiter is to
 * be found; memory: the table's. */
CM_API cm_status cm_read_baskets(cm_context *ctx, const char *path, const cm_options *options, cm_table **out);

/* Takes some bytes of output; a result other than 0 stops the call: CM_E_IO. */
typedef int32_t (*cm_write_function)(void *user, const char *bytes, uint64_t length);

/* Writes a table as CSV (RFC 4180, "\n"), JSON (an array of objects) or JSON lines (an object a line), by and by:
 * memory is that of some rows. CSV written `raw` and read with the table's schema (cm_table_schema) is the same table,
 * except that absent cells of a table of one column are blank lines, which are no records, and that times lie in the
 * years 1 to 9999. Options (topic "write"): format csv|json|jsonl, header, raw (no quote before a text that a
 * spreadsheet would run as a formula). Money is exact, doubles are the shortest that read back the same, an absent
 * value is an empty cell (null), an empty text "", lists are joined with "; " (\ before ; and \ within an item; one
 * empty item alone is \). The file is written beside its name and renamed when complete: a failed call leaves
 * nothing behind. */
CM_API cm_status cm_write_file(cm_context *ctx, const cm_table *table, const cm_options *options, const char *path);
CM_API cm_status cm_write(cm_context *ctx, const cm_table *table, const cm_options *options, cm_write_function function,
                          void *user);

#ifdef __cplusplus
}
#endif

#endif
