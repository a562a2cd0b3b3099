/* What a path's snapshot knows of the VPC's route tables, and where they lead. */

#include "way_house.h"

#include "base/buffer.h"
#include "egress/path.h"
#include "network/cidr.h"

struct fixture {
	struct house house;
	struct path path;
	struct way way;
	struct sp_error err;
};

static int read_it(struct db *db, void *ctx, struct sp_error *err)
{
	struct fixture *f = ctx;
	return path_read(db, ARN_OF(CONFIGURATION), 22, &f->path, NULL, err);
}

static int route(struct fixture *f, const char *to)
{
	struct ip_address address;
	assert_true(ip_parse_v4(to, &address));
	f->err = (struct sp_error){ 0 };
	path_finish(&f->path);
	if (store_read(f->house.store, read_it, f, &f->err) != 0)
		fail_msg("%s", f->err.message);
	return path_route(&f->path, &f->path.interfaces[0], address, &f->way, &f->err);
}

static void assert_way(struct fixture *f, const char *to, const char *words)
{
	SP_AUTO_BUFFER told = { 0 };
	if (route(f, to) != 0)
		fail_msg("%s", f->err.message);
	way_describe(&f->way, &told);
	assert_string_equal(sp_buffer_text(&told), words);
}

static void assert_refused(struct fixture *f, const char *to, enum sp_code code,
			   const char *sentence)
{
	assert_int_equal(route(f, to), -1);
	assert_string_equal(f->err.message, sentence);
	assert_int_equal(f->err.code, code);
}

static int set_up(void **state)
{
	struct fixture *f = sp_alloc(sizeof(*f));
	house_open(&f->house);
	house_write(&f->house, insert_ways, NULL);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	path_finish(&f->path);
	house_close(&f->house);
	free(f);
	return 0;
}

static void each_subnet_has_its_own_table_or_the_main_one(void **state)
{
	struct fixture *f = *state;
	assert_way(f, "192.0.2.7", THROUGH_NAT ", then " TO_INTERNET AS_EIP);
	assert_int_equal(f->way.end, WAY_PUBLIC);
	assert_string_equal(f->way.allocation_id, EIP);
	assert_way(f, "10.0.2.5", "by the route 10.0.0.0/16 (local) of " MAIN_TABLE);
	assert_way(f, "10.0.1.6", "inside the subnet's own 10.0.1.0/24");

	house_script(&f->house, "DELETE FROM route_associations");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "behind " THE_NAT ", the route 0.0.0.0/0 of " MAIN_TABLE
		       " leads nowhere: it leads in a circle, back to " NAT "; its subnet " FRONT
		       " needs a route table of its own");
}

static void what_is_changed_holds_for_the_next(void **state)
{
	struct fixture *f = *state;
	assert_way(f, "192.0.2.7", THROUGH_NAT ", then " TO_INTERNET AS_EIP);
	house_write(&f->house, lead_through_appliance, (char[]){ "192.0.2.0/24" });
	house_script(&f->house, "UPDATE elastic_addresses SET address = '203.0.113.10'");
	/* The appliance's subnet goes by the main table as well: back to itself. */
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "behind " THE_GUARD ", the route 192.0.2.0/24 of " MAIN_TABLE
		       " leads nowhere: it leads in a circle, back to " APPLIANCE
		       "; its subnet " GUARD " needs a route table of its own");
	house_script(&f->house, "INSERT INTO route_associations (id, table_id, subnet_id)"
				" VALUES ('rtbassoc-2', '" FRONT_TABLE "', '" GUARD "')");
	house_script(&f->house, "UPDATE elastic_addresses SET interface_id = '" APPLIANCE "'");
	assert_way(f, "192.0.2.7",
		   "by the route 192.0.2.0/24 of " MAIN_TABLE " through " THE_GUARD
		   ", then " TO_INTERNET " as 203.0.113.10 (" EIP "), if " APPLIANCE
		   " puts its own address in place of the connection's");
	assert_refused(f, "198.51.100.1", SP_UNREACHABLE,
		       "behind " THE_NAT ", the route 0.0.0.0/0 of " FRONT_TABLE
		       " leads nowhere: the NAT gateway " NAT
		       " has no Elastic IP address to go through " INTERNET " with");
}

