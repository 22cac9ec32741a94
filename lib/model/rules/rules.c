/* Association rules: what is bought together (R. Agrawal and R. Srikant, "Fast algorithms for mining association
 * rules", Proc. 20th VLDB, 1994, pp. 487-499; leverage: G. Piatetsky-Shapiro, "Discovery, analysis, and presentation of
 * strong rules", 1991; conviction: S. Brin, R. Motwani, J. D. Ullman and S. Tsur, "Dynamic itemset counting and
 * implication rules for market basket data", SIGMOD 1997, doi:10.1145/253260.253325; closed sets: N. Pasquier et al.,
 * "Discovering frequent closed itemsets", ICDT 1999, doi:10.1007/3-540-49257-7_25).
 *
 * The idea: an itemset is frequent if enough baskets have all its items, and no part of a frequent set is rare
 * (miner_frequent.c tells how they are found). From each frequent set follow the rules that have one of its items as
 * consequent and the others as antecedent; those of enough confidence and lift are kept. Cost: that of the frequent
 * sets, and a search for each rule.
 *
 * Different here: support, confidence and all measures come from whole counts, a share being the smallest count that
 * reaches it; the support can be found (auto); rules say how many customers they rest on. Baskets are sets: an item
 * twice in one counts once. */
#include "model/rules/rules.h"

#include <string.h>

#include "base/adjust.h"
#include "base/number.h"
#include "model/baskets/names.h"

static const cm_option_spec options[] = {
    {"support", "auto", NULL,
     "least support: a count, a share (0.01, 1%), auto: from 20 baskets up to 1000 itemsets, top: as the best rules "
     "need",
     0, 0, CM_OPTION_TEXT},
    {"confidence", "0.3", NULL, "least confidence of a rule", 0, 1, CM_OPTION_NUMBER},
    {"lift", "1", NULL, "least lift of a rule", 0, 1e300, CM_OPTION_NUMBER},
    {"max_length", "0", NULL, "most items of an itemset, and so of a rule with both sides; 0: any number", 0, 1e9,
     CM_OPTION_INT},
    {"itemsets", "frequent", "frequent|closed|maximal", "which ones the table itemsets has", 0, 0, CM_OPTION_CHOICE},
    {"algorithm", "auto", "auto|apriori|eclat", "how itemsets are found; all find the same", 0, 0, CM_OPTION_CHOICE},
    {"deliver", "rules", "rules|itemsets|counts",
     "rules with itemsets, itemsets alone, or how many there are of each length", 0, 0, CM_OPTION_CHOICE},
    {"allow_partial", "false", NULL, "at a limit of memory or time: what was found, and its lowest complete support", 0,
     0, CM_OPTION_SWITCH},
    {"top", "0", NULL, "most rules, the first in order; 0: any number", 0, 1e15, CM_OPTION_INT},
    {"by", "leverage", CM_MEASURE_NAMES, "measure that orders the rules", 0, 0, CM_OPTION_CHOICE},
    {"measures", NULL, NULL, "more measures to show: names as of the option by, or all", 0, 0, CM_OPTION_LIST},
    {"where", NULL, NULL, "conditions on any measure, such as phi>=0.1 or fisher_p<0.01", 0, 0, CM_OPTION_LIST},
    {"max_consequent", "1", NULL, "most items of a consequent", 1, 32, CM_OPTION_INT},
    {"empty_antecedent", "false", NULL, "also rules without antecedent: how often each item is bought at all", 0, 0,
     CM_OPTION_SWITCH},
    {"no_redundant", "false", NULL, "leaves out a rule where fewer antecedents give no less confidence", 0, 0,
     CM_OPTION_SWITCH},
    {"significance", "0", NULL, "most adjusted p by Fisher's exact test; 0: no test", 0, 1, CM_OPTION_NUMBER},
    {"adjust", "holm", CM_ADJUST_CHOICES, "for all rules of enough support, before any other filter", 0, 0,
     CM_OPTION_CHOICE},
    {"interval", "0", NULL, "confidence with its interval (Wilson) of this probability, 0.95; 0: none", 0, 0.999999,
     CM_OPTION_NUMBER},
    {"min_customers", "0", NULL, "least customers behind a rule", 0, 1e15, CM_OPTION_INT},
    {"validate", "0", NULL, "share of the baskets kept aside, on which the rules are counted again; 0: none", 0, 0.9,
     CM_OPTION_NUMBER},
    {"recommend", "10", NULL, "items recommended to each basket kept aside, to see how many it has", 1, 1e6,
     CM_OPTION_INT},
    {"validate_by", "hash", "hash|date", "which are kept aside: a stable hash of their ids decides, or the last", 0, 0,
     CM_OPTION_CHOICE},
    {"include", NULL, NULL, "only these items are looked at", 0, 0, CM_OPTION_LIST},
    {"exclude", NULL, NULL, "these items are not looked at", 0, 0, CM_OPTION_LIST},
    {"left", NULL, NULL, "antecedents have these items alone", 0, 0, CM_OPTION_LIST},
    {"right", NULL, NULL, "consequents are of these items", 0, 0, CM_OPTION_LIST},
    {0},
};

