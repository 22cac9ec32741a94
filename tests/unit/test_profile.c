/* Profiles against plain loops over the cells, with sums and formulas of their own; Student's sleep data as R prints
 * it. */
#include <math.h>

#include "support.h"

enum { PEOPLE = 700, TEXTS = 6 };
static const char *const texts[TEXTS] = {"north", "south", "east", "", "zz, top", "rare"};

typedef struct person {
    int64_t id, age, money, flag, group, day; /* money in cents */
    int text;                                 /* -1: absent */
    int has_age, has_money;
    double score; /* NaN: absent */
} person;

static void random_people(person all[PEOPLE], uint32_t seed) {
    lcg random = {seed};
    for (int i = 0; i < PEOPLE; i++) {
        person *one = &all[i];
        one->id = 1000 + i * 7;
        one->group = lcg_below(&random, 4) == 0;
        one->age = 18 + lcg_below(&random, 50) + (one->group ? 6 : 0);
        one->money = (int64_t)lcg_below(&random, 1000) * lcg_below(&random, 1000) - 2000;
        one->flag = lcg_below(&random, 10) < (one->group ? 7u : 3u);
        one->day = 15000 + lcg_below(&random, 12);
        one->text = (int)lcg_below(&random, TEXTS + 1) - 1;
        if (one->text == TEXTS - 1 && lcg_below(&random, 12)) one->text = 0;
        one->has_age = lcg_below(&random, 9) > 0;
        one->has_money = lcg_below(&random, 30) > 0;
        one->score = lcg_below(&random, 20) ? lcg_below(&random, 100) / 7.0 : (double)NAN;
    }
}

static cm_table *table_of(cm_context *ctx, const person *all) {
    cm_builder *b = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &b));
    OK(ctx, cm_builder_column(ctx, b, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, b, "age", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, b, "money", CM_DECIMAL, 2, 0));
    OK(ctx, cm_builder_column(ctx, b, "flag", CM_BOOL, 0, 0));
    OK(ctx, cm_builder_column(ctx, b, "region", CM_STRING, 0, 0));
    OK(ctx, cm_builder_column(ctx, b, "day", CM_DATE, 0, 0));
    OK(ctx, cm_builder_column(ctx, b, "score", CM_FLOAT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, b, "in", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, b, "items", CM_LIST, 0, 0));
    for (int i = 0; i < PEOPLE; i++) {
        OK(ctx, cm_builder_int(ctx, b, 0, all[i].id));
        if (all[i].has_age) OK(ctx, cm_builder_int(ctx, b, 1, all[i].age));
        if (all[i].has_money) OK(ctx, cm_builder_int(ctx, b, 2, all[i].money));
        OK(ctx, cm_builder_int(ctx, b, 3, all[i].flag));
        if (all[i].text >= 0) OK(ctx, cm_builder_text(ctx, b, 4, texts[all[i].text], strlen(texts[all[i].text])));
        OK(ctx, cm_builder_int(ctx, b, 5, all[i].day));
        OK(ctx, cm_builder_double(ctx, b, 6, all[i].score));
        OK(ctx, cm_builder_int(ctx, b, 7, all[i].group));
        OK(ctx, cm_builder_text(ctx, b, 8, "x", 1));
        OK(ctx, cm_builder_row(ctx, b));
    }
    OK(ctx, cm_builder_finish(ctx, b, &table));
    cm_builder_free(b);
    return table;
}

/* A number of a person by the attribute's name; false: absent. Dates as days, money in whole units. */
static int number_of(const person *one, const char *attribute, double *out) {
    if (!strcmp(attribute, "age")) return *out = (double)one->age, one->has_age;
    if (!strcmp(attribute, "money")) return *out = (double)one->money / 100, one->has_money;
    if (!strcmp(attribute, "day")) return *out = (double)one->day, 1;
    if (!strcmp(attribute, "in")) return *out = (double)one->group, 1;
    ck_assert_str_eq(attribute, "score");
    return *out = one->score, !isnan(one->score);
}

static double parse(const char *text, const char **end) {
    int year, month, day, length;
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &length) == 3) {
        *end = text + length;
        return year == 2011 && month == 1 ? 14974 + day : 15005 + day; /* from 2011-01-26 on */
    }
    char *after;
    double value = strtod(text, &after);
    *end = after;
    return value;
}

