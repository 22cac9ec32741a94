/* UTF-8 is checked where it lies; a sequence that two blocks cut is put together in a few bytes of room. Everything
 * else is copied behind what the block before left over, and converted: UTF-16 and the encodings of one byte here,
 * GB18030 by the C library's iconv (its memory is not counted). */
#include "io/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/utf8.h"
#include "io/bytes.h"

#define MOST_PENDING 8  /* bytes of a sequence that is not complete */
#define SAMPLE_BYTES 60 /* to either side of a byte at fault */
#define SAMPLE_TEXT 80

struct cm_decoder {
    cm_core *core;
    cm_encoding wanted, found; /* found: AUTO at the start */
    bool lenient, marked;
    bool begun; /* text came out, so that there is no mark to come */
    char pending[MOST_PENDING];
    uint64_t pending_count;
    cm_bytes input, output;
    iconv_t converter;
    bool converts;
    uint64_t offset;                /* of the block at hand in the source */
    uint64_t bad_lines, bad_offset; /* of the byte at fault */
};

static const char *const names[] = {"auto",    "UTF-8", "UTF-16LE",     "UTF-16BE",
                                    "GB18030", "GBK",   "Windows-1252", "ISO-8859-1"};

const char *cm_encoding_name(cm_encoding encoding) {
    return names[encoding];
}

cm_encoding cm_decoder_found(const cm_decoder *decoder, bool *marked) {
    *marked = decoder->marked;
    return decoder->found;
}

uint64_t cm_decoder_bad_lines(const cm_decoder *decoder) {
    return decoder->bad_lines;
}

uint64_t cm_decoder_bad_offset(const cm_decoder *decoder) {
    return decoder->bad_offset;
}

/* ---- one byte a character ---- */

/* 0x80 to 0x9F of Windows-1252 (WHATWG leaves no holes; Microsoft's table, followed here, has five). */
static const uint16_t windows1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/* One conversion: from `in` on, up to in_length, to `out` (room for three bytes each). Stops at what is not complete or
 * none of the encoding. */
typedef struct conversion {
    const char *in;
    uint64_t in_length, at;
    char *out;
    uint64_t written;
    bool wrong; /* stopped at a byte at fault; else: not complete, or all done */
} conversion;

static void convert_bytes(conversion *c, bool windows) {
    for (; c->at < c->in_length; c->at++) {
        unsigned char byte = (unsigned char)c->in[c->at];
        uint32_t scalar = windows && byte >= 0x80 && byte < 0xA0 ? windows1252[byte - 0x80] : byte;
        c->wrong = scalar == 0 && byte != 0;
        if (c->wrong) return;
        c->written += cm_utf8_put(scalar, c->out + c->written);
    }
}

/* ---- UTF-16 ---- */

static uint32_t unit_at(const conversion *c, uint64_t at, bool big) {
    const unsigned char *byte = (const unsigned char *)c->in + at;
    return big ? (uint32_t)byte[0] << 8 | byte[1] : (uint32_t)byte[1] << 8 | byte[0];
}

static void convert_utf16(conversion *c, bool big) {
    while (c->in_length - c->at >= 2) {
        uint32_t unit = unit_at(c, c->at, big), low = 0;
        bool high = unit >= 0xD800 && unit < 0xDC00;
        if (high && c->in_length - c->at < 4) return;
        if (high) low = unit_at(c, c->at + 2, big);
        c->wrong = high ? low < 0xDC00 || low > 0xDFFF : unit >= 0xDC00 && unit < 0xE000;
        if (c->wrong) return;
        uint32_t scalar = high ? 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00) : unit;
        c->written += cm_utf8_put(scalar, c->out + c->written);
        c->at += high ? 4 : 2;
    }
}

/* ---- GB18030 ---- */

static void convert_gb18030(conversion *c, iconv_t converter) {
    char *in = (char *)(uintptr_t)(c->in + c->at), *out = c->out + c->written; /* iconv does not write to its input */
    size_t in_left = (size_t)(c->in_length - c->at), out_left = in_left * 3;
    size_t result = iconv(converter, &in, &in_left, &out, &out_left);
    c->wrong = result == (size_t)-1 && errno == EILSEQ;
    c->at = c->in_length - in_left;
    c->written = (uint64_t)(out - c->out);
}

static void convert(conversion *c, cm_encoding encoding, iconv_t converter) {
    c->wrong = false;
    switch (encoding) {
    case CM_ENCODING_UTF16LE:
    case CM_ENCODING_UTF16BE: convert_utf16(c, encoding == CM_ENCODING_UTF16BE); break;
    case CM_ENCODING_WINDOWS1252:
    case CM_ENCODING_LATIN1: convert_bytes(c, encoding == CM_ENCODING_WINDOWS1252); break;
    default: convert_gb18030(c, converter); break;
    }
}

