/* Options: one kind of object for everything that can be tuned, set by name and described at run time. */
#ifndef CUSTMINE_OPTIONS_H
#define CUSTMINE_OPTIONS_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes an options object for a topic: "context", "read" (CSV), "customers" and "baskets" (what transactions become),
 * "checks", "orders" (their state), "join", "arrow", "write", or the name of a method ("rfm"). Everything starts at its
 * default; the functions that take options say which topic they want, and list its options. CM_E_NOT_FOUND for an
 * unknown topic.
 * Free it when the call that used it is over. */
CM_API cm_status cm_options_new(cm_context *ctx, const char *topic, cm_options **out);
CM_API void cm_options_free(cm_options *options);

/* Sets one option. An unknown name or a value out of range or of the wrong kind is CM_E_OPTION, and the message names
 * the nearest name or the values that are possible; the options object stays as it was.
 *  - _int also for switches (0 or 1), for sizes, numbers with a fraction, and texts that may be a number;
 *  - _text for texts and choices, and for every other kind as the command line writes it ("5", "0.3", "true",
 *    "512MB", "2011-12-09");
 *  - _add_text appends to a list (the first call replaces the default);
 *  - _set_table keeps a reference to the table; NULL takes it away. */
CM_API cm_status cm_options_set_int(cm_context *ctx, cm_options *options, const char *name, int64_t value);
CM_API cm_status cm_options_set_double(cm_context *ctx, cm_options *options, const char *name, double value);
CM_API cm_status cm_options_set_text(cm_context *ctx, cm_options *options, const char *name, const char *value);
CM_API cm_status cm_options_add_text(cm_context *ctx, cm_options *options, const char *name, const char *value);
CM_API cm_status cm_options_set_table(cm_context *ctx, cm_options *options, const char *name, const cm_table *value);

/* The options of a topic as a table: name, type (integer, number, switch, text, choice, list, table, date, size),
 * default, low, high, choices, help; in the order of the documentation. */
CM_API cm_status cm_describe_options(cm_context *ctx, const char *topic, cm_table **out);

/* What else can be asked at run time, each a table:
 *  "topics"     topic, help
 *  "methods"    method, input (customers, baskets, table), help
 *  "inputs"     method, column, type, help              what cm_fit and cm_apply need
 *  "outputs"    method, table, made_by (fit, apply), default, column, type, help
 *  "roles"      role, name      names by which a column is taken for a role, in normalised form
 *  "constants"  name, value     every CM_ constant, for bindings
 *  "catalogue"  code, sentence  every sentence in force, for translation (option `catalogue` of topic "context") */
CM_API cm_status cm_describe(cm_context *ctx, const char *what, cm_table **out);

#ifdef __cplusplus
}
#endif

#endif
