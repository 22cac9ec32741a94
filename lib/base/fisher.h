/* Fisher's exact test of a table of two by two. */
#ifndef CM_BASE_FISHER_H
#define CM_BASE_FISHER_H

#include <stdint.h>

/* P(X >= both) where `left` of `all` are drawn without replacement, `right` of them being marked: in 0 .. 1, relative
 * error about 1e-13 where it is no smaller than 1e-290; what is below 1e-308 is 0. */
double cm_hypergeometric_tail(uint64_t all, uint64_t left, uint64_t right, uint64_t both);

/* The same on both sides: the probability of all that is no likelier than `both`. */
double cm_fisher_two_sided(uint64_t all, uint64_t left, uint64_t right, uint64_t both);

#endif
