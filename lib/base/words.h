/* Eight bytes at a time, as an integer whose lowest byte is the first. */
#ifndef CM_BASE_WORDS_H
#define CM_BASE_WORDS_H

#include <stdint.h>
#include <string.h>

/* A byte eight times. */
#define CM_EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t cm_load_word(const char *p) {
    uint64_t word;
    memcpy(&word, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void cm_store_word(char *p, uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(p, &word, 8);
}

#endif
