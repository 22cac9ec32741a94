/* Roles: what a column of transactions means, found by its name, and its values as the jobs want them. */
#ifndef CM_TABLE_ROLES_H
#define CM_TABLE_ROLES_H

#include "table/table.h"

#define CM_ROLE_COUNT 10
#define CM_ROLE_BIT(role) (1u << (role)) /* of a set of roles */

const char *cm_role_name(int32_t role);       /* "item_name" */
int32_t cm_role_by_name(const char *name);    /* 0 if none */
const char *const *cm_role_names(int32_t role); /* normalised column names taken for it, ended by NULL */

/* The roles of columns by their names: roles[i] of names[i], ignoring case, blanks, _ and -. A role that `given` (a
 * column number a role, -1 not given; may be NULL) names is that column and no other. Where several columns could have
 * a role and none is given, none gets it. */
void cm_roles_guess(const char *const *names, uint64_t count, const int64_t *given, int32_t *roles);

/* The column of a role for a job: the one that has it, else the only one whose name fits; *column is -1 if there is
 * none and it is not required. CM_E_COLUMN: two candidates (names both), or required and missing (names the columns
 * there are). */
cm_status cm_roles_find(cm_context *ctx, const cm_table *table, int32_t role, bool required, int64_t *column);

#endif
