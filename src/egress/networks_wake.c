/* Who wakes a round, and who must be waited for before the networks are gone. */

#include <assert.h>
#include <stdlib.h>

#include "egress/networks_inside.h"

static void hold(struct networks *networks)
{
	atomic_fetch_add(&networks->holds, 1);
}

void networks_wake(struct networks *networks)
{
	if (atomic_exchange(&networks->is_woken, true))
		return;
	hold(networks);
	loop_post(networks->loop, networks->begin_round, networks);
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

void networks_let_go(struct networks *networks)
{
	if (atomic_fetch_sub(&networks->holds, 1) > 1)
		return;
	assert(networks->is_closed);
	if (networks->wanted != NULL)
		wanted_finish(networks->wanted);
	free(networks->wanted);
	free(networks->addresses);
	free(networks->region);
	free(networks->account);
	for (int i = 0; i < NETWORKS_ZONES; i++)
		free((char *)networks->zones[i]);
	free(networks->why_no_netd);
	pthread_cond_destroy(&networks->netd_changed);
	pthread_mutex_destroy(&networks->lock);
	free(networks);
}
