/*
 * One round brings what is wanted and what is there together, as far as that goes at once:
 *
 *   woken ──► read (pool) ──► adopt (loop) ──► write states (store-writer) ──► woken once more, as long as anything
 *               the store,       netd is told,    gateways, connectors,          was written
 *               this host        sockets given    the ready VPC
 *
 * Whatever happens (a commit, an answer of netd, an address of this host) wakes; a round reads everything anew.
 */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/host_vpc.h"
#include "egress/networks_inside.h"
#include "egress/provider_host.h"
#include "egress/settle.h"

enum { RETRY_MS = 10000 /* what failed, and what could not be read or written */ };

struct round {
	struct networks *networks;
	uint64_t number;
	struct wanted *wanted;
	struct netd_wishes wishes;
	struct host_address *addresses;
	size_t address_count;
	bool host_differs; /* the ready VPC */
	struct settled settled;
	int result; /* of reading, then of writing */
	struct sp_error err;
};

static void begin_round(void *ctx);

static void hold(struct networks *networks)
{
	atomic_fetch_add(&networks->holds, 1);
}

void networks_wake(struct networks *networks)
{
	if (atomic_exchange(&networks->is_woken, true))
		return;
	hold(networks);
	loop_post(networks->loop, begin_round, networks);
}

static void wake_now(void *ctx)
{
	struct networks *networks = ctx;
	networks->wake_soon = NULL;
	networks_wake(networks);
}

void networks_wake_soon(struct networks *networks, int64_t delay_ms)
{
	if (networks->wake_soon == NULL)
		networks->wake_soon = loop_add_timer(networks->loop, delay_ms, wake_now, networks);
}

static void finish_round(struct round *round)
{
	if (round->wanted != NULL)
		wanted_finish(round->wanted);
	free(round->wanted);
	netd_wishes_finish(&round->wishes);
	free(round->addresses);
	settled_finish(&round->settled);
	struct networks *networks = round->networks;
	free(round);
	networks->is_round_running = false;
	if (networks->is_another_due && !networks->is_closed)
		networks_wake(networks);
	networks_let_go(networks);
}

/* ---- trying again ---------------------------------------------------------------------------------------------- */

static void try_again(void *ctx)
{
	struct networks *networks = ctx;
	networks->retry = NULL;
	if (things_retry(networks->things))
		netd_client_push(networks->client);
	networks_wake(networks);
}

