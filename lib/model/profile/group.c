/* Who is in the group: those whose cell compares as said, those of a list, or who have a row in the list that compares
 * as said (buyers of an item, where the list is the transactions). O(customers + rows of the list). */
#include <string.h>

#include "model/profile/profile.h"
#include "table/gather.h"

/* ---- COLUMN=VALUE ---- */

typedef struct condition {
    char column[256], how[3];
    const char *value;
} condition;

/* The comparison that begins here; NULL if none does. */
static const char *comparison_at(const char *text) {
    static const char *const known[] = {"!=", "<=", ">=", "=", "<", ">"};
    for (uint64_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strncmp(text, known[i], strlen(known[i]))) return known[i];
    return NULL;
}

/* Names may have these signs in them: the first place where what stands before is a column counts. */
static bool split(const cm_table *table, const char *text, condition *out) {
    for (const char *at = text; *at; at++) {
        const char *how = comparison_at(at);
        uint64_t length = (uint64_t)(at - text);
        if (!how || length >= sizeof out->column) continue;
        memcpy(out->column, text, (size_t)length);
        out->column[length] = 0;
        strcpy(out->how, how);
        out->value = at + strlen(how);
        if (cm_table_find(table, out->column) >= 0) return true;
    }
    return false;
}

static cm_status fail_condition(cm_context *ctx, const cm_table *table, const char *text) {
    cm_names names;
    cm_table_names(table, &names);
    for (const char *at = text; *at; at++)
        if (comparison_at(at)) return cm_fail(ctx, CM_E_COLUMN, "PROFILE_COLUMN", "ss", text, names.text);
    return cm_fail(ctx, CM_E_OPTION, "PROFILE_GROUP", "s", text);
}

static cm_status mark_matching(cm_context *ctx, const cm_table *table, const condition *asked, uint8_t *marks) {
    uint64_t *rows = NULL, capacity = 0, count = 0;
    cm_status status = cm_matching_rows(ctx, table, asked->column, asked->how, asked->value, &rows, &capacity, &count);
    for (uint64_t i = 0; i < count && !status; i++) marks[rows[i]] = 1;
    cm_free(ctx->core, rows, capacity, sizeof *rows);
    return status;
}

/* ---- a list ---- */

cm_status cm_profile_id_column(cm_context *ctx, const cm_table *table, uint64_t *out) {
    int64_t id = cm_table_find_role(table, CM_ROLE_CUSTOMER);
    cm_names names;
    if (id < 0) id = cm_table_find(table, "customer");
    *out = (uint64_t)id;
    cm_table_names(table, &names);
    if (id < 0) return cm_fail(ctx, CM_E_COLUMN, "METHOD_COLUMN", "sss", "profile", "customer", names.text);
    int32_t type = table->columns[id]->type;
    if (type == CM_STRING || type == CM_INT64) return CM_OK;
    return cm_fail(ctx, CM_E_COLUMN, "METHOD_TYPE", "ssss", "profile", table->columns[id]->name, "STRING or INT64",
                   cm_type_name(type));
}

static const char *id_at(const cm_table *table, uint64_t column, uint64_t row, char room[CM_CELL_TEXT],
                         uint64_t *length) {
    uint64_t within, chunk = cm_table_locate(table, row, &within);
    const cm_column *ids = table->columns[column];
    if (!cm_chunk_present(&ids->chunks[chunk], within)) return NULL;
    return cm_cell_text(ids, &ids->chunks[chunk], within, room, length);
}

/* A line of a negative quantity or amount is a refund, and makes nobody a buyer. */
static bool is_refund(const cm_table *list, uint64_t row) {
    static const int32_t roles[] = {CM_ROLE_QUANTITY, CM_ROLE_AMOUNT};
    for (int i = 0; i < 2; i++) {
        int64_t column = cm_table_find_role(list, roles[i]);
        if (column < 0 || cm_table_is_absent(list, row, (uint64_t)column)) continue;
        int32_t type = list->columns[column]->type;
        if (type == CM_FLOAT64 && cm_table_double(list, row, (uint64_t)column) < 0) return true;
        if ((type == CM_INT64 || type == CM_DECIMAL) && cm_table_int(list, row, (uint64_t)column) < 0) return true;
    }
    return false;
}

