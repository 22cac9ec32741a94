/* The next block of the files. It ends behind a line end, which is probably that of a record; whether it is, the block
 * itself will tell. */
#include <string.h>

#include "io/encoding.h"
#include "io/road.h"

#define LONG_LINE (UINT64_C(1) << 20)    /* a block without line end is cut anywhere */
#define FIRST_BYTES (UINT64_C(64) << 10) /* of the block that the types are guessed from */
#define MOST_AHEAD 24                    /* blocks that may wait for a thread: new threads may be late by so much */

static cm_status set_rest(cm_context *ctx, cm_road *road, const char *bytes, uint64_t length) {
    road->rest.length = 0;
    return cm_bytes_add(ctx, &road->rest, bytes, length);
}

/* Opens the file at hand. Its header is read record by record, which also finds the delimiter; a file without one is
 * begun again. */
static cm_status open_file(cm_context *ctx, cm_road *road) {
    cm_reader *reader = road->reader;
    cm_source *source = reader->sources[reader->file];
    cm_csv_rest rest;
    bool begun = reader->decided && !reader->how.header; /* there is nothing more to learn from the first record */
    cm_status status = begun ? CM_OK : cm_reader_begin_file(ctx, reader);
    if (!status && (begun || reader->holds)) {
        reader->holds = false;
        cm_csv_close(reader->csv);
        reader->csv = NULL;
        status = cm_source_rewind(ctx, source);
        if (!status && reader->decided) cm_source_forget(source);
        if (!status) status = cm_csv_open(ctx, source, &reader->how.dialect, &reader->csv);
    }
    if (!status) status = cm_csv_leave(ctx, reader->csv, &rest);
    if (!status) status = set_rest(ctx, road, rest.bytes, rest.length);
    if (status) return status;
    road->open = road->starts_file = true;
    road->source_ended = false;
    road->offset = rest.offset;
    road->line = rest.line;
    road->delimiter = rest.delimiter;
    cm_csv_close(reader->csv);
    reader->csv = NULL;
    return CM_OK;
}

static uint64_t behind_last_line(const char *bytes, uint64_t length) {
    while (length && bytes[length - 1] != '\n') length--;
    return length;
}

/* Reads on until there is a line end to cut behind; *cut is set to the length that is kept. */
static cm_status fill(cm_context *ctx, cm_road *road, cm_block *block, uint64_t wanted, uint64_t *cut) {
    cm_source *source = road->reader->sources[road->reader->file];
    cm_status status = CM_OK;
    *cut = 0;
    while (!status && !road->source_ended) {
        const char *bytes;
        uint64_t more = 0;
        if (block->length >= wanted) {
            *cut = behind_last_line(block->bytes, block->length);
            if (*cut || block->length >= LONG_LINE) break;
        }
        status = cm_block_reserve(ctx, block, block->length + CM_SOURCE_PORTION);
        if (!status) status = cm_source_read(ctx, source, block->bytes + block->length, &bytes, &more);
        if (!status && more && bytes != block->bytes + block->length) {
            status = cm_block_reserve(ctx, block, block->length + more);
            if (!status) memcpy(block->bytes + block->length, bytes, (size_t)more);
        }
        if (status) break;
        block->length += more;
        road->source_ended = !more;
    }
    if (road->source_ended || !*cut) *cut = block->length;
    if (!road->source_ended && *cut && block->bytes[*cut - 1] == '\r') --*cut; /* \n may follow */
    return status;
}

/* Waits until the blocks before the next are done, at least as far as their places. There may be some that no thread
 * was woken for. */
static bool wait_for_blocks(cm_road *road) {
    pthread_mutex_lock(&road->lock);
    pthread_cond_broadcast(&road->arrived);
    pthread_mutex_unlock(&road->lock);
    return cm_road_wait(road, &road->place, road->next);
}

/* The line of a byte that cannot be decoded: it counts from the end of all that was read before. */
static cm_status locate(cm_context *ctx, cm_road *road, const cm_block *block, cm_status status) {
    const cm_source *source = road->reader->sources[road->reader->file];
    if (status != CM_E_DATA || !wait_for_blocks(road)) return status;
    uint64_t line = road->starts_file ? road->line : road->next_line;
    line += cm_count_lines(road->carry.data, road->carry.length) + cm_block_count_lines(block, 0, block->length);
    return cm_fail_at(ctx, cm_source_name(source), line + cm_source_bad_lines(source), 0, NULL, ctx->error.byte_offset);
}

