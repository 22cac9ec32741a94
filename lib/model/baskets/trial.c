/* Recommenders tried on baskets kept aside (measures as in J. L. Herlocker et al., "Evaluating collaborative filtering
 * recommender systems", ACM TOIS 22(1), 2004, doi:10.1145/963770.963772).
 *
 * The idea: of each basket half of the items, rounded down, are hidden; which ones a hash of basket and item decides,
 * so that it is the same in every run. The others are shown, and the n items recommended for them are compared with the
 * hidden ones: did any hit (hit rate), what share of the n did (precision), what share of the hidden ones was found
 * (recall), and how many different items were recommended to anybody (coverage). An item that nobody could know counts
 * as hidden, hence as missed. Beside them stands what recommending the most frequent items to everybody would give. */
#include <string.h>

#include "base/hash.h"
#include "base/sort.h"
#include "model/baskets/rows.h"
#include "model/baskets/trial.h"

typedef struct tally {
    double hits, precision, recall;
    uint64_t covered;
    uint8_t *recommended; /* by code */
} tally;

typedef struct trial {
    const cm_inputs *aside;
    const cm_column *items;
    uint64_t most, baskets, longest;
    cm_key *keys;   /* the items of a basket by their hash */
    int32_t *shown; /* as the basket has them */
    int32_t *found;
    uint32_t *last;  /* by code: the basket that had it last, from 1 */
    uint8_t *hidden; /* by code, of the basket at hand */
} trial;

static void close_trial(cm_core *core, trial *own) {
    cm_free(core, own->keys, own->longest, sizeof *own->keys);
    cm_free(core, own->shown, own->longest, sizeof *own->shown);
    cm_free(core, own->found, own->most, sizeof *own->found);
    cm_free(core, own->last, own->items->dictionary_size, sizeof *own->last);
    cm_free(core, own->hidden, own->items->dictionary_size, 1);
}

static cm_status open_trial(cm_context *ctx, const cm_inputs *aside, uint64_t most, trial *own) {
    *own = (trial){.aside = aside, .items = cm_baskets_items(aside), .most = most};
    for (uint64_t i = 0; i < aside->rows; i++) {
        uint64_t count;
        cm_basket_codes(aside->table, own->items, aside->numbers[i], &count);
        if (count > own->longest) own->longest = count;
    }
    own->keys = cm_alloc(ctx, own->longest, sizeof *own->keys);
    own->shown = cm_alloc(ctx, own->longest, sizeof *own->shown);
    own->found = cm_alloc(ctx, most, sizeof *own->found);
    own->last = cm_alloc(ctx, own->items->dictionary_size, sizeof *own->last);
    own->hidden = cm_alloc(ctx, own->items->dictionary_size, 1);
    return own->keys && own->shown && own->found && own->last && own->hidden ? CM_OK : ctx->error.status;
}

/* The different items of a basket, as it has them. */
static uint64_t distinct_items(trial *own, uint64_t basket) {
    uint64_t count, kept = 0;
    const int32_t *codes = cm_basket_codes(own->aside->table, own->items, own->aside->numbers[basket], &count);
    for (uint64_t i = 0; i < count; i++) {
        if (own->last[codes[i]] == basket + 1) continue;
        own->last[codes[i]] = (uint32_t)basket + 1;
        own->shown[kept++] = codes[i];
    }
    return kept;
}

/* Hides half of the items; those that stay in `shown` keep their order. The hash is of the texts, which do not depend
 * on what else was read. */
static cm_status hide(cm_context *ctx, trial *own, uint64_t basket, uint64_t count, uint64_t *shown) {
    const cm_hash_key key = {UINT64_C(0x747269616c), own->aside->numbers[basket]};
    for (uint64_t i = 0; i < count; i++) {
        cm_text text = cm_dictionary_text(own->items->dictionary, own->shown[i]);
        own->keys[i] = (cm_key){cm_hash_bytes(key, text.data, text.length), (uint64_t)own->shown[i]};
    }
    cm_status status = cm_sort_keys(ctx, own->keys, count);
    for (uint64_t i = 0; i < count / 2 && !status; i++) own->hidden[own->keys[i].value] = 1;
    *shown = 0;
    for (uint64_t i = 0; i < count && !status; i++)
        if (!own->hidden[own->shown[i]]) own->shown[(*shown)++] = own->shown[i];
    return status;
}

