/* Ids of customers or invoices, texts or integers, as codes 0, 1, 2 ... within one state. */
#ifndef CM_PREPARE_IDS_H
#define CM_PREPARE_IDS_H

#include "custmine/table.h"
#include "prepare/slots.h"
#include "table/dictionary.h"
#include "table/table.h"

#define CM_ID_SEGMENT_BITS 8
#define CM_ID_SEGMENT (UINT64_C(1) << CM_ID_SEGMENT_BITS)

/* The texts of so many codes, one behind the other, a NUL behind each. */
typedef struct cm_id_segment {
    char *bytes;
    uint64_t capacity;
    uint32_t ends[CM_ID_SEGMENT];
} cm_id_segment;

/* A text takes its bytes, 5 more and a slot (6 to 11 bytes), a number 8 and a slot. */
typedef struct cm_ids {
    int32_t type; /* CM_STRING, CM_INT64; 0 while there are none */
    cm_dictionary *borrowed; /* CM_STRING: the codes are those of a table's; nothing is added then. NULL: own ones */
    uint64_t count; /* of one's own */
    cm_id_segment **segments; /* CM_STRING */
    uint64_t segment_count, segment_capacity;
    int64_t *numbers;         /* CM_INT64, by code */
    uint64_t number_capacity;
    cm_slots slots;           /* of the codes by their ids */
    cm_hash_key key;
} cm_ids;

/* Says which type the ids have; false if they have the other one already. */
cm_status cm_ids_set_type(cm_context *ctx, cm_ids *ids, int32_t type, const char *what);
/* CM_E_LIMIT: a text of 16 MB or more, or too many. */
cm_status cm_ids_add_text(cm_context *ctx, cm_ids *ids, const char *text, uint64_t length, int32_t *code);
cm_status cm_ids_add_number(cm_context *ctx, cm_ids *ids, int64_t number, int32_t *code);
/* By their written form: -1 if it is not there; _add for integers is CM_E_ARGUMENT if it is none. */
int32_t cm_ids_find(const cm_ids *ids, const char *text);
cm_status cm_ids_add(cm_context *ctx, cm_ids *ids, const char *text, int32_t *code);
uint64_t cm_ids_count(const cm_ids *ids);
cm_text cm_ids_text(const cm_ids *ids, int32_t code); /* CM_STRING; until the next id is added */
void cm_ids_clear(cm_core *core, cm_ids *ids);

/* The values of a column as codes of ids, texts looked up once each. */
typedef struct cm_id_codes {
    cm_ids *ids;
    const cm_column *column; /* STRING, INT64 */
    int32_t *known;          /* by the column's code: that of the ids, from 1; 0: not yet */
} cm_id_codes;
cm_status cm_id_codes_open(cm_context *ctx, cm_ids *ids, const cm_column *column, cm_id_codes *out);
void cm_id_codes_close(cm_core *core, cm_id_codes *codes);
cm_status cm_id_codes_add(cm_context *ctx, cm_id_codes *codes, int64_t value, int32_t *code);
/* `value`: a code of the column's dictionary, mostly one that is known, or an integer. */
static inline cm_status cm_id_codes_get(cm_context *ctx, cm_id_codes *codes, int64_t value, int32_t *code) {
    *code = codes->known ? codes->known[value] - 1 : -1;
    return *code >= 0 ? CM_OK : cm_id_codes_add(ctx, codes, value, code);
}

/* Codes of `from` as codes of `to`, added where they are not there. */
cm_status cm_ids_map(cm_context *ctx, const cm_ids *from, cm_ids *to, int32_t *map);

/* Sets the cell of a column of the ids' type; a code below 0 leaves it absent. */
cm_status cm_ids_put(cm_context *ctx, const cm_ids *ids, int32_t code, cm_builder *builder, uint64_t column);

/* The first `count` codes in canonical order: texts by bytes, integers by value. */
cm_status cm_ids_order(cm_context *ctx, const cm_ids *ids, uint64_t count, int32_t *order);
/* The place of each code in that order. */
cm_status cm_ids_ranks(cm_context *ctx, const cm_ids *ids, int32_t *ranks);

#endif
