#include "io/source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "io/file.h"
#include "io/kept.h"

#define BLOCK_BYTES CM_SOURCE_PORTION
#define GZIP_WINDOW (15 + 16) /* the largest window, gzip header and trailer checked */

/* Where in a gzip file the next byte belongs. */
typedef enum gzip_state { GZIP_NONE, GZIP_MEMBER, GZIP_BETWEEN, GZIP_PADDING } gzip_state;

struct cm_source {
    cm_core *core;
    char *name;
    uint64_t name_size;
    cm_source_limits limits;
    uint64_t size, progress_done, progress_total;

    /* the bytes as they lie there */
    int descriptor;     /* -1: none open */
    bool keeps;         /* into `kept`, for the next pass */
    bool fed;           /* by pushes, or by `pull` */
    bool ended;         /* nothing more to keep */
    bool starved;       /* the last portion of none was no end */
    cm_read_function pull;
    void *pull_user;
    const char *memory; /* borrowed */
    uint64_t portion;   /* of memory, at a time */
    char *block;        /* BLOCK_BYTES, of a file that can be read twice */
    cm_kept kept;
    uint64_t raw_offset; /* bytes given out so far */

    /* inflating */
    bool started, inflating;
    gzip_state state;
    z_stream stream;
    char *inflated; /* BLOCK_BYTES */
    char *room;     /* of the caller, where the next portion may go; or NULL */
    bool limited;   /* the last allocation of zlib met the ceiling */
    uint64_t given; /* bytes that came out */

    cm_decoder *decoder; /* NULL: bytes are given out as they are */
};

/* ---- the bytes as they lie there ---- */

static cm_status pull_bytes(cm_context *ctx, cm_source *source, char *out, uint64_t wanted, uint64_t *got) {
    int64_t count;
    for (*got = 0; *got < wanted; *got += (uint64_t)count) {
        count = source->pull(source->pull_user, out + *got, wanted - *got);
        if (count < 0 || (uint64_t)count > wanted - *got) return cm_fail(ctx, CM_E_IO, "PULL_FAILED", "");
        if (!count) return CM_OK;
    }
    return CM_OK;
}

/* Another block of what cannot be read twice; none at the end, and of a source that waits for pushes. */
static cm_status keep_block(cm_context *ctx, cm_source *source) {
    char *block;
    uint64_t length = 0;
    source->starved = source->fed && !source->pull;
    if (source->starved) return CM_OK;
    cm_status status = cm_kept_room(ctx, &source->kept, BLOCK_BYTES, &block);
    if (status) return status;
    status = source->pull ? pull_bytes(ctx, source, block, BLOCK_BYTES, &length)
                          : cm_file_read(ctx, source->name, source->descriptor, block, BLOCK_BYTES, &length);
    cm_kept_filled(source->core, &source->kept, status ? 0 : length);
    source->ended = !status && !length;
    return status;
}

/* A first byte alone does not tell gzip. */
static bool too_little(const cm_source *source) {
    return source->fed && !source->ended && !source->pull && !source->started && source->kept.bytes < 2;
}

static cm_status raw_next(cm_context *ctx, cm_source *source, const char **bytes, uint64_t *length) {
    cm_status status = CM_OK;
    *bytes = "";
    *length = 0;
    source->starved = false;
    if (source->memory) {
        uint64_t rest = source->size - source->raw_offset;
        *bytes = source->memory + source->raw_offset;
        *length = rest < source->portion ? rest : source->portion;
    } else if (source->keeps) {
        if (source->kept.next == source->kept.count && !source->ended) status = keep_block(ctx, source);
        source->starved = source->starved || too_little(source);
        if (!status && !source->starved) cm_kept_take(source->core, &source->kept, bytes, length);
    } else {
        char *to = source->room && source->started && !source->state ? source->room : source->block;
        status = cm_file_read(ctx, source->name, source->descriptor, to, BLOCK_BYTES, length);
        *bytes = to;
    }
    source->raw_offset += *length;
    return status;
}

