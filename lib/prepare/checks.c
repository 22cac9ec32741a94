/* What looks odd in a table of transactions and would change the answer. Each check goes over the lines by itself and
 * adds a row for what it finds; one whose columns are missing is left out. Cost: O(lines) a check, the largest memory
 * at a time being that of the exact duplicates (8 to 24 bytes a line); sums are integers and examples are chosen by
 * values and by rows, so that nothing depends on threads, chunks, codes or hash keys. */
#include "prepare/checks.h"

#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "prepare/orders.h"

static const cm_option_spec checks_options[] = {
    {"basket_lines", "100", NULL, "baskets of more lines than this are large", 1, 1e9, CM_OPTION_INT},
    {"utc_offset", NULL, NULL, "offset like +02:00 at which days of UTC times are cut", 0, 0, CM_OPTION_TEXT},
    {0},
};
const cm_topic cm_checks_topic = {"checks", "what looks odd in transactions", checks_options};

/* The checks, in the order of the result, and the roles without which each is left out. */
#define NEEDS(role) CM_ROLE_BIT(CM_ROLE_##role)
static const struct {
    const char *name, *sentence;
    uint32_t roles;
    cm_check run;
} list[] = {
    {"no_customer", "CHECK_NO_CUSTOMER", NEEDS(CUSTOMER), cm_check_no_customer},
    {"ids_with_point", "CHECK_IDS_WITH_POINT", 0, cm_check_ids_with_point},
    {"mirrored_refunds", "CHECK_MIRRORED_REFUNDS", NEEDS(CUSTOMER) | NEEDS(ITEM) | NEEDS(QUANTITY),
     cm_check_mirrored_refunds},
    {"large_baskets", "CHECK_LARGE_BASKETS", 0, cm_check_large_baskets},
    {"service_items", "CHECK_SERVICE_ITEMS", NEEDS(ITEM), cm_check_service_items},
    {"last_month_open", "CHECK_LAST_MONTH_OPEN", NEEDS(DATE), cm_check_last_month_open},
    {"far_last_date", "CHECK_FAR_LAST_DATE", NEEDS(DATE), cm_check_far_last_date},
    {"several_names", "CHECK_SEVERAL_NAMES", NEEDS(ITEM) | NEEDS(ITEM_NAME), cm_check_several_names},
    {"mixed_units", "CHECK_MIXED_UNITS", NEEDS(ITEM) | NEEDS(QUANTITY), cm_check_mixed_units},
    {"top_ten", "CHECK_TOP_TEN", NEEDS(CUSTOMER) | NEEDS(AMOUNT), cm_check_top_ten},
    {"exact_duplicates", "CHECK_EXACT_DUPLICATES", 0, cm_check_exact_duplicates},
    {"zero_prices", "CHECK_ZERO_PRICES", 0, cm_check_zero_prices},
    {"negative_prices", "CHECK_NEGATIVE_PRICES", NEEDS(PRICE), cm_check_negative_prices},
};

/* ---- phrases ---- */

static uint64_t whole_characters(const char *text, uint64_t length) {
    while (length && ((unsigned char)text[length] & 0xC0) == 0x80) length--; /* not inside a UTF-8 character */
    return length;
}

void cm_phrase_add(cm_phrase *phrase, const char *text, uint64_t length) {
    uint64_t room = sizeof phrase->text - 1 - phrase->length;
    if (length > room) {
        uint64_t kept = room < 3 ? 0 : whole_characters(text, room - 3);
        memcpy(phrase->text + phrase->length, text, (size_t)kept);
        phrase->length += kept;
        text = "...";
        length = room < 3 ? 0 : 3;
    }
    memcpy(phrase->text + phrase->length, text, (size_t)length);
    phrase->length += length;
    phrase->text[phrase->length] = 0;
}

void cm_phrase_say(cm_phrase *phrase, const char *text) {
    cm_phrase_add(phrase, text, strlen(text));
}

void cm_phrase_int(cm_phrase *phrase, int64_t value) {
    char room[CM_NUMBER_TEXT];
    cm_phrase_add(phrase, room, cm_print_int(value, room));
}

void cm_phrase_day(cm_phrase *phrase, int32_t day) {
    char room[CM_CIVIL_TEXT];
    cm_phrase_add(phrase, room, cm_print_date(day, room));
}

/* ---- findings ---- */

/* Control characters would break the one-line sentence and part its arguments. Each is cut, so that three fit. */
void cm_finding_text(cm_finding *finding, const char *text, uint64_t length) {
    char *to = finding->arguments + finding->arguments_length;
    uint64_t left = sizeof finding->arguments - finding->arguments_length, at = 0;
    if (left < CM_ARGUMENT_TEXT + 2) return;
    if (finding->argument_count++) to[at++] = 0x1F;
    if (length > CM_ARGUMENT_TEXT) length = whole_characters(text, CM_ARGUMENT_TEXT);
    for (uint64_t i = 0; i < length; i++) to[at++] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i];
    to[at] = 0;
    finding->arguments_length += at;
}

