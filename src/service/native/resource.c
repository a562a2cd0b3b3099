/** What our own operations are about are other services' resources. */

#include <string.h>

#include "service/native/operations.h"
#include "service/transfer/answer.h"

char *native_find_arn(void *context, const json_t *input, const char *kind, const char *value)
{
	(void)input;
	return strcmp(kind, "connector/") == 0 ? answer_connector_arn(context, value) : NULL;
}
