/* The quick road through files of baskets: lines without quotes, whose fields lie in the block as they are. It gives
 * the records that libcsv gives, or gives up before the first it is not sure of. The separators are found as bit masks
 * (block_index.c), and a field is looked up as it stands between two of them: of a text that is known nothing needs to
 * be checked. A line with one that is not, and not plain, is read byte by byte. With more threads than one a batch of
 * whole lines is cut into as many pieces, each is read into rows of its own, and these are moved one behind the other:
 * baskets, their numbers and the codes of the items are those of one thread. */
#include "io/basket_scan.h"

#include <string.h>

#include "base/threads.h"
#include "io/block_index.h"
#include "io/bytes.h"
#include "io/dialect.h"

enum { PLAIN, BLANK, DELIMITER, LINE_END, OTHER };

typedef struct scan {
    cm_basket_rows *rows;
    const cm_dialect *dialect;
    unsigned char classes[256];
    unsigned char divides; /* bytes of this class and those behind it end a field */
    uint64_t longest;      /* line */
    uint32_t *places;      /* of separators */
    uint64_t places_capacity;
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

static cm_status end_line(cm_context *ctx, scan *own) {
    bool kept;
    own->read++;
    cm_status status = cm_basket_end(ctx, own->rows, (int64_t)own->read, &kept);
    own->kept += !status && kept;
    return status;
}

static bool is_too_long(const scan *own, uint64_t field) {
    return own->dialect->max_field && field > own->dialect->max_field;
}

/* ---- byte by byte ---- */

/* The fields of one line, from `at` on, where no blank is; returns its end, NULL: the line is not for this road, or
 * *status says what failed. There is a line end. */
static const char *add_line(cm_context *ctx, scan *own, const char *at, cm_status *status) {
    for (;;) {
        const char *start = at;
        while (own->classes[(unsigned char)*at] < own->divides) at++;
        unsigned char kind = own->classes[(unsigned char)*at];
        uint64_t length = (uint64_t)(at - start);
        while (length && own->classes[(unsigned char)start[length - 1]] == BLANK) length--;
        if (kind == OTHER || is_too_long(own, length)) return NULL;
        if (length && (*status = cm_basket_add(ctx, own->rows, start, length)) != CM_OK) return NULL;
        if (kind == LINE_END) return at;
        do at++;
        while (own->classes[(unsigned char)*at] == BLANK);
    }
}

/* All whole lines of bytes that end with a line end. */
static cm_status add_lines(cm_context *ctx, scan *own, const char *at, const char *end) {
    cm_status status = CM_OK;
    while (at < end && !status) {
        const char *line = at, *next = NULL;
        while (own->classes[(unsigned char)*at] == BLANK) at++;
        if (own->classes[(unsigned char)*at] == LINE_END) {
            at++;
            continue;
        }
        if (own->read < own->most) next = add_line(ctx, own, at, &status);
        if (status) return status;
        if (!next || (uint64_t)(next - line) > own->longest) {
            own->rows->count = 0;
            own->done = true;
            return CM_OK;
        }
        status = end_line(ctx, own);
        at = next;
    }
    return status;
}

/* ---- by separators ---- */

/* A field that is not known as it stands, without the blanks around it, as libcsv gives it. False: it is not plain, or
 * *status says what failed. */
static bool take_unknown(cm_context *ctx, scan *own, const char *text, uint64_t length, cm_status *status) {
    while (length && own->classes[(unsigned char)text[length - 1]] == BLANK) length--;
    for (; length && own->classes[(unsigned char)*text] == BLANK; length--) text++;
    for (uint64_t i = 0; i < length; i++)
        if (own->classes[(unsigned char)text[i]] >= own->divides) return false;
    if (is_too_long(own, length)) return false;
    if (length) *status = cm_basket_add(ctx, own->rows, text, length);
    return *status == CM_OK;
}

/* The same of any field. */
static inline bool take_field(cm_context *ctx, scan *own, const char *text, uint64_t length, cm_status *status) {
    int32_t code = cm_basket_recall(own->rows, text, length);
    if (code == CM_NEW_ITEM) return take_unknown(ctx, own, text, length, status);
    if (code >= 0) *status = cm_basket_put(ctx, own->rows, code);
    return *status == CM_OK;
}

/* The fields of the line at `line`, whose first separator is number *at of `count`; *at gets the next line's. Returns
 * whether all are plain and there is an item; *end gets where the next line starts, `line`: this one does not end. */
static bool take_line(cm_context *ctx, scan *own, const char *bytes, uint64_t line, uint64_t count, uint64_t *at,
                      uint64_t *end, cm_status *status) {
    uint64_t start = line, stop;
    bool plain = true, ends = false;
    while (!ends && *at < count) {
        stop = own->places[(*at)++];
        ends = bytes[stop] == '\n';
        uint64_t length = stop - start;
        length -= ends && length && bytes[stop - 1] == '\r';
        if (length && plain) plain = take_field(ctx, own, bytes + start, length, status);
        start = stop + 1;
    }
    *end = ends ? start : line;
    return plain && own->rows->count && start - line <= own->longest && own->read < own->most;
}

/* Whole lines. */
static cm_status add_slice(cm_context *ctx, scan *own, const char *bytes, uint64_t length) {
    cm_index_end index;
    uint64_t line = 0, end = 0;
    cm_status status = cm_reserve(ctx, &own->places, &own->places_capacity, length + CM_INDEX_SLACK,
                                  sizeof *own->places);
    if (status) return status;
    cm_block_index(cm_cpu(ctx), bytes, 0, length, own->dialect->delimiter, own->places, &index);
    for (uint64_t at = 0; at < index.count && !status && !own->done; line = end) {
        bool plain = take_line(ctx, own, bytes, line, index.count, &at, &end, &status);
        if (status) return status;
        if (plain && end > line) {
            status = end_line(ctx, own);
            continue;
        }
        own->rows->count = 0;
        status = add_lines(ctx, own, bytes + line, bytes + end);
    }
    return status || own->done ? status : add_lines(ctx, own, bytes + line, bytes + length);
}

#define SLICE 32768 /* bytes whose separators stay in the cache */

/* All whole lines of bytes that end with a line end; CM_BLOCK_PADDING bytes around them can be read. */
static cm_status add_bytes(cm_context *ctx, scan *own, const char *at, const char *end) {
    cm_status status = CM_OK;
    while (at < end && !status && !own->done) {
        const char *cut = end - at > SLICE ? memchr(at + SLICE, '\n', (size_t)(end - at - SLICE)) : NULL;
        uint64_t length = (uint64_t)((cut ? cut + 1 : end) - at);
        status = add_slice(ctx, own, at, length);
        at += length;
    }
    return status;
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
    cm_status status = add_bytes(ctx, &own, all->cuts[number], all->cuts[number + 1]);
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
            status = add_bytes(ctx, own, all->cuts[i], all->cuts[i + 1]);
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
    for (uint64_t i = 0; all->scans && i < all->count; i++)
        cm_free(core, all->scans[i].places, all->scans[i].places_capacity, sizeof(uint32_t));
    cm_free(core, all->scans, all->count, sizeof *all->scans);
    cm_free(core, all->rows, all->count, sizeof *all->rows);
    cm_free(core, all->cuts, all->count + 1, sizeof *all->cuts);
}

/* ---- a source ---- */

/* What was read of the source and is not done with: behind CM_BLOCK_PADDING bytes whole lines, and the beginning of the
 * next one. */
typedef struct held {
    cm_bytes bytes;
    uint64_t whole; /* bytes of whole lines */
} held;

static bool ends_line(char byte) {
    return byte == '\n' || byte == '\r';
}

/* Room for so many bytes more, and the padding around all. */
static cm_status make_room(cm_context *ctx, cm_bytes *bytes, uint64_t length) {
    uint64_t before = bytes->length ? bytes->length : CM_BLOCK_PADDING;
    cm_status status = cm_reserve(ctx, &bytes->data, &bytes->capacity, before + length + CM_BLOCK_PADDING, 1);
    if (!status && !bytes->length) memset(bytes->data, 0, (size_t)before);
    if (!status) bytes->length = before;
    return status;
}

/* Holds so many bytes that were put behind the others. */
static void hold(held *own, uint64_t length) {
    char *from = own->bytes.data + own->bytes.length;
    memset(from + length, 0, CM_BLOCK_PADDING);
    own->bytes.length += length;
    while (length && !ends_line(from[length - 1])) length--;
    if (length) own->whole = (uint64_t)(from - own->bytes.data) + length - CM_BLOCK_PADDING;
}

/* They may lie there already. */
static cm_status hold_block(cm_context *ctx, held *own, const char *block, uint64_t length) {
    cm_status status = make_room(ctx, &own->bytes, length);
    char *to = own->bytes.data + own->bytes.length;
    if (status) return status;
    if (to != block) memmove(to, block, (size_t)length);
    hold(own, length);
    return CM_OK;
}

static cm_status hold_line_end(cm_context *ctx, held *own) {
    cm_status status = make_room(ctx, &own->bytes, 1);
    if (status) return status;
    own->bytes.data[own->bytes.length] = '\n';
    hold(own, 1);
    return CM_OK;
}

/* Reads the whole lines that are held. */
static cm_status release(cm_context *ctx, scan *own, batch *all, held *from) {
    char *bytes = from->bytes.data + CM_BLOCK_PADDING;
    uint64_t left = from->bytes.length - CM_BLOCK_PADDING - from->whole;
    cm_status status = all ? add_batch(ctx, own, all, bytes, from->whole)
                           : add_bytes(ctx, own, bytes, bytes + from->whole);
    memmove(bytes, bytes + from->whole, (size_t)left);
    from->bytes.length = CM_BLOCK_PADDING + left;
    from->whole = 0;
    return status;
}

/* Behind a byte order mark; a line "sep=;" is for the other road. */
static uint64_t begin(scan *own, const char *block, uint64_t length) {
    char named;
    uint64_t skipped = length >= 3 && !memcmp(block, "\xEF\xBB\xBF", 3) ? 3 : 0;
    own->done = cm_dialect_sep_line(block + skipped, length - skipped, &named) > 0 || length < 8;
    return skipped;
}

/* All blocks of the source, as they come or, for many threads, a batch at a time. */
static cm_status read_blocks(cm_context *ctx, scan *own, batch *all, cm_source *source, held *lines) {
    const char *block;
    uint64_t length, enough = all ? PIECE * all->count : 1;
    for (bool first = true; !own->done; first = false) {
        cm_status status = make_room(ctx, &lines->bytes, CM_SOURCE_PORTION);
        if (!status)
            status = cm_source_read(ctx, source, lines->bytes.data + lines->bytes.length, &block, &length);
        if (status == CM_E_DATA || status == CM_E_FORMAT || status == CM_E_IO) {
            own->done = true; /* the other road says where; what is held it reads, too */
            return CM_OK;
        }
        if (!status && !length) break;
        uint64_t skipped = !status && first ? begin(own, block, length) : 0;
        if (!status && !own->done) status = hold_block(ctx, lines, block + skipped, length - skipped);
        if (!status && !own->done && lines->whole >= enough) status = release(ctx, own, all, lines);
        if (status) return status;
    }
    if (own->done || lines->bytes.length <= CM_BLOCK_PADDING) return CM_OK;
    cm_status status = hold_line_end(ctx, lines);
    return status ? status : release(ctx, own, all, lines);
}

cm_status cm_basket_scan(cm_context *ctx, cm_source *source, const cm_dialect *dialect, uint64_t most,
                         cm_basket_rows *rows, uint64_t *read, uint64_t *kept, bool *finished) {
    scan own = {.rows = rows, .dialect = dialect, .read = *read, .kept = *kept, .most = most};
    held lines = {0};
    batch all = {0};
    bool many = ctx->settings.threads > 1;
    own.longest = dialect->max_row ? dialect->max_row : UINT64_MAX;
    classify(&own, dialect->delimiter);
    cm_status status = many ? open_batch(ctx, &own, &all) : CM_OK;
    if (!status) status = read_blocks(ctx, &own, many ? &all : NULL, source, &lines);
    cm_free(ctx->core, own.places, own.places_capacity, sizeof *own.places);
    close_batch(ctx->core, &all);
    cm_bytes_free(ctx->core, &lines.bytes);
    *read = own.read;
    *kept = own.kept;
    *finished = !own.done;
    return status;
}
