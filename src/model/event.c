#include "model/event.h"

#include <stdlib.h>

void event_finish(struct event *event)
{
	free(event->url);
	free(event->configuration_arn);
	free(event->path);
	free(event->local_directory);
	free(event->remote_directory);
	free(event->bucket);
	free(event->key);
	free(event->failure_message);
	*event = (struct event){ 0 };
}
