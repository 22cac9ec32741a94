/* Random numbers of our own, the same on every machine: xoshiro256** seeded by splitmix64 (Blackman & Vigna 2021,
 * doi:10.1145/3460772). What a seed gives is frozen within a major version. */
#ifndef CM_BASE_RANDOM_H
#define CM_BASE_RANDOM_H

#include <stdint.h>

typedef struct cm_random {
    uint64_t s[4];
} cm_random;

/* Generators of different streams of one seed are independent: one a task, never one a thread. */
void cm_random_seed(cm_random *random, uint64_t seed, uint64_t stream);
uint64_t cm_random_u64(cm_random *random);
double cm_random_double(cm_random *random);                  /* [0, 1), 53 bits */
/* [0, bound), without bias (Lemire 2019, doi:10.1145/3230636) */
uint64_t cm_random_below(cm_random *random, uint64_t bound);

#endif
