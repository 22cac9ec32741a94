/* Ids that need not be looked for: the values of a column are codes as they are. */
#ifndef CM_PREPARE_CODES_H
#define CM_PREPARE_CODES_H

#include "prepare/ids.h"

/* Texts have the codes of their dictionary; integers that lie close together are codes, less the least of them. */
typedef struct cm_codes {
    const cm_column *column; /* borrowed; NULL: there is none */
    bool found;              /* no column, or one whose values are codes */
    int64_t least;           /* the value of code 0 */
    uint64_t count;          /* of codes: more than there are ids, where integers are left out */
} cm_codes;

/* Not found: integers whose codes would be more than `most`. */
cm_status cm_codes_find(cm_context *ctx, const cm_column *column, uint64_t most, cm_codes *out);

/* The ids of the codes, to be looked at alone: none can be added or found. */
cm_status cm_codes_ids(cm_context *ctx, const cm_codes *codes, cm_ids *ids);

#endif
