#include "egress/networks.h"

#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "egress/networks_inside.h"
#include "egress/provider_host.h"

int networks_open(struct loop *loop, struct store *store, struct pool *reads,
		  const struct networks_options *options, struct networks **out,
		  struct sp_error *err)
{
	(void)err;
	struct networks *networks = sp_alloc(sizeof(*networks));
	networks->loop = loop;
	networks->store = store;
	networks->reads = reads;
	networks->default_provider = PROVIDER_HOST;
	networks->why_no_netd = sp_strdup(options->why_no_netd);
	for (int i = 0; i < NETWORKS_ZONES; i++) {
		struct sp_buffer zone = { 0 };
		sp_buffer_format(&zone, "%s%c", options->region, 'a' + i);
		networks->zones[i] = sp_buffer_take(&zone);
	}
	*out = networks;
	return 0;
}

void networks_close(struct networks *networks)
{
	if (networks == NULL)
		return;
	while (networks->requests != NULL)
		networks_cancel(networks->requests);
	for (int i = 0; i < NETWORKS_ZONES; i++)
		free((char *)networks->zones[i]);
	free(networks->why_no_netd);
	free(networks);
}

void networks_wake(struct networks *networks)
{
	(void)networks;
}

int networks_choose_provider(struct networks *networks, const char *name,
			     enum network_provider *out, struct sp_error *err)
{
	enum network_provider provider = networks->default_provider;
	if (name != NULL && !network_provider_find(name, &provider))
		return sp_fail(err, SP_INVALID,
			       "cannot make a network of the kind \"%s\": known are \"host\" and "
			       "\"netns\"",
			       name);
	if (provider == PROVIDER_NETNS)
		return sp_fail(err, SP_UNSUPPORTED,
			       "cannot make a network of kernel namespaces: %s",
			       networks->why_no_netd);
	*out = provider;
	return 0;
}

const char *const *networks_zones(const struct networks *networks)
{
	return networks->zones;
}

void networks_cancel(struct networks_request *request)
{
	if (request == NULL)
		return;
	loop_cancel_timer(request->timer);
	*request->slot = request->next;
	if (request->next != NULL)
		request->next->slot = request->slot;
	free(request);
}

static void answer(void *ctx)
{
	struct networks_request *request = ctx;
	request->timer = NULL;
	struct networks_sockets sockets;
	provider_host_open(&request->interface, request->streams, request->datagrams, &sockets);
	networks_sockets_fn *fn = request->fn;
	void *fn_ctx = request->ctx;
	networks_cancel(request);
	fn(fn_ctx, &sockets);
}

struct networks_request *networks_open_sockets(struct networks *networks,
					       const struct network_interface *interface,
					       size_t streams, size_t datagrams, int64_t timeout_ms,
					       networks_sockets_fn *fn, void *ctx)
{
	(void)timeout_ms;
	struct networks_request *request = sp_alloc(sizeof(*request));
	*request = (struct networks_request){
		.networks = networks,
		.next = networks->requests,
		.slot = &networks->requests,
		.interface = *interface,
		.streams = streams,
		.datagrams = datagrams,
		.fn = fn,
		.ctx = ctx,
	};
	if (request->next != NULL)
		request->next->slot = &request->next;
	networks->requests = request;
	request->timer = loop_add_timer(networks->loop, 0, answer, request);
	return request;
}
