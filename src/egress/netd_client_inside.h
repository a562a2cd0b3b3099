#pragma once
/** The client of sallyport-netd as its two files share it: netd_openings.c has who waits for sockets, netd_client.c the rest. */

#include "egress/netd_client.h"

enum { FLIGHTS_MAX = 32 /* messages that wait for their answers: a socket holds more */ };

/* A message that waits for its answer. */
struct flight {
	uint32_t request;
	enum netd_kind kind;
	char id[NETWORK_ID_SIZE];
	struct netd_opening *opening; /* OPEN; NULL when nobody waits any more */
};

struct netd_opening {
	struct netd_client *client;
	struct netd_opening *next, **slot; /* its place in client->openings */
	struct netd_message message;
	bool is_sent;
	networks_sockets_fn *fn;
	void *ctx;
};

struct netd_client {
	struct loop *loop;
	struct netd_client_options options; /* texts are copies */
	enum netd_condition condition;
	struct sp_error why; /* NETD_GONE */

	int fd;
	struct loop_watch *watch;
	struct loop_timer *deadline; /* of HELLO, or of the oldest flight's answer */
	struct loop_timer *soon;     /* tells what there is to tell */
	struct loop_timer *pause;    /* before the next try to find one */
	int64_t pause_ms;
	bool has_greeted; /* HELLO came */
	uint32_t last_request;
	struct flight flights[FLIGHTS_MAX]; /* a ring, oldest first */
	size_t flight_first, flight_count;
	struct netd_opening *openings; /* oldest first */
};

/** The oldest that was not sent yet; NULL: none. */
struct netd_opening *openings_next(const struct netd_client *client);

/** Tells who waits, and forgets it. */
void opening_end(struct netd_opening *opening, struct networks_sockets *sockets);

/** All that there are now: whoever hears of it may ask for more. */
void openings_end(struct netd_client *client, const struct sp_error *why);
