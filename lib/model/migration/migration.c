/* Migration: who moved from one segment to another between two runs of any method that gives segments, and what money
 * moved with them (deviation monitoring; G. Linoff and M. Berry, Data Mining Techniques, 3rd ed. 2011, on following
 * segments over time).
 *
 * The idea: a model is a run, the customers with their segments. Applied to another run it tells who moved: the scores
 * of this model are the changes, ready for a trigger; the table migration counts all. Both runs are tables with the
 * columns customer and segment; recency_days, frequency and monetary, where both have them, tell the cause. Cost:
 * O(customers).
 *
 * Different here: no segment has an order, so nothing is called an upgrade; the money says. */
#include <string.h>

#include "base/names.h"
#include "base/number.h"
#include "model/migration/moves.h"

static const cm_option_spec options[] = {
    {"before", NULL, NULL, "the earlier run: a table customer, segment (default: the table it is fitted to)", 0, 0,
     CM_OPTION_TABLE},
    {0},
};

static const cm_input_spec inputs[] = {{0}};

static const cm_output_spec outputs[] = {
    {"changes", "customer", "who moved", CM_STRING, false, true},
    {"changes", "from", "segment then; absent: not scored", CM_STRING, false, true},
    {"changes", "to", "segment now; absent: not scored", CM_STRING, false, true},
    {"changes", "code", "what caused it, stable, with its values", CM_STRING, false, true},
    {"changes", "sentence", "the same in words", CM_STRING, false, true},
    {"changes", "money_then", "of the customer", CM_DECIMAL, false, true},
    {"changes", "money_now", "of the customer", CM_DECIMAL, false, true},
    {"migration", "from", "segment then; absent: not scored", CM_STRING, false, true},
    {"migration", "to", "segment now; absent: not scored", CM_STRING, false, true},
    {"migration", "customers", "who went this way, or stayed", CM_INT64, false, true},
    {"migration", "share", "of those in `from`", CM_FLOAT64, false, true},
    {"migration", "money_then", "of these customers", CM_DECIMAL, false, true},
    {"migration", "money_now", "of these customers", CM_DECIMAL, false, true},
    {"migration", "money_change", "now less then", CM_DECIMAL, false, true},
    {"baseline", "customer", "of the earlier run", CM_STRING, true, false},
    {"baseline", "segment", "and the further columns that tell the cause, where it has them", CM_STRING, true, false},
    {0},
};

/* ---- the columns of a run ---- */

enum { SEGMENT, DAYS, ORDERS, MONEY, PARTS };
static const char *const part_names[PARTS] = {"segment", "recency_days", "frequency", "monetary"};

typedef struct run {
    const cm_table *table;
    uint64_t id;
    int64_t parts[PARTS]; /* columns; -1: not there, or not to be used */
} run;

static cm_status open_run(cm_context *ctx, const cm_table *table, run *out) {
    cm_names names;
    int64_t id = cm_table_find_role(table, CM_ROLE_CUSTOMER);
    if (id < 0) id = cm_table_find(table, "customer");
    *out = (run){.table = table, .id = (uint64_t)id};
    for (int i = 0; i < PARTS; i++) out->parts[i] = cm_table_find(table, part_names[i]);
    cm_table_names(table, &names);
    if (id < 0 || out->parts[SEGMENT] < 0)
        return cm_fail(ctx, CM_E_COLUMN, "METHOD_COLUMN", "sss", "migration", id < 0 ? "customer" : "segment",
                       names.text);
    int32_t type = table->columns[id]->type, segment = table->columns[out->parts[SEGMENT]]->type;
    bool wrong = type != CM_STRING && type != CM_INT64;
    if (wrong || (segment != CM_STRING && segment != CM_INT64))
        return cm_fail(ctx, CM_E_COLUMN, "METHOD_TYPE", "ssss", "migration", wrong ? "customer" : "segment",
                       "STRING or INT64", cm_type_name(wrong ? type : segment));
    for (int i = DAYS; i < PARTS; i++) {
        if (out->parts[i] < 0) continue;
        int32_t found = table->columns[out->parts[i]]->type;
        if (found != CM_INT64 && !(i == MONEY && found == CM_DECIMAL)) out->parts[i] = -1;
    }
    return CM_OK;
}

