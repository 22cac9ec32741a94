/* The road by blocks and columns gives what the road of single records gives, which is libcsv's: tables, dictionaries,
 * reports, rejects and errors, for any bytes, block size, number of threads and instruction level. */
#include <zlib.h>

#include "base/context.h"
#include "base/cpu.h"
#include "custmine/io.h"
#include "files.h"
#include "table/table.h"

/* ---- all that a reading gives, as text ---- */

typedef struct dump {
    char *text;
    size_t length, room;
} dump;

static void put(dump *d, const void *bytes, size_t length) {
    if (d->length + length + 1 > d->room) d->text = realloc(d->text, d->room = 2 * (d->length + length) + 1000);
    memcpy(d->text + d->length, bytes, length);
    d->text[d->length += length] = 0;
}

static void put_number(dump *d, const char *what, int64_t value) {
    char text[80];
    put(d, text, (size_t)snprintf(text, sizeof text, " %s %lld", what, (long long)value));
}

static void put_cell(dump *d, const cm_column *column, const cm_chunk *chunk, uint64_t row) {
    uint64_t at = chunk->offset + row, width = cm_type_width(column->type);
    put(d, cm_chunk_present(chunk, row) ? "\n  + " : "\n  - ", 5);
    if (column->type == CM_LIST)
        for (int64_t i = chunk->offsets[at]; i < chunk->offsets[at + 1]; i++)
            put_number(d, "", ((const int32_t *)chunk->values)[i]);
    else if (width == 8) put_number(d, "", ((const int64_t *)chunk->values)[at]);
    else if (width == 4) put_number(d, "", ((const int32_t *)chunk->values)[at]);
    else put_number(d, "", cm_bit(chunk->values, at));
}

static void put_table(dump *d, const cm_table *table) {
    put_number(d, "\nrows", (int64_t)table->rows);
    for (uint64_t i = 0; i < table->column_count; i++) {
        const cm_column *column = table->columns[i];
        put(d, "\n ", 2);
        put(d, column->name, strlen(column->name));
        put_number(d, "type", column->type);
        put_number(d, "scale", column->scale);
        put_number(d, "role", column->role);
        put_number(d, "flags", column->flags);
        put_number(d, "chunks", (int64_t)column->chunk_count);
        for (uint64_t c = 0; c < column->chunk_count; c++)
            for (uint64_t row = 0; row < column->chunks[c].rows; row++) put_cell(d, column, &column->chunks[c], row);
        for (uint64_t code = 0; column->dictionary && code < cm_dictionary_size(column->dictionary); code++) {
            cm_text text = cm_dictionary_text(column->dictionary, (int32_t)code);
            put_number(d, "\n  text", (int64_t)text.length);
            put(d, text.data, text.length);
        }
    }
    for (uint64_t i = 0; i < table->attachment_count; i++) {
        put(d, "\nattached ", 10);
        put(d, table->attachments[i].name, strlen(table->attachments[i].name));
        put_table(d, table->attachments[i].table);
    }
}

static void put_error(dump *d, const cm_context *ctx) {
    cm_error error = {.struct_size = sizeof error};
    cm_error_get(ctx, &error);
    put_number(d, "\nstatus", error.status);
    put(d, error.message, strlen(error.message));
    put_number(d, "line", (int64_t)error.line);
    put_number(d, "column", (int64_t)error.column);
    put_number(d, "offset", (int64_t)error.byte_offset);
}

/* ---- one way of reading ---- */

typedef struct way {
    bool records; /* the oracle */
    uint64_t block_bytes;
    int64_t threads, batch_rows; /* 0: one table */
    cm_cpu_level most;
} way;

typedef struct setting {
    const char *name, *value;
} setting;

