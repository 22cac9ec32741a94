#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* No system takes more than this in one call. */
#define LARGEST_TRANSFER (UINT64_C(1) << 30)

static int open_again(const char *path) {
    int descriptor;
    do descriptor = open(path, O_RDONLY | O_CLOEXEC);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

cm_status cm_file_open(cm_context *ctx, const char *path, int *descriptor, uint64_t *size, bool *seekable) {
    struct stat about;
    *size = 0;
    *seekable = false;
    *descriptor = open_again(path);
    if (*descriptor < 0) return cm_fail_system(ctx, "open", path, errno);
    int error = fstat(*descriptor, &about) ? errno : S_ISDIR(about.st_mode) ? EISDIR : 0;
    if (error) {
        close(*descriptor);
        *descriptor = -1;
        return cm_fail_system(ctx, "read", path, error);
    }
    if (S_ISREG(about.st_mode)) {
        *size = (uint64_t)about.st_size;
        *seekable = true;
    }
    return CM_OK;
}

cm_status cm_file_read(cm_context *ctx, const char *path, int descriptor, void *out, uint64_t wanted, uint64_t *got) {
    *got = 0;
    while (*got < wanted) {
        uint64_t rest = wanted - *got;
        ssize_t taken =
            read(descriptor, (char *)out + *got, (size_t)(rest < LARGEST_TRANSFER ? rest : LARGEST_TRANSFER));
        if (taken == 0) return CM_OK;
        if (taken > 0) {
            *got += (uint64_t)taken;
            continue;
        }
        if (errno != EINTR) return cm_fail_system(ctx, "read", path, errno);
        cm_status status = cm_tick(ctx, "read", 0, 0); /* the signal may have asked to stop */
        if (status) return status;
    }
    return CM_OK;
}

cm_status cm_file_write(cm_context *ctx, const char *path, int descriptor, const void *bytes, uint64_t length) {
    for (uint64_t done = 0; done < length;) {
        uint64_t rest = length - done;
        ssize_t taken =
            write(descriptor, (const char *)bytes + done, (size_t)(rest < LARGEST_TRANSFER ? rest : LARGEST_TRANSFER));
        if (taken >= 0) {
            done += (uint64_t)taken;
            continue;
        }
        if (errno != EINTR) return cm_fail_system(ctx, "write", path, errno);
        cm_status status = cm_tick(ctx, "write", 0, 0);
        if (status) return status;
    }
    return CM_OK;
}

/* Keeps the alignment of what follows. */
typedef union hosted_head {
    uint64_t size; /* of the whole block */
    max_align_t align;
} hosted_head;

void *cm_hosted_resize(cm_core *core, void *block, uint64_t bytes, bool *limited) {
    hosted_head *head = block ? (hosted_head *)block - 1 : NULL;
    uint64_t old_size = head ? head->size : 0, new_size = 0;
    *limited = false;
    if (bytes) {
        if (cm_add_overflows(bytes, sizeof *head, &new_size)) return NULL;
        if (new_size <= old_size) return block;
        if (head && new_size < old_size + old_size / 2) new_size = old_size + old_size / 2;
    }
    hosted_head *fresh = cm_core_resize(core, head, old_size, new_size, limited);
    if (!fresh) return NULL;
    fresh->size = new_size;
    return fresh + 1;
}
