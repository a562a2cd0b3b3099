#include "database.h"

#include "base/scope.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/security_groups.h"

/* One VPC with a default group, a subnet, a group of its own, a gateway in both, a configuration. */
#define VPC           "vpc-00000000000000001"
#define DEFAULT_GROUP "sg-00000000000000001"
#define GROUP         "sg-00000000000000002"
#define SUBNET        "subnet-00000000000000001"
#define GATEWAY       "rgw-00000000000000001"
#define CONFIGURATION "rcfg-00000000000000001"

static int insert_vpc(const char *id, bool is_host)
{
	struct vpc vpc = { .cidr = "10.0.0.0/16",
			   .provider = PROVIDER_NETNS,
			   .is_host = is_host,
			   .dns_support = true,
			   .cidr_association_id = "vpc-cidr-assoc-1",
			   .default_group_id = DEFAULT_GROUP,
			   .dhcp_options_id = "dopt-1",
			   .network_acl_id = "acl-1",
			   .main_association_id = "rtbassoc-1",
			   .created_ms = 1700000000123 };
	strcpy(vpc.id, id);
	snprintf(vpc.main_route_table_id, sizeof(vpc.main_route_table_id), "rtb-of-%.30s", id);
	return vpcs_insert(db, &vpc, &err);
}

static int insert_group(const char *id, const char *vpc_id, char *name)
{
	struct security_group group = { .name = name, .description = "what for", .created_ms = 2 };
	strcpy(group.id, id);
	strcpy(group.vpc_id, vpc_id);
	return security_groups_insert(db, &group, &err);
}

static int insert_subnet(const char *id, const char *vpc_id)
{
	struct subnet subnet = { .cidr = "10.0.1.0/24",
				 .zone = "eu-central-1a",
				 .acl_association_id = "aclassoc-1",
				 .assign_ipv6 = true,
				 .created_ms = 3 };
	strcpy(subnet.id, id);
	strcpy(subnet.vpc_id, vpc_id);
	return subnets_insert(db, &subnet, &err);
}

static int insert_rule(const char *id, const char *group_id, bool egress, int port,
		       enum rule_peer peer, char *value)
{
	struct security_rule rule = { .egress = egress,
				      .protocol = 6,
				      .from_port = port,
				      .to_port = port,
				      .peer = peer,
				      .value = value };
	strcpy(rule.id, id);
	strcpy(rule.group_id, group_id);
	return security_rules_insert(db, &rule, &err);
}

static int insert_gateway(const char *id, char *name)
{
	struct resource_gateway gateway = { .vpc_id = VPC,
					    .name = name,
					    .subnet_ids = { SUBNET },
					    .subnet_count = 1,
					    .group_ids = { GROUP, DEFAULT_GROUP },
					    .group_count = 2,
					    .resolves_in_vpc = true,
					    .addresses_per_interface = 16,
					    .created_ms = 4,
					    .updated_ms = 5 };
	strcpy(gateway.id, id);
	return gateways_insert(db, &gateway, &err);
}

static int insert_interface(const char *id, const char *owner_id, const char *address)
{
	struct network_interface interface = {
		.vpc_id = VPC, .subnet_id = SUBNET, .mac = "02:00:00:00:00:01", .created_ms = 6
	};
	strcpy(interface.id, id);
	strcpy(interface.owner_id, owner_id);
	strcpy(interface.address, address);
	return interfaces_insert(db, &interface, &err);
}

static int insert_configuration(const char *id, char *name)
{
	struct resource_configuration configuration = { .gateway_id = GATEWAY,
							.name = name,
							.is_name = true,
							.target = "files.partner.example",
							.ports = { { 22, 22 }, { 2200, 65535 } },
							.port_count = 2,
							.created_ms = 7,
							.updated_ms = 8 };
	strcpy(configuration.id, id);
	return configurations_insert(db, &configuration, &err);
}

static int set_up(void **state)
{
	database_set_up(state);
	assert_int_equal(insert_vpc(VPC, false), 0);
	assert_int_equal(insert_group(DEFAULT_GROUP, VPC, "default"), 0);
	assert_int_equal(insert_group(GROUP, VPC, "partners"), 0);
	assert_int_equal(insert_subnet(SUBNET, VPC), 0);
	assert_int_equal(insert_gateway(GATEWAY, "way-out"), 0);
	assert_int_equal(insert_configuration(CONFIGURATION, "partner"), 0);
	return 0;
}

