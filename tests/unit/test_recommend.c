/* What rules recommend, against every rule tried on every basket; a live basket, and the memory it takes. */
#include <pthread.h>

#include "models.h"

#define ITEMS 24

typedef struct basket {
    uint32_t items; /* bit i: item i */
} basket;

/* Names that are not in the order of their numbers. */
static const char *name_of(int item) {
    static char names[ITEMS][16];
    snprintf(names[item], sizeof names[item], "%c%d", 'z' - item * 7 % 26, item);
    return names[item];
}

static int item_of(const char *name) {
    for (int i = 0; i < ITEMS; i++)
        if (!strcmp(name_of(i), name)) return i;
    return -1;
}

/* Items come in groups, so that there are rules of several lengths. */
static basket *random_baskets(uint64_t seed, int count) {
    lcg random = {seed};
    basket *all = calloc((size_t)count, sizeof *all);
    for (int b = 0; b < count; b++) {
        for (int group = 0; group < 5; group++)
            if (lcg_below(&random, 4) == 0)
                for (int i = 0; i < 5; i++)
                    if (lcg_below(&random, 5)) all[b].items |= 1u << (group * 4 + i) % ITEMS;
        for (int i = 0; i < ITEMS; i++)
            if (lcg_below(&random, 12) == 0) all[b].items |= 1u << i;
    }
    return all;
}

enum { NUMBERS, TEXTS, NONE };