static void read_batches(dump *d, cm_context *ctx, const cm_options *options, const char *path) {
    cm_reader *reader = NULL;
    cm_table *batch = NULL, *audit = NULL;
    cm_status status = cm_reader_open(ctx, path, options, &reader);
    while (!status && !(status = cm_reader_next(ctx, reader, &batch)) && batch) {
        put_table(d, batch);
        cm_table_free(batch);
    }
    if (status) put_error(d, ctx);
    if (reader && !cm_reader_audit(ctx, reader, &audit)) put_table(d, audit);
    cm_table_free(audit);
    cm_reader_free(reader);
}

static dump read_by(const way *by, const char *path, const setting *settings) {
    dump d = {0};
    cm_context *ctx = new_context();
    cm_options *options = NULL;
    cm_table *table = NULL;
    ctx->record_road = by->records;
    ctx->block_bytes = by->block_bytes;
    ctx->settings.threads = (uint64_t)by->threads;
    cm_cpu_limit(ctx, by->most);
    QUICK(!cm_options_new(ctx, "read", &options), "options");
    for (; settings->name; settings++)
        QUICK(!cm_options_add_text(ctx, options, settings->name, settings->value)
                  || !cm_options_set_text(ctx, options, settings->name, settings->value),
              "%s", cm_error_message(ctx));
    if (by->batch_rows) cm_options_set_int(ctx, options, "batch_rows", by->batch_rows);
    if (by->batch_rows) read_batches(&d, ctx, options, path);
    else if (cm_read_csv(ctx, path, options, &table)) put_error(&d, ctx);
    else put_table(&d, table);
    cm_table_free(table);
    cm_options_free(options);
    cm_context_free(ctx);
    return d;
}

static void show_difference(const dump *wanted, const dump *got, const way *by, const char *bytes, size_t length) {
    size_t same = 0;
    while (same < wanted->length && same < got->length && wanted->text[same] == got->text[same]) same++;
    size_t from = same > 200 ? same - 200 : 0;
    FILE *file = fopen("/tmp/custmine-difference.csv", "wb");
    if (file) {
        fwrite(bytes, 1, length, file);
        fclose(file);
    }
    ck_abort_msg("block %d threads %d batch %d level %d\nwanted: %.400s\n---- got: %.400s\n", (int)by->block_bytes,
                 (int)by->threads, (int)by->batch_rows, (int)by->most, wanted->text + from, got->text + from);
}

static void compare(const char *bytes, size_t length, const setting *settings, const way *ways, size_t count) {
    const char *path = make_file("road.csv", bytes, length);
    for (size_t i = 0; i < count; i++) {
        way oracle = {.records = true, .threads = 1, .batch_rows = ways[i].batch_rows};
        dump wanted = read_by(&oracle, path, settings), got = read_by(&ways[i], path, settings);
        if (wanted.length != got.length || memcmp(wanted.text, got.text, wanted.length) != 0)
            show_difference(&wanted, &got, &ways[i], bytes, length);
        free(wanted.text);
        free(got.text);
    }
    remove(path);
}

/* ---- bytes ---- */

