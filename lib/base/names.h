/* "a, b, c" for messages, in fixed room: what does not fit is left out, and said so by "...". */
#ifndef CM_BASE_NAMES_H
#define CM_BASE_NAMES_H

#include <stdint.h>

typedef struct cm_names {
    char text[500];
    uint64_t length;
} cm_names;

void cm_names_add(cm_names *names, const char *name); /* start with {0} */

#endif
