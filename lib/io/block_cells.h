/* Numbers and moments in their usual forms, read some bytes at a time. What these do not know is not thereby wrong: it
 * goes to the functions that know all forms. Bytes before and behind a cell are read, and masked out. */
#ifndef CM_IO_BLOCK_CELLS_H
#define CM_IO_BLOCK_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/civil.h"
#include "base/words.h"

static inline bool cm_all_digits(uint64_t word) {
    uint64_t high = CM_EACH_BYTE(0xF0), digits = CM_EACH_BYTE(0x30);
    return (word & high) == digits && ((word + CM_EACH_BYTE(6)) & high) == digits;
}

/* The number of eight digits (D. Lemire's and W. Mula's, after "Number parsing at a gigabyte per second", 2021,
 * doi:10.1002/spe.2984): pairs, then fours, then all. */
static inline uint64_t cm_eight_digits(uint64_t word) {
    word = (word & CM_EACH_BYTE(0x0F)) * 2561 >> 8;
    word = (word & UINT64_C(0x00FF00FF00FF00FF)) * 6553601 >> 16;
    return (word & UINT64_C(0x0000FFFF0000FFFF)) * UINT64_C(42949672960001) >> 32;
}

/* "12", "-12.34": up to eight characters behind the sign, a digit first and last, no zero before another digit. */
static inline __attribute__((always_inline)) bool cm_read_short_number(const char *text, uint64_t length, char mark,
                                                                       int64_t *value, int32_t *scale) {
    bool negative = length && text[0] == '-';
    text += negative;
    length -= negative;
    if (length - 1 > 7) return false;
    uint64_t others = length == 8 ? 0 : ~UINT64_C(0) >> (8 * length); /* bits of the bytes before the cell */
    uint64_t word = (cm_load_word(text + length - 8) & ~others) | (CM_EACH_BYTE(0x30) & others);
    uint64_t marks = word ^ CM_EACH_BYTE((uint64_t)(unsigned char)mark);
    marks = (marks - CM_EACH_BYTE(1)) & ~marks & CM_EACH_BYTE(0x80);
    bool coded = text[0] == '0' && length > 1;
    *scale = 0;
    if (marks) {
        uint64_t place = (uint64_t)__builtin_ctzll(marks) >> 3; /* of the byte */
        if (place == 7 || place + length < 9) return false;     /* no digit behind it, or before it */
        uint64_t before = (UINT64_C(1) << (8 * place)) - 1;
        coded = coded && place + length != 9; /* 0.5 is fine */
        *scale = (int32_t)(7 - place);
        word = (word & ~before & ~(UINT64_C(0xFF) << (8 * place))) | (word & before) << 8 | 0x30;
    }
    if (coded || !cm_all_digits(word)) return false;
    int64_t magnitude = (int64_t)cm_eight_digits(word);
    *value = negative ? -magnitude : magnitude;
    return true;
}

/* Eight bytes that are exactly hh:mm:ss. */
static inline bool cm_read_time_of_day(uint64_t word, int64_t *seconds) {
    word ^= UINT64_C(0x30303A30303A3030);
    if ((word | (word + UINT64_C(0x0606000606000606))) & UINT64_C(0xF0F0FFF0F0FFF0F0)) return false;
    uint64_t hour = (word & 15) * 10 + (word >> 8 & 15), minute = (word >> 24 & 15) * 10 + (word >> 32 & 15);
    uint64_t second = (word >> 48 & 15) * 10 + (word >> 56);
    *seconds = (int64_t)((hour * 60 + minute) * 60 + second);
    return hour < 24 && minute < 60 && second < 60;
}

/* Exactly YYYY-MM-DD. */
static inline bool cm_read_iso_day(const char *text, int32_t *day) {
    uint64_t word = cm_load_word(text) ^ UINT64_C(0x2D30302D30303030);
    uint32_t tens = (uint32_t)(unsigned char)text[8] - '0', ones = (uint32_t)(unsigned char)text[9] - '0';
    if ((word | (word + UINT64_C(0x0006060006060606))) & UINT64_C(0xFFF0F0FFF0F0F0F0)) return false;
    if (tens > 9 || ones > 9) return false;
    int32_t year = (int32_t)((word & 15) * 1000 + (word >> 8 & 15) * 100 + (word >> 16 & 15) * 10 + (word >> 24 & 15));
    int32_t month = (int32_t)((word >> 40 & 15) * 10 + (word >> 48 & 15)), of_month = (int32_t)(tens * 10 + ones);
    if (!cm_civil_exists(year, month, of_month)) return false;
    *day = cm_civil_day(year, month, of_month);
    return true;
}

#endif