static cm_status open_converter(cm_context *ctx, iconv_t *out) {
    *out = iconv_open("UTF-8", "GB18030");
    return *out == (iconv_t)-1 ? cm_fail(ctx, CM_E_UNSUPPORTED, "NO_CONVERTER", "s", "GB18030") : CM_OK;
}

/* ---- bytes at fault ---- */

/* No byte of these is the second of a character in any of the encodings. */
static bool ends_sample(char c) {
    return c != 0 && strchr(",;\t\"\r\n", c);
}

/* What an encoding would read in the bytes around the one at fault; false: it cannot be that one. */
static bool read_sample(cm_encoding encoding, const char *bytes, uint64_t length, char out[SAMPLE_TEXT]) {
    char room[3 * (2 * SAMPLE_BYTES + 1)];
    conversion c = {.in = bytes, .in_length = length, .out = room};
    iconv_t converter = (iconv_t)-1;
    if (encoding == CM_ENCODING_GB18030) converter = iconv_open("UTF-8", "GB18030");
    if (encoding == CM_ENCODING_GB18030 && converter == (iconv_t)-1) return false;
    convert(&c, encoding, converter);
    if (converter != (iconv_t)-1) iconv_close(converter);
    if (c.wrong || c.at < length) return false;
    uint64_t kept = c.written < SAMPLE_TEXT - 1 ? c.written : SAMPLE_TEXT - 1;
    while (kept < c.written && kept > 0 && ((unsigned char)room[kept] & 0xC0) == 0x80) kept--;
    memcpy(out, room, (size_t)kept);
    out[kept] = 0;
    return true;
}

static bool has_control(const char *bytes, uint64_t length) {
    for (uint64_t i = 0; i < length; i++)
        if ((unsigned char)bytes[i] >= 0x80 && (unsigned char)bytes[i] < 0xA0) return true;
    return false;
}

static void add_candidate(cm_bytes *list, cm_context *ctx, const char *name, const char *sample) {
    if (list->length) cm_bytes_add(ctx, list, ", ", 2);
    cm_bytes_add(ctx, list, name, strlen(name));
    cm_bytes_add(ctx, list, " (", 2);
    cm_bytes_add(ctx, list, sample, strlen(sample));
    cm_bytes_add(ctx, list, ")", 1);
}

/* The encodings that could be meant, each with its reading. ISO-8859-1 has no characters where Windows-1252 has its
 * own, and reads the same elsewhere. */
static cm_status fail_unknown(cm_context *ctx, const char *bytes, uint64_t length, uint64_t at, const char *byte) {
    uint64_t from = at, to = at;
    char sample[SAMPLE_TEXT];
    cm_bytes list = {0};
    while (from > 0 && at - from < SAMPLE_BYTES && !ends_sample(bytes[from - 1])) from--;
    while (to < length && to - at < SAMPLE_BYTES && !ends_sample(bytes[to])) to++;
    if (read_sample(CM_ENCODING_WINDOWS1252, bytes + from, to - from, sample))
        add_candidate(&list, ctx, has_control(bytes + from, to - from) ? "windows-1252" : "windows-1252 or iso-8859-1",
                      sample);
    if (read_sample(CM_ENCODING_GB18030, bytes + from, to - from, sample)) add_candidate(&list, ctx, "gb18030", sample);
    if (list.length)
        cm_fail(ctx, CM_E_DATA, "ENCODING_UNKNOWN", "st", byte, list.data, list.length);
    else
        cm_fail(ctx, CM_E_DATA, "ENCODING_NONE", "s", byte);
    cm_bytes_free(ctx->core, &list);
    return CM_E_DATA;
}

uint64_t cm_count_lines(const char *text, uint64_t length) {
    uint64_t lines = 0;
    for (uint64_t i = 0; i < length; i++)
        lines += text[i] == '\r' || (text[i] == '\n' && !(i > 0 && text[i - 1] == '\r'));
    return lines;
}

/* The byte at `at` is none of the encoding; `held` bytes of the block before stand in front. */
static cm_status fail_bytes(cm_context *ctx, cm_decoder *decoder, const char *bytes, uint64_t length, uint64_t at,
                            uint64_t held) {
    static const char digits[] = "0123456789ABCDEF";
    unsigned char wrong = (unsigned char)bytes[at];
    char byte[3] = {digits[wrong >> 4], digits[wrong & 15], 0};
    decoder->bad_offset = decoder->offset + at - held;
    if (decoder->wanted == CM_ENCODING_AUTO && !decoder->marked) return fail_unknown(ctx, bytes, length, at, byte);
    return cm_fail(ctx, CM_E_DATA, "ENCODING_BYTES", "ss", byte, names[decoder->found]);
}

