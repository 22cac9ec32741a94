/* A block: some hundred kilobytes of a CSV source that begin with a record, and where the cells of its rows lie. */
#ifndef CM_IO_BLOCK_H
#define CM_IO_BLOCK_H

#include "base/cpu.h"
#include "io/block_index.h"
#include "io/csv.h"

/* A record that libcsv read: written again behind the block's bytes, in the regular form. */
typedef struct cm_block_patch {
    uint64_t row, origin; /* where its first line begins */
} cm_block_patch;

typedef struct cm_block {
    cm_core *core;
    char *room;
    uint64_t room_size;
    char *bytes;     /* in the room, with padding before and behind */
    uint64_t length; /* of what came from the source */
    uint64_t used;   /* with the patches */
    bool last;       /* the source ends behind it */
    char delimiter;
    uint64_t offset; /* of its first byte in the source */
    uint64_t line;   /* of its first byte; known when its turn has come */

    /* rows; set by cm_block_parse */
    uint64_t rows, columns;
    uint32_t *starts; /* of each row's first cell */
    uint32_t *ends;   /* places of the separators behind each cell, row by row */
    uint32_t *nexts;  /* and of the bytes behind these, column by column; less a \r that is the line end's */
    uint64_t starts_capacity, ends_capacity, nexts_capacity;
    uint64_t consumed; /* bytes of whole records; what is left belongs to the next block */
    uint64_t lines;    /* line ends among them */
    bool uneven;       /* has a record that only the road of single records can judge: nothing above counts */
    cm_block_patch *patches;
    uint64_t patch_count, patches_capacity;
    uint32_t *found; /* separators, while parsing what is irregular */
    uint64_t found_capacity;
    bool quotes_inside; /* some cell may have quotes within its own */

    /* the column at hand; set by cm_block_begin_column */
    const uint32_t *begins, *behind; /* where each of its cells begins, and one byte behind its end */
    uint32_t *text_starts, *text_lengths; /* its texts */
    int32_t *text_codes;
    uint8_t *text_present;
    uint64_t text_starts_capacity, text_lengths_capacity, text_codes_capacity, text_present_capacity;
    uint64_t plain_used; /* behind the patches: texts without their quotes */
} cm_block;

void cm_block_init(cm_core *core, cm_block *block);
void cm_block_free(cm_block *block);
/* Room for so many bytes; those there are stay. */
cm_status cm_block_reserve(cm_context *ctx, cm_block *block, uint64_t bytes);

/* Finds the rows. `csv` (cm_csv_open_bytes) reads what is irregular. */
cm_status cm_block_parse(cm_context *ctx, cm_block *block, cm_csv *csv, const cm_dialect *dialect, uint64_t columns);

/* Where the line of a row begins. */
uint64_t cm_block_origin(const cm_block *block, uint64_t row);
/* Line ends in [from, to). */
uint64_t cm_block_count_lines(const cm_block *block, uint64_t from, uint64_t to);

/* Takes a column in hand, and frees the room of unquoted texts for it; there is enough for all texts of one. */
cm_status cm_block_begin_column(cm_context *ctx, cm_block *block, uint64_t column);
void cm_block_unquote(cm_block *block, uint64_t start, uint64_t end, cm_csv_field *out);

static inline uint64_t cm_block_cell_length(const cm_block *block, uint64_t row) {
    return block->behind[row] - block->begins[row] - UINT64_C(1);
}

/* The cell [start, end) as libcsv gives it. */
static inline void cm_block_strip(cm_block *block, uint64_t start, uint64_t end, cm_csv_field *out) {
    const char *bytes = block->bytes;
    while (start < end && (bytes[start] == ' ' || bytes[start] == '\t')) start++;
    while (start < end && (bytes[end - 1] == ' ' || bytes[end - 1] == '\t')) end--;
    if (start == end) *out = (cm_csv_field){NULL, 0};
    else if (bytes[start] != '"') *out = (cm_csv_field){bytes + start, end - start};
    else cm_block_unquote(block, start, end, out);
}

static inline void cm_block_cell(cm_block *block, uint64_t row, cm_csv_field *out) {
    cm_block_strip(block, block->begins[row], block->behind[row] - UINT64_C(1), out);
}

#endif
