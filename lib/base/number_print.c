/* The shortest decimal digits that read back as the same double, of those the nearest.
 * Idea: digits are produced from the left until what is left is smaller than half the gap to a neighbour (Steele &
 * White, "How to print floating-point numbers accurately", 1990, doi:10.1145/93542.93559; with the scaling of Burger &
 * Dybvig, "Printing floating-point numbers quickly and accurately", 1996, doi:10.1145/231379.231397). Whole numbers
 * below 10^16 are their own digits. From 2^-38 to 2^53, where nearly all numbers of a table are, integer part and
 * fraction fit fixed point of 64 and 92 bits and the paper's algorithm for fixed point is a few instructions a digit.
 * Beyond that, large integers.
 *
 * Cost: some ns a digit, or up to some us for the extremes. What differs: the bounds belong to the interval when the
 * double is even, since readers round ties to even; of two shortest forms equally near the one with an even digit. */
#include "base/number.h"
#include "base/number_bignum.h"

#define MAX_DIGITS 17
#define HIDDEN (UINT64_C(1) << 52)
#define FIXED_BITS 92 /* behind the point: 60 in high, 32 in low; the four above hold a digit */
#define FIXED_ONE (UINT64_C(1) << 60)

/* 0.DDD * 10^point, without a zero at either end. */
typedef struct decimal {
    char digits[MAX_DIGITS + 1];
    int32_t length, point;
} decimal;

/* A positive double: mantissa * 2^exponent; `narrow` if the gap below is half the gap above. */
typedef struct parts {
    uint64_t mantissa;
    int32_t exponent;
    bool narrow, even;
} parts;

static parts take_apart(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int32_t biased = (int32_t)(bits >> 52 & 2047);
    uint64_t fraction = bits & (HIDDEN - 1);
    return (parts){biased ? fraction | HIDDEN : fraction, biased ? biased - 1075 : -1074, fraction == 0 && biased > 1,
                   (fraction & 1) == 0};
}

static void push(decimal *d, uint32_t digit) {
    d->digits[d->length++] = (char)('0' + digit);
}

/* A bound belongs to the interval if the double is even. */
static bool reached(int order, bool even) {
    return order > 0 || (order == 0 && even);
}

/* Where `digit` is near enough (low), or one more is (high), or both are; order: the rest against one half. */
static uint32_t last_digit(uint32_t digit, bool low, bool high, int order) {
    if (low && high) return digit + (order > 0 || (order == 0 && (digit & 1)));
    return digit + high;
}

static void integer_digits(uint64_t value, decimal *d) {
    char text[CM_NUMBER_TEXT];
    d->length = d->point = (int32_t)cm_print_int((int64_t)value, text);
    memcpy(d->digits, text, (size_t)d->length);
}

static void strip_zeros(decimal *d) {
    while (d->digits[d->length - 1] == '0') d->length--;
}

typedef struct fixed {
    uint64_t high;
    uint32_t low;
} fixed;

static fixed fixed_shifted(uint64_t value, int32_t by) {
    if (by >= 32) return (fixed){value << (by - 32), 0};
    return (fixed){value >> (32 - by), (uint32_t)(value << by)};
}

static fixed fixed_times_ten(fixed a) {
    uint64_t low = (uint64_t)a.low * 10;
    return (fixed){a.high * 10 + (low >> 32), (uint32_t)low};
}

static fixed fixed_add(fixed a, fixed b) {
    uint64_t low = (uint64_t)a.low + b.low;
    return (fixed){a.high + b.high + (low >> 32), (uint32_t)low};
}

static int fixed_compare(fixed a, fixed b) {
    if (a.high != b.high) return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}

/* 2^-38 <= number < 2^53 and not whole. No carry can run into the integer part: whole numbers here are doubles too, so
 * that none but itself is within half a gap. */
static void fixed_digits(parts p, decimal *d) {
    const fixed one = {FIXED_ONE, 0}, half = {FIXED_ONE / 2, 0};
    int32_t shift = FIXED_BITS + p.exponent;
    uint64_t whole = -p.exponent < 53 ? p.mantissa >> -p.exponent : 0;
    fixed rest = fixed_shifted(whole ? p.mantissa & ((UINT64_C(1) << -p.exponent) - 1) : p.mantissa, shift);
    fixed above = fixed_shifted(1, shift - 1), below = fixed_shifted(1, shift - 1 - p.narrow);
    if (whole) integer_digits(whole, d);
    for (;;) {
        rest = fixed_times_ten(rest);
        above = fixed_times_ten(above);
        below = fixed_times_ten(below);
        uint32_t digit = (uint32_t)(rest.high / FIXED_ONE);
        rest.high %= FIXED_ONE;
        bool low = reached(fixed_compare(below, rest), p.even);
        bool high = reached(fixed_compare(fixed_add(rest, above), one), p.even);
        if (low || high) {
            push(d, last_digit(digit, low, high, fixed_compare(rest, half)));
            return;
        }
        if (d->length || digit)
            push(d, digit);
        else
            d->point--;
    }
}

/* Any number, as rest / scale with the half gaps above and below in the same unit. */
typedef struct ratio {
    big rest, scale, above, below;
} ratio;

static void ratio_times_ten(ratio *r) {
    big_multiply_add(&r->rest, 10, 0);
    big_multiply_add(&r->above, 10, 0);
    big_multiply_add(&r->below, 10, 0);
}

