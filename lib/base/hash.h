/* Keyed hash for texts from outside (SipHash-1-3; Aumasson & Bernstein 2012, doi:10.1007/978-3-642-34931-7_28), a mixer
 * for integers, and CRC-32 for files. */
#ifndef CM_BASE_HASH_H
#define CM_BASE_HASH_H

#include <stdint.h>

typedef struct cm_hash_key {
    uint64_t k0, k1;
} cm_hash_key;

uint64_t cm_hash_bytes(cm_hash_key key, const void *bytes, uint64_t length);

/* Of one or two integers, keyed too. Inline: it stands in the innermost loops. */
static inline uint64_t cm_hash_mix(uint64_t x) {
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ (x >> 32);
}
static inline uint64_t cm_hash_u64(cm_hash_key key, uint64_t a) {
    return cm_hash_mix(cm_hash_mix(a ^ key.k0) + key.k1);
}

/* CRC-32 as in gzip and PNG (polynomial 0xEDB88320); start with 0 and pass the result on. */
uint32_t cm_crc32(uint32_t crc, const void *bytes, uint64_t length);

#endif
