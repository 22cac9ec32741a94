/* Deterministic arrays for the benchmarks, bit for bit those of ../shared/bench/peers/synth.py, whose formulas they
 * follow. */
#ifndef BENCH_SYNTH_H
#define BENCH_SYNTH_H

#include <stdint.h>

uint64_t synth_bits(uint64_t seed, uint64_t index);   /* output of splitmix64 */
double synth_uniform(uint64_t seed, uint64_t index);  /* inside (0, 1) */
double synth_bell(uint64_t seed, uint64_t index);     /* a sum of four, sd 1.1547 */

/* points(n, d, k): column t of the overlapping clusters, d = 4, 16 or 64. */
void synth_points_column(uint64_t n, uint64_t d, uint64_t k, uint64_t t, double *column);

/* customers(n): repeat purchases, day of the last one, days observed, by BG/NBD. */
void synth_customers(uint64_t n, double *x, double *tx, double *t);

/* Basket i of baskets(n): at most 15 items, rising; the number of them. */
int synth_basket(uint64_t i, int32_t items[16]);

#endif
