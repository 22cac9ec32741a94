/* What the assignments say of all: the segments with their money, means, medians and a profile in words. */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/sort.h"
#include "model/kmeans/kmeans.h"

__extension__ typedef __int128 wide;

#define APART 0.5      /* standard deviations from the mean that are worth a word */
#define MOST_PHRASES 5 /* of a profile */

/* One column over the rows of one segment. */
typedef struct centre {
    double sum, lost;          /* lost: what the sum rounded away */
    double scaled;             /* sum of the scaled values */
    double mean, median, away; /* away: of the scaled mean from that of all, in standard deviations */
    uint64_t seen;
    double before; /* the value below the median's place */
} centre;

typedef struct summary {
    const cm_inputs *inputs;
    const cm_kmeans *kmeans;
    int32_t *segments; /* of each row, from 0; -1: none */
    uint64_t *counts;
    wide *money;
    centre *centres; /* segment by segment */
    cm_key *keys;    /* room for all rows */
    uint64_t customers;
    int64_t money_column; /* -1: there is none */
    int32_t money_scale;
    wide all_money;
} summary;

/* ---- counting ---- */

static void find_money(summary *all) {
    const cm_table *table = all->inputs->table;
    all->money_column = cm_table_find(table, "money");
    if (all->money_column < 0) return;
    const cm_column *column = table->columns[all->money_column];
    all->money_scale = column->scale;
    if (column->type != CM_DECIMAL && column->type != CM_INT64) all->money_column = -1;
}

static void count_rows(summary *all, const cm_table *scores) {
    uint64_t segment = (uint64_t)cm_table_find(scores, "segment");
    for (uint64_t row = 0; row < all->inputs->rows; row++) {
        all->segments[row] = (int32_t)cm_table_int(scores, row, segment) - 1;
        if (all->segments[row] < 0) continue;
        all->counts[all->segments[row]]++;
        all->customers++;
        if (all->money_column < 0) continue;
        int64_t money = cm_table_int(all->inputs->table, all->inputs->numbers[row], (uint64_t)all->money_column);
        all->money[all->segments[row]] += money;
        all->all_money += money;
    }
}

/* ---- means and medians ---- */

static double value_at(const summary *all, uint64_t row, uint64_t j) {
    double value = all->inputs->columns[j].reals[row];
    return isnan(value) ? all->kmeans->scalings[j].median : value;
}

/* Adds and remembers what was rounded away (A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation
 * endlicher Summen", ZAMM 54, 1974, doi:10.1002/zamm.19740540106). */
static void add_value(centre *to, double value) {
    double sum = to->sum + value;
    to->lost += fabs(to->sum) >= fabs(value) ? (to->sum - sum) + value : (value - sum) + to->sum;
    to->sum = sum;
}

static centre *centre_of(const summary *all, int32_t segment, uint64_t j) {
    return &all->centres[(uint64_t)segment * all->kmeans->columns + j];
}

/* Sums of a column by segment, its keys, and how the scaled values lie. */
static void add_values(summary *all, uint64_t j, double *mean, double *deviation) {
    const cm_kmeans_scaling *scaling = &all->kmeans->scalings[j];
    double sum = 0, squares = 0;
    uint64_t count = 0;
    for (uint64_t row = 0; row < all->inputs->rows; row++) {
        if (all->segments[row] < 0) continue;
        double value = value_at(all, row, j), scaled = cm_kmeans_to_scaled(scaling, value);
        centre *to = centre_of(all, all->segments[row], j);
        add_value(to, value);
        to->scaled += scaled;
        sum += scaled;
        all->keys[count++] = (cm_key){cm_key_of_double(value), row};
    }
    *mean = sum / (double)count;
    for (uint64_t row = 0; row < all->inputs->rows; row++) {
        if (all->segments[row] < 0) continue;
        double step = cm_kmeans_to_scaled(scaling, value_at(all, row, j)) - *mean;
        squares += step * step;
    }
    *deviation = sqrt(squares / (double)count);
}

/* In the order of the values, each segment's middle one or two. */
static void find_medians(summary *all, uint64_t j) {
    for (uint64_t i = 0; i < all->customers; i++) {
        uint64_t row = all->keys[i].value;
        int32_t segment = all->segments[row];
        centre *of = centre_of(all, segment, j);
        uint64_t place = of->seen++, count = all->counts[segment];
        double value = value_at(all, row, j);
        if (place == (count - 1) / 2) of->before = value;
        if (place == count / 2) of->median = of->before + (value - of->before) / 2;
    }
}

