/* The demo page's items that sell together, by name, one line an itemset, in words. */
#include <stdlib.h>
#include <string.h>

#include "demo.h"

#define LISTED 12

/* Both sides of a rule as one sorted text, so that a set of items is told once. */
static int compare_texts(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void set_of_rule(const cm_table *rules, uint64_t row, char *out, size_t size) {
    static const char *const sides[] = {"antecedent", "consequent"};
    const char *items[16];
    size_t count = 0, length = 0;
    for (int side = 0; side < 2; side++) {
        uint64_t column = (uint64_t)cm_table_find(rules, sides[side]);
        for (uint64_t i = 0; i < cm_table_items(rules, row, column) && count < 16; i++)
            items[count++] = cm_table_text(rules, row, column, i, NULL);
    }
    qsort(items, count, sizeof *items, compare_texts);
    out[0] = 0;
    for (size_t i = 0; i < count && length + 1 < size; i++)
        length += (size_t)snprintf(out + length, size - length, "%s\x1F", items[i]);
}

/* Names of one side, or the codes where there are no names. */
static void print_side(const cm_table *rules, uint64_t row, const char *codes, const char *names) {
    int64_t column = cm_table_find(rules, names);
    if (column < 0 || cm_table_is_absent(rules, row, (uint64_t)column)) column = cm_table_find(rules, codes);
    for (uint64_t i = 0; column >= 0 && i < cm_table_items(rules, row, (uint64_t)column); i++)
        printf("%s%s", i ? " + " : "", cm_table_text(rules, row, (uint64_t)column, i, NULL));
}

static void print_rule(const cm_table *rules, uint64_t row) {
    char count[32], customers[32];
    printf("  ");
    print_side(rules, row, "antecedent", "antecedent_name");
    printf(" + ");
    print_side(rules, row, "consequent", "consequent_name");
    printf(": bought together %s times", rounded(number_of(rules, row, "count"), count));
    if (cm_table_find(rules, "customers") >= 0)
        printf(" by %s customers", rounded(number_of(rules, row, "customers"), customers));
    printf(", %.0f times as often as chance\n", number_of(rules, row, "lift"));
}

static void print_rules_once(const cm_table *rules) {
    char (*seen)[512] = calloc(LISTED, sizeof *seen), set[512];
    size_t shown = 0;
    for (uint64_t row = 0; seen && row < cm_table_rows(rules) && shown < LISTED; row++) {
        size_t i = 0;
        set_of_rule(rules, row, set, sizeof set);
        while (i < shown && strcmp(seen[i], set) != 0) i++;
        if (i < shown) continue;
        strcpy(seen[shown++], set);
        print_rule(rules, row);
    }
    if (!shown) printf("  nothing is bought together often enough\n");
    free(seen);
}

int print_rules(struct job *job, const cm_table *sales) {
    cm_table *baskets = NULL, *rules = NULL;
    cm_options *options = NULL;
    cm_model *model = NULL;
    int status = EXIT_DONE;
    heading("SOLD TOGETHER");
    if (cm_options_new(job->ctx, "baskets", &options) || cm_options_set_text(job->ctx, options, "on_error", "collect"))
        status = fail(job);
    else if (cm_baskets(job->ctx, sales, options, &baskets) || cm_fit(job->ctx, "rules", baskets, NULL, &model))
        printf("  left out: %s\n", cm_error_message(job->ctx));
    else if (cm_model_table(job->ctx, model, "rules", &rules)) status = fail(job);
    else print_rules_once(rules);
    cm_options_free(options);
    cm_table_free(baskets);
    cm_table_free(rules);
    cm_model_free(model);
    return status;
}
