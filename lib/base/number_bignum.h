/* Natural numbers large enough to decide any rounding between doubles and decimal text, on the stack. */
#ifndef CM_BASE_NUMBER_BIGNUM_H
#define CM_BASE_NUMBER_BIGNUM_H

#include <stdint.h>
#include <string.h>

/* The largest is a text of 801 digits, 2661 bits; 5^1124, a divisor, has 2610; both may grow by one bit. */
#define BIG_LIMBS 88

typedef struct big {
    int32_t length; /* limbs in use, the highest of them not 0; 0 for 0 */
    uint32_t limb[BIG_LIMBS];
} big;

static inline void big_set(big *a, uint64_t value) {
    a->limb[0] = (uint32_t)value;
    a->limb[1] = (uint32_t)(value >> 32);
    a->length = value == 0 ? 0 : value >> 32 ? 2 : 1;
}

/* Copies the limbs in use alone. */
static inline void big_copy(big *a, const big *b) {
    a->length = b->length;
    memcpy(a->limb, b->limb, (size_t)b->length * sizeof b->limb[0]);
}

static inline void big_multiply_add(big *a, uint32_t factor, uint32_t carry) {
    for (int32_t i = 0; i < a->length; i++) {
        uint64_t t = (uint64_t)a->limb[i] * factor + carry;
        a->limb[i] = (uint32_t)t;
        carry = (uint32_t)(t >> 32);
    }
    if (carry) a->limb[a->length++] = carry;
}

static inline void big_multiply_power5(big *a, int32_t exponent) {
    for (; exponent >= 13; exponent -= 13) big_multiply_add(a, 1220703125, 0); /* 5^13, the largest in 32 bits */
    for (; exponent > 0; exponent--) big_multiply_add(a, 5, 0);
}

static inline int32_t big_bits(const big *a) {
    return a->length == 0 ? 0 : a->length * 32 - __builtin_clz(a->limb[a->length - 1]);
}

static inline void big_shift_left(big *a, int32_t by) {
    int32_t limbs = by / 32, bits = by % 32, n = a->length;
    if (n == 0) return;
    memmove(a->limb + limbs, a->limb, (size_t)n * sizeof a->limb[0]);
    memset(a->limb, 0, (size_t)limbs * sizeof a->limb[0]);
    a->length = n + limbs;
    if (bits == 0) return;
    uint32_t carry = 0;
    for (int32_t i = limbs; i < a->length; i++) {
        uint32_t limb = a->limb[i];
        a->limb[i] = limb << bits | carry;
        carry = limb >> (32 - bits);
    }
    if (carry) a->limb[a->length++] = carry;
}

static inline int big_compare(const big *a, const big *b) {
    if (a->length != b->length) return a->length < b->length ? -1 : 1;
    for (int32_t i = a->length; i-- > 0;)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

static inline void big_add(big *a, const big *b) {
    uint64_t carry = 0;
    while (a->length < b->length) a->limb[a->length++] = 0;
    for (int32_t i = 0; i < a->length; i++) {
        carry += (uint64_t)a->limb[i] + (i < b->length ? b->limb[i] : 0);
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) a->limb[a->length++] = (uint32_t)carry;
}

/* a >= b */
static inline void big_subtract(big *a, const big *b) {
    uint32_t borrow = 0;
    for (int32_t i = 0; i < a->length; i++) {
        uint64_t t = (uint64_t)a->limb[i] - (i < b->length ? b->limb[i] : 0) - borrow;
        a->limb[i] = (uint32_t)t;
        borrow = (uint32_t)(t >> 63);
    }
    while (a->length > 0 && a->limb[a->length - 1] == 0) a->length--;
}

#endif
