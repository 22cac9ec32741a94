/* The quick road through files of baskets: lines without quotes, whose fields lie in the block as they are. It gives
 * the records that libcsv gives, or gives up before the first it is not sure of. */
#include "io/basket_scan.h"

#include <string.h>

#include "io/bytes.h"
#include "io/dialect.h"

enum { PLAIN, BLANK, DELIMITER, LINE_END, OTHER };

typedef struct scan {
    cm_basket_rows *rows;
    const cm_dialect *dialect;
    unsigned char classes[256];
    uint64_t read, kept, most;
    bool done; /* what follows is not for this road */
} scan;

static void classify(scan *own, char delimiter) {
    memset(own->classes, PLAIN, sizeof own->classes);
    own->classes[' '] = own->classes['\t'] = BLANK;
    if (delimiter != CM_DELIMITER_BLANKS) own->classes[(unsigned char)delimiter] = DELIMITER;
    own->classes['\n'] = own->classes['\r'] = LINE_END;
    own->classes['"'] = own->classes[0] = OTHER;
}

/* The first bytes of a field as a number. Eight bytes may be read from `text`. */
static uint64_t key_of(const unsigned char *text, uint64_t length) {
    uint64_t bits = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(&bits, text, sizeof bits);
    bits = __builtin_bswap64(bits);
#else
    for (int i = 0; i < 8; i++) bits = bits << 8 | text[i];
#endif
    return bits & ~UINT64_C(0) << (64 - 8 * length);
}

static cm_status add(cm_context *ctx, scan *own, const char *text, uint64_t length, const char *end) {
    if (length <= 8 && end - text >= 8)
        return cm_basket_add_key(ctx, own->rows, key_of((const unsigned char *)text, length), text, length);
    return cm_basket_add(ctx, own->rows, text, length);
}

/* The fields of one line, from `at` on; *next gets its end, NULL: the line is not for this road. All bytes up to `end`
 * can be read; *end is a line end. */
static cm_status add_line(cm_context *ctx, scan *own, const char *at, const char *end, const char **next) {
    bool blanks = own->classes[(unsigned char)own->dialect->delimiter] == BLANK;
    const char *line = at;
    uint64_t fields = 0;
    cm_status status = CM_OK;
    for (;;) {
        while (own->classes[(unsigned char)*at] == BLANK) at++;
        const char *start = at, *last = at; /* behind the last byte that is no blank */
        unsigned char kind;
        while ((kind = own->classes[(unsigned char)*at]) < DELIMITER) {
            at++;
            if (kind == PLAIN)
                last = at;
            else if (blanks)
                break;
        }
        uint64_t length = (uint64_t)(last - start);
        bool strange = kind == OTHER || (own->dialect->max_field && length > own->dialect->max_field)
                       || (own->dialect->max_columns && ++fields > own->dialect->max_columns)
                       || (own->dialect->max_row && (uint64_t)(at - line) > own->dialect->max_row);
        if (strange) {
            *next = NULL;
            return CM_OK;
        }
        if (length) status = add(ctx, own, start, length, end);
        if (kind == LINE_END || status) break;
        if (kind == DELIMITER) at++;
    }
    *next = at;
    return status;
}

/* All whole lines of bytes that end with a line end. */
static cm_status add_lines(cm_context *ctx, scan *own, const char *at, const char *end) {
    cm_status status = CM_OK;
    while (at < end && !status) {
        const char *next;
        bool kept, empty = true;
        uint64_t before = own->rows->count;
        if (own->classes[(unsigned char)*at] == LINE_END) {
            at++;
            continue;
        }
        for (const char *c = at; empty && own->classes[(unsigned char)*c] != LINE_END; c++)
            empty = own->classes[(unsigned char)*c] == BLANK;
        own->done = own->read == own->most;
        if (!own->done && !empty) status = add_line(ctx, own, at, end - 1, &next);
        if (empty) {
            while (own->classes[(unsigned char)*at] != LINE_END) at++;
            continue;
        }
        if (own->done || (!status && !next)) {
            own->rows->count = before;
            own->done = true;
            return CM_OK;
        }
        own->read++;
        if (!status) status = cm_basket_end(ctx, own->rows, (int64_t)own->read, &kept);
        own->kept += !status && kept;
        at = next;
    }
    return status;
}

/* The lines that end in a block, the first of which may have begun in those before. */
static cm_status add_block(cm_context *ctx, scan *own, cm_bytes *carried, const char *block, uint64_t length) {
    uint64_t whole = length;
    while (whole && block[whole - 1] != '\n' && block[whole - 1] != '\r') whole--;
    if (!whole) return cm_bytes_add(ctx, carried, block, length);
    uint64_t first = 0;
    cm_status status = CM_OK;
    if (carried->length) {
        while (block[first] != '\n' && block[first] != '\r') first++;
        status = cm_bytes_add(ctx, carried, block, ++first);
        if (!status) status = add_lines(ctx, own, carried->data, carried->data + carried->length);
        carried->length = 0;
    }
    if (!status && !own->done) status = add_lines(ctx, own, block + first, block + whole);
    return status || own->done ? status : cm_bytes_add(ctx, carried, block + whole, length - whole);
}

/* Behind a byte order mark; a line "sep=;" is for the other road. */
static uint64_t begin(scan *own, const char *block, uint64_t length) {
    char named;
    uint64_t skipped = length >= 3 && !memcmp(block, "\xEF\xBB\xBF", 3) ? 3 : 0;
    own->done = cm_dialect_sep_line(block + skipped, length - skipped, &named) > 0 || length < 8;
    return skipped;
}

cm_status cm_basket_scan(cm_context *ctx, cm_source *source, const cm_dialect *dialect, uint64_t most,
                         cm_basket_rows *rows, uint64_t *read, uint64_t *kept, bool *finished) {
    scan own = {.rows = rows, .dialect = dialect, .read = *read, .kept = *kept, .most = most};
    cm_bytes carried = {0};
    const char *block;
    uint64_t length, skipped = 0;
    cm_status status = CM_OK;
    classify(&own, dialect->delimiter);
    for (bool first = true; !own.done; first = false) {
        status = cm_source_next(ctx, source, &block, &length);
        if (status == CM_E_DATA || status == CM_E_FORMAT || status == CM_E_IO) {
            own.done = true; /* the other road says where */
            status = CM_OK;
            break;
        }
        if (status || !length) break;
        if (first) skipped = begin(&own, block, length);
        if (!own.done) status = add_block(ctx, &own, &carried, block + skipped, length - skipped);
        skipped = 0;
        if (status) break;
    }
    if (!status && !own.done && carried.length) {
        status = cm_bytes_add(ctx, &carried, "\n", 1);
        if (!status) status = add_lines(ctx, &own, carried.data, carried.data + carried.length);
    }
    cm_bytes_free(ctx->core, &carried);
    *read = own.read;
    *kept = own.kept;
    *finished = !own.done;
    return status;
}
