/* Tables: named, typed columns in the memory layout of the Arrow columnar format. */
#ifndef CUSTMINE_TABLE_H
#define CUSTMINE_TABLE_H

#include "base.h"
#include "options.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Types of columns. An absent value is absent, never NaN, 0 or an empty text. */
#define CM_BOOL 1      /* one bit a value */
#define CM_INT64 2     /* int64_t */
#define CM_FLOAT64 3   /* double */
#define CM_DECIMAL 4   /* int64_t, the value times 10^scale; scale 0 to 18 */
#define CM_DATE 5      /* int32_t days since 1970-01-01 */
/* int64_t microseconds since 1970-01-01 00:00, as the clock on the wall says or, if flagged, UTC */
#define CM_TIMESTAMP 6
#define CM_STRING 7    /* int32_t code into the column's dictionary of UTF-8 texts */
#define CM_LIST 8      /* a list of STRING: int64_t offsets into int32_t codes */

/* Roles: what a column of transactions means. A column has the role that it was given; where no column of a table was
 * given one, the only column whose name is taken for it (cm_describe, "roles": "Customer ID", "invoice_no" ...) has it
 * for the jobs that need it. */
#define CM_ROLE_NONE 0
#define CM_ROLE_CUSTOMER 1
#define CM_ROLE_INVOICE 2
#define CM_ROLE_DATE 3
#define CM_ROLE_ITEM 4
#define CM_ROLE_ITEM_NAME 5
#define CM_ROLE_QUANTITY 6
#define CM_ROLE_PRICE 7
#define CM_ROLE_AMOUNT 8
#define CM_ROLE_COST 9
#define CM_ROLE_CURRENCY 10

/* Flag of a column view: the TIMESTAMP is UTC (it came with a zone). */
#define CM_COLUMN_UTC 1

/* One chunk of one column, borrowed until the table is freed. `values` is what the type says, its first element the
 * chunk's first row (BOOL: bits, starting at bit_offset). `validity` holds one bit a row, least significant first,
 * starting at bit_offset, 0 for absent; NULL means that all are present. */
typedef struct cm_column_view {
    uint64_t struct_size;    /* sizeof(cm_column_view), set by the caller */
    const char *name;        /* of the column */
    const void *values;      /* LIST: the int32_t codes of all its items */
    const int64_t *offsets;  /* LIST: row i has the items offsets[i] up to, not including, offsets[i + 1]; else NULL */
    const uint8_t *validity;
    uint64_t bit_offset;
    uint64_t first_row;      /* of the chunk, in the table */
    uint64_t rows;           /* of the chunk */
    uint64_t dictionary_size; /* STRING, LIST: codes run from 0 up to this */
    int32_t type;            /* CM_BOOL ... CM_LIST */
    int32_t scale;           /* DECIMAL */
    int32_t role;            /* CM_ROLE_ */
    int32_t flags;           /* CM_COLUMN_ */
} cm_column_view;

/* ---- Looking at a table. Columns and rows count from 0. None of these fails: for a number out of range, or a value
 * that is absent or of another type, they give 0, NULL or -1, as each says. ---- */

CM_API uint64_t cm_table_rows(const cm_table *table);
CM_API uint64_t cm_table_columns(const cm_table *table);

/* Number of chunks, at least 1; the same for all columns. */
CM_API uint64_t cm_table_chunks(const cm_table *table);

/* The column of that name, or of that role (as set by the reader, the builder or cm_table_with_role); -1 if none. */
CM_API int64_t cm_table_find(const cm_table *table, const char *name);
CM_API int64_t cm_table_find_role(const cm_table *table, int32_t role);

/* Fills `out` (struct_size set by the caller) for one chunk of one column; 1 if there is one, 0 (and zeros) if not.
 * Chunk 0 always exists, so it serves for the name and type of a column, too. O(1). */
CM_API int32_t cm_table_view(const cm_table *table, uint64_t column, uint64_t chunk, cm_column_view *out);

/* The text of a code of a STRING or LIST column; *length gets its bytes. It is followed by a NUL. Borrowed from the
 * table. */
CM_API const char *cm_table_dictionary_text(const cm_table *table, uint64_t column, int32_t code, uint64_t *length);

/* Single cells, O(log chunks): for results of some rows; use views for millions.
 *  - _int: BOOL, INT64, DECIMAL (unscaled), DATE, TIMESTAMP; else 0
 *  - _double: any number (DECIMAL divided by 10^scale, correctly rounded), BOOL; NaN if absent or none
 *  - _text: STRING, or item number `item` of a LIST (0 for STRING); NULL if absent
 *  - _items: number of items of a LIST, 1 for any other present value, 0 for absent */
