/* Rules ready to be asked: what they recommend to a basket. */
#ifndef CM_MODEL_RULES_ADVICE_H
#define CM_MODEL_RULES_ADVICE_H

#include "model/method.h"

typedef struct cm_advice_rule {
    uint64_t first, length; /* of the antecedent in `antecedents` */
    int32_t consequent;
    int64_t count;
    double confidence, lift;
} cm_advice_rule;

/* A node of the prefix tree, its subtree behind it. Its rules are those behind the node's before it. */
typedef struct cm_advice_node {
    int32_t item;
    uint32_t skip; /* the first node behind its subtree */
    uint32_t end;  /* of its rules in `firings` */
} cm_advice_node;

typedef struct cm_advice {
    cm_dictionary *items; /* of all rules */
    uint64_t item_count;
    cm_advice_rule *rules; /* the best first: by confidence, lift, count, consequent */
    uint64_t rule_count, rule_room;
    int32_t count_type, count_scale; /* of the rules' counts: DECIMAL where they are sums of weights with decimals */
    int32_t *antecedents; /* as the table of rules has them */
    uint64_t antecedent_count, antecedent_capacity;
    cm_advice_node *nodes;
    uint64_t node_count;
    uint32_t *roots; /* by item: its node of the first depth, from 1; 0: none */
    struct cm_advice_firing {
        int32_t consequent;
        uint32_t rule;
    } *firings;
} cm_advice;

/* From the tables of rules and items of a model, which are not to be trusted. */
cm_status cm_advice_open(cm_context *ctx, const cm_model *model, cm_advice **out);
void cm_advice_close(cm_core *core, cm_advice *advice);

/* Who asks, one at a time; no memory is taken but by opening. */
typedef struct cm_asker {
    const cm_advice *advice;
    uint32_t turn;       /* the basket at hand, from 1 */
    uint32_t *here;      /* by item: the turn whose basket has it */
    uint32_t *fired;     /* by item: the turn that recommends it */
    uint32_t *best;      /* by item: the rule that does */
    uint32_t *items;     /* of the basket, each once */
    uint32_t *found;     /* rules, the best first: one for each item that is recommended */
    uint64_t item_count, found_count;
} cm_asker;

cm_status cm_asker_open(cm_context *ctx, const cm_advice *advice, cm_asker *out);
void cm_asker_close(cm_core *core, cm_asker *asker);

/* A new basket; its items, as numbers of the advice's dictionary (negative: in no rule); the answer. */
void cm_asker_begin(cm_asker *asker);
static inline void cm_asker_add(cm_asker *asker, int32_t item) {
    if (item < 0 || asker->here[item] == asker->turn) return;
    asker->here[item] = asker->turn;
    asker->items[asker->item_count++] = (uint32_t)item;
}
void cm_asker_answer(cm_asker *asker);

#endif
