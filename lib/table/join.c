/* A hash join with a unique right side: the keys of `right` go into a dictionary of their written forms, in which the
 * rows of `left` then find their partners. `left` keeps its columns as they are wherever it keeps all its rows. */
#include "table/join.h"

#include <string.h>

#include "table/audit.h"
#include "table/gather.h"

typedef enum kind { LEFT, INNER, FULL } kind;

static const cm_option_spec join_options[] = {
    {"left_key", NULL, NULL, "column of the left table (default: named as right_key, or a customer or an item)", 0, 0,
     CM_OPTION_TEXT},
    {"right_key", NULL, NULL, "column of the right table (default: its first)", 0, 0, CM_OPTION_TEXT},
    {"kind", "left", "left|inner|full", "rows without a partner: keep those of left, of none, of both", 0, 0,
     CM_OPTION_CHOICE},
    {"suffix", "_right", NULL, "put behind the name of a right column that the left table has, too", 0, 0,
     CM_OPTION_TEXT},
    {NULL, NULL, NULL, NULL, 0, 0, CM_OPTION_TEXT},
};

const cm_topic cm_join_topic = {"join", "two tables side by side, by a key", join_options};

typedef struct joining {
    cm_table *left, *right;   /* references of our own: the key may have become text */
    cm_table *rest;           /* right without its key, under the names of the result */
    uint64_t left_key, right_key;
    kind how;
    const char *suffix;
    uint64_t *partners; /* for each left row the right row, or CM_NO_ROW */
    uint8_t *found;     /* for each right row 1 if a left row has its key */
    uint64_t left_alone, right_alone; /* rows without a partner */
} joining;

/* ---- keys ---- */

static cm_status find_keys(cm_context *ctx, joining *j, const cm_options *options) {
    const char *left_name = cm_option_text(options, &cm_join_topic, "left_key");
    const char *right_name = cm_option_text(options, &cm_join_topic, "right_key");
    cm_status status = CM_OK;
    if (right_name) status = cm_table_require(ctx, j->right, right_name, &j->right_key);
    else if (!j->right->column_count) status = cm_fail(ctx, CM_E_COLUMN, "JOIN_EMPTY", "");
    if (status) return status;
    if (left_name) return cm_table_require(ctx, j->left, left_name, &j->left_key);
    const cm_column *key = j->right->columns[j->right_key];
    int64_t left = cm_table_find(j->left, key->name);
    if (left < 0 && key->role != CM_ROLE_NONE) left = cm_table_find_role(j->left, key->role);
    if (left < 0) left = cm_table_find_role(j->left, CM_ROLE_CUSTOMER);
    if (left < 0) left = cm_table_find_role(j->left, CM_ROLE_ITEM);
    if (left < 0) return cm_table_require(ctx, j->left, key->name, &j->left_key);
    j->left_key = (uint64_t)left;
    return CM_OK;
}

static bool is_id(const cm_column *column) { return column->type == CM_STRING || column->type == CM_INT64; }

/* Written forms are compared, so they must be of one kind. */
static cm_status check_types(cm_context *ctx, const joining *j, bool *mixed) {
    const cm_column *left = j->left->columns[j->left_key], *right = j->right->columns[j->right_key];
    bool ids = is_id(left) && is_id(right);
    bool same = left->type == right->type && left->scale == right->scale && left->flags == right->flags;
    *mixed = left->type != right->type;
    if (ids || (same && left->type != CM_FLOAT64 && left->type != CM_LIST)) return CM_OK;
    return cm_fail(ctx, CM_E_COLUMN, "JOIN_TYPES", "ssss", left->name, cm_type_name(left->type), right->name,
                   cm_type_name(right->type));
}

static cm_status text_chunk(cm_context *ctx, const cm_column *from, const cm_chunk *chunk, cm_column *to,
                            cm_chunk *out) {
    char room[CM_CELL_TEXT];
    uint64_t length;
    *out = *chunk;
    out->values_buffer = out->validity_buffer = NULL;
    cm_status status = cm_buffer_new(ctx, (chunk->offset + chunk->rows) * sizeof(int32_t), &out->values_buffer);
    if (status) return status;
    int32_t *codes = out->values_buffer->data;
    out->values = codes;
    out->validity_buffer = cm_buffer_retain(chunk->validity_buffer);
    for (uint64_t i = 0; i < chunk->rows && !status; i++) {
        if (!cm_chunk_present(chunk, i)) continue;
        const char *text = cm_cell_text(from, chunk, i, room, &length);
        status = cm_dictionary_add(ctx, to->dictionary, text, length, &codes[chunk->offset + i]);
    }
    return status;
}