/* Is one whole unit within reach from the rest? */
static bool reaches_one(const ratio *r, bool even) {
    big sum;
    big_copy(&sum, &r->rest);
    big_add(&sum, &r->above);
    return reached(big_compare(&sum, &r->scale), even);
}

static void ratio_begin(ratio *r, parts p, int32_t point) {
    int32_t up = p.exponent > 0 ? p.exponent : 0, down = p.exponent < 0 ? -p.exponent : 0;
    big_set(&r->rest, p.mantissa);
    big_set(&r->scale, 1);
    big_set(&r->below, 1);
    if (point > 0) { /* divide by 10^point */
        big_multiply_power5(&r->scale, point);
        down += point;
    } else {
        big_multiply_power5(&r->rest, -point);
        big_multiply_power5(&r->below, -point);
        up += -point;
    }
    big_shift_left(&r->rest, up + 2); /* quarters of the gap become whole */
    big_shift_left(&r->scale, down + 2);
    big_shift_left(&r->below, up + 1 - p.narrow);
    big_copy(&r->above, &r->below);
    if (p.narrow) big_shift_left(&r->above, 1);
}

static void big_digits(parts p, decimal *d) {
    int32_t log2 = p.exponent + 63 - __builtin_clzll(p.mantissa);
    ratio r;
    /* Never too high and at most two too low: log10(2) * log2, with 315653 / 2^20 for log10(2), rounded down. */
    d->point = (log2 * 315653 - (log2 < 0 ? 1048575 : 0)) / 1048576;
    ratio_begin(&r, p, d->point);
    while (reaches_one(&r, p.even)) {
        big_multiply_add(&r.scale, 10, 0);
        d->point++;
    }
    for (;;) {
        uint32_t digit = 0;
        for (ratio_times_ten(&r); big_compare(&r.rest, &r.scale) >= 0; digit++) big_subtract(&r.rest, &r.scale);
        bool low = reached(big_compare(&r.below, &r.rest), p.even), high = reaches_one(&r, p.even);
        if (low || high) {
            big_shift_left(&r.rest, 1);
            push(d, last_digit(digit, low, high, big_compare(&r.rest, &r.scale)));
            return;
        }
        push(d, digit);
    }
}

/* value > 0 and finite */
static decimal shortest(double value) {
    decimal d = {.length = 0, .point = 0};
    if (value < 1e16 && value == (double)(int64_t)value) {
        integer_digits((uint64_t)value, &d);
        strip_zeros(&d);
    } else if (value >= 0x1p-38 && value < 0x1p53) {
        fixed_digits(take_apart(value), &d);
    } else {
        big_digits(take_apart(value), &d);
    }
    return d;
}

static char *put(char *p, const char *text, int32_t length) {
    memcpy(p, text, (size_t)length);
    return p + length;
}

static char *put_zeros(char *p, int32_t count) {
    while (count-- > 0) *p++ = '0';
    return p;
}

static char *put_plain(char *p, const decimal *d) {
    if (d->point <= 0) return put(put_zeros(put(p, "0.", 2), -d->point), d->digits, d->length);
    if (d->length <= d->point) return put_zeros(put(p, d->digits, d->length), d->point - d->length);
    p = put(put(p, d->digits, d->point), ".", 1);
    return put(p, d->digits + d->point, d->length - d->point);
}

static char *put_with_exponent(char *p, const decimal *d) {
    int32_t exponent = d->point - 1;
    *p++ = d->digits[0];
    if (d->length > 1) p = put(put(p, ".", 1), d->digits + 1, d->length - 1);
    *p++ = 'e';
    *p++ = exponent < 0 ? '-' : '+';
    char text[CM_NUMBER_TEXT];
    int32_t length = (int32_t)cm_print_int(exponent < 0 ? -exponent : exponent, text);
    return put(p, text, length);
}

static char *put_positive(char *p, double value) {
    if (value == 0) return put(p, "0", 1);
    if (value > 0x1.fffffffffffffp1023) return put(p, "inf", 3);
    decimal d = shortest(value);
    return d.point >= -4 && d.point <= 16 ? put_plain(p, &d) : put_with_exponent(p, &d);
}

uint64_t cm_print_double(double value, char out[CM_NUMBER_TEXT]) {
    char *p = out;
    if (value != value) {
        p = put(p, "nan", 3);
    } else {
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        if (bits >> 63) *p++ = '-'; /* of -0 too */
        p = put_positive(p, bits >> 63 ? -value : value);
    }
    *p = '\0';
    return (uint64_t)(p - out);
}

bool cm_double_to_decimal(double number, int32_t max_scale, int64_t *value, int32_t *scale) {
    double magnitude = number < 0 ? -number : number;
    decimal d = {.length = 0, .point = 0};
    int64_t digits = 0;
    if (!(magnitude < 0x1p63)) return false; /* nan too */
    if (magnitude > 0) d = shortest(magnitude);
    int32_t places = d.length > d.point ? d.length - d.point : 0, zeros = d.point > d.length ? d.point - d.length : 0;
    if (places > max_scale) return false;
    for (int32_t i = 0; i < d.length; i++) digits = digits * 10 + (d.digits[i] - '0');
    if (cm_rescale_overflows(digits, 0, zeros, &digits)) return false;
    *value = number < 0 ? -digits : digits;
    *scale = places;
    return true;
}