static int32_t money_scale(const run *one) {
    return one->parts[MONEY] < 0 ? 0 : one->table->columns[one->parts[MONEY]]->scale;
}

static const char *text_of(const run *one, uint64_t column, uint64_t row, char room[CM_CELL_TEXT], uint64_t *length) {
    uint64_t within, chunk = cm_table_locate(one->table, row, &within);
    const cm_column *cells = one->table->columns[column];
    if (!cm_chunk_present(&cells->chunks[chunk], within)) return NULL;
    return cm_cell_text(cells, &cells->chunks[chunk], within, room, length);
}

static bool number_of(const run *one, int part, uint64_t row, int64_t *out) {
    if (one->parts[part] < 0 || cm_table_is_absent(one->table, row, (uint64_t)one->parts[part])) return false;
    *out = cm_table_int(one->table, row, (uint64_t)one->parts[part]);
    return true;
}

/* What a run says of a customer; the segment's text may lie in `room`. */
static void read_side(const run *one, uint64_t row, int32_t scale, char room[CM_CELL_TEXT], cm_side *out) {
    *out = (cm_side){0};
    out->segment = text_of(one, (uint64_t)one->parts[SEGMENT], row, room, &out->length);
    out->has_days = number_of(one, DAYS, row, &out->days);
    out->has_orders = number_of(one, ORDERS, row, &out->orders);
    out->has_money = number_of(one, MONEY, row, &out->money)
                     && !cm_rescale_overflows(out->money, money_scale(one), scale, &out->money);
}

/* ---- the model: the earlier run, its customers found by their ids ---- */

static cm_status fit(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model) {
    const cm_table *before = cm_option_table(set, &model->method->topic, "before");
    const char *names[1 + PARTS];
    uint64_t count = 0;
    cm_table *baseline = NULL;
    run now, then;
    cm_status status = open_run(ctx, in->table, &now);
    if (!status) status = open_run(ctx, before ? before : in->table, &then);
    if (status) return status;
    names[count++] = then.table->columns[then.id]->name;
    for (int i = 0; i < PARTS; i++)
        if (then.parts[i] >= 0 && (uint64_t)then.parts[i] != then.id) names[count++] = part_names[i];
    status = cm_table_select(ctx, then.table, names, count, &baseline);
    if (!status) status = cm_model_put(ctx, model, "baseline", baseline);
    cm_table_free(baseline);
    return status;
}

typedef struct compiled {
    run baseline;
    cm_dictionary *ids; /* code n: the customer of row rows[n] */
    uint64_t *rows;
    uint64_t capacity;
} compiled;

static void discard(cm_core *core, void *made) {
    compiled *own = made;
    cm_dictionary_release(own->ids);
    cm_free(core, own->rows, own->capacity, sizeof *own->rows);
    cm_free(core, own, 1, sizeof *own);
}

static cm_status find_ids(cm_context *ctx, compiled *own) {
    cm_status status = cm_dictionary_new(ctx, &own->ids);
    own->capacity = own->baseline.table->rows;
    if (!status && !(own->rows = cm_alloc(ctx, own->capacity, sizeof *own->rows))) status = ctx->error.status;
    for (uint64_t row = 0; row < own->baseline.table->rows && !status; row++) {
        char room[CM_CELL_TEXT];
        uint64_t length = 0, known = cm_dictionary_size(own->ids);
        int32_t code;
        const char *id = text_of(&own->baseline, own->baseline.id, row, room, &length);
        if (!id) continue;
        status = cm_dictionary_add(ctx, own->ids, id, length, &code);
        if (!status && (uint64_t)code != known) status = cm_fail(ctx, CM_E_DATA, "MOVE_TWICE", "s", id);
        if (!status) own->rows[code] = row;
    }
    return status;
}

