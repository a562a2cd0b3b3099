#include "events/webhook_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

void webhook_lanes_finish(struct webhook_lane *lanes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(lanes[i].failure);
	free(lanes);
}

const char *webhook_lane_state_name(enum webhook_lane_state state)
{
	switch (state) {
	case WEBHOOK_DELIVERING:
		return "DELIVERING";
	case WEBHOOK_RETRYING:
		return "RETRYING";
	case WEBHOOK_PARKED:
		return "PARKED";
	}
	return "UNKNOWN";
}

char *webhook_origin(const char *url)
{
	const char *mark = strstr(url, "://");
	const char *host = mark == NULL ? url : mark + strlen("://");
	size_t length = strcspn(host, "/?#");
	for (const char *at = host + length; at > host; at--) {
		if (at[-1] != '@')
			continue;
		length -= (size_t)(at - host);
		host = at;
		break;
	}
	struct sp_buffer out = { 0 };
	sp_buffer_add(&out, url, mark == NULL ? 0 : (size_t)(mark - url) + strlen("://"));
	sp_buffer_add(&out, host, length);
	return sp_buffer_take(&out);
}