/* A column of numbers as STRING. */
static cm_status as_text(cm_context *ctx, const cm_column *from, cm_column **out) {
    cm_dictionary *dictionary;
    cm_status status = cm_dictionary_new(ctx, &dictionary);
    if (status) return status;
    status = cm_column_new(ctx, from->name, CM_STRING, 0, from->role, 0, dictionary, from->chunk_count, out);
    for (uint64_t i = 0; i < from->chunk_count && !status; i++)
        status = text_chunk(ctx, from, &from->chunks[i], *out, &(*out)->chunks[i]);
    if (!status) (*out)->dictionary_size = cm_dictionary_size(dictionary);
    cm_dictionary_release(dictionary);
    return status;
}

/* Puts another column in place of one of a table (the reference to which is replaced). Takes the column over. */
static cm_status replace(cm_context *ctx, cm_table **table, uint64_t number, cm_column *with) {
    uint64_t count = (*table)->column_count;
    cm_table *fresh = NULL;
    cm_column **columns = cm_alloc(ctx, count, sizeof *columns);
    if (!columns) {
        cm_column_release(with);
        return ctx->error.status;
    }
    for (uint64_t i = 0; i < count; i++) columns[i] = i == number ? with : cm_column_retain((*table)->columns[i]);
    cm_status status = cm_table_new(ctx, columns, count, 0, &fresh);
    cm_free(ctx->core, columns, count, sizeof *columns);
    if (status) return status;
    cm_table_free(*table);
    *table = fresh;
    return CM_OK;
}

static cm_status key_to_text(cm_context *ctx, cm_table **table, uint64_t key) {
    cm_column *text = NULL;
    if ((*table)->columns[key]->type == CM_STRING) return CM_OK;
    cm_status status = as_text(ctx, (*table)->columns[key], &text);
    if (!status) return replace(ctx, table, key, text);
    cm_column_release(text);
    return status;
}

/* ---- partners ---- */

/* Keys of the right table by code, and the row of each. */
typedef struct key_index {
    cm_dictionary *keys;
    uint64_t *rows;
    uint64_t capacity;
} key_index;

static cm_status add_key(cm_context *ctx, const joining *j, key_index *index, const cm_chunk *chunk, uint64_t within,
                         uint64_t row) {
    const cm_column *column = j->right->columns[j->right_key];
    char room[CM_CELL_TEXT];
    int32_t code;
    uint64_t length, size = cm_dictionary_size(index->keys);
    const char *text = cm_cell_text(column, chunk, within, room, &length);
    cm_status status = cm_reserve(ctx, &index->rows, &index->capacity, size + 1, sizeof *index->rows);
    if (!status) status = cm_dictionary_add(ctx, index->keys, text, length, &code);
    if (status) return status;
    if (cm_dictionary_size(index->keys) == size)
        return cm_fail(ctx, CM_E_DATA, "JOIN_KEY_TWICE", "tsuu", text, length, column->name, index->rows[code] + 1,
                       row + 1);
    index->rows[code] = row;
    return CM_OK;
}

static cm_status index_right(cm_context *ctx, const joining *j, key_index *index) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < j->right->chunk_count && !status; i++) {
        const cm_chunk *chunk = &j->right->columns[j->right_key]->chunks[i];
        for (uint64_t row = 0; row < chunk->rows && !status; row++) {
            if (row % CM_CHUNK_ROWS == 0) status = cm_tick(ctx, "join", 0, 0);
            if (!status && cm_chunk_present(chunk, row))
                status = add_key(ctx, j, index, chunk, row, j->right->first_rows[i] + row);
        }
    }
    return status;
}

static uint64_t partner_of(const joining *j, const key_index *index, const cm_chunk *chunk, uint64_t row) {
    char room[CM_CELL_TEXT];
    uint64_t length;
    if (!cm_chunk_present(chunk, row)) return CM_NO_ROW;
    const char *text = cm_cell_text(j->left->columns[j->left_key], chunk, row, room, &length);
    int32_t code = cm_dictionary_find(index->keys, text, length);
    return code < 0 ? CM_NO_ROW : index->rows[code];
}

static cm_status match_left(cm_context *ctx, joining *j, const key_index *index) {
    cm_status status = CM_OK;
    j->right_alone = j->right->rows;
    for (uint64_t i = 0; i < j->left->chunk_count && !status; i++) {
        const cm_chunk *chunk = &j->left->columns[j->left_key]->chunks[i];
        uint64_t *partners = j->partners + j->left->first_rows[i];
        for (uint64_t row = 0; row < chunk->rows && !status; row++) {
            if (row % CM_CHUNK_ROWS == 0) status = cm_tick(ctx, "join", j->left->first_rows[i] + row, j->left->rows);
            partners[row] = partner_of(j, index, chunk, row);
            if (partners[row] == CM_NO_ROW) {
                j->left_alone++;
                continue;
            }
            j->right_alone -= !j->found[partners[row]];
            j->found[partners[row]] = 1;
        }
    }
    return status;
}

