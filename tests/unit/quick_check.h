/* Included before every test. Check reports each passed assertion to its parent process, so that it can say where a
 * test was when it crashed; with millions of assertions that takes most of the time and gigabytes. Failures are
 * reported as ever. */
#include <check.h>
#define _mark_point(file, line) ((void)0)
