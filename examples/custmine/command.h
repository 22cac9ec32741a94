/* The command's own parts. It knows the public header alone: whatever it does, any caller of the library can do. */
#ifndef CUSTMINE_COMMAND_H
#define CUSTMINE_COMMAND_H

#include <custmine.h>
#include <stdio.h>

/* Exit statuses. */
enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_DATA, EXIT_LIMIT, EXIT_INTERRUPTED = 130 };

#define MOST_TOPICS 8
#define MOST_FILES 256

/* What the command line says. */
struct job {
    const char *command;
    cm_context *ctx;
    struct {
        const char *name;
        cm_options *options;
        cm_table *known; /* cm_describe_options */
    } topics[MOST_TOPICS]; /* of the library, as far as this command takes their options */
    int topic_count;
    const char *files[MOST_FILES];
    int file_count;
    const char *table, *output, *rejects, *save, *format, *items; /* NULL: not given */
    const char *group, *model;                             /* of profile alone */
    const char *layout;                                    /* of files of baskets: lines, baskets; NULL: lines */
    const char *sort;                                      /* a column; falling with - before it */
    long long limit;                                       /* -1: not given */
    int quiet, help, on_error_given, before_days_given;
    int stream;                  /* 1: --stream, -1: --no-stream */
    int long_table;              /* standard input was a table of customers, and too long to be sure of its types */
    const char *utc_offset;
    cm_table *load_audit;        /* of what was read in one pass */
    int columns_given; /* here or in the model: the table is taken as it is */
};

/* One subcommand. */
typedef struct subcommand {
    const char *name;
    const char *help;        /* one line */
    const char *arguments;   /* "FILE..." */
    const char *topics;      /* whose options it takes, separated by blanks; "METHOD" for that of the command's name,
                              * "INPUT" for what makes its input */
    const char *tables;      /* what it can write, the first is the default; NULL: asks the method */
    const char *examples[2];
    int (*run)(struct job *job);
    int least_files;
} subcommand;

extern const subcommand describe_command, customers_command, cohorts_command, score_command, show_command, demo_command,
    profile_command;
extern const subcommand method_command; /* stands for every method of the library */

/* args.c */
int job_open(struct job *job, const subcommand *command, const char *name, int argc, char **argv); /* an exit status */
void job_close(struct job *job);
cm_status use_columns(struct job *job, const char *method); /* NULL: for customers alone */
cm_options *job_options(const struct job *job, const char *topic); /* NULL if the command has none of it */
const char *option_text(const char *name, char out[64]);    /* --on-error of on_error */

/* help.c */
void print_usage(FILE *to);
void print_help(const struct job *job, const subcommand *command);

/* report.c */
int exit_of(cm_status status);
/* prints the context's error; the exit status for it */
int fail(const struct job *job);
/* prints a mistake in the command line: EXIT_USAGE */
int usage(const struct job *job, const char *format, const char *what);
void say(const struct job *job, const char *format, ...);            /* a message on standard error, unless --quiet */

/* work.c: the steps that several commands share; each gives CM_OK or leaves the error in the context */
cm_status read_files(struct job *job, cm_table **out); /* the files, and the rejects where asked for */
cm_status make_customers(struct job *job, const cm_table *sales, cm_table **out);
cm_status read_input(struct job *job, const char *method, cm_table **out); /* what the method takes, from the files */
/* The options of baskets with those that the command adds; the job's own. */
cm_status basket_options(struct job *job, cm_options **out);
int takes_baskets(const struct job *job, const char *method);
int wants_baskets(const struct job *job); /* --layout baskets */

int has_inputs(struct job *job, const char *method, const cm_table *table);
cm_status write_rejects(struct job *job, const cm_table *rejects);

/* stream.c: one pass */
int streams(const struct job *job);
cm_status stream_input(struct job *job, const char *method, cm_table **out);
cm_status audit_of(struct job *job, const cm_table *table, cm_table **out); /* with that of the loading before it */

/* method.c: the table asked for, written */
int apply_model(struct job *job, const cm_model *model, const cm_table *input);
int fit_and_write(struct job *job, const cm_table *input);

/* output.c */
/* sorted, limited, in the format asked for */
int write_result(struct job *job, const cm_table *table, const char *name);

/* show_table.c: for eyes */
void show_table(FILE *to, const cm_table *table, long long limit, int width);
int terminal_width(FILE *to);
int display_width(const char *text, size_t length);

#endif