/* ---- gzip ---- */

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size) {
    cm_source *source = opaque;
    return cm_hosted_resize(source->core, NULL, (uint64_t)items * size, &source->limited);
}

static void zlib_free(voidpf opaque, voidpf block) {
    cm_source *source = opaque;
    bool limited;
    cm_hosted_resize(source->core, block, 0, &limited);
}

static cm_status start_inflating(cm_context *ctx, cm_source *source, const char *bytes, uint64_t length) {
    if (!source->inflated) source->inflated = cm_alloc(ctx, BLOCK_BYTES, 1);
    if (!source->inflated) return ctx->error.status;
    source->stream = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = source};
    if (inflateInit2(&source->stream, GZIP_WINDOW) != Z_OK)
        return cm_fail_memory(ctx, sizeof source->stream, source->limited);
    source->inflating = true;
    source->state = GZIP_MEMBER;
    source->stream.next_in = (Bytef *)(uintptr_t)bytes; /* zlib does not write there */
    source->stream.avail_in = (uInt)length;
    return CM_OK;
}

static cm_status fail_gzip(cm_context *ctx, const cm_source *source, const char *reason) {
    uint64_t offset = source->raw_offset - source->stream.avail_in;
    cm_fail(ctx, CM_E_FORMAT, reason, "u", offset);
    return cm_fail_at(ctx, source->name, 0, 0, NULL, offset);
}

/* The file ends, or, behind a member, goes on with the next one or with zeros up to its end. */
static cm_status between_members(cm_context *ctx, cm_source *source) {
    z_stream *stream = &source->stream;
    if (source->state == GZIP_BETWEEN && stream->avail_in && *stream->next_in) {
        inflateReset(stream);
        source->state = GZIP_MEMBER;
        return CM_OK;
    }
    source->state = GZIP_PADDING;
    for (; stream->avail_in; stream->avail_in--, stream->next_in++)
        if (*stream->next_in) return fail_gzip(ctx, source, "GZIP_DAMAGED");
    return CM_OK;
}

static cm_status inflate_member(cm_context *ctx, cm_source *source, bool *hungry) {
    switch (inflate(&source->stream, Z_NO_FLUSH)) {
    case Z_STREAM_END:
        source->state = GZIP_BETWEEN;
        return CM_OK;
    case Z_OK:
        return CM_OK;
    case Z_BUF_ERROR: /* no progress without more input */
        *hungry = true;
        return CM_OK;
    case Z_MEM_ERROR:
        return cm_fail_memory(ctx, BLOCK_BYTES, source->limited);
    default:
        return fail_gzip(ctx, source, "GZIP_DAMAGED");
    }
}

static cm_status inflate_block(cm_context *ctx, cm_source *source, uint64_t *length) {
    z_stream *stream = &source->stream;
    cm_status status = CM_OK;
    stream->next_out = (Bytef *)(source->room ? source->room : source->inflated);
    stream->avail_out = (uInt)BLOCK_BYTES;
    while (!status && stream->avail_out) {
        bool hungry = source->state != GZIP_MEMBER && !stream->avail_in;
        if (!hungry)
            status = source->state == GZIP_MEMBER ? inflate_member(ctx, source, &hungry) : between_members(ctx, source);
        if (status || !hungry) continue;
        const char *bytes;
        uint64_t more;
        status = raw_next(ctx, source, &bytes, &more);
        if (status) break;
        stream->next_in = (Bytef *)(uintptr_t)bytes;
        stream->avail_in = (uInt)more;
        if (more) continue;
        if (source->state == GZIP_MEMBER && !source->starved) status = fail_gzip(ctx, source, "GZIP_CUT");
        break;
    }
    *length = BLOCK_BYTES - stream->avail_out;
    return status;
}

/* ---- the public side ---- */

