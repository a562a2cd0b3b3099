#include "network/routes.h"

#include <string.h>

#include "network/cidr.h"

const struct route *routes_choose(const struct route *routes, size_t count, const char *table_id,
				  const struct cidr *local, struct ip_address address,
				  bool *out_local)
{
	const struct route *best = NULL;
	int best_bits = -1;
	for (size_t i = 0; i < count; i++) {
		struct cidr destination;
		if (strcmp(routes[i].table_id, table_id) != 0 ||
		    !cidr_parse(routes[i].destination, &destination, NULL) ||
		    !cidr_contains(&destination, address) || destination.bits <= best_bits)
			continue;
		best = &routes[i];
		best_bits = destination.bits;
	}
	*out_local = local != NULL && cidr_contains(local, address) && local->bits >= best_bits;
	return *out_local ? NULL : best;
}
