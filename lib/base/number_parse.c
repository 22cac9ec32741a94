/* Decimal text to the nearest double, ties to even.
 * Idea: digits * 10^exponent is exact in double arithmetic up to one rounding while the digits fit 53 bits and the
 * power is at most 10^22 (Clinger, "How to read floating point numbers accurately", 1990, doi:10.1145/93542.93557). Up
 * to 19 digits with at most 27 places, which is what programs write, are one long division in 64 bits. Whatever remains
 * is the same division with large integers. Both give 64 bits of the quotient and whether anything is left behind them,
 * which decides every rounding; there is no guess to correct.
 *
 * Cost: some ns, about 100 ns, and some us in the three cases. No digit is ever ignored: the doubles and the points
 * half way between them have at most 767 digits, so behind the 800th it counts only whether there is one that is not 0.
 */
#include "base/number.h"
#include "base/number_bignum.h"

#define MAX_DIGITS 800
#define MAX_EXPONENT 100000000 /* of a written exponent; beyond it only its sign matters */

static const double exact_powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

typedef struct scan {
    uint64_t begin, end; /* of the digits and the mark */
    uint64_t count;      /* of digits from the first that is not 0 */
    uint64_t leading;    /* the first 19 of them */
    int64_t exponent;    /* the number is all digits * 10^exponent */
    bool negative;
} scan;

/* The quotient's highest 64 bits, the highest of them 1, times 2^exponent; sticky if there is more behind. False if the
 * number rounds to infinity. */
static bool round_to_double(uint64_t quotient, bool sticky, int32_t exponent, double *out) {
    int32_t biased = exponent + 63 + 1023;
    int32_t drop = biased > 0 ? 11 : 12 - biased; /* below the normal range fewer than 53 bits stay */
    uint64_t bits = 0;
    if (biased > 2046) return false;
    if (drop <= 64) {
        uint64_t half = UINT64_C(1) << 63, kept = drop == 64 ? 0 : quotient >> drop, rest = quotient << (64 - drop);
        bool up = rest > half || (rest == half && (sticky || (kept & 1)));
        bits = kept + up + (biased > 0 ? (uint64_t)(biased - 1) << 52 : 0); /* a carry goes up into the exponent */
    }
    if (bits >> 52 == 2047) return false;
    memcpy(out, &bits, sizeof bits);
    return true;
}

/* value / 10^places by long division through 5^places; value > 0, places 0 to 27. */
static bool divide_small(uint64_t value, int32_t places, double *out) {
    uint64_t divisor = 1, quotient = 0, carry = 0;
    for (int32_t i = 0; i < places; i++) divisor *= 5; /* 5^27 < 2^63 */
    int32_t value_zeros = __builtin_clzll(value), divisor_zeros = __builtin_clzll(divisor), bit = 1;
    value <<= value_zeros;
    divisor <<= divisor_zeros;
    for (; quotient >> 63 == 0; bit--) {
        bool fits = carry || value >= divisor;
        if (fits) value -= divisor;
        quotient = quotient << 1 | fits;
        carry = value >> 63;
        value <<= 1;
    }
    return round_to_double(quotient, carry || value, divisor_zeros - value_zeros - places + bit, out);
}

/* number * 10^exponent; destroys the number, which is not 0. */
static bool divide_big(big *number, int32_t exponent, double *out) {
    big divisor;
    uint64_t quotient = 0;
    big_set(&divisor, 1);
    big_multiply_power5(exponent < 0 ? &divisor : number, exponent < 0 ? -exponent : exponent);
    int32_t shift = big_bits(number) - big_bits(&divisor);
    big_shift_left(shift < 0 ? number : &divisor, shift < 0 ? -shift : shift);
    if (big_compare(number, &divisor) < 0) {
        big_shift_left(number, 1);
        shift--;
    }
    for (int bit = 0; bit < 64; bit++) { /* divisor <= number < 2 * divisor at first */
        bool fits = big_compare(number, &divisor) >= 0;
        if (fits) big_subtract(number, &divisor);
        quotient = quotient << 1 | fits;
        big_shift_left(number, 1);
    }
    return round_to_double(quotient, number->length != 0, shift - 63 + exponent, out);
}

