/* JSON as a table: an array of flat objects, the same within an object (as the command writes it), or JSON lines. Two
 * walks over the text (RFC 8259): the first shows every value to the survey of its column, the second converts. */
#include <string.h>

#include "base/utf8.h"
#include "io/reader.h"

typedef struct json_column {
    cm_survey survey;
    cm_decision decision;
    bool list, scalar; /* what has been seen of it */
} json_column;

typedef struct json {
    const char *name; /* of the file */
    const char *start, *at, *end;
    bool array; /* of objects; else objects alone */
    cm_bytes text; /* the string or number at hand */
    cm_dictionary *keys;
    json_column *columns; /* by the key's code */
    uint64_t column_count, column_capacity;
    cm_builder *builder; /* of the second walk; NULL in the first */
} json;

typedef enum json_kind { JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL, JSON_ARRAY } json_kind;

static cm_status fail_at(cm_context *ctx, const json *in, cm_status status) {
    uint64_t offset = (uint64_t)(in->at - in->start);
    cm_fail_at(ctx, in->name, 1 + cm_count_lines(in->start, offset), 0, NULL, offset);
    return status;
}

static cm_status fail_syntax(cm_context *ctx, const json *in, const char *wanted) {
    cm_fail(ctx, CM_E_FORMAT, "JSON_SYNTAX", "s", wanted);
    return fail_at(ctx, in, CM_E_FORMAT);
}

/* ---- tokens ---- */

static void skip_blanks(json *in) {
    while (in->at < in->end && memchr(" \t\r\n", *in->at, 4)) in->at++;
}

static bool take(json *in, char wanted) {
    skip_blanks(in);
    if (in->at == in->end || *in->at != wanted) return false;
    in->at++;
    return true;
}

static bool take_hex(json *in, uint32_t *out) {
    static const char digits[] = "0123456789abcdef";
    if (in->end - in->at < 4) return false;
    for (int i = 0; i < 4; i++) {
        char c = *in->at++;
        const char *found = strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
        if (!c || !found) return false;
        *out = *out << 4 | (uint32_t)(found - digits);
    }
    return true;
}

/* Behind "\u". */
static cm_status take_scalar(cm_context *ctx, json *in) {
    uint32_t scalar = 0, low = 0;
    char utf8[4];
    bool fine = take_hex(in, &scalar);
    if (fine && scalar >= 0xD800 && scalar < 0xE000) {
        fine = scalar < 0xDC00 && in->end - in->at >= 2 && !memcmp(in->at, "\\u", 2);
        in->at += fine ? 2 : 0;
        fine = fine && take_hex(in, &low) && low >= 0xDC00 && low < 0xE000;
        scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00);
    }
    if (!fine) return fail_syntax(ctx, in, "four hexadecimal digits of a character");
    return cm_bytes_add(ctx, &in->text, utf8, cm_utf8_put(scalar, utf8));
}

static cm_status take_escape(cm_context *ctx, json *in) {
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char letter = in->at < in->end ? *in->at++ : 0;
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (letter == 'u') return take_scalar(ctx, in);
    if (!found) return fail_syntax(ctx, in, "a character that \\ may stand before");
    return cm_bytes_add(ctx, &in->text, &meant[found - letters], 1);
}

/* A string, its quote taken, into the text at hand. */
static cm_status take_string(cm_context *ctx, json *in) {
    cm_status status = CM_OK;
    in->text.length = 0;
    while (!status) {
        const char *from = in->at;
        while (in->at < in->end && *in->at != '"' && *in->at != '\\' && (unsigned char)*in->at >= 0x20) in->at++;
        status = cm_bytes_add(ctx, &in->text, from, (uint64_t)(in->at - from));
        if (status) break;
        if (in->at == in->end || (unsigned char)*in->at < 0x20) return fail_syntax(ctx, in, "the end of a string");
        if (*in->at++ == '"') break;
        status = take_escape(ctx, in);
    }
    return status;
}

static bool skip_digits(json *in) {
    const char *from = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') in->at++;
    return in->at > from;
}

static cm_status take_number(cm_context *ctx, json *in) {
    const char *from = in->at;
    in->at += *in->at == '-';
    bool zero = in->at < in->end && *in->at == '0';
    bool fine = zero ? (in->at++, true) : skip_digits(in);
    if (fine && in->at < in->end && *in->at == '.') fine = (in->at++, skip_digits(in));
    if (fine && in->at < in->end && (*in->at == 'e' || *in->at == 'E')) {
        in->at++;
        if (in->at < in->end && (*in->at == '+' || *in->at == '-')) in->at++;
        fine = skip_digits(in);
    }
    if (!fine) return fail_syntax(ctx, in, "a value");
    in->text.length = 0;
    return cm_bytes_add(ctx, &in->text, from, (uint64_t)(in->at - from));
}

