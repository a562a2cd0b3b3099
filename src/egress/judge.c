/* Resource gateways and NAT gateways are what their network interfaces are. */

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/networks_inside.h"
#include "egress/provider_host.h"

struct verdict {
	enum network_state state;
	struct sp_error failure;
};

bool networks_netd_is_lost(const struct networks *networks, const char **out_why)
{
	return netd_client_condition(networks->client, out_why) == NETD_GONE &&
	       sp_monotonic_ms() - networks->netd_gone_ms >= NETWORKS_NETD_PATIENCE_MS;
}

/* ---- network interfaces ---------------------------------------------------------------------------------------- */

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
	verdict.state = things_state_of(networks->things, eni->row.id, &why);
	if (verdict.state == NETWORK_FAILED)
		sp_fail(&verdict.failure, SP_SYSTEM, "%s", why);
	return verdict;
}

static struct verdict judge_eni(const struct networks *networks, const struct wanted_eni *eni)
{
	return wanted_provider(networks->wanted, eni) == PROVIDER_HOST
		       ? judge_host_eni(networks, eni)
		       : judge_netns_eni(networks, eni);
}

/* ---- resource gateways ----------------------------------------------------------------------------------------- */

/* One interface that failed decides, then one that is being made. */
static void judge_gateways(const struct networks *networks, struct verdict *verdicts)
{
	const struct wanted *wanted = networks->wanted;
	for (size_t i = 0; i < wanted->gateway_count; i++)
		verdicts[i].state = NETWORK_ACTIVE;
	for (size_t i = 0; i < wanted->eni_count; i++) {
		const struct wanted_eni *eni = &wanted->enis[i];
		if (eni->gateway == WANTED_NONE || verdicts[eni->gateway].state == NETWORK_FAILED)
			continue;
		struct verdict own = judge_eni(networks, eni);
		if (own.state != NETWORK_ACTIVE)
			verdicts[eni->gateway] = own;
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
static bool is_gateway_news(const struct resource_gateway *row, const struct verdict *verdict)
{
	if (verdict->state == NETWORK_IN_PROGRESS)
		return false;
	if (row->state != verdict->state)
		return true;
	return verdict->state == NETWORK_FAILED &&
	       !sp_text_equal(row->failure, verdict->failure.message);
}

static bool settle_gateways(const struct networks *networks, struct settled *out)
{
	const struct wanted *wanted = networks->wanted;
	SP_AUTO_FREE struct verdict *verdicts =
		sp_alloc((wanted->gateway_count + 1) * sizeof(*verdicts));
	bool any_failed = false;
	judge_gateways(networks, verdicts);
	for (size_t i = 0; i < wanted->gateway_count; i++) {
		const struct resource_gateway *row = &wanted->gateways[i].row;
		bool has_failed = verdicts[i].state == NETWORK_FAILED;
		any_failed = any_failed || has_failed;
		if (!is_gateway_news(row, &verdicts[i]))
			continue;
		tell_gateway(row, &verdicts[i]);
		settled_add_gateway(out, row->id, verdicts[i].state,
				    has_failed ? verdicts[i].failure.message : NULL);
	}
	return any_failed;
}

/* ---- NAT gateways ---------------------------------------------------------------------------------------------- */

static bool is_nat_news(const struct nat_gateway *row, enum nat_state state, const char *failure)
{
	return row->state != state || !sp_text_equal(row->failure, failure);
}

/* Returns whether it has failed. What failed when it was asked for has no interface, and stays as it is. */
static bool settle_nat(const struct networks *networks, const struct wanted_eni *eni,
		       struct settled *out)
{
	const struct nat_gateway *row = &networks->wanted->nats[eni->nat].row;
	struct verdict verdict = judge_eni(networks, eni);
	bool has_failed = verdict.state == NETWORK_FAILED;
	enum nat_state state = has_failed ? NAT_FAILED : NAT_AVAILABLE;
	const char *failure = has_failed ? verdict.failure.message : NULL;
	if (verdict.state == NETWORK_IN_PROGRESS || row->state == NAT_DELETED ||
	    !is_nat_news(row, state, failure))
		return has_failed;
	if (has_failed)
		sp_log(SP_LOG_WARNING, "the NAT gateway %s failed: %s", row->id, failure);
	else
		sp_log(SP_LOG_INFO, "the NAT gateway %s is available", row->id);
	settled_add_nat(out, row->id, state, failure);
	return has_failed;
}

bool networks_judge(const struct networks *networks, struct settled *out)
{
	const struct wanted *wanted = networks->wanted;
	bool any_failed = settle_gateways(networks, out);
	for (size_t i = 0; i < wanted->eni_count; i++)
		if (wanted->enis[i].nat != WANTED_NONE &&
		    settle_nat(networks, &wanted->enis[i], out))
			any_failed = true;
	return any_failed;
}