/* Ids: none, numbers or texts, some of them absent; every so manieth basket has an item that no rule knows, 0: none. */
static cm_table *table_of(cm_context *ctx, const basket *all, int count, int ids, int strange) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    char text[16];
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "items", CM_LIST, 0, 0));
    if (ids != NONE) OK(ctx, cm_builder_column(ctx, builder, "basket", ids == TEXTS ? CM_STRING : CM_INT64, 0, 0));
    for (int b = 0; b < count; b++) {
        OK(ctx, cm_builder_text(ctx, builder, 0, NULL, 0));
        if (strange && b % strange == 0) OK(ctx, cm_builder_text(ctx, builder, 0, "never seen", 10));
        for (int i = 0; i < ITEMS; i++)
            if (all[b].items >> (i * 5 + b) % ITEMS & 1)
                OK(ctx, cm_builder_text(ctx, builder, 0, name_of((i * 5 + b) % ITEMS),
                                        strlen(name_of((i * 5 + b) % ITEMS))));
        int length = snprintf(text, sizeof text, "b%d", b);
        if (ids == TEXTS && b % 7) OK(ctx, cm_builder_text(ctx, builder, 1, text, (uint64_t)length));
        if (ids == NUMBERS && b % 7) OK(ctx, cm_builder_int(ctx, builder, 1, 1000 + b));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static cm_model *fit(cm_context *ctx, const cm_table *table, const char *support, const char *most) {
    return fit_with(ctx, "rules", table, SETTINGS("support", support, "confidence", ".2", "max_consequent", most));
}

/* ---- the oracle ---- */

typedef struct rule {
    uint32_t left;
    int right; /* -1: several items */
    int64_t count;
    double confidence, lift;
} rule;

static uint32_t set_of(const cm_table *table, uint64_t row, const char *column) {
    uint32_t set = 0;
    for (uint64_t i = 0; i < cm_table_items(table, row, (uint64_t)column_of(table, column)); i++)
        set |= 1u << item_of(cm_table_text(table, row, (uint64_t)column_of(table, column), i, NULL));
    return set;
}

static rule *rules_of(cm_context *ctx, const cm_model *model, int *count) {
    cm_table *table = NULL;
    OK(ctx, cm_model_table(ctx, model, "rules", &table));
    rule *all = calloc(cm_table_rows(table) + 1, sizeof *all);
    *count = (int)cm_table_rows(table);
    for (int i = 0; i < *count; i++) {
        uint32_t right = set_of(table, (uint64_t)i, "consequent");
        all[i] = (rule){set_of(table, (uint64_t)i, "antecedent"), right & (right - 1) ? -1 : __builtin_ctz(right),
                        INT(table, (uint64_t)i, "count"), DOUBLE(table, (uint64_t)i, "confidence"),
                        DOUBLE(table, (uint64_t)i, "lift")};
    }
    cm_table_free(table);
    return all;
}

/* By confidence, lift, count; then the item's name. */
static int better(const rule *a, const rule *b) {
    if (a->confidence != b->confidence) return a->confidence > b->confidence;
    if (a->lift != b->lift) return a->lift > b->lift;
    if (a->count != b->count) return a->count > b->count;
    return a->right != b->right && strcmp(name_of(a->right), name_of(b->right)) < 0;
}

/* The best rule of each item, the best first; returns how many. */
static int ask_oracle(const rule *all, int count, uint32_t items, const rule *out[ITEMS]) {
    const rule *best[ITEMS] = {NULL};
    int found = 0;
    for (int i = 0; i < count; i++)
        if (all[i].right >= 0 && !(items >> all[i].right & 1) && (items & all[i].left) == all[i].left
            && (!best[all[i].right] || better(&all[i], best[all[i].right])))
            best[all[i].right] = &all[i];
    for (int i = 0; i < ITEMS; i++) {
        int at = found;
        if (!best[i]) continue;
        for (; at > 0 && better(best[i], out[at - 1]); at--) out[at] = out[at - 1];
        out[at] = best[i];
        found++;
    }
    return found;
}

/* ---- tables ---- */

static void check_row(const cm_table *table, uint64_t row, int b, int ids, const rule *wanted) {
    int absent = ids != NONE && b % 7 == 0;
    char text[16];
    snprintf(text, sizeof text, "b%d", b);
    ck_assert_int_eq(ABSENT(table, row, "basket"), absent);
    if (!absent && ids == TEXTS) ck_assert_str_eq(TEXT(table, row, "basket"), text);
    if (!absent && ids != TEXTS) ck_assert_int_eq(INT(table, row, "basket"), ids == NONE ? b + 1 : 1000 + b);
    ck_assert_str_eq(TEXT(table, row, "item"), name_of(wanted->right));
    ck_assert(DOUBLE(table, row, "confidence") == wanted->confidence);
    ck_assert(DOUBLE(table, row, "lift") == wanted->lift);
    ck_assert_int_eq(INT(table, row, "count"), wanted->count);
    ck_assert_uint_eq(set_of(table, row, "antecedent"), wanted->left);
}

START_TEST(tables_equal_every_rule_tried) {
    cm_context *ctx = new_context();
    char support[16];
    snprintf(support, sizeof support, "%d", 3 + _i);
    basket *past = random_baskets((uint64_t)_i, 200), *today = random_baskets((uint64_t)_i + 50, 150);
    cm_table *table = table_of(ctx, past, 200, NONE, 0), *asked = table_of(ctx, today, 150, _i % 3, 3), *out = NULL;
    cm_model *model = fit(ctx, table, support, _i % 2 ? "2" : "1");
    uint64_t row = 0;
    int count = 0;
    rule *all = rules_of(ctx, model, &count);
    OK(ctx, cm_apply(ctx, model, asked, &out));
    for (int b = 0; b < 150; b++) {
        const rule *found[ITEMS];
        int wanted = ask_oracle(all, count, today[b].items, found);
        for (int i = 0; i < wanted; i++, row++) {
            ck_assert_uint_lt(row, cm_table_rows(out));
            check_row(out, row, b, _i % 3, found[i]);
        }
    }
    ck_assert_uint_eq(cm_table_rows(out), row);
    ck_assert_uint_gt(row, 100);
    free(all), free(past), free(today);
    cm_table_free(out), cm_table_free(asked), cm_table_free(table);
    cm_model_free(model);
    cm_context_free(ctx);
}
END_TEST

/* Enough baskets for several parts. */
START_TEST(threads_change_nothing) {
    cm_context *ctx = new_context();
    basket *past = random_baskets(3, 20000);
    cm_table *table = table_of(ctx, past, 20000, TEXTS, 0), *out = NULL;
    cm_model *model = fit(ctx, table, "2%", "1");
    char *texts[3] = {NULL};
    for (int i = 0; i < 3; i++) {
        set_threads(ctx, i == 2 ? 7 : i + 1);
        OK(ctx, cm_apply(ctx, model, table, &out));
        texts[i] = csv_of(ctx, out);
        cm_table_free(out);
    }
    ck_assert_str_eq(texts[0], texts[1]);
    ck_assert_str_eq(texts[0], texts[2]);
    for (int i = 0; i < 3; i++) free(texts[i]);
    free(past);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* A model is first asked by several threads at once, each with a context and an allocator of its own. */
typedef struct first_asker {
    const cm_model *model;
    const cm_table *table;
    cm_table *out;
    int64_t held; /* bytes of its allocator */
    cm_status status;
} first_asker;

static void *weighing_resize(void *user, void *block, uint64_t old_size, uint64_t new_size) {
    void *fresh = new_size ? realloc(block, new_size) : NULL;
    if (!new_size) free(block);
    if (fresh || !new_size) *(int64_t *)user += (int64_t)new_size - (int64_t)old_size;
    return fresh;
}

static void *ask_first(void *state) {
    first_asker *own = state;
    cm_allocator allocator = {.struct_size = sizeof allocator, .resize = weighing_resize, .user = &own->held};
    cm_context *ctx = NULL;
    own->status = cm_context_new(&allocator, &ctx);
    if (!own->status) own->status = cm_apply(ctx, own->model, own->table, &own->out);
    cm_context_free(ctx);
    return NULL;
}

START_TEST(whoever_asks_first_leaves_the_model_whole) {
    cm_context *ctx = new_context();
    basket *past = random_baskets(5, 500);
    cm_table *table = table_of(ctx, past, 500, TEXTS, 0), *out = NULL;
    cm_model *model = fit(ctx, table, "2%", "1");
    first_asker askers[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        askers[i] = (first_asker){.model = model, .table = table};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_first, &askers[i]), 0);
    }
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    OK(ctx, cm_apply(ctx, model, table, &out));
    char *wanted = csv_of(ctx, out);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(askers[i].status, CM_OK);
        char *text = csv_of(ctx, askers[i].out);
        ck_assert_str_eq(text, wanted);
        free(text);
        cm_table_free(askers[i].out);
        ck_assert_int_eq(askers[i].held, 0); /* nothing of the model's is theirs */
    }
    free(wanted), free(past);
    cm_table_free(out);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- a live basket ---- */

