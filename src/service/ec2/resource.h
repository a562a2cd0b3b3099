#pragma once
/** Within service/ec2/: resources as policies name them. */

#include "api/service.h"
#include "base/json.h"

/** api_service.resolve: a security group's id in the place of its name, when it is the only one that has it. */
void ec2_resolve(void *context, const struct api_operation *operation, json_t *input);

/** api_service.find_arn */
char *ec2_find_arn(void *context, const json_t *input, const char *kind, const char *value);
