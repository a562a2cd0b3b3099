/* Sockets that are asked of sallyport-netd: who waits for them. */

#include <stdlib.h>

#include "egress/netd_client_inside.h"

void netd_client_cancel(struct netd_opening *opening)
{
	if (opening == NULL)
		return;
	struct netd_client *client = opening->client;
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		if (client->flights[i].opening == opening)
			client->flights[i].opening = NULL;
	*opening->slot = opening->next;
	if (opening->next != NULL)
		opening->next->slot = opening->slot;
	free(opening);
}

void opening_end(struct netd_opening *opening, struct networks_sockets *sockets)
{
	networks_sockets_fn *fn = opening->fn;
	void *ctx = opening->ctx;
	netd_client_cancel(opening);
	fn(ctx, sockets);
}

struct netd_opening *openings_next(const struct netd_client *client)
{
	for (struct netd_opening *at = client->openings; at != NULL; at = at->next)
		if (!at->is_sent)
			return at;
	return NULL;
}

void openings_end(struct netd_client *client, const struct sp_error *why)
{
	struct netd_opening *last = client->openings;
	while (last != NULL && last->next != NULL)
		last = last->next;
	while (client->openings != NULL) {
		struct netd_opening *opening = client->openings;
		bool was_last = opening == last;
		struct networks_sockets sockets = { .error = *why };
		opening_end(opening, &sockets);
		if (was_last)
			break;
	}
}
