/* Moves between segments and what caused them. The cause is what changed of the customer: orders, money without an
 * order, time without a purchase; where nothing did, the cut points or rules are others. O(customers). */
#include "model/migration/moves.h"

#include <string.h>

#include "base/number.h"
#include "base/sort.h"

enum { CUSTOMER, FROM, TO, CODE, SENTENCE, MONEY_THEN, MONEY_NOW, CHANGE_COLUMNS };

static cm_status name_column(cm_context *ctx, cm_builder *builder, const char *name, int32_t type, int32_t scale) {
    return cm_builder_column(ctx, builder, name, type, type == CM_DECIMAL ? scale : 0, CM_ROLE_NONE);
}

cm_status cm_moves_open(cm_context *ctx, int32_t id_type, int32_t money_scale, cm_moves *out) {
    static const char *const names[] = {"from", "to", "code", "sentence", "money_then", "money_now"};
    *out = (cm_moves){.money_scale = money_scale, .pairs = {.width = 2}};
    cm_status status = cm_dictionary_new(ctx, &out->names);
    if (!status) status = cm_builder_new(ctx, &out->changes);
    if (!status) status = cm_builder_column(ctx, out->changes, "customer", id_type, 0, CM_ROLE_CUSTOMER);
    for (int i = FROM; i < CHANGE_COLUMNS && !status; i++)
        status = name_column(ctx, out->changes, names[i - 1], i < MONEY_THEN ? CM_STRING : CM_DECIMAL, money_scale);
    return status;
}

void cm_moves_close(cm_core *core, cm_moves *moves) {
    cm_dictionary_release(moves->names);
    cm_tuples_clear(core, &moves->pairs);
    cm_free(core, moves->moved, moves->moved_capacity, sizeof *moves->moved);
    cm_builder_free(moves->changes);
}

/* ---- what caused it ---- */

/* The code and its arguments, 0x1F between them; NULL where it cannot be known. */
static const char *find_cause(const cm_side *then, const cm_side *now, int32_t scale, char *arguments) {
    *arguments = 0;
    if (!then->segment) return "MOVE_NEW";
    if (!now->segment) return "MOVE_GONE";
    bool orders = then->has_orders && now->has_orders, money = then->has_money && now->has_money,
         days = then->has_days && now->has_days;
    int64_t more = 0;
    if (orders && now->orders > then->orders) {
        char *at = arguments + cm_print_int(now->orders - then->orders, arguments);
        if (!money || __builtin_sub_overflow(now->money, then->money, &more)) return "MOVE_BOUGHT";
        *at++ = 0x1F;
        cm_print_decimal(more, scale, at);
        return "MOVE_BOUGHT_FOR";
    }
    if (orders && now->orders < then->orders) {
        cm_print_int(then->orders - now->orders, arguments);
        return "MOVE_FEWER";
    }
    if (money && now->money != then->money && !__builtin_sub_overflow(now->money, then->money, &more)) {
        cm_print_decimal(more, scale, arguments);
        return "MOVE_MONEY";
    }
    if (days && now->days > then->days) {
        char *at = arguments + cm_print_int(now->days, arguments);
        *at++ = 0x1F;
        cm_print_int(then->days, at);
        return "MOVE_SILENT";
    }
    return orders || money || days ? "MOVE_SCALE" : NULL;
}

static cm_status put_cause(cm_context *ctx, cm_moves *moves, const cm_side *then, const cm_side *now) {
    char arguments[4 * CM_NUMBER_TEXT], sentence[512];
    const char *code = find_cause(then, now, moves->money_scale, arguments);
    if (!code) return CM_OK;
    uint64_t length = cm_render(ctx, code, arguments, sentence, sizeof sentence);
    cm_status status = cm_builder_text(ctx, moves->changes, SENTENCE, sentence, length);
    char text[256];
    uint64_t at = strlen(code), more = strlen(arguments);
    memcpy(text, code, (size_t)at);
    if (more) text[at++] = ' ';
    for (uint64_t i = 0; i < more; i++) text[at++] = arguments[i] == 0x1F ? ' ' : arguments[i];
    return status ? status : cm_builder_text(ctx, moves->changes, CODE, text, at);
}

