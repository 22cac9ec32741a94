/* Runs a fuzz target over files and folders of files, where there is no libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    size_t size = 0, capacity = 1 << 20;
    uint8_t *bytes = malloc(capacity);
    for (size_t got; bytes && (got = fread(bytes + size, 1, capacity - size, file)) > 0;) {
        size += got;
        if (size < capacity) continue;
        uint8_t *more = realloc(bytes, capacity *= 2);
        if (!more) break;
        bytes = more;
    }
    fclose(file);
    if (bytes) LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return 1;
}

/* The files of a folder and of those below it. */
static int run_path(const char *path) {
    DIR *folder = opendir(path);
    int count = 0;
    if (!folder) return run_file(path);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[1024];
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        count += run_path(name);
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv) {
    int count = 0;
    for (int i = 1; i < argc; i++) count += run_path(argv[i]);
    const char *name = strrchr(argv[0], '/');
    printf("%s: %d inputs\n", name ? name + 1 : argv[0], count);
    return count ? 0 : 1;
}
