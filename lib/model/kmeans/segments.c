/* What the assignments say of all: the segments with their money, means, medians and a profile in words. */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "model/kmeans/kmeans.h"

__extension__ typedef __int128 wide;

#define APART 0.5      /* standard deviations from the mean that are worth a word */
#define MOST_PHRASES 5 /* of a profile */

/* One column over the rows of one segment. */
typedef struct centre {
    double sum, lost;          /* lost: what the sum rounded away */
    double scaled;             /* sum of the scaled values */
    double mean, median, away;  /* away: of the scaled mean from that of all, in standard deviations */
} centre;

/* How often the customers of a segment buy, where the table tells. */
typedef struct rhythm {
    uint64_t days, gaps; /* from first to last purchase; between days of purchase */
} rhythm;

typedef struct summary {
    const cm_inputs *inputs;
    const cm_kmeans *kmeans;
    int32_t *segments; /* of each row, from 0; -1: none */
    uint64_t *counts;
    wide *money;
    centre *centres; /* segment by segment */
    double *values, *sorted; /* of a column; the same, segment by segment */
    uint64_t *starts;        /* of each segment's in sorted, and the end */
    const cm_kmeans_points *points; /* of a fit; else NULL */
    double means[CM_MOST_INPUTS];   /* of all, in the columns' own units */
    uint64_t *typical;              /* of each segment: the row nearest to the centre; rows: none */
    double *nearest;                /* and its distance */
    rhythm *rhythms;
    int64_t tenure, recency, purchase_days; /* columns; -1: not there */
    uint64_t rows;
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

static uint64_t number_of(const summary *all, uint64_t row) {
    return all->points ? cm_kmeans_number(all->points, row) : all->inputs->numbers[row];
}

static int64_t find_whole(const cm_table *table, const char *name) {
    int64_t column = cm_table_find(table, name);
    return column >= 0 && table->columns[column]->type == CM_INT64 ? column : -1;
}

static void find_rhythm(summary *all) {
    all->tenure = find_whole(all->inputs->table, "tenure_days");
    all->recency = find_whole(all->inputs->table, "recency_days");
    all->purchase_days = find_whole(all->inputs->table, "purchase_days");
    if (all->tenure < 0 || all->recency < 0) all->purchase_days = -1;
}

static void add_rhythm(const summary *all, uint64_t row, rhythm *to) {
    const cm_table *table = all->inputs->table;
    if (all->purchase_days < 0) return;
    int64_t days = cm_table_int(table, row, (uint64_t)all->tenure) - cm_table_int(table, row, (uint64_t)all->recency);
    int64_t count = cm_table_int(table, row, (uint64_t)all->purchase_days);
    if (days <= 0 || days > 1000000 || count < 2 || count > days + 1) return; /* absent ones are 0 */
    to->days += (uint64_t)days;
    to->gaps += (uint64_t)count - 1;
}

/* Of squared distances the medoid, the member with the least sum to all others, is the one nearest to the mean. */
static void note_typical(summary *all, uint64_t row, double distance) {
    int32_t segment = all->segments[row];
    if (segment < 0 || (all->typical[segment] < all->rows && !(distance < all->nearest[segment]))) return;
    all->typical[segment] = row;
    all->nearest[segment] = distance;
}

static void count_rows(summary *all) {
    for (uint64_t row = 0; row < all->rows; row++) {
        if (all->segments[row] < 0) continue;
        all->counts[all->segments[row]]++;
        all->customers++;
        add_rhythm(all, number_of(all, row), &all->rhythms[all->segments[row]]);
        if (all->money_column < 0) continue;
        int64_t money = cm_table_int(all->inputs->table, number_of(all, row), (uint64_t)all->money_column);
        all->money[all->segments[row]] += money;
        all->all_money += money;
    }
    for (uint64_t i = 0; i < all->kmeans->k; i++) all->starts[i + 1] = all->starts[i] + all->counts[i];
}

/* ---- means and medians ---- */

/* A column in its own units; absent values are the median. */
static void take_column(summary *all, uint64_t j) {
    const cm_table *table = all->inputs->table;
    const cm_column *source = all->inputs->columns[j].source;
    uint64_t chunk = 0;
    for (uint64_t i = 0; i < all->rows; i++) {
        uint64_t row = number_of(all, i);
        while (row >= table->first_rows[chunk + 1]) chunk++;
        double value = cm_input_real(source, &source->chunks[chunk], row - table->first_rows[chunk]);
        all->values[i] = isnan(value) ? all->kmeans->scalings[j].median : value;
    }
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

/* Sums of a column by segment, and how the scaled values lie. */
static void add_values(summary *all, uint64_t j, double *mean, double *deviation) {
    const cm_kmeans_scaling *scaling = &all->kmeans->scalings[j];
    double sum = 0, squares = 0, first = 0;
    uint64_t count = 0;
    for (uint64_t row = 0; row < all->rows; row++) {
        if (all->segments[row] < 0) continue;
        double value = all->values[row], scaled = cm_kmeans_to_scaled(scaling, value);
        centre *to = centre_of(all, all->segments[row], j);
        if (!count++) first = scaled;
        add_value(to, value);
        to->scaled += scaled;
        sum += scaled - first;
        squares += (scaled - first) * (scaled - first);
    }
    double shift = sum / (double)count, variance = squares / (double)count - shift * shift;
    *mean = first + shift;
    *deviation = variance > 0 ? sqrt(variance) : 0;
}

/* C. A. R. Hoare, "Algorithm 65: Find", Communications of the ACM 4(7), 1961, doi:10.1145/366622.366647. */
double cm_kmeans_select(double *values, uint64_t count, uint64_t place) {
    uint64_t low = 0, high = count - 1, random = 1;
    while (low < high) {
        random = random * UINT64_C(6364136223846793005) + 1;
        double pivot = values[low + (random >> 33) % (high - low)]; /* not the last, so that both parts are smaller */
        uint64_t i = low, j = high;
        for (;;) {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i >= j) break;
            double other = values[i];
            values[i++] = values[j];
            values[j--] = other;
        }
        if (place <= j) high = j;
        else low = j + 1;
    }
    return values[place];
}

static double median_of(double *values, uint64_t count) {
    double above = cm_kmeans_select(values, count, count / 2), below = above;
    if (count % 2) return above;
    below = values[0];
    for (uint64_t i = 1; i < count / 2; i++)
        if (values[i] > below) below = values[i];
    return below + (above - below) / 2;
}

/* The values segment by segment, and each segment's middle. */
static void find_medians(summary *all, uint64_t j) {
    for (uint64_t row = 0; row < all->rows; row++)
        if (all->segments[row] >= 0) all->sorted[all->starts[all->segments[row]]++] = all->values[row];
    for (uint64_t i = all->kmeans->k; i > 0; i--) all->starts[i] = all->starts[i - 1];
    all->starts[0] = 0;
    for (uint64_t i = 0; i < all->kmeans->k; i++)
        if (all->counts[i]) centre_of(all, (int32_t)i, j)->median = median_of(all->sorted + all->starts[i], all->counts[i]);
}

static cm_status find_centres(cm_context *ctx, summary *all, uint64_t j) {
    double mean, deviation;
    cm_status status = cm_tick(ctx, "segments", j, all->kmeans->columns);
    if (status || !all->customers) return status;
    take_column(all, j);
    add_values(all, j, &mean, &deviation);
    find_medians(all, j);
    for (uint64_t i = 0; i < all->kmeans->k; i++) {
        centre *of = centre_of(all, (int32_t)i, j);
        double count = (double)all->counts[i];
        of->mean = (of->sum + of->lost) / count;
        all->means[j] += of->mean * (count / (double)all->customers);
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
    if (!status) status = cm_builder_column(ctx, builder, "profile_codes", CM_STRING, 0, CM_ROLE_NONE);
    int64_t id = cm_find_id(all->inputs->table);
    int32_t type = id < 0 ? CM_INT64 : all->inputs->table->columns[id]->type;
    if (!status) status = cm_builder_column(ctx, builder, "typical", type, 0, CM_ROLE_NONE);
    return status ? status : cm_builder_column(ctx, builder, "sentence", CM_STRING, 0, CM_ROLE_NONE);
}

static cm_status put_money(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t segment) {
    wide money = all->money[segment];
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
static void say_rhythm(const cm_context *ctx, const summary *all, uint64_t segment, words *out) {
    char number[CM_NUMBER_TEXT], text[512];
    const rhythm *of = &all->rhythms[segment];
    words arguments;
    arguments.length = 0;
    if (of->gaps) {
        add_argument(&arguments, number, print_rounded((double)of->days / (double)of->gaps, number));
        arguments.text[arguments.length] = 0;
        append(out, ", ", text, cm_render(ctx, "KMEANS_EVERY", arguments.text, text, sizeof text));
    }
    for (uint64_t j = 0; j < all->kmeans->columns; j++) {
        if (strcmp(all->kmeans->names[j], "recency_days") != 0) continue;
        number[print_rounded(centre_of(all, (int32_t)segment, j)->median, number)] = 0;
        append(out, ", ", text, cm_render(ctx, "KMEANS_LAST", number, text, sizeof text));
    }
}

/* "18% of customers bring 62% of money: buy often, spend much, buy every 9 days, last 12 days ago" */
static uint64_t say_segment(const cm_context *ctx, const summary *all, uint64_t segment, const words *profile, char *out,
                            uint64_t size) {
    char number[CM_NUMBER_TEXT];
    words said = *profile, arguments;
    bool money = all->money_column >= 0 && all->all_money > 0;
    double share = (double)all->counts[segment] / (double)all->customers;
    arguments.length = 0;
    add_argument(&arguments, number, print_rounded(share * 100, number));
    if (money)
        add_argument(&arguments, number, print_rounded((double)all->money[segment] / (double)all->all_money * 100, number));
    say_rhythm(ctx, all, segment, &said);
    add_argument(&arguments, said.text, said.length);
    arguments.text[arguments.length < sizeof arguments.text ? arguments.length : sizeof arguments.text - 1] = 0;
    const char *code = money ? "KMEANS_SEGMENT_MONEY" : "KMEANS_SEGMENT";
    return cm_render(ctx, code, arguments.text, out, size);
}

static cm_status put_typical(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t segment,
                             uint64_t column) {
    const cm_table *table = all->inputs->table;
    if (all->typical[segment] >= all->rows) return CM_OK;
    uint64_t row = number_of(all, all->typical[segment]), length = 0;
    int64_t id = cm_find_id(table);
    if (id < 0) return cm_builder_int(ctx, builder, column, (int64_t)row + 1);
    if (cm_table_is_absent(table, row, (uint64_t)id)) return CM_OK;
    if (table->columns[id]->type == CM_INT64)
        return cm_builder_int(ctx, builder, column, cm_table_int(table, row, (uint64_t)id));
    const char *text = cm_table_text(table, row, (uint64_t)id, 0, &length);
    return cm_builder_text(ctx, builder, column, text, length);
}

static cm_status put_centres(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t segment,
                             uint64_t column) {
    words profile, codes;
    char sentence[2048];
    cm_status status = CM_OK;
    for (uint64_t j = 0; j < all->kmeans->columns && !status; j++) {
        const centre *of = centre_of(all, (int32_t)segment, j);
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

static cm_status add_segment(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t segment) {
    uint64_t count = all->counts[segment];
    cm_status status = cm_builder_int(ctx, builder, 0, (int64_t)segment + 1);
    if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)count);
    if (!status && all->customers) status = cm_builder_double(ctx, builder, 2, (double)count / (double)all->customers);
    if (!status) status = put_money(ctx, builder, all, segment);
    if (!status && count) status = put_centres(ctx, builder, all, segment, all->money_column < 0 ? 3 : 5);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status make_table(cm_context *ctx, const summary *all, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_columns(ctx, builder, all);
    for (uint64_t i = 0; i < all->kmeans->k && !status; i++) status = add_segment(ctx, builder, all, i);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

static cm_status add_difference(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t segment, uint64_t j) {
    const char *name = all->kmeans->names[j];
    const centre *of = centre_of(all, (int32_t)segment, j);
    cm_status status = cm_builder_int(ctx, builder, 0, (int64_t)segment + 1);
    if (!status) status = cm_builder_text(ctx, builder, 1, name, strlen(name));
    if (!status) status = cm_builder_double(ctx, builder, 2, of->mean);
    if (!status) status = cm_builder_double(ctx, builder, 3, all->means[j]);
    if (!status) status = cm_builder_double(ctx, builder, 4, of->away);
    return status ? status : cm_builder_row(ctx, builder);
}

/* Each segment's columns by how far they set it apart from all, the farthest first. */
static cm_status make_differences(cm_context *ctx, const summary *all, cm_table **out) {
    static const char *const names[] = {"segment", "column", "mean", "mean_of_all", "difference"};
    static const int32_t types[] = {CM_INT64, CM_STRING, CM_FLOAT64, CM_FLOAT64, CM_FLOAT64};
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < 5 && !status; i++) status = cm_builder_column(ctx, builder, names[i], types[i], 0, CM_ROLE_NONE);
    for (uint64_t segment = 0; segment < all->kmeans->k; segment++) {
        bool told[CM_MOST_INPUTS] = {false};
        for (uint64_t rank = 0; rank < all->kmeans->columns && all->counts[segment] && !status; rank++) {
            uint64_t most = all->kmeans->columns;
            for (uint64_t j = 0; j < all->kmeans->columns; j++)
                if (!told[j]
                    && (most == all->kmeans->columns
                        || fabs(centre_of(all, (int32_t)segment, j)->away) > fabs(centre_of(all, (int32_t)segment, most)->away)))
                    most = j;
            told[most] = true;
            status = add_difference(ctx, builder, all, segment, most);
        }
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* ---- of a fit, of scores ---- */

static cm_status open(cm_context *ctx, summary *all, const cm_inputs *inputs, const cm_kmeans *kmeans, uint64_t rows) {
    all->inputs = inputs;
    all->kmeans = kmeans;
    all->rows = rows;
    find_money(all);
    find_rhythm(all);
    all->segments = cm_alloc(ctx, rows, sizeof *all->segments);
    if (all->segments) all->counts = cm_alloc(ctx, kmeans->k, sizeof *all->counts);
    if (all->counts) all->money = cm_alloc(ctx, kmeans->k, sizeof *all->money);
    if (all->money) all->centres = cm_alloc(ctx, kmeans->k * kmeans->columns, sizeof *all->centres);
    if (all->centres) all->starts = cm_alloc(ctx, kmeans->k + 1, sizeof *all->starts);
    if (all->starts) all->values = cm_alloc(ctx, rows, sizeof *all->values);
    if (all->values) all->sorted = cm_alloc(ctx, rows, sizeof *all->sorted);
    if (all->sorted) all->rhythms = cm_alloc(ctx, kmeans->k, sizeof *all->rhythms);
    if (all->rhythms) all->nearest = cm_alloc(ctx, kmeans->k, sizeof *all->nearest);
    if (all->nearest) all->typical = cm_alloc(ctx, kmeans->k, sizeof *all->typical);
    for (uint64_t i = 0; all->typical && i < kmeans->k; i++) all->typical[i] = UINT64_MAX;
    return all->typical ? CM_OK : ctx->error.status;
}

static void close(cm_core *core, summary *all) {
    uint64_t k = all->kmeans->k;
    cm_free(core, all->segments, all->rows, sizeof *all->segments);
    cm_free(core, all->counts, k, sizeof *all->counts);
    cm_free(core, all->money, k, sizeof *all->money);
    cm_free(core, all->centres, k * all->kmeans->columns, sizeof *all->centres);
    cm_free(core, all->starts, k + 1, sizeof *all->starts);
    cm_free(core, all->values, all->rows, sizeof *all->values);
    cm_free(core, all->sorted, all->rows, sizeof *all->sorted);
    cm_free(core, all->rhythms, k, sizeof *all->rhythms);
    cm_free(core, all->nearest, k, sizeof *all->nearest);
    cm_free(core, all->typical, k, sizeof *all->typical);
}

static cm_status summarise(cm_context *ctx, summary *all, cm_table **out, cm_table **differences) {
    cm_status status = CM_OK;
    count_rows(all);
    for (uint64_t j = 0; j < all->kmeans->columns && !status; j++) status = find_centres(ctx, all, j);
    if (!status) status = make_table(ctx, all, out);
    return status ? status : make_differences(ctx, all, differences);
}

cm_status cm_kmeans_summarise(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores) {
    const cm_kmeans *kmeans = model->compiled;
    summary all = {0};
    cm_table *table = NULL, *differences = NULL;
    uint64_t segment = (uint64_t)cm_table_find(scores, "segment"), distance = (uint64_t)cm_table_find(scores, "distance");
    cm_status status = cm_kmeans_check_values(ctx, inputs, kmeans->missing);
    if (status) return status;
    status = open(ctx, &all, inputs, kmeans, inputs->rows);
    for (uint64_t row = 0; row < inputs->rows && !status; row++) {
        all.segments[row] = (int32_t)cm_table_int(scores, row, segment) - 1;
        note_typical(&all, row, cm_table_double(scores, row, distance));
    }
    if (!status) status = summarise(ctx, &all, &table, &differences);
    if (!status) status = cm_table_attach(ctx, scores, "segments", table);
    if (!status) status = cm_table_attach(ctx, scores, "differences", differences);
    cm_table_free(table);
    cm_table_free(differences);
    close(ctx->core, &all);
    return status;
}

cm_status cm_kmeans_summarise_fit(cm_context *ctx, cm_model *model, const cm_inputs *inputs,
                                  const cm_kmeans_points *points, const cm_kmeans_run *run) {
    cm_kmeans kmeans = {0};
    summary all = {.points = points};
    cm_table *table = NULL, *differences = NULL;
    cm_status status = cm_kmeans_read_tables(ctx, model, &kmeans);
    if (!status) status = open(ctx, &all, inputs, &kmeans, points->rows);
    for (uint64_t row = 0; row < points->rows && !status; row++) {
        all.segments[row] = run->labels[row];
        note_typical(&all, row, run->closest[row]);
    }
    if (!status) status = summarise(ctx, &all, &table, &differences);
    if (!status) status = cm_model_put(ctx, model, "segments", table);
    if (!status) status = cm_model_put(ctx, model, "differences", differences);
    cm_table_free(table);
    cm_table_free(differences);
    if (all.kmeans) close(ctx->core, &all);
    cm_kmeans_clear(ctx->core, &kmeans);
    return status;
}
