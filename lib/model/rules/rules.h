/* Association rules inside: frequent itemsets, rules, and the compiled model. */
#ifndef CM_MODEL_RULES_H
#define CM_MODEL_RULES_H

#include "model/baskets/market.h"
#include "model/baskets/split.h"
#include "model/method.h"
#include "model/rules/measures.h"

/* The itemsets of one length: the items of each rise, the sets by their rarest item, then the next, up to the most
 * frequent. */
typedef struct cm_level {
    uint32_t *items; /* count times the length */
    uint64_t *counts;
    uint64_t count, item_capacity, count_capacity;
} cm_level;

typedef struct cm_itemsets {
    cm_level *levels; /* [length - 1] */
    uint64_t longest, capacity;
    uint64_t total;
    bool exceeded;          /* there are more than `most`; what is here is of no use */
    uint64_t complete_from; /* a limit was reached: all sets of at least so many baskets are here, and some rarer ones
                             * with all their parts; 0: all */
} cm_itemsets;

enum { CM_MINE_AUTO, CM_MINE_APRIORI, CM_MINE_ECLAT };
enum { CM_SETS_FREQUENT, CM_SETS_CLOSED, CM_SETS_MAXIMAL };

/* Which itemsets are sought, and how. */
typedef struct cm_mining {
    uint64_t least;      /* baskets, or their weights, as everywhere below */
    uint64_t max_length; /* items; 0: any */
    uint64_t most;       /* frequent sets: gives up beyond; 0: any number */
    uint64_t room;       /* bytes of sets: ends beyond with what is complete; 0: fails where a limit is reached */
    int32_t algorithm, which;
    bool count_only; /* levels have counts alone, neither items nor baskets */
} cm_mining;

/* The way that is taken: that of `how`, or what auto comes to. */
int32_t cm_mining_algorithm(const cm_market *market, const cm_mining *how);
/* Counts the pairs, or turns the baskets, as the miner needs. */
cm_status cm_itemsets_prepare(cm_context *ctx, cm_market *market, const cm_mining *how);
cm_status cm_itemsets_find(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_itemsets *out);
void cm_itemsets_clear(cm_core *core, cm_itemsets *sets);
/* The place of a set (items rising) in its level; UINT64_MAX: it is not there. O(log count). */
uint64_t cm_level_find(const cm_level *level, uint64_t length, const uint32_t *items);

/* Sets and rules ready to be shown. A set is known by its number: those of shorter levels come first, so that the
 * numbers of single items are the items' own. */
#define CM_NO_SET UINT32_MAX /* the set without items, as an antecedent */
typedef struct cm_rule {
    uint32_t set, antecedent, consequent; /* numbers of itemsets */
    double adjusted;                      /* Fisher's p, adjusted for all rules tested; where that was asked for */
} cm_rule;

/* Customers of the baskets of a rule, and the largest share of one of them. */
typedef struct cm_rule_customers {
    uint64_t customers;
    double largest_share;
} cm_rule_customers;

/* A rule on baskets kept aside. */
typedef struct cm_rule_check {
    uint64_t left, right, both;
} cm_rule_check;

typedef struct cm_rulebook {
    const cm_market *market;
    const cm_itemsets *sets;
    uint64_t *bases;  /* number of the first set of each level, and the total: longest + 1 */
    uint64_t *counts; /* baskets, or their weights, by set */
    uint32_t *lengths;/* items, by set */
    uint32_t **ordered; /* by level: the items of its sets, in byte order of their texts */
    uint32_t *room;   /* for these; NULL: the levels' own are in that order */
    uint64_t *starts; /* of a level's first set in `room` and `parts`: longest + 1 */
    uint32_t *parts;  /* by set and item as the level has them: the number of the set without that item */
    uint32_t *places; /* of the sets in byte order of their items' texts */
    bool empty;       /* rules without antecedent are wanted, too */
    cm_rule *rules;
    uint64_t rule_count, rule_capacity;
    uint64_t tested;              /* rules whose significance was tested; 0: none was */
    cm_rule_customers *customers; /* by rule; NULL: customers are unknown */
    cm_rule_check *checks;        /* by rule; NULL: no baskets were kept aside */
    uint64_t kept_aside;          /* baskets */
    uint64_t weight_aside;        /* of them */
    const cm_table *names;        /* item, name ...; NULL: there are none */
    cm_text *name_of;             /* by item; data NULL: none */
} cm_rulebook;

/* `link`: the sets, all frequent ones, stay as they lie, and are linked; else their items are ordered where they
 * lie. */
