/* A model of rules while it is made. */
#ifndef CM_MODEL_RULES_FIT_H
#define CM_MODEL_RULES_FIT_H

#include "model/rules/rules.h"

enum { CM_DELIVER_RULES, CM_DELIVER_ITEMSETS, CM_DELIVER_COUNTS };

/* What was asked for and what came of it. */
typedef struct cm_outcome {
    cm_mining how;
    bool chosen;    /* the support */
    bool truncated; /* by a limit */
    bool best;      /* the best rules are sought, at whatever support */
    uint64_t next;  /* count to try next, for there may be better rules of so little support; 0: there are none */
    int32_t deliver;
    const cm_inputs *aside; /* baskets kept aside; NULL: none */
} cm_outcome;

/* fit.c */
cm_status cm_rules_fit(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model);
/* Mines by what->how and puts the tables into the model. */
cm_status cm_rules_mine(cm_context *ctx, const cm_market *market, const cm_options *set, cm_outcome *what,
                        cm_model *model);

/* limits.c: the same of as much as fits into the limits of memory and time. */
cm_status cm_rules_mine_within_limits(cm_context *ctx, const cm_market *market, const cm_options *set,
                                      cm_outcome *what, cm_model *model);

/* support.c: counts are sums of weights as the market has them. */

/* The option's text; *least is 0 for auto and top. */
cm_status cm_support_read(cm_context *ctx, const char *text, const cm_market *market, uint64_t *least);
/* What `auto` starts from. */
uint64_t cm_support_start(const cm_market *market);
/* The lowest count from there on that gives few itemsets. */
cm_status cm_support_choose(cm_context *ctx, const cm_market *market, uint64_t max_length, uint64_t *least);
/* The best rules of any support are sought, and those of at least `least` are known: the lower count to try, 0: no rule
 * of less can be among the best. */
uint64_t cm_support_next(const cm_rulebook *book, const cm_options *set, const cm_topic *topic, uint64_t least);

/* tables_outcome.c: all tables of the model but the evaluation. Where sets are not delivered the book is empty but for
 * what the lengths say. */
cm_status cm_rules_put_tables(cm_context *ctx, cm_model *model, const cm_rulebook *book, const cm_itemsets *sets,
                              const cm_options *set, const cm_outcome *what);

#endif
