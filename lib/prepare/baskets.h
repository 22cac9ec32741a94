/* Baskets from a state of orders that keeps items. */
#ifndef CM_PREPARE_BASKETS_H
#define CM_PREPARE_BASKETS_H

#include "prepare/orders.h"

extern const cm_topic cm_baskets_topic;

#endif
