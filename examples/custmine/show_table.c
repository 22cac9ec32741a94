/* Tables for eyes: numbers aligned and rounded, fitted to the terminal. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"

#define MOST_ROWS 40
#define WIDEST 36

int terminal_width(FILE *to) {
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    if (isatty(fileno(to)) && ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col) return size.ws_col;
    return columns && atoi(columns) > 20 ? atoi(columns) : 120;
}

/* Places on the screen: a character one, of East Asia two. */
int display_width(const char *text, size_t length) {
    int width = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c & 0xC0) == 0x80) continue;
        width += c >= 0xE3 && c <= 0xED && c != 0xE2 ? 2 : c >= 0xF0 ? 2 : 1;
    }
    return width;
}

/* Digits in groups of three: 1,234,567.89 */
static void group(const char *digits, char *out) {
    size_t sign = digits[0] == '-', whole = strcspn(digits, ".");
    char *at = out;
    for (size_t i = 0; i < whole; i++) {
        if (i > sign && (whole - i) % 3 == 0) *at++ = ',';
        *at++ = digits[i];
    }
    strcpy(at, digits + whole);
}

static void print_unscaled(int64_t value, int32_t scale, char *out) {
    char digits[64];
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, power = 1;
    for (int32_t i = 0; i < scale; i++) power *= 10;
    int length =
        snprintf(digits, sizeof digits, "%s%llu", value < 0 ? "-" : "", (unsigned long long)(magnitude / power));
    if (scale)
        snprintf(digits + length, sizeof digits - (size_t)length, ".%0*llu", (int)scale,
                 (unsigned long long)(magnitude % power));
    group(digits, out);
}

static void print_day(int64_t days, char *out) {
    /* Civil date from days (Hinnant 2013). */
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153, day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    sprintf(out, "%04d-%02d-%02d", (int)(yoe + era * 400 + (month <= 2)), (int)month, (int)day);
}

