/* Items that look like no product. An item is one
 *  - if its code has no digit (POST, DOT, M, BANK CHARGES), where at least nine of ten codes have one: shops whose
 * codes are words are left alone;
 *  - or if its name (role item_name, the most frequent one) says so: see the words below, whole words, in any case. */
#include <string.h>

#include "prepare/checks.h"
#include "prepare/item_names.h"
#include "prepare/tuples.h"
#include "table/order.h"

#define BIT CM_ROLE_BIT

/* Names that are one of these. */
static const char *const names[] = {"manual",   "sample",    "samples", "adjustment", "tip",
                                    "rounding", "trinkgeld", "rundung", NULL};
/* Names that end with one of these: DOTCOM POSTAGE, Next Day Carriage, AMAZON FEE, CRUK Commission. */
static const char *const last_words[] = {
    "postage",  "shipping", "freight", "carriage", "delivery", "delivery cost", "shipping cost",
    "handling", "fee",      "fees",    "charge",   "charges",  "surcharge",     "commission",
    "discount", "rebate",   "deposit", "donation", "versand",  "versandkosten", "porto",
    "fracht",   "rabatt",   "gebühr",  "gebühren", "pfand",    "spende",        NULL};
/* Names that have one of these anywhere. */
static const char *const phrases[] = {
    "gift voucher", "gift vouchers", "gift certificate", "bad debt", "gutschein", "geschenkgutschein", NULL};

#define SHOWN 5 /* examples */

/* " dotcom postage ": lower case, one blank for whatever is no letter or digit, a blank at both ends. 0 for a longer
 * name: a product. */
static uint64_t plain_name(cm_text name, char out[128]) {
    uint64_t length = 1;
    out[0] = ' ';
    if (name.length > 120) return 0;
    for (uint64_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        bool counts = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
        if (counts)
            out[length++] = c;
        else if (out[length - 1] != ' ')
            out[length++] = ' ';
    }
    if (out[length - 1] != ' ') out[length++] = ' ';
    out[length] = 0;
    return length;
}

/* Whether these words stand at a place of a plain name, from one blank to another. */
static bool has_words(const char *plain, uint64_t length, uint64_t at, const char *words) {
    uint64_t size = strlen(words);
    return at + size + 2 <= length && plain[at] == ' ' && plain[at + size + 1] == ' '
           && !memcmp(plain + at + 1, words, (size_t)size);
}

static bool says_service(cm_text name) {
    char plain[128];
    uint64_t length = plain_name(name, plain);
    for (const char *const *each = names; *each; each++)
        if (has_words(plain, length, 0, *each) && strlen(*each) + 2 == length) return true;
    for (const char *const *each = last_words; *each; each++)
        if (strlen(*each) + 2 <= length && has_words(plain, length, length - strlen(*each) - 2, *each)) return true;
    for (const char *const *each = phrases; *each; each++)
        for (uint64_t at = 0; at < length; at++)
            if (has_words(plain, length, at, *each)) return true;
    return false;
}

static bool has_digit(const char *text, uint64_t length) {
    for (uint64_t i = 0; i < length; i++)
        if (text[i] >= '0' && text[i] <= '9') return true;
    return false;
}

/* ---- the items that are sold ---- */

typedef struct items {
    const cm_sales *sales;
    cm_tuples keys;
    cm_line_sum *tallies;
    uint64_t capacity;
    cm_ids ids; /* of the names */
    cm_item_names names;
} items;

static cm_status collect_items(cm_context *ctx, items *all) {
    const cm_sales *sales = all->sales;
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < sales->table->rows && !status; row += sales->block->rows) {
        status = cm_sales_fill(ctx, sales, BIT(CM_ROLE_ITEM) | BIT(CM_ROLE_AMOUNT), row);
        for (uint64_t i = 0; i < sales->block->rows && !status; i++) {
            uint64_t number, known = all->keys.count;
            if (!cm_sales_has(sales->block, i, BIT(CM_ROLE_ITEM))) continue;
            status = cm_reserve(ctx, &all->tallies, &all->capacity, known + 1, sizeof *all->tallies);
            if (!status) status = cm_tuples_add(ctx, &all->keys, &sales->block->of[CM_ROLE_ITEM][i], &number);
            if (status) break;
            if (number == known) all->tallies[number] = (cm_line_sum){0};
            cm_line_sum_add(&all->tallies[number], sales->block, i);
        }
    }
    return status;
}

static cm_status collect_names(cm_context *ctx, items *all) {
    if (!all->sales->columns[CM_ROLE_ITEM_NAME]) return CM_OK;
    cm_status status = cm_ids_set_type(ctx, &all->ids, all->sales->columns[CM_ROLE_ITEM]->type, "item");
    return status ? status : cm_item_names_find(ctx, all->sales->table, &all->ids, &all->names);
}

