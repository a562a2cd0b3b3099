#pragma once
/** Within service/ec2/: resources as policies name them. */

#include "base/json.h"

/** api_service.find_arn */
char *ec2_find_arn(void *context, const json_t *input, const char *kind, const char *value);
