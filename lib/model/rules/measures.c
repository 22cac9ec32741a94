/* The measures of a rule, each from the four counts of its table:
 *
 *                    consequent   not
 *     antecedent     both         left - both
 *     not            right - both all - left - right + both
 *
 * Counts are whole, also those of weights with decimals: their unit falls out of every measure but the statistics of
 * tests, which are for whole weights alone. Products of two, and the departure from independence
 * D = both * all - left * right, are exact in 128 bits; a measure is then one division, the same on every machine.
 *
 * At the edges: a rule has at least one basket, so that no share has an empty whole. Where D = 0 (a side that is in
 * every basket, for one) nothing departs from chance: leverage, phi, chi-squared, certainty and Zhang's measure are 0,
 * lift and the odds ratio 1, also where their formulas have 0 / 0. Conviction is unbounded where the confidence is 1,
 * the odds ratio where D > 0 and a cell off the diagonal is empty: they are INFINITY here and absent in tables.
 *
 * An overview: P.-N. Tan, V. Kumar and J. Srivastava, "Selecting the right objective measure for association analysis",
 * Information Systems 29 (2004), doi:10.1016/S0306-4379(03)00072-3; M. Hahsler, "A probabilistic comparison of commonly
 * used interest measures for association rules", 2015. */
#include "model/rules/measures.h"

#include <math.h>
#include <string.h>

#include "base/fisher.h"

__extension__ typedef __int128 wide;

/* Numbers of 64 bits need no help to become doubles. */
static double ratio(wide above, wide below) {
    int64_t a = (int64_t)above, b = (int64_t)below;
    return a == above && b == below ? (double)a / (double)b : (double)above / (double)below;
}

static double share(uint64_t part, uint64_t whole) {
    return (double)part / (double)whole;
}

/* D, at most all^2 / 4 either way. */
static wide departure(const cm_counts *c) {
    return (wide)c->both * (wide)c->all - (wide)c->left * (wide)c->right;
}

static double count(const cm_counts *c) {
    return (double)c->both;
}

/* Agrawal, Imielinski and Swami 1993, doi:10.1145/170035.170072: support and confidence. */
static double support(const cm_counts *c) {
    return share(c->both, c->all);
}

static double confidence(const cm_counts *c) {
    return cm_confidence(c->both, c->left);
}

/* Brin, Motwani, Ullman and Tsur 1997, doi:10.1145/253260.253325, who call it interest; and conviction. */
static double lift(const cm_counts *c) {
    return ratio((wide)c->both * (wide)c->all, (wide)c->left * (wide)c->right);
}

static double conviction(const cm_counts *c) {
    if (c->left == c->both) return (double)INFINITY;
    return ratio((wide)(c->all - c->right) * (wide)c->left, (wide)c->all * (wide)(c->left - c->both));
}

/* Piatetsky-Shapiro 1991, "Discovery, analysis, and presentation of strong rules". */
static double leverage(const cm_counts *c) {
    return ratio(departure(c), (wide)c->all * (wide)c->all);
}

/* The antecedent's support: how often the rule can be used. */
static double coverage(const cm_counts *c) {
    return share(c->left, c->all);
}

/* The next five do not depend on the baskets with neither side: Wu, Chen and Han 2010, "Re-examination of
 * interestingness measures in pattern mining", doi:10.1007/s10618-009-0161-2. */
static double cosine(const cm_counts *c) {
    return (double)c->both / sqrt((double)((wide)c->left * (wide)c->right));
}

/* Jaccard 1901, "Etude comparative de la distribution florale". */
static double jaccard(const cm_counts *c) {
    return share(c->both, c->left + c->right - c->both);
}

/* Kulczynski 1927: the mean of the two confidences. */
static double kulczynski(const cm_counts *c) {
    return ratio((wide)c->both * (wide)(c->left + c->right), 2 * (wide)c->left * (wide)c->right);
}

static double imbalance_ratio(const cm_counts *c) {
    uint64_t apart = c->left > c->right ? c->left - c->right : c->right - c->left;
    return share(apart, c->left + c->right - c->both);
}

/* Omiecinski 2003, "Alternative interest measures for mining associations in databases",
 * doi:10.1109/TKDE.2003.1161582: the smaller and the larger of the two confidences. */
static double all_confidence(const cm_counts *c) {
    return share(c->both, c->left > c->right ? c->left : c->right);
}

