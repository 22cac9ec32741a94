/* Numbers as text, without locale, strtod or printf. */
#ifndef CM_BASE_NUMBER_H
#define CM_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Sums of money on the way. */
__extension__ typedef __int128 cm_wide;

/* Room for any number printed here, with its NUL. */
#define CM_NUMBER_TEXT 48

/* The whole text must be the number; no blanks, no sign "+" unless said. True if it was read. */
bool cm_parse_int(const char *text, uint64_t length, int64_t *out);            /* "-12"; leading zeros are fine */
/* "1", "-1.5", ".5", "1e-3"; correctly rounded; no inf, nan, hex */
bool cm_parse_double(const char *text, uint64_t length, double *out);

/* A decimal: optional sign (- or +), digits with at most one `mark` among them, at least one digit. `value` is the
 * number times 10^scale with its own scale (the digits behind the mark as written: "1.50" has scale 2). The status
 * tells a text that is no decimal from one that has too many digits for 64 bits or more than 18 places. */
typedef enum cm_decimal_status { CM_DECIMAL_OK, CM_DECIMAL_NONE, CM_DECIMAL_TOO_LARGE } cm_decimal_status;
cm_decimal_status cm_parse_decimal(const char *text, uint64_t length, char mark, int64_t *value, int32_t *scale);

/* value * 10^(to - from); to >= from. True on overflow. */
bool cm_rescale_overflows(int64_t value, int32_t from, int32_t to, int64_t *out);

/* The shortest decimal form of a double (what cm_print_double writes, exponent resolved) as value and scale;
 * false if it is not finite, needs more than `max_scale` places or does not fit. */
bool cm_double_to_decimal(double number, int32_t max_scale, int64_t *value, int32_t *scale);

/* value / 10^scale, correctly rounded. */
double cm_decimal_to_double(int64_t value, int32_t scale);

/* The number with this many significant digits, 1 to 15, for eyes; below 1e-9 and from 1e15 on as it is. */
double cm_round_digits(double value, int digits);

/* Print with a NUL behind; the length without it. Doubles: the fewest digits that read back as the same double (of
 * those the nearest), "0.1", "1e+300", "-0", "1234567" ; exponent form below 1e-5 and from 1e16 on; "nan", "inf",
 * "-inf". */
uint64_t cm_print_int(int64_t value, char out[CM_NUMBER_TEXT]);
uint64_t cm_print_decimal(int64_t value, int32_t scale, char out[CM_NUMBER_TEXT]);
uint64_t cm_print_double(double value, char out[CM_NUMBER_TEXT]);

#endif
