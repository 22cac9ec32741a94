/* The segments told: in numbers, in words, in one sentence each, and by what sets them apart. */
#include <math.h>
#include <string.h>

#include "model/kmeans/segments.h"

#define APART 0.5      /* standard deviations from the mean that are worth a word */
#define MOST_PHRASES 5 /* of a profile */

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

/* The column that sets the segment apart most among those that are not told; columns: none is left. */
static uint64_t farthest(const cm_kmeans_summary *all, uint64_t segment, const bool *told) {
    uint64_t columns = all->kmeans->columns, most = columns;
    double away = -1;
    for (uint64_t j = 0; j < columns; j++) {
        double own = fabs(cm_kmeans_centre_of(all, segment, j)->away);
        if (told[j] || !(own > away)) continue;
        away = own;
        most = j;
    }
    return most;
}

/* The columns by how far the segment is from all, the farthest first. */
static void describe(const cm_context *ctx, const cm_kmeans_summary *all, uint64_t segment, words *profile,
                     words *codes) {
    bool told[CM_MOST_INPUTS] = {false};
    profile->length = codes->length = 0;
    for (int phrases = 0; phrases < MOST_PHRASES; phrases++) {
        uint64_t most = farthest(all, segment, told);
        if (most == all->kmeans->columns || fabs(cm_kmeans_centre_of(all, segment, most)->away) < APART) break;
        told[most] = true;
        add_phrase(ctx, all->kmeans->names[most], cm_kmeans_centre_of(all, segment, most)->away, profile, codes);
    }
    if (profile->length) return;
    char text[512];
    append(profile, "", text, cm_render(ctx, "KMEANS_AVERAGE", "", text, sizeof text));
    append(codes, "", "KMEANS_AVERAGE", strlen("KMEANS_AVERAGE"));
}

/* ---- the table ---- */

static cm_status add_columns(cm_context *ctx, cm_builder *builder, const cm_kmeans_summary *all) {
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
    if (!status) status = cm_builder_column(ctx, builder, "profile_codes", CM_STRING, 0, CM_ROLE_NONE);
    int64_t id = cm_find_id(all->inputs->table);
    int32_t type = id < 0 ? CM_INT64 : all->inputs->table->columns[id]->type;
    if (!status) status = cm_builder_column(ctx, builder, "typical", type, 0, CM_ROLE_NONE);
    return status ? status : cm_builder_column(ctx, builder, "sentence", CM_STRING, 0, CM_ROLE_NONE);
}

static cm_status put_money(cm_context *ctx, cm_builder *builder, const cm_kmeans_summary *all, uint64_t segment) {
    cm_wide money = all->money[segment];
    if (all->money_column < 0) return CM_OK;
    if (money > INT64_MAX || money < INT64_MIN) return cm_fail(ctx, CM_E_OVERFLOW, "KMEANS_MONEY", "u", segment + 1);
    cm_status status = cm_builder_int(ctx, builder, 3, (int64_t)money);
    if (status || all->all_money <= 0) return status;
    return cm_builder_double(ctx, builder, 4, (double)money / (double)all->all_money);
}

/* A number for eyes: one place behind the point below ten, else none. */
static uint64_t print_rounded(double value, char *out) {
    double unit = fabs(value) < 10 ? 10 : 1;
    return cm_print_double(floor(value * unit + 0.5) / unit, out);
}

static void add_argument(words *to, const char *text, uint64_t length) {
    append(to, "\x1F", text, length);
}

/* ", buy every 9 days, last 12 days ago", as far as the table tells. */
static void say_rhythm(const cm_context *ctx, const cm_kmeans_summary *all, uint64_t segment, words *out) {
    char number[CM_NUMBER_TEXT], text[512];
    const cm_kmeans_rhythm *of = &all->rhythms[segment];
    words arguments;
    arguments.length = 0;
    if (of->gaps) {
        add_argument(&arguments, number, print_rounded((double)of->days / (double)of->gaps, number));
        arguments.text[arguments.length] = 0;
        append(out, ", ", text, cm_render(ctx, "KMEANS_EVERY", arguments.text, text, sizeof text));
    }
    for (uint64_t j = 0; j < all->kmeans->columns; j++) {
        if (strcmp(all->kmeans->names[j], "recency_days") != 0) continue;
        number[print_rounded(cm_kmeans_centre_of(all, segment, j)->median, number)] = 0;
        append(out, ", ", text, cm_render(ctx, "KMEANS_LAST", number, text, sizeof text));
    }
}

/* "18% of customers bring 62% of money: buy often, spend much, buy every 9 days, last 12 days ago" */
static uint64_t say_segment(const cm_context *ctx, const cm_kmeans_summary *all, uint64_t segment,
                            const words *profile, char *out, uint64_t size) {
    char number[CM_NUMBER_TEXT];
    words said = *profile, arguments;
    bool money = all->money_column >= 0 && all->all_money > 0;
    double share = (double)all->counts[segment] / (double)all->customers;
    arguments.length = 0;
    add_argument(&arguments, number, print_rounded(share * 100, number));
    if (money)
        add_argument(&arguments, number,
                     print_rounded((double)all->money[segment] / (double)all->all_money * 100, number));
    say_rhythm(ctx, all, segment, &said);
    add_argument(&arguments, said.text, said.length);
    arguments.text[arguments.length < sizeof arguments.text ? arguments.length : sizeof arguments.text - 1] = 0;
    const char *code = money ? "KMEANS_SEGMENT_MONEY" : "KMEANS_SEGMENT";
    return cm_render(ctx, code, arguments.text, out, size);
}