void cm_finding_int(cm_finding *finding, int64_t value) {
    char room[CM_NUMBER_TEXT];
    cm_finding_text(finding, room, cm_print_int(value, room));
}

void cm_finding_day(cm_finding *finding, int32_t day) {
    char room[CM_CIVIL_TEXT];
    cm_finding_text(finding, room, cm_print_date(day, room));
}

void cm_finding_example(cm_finding *finding) {
    cm_finding_text(finding, finding->example.text, finding->example.length);
}

void cm_checks_id(const cm_checking *checks, cm_phrase *phrase, int32_t role, int64_t id) {
    char room[CM_CELL_TEXT];
    uint64_t length;
    const char *text = cm_sales_id(checks->sales, role, id, room, &length);
    cm_phrase_add(phrase, text, length);
}

void cm_checks_place(const cm_checking *checks, cm_phrase *phrase, uint64_t row) {
    char room[CM_CELL_TEXT];
    uint64_t length;
    const char *text = cm_sales_text(checks->sales, CM_ROLE_INVOICE, row, room, &length);
    cm_phrase_add(phrase, text, length);
    if (length) return;
    cm_phrase_say(phrase, "row ");
    cm_phrase_int(phrase, (int64_t)row + 1);
}

/* ---- the table ---- */

enum { CHECK, LINES, MONEY, EXAMPLE, OPTION, SENTENCE };

static cm_status open_builder(cm_context *ctx, cm_checking *checks) {
    const struct {
        const char *name;
        int32_t type, scale;
    } columns[] = {
        {"check", CM_STRING, 0},   {"lines", CM_INT64, 0},   {"money", CM_DECIMAL, checks->sales->money_scale},
        {"example", CM_STRING, 0}, {"option", CM_STRING, 0}, {"sentence", CM_STRING, 0}};
    cm_status status = cm_builder_new(ctx, &checks->builder);
    for (int32_t i = 0; i <= SENTENCE && !status; i++)
        status =
            cm_builder_column(ctx, checks->builder, columns[i].name, columns[i].type, columns[i].scale, CM_ROLE_NONE);
    return status;
}

cm_status cm_checks_add(cm_context *ctx, cm_checking *checks, const cm_finding *finding) {
    char sentence[2400];
    cm_builder *to = checks->builder;
    cm_money money = cm_line_sum_money(checks->sales, &finding->tally);
    uint64_t length = cm_render(ctx, checks->sentence, finding->arguments, sentence, sizeof sentence);
    cm_status status = cm_builder_text(ctx, to, CHECK, checks->name, strlen(checks->name));
    if (!status) status = cm_builder_int(ctx, to, LINES, (int64_t)finding->tally.lines);
    if (!status && money.known) status = cm_builder_int(ctx, to, MONEY, money.value);
    if (!status) status = cm_builder_text(ctx, to, EXAMPLE, finding->example.text, finding->example.length);
    if (!status && finding->option.length)
        status = cm_builder_text(ctx, to, OPTION, finding->option.text, finding->option.length);
    if (!status) status = cm_builder_text(ctx, to, SENTENCE, sentence, length);
    return status ? status : cm_builder_row(ctx, to);
}

static cm_status run_checks(cm_context *ctx, cm_checking *checks) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < sizeof list / sizeof *list && !status; i++) {
        if ((checks->sales->roles & list[i].roles) != list[i].roles) continue;
        checks->name = list[i].name;
        checks->sentence = list[i].sentence;
        status = list[i].run(ctx, checks);
    }
    return status;
}

static cm_status checks_of(cm_context *ctx, const cm_table *table, const cm_options *options, cm_table **out) {
    int32_t minutes;
    cm_sales sales;
    cm_status status = cm_options_check(ctx, options, &cm_checks_topic);
    if (!status) status = cm_parse_utc_offset(ctx, cm_option_text(options, &cm_checks_topic, "utc_offset"), &minutes);
    if (!status) status = cm_sales_open(ctx, table, minutes, &sales);
    if (status) return status;
    cm_checking checks = {.sales = &sales, .basket_lines = cm_option_int(options, &cm_checks_topic, "basket_lines")};
    status = open_builder(ctx, &checks);
    if (!status) status = run_checks(ctx, &checks);
    if (!status) status = cm_builder_finish(ctx, checks.builder, out);
    cm_builder_free(checks.builder);
    cm_sales_close(ctx->core, &sales);
    return status;
}

cm_status cm_checks(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    if (!sales || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, checks_of(ctx, sales, options, out));
}