static cm_status find_partners(cm_context *ctx, joining *j) {
    key_index index = {0};
    j->partners = cm_alloc(ctx, j->left->rows, sizeof *j->partners);
    j->found = j->partners ? cm_alloc(ctx, j->right->rows, 1) : NULL;
    cm_status status = j->found ? cm_dictionary_new(ctx, &index.keys) : ctx->error.status;
    if (!status) status = index_right(ctx, j, &index);
    if (!status) status = match_left(ctx, j, &index);
    cm_dictionary_release(index.keys);
    cm_free(ctx->core, index.rows, index.capacity, sizeof *index.rows);
    return status;
}

/* ---- the result ---- */

/* A column of the right table as it stands in the result: another name where the left has it, and no role twice. */
static cm_status rename_column(cm_context *ctx, const joining *j, cm_column *column, cm_column **out) {
    bool taken = cm_table_find(j->left, column->name) >= 0;
    bool double_role = cm_table_find_role(j->left, column->role) >= 0;
    uint64_t length = column->name_length, suffix = strlen(j->suffix);
    if (!taken && !double_role) {
        *out = cm_column_retain(column);
        return CM_OK;
    }
    char *name = cm_alloc(ctx, length + suffix + 1, 1);
    if (!name) return ctx->error.status;
    memcpy(name, column->name, (size_t)length);
    if (taken) memcpy(name + length, j->suffix, (size_t)suffix);
    cm_status status = cm_column_alias(ctx, column, name, double_role ? CM_ROLE_NONE : column->role, out);
    cm_free(ctx->core, name, length + suffix + 1, 1);
    return status;
}

static cm_status make_rest(cm_context *ctx, joining *j) {
    uint64_t width = j->right->column_count - 1, at = 0;
    cm_status status = CM_OK;
    cm_column **columns = cm_alloc(ctx, width, sizeof *columns);
    if (!columns) return ctx->error.status;
    for (uint64_t i = 0; i <= width && !status; i++)
        if (i != j->right_key) status = rename_column(ctx, j, j->right->columns[i], &columns[at++]);
    if (!status) {
        status = cm_table_new(ctx, columns, width, j->right->rows, &j->rest);
    } else {
        for (uint64_t i = 0; i < width; i++) cm_column_release(columns[i]);
    }
    cm_free(ctx->core, columns, width, sizeof *columns);
    return status;
}

/* The columns of `left`, and beside them those of the right rows `partners`. */
static cm_status side_by_side(cm_context *ctx, const cm_table *left, const cm_table *rest, const uint64_t *partners,
                              cm_table **out) {
    uint64_t width = left->column_count + rest->column_count;
    cm_column **columns = cm_alloc(ctx, width, sizeof *columns);
    if (!columns) return ctx->error.status;
    cm_column **beside = columns + left->column_count;
    cm_status status = cm_gather(ctx, rest, partners, left->first_rows, left->chunk_count, beside);
    for (uint64_t i = 0; i < left->column_count && !status; i++) columns[i] = cm_column_retain(left->columns[i]);
    if (!status) status = cm_table_new(ctx, columns, width, left->rows, out);
    cm_free(ctx->core, columns, width, sizeof *columns);
    return status;
}

/* Only the rows with a partner. */
static cm_status inner(cm_context *ctx, const joining *j, cm_table **out) {
    uint64_t count = 0, rows = j->left->rows - j->left_alone;
    cm_table *left = NULL;
    uint64_t *lefts = cm_alloc(ctx, rows, 2 * sizeof *lefts), *partners = lefts + rows;
    if (!lefts) return ctx->error.status;
    for (uint64_t row = 0; row < j->left->rows; row++) {
        if (j->partners[row] == CM_NO_ROW) continue;
        lefts[count] = row;
        partners[count++] = j->partners[row];
    }
    cm_status status = cm_table_take(ctx, j->left, lefts, rows, &left);
    if (!status) status = side_by_side(ctx, left, j->rest, partners, out);
    cm_table_free(left);
    cm_free(ctx->core, lefts, rows, 2 * sizeof *lefts);
    return status;
}

