/* The quick road through files of baskets: lines without quotes, whose fields lie in the block as they are. It gives
 * the records that libcsv gives, or gives up before the first it is not sure of. With more threads than one a batch of
 * whole lines is cut into as many pieces, each is read into rows of its own, and these are moved one behind the other:
 * baskets, their numbers and the codes of the items are those of one thread. */
#include "io/basket_scan.h"

#include <string.h>

#include "base/threads.h"
#include "io/bytes.h"
#include "io/dialect.h"

enum { PLAIN, BLANK, DELIMITER, LINE_END, OTHER };

typedef struct scan {
    cm_basket_rows *rows;
    const cm_dialect *dialect;
    unsigned char classes[256];
    unsigned char divides; /* bytes of this class and those behind it end a field */
    uint64_t read, kept, most;
    bool done; /* what follows is not for this road */
} scan;

static void classify(scan *own, char delimiter) {
    memset(own->classes, PLAIN, sizeof own->classes);
    own->classes[' '] = own->classes['\t'] = BLANK;
    if (delimiter != CM_DELIMITER_BLANKS) own->classes[(unsigned char)delimiter] = DELIMITER;
    own->classes['\n'] = own->classes['\r'] = LINE_END;
    own->classes['"'] = own->classes[0] = OTHER;
    own->divides = delimiter == CM_DELIMITER_BLANKS ? BLANK : DELIMITER;
}

static cm_status add(cm_context *ctx, scan *own, const char *text, uint64_t length, const char *end) {
    if (length <= 8 && end - text >= 8)
        return cm_basket_add_key(ctx, own->rows, cm_basket_key(text, length), text, length);
    return cm_basket_add(ctx, own->rows, text, length);
}

/* Where the field at `at` ends: at what divides, or what is for the other road. Eight bytes at a time: those above
 * control characters that are no quotes, no delimiters and, where these divide, no blanks are plain for sure (of bytes
 * in a word, the lowest that is less than another or equal to it shows by its high bit: A. Mycroft 1987). All bytes up
 * to `end` can be read; *end is a line end. */
static const char *field_end(const scan *own, const char *at, const char *end) {
    const uint64_t ones = CM_EACH_BYTE(1), quote = CM_EACH_BYTE('"');
    uint64_t delimiter = CM_EACH_BYTE((uint64_t)(unsigned char)own->dialect->delimiter);
    uint64_t least = CM_EACH_BYTE(own->divides == BLANK ? 0x21 : 0x20);
    while (own->classes[(unsigned char)*at] < own->divides) {
        uint64_t stops = 0;
        for (at++; end - at >= 8; at += 8) {
            uint64_t word = cm_load_word(at), delimiters = word ^ delimiter, quotes = word ^ quote;
            stops = (word - least) & ~word;
            stops |= ((delimiters - ones) & ~delimiters) | ((quotes - ones) & ~quotes);
            if ((stops &= CM_EACH_BYTE(0x80))) break;
        }
        if (stops) at += __builtin_ctzll(stops) / 8;
    }
    return at;
}

/* The fields of one line, from `at` on, where no blank is; *next gets its end, NULL: the line is not for this road. */
static cm_status add_line(cm_context *ctx, scan *own, const char *at, const char *end, const char **next) {
    cm_status status = CM_OK;
    *next = NULL;
    for (;;) {
        const char *start = at;
        at = field_end(own, at, end);
        unsigned char kind = own->classes[(unsigned char)*at];
        uint64_t length = (uint64_t)(at - start);
        while (length && own->classes[(unsigned char)start[length - 1]] == BLANK) length--;
        if (kind == OTHER || (own->dialect->max_field && length > own->dialect->max_field)) return CM_OK;
        if (length) status = add(ctx, own, start, length, end);
        if (status) return status;
        if (kind == LINE_END) break;
        do at++;
        while (own->classes[(unsigned char)*at] == BLANK);
    }
    *next = at;
    return CM_OK;
}

