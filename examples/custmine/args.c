/* The command line: the command's own options, and those of the library, which describes them itself. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

const char *option_text(const char *name, char out[64]) {
    size_t length = 0;
    for (; name[length] && length < 60; length++) out[length] = name[length] == '_' ? '-' : name[length];
    out[length] = 0;
    return out;
}

cm_options *job_options(const struct job *job, const char *topic) {
    for (int i = 0; i < job->topic_count; i++)
        if (!strcmp(job->topics[i].name, topic)) return job->topics[i].options;
    return NULL;
}

static cm_status add_topic(struct job *job, const char *name) {
    int i = job->topic_count;
    cm_status status = cm_options_new(job->ctx, name, &job->topics[i].options);
    if (status) return status;
    job->topics[i].name = name;
    job->topic_count++;
    return cm_describe_options(job->ctx, name, &job->topics[i].known);
}

/* "read customers METHOD write" */
static cm_status add_topics(struct job *job, const char *topics) {
    static const char *const known[] = {"context", "read", "customers", "baskets", "write"};
    const char *input = !strstr(topics, "INPUT") ? "" : takes_baskets(job, job->command) ? "baskets" : "customers";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(topics, known[i]) || !strcmp(input, known[i])) {
            cm_status status = add_topic(job, known[i]);
            if (status) return status;
        }
    return strstr(topics, "METHOD") ? add_topic(job, job->command) : CM_OK;
}

/* ---- options of the library ---- */

static int64_t find_option(const struct job *job, int topic, const char *name) {
    const cm_table *known = job->topics[topic].known;
    char text[64];
    for (uint64_t row = 0; row < cm_table_rows(known); row++)
        if (!strcmp(option_text(cm_table_text(known, row, 0, 0, NULL), text), name)) return (int64_t)row;
    return -1;
}

static const char *type_of(const struct job *job, int topic, int64_t row) {
    return cm_table_text(job->topics[topic].known, (uint64_t)row, 1, 0, NULL);
}

static int ends_with(const char *text, const char *end) {
    return strlen(text) >= strlen(end) && !strcmp(text + strlen(text) - strlen(end), end);
}

static int is_json(const char *path) {
    return ends_with(path, ".json") || ends_with(path, ".jsonl") || ends_with(path, ".json.gz")
           || ends_with(path, ".jsonl.gz");
}

/* The table of an option: a file, or of a saved model (.cm) the table of that name; its segments stand in its rules. */
static cm_status option_table(struct job *job, const char *name, const char *path, cm_table **out) {
    cm_model *model = NULL;
    if (is_json(path)) return cm_read_json(job->ctx, path, NULL, out);
    if (!ends_with(path, ".cm")) return cm_read_csv(job->ctx, path, NULL, out);
    cm_status status = cm_model_load(job->ctx, path, &model);
    if (!status) status = cm_model_table(job->ctx, model, strcmp(name, "segments") != 0 ? name : "rules", out);
    cm_model_free(model);
    return status;
}

/* A table option takes a file, a list its items with commas between. */
static cm_status set_option(struct job *job, int topic, int64_t row, const char *value) {
    cm_options *options = job->topics[topic].options;
    const char *name = cm_table_text(job->topics[topic].known, (uint64_t)row, 0, 0, NULL);
    const char *type = type_of(job, topic, row);
    cm_status status = CM_OK;
    if (!strcmp(type, "table")) {
        cm_table *table = NULL;
        status = option_table(job, name, value, &table);
        if (!status) status = cm_options_set_table(job->ctx, options, name, table);
        cm_table_free(table);
        return status;
    }
    if (strcmp(type, "list") != 0) return cm_options_set_text(job->ctx, options, name, value);
    char *items = strdup(value), *rest = items;
    for (char *item; !status && items && (item = strsep(&rest, ",")) != NULL;)
        status = cm_options_add_text(job->ctx, options, name, item);
    free(items);
    return status;
}

/* Sets an option in every topic that has it (on_error: reading and preparing). 1: set; 0: no such option; -1: failed.
 * `value` NULL: a switch by itself; *used tells whether the value was taken. */