static void add(const trial *own, tally *to, uint64_t found, uint64_t hidden) {
    uint64_t hits = 0;
    for (uint64_t i = 0; i < found; i++) {
        hits += own->hidden[own->found[i]];
        to->covered += !to->recommended[own->found[i]];
        to->recommended[own->found[i]] = 1;
    }
    to->hits += hits > 0;
    to->precision += (double)hits / (double)own->most;
    to->recall += (double)hits / (double)hidden;
}

static cm_status try_basket(cm_context *ctx, trial *own, const cm_recommender *all, tally *tallies, uint64_t count,
                            uint64_t basket) {
    uint64_t items = distinct_items(own, basket), shown;
    if (items < 2) return CM_OK;
    cm_status status = hide(ctx, own, basket, items, &shown);
    for (uint64_t i = 0; i < count && !status; i++) {
        uint64_t found = all[i].recommend(all[i].self, own->shown, shown, own->most, own->found);
        add(own, &tallies[i], found, items / 2);
    }
    for (uint64_t i = 0; i < items / 2 && !status; i++) own->hidden[own->keys[i].value] = 0;
    own->baskets++;
    return status;
}

/* ---- the most frequent items to everybody ---- */

typedef struct popular {
    const int32_t *known; /* the most frequent first */
    uint64_t count;
    uint8_t *here; /* by code: in the basket */
} popular;

static uint64_t recommend_popular(void *self, const int32_t *codes, uint64_t count, uint64_t most, int32_t *out) {
    popular *own = self;
    uint64_t found = 0;
    for (uint64_t i = 0; i < count; i++) own->here[codes[i]] = 1;
    for (uint64_t i = 0; i < own->count && found < most; i++)
        if (!own->here[own->known[i]]) out[found++] = own->known[i];
    for (uint64_t i = 0; i < count; i++) own->here[codes[i]] = 0;
    return found;
}

/* ---- the table ---- */

static cm_status tell(cm_context *ctx, const trial *own, const cm_recommender *all, const tally *tallies,
                      uint64_t count, uint64_t known, cm_table **out) {
    static const char *const shares[] = {"hit_rate", "precision", "recall", "coverage"};
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "recommender", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "baskets", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "n", CM_INT64, 0, CM_ROLE_NONE);
    for (int i = 0; i < 4 && !status; i++)
        status = cm_builder_column(ctx, builder, shares[i], CM_FLOAT64, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < count && !status; i++) {
        double baskets = (double)own->baskets;
        const double values[] = {tallies[i].hits / baskets, tallies[i].precision / baskets, tallies[i].recall / baskets,
                                 (double)tallies[i].covered / (double)known};
        status = cm_builder_text(ctx, builder, 0, all[i].name, strlen(all[i].name));
        if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)own->baskets);
        if (!status) status = cm_builder_int(ctx, builder, 2, (int64_t)own->most);
        for (uint64_t j = 0; j < 4 && !status && own->baskets; j++)
            status = cm_builder_double(ctx, builder, 3 + j, values[j]);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

#define MOST_RECOMMENDERS 4

cm_status cm_recommenders_try(cm_context *ctx, const cm_recommender *all, uint64_t count, const cm_inputs *aside,
                              const int32_t *known, uint64_t known_count, uint64_t most, cm_table **out) {
    trial own;
    tally tallies[MOST_RECOMMENDERS + 1] = {{0}};
    cm_recommender tried[MOST_RECOMMENDERS + 1];
    if (count > MOST_RECOMMENDERS) return cm_misuse(ctx, __func__);
    cm_status status = open_trial(ctx, aside, most, &own);
    uint64_t codes = own.items->dictionary_size;
    popular everybody = {.known = known, .count = known_count, .here = status ? NULL : cm_alloc(ctx, codes, 1)};
    if (!status && !everybody.here) status = ctx->error.status;
    memcpy(tried, all, (size_t)count * sizeof *all);
    tried[count++] = (cm_recommender){"popularity", &everybody, recommend_popular};
    for (uint64_t i = 0; i < count && !status; i++)
        if (!(tallies[i].recommended = cm_alloc(ctx, codes, 1))) status = ctx->error.status;
    for (uint64_t basket = 0; basket < aside->rows && !status; basket++) {
        status = try_basket(ctx, &own, tried, tallies, count, basket);
        if (!status && basket % 256 == 0) status = cm_tick(ctx, "evaluation", basket, aside->rows);
    }
    if (!status) status = tell(ctx, &own, tried, tallies, count, known_count, out);
    for (uint64_t i = 0; i < count; i++) cm_free(ctx->core, tallies[i].recommended, codes, 1);
    cm_free(ctx->core, everybody.here, codes, 1);
    close_trial(ctx->core, &own);
    return status;
}
