/* All methods, one line each. */
#include <string.h>

#include "model/method.h"

extern const cm_method cm_rfm_method;

static const cm_method *const methods[] = {
    &cm_rfm_method,
};

const cm_method *const *cm_methods(uint64_t *count) {
    *count = sizeof methods / sizeof *methods;
    return methods;
}

const cm_method *cm_method_find(const char *name) {
    for (uint64_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (!strcmp(methods[i]->topic.name, name)) return methods[i];
    return NULL;
}