static const cm_input_spec inputs[] = {
    {"items", NULL, "the items of a basket", CM_LIST},
    {0},
};

static const cm_output_spec outputs[] = {
    {"rules", "antecedent", "items that are bought; none: any basket", CM_LIST, true, false},
    {"rules", "consequent", "the item bought with them", CM_LIST, true, false},
    {"rules", "count", "baskets with all of them", CM_INT64, true, false},
    {"rules", "support", "count as a share of all baskets", CM_FLOAT64, true, false},
    {"rules", "confidence", "count as a share of the baskets with the antecedent", CM_FLOAT64, true, false},
    {"rules", "lift", "confidence over the consequent's support", CM_FLOAT64, true, false},
    {"rules", "leverage", "support above what chance would give", CM_FLOAT64, true, false},
    {"rules", "conviction", "how much rarer the consequent fails than by chance; absent where it never fails",
     CM_FLOAT64, true, false},
    {"rules", "antecedent_name", "names of the items, or codes where they have none; with names alone", CM_LIST, true,
     false},
    {"rules", "consequent_name", "name of the consequent, or its code where it has none", CM_LIST, true, false},
    {"rules", "customers", "that have such a basket; where customers are known", CM_INT64, true, false},
    {"rules", "largest_share", "of the rule's baskets by one customer", CM_FLOAT64, true, false},
    {"rules", "coverage", "support of the antecedent; this and the next on request (measures)", CM_FLOAT64, true,
     false},
    {"rules", "cosine", "count over the geometric mean of both sides' counts", CM_FLOAT64, true, false},
    {"rules", "jaccard", "count as a share of the baskets with either side", CM_FLOAT64, true, false},
    {"rules", "kulczynski", "mean of the confidences in both directions", CM_FLOAT64, true, false},
    {"rules", "imbalance_ratio", "how much more frequent one side is than the other, 0 to 1", CM_FLOAT64, true, false},
    {"rules", "all_confidence", "the smaller of the confidences in both directions", CM_FLOAT64, true, false},
    {"rules", "max_confidence", "the larger one", CM_FLOAT64, true, false},
    {"rules", "odds_ratio", "odds of the consequent with the antecedent over those without; absent without bound",
     CM_FLOAT64, true, false},
    {"rules", "phi", "correlation of the two sides, -1 to 1", CM_FLOAT64, true, false},
    {"rules", "chi_squared", "Pearson's statistic of independence, one degree of freedom", CM_FLOAT64, true, false},
    {"rules", "certainty_factor", "share of the doubt that the antecedent removes, -1 to 1", CM_FLOAT64, true, false},
    {"rules", "zhang", "Zhang's measure, -1 to 1", CM_FLOAT64, true, false},
    {"rules", "fisher_p", "probability of so large a count, or a larger one, by chance", CM_FLOAT64, true, false},
    {"rules", "confidence_low", "interval of the confidence; on request (interval)", CM_FLOAT64, true, false},
    {"rules", "confidence_high", "its upper end", CM_FLOAT64, true, false},
    {"rules", "p_adjusted", "fisher_p for so many tests; on request (significance)", CM_FLOAT64, true, false},
    {"rules", "rules_tested", "all of enough support, before any other filter", CM_INT64, true, false},
    {"rules", "holdout_count", "count on the baskets kept aside; on request (validate)", CM_INT64, true, false},
    {"rules", "holdout_support", "support there", CM_FLOAT64, true, false},
    {"rules", "holdout_confidence", "confidence there; absent where the antecedent is in none", CM_FLOAT64, true,
     false},
    {"rules", "holdout_lift", "lift there; absent where a side is in none", CM_FLOAT64, true, false},
    {"itemsets", "items", "the set", CM_LIST, true, false},
    {"itemsets", "length", "its items", CM_INT64, true, false},
    {"itemsets", "count", "baskets with all of them", CM_INT64, true, false},
    {"itemsets", "support", "count as a share of all baskets", CM_FLOAT64, true, false},
    {"lengths", "length", "items of an itemset", CM_INT64, true, false},
    {"lengths", "itemsets", "how many there are", CM_INT64, true, false},
    {"key_items", "item", "an item of rules, those of most rules first", CM_STRING, true, false},
    {"key_items", "name", "its name; with names alone", CM_STRING, true, false},
    {"key_items", "group", "what it belongs to; with the option group of baskets", CM_STRING, true, false},
    {"key_items", "money", "that it brings, refunds as asked; this and the next with the option key_items of baskets",
     CM_DECIMAL, true, false},
    {"key_items", "rank_money", "place by money", CM_INT64, true, false},
    {"key_items", "cumulative_share", "of all items' money, by this one and those before it", CM_FLOAT64, true, false},
    {"key_items", "buyers", "customers who bought it", CM_INT64, true, false},
    {"key_items", "rank_buyers", "place by buyers", CM_INT64, true, false},
    {"key_items", "repeaters", "buyers who bought it twice or more, on different invoices", CM_INT64, true, false},
    {"key_items", "repeat_rate", "their share of the buyers", CM_FLOAT64, true, false},
    {"key_items", "index", "best customers among its buyers, 100: as among all customers", CM_FLOAT64, true, false},
    {"key_items", "best_buyers", "buyers among the best customers (option best of baskets)", CM_INT64, true, false},
    {"key_items", "best_repeaters", "of these, who bought it twice or more", CM_INT64, true, false},
    {"key_items", "dependent_money", "all money of these", CM_DECIMAL, true, false},
    {"key_items", "rules", "that have it", CM_INT64, true, false},
    {"key_items", "antecedents", "of these, with the item on the left", CM_INT64, true, false},
    {"key_items", "consequents", "and on the right", CM_INT64, true, false},
    {"key_items", "mean_lift", "of these rules", CM_FLOAT64, true, false},
    {"evaluation", "recommender", "rules, and popularity: the most frequent items to everybody; on request (validate)",
     CM_STRING, true, false},
    {"evaluation", "baskets", "kept aside with two items or more; half of each was hidden", CM_INT64, true, false},
    {"evaluation", "n", "items recommended to each", CM_INT64, true, false},
    {"evaluation", "hit_rate", "share of the baskets of which a hidden item was recommended", CM_FLOAT64, true, false},
    {"evaluation", "precision", "share of the n that were hidden items, on average", CM_FLOAT64, true, false},
    {"evaluation", "recall", "share of the hidden items that were recommended, on average", CM_FLOAT64, true, false},
    {"evaluation", "coverage", "share of the frequent items that were recommended to some basket", CM_FLOAT64, true,
     false},
    {"concentration", "group", "absent: all items; with key items alone", CM_STRING, true, false},
    {"concentration", "items", "that were bought", CM_INT64, true, false},
    {"concentration", "money", "that they bring", CM_DECIMAL, true, false},
    {"concentration", "items_80", "the fewest that bring 80% of it", CM_INT64, true, false},
    {"concentration", "share_80", "their share of the items", CM_FLOAT64, true, false},
    {"items", "item", "a frequent item, the most frequent first", CM_STRING, true, false},
    {"items", "name", "its name; with names alone", CM_STRING, true, false},
    {"items", "count", "baskets that have it", CM_INT64, true, false},
    {"items", "support", "count as a share of all baskets", CM_FLOAT64, true, false},
    {"diagnostics", "name",
     "baskets, items, frequent_items, support_chosen, least_count, support, itemsets, longest, rules, rules_tested, "
     "baskets_kept_aside, truncated, complete_from (baskets down to which all itemsets are there), algorithm",
     CM_STRING, true, false},
    {"diagnostics", "value", "its value", CM_FLOAT64, true, false},
    {"diagnostics", "note", "which algorithm, and why", CM_STRING, true, false},
    {"recommendations", "basket", "its id, or the number of its row", CM_STRING, false, true},
    {"recommendations", "item", "consequent of a rule whose antecedent the basket has, not in it yet", CM_STRING, false,
     true},
    {"recommendations", "confidence", "of the best such rule", CM_FLOAT64, false, true},
    {"recommendations", "lift", "of that rule", CM_FLOAT64, false, true},
    {"recommendations", "count", "of that rule", CM_INT64, false, true},
    {"recommendations", "antecedent", "its items, all in the basket", CM_LIST, false, true},
    {0},
};

