#include "../store/folder.h"

#include "base/text.h"
#include "service/ec2/network_tags.h"
#include "store/gateways.h"
#include "store/migrations.h"
#include "store/networks.h"

/* A network of namespaces and one of this host, with a subnet each. */
#define VPC         "vpc-00000000000000001"
#define HOST_VPC    "vpc-00000000000000002"
#define SUBNET      "subnet-00000000000000001"
#define HOST_SUBNET "subnet-00000000000000002"
/* In SUBNET, one of the user's and one of a NAT gateway. */
#define INTERFACE     "eni-00000000000000001"
#define NAT_INTERFACE "eni-00000000000000002"

static struct sp_error err;
static struct folder folder;
static struct db *db;

static void insert(const char *vpc_id, const char *subnet_id, enum network_provider provider)
{
	struct vpc vpc = { .cidr = "10.0.0.0/16", .provider = provider };
	struct subnet subnet = { .cidr = "10.0.1.0/24", .zone = "eu-central-1a" };
	strcpy(vpc.id, vpc_id);
	snprintf(vpc.main_route_table_id, sizeof(vpc.main_route_table_id), "rtb-%.30s", vpc_id);
	strcpy(subnet.id, subnet_id);
	strcpy(subnet.vpc_id, vpc_id);
	assert_int_equal(vpcs_insert(db, &vpc, &err), 0);
	assert_int_equal(subnets_insert(db, &subnet, &err), 0);
}

static void insert_interface(const char *id, enum interface_kind kind, const char *address)
{
	struct network_interface interface = { .vpc_id = VPC, .subnet_id = SUBNET, .kind = kind };
	strcpy(interface.id, id);
	strcpy(interface.owner_id, kind == INTERFACE_OF_NAT ? "nat-00000000000000001" : id);
	strcpy(interface.address, address);
	assert_int_equal(interfaces_insert(db, &interface, &err), 0);
}

static int open_store(void **state)
{
	(void)state;
	folder_make(&folder);
	const char *path = folder_file(&folder, "store.db");
	assert_int_equal(db_open(path, DB_READ_WRITE, &db, &err), 0);
	assert_int_equal(migrations_run(db, path, migrations_scripts, migrations_count, &err), 0);
	insert(VPC, SUBNET, PROVIDER_NETNS);
	insert(HOST_VPC, HOST_SUBNET, PROVIDER_HOST);
	insert_interface(INTERFACE, INTERFACE_OF_USER, "10.0.1.5");
	insert_interface(NAT_INTERFACE, INTERFACE_OF_NAT, "10.0.1.6");
	return 0;
}

static int close_store(void **state)
{
	(void)state;
	db_close(db);
	folder_remove(&folder);
	return 0;
}

/* As a kind's check_tag(). */
static const struct {
	const char *prefix;
	int (*check)(struct ec2_request *request, struct db *db, const char *id, const char *key,
		     const char *value, struct sp_error *err);
} kinds[] = {
	{ "vpc-", ec2_vpc_check_tag },
	{ "subnet-", ec2_subnet_check_tag },
	{ "eni-", ec2_interface_check_tag },
};

static int check(const char *id, const char *key, const char *value)
{
	struct ec2_request request = { 0 };
	err = (struct sp_error){ 0 };
	int result = 0;
	for (size_t i = 0; i < SP_COUNT_OF(kinds); i++)
		if (sp_text_starts_with(id, kinds[i].prefix))
			result = kinds[i].check(&request, db, id, key, value, &err);
	if (result != 0)
		assert_string_equal(request.code, EC2_INVALID_VALUE);
	return result;
}

static void assert_good(const char *id, const char *key, const char *value)
{
	if (check(id, key, value) != 0)
		fail_msg("%s=%s was refused: %s", key, value != NULL ? value : "", err.message);
}

/* The sentence names the tag and, unless it is empty, what was given. */
static void assert_bad(const char *id, const char *key, const char *value)
{
	if (check(id, key, value) == 0)
		fail_msg("%s=%s was not refused", key, value);
	assert_non_null(strstr(err.message, key));
	assert_non_null(strstr(err.message, value));
}

static void a_network_stays_what_it_was_made_as(void **state)
{
	(void)state;
	assert_good(VPC, NETWORK_TAG_PROVIDER, "netns");
	assert_bad(VPC, NETWORK_TAG_PROVIDER, "host");
	assert_bad(VPC, NETWORK_TAG_PROVIDER, "");
	assert_good(HOST_VPC, NETWORK_TAG_PROVIDER, "host");
	assert_bad(HOST_VPC, NETWORK_TAG_PROVIDER, "netns");
	assert_int_equal(check(VPC, NETWORK_TAG_PROVIDER, NULL), -1);
}

static void name_servers_are_addresses(void **state)
{
	(void)state;
	static const char *const good[] = { "10.0.0.2", "10.0.0.2,10.0.0.3",
					    "10.0.0.2:5353, 10.0.0.3" };
	static const char *const bad[] = { "",           "dns.example",    "10.0.0.300",
					   "10.0.0.2:0", "10.0.0.2:65536", "10.0.0.2;10.0.0.3",
					   "[fd00::2]" };
	for (size_t i = 0; i < SP_COUNT_OF(good); i++)
		assert_good(VPC, NETWORK_TAG_DNS, good[i]);
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_bad(VPC, NETWORK_TAG_DNS, bad[i]);
	assert_good(HOST_VPC, NETWORK_TAG_DNS, "127.0.0.53");
	assert_good(VPC, NETWORK_TAG_DNS, NULL);
}