static cm_status check_limits(cm_context *ctx, const cm_source *source) {
    const char *reason = NULL;
    uint64_t taken = source->raw_offset - (source->state ? source->stream.avail_in : 0);
    double limit = 0;
    if (source->limits.bytes && source->given > source->limits.bytes) {
        reason = "LIMIT_BYTES";
        limit = (double)source->limits.bytes;
    } else if (source->state && source->limits.ratio > 0 && source->given > CM_RATIO_FROM
               && (double)source->given > source->limits.ratio * (double)taken) {
        reason = "LIMIT_RATIO";
        limit = source->limits.ratio;
    }
    if (!reason) return CM_OK;
    cm_fail(ctx, CM_E_LIMIT, reason, "d", limit);
    return cm_fail_at(ctx, source->name, 0, 0, NULL, taken);
}

static cm_status next_block(cm_context *ctx, cm_source *source, const char **bytes, uint64_t *length) {
    if (!source->started) {
        cm_status status = raw_next(ctx, source, bytes, length);
        if (status || source->starved) return status;
        source->started = true;
        bool gzip = *length >= 2 && (unsigned char)(*bytes)[0] == 0x1F && (unsigned char)(*bytes)[1] == 0x8B;
        if (!gzip) return CM_OK;
        status = start_inflating(ctx, source, *bytes, *length);
        if (status) return status;
    } else if (!source->state) {
        return raw_next(ctx, source, bytes, length);
    }
    *bytes = source->room ? source->room : source->inflated;
    return inflate_block(ctx, source, length);
}

static cm_status decode(cm_context *ctx, cm_source *source, const char **bytes, uint64_t *length) {
    if (!source->decoder || (!*length && source->starved)) return CM_OK;
    cm_status status = cm_decoder_next(ctx, source->decoder, bytes, length);
    if (status == CM_E_DATA) cm_fail_at(ctx, source->name, 0, 0, NULL, cm_decoder_bad_offset(source->decoder));
    return status;
}

cm_status cm_source_next(cm_context *ctx, cm_source *source, const char **bytes, uint64_t *length) {
    uint64_t taken;
    cm_status status;
    do { /* a portion may be less than a character */
        status = next_block(ctx, source, bytes, length);
        taken = *length;
        source->given += taken;
        if (!status) status = check_limits(ctx, source);
        if (!status) status = cm_tick(ctx, "read", source->progress_done + source->raw_offset, source->progress_total);
        if (!status) status = decode(ctx, source, bytes, length);
    } while (!status && taken && !*length);
    if (status) *length = 0;
    return status;
}

cm_status cm_source_decode(cm_context *ctx, cm_source *source, cm_encoding encoding, bool lenient) {
    cm_decoder *decoder;
    cm_status status = cm_decoder_new(ctx, encoding, lenient, &decoder);
    if (status) return status;
    cm_decoder_free(source->decoder);
    source->decoder = decoder;
    return CM_OK;
}

uint64_t cm_source_bad_lines(const cm_source *source) {
    return source->decoder ? cm_decoder_bad_lines(source->decoder) : 0;
}

cm_status cm_source_read(cm_context *ctx, cm_source *source, char *room, const char **bytes, uint64_t *length) {
    source->room = room;
    cm_status status = cm_source_next(ctx, source, bytes, length);
    source->room = NULL;
    return status;
}

static void stop_inflating(cm_source *source) {
    if (source->inflating) inflateEnd(&source->stream);
    source->inflating = false;
    source->state = GZIP_NONE;
    source->stream.avail_in = 0;
}

cm_status cm_source_rewind(cm_context *ctx, cm_source *source) {
    stop_inflating(source);
    if (source->decoder) cm_decoder_restart(source->decoder);
    source->started = false;
    source->raw_offset = source->given = source->kept.next = 0;
    if (source->memory || source->keeps) return CM_OK;
    if (!source->block) source->block = cm_alloc(ctx, BLOCK_BYTES, 1);
    if (!source->block) return ctx->error.status;
    if (source->descriptor >= 0) {
        if (lseek(source->descriptor, 0, SEEK_SET) == 0) return CM_OK;
        return cm_fail_system(ctx, "read", source->name, errno);
    }
    bool seekable;
    return cm_file_open(ctx, source->name, &source->descriptor, &source->size, &seekable);
}

