/* SipHash-1-3 (Aumasson & Bernstein, "SipHash: a fast short-input PRF", 2012, doi:10.1007/978-3-642-34931-7_28): a
 * keyed hash, so that nobody without the key can write a file whose ids all fall into one bucket. One round a word and
 * three at the end instead of the paper's two and four, as in the hash tables of Rust and Python: enough against
 * flooding, and the result is never shown. Words are read as little-endian on every machine. */
#include "base/hash.h"

#include <zlib.h>

static uint64_t rotate(uint64_t x, int by) {
    return (x << by) | (x >> (64 - by));
}

static uint64_t load(const unsigned char *p) {
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32
           | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* By value: the four words stay in registers. */
typedef struct sip {
    uint64_t a, b, c, d;
} sip;

static inline sip sip_round(sip v) {
    v.a += v.b;
    v.b = rotate(v.b, 13) ^ v.a;
    v.a = rotate(v.a, 32);
    v.c += v.d;
    v.d = rotate(v.d, 16) ^ v.c;
    v.a += v.d;
    v.d = rotate(v.d, 21) ^ v.a;
    v.c += v.b;
    v.b = rotate(v.b, 17) ^ v.c;
    v.c = rotate(v.c, 32);
    return v;
}

static inline sip absorb(sip v, uint64_t word) {
    v.d ^= word;
    v = sip_round(v);
    v.a ^= word;
    return v;
}

/* The up to seven bytes behind the last whole word; of a longer text by one load that reaches back. */
static uint64_t tail(const unsigned char *p, uint64_t whole, uint64_t length) {
    uint64_t rest = length - whole, word = 0;
    if (rest == 0) return 0;
    if (whole) return load(p + length - 8) >> (8 * (8 - rest));
    for (uint64_t i = 0; i < rest; i++) word |= (uint64_t)p[i] << (8 * i);
    return word;
}

uint64_t cm_hash_bytes(cm_hash_key key, const void *bytes, uint64_t length) {
    const unsigned char *p = bytes;
    sip v = {key.k0 ^ UINT64_C(0x736f6d6570736575), key.k1 ^ UINT64_C(0x646f72616e646f6d),
             key.k0 ^ UINT64_C(0x6c7967656e657261), key.k1 ^ UINT64_C(0x7465646279746573)};
    uint64_t whole = length & ~UINT64_C(7);
    for (uint64_t i = 0; i < whole; i += 8) v = absorb(v, load(p + i));
    v = absorb(v, length << 56 | tail(p, whole, length));
    v.c ^= 0xff;
    v = sip_round(sip_round(sip_round(v)));
    return v.a ^ v.b ^ v.c ^ v.d;
}

uint32_t cm_crc32(uint32_t crc, const void *bytes, uint64_t length) {
    if (length == 0) return crc; /* zlib would start anew on a NULL */
    return (uint32_t)crc32_z(crc, bytes, (z_size_t)length);
}