static void an_uplink_is_the_name_of_an_interface(void **state)
{
	(void)state;
	static const char *const good[] = { "eth0", "eth1.120", "enp0s31f6", "a",
					    "fifteen-letters" };
	static const char *const bad[] = {
		"", ".", "..", "a/b", "eth 0", "eth0:1", "sixteen--letters"
	};
	for (size_t i = 0; i < SP_COUNT_OF(good); i++)
		assert_good(SUBNET, NETWORK_TAG_UPLINK, good[i]);
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_bad(SUBNET, NETWORK_TAG_UPLINK, bad[i]);
	assert_good(SUBNET, NETWORK_TAG_UPLINK, NULL);
}

static void a_router_is_an_address_of_the_subnet(void **state)
{
	(void)state;
	assert_good(SUBNET, NETWORK_TAG_ROUTER, "10.0.1.254");
	assert_bad(SUBNET, NETWORK_TAG_ROUTER, "10.0.2.1");
	assert_bad(SUBNET, NETWORK_TAG_ROUTER, "router.example");
	assert_bad(SUBNET, NETWORK_TAG_ROUTER, "");
}

static void the_hosts_own_networks_have_no_uplink_and_no_router(void **state)
{
	(void)state;
	assert_int_equal(check(HOST_SUBNET, NETWORK_TAG_UPLINK, "eth0"), -1);
	assert_int_equal(check(HOST_SUBNET, NETWORK_TAG_ROUTER, "10.0.1.1"), -1);
	assert_bad(HOST_VPC, NETWORK_TAG_UPLINK, "");
	assert_bad(HOST_VPC, NETWORK_TAG_ROUTER, "");
	assert_bad(HOST_VPC, NETWORK_TAG_ADDRESS, "");
}

static void the_way_to_the_internet_is_an_interface_a_next_hop_and_an_address(void **state)
{
	(void)state;
	assert_good(VPC, NETWORK_TAG_UPLINK, "eth1.120");
	assert_bad(VPC, NETWORK_TAG_UPLINK, "x/y");
	assert_bad(VPC, NETWORK_TAG_UPLINK, "");
	assert_good(VPC, NETWORK_TAG_ROUTER, "192.0.2.1");
	static const char *const bad_routers[] = { "",          "router.example", "10.0.3.1",
						   "127.0.0.1", "224.0.0.1",      "192.0.2.1/24" };
	for (size_t i = 0; i < SP_COUNT_OF(bad_routers); i++)
		assert_bad(VPC, NETWORK_TAG_ROUTER, bad_routers[i]);
	assert_good(VPC, NETWORK_TAG_ADDRESS, "192.0.2.2/30");
	static const char *const bad_addresses[] = {
		"", "192.0.2.2", "192.0.2.0/30", "10.0.5.2/30", "10.1.2.3/8", "127.0.0.2/8"
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad_addresses); i++)
		assert_bad(VPC, NETWORK_TAG_ADDRESS, bad_addresses[i]);
	assert_good(VPC, NETWORK_TAG_UPLINK, NULL);
	assert_good(VPC, NETWORK_TAG_ROUTER, NULL);
	assert_good(VPC, NETWORK_TAG_ADDRESS, NULL);
}

static void a_machine_that_is_there_has_an_interface_of_the_users(void **state)
{
	(void)state;
	assert_good(INTERFACE, NETWORK_TAG_EXTERNAL, "yes");
	assert_good(INTERFACE, NETWORK_TAG_EXTERNAL, "no");
	assert_bad(INTERFACE, NETWORK_TAG_EXTERNAL, "maybe");
	assert_good(INTERFACE, NETWORK_TAG_EXTERNAL, NULL);
	assert_good(NAT_INTERFACE, NETWORK_TAG_EXTERNAL, "no");
	assert_bad(NAT_INTERFACE, NETWORK_TAG_EXTERNAL, "yes");
	assert_non_null(strstr(err.message, "nat-00000000000000001"));
}

/* A provider's default tags land on everything. */
static void tags_on_another_kind_and_tags_of_others_are_free(void **state)
{
	(void)state;
	assert_good(SUBNET, NETWORK_TAG_PROVIDER, "x");
	assert_good(VPC, NETWORK_TAG_EXTERNAL, "x");
	assert_good(INTERFACE, NETWORK_TAG_UPLINK, "x/y");
	assert_good(HOST_SUBNET, "Name", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_stays_what_it_was_made_as),
		cmocka_unit_test(name_servers_are_addresses),
		cmocka_unit_test(an_uplink_is_the_name_of_an_interface),
		cmocka_unit_test(a_router_is_an_address_of_the_subnet),
		cmocka_unit_test(the_hosts_own_networks_have_no_uplink_and_no_router),
		cmocka_unit_test(the_way_to_the_internet_is_an_interface_a_next_hop_and_an_address),
		cmocka_unit_test(a_machine_that_is_there_has_an_interface_of_the_users),
		cmocka_unit_test(tags_on_another_kind_and_tags_of_others_are_free),
	};
	return cmocka_run_group_tests(tests, open_store, close_store);
}