/* A call that must fail, with a sentence that has @text. */
#define assert_refused(call, wanted, text)                                                         \
	do {                                                                                       \
		assert_int_equal(call, -1);                                                        \
		assert_int_equal(err.code, wanted);                                                \
		if (strstr(err.message, text) == NULL)                                             \
			fail_msg("no \"%s\" in: %s", (const char *)(text), err.message);           \
	} while (0)

static int64_t number(const char *sql)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	assert_int_equal(db_query(db, &rows, &err, sql, ""), 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	return db_rows_integer(rows, 0);
}

/* ---- VPCs and subnets ---- */

static void a_vpc_comes_back_as_it_was_kept_and_changed(void **state)
{
	(void)state;
	struct vpc vpc;
	assert_int_equal(vpcs_find(db, VPC, &vpc, &err), 0);
	assert_string_equal(vpc.id, VPC);
	assert_string_equal(vpc.cidr, "10.0.0.0/16");
	assert_int_equal(vpc.provider, PROVIDER_NETNS);
	assert_true(vpc.dns_support && !vpc.dns_hostnames && !vpc.usage_metrics && !vpc.is_host);
	assert_string_equal(vpc.cidr_association_id, "vpc-cidr-assoc-1");
	assert_string_equal(vpc.default_group_id, DEFAULT_GROUP);
	assert_string_equal(vpc.dhcp_options_id, "dopt-1");
	assert_string_equal(vpc.network_acl_id, "acl-1");
	assert_string_equal(vpc.main_route_table_id, "rtb-of-" VPC);
	assert_string_equal(vpc.main_association_id, "rtbassoc-1");
	assert_int_equal(vpc.created_ms, 1700000000123);

	vpc.provider = PROVIDER_HOST;
	vpc.dns_support = false;
	vpc.dns_hostnames = vpc.usage_metrics = true;
	assert_int_equal(vpcs_update(db, &vpc, &err), 0);
	assert_int_equal(vpcs_find(db, VPC, &vpc, &err), 0);
	assert_int_equal(vpc.provider, PROVIDER_HOST);
	assert_true(!vpc.dns_support && vpc.dns_hostnames && vpc.usage_metrics);

	strcpy(vpc.id, "vpc-other");
	assert_refused(vpcs_update(db, &vpc, &err), SP_NOT_FOUND, "VPC \"vpc-other\"");
	assert_refused(vpcs_find(db, "vpc-other", &vpc, &err), SP_NOT_FOUND, "VPC \"vpc-other\"");
}

static void there_is_one_vpc_of_this_host(void **state)
{
	(void)state;
	struct vpc vpc;
	assert_refused(vpcs_find_host(db, &vpc, &err), SP_NOT_FOUND, "this host");
	assert_int_equal(insert_vpc("vpc-host", true), 0);
	assert_int_equal(vpcs_find_host(db, &vpc, &err), 0);
	assert_string_equal(vpc.id, "vpc-host");
	assert_true(vpc.is_host);
	assert_refused(insert_vpc("vpc-host2", true), SP_EXISTS, "vpc-host2");
}

