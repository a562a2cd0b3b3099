#pragma once
/** For the tests of networks: the house as a network of kernel namespaces, with a netd that only notes what it is told. */

#include "house.h"
#include "netd_peer.h"

#include "base/clock.h"
#include "base/text.h"
#include "egress/networks.h"

#define OTHER_GATEWAY "rgw-00000000000000002"
#define OTHER_ENI     "eni-00000000000000003"
#define SUBNET_ARN    "arn:aws:ec2:eu-central-1:000000000000:subnet/" SUBNET

#define THE_SUBNET   "SUBNET " SUBNET " uplink= router=7f4d0101 table=" MAIN_TABLE "\n"
#define ALL_BUT_ENIS "OWNER\nBEGIN\nVPC " VPC "\n" THE_SUBNET "TABLE " MAIN_TABLE "\n"
#define BOTH_ENIS    "ENI " FIRST_ENI " rules=1 servers=0\nENI " SECOND_ENI " rules=1 servers=0\n"
#define ENIS_AGAIN   "ENI " FIRST_ENI " rules=1 servers=2\nENI " SECOND_ENI " rules=1 servers=2\n"
#define ALL          ALL_BUT_ENIS BOTH_ENIS "END\n"

enum { PATIENCE_MS = 20000, TURN_MS = 2 };

struct fixture {
	struct house house;
	struct loop *loop;
	struct pool *reads;
	struct networks *networks;
	struct netd_peer peer, successor;
	int spawned;
	bool internet; /* network.internet */
	struct networks_sockets sockets;
	int answers;
};

/* ---- the world ---- */

static inline int make_netns(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct vpc vpc;
	struct resource_gateway gateway;
	if (vpcs_find(db, VPC, &vpc, err) != 0 || gateways_find(db, GATEWAY, &gateway, err) != 0)
		return -1;
	vpc.provider = PROVIDER_NETNS;
	gateway.state = NETWORK_IN_PROGRESS;
	int result = vpcs_update(db, &vpc, err);
	if (result == 0)
		result = gateways_update(db, &gateway, err);
	resource_gateway_finish(&gateway);
	return result;
}

static inline int respawn(void *ctx, struct sp_error *err)
{
	struct fixture *f = ctx;
	(void)err;
	f->spawned++;
	netd_peer_close(&f->successor);
	int fd = netd_peer_open(&f->successor, f->loop);
	netd_peer_hello(&f->successor);
	return fd;
}

static inline void open_networks(struct fixture *f, int fd, bool can_respawn, const char *provider)
{
	struct sp_error err = { 0 };
	const struct networks_options options = { .state_directory = f->house.folder,
						  .region = "eu-central-1",
						  .account = "000000000000",
						  .netd_fd = fd,
						  .why_no_netd = "this is a test",
						  .internet = f->internet,
						  .default_provider = provider,
						  .respawn = can_respawn ? respawn : NULL,
						  .respawn_ctx = f };
	if (networks_open(f->loop, f->house.store, f->reads, &options, &f->networks, &err) != 0)
		fail_msg("%s", err.message);
}

static inline int set_up(void **state)
{
	struct fixture *f = sp_alloc(sizeof(*f));
	struct sp_error err = { 0 };
	alarm(120);
	house_open(&f->house);
	house_write(&f->house, make_netns, NULL);
	assert_int_equal(loop_create(&f->loop, &err), 0);
	assert_int_equal(pool_create("reads", 1, 64, &f->reads, &err), 0);
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;
	networks_close(f->networks);
	netd_peer_close(&f->peer);
	netd_peer_close(&f->successor);
	pool_destroy(f->reads);
	house_close(&f->house);
	loop_destroy(f->loop);
	free(f);
	alarm(0);
	return 0;
}

/* ---- waiting ---- */

typedef bool sees_fn(struct fixture *f, const char *text);

static inline void stop(void *loop)
{
	loop_stop(loop);
}

static inline void turn(struct fixture *f)
{
	loop_add_timer(f->loop, TURN_MS, stop, f->loop);
	loop_run(f->loop);
}