CM_API int32_t cm_table_is_absent(const cm_table *table, uint64_t row, uint64_t column);
CM_API int64_t cm_table_int(const cm_table *table, uint64_t row, uint64_t column);
CM_API double cm_table_double(const cm_table *table, uint64_t row, uint64_t column);
CM_API const char *cm_table_text(const cm_table *table, uint64_t row, uint64_t column, uint64_t item, uint64_t *length);
CM_API uint64_t cm_table_items(const cm_table *table, uint64_t row, uint64_t column);

/* One more reference to the same table (returned, for convenience); each is given back with cm_table_free. */
CM_API cm_table *cm_table_retain(const cm_table *table);
CM_API void cm_table_free(cm_table *table);

/* The columns of a table as a table: column, type, scale, role, absent, zone (UTC where it is). cm_read_csv takes it as
 * the option `schema`. */
CM_API cm_status cm_table_schema(cm_context *ctx, const cm_table *table, cm_table **out);

/* A table that came along with this one: "audit" (step, reason, rows, money: read = kept + dropped, at each step;
 * of everything that was read or aggregated), "columns" and "rejects" (of a table read from CSV), "segments" and
 * "pyramid" (of RFM scores), "cohorts" (of customers, where asked for). CM_E_NOT_FOUND names those there are. */
CM_API cm_status cm_table_attached(cm_context *ctx, const cm_table *table, const char *name, cm_table **out);

/* ---- Making a table from your own records. ----
 *
 *     cm_builder_new(ctx, &b);
 *     cm_builder_column(ctx, b, "customer", CM_STRING, 0, CM_ROLE_CUSTOMER);     column 0
 *     cm_builder_column(ctx, b, "amount", CM_DECIMAL, 2, CM_ROLE_AMOUNT);        column 1
 *     for each record: cm_builder_text(ctx, b, 0, "C17", 3); cm_builder_int(ctx, b, 1, 1999); cm_builder_row(ctx, b);
 *     cm_builder_finish(ctx, b, &table); cm_builder_free(b);
 */
typedef struct cm_builder cm_builder;

CM_API cm_status cm_builder_new(cm_context *ctx, cm_builder **out);
CM_API void cm_builder_free(cm_builder *builder);

/* Adds a column; they are numbered from 0 in the order of the calls. All columns come before the first value. `scale`
 * is for DECIMAL (else 0), `role` may be CM_ROLE_NONE. A name that is taken is CM_E_COLUMN. */
CM_API cm_status cm_builder_column(cm_context *ctx, cm_builder *builder, const char *name, int32_t type, int32_t scale,
                                   int32_t role);

/* Sets a cell of the row at hand; a cell that is not set is absent.
 *  - _int: BOOL, INT64, DECIMAL (already times 10^scale), DATE (days), TIMESTAMP (microseconds), FLOAT64
 *  - _double: FLOAT64; DECIMAL, by its shortest decimal form, CM_E_DATA if that needs more places than the scale
 *  - _text: STRING; an item more of a LIST (text NULL: a list that may stay empty); any other type in its written
 *    form ("12.50", "2011-12-09", "2011-12-09 08:26:00", "true"), CM_E_DATA if it cannot be read as that */
CM_API cm_status cm_builder_int(cm_context *ctx, cm_builder *builder, uint64_t column, int64_t value);
CM_API cm_status cm_builder_double(cm_context *ctx, cm_builder *builder, uint64_t column, double value);
CM_API cm_status cm_builder_text(cm_context *ctx, cm_builder *builder, uint64_t column, const char *text,
                                 uint64_t length);

/* Ends the row at hand. */
CM_API cm_status cm_builder_row(cm_context *ctx, cm_builder *builder);

/* Appends whole arrays to one column, copied: `values` as in cm_column_view (not STRING, not LIST), `validity` NULL or
 * one bit a row. Every column must get the same number of rows, in any portions, before _row or _finish. */
CM_API cm_status cm_builder_values(cm_context *ctx, cm_builder *builder, uint64_t column, const void *values,
                                   const uint8_t *validity, uint64_t rows);

/* The same for a STRING column: text i is bytes[offsets[i]] up to, not including, bytes[offsets[i + 1]]. */
CM_API cm_status cm_builder_texts(cm_context *ctx, cm_builder *builder, uint64_t column, const char *bytes,
                                  const int64_t *offsets, const uint8_t *validity, uint64_t rows);

