/* Messages on standard error, and the exit status of each kind of failure. */
#include <stdarg.h>
#include <string.h>

#include "command.h"

int exit_of(cm_status status) {
    switch (status) {
    case CM_OK:
        return EXIT_DONE;
    case CM_E_OPTION:
    case CM_E_NOT_FOUND:
        return EXIT_USAGE;
    case CM_E_FORMAT:
    case CM_E_DATA:
    case CM_E_COLUMN:
    case CM_E_OVERFLOW:
    case CM_E_VERSION:
    case CM_E_DUPLICATE:
    case CM_E_UNSUPPORTED:
        return EXIT_DATA;
    case CM_E_LIMIT:
        return EXIT_LIMIT;
    case CM_E_CANCELLED:
        return EXIT_INTERRUPTED;
    default:
        return EXIT_FAILED;
    }
}

int fail(const struct job *job) {
    cm_error error = {.struct_size = sizeof error};
    cm_error_get(job->ctx, &error);
    fprintf(stderr, "custmine %s: %s\n", job->command, error.message);
    return exit_of(error.status);
}

int usage(const struct job *job, const char *format, const char *what) {
    fprintf(stderr, "custmine %s: ", job->command);
    fprintf(stderr, format, what);
    fprintf(stderr, "; custmine %s --help says what it takes\n", job->command);
    return EXIT_USAGE;
}

void say(const struct job *job, const char *format, ...) {
    va_list values;
    if (job->quiet) return;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
}
