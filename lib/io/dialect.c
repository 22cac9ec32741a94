#include "io/dialect.h"

#include <string.h>

typedef struct candidate {
    char delimiter;
    uint64_t fields; /* of the first record */
    uint64_t alike;  /* records of so many */
    uint64_t all;
} candidate;

/* The fields of the record at `at`, and where the next begins; false: the sample ends within it. Quotes open where a
 * field begins, blanks before them aside. */
static bool count_fields(const char *bytes, uint64_t length, char delimiter, uint64_t *at, uint64_t *fields) {
    bool quoted = false, begins = true;
    *fields = 1;
    for (; *at < length; ++*at) {
        char c = bytes[*at];
        if (quoted) {
            quoted = c != '"'; /* a doubled quote closes and opens again */
        } else if (c == '"' && (begins || bytes[*at - 1] == '"')) {
            quoted = true;
            begins = false;
        } else if (c == '\n' || c == '\r') {
            return true;
        } else if (c == delimiter) {
            ++*fields;
            begins = true;
        } else if (c != ' ') {
            begins = false;
        }
    }
    return false;
}

static void measure(const char *bytes, uint64_t length, bool whole, candidate *one) {
    for (uint64_t at = 0, fields; at < length;) {
        if (bytes[at] == '\n' || bytes[at] == '\r') {
            at++;
            continue;
        }
        bool complete = count_fields(bytes, length, one->delimiter, &at, &fields);
        if (!complete && !whole && one->all) return;
        if (!one->all++) one->fields = fields;
        one->alike += fields == one->fields;
    }
}

static bool better(const candidate *a, const candidate *b) {
    if (a->fields < 2 || b->fields < 2) return a->fields >= 2 && b->fields < 2;
    uint64_t share_a = a->alike * b->all, share_b = b->alike * a->all; /* both counts are below 2^17 */
    return share_a != share_b ? share_a > share_b : a->fields > b->fields;
}

char cm_dialect_find(const char *bytes, uint64_t length, bool whole) {
    candidate all[] = {{.delimiter = ','}, {.delimiter = ';'}, {.delimiter = '\t'}, {.delimiter = '|'}};
    uint64_t best = 0;
    for (uint64_t i = 0; i < sizeof all / sizeof *all; i++) {
        measure(bytes, length, whole, &all[i]);
        if (better(&all[i], &all[best])) best = i;
    }
    return all[best].delimiter;
}

uint64_t cm_dialect_sep_line(const char *bytes, uint64_t length, char *delimiter) {
    if (length < 6 || memcmp(bytes + 1, "ep=", 3) != 0 || (bytes[0] != 's' && bytes[0] != 'S')) return 0;
    if (strchr("\"\r\n", bytes[4]) || (bytes[5] != '\r' && bytes[5] != '\n')) return 0;
    *delimiter = bytes[4];
    return bytes[5] == '\r' && length > 6 && bytes[6] == '\n' ? 7 : 6;
}
