/* The parts of the demo page. */
#ifndef CUSTMINE_DEMO_H
#define CUSTMINE_DEMO_H

#include "command.h"

/* demo.c: cells by column name ("" and 0 where there is none), and how the page writes. */
const char *text_of(const cm_table *table, uint64_t row, const char *column);
double number_of(const cm_table *table, uint64_t row, const char *column);
void heading(const char *text);
const char *rounded(double value, char out[32]); /* 8911407.904 as 8,911,408 */

/* A part that the file cannot support says so in a line and is no failure. */
int print_kmeans(struct job *job, const cm_table *customers); /* demo_segments.c */
int print_rules(struct job *job, const cm_table *sales);      /* demo_rules.c */
/* demo_risk.c */
int print_risk(struct job *job, const cm_table *sales, const cm_table *customers);

#endif
