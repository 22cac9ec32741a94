/* A block on the road of single records: for uneven records, bad rows and limits, where the order of the rows matters
 * and the error must be that of the first. */
#include "io/road.h"

static bool may_take_more(const cm_road *road) {
    return road->work != CM_ROAD_CONVERT || road->reader->batch.kept < road->max_rows;
}

/* `placed` when all records are done; otherwise the rest is left for the next call. */
cm_status cm_road_by_rows(cm_context *ctx, cm_road *road, cm_road_block *at, cm_csv *csv) {
    cm_reader *reader = road->reader;
    cm_block *block = &at->block;
    cm_record record;
    uint64_t begin = at->bytes_done;
    bool more = true, surveys = (road->work & CM_ROAD_SURVEY) != 0;
    cm_status status = CM_OK;
    at->by_rows = true;
    if (!cm_road_wait_all(road, at->number)) return CM_OK;
    cm_csv_set_file(csv, cm_reader_file(reader), block->delimiter);
    cm_csv_give(csv, block->bytes + begin, block->length - begin, block->last,
                block->line + cm_block_count_lines(block, 0, begin), block->offset + begin);
    while (!status && more && may_take_more(road)) {
        status = cm_csv_next(ctx, csv, &record, &more);
        if (status || !more) break;
        status = cm_reader_count_record(ctx, reader, &record);
        if (!status && surveys) cm_reader_survey_record(reader, &record);
        else if (!status) status = cm_reader_convert_record(ctx, reader, &record);
        at->bytes_done = begin + cm_csv_taken(csv);
    }
    at->placed = !more;
    block->consumed = block->last ? block->length : at->bytes_done;
    block->lines = cm_block_count_lines(block, 0, block->consumed);
    return status;
}
