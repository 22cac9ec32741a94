#include "synth.h"

#include <math.h>

uint64_t synth_bits(uint64_t seed, uint64_t index) {
    uint64_t z = seed + (index + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

double synth_uniform(uint64_t seed, uint64_t index) {
    return ((double)(synth_bits(seed, index) >> 12) + 0.5) * 0x1p-52;
}

double synth_bell(uint64_t seed, uint64_t index) {
    uint64_t z = synth_bits(seed, index), sum = (z & 0xFFFF) + (z >> 16 & 0xFFFF) + (z >> 32 & 0xFFFF) + (z >> 48);
    return ((double)sum - 131070) / 32768;
}

void synth_points_column(uint64_t n, uint64_t d, uint64_t k, uint64_t t, double *column) {
    double spread = 2.5 / sqrt((double)d);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t c = synth_bits(3, i) % k;
        column[i] = synth_bell(1, i * d + t) + synth_bell(2, c * d + t) * spread;
    }
}

/* The first of two gamma-distributed shares, by Johnk's method. */
static double share(uint64_t seed, double a, double b, uint64_t i) {
    for (uint64_t j = 0;; j++) {
        uint64_t q = (j << 32) + i;
        double u = pow(synth_uniform(seed, q), 1 / a), v = pow(synth_uniform(seed + 1, q), 1 / b);
        if (u + v <= 1) return u / (u + v);
    }
}

void synth_customers(uint64_t n, double *x, double *tx, double *t) {
    const double r = .2425928, alpha = 4.4135296 * 7, a = .7928866, b = 2.4257547;
    for (uint64_t i = 0; i < n; i++) {
        double rate = -log(synth_uniform(23, i)) * share(21, r, 1 - r, i) / alpha, p = share(24, a, b, i), time = 0;
        t[i] = (double)(189 + synth_bits(26, i) % 84);
        x[i] = tx[i] = 0;
        for (uint64_t j = 0;; j++) {
            uint64_t q = (j << 32) + i;
            time += -log(synth_uniform(27, q)) / rate;
            if (time > t[i]) break;
            x[i] = (double)(j + 1);
            tx[i] = ceil(time);
            if (synth_uniform(28, q) < p) break;
        }
    }
}

int synth_basket(uint64_t i, int32_t items[16]) {
    uint64_t z = synth_bits(31, i), length = 1 + z % 8 + (z >> 32) % 8;
    int count = 0;
    for (uint64_t s = 0; s < length; s++) {
        double u = synth_uniform(32, i * 16 + s);
        int32_t item = 1597 * (int32_t)(4000 * (u * u * u)) % 4000;
        int at = count;
        while (at > 0 && items[at - 1] > item) at--;
        if (at > 0 && items[at - 1] == item) continue;
        for (int j = count; j > at; j--) items[j] = items[j - 1];
        items[at] = item;
        count++;
    }
    return count;
}
