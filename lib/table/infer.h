/* Types of columns from the texts of all their cells: the narrowest that fits them all, and what settled it. */
#ifndef CM_TABLE_INFER_H
#define CM_TABLE_INFER_H

#include "base/civil.h"
#include "table/amount.h"
#include "table/table.h"

#define CM_MAX_SCALE 18

bool cm_role_is_number(int32_t role); /* quantity, price, amount, cost */

/* A cell that settled something; its text may be cut. */
#define CM_EVIDENCE_TEXT 40
typedef struct cm_evidence {
    uint64_t line; /* 0: none */
    char text[CM_EVIDENCE_TEXT + 4];
} cm_evidence;

/* What is known of a column so far. Zeroed, then cm_survey_begin. */
typedef struct cm_survey {
    int32_t role;
    int32_t orders;      /* that a date may have: CM_ORDER_ALL, or the one that the caller says */
    cm_number_style style;
    uint32_t open;       /* types that still fit all cells, bits 1 << type; TIMESTAMP stands for DATE too */
    uint64_t cells;      /* with text */
    uint64_t role_fits;  /* of these, cells that are what the role needs */
    cm_evidence closing; /* the cell that left text alone */

    int32_t scale;                      /* the largest of a number so far */
    uint64_t numbers[CM_MAX_SCALE + 1]; /* by scale, with the lowest and highest unscaled values */
    int64_t low[CM_MAX_SCALE + 1], high[CM_MAX_SCALE + 1];
    cm_evidence largest_scale, floating;

    uint64_t day_first, month_first; /* dates that can be read in one way only */
    uint64_t either;                 /* dates that two ways read differently */
    cm_evidence day_first_cell, month_first_cell, either_cell;
    cm_evidence timed, zoned, naive;
} cm_survey;

/* The type of a column, and how its cells are read. */
#define CM_DECIDED_TEXT 400
typedef struct cm_decision {
    int32_t type, scale, flags, role;
    int32_t orders;
    cm_number_style style;
    bool strict; /* decided before all cells were seen: a time must have a zone or none, as the column has */
    char decided_by[CM_DECIDED_TEXT]; /* a sentence of the catalogue */
} cm_decision;

/* `orders` a set of CM_ORDER_ (UNIX: for a date alone). */
void cm_survey_begin(cm_survey *survey, int32_t role, cm_number_style style, int32_t orders);
void cm_survey_cell(cm_survey *survey, const char *text, uint64_t length, uint64_t line);

/* The next cell is text where it was written: no number, true or false, though it may be a date. */
void cm_survey_quoted(cm_survey *survey);

/* The decision. A role that fewer than half of the cells fit is given up unless
 * `keep_role`. A date column that could be read in two ways,
 * or that mixes zoned and naive times, stays STRING and decided_by says so. */
void cm_survey_decide(const cm_context *ctx, const cm_survey *survey, bool keep_role, cm_decision *out);

/* ---- many cells at once ---- */

/* Numbers in their plain form (digits with at most one mark between them, no sign but "-", no zero before another
 * digit), by their own scales. */
typedef struct cm_plain_numbers {
    uint64_t cells;
    uint64_t count[CM_MAX_SCALE + 1];
    int64_t low[CM_MAX_SCALE + 1], high[CM_MAX_SCALE + 1];
    int32_t scale;         /* the largest */
    cm_evidence largest;   /* the first cell that has it, by cm_evidence_note */
} cm_plain_numbers;

/* Each is what cm_survey_cell would do to such cells one by one; false, and nothing is done, where that would depend on
 * the cells themselves. Dates and times are of the form YYYY-MM-DD [hh:mm[:ss]], without zone; `timed` if any has a
 * time of day. Texts are counted alone where nothing is left to be found out. */
bool cm_survey_numbers(cm_survey *survey, const cm_plain_numbers *numbers);
bool cm_survey_moments(cm_survey *survey, uint64_t cells, bool timed);
bool cm_survey_texts(cm_survey *survey, uint64_t cells);

/* Keeps the cell as evidence if it is the first. */
void cm_evidence_note(cm_evidence *evidence, const char *text, uint64_t length, uint64_t line);

/* How a cell fits its column's type. */
typedef enum cm_cell_fit {
    CM_CELL_FITS,
    CM_CELL_NO_DATE,
    CM_CELL_NO_NUMBER,
    CM_CELL_TOO_LARGE,
    CM_CELL_NO_FIT
} cm_cell_fit;
typedef union cm_value {
    int64_t integer; /* BOOL, INT64, DECIMAL, DATE, TIMESTAMP */
    double real;
} cm_value;

/* Widens the type of a column of numbers or dates so that it takes this cell, which does not fit: INT64 and DECIMAL to
 * a larger scale, DATE to TIMESTAMP. False: it is none. */
bool cm_decision_widen(const cm_context *ctx, cm_decision *decision, const char *text, uint64_t length, uint64_t line);
/* A value as the decision before had it, as this one has it; at the end of its range where it does not fit. */
void cm_value_widen(const cm_decision *before, const cm_decision *decision, cm_value *value);

/* The readings of a date column that no cell settles, or that mixes zones, as CM_E_COLUMN. */
cm_status cm_survey_fail_dates(cm_context *ctx, const cm_survey *survey, const char *name);

/* The value of a cell with text; not of STRING columns. */
cm_cell_fit cm_decision_read(const cm_decision *decision, const char *text, uint64_t length, cm_value *out);

/* The column made of a STRING column's texts as its role (date, quantity, price, amount, cost) needs it. CM_E_DATA with
 * the row of a value that does not fit; CM_E_COLUMN for dates that can be read in two ways or that mix zoned and naive
 * times. */
cm_status cm_infer_column(cm_context *ctx, const cm_table *table, uint64_t column, int32_t role, int32_t date_order,
                          cm_column **out);

#endif
