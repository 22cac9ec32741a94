/* All methods, one line each. */
#include <string.h>

#include "model/method.h"

#define EACH_METHOD   \
    METHOD(rfm)       \
    METHOD(kmeans)    \
    METHOD(rules)     \
    METHOD(together)  \
    METHOD(churn)     \
    METHOD(migration) \
    METHOD(profile)

#define METHOD(name) extern const cm_method cm_##name##_method;
EACH_METHOD
#undef METHOD

static const cm_method *const methods[] = {
#define METHOD(name) &cm_##name##_method,
    EACH_METHOD
#undef METHOD
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