/* ---- support ---- */

#define AUTO_LEAST UINT64_C(20)
#define AUTO_MOST UINT64_C(1000)

/* The smallest count that is at least this share of n. */
static uint64_t count_of_share(double share, uint64_t n) {
    double guess = share * (double)n;
    uint64_t count = guess >= (double)n ? n : (uint64_t)guess;
    while (count > 0 && (double)(count - 1) / (double)n >= share) count--;
    while ((double)count / (double)n < share) count++;
    return count;
}

/* *least is 0 for auto and top. */
static cm_status read_support(cm_context *ctx, const char *text, uint64_t baskets, uint64_t *least) {
    uint64_t length = strlen(text);
    bool percent = length > 1 && text[length - 1] == '%', share = percent || strchr(text, '.');
    int64_t count;
    double value;
    *least = 0;
    if (!strcmp(text, "auto") || !strcmp(text, "top")) return CM_OK;
    if (!share) {
        if (!cm_parse_int(text, length, &count) || count < 0)
            return cm_fail(ctx, CM_E_OPTION, "RULES_SUPPORT", "s", text);
        *least = (uint64_t)count;
        return count ? CM_OK : cm_fail(ctx, CM_E_OPTION, "RULES_SUPPORT_LOW", "su", text, baskets);
    }
    if (!cm_parse_double(text, length - percent, &value)) return cm_fail(ctx, CM_E_OPTION, "RULES_SUPPORT", "s", text);
    if (percent) value /= 100;
    if (!(value > 0 && value <= 1)) return cm_fail(ctx, CM_E_OPTION, "RULES_SUPPORT", "s", text);
    if (value < 1 / (double)baskets) return cm_fail(ctx, CM_E_OPTION, "RULES_SUPPORT_LOW", "su", text, baskets);
    *least = count_of_share(value, baskets);
    return CM_OK;
}

