#include "base/status.h"

#include <stdarg.h>
#include <string.h>

#include "base/context.h"
#include "base/number.h"

/* The catalogue: every folder's sentences.def, gathered by the Makefile. Codes are looked up in failing calls alone, so
 * a linear search serves. */
static const cm_sentence sentences[] = {
#define SENTENCE(code, sentence) {code, sentence},
#include "sentences_all.h"
#undef SENTENCE
};

const cm_sentence *cm_sentences(uint64_t *count) {
    *count = sizeof sentences / sizeof *sentences;
    return sentences;
}

static const char *find_sentence(const cm_sentence *list, uint64_t count, const char *code) {
    for (uint64_t i = 0; i < count; i++)
        if (!strcmp(list[i].code, code)) return list[i].sentence;
    return NULL;
}

const char *cm_sentence_in_force(const cm_context *ctx, const char *code) {
    const char *sentence = NULL;
    if (ctx) {
        const cm_settings *settings = &(ctx->parent ? ctx->parent : ctx)->settings;
        sentence = find_sentence(settings->sentences, settings->sentence_count, code);
    }
    return sentence ? sentence : find_sentence(sentences, sizeof sentences / sizeof *sentences, code);
}

/* A text that grows within fixed room and is cut, at a character's end, where the room ends. */
typedef struct cut_text {
    char *out;
    uint64_t size, length;
} cut_text;

static void append(cut_text *to, const char *text, uint64_t length) {
    uint64_t room = to->size - 1 - to->length;
    if (length > room) {
        length = room;
        while (length && ((unsigned char)text[length] & 0xC0) == 0x80) length--; /* not inside a UTF-8 character */
    }
    memcpy(to->out + to->length, text, (size_t)length);
    to->length += length;
    to->out[to->length] = 0;
}

static void append_text(cut_text *to, const char *text) { append(to, text, strlen(text)); }

static void append_argument(cut_text *to, const char *arguments, uint64_t number) {
    while (number > 1 && (arguments = strchr(arguments, 0x1F)) != NULL) {
        arguments++;
        number--;
    }
    if (arguments) append(to, arguments, strcspn(arguments, "\x1F"));
}

uint64_t cm_render(const cm_context *ctx, const char *code, const char *arguments, char *out, uint64_t size) {
    cut_text to = {out, size, 0};
    const char *sentence = cm_sentence_in_force(ctx, code);
    out[0] = 0;
    if (!sentence) {
        append_text(&to, code);
        append_text(&to, " ");
        append_text(&to, arguments);
        return to.length;
    }
    for (const char *at = sentence; *at;) {
        if (at[0] == '{' && at[1] >= '1' && at[1] <= '9' && at[2] == '}') {
            append_argument(&to, arguments, (uint64_t)(at[1] - '0'));
            at += 3;
        } else {
            uint64_t run = 1 + strcspn(at + 1, "{");
            append(&to, at, run);
            at += run;
        }
    }
    return to.length;
}

/* One argument, cut so that several fit; control characters would break the one-line sentence. */
static void append_clean(cut_text *to, const char *text, uint64_t length) {
    char clean[600];
    cut_text part = {clean, sizeof clean, 0};
    append(&part, text, length);
    for (uint64_t i = 0; i < part.length; i++)
        if ((unsigned char)clean[i] < 0x20 || clean[i] == 0x7F) clean[i] = ' ';
    append(to, clean, part.length);
    if (part.length < length) append_text(to, "...");
}

static void collect_arguments(cut_text *to, const char *kinds, va_list values) {
    to->out[0] = 0;
    char number[CM_NUMBER_TEXT];
    for (const char *kind = kinds; *kind; kind++) {
        if (kind != kinds) append(to, "\x1F", 1);
        if (*kind == 's') {
            const char *text = va_arg(values, const char *);
            if (!text) text = "";
            append_clean(to, text, strlen(text));
        } else if (*kind == 't') {
            const char *text = va_arg(values, const char *);
            append_clean(to, text, va_arg(values, uint64_t));
        } else if (*kind == 'd') {
            append(to, number, cm_print_double(va_arg(values, double), number));
        } else {
            append(to, number, cm_print_int(va_arg(values, int64_t), number));
        }
    }
}

static void append_number(cut_text *to, const char *before, uint64_t value) {
    char number[CM_NUMBER_TEXT];
    append_text(to, before);
    append(to, number, cm_print_int((int64_t)value, number));
}

/* "sales.csv:17: column 3 (Quantity): sentence" */
static void render_error(cm_context *ctx) {
    cm_error_state *error = &ctx->error;
    cut_text to = {error->message, sizeof error->message, 0};
    error->message[0] = 0;
    if (error->file[0]) append_text(&to, error->file);
    if (error->line) append_number(&to, error->file[0] ? ":" : "line ", error->line);
    if (error->column) append_number(&to, to.length ? ": column " : "column ", error->column);
    if (error->field[0]) {
        append_text(&to, to.length ? " (" : "(");
        append_text(&to, error->field);
        append_text(&to, ")");
    }
    if (to.length) append_text(&to, ": ");
    cm_render(ctx, error->reason, error->arguments, error->message + to.length, sizeof error->message - to.length);
}

