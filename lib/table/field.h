/* A column in the making. Row r lies in slot r / CM_CHUNK_ROWS; the slots become the table's chunks as they are. */
#ifndef CM_TABLE_FIELD_H
#define CM_TABLE_FIELD_H

#include "table/table.h"

typedef struct cm_slot {
    cm_buffer *values, *offsets, *validity; /* validity: made when the first absent cell comes */
    uint64_t capacity;                      /* rows that fit */
} cm_slot;

typedef struct cm_field {
    char *name;
    uint64_t name_length;
    int32_t type, scale, role;
    cm_dictionary *dictionary;
    cm_slot *slots;
    uint64_t slot_count, slot_capacity;
    cm_buffer *slab; /* room of several slots, of which `slab_used` bytes are taken; or NULL */
    uint64_t slab_used;
    uint64_t rows;
    bool set;       /* the cell of the row at hand was given */
    uint64_t items; /* LIST: items of the cell at hand */
} cm_field;

/* Where a portion of values comes from. */
typedef struct cm_portion {
    const void *values;
    const char *bytes; /* STRING */
    const int64_t *offsets;
    const uint8_t *validity;
} cm_portion;

cm_status cm_field_init(cm_context *ctx, cm_field *field, const char *name, int32_t type, int32_t scale, int32_t role);
void cm_field_clear(cm_core *core, cm_field *field);
void cm_field_empty(cm_field *field); /* takes the rows away */

/* Makes room for one more row; for the next absent cell, too, if there will be one. */
cm_status cm_field_reserve(cm_context *ctx, cm_field *field);
cm_status cm_field_reserve_absent(cm_context *ctx, cm_field *field);

/* Write the cell of the row at hand, for which there is room; it counts when the row ends. */
void cm_field_put_int(cm_field *field, int64_t value); /* whatever is kept as an integer: days, codes, bits */
void cm_field_put_double(cm_field *field, double value);
cm_status cm_field_add_item(cm_context *ctx, cm_field *field, const char *text, uint64_t length); /* of a LIST */

/* Takes the row at hand over, absent if it was not set. */
void cm_field_end_row(cm_field *field);

/* Whole arrays behind the rows that there are; all or nothing. */
cm_status cm_field_append(cm_context *ctx, cm_field *field, const cm_portion *from, uint64_t rows);

/* The same for values as a reader makes them, one after the other: int32_t (of DATE, STRING) or else int64_t or double,
 * 0 where absent; `present` a byte a row, NULL: all are. Buffers are not cleared first, nor copied when `expected` rows
 * in all were foretold. */
cm_status cm_field_take(cm_context *ctx, cm_field *field, const void *values, const uint8_t *present, uint64_t rows,
                        uint64_t expected);

/* The rows as a column, which shares the buffers: they are still the field's until it is emptied. */
cm_status cm_field_column(cm_context *ctx, cm_field *field, cm_column **out);

#endif
