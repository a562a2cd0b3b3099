#pragma once
/** Taking away: what is asked for by id, and what nobody names. Part of making (netd/make.h). */

#include "base/error.h"
#include "netd/make.h"
#include "netd/place.h"

/** What an ENI's interface is called for people, and known by when nobody names the ENI any more. */
void leftover_alias(const struct thing *interface, char out[LINK_ALIAS_SIZE]);

/** In an open round: other ENIs that have an address of @interface, and that are not named yet, go before END. */
int remove_leftover_of_address(struct maker *maker, const struct thing *interface,
			       struct sp_error *err);

/** With the rule by which its packets went. Not being there is fine. */
int remove_bridge(struct place *router, const char *subnet_id, struct sp_error *err);

/** Not being there is fine. */
int remove_internet(struct maker *maker, const char *id, struct sp_error *err);
