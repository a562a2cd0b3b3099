#pragma once
/** For the tests of private paths: a real store with one VPC on loopback addresses, a gateway in it, a configuration. */

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/scope.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/security_groups.h"
#include "store/store.h"
#include "store/tags.h"

#define VPC           "vpc-00000000000000001"
#define MAIN_TABLE    "rtb-00000000000000001"
#define SUBNET        "subnet-00000000000000001"
#define GROUP         "sg-00000000000000001"
#define OTHER_GROUP   "sg-00000000000000002"
#define RULE          "sgr-00000000000000001"
#define GATEWAY       "rgw-00000000000000001"
#define FIRST_ENI     "eni-00000000000000001"
#define SECOND_ENI    "eni-00000000000000002"
#define CONFIGURATION "rcfg-00000000000000001"
#define ARN_OF(id)    "arn:aws:vpc-lattice:eu-central-1:000000000000:resourceconfiguration/" id
#define VPC_ARN       "arn:aws:ec2:eu-central-1:000000000000:vpc/" VPC

struct house {
	char folder[64];
	struct store *store;
};

/** One write that must go well. */
static inline void house_write(struct house *house, store_fn *fn, void *ctx)
{
	struct sp_error err = { 0 };
	if (store_write(house->store, fn, ctx, &err) != 0)
		fail_msg("%s", err.message);
}

static inline int insert_group(struct db *db, const char *id, char *name, struct sp_error *err)
{
	struct security_group group = { .vpc_id = VPC, .name = name, .description = name };
	strcpy(group.id, id);
	return security_groups_insert(db, &group, err);
}

static inline int insert_rule(struct db *db, const char *id, const char *group_id, bool egress,
			      int port, enum rule_peer peer, char *value, struct sp_error *err)
{
	struct security_rule rule = { .egress = egress,
				      .protocol = 6,
				      .from_port = port,
				      .to_port = port,
				      .peer = peer,
				      .value = value };
	strcpy(rule.id, id);
	strcpy(rule.group_id, group_id);
	return security_rules_insert(db, &rule, err);
}

static inline int insert_gateway(struct db *db, const char *id, char *name, const char *group_id,
				 struct sp_error *err)
{
	struct resource_gateway gateway = { .vpc_id = VPC,
					    .name = name,
					    .state = NETWORK_ACTIVE,
					    .subnet_ids = { SUBNET },
					    .subnet_count = 1,
					    .group_count = 1,
					    .resolves_in_vpc = true,
					    .addresses_per_interface = 1 };
	strcpy(gateway.id, id);
	strcpy(gateway.group_ids[0], group_id);
	return gateways_insert(db, &gateway, err);
}

static inline int insert_interface(struct db *db, const char *id, const char *owner_id,
				   const char *address, struct sp_error *err)
{
	struct network_interface interface = { .vpc_id = VPC,
					       .subnet_id = SUBNET,
					       .mac = "02:00:00:00:00:01" };
	strcpy(interface.id, id);
	strcpy(interface.owner_id, owner_id);
	strcpy(interface.address, address);
	return interfaces_insert(db, &interface, err);
}

static inline int insert_all(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct vpc vpc = { .id = VPC,
			   .cidr = "127.77.0.0/16",
			   .provider = PROVIDER_HOST,
			   .default_group_id = OTHER_GROUP,
			   .main_route_table_id = MAIN_TABLE };
	struct subnet subnet = {
		.id = SUBNET, .vpc_id = VPC, .cidr = "127.77.1.0/24", .zone = "eu-central-1a"
	};
	struct resource_configuration configuration = { .id = CONFIGURATION,
							.gateway_id = GATEWAY,
							.name = (char[]){ "partner" },
							.target = (char[]){ "127.0.0.3" },
							.ports = { { 22, 22 }, { 1024, 65535 } },
							.port_count = 2 };
	return vpcs_insert(db, &vpc, err) != 0 || subnets_insert(db, &subnet, err) != 0 ||
			       insert_group(db, GROUP, (char[]){ "way-out" }, err) != 0 ||
			       insert_group(db, OTHER_GROUP, (char[]){ "default" }, err) != 0 ||
			       insert_rule(db, RULE, GROUP, true, RULE_PORT_NONE, RULE_CIDR4,
					   (char[]){ "127.0.0.0/24" }, err) != 0 ||
			       insert_gateway(db, GATEWAY, (char[]){ "gate" }, GROUP, err) != 0 ||
			       insert_interface(db, FIRST_ENI, GATEWAY, "127.77.1.5", err) != 0 ||
			       insert_interface(db, SECOND_ENI, GATEWAY, "127.77.1.6", err) != 0 ||
			       configurations_insert(db, &configuration, err) != 0
		       ? -1
		       : 0;
}

static inline void house_open(struct house *house)
{
	struct sp_error err = { 0 };
	strcpy(house->folder, "/tmp/sallyport-egress-XXXXXX");
	assert_non_null(mkdtemp(house->folder));
	assert_int_equal(store_open(house->folder, &house->store, &err), 0);
	house_write(house, insert_all, NULL);
}

static inline void house_close(struct house *house)
{
	char command[128];
	store_close(house->store);
	snprintf(command, sizeof(command), "rm -rf %s", house->folder);
	assert_int_equal(system(command), 0);
}

/* ---- what tests change ---- */

struct configuration_change {
	const char *target;
	bool is_name;
	struct port_range port;
};

static inline int change_configuration(struct db *db, void *ctx, struct sp_error *err)
{
	const struct configuration_change *change = ctx;
	struct resource_configuration configuration = { 0 };
	if (configurations_find(db, CONFIGURATION, &configuration, err) != 0)
		return -1;
	if (change->target != NULL) {
		free(configuration.target);
		configuration.target = sp_strdup(change->target);
		configuration.is_name = change->is_name;
	}
	if (change->port.to != 0) {
		configuration.ports[0] = change->port;
		configuration.port_count = 1;
	}
	int result = configurations_update(db, &configuration, err);
	resource_configuration_finish(&configuration);
	return result;
}

struct gateway_change {
	enum network_state state;
	const char *failure;
};

static inline int change_gateway(struct db *db, void *ctx, struct sp_error *err)
{
	const struct gateway_change *change = ctx;
	struct resource_gateway gateway = { 0 };
	if (gateways_find(db, GATEWAY, &gateway, err) != 0)
		return -1;
	gateway.state = change->state;
	free(gateway.failure);
	gateway.failure = sp_strdup(change->failure);
	int result = gateways_update(db, &gateway, err);
	resource_gateway_finish(&gateway);
	return result;
}

/* @ctx: an SQL script. */
static inline int run_script(struct db *db, void *ctx, struct sp_error *err)
{
	return db_script(db, ctx, err);
}