/* A table like `left` of rows that are absent but for the key, which is that of the right rows. */
static cm_status right_keys(cm_context *ctx, const joining *j, const uint64_t *rows, uint64_t *none, uint64_t count,
                            cm_table **out) {
    const cm_column *left_key = j->left->columns[j->left_key];
    const char *name = j->right->columns[j->right_key]->name;
    cm_table *key = NULL, *taken = NULL;
    cm_column *renamed = NULL;
    for (uint64_t i = 0; i < count; i++) none[i] = CM_NO_ROW;
    cm_status status = cm_table_take(ctx, j->left, none, count, out);
    if (!status) status = cm_table_select(ctx, j->right, &name, 1, &key);
    if (!status) status = cm_table_take(ctx, key, rows, count, &taken);
    if (!status) status = cm_column_alias(ctx, taken->columns[0], left_key->name, left_key->role, &renamed);
    if (!status) status = replace(ctx, out, j->left_key, renamed);
    cm_table_free(key);
    cm_table_free(taken);
    return status;
}

/* Below the left rows those of the right that found none. */
static cm_status full(cm_context *ctx, const joining *j, cm_table **out) {
    uint64_t count = 0, rows = j->right_alone;
    cm_table *parts[2] = {NULL, NULL}, *keys = NULL;
    uint64_t *rights = cm_alloc(ctx, rows, 2 * sizeof *rights);
    if (!rights) return ctx->error.status;
    for (uint64_t row = 0; row < j->right->rows; row++)
        if (!j->found[row]) rights[count++] = row;
    cm_status status = side_by_side(ctx, j->left, j->rest, j->partners, &parts[0]);
    if (!status) status = right_keys(ctx, j, rights, rights + rows, rows, &keys);
    if (!status) status = side_by_side(ctx, keys, j->rest, rights, &parts[1]);
    if (!status) status = cm_table_concat(ctx, (const cm_table *const *)parts, 2, out);
    cm_table_free(keys);
    cm_table_free(parts[0]);
    cm_table_free(parts[1]);
    cm_free(ctx->core, rights, rows, 2 * sizeof *rights);
    return status;
}

/* Two steps, for there are two tables whose rows are to balance. A row without a partner is dropped unless the kind of
 * join keeps it. */
static cm_status attach_audit(cm_context *ctx, const joining *j, const cm_table *left, cm_table *out) {
    const char *left_reason = j->how == INNER ? "no partner" : "kept without partner";
    const char *right_reason = j->how == FULL ? "kept without partner" : "no partner";
    const cm_audit_line lines[] = {
        {.step = "join", .reason = "read", .rows = j->left->rows},
        {.step = "join", .reason = left_reason, .rows = j->left_alone},
        {.step = "join", .reason = "kept", .rows = j->left->rows - j->left_alone},
        {.step = "join right", .reason = "read", .rows = j->right->rows},
        {.step = "join right", .reason = right_reason, .rows = j->right_alone},
        {.step = "join right", .reason = "kept", .rows = j->right->rows - j->right_alone},
    };
    return cm_audit_attach(ctx, out, left, lines, sizeof lines / sizeof *lines);
}

static cm_status prepare(cm_context *ctx, joining *j, const cm_options *options) {
    bool mixed = false;
    cm_status status = find_keys(ctx, j, options);
    if (!status) status = check_types(ctx, j, &mixed);
    if (!status && mixed && j->how == FULL) status = key_to_text(ctx, &j->left, j->left_key);
    if (!status && mixed && j->how == FULL) status = key_to_text(ctx, &j->right, j->right_key);
    if (!status) status = make_rest(ctx, j);
    return status ? status : find_partners(ctx, j);
}

static void clear(cm_context *ctx, joining *j) {
    if (j->partners) cm_free(ctx->core, j->partners, j->left->rows, sizeof *j->partners);
    if (j->found) cm_free(ctx->core, j->found, j->right->rows, 1);
    cm_table_free(j->rest);
    cm_table_free(j->left);
    cm_table_free(j->right);
}

static cm_status join(cm_context *ctx, const cm_table *left, const cm_table *right, const cm_options *options,
                      cm_table **out) {
    cm_table *made = NULL;
    if (!left || !right || !out)
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_table_join", "left, right or out is NULL");
    cm_status status = cm_options_check(ctx, options, &cm_join_topic);
    if (status) return status;
    joining j = {.left = cm_table_retain(left), .right = cm_table_retain(right)};
    j.how = (kind)cm_option_choice(options, &cm_join_topic, "kind");
    j.suffix = cm_option_text(options, &cm_join_topic, "suffix");
    status = prepare(ctx, &j, options);
    if (!status && j.how == LEFT) status = side_by_side(ctx, j.left, j.rest, j.partners, &made);
    if (!status && j.how == INNER) status = inner(ctx, &j, &made);
    if (!status && j.how == FULL) status = full(ctx, &j, &made);
    if (!status) status = attach_audit(ctx, &j, left, made);
    clear(ctx, &j);
    if (status) cm_table_free(made);
    else *out = made;
    return status;
}

cm_status cm_table_join(cm_context *ctx, const cm_table *left, const cm_table *right, const cm_options *options,
                        cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, join(ctx, left, right, options, out));
}
