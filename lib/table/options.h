/* Options inside: a topic is a constant array of specifications; values are typed and checked when set. */
#ifndef CM_TABLE_OPTIONS_H
#define CM_TABLE_OPTIONS_H

#include "base/context.h"
#include "custmine/options.h"

typedef enum cm_option_type {
    CM_OPTION_INT,    /* low .. high */
    CM_OPTION_NUMBER, /* low .. high */
    CM_OPTION_SWITCH, /* 0, 1, true, false */
    CM_OPTION_TEXT,
    CM_OPTION_CHOICE, /* one of `choices`, separated by | */
    CM_OPTION_LIST,   /* of texts; empty by default */
    CM_OPTION_TABLE,
    CM_OPTION_DATE,   /* 2011-12-09; an integer is days since 1970 */
    CM_OPTION_SIZE    /* bytes: 1024, 512KB, 2MB, 1GB (powers of 1024) */
} cm_option_type;

typedef struct cm_option_spec {
    const char *name;
    const char *fallback; /* the default, as text; NULL: not set */
    const char *choices;
    const char *help;     /* one line */
    double low, high;     /* INT, NUMBER, SIZE; both 0: any */
    cm_option_type type;
} cm_option_spec;

typedef struct cm_topic {
    const char *name;
    const char *help;
    const cm_option_spec *options; /* ended by a name NULL */
} cm_topic;

/* All topics, those of the methods included; defined where the registry is, in lib/model. */
const cm_topic *cm_topic_find(const char *name);

cm_status cm_options_make(cm_context *ctx, const cm_topic *topic, cm_options **out);

/* CM_E_ARGUMENT if the object is of another topic; NULL is fine everywhere and means the defaults of `topic`. */
cm_status cm_options_check(cm_context *ctx, const cm_options *options, const cm_topic *topic);
/* by the caller or by its default */
bool cm_option_is_set(const cm_options *options, const cm_topic *topic, const char *name);
int64_t cm_option_int(const cm_options *options, const cm_topic *topic, const char *name); /* INT, SWITCH, DATE, SIZE */
double cm_option_number(const cm_options *options, const cm_topic *topic, const char *name);
/* TEXT, CHOICE; NULL if not set */
const char *cm_option_text(const cm_options *options, const cm_topic *topic, const char *name);
int32_t cm_option_choice(const cm_options *options, const cm_topic *topic, const char *name);   /* index in `choices` */
uint64_t cm_option_list(const cm_options *options, const cm_topic *topic, const char *name, const char *const **items);
const cm_table *cm_option_table(const cm_options *options, const cm_topic *topic, const char *name); /* borrowed */

/* The options as a table name, value (as text; a list has a row an item), for models; and back, values checked. Tables
 * are left
 * out: a method keeps those among its own. */
cm_status cm_options_to_table(cm_context *ctx, const cm_options *options, const cm_topic *topic, cm_table **out);
cm_status cm_options_from_table(cm_context *ctx, const cm_topic *topic, const cm_table *table, cm_options **out);

extern const cm_topic cm_context_topic; /* threads, seed ...: lib/table/context_options.c */

#endif
