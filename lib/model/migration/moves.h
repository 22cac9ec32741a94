/* Customers who moved from one segment to another between two runs: added one by one, told as two tables. */
#ifndef CM_MODEL_MIGRATION_MOVES_H
#define CM_MODEL_MIGRATION_MOVES_H

#include "base/number.h"
#include "model/method.h"
#include "prepare/tuples.h"

/* One customer in one run. */
typedef struct cm_side {
    const char *segment; /* NULL: not scored */
    uint64_t length;
    bool has_days, has_orders, has_money;
    int64_t days, orders, money; /* since the last purchase; invoices; at the scale of the moves */
} cm_side;

typedef struct cm_moves {
    int32_t money_scale;
    cm_dictionary *names; /* of segments */
    cm_tuples pairs;      /* codes of names, -1: not scored */
    struct cm_moved {
        uint64_t customers;
        cm_wide then, now;
        bool money_known;
    } *moved; /* by pair */
    uint64_t moved_capacity;
    cm_builder *changes;
} cm_moves;

cm_status cm_moves_open(cm_context *ctx, int32_t id_type, int32_t money_scale, cm_moves *out);
/* The customer is a cell of a table: STRING or INT64, of the id_type. */
cm_status cm_moves_add(cm_context *ctx, cm_moves *moves, const cm_table *ids, uint64_t column, uint64_t row,
                       const cm_side *then, const cm_side *now);
/* migration: from, to, customers, share, money_then, money_now, money_change; changes: customer, from, to, code,
 * sentence, money_then, money_now; in the order in which customers were added. */
cm_status cm_moves_finish(cm_context *ctx, cm_moves *moves, cm_table **migration, cm_table **changes);
void cm_moves_close(cm_core *core, cm_moves *moves);

#endif