/* The lowest count from AUTO_LEAST on that gives at most AUTO_MOST itemsets: the fewer the higher the count, so by
 * halving. */
static cm_status choose_support(cm_context *ctx, const cm_market *market, uint64_t max_length, uint64_t *least) {
    uint64_t low = AUTO_LEAST, high = (market->count ? cm_market_frequency(market, 0) : 0) + 1, try = low;
    cm_status status = CM_OK;
    if (high < low) high = low;
    while (low < high && !status) {
        const cm_mining how = {.least = try, .max_length = max_length, .most = AUTO_MOST, .count_only = true};
        cm_itemsets sets;
        status = cm_itemsets_find(ctx, market, &how, &sets);
        if (status) break;
        bool exceeded = sets.exceeded;
        cm_itemsets_clear(ctx->core, &sets);
        if (exceeded)
            low = try + 1;
        else
            high = try;
        try = low + (high - low) / 2;
    }
    *least = low;
    return status;
}

/* ---- fit ---- */

/* What was asked for and what came of it. */
typedef struct outcome {
    cm_mining how;
    bool chosen;    /* the support */
    bool truncated; /* by a limit */
    bool best;      /* the best rules are sought, at whatever support */
    uint64_t next;  /* count to try next, for there may be better rules of so little support; 0: there are none */
    int32_t deliver;
    const cm_inputs *aside; /* baskets kept aside; NULL: none */
} outcome;
enum { DELIVER_RULES, DELIVER_ITEMSETS, DELIVER_COUNTS };