static cm_status take_value(cm_context *ctx, json *in, json_kind *kind) {
    static const struct {
        const char *word;
        json_kind kind;
    } words[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};
    skip_blanks(in);
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t length = strlen(words[i].word);
        if ((uint64_t)(in->end - in->at) < length || memcmp(in->at, words[i].word, (size_t)length) != 0) continue;
        in->at += length;
        *kind = words[i].kind;
        in->text.length = 0;
        return cm_bytes_add(ctx, &in->text, words[i].word, length);
    }
    *kind = JSON_STRING;
    if (take(in, '"')) return take_string(ctx, in);
    *kind = JSON_ARRAY;
    if (take(in, '[')) return CM_OK;
    *kind = JSON_NUMBER;
    if (in->at < in->end) return take_number(ctx, in);
    return fail_syntax(ctx, in, "a value");
}

/* ---- what becomes of a value ---- */

static cm_status fail_mixed(cm_context *ctx, const json *in, uint64_t code) {
    cm_text key = cm_dictionary_text(in->keys, (int32_t)code);
    cm_fail(ctx, CM_E_UNSUPPORTED, "JSON_LISTS", "t", key.data, key.length);
    return fail_at(ctx, in, CM_E_UNSUPPORTED);
}

static cm_status survey_value(cm_context *ctx, json *in, uint64_t code, json_kind kind) {
    json_column *column = &in->columns[code];
    column->list |= kind == JSON_ARRAY;
    column->scalar |= kind != JSON_ARRAY && kind != JSON_NULL;
    if (column->list && column->scalar) return fail_mixed(ctx, in, code);
    if (kind == JSON_NULL || kind == JSON_ARRAY) return CM_OK;
    if (kind == JSON_STRING) cm_survey_quoted(&column->survey);
    cm_survey_cell(&column->survey, in->text.data, in->text.length, 0);
    return CM_OK;
}

static cm_status put_value(cm_context *ctx, json *in, uint64_t code, json_kind kind) {
    const json_column *column = &in->columns[code];
    cm_value value;
    if (kind == JSON_NULL) return CM_OK;
    if (kind == JSON_ARRAY) return cm_builder_text(ctx, in->builder, code, NULL, 0);
    if (column->decision.type == CM_STRING)
        return cm_builder_text(ctx, in->builder, code, in->text.length ? in->text.data : "", in->text.length);
    if (!in->text.length) return CM_OK;
    if (cm_decision_read(&column->decision, in->text.data, in->text.length, &value)) {
        cm_fail(ctx, CM_E_DATA, "BAD_CELL", "ts", in->text.data, in->text.length, cm_type_name(column->decision.type));
        return fail_at(ctx, in, CM_E_DATA);
    }
    if (column->decision.type == CM_FLOAT64) return cm_builder_double(ctx, in->builder, code, value.real);
    return cm_builder_int(ctx, in->builder, code, value.integer);
}

/* ---- objects ---- */

static cm_status take_items(cm_context *ctx, json *in, uint64_t code) {
    json_kind kind;
    if (take(in, ']')) return CM_OK;
    do {
        cm_status status = take_value(ctx, in, &kind);
        if (!status && (kind == JSON_ARRAY || kind == JSON_NULL)) return fail_syntax(ctx, in, "a flat list");
        if (!status && in->builder)
            status = cm_builder_text(ctx, in->builder, code, in->text.length ? in->text.data : "", in->text.length);
        if (status) return status;
    } while (take(in, ','));
    return take(in, ']') ? CM_OK : fail_syntax(ctx, in, "] or a comma");
}

static cm_status find_column(cm_context *ctx, json *in, uint64_t *code) {
    int32_t found;
    cm_status status = cm_dictionary_add(ctx, in->keys, in->text.data, in->text.length, &found);
    if (!status) status = cm_reserve(ctx, &in->columns, &in->column_capacity, (uint64_t)found + 1, sizeof *in->columns);
    if (status) return status;
    if ((uint64_t)found == in->column_count) {
        in->columns[in->column_count++] = (json_column){0};
        cm_survey_begin(&in->columns[found].survey, CM_ROLE_NONE, (cm_number_style){.mark = '.'}, CM_ORDER_ALL);
    }
    *code = (uint64_t)found;
    return CM_OK;
}

static cm_status take_member(cm_context *ctx, json *in) {
    uint64_t code;
    json_kind kind;
    if (!take(in, '"')) return fail_syntax(ctx, in, "a name in quotes");
    cm_status status = take_string(ctx, in);
    if (!status) status = find_column(ctx, in, &code);
    if (!status && !take(in, ':')) return fail_syntax(ctx, in, "a colon");
    if (!status) status = take_value(ctx, in, &kind);
    if (!status) status = in->builder ? put_value(ctx, in, code, kind) : survey_value(ctx, in, code, kind);
    return status || kind != JSON_ARRAY ? status : take_items(ctx, in, code);
}

