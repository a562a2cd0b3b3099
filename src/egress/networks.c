#include "egress/networks.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/host_vpc.h"
#include "egress/networks_inside.h"

enum {
	TOGETHER_MS = 10, /* netd's answers, before a round looks at them */
	NETD_BEGIN_MS =
		3000, /* whoever makes a VPC waits so long for netd to say whether it works */
	MS_A_SECOND = 1000,
	NS_A_MS = 1000000,
};

const char *networks_failure_of(struct networks *networks, const char *id)
{
	return things_failure_of(networks->things, id);
}

bool networks_host_owns(const struct networks *networks, struct ip_address address)
{
	return host_addresses_own(networks->addresses, networks->address_count, address);
}

void networks_doubt(struct networks *networks, const char *vpc_id)
{
	if (things_doubt_ways(networks->things, vpc_id, sp_monotonic_ms()))
		netd_client_push(networks->client);
}

const char *const *networks_zones(const struct networks *networks)
{
	return networks->zones;
}

/* ---- what netd is to other threads ----------------------------------------------------------------------------- */

static void patience_is_over(void *ctx)
{
	struct networks *networks = ctx;
	networks->patience = NULL;
	networks_wake(networks);
}

static void note_netd(struct networks *networks)
{
	const char *why;
	enum netd_condition netd = netd_client_condition(networks->client, &why);
	if (netd != NETD_GONE) {
		networks->netd_gone_ms = 0;
		loop_cancel_timer(sp_take_pointer(&networks->patience));
	} else if (networks->netd_gone_ms == 0) {
		networks->netd_gone_ms = sp_monotonic_ms();
		networks->patience = loop_add_timer(networks->loop, NETWORKS_NETD_PATIENCE_MS,
						    patience_is_over, networks);
	}
	pthread_mutex_lock(&networks->lock);
	networks->netd = netd;
	free(networks->why_no_netd);
	networks->why_no_netd = sp_strdup(why);
	pthread_cond_broadcast(&networks->netd_changed);
	pthread_mutex_unlock(&networks->lock);
}

/* It came, went, or has answered. */
static void on_netd(void *ctx)
{
	struct networks *networks = ctx;
	if (networks->client == NULL)
		return; /* it is being opened, and looked at afterwards */
	note_netd(networks);
	networks_wake_soon(networks, TOGETHER_MS);
}

static struct timespec in_ms(int64_t ms)
{
	int64_t at = sp_monotonic_ms() + ms;
	return (struct timespec){ .tv_sec = at / MS_A_SECOND,
				  .tv_nsec = at % MS_A_SECOND * NS_A_MS };
}

/* Whether netd works, once it has said so or was waited for. */
static bool netd_works(struct networks *networks, struct sp_error *err)
{
	struct timespec until = in_ms(NETD_BEGIN_MS);
	pthread_mutex_lock(&networks->lock);
	int waited = 0;
	while (networks->netd == NETD_STARTING && waited == 0)
		waited = pthread_cond_timedwait(&networks->netd_changed, &networks->lock, &until);
	bool works = networks->netd == NETD_WORKS;
	if (!works)
		sp_fail(err, SP_UNSUPPORTED, "cannot make a network of kernel namespaces: %s",
			networks->why_no_netd != NULL ? networks->why_no_netd
						      : "sallyport-netd is still starting");
	pthread_mutex_unlock(&networks->lock);
	return works;
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
	if (name == NULL && networks->chooses_itself)
		provider = netd_works(networks, NULL) ? PROVIDER_NETNS : PROVIDER_HOST;
	else if (provider == PROVIDER_NETNS && !netd_works(networks, err))
		return -1;
	*out = provider;
	return 0;
}

/* ---- beginning and ending -------------------------------------------------------------------------------------- */

static int set_default(struct networks *networks, const char *name, struct sp_error *err)
{
	networks->chooses_itself = strcmp(name, "auto") == 0;
	if (!networks->chooses_itself && !network_provider_find(name, &networks->default_provider))
		return sp_fail(err, SP_INVALID,
			       "there is no network provider \"%s\": known are \"auto\", \"netns\" "
			       "and \"host\"",
			       name);
	return 0;
}

static void set_zones(struct networks *networks)
{
	for (int i = 0; i < NETWORKS_ZONES; i++) {
		struct sp_buffer zone = { 0 };
		sp_buffer_format(&zone, "%s%c", networks->region, 'a' + i);
		networks->zones[i] = sp_buffer_take(&zone);
	}
}

static int mirror_host(struct db *db, void *ctx, struct sp_error *err)
{
	const struct networks *networks = ctx;
	struct host_vpc_options options = { networks->region, networks->account, networks->zones };
	return host_vpc_mirror(db, &options, networks->addresses, networks->address_count, err);
}

/* The state folder's name stands for it in the kernel, where names are short. */
static struct things *create_things(const char *state_directory)
{
	char hex[SP_SHA256_HEX_SIZE], owner[NETD_OWNER_SIZE] = "";
	sp_sha256_hex(state_directory, strlen(state_directory), hex);
	memcpy(owner, hex, sizeof(owner) - 1);
	return things_create(owner);
}

static void open_client(struct networks *networks, const struct networks_options *options)
{
	struct netd_client_options wishes = {
		.things = networks->things,
		.fd = options->netd_fd,
		.socket = options->netd_socket,
		.why_none = options->why_no_netd,
		.respawn = options->respawn,
		.respawn_ctx = options->respawn_ctx,
		.changed = on_netd,
		.changed_ctx = networks,
	};
	networks->client = netd_client_open(networks->loop, &wishes);
	note_netd(networks);
}

static void on_host_change(void *ctx)
{
	networks_wake(ctx);
}

static void init_lock(struct networks *networks)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&networks->lock, NULL);
	pthread_cond_init(&networks->netd_changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

int networks_open(struct loop *loop, struct store *store, struct pool *reads,
		  const struct networks_options *options, struct networks **out,
		  struct sp_error *err)
{
	struct networks *networks = sp_alloc(sizeof(*networks));
	networks->loop = loop;
	networks->store = store;
	networks->reads = reads;
	networks->begin_round = networks_begin_round;
	networks->region = sp_strdup(options->region);
	networks->account = sp_strdup(options->account);
	networks->leads_to_host = options->internet;
	networks->holds = 1; /* until networks_close() */
	init_lock(networks);
	set_zones(networks);
	networks->things = create_things(options->state_directory);
	int netd_fd = options->netd_fd;
	if (set_default(networks, options->default_provider, err) != 0 ||
	    host_addresses_list(&networks->addresses, &networks->address_count, err) != 0 ||
	    store_write(store, mirror_host, networks, err) != 0 ||
	    host_watch_open(loop, on_host_change, networks, &networks->watch, err) != 0) {
		sp_close_fd(&netd_fd);
		networks_close(networks);
		return -1;
	}
	open_client(networks, options);
	networks_wake(networks);
	*out = networks;
	return 0;
}

void networks_close(struct networks *networks)
{
	if (networks == NULL)
		return;
	while (networks->requests != NULL)
		networks_cancel(networks->requests);
	struct loop_timer *const timers[] = { networks->wake_soon, networks->serve_soon,
					      networks->retry, networks->patience,
					      networks->forget };
	for (size_t i = 0; i < SP_COUNT_OF(timers); i++)
		loop_cancel_timer(timers[i]);
	host_watch_close(networks->watch);
	netd_client_close(networks->client);
	things_destroy(networks->things);
	networks->is_closed = true;
	networks_let_go(networks);
}
