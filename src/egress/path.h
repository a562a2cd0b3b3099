#pragma once
/**
 * A VPC_LATTICE connector's way, as the store has it: resource configuration → port permission → gateway → network
 * interfaces → what their security groups allow → where the route tables lead. Read in one snapshot at every connection.
 */

#include "db/db.h"
#include "egress/path_routes.h"
#include "egress/trace.h"
#include "model/network.h"

enum { PATH_INTERFACES_MAX = GATEWAY_SUBNETS_MAX };

struct path {
	struct vpc vpc;
	struct resource_configuration configuration;
	struct resource_gateway gateway;
	struct network_interface interfaces[PATH_INTERFACES_MAX];
	size_t interface_count;
	struct egress_rule *rules; /* of all interfaces: they share the gateway's groups */
	size_t rule_count;
	struct path_routes routes;
	char *name_servers;     /* inside the VPC, as its tag has them; NULL when none */
	enum failure_step step; /* that failed */
};

/**
 * @arn   of a resource configuration; @port: the connector's, already defaulted to 22
 * Returns 0, or -1 with the sentence and the step; the trace has both. @out is the caller's to finish either way.
 */
int path_read(struct db *db, const char *arn, uint16_t port, struct path *out, struct trace *trace,
	      struct sp_error *err);
void path_finish(struct path *path);

/** The sentence of a gateway's security groups for one address: passed with the rule that decided, or failed with SP_DENIED. */
int path_judge(const struct path *path, struct ip_address address, uint16_t port,
	       struct trace *trace, struct sp_error *err);

/**
 * The way from @from, one of the path's interfaces, by the VPC's route tables. Where they do not decide (this host's own
 * networks, a subnet on a real interface, loopback) it has no hops.
 * As way_find(): -1 with the sentence, and @out has the hops up to the one that leads nowhere.
 */
int path_route(const struct path *path, const struct network_interface *from, struct ip_address to,
	       struct way *out, struct sp_error *err);