static double max_confidence(const cm_counts *c) {
    return share(c->both, c->left < c->right ? c->left : c->right);
}

/* Cornfield 1951, doi:10.1093/jnci/11.6.1269. */
static double odds_ratio(const cm_counts *c) {
    wide off = (wide)(c->left - c->both) * (wide)(c->right - c->both);
    if (departure(c) == 0) return 1;
    if (off == 0) return (double)INFINITY;
    return ratio((wide)c->both * (wide)(c->all + c->both - c->left - c->right), off);
}

/* Exact before it is rounded wherever the counts are below 2^32. */
static double product(wide a, wide b) {
    bool fits = !(a >> 63) && !(b >> 63);
    return fits ? (double)(a * b) : (double)a * (double)b;
}

/* left (all - left) right (all - right). */
static double spread(const cm_counts *c) {
    return product((wide)c->left * (wide)(c->all - c->left), (wide)c->right * (wide)(c->all - c->right));
}

/* Pearson's correlation of the two sides: Yule 1912, doi:10.2307/2340126. */
static double phi(const cm_counts *c) {
    wide apart = departure(c);
    return apart == 0 ? 0 : (double)apart / sqrt(spread(c));
}

/* Pearson 1900, doi:10.1080/14786440009463897, without continuity correction; for rules: Brin, Motwani and Silverstein
 * 1997, doi:10.1145/253260.253327. */
static double chi_squared(const cm_counts *c) {
    wide apart = departure(c) < 0 ? -departure(c) : departure(c);
    return apart == 0 ? 0 : (double)c->all * (product(apart, apart) / spread(c));
}

/* Shortliffe and Buchanan 1975, doi:10.1016/0025-5564(75)90047-4; for rules: Berzal, Blanco, Sanchez and Vila 2002,
 * "Measuring the accuracy and interest of association rules". */
static double certainty_factor(const cm_counts *c) {
    wide apart = departure(c);
    if (apart == 0) return 0;
    return apart > 0 ? ratio(apart, (wide)c->left * (wide)(c->all - c->right))
                     : ratio(apart, (wide)c->left * (wide)c->right);
}

/* Zhang 2000, "Association rules", PAKDD, doi:10.1007/3-540-45571-X_31. */
static double zhang(const cm_counts *c) {
    wide apart = departure(c);
    if (apart == 0) return 0;
    wide for_it = (wide)c->both * (wide)(c->all - c->left), against = (wide)c->left * (wide)(c->right - c->both);
    return ratio(apart, for_it > against ? for_it : against);
}

/* Fisher 1922, doi:10.2307/2340521: how likely so many baskets with both sides, or more, are by chance. */
static double fisher_p(const cm_counts *c) {
    uint64_t more = c->left > c->right ? c->left : c->right; /* the same either way round, to the last bit */
    return cm_hypergeometric_tail(c->all, more, c->left + c->right - more, c->both);
}

/* In the order of their columns; names as in CM_MEASURE_NAMES. */
const cm_measure cm_measures[CM_MEASURES] = {
    {"count", count, false, true, true, false},
    {"support", support, false, true, true, false},
    {"confidence", confidence, false, true, false, false},
    {"lift", lift, false, true, false, false},
    {"leverage", leverage, false, true, true, false},
    {"conviction", conviction, false, true, false, false},
    {"coverage", coverage, false, false, false, false},
    {"cosine", cosine, false, false, false, false},
    {"jaccard", jaccard, false, false, false, false},
    {"kulczynski", kulczynski, false, false, false, false},
    {"imbalance_ratio", imbalance_ratio, true, false, false, false},
    {"all_confidence", all_confidence, false, false, false, false},
    {"max_confidence", max_confidence, false, false, false, false},
    {"odds_ratio", odds_ratio, false, false, false, false},
    {"phi", phi, false, false, false, false},
    {"chi_squared", chi_squared, false, false, false, true},
    {"certainty_factor", certainty_factor, false, false, false, false},
    {"zhang", zhang, false, false, false, false},
    {"fisher_p", fisher_p, true, false, true, true},
};

const cm_measure *cm_measure_find(const char *name, uint64_t length) {
    for (uint64_t i = 0; i < CM_MEASURES; i++)
        if (strlen(cm_measures[i].name) == length && !memcmp(cm_measures[i].name, name, (size_t)length))
            return &cm_measures[i];
    return NULL;
}
