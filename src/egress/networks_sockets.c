/* Sockets of ENIs: who asks for them waits while the ENI, or what it stands on, is being made. */

#include <stdlib.h>

#include "base/scope.h"
#include "egress/networks_inside.h"
#include "egress/provider_host.h"

struct networks_request {
	struct networks *networks;
	struct networks_request *next, **slot; /* its place in networks->requests */
	struct network_interface interface;
	struct socket_wish wish;
	uint64_t born;  /* rounds that had begun then: what a later one does not see is not there */
	uint64_t fresh; /* the round that knows all that was committed before it was asked */
	int64_t timeout_ms;
	struct loop_timer *deadline;
	struct netd_opening *opening; /* netd was asked */
	bool was_refused; /* by netd: the ENI is made anew, then it is asked once more */
	networks_sockets_fn *fn;
	void *ctx;
};

void networks_cancel(struct networks_request *request)
{
	if (request == NULL)
		return;
	loop_cancel_timer(request->deadline);
	netd_client_cancel(request->opening);
	*request->slot = request->next;
	/* The analyzer cannot know that the slot is what points at a request, so that none is met that was freed.
	 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	if (request->next != NULL)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		request->next->slot = request->slot;
	free(request);
}

static void answer(struct networks_request *request, struct networks_sockets *sockets)
{
	networks_sockets_fn *fn = request->fn;
	void *ctx = request->ctx;
	networks_cancel(request);
	fn(ctx, sockets);
}

static void on_opened(void *ctx, struct networks_sockets *sockets)
{
	struct networks_request *request = ctx;
	request->opening = NULL;
	/* Another netd makes the ENI again, or finds it: waiting for that is what the time is for. */
	if (sockets->error.code == SP_CLOSED)
		return;
	if (sockets->error.code != SP_OK && !request->was_refused) {
		request->was_refused = true;
		networks_wake(request->networks);
		return;
	}
	if (sockets->error.code != SP_OK)
		sp_wrap(&sockets->error, "could not use %s", request->interface.id);
	answer(request, sockets);
}

static int ask_netns(struct networks_request *request, const struct wanted_eni *eni,
		     struct sp_error *err)
{
	struct networks *networks = request->networks;
	const char *why;
	if (networks_netd_is_lost(networks, &why))
		return sp_fail(err, SP_SYSTEM, "could not use %s: %s", eni->row.id, why);
	if (things_can_open(networks->things, eni->row.id, request->fresh)) {
		request->opening = netd_client_open_sockets(networks->client, eni->row.id,
							    &request->wish, on_opened, request);
		return 0;
	}
	if (things_state_of(networks->things, eni->row.id, &why) == NETWORK_FAILED)
		return sp_fail(err, SP_SYSTEM, "could not use %s: %s", eni->row.id, why);
	return 0;
}

/* Answers, asks netd, or leaves it waiting. True when it was answered. */
static bool serve(struct networks_request *request)
{
	struct networks *networks = request->networks;
	struct networks_sockets sockets = { 0 };
	const struct wanted_eni *eni =
		networks->wanted == NULL ? NULL
					 : wanted_find_eni(networks->wanted, request->interface.id);
	/* What was committed before, rules above all, holds for these sockets. */
	if (request->opening != NULL || networks->round_taken < request->fresh)
		return false;
	if (eni == NULL) {
		if (networks->round_taken <= request->born) {
			networks_wake(networks);
			return false;
		}
		sp_fail(&sockets.error, SP_NOT_FOUND, "could not use %s: it is not there any more",
			request->interface.id);
	} else if (wanted_provider(networks->wanted, eni) == PROVIDER_HOST) {
		provider_host_open(&eni->row, &request->wish, &sockets);
	} else if (ask_netns(request, eni, &sockets.error) == 0) {
		return false;
	}
	answer(request, &sockets);
	return true;
}

/* Whoever is answered may cancel others and ask for more: after each answer it is begun anew. */
void networks_serve_requests(struct networks *networks)
{
	struct networks_request *request = networks->requests;
	while (request != NULL)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the same */
		request = serve(request) ? networks->requests : request->next;
}

static void serve_now(void *ctx)
{
	struct networks *networks = ctx;
	networks->serve_soon = NULL;
	networks_serve_requests(networks);
}

static void be_late(void *ctx)
{
	struct networks_request *request = ctx;
	request->deadline = NULL;
	struct networks_sockets sockets = { 0 };
	const char *why;
	netd_client_condition(request->networks->client, &why);
	sp_fail(&sockets.error, SP_TIMEOUT, "could not use %s: it was not ready within %lld ms%s%s",
		request->interface.id, (long long)request->timeout_ms, why != NULL ? ": " : "",
		why != NULL ? why : "");
	answer(request, &sockets);
}

struct networks_request *networks_open_sockets(struct networks *networks,
					       const struct network_interface *interface,
					       const struct socket_wish *wish, int64_t timeout_ms,
					       networks_sockets_fn *fn, void *ctx)
{
	struct networks_request *request = sp_alloc(sizeof(*request));
	*request = (struct networks_request){
		.networks = networks,
		.next = networks->requests,
		.slot = &networks->requests,
		.interface = *interface,
		.wish = *wish,
		.born = networks->rounds_begun,
		.fresh = networks->rounds_begun +
			 (networks->is_woken || networks->is_another_due ? 1 : 0),
		.timeout_ms = timeout_ms,
		.fn = fn,
		.ctx = ctx,
	};
	if (request->next != NULL)
		request->next->slot = &request->next;
	networks->requests = request;
	request->deadline = loop_add_timer(networks->loop, timeout_ms, be_late, request);
	if (networks->serve_soon == NULL)
		networks->serve_soon = loop_add_timer(networks->loop, 0, serve_now, networks);
	return request;
}
