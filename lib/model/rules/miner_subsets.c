/* The counts of all subsets of a few items at once: each transaction is a number whose bits are its items, and counts
 * in the table under this number alone; then the counts of all supersets are added up, one bit after the other
 * (F. Yates, "The design and analysis of factorial experiments", 1937). O(transactions + bits 2^bits), whatever the
 * number of frequent sets: in dense data a fraction of an addition a set. */
#include <string.h>

#include "model/rules/miner.h"

/* The three lowest bits of eight neighbours. */
static void add_low_bits(uint32_t *t) {
    t[0] += t[1];
    t[2] += t[3];
    t[4] += t[5];
    t[6] += t[7];
    t[0] += t[2];
    t[1] += t[3];
    t[4] += t[6];
    t[5] += t[7];
    t[0] += t[4];
    t[1] += t[5];
    t[2] += t[6];
    t[3] += t[7];
}

void cm_subsets_add_up(uint32_t *table, uint64_t bit_count) {
    uint64_t size = UINT64_C(1) << bit_count;
    for (uint64_t i = 0; i < size; i += 8) add_low_bits(table + i);
    for (uint64_t step = 8; step < size; step *= 2)
        for (uint64_t i = 0; i < size; i += 2 * step)
            for (uint64_t j = 0; j < step; j += 8)
                for (uint64_t k = 0; k < 8; k++) table[i + j + k] += table[i + j + k + step];
}

void cm_subsets_count(const cm_database *data, uint64_t item, const uint32_t *bits, uint64_t bit_count,
                      uint32_t *table) {
    uint64_t size = UINT64_C(1) << bit_count;
    memset(table, 0, (size_t)(size < 8 ? 8 : size) * sizeof *table);
    for (uint64_t i = data->occurrence_starts[item]; i < data->occurrence_starts[item + 1]; i++) {
        uint32_t t = data->occurrences[i], mask = 0;
        for (uint64_t at = data->starts[t]; data->cells[at] < item; at++) mask |= bits[data->cells[at]];
        table[mask] += cm_database_weight(data, t);
    }
    cm_subsets_add_up(table, bit_count);
}