/* Whether a number lies in a band as it is written. Ends of doubles are rounded to six digits. */
static int in_band(double value, const char *band, int rounded) {
    const char *rest;
    double slack = rounded ? 1e-5 * fabs(value) : 1e-9;
    if (!strncmp(band, "under ", 6)) return value < parse(band + 6, &rest);
    double low = parse(band, &rest);
    if (!strcmp(rest, " and more")) return value >= low;
    if (!*rest) return fabs(value - low) <= slack;
    if (!strncmp(rest, " to under ", 10)) return value >= low && value < parse(rest + 10, &rest);
    ck_assert_int_eq(strncmp(rest, " to ", 4), 0);
    return value >= low - slack && value <= parse(rest + 4, &rest) + slack;
}

typedef struct four {
    int group, all, group_known, all_known;
} four;

static four count(const person *all, const char *attribute, const char *value) {
    four c = {0};
    for (int i = 0; i < PEOPLE; i++) {
        double number = 0;
        int known, has;
        if (!strcmp(attribute, "region")) known = all[i].text >= 0, has = known && !strcmp(texts[all[i].text], value);
        else if (!strcmp(attribute, "flag")) known = 1, has = !strcmp(value, all[i].flag ? "true" : "false");
        else
            known = number_of(&all[i], attribute, &number),
            has = known && in_band(number, value, !strcmp(attribute, "score"));
        c.group_known += known && all[i].group, c.all_known += known;
        c.group += has && all[i].group, c.all += has;
    }
    return c;
}

static double log_choose(double n, double k) { return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1); }

static double fisher(four c) {
    double base = log_choose(c.all_known, c.group_known), sum = 0;
    double seen = log_choose(c.all, c.group) + log_choose(c.all_known - c.all, c.group_known - c.group) - base;
    for (int k = 0; k <= c.all && k <= c.group_known; k++) {
        if (c.group_known - k > c.all_known - c.all) continue;
        double one = log_choose(c.all, k) + log_choose(c.all_known - c.all, c.group_known - k) - base;
        if (one <= seen + 1e-7) sum += exp(one);
    }
    return fmin(sum, 1);
}

static void wilson(double p, double n, double *low, double *high) {
    double z = 1.959963984540054;
    double root = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    *low = (p + z * z / (2 * n) - root) / (1 + z * z / n), *high = (p + z * z / (2 * n) + root) / (1 + z * z / n);
}

static void assert_share(const cm_table *t, uint64_t row, const person *all) {
    four c = count(all, TEXT(t, row, "attribute"), TEXT(t, row, "value"));
    double group = (double)c.group / c.group_known, share = (double)c.all / c.all_known,
           unit = sqrt(share * (1 - share));
    double others = c.all_known - c.group_known, other = (c.all - c.group) / others, part = others / c.all_known / unit,
           ends[4];
    ck_assert_msg(INT(t, row, "group_customers") == c.group, "%s %s: %d, not %d", TEXT(t, row, "attribute"),
                  TEXT(t, row, "value"), (int)INT(t, row, "group_customers"), c.group);
    ck_assert_int_ge(c.all, 10);
    ck_assert_double_eq_tol(DOUBLE(t, row, "group_share"), group, 1e-15);
    ck_assert_double_eq_tol(DOUBLE(t, row, "all_share"), share, 1e-15);
    ck_assert_double_eq_tol(DOUBLE(t, row, "lift"), group / share, 1e-14);
    ck_assert_double_eq_tol(DOUBLE(t, row, "difference"), (group - share) / unit, 1e-13);
    wilson(group, c.group_known, &ends[0], &ends[1]);
    wilson(other, others, &ends[2], &ends[3]);
    ck_assert_double_eq_tol(DOUBLE(t, row, "low"), part * (group - other - hypot(group - ends[0], ends[3] - other)),
                            1e-12);
    ck_assert_double_eq_tol(DOUBLE(t, row, "high"), part * (group - other + hypot(ends[1] - group, other - ends[2])),
                            1e-12);
    ck_assert_double_eq_tol(DOUBLE(t, row, "p"), fisher(c), 1e-10);
    ck_assert_str_eq(TEXT(t, row, "test"), "fisher");
    ck_assert(ABSENT(t, row, "group_mean") && ABSENT(t, row, "all_mean"));
}