/* ---- one customer ---- */

static cm_status code_of(cm_context *ctx, cm_moves *moves, const cm_side *side, int64_t *out) {
    int32_t code = -1;
    cm_status status = CM_OK;
    if (side->segment) status = cm_dictionary_add(ctx, moves->names, side->segment, side->length, &code);
    *out = code;
    return status;
}

static cm_status count(cm_context *ctx, cm_moves *moves, const int64_t codes[2], const cm_side *then,
                       const cm_side *now) {
    uint64_t pair, known = moves->pairs.count;
    cm_status status = cm_tuples_add(ctx, &moves->pairs, codes, &pair);
    if (!status && pair == known) {
        status = cm_reserve(ctx, &moves->moved, &moves->moved_capacity, known + 1, sizeof *moves->moved);
        if (!status) moves->moved[pair] = (struct cm_moved){.money_known = true};
    }
    if (status) return status;
    struct cm_moved *one = &moves->moved[pair];
    one->customers++;
    one->then += then->has_money ? then->money : 0;
    one->now += now->has_money ? now->money : 0;
    one->money_known &= (then->has_money || !then->segment) && (now->has_money || !now->segment);
    return CM_OK;
}

cm_status cm_moves_add(cm_context *ctx, cm_moves *moves, const cm_table *ids, uint64_t column, uint64_t row,
                       const cm_side *then, const cm_side *now) {
    int64_t codes[2];
    cm_builder *changes = moves->changes;
    if (!then->segment && !now->segment) return CM_OK;
    cm_status status = code_of(ctx, moves, then, &codes[0]);
    if (!status) status = code_of(ctx, moves, now, &codes[1]);
    if (!status) status = count(ctx, moves, codes, then, now);
    if (status || codes[0] == codes[1]) return status;
    status = cm_copy_cell(ctx, changes, CUSTOMER, ids, column, row);
    if (!status && then->segment) status = cm_builder_text(ctx, changes, FROM, then->segment, then->length);
    if (!status && now->segment) status = cm_builder_text(ctx, changes, TO, now->segment, now->length);
    if (!status) status = put_cause(ctx, moves, then, now);
    if (!status && then->has_money) status = cm_builder_int(ctx, changes, MONEY_THEN, then->money);
    if (!status && now->has_money) status = cm_builder_int(ctx, changes, MONEY_NOW, now->money);
    return status ? status : cm_builder_row(ctx, changes);
}

/* ---- the table of all ---- */

/* The places of the names: by their bytes; where all are whole numbers, as those of k-means, by these. */
static cm_status rank_names(cm_context *ctx, const cm_dictionary *names, uint64_t size, int32_t *ranks) {
    cm_key *keys = cm_alloc(ctx, size, sizeof *keys);
    bool numbers = true;
    for (uint64_t code = 0; code < size && keys && numbers; code++) {
        cm_text name = cm_dictionary_text(names, (int32_t)code);
        int64_t number = 0;
        numbers = cm_parse_int(name.data, name.length, &number);
        keys[code] = (cm_key){cm_key_of_int(number), code};
    }
    cm_status status = !keys     ? ctx->error.status
                       : numbers ? cm_sort_keys(ctx, keys, size)
                                 : cm_dictionary_ranks(ctx, names, size, ranks, NULL);
    for (uint64_t rank = 0; rank < size && numbers && !status; rank++) ranks[keys[rank].value] = (int32_t)rank;
    cm_free(ctx->core, keys, size, sizeof *keys);
    return status;
}

