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

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "egress/forget_nats.h"
#include "egress/host_vpc.h"
#include "egress/networks_inside.h"

enum { RETRY_MS = 10000 /* what failed, and what could not be read or written */ };

struct round {
	struct networks *networks;
	uint64_t number;
	struct wanted *wanted;
	struct netd_wishes wishes;
	struct host_address *addresses;
	size_t address_count;
	bool host_differs; /* the ready VPC */
	bool forgets;      /* something deleted was shown for long enough */
	struct settled settled;
	int result; /* of reading, then of writing */
	struct sp_error err;
};

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
	const struct wanted_options options = { networks->region, networks->account,
						networks->leads_to_host, round->addresses,
						round->address_count };
	if (wanted_read(db, &options, round->wanted, err) != 0)
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

/* ---- writing --------------------------------------------------------------------------------------------------- */

static int write_all(struct db *db, void *ctx, struct sp_error *err)
{
	struct round *round = ctx;
	struct networks *networks = round->networks;
	struct host_vpc_options options = { networks->region, networks->account, networks->zones };
	if (round->host_differs &&
	    host_vpc_mirror(db, &options, networks->addresses, networks->address_count, err) != 0)
		return -1;
	if (round->forgets &&
	    forget_nats(db, networks->region, networks->account, sp_now_ms(), err) != 0)
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
	things_want(networks->things, &round->wishes, round->number);
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

static void forget_now(void *ctx)
{
	struct networks *networks = ctx;
	networks->forget = NULL;
	networks_wake(networks);
}

/* Whether there is something to forget now; else a later round is there for it. */
static bool look_at_deleted(struct networks *networks)
{
	loop_cancel_timer(sp_take_pointer(&networks->forget));
	int64_t due_ms = forget_due_ms(networks->wanted), now_ms = sp_now_ms();
	if (due_ms > now_ms)
		networks->forget =
			loop_add_timer(networks->loop, due_ms - now_ms, forget_now, networks);
	return due_ms != 0 && due_ms <= now_ms;
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
	bool any_failed = networks_judge(networks, &round->settled);
	if (any_failed || things_have_failed(networks->things))
		retry_later(networks);
	round->forgets = look_at_deleted(networks);
	if (round->host_differs || round->forgets || !settled_is_empty(&round->settled))
		store_submit(networks->store, write_all, round, written, round);
	else
		finish_round(round);
}

void networks_begin_round(void *ctx)
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
