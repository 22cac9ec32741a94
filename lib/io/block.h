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
    uint64_t starts_capacity, ends_capacity;
    uint64_t consumed; /* bytes of whole records; what is left belongs to the next block */
    uint64_t lines;    /* line ends among them */
    bool uneven;       /* has a record that only the road of single records can judge: nothing above counts */
    cm_block_patch *patches;
    uint64_t patch_count, patches_capacity;
    uint32_t *found; /* separators, while parsing what is irregular */
    uint64_t found_capacity;

    /* the column at hand; set by cm_block_begin_column */
    uint32_t *cell_starts, *cell_lengths; /* where its cells lie, separators and \r left out */
    int32_t *text_codes;                  /* of its texts */
    uint64_t cell_starts_capacity, cell_lengths_capacity, text_codes_capacity;
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

/* Finds the cells of a column, and frees the room of unquoted texts for it; there is enough for all texts of one. */
cm_status cm_block_begin_column(cm_context *ctx, cm_block *block, uint64_t column);
void cm_block_unquote(cm_block *block, uint64_t start, uint64_t end, cm_csv_field *out);

/* The cell of the column at hand as libcsv gives it. */
static inline void cm_block_cell(cm_block *block, uint64_t row, cm_csv_field *out) {
    const char *bytes = block->bytes;
    uint64_t start = block->cell_starts[row], end = start + block->cell_lengths[row];
    while (start < end && (bytes[start] == ' ' || bytes[start] == '\t')) start++;
    while (start < end && (bytes[end - 1] == ' ' || bytes[end - 1] == '\t')) end--;
    if (start == end) *out = (cm_csv_field){NULL, 0};
    else if (bytes[start] != '"') *out = (cm_csv_field){bytes + start, end - start};
    else cm_block_unquote(block, start, end, out);
}

#endif
