/* Dictionaries: distinct texts and their codes 0, 1, 2 ... in order of first sight. Append-only and shared: texts never
 * move, so that readers of codes that they were given need no lock while one thread goes on appending. */
#ifndef CM_TABLE_DICTIONARY_H
#define CM_TABLE_DICTIONARY_H

#include "base/context.h"
#include "base/hash.h"

typedef struct cm_dictionary cm_dictionary;

typedef struct cm_text {
    const char *data; /* a NUL follows */
    uint64_t length;
} cm_text;

cm_status cm_dictionary_new(cm_context *ctx, cm_dictionary **out);
cm_dictionary *cm_dictionary_retain(cm_dictionary *dictionary);
void cm_dictionary_release(cm_dictionary *dictionary);

/* The code of a text, given a new one if it is not there. CM_E_LIMIT beyond `limit` distinct texts (0: 2^31 - 1). One
 * thread at a time. */
cm_status cm_dictionary_add(cm_context *ctx, cm_dictionary *dictionary, const char *text, uint64_t length,
                            int32_t *code);

/* Texts that lie in one piece of memory. */
typedef struct cm_texts {
    const char *base; /* eight bytes behind the beginning of each text may be read */
    const uint32_t *starts, *lengths;
    uint64_t guessed; /* of so many the codes are given: perhaps they are right, and perhaps they are no codes at all */
} cm_texts;

/* The codes of many texts, as if added one after the other; *done of them were, also on failure. */
cm_status cm_dictionary_add_many(cm_context *ctx, cm_dictionary *dictionary, const cm_texts *texts, uint64_t count,
                                 int32_t *codes, uint64_t *done);
/* -1 if it is not there. Not while another thread adds: a dictionary of a table may still grow at its reader's. */
int32_t cm_dictionary_find(const cm_dictionary *dictionary, const char *text, uint64_t length);
void cm_dictionary_set_limit(cm_dictionary *dictionary, uint64_t limit);
uint64_t cm_dictionary_size(const cm_dictionary *dictionary);
cm_text cm_dictionary_text(const cm_dictionary *dictionary, int32_t code);

/* ranks[code] is the place of the text in byte order, order[rank] its code, for the first `size` codes; either may be
 * NULL. O(n log n) comparisons. */
cm_status cm_dictionary_ranks(cm_context *ctx, const cm_dictionary *dictionary, uint64_t size, int32_t *ranks,
                              int32_t *order);

/* The first eight bytes as a number that compares as they do; shorter texts as if zeros followed. */
uint64_t cm_text_prefix(cm_text text);
/* Byte order: negative, 0, positive. */
int cm_text_compare(cm_text a, cm_text b);

#endif