static cm_status put_typical(cm_context *ctx, cm_builder *builder, const cm_kmeans_summary *all, uint64_t segment,
                             uint64_t column) {
    const cm_table *table = all->inputs->table;
    if (all->typical[segment] >= all->rows) return CM_OK;
    uint64_t row = cm_kmeans_number_of(all, all->typical[segment]), length = 0;
    int64_t id = cm_find_id(table);
    if (id < 0) return cm_builder_int(ctx, builder, column, (int64_t)row + 1);
    if (cm_table_is_absent(table, row, (uint64_t)id)) return CM_OK;
    if (table->columns[id]->type == CM_INT64)
        return cm_builder_int(ctx, builder, column, cm_table_int(table, row, (uint64_t)id));
    const char *text = cm_table_text(table, row, (uint64_t)id, 0, &length);
    return cm_builder_text(ctx, builder, column, text, length);
}

static cm_status put_centres(cm_context *ctx, cm_builder *builder, const cm_kmeans_summary *all, uint64_t segment,
                             uint64_t column) {
    words profile, codes;
    char sentence[2048];
    cm_status status = CM_OK;
    for (uint64_t j = 0; j < all->kmeans->columns && !status; j++) {
        const cm_kmeans_centre *of = cm_kmeans_centre_of(all, segment, j);
        status = cm_builder_double(ctx, builder, column + 2 * j, of->mean);
        if (!status) status = cm_builder_double(ctx, builder, column + 2 * j + 1, of->median);
    }
    column += 2 * all->kmeans->columns;
    describe(ctx, all, segment, &profile, &codes);
    if (!status) status = cm_builder_text(ctx, builder, column, profile.text, profile.length);
    if (!status) status = cm_builder_text(ctx, builder, column + 1, codes.text, codes.length);
    if (!status) status = put_typical(ctx, builder, all, segment, column + 2);
    if (status) return status;
    uint64_t length = say_segment(ctx, all, segment, &profile, sentence, sizeof sentence);
    return cm_builder_text(ctx, builder, column + 3, sentence, length);
}

static cm_status add_segment(cm_context *ctx, cm_builder *builder, const cm_kmeans_summary *all, uint64_t segment) {
    uint64_t count = all->counts[segment];
    cm_status status = cm_builder_int(ctx, builder, 0, (int64_t)segment + 1);
    if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)count);
    if (!status && all->customers) status = cm_builder_double(ctx, builder, 2, (double)count / (double)all->customers);
    if (!status) status = put_money(ctx, builder, all, segment);
    if (!status && count) status = put_centres(ctx, builder, all, segment, all->money_column < 0 ? 3 : 5);
    return status ? status : cm_builder_row(ctx, builder);
}

cm_status cm_kmeans_make_segments(cm_context *ctx, const cm_kmeans_summary *all, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_columns(ctx, builder, all);
    for (uint64_t i = 0; i < all->kmeans->k && !status; i++) status = add_segment(ctx, builder, all, i);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

static cm_status add_difference(cm_context *ctx, cm_builder *builder, const cm_kmeans_summary *all, uint64_t segment,
                                uint64_t j) {
    const char *name = all->kmeans->names[j];
    const cm_kmeans_centre *of = cm_kmeans_centre_of(all, segment, j);
    cm_status status = cm_builder_int(ctx, builder, 0, (int64_t)segment + 1);
    if (!status) status = cm_builder_text(ctx, builder, 1, name, strlen(name));
    if (!status) status = cm_builder_double(ctx, builder, 2, of->mean);
    if (!status) status = cm_builder_double(ctx, builder, 3, all->means[j]);
    if (!status) status = cm_builder_double(ctx, builder, 4, of->away);
    return status ? status : cm_builder_row(ctx, builder);
}

/* Each segment's columns by how far they set it apart from all, the farthest first. */
cm_status cm_kmeans_make_differences(cm_context *ctx, const cm_kmeans_summary *all, cm_table **out) {
    static const char *const names[] = {"segment", "column", "mean", "mean_of_all", "difference"};
    static const int32_t types[] = {CM_INT64, CM_STRING, CM_FLOAT64, CM_FLOAT64, CM_FLOAT64};
    uint64_t columns = all->kmeans->columns, most;
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < 5 && !status; i++)
        status = cm_builder_column(ctx, builder, names[i], types[i], 0, CM_ROLE_NONE);
    for (uint64_t segment = 0; segment < all->kmeans->k; segment++) {
        bool told[CM_MOST_INPUTS] = {false};
        while (all->counts[segment] && !status && (most = farthest(all, segment, told)) < columns) {
            told[most] = true;
            status = add_difference(ctx, builder, all, segment, most);
        }
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}