void cm_source_rest(cm_source *source) {
    stop_inflating(source);
    if (source->decoder) cm_decoder_restart(source->decoder);
    cm_free(source->core, source->inflated, BLOCK_BYTES, 1);
    source->inflated = NULL;
    if (source->memory || source->keeps) return;
    cm_free(source->core, source->block, BLOCK_BYTES, 1);
    source->block = NULL;
    if (source->descriptor >= 0) close(source->descriptor);
    source->descriptor = -1;
}

static cm_status make(cm_context *ctx, const char *name, const cm_source_limits *limits, cm_source **out) {
    *out = NULL;
    cm_source *source = cm_alloc(ctx, 1, sizeof *source);
    if (!source) return ctx->error.status;
    source->core = cm_core_retain(ctx->core);
    source->descriptor = -1;
    source->name_size = strlen(name) + 1;
    source->name = cm_copy_text(ctx, name, source->name_size - 1);
    if (limits) source->limits = *limits;
    if (!source->name) {
        cm_source_close(source);
        return ctx->error.status;
    }
    *out = source;
    return CM_OK;
}

static cm_status open_path(cm_context *ctx, cm_source *source) {
    if (!strcmp(source->name, "-")) {
        source->descriptor = STDIN_FILENO;
        source->keeps = true;
        return CM_OK;
    }
    bool seekable;
    cm_status status = cm_file_open(ctx, source->name, &source->descriptor, &source->size, &seekable);
    source->keeps = !status && !seekable;
    return status ? status : cm_source_rewind(ctx, source);
}

cm_status cm_source_open(cm_context *ctx, const char *path, const cm_source_limits *limits, cm_source **out) {
    cm_status status = make(ctx, path, limits, out);
    if (status) return status;
    status = open_path(ctx, *out);
    if (status) {
        cm_source_close(*out);
        *out = NULL;
    }
    return status;
}

cm_status cm_source_memory(cm_context *ctx, const char *name, const void *bytes, uint64_t length,
                           const cm_source_limits *limits, cm_source **out) {
    cm_status status = make(ctx, name, limits, out);
    if (status) return status;
    (*out)->memory = length ? bytes : "";
    (*out)->size = length;
    (*out)->portion = BLOCK_BYTES;
    return CM_OK;
}

cm_status cm_source_fed(cm_context *ctx, const char *name, const cm_source_limits *limits, cm_source **out) {
    cm_status status = make(ctx, name, limits, out);
    if (!status) (*out)->keeps = (*out)->fed = true;
    return status;
}

cm_status cm_source_push(cm_context *ctx, cm_source *source, const void *bytes, uint64_t length) {
    source->ended = !length;
    return length ? cm_kept_add(ctx, &source->kept, bytes, length) : CM_OK;
}

void cm_source_pull(cm_source *source, cm_read_function function, void *user) {
    source->pull = function;
    source->pull_user = user;
}

void cm_source_forget(cm_source *source) {
    source->kept.forgets = true;
}

uint64_t cm_source_kept(const cm_source *source) {
    return source->kept.bytes;
}

bool cm_source_inflates(const cm_source *source) {
    return source->state != GZIP_NONE;
}

bool cm_source_starved(const cm_source *source) {
    return source->starved;
}

void cm_source_set_portion(cm_source *source, uint64_t bytes) {
    source->portion = bytes;
}

void cm_source_close(cm_source *source) {
    if (!source) return;
    cm_core *core = source->core;
    cm_source_rest(source);
    cm_decoder_free(source->decoder);
    if (source->keeps && source->descriptor >= 0 && source->descriptor != STDIN_FILENO) close(source->descriptor);
    cm_kept_clear(core, &source->kept);
    cm_free(core, source->name, source->name_size, 1);
    cm_free(core, source, 1, sizeof *source);
    cm_core_release(core);
}

const char *cm_source_name(const cm_source *source) {
    return source->name;
}
uint64_t cm_source_size(const cm_source *source) {
    return source->size;
}

void cm_source_progress(cm_source *source, uint64_t done, uint64_t total) {
    source->progress_done = done;
    source->progress_total = total;
}
