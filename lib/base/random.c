/* xoshiro256** (Blackman & Vigna, "Scrambled linear pseudorandom number generators", 2021, doi:10.1145/3460772): four
 * words of state, period 2^256 - 1, a few cycles a number. Its state is filled by splitmix64, which never gives the
 * four zeros that the generator must not start from. A stream is not a jump of 2^128 steps, as the paper has it, but a
 * seed of its own, hashed from (seed, stream): any 64-bit number names a stream, in constant time; that two of them
 * overlap within 2^64 numbers has a chance of 2^-128. */
#include "base/random.h"

static uint64_t splitmix64(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void cm_random_seed(cm_random *random, uint64_t seed, uint64_t stream) {
    uint64_t state = seed;
    state = splitmix64(&state) + stream;
    state = splitmix64(&state);
    for (int i = 0; i < 4; i++) random->s[i] = splitmix64(&state);
}

static uint64_t rotate(uint64_t x, int by) {
    return (x << by) | (x >> (64 - by));
}

uint64_t cm_random_u64(cm_random *random) {
    uint64_t *s = random->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double cm_random_double(cm_random *random) {
    return (double)(cm_random_u64(random) >> 11) * 0x1p-53;
}

/* The upper half of the product, the lower in *low; by halves, since 32-bit machines have no 128-bit integer. */
static uint64_t multiply(uint64_t a, uint64_t b, uint64_t *low) {
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
    uint64_t other = a0 * b1 + (uint32_t)middle;
    *low = a * b;
    return a1 * b1 + (middle >> 32) + (other >> 32);
}

/* Lemire: the upper half of x * bound is the number; the few x that would give some numbers one more chance than others
 * are drawn again. The division is reached with a chance of bound / 2^64 only. */
uint64_t cm_random_below(cm_random *random, uint64_t bound) {
    uint64_t low, high = multiply(cm_random_u64(random), bound, &low);
    if (low < bound) {
        uint64_t unfair = (0 - bound) % bound;
        while (low < unfair) high = multiply(cm_random_u64(random), bound, &low);
    }
    return high;
}
