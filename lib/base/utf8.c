#include "base/utf8.h"

#include <string.h>

uint64_t cm_utf8_sequence(const char *text, uint64_t length, uint64_t *skip) {
    const unsigned char *at = (const unsigned char *)text;
    unsigned char c = at[0], low = 0x80, high = 0xBF;
    uint64_t wanted = c < 0x80                 ? 1
                      : c >= 0xC2 && c <= 0xDF ? 2
                      : c >= 0xE0 && c <= 0xEF ? 3
                      : c >= 0xF0 && c <= 0xF4 ? 4
                                               : 0;
    *skip = 1;
    if (c == 0xE0) low = 0xA0;
    if (c == 0xED) high = 0x9F;
    if (c == 0xF0) low = 0x90;
    if (c == 0xF4) high = 0x8F;
    for (uint64_t i = 1; i < wanted; i++) {
        if (i >= length || at[i] < low || at[i] > high) return 0;
        low = 0x80;
        high = 0xBF;
        *skip = i + 1;
    }
    return wanted;
}

static uint64_t word_at(const char *text) {
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

#define ASCII_STEP 32

static bool all_ascii(const char *text) {
    uint64_t any = word_at(text) | word_at(text + 8) | word_at(text + 16) | word_at(text + 24);
    return !(any & UINT64_C(0x8080808080808080));
}

uint64_t cm_utf8_valid_prefix(const char *text, uint64_t length) {
    uint64_t at = 0, skip;
    while (at < length) {
        if (length - at >= ASCII_STEP && all_ascii(text + at)) {
            at += ASCII_STEP;
            continue;
        }
        uint64_t step = cm_utf8_sequence(text + at, length - at, &skip);
        if (!step) break;
        at += step;
    }
    return at;
}

uint64_t cm_utf8_put(uint32_t scalar, char *out) {
    unsigned char *to = (unsigned char *)out;
    if (scalar < 0x80) {
        to[0] = (unsigned char)scalar;
        return 1;
    }
    uint64_t more = scalar < 0x800 ? 1 : scalar < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    for (uint64_t i = more; i > 0; i--, scalar >>= 6) to[i] = (unsigned char)(0x80 | (scalar & 0x3F));
    to[0] = (unsigned char)(lead[more] | scalar);
    return more + 1;
}
