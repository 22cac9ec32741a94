/* Status codes, the context, memory, errors, progress. */
#ifndef CUSTMINE_BASE_H
#define CUSTMINE_BASE_H

#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define CM_API __attribute__((visibility("default")))
#else
#define CM_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; cm_version() tells the version of the library that runs. The build reads it here. */
#define CM_VERSION_MAJOR 0
#define CM_VERSION_MINOR 1
#define CM_VERSION_PATCH 0

/* Raised when a compiled caller would need recompiling: a struct laid out anew, a function gone or changed. */
#define CM_ABI_VERSION 0

/* What every call that can fail returns. The numbers are frozen; new ones are added at the end. */
typedef int32_t cm_status;
#define CM_OK 0
#define CM_E_MEMORY (-1)      /* the allocator gave nothing */
#define CM_E_ARGUMENT (-2)    /* a mistake in the call: NULL, a column number or type that cannot be */
#define CM_E_OPTION (-3)      /* an unknown option, or a value that it cannot have */
#define CM_E_IO (-4)          /* the system refused: no such file, a directory, disk full */
#define CM_E_FORMAT (-5)      /* a file is not what it should be: damaged gzip, cut or changed .cm file */
#define CM_E_DATA (-6)        /* a row or a value cannot be used as it stands */
#define CM_E_COLUMN (-7)      /* a column or role is missing, double, or of the wrong type */
#define CM_E_OVERFLOW (-8)    /* a sum or product beyond 64 bits */
#define CM_E_LIMIT (-9)       /* a limit was reached: memory, time, sizes */
#define CM_E_VERSION (-10)    /* a file made by a newer library */
#define CM_E_CANCELLED (-11)  /* a callback or cm_context_cancel asked to stop */
#define CM_E_DUPLICATE (-12)  /* a batch of transactions that the state already has */
#define CM_E_NOT_FOUND (-13)  /* no method, table, customer or invoice of that name */
#define CM_E_UNSUPPORTED (-14) /* an Arrow type or a feature that this library does not take */

/* The kinds of objects, all opaque. */
typedef struct cm_options cm_options; /* options.h */
typedef struct cm_table cm_table;     /* table.h */

/* Everything that a session shares: allocator, limits, seed, threads, callbacks and the last error. One thread at a
 * time may use it; make one per thread, they are small. */
typedef struct cm_context cm_context;

/* The host's memory. `resize` is malloc (pointer NULL, old 0), realloc and free (new 0, returns NULL) in one; the old
 * size is always given. It must return memory aligned as malloc does, or NULL, and must be safe to call from several
 * threads at once unless the context's threads option is 1 (the default) and objects stay on one thread. */
typedef struct cm_allocator {
    uint64_t struct_size; /* sizeof(cm_allocator) */
    void *(*resize)(void *user, void *pointer, uint64_t old_size, uint64_t new_size);
    void *user;
} cm_allocator;

/* The last error of a context. Texts are borrowed from the context until its next call; NULL or 0 where unknown. */
typedef struct cm_error {
    uint64_t struct_size; /* sizeof(cm_error), set by the caller */
    const char *message;  /* one English sentence, or the host's own (option `catalogue`) */
    const char *reason;   /* stable code, for programs: "BAD_CELL" */
    const char *arguments; /* the values that the sentence mentions, separated by the byte 0x1F */
    const char *file;     /* the input: its path as given */
    const char *field;    /* the column's name */
    uint64_t line;        /* first line of the record, from 1 */
    uint64_t column;      /* number of the field in the record, from 1 */
    uint64_t byte_offset; /* of the record in the (decompressed) input, from 0 */
    cm_status status;
    int32_t reserved;
} cm_error;

/* Levels of log messages. */
#define CM_LOG_ERROR 1
#define CM_LOG_WARNING 2
#define CM_LOG_INFO 3

/* A message for the log: never the content of a cell. Called on the calling thread only. */
typedef void (*cm_log_function)(void *user, int32_t level, const char *message);

/* Called on the calling thread at least every 50 ms of a long call. `total` is 0 while unknown; `stage` is a short
 * constant text ("read", "customers"). A result other than 0 cancels the call: CM_E_CANCELLED. It must return (no
 * longjmp, no exception through C) and must not use the context. */
typedef int32_t (*cm_progress_function)(void *user, const char *stage, uint64_t done, uint64_t total);

/* Makes a context. `allocator` NULL: malloc. The struct is copied; what `user` points to must live as long as the
 * last object made with it. Errors: CM_E_ARGUMENT, CM_E_MEMORY (*out is NULL then). Cost: some kilobytes. */
CM_API cm_status cm_context_new(const cm_allocator *allocator, cm_context **out);

/* Frees a context; objects made with it live on. */
CM_API void cm_context_free(cm_context *ctx);

/* Sets what an options object of topic "context" holds; what it does not set goes back to its default, NULL sets all
 * back. All or nothing. Options: threads (1: an application decides), seed (0), memory_limit (bytes, "512MB"; 0 none),
 * time_limit (seconds a call; 0 none), catalogue (a table code, sentence: your wording of messages and reasons, {1}
 * standing for the first value). */
CM_API cm_status cm_context_configure(cm_context *ctx, const cm_options *options);

/* Log and progress callbacks; NULL takes one away. */
CM_API cm_status cm_context_on_log(cm_context *ctx, int32_t level, cm_log_function function, void *user);
CM_API cm_status cm_context_on_progress(cm_context *ctx, cm_progress_function function, void *user);

/* Asks the running call of this context to stop (CM_E_CANCELLED), or, if none runs, the next one. The only function
 * that another thread or a signal handler may call while the context is in use. */
CM_API void cm_context_cancel(cm_context *ctx);

/* Bytes of the library's own memory at the peak of the last call, all living objects of this context included. The
 * C library's own (iconv, thread stacks) is not counted. 0 for NULL. */
CM_API uint64_t cm_context_peak_memory(const cm_context *ctx);

/* The last error's sentence, "no error" if the last call succeeded; for NULL the sentence for a missing context. Never
 * NULL, borrowed until the next call with this context. */
CM_API const char *cm_error_message(const cm_context *ctx);

/* Fills `out` (its struct_size set by the caller) with the last error; status CM_OK if there is none. */
CM_API void cm_error_get(const cm_context *ctx, cm_error *out);

/* "CM_E_DATA" for -6; "CM_E_UNKNOWN" for a number that is none. */
CM_API const char *cm_status_name(cm_status status);

/* Version of the running library as text, "0.1.0", and as the ABI number that compiled callers compare with
 * CM_ABI_VERSION. */
CM_API const char *cm_version(void);
CM_API int32_t cm_abi_version(void);

#ifdef __cplusplus
}
#endif

#endif
