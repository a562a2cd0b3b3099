#include "egress/egress.h"

#include <ares.h>

#include "base/clock.h"
#include "base/scope.h"
#include "egress/attempt.h"

int egress_open(struct loop *loop, struct store *store, struct pool *reads,
		struct networks *networks, const struct egress_options *options,
		struct egress **out, struct sp_error *err)
{
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return sp_fail(err, SP_SYSTEM, "could not start the resolver");

	struct egress *egress = sp_alloc(sizeof(*egress));
	egress->loop = loop;
	egress->store = store;
	egress->reads = reads;
	egress->networks = networks;
	egress->allow_private_targets = options->allow_private_targets;
	egress->connect_timeout_ms = options->connect_timeout_ms;
	egress->dns_servers = sp_strdup(options->dns_servers);
	egress->flows = options->flows;
	if (service_managed_open(egress, options, err) != 0 ||
	    (egress->dns_servers != NULL && lookup_check_servers(egress->dns_servers, err) != 0)) {
		egress_close(egress);
		return -1;
	}
	*out = egress;
	return 0;
}

void egress_close(struct egress *egress)
{
	if (egress == NULL)
		return;
	struct egress_attempt *next;
	for (struct egress_attempt *attempt = egress->attempts; attempt != NULL; attempt = next) {
		next = attempt->next;
		egress_cancel(attempt);
	}
	free(egress->dns_servers);
	free(egress);
	ares_library_cleanup();
}

size_t egress_source_count(const struct egress *egress)
{
	return egress->source_count;
}

const char *egress_source_at(const struct egress *egress, size_t index)
{
	return index < egress->source_count ? egress->sources[index].text : NULL;
}

/* ---- attempts ---------------------------------------------------------------------------------------------------- */

static void begin(void *ctx)
{
	struct egress_attempt *attempt = ctx;
	attempt->timer = NULL;
	if (attempt->configuration_arn == NULL)
		service_managed_begin(attempt);
	else
		private_begin(attempt);
}

struct egress_attempt *egress_connect(struct egress *egress, const struct egress_target *target,
				      egress_fn *fn, void *ctx)
{
	struct egress_attempt *attempt = sp_alloc(sizeof(*attempt));
	attempt->egress = egress;
	attempt->host = sp_strdup(target->host);
	attempt->configuration_arn = sp_strdup(target->configuration_arn);
	attempt->port = target->port;
	attempt->dual_stack = target->dual_stack;
	attempt->fn = fn;
	attempt->ctx = ctx;
	attempt->connector_id = sp_strdup(target->connector_id);
	attempt->transfer_id = sp_strdup(target->transfer_id);
	attempt->holder = target->holder;
	attempt->source_turn = egress->source_turn++;
	attempt->began_ms = sp_now_ms();
	attempt->deadline_ms = sp_monotonic_ms() + egress->connect_timeout_ms;
	attempt->next = egress->attempts;
	if (attempt->next != NULL)
		attempt->next->slot = &attempt->next;
	attempt->slot = &egress->attempts;
	egress->attempts = attempt;
	trace_begin(&attempt->trace);
	attempt->timer = loop_add_timer(egress->loop, 0, begin, attempt);
	return attempt;
}

void egress_cancel(struct egress_attempt *attempt)
{
	struct sp_error err = { 0 };
	if (attempt == NULL)
		return;
	sp_fail(&err, SP_CANCELLED,
		"the connection was given up: the worker that asked for it is gone");
	attempt_give_up(attempt, &err);
}

void egress_flow_end(struct egress *egress, const void *holder)
{
	if (egress->flows != NULL)
		flow_log_end(egress->flows, holder);
}