cm_status cm_rulebook_open(cm_context *ctx, const cm_market *market, const cm_itemsets *sets, bool link,
                           cm_rulebook *out);
/* Fills `parts`, which rules need. */
cm_status cm_rulebook_link(cm_context *ctx, cm_rulebook *book);
void cm_rulebook_close(cm_core *core, cm_rulebook *book);
/* CM_NO_SET has no items. */
static inline uint64_t cm_rulebook_length(const cm_rulebook *book, uint64_t set) {
    return set == CM_NO_SET ? 0 : book->lengths[set];
}
/* In byte order of the texts. */
static inline const uint32_t *cm_rulebook_items(const cm_rulebook *book, uint64_t set) {
    if (set == CM_NO_SET) return NULL;
    uint64_t length = book->lengths[set];
    return book->ordered[length - 1] + (set - book->bases[length - 1]) * length;
}
static inline cm_counts cm_rulebook_counts(const cm_rulebook *book, const cm_rule *rule) {
    uint64_t all = book->market->total;
    uint64_t left = rule->antecedent == CM_NO_SET ? all : book->counts[rule->antecedent];
    return (cm_counts){all, left, book->counts[rule->consequent], book->counts[rule->set]};
}

/* The rules that hold, in their order. */
cm_status cm_rulebook_make(cm_context *ctx, cm_rulebook *book, const cm_options *options, const cm_topic *topic);

/* Every rule of every set (deriving.c): those whose items are allowed on their sides, with consequents of at most
 * `most` items. Rules of shorter sets come first; the order is always the same. */
typedef struct cm_derived {
    cm_rule rule;
    uint64_t length, index; /* of the set and within its level */
    uint32_t chosen;        /* bit i: the i-th item, as the level has them, is in the consequent */
} cm_derived;
typedef cm_status (*cm_derive_visit)(cm_context *ctx, void *user, const cm_derived *one);
cm_status cm_derive(cm_context *ctx, const cm_rulebook *book, uint64_t most, cm_derive_visit visit, void *user);

/* By rule as cm_derive comes to them: Fisher's p, adjusted over all of them. */
cm_status cm_significance(cm_context *ctx, const cm_rulebook *book, uint64_t most, int32_t adjustment, double **out,
                          uint64_t *count);
/* Takes out the rules that a more general one makes needless: the same consequent, fewer antecedents, no less
 * confidence. */
cm_status cm_drop_redundant(cm_context *ctx, cm_rulebook *book, uint64_t most);

/* Customers of each rule; NULL where customers are unknown. Takes out the rules with fewer than `least`. */
cm_status cm_rules_customers(cm_context *ctx, cm_rulebook *book, uint64_t least);
bool cm_market_has_customers(const cm_market *market); /* whether there is a column of them */
/* The baskets (numbers, rising) that have all of `count` items, into room for those of the rarest. */
uint64_t cm_market_with_all(const cm_market *market, const uint32_t *items, uint64_t count, uint32_t *baskets);

/* Each rule counted on baskets kept aside (validate.c). */
cm_status cm_rules_check(cm_context *ctx, cm_rulebook *book, const cm_inputs *aside, const cm_options *options,
                         const cm_topic *topic);

/* The rules of the model as a recommender (trial.c). */
cm_status cm_rules_try(cm_context *ctx, cm_model *model, const cm_market *market, const cm_inputs *aside,
                       uint64_t most, cm_table **out);

/* The tables of the model. */
cm_status cm_rules_table(cm_context *ctx, const cm_rulebook *book, const cm_options *options, const cm_topic *topic,
                         cm_table **out);
cm_status cm_itemsets_table(cm_context *ctx, const cm_rulebook *book, int32_t which, cm_table **out);
cm_status cm_key_items_table(cm_context *ctx, const cm_rulebook *book, cm_table **out);
cm_status cm_items_table(cm_context *ctx, const cm_rulebook *book, uint64_t count, cm_table **out);

/* The compiled model and what it recommends. */
cm_status cm_rules_compile(cm_context *ctx, const cm_model *model, void **compiled);
void cm_rules_discard(cm_core *core, void *compiled);
cm_status cm_rules_listen(cm_context *ctx, const cm_model *model, void **listener);
void cm_rules_leave(cm_core *core, void *listener);
void cm_rules_answer(void *listener, const cm_cell *in, uint64_t in_count, cm_cell *out, uint64_t out_count);
cm_status cm_rules_apply(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table **out);

#endif