static inline void turn_until(struct fixture *f, sees_fn *sees, const char *text)
{
	int64_t end_ms = sp_monotonic_ms() + PATIENCE_MS;
	while (!sees(f, text)) {
		if (sp_monotonic_ms() > end_ms)
			fail_msg("\"%s\" did not come; netd was told\n%s", text,
				 sp_buffer_text(&f->peer.told));
		turn(f);
	}
}

static inline bool told_all(struct fixture *f, const char *text)
{
	return sp_text_ends_with(sp_buffer_text(&f->peer.told), text);
}

static inline bool successor_told(struct fixture *f, const char *text)
{
	return sp_text_ends_with(sp_buffer_text(&f->successor.told), text);
}

static inline bool was_answered(struct fixture *f, const char *text)
{
	(void)text;
	return f->answers > 0;
}

struct gateway_look {
	const char *id;
	char text[SP_ERROR_MESSAGE_MAX];
};

static inline int look_at_gateway(struct db *db, void *ctx, struct sp_error *err)
{
	struct gateway_look *look = ctx;
	struct resource_gateway gateway;
	if (gateways_find(db, look->id, &gateway, err) != 0)
		return -1;
	static const char *const names[] = { "being made", "active", "failed" };
	snprintf(look->text, sizeof(look->text), "%s%s%s", names[gateway.state],
		 gateway.failure != NULL ? ": " : "",
		 gateway.failure != NULL ? gateway.failure : "");
	resource_gateway_finish(&gateway);
	return 0;
}

static inline bool gateway_is(struct fixture *f, const char *text)
{
	struct gateway_look look = { .id = GATEWAY };
	struct sp_error err = { 0 };
	assert_int_equal(store_read(f->house.store, look_at_gateway, &look, &err), 0);
	return strcmp(look.text, text) == 0;
}

/* Begins with a netd that has made all of it. */
static inline void begin(struct fixture *f)
{
	open_networks(f, netd_peer_open(&f->peer, f->loop), true, "auto");
	netd_peer_hello(&f->peer);
	turn_until(f, told_all, ALL);
	turn_until(f, gateway_is, "active");
	sp_buffer_clear(&f->peer.told);
}

static inline void change(struct fixture *f, store_fn *fn, void *ctx)
{
	house_write(&f->house, fn, ctx);
	networks_wake(f->networks);
}

/* ---- what changes ---- */

static inline int allow_more(struct db *db, void *ctx, struct sp_error *err)
{
	return insert_rule(db, "sgr-00000000000000009", ctx, true, 22, RULE_CIDR4,
			   (char[]){ "10.0.0.0/8" }, err);
}

static inline int add_gateway(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return insert_gateway(db, OTHER_GATEWAY, (char[]){ "other" }, OTHER_GROUP, err) != 0 ||
			       insert_interface(db, OTHER_ENI, OTHER_GATEWAY, "127.77.1.7", err) !=
				       0
		       ? -1
		       : 0;
}

struct tag_change {
	const char *arn, *key, *value;
};

static inline int change_tag(struct db *db, void *ctx, struct sp_error *err)
{
	const struct tag_change *tag = ctx;
	return tags_put(db, tag->arn, tag->key, tag->value, err);
}

/* ---- asking ---- */

static inline void on_sockets(void *ctx, struct networks_sockets *sockets)
{
	struct fixture *f = ctx;
	f->sockets = *sockets;
	f->answers++;
	for (size_t i = 0; i < sockets->count; i++)
		close(sockets->fds[i]);
}

static inline struct networks_request *ask(struct fixture *f, const char *eni, int64_t timeout_ms)
{
	struct network_interface interface = { .vpc_id = VPC, .subnet_id = SUBNET };
	strcpy(interface.id, eni);
	f->answers = 0;
	return networks_open_sockets(f->networks, &interface,
				     &(struct socket_wish){ .streams = 2, .datagrams = 1 },
				     timeout_ms, on_sockets, f);
}
