/* Numbers as people write them: with a mark between thousands, with a sign of a currency, negative in parentheses. */
#ifndef CM_TABLE_AMOUNT_H
#define CM_TABLE_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cm_number_style {
    char mark;       /* of decimals */
    char thousands;  /* , . ' _ or a blank, which stands for no-break blanks, too; 0: none */
    bool accounting; /* currency signs, parentheses, a minus behind */
} cm_number_style;

/* Text of a cell that may be such a number; longer ones are none. */
#define CM_AMOUNT_TEXT 64

/* The plain form (sign, digits, mark) of a text, written into `room`; the text itself where the style asks for nothing
 * or where it is no such number, which reading it then says. *length is in and out. */
const char *cm_plain_number(const cm_number_style *style, const char *text, uint64_t *length,
                            char room[CM_AMOUNT_TEXT]);

#endif