/* P(|T| >= t) by Simpson's rule. */
static double student(double t, double df) {
    enum { STEPS = 20000 };
    double sum = 0, h = fabs(t) / STEPS,
           scale = exp(lgamma((df + 1) / 2) - lgamma(df / 2)) / sqrt(df * 3.14159265358979323846);
    for (int i = 0; i <= STEPS; i++)
        sum += scale * pow(1 + h * i * h * i / df, -(df + 1) / 2) * (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2);
    return 1 - 2 * sum * h / 3;
}

static void assert_mean(const cm_table *t, uint64_t row, const person *all) {
    double n[3] = {0}, mean[3] = {0}, squares[3] = {0}, value; /* the others, the group, all */
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < PEOPLE; i++) {
            if (!number_of(&all[i], TEXT(t, row, "attribute"), &value)) continue;
            int who[2] = {(int)all[i].group, 2};
            for (int j = 0; j < 2; j++)
                if (pass) squares[who[j]] += (value - mean[who[j]]) * (value - mean[who[j]]);
                else n[who[j]]++, mean[who[j]] += (value - mean[who[j]]) / n[who[j]];
        }
    }
    double a = squares[1] / (n[1] - 1) / n[1], b = squares[0] / (n[0] - 1) / n[0], unit = sqrt(squares[2] / n[2]),
           part = n[0] / n[2] / unit;
    double df = (a + b) * (a + b) / (a * a / (n[1] - 1) + b * b / (n[0] - 1)), error = sqrt(a + b);
    ck_assert_double_eq_tol(DOUBLE(t, row, "group_mean"), mean[1], 1e-12 * (1 + fabs(mean[1])));
    ck_assert_double_eq_tol(DOUBLE(t, row, "all_mean"), mean[2], 1e-12 * (1 + fabs(mean[2])));
    ck_assert_double_eq_tol(DOUBLE(t, row, "difference"), (mean[1] - mean[2]) / unit, 1e-12);
    ck_assert_double_eq_tol(DOUBLE(t, row, "p"), student((mean[1] - mean[0]) / error, df), 1e-10);
    double middle = part * (mean[1] - mean[0]), reach = (DOUBLE(t, row, "high") - DOUBLE(t, row, "low")) / 2;
    ck_assert_double_eq_tol((DOUBLE(t, row, "high") + DOUBLE(t, row, "low")) / 2, middle, 1e-12);
    ck_assert_double_eq_tol(student(reach / part / error, df), 0.05, 1e-9);
    ck_assert_str_eq(TEXT(t, row, "test"), "welch");
    ck_assert(ABSENT(t, row, "group_share") && ABSENT(t, row, "lift"));
}

/* Holm's by its definition: the largest of (tests - smaller ones) p over those no larger. */
static double holm(const cm_table *t, uint64_t row) {
    double p = DOUBLE(t, row, "p"), worst = 0;
    uint64_t rows = cm_table_rows(t);
    for (uint64_t j = 0; j < rows; j++) {
        double own = DOUBLE(t, j, "p");
        uint64_t smaller = 0;
        for (uint64_t i = 0; i < rows && own <= p; i++) smaller += DOUBLE(t, i, "p") < own;
        if (own <= p) worst = fmax(worst, fmin(1, own * (double)(rows - smaller)));
    }
    return worst;
}

static cm_options *asking(cm_context *ctx, const char *group, const char *width) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "profile", &options));
    OK(ctx, cm_options_set_text(ctx, options, "group", group));
    OK(ctx, cm_options_set_text(ctx, options, "band_width", width));
    return options;
}

static cm_table *profile_of(cm_context *ctx, const cm_table *table, const cm_options *options, const char *name) {
    cm_model *model = NULL;
    cm_table *out = NULL;
    OK(ctx, cm_fit(ctx, "profile", table, options, &model));
    OK(ctx, cm_model_table(ctx, model, name, &out));
    cm_model_free(model);
    return out;
}