/* All whole lines of bytes that end with a line end. */
static cm_status add_lines(cm_context *ctx, scan *own, const char *at, const char *end) {
    uint64_t longest = own->dialect->max_row ? own->dialect->max_row : UINT64_MAX;
    cm_status status = CM_OK;
    while (at < end && !status) {
        const char *line = at, *next = NULL;
        bool kept;
        while (own->classes[(unsigned char)*at] == BLANK) at++;
        if (own->classes[(unsigned char)*at] == LINE_END) {
            at++;
            continue;
        }
        if (own->read < own->most) status = add_line(ctx, own, at, end - 1, &next);
        if (status) return status;
        if (!next || (uint64_t)(next - line) > longest) {
            own->rows->count = 0;
            own->done = true;
            return CM_OK;
        }
        own->read++;
        status = cm_basket_end(ctx, own->rows, (int64_t)own->read, &kept);
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

/* ---- many threads ---- */

#define PIECE (UINT64_C(1) << 20)

typedef struct batch {
    scan *scans; /* one a thread */
    cm_basket_rows *rows;
    const char **cuts; /* where the pieces begin; behind the last */
    uint64_t count;
} batch;

/* On copies, so that threads do not write to neighbours of what others read. */
static cm_status add_piece(cm_context *ctx, void *state, uint64_t number) {
    batch *all = state;
    scan own = all->scans[number];
    cm_basket_rows rows = all->rows[number];
    own.rows = &rows;
    cm_status status = add_lines(ctx, &own, all->cuts[number], all->cuts[number + 1]);
    own.rows = &all->rows[number];
    all->rows[number] = rows;
    all->scans[number] = own;
    return status;
}

/* Cuts at line ends. */
static void cut(batch *all, const char *bytes, uint64_t length) {
    const char *end = bytes + length;
    all->cuts[0] = bytes;
    for (uint64_t i = 1; i <= all->count; i++) {
        const char *at = i == all->count ? end : bytes + length / all->count * i;
        if (at < all->cuts[i - 1]) at = all->cuts[i - 1];
        while (at > bytes && at < end && at[-1] != '\n' && at[-1] != '\r') at++;
        all->cuts[i] = at;
    }
}

/* Whole lines. A piece that would pass the limit is read once more, by the one scan that knows where. */
static cm_status add_batch(cm_context *ctx, scan *own, batch *all, const char *bytes, uint64_t length) {
    cut(all, bytes, length);
    cm_status status = cm_parallel(ctx, all->count, add_piece, all);
    for (uint64_t i = 0; i < all->count && !status && !own->done; i++) {
        scan *piece = &all->scans[i];
        if (piece->read > own->most - own->read) {
            status = add_lines(ctx, own, all->cuts[i], all->cuts[i + 1]);
            continue;
        }
        status = cm_basket_rows_move(ctx, own->rows, piece->rows, (int64_t)own->read);
        own->read += piece->read;
        own->kept += piece->kept;
        own->done = piece->done;
        piece->read = piece->kept = 0;
    }
    return status;
}

static cm_status open_batch(cm_context *ctx, const scan *own, batch *all) {
    *all = (batch){.count = ctx->settings.threads};
    if (!(all->scans = cm_alloc(ctx, all->count, sizeof *all->scans))
        || !(all->rows = cm_alloc(ctx, all->count, sizeof *all->rows))
        || !(all->cuts = cm_alloc(ctx, all->count + 1, sizeof *all->cuts)))
        return ctx->error.status;
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < all->count && !status; i++) {
        all->scans[i] = *own;
        all->scans[i].rows = &all->rows[i];
        all->scans[i].read = all->scans[i].kept = 0;
        all->scans[i].most = UINT64_MAX;
        all->rows[i].na = own->rows->na;
        all->rows[i].na_count = own->rows->na_count;
        status = cm_basket_rows_open(ctx, &all->rows[i]);
    }
    return status;
}

static void close_batch(cm_core *core, batch *all) {
    for (uint64_t i = 0; all->rows && i < all->count; i++)
        if (all->rows[i].slots || all->rows[i].items) cm_basket_rows_close(core, &all->rows[i]);
    cm_free(core, all->scans, all->count, sizeof *all->scans);
    cm_free(core, all->rows, all->count, sizeof *all->rows);
    cm_free(core, all->cuts, all->count + 1, sizeof *all->cuts);
}

/* Gathers blocks until there is a batch, and reads its whole lines; `last`: all that is there. */
static cm_status gather(cm_context *ctx, scan *own, batch *all, cm_bytes *held, const char *block, uint64_t length,
                        bool last) {
    cm_status status = cm_bytes_add(ctx, held, block, length);
    uint64_t whole = held->length;
    if (status || (!last && held->length < PIECE * all->count)) return status;
    while (whole && held->data[whole - 1] != '\n' && held->data[whole - 1] != '\r') whole--;
    if (!whole) return CM_OK;
    status = add_batch(ctx, own, all, held->data, whole);
    memmove(held->data, held->data + whole, (size_t)(held->length - whole));
    held->length -= whole;
    return status;
}

/* ---- a source ---- */

/* Behind a byte order mark; a line "sep=;" is for the other road. */
static uint64_t begin(scan *own, const char *block, uint64_t length) {
    char named;
    uint64_t skipped = length >= 3 && !memcmp(block, "\xEF\xBB\xBF", 3) ? 3 : 0;
    own->done = cm_dialect_sep_line(block + skipped, length - skipped, &named) > 0 || length < 8;
    return skipped;
}

/* All blocks of the source, by add_block or, where there is a batch, by gather. */
static cm_status read_blocks(cm_context *ctx, scan *own, batch *all, cm_source *source, cm_bytes *held) {
    const char *block;
    uint64_t length, skipped;
    for (bool first = true; !own->done; first = false) {
        cm_status status = cm_source_next(ctx, source, &block, &length);
        if (status == CM_E_DATA || status == CM_E_FORMAT || status == CM_E_IO) {
            own->done = true; /* the other road says where; what is held back it reads, too */
            held->length = 0;
            return CM_OK;
        }
        if (status || !length) return status;
        skipped = first ? begin(own, block, length) : 0;
        if (own->done) return CM_OK;
        status = all ? gather(ctx, own, all, held, block + skipped, length - skipped, false)
                     : add_block(ctx, own, held, block + skipped, length - skipped);
        if (status) return status;
    }
    return CM_OK;
}

cm_status cm_basket_scan(cm_context *ctx, cm_source *source, const cm_dialect *dialect, uint64_t most,
                         cm_basket_rows *rows, uint64_t *read, uint64_t *kept, bool *finished) {
    scan own = {.rows = rows, .dialect = dialect, .read = *read, .kept = *kept, .most = most};
    cm_bytes held = {0}; /* of lines whose end has not come yet, or of a batch */
    batch all = {0};
    bool many = ctx->settings.threads > 1;
    classify(&own, dialect->delimiter);
    cm_status status = many ? open_batch(ctx, &own, &all) : CM_OK;
    if (!status) status = read_blocks(ctx, &own, many ? &all : NULL, source, &held);
    if (!status && !own.done && held.length) {
        status = cm_bytes_add(ctx, &held, "\n", 1);
        if (!status)
            status = many ? gather(ctx, &own, &all, &held, NULL, 0, true)
                          : add_lines(ctx, &own, held.data, held.data + held.length);
    }
    close_batch(ctx->core, &all);
    cm_bytes_free(ctx->core, &held);
    *read = own.read;
    *kept = own.kept;
    *finished = !own.done;
    return status;
}
