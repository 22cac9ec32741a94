/* Student's t: tests and intervals of means. */
#ifndef CM_BASE_STUDENT_H
#define CM_BASE_STUDENT_H

/* P(|T| >= |t|) for df > 0 degrees of freedom, whole or not: relative error about 1e-12; 0 below 1e-308
 * and from |t| = 1e154 on. */
double cm_student_two_sided(double t, double df);

/* The t of a two-sided interval of this probability; 0 < inside < 1, df >= 1. */
double cm_student_t(double inside, double df);

#endif