static size_t pick(char *out, uint32_t *random, const char *const *texts, size_t count) {
    const char *text = texts[next_random(random) % count];
    strcpy(out, text);
    return strlen(text);
}
#define PICK(out, random, ...)                                                                                         \
    pick(out, random, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A file of a shop that mostly holds what its columns should. */
static size_t make_sales(char *out, uint32_t *random, size_t most) {
    uint32_t odd = next_random(random) % 4 ? 200 : 4, rows = next_random(random) % 60;
    const char *end = next_random(random) % 3 ? "\n" : "\r\n";
    size_t at = (size_t)sprintf(out, "customer,Invoice,item,name,quantity,price,date,flag,weight,count,note%s", end);
    for (uint32_t row = 0; row < rows && at + 400 < most; row++) {
        bool strange = next_random(random) % odd == 0;
        at += (size_t)sprintf(out + at, "%u,", next_random(random) % 9 * 1111);
        at += (size_t)sprintf(out + at, "%s%u,", next_random(random) % 9 ? "" : "C", 489434 + row / 3);
        at += PICK(out + at, random, "85123A", "007", "POST", "a much longer code than eight bytes", "x", "");
        at += PICK(out + at, random, ",", ",\"LAMP, \"\"BIG\"\"\"", ",\"two\nlines\"", ", plain ", ",\"\"");
        at += PICK(out + at, random, ",", ",,", ",name,") % 3;
        if (out[at - 1] != ',') out[at++] = ',';
        at += (size_t)sprintf(out + at, "%d,", (int)(next_random(random) % 30) - 5);
        at += PICK(out + at, random, "2.55", "3", "10.1", "0.05", "1234567.89", "12345678901.5");
        if (strange) at += PICK(out + at, random, "", "e3", "5", " ", "x", "\"", "00", "123456789012345678");
        out[at++] = ',';
        at += (size_t)sprintf(out + at, "20%02u-%02u-%02u", next_random(random) % 30, next_random(random) % 13,
                              next_random(random) % 29 + (odd > 4));
        at += PICK(out + at, random, " 08:26:00", " 08:26", "T23:59:59", " 08:26:00", " 08:26:01");
        if (strange) at += PICK(out + at, random, "", "Z", ".5", " PM", "x");
        at += PICK(out + at, random, ",true,", ",false,", ",TRUE,");
        at += PICK(out + at, random, "1.5", "-0.25", "1e3", "7", "");
        at += PICK(out + at, random, ",1", ",20", ",-3");
        if (strange) at += PICK(out + at, random, ".0", ".50", "e2", "5", "99999999", "x", "99999999999999999999", "");
        if (strange && out[at - 2] == ',') at += (size_t)sprintf(out + at - 1, "%s", "007") - 1;
        at += PICK(out + at, random, ",", ",NA", ",\"q\"", ",9", ",12/03/2011", ",  ", ",a\"b");
        if (strange) at += PICK(out + at, random, ",", "\"", "\r", " \"x\"", "\"\"\"", "\n", "\t");
        strcpy(out + at, end);
        at += strlen(end);
    }
    return at;
}

static size_t make_noise(char *out, uint32_t *random, size_t most) {
    static const char letters[] = ",,,,\n\n\"\"\r\t ;abc019.-";
    size_t length = next_random(random) % most, at = (size_t)sprintf(out, "%s", "a,b\n");
    for (; at < length; at++) out[at] = letters[next_random(random) % (sizeof letters - 1)];
    return at;
}

static void mutate(char *bytes, size_t *length, uint32_t *random) {
    static const char letters[] = "\",\n\r \t;0a.-\x00\xC3";
    for (uint32_t times = next_random(random) % 4; times && *length; times--) {
        size_t at = next_random(random) % *length;
        if (next_random(random) % 2) {
            bytes[at] = letters[next_random(random) % (sizeof letters - 1)];
        } else {
            memmove(bytes + at, bytes + at + 1, *length - at - 1);
            --*length;
        }
    }
}

static const setting none[] = {{NULL, NULL}};
static const setting collect[] = {{"on_error", "collect"}, {"na", "NA"}, {"na", "x"}, {"ids", "integer"}, {NULL, NULL}};
static const setting headless[] = {{"header", "false"}, {"on_error", "collect"}, {"delimiter", ","}, {NULL, NULL}};
static const setting limits[] = {{"max_row", "60"}, {"max_columns", "11"}, {"max_rows", "40"}, {NULL, NULL}};
static const setting distinct[] = {{"max_distinct", "5"}, {"on_error", "collect"}, {NULL, NULL}};
static const setting some[] = {{"select", "b"}, {"on_error", "collect"}, {"decimal", ","}, {NULL, NULL}};
static const setting latin[] = {{"encoding", "iso-8859-1"}, {"thousands", "."}, {"decimal", ","}, {NULL, NULL}};
static const setting *const all_settings[] = {none, collect, headless, limits, distinct, some, latin};
#define SETTINGS (sizeof all_settings / sizeof *all_settings)

static const way ways[] = {
    {.block_bytes = 1, .threads = 1, .most = CM_CPU_SCALAR},
    {.block_bytes = 7, .threads = 2, .most = CM_CPU_BASE},
    {.block_bytes = 100, .threads = 3, .most = CM_CPU_AVX2},
    {.block_bytes = 700, .threads = 2, .most = CM_CPU_AVX512},
    {.block_bytes = 0, .threads = 1, .most = CM_CPU_AVX512},
    {.block_bytes = 300, .threads = 2, .most = CM_CPU_AVX512, .batch_rows = 7},
    {.block_bytes = 64, .threads = 1, .most = CM_CPU_AVX512, .batch_rows = 1},
};
#define WAYS (sizeof ways / sizeof *ways)

#define MOST 20000

START_TEST(sales_files) {
    static char bytes[MOST];
    uint32_t random = 10 + (uint32_t)_i;
    for (int i = 0; i < 50; i++) {
        size_t length = make_sales(bytes, &random, MOST);
        if (i % 2) mutate(bytes, &length, &random);
        compare(bytes, length, all_settings[next_random(&random) % SETTINGS], ways, WAYS);
    }
}
END_TEST

START_TEST(noise) {
    static char bytes[MOST];
    uint32_t random = 2;
    for (int i = 0; i < 1500; i++) {
        size_t length = make_noise(bytes, &random, i % 10 ? 60 : 400);
        compare(bytes, length, all_settings[next_random(&random) % SETTINGS], ways + i % 5, 3);
    }
}
END_TEST

/* What the last row of a file of some megabytes has where the first block guesses another type. */
static const char *const last_rows[] = {
    "7,1.5,2024-01-31",       "x,1.5,2024-01-31", "7,1.555,2024-01-31", "7,x,2024-01-31",
    "7.5,1.5,2024-01-31",     "7,1.5,31/01/2024", "7,,",                "7",
    "7,1.5,2024-01-31 10:00", "007,1.5,2024-01-31", "1e3,1.5,2024-01-31", "-0,00.5,2024-01-31",
    "12345678,1.5,2024-02-30", "7,1.50,2024-01-31T10:00:00",
};
#define LAST_ROWS (int)(sizeof last_rows / sizeof *last_rows)

START_TEST(wrong_guesses) {
    static const way large[] = {{.threads = 1, .most = CM_CPU_AVX512}, {.threads = 2, .most = CM_CPU_AVX512},
                                {.threads = 3, .most = CM_CPU_BASE, .batch_rows = 50000}};
    static char bytes[1 << 21];
    size_t at = (size_t)sprintf(bytes, "n,amount,day,text\n");
    for (int row = 0; row < 40000; row++)
        at += (size_t)sprintf(bytes + at, "%d,%d.5,2024-01-%02d,t%d\n", row % 91, row % 13, row % 28 + 1,
                              row % 997);
    at += (size_t)sprintf(bytes + at, "%s,end\n", last_rows[_i]);
    compare(bytes, at, _i % 2 ? collect : none, large, 3);
}
END_TEST

/* Descriptions that go with their item, mostly: bare, in quotes, with quotes inside, empty, absent, of any length. */
static const char *const descriptions[] = {"%s",   "\"%s\"", "\"%s, BIG\"", "\"%s, \"\"BIG\"\"\"",
                                           " %s ", "\"\"",   "",             "%s %s"};

START_TEST(texts_that_follow_others) {
    static const way several[] = {{.threads = 2, .block_bytes = 5000, .most = CM_CPU_AVX512},
                                  {.threads = 3, .block_bytes = 7000, .most = CM_CPU_BASE, .batch_rows = 1000},
                                  {.threads = 1, .most = CM_CPU_AVX512}};
    static const setting *const how[] = {none, collect, distinct};
    static char bytes[1 << 20];
    uint32_t random = 20 + (uint32_t)_i;
    size_t at = (size_t)sprintf(bytes, "Invoice,item,name,customer,country\n");
    for (uint32_t row = 0; row < 6000; row++) {
        uint32_t item = next_random(&random) % 200, other = next_random(&random) % 50 ? item : item / 2;
        uint32_t customer = next_random(&random) % 40;
        char word[40];
        sprintf(word, "%.*sLAMP%u", (int)(other % 30), "A WHITE AND A RED HANGING HEART", other * other);
        at += (size_t)sprintf(bytes + at, "%u,%uA,", row / (1 + (uint32_t)_i), item);
        at += (size_t)sprintf(bytes + at, descriptions[other % 8], word, word);
        at += (size_t)sprintf(bytes + at, ",%.*s", customer ? 5 : 0, &"12345"[customer % 4]);
        at += (size_t)sprintf(bytes + at, ",Country of %u\r\n", customer);
    }
    compare(bytes, at, how[_i % 3], several, 3);
}
END_TEST

/* Packed files of many blocks, with something wrong far behind the first: what was read ahead comes before the
 * error. */
static size_t pack(const char *bytes, size_t length, char *out, size_t room) {
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)length, .next_out = (Bytef *)out,
                       .avail_out = (uInt)room};
    ck_assert_int_eq(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t packed = room - stream.avail_out;
    deflateEnd(&stream);
    return packed;
}

