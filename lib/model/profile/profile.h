/* The profile of a target group: what its members are, and what all customers are. */
#ifndef CM_MODEL_PROFILE_PROFILE_H
#define CM_MODEL_PROFILE_PROFILE_H

#include "base/adjust.h"
#include "model/method.h"

/* What a column of customers is to a profile. */
typedef enum cm_profile_kind {
    CM_PROFILE_TEXT,   /* each text is a value, of BOOL each of both */
    CM_PROFILE_NUMBER, /* a mean, and bands */
    CM_PROFILE_DATE,   /* bands */
    CM_PROFILE_ID,     /* from here on: not looked at */
    CM_PROFILE_GROUP,
    CM_PROFILE_LIST,
    CM_PROFILE_NOT_ASKED
} cm_profile_kind;

/* How the group is told. */
typedef enum cm_profile_way {
    CM_PROFILE_CONDITION, /* of the customers */
    CM_PROFILE_MEMBERS,   /* by a list */
    CM_PROFILE_BOTH,
    CM_PROFILE_BUYERS     /* by the rows of a list that compare as said */
} cm_profile_way;

/* One thing that was tested: how many have a value of an attribute, or what its mean is. */
typedef struct cm_profile_finding {
    uint64_t column;
    const char *value; /* NUL behind; NULL: the mean */
    uint64_t group, all;             /* customers with this value; of a mean, with any */
    uint64_t group_known, all_known; /* customers with any value */
    double group_mean, all_mean;
    double difference, low, high; /* of the group less that of all, in standard deviations of all */
    double p, adjusted;
} cm_profile_finding;

/* What was found in one column. */
typedef struct cm_profile_attribute {
    cm_profile_kind kind;
    uint64_t values, tested, untested; /* of values and bands; values: distinct ones */
    uint64_t group_known, all_known;
    cm_profile_finding *findings;
    uint64_t count, capacity;
    cm_arena texts;
} cm_profile_attribute;

typedef struct cm_profile {
    const cm_table *table;
    uint64_t bands, least;
    bool round;
    double inside, level;
    cm_adjustment adjustment;
    uint8_t *member; /* by row */
    uint64_t members, unknown; /* unknown: ids of the list that no row has */
    cm_profile_way way;
    int64_t group_column; /* of the condition; -1: none of the customers' */
    cm_profile_attribute *attributes; /* by column */
} cm_profile;

/* group.c: fills member, members, unknown, way and group_column, and ids with those of the list that count. `group` is
 * COLUMN=VALUE (or another comparison), `list` a table with ids; one of them may be NULL. CM_E_DATA if nobody or
 * everybody is in the group. */
cm_status cm_profile_find_group(cm_context *ctx, cm_profile *profile, const char *group, const cm_table *list,
                                cm_dictionary *ids);
/* The column of a table that has the ids of customers; CM_E_COLUMN if there is none. */
cm_status cm_profile_id_column(cm_context *ctx, const cm_table *table, uint64_t *out);

/* attributes.c: what is in one column, its kind set. */
cm_status cm_profile_look(cm_context *ctx, const cm_profile *profile, uint64_t column, cm_profile_attribute *out);
/* bands.c: the same for numbers and dates. */
cm_status cm_profile_look_at_numbers(cm_context *ctx, const cm_profile *profile, uint64_t column,
                                     cm_profile_attribute *out);
/* Adds a value that `all` customers have, `group` of them in the group; text is copied. Counts as untested where it
 * cannot be tested or too few have it. */
cm_status cm_profile_add_share(cm_context *ctx, const cm_profile *profile, uint64_t column, const char *text,
                               uint64_t length, uint64_t group, uint64_t all, cm_profile_attribute *to);
void cm_profile_clear(cm_core *core, cm_profile *profile);

/* The ways as the table `group` names them. */
extern const char *const cm_profile_ways[];
/* tables.c: profile, with attributes and group attached. */
cm_status cm_profile_tables(cm_context *ctx, const cm_profile *profile, const char *group, cm_table **out);

#endif