static void what_routes_lead_to_may_be_gone(void **state)
{
	struct fixture *f = *state;
	house_script(&f->house, "UPDATE internet_gateways SET vpc_id = NULL");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "behind " THE_NAT ", the route 0.0.0.0/0 of " FRONT_TABLE
		       " leads nowhere: the internet gateway " INTERNET " is not attached to " VPC);
	house_script(&f->house, "UPDATE nat_gateways SET state = 3, deleted_ms = 1;"
				"UPDATE elastic_addresses SET interface_id = '';"
				"DELETE FROM interfaces WHERE id = '" NAT_ENI "'");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of " MAIN_TABLE " leads nowhere: the NAT gateway " NAT
		       " was deleted");
	house_script(&f->house, "DELETE FROM nat_gateways");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of " MAIN_TABLE
		       " leads nowhere: there is no NAT gateway " NAT " any more");
	house_script(&f->house, "UPDATE routes SET target = 2, target_id = 'eni-gone'"
				" WHERE table_id = '" MAIN_TABLE "'");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of " MAIN_TABLE
		       " leads nowhere: there is no network interface eni-gone any more");
	house_script(&f->house, "DELETE FROM routes");
	assert_way(f, "192.0.2.7",
		   "by the VPC's router's own routes, as none of " MAIN_TABLE " leads there");
}

static void a_route_may_name_a_nat_gateways_interface(void **state)
{
	struct fixture *f = *state;
	house_script(&f->house, "UPDATE routes SET target = 2, target_id = '" NAT_ENI
				"' WHERE table_id = '" MAIN_TABLE "'");
	assert_way(f, "192.0.2.7", THROUGH_NAT ", then " TO_INTERNET AS_EIP);
}

static void the_tag_says_that_an_interface_is_a_machine_of_its_own(void **state)
{
	struct fixture *f = *state;
	static const char arn[] = ARN_IN_EC2 "network-interface/" APPLIANCE;
	house_write(&f->house, lead_through_appliance, (char[]){ "192.168.0.0/16" });
	house_tag(&f->house, arn, NETWORK_TAG_EXTERNAL, "yes");
	assert_way(f, "192.168.1.1",
		   "by the route 192.168.0.0/16 of " MAIN_TABLE " through " THE_GUARD
		   ", a machine that leads on by itself");
	house_tag(&f->house, arn, NETWORK_TAG_EXTERNAL, "no");
	assert_int_equal(route(f, "192.168.1.1"), -1);
}

/* There the real network has the routes. */
static void tables_do_not_decide_behind_an_uplink(void **state)
{
	struct fixture *f = *state;
	house_tag(&f->house, ARN_IN_EC2 "subnet/" SUBNET, NETWORK_TAG_UPLINK, "eth1.120");
	assert_way(f, "192.0.2.7", "");
	assert_int_equal(f->way.count, 0);
	assert_string_equal(path_routes_uplink(&f->path.routes, SUBNET), "eth1.120");
	assert_null(path_routes_uplink(&f->path.routes, FRONT));
}

static void tables_do_not_decide_in_this_hosts_own_networks(void **state)
{
	struct fixture *f = *state;
	house_script(&f->house, "UPDATE vpcs SET provider = 0");
	assert_way(f, "192.0.2.7", "");
	assert_int_equal(f->path.routes.route_count, 0);
}

static void loopback_is_never_left(void **state)
{
	struct fixture *f = *state;
	assert_way(f, "127.0.0.1", "");
	assert_way(f, "128.0.0.1", THROUGH_NAT ", then " TO_INTERNET AS_EIP);
}

static int insert_other_vpc(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct vpc vpc = { .id = "vpc-00000000000000002",
			   .cidr = "10.0.0.0/16",
			   .provider = PROVIDER_NETNS,
			   .main_route_table_id = "rtb-00000000000000009" };
	return vpcs_insert(db, &vpc, err) != 0 ||
			       way_route(db, vpc.main_route_table_id, "192.0.2.0/24",
					 ROUTE_INTERFACE, APPLIANCE, err) != 0
		       ? -1
		       : 0;
}

static void other_vpcs_do_not_count(void **state)
{
	struct fixture *f = *state;
	house_write(&f->house, insert_other_vpc, NULL);
	assert_way(f, "192.0.2.7", THROUGH_NAT ", then " TO_INTERNET AS_EIP);
	assert_int_equal(f->path.routes.route_count, 2);
	house_script(&f->house, "UPDATE internet_gateways SET vpc_id = 'vpc-00000000000000002'");
	assert_int_equal(route(f, "192.0.2.7"), -1);
	assert_string_equal(f->path.routes.internet_id, "");
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORY(each_subnet_has_its_own_table_or_the_main_one),
		STORY(what_is_changed_holds_for_the_next),
		STORY(what_routes_lead_to_may_be_gone),
		STORY(a_route_may_name_a_nat_gateways_interface),
		STORY(the_tag_says_that_an_interface_is_a_machine_of_its_own),
		STORY(tables_do_not_decide_behind_an_uplink),
		STORY(tables_do_not_decide_in_this_hosts_own_networks),
		STORY(loopback_is_never_left),
		STORY(other_vpcs_do_not_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