static cm_status find_centres(cm_context *ctx, summary *all, uint64_t j) {
    double mean, deviation;
    cm_status status = cm_tick(ctx, "segments", j, all->kmeans->columns);
    if (status || !all->customers) return status;
    add_values(all, j, &mean, &deviation);
    status = cm_sort_keys(ctx, all->keys, all->customers);
    if (status) return status;
    find_medians(all, j);
    for (uint64_t i = 0; i < all->kmeans->k; i++) {
        centre *of = centre_of(all, (int32_t)i, j);
        double count = (double)all->counts[i];
        of->mean = (of->sum + of->lost) / count;
        of->away = deviation > 0 ? (of->scaled / count - mean) / deviation : 0;
    }
    return CM_OK;
}

/* ---- words ---- */

typedef struct words {
    char text[1024];
    uint64_t length;
} words;

static void append(words *to, const char *between, const char *text, uint64_t length) {
    uint64_t gap = to->length ? strlen(between) : 0;
    if (to->length + gap + length > sizeof to->text) return;
    memcpy(to->text + to->length, between, (size_t)gap);
    memcpy(to->text + to->length + gap, text, (size_t)length);
    to->length += gap + length;
}

static const char *phrase_code(const char *column, bool high) {
    static const char *const own[][3] = {{"recency_days", "KMEANS_RECENT", "KMEANS_LONG_AGO"},
                                         {"invoices", "KMEANS_SELDOM", "KMEANS_OFTEN"},
                                         {"money", "KMEANS_LITTLE", "KMEANS_MUCH"}};
    for (uint64_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strcmp(own[i][0], column)) return own[i][1 + high];
    return high ? "KMEANS_HIGH" : "KMEANS_LOW";
}

static void add_phrase(const cm_context *ctx, const char *column, double away, words *profile, words *codes) {
    char arguments[320], number[CM_NUMBER_TEXT], text[512];
    const char *code = phrase_code(column, away > 0);
    uint64_t name = strlen(column) < 240 ? strlen(column) : 240;
    double size = floor(fabs(away) * 100 + 0.5) / 100;
    memcpy(arguments, column, (size_t)name);
    arguments[name] = 0x1F;
    memcpy(arguments + name + 1, number, (size_t)cm_print_double(away < 0 ? -size : size, number) + 1);
    append(profile, ", ", text, cm_render(ctx, code, arguments, text, sizeof text));
    arguments[name] = ' ';
    append(codes, "; ", code, strlen(code));
    append(codes, " ", arguments, strlen(arguments));
}

/* The columns by how far the segment is from all, the farthest first. */
static void describe(const cm_context *ctx, const summary *all, uint64_t segment, words *profile, words *codes) {
    bool told[CM_MOST_INPUTS] = {false};
    profile->length = codes->length = 0;
    for (int phrases = 0; phrases < MOST_PHRASES; phrases++) {
        uint64_t most = all->kmeans->columns;
        double farthest = APART;
        for (uint64_t j = 0; j < all->kmeans->columns; j++) {
            double away = fabs(centre_of(all, (int32_t)segment, j)->away);
            if (told[j] || away < APART || (most < all->kmeans->columns && away <= farthest)) continue;
            farthest = away;
            most = j;
        }
        if (most == all->kmeans->columns) break;
        told[most] = true;
        add_phrase(ctx, all->kmeans->names[most], centre_of(all, (int32_t)segment, most)->away, profile, codes);
    }
    if (profile->length) return;
    char text[512];
    append(profile, "", text, cm_render(ctx, "KMEANS_AVERAGE", "", text, sizeof text));
    append(codes, "", "KMEANS_AVERAGE", strlen("KMEANS_AVERAGE"));
}

/* ---- the table ---- */

static cm_status add_columns(cm_context *ctx, cm_builder *builder, const summary *all) {
    char name[600];
    cm_status status = cm_builder_column(ctx, builder, "segment", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "customers", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "share", CM_FLOAT64, 0, CM_ROLE_NONE);
    if (all->money_column >= 0) {
        if (!status) status = cm_builder_column(ctx, builder, "money", CM_DECIMAL, all->money_scale, CM_ROLE_NONE);
        if (!status) status = cm_builder_column(ctx, builder, "money_share", CM_FLOAT64, 0, CM_ROLE_NONE);
    }
    for (uint64_t i = 0; i < 2 * all->kmeans->columns && !status; i++) {
        const char *before = i % 2 ? "median_" : "mean_", *column = all->kmeans->names[i / 2];
        uint64_t length = strlen(column), room = sizeof name - 1 - strlen(before);
        memcpy(name, before, strlen(before));
        memcpy(name + strlen(before), column, (size_t)(length < room ? length : room));
        name[strlen(before) + (length < room ? length : room)] = 0;
        status = cm_builder_column(ctx, builder, name, CM_FLOAT64, 0, CM_ROLE_NONE);
    }
    if (!status) status = cm_builder_column(ctx, builder, "profile", CM_STRING, 0, CM_ROLE_NONE);
    return status ? status : cm_builder_column(ctx, builder, "profile_codes", CM_STRING, 0, CM_ROLE_NONE);
}