static void retry_later(struct networks *networks)
{
	if (networks->retry == NULL)
		networks->retry = loop_add_timer(networks->loop, RETRY_MS, try_again, networks);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static int read_all(struct db *db, void *ctx, struct sp_error *err)
{
	struct round *round = ctx;
	const struct networks *networks = round->networks;
	if (wanted_read(db, networks->region, networks->account, round->wanted, err) != 0)
		return -1;
	if (host_vpc_differs(db, round->addresses, round->address_count, &round->host_differs,
			     err) != 0)
		return -1;
	return settled_read_connectors(db, &round->settled, err);
}

static void read_in_pool(void *ctx)
{
	struct round *round = ctx;
	round->wanted = sp_alloc(sizeof(*round->wanted));
	round->result = host_addresses_list(&round->addresses, &round->address_count, &round->err);
	if (round->result == 0)
		round->result = store_read(round->networks->store, read_all, round, &round->err);
	if (round->result == 0)
		netd_wishes_make(round->wanted, &round->wishes);
}

/* ---- states ---------------------------------------------------------------------------------------------------- */

bool networks_netd_is_lost(const struct networks *networks, const char **out_why)
{
	return netd_client_condition(networks->client, out_why) == NETD_GONE &&
	       sp_monotonic_ms() - networks->netd_gone_ms >= NETWORKS_NETD_PATIENCE_MS;
}

struct verdict {
	enum network_state state;
	struct sp_error failure;
};

static struct verdict judge_host_eni(const struct networks *networks, const struct wanted_eni *eni)
{
	struct verdict verdict = { .state = NETWORK_ACTIVE };
	if (!host_addresses_own(networks->addresses, networks->address_count, eni->address) &&
	    provider_host_check(&eni->row, &verdict.failure) != 0)
		verdict.state = NETWORK_FAILED;
	return verdict;
}

static struct verdict judge_netns_eni(const struct networks *networks, const struct wanted_eni *eni)
{
	const char *why;
	struct verdict verdict = { .state = NETWORK_FAILED };
	if (networks_netd_is_lost(networks, &why)) {
		sp_fail(&verdict.failure, SP_SYSTEM, "could not make %s: %s", eni->row.id, why);
		return verdict;
	}
	verdict.state = things_state_of(networks->things, eni, &why);
	if (verdict.state == NETWORK_FAILED)
		sp_fail(&verdict.failure, SP_SYSTEM, "%s", why);
	return verdict;
}

/* A gateway is what its ENIs are: one that failed decides, then one that is being made. */
static void judge_gateways(const struct networks *networks, struct verdict *verdicts)
{
	const struct wanted *wanted = networks->wanted;
	for (size_t i = 0; i < wanted->gateway_count; i++)
		verdicts[i].state = NETWORK_ACTIVE;
	for (size_t i = 0; i < wanted->eni_count; i++) {
		const struct wanted_eni *eni = &wanted->enis[i];
		struct verdict *gateway = &verdicts[eni->gateway];
		if (gateway->state == NETWORK_FAILED)
			continue;
		struct verdict own = wanted_provider(wanted, eni) == PROVIDER_HOST
					     ? judge_host_eni(networks, eni)
					     : judge_netns_eni(networks, eni);
		if (own.state != NETWORK_ACTIVE)
			*gateway = own;
	}
}

static void tell_gateway(const struct resource_gateway *row, const struct verdict *verdict)
{
	if (verdict->state == NETWORK_FAILED)
		sp_log(SP_LOG_WARNING, "the resource gateway \"%s\" (%s) failed: %s", row->name,
		       row->id, verdict->failure.message);
	else if (verdict->state == NETWORK_ACTIVE)
		sp_log(SP_LOG_INFO, "the resource gateway \"%s\" (%s) is active", row->name,
		       row->id);
}

/* A gateway that was active stays so while netd takes another look: only failures are news. */
static bool is_news(const struct resource_gateway *row, const struct verdict *verdict)
{
	if (verdict->state == NETWORK_IN_PROGRESS)
		return false;
	if (row->state != verdict->state)
		return true;
	return verdict->state == NETWORK_FAILED &&
	       !sp_text_equal(row->failure, verdict->failure.message);
}

static void settle_gateways(struct round *round)
{
	struct networks *networks = round->networks;
	const struct wanted *wanted = networks->wanted;
	SP_AUTO_FREE struct verdict *verdicts =
		sp_alloc((wanted->gateway_count + 1) * sizeof(*verdicts));
	judge_gateways(networks, verdicts);
	for (size_t i = 0; i < wanted->gateway_count; i++) {
		const struct resource_gateway *row = &wanted->gateways[i].row;
		if (verdicts[i].state == NETWORK_FAILED)
			retry_later(networks);
		if (!is_news(row, &verdicts[i]))
			continue;
		tell_gateway(row, &verdicts[i]);
		settled_add_gateway(
			&round->settled, row->id, verdicts[i].state,
			verdicts[i].state == NETWORK_FAILED ? verdicts[i].failure.message : NULL);
	}
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static int write_all(struct db *db, void *ctx, struct sp_error *err)
{
	struct round *round = ctx;
	struct networks *networks = round->networks;
	struct host_vpc_options options = { networks->region, networks->account, networks->zones };
	if (round->host_differs &&
	    host_vpc_mirror(db, &options, networks->addresses, networks->address_count, err) != 0)
		return -1;
	return settled_write(db, &round->settled, err);
}

static void after_write(void *ctx)
{
	struct round *round = ctx;
	struct networks *networks = round->networks;
	if (round->result != 0 && !networks->is_closed) {
		sp_log(SP_LOG_ERROR, "could not note the states of networks: %s",
		       round->err.message);
		retry_later(networks);
	} else {
		networks->is_another_due = true; /* what was written may settle more */
	}
	finish_round(round);
}

static void written(void *ctx, int result, const struct sp_error *err)
{
	struct round *round = ctx;
	round->result = result;
	if (result != 0)
		round->err = *err;
	loop_post(round->networks->loop, after_write, round);
}

/* ---- the round ------------------------------------------------------------------------------------------------- */

static void adopt(struct round *round)
{
	struct networks *networks = round->networks;
	/* The wishes borrow from what is wanted, and things keep the wishes. */
	struct wanted *before = networks->wanted;
	networks->wanted = sp_take_pointer(&round->wanted);
	things_want(networks->things, &round->wishes);
	if (before != NULL)
		wanted_finish(before);
	free(before);
	free(networks->addresses);
	networks->addresses = sp_take_pointer(&round->addresses);
	networks->address_count = round->address_count;
	networks->round_taken = round->number;
	netd_client_push(networks->client);
	networks_serve_requests(networks);
}

static void after_read(void *ctx)
{
	struct round *round = ctx;
	struct networks *networks = round->networks;
	if (networks->is_closed) {
		finish_round(round);
		return;
	}
	if (round->result != 0) {
		sp_log(SP_LOG_ERROR, "%s", round->err.message);
		retry_later(networks);
		finish_round(round);
		return;
	}
	adopt(round);
	settle_gateways(round);
	if (things_have_failed(networks->things))
		retry_later(networks);
	if (round->host_differs || round->settled.gateway_count > 0 ||
	    round->settled.connector_count > 0)
		store_submit(networks->store, write_all, round, written, round);
	else
		finish_round(round);
}

static void begin_round(void *ctx)
{
	struct networks *networks = ctx;
	atomic_store(&networks->is_woken, false);
	if (networks->is_closed) {
		networks_let_go(networks);
		return;
	}
	if (networks->is_round_running) {
		networks->is_another_due = true;
		networks_let_go(networks);
		return;
	}
	networks->is_round_running = true;
	networks->is_another_due = false;
	struct round *round = sp_alloc(sizeof(*round));
	round->networks = networks; /* and the hold of whoever woke us */
	round->number = ++networks->rounds_begun;
	pool_run(networks->reads, networks->loop, read_in_pool, after_read, round);
}