cm_status cm_fail(cm_context *ctx, cm_status status, const char *reason, const char *kinds, ...) {
    cm_error_state *error = &ctx->error;
    cm_error_clear(error);
    error->status = status;
    error->reason = reason;
    cut_text arguments = {error->arguments, sizeof error->arguments, 0};
    va_list values;
    va_start(values, kinds);
    collect_arguments(&arguments, kinds, values);
    va_end(values);
    render_error(ctx);
    return status;
}

void cm_log_say(cm_context *ctx, int32_t level, const char *code, const char *kinds, ...) {
    char collected[CM_ERROR_TEXT], message[CM_ERROR_TEXT];
    cut_text arguments = {collected, sizeof collected, 0};
    va_list values;
    if (ctx->parent || !ctx->log || level > ctx->log_level) return;
    va_start(values, kinds);
    collect_arguments(&arguments, kinds, values);
    va_end(values);
    cm_render(ctx, code, collected, message, sizeof message);
    ctx->log(ctx->log_user, level, message);
}

static void copy_cut(char *out, uint64_t size, const char *text) {
    cut_text to = {out, size, 0};
    out[0] = 0;
    if (text) append_clean(&to, text, strlen(text));
}

cm_status cm_fail_at(cm_context *ctx, const char *file, uint64_t line, uint64_t column, const char *field,
                     uint64_t byte_offset) {
    cm_error_state *error = &ctx->error;
    copy_cut(error->file, sizeof error->file, file);
    copy_cut(error->field, sizeof error->field, field);
    error->line = line;
    error->column = column;
    error->byte_offset = byte_offset;
    render_error(ctx);
    return error->status;
}

cm_status cm_fail_memory(cm_context *ctx, uint64_t bytes, bool limited) {
    if (limited) return cm_fail(ctx, CM_E_LIMIT, "MEMORY_LIMIT", "uu", bytes, ctx->settings.memory_limit);
    return cm_fail(ctx, CM_E_MEMORY, "MEMORY", "u", bytes);
}

cm_status cm_fail_system(cm_context *ctx, const char *what, const char *path, int error) {
    char reason[128];
    if (strerror_r(error, reason, sizeof reason) != 0) copy_cut(reason, sizeof reason, "unknown error");
    return cm_fail(ctx, CM_E_IO, "SYSTEM", "sss", what, path, reason);
}

void cm_error_clear(cm_error_state *error) {
    error->status = CM_OK;
    error->reason = NULL;
    error->line = error->column = error->byte_offset = 0;
    error->file[0] = error->field[0] = error->arguments[0] = error->message[0] = 0;
}

const char *cm_error_message(const cm_context *ctx) {
    if (!ctx) return cm_sentence_in_force(NULL, "NO_CONTEXT");
    return ctx->error.status == CM_OK ? cm_sentence_in_force(ctx, "NO_ERROR") : ctx->error.message;
}

void cm_error_get(const cm_context *ctx, cm_error *out) {
    cm_error full = {.struct_size = sizeof full, .message = cm_error_message(ctx), .reason = "", .arguments = ""};
    if (!out) return;
    if (ctx && ctx->error.status != CM_OK) {
        const cm_error_state *error = &ctx->error;
        full.status = error->status;
        full.reason = error->reason;
        full.arguments = error->arguments;
        full.file = error->file[0] ? error->file : NULL;
        full.field = error->field[0] ? error->field : NULL;
        full.line = error->line;
        full.column = error->column;
        full.byte_offset = error->byte_offset;
    } else if (!ctx) {
        full.status = CM_E_ARGUMENT;
        full.reason = "NO_CONTEXT";
    }
    uint64_t size = out->struct_size < sizeof full ? out->struct_size : sizeof full;
    full.struct_size = size;
    memcpy(out, &full, (size_t)size);
}

const char *cm_status_name(cm_status status) {
    static const char *const names[] = {"CM_OK",          "CM_E_MEMORY",    "CM_E_ARGUMENT",   "CM_E_OPTION",
                                        "CM_E_IO",        "CM_E_FORMAT",    "CM_E_DATA",       "CM_E_COLUMN",
                                        "CM_E_OVERFLOW",  "CM_E_LIMIT",     "CM_E_VERSION",    "CM_E_CANCELLED",
                                        "CM_E_DUPLICATE", "CM_E_NOT_FOUND", "CM_E_UNSUPPORTED"};
    int32_t count = sizeof names / sizeof *names;
    return status <= 0 && -status < count ? names[-status] : "CM_E_UNKNOWN";
}

#define TEXT_OF(number) TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(number) #number
const char *cm_version(void) {
    return TEXT_OF(CM_VERSION_MAJOR) "." TEXT_OF(CM_VERSION_MINOR) "." TEXT_OF(CM_VERSION_PATCH);
}
int32_t cm_abi_version(void) { return CM_ABI_VERSION; }
