#pragma once
/** A namespace of ours, and a talk with it: what all makers need (netd/make.h). */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "netd/make.h"
#include "netd/netlink.h"
#include "netd/sysctl.h"

struct place {
	int fd; /* -1: where this process belongs */
	struct netlink netlink;
};

void place_close(struct place *place); /* also one that was not opened */
#define AUTO_PLACE __attribute__((cleanup(place_close))) struct place

/** That of a VPC, an internet gateway or an ENI. SP_NOT_FOUND when it is not there. */
int place_open(struct maker *maker, const char *id, struct place *out, struct sp_error *err);
/** This host itself. */
int place_open_host(struct maker *maker, struct place *out, struct sp_error *err);

/** Whether packets that are not its own go through it. */
enum place_forwarding {
	PLACE_STAYS,
	PLACE_FORWARDS,
	PLACE_BEGINS_TO_FORWARD, /* is told to once, and from then on is as its owner has it */
};
/** There or made, with the settings that all have and @settings; loopback is up. @speaks_v6: forwarding holds for IPv6 too. */
int place_make(struct maker *maker, const char *id, enum place_forwarding forwarding,
	       bool speaks_v6, const struct sysctl *settings, size_t count, struct place *out,
	       struct sp_error *err);

int place_set(struct maker *maker, const struct place *place, const struct sysctl *settings,
	      size_t count, struct sp_error *err);
/** What we hang somewhere says nothing in IPv6 and sends nobody another way; what others hang there is theirs. */
int place_quiet_link(struct maker *maker, const struct place *place, const char *link,
		     struct sp_error *err);
/** The same of one that has addresses of IPv6: it speaks it at once, and learns nothing from others. */
int place_voice_link(struct maker *maker, const struct place *place, const char *link,
		     struct sp_error *err);

/** Finds what has just been made, or was there. SP_NOT_FOUND */
int place_find_link(struct place *place, const char *name, struct link_facts *out,
		    struct sp_error *err);
/** A cable is whole when each end says that the other is its other end. */
bool is_same_cable(const struct link_facts *one, const struct link_facts *other);

/** The real interface that a subnet or an internet gateway names. @host: opened */
int place_find_uplink(struct maker *maker, const struct thing *thing, struct place *host,
		      struct link_facts *out, struct sp_error *err);
