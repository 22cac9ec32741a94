#include "io/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

#define ATTEMPTS 100

struct cm_replacement {
    cm_core *core;
    int descriptor;
    bool direct;  /* no rename: the path is no regular file */
    char *path;   /* as given, for messages */
    char *target; /* what is replaced */
    char *temporary;
    uint64_t path_size, target_size, temporary_size;
};

static cm_status copy_path(cm_context *ctx, const char *path, const char *suffix, char **out, uint64_t *size) {
    uint64_t length = strlen(path), more = strlen(suffix);
    *out = cm_alloc(ctx, length + more + 1, 1);
    if (!*out) return ctx->error.status;
    *size = length + more + 1;
    memcpy(*out, path, length);
    memcpy(*out + length, suffix, more);
    return CM_OK;
}

static int open_to_write(const char *path, int flags) {
    int descriptor;
    do descriptor = open(path, O_WRONLY | O_CLOEXEC | flags, 0666);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

/* ".tmp-" and eight digits that nobody else is likely to have. */
static void random_suffix(char suffix[16]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[4];
    cm_entropy(bytes, sizeof bytes);
    strcpy(suffix, ".tmp-");
    for (int i = 0; i < 8; i++) suffix[5 + i] = digits[bytes[i / 2] >> (i % 2 * 4) & 15];
    suffix[13] = 0;
}

static cm_status open_temporary(cm_context *ctx, cm_replacement *file) {
    char suffix[16];
    for (int attempt = 0; file->descriptor < 0 && attempt < ATTEMPTS; attempt++) {
        cm_free(file->core, file->temporary, file->temporary_size, 1);
        random_suffix(suffix);
        cm_status status = copy_path(ctx, file->target, suffix, &file->temporary, &file->temporary_size);
        if (status) return status;
        file->descriptor = open_to_write(file->temporary, O_CREAT | O_EXCL);
        if (file->descriptor < 0 && errno != EEXIST) break;
    }
    return file->descriptor < 0 ? cm_fail_system(ctx, "write", file->path, errno) : CM_OK;
}

/* What stands at the path, symbolic links followed, decides how it is written. */
static cm_status open_target(cm_context *ctx, cm_replacement *file) {
    struct stat about;
    bool exists = stat(file->path, &about) == 0;
    if (exists && S_ISDIR(about.st_mode)) return cm_fail_system(ctx, "write", file->path, EISDIR);
    file->direct = exists && !S_ISREG(about.st_mode);
    if (file->direct) {
        file->descriptor = open_to_write(file->path, 0);
        return file->descriptor < 0 ? cm_fail_system(ctx, "write", file->path, errno) : CM_OK;
    }
    char room[PATH_MAX], *resolved = exists ? realpath(file->path, room) : NULL;
    cm_status status = copy_path(ctx, resolved ? resolved : file->path, "", &file->target, &file->target_size);
    if (!status) status = open_temporary(ctx, file);
    if (!status && exists && fchmod(file->descriptor, about.st_mode & 0777))
        status = cm_fail_system(ctx, "write", file->path, errno);
    return status;
}

cm_status cm_replacement_open(cm_context *ctx, const char *path, cm_replacement **out) {
    *out = NULL;
    cm_replacement *file = cm_alloc(ctx, 1, sizeof *file);
    if (!file) return ctx->error.status;
    file->core = cm_core_retain(ctx->core);
    file->descriptor = -1;
    cm_status status = copy_path(ctx, path, "", &file->path, &file->path_size);
    if (!status) status = open_target(ctx, file);
    if (status) return cm_replacement_close(ctx, file, status);
    *out = file;
    return CM_OK;
}

cm_status cm_replacement_write(cm_context *ctx, cm_replacement *file, const void *bytes, uint64_t length) {
    return cm_file_write(ctx, file->path, file->descriptor, bytes, length);
}

cm_status cm_replacement_rewrite(cm_context *ctx, cm_replacement *file, const void *bytes, uint64_t length) {
    if (lseek(file->descriptor, 0, SEEK_SET) != 0) return cm_fail_system(ctx, "write", file->path, errno);
    cm_status status = cm_replacement_write(ctx, file, bytes, length);
    if (!status && lseek(file->descriptor, 0, SEEK_END) < 0) status = cm_fail_system(ctx, "write", file->path, errno);
    return status;
}

/* The renamed entry survives a crash only when its folder is synced too; where that cannot be, the file is whole all
 * the same. */
static void sync_folder(char *path) {
    char *slash = strrchr(path, '/');
    if (slash) slash[slash == path ? 1 : 0] = 0;
    int folder = open(slash ? path : ".", O_RDONLY | O_CLOEXEC);
    if (folder < 0) return;
    fsync(folder);
    close(folder);
}

static cm_status finish(cm_context *ctx, cm_replacement *file) {
    bool synced = file->direct || fsync(file->descriptor) == 0 || errno == EINVAL || errno == ENOTSUP;
    if (!synced) return cm_fail_system(ctx, "write", file->path, errno);
    int closed = close(file->descriptor);
    file->descriptor = -1;
    if (closed && errno != EINTR) return cm_fail_system(ctx, "write", file->path, errno);
    if (file->direct) return CM_OK;
    if (rename(file->temporary, file->target)) return cm_fail_system(ctx, "write", file->path, errno);
    cm_free(file->core, file->temporary, file->temporary_size, 1);
    file->temporary = NULL;
    sync_folder(file->target);
    return CM_OK;
}

cm_status cm_replacement_close(cm_context *ctx, cm_replacement *file, cm_status status) {
    if (!file) return status;
    cm_core *core = file->core;
    bool made = file->descriptor >= 0 && !file->direct;
    if (!status) status = finish(ctx, file);
    if (file->descriptor >= 0) close(file->descriptor);
    if (made && file->temporary) unlink(file->temporary);
    cm_free(core, file->path, file->path_size, 1);
    cm_free(core, file->target, file->target_size, 1);
    cm_free(core, file->temporary, file->temporary_size, 1);
    cm_free(core, file, 1, sizeof *file);
    cm_core_release(core);
    return status;
}