static const char *note_of(const cm_market *market, const cm_mining *how) {
    double cells = (double)market->item_starts[market->count];
    if (how->algorithm == CM_MINE_APRIORI) return "apriori: as asked for";
    if (how->algorithm == CM_MINE_ECLAT)
        return "eclat: as asked for; bitmaps, lists or diffsets by the density of each class";
    return cells > (double)market->baskets * (double)market->count / 8
               ? "occurrence delivery on arrays: dense baskets, equal ones merged and subsets of ten items counted at "
                 "once"
               : "occurrence delivery on arrays: sparse baskets, few items at once by tables of their subsets";
}

static cm_status diagnostics_table(cm_context *ctx, const cm_rulebook *book, const outcome *what, cm_table **out) {
    const cm_market *market = book->market;
    const cm_mining *how = &what->how;
    const struct {
        const char *name;
        double value;
        const char *note;
    } all[] = {{"baskets", (double)market->baskets, NULL},
               {"items", (double)market->distinct, NULL},
               {"frequent_items", (double)cm_market_frequent(market, how->least), NULL},
               {"support_chosen", what->chosen, NULL},
               {"least_count", (double)how->least, NULL},
               {"support", (double)how->least / (double)market->baskets, NULL},
               {"itemsets", (double)book->sets->total, NULL},
               {"longest", (double)book->sets->longest, NULL},
               {"rules", (double)book->rule_count, NULL},
               {"rules_tested", (double)book->tested, NULL},
               {"baskets_kept_aside", (double)book->kept_aside, NULL},
               {"truncated", book->sets->complete_from > 0, NULL},
               {"complete_from", (double)(book->sets->complete_from ? book->sets->complete_from : how->least), NULL},
               {"algorithm", how->algorithm, note_of(market, how)}};
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "name", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "value", CM_FLOAT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "note", CM_STRING, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < sizeof all / sizeof *all && !status; i++) {
        status = cm_builder_text(ctx, builder, 0, all[i].name, strlen(all[i].name));
        if (!status) status = cm_builder_double(ctx, builder, 1, all[i].value);
        if (!status && all[i].note) status = cm_builder_text(ctx, builder, 2, all[i].note, strlen(all[i].note));
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

static cm_status lengths_table(cm_context *ctx, const cm_itemsets *sets, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "length", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "itemsets", CM_INT64, 0, CM_ROLE_NONE);
    for (uint64_t l = 0; l < sets->longest && !status; l++) {
        status = cm_builder_int(ctx, builder, 0, (int64_t)l + 1);
        if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)sets->levels[l].count);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* Where sets are not delivered the book is empty but for what the lengths say. */