START_TEST(packed_files) {
    static const way several[] = {{.threads = 2, .block_bytes = 5000, .most = CM_CPU_AVX512},
                                  {.threads = 4, .block_bytes = 5000, .most = CM_CPU_AVX512, .batch_rows = 30000},
                                  {.threads = 1, .block_bytes = 5000, .most = CM_CPU_AVX512}};
    static char bytes[3 << 20], packed[3 << 20];
    uint32_t random = 3;
    size_t at = (size_t)sprintf(bytes, "n,amount,day,text\n");
    for (int row = 0; row < 60000; row++)
        at += (size_t)sprintf(bytes + at, "%u,%u.5,2024-01-%02d,t%u\n", next_random(&random) % 9999,
                              next_random(&random) % 99999, row % 28 + 1, next_random(&random) % 999983);
    size_t late = at / 8 * (size_t)(_i % 2 ? 7 : 3);
    if (_i / 2 == 1) bytes[late] = '\xff';
    if (_i / 2 == 2) bytes[late] = '"';
    size_t length = pack(bytes, at, packed, sizeof packed);
    if (_i / 2 == 3) length = length / 8 * (size_t)(_i % 2 ? 7 : 3);
    if (_i / 2 == 4) packed[length / 8 * (size_t)(_i % 2 ? 7 : 3)] ^= 0x55;
    compare(packed, length, none, several, 3);
}
END_TEST