/* ---- UTF-8, where it lies ---- */

/* A sequence that goes on behind the bytes. */
static bool is_cut(const char *bytes, uint64_t length) {
    uint64_t skip;
    unsigned char lead = (unsigned char)bytes[0];
    return length < 4 && lead >= 0xC2 && lead <= 0xF4 && !cm_utf8_sequence(bytes, length, &skip) && skip == length;
}

/* The sequence that the block before began: *taken gets the bytes of this block that complete it. */
static cm_status check_pending(cm_context *ctx, cm_decoder *decoder, const char *bytes, uint64_t length,
                               uint64_t *taken) {
    uint64_t held = decoder->pending_count, more = length < 4 - held ? length : 4 - held, skip;
    *taken = 0;
    if (!held) return CM_OK;
    memcpy(decoder->pending + held, bytes, (size_t)more);
    uint64_t whole = cm_utf8_sequence(decoder->pending, held + more, &skip);
    if (whole) {
        *taken = whole - held;
        decoder->pending_count = 0;
    } else if (length && is_cut(decoder->pending, held + more)) {
        *taken = more;
        decoder->pending_count = held + more;
    } else {
        decoder->bad_lines = 0;
        return fail_bytes(ctx, decoder, decoder->pending, held + more, 0, held);
    }
    return CM_OK;
}

static cm_status check_utf8(cm_context *ctx, cm_decoder *decoder, const char *bytes, uint64_t length) {
    uint64_t at;
    if (decoder->lenient) return CM_OK;
    cm_status status = check_pending(ctx, decoder, bytes, length, &at);
    if (status || at == length) return status;
    at += cm_utf8_valid_prefix(bytes + at, length - at);
    if (at == length) return CM_OK;
    if (!is_cut(bytes + at, length - at)) {
        decoder->bad_lines = cm_count_lines(bytes, at);
        return fail_bytes(ctx, decoder, bytes, length, at, 0);
    }
    decoder->pending_count = length - at;
    memcpy(decoder->pending, bytes + at, (size_t)decoder->pending_count);
    return CM_OK;
}

/* ---- everything else ---- */

/* The bytes behind those that the block before left over. */
static cm_status gather(cm_context *ctx, cm_decoder *decoder, const char *bytes, uint64_t length) {
    decoder->input.length = decoder->output.length = 0;
    cm_status status = cm_bytes_add(ctx, &decoder->input, decoder->pending, decoder->pending_count);
    if (!status) status = cm_bytes_add(ctx, &decoder->input, bytes, length);
    return status;
}

static cm_status convert_block(cm_context *ctx, cm_decoder *decoder, uint64_t held, bool last) {
    cm_bytes *in = &decoder->input, *out = &decoder->output;
    if (!in->length) return CM_OK;
    cm_status status = cm_reserve(ctx, &out->data, &out->capacity, 3 * in->length + 4, 1);
    if (status) return status;
    conversion c = {.in = in->data, .in_length = in->length, .out = out->data};
    for (;;) {
        convert(&c, decoder->found, decoder->converter);
        bool cut = !c.wrong && c.at < c.in_length;
        if (!c.wrong && !(cut && last)) break;
        if (!decoder->lenient) {
            decoder->bad_lines = cm_count_lines(c.out, c.written);
            return fail_bytes(ctx, decoder, c.in, c.in_length, c.at, held);
        }
        bool utf16 = decoder->found == CM_ENCODING_UTF16LE || decoder->found == CM_ENCODING_UTF16BE;
        if (utf16 && c.in_length - c.at >= 2) { /* half of a pair */
            c.written += cm_utf8_put(unit_at(&c, c.at, decoder->found == CM_ENCODING_UTF16BE), c.out + c.written);
            c.at += 2;
        } else {
            c.out[c.written++] = utf16 ? (char)0xFF : c.in[c.at];
            c.at++;
        }
    }
    decoder->pending_count = c.in_length - c.at;
    memcpy(decoder->pending, c.in + c.at, (size_t)decoder->pending_count);
    out->length = c.written;
    return CM_OK;
}

/* ---- beginning ---- */