static cm_status put_tables(cm_context *ctx, cm_model *model, const cm_rulebook *book, const cm_itemsets *sets,
                            const cm_options *set, const outcome *what) {
    int32_t which = what->deliver == DELIVER_ITEMSETS ? CM_SETS_FREQUENT : what->how.which;
    uint64_t frequent = cm_market_frequent(book->market, what->how.least);
    cm_table *table = NULL;
    cm_rulebook counted = {.market = book->market, .sets = sets};
    cm_status status =
        cm_model_give(ctx, model, "rules", cm_rules_table(ctx, book, set, &model->method->topic, &table), &table);
    if (!status) status = cm_model_give(ctx, model, "itemsets", cm_itemsets_table(ctx, book, which, &table), &table);
    if (!status) status = cm_model_give(ctx, model, "lengths", lengths_table(ctx, sets, &table), &table);
    if (!status) status = cm_model_give(ctx, model, "key_items", cm_key_items_table(ctx, book, &table), &table);
    cm_table *concentration = cm_table_attachment(book->market->table, "concentration");
    if (!status && concentration) status = cm_model_put(ctx, model, "concentration", concentration);
    if (!status) status = cm_model_give(ctx, model, "items", cm_items_table(ctx, book, frequent, &table), &table);
    if (status) return status;
    const cm_rulebook *told = what->deliver == DELIVER_COUNTS ? &counted : book;
    return cm_model_give(ctx, model, "diagnostics", diagnostics_table(ctx, told, what, &table), &table);
}

/* The best rules of any support are sought, and those of at least how.least baskets are known: whether rules of fewer
 * may be among the best, so that a lower count must be tried (G. I. Webb and S. Zhang, "K-optimal rule discovery", 2005,
 * doi:10.1007/s10618-005-0255-4). */
static uint64_t next_least(const cm_rulebook *book, const cm_options *set, const cm_topic *topic, uint64_t least) {
    const char *name = cm_option_text(set, topic, "by");
    const cm_measure *by = cm_measure_find(name, strlen(name));
    uint64_t top = (uint64_t)cm_option_int(set, topic, "top"), fewer = least - 1;
    const cm_counts ideal = {book->market->baskets, fewer, fewer, fewer};
    if (!fewer) return 0;
    if (book->rule_count >= top && fewer <= ideal.all / 2) {
        cm_counts last = cm_rulebook_counts(book, &book->rules[top - 1]);
        if (by->rises ? by->of(&last) <= by->of(&ideal) : by->of(&last) >= by->of(&ideal)) return 0;
    }
    return (least + 1) / 2 < least ? (least + 1) / 2 : 1;
}

/* The rules and tables of what was found. */
static cm_status make_tables(cm_context *ctx, const cm_market *market, const cm_itemsets *sets, const cm_options *set,
                             outcome *what, cm_model *model) {
    const cm_itemsets none = {0};
    const cm_topic *topic = &model->method->topic;
    cm_rulebook book = {0};
    cm_status status = cm_rulebook_open(ctx, market, what->deliver == DELIVER_COUNTS ? &none : sets, &book);
    if (!status)
        status = cm_baskets_names(ctx, market->table, market->column, market->codes, market->count, &book.name_of);
    if (!status && what->deliver == DELIVER_RULES) {
        status = cm_rulebook_link(ctx, &book);
        if (!status) status = cm_rulebook_make(ctx, &book, set, topic);
        if (!status && what->best) what->next = next_least(&book, set, topic, what->how.least);
        if (!status && what->aside && !what->next) status = cm_rules_check(ctx, &book, what->aside, set, topic);
    }
    if (!status && !what->next) status = put_tables(ctx, model, &book, sets, set, what);
    if (!status && !what->next && what->aside && what->deliver == DELIVER_RULES) {
        uint64_t most = (uint64_t)cm_option_int(set, topic, "recommend");
        cm_table *table = NULL;
        status = cm_model_give(ctx, model, "evaluation", cm_rules_try(ctx, model, market, what->aside, most, &table),
                               &table);
    }
    cm_rulebook_close(ctx->core, &book);
    return status;
}