static cm_status put_money(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t segment) {
    wide money = all->money[segment];
    if (all->money_column < 0) return CM_OK;
    if (money > INT64_MAX || money < INT64_MIN) return cm_fail(ctx, CM_E_OVERFLOW, "KMEANS_MONEY", "u", segment + 1);
    cm_status status = cm_builder_int(ctx, builder, 3, (int64_t)money);
    if (status || all->all_money <= 0) return status;
    return cm_builder_double(ctx, builder, 4, (double)money / (double)all->all_money);
}

static cm_status put_centres(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t segment,
                             uint64_t column) {
    words profile, codes;
    cm_status status = CM_OK;
    for (uint64_t j = 0; j < all->kmeans->columns && !status; j++) {
        const centre *of = centre_of(all, (int32_t)segment, j);
        status = cm_builder_double(ctx, builder, column + 2 * j, of->mean);
        if (!status) status = cm_builder_double(ctx, builder, column + 2 * j + 1, of->median);
    }
    column += 2 * all->kmeans->columns;
    describe(ctx, all, segment, &profile, &codes);
    if (!status) status = cm_builder_text(ctx, builder, column, profile.text, profile.length);
    return status ? status : cm_builder_text(ctx, builder, column + 1, codes.text, codes.length);
}

static cm_status add_segment(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t segment) {
    uint64_t count = all->counts[segment];
    cm_status status = cm_builder_int(ctx, builder, 0, (int64_t)segment + 1);
    if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)count);
    if (!status && all->customers) status = cm_builder_double(ctx, builder, 2, (double)count / (double)all->customers);
    if (!status) status = put_money(ctx, builder, all, segment);
    if (!status && count) status = put_centres(ctx, builder, all, segment, all->money_column < 0 ? 3 : 5);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status attach(cm_context *ctx, const summary *all, cm_table *scores) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_columns(ctx, builder, all);
    for (uint64_t i = 0; i < all->kmeans->k && !status; i++) status = add_segment(ctx, builder, all, i);
    if (!status) status = cm_builder_finish(ctx, builder, &table);
    if (!status) status = cm_table_attach(ctx, scores, "segments", table);
    cm_table_free(table);
    cm_builder_free(builder);
    return status;
}

cm_status cm_kmeans_summarise(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores) {
    const cm_kmeans *kmeans = model->compiled;
    summary all = {.inputs = inputs, .kmeans = kmeans};
    cm_status status = cm_kmeans_check_values(ctx, inputs, kmeans->missing);
    if (status) return status;
    find_money(&all);
    all.segments = cm_alloc(ctx, inputs->rows, sizeof *all.segments);
    if (all.segments) all.counts = cm_alloc(ctx, kmeans->k, sizeof *all.counts);
    if (all.counts) all.money = cm_alloc(ctx, kmeans->k, sizeof *all.money);
    if (all.money) all.centres = cm_alloc(ctx, kmeans->k * kmeans->columns, sizeof *all.centres);
    if (all.centres) all.keys = cm_alloc(ctx, inputs->rows, sizeof *all.keys);
    if (all.keys)
        count_rows(&all, scores);
    else
        status = ctx->error.status;
    for (uint64_t j = 0; j < kmeans->columns && !status; j++) status = find_centres(ctx, &all, j);
    if (!status) status = attach(ctx, &all, scores);
    cm_free(ctx->core, all.segments, inputs->rows, sizeof *all.segments);
    cm_free(ctx->core, all.counts, kmeans->k, sizeof *all.counts);
    cm_free(ctx->core, all.money, kmeans->k, sizeof *all.money);
    cm_free(ctx->core, all.centres, kmeans->k * kmeans->columns, sizeof *all.centres);
    cm_free(ctx->core, all.keys, inputs->rows, sizeof *all.keys);
    return status;
}