static int set_everywhere(struct job *job, const char *name, const char *value, int *used) {
    int found = 0;
    *used = 0;
    for (int i = 0; i < job->topic_count; i++) {
        int64_t row = find_option(job, i, name);
        int negated = row < 0 && !strncmp(name, "no-", 3);
        if (negated) row = find_option(job, i, name + 3);
        if (found && !strcmp(job->topics[i].name, "write")) continue; /* --no-header is about the file that is read */
        if (row < 0 || (negated && strcmp(type_of(job, i, row), "switch") != 0)) continue;
        found = 1;
        if (!strcmp(type_of(job, i, row), "switch")) {
            if (set_option(job, i, row, negated ? "false" : "true")) return -1;
            continue;
        }
        *used = 1;
        if (!value) return 1;
        if (set_option(job, i, row, value)) return -1;
    }
    return found;
}

/* ---- options of the command itself ---- */

static const char **own_option(struct job *job, const char *name) {
    const struct {
        const char *name, **value;
    } own[] = {{"table", &job->table}, {"output", &job->output}, {"rejects", &job->rejects}, {"save", &job->save},
               {"format", &job->format}, {"sort", &job->sort}, {"items", &job->items}, {"layout", &job->layout},
               {"group", &job->group}, {"model", &job->model}};
    if ((!strcmp(name, "group") || !strcmp(name, "model")) && strcmp(job->command, "profile") != 0) return NULL;
    if (!strcmp(name, "layout") && !job_options(job, "baskets")) return NULL; /* there is but one */
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strcmp(own[i].name, name)) return own[i].value;
    return NULL;
}

/* Edits between two names (Levenshtein 1966); longer ones are cut. */
static int distance(const char *a, const char *b) {
    int row[64], n = (int)strlen(b) < 63 ? (int)strlen(b) : 63;
    for (int j = 0; j <= n; j++) row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int least = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < least) least = row[j] + 1;
            if (row[j - 1] + 1 < least) least = row[j - 1] + 1;
            row[j] = least;
        }
    }
    return row[n];
}

static int unknown_option(struct job *job, const char *name) {
    static const char *const own[] = {"table", "output", "rejects", "save",      "format",
                                      "sort",  "limit",  "quiet",   "customers", "items"};
    char text[64], nearest[64] = "help";
    int least = distance(name, nearest);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (distance(name, own[i]) < least) least = distance(name, strcpy(nearest, own[i]));
    for (int i = 0; i < job->topic_count; i++)
        for (uint64_t row = 0; row < cm_table_rows(job->topics[i].known); row++) {
            option_text(cm_table_text(job->topics[i].known, row, 0, 0, NULL), text);
            if (distance(name, text) < least) least = distance(name, strcpy(nearest, text));
        }
    fprintf(stderr, "custmine %s: there is no option --%s; did you mean --%s? custmine %s --help lists them\n",
            job->command, name, nearest, job->command);
    return EXIT_USAGE;
}

static int set_limit(struct job *job, const char *value) {
    char *end;
    job->limit = strtoll(value, &end, 10);
    return *end || end == value || job->limit < 0 ? usage(job, "--limit takes a whole number, not %s", value)
                                                  : EXIT_DONE;
}

static int check_format(const struct job *job) {
    if (job->layout && strcmp(job->layout, "lines") != 0 && strcmp(job->layout, "columns") != 0 && !wants_baskets(job))
        return usage(job, "--layout is lines, baskets or columns, not %s", job->layout);
    if (!job->format || !strcmp(job->format, "table") || !strcmp(job->format, "csv") || !strcmp(job->format, "json")
        || !strcmp(job->format, "jsonl"))
        return EXIT_DONE;
    return usage(job, "--format is table, csv, json or jsonl, not %s", job->format);
}

