/* custmine: the library as a command.
 *
 *     custmine COMMAND [OPTIONS] FILE...
 */
#include <signal.h>
#include <string.h>

#include "command.h"

static const subcommand *const commands[] = {&describe_command, &customers_command, &cohorts_command, &score_command,
                                             &show_command,     &demo_command,      &profile_command};

static cm_context *running; /* for the signal handler alone */

static void on_interrupt(int number) {
    (void)number;
    if (running) cm_context_cancel(running);
}

/* Methods of the library are commands, too. */
static int is_method(const char *name) {
    cm_context *ctx = NULL;
    cm_table *methods = NULL;
    int found = 0;
    if (cm_context_new(NULL, &ctx) == CM_OK && cm_describe(ctx, "methods", &methods) == CM_OK)
        for (uint64_t row = 0; row < cm_table_rows(methods); row++)
            found |= !strcmp(cm_table_text(methods, row, 0, 0, NULL), name);
    cm_table_free(methods);
    cm_context_free(ctx);
    return found;
}

static const subcommand *find_command(const char *name) {
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(commands[i]->name, name)) return commands[i];
    return is_method(name) ? &method_command : NULL;
}

static int run(const subcommand *command, const char *name, int argc, char **argv) {
    struct job job = {0};
    int status = job_open(&job, command, name, argc, argv);
    running = job.ctx;
    if (status == EXIT_DONE) {
        if (job.help) print_help(&job, command);
        else status = command->run(&job);
    }
    running = NULL;
    job_close(&job);
    return status;
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help") || !strcmp(argv[1], "-h")) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("custmine %s\n", cm_version());
        return EXIT_DONE;
    }
    const subcommand *command = find_command(argv[1]);
    if (!command) {
        fprintf(stderr, "custmine: there is no command %s; custmine --help lists them\n", argv[1]);
        return EXIT_USAGE;
    }
    int status = run(command, argv[1], argc - 2, argv + 2);
    if (fflush(stdout) != 0 && status == EXIT_DONE) {
        perror("custmine: standard output");
        status = EXIT_FAILED;
    }
    return status;
}