static cm_status take_block(cm_context *ctx, cm_road *road, cm_road_block *to) {
    cm_block *block = &to->block;
    uint64_t cut, wanted = to->number || road->block_bytes < FIRST_BYTES ? road->block_bytes : FIRST_BYTES;
    block->length = 0;
    uint64_t room = (wanted > road->rest.length ? wanted : road->rest.length) + CM_SOURCE_PORTION;
    cm_status status = cm_block_reserve(ctx, block, room);
    if (status) return status;
    if (road->rest.length) memcpy(block->bytes, road->rest.data, (size_t)road->rest.length);
    block->length = road->rest.length;
    status = fill(ctx, road, block, wanted, &cut);
    if (status) return locate(ctx, road, block, status);
    status = set_rest(ctx, road, block->bytes + cut, block->length - cut);
    block->length = cut;
    block->last = road->source_ended;
    block->delimiter = road->delimiter;
    block->offset = road->offset;
    block->line = road->line;
    to->starts_file = road->starts_file;
    road->starts_file = false;
    road->offset += cut;
    return status;
}

/* The file's name stands in messages: it changes when all of its blocks are done. */
static bool leave_file(cm_road *road) {
    if (!wait_for_blocks(road) || !cm_road_wait_all(road, road->next)) return false;
    cm_reader_end_file(road->reader);
    road->open = false;
    return true;
}

static cm_status next_block(cm_context *ctx, cm_road *road, cm_road_block *to, bool *got) {
    cm_reader *reader = road->reader;
    to->number = road->next;
    if (to->number >= atomic_load(&road->limit)) return CM_OK;
    if (road->open && road->source_ended && !leave_file(road)) return CM_OK;
    if (reader->file == reader->source_count) return CM_OK;
    cm_status status = road->open ? CM_OK : open_file(ctx, road);
    to->parsed = to->surveyed = to->placed = to->by_rows = false;
    to->from = to->to = to->bytes_done = 0;
    if (!status) status = take_block(ctx, road, to);
    *got = !status;
    road->next++;
    return status;
}

/* ---- who reads ---- */

static cm_road_block *pop(cm_road_block **list) {
    cm_road_block *first = *list;
    if (first) *list = first->next;
    return first;
}

/* In order of their numbers. */
static void put_pending(cm_road *road, cm_road_block *at) {
    cm_road_block **place = &road->pending;
    while (*place && (*place)->number < at->number) place = &(*place)->next;
    at->next = *place;
    *place = at;
}

static void put_spare(cm_road *road, cm_road_block *at) {
    at->next = road->spare;
    road->spare = at;
}

static uint64_t count_pending(const cm_road *road) {
    uint64_t count = 0;
    for (const cm_road_block *at = road->pending; at; at = at->next) count++;
    return count;
}

/* Whether inflating, which one thread alone can do, goes on though nobody waits for a block. Not beyond the end of a
 * file: what comes then waits for all of its blocks. */
static bool reads_ahead(const cm_road *road) {
    return road->workers > 1 && !road->source_ended && cm_source_inflates(road->reader->sources[road->reader->file]);
}

/* A block has been read: wakes a thread for it, or else sets *out to the first that nobody has if it is time to work on
 * one. To wake a thread takes a while; where there are more blocks to come, it is done for several. */
static void hand_over(cm_road *road, cm_road_block **out) {
    bool ahead = reads_ahead(road);
    uint64_t pending = count_pending(road);
    if (pending <= road->hungry || (ahead && pending < MOST_AHEAD)) {
        if (!ahead || pending >= MOST_AHEAD / 2) pthread_cond_signal(&road->arrived);
    } else {
        *out = pop(&road->pending);
    }
}

/* The one thread that reads goes on while others wait: they get what it read, and it never waits for them to wake. Then
 * it takes the first block that nobody has. Under the lock, but not while it reads. */
static cm_status read_on(cm_context *ctx, cm_road *road, cm_road_block **out) {
    cm_status status = CM_OK;
    bool got = true;
    road->reading = true;
    while (got && !*out) {
        cm_road_block *fresh = pop(&road->spare);
        got = false;
        pthread_mutex_unlock(&road->lock);
        if (!fresh) fresh = cm_road_block_new(ctx, road);
        status = fresh ? next_block(ctx, road, fresh, &got) : ctx->error.status;
        if (status) cm_road_fail(road, ctx, fresh ? fresh->number : road->next);
        pthread_mutex_lock(&road->lock);
        if (fresh && !got) put_spare(road, fresh);
        if (!got) break;
        put_pending(road, fresh);
        hand_over(road, out);
    }
    road->reading = false;
    pthread_cond_broadcast(&road->arrived);
    return status;
}

cm_status cm_road_take(cm_context *ctx, cm_road *road, cm_road_block **out) {
    cm_status status = CM_OK;
    pthread_mutex_lock(&road->lock);
    road->hungry++;
    while (road->reading && !road->pending) pthread_cond_wait(&road->arrived, &road->lock);
    road->hungry--;
    *out = pop(&road->pending);
    if (!*out) status = read_on(ctx, road, out);
    pthread_mutex_unlock(&road->lock);
    return status;
}

void cm_road_give_back(cm_road *road, cm_road_block *at, bool finished) {
    pthread_mutex_lock(&road->lock);
    if (finished) put_spare(road, at);
    else put_pending(road, at);
    pthread_mutex_unlock(&road->lock);
}