static void print_time(int64_t microseconds, char *out) {
    int64_t day = microseconds / 86400000000 - (microseconds % 86400000000 < 0),
            seconds = (microseconds - day * 86400000000) / 1000000;
    print_day(day, out);
    sprintf(out + 10, " %02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
}

/* Decimal places that suit a column of doubles: shares need more than sums. */
static int places_of(const cm_table *table, uint64_t column, uint64_t rows) {
    double largest = 0;
    for (uint64_t row = 0; row < rows; row++) {
        double value = fabs(cm_table_double(table, row, column));
        if (value > largest && isfinite(value)) largest = value;
    }
    return largest >= 1000 ? 0 : largest > 1 ? 2 : 4;
}

typedef struct shown {
    char name[WIDEST * 4 + 1];
    int width, places, number, grouped;
    int32_t type, scale;
} shown;

/* The text of a cell, cut to the widest that is shown. */
static void cell_text(const cm_table *table, uint64_t row, uint64_t column, const shown *as, char out[WIDEST * 4 + 8]) {
    uint64_t length = 0;
    char number[64];
    out[0] = 0;
    if (cm_table_is_absent(table, row, column)) return;
    switch (as->type) {
    case CM_BOOL:
        strcpy(out, cm_table_int(table, row, column) ? "true" : "false");
        return;
    case CM_FLOAT64:
        snprintf(number, sizeof number, "%.*f", as->places, cm_table_double(table, row, column));
        if (fabs(cm_table_double(table, row, column)) < 1e15) group(number, out);
        else snprintf(out, WIDEST, "%.6g", cm_table_double(table, row, column));
        return;
    case CM_INT64:
    case CM_DECIMAL:
        if (as->grouped) print_unscaled(cm_table_int(table, row, column), as->scale, out);
        else sprintf(out, "%lld", (long long)cm_table_int(table, row, column));
        return;
    case CM_DATE:
        print_day(cm_table_int(table, row, column), out);
        return;
    case CM_TIMESTAMP:
        print_time(cm_table_int(table, row, column), out);
        return;
    default:
        break;
    }
    for (uint64_t item = 0; item < cm_table_items(table, row, column); item++) {
        const char *text = cm_table_text(table, row, column, item, &length);
        size_t at = strlen(out);
        if (item && at < WIDEST * 4 - 2) at += (size_t)sprintf(out + at, "; ");
        for (uint64_t i = 0; i < length && at < WIDEST * 4; i++)
            out[at++] = (unsigned char)text[i] < 32 ? ' ' : text[i];
        out[at] = 0;
    }
    if (display_width(out, strlen(out)) <= WIDEST) return;
    size_t end = 0;
    for (int width = 0; out[end] && width < WIDEST - 3; end++) width += ((unsigned char)out[end] & 0xC0) != 0x80;
    while (((unsigned char)out[end] & 0xC0) == 0x80) end++;
    strcpy(out + end, "...");
}

static void look_at(const cm_table *table, uint64_t column, uint64_t rows, shown *out) {
    cm_column_view view = {.struct_size = sizeof view};
    char cell[WIDEST * 4 + 8];
    cm_table_view(table, column, 0, &view);
    snprintf(out->name, sizeof out->name, "%s", view.name);
    out->type = view.type;
    out->scale = view.scale;
    out->number = view.type == CM_INT64 || view.type == CM_FLOAT64 || view.type == CM_DECIMAL;
    out->grouped = view.role != CM_ROLE_CUSTOMER && view.role != CM_ROLE_INVOICE && view.role != CM_ROLE_ITEM
                   && strcmp(view.name, "row") != 0;
    out->places = view.type == CM_FLOAT64 ? places_of(table, column, rows) : 0;
    out->width = display_width(out->name, strlen(out->name));
    for (uint64_t row = 0; row < rows; row++) {
        cell_text(table, row, column, out, cell);
        int width = display_width(cell, strlen(cell));
        if (width > out->width) out->width = width;
    }
}

static void print_padded(FILE *to, const char *text, int width, int right, int last) {
    int padding = width - display_width(text, strlen(text));
    if (right) fprintf(to, "%*s%s", padding, "", text);
    else fprintf(to, "%s%*s", text, last ? 0 : padding, "");
}

void show_table(FILE *to, const cm_table *table, long long limit, int width) {
    uint64_t columns = cm_table_columns(table), all = cm_table_rows(table), fitting = 0;
    uint64_t rows = limit < 0 && all > MOST_ROWS ? MOST_ROWS : all;
    shown *as = calloc(columns + 1, sizeof *as);
    char cell[WIDEST * 4 + 8];
    int used = 0;
    if (!as) return;
    for (uint64_t i = 0; i < columns; i++) look_at(table, i, rows, &as[i]);
    while (fitting < columns && (fitting == 0 || used + 2 + as[fitting].width <= width))
        used += (fitting ? 2 : 0) + as[fitting].width, fitting++;
    for (uint64_t i = 0; i < fitting; i++) {
        fprintf(to, "%s", i ? "  " : "");
        print_padded(to, as[i].name, as[i].width, as[i].number, i + 1 == fitting);
    }
    fprintf(to, "\n");
    for (uint64_t row = 0; row < rows; row++) {
        for (uint64_t i = 0; i < fitting; i++) {
            cell_text(table, row, i, &as[i], cell);
            fprintf(to, "%s", i ? "  " : "");
            print_padded(to, cell, as[i].width, as[i].number, i + 1 == fitting);
        }
        fprintf(to, "\n");
    }
    if (rows < all) fprintf(to, "... %llu more rows (--limit 0 for all)\n", (unsigned long long)(all - rows));
    if (fitting < columns) {
        fprintf(to, "... more columns:");
        for (uint64_t i = fitting; i < columns; i++) fprintf(to, " %s", as[i].name);
        fprintf(to, " (--format csv for all)\n");
    }
    free(as);
}