/* Makes the table and empties the builder (its columns stay, for the next table). CM_E_ARGUMENT if the columns have
 * different numbers of rows. */
CM_API cm_status cm_builder_finish(cm_context *ctx, cm_builder *builder, cm_table **out);

/* ---- Tables from tables. Columns are shared, not copied, wherever the rows stay the same. ---- */

/* The named columns, in that order. */
CM_API cm_status cm_table_select(cm_context *ctx, const cm_table *table, const char *const *names, uint64_t count,
                                 cm_table **out);

/* The same table with the role on that column (and on no other). CM_ROLE_NONE takes the column's role away. */
CM_API cm_status cm_table_with_role(cm_context *ctx, const cm_table *table, const char *column, int32_t role,
                                    cm_table **out);

/* Rows `first` up to, not including, first + rows; less where the table ends before. */
CM_API cm_status cm_table_slice(cm_context *ctx, const cm_table *table, uint64_t first, uint64_t rows, cm_table **out);

/* The rows whose cell compares as said with `value`, written as text: comparison is one of = != < <= > >= (texts by
 * bytes; an absent cell never compares), or "absent" / "present" (value NULL). O(rows). */
CM_API cm_status cm_table_filter(cm_context *ctx, const cm_table *table, const char *column, const char *comparison,
                                 const char *value, cm_table **out);

/* Sorted by the columns, the first most important; `falling` NULL, or 1 for each column that falls. Texts by bytes,
 * -0 equals 0, NaN after all numbers, absent last either way; equal rows keep their order. O(n log n). */
CM_API cm_status cm_table_sort(cm_context *ctx, const cm_table *table, const char *const *columns,
                               const int32_t *falling, uint64_t count, cm_table **out);

/* Every row of `left`, with the columns of the row of `right` that has the same key (absent where none has). Options
 * (topic "join"): left_key, right_key (default: the first column of `right`, and the column of `left` of that name,
 * or of the role customer or item), kind left|inner|full, suffix for names that both have. A key that stands twice in
 * `right` is CM_E_DATA. Keys of STRING and INT64 match by their written form. The attached audit counts the keys
 * without a partner on either side. O(rows). */
CM_API cm_status cm_table_join(cm_context *ctx, const cm_table *left, const cm_table *right, const cm_options *options,
                               cm_table **out);

/* One table below the other: the same column names in the same order; types may differ as far as one can be widened to
 * the other (INT64 to DECIMAL to FLOAT64, DATE to TIMESTAMP, DECIMAL to the larger scale). */
CM_API cm_status cm_table_concat(cm_context *ctx, const cm_table *const *tables, uint64_t count, cm_table **out);

/* ---- Arrow C Data Interface, https://arrow.apache.org/docs/format/CDataInterface.html ---- */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/* A record batch (a struct array) as a table. Both structs are consumed, whatever the result: their release is called,
 * the array's when the last table that uses its buffers is freed, on whatever thread that happens. Integers of any
 * width become INT64, floats FLOAT64, decimals DECIMAL where the values fit, timestamps of any unit and zone
 * microseconds; utf8, large_utf8, string_view and dictionaries of them STRING. Numbers of 64 bits, dates, microseconds
 * and int32 dictionary codes are not copied. Field metadata `custmine.role` sets a role. CM_E_UNSUPPORTED names the
 * column and its format, CM_E_DATA the column and number of a value that does not fit, or of a text that is no
 * UTF-8. */
CM_API cm_status cm_table_import_arrow(cm_context *ctx, struct ArrowSchema *schema, struct ArrowArray *array,
                                       cm_table **out);

/* All batches of a stream as one table (each batch a chunk). Consumes the stream. */
CM_API cm_status cm_table_import_stream(cm_context *ctx, struct ArrowArrayStream *stream, cm_table **out);

/* The table as one record batch, or as a stream of one batch a chunk. The caller's structs are filled and later
 * released by whoever takes them, on any thread; they keep the table alive. Options (topic "arrow"): strings
 * dictionary|plain, decimals decimal128|decimal64. Dictionary codes, numbers, dates are not copied (the batch form
 * copies a table of several chunks). A STRING column with a text that is no UTF-8, as the records of table "rejects"
 * may be, goes out as binary. */
CM_API cm_status cm_table_export_arrow(cm_context *ctx, const cm_table *table, const cm_options *options,
                                       struct ArrowSchema *schema, struct ArrowArray *array);
CM_API cm_status cm_table_export_stream(cm_context *ctx, const cm_table *table, const cm_options *options,
                                        struct ArrowArrayStream *stream);

#ifdef __cplusplus
}
#endif

#endif