static cm_mining sought(const outcome *what) {
    cm_mining how = what->how;
    if (what->deliver == DELIVER_RULES) how.which = CM_SETS_FREQUENT; /* rules need them all */
    return how;
}

static cm_status mine_and_tell(cm_context *ctx, const cm_market *market, const cm_options *set, outcome *what,
                               cm_model *model) {
    cm_itemsets sets = {0};
    int64_t deadline = what->how.room ? cm_deadline_share(ctx, 0.1) : ctx->deadline;
    const cm_mining how = sought(what);
    cm_status status = cm_itemsets_find(ctx, market, &how, &sets);
    ctx->deadline = deadline;
    what->truncated = !status && sets.complete_from > 0;
    if (!status) status = make_tables(ctx, market, &sets, set, what, model);
    cm_itemsets_clear(ctx->core, &sets);
    return status;
}

#define FIRST_ROOM (UINT64_C(128) << 10) /* bytes of sets */
#define LEAST_ROOM UINT64_C(64)

/* A model of what fits into what->how.room, compiled, in half of the time that is left. */
static cm_status attempt(cm_context *ctx, const cm_market *market, const cm_options *set, outcome *what,
                         const cm_method *method, cm_model **out) {
    cm_model *model = NULL;
    int64_t deadline = cm_deadline_share(ctx, 0.5);
    cm_status status = cm_model_make(ctx, method, &model);
    if (!status) status = mine_and_tell(ctx, market, set, what, model);
    if (!status) status = cm_model_compile(ctx, model);
    ctx->deadline = deadline;
    if (status)
        cm_model_free(model);
    else
        *out = model;
    return status;
}

/* Moves what `from` has into `to`. */
static cm_status take_over(cm_context *ctx, cm_model *to, cm_model *from) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < from->count && !status; i++)
        status = cm_model_put(ctx, to, from->parts[i].name, from->parts[i].table);
    to->compiled = from->compiled;
    from->compiled = NULL;
    return status;
}

/* What is found must leave room and time for its rules and tables, which nobody knows beforehand: attempts with four
 * times the room of the one before, as long as they succeed; with a quarter until the first does. The last counts. */
static cm_status mine_within_limits(cm_context *ctx, const cm_market *market, const cm_options *set, outcome *what,
                                    cm_model *model) {
    bool limited = ctx->settings.memory_limit || ctx->settings.time_limit > 0, ended = false, shrinks = false;
    uint64_t most = ctx->settings.memory_limit ? ctx->settings.memory_limit / 8 : UINT64_MAX / 8;
    cm_model *best = NULL;
    cm_status status = CM_OK;
    what->how.room = limited && FIRST_ROOM < most ? FIRST_ROOM : most;
    while (!ended) {
        cm_model *next = NULL;
        status = attempt(ctx, market, set, what, model->method, &next);
        shrinks = status == CM_E_LIMIT && !best;
        ended = status ? !shrinks || what->how.room / 4 < LEAST_ROOM : !what->truncated || what->how.room >= most;
        if (!status) {
            cm_model_free(best);
            best = next;
        }
        if (shrinks) most = what->how.room / 4;
        what->how.room = shrinks || what->how.room > most / 4 ? most : 4 * what->how.room;
    }
    if (best && status == CM_E_LIMIT) cm_error_clear(&ctx->error);
    if (best && (!status || status == CM_E_LIMIT)) status = take_over(ctx, model, best);
    cm_model_free(best);
    return status;
}

/* Names of measures are checked before the work is done. */
static cm_status check_measures(cm_context *ctx, const cm_options *set, const cm_topic *topic) {
    const char *const *names;
    uint64_t count = cm_option_list(set, topic, "measures", &names);
    for (uint64_t i = 0; i < count; i++)
        if (strcmp(names[i], "all") != 0 && !cm_measure_find(names[i], strlen(names[i])))
            return cm_fail(ctx, CM_E_OPTION, "RULES_MEASURE", "s", names[i]);
    return CM_OK;
}