static void *counting_resize(void *user, void *block, uint64_t old_size, uint64_t new_size) {
    (void)old_size;
    ++*(int64_t *)user;
    if (new_size) return realloc(block, new_size);
    free(block);
    return NULL;
}

static uint64_t cells_of(uint32_t items, cm_cell cells[ITEMS + 2]) {
    uint64_t count = 0;
    cells[count++] = (cm_cell){.type = CM_STRING, .text = "never seen", .length = 10};
    cells[count++] = (cm_cell){0}; /* absent */
    for (int i = ITEMS; i-- > 0;)
        if (items >> i & 1)
            cells[count++] = (cm_cell){.type = CM_STRING, .text = name_of(i), .length = strlen(name_of(i))};
    return count;
}

START_TEST(a_live_basket_takes_no_memory) {
    int64_t calls = 0;
    cm_allocator allocator = {.struct_size = sizeof allocator, .resize = counting_resize, .user = &calls};
    cm_context *ctx = NULL;
    ck_assert_int_eq(cm_context_new(&allocator, &ctx), CM_OK);
    basket *past = random_baskets(8, 300), *today = random_baskets(9, 400);
    cm_table *table = table_of(ctx, past, 300, NONE, 0);
    cm_model *model = fit(ctx, table, "3", "1");
    cm_scorer *scorer = NULL;
    int count = 0, answers = 0;
    rule *all = rules_of(ctx, model, &count);
    OK(ctx, cm_scorer_new(ctx, model, &scorer));
    int64_t before = calls;
    for (int b = 0; b < 400; b++) {
        const rule *found[ITEMS];
        cm_cell in[ITEMS + 2], out[4 * 6];
        int wanted = ask_oracle(all, count, today[b].items, found);
        OK(ctx, cm_scorer_row(ctx, scorer, in, cells_of(today[b].items, in), out, 4 * 6));
        for (int i = 0; i < 6; i++) {
            if (i >= wanted) {
                ck_assert_int_eq(out[4 * i].type, 0);
                continue;
            }
            const char *name = name_of(found[i]->right);
            ck_assert_int_eq(out[4 * i].type, CM_STRING);
            ck_assert_uint_eq(out[4 * i].length, strlen(name));
            ck_assert_int_eq(memcmp(out[4 * i].text, name, strlen(name)), 0);
            ck_assert(out[4 * i + 1].real == found[i]->confidence && out[4 * i + 2].real == found[i]->lift);
            ck_assert_int_eq(out[4 * i + 3].integer, found[i]->count);
            answers++;
        }
    }
    ck_assert_int_gt(answers, 200);
    ck_assert_int_eq(calls, before);
    cm_cell number = {.type = CM_INT64, .integer = 1}, out[8];
    FAILS(ctx, CM_E_DATA, "items", cm_scorer_row(ctx, scorer, &number, 1, out, 8));
    FAILS(ctx, CM_E_ARGUMENT, "4 cells", cm_scorer_row(ctx, scorer, &number, 0, out, 7));
    free(all), free(past), free(today);
    cm_scorer_free(scorer);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

Suite *test_recommend(void);
Suite *test_recommend(void) {
    Suite *suite = suite_create("recommend");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, tables_equal_every_rule_tried, 0, 12);
    tcase_add_test(all, threads_change_nothing);
    tcase_add_test(all, a_live_basket_takes_no_memory);
    suite_add_tcase(suite, all);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 60);
    tcase_add_test(threads, whoever_asks_first_leaves_the_model_whole);
    suite_add_tcase(suite, threads);
    return suite;
}
