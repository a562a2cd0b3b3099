#include "base/arn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

bool sp_arn_parse(const char *text, struct sp_arn *out)
{
	char prefix[SP_ARN_PART_MAX];
	char *const parts[] = { prefix, out->partition, out->service, out->region, out->account };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *colon = strchr(text, ':');
		if (colon == NULL || (size_t)(colon - text) >= SP_ARN_PART_MAX)
			return false;
		memcpy(parts[i], text, (size_t)(colon - text));
		parts[i][colon - text] = '\0';
		text = colon + 1;
	}
	out->resource = text;
	return strcmp(prefix, "arn") == 0 && out->partition[0] != '\0' && out->service[0] != '\0' &&
	       *text != '\0';
}

char *sp_arn_format(const char *service, const char *region, const char *account,
		    const char *resource_format, ...)
{
	SP_AUTO_BUFFER arn = { 0 };
	char resource[SP_ARN_MAX];
	va_list args;
	va_start(args, resource_format);
	vsnprintf(resource, sizeof(resource), resource_format, args);
	va_end(args);
	sp_buffer_format(&arn, "arn:aws:%s:%s:%s:%s", service, region, account, resource);
	return sp_buffer_take(&arn);
}
