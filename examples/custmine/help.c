/* What --help says: made from what the library tells of its options, methods and tables. */
#include <string.h>

#include "command.h"

void print_usage(FILE *to) {
    static const subcommand *const commands[] = {&describe_command, &customers_command, &cohorts_command, NULL,
                                                 &score_command,    &show_command,      &demo_command};
    cm_context *ctx = NULL;
    cm_table *methods = NULL;
    fprintf(to, "custmine %s: customer analytics from transactions, one line an item bought\n\n", cm_version());
    fprintf(to, "    custmine COMMAND [OPTIONS] FILE...\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (commands[i]) {
            fprintf(to, "  %-10s %-14s %s\n", commands[i]->name, commands[i]->arguments, commands[i]->help);
        } else if (cm_context_new(NULL, &ctx) == CM_OK && cm_describe(ctx, "methods", &methods) == CM_OK) {
            for (uint64_t row = 0; row < cm_table_rows(methods); row++)
                fprintf(to, "  %-10s %-14s %s\n", cm_table_text(methods, row, 0, 0, NULL), "FILE...",
                        cm_table_text(methods, row, 2, 0, NULL));
        }
    }
    cm_table_free(methods);
    cm_context_free(ctx);
    fprintf(to, "\nFILE is CSV, plain or gzip; - is standard input. custmine COMMAND --help says more.\n\n");
    fprintf(to, "    custmine demo sales.csv.gz\n    custmine rfm --sort -monetary --limit 20 sales.csv.gz\n");
}

/* Words behind one another, folded at the width. */
typedef struct folded {
    int column, indent;
} folded;

static void put(folded *to, const char *word) {
    int length = (int)strlen(word);
    if (to->column + length + 1 > 98) {
        printf("\n%*s", to->indent, "");
        to->column = to->indent;
    }
    printf(" %s", word);
    to->column += length + 1;
}

static folded start(const char *title) {
    printf("%-10s", title);
    return (folded){10, 10};
}

/* "--threads N", "--refunds net|keep|drop", "--no-header" */
static void put_option(folded *to, const cm_table *known, uint64_t row) {
    char name[64], word[160];
    const char *type = cm_table_text(known, row, 1, 0, NULL), *choices = cm_table_text(known, row, 5, 0, NULL);
    const char *fallback = cm_table_text(known, row, 2, 0, NULL);
    option_text(cm_table_text(known, row, 0, 0, NULL), name);
    if (!strcmp(name, "attributes")) strcpy(name, "customers");
    /* the command's own way */
    if (!strcmp(name, "files") || !strcmp(name, "catalogue") || !strcmp(name, "format")) return;
    if (!strcmp(type, "switch"))
        snprintf(word, sizeof word, "--%s%s", fallback && !strcmp(fallback, "true") ? "no-" : "", name);
    else if (choices) snprintf(word, sizeof word, "--%s %s", name, choices);
    else if (!strcmp(type, "integer") || !strcmp(type, "number")) snprintf(word, sizeof word, "--%s N", name);
    else if (!strcmp(type, "table")) snprintf(word, sizeof word, "--%s FILE", name);
    else if (!strcmp(type, "date")) snprintf(word, sizeof word, "--%s DATE", name);
    else if (!strcmp(type, "size")) snprintf(word, sizeof word, "--%s SIZE", name);
    else if (!strcmp(type, "list")) snprintf(word, sizeof word, "--%s A,B", name);
    else snprintf(word, sizeof word, "--%s TEXT", name);
    put(to, word);
}

static void print_topic(const struct job *job, const char *title, const char *topic) {
    for (int i = 0; i < job->topic_count; i++) {
        if (strcmp(job->topics[i].name, topic) != 0) continue;
        folded line = start(title);
        for (uint64_t row = 0; row < cm_table_rows(job->topics[i].known); row++)
            put_option(&line, job->topics[i].known, row);
        printf("\n");
    }
}

/* A method's own options with a line of help each: they are what a reader looks for. */
static void print_own_options(const struct job *job) {
    for (int i = 0; i < job->topic_count; i++) {
        if (strcmp(job->topics[i].name, job->command) != 0 || !job->topics[i].known) continue;
        if (!strcmp(job->command, "customers")) continue;
        for (uint64_t row = 0; row < cm_table_rows(job->topics[i].known); row++) {
            char name[64];
            const char *fallback = cm_table_text(job->topics[i].known, row, 2, 0, NULL);
            option_text(cm_table_text(job->topics[i].known, row, 0, 0, NULL), name);
            printf("  --%-14s %s%s%s%s\n", name, cm_table_text(job->topics[i].known, row, 6, 0, NULL),
                   fallback ? " (" : "", fallback ? fallback : "", fallback ? ")" : "");
        }
        if (!strcmp(job->command, "profile"))
            printf("  --%-14s %s\n", "model", "a saved model whose segments are a column: --group segment=Champions");
        printf("\n");
    }
}

static void print_tables(const struct job *job, const subcommand *command) {
    folded line = start("tables");
    cm_table *outputs = NULL;
    const char *last = "";
    if (command->tables) put(&line, command->tables);
    else if (cm_describe(job->ctx, "outputs", &outputs) == CM_OK) {
        for (uint64_t row = 0; row < cm_table_rows(outputs); row++) {
            const char *name = cm_table_text(outputs, row, 1, 0, NULL);
            if (strcmp(cm_table_text(outputs, row, 0, 0, NULL), job->command) != 0 || !strcmp(name, last)) continue;
            put(&line, name);
            last = name;
        }
        if (!takes_baskets(job, job->command)) put(&line, "reasons");
    }
    printf("  (--table NAME; the first is the default)\n");
    cm_table_free(outputs);
}

void print_help(const struct job *job, const subcommand *command) {
    cm_table *methods = NULL;
    const char *help = command->help;
    if (!help && cm_describe(job->ctx, "methods", &methods) == CM_OK)
        for (uint64_t row = 0; row < cm_table_rows(methods); row++)
            if (!strcmp(cm_table_text(methods, row, 0, 0, NULL), job->command))
                help = cm_table_text(methods, row, 2, 0, NULL);
    printf("custmine %s [OPTIONS] %s: %s\n\n", job->command, command->arguments, help);
    print_own_options(job);
    print_topic(job, "columns", "read");
    print_topic(job, "meaning", job_options(job, "customers") ? "customers" : "baskets");
    if (job_options(job, "customers") && job_options(job, "baskets"))
        printf("%-10s --layout lines|baskets|columns\n", "");
    printf(
        "%-10s --format table|csv|json|jsonl --table NAME --output FILE --sort COLUMN (-COLUMN: falling) --limit N\n",
        "output");
    printf("%-10s --raw%s%s --quiet\n", "", job_options(job, "read") ? " --rejects FILE --items FILE" : "",
           command->tables ? "" : " --save MODEL");
    print_topic(job, "running", "context");
    print_tables(job, command);
    printf("\n");
    for (int i = 0; i < 2; i++) {
        printf("    ");
        printf(command->examples[i], job->command);
        printf("\n");
    }
    cm_table_free(methods);
}
