#include "api/protocol.h"

#include <string.h>

#include "base/text.h"

const struct api_operation *protocol_find_operation(const struct api_service *service,
						    const char *name)
{
	for (const struct api_operation *at = service->operations; at->name != NULL; at++)
		if (strcmp(at->name, name) == 0)
			return at;
	return NULL;
}

int protocol_unknown_operation(const struct api_service *service, const char *name,
			       struct sp_error *err)
{
	SP_AUTO_BUFFER names = { 0 };
	for (const struct api_operation *at = service->operations; at->name != NULL; at++)
		sp_buffer_format(&names, "%s%s", at == service->operations ? "" : ", ", at->name);
	return sp_fail(err, SP_UNSUPPORTED, "%s has no operation \"%.64s\" here; it has %s",
		       service->title, name, sp_buffer_text(&names));
}
