#include "base/names.h"

#include <string.h>

void cm_names_add(cm_names *names, const char *name) {
    uint64_t more = strlen(name);
    if (names->length + more + sizeof ", , ..." > sizeof names->text) {
        if (names->length && names->text[names->length - 1] == '.') return;
        name = "...";
        more = 3;
    }
    if (names->length) {
        memcpy(names->text + names->length, ", ", 2);
        names->length += 2;
    }
    memcpy(names->text + names->length, name, (size_t)more + 1);
    names->length += more;
}