static void assert_order(const cm_table *t) {
    for (uint64_t row = 0; row < cm_table_rows(t); row++) {
        int64_t clear = INT(t, row, "clear");
        ck_assert_int_eq(clear, DOUBLE(t, row, "p_adjusted") <= 0.05);
        ck_assert_double_eq_tol(DOUBLE(t, row, "p_adjusted"), holm(t, row), 1e-14);
        if (row == 0 || clear < INT(t, row - 1, "clear")) continue;
        ck_assert_int_eq(clear, INT(t, row - 1, "clear"));
        ck_assert(fabs(DOUBLE(t, row, "difference")) <= fabs(DOUBLE(t, row - 1, "difference")));
    }
}

START_TEST(equals_plain_loops) {
    cm_context *ctx = new_context();
    static person all[PEOPLE];
    random_people(all, (uint32_t)_i + 1);
    cm_table *table = table_of(ctx, all);
    cm_options *options = asking(ctx, "in=1", _i % 2 ? "round" : "quantiles");
    cm_table *profile = profile_of(ctx, table, options, "profile"),
             *attributes = profile_of(ctx, table, options, "attributes");
    int means = 0;
    for (uint64_t row = 0; row < cm_table_rows(profile); row++) {
        int mean = ABSENT(profile, row, "value");
        ck_assert_str_ne(TEXT(profile, row, "attribute"), "in");
        (mean ? assert_mean : assert_share)(profile, row, all);
        means += mean;
    }
    ck_assert_int_eq(means, 3);
    ck_assert(INT(profile, 0, "clear"));
    assert_order(profile);
    for (uint64_t row = 0, tested = 0; row < cm_table_rows(attributes); row++) {
        const char *kind = TEXT(attributes, row, "kind");
        if (!strcmp(TEXT(attributes, row, "attribute"), "in")) ck_assert_str_eq(kind, "group");
        if (!strcmp(TEXT(attributes, row, "attribute"), "items")) ck_assert_str_eq(kind, "list");
        if (!strcmp(TEXT(attributes, row, "attribute"), "region"))
            ck_assert_int_eq(INT(attributes, row, "tested") + INT(attributes, row, "untested"),
                             INT(attributes, row, "values"));
        tested += ABSENT(attributes, row, "tested") ? 0 : (uint64_t)INT(attributes, row, "tested");
        if (row == cm_table_rows(attributes) - 1) ck_assert_int_eq(tested, cm_table_rows(profile));
    }
    cm_options_free(options);
    cm_table_free(attributes);
    cm_table_free(profile);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* Bands are those of their formula: floor(n #{u < v} / N), each whole. */
START_TEST(quantile_bands) {
    cm_context *ctx = new_context();
    static person all[PEOPLE];
    random_people(all, 77);
    cm_table *table = table_of(ctx, all);
    cm_options *options = asking(ctx, "in=1", "quantiles");
    cm_table *profile = profile_of(ctx, table, options, "profile");
    int smaller[PEOPLE] = {0}, known = 0, bands = 0, customers = 0;
    for (int i = 0; i < PEOPLE; i++) known += all[i].has_age;
    for (int i = 0; i < PEOPLE; i++)
        for (int j = 0; j < PEOPLE; j++) smaller[i] += all[j].has_age && all[j].age < all[i].age;
    for (uint64_t row = 0; row < cm_table_rows(profile); row++) {
        int band = -1;
        if (strcmp(TEXT(profile, row, "attribute"), "age") != 0 || ABSENT(profile, row, "value")) continue;
        bands++;
        for (int i = 0; i < PEOPLE; i++) {
            if (!all[i].has_age || !in_band((double)all[i].age, TEXT(profile, row, "value"), 0)) continue;
            if (band < 0) band = 5 * smaller[i] / known;
            ck_assert_int_eq(5 * smaller[i] / known, band);
            customers++;
        }
    }
    ck_assert_int_eq(bands, 5);
    ck_assert_int_eq(customers, known);
    cm_options_free(options);
    cm_table_free(profile);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* Student 1908: hours of sleep gained with two drugs. R: t.test(extra ~ group): t = -1.8608, df = 17.776, p = 0.07939,
 * interval -3.3654832 to 0.2054832, means 0.75 and 2.33. */
START_TEST(sleep_as_r_prints_it) {
    static const int extra[20] = {7, -16, -2, -12, -1, 34, 37, 8, 0, 20, 19, 8, 11, 1, -1, 44, 55, 16, 46, 34};
    cm_context *ctx = new_context();
    cm_builder *b = NULL;
    cm_table *table = NULL;
    double sum = 0, squares = 0;
    OK(ctx, cm_builder_new(ctx, &b));
    OK(ctx, cm_builder_column(ctx, b, "extra", CM_DECIMAL, 1, 0));
    OK(ctx, cm_builder_column(ctx, b, "drug", CM_STRING, 0, 0));
    for (int i = 0; i < 20; i++) {
        OK(ctx, cm_builder_int(ctx, b, 0, extra[i]));
        OK(ctx, cm_builder_text(ctx, b, 1, i < 10 ? "1" : "2", 1));
        OK(ctx, cm_builder_row(ctx, b));
        sum += extra[i] / 10.0, squares += extra[i] / 10.0 * extra[i] / 10.0;
    }
    OK(ctx, cm_builder_finish(ctx, b, &table));
    double unit = sqrt(squares / 20 - sum * sum / 400);
    cm_options *options = asking(ctx, "drug=1", "quantiles");
    OK(ctx, cm_options_set_int(ctx, options, "bands", 0));
    cm_table *profile = profile_of(ctx, table, options, "profile");
    ck_assert_int_eq(cm_table_rows(profile), 1);
    ck_assert_double_eq_tol(DOUBLE(profile, 0, "p"), 0.07939, 5e-6);
    ck_assert_double_eq_tol(DOUBLE(profile, 0, "group_mean"), 0.75, 1e-15);
    ck_assert_double_eq_tol(DOUBLE(profile, 0, "low") * unit * 2, -3.3654832,
                            5e-8); /* the group less all: half of it */
    ck_assert_double_eq_tol(DOUBLE(profile, 0, "high") * unit * 2, 0.2054832, 5e-8);
    ck_assert_str_eq(TEXT(profile, 0, "sentence"),
                     "extra: 0.75 on average in the group, 1.54 in all; chance may explain it");
    cm_options_free(options);
    cm_table_free(profile);
    cm_table_free(table);
    cm_builder_free(b);
    cm_context_free(ctx);
}
END_TEST

/* ---- who is in the group ---- */

static cm_table *people(cm_context *ctx) {
    return read_text(ctx, cm_read_csv, "customer,a=b,age\nA,x,20\nB,x,30\nC,y,40\nD,y,50\nE,,60\n", NULL);
}

static void assert_group(cm_context *ctx, const char *group, const cm_table *members, const char *way,
                         int64_t customers, int64_t unknown) {
    cm_table *table = people(ctx), *found;
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "profile", &options));
    if (group) OK(ctx, cm_options_set_text(ctx, options, "group", group));
    OK(ctx, cm_options_set_table(ctx, options, "members", members));
    found = profile_of(ctx, table, options, "group");
    ck_assert_str_eq(TEXT(found, 0, "way"), way);
    ck_assert_int_eq(INT(found, 0, "customers"), customers);
    ck_assert_int_eq(INT(found, 0, "all_customers"), 5);
    ck_assert(unknown < 0 ? ABSENT(found, 0, "unknown") : INT(found, 0, "unknown") == unknown);
    cm_options_free(options);
    cm_table_free(found);
    cm_table_free(table);
}

START_TEST(groups) {
    cm_context *ctx = new_context();
    cm_table *list = read_text(ctx, cm_read_csv, "customer\nB\nC\nnobody\nB\n", NULL);
    cm_table *lines = read_text(ctx, cm_read_csv,
                                "customer,item,quantity\nA,lamp,1\nB,lamp,-1\nC,bulb,2\nD,lamp,3\nX,lamp,1\n", NULL);
    assert_group(ctx, "a=b=x", NULL, "condition", 2, -1);
    assert_group(ctx, "a=b!=x", NULL, "condition", 2, -1);
    assert_group(ctx, "age>=30", NULL, "condition", 4, -1);
    assert_group(ctx, "age<30", NULL, "condition", 1, -1);
    assert_group(ctx, NULL, list, "members", 2, 1);
    assert_group(ctx, "age>30", list, "both", 1, 1);
    assert_group(ctx, "item=lamp", lines, "buyers", 2, 1);
    cm_table_free(lines);
    cm_table_free(list);
    cm_context_free(ctx);
}
END_TEST

/* A model asks the same of other customers, also the buyers of an item, and after a file. */
START_TEST(later_customers) {
    cm_context *ctx = new_context();
    char path[256];
    cm_table *table = people(ctx),
             *lines = read_text(ctx, cm_read_csv, "customer,item,quantity\nA,lamp,1\nC,bulb,2\nD,lamp,3\n", NULL),
             *out = NULL, *found = NULL;
    cm_table *later = read_text(ctx, cm_read_csv, "customer,age\nA,21\nD,51\nF,33\nG,34\n", NULL);
    cm_options *options = asking(ctx, "item=lamp", "quantiles");
    cm_model *model = NULL, *again = NULL;
    OK(ctx, cm_options_set_table(ctx, options, "members", lines));
    OK(ctx, cm_options_set_int(ctx, options, "least", 1));
    OK(ctx, cm_fit(ctx, "profile", table, options, &model));
    temp_path(path, "profile.cm");
    OK(ctx, cm_model_save(ctx, model, path));
    OK(ctx, cm_model_load(ctx, path, &again));
    remove(path);
    OK(ctx, cm_apply(ctx, again, later, &out));
    OK(ctx, cm_table_attached(ctx, out, "group", &found));
    ck_assert_str_eq(TEXT(found, 0, "way"), "buyers");
    ck_assert_str_eq(TEXT(found, 0, "group"), "item=lamp");
    ck_assert_int_eq(INT(found, 0, "customers"), 2);
    ck_assert_int_eq(INT(found, 0, "all_customers"), 4);
    cm_table_free(found);
    cm_table_free(out);
    cm_model_free(model);
    cm_model_free(again);
    cm_options_free(options);
    cm_table_free(later);
    cm_table_free(lines);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

static void refuse(cm_context *ctx, const cm_table *table, const char *group, const cm_table *members, cm_status status,
                   const char *words) {
    cm_options *options = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_options_new(ctx, "profile", &options));
    if (group) OK(ctx, cm_options_set_text(ctx, options, "group", group));
    OK(ctx, cm_options_set_table(ctx, options, "members", members));
    FAILS(ctx, status, words, cm_fit(ctx, "profile", table, options, &model));
    ck_assert_ptr_null(model);
    cm_options_free(options);
}

START_TEST(bad_groups) {
    cm_context *ctx = new_context();
    cm_table *table = people(ctx), *headless = read_text(ctx, cm_read_csv, "A\nB\n", NULL),
             *none = read_text(ctx, cm_read_csv, "customer\nX\n", NULL),
             *real = read_text(ctx, cm_read_csv, "customer,v\nA,1.5\nB,2.5\n", NULL);
    cm_table *nameless = read_text(ctx, cm_read_csv, "who,v\nA,1.5\nB,2.5\n", NULL),
             *empty = read_text(ctx, cm_read_csv, "customer,age\n", NULL);
    cm_options *options = asking(ctx, "age>30", "quantiles");
    cm_model *model = NULL;
    refuse(ctx, table, NULL, NULL, CM_E_OPTION, "needs a group");
    refuse(ctx, table, "age", NULL, CM_E_OPTION, "is no condition");
    refuse(ctx, table, "ages=3", NULL, CM_E_COLUMN, "names no column; there are customer, a=b, age");
    refuse(ctx, table, "age>99", NULL, CM_E_DATA, "no customer is in the group");
    refuse(ctx, table, "age>9", NULL, CM_E_DATA, "all customers are in the group");
    refuse(ctx, table, "age>old", NULL, CM_E_DATA, "old");
    refuse(ctx, table, NULL, none, CM_E_DATA, "no customer is in the group");
    refuse(ctx, table, NULL, nameless, CM_E_COLUMN, "needs the column customer");
    refuse(ctx, nameless, NULL, none, CM_E_COLUMN, "needs the column customer");
    refuse(ctx, empty, "age>1", NULL, CM_E_DATA, "no customer is in the group");
    cm_table *renamed = NULL;
    OK(ctx, cm_table_with_role(ctx, headless, "A", CM_ROLE_CUSTOMER, &renamed));
    refuse(ctx, table, NULL, renamed, CM_E_DATA, "needs a header line");
    OK(ctx, cm_options_add_text(ctx, options, "only", "ages"));
    FAILS(ctx, CM_E_COLUMN, "ages", cm_fit(ctx, "profile", table, options, &model));
    cm_options_free(options);
    cm_table_free(renamed);
    cm_table_free(empty);
    cm_table_free(nameless);
    cm_table_free(real);
    cm_table_free(none);
    cm_table_free(headless);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* What cannot be compared is left out and counted; what is infinite is refused. */
START_TEST(odd_values) {
    cm_context *ctx = new_context();
    static const double values[][6] = {
        {1e300, -1e300, 1e300, 1, 2, 3}, {5e-324, 0, 5e-324, 0, 1e-320, 0}, {7, 7, 7, 7, 7, 7}};
    for (int i = 0; i < 4; i++) {
        cm_builder *b = NULL;
        cm_table *table = NULL;
        cm_model *model = NULL;
        OK(ctx, cm_builder_new(ctx, &b));
        OK(ctx, cm_builder_column(ctx, b, "v", CM_FLOAT64, 0, 0));
        OK(ctx, cm_builder_column(ctx, b, "g", CM_INT64, 0, 0));
        for (int j = 0; j < 6; j++) {
            OK(ctx, cm_builder_double(ctx, b, 0, i < 3 ? values[i][j] : j == 4 ? (double)INFINITY : 1));
            OK(ctx, cm_builder_int(ctx, b, 1, j % 2));
            OK(ctx, cm_builder_row(ctx, b));
        }
        OK(ctx, cm_builder_finish(ctx, b, &table));
        cm_options *options = asking(ctx, "g=1", i == 1 ? "round" : "quantiles");
        OK(ctx, cm_options_set_int(ctx, options, "least", 1));
        if (i == 3)
            FAILS(ctx, CM_E_DATA, "row 5 is infinite in column v", cm_fit(ctx, "profile", table, options, &model));
        else {
            cm_table *profile = profile_of(ctx, table, options, "profile");
            for (uint64_t row = 0; row < cm_table_rows(profile); row++)
                ck_assert(isfinite(DOUBLE(profile, row, "difference")) && isfinite(DOUBLE(profile, row, "p")));
            ck_assert_int_eq(cm_table_rows(profile) > 0, i < 2);
            cm_table_free(profile);
        }
        cm_options_free(options);
        cm_table_free(table);
        cm_builder_free(b);
    }
    cm_context_free(ctx);
}
END_TEST

/* The same cells for any number of threads. */
START_TEST(any_threads) {
    static person all[PEOPLE];
    random_people(all, 5);
    cm_context *ctx = new_context(), *many = new_context();
    set_threads(many, 7);
    cm_table *table = table_of(ctx, all);
    cm_options *options = asking(ctx, "in=1", "round");
    cm_table *one = profile_of(ctx, table, options, "profile"), *other = profile_of(many, table, options, "profile");
    ck_assert_int_eq(cm_table_rows(one), cm_table_rows(other));
    for (uint64_t row = 0; row < cm_table_rows(one); row++) {
        ck_assert_str_eq(TEXT(one, row, "code"), TEXT(other, row, "code"));
        ck_assert(DOUBLE(one, row, "p") == DOUBLE(other, row, "p")
                  && DOUBLE(one, row, "low") == DOUBLE(other, row, "low"));
    }
    cm_options_free(options);
    cm_table_free(one);
    cm_table_free(other);
    cm_table_free(table);
    cm_context_free(many);
    cm_context_free(ctx);
}
END_TEST

Suite *test_profile(void);
Suite *test_profile(void) {
    Suite *suite = suite_create("profile");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, equals_plain_loops, 0, 4);
    tcase_add_test(all, quantile_bands);
    tcase_add_test(all, sleep_as_r_prints_it);
    tcase_add_test(all, groups);
    tcase_add_test(all, later_customers);
    tcase_add_test(all, bad_groups);
    tcase_add_test(all, odd_values);
    suite_add_tcase(suite, all);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 60);
    tcase_add_test(threads, any_threads);
    suite_add_tcase(suite, threads);
    return suite;
}