/* Once two bytes are there, or none are to come, the encoding is known. */
static bool settle(cm_decoder *decoder, const char *bytes, uint64_t length) {
    char start[4] = {0};
    uint64_t held = decoder->pending_count, count = held + (length < 3 - held ? length : 3 - held);
    memcpy(start, decoder->pending, (size_t)held);
    memcpy(start + held, bytes, (size_t)(count - held));
    decoder->found = decoder->wanted;
    if (decoder->wanted != CM_ENCODING_AUTO) return true;
    if (count == 1 && length && (start[0] == '\xFF' || start[0] == '\xFE')) return false;
    decoder->found = CM_ENCODING_UTF8;
    if (!memcmp(start, "\xFF\xFE", 2)) decoder->found = CM_ENCODING_UTF16LE;
    if (!memcmp(start, "\xFE\xFF", 2)) decoder->found = CM_ENCODING_UTF16BE;
    decoder->marked = decoder->found != CM_ENCODING_UTF8 || !memcmp(start, "\xEF\xBB\xBF", 3);
    return true;
}

/* ASCII in units of two bytes, without a mark: valid UTF-8, too, but nobody means all those NULs. */
static cm_status refuse_unmarked(cm_context *ctx, const cm_decoder *decoder, const char *bytes, uint64_t length) {
    if (decoder->wanted != CM_ENCODING_AUTO || decoder->marked || length < 4) return CM_OK;
    bool little = bytes[0] && !bytes[1] && bytes[2] && !bytes[3], big = !bytes[0] && bytes[1] && !bytes[2] && bytes[3];
    return little || big ? cm_fail(ctx, CM_E_DATA, "ENCODING_UTF16", "s", little ? "utf-16le" : "utf-16be") : CM_OK;
}

/* A byte order mark is no text. */
static void drop_mark(cm_decoder *decoder, const char **bytes, uint64_t *length) {
    if (*length >= 3 && !memcmp(*bytes, "\xEF\xBB\xBF", 3)) {
        *bytes += 3;
        *length -= 3;
        decoder->marked = true;
    }
    decoder->begun = true;
}

static cm_status next(cm_context *ctx, cm_decoder *decoder, const char **bytes, uint64_t *length) {
    bool last = *length == 0;
    uint64_t held = decoder->pending_count;
    if (!decoder->found) {
        if (!settle(decoder, *bytes, *length)) {
            decoder->pending[decoder->pending_count++] = **bytes;
            *length = 0;
            return CM_OK;
        }
        cm_status refused = refuse_unmarked(ctx, decoder, *bytes, *length);
        if (refused) return refused;
    }
    if (decoder->found == CM_ENCODING_UTF8) return check_utf8(ctx, decoder, *bytes, *length);
    cm_status status = gather(ctx, decoder, *bytes, *length);
    if (!status) status = convert_block(ctx, decoder, held, last);
    if (status) return status;
    *bytes = decoder->output.data;
    *length = decoder->output.length;
    if (!decoder->begun && *length) drop_mark(decoder, bytes, length);
    return CM_OK;
}

cm_status cm_decoder_next(cm_context *ctx, cm_decoder *decoder, const char **bytes, uint64_t *length) {
    uint64_t taken = *length;
    cm_status status = next(ctx, decoder, bytes, length);
    decoder->offset += taken;
    return status;
}

void cm_decoder_restart(cm_decoder *decoder) {
    if (decoder->converts) iconv(decoder->converter, NULL, NULL, NULL, NULL);
    cm_bytes_free(decoder->core, &decoder->input);
    cm_bytes_free(decoder->core, &decoder->output);
    decoder->found = CM_ENCODING_AUTO;
    decoder->begun = decoder->marked = false;
    decoder->pending_count = decoder->offset = 0;
}

cm_status cm_decoder_new(cm_context *ctx, cm_encoding encoding, bool lenient, cm_decoder **out) {
    cm_decoder *decoder = cm_alloc(ctx, 1, sizeof *decoder);
    *out = decoder;
    if (!decoder) return ctx->error.status;
    decoder->core = cm_core_retain(ctx->core);
    decoder->wanted = encoding == CM_ENCODING_GBK ? CM_ENCODING_GB18030 : encoding;
    decoder->lenient = lenient && encoding != CM_ENCODING_AUTO;
    if (decoder->wanted != CM_ENCODING_GB18030) return CM_OK;
    cm_status status = open_converter(ctx, &decoder->converter);
    decoder->converts = !status;
    if (status) {
        cm_decoder_free(decoder);
        *out = NULL;
    }
    return status;
}

void cm_decoder_free(cm_decoder *decoder) {
    if (!decoder) return;
    cm_core *core = decoder->core;
    cm_decoder_restart(decoder);
    if (decoder->converts) iconv_close(decoder->converter);
    cm_free(core, decoder, 1, sizeof *decoder);
    cm_core_release(core);
}
