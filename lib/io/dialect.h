/* What the beginning of a file says about its delimiter. */
#ifndef CM_IO_DIALECT_H
#define CM_IO_DIALECT_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of a file that are looked at. */
#define CM_DIALECT_SAMPLE (UINT64_C(64) << 10)

/* The one of , ; tab | that cuts most records of the sample into as many fields as the first, which has two or more;
 * of two that do equally well the one that makes more fields. ',' where none cuts the first record. Only the reading of
 * the whole file proves it: a record of another length is a bad row. `whole`: nothing comes behind the sample. */
char cm_dialect_find(const char *bytes, uint64_t length, bool whole);

/* Length of a first line "sep=;", its line end included, with the delimiter that it names; 0: the sample begins with no
 * such line. Spreadsheets write and understand it. */
uint64_t cm_dialect_sep_line(const char *bytes, uint64_t length, char *delimiter);

#endif
