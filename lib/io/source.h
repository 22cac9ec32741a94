/* Bytes to read: of a file, of standard input, of memory, pushed or pulled; gzip is told by its content and inflated.
 */
#ifndef CM_IO_SOURCE_H
#define CM_IO_SOURCE_H

#include "custmine/io.h"
#include "io/encoding.h"

/* 0: none. The ratio of decompressed to compressed bytes counts once CM_RATIO_FROM bytes have come out. */
#define CM_RATIO_FROM (UINT64_C(16) << 20)
typedef struct cm_source_limits {
    uint64_t bytes; /* decompressed */
    double ratio;
} cm_source_limits;

typedef struct cm_source cm_source;

/* Path "-" is standard input. What cannot be read twice (standard input, pipes) is kept in memory as it comes. */
cm_status cm_source_open(cm_context *ctx, const char *path, const cm_source_limits *limits, cm_source **out);
/* The bytes are borrowed and must live as long as the source; `name` is for messages. */
cm_status cm_source_memory(cm_context *ctx, const char *name, const void *bytes, uint64_t length,
                           const cm_source_limits *limits, cm_source **out);

/* From now on the bytes given out are UTF-8: those of the source decoded, or checked to be it (encoding.h). */
cm_status cm_source_decode(cm_context *ctx, cm_source *source, cm_encoding encoding, bool lenient);
/* After CM_E_DATA of cm_source_next: line ends between the end of the portion before and the byte at fault. */
uint64_t cm_source_bad_lines(const cm_source *source);

/* A source of bytes that are pushed (copied; length 0: the end), or that a function gives when it is asked. */
cm_status cm_source_fed(cm_context *ctx, const char *name, const cm_source_limits *limits, cm_source **out);
cm_status cm_source_push(cm_context *ctx, cm_source *source, const void *bytes, uint64_t length);
void cm_source_pull(cm_source *source, cm_read_function function, void *user);
/* Whether the portion of length 0 was no end: more bytes may be pushed. */
bool cm_source_starved(const cm_source *source);

/* Of what cannot be read twice: the bytes that came so far; and from now on lets go of each portion when the next is
 * asked for, so that there is one more pass and no other. */
uint64_t cm_source_kept(const cm_source *source);
void cm_source_forget(cm_source *source);

/* Most bytes that a source of memory gives out at a time. */
void cm_source_set_portion(cm_source *source, uint64_t bytes);

/* The next portion, borrowed until the next call; length 0 at the end. CM_E_IO, CM_E_FORMAT for damaged or cut gzip,
 * CM_E_LIMIT, CM_E_DATA for what is none of its encoding. Reports progress. */
cm_status cm_source_next(cm_context *ctx, cm_source *source, const char **bytes, uint64_t *length);

/* The same; where that saves a copy the bytes lie in the caller's room, which has place for CM_SOURCE_PORTION. */
#define CM_SOURCE_PORTION (UINT64_C(128) << 10)
cm_status cm_source_read(cm_context *ctx, cm_source *source, char *room, const char **bytes, uint64_t *length);

/* Back to the start. */
cm_status cm_source_rewind(cm_context *ctx, cm_source *source);
/* Gives descriptor and buffers back until the next rewind. */
void cm_source_rest(cm_source *source);
void cm_source_close(cm_source *source);

const char *cm_source_name(const cm_source *source);
bool cm_source_inflates(const cm_source *source); /* the portion before was gzip's */
uint64_t cm_source_size(const cm_source *source); /* of the file as it lies there; 0: unknown */
/* What progress reports add: `done` bytes came before this source's, of `total`. */
void cm_source_progress(cm_source *source, uint64_t done, uint64_t total);

#endif