/* One option and its value; *at moves over what was used. */
static int take_option(struct job *job, int argc, char **argv, int *at) {
    char name[64];
    const char *text = argv[*at] + 2, *equals = strchr(text, '=');
    const char *value = equals ? equals + 1 : *at + 1 < argc ? argv[*at + 1] : NULL;
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    if (length >= sizeof name) return usage(job, "there is no option %s", argv[*at]);
    memcpy(name, text, length);
    name[length] = 0;
    int used = 0, status = EXIT_DONE;
    const char **own = own_option(job, name);
    if (!strcmp(name, "help")) {
        job->help = 1;
        return EXIT_DONE;
    }
    if (!strcmp(name, "quiet")) {
        job->quiet = 1;
        return EXIT_DONE;
    }
    if (own || !strcmp(name, "limit")) {
        used = 1;
        if (!value) return usage(job, "--%s needs a value", name);
        if (own) *own = value;
        else status = set_limit(job, value);
    } else {
        if (!strcmp(name, "on-error")) job->on_error_given = 1;
        if (!strcmp(name, "columns")) job->columns_given = 1;
        if (!strcmp(name, "before-days")) job->before_days_given = 1;
        if (!strcmp(name, "stream")) job->stream = 1;
        if (!strcmp(name, "no-stream")) job->stream = -1;
        if (!strcmp(name, "utc-offset")) job->utc_offset = value;
        if (!strcmp(name, "customers")) strcpy(name, "attributes"); /* the command's name for it */
        int found = set_everywhere(job, name, value, &used);
        if (found < 0) return fail(job);
        if (!found) return unknown_option(job, name);
        if (used && !value) return usage(job, "--%s needs a value", name);
        if (equals && !used) return usage(job, "--%s takes no value", name);
    }
    if (used && !equals) ++*at;
    return status;
}

static int take_file(struct job *job, const char *path) {
    if (job->file_count == MOST_FILES) return usage(job, "too many files, from %s on", path);
    job->files[job->file_count++] = path;
    return EXIT_DONE;
}

/* An application decides about threads; the command takes what there is. */
static cm_status set_defaults(struct job *job) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    cm_options *context = job_options(job, "context");
    if (processors > 256) processors = 256;
    return processors > 1 && context ? cm_options_set_int(job->ctx, context, "threads", processors) : CM_OK;
}

static int32_t on_progress(void *user, const char *stage, uint64_t done, uint64_t total) {
    (void)user;
    if (total) fprintf(stderr, "\r%s %3d%% \033[K\r", stage, (int)(100.0 * (double)done / (double)total));
    else fprintf(stderr, "\r%s ... \033[K\r", stage);
    return 0;
}

int job_open(struct job *job, const subcommand *command, const char *name, int argc, char **argv) {
    int status = EXIT_DONE, only_files = 0;
    job->command = name;
    job->limit = -1;
    if (cm_context_new(NULL, &job->ctx)) {
        fprintf(stderr, "custmine: out of memory\n");
        return EXIT_FAILED;
    }
    if (add_topics(job, command->topics) || set_defaults(job)) return fail(job);
    for (int i = 0; i < argc && status == EXIT_DONE; i++) {
        if (!only_files && !strcmp(argv[i], "--")) only_files = 1;
        else if (!only_files && !strncmp(argv[i], "--", 2)) status = take_option(job, argc, argv, &i);
        else if (!only_files && argv[i][0] == '-' && argv[i][1]) status = usage(job, "there is no option %s", argv[i]);
        else status = take_file(job, argv[i]);
    }
    if (status || job->help) return status;
    if (check_format(job)) return EXIT_USAGE;
    if (job->file_count < command->least_files) return usage(job, "it needs %s", command->arguments);
    if (job->stream > 0 && !streams(job))
        return usage(job, "%s",
                     "--stream is for lines of transactions: it does not go with --items, --columns or --layout");
    if (job_options(job, "context") && cm_context_configure(job->ctx, job_options(job, "context"))) return fail(job);
    if (!job->quiet && isatty(STDERR_FILENO)) cm_context_on_progress(job->ctx, on_progress, NULL);
    return EXIT_DONE;
}

void job_close(struct job *job) {
    for (int i = 0; i < job->topic_count; i++) {
        cm_options_free(job->topics[i].options);
        cm_table_free(job->topics[i].known);
    }
    cm_table_free(job->load_audit);
    cm_context_free(job->ctx);
}
