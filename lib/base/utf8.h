/* UTF-8 as Unicode defines it (The Unicode Standard 15, table 3-7): no longer form than needed, no surrogates. */
#ifndef CM_BASE_UTF8_H
#define CM_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the well-formed sequence at `text` (length > 0); 0: there is none, and *skip gets the bytes that stand for
 * one replacement character, all of them to the end where a sequence is cut short there. */
uint64_t cm_utf8_sequence(const char *text, uint64_t length, uint64_t *skip);

/* Bytes up to the first that begins no well-formed sequence; length: there is none. Plain ASCII goes 16 bytes a
 * step. */
uint64_t cm_utf8_valid_prefix(const char *text, uint64_t length);
static inline bool cm_utf8_is_valid(const char *text, uint64_t length) {
    return cm_utf8_valid_prefix(text, length) == length;
}

/* Writes a scalar value (below 0x110000; a surrogate gives what no UTF-8 has), at most 4 bytes; how many. */
uint64_t cm_utf8_put(uint32_t scalar, char *out);

#endif