/* Pairs by their names, not scored last. */
static cm_status sort_pairs(cm_context *ctx, const cm_moves *moves, cm_key *keys) {
    uint64_t size = cm_dictionary_size(moves->names);
    int32_t *ranks = cm_alloc(ctx, size, sizeof *ranks);
    cm_status status = ranks ? rank_names(ctx, moves->names, size, ranks) : ctx->error.status;
    for (uint64_t i = 0; i < moves->pairs.count && !status; i++) {
        const int64_t *codes = moves->pairs.values + 2 * i;
        uint64_t from = codes[0] < 0 ? UINT32_MAX : (uint64_t)ranks[codes[0]],
                 to = codes[1] < 0 ? UINT32_MAX : (uint64_t)ranks[codes[1]];
        keys[i] = (cm_key){from << 32 | to, i};
    }
    if (!status) status = cm_sort_keys(ctx, keys, moves->pairs.count);
    cm_free(ctx->core, ranks, size, sizeof *ranks);
    return status;
}

static cm_status put_name(cm_context *ctx, cm_builder *builder, uint64_t column, const cm_moves *moves, int64_t code) {
    if (code < 0) return CM_OK;
    cm_text name = cm_dictionary_text(moves->names, (int32_t)code);
    return cm_builder_text(ctx, builder, column, name.data, name.length);
}

static cm_status put_money(cm_context *ctx, cm_builder *builder, uint64_t column, cm_wide money) {
    if (money > INT64_MAX || money < INT64_MIN) return cm_fail(ctx, CM_E_OVERFLOW, "RFM_RANGE", "s", "money");
    return cm_builder_int(ctx, builder, column, (int64_t)money);
}

static cm_status add_pair(cm_context *ctx, cm_builder *builder, const cm_moves *moves, uint64_t pair) {
    const int64_t *codes = moves->pairs.values + 2 * pair;
    const struct cm_moved *one = &moves->moved[pair];
    uint64_t from = 0;
    for (uint64_t i = 0; i < moves->pairs.count; i++)
        if (moves->pairs.values[2 * i] == codes[0]) from += moves->moved[i].customers;
    cm_status status = put_name(ctx, builder, 0, moves, codes[0]);
    if (!status) status = put_name(ctx, builder, 1, moves, codes[1]);
    if (!status) status = cm_builder_int(ctx, builder, 2, (int64_t)one->customers);
    if (!status) status = cm_builder_double(ctx, builder, 3, (double)one->customers / (double)from);
    if (!status && one->money_known) status = put_money(ctx, builder, 4, one->then);
    if (!status && one->money_known) status = put_money(ctx, builder, 5, one->now);
    if (!status && one->money_known) status = put_money(ctx, builder, 6, one->now - one->then);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status build_migration(cm_context *ctx, const cm_moves *moves, cm_table **out) {
    static const char *const names[] = {"from", "to", "customers", "share", "money_then", "money_now", "money_change"};
    static const int32_t types[] = {CM_STRING, CM_STRING, CM_INT64, CM_FLOAT64, CM_DECIMAL, CM_DECIMAL, CM_DECIMAL};
    cm_builder *builder = NULL;
    cm_key *keys = cm_alloc(ctx, moves->pairs.count, sizeof *keys);
    cm_status status = keys ? sort_pairs(ctx, moves, keys) : ctx->error.status;
    if (!status) status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < 7 && !status; i++) status = name_column(ctx, builder, names[i], types[i], moves->money_scale);
    for (uint64_t i = 0; i < moves->pairs.count && !status; i++) status = add_pair(ctx, builder, moves, keys[i].value);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    cm_free(ctx->core, keys, moves->pairs.count, sizeof *keys);
    return status;
}

cm_status cm_moves_finish(cm_context *ctx, cm_moves *moves, cm_table **migration, cm_table **changes) {
    cm_status status = build_migration(ctx, moves, migration);
    return status ? status : cm_builder_finish(ctx, moves->changes, changes);
}