static void lists_have_ascending_ids(void **state)
{
	(void)state;
	SP_AUTO_FREE struct vpc *vpcs = NULL;
	SP_AUTO_FREE struct subnet *subnets = NULL;
	size_t count;
	assert_int_equal(insert_vpc("vpc-0", false), 0);
	for (int i = 39; i >= 10; i--) {
		char id[NETWORK_ID_SIZE];
		snprintf(id, sizeof(id), "subnet-0%d", i);
		assert_int_equal(insert_subnet(id, i < 20 ? "vpc-0" : VPC), 0);
	}
	assert_int_equal(vpcs_list(db, &vpcs, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_string_equal(vpcs[0].id, "vpc-0");
	assert_string_equal(vpcs[1].id, VPC);

	assert_int_equal(subnets_list(db, NULL, &subnets, &count, &err), 0);
	assert_int_equal(count, 31);
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(subnets[i - 1].id, subnets[i].id) < 0);
	free(sp_take_pointer(&subnets));
	assert_int_equal(subnets_list(db, "vpc-0", &subnets, &count, &err), 0);
	assert_int_equal(count, 10);
	assert_string_equal(subnets[9].id, "subnet-019");
	free(sp_take_pointer(&subnets));
	assert_int_equal(subnets_list(db, "vpc-nobody", &subnets, &count, &err), 0);
	assert_int_equal(count, 0);
}

static void a_subnet_comes_back_as_it_was_kept_and_changed(void **state)
{
	(void)state;
	struct subnet subnet;
	assert_int_equal(subnets_find(db, SUBNET, &subnet, &err), 0);
	assert_string_equal(subnet.vpc_id, VPC);
	assert_string_equal(subnet.cidr, "10.0.1.0/24");
	assert_string_equal(subnet.zone, "eu-central-1a");
	assert_string_equal(subnet.interface, "");
	assert_string_equal(subnet.acl_association_id, "aclassoc-1");
	assert_true(subnet.assign_ipv6 && !subnet.map_public_ip && !subnet.enable_dns64);
	assert_int_equal(subnet.created_ms, 3);

	strcpy(subnet.interface, "eth1.120");
	subnet.assign_ipv6 = false;
	subnet.map_public_ip = subnet.enable_dns64 = true;
	assert_int_equal(subnets_update(db, &subnet, &err), 0);
	assert_int_equal(subnets_find(db, SUBNET, &subnet, &err), 0);
	assert_string_equal(subnet.interface, "eth1.120");
	assert_true(!subnet.assign_ipv6 && subnet.map_public_ip && subnet.enable_dns64);

	strcpy(subnet.id, "subnet-other");
	assert_refused(subnets_update(db, &subnet, &err), SP_NOT_FOUND, "subnet-other");
	assert_refused(subnets_delete(db, "subnet-other", &err), SP_NOT_FOUND, "subnet-other");
	assert_refused(insert_subnet("subnet-lost", "vpc-nobody"), SP_NOT_FOUND, "subnet-lost");
}

/* ---- security groups ---- */

static void a_group_and_its_rules_come_back_as_they_were_kept(void **state)
{
	(void)state;
	struct security_group group;
	assert_int_equal(security_groups_find(db, GROUP, &group, &err), 0);
	assert_string_equal(group.vpc_id, VPC);
	assert_string_equal(group.name, "partners");
	assert_string_equal(group.description, "what for");
	assert_int_equal(group.created_ms, 2);
	security_group_finish(&group);

	struct security_rule rule = { .id = "sgr-9",
				      .group_id = GROUP,
				      .egress = true,
				      .protocol = RULE_PROTOCOL_ALL,
				      .from_port = RULE_PORT_NONE,
				      .to_port = RULE_PORT_NONE,
				      .peer = RULE_PREFIX_LIST,
				      .value = "pl-1",
				      .description = "all of it" };
	assert_int_equal(security_rules_insert(db, &rule, &err), 0);
	assert_int_equal(insert_rule("sgr-1", GROUP, false, 22, RULE_CIDR4, "10.0.0.0/8"), 0);
	assert_int_equal(insert_rule("sgr-2", DEFAULT_GROUP, true, 22, RULE_CIDR6, "::/0"), 0);

	struct security_rule found;
	assert_int_equal(security_rules_find(db, "sgr-9", &found, &err), 0);
	assert_string_equal(found.group_id, GROUP);
	assert_true(found.egress);
	assert_int_equal(found.protocol, RULE_PROTOCOL_ALL);
	assert_int_equal(found.from_port, RULE_PORT_NONE);
	assert_int_equal(found.to_port, RULE_PORT_NONE);
	assert_int_equal(found.peer, RULE_PREFIX_LIST);
	assert_string_equal(found.value, "pl-1");
	assert_string_equal(found.description, "all of it");
	security_rule_finish(&found);

	struct security_rule *rules;
	size_t count;
	assert_int_equal(security_rules_list(db, GROUP, &rules, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_string_equal(rules[0].id, "sgr-1");
	assert_null(rules[0].description);
	security_rules_free(rules, count);
	assert_int_equal(security_rules_list(db, NULL, &rules, &count, &err), 0);
	assert_int_equal(count, 3);
	security_rules_free(rules, count);

	assert_int_equal(security_rules_delete(db, "sgr-1", &err), 0);
	assert_refused(security_rules_delete(db, "sgr-1", &err), SP_NOT_FOUND, "sgr-1");
	assert_refused(security_rules_find(db, "sgr-1", &found, &err), SP_NOT_FOUND, "sgr-1");
}

static void a_vpc_has_no_two_groups_of_one_name(void **state)
{
	(void)state;
	assert_refused(insert_group("sg-9", VPC, "partners"), SP_EXISTS, "\"partners\" already");
	assert_int_equal(insert_vpc("vpc-2", false), 0);
	assert_int_equal(insert_group("sg-9", "vpc-2", "partners"), 0);

	struct security_group *groups;
	size_t count;
	assert_int_equal(security_groups_list(db, VPC, &groups, &count, &err), 0);
	assert_int_equal(count, 2);
	security_groups_free(groups, count);
	assert_int_equal(security_groups_list(db, NULL, &groups, &count, &err), 0);
	assert_int_equal(count, 3);
	assert_string_equal(groups[2].id, "sg-9");
	security_groups_free(groups, count);
	security_groups_free(NULL, 0);
}

static void a_group_has_no_rule_twice(void **state)
{
	(void)state;
	assert_int_equal(insert_rule("sgr-1", GROUP, true, 22, RULE_CIDR4, "10.0.0.0/8"), 0);
	assert_refused(insert_rule("sgr-2", GROUP, true, 22, RULE_CIDR4, "10.0.0.0/8"), SP_EXISTS,
		       "outbound rule for \"10.0.0.0/8\" already");
	assert_int_equal(insert_rule("sgr-3", GROUP, false, 22, RULE_CIDR4, "10.0.0.0/8"), 0);
	assert_int_equal(insert_rule("sgr-4", GROUP, true, 23, RULE_CIDR4, "10.0.0.0/8"), 0);
	assert_int_equal(insert_rule("sgr-5", DEFAULT_GROUP, true, 22, RULE_CIDR4, "10.0.0.0/8"),
			 0);
	assert_refused(insert_rule("sgr-6", "sg-nobody", true, 22, RULE_CIDR4, "10.0.0.0/8"),
		       SP_NOT_FOUND, "sg-nobody");
}

static void a_group_has_so_many_rules_each_way_and_no_more(void **state)
{
	(void)state;
	char id[NETWORK_ID_SIZE];
	for (int i = 0; i < GROUP_RULES_MAX; i++) {
		snprintf(id, sizeof(id), "sgr-out%d", i);
		assert_int_equal(insert_rule(id, GROUP, true, i, RULE_CIDR4, "10.0.0.0/8"), 0);
	}
	assert_refused(insert_rule("sgr-1", GROUP, true, 999, RULE_CIDR4, "10.0.0.0/8"), SP_LIMIT,
		       "60 outbound rules");
	for (int i = 0; i < GROUP_RULES_MAX; i++) {
		snprintf(id, sizeof(id), "sgr-in%d", i);
		assert_int_equal(insert_rule(id, GROUP, false, i, RULE_CIDR4, "10.0.0.0/8"), 0);
	}
	assert_refused(insert_rule("sgr-1", GROUP, false, 999, RULE_CIDR4, "10.0.0.0/8"), SP_LIMIT,
		       "60 inbound rules");
	assert_int_equal(insert_rule("sgr-1", DEFAULT_GROUP, true, 999, RULE_CIDR4, "10.0.0.0/8"),
			 0);
}

/* ---- gateways, interfaces, configurations ---- */

static void a_gateway_comes_back_as_it_was_kept_and_changed(void **state)
{
	(void)state;
	struct resource_gateway gateway;
	assert_int_equal(gateways_find(db, GATEWAY, &gateway, &err), 0);
	assert_string_equal(gateway.vpc_id, VPC);
	assert_string_equal(gateway.name, "way-out");
	assert_int_equal(gateway.state, NETWORK_IN_PROGRESS);
	assert_null(gateway.failure);
	assert_int_equal(gateway.subnet_count, 1);
	assert_string_equal(gateway.subnet_ids[0], SUBNET);
	assert_int_equal(gateway.group_count, 2);
	assert_string_equal(gateway.group_ids[0], GROUP); /* the order that was given */
	assert_string_equal(gateway.group_ids[1], DEFAULT_GROUP);
	assert_true(gateway.resolves_in_vpc);
	assert_int_equal(gateway.addresses_per_interface, 16);
	assert_int_equal(gateway.created_ms, 4);
	assert_int_equal(gateway.updated_ms, 5);

	gateway.state = NETWORK_FAILED;
	gateway.failure = sp_strdup("no room");
	gateway.updated_ms = 50;
	gateway.group_count = 1;
	strcpy(gateway.group_ids[0], DEFAULT_GROUP);
	assert_int_equal(gateways_update(db, &gateway, &err), 0);
	strcpy(gateway.id, "rgw-other");
	assert_refused(gateways_update(db, &gateway, &err), SP_NOT_FOUND, "rgw-other");
	resource_gateway_finish(&gateway);

	struct resource_gateway *all;
	size_t count;
	assert_int_equal(gateways_list(db, &all, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(all[0].state, NETWORK_FAILED);
	assert_string_equal(all[0].failure, "no room");
	assert_int_equal(all[0].updated_ms, 50);
	assert_int_equal(all[0].group_count, 1);
	assert_string_equal(all[0].group_ids[0], DEFAULT_GROUP);
	gateways_free(all, count);
	gateways_free(NULL, 0);
	int64_t counted;
	assert_int_equal(gateways_count(db, VPC, &counted, &err), 0);
	assert_int_equal(counted, 1);
	assert_int_equal(gateways_count(db, "vpc-other", &counted, &err), 0);
	assert_int_equal(counted, 0);
	assert_refused(gateways_find(db, "rgw-other", &gateway, &err), SP_NOT_FOUND, "rgw-other");
}

static void a_gateway_of_something_unknown_is_refused(void **state)
{
	(void)state;
	struct resource_gateway gateway = { .id = "rgw-9",
					    .vpc_id = VPC,
					    .name = "lost",
					    .subnet_ids = { "subnet-nobody" },
					    .subnet_count = 1 };
	assert_refused(gateways_insert(db, &gateway, &err), SP_NOT_FOUND, "the subnets");
	strcpy(gateway.id, "rgw-8");
	gateway.name = "lost too";
	gateway.subnet_count = 0;
	strcpy(gateway.group_ids[0], "sg-nobody");
	gateway.group_count = 1;
	assert_refused(gateways_insert(db, &gateway, &err), SP_NOT_FOUND, "the security groups");
}

static void names_of_gateways_and_configurations_are_unique(void **state)
{
	(void)state;
	assert_refused(insert_gateway("rgw-9", "way-out"), SP_EXISTS, "\"way-out\" already");
	assert_refused(insert_configuration("rcfg-9", "partner"), SP_EXISTS, "\"partner\" already");
	assert_int_equal(insert_configuration("rcfg-9", "way-out"), 0);
}

static void an_address_belongs_to_one_interface(void **state)
{
	(void)state;
	assert_int_equal(insert_gateway("rgw-2", "another"), 0);
	assert_int_equal(insert_interface("eni-2", GATEWAY, "10.0.1.17"), 0);
	assert_refused(insert_interface("eni-1", "rgw-2", "10.0.1.17"), SP_EXISTS, "10.0.1.17");
	assert_int_equal(insert_interface("eni-1", "rgw-2", "10.0.1.18"), 0);

	struct {
		const char *subnet_id, *owner_id;
		size_t count;
	} cases[] = {
		{ NULL, NULL, 2 },      { SUBNET, NULL, 2 },        { NULL, GATEWAY, 1 },
		{ SUBNET, "rgw-2", 1 }, { "subnet-2", GATEWAY, 0 }, { "subnet-2", NULL, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SP_AUTO_FREE struct network_interface *found = NULL;
		size_t count;
		assert_int_equal(interfaces_list(db, cases[i].subnet_id, cases[i].owner_id, &found,
						 &count, &err),
				 0);
		assert_int_equal(count, cases[i].count);
		if (count == 2)
			assert_string_equal(found[0].id, "eni-1");
		if (count > 0 && cases[i].owner_id != NULL)
			assert_string_equal(found[0].owner_id, cases[i].owner_id);
	}

	SP_AUTO_FREE struct network_interface *one = NULL;
	size_t count;
	assert_int_equal(interfaces_list(db, NULL, GATEWAY, &one, &count, &err), 0);
	assert_string_equal(one[0].id, "eni-2");
	assert_string_equal(one[0].vpc_id, VPC);
	assert_string_equal(one[0].subnet_id, SUBNET);
	assert_string_equal(one[0].address, "10.0.1.17");
	assert_string_equal(one[0].mac, "02:00:00:00:00:01");
	assert_int_equal(one[0].created_ms, 6);
}

static void a_configuration_comes_back_as_it_was_kept_and_changed(void **state)
{
	(void)state;
	struct resource_configuration configuration;
	assert_int_equal(configurations_find(db, CONFIGURATION, &configuration, &err), 0);
	assert_string_equal(configuration.gateway_id, GATEWAY);
	assert_string_equal(configuration.name, "partner");
	assert_true(configuration.is_name);
	assert_string_equal(configuration.target, "files.partner.example");
	assert_int_equal(configuration.port_count, 2);
	assert_int_equal(configuration.ports[0].from, 22);
	assert_int_equal(configuration.ports[0].to, 22);
	assert_int_equal(configuration.ports[1].from, 2200);
	assert_int_equal(configuration.ports[1].to, 65535);
	assert_false(configuration.allow_association);
	assert_null(configuration.custom_domain);
	assert_int_equal(configuration.created_ms, 7);
	assert_int_equal(configuration.updated_ms, 8);

	configuration.is_name = false;
	free(configuration.target);
	configuration.target = sp_strdup("10.0.2.9");
	configuration.allow_association = true;
	configuration.updated_ms = 80;
	configuration.port_count = CONFIGURATION_PORT_RANGES_MAX;
	for (uint16_t i = 0; i < CONFIGURATION_PORT_RANGES_MAX; i++)
		configuration.ports[i] = (struct port_range){ (uint16_t)(64 - i), 9 };
	assert_int_equal(configurations_update(db, &configuration, &err), 0);
	strcpy(configuration.id, "rcfg-other");
	assert_refused(configurations_update(db, &configuration, &err), SP_NOT_FOUND, "rcfg-other");
	resource_configuration_finish(&configuration);

	struct resource_configuration *all;
	size_t count;
	assert_int_equal(configurations_list(db, GATEWAY, &all, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_false(all[0].is_name);
	assert_string_equal(all[0].target, "10.0.2.9");
	assert_true(all[0].allow_association);
	assert_int_equal(all[0].updated_ms, 80);
	assert_int_equal(all[0].port_count, CONFIGURATION_PORT_RANGES_MAX);
	assert_int_equal(all[0].ports[0].from, 64); /* the order that was given */
	assert_int_equal(all[0].ports[63].from, 1);
	configurations_free(all, count);
	assert_int_equal(configurations_list(db, "rgw-nobody", &all, &count, &err), 0);
	assert_int_equal(count, 0);
	configurations_free(all, count);
	configurations_free(NULL, 0);
}

/* ---- what is in the way of a deletion ---- */

static void what_is_used_cannot_be_deleted_and_the_sentence_names_the_user(void **state)
{
	(void)state;
	assert_int_equal(insert_interface("eni-1", GATEWAY, "10.0.1.17"), 0);
	assert_int_equal(insert_rule("sgr-1", GROUP, true, 22, RULE_GROUP, DEFAULT_GROUP), 0);
	assert_int_equal(insert_rule("sgr-2", GROUP, true, 22, RULE_GROUP, GROUP), 0);

	assert_refused(gateways_delete(db, GATEWAY, &err), SP_EXISTS, CONFIGURATION);
	assert_refused(subnets_delete(db, SUBNET, &err), SP_EXISTS, "eni-1");
	assert_refused(security_groups_delete(db, GROUP, &err), SP_EXISTS, GATEWAY);
	assert_refused(vpcs_delete(db, VPC, &err), SP_EXISTS, GATEWAY);
	assert_int_equal(number("SELECT COUNT(*) FROM interfaces"), 1);

	assert_int_equal(configurations_delete(db, CONFIGURATION, &err), 0);
	assert_int_equal(gateways_delete(db, GATEWAY, &err), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM interfaces"), 0); /* it goes with its owner */

	assert_refused(vpcs_delete(db, VPC, &err), SP_EXISTS, SUBNET);
	assert_int_equal(subnets_delete(db, SUBNET, &err), 0);
	assert_refused(vpcs_delete(db, VPC, &err), SP_EXISTS, GROUP);
	assert_refused(security_groups_delete(db, DEFAULT_GROUP, &err), SP_EXISTS, GROUP);
	/* A rule that names its own group is not in the way. */
	assert_int_equal(security_groups_delete(db, GROUP, &err), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM security_rules"), 0);
	assert_int_equal(insert_rule("sgr-3", DEFAULT_GROUP, true, 22, RULE_GROUP, DEFAULT_GROUP),
			 0);
	assert_int_equal(vpcs_delete(db, VPC, &err), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM security_groups"), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM security_rules"), 0);
}

static void nothing_is_left_of_what_was_deleted(void **state)
{
	(void)state;
	assert_int_equal(configurations_delete(db, CONFIGURATION, &err), 0);
	assert_int_equal(gateways_delete(db, GATEWAY, &err), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM configuration_ports"), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM gateway_subnets"), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM gateway_groups"), 0);
	assert_refused(configurations_delete(db, CONFIGURATION, &err), SP_NOT_FOUND, CONFIGURATION);
	assert_refused(gateways_delete(db, GATEWAY, &err), SP_NOT_FOUND, GATEWAY);
	assert_refused(vpcs_delete(db, "vpc-nobody", &err), SP_NOT_FOUND, "vpc-nobody");
	assert_refused(security_groups_delete(db, "sg-nobody", &err), SP_NOT_FOUND, "sg-nobody");
}

/* ---- how many ---- */

static void no_list_grows_without_end(void **state)
{
	(void)state;
	char id[NETWORK_ID_SIZE];
	char name[32];
	assert_int_equal(db_begin(db, &err), 0);
	for (int i = 1; i < VPCS_MAX; i++) {
		snprintf(id, sizeof(id), "vpc-n%d", i);
		assert_int_equal(insert_vpc(id, false), 0);
	}
	assert_refused(insert_vpc("vpc-x", false), SP_LIMIT, "more than 1000 VPCs");
	for (int i = 1; i < SUBNETS_MAX; i++) {
		snprintf(id, sizeof(id), "subnet-n%d", i);
		assert_int_equal(insert_subnet(id, VPC), 0);
	}
	assert_refused(insert_subnet("subnet-x", VPC), SP_LIMIT, "more than 4000 subnets");
	for (int i = 2; i < SECURITY_GROUPS_MAX; i++) {
		snprintf(id, sizeof(id), "sg-n%d", i);
		assert_int_equal(insert_group(id, VPC, id), 0);
	}
	assert_refused(insert_group("sg-x", VPC, "x"), SP_LIMIT, "4000 security groups");
	for (int i = 1; i < GATEWAYS_MAX; i++) {
		snprintf(id, sizeof(id), "rgw-n%d", i);
		snprintf(name, sizeof(name), "gateway %d", i);
		assert_int_equal(insert_gateway(id, name), 0);
	}
	assert_refused(insert_gateway("rgw-x", "x"), SP_LIMIT, "2000 resource gateways");
	for (int i = 1; i < CONFIGURATIONS_MAX; i++) {
		snprintf(id, sizeof(id), "rcfg-n%d", i);
		snprintf(name, sizeof(name), "configuration %d", i);
		assert_int_equal(insert_configuration(id, name), 0);
	}
	assert_refused(insert_configuration("rcfg-x", "x"), SP_LIMIT,
		       "2000 resource configurations");
	db_rollback(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, database_tear_down)
		WITH_STORE(a_vpc_comes_back_as_it_was_kept_and_changed),
		WITH_STORE(there_is_one_vpc_of_this_host),
		WITH_STORE(lists_have_ascending_ids),
		WITH_STORE(a_subnet_comes_back_as_it_was_kept_and_changed),
		WITH_STORE(a_group_and_its_rules_come_back_as_they_were_kept),
		WITH_STORE(a_vpc_has_no_two_groups_of_one_name),
		WITH_STORE(a_group_has_no_rule_twice),
		WITH_STORE(a_group_has_so_many_rules_each_way_and_no_more),
		WITH_STORE(a_gateway_comes_back_as_it_was_kept_and_changed),
		WITH_STORE(a_gateway_of_something_unknown_is_refused),
		WITH_STORE(names_of_gateways_and_configurations_are_unique),
		WITH_STORE(an_address_belongs_to_one_interface),
		WITH_STORE(a_configuration_comes_back_as_it_was_kept_and_changed),
		WITH_STORE(what_is_used_cannot_be_deleted_and_the_sentence_names_the_user),
		WITH_STORE(nothing_is_left_of_what_was_deleted),
		WITH_STORE(no_list_grows_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
