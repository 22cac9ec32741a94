/* The options of cm_table_join: topic "join". */
#ifndef CM_TABLE_JOIN_H
#define CM_TABLE_JOIN_H

#include "table/options.h"

extern const cm_topic cm_join_topic;

#endif