static cm_status take_object(cm_context *ctx, json *in) {
    if (!take(in, '{')) return fail_syntax(ctx, in, "an object of plain values");
    if (take(in, '}')) return CM_OK;
    do {
        cm_status status = take_member(ctx, in);
        if (status) return status;
    } while (take(in, ','));
    return take(in, '}') ? CM_OK : fail_syntax(ctx, in, "} or a comma");
}

/* Where the objects begin: behind the first [ that an object follows, unless an object ends before. An empty array is
 * one of objects, too, but within a single object it may be a list. */
static void find_objects(json *in) {
    bool quoted = false;
    uint64_t depth = 0;
    in->array = false;
    for (const char *at = in->start; at < in->end && (quoted || *at != '}'); at++) {
        if (*at == '\\' && quoted) at++;
        else if (*at == '"') quoted = !quoted;
        if (quoted || at >= in->end) continue;
        depth += *at == '{';
        if (*at != '[') continue;
        in->at = at + 1;
        skip_blanks(in);
        in->array = in->at < in->end && (*in->at == '{' || (*in->at == ']' && depth != 1));
        if (in->array) return;
    }
    in->at = in->start;
}

static cm_status take_objects(cm_context *ctx, json *in) {
    find_objects(in);
    if (in->array && take(in, ']')) return CM_OK;
    for (;;) {
        skip_blanks(in);
        if (!in->array && in->at == in->end) return CM_OK;
        cm_status status = take_object(ctx, in);
        if (!status && in->builder) status = cm_builder_row(ctx, in->builder);
        if (!status) status = cm_tick(ctx, "read", (uint64_t)(in->at - in->start), (uint64_t)(in->end - in->start));
        if (status) return status;
        if (!in->array || take(in, ',')) continue;
        return take(in, ']') ? CM_OK : fail_syntax(ctx, in, "] or a comma");
    }
}

/* ---- the table ---- */

static cm_status add_columns(cm_context *ctx, json *in) {
    cm_status status = cm_builder_new(ctx, &in->builder);
    for (uint64_t i = 0; i < in->column_count && !status; i++) {
        json_column *column = &in->columns[i];
        cm_survey_decide(ctx, &column->survey, false, &column->decision);
        cm_decision *decision = &column->decision;
        int32_t type = column->list ? CM_LIST : decision->type;
        status = cm_builder_column(ctx, in->builder, cm_dictionary_text(in->keys, (int32_t)i).data, type,
                                   decision->scale, CM_ROLE_NONE);
    }
    return status;
}

static cm_status load(cm_context *ctx, cm_source *source, cm_bytes *out) {
    const char *bytes;
    uint64_t length = 1;
    cm_status status = cm_source_rewind(ctx, source);
    while (!status && length) {
        status = cm_source_next(ctx, source, &bytes, &length);
        if (!status) status = cm_bytes_add(ctx, out, bytes, length);
    }
    return status;
}

static cm_status read_text(cm_context *ctx, json *in, cm_table **out) {
    if (in->end - in->start >= 3 && !memcmp(in->start, "\xEF\xBB\xBF", 3)) in->start += 3;
    cm_status status = cm_dictionary_new(ctx, &in->keys);
    if (!status) status = take_objects(ctx, in);
    if (!status) status = add_columns(ctx, in);
    if (!status) status = take_objects(ctx, in);
    if (!status) status = cm_builder_finish(ctx, in->builder, out);
    cm_builder_free(in->builder);
    cm_bytes_free(ctx->core, &in->text);
    cm_free(ctx->core, in->columns, in->column_capacity, sizeof *in->columns);
    cm_dictionary_release(in->keys);
    return status;
}

static cm_status read_json(cm_context *ctx, const char *path, const cm_options *options, cm_table **out) {
    cm_arena texts = {0};
    cm_reading how;
    cm_source *source = NULL;
    cm_bytes bytes = {0};
    cm_status status = cm_options_check(ctx, options, &cm_read_topic);
    if (!status) status = cm_reading_resolve(ctx, options, &texts, &how);
    if (!status) status = cm_source_open(ctx, path, &how.limits, &source);
    if (!status) status = cm_source_decode(ctx, source, how.encoding, false);
    if (!status) status = load(ctx, source, &bytes);
    if (!status) {
        json in = {.name = path, .start = bytes.data ? bytes.data : ""};
        in.end = in.start + bytes.length;
        status = read_text(ctx, &in, out);
    }
    cm_bytes_free(ctx->core, &bytes);
    cm_source_close(source);
    cm_arena_free(ctx->core, &texts);
    return status;
}

cm_status cm_read_json(cm_context *ctx, const char *path, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    if (!path || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, read_json(ctx, path, options, out));
}