/* The ids of the rows that are asked for (all: NULL). */
static cm_status read_list(cm_context *ctx, const cm_table *list, uint64_t column, const condition *asked,
                           cm_dictionary *ids) {
    uint8_t *marks = cm_alloc(ctx, list->rows, 1);
    cm_status status = marks ? CM_OK : ctx->error.status;
    if (!status && asked) status = mark_matching(ctx, list, asked, marks);
    for (uint64_t row = 0; row < list->rows && !status; row++) {
        char room[CM_CELL_TEXT];
        uint64_t length = 0;
        int32_t code;
        const char *id = !asked || marks[row] ? id_at(list, column, row, room, &length) : NULL;
        if (id && !is_refund(list, row)) status = cm_dictionary_add(ctx, ids, id, length, &code);
    }
    cm_free(ctx->core, marks, list->rows, 1);
    return status;
}

/* The rows whose ids are in the list; how many ids no row has. A header that is a customer is no header. */
static cm_status mark_listed(cm_context *ctx, cm_profile *profile, uint64_t column, const cm_dictionary *ids,
                             const char *header) {
    uint64_t size = cm_dictionary_size(ids);
    uint8_t *seen = cm_alloc(ctx, size, 1);
    if (!seen) return ctx->error.status;
    cm_status status = CM_OK;
    profile->unknown = size;
    for (uint64_t row = 0; row < profile->table->rows && !status; row++) {
        char room[CM_CELL_TEXT];
        uint64_t length = 0;
        const char *id = id_at(profile->table, column, row, room, &length);
        int32_t code = id ? cm_dictionary_find(ids, id, length) : -1;
        if (id && !strcmp(id, header)) status = cm_fail(ctx, CM_E_DATA, "PROFILE_HEADER", "s", header);
        if (code < 0) continue;
        profile->member[row] = 1;
        profile->unknown -= !seen[code];
        seen[code] = 1;
    }
    cm_free(ctx->core, seen, size, 1);
    return status;
}

/* Fills ids with those of the list. */
static cm_status find_listed(cm_context *ctx, cm_profile *profile, const cm_table *list, const condition *asked,
                             cm_dictionary *ids) {
    uint64_t own, theirs;
    cm_status status = cm_profile_id_column(ctx, profile->table, &own);
    if (!status) status = cm_profile_id_column(ctx, list, &theirs);
    if (!status) status = read_list(ctx, list, theirs, asked, ids);
    return status ? status : mark_listed(ctx, profile, own, ids, list->columns[theirs]->name);
}

/* ---- the condition, and the list ---- */

/* Of customers; where there is a list, too, of those in it. */
static cm_status find_matching(cm_context *ctx, cm_profile *profile, const condition *asked) {
    uint64_t rows = profile->table->rows;
    uint8_t *marks = cm_alloc(ctx, rows, 1);
    cm_status status = marks ? mark_matching(ctx, profile->table, asked, marks) : ctx->error.status;
    for (uint64_t row = 0; row < rows && !status; row++)
        profile->member[row] = marks[row] && (profile->way == CM_PROFILE_CONDITION || profile->member[row]);
    cm_free(ctx->core, marks, rows, 1);
    return status;
}

cm_status cm_profile_find_group(cm_context *ctx, cm_profile *profile, const char *group, const cm_table *list,
                                cm_dictionary *ids) {
    condition asked;
    bool of_customers = group && split(profile->table, group, &asked);
    bool of_list = group && !of_customers && list && split(list, group, &asked);
    if (!group && !list) return cm_fail(ctx, CM_E_OPTION, "PROFILE_WHICH", "");
    if (group && !of_customers && !of_list) return fail_condition(ctx, profile->table, group);
    profile->group_column = of_customers ? cm_table_find(profile->table, asked.column) : -1;
    profile->way = of_list         ? CM_PROFILE_BUYERS
                   : !of_customers ? CM_PROFILE_MEMBERS
                   : list          ? CM_PROFILE_BOTH
                                   : CM_PROFILE_CONDITION;
    cm_status status = list ? find_listed(ctx, profile, list, of_list ? &asked : NULL, ids) : CM_OK;
    if (!status && of_customers) status = find_matching(ctx, profile, &asked);
    if (status) return status;
    for (uint64_t row = 0; row < profile->table->rows; row++) profile->members += profile->member[row];
    if (!profile->members) return cm_fail(ctx, CM_E_DATA, "PROFILE_NOBODY", "s", group ? group : "members");
    if (profile->members < profile->table->rows) return CM_OK;
    return cm_fail(ctx, CM_E_DATA, "PROFILE_EVERYBODY", "s", group ? group : "members");
}
