/* The separators of a block of CSV: delimiters and line ends outside quotes, found as bit masks. */
#ifndef CM_IO_BLOCK_INDEX_H
#define CM_IO_BLOCK_INDEX_H

#include "base/cpu.h"

/* Bytes that may be read before and behind those of a block, whatever they are. */
#define CM_BLOCK_PADDING 64

/* Entries of the index that may be written behind those that count. */
#define CM_INDEX_SLACK 64

typedef struct cm_index_end {
    uint64_t count;  /* separators written */
    uint64_t line_feeds; /* of these */
    bool quotes_inside; /* some are doubled */
    uint64_t lines;  /* line ends of any kind in all bytes, if none was irregular */
    uint64_t at;     /* the first byte that only libcsv can tell the meaning of; `to` if there is none */
} cm_index_end;

/* Writes the places of the separators of bytes [from, to), which begin with a record, into `out` (room for to - from
 * and CM_INDEX_SLACK). Regular are: fields without a quote; fields in quotes from their first byte to their last with
 * all quotes within doubled; lines that end by \n or \r\n. Stops at the first byte that is not. */
void cm_block_index(cm_cpu_level level, const char *bytes, uint64_t from, uint64_t to, char delimiter, uint32_t *out,
                    cm_index_end *end);

#endif