static cm_text name_of(const items *all, const char *code) {
    int32_t known = all->names.of ? cm_ids_find(&all->ids, code) : -1;
    return known >= 0 ? all->names.of[known] : (cm_text){0};
}

static int compare_items(const void *argument, uint64_t a, uint64_t b) {
    const items *all = argument;
    return cm_sales_compare(all->sales, CM_ROLE_ITEM, all->keys.values[a], all->keys.values[b]);
}

/* The services, those of the most lines first. `wordless`: those without a digit, which count only where they are few.
 */
static uint64_t choose_services(const items *all, bool wordless, cm_key *out) {
    uint64_t count = 0;
    for (uint64_t number = 0; number < all->keys.count; number++) {
        char room[CM_CELL_TEXT];
        uint64_t length;
        const char *code = cm_sales_id(all->sales, CM_ROLE_ITEM, all->keys.values[number], room, &length);
        if (!(wordless && !has_digit(code, length)) && !says_service(name_of(all, code))) continue;
        out[count++] = (cm_key){UINT64_MAX - all->tallies[number].lines, number};
    }
    return count;
}

static bool words_are_few(const items *all) {
    uint64_t without = 0;
    for (uint64_t number = 0; number < all->keys.count; number++) {
        char room[CM_CELL_TEXT];
        uint64_t length;
        const char *code = cm_sales_id(all->sales, CM_ROLE_ITEM, all->keys.values[number], room, &length);
        without += !has_digit(code, length);
    }
    return without * 10 <= all->keys.count;
}

/* ---- the finding ---- */

/* Codes that can stand in a list with commas between, inside quotes. */
static bool fits_option(const char *code, uint64_t length) {
    for (uint64_t i = 0; i < length; i++)
        if (strchr(",\"'\\", code[i]) || (unsigned char)code[i] < 0x20) return false;
    return length > 0;
}

static bool needs_quotes(const char *code, uint64_t length) {
    for (uint64_t i = 0; i < length; i++) {
        char c = code[i];
        bool bare =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr("_-.", c));
        if (!bare) return true;
    }
    return false;
}

/* --exclude 'POST,DOT,BANK CHARGES', as many codes as fit. */
static void show_option(const items *all, const cm_key *services, uint64_t count, cm_phrase *out) {
    cm_phrase codes = {0};
    bool quoted = false;
    for (uint64_t i = 0; i < count; i++) {
        char room[CM_CELL_TEXT];
        uint64_t length;
        const char *code = cm_sales_id(all->sales, CM_ROLE_ITEM, all->keys.values[services[i].value], room, &length);
        if (!fits_option(code, length) || codes.length + length + 20 > sizeof codes.text) continue;
        if (codes.length) cm_phrase_say(&codes, ",");
        cm_phrase_add(&codes, code, length);
        quoted |= needs_quotes(code, length);
    }
    if (!codes.length) return;
    cm_phrase_say(out, quoted ? "--exclude '" : "--exclude ");
    cm_phrase_add(out, codes.text, codes.length);
    if (quoted) cm_phrase_say(out, "'");
}

static cm_status report(cm_context *ctx, cm_checking *checks, const items *all, cm_key *services) {
    cm_finding found = {0};
    uint64_t count = choose_services(all, words_are_few(all), services);
    if (!count) return CM_OK;
    cm_status status = cm_sort_compared(ctx, services, count, compare_items, all);
    for (uint64_t i = 0; i < count; i++) {
        cm_line_sum_merge(&found.tally, &all->tallies[services[i].value]);
        if (i >= SHOWN) continue;
        if (i) cm_phrase_say(&found.example, ", ");
        cm_checks_id(checks, &found.example, CM_ROLE_ITEM, all->keys.values[services[i].value]);
    }
    show_option(all, services, count, &found.option);
    cm_finding_int(&found, (int64_t)count);
    cm_finding_example(&found);
    return status ? status : cm_checks_add(ctx, checks, &found);
}

cm_status cm_check_service_items(cm_context *ctx, cm_checking *checks) {
    items all = {.sales = checks->sales, .keys = {.width = 1}};
    cm_key *services = NULL;
    uint64_t room = 0;
    cm_status status = collect_items(ctx, &all);
    if (!status) status = collect_names(ctx, &all);
    if (!status) {
        room = all.keys.count;
        services = cm_alloc(ctx, room, sizeof *services);
        status = services ? report(ctx, checks, &all, services) : ctx->error.status;
    }
    cm_free(ctx->core, services, room, sizeof *services);
    cm_item_names_clear(ctx->core, &all.names);
    cm_ids_clear(ctx->core, &all.ids);
    cm_tuples_clear(ctx->core, &all.keys);
    cm_free(ctx->core, all.tallies, all.capacity, sizeof *all.tallies);
    return status;
}
