#pragma once
/** Within service/ec2/: availability zones. Networks of this machine are in all of them alike. */

#include "model/network.h"

/** "eu-central-1a" has the id "euc1-az1". */
void ec2_zone_id(const char *region, const char *zone, char out[ZONE_SIZE]);
