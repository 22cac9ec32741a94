/* Checks of a table of transactions: what each is given, and how it says what it found. */
#ifndef CM_PREPARE_CHECKS_H
#define CM_PREPARE_CHECKS_H

#include "custmine/prepare.h"
#include "prepare/sales.h"
#include "table/options.h"

/* A text in fixed room, cut at a character's end. */
typedef struct cm_phrase {
    char text[500];
    uint64_t length;
} cm_phrase;

void cm_phrase_add(cm_phrase *phrase, const char *text, uint64_t length); /* what does not fit ends in "..." */
void cm_phrase_say(cm_phrase *phrase, const char *text);
void cm_phrase_int(cm_phrase *phrase, int64_t value);
void cm_phrase_day(cm_phrase *phrase, int32_t day);

#define CM_ARGUMENT_TEXT 500

typedef struct cm_finding {
    cm_line_sum tally; /* of the lines that it is about */
    cm_phrase example;
    cm_phrase option;                          /* that settles it; empty: none does */
    char arguments[3 * CM_ARGUMENT_TEXT + 16]; /* of its sentence, 0x1F between them */
    uint64_t arguments_length, argument_count;
} cm_finding;

/* The next argument of the sentence. */
void cm_finding_text(cm_finding *finding, const char *text, uint64_t length);
void cm_finding_int(cm_finding *finding, int64_t value);
void cm_finding_day(cm_finding *finding, int32_t day);
void cm_finding_example(cm_finding *finding); /* the example as it is now */

/* All checks share it. */
typedef struct cm_checking {
    const cm_sales *sales;
    int64_t basket_lines; /* option of that name */
    cm_builder *builder;
    const char *name; /* of the check at work */
    const char *sentence;
} cm_checking;

/* A row of the result, of the check at work. */
cm_status cm_checks_add(cm_context *ctx, cm_checking *checks, const cm_finding *finding);

/* The invoice of a row, or "row 17" where it has none. */
void cm_checks_place(const cm_checking *checks, cm_phrase *phrase, uint64_t row);
/* An id of a role. */
void cm_checks_id(const cm_checking *checks, cm_phrase *phrase, int32_t role, int64_t id);

/* Each adds what it finds. They fail for want of memory, for limits and when cancelled. */
typedef cm_status (*cm_check)(cm_context *ctx, cm_checking *checks);

/* checks_lines.c */
cm_status cm_check_no_customer(cm_context *ctx, cm_checking *checks);
cm_status cm_check_ids_with_point(cm_context *ctx, cm_checking *checks);
cm_status cm_check_zero_prices(cm_context *ctx, cm_checking *checks);
cm_status cm_check_negative_prices(cm_context *ctx, cm_checking *checks);
/* checks_refunds.c */
cm_status cm_check_mirrored_refunds(cm_context *ctx, cm_checking *checks);
/* checks_groups.c */
cm_status cm_check_large_baskets(cm_context *ctx, cm_checking *checks);
cm_status cm_check_top_ten(cm_context *ctx, cm_checking *checks);
/* checks_services.c */
cm_status cm_check_service_items(cm_context *ctx, cm_checking *checks);
/* checks_dates.c */
cm_status cm_check_last_month_open(cm_context *ctx, cm_checking *checks);
cm_status cm_check_far_last_date(cm_context *ctx, cm_checking *checks);
/* checks_items.c */
cm_status cm_check_several_names(cm_context *ctx, cm_checking *checks);
cm_status cm_check_mixed_units(cm_context *ctx, cm_checking *checks);
/* checks_duplicates.c */
cm_status cm_check_exact_duplicates(cm_context *ctx, cm_checking *checks);

extern const cm_topic cm_checks_topic;

#endif