static cm_status mine_once(cm_context *ctx, const cm_inputs *in, const cm_options *set, outcome *what,
                           cm_model *model) {
    const cm_topic *topic = &model->method->topic;
    cm_mining *how = &what->how;
    cm_market market = {0};
    cm_status status = cm_market_open(ctx, in, set, topic, &market);
    how->least = what->next;
    if (!status && !how->least)
        status = read_support(ctx, cm_option_text(set, topic, "support"), market.baskets, &how->least);
    bool choose = !how->least;
    what->chosen |= choose;
    what->next = 0;
    if (!status) status = cm_market_index(ctx, &market, choose ? AUTO_LEAST : how->least);
    cm_mining how_first = sought(what);
    if (!status) status = cm_itemsets_prepare(ctx, &market, &how_first);
    if (!status && what->deliver == DELIVER_RULES && cm_market_has_customers(&market))
        status = cm_market_turn(ctx, &market);
    if (!status && choose) status = choose_support(ctx, &market, how->max_length, &how->least);
    if (!status)
        status = cm_option_int(set, topic, "allow_partial") ? mine_within_limits(ctx, &market, set, what, model)
                                                            : mine_and_tell(ctx, &market, set, what, model);
    cm_market_close(ctx->core, &market);
    return status;
}

static cm_status mine(cm_context *ctx, const cm_inputs *in, const cm_inputs *aside, const cm_options *set,
                      cm_model *model) {
    const cm_topic *topic = &model->method->topic;
    const char *by = cm_option_text(set, topic, "by");
    outcome what = {.deliver = cm_option_choice(set, topic, "deliver"), .aside = aside};
    what.how.max_length = (uint64_t)cm_option_int(set, topic, "max_length");
    what.how.algorithm = cm_option_choice(set, topic, "algorithm");
    what.how.which = cm_option_choice(set, topic, "itemsets");
    what.how.count_only = what.deliver == DELIVER_COUNTS;
    what.best = !strcmp(cm_option_text(set, topic, "support"), "top");
    if (what.best
        && (!cm_option_int(set, topic, "top") || !cm_measure_find(by, strlen(by))->bounded
            || what.deliver != DELIVER_RULES))
        return cm_fail(ctx, CM_E_OPTION, "RULES_TOP", "s", by);
    if (what.best && cm_option_int(set, topic, "allow_partial"))
        return cm_fail(ctx, CM_E_OPTION, "RULES_TOP_PARTIAL", "");
    cm_status status;
    do status = mine_once(ctx, in, set, &what, model);
    while (!status && what.next);
    return status;
}

static cm_status fit(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model) {
    const cm_topic *topic = &model->method->topic;
    double share = cm_option_number(set, topic, "validate");
    cm_split split = {0};
    cm_status status = check_measures(ctx, set, topic);
    if (!status && share == 0) return mine(ctx, in, NULL, set, model);
    if (!status) status = cm_split_open(ctx, in, share, cm_option_choice(set, topic, "validate_by") == 1, &split);
    if (!status) status = mine(ctx, &split.kept, &split.aside, set, model);
    cm_split_close(ctx->core, &split);
    return status;
}

extern const cm_method cm_rules_method;
const cm_method cm_rules_method = {
    .topic = {"rules", "what is bought together: association rules", options},
    .input = CM_INPUT_BASKETS,
    .incomplete = "no items",
    .inputs = inputs,
    .outputs = outputs,
    .fit = fit,
    .compile = cm_rules_compile,
    .discard = cm_rules_discard,
    .apply = cm_rules_apply,
    .answer_cells = 4,
    .listen = cm_rules_listen,
    .leave = cm_rules_leave,
    .answer = cm_rules_answer,
};