static cm_status compile(cm_context *ctx, const cm_model *model, void **out) {
    const cm_table *baseline = cm_model_get(model, "baseline");
    if (!baseline) return cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", "baseline", "migration");
    compiled *own = cm_alloc(ctx, 1, sizeof *own);
    if (!own) return ctx->error.status;
    cm_status status = open_run(ctx, baseline, &own->baseline);
    if (status == CM_E_COLUMN) status = cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", "baseline", "migration");
    if (!status) status = find_ids(ctx, own);
    if (status) discard(ctx->core, own);
    else *out = own;
    return status;
}

/* ---- the run of today against it ---- */

typedef struct comparing {
    const compiled *then;
    run now;
    int32_t scale;
    uint8_t *seen; /* by row of the earlier run */
    cm_moves moves;
} comparing;

static cm_status add_today(cm_context *ctx, comparing *work, uint64_t row) {
    char rooms[3][CM_CELL_TEXT];
    uint64_t length = 0;
    cm_side then = {0}, now;
    const char *id = text_of(&work->now, work->now.id, row, rooms[0], &length);
    int32_t code = id ? cm_dictionary_find(work->then->ids, id, length) : -1;
    read_side(&work->now, row, work->scale, rooms[1], &now);
    if (!id) return CM_OK;
    if (code >= 0) {
        if (work->seen[code]) return cm_fail(ctx, CM_E_DATA, "MOVE_TWICE", "s", id);
        work->seen[code] = 1;
        read_side(&work->then->baseline, work->then->rows[code], work->scale, rooms[2], &then);
    }
    return cm_moves_add(ctx, &work->moves, work->now.table, work->now.id, row, &then, &now);
}

/* Those who are no longer there. */
static cm_status add_gone(cm_context *ctx, comparing *work) {
    cm_status status = CM_OK;
    for (uint64_t code = 0; code < cm_dictionary_size(work->then->ids) && !status; code++) {
        char room[CM_CELL_TEXT];
        cm_side then, now = {0};
        if (work->seen[code]) continue;
        read_side(&work->then->baseline, work->then->rows[code], work->scale, room, &then);
        status = cm_moves_add(ctx, &work->moves, work->then->baseline.table, work->then->baseline.id,
                              work->then->rows[code], &then, &now);
    }
    return status;
}

static cm_status apply(cm_context *ctx, const cm_model *model, const cm_inputs *in, cm_table **out) {
    const compiled *own = model->compiled;
    comparing work = {.then = own};
    uint64_t known = cm_dictionary_size(own->ids);
    cm_table *migration = NULL, *changes = NULL;
    cm_status status = open_run(ctx, in->table, &work.now);
    if (status) return status;
    int32_t type = in->table->columns[work.now.id]->type, other = own->baseline.table->columns[own->baseline.id]->type;
    if (type != other)
        return cm_fail(ctx, CM_E_COLUMN, "METHOD_TYPE", "ssss", "migration", "customer", cm_type_name(other),
                       cm_type_name(type));
    work.scale =
        money_scale(&work.now) > money_scale(&own->baseline) ? money_scale(&work.now) : money_scale(&own->baseline);
    work.seen = cm_alloc(ctx, known, 1);
    status = work.seen ? cm_moves_open(ctx, type, work.scale, &work.moves) : ctx->error.status;
    for (uint64_t row = 0; row < in->table->rows && !status; row++) {
        if (row % 1024 == 0) status = cm_tick(ctx, "migration", row, in->table->rows);
        if (!status) status = add_today(ctx, &work, row);
    }
    if (!status) status = add_gone(ctx, &work);
    if (!status) status = cm_moves_finish(ctx, &work.moves, &migration, &changes);
    if (!status) status = cm_table_attach(ctx, changes, "migration", migration);
    cm_moves_close(ctx->core, &work.moves);
    cm_free(ctx->core, work.seen, known, 1);
    cm_table_free(migration);
    if (status) cm_table_free(changes);
    else *out = changes;
    return status;
}

extern const cm_method cm_migration_method;
const cm_method cm_migration_method = {
    .topic = {"migration", "who moved between segments since an earlier run, and why", options},
    .input = CM_INPUT_TABLE,
    .incomplete = "no segment",
    .inputs = inputs,
    .outputs = outputs,
    .fit = fit,
    .compile = compile,
    .discard = discard,
    .apply = apply,
};
