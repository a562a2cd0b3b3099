#pragma once
/**
 * Within egress/: the talk with sallyport-netd. Tells it what things.h says, opens sockets, and finds another netd when
 * one is gone. Everything on the loop's thread, nothing blocks.
 *
 *   STARTING ──► WORKS ──► GONE ──► (another one says HELLO) ──► WORKS …
 *       └───────────────────┘ └─ or stays GONE, where there is no way to another one
 */

#include "egress/networks.h"
#include "egress/things.h"

struct netd_client;
struct netd_opening;

enum netd_condition { NETD_STARTING, NETD_WORKS, NETD_GONE };

struct netd_client_options {
	struct things *things;                           /* kept */
	int fd;                                          /* taken; -1: none */
	const char *socket;                              /* copied; NULL: none */
	const char *why_none;                            /* without any way to a netd; copied */
	int (*respawn)(void *ctx, struct sp_error *err); /* NULL: none */
	void *respawn_ctx;
	void (*changed)(void *ctx); /* an answer came, netd came or went */
	void *changed_ctx;
};

struct netd_client *netd_client_open(struct loop *loop, const struct netd_client_options *options);
/** Openings under way are forgotten: cancel them before. NULL is fine. */
void netd_client_close(struct netd_client *client);

/** Things may have something to say: it is told soon, never inside the call. */
void netd_client_push(struct netd_client *client);

/** @out_why: NETD_GONE: the sentence; borrowed until the next call. Else NULL. */
enum netd_condition netd_client_condition(const struct netd_client *client, const char **out_why);

/** Sockets in the namespace of an ENI that things_can_open(). @fn is called once, later, with SP_CLOSED when netd went meanwhile. */
struct netd_opening *netd_client_open_sockets(struct netd_client *client, const char *eni_id,
					      const struct socket_wish *wish,
					      networks_sockets_fn *fn, void *ctx);
void netd_client_cancel(struct netd_opening *opening); /* NULL is fine; not after @fn was called */