static void compare_file(const char *path) {
    static const way real[] = {{.threads = 2, .most = CM_CPU_AVX512},
                               {.threads = 2, .block_bytes = 5000, .most = CM_CPU_AVX2}};
    size_t length;
    char *bytes = read_file(path, &length);
    if (!bytes) return;
    compare(bytes, length, none, real, 2);

    free(bytes);
}

START_TEST(real_files) {
    compare_file("../shared/data/online_retail.csv.gz");
    compare_file("tests/data/good-sales.csv");
    compare_file("tests/data/good-semicolon-bom.csv");
}
END_TEST

Suite *test_road(void);
Suite *test_road(void) {
    Suite *suite = suite_create("road");
    TCase *tests = tcase_create("road");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, sales_files, 1, 8);
    tcase_add_test(tests, noise);
    tcase_add_loop_test(tests, wrong_guesses, 2, LAST_ROWS);
    tcase_add_loop_test(tests, texts_that_follow_others, 0, 9);
    tcase_add_loop_test(tests, packed_files, 0, 10);
    tcase_add_test(tests, real_files);
    suite_add_tcase(suite, tests);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 300);
    tcase_add_loop_test(threads, sales_files, 0, 1);
    tcase_add_loop_test(threads, wrong_guesses, 0, 2);
    tcase_add_loop_test(threads, packed_files, 2, 4);
    suite_add_tcase(suite, threads);
    return suite;
}