static bool scan_exponent(const char *text, uint64_t length, uint64_t i, int64_t *out) {
    bool negative = i < length && text[i] == '-';
    int64_t value = 0;
    if (i < length && (negative || text[i] == '+')) i++;
    if (i == length) return false;
    for (; i < length; i++) {
        uint8_t digit = (uint8_t)(text[i] - '0');
        if (digit > 9) return false;
        if (value < MAX_EXPONENT) value = value * 10 + digit;
    }
    *out = negative ? -value : value;
    return true;
}

static bool scan_number(const char *text, uint64_t length, scan *s) {
    bool negative = length > 0 && text[0] == '-', marked = false;
    int64_t places = 0, exponent = 0;
    uint64_t i = negative;
    *s = (scan){.begin = i, .negative = negative};
    for (; i < length; i++) {
        uint8_t digit = (uint8_t)(text[i] - '0');
        if (digit <= 9) {
            if (s->count || digit) s->count++;
            if (s->count <= 19) s->leading = s->leading * 10 + digit;
            places += marked;
        } else if (text[i] == '.' && !marked) {
            marked = true;
        } else {
            break;
        }
    }
    s->end = i;
    if (s->end - s->begin == marked) return false; /* no digit */
    if (i < length && ((text[i] != 'e' && text[i] != 'E') || !scan_exponent(text, length, i + 1, &exponent)))
        return false;
    s->exponent = exponent - places;
    return true;
}

/* All digits as one large integer; behind MAX_DIGITS one digit stands for the rest. The exponent that goes with it. */
static int64_t read_big(const char *text, const scan *s, big *number) {
    uint64_t taken = 0;
    int64_t dropped = 0;
    uint32_t chunk = 0, unit = 1;
    bool sticky = false;
    big_set(number, 0);
    for (uint64_t i = s->begin; i < s->end; i++) {
        uint32_t digit = (uint32_t)(text[i] - '0');
        if (text[i] == '.' || (taken == 0 && digit == 0)) continue;
        if (taken == MAX_DIGITS) {
            dropped++;
            sticky |= digit != 0;
            continue;
        }
        taken++;
        chunk = chunk * 10 + digit;
        unit *= 10;
        if (unit == 1000000000) {
            big_multiply_add(number, unit, chunk);
            chunk = 0, unit = 1;
        }
    }
    big_multiply_add(number, unit, chunk);
    if (sticky) {
        big_multiply_add(number, 10, 1);
        dropped--;
    }
    return s->exponent + dropped;
}

static bool round_scanned(const char *text, const scan *s, double *out) {
    int64_t magnitude = (int64_t)s->count + s->exponent; /* 10^(magnitude - 1) <= number < 10^magnitude */
    *out = 0;
    if (s->count == 0 || magnitude < -323) return true;
    if (magnitude > 309) return false;
    if (s->count <= 19) {
        int32_t exponent = (int32_t)s->exponent;
        if (s->leading <= UINT64_C(1) << 53 && exponent >= -22 && exponent <= 22) {
            double digits = (double)s->leading;
            *out = exponent < 0 ? digits / exact_powers[-exponent] : digits * exact_powers[exponent];
            return true;
        }
        if (exponent >= -27 && exponent <= 0) return divide_small(s->leading, -exponent, out);
    }
    big number;
    int64_t exponent = read_big(text, s, &number);
    return divide_big(&number, (int32_t)exponent, out);
}

bool cm_parse_double(const char *text, uint64_t length, double *out) {
    scan s;
    double value;
    if (!scan_number(text, length, &s) || !round_scanned(text, &s, &value)) return false;
    *out = s.negative ? -value : value;
    return true;
}

double cm_decimal_to_double(int64_t value, int32_t scale) {
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    double result = 0;
    if (magnitude == 0) return 0;
    if (magnitude <= UINT64_C(1) << 53 && scale <= 22) return (double)value / exact_powers[scale];
    if (scale <= 27) {
        divide_small(magnitude, scale, &result);
    } else if (scale <= 400) { /* beyond, nothing is left of 64 bits */
        big number;
        big_set(&number, magnitude);
        divide_big(&number, -scale, &result);
    }
    return value < 0 ? -result : result;
}
