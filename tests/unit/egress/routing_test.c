/* Route tables, internet gateways and public addresses, as netd is told of them. */

#include "routing_world.h"

#include "egress/settle.h"

/* ---- what changes ---- */

struct route_change {
	const char *table, *to;
	enum route_target target;
	const char *id; /* NULL: it goes */
};

static int change_route(struct db *db, void *ctx, struct sp_error *err)
{
	const struct route_change *change = ctx;
	routes_delete(db, change->table, change->to, err);
	return change->id == NULL ? 0
				  : insert_route(db, change->table, change->to, change->target,
						 change->id, err);
}

/* @ctx: the VPC it is attached to, "" for none. */
static int attach(struct db *db, void *ctx, struct sp_error *err)
{
	struct internet_gateway internet = { .id = INTERNET };
	strcpy(internet.vpc_id, ctx);
	return internet_gateways_update(db, &internet, err);
}

/* @ctx: the Elastic IP that the NAT gateway has from now on. */
static int give_address(struct db *db, void *ctx, struct sp_error *err)
{
	static const char *const all[] = { EIP, OTHER_EIP };
	for (size_t i = 0; i < SP_COUNT_OF(all); i++) {
		struct elastic_address address;
		bool is_it = strcmp(all[i], ctx) == 0;
		if (elastic_addresses_find(db, all[i], &address, err) != 0)
			return -1;
		strcpy(address.association_id, is_it ? "eipassoc-00000000000000002" : "");
		strcpy(address.interface_id, is_it ? NAT_ENI : "");
		if (elastic_addresses_update(db, &address, err) != 0)
			return -1;
	}
	return 0;
}

static int delete_nat(struct db *db, void *ctx, struct sp_error *err)
{
	struct nat_gateway nat;
	(void)ctx;
	if (give_address(db, (char[]){ "" }, err) != 0 ||
	    interfaces_delete(db, NAT_ENI, err) != 0 || nat_gateways_find(db, NAT, &nat, err) != 0)
		return -1;
	nat.state = NAT_DELETED;
	nat.deleted_ms = sp_now_ms();
	int result = nat_gateways_update(db, &nat, err);
	nat_gateway_finish(&nat);
	return result;
}

/* @ctx: the table that the first subnet goes by from now on; it is made. */
static int associate_new_table(struct db *db, void *ctx, struct sp_error *err)
{
	struct route_table table = { .vpc_id = VPC };
	struct route_association association = { .id = "rtbassoc-00000000000000002",
						 .subnet_id = SUBNET };
	strcpy(table.id, ctx);
	strcpy(association.table_id, ctx);
	return route_tables_insert(db, &table, err) != 0
		       ? -1
		       : route_associations_insert(db, &association, err);
}

static int insert_other_vpc(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct vpc vpc = { .id = "vpc-00000000000000002",
			   .cidr = "10.9.0.0/16",
			   .provider = PROVIDER_NETNS,
			   .default_group_id = "sg-00000000000000009",
			   .main_route_table_id = "rtb-00000000000000009" };
	return vpcs_insert(db, &vpc, err);
}

static int remove_tag(struct db *db, void *ctx, struct sp_error *err)
{
	const struct tag_change *tag = ctx;
	return tags_remove(db, tag->arn, tag->key, err);
}

/* ---- telling ---- */

static void a_way_is_told_before_what_goes_by_it(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), false, "auto");
	turn_until(f, nat_is, "pending");
	netd_peer_hello(&f->peer);
	turn_until(f, nat_is, "available");
	turn_until(f, gateway_is, "active");
	expect_told(f, TOLD_ALL);
}

static void a_changed_route_is_told_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, change_route,
	       &(struct route_change){ MAIN_TABLE, "10.0.0.0/8", ROUTE_INTERFACE, SECOND_ENI });
	expect_told(f, "TABLE " MAIN_TABLE " 00000000/0>via:7f4d0205 0a000000/8>via:7f4d0106\n");
	change(f, change_route, &(struct route_change){ .table = MAIN_TABLE, .to = "10.0.0.0/8" });
	expect_told(f, TOLD_MAIN);
}

static void another_public_address_is_told_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, give_address, (char[]){ OTHER_EIP });
	expect_told(f, "INTERNET " INTERNET
		       " uplink=eth1 router=c0000201 address=00000000/0 7f4d0205=cb00710a\n");
	change(f, give_address, (char[]){ "" });
	expect_told(f, "INTERNET " INTERNET " uplink=eth1 router=c0000201 address=00000000/0\n");
}

static void another_table_of_a_subnet_is_told_without_its_interfaces(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, associate_new_table, (char[]){ EMPTY_TABLE });
	expect_told(f, "SUBNET " SUBNET " uplink= router=7f4d0101 table=" EMPTY_TABLE
		       "\nTABLE " EMPTY_TABLE "\n");
}

static void another_way_out_is_told_with_the_tables_that_lead_there(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, change_tag, &(struct tag_change){ VPC_ARN, NETWORK_TAG_UPLINK, "eth2" });
	expect_told(
		f,
		"INTERNET " INTERNET
		" uplink=eth2 router=c0000201 address=00000000/0 7f4d0205=cb007109\n" TOLD_PUBLIC);
	change(f, change_tag, &(struct tag_change){ VPC_ARN, NETWORK_TAG_ADDRESS, "192.0.2.2/30" });
	expect_told(
		f,
		"INTERNET " INTERNET
		" uplink=eth2 router=c0000201 address=c0000202/30 7f4d0205=cb007109\n" TOLD_PUBLIC);
}

static void an_interface_that_was_lost_is_made_again_with_all_on_its_way(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	f->peer.refusals = 1;
	f->peer.why = "its namespace is gone";
	ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.error.code, SP_OK);
	expect_told(f, "OPEN " FIRST_ENI "\nVPC " VPC
		       "\n" TOLD_SUBNETS TOLD_INTERNET TOLD_MAIN TOLD_PUBLIC "ENI " FIRST_ENI
		       " rules=1 servers=0\n" TOLD_NAT "OPEN " FIRST_ENI "\n");
}

static void a_connection_that_fails_has_its_ways_looked_at_now_and_then(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	networks_doubt(f->networks, VPC);
	expect_told(f, "VPC " VPC "\n" TOLD_SUBNETS TOLD_INTERNET TOLD_MAIN TOLD_PUBLIC TOLD_NAT);
	networks_doubt(f->networks, VPC);
	networks_doubt(f->networks, "vpc-00000000000000009");
	settle_down(f);
	assert_true(told_is(f, ""));
}

/* ---- leaving ---- */

static void a_deleted_nat_gateway_leaves_a_blackhole(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, delete_nat, NULL);
	expect_told(f, "REMOVE " NAT_ENI "\nINTERNET " INTERNET
		       " uplink=eth1 router=c0000201 address=00000000/0\n"
		       "TABLE " MAIN_TABLE " 00000000/0>blackhole\n");
	assert_true(gateway_is(f, "active"));
}

static void a_detached_internet_gateway_leaves_a_blackhole_and_may_come_back(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, attach, (char[]){ "" });
	expect_told(f, "REMOVE " INTERNET "\nTABLE " PUBLIC_TABLE " 00000000/0>blackhole\n");
	change(f, attach, (char[]){ VPC });
	expect_told(f, TOLD_INTERNET TOLD_PUBLIC);
}

static void an_internet_gateway_leaves_one_vpc_before_it_comes_to_another(void **state)
{
	struct fixture *f = *state;
	house_write(&f->house, insert_other_vpc, NULL);
	f->internet = true;
	open_networks(f, netd_peer_open(&f->peer, f->loop), true, "auto");
	netd_peer_hello(&f->peer);
	turn_until(f, nat_is, "available");
	settle_down(f);
	sp_buffer_clear(&f->peer.told);
	change(f, attach, (char[]){ "vpc-00000000000000002" });
	expect_told(f, "REMOVE " INTERNET "\nINTERNET " INTERNET
		       " uplink= router=00000000 address=00000000/0\n"
		       "TABLE " PUBLIC_TABLE " 00000000/0>blackhole\n");
}

static int delete_ways(struct db *db, void *ctx, struct sp_error *err)
{
	return delete_nat(db, ctx, err) != 0 || attach(db, (char[]){ "" }, err) != 0 ||
			       internet_gateways_delete(db, INTERNET, err) != 0 ||
			       route_associations_delete(db, ASSOCIATION, err) != 0 ||
			       subnets_delete(db, PUBLIC_SUBNET, err) != 0 ||
			       route_tables_delete(db, PUBLIC_TABLE, err) != 0
		       ? -1
		       : 0;
}

static void what_stands_on_others_leaves_before_them(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, delete_ways, NULL);
	expect_told(f, "REMOVE " NAT_ENI "\nREMOVE " PUBLIC_TABLE "\nREMOVE " INTERNET
		       "\nREMOVE " PUBLIC_SUBNET "\nTABLE " MAIN_TABLE " 00000000/0>blackhole\n");
}

/* ---- what connections wait for ---- */

/* From then on, an answer to a message of this kind is needed before sockets are asked for. */
static void assert_waits(struct fixture *f, const char *kind, store_fn *fn, void *ctx)
{
	sp_buffer_clear(&f->peer.told);
	f->peer.mute_at = kind;
	change(f, fn, ctx);
	ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, was_told, kind);
	settle_down(f);
	assert_null(strstr(sp_buffer_text(&f->peer.told), "OPEN"));
	assert_int_equal(f->answers, 0);
	f->peer.mute_at = NULL;
	netd_peer_catch_up(&f->peer);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.error.code, SP_OK);
	assert_true(told_all(f, "OPEN " FIRST_ENI "\n"));
}

static void a_connection_waits_for_all_that_changes_on_its_way(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	assert_waits(
		f, "TABLE", change_route,
		&(struct route_change){ PUBLIC_TABLE, "0.0.0.0/0", ROUTE_INTERFACE, SECOND_ENI });
	assert_waits(f, "INTERNET", give_address, (char[]){ OTHER_EIP });
	assert_waits(f, "SUBNET", associate_new_table, (char[]){ EMPTY_TABLE });
}

static int add_users_interface(struct db *db, void *ctx, struct sp_error *err)
{
	const struct network_interface *like = ctx;
	struct network_interface interface = { .id = USERS_ENI,
					       .vpc_id = VPC,
					       .subnet_id = SUBNET,
					       .kind = INTERFACE_OF_USER,
					       .owner_id = USERS_ENI,
					       .address = "127.77.1.9",
					       .mac = "02:00:00:00:00:21",
					       .group_ids = { OTHER_GROUP },
					       .group_count = 1 };
	if (like != NULL && like->subnet_id[0] != '\0') {
		memcpy(interface.subnet_id, like->subnet_id, sizeof(interface.subnet_id));
		memcpy(interface.address, like->address, sizeof(interface.address));
	}
	if (like != NULL)
		interface.checks_addresses = like->checks_addresses;
	return interfaces_insert(db, &interface, err);
}

static void a_connection_waits_for_an_appliance_that_is_being_made(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	assert_waits(f, "ENI", add_users_interface, NULL);
}

static void a_connection_waits_for_no_other_gateway(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	f->peer.mute_at = "ENI";
	change(f, add_gateway, NULL);
	turn_until(f, told_all, "ENI " OTHER_ENI " rules=0 servers=0\n");
	f->peer.is_silent = false;
	f->peer.mute_at = NULL;
	struct networks_request *request = ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, told_all, "OPEN " FIRST_ENI "\n");
	networks_cancel(request);
}

/* ---- failing ---- */

static bool internet_fails(struct fixture *f, const char *text)
{
	const char *why = networks_failure_of(f->networks, INTERNET);
	return strcmp(why == NULL ? "" : why, text) == 0;
}

static void a_table_that_fails_fails_the_gateways_that_go_by_it_until_it_is_mended(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	f->peer.fails = MAIN_TABLE;
	f->peer.why = "could not lead 10.0.0.0/8 anywhere";
	struct route_change route = { MAIN_TABLE, "10.0.0.0/8", ROUTE_INTERFACE, SECOND_ENI };
	change(f, change_route, &route);
	turn_until(f, gateway_is, "failed: could not lead 10.0.0.0/8 anywhere");
	assert_true(nat_is(f, "available"));
	assert_string_equal(networks_failure_of(f->networks, MAIN_TABLE),
			    "could not lead 10.0.0.0/8 anywhere");
	assert_null(networks_failure_of(f->networks, PUBLIC_TABLE));
	ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, was_answered, "a failure");
	assert_string_equal(f->sockets.error.message,
			    "could not use " FIRST_ENI ": could not lead 10.0.0.0/8 anywhere");

	f->peer.fails = NULL;
	route.id = NULL;
	change(f, change_route, &route);
	turn_until(f, gateway_is, "active");
	assert_null(networks_failure_of(f->networks, MAIN_TABLE));
}

/* Those whose way leads there are told: networks_failure_of(). */
static void a_way_out_that_fails_is_the_failure_of_nobody_else(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), true, "auto");
	f->peer.fails = INTERNET;
	f->peer.why = "there is no interface \"eth1\"";
	netd_peer_hello(&f->peer);
	turn_until(f, nat_is, "available");
	turn_until(f, gateway_is, "active");
	assert_string_equal(networks_failure_of(f->networks, INTERNET),
			    "there is no interface \"eth1\"");
	ask(f, FIRST_ENI, PATIENCE_MS);
	turn_until(f, was_answered, "sockets");
	assert_int_equal(f->sockets.error.code, SP_OK);
	f->peer.fails = NULL;
	netd_peer_hello(&f->peer);
	turn_until(f, internet_fails, "");
}

static void a_nat_gateway_whose_interface_fails_says_why_and_recovers(void **state)
{
	struct fixture *f = *state;
	open_networks(f, netd_peer_open(&f->peer, f->loop), true, "auto");
	f->peer.fails = NAT_ENI;
	f->peer.why = "cannot make it: no moon at all";
	netd_peer_hello(&f->peer);
	turn_until(f, nat_is, "failed InternalError: cannot make it: no moon at all");
	f->peer.fails = NULL;
	netd_peer_hello(&f->peer);
	turn_until(f, nat_is, "available");
}

/* It was told FAILED when it was asked for, and has no interface. */
static int fail_nat(struct db *db, void *ctx, struct sp_error *err)
{
	struct nat_gateway nat = { .id = "nat-00000000000000002",
				   .vpc_id = VPC,
				   .subnet_id = PUBLIC_SUBNET,
				   .state = NAT_FAILED,
				   .failure_code = "Resource.AlreadyAssociated",
				   .failure = (char[]){ "it is taken" } };
	(void)ctx;
	return nat_gateways_insert(db, &nat, err) != 0
		       ? -1
		       : insert_route(db, MAIN_TABLE, "10.0.0.0/8", ROUTE_NAT_GATEWAY, nat.id, err);
}

static void a_nat_gateway_that_was_refused_at_once_is_a_blackhole(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, fail_nat, NULL);
	expect_told(f, "TABLE " MAIN_TABLE " 00000000/0>via:7f4d0205 0a000000/8>blackhole\n");
}

static void a_nat_gateway_asks_for_no_names(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, change_tag, &(struct tag_change){ VPC_ARN, NETWORK_TAG_DNS, "10.0.0.2" });
	expect_told(f,
		    "ENI " FIRST_ENI " rules=1 servers=1\nENI " SECOND_ENI " rules=1 servers=1\n");
	change(f, change_tag, &(struct tag_change){ VPC_ARN, NETWORK_TAG_DNS, "the usual one" });
	turn_until(f, gateway_is,
		   "failed: cannot use the tag sallyport:dns of " VPC
		   ", \"the usual one\": needed are one to 4 IP addresses, with a port after a "
		   "colon where it is not 53 (those of IPv6 in brackets then)");
	settle_down(f);
	assert_true(nat_is(f, "available"));
}

static int settle_late(struct db *db, void *ctx, struct sp_error *err)
{
	struct settled settled = { 0 };
	(void)ctx;
	settled_add_nat(&settled, NAT, NAT_FAILED, "too late");
	settled_add_nat(&settled, "nat-00000000000000009", NAT_AVAILABLE, NULL);
	int result = settled_write(db, &settled, err);
	settled_finish(&settled);
	return result;
}

static void what_was_deleted_meanwhile_stays_deleted(void **state)
{
	struct fixture *f = *state;
	house_write(&f->house, delete_nat, NULL);
	house_write(&f->house, settle_late, NULL);
	assert_true(nat_is(f, "deleted"));
}

/* ---- refusing ---- */

static void a_way_out_that_makes_no_sense_says_why_and_goes(void **state)
{
	struct fixture *f = *state;
	static const struct {
		store_fn *fn;
		struct tag_change tag;
		const char *says;
	} cases[] = {
		{ change_tag,
		  { VPC_ARN, NETWORK_TAG_ROUTER, "the next one" },
		  "cannot use the tag sallyport:router of " VPC
		  ", \"the next one\": needed is the IPv4 address of the next router" },
		{ remove_tag,
		  { VPC_ARN, NETWORK_TAG_ROUTER, NULL },
		  "cannot lead " VPC " to the interface \"eth1\": it needs the tag "
		  "sallyport:router too, which names the next router there" },
		{ change_tag, { VPC_ARN, NETWORK_TAG_ROUTER, "192.0.2.1" }, "" },
		{ change_tag,
		  { VPC_ARN, NETWORK_TAG_UPLINK, "a-name-that-is-too-long" },
		  "cannot use the tag sallyport:uplink of " VPC
		  ", \"a-name-that-is-too-long\": needed is the name of a network interface" },
		{ remove_tag,
		  { VPC_ARN, NETWORK_TAG_UPLINK, NULL },
		  "cannot use the tag sallyport:router of " VPC
		  " without the tag sallyport:uplink, which names the interface" },
		{ change_tag, { VPC_ARN, NETWORK_TAG_UPLINK, "eth1" }, "" },
		{ change_tag,
		  { VPC_ARN, NETWORK_TAG_ADDRESS, "192.0.2.2" },
		  "cannot use the tag sallyport:address of " VPC
		  ", \"192.0.2.2\": needed is an IPv4 address with its network's length, such as "
		  "192.0.2.2/30" },
		{ change_tag,
		  { VPC_ARN, NETWORK_TAG_ADDRESS, "192.0.2.1/30" },
		  "cannot use the tags sallyport:router and sallyport:address of " VPC
		  ": both have the same address" },
		{ remove_tag, { VPC_ARN, NETWORK_TAG_ADDRESS, NULL }, "" },
	};
	begin_ways(f);
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct tag_change tag = cases[i].tag;
		bool was_there = internet_fails(f, "");
		change(f, cases[i].fn, &tag);
		turn_until(f, internet_fails, cases[i].says);
		settle_down(f);
		if (was_there && cases[i].says[0] != '\0')
			assert_true(told_is(f, "REMOVE " INTERNET "\nTABLE " PUBLIC_TABLE
					       " 00000000/0>blackhole\n"));
		else if (cases[i].says[0] != '\0')
			assert_true(told_is(f, ""));
		else
			assert_true(told_is(f, TOLD_INTERNET TOLD_PUBLIC));
		sp_buffer_clear(&f->peer.told);
		assert_true(gateway_is(f, "active"));
	}
	turn_until(f, nat_is, "available");
}

static int remove_way_out(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return tags_remove(db, VPC_ARN, NETWORK_TAG_UPLINK, err) != 0
		       ? -1
		       : tags_remove(db, VPC_ARN, NETWORK_TAG_ROUTER, err);
}

static void without_an_uplink_it_leads_to_this_host_only_when_that_is_allowed(void **state)
{
	struct fixture *f = *state;
	house_write(&f->house, remove_way_out, NULL);
	open_networks(f, netd_peer_open(&f->peer, f->loop), true, "auto");
	netd_peer_hello(&f->peer);
	turn_until(f, told_all, "END\n");
	turn_until(
		f, internet_fails,
		"cannot lead " INTERNET " of " VPC
		" anywhere: the VPC has no tag sallyport:uplink, which names an interface that "
		"leads to the internet, and the setting network.internet, which would lead it to "
		"this host, is off");
	assert_null(strstr(sp_buffer_text(&f->peer.told), "INTERNET"));
	assert_non_null(strstr(sp_buffer_text(&f->peer.told),
			       "TABLE " PUBLIC_TABLE " 00000000/0>blackhole\n"));
	networks_close(sp_take_pointer(&f->networks));
	netd_peer_close(&f->peer);

	f->internet = true;
	open_networks(f, netd_peer_open(&f->peer, f->loop), true, "auto");
	netd_peer_hello(&f->peer);
	turn_until(f, told_all, "END\n");
	assert_non_null(strstr(sp_buffer_text(&f->peer.told),
			       "INTERNET " INTERNET " uplink= router=00000000 address=00000000/0 "
			       "7f4d0205=cb007109\n"));
	assert_non_null(strstr(sp_buffer_text(&f->peer.told), TOLD_PUBLIC));
}

static void routes_and_the_uplink_of_a_subnet_exclude_each_other(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, change_tag, &(struct tag_change){ SUBNET_ARN, NETWORK_TAG_UPLINK, "eth3" });
	turn_until(f, gateway_is,
		   "failed: cannot use " SUBNET
		   " on the interface \"eth3\" (tag sallyport:uplink): "
		   "the next router decides there, and its route table " MAIN_TABLE
		   " has routes; associate it with a table that has none");
	change(f, associate_new_table, (char[]){ EMPTY_TABLE });
	turn_until(f, gateway_is, "active");
	assert_non_null(strstr(sp_buffer_text(&f->peer.told),
			       "SUBNET " SUBNET " uplink=eth3 router=7f4d0101 table=\n"));
}

static void a_nat_gateway_needs_a_subnet_of_the_vpcs_router(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, change_route, &(struct route_change){ .table = PUBLIC_TABLE, .to = "0.0.0.0/0" });
	expect_told(f, "TABLE " PUBLIC_TABLE "\n");
	change(f, change_tag,
	       &(struct tag_change){ PUBLIC_SUBNET_ARN, NETWORK_TAG_UPLINK, "eth3" });
	turn_until(
		f, nat_is,
		"failed InternalError: cannot make the NAT gateway " NAT " in " PUBLIC_SUBNET
		": the subnet is on the interface \"eth3\" (tag sallyport:uplink), where the next "
		"router decides and no route of the VPC leads through a NAT gateway");
	settle_down(f);
	assert_non_null(strstr(sp_buffer_text(&f->peer.told),
			       "TABLE " MAIN_TABLE " 00000000/0>blackhole\n"));
	assert_true(gateway_is(f, "active"));
}

/* ---- appliances ---- */

static int allow_other(struct db *db, void *ctx, struct sp_error *err)
{
	return add_users_interface(db, ctx, err) != 0
		       ? -1
		       : allow_more(db, (char[]){ OTHER_GROUP }, err);
}

static void an_appliance_has_the_rules_of_its_own_groups(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, allow_other, NULL);
	expect_told(f, "ENI " USERS_ENI " rules=1 servers=0 APPLIANCE\n");
	change(f, change_route,
	       &(struct route_change){ MAIN_TABLE, "0.0.0.0/0", ROUTE_INTERFACE, USERS_ENI });
	expect_told(f, "TABLE " MAIN_TABLE " 00000000/0>via:7f4d0109\n");
	change(f, run_script, (char[]){ "DELETE FROM interfaces WHERE id = '" USERS_ENI "'" });
	expect_told(f, "REMOVE " USERS_ENI "\nTABLE " MAIN_TABLE " 00000000/0>blackhole\n");
}

static void an_interface_that_checks_addresses_forwards_nothing(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	struct network_interface like = { .checks_addresses = true };
	change(f, add_users_interface, &like);
	expect_told(f, "ENI " USERS_ENI " rules=0 servers=0\n");
	change(f, run_script,
	       (char[]){ "UPDATE interfaces SET checks_addresses = 0 WHERE id = '" USERS_ENI "'" });
	expect_told(f, "ENI " USERS_ENI " rules=0 servers=0 APPLIANCE\n");
}

static int add_external_interface(struct db *db, void *ctx, struct sp_error *err)
{
	return add_users_interface(db, NULL, err) != 0 ||
			       insert_route(db, MAIN_TABLE, "10.0.0.0/8", ROUTE_INTERFACE,
					    USERS_ENI, err) != 0
		       ? -1
		       : tags_put(db, USERS_ENI_ARN, NETWORK_TAG_EXTERNAL, ctx, err);
}

static void a_machine_that_is_there_already_is_only_led_to(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, add_external_interface, (char[]){ "yes" });
	expect_told(f, "TABLE " MAIN_TABLE " 00000000/0>via:7f4d0205 0a000000/8>via:7f4d0109\n");
	assert_null(networks_failure_of(f->networks, USERS_ENI));
	change(f, change_tag, &(struct tag_change){ USERS_ENI_ARN, NETWORK_TAG_EXTERNAL, "no" });
	expect_told(f, "ENI " USERS_ENI " rules=0 servers=0 APPLIANCE\n");
	change(f, change_tag, &(struct tag_change){ USERS_ENI_ARN, NETWORK_TAG_EXTERNAL, "da" });
	expect_told(f, "TABLE " MAIN_TABLE " 00000000/0>via:7f4d0205 0a000000/8>blackhole\n");
	assert_string_equal(networks_failure_of(f->networks, USERS_ENI),
			    "cannot use the tag sallyport:external of " USERS_ENI
			    ", \"da\": needed is yes or no");
}

/* Of the two, the gateway whose subnet goes by the table says so; the NAT gateway has another one. */
static void a_route_through_a_subnet_with_an_uplink_leads_nowhere_and_says_why(void **state)
{
	struct fixture *f = *state;
	static const char sentence[] =
		"cannot lead a route of " MAIN_TABLE " through " USERS_ENI
		": its subnet subnet-00000000000000003 is on the interface \"eth3\" (tag "
		"sallyport:uplink), where the next router decides";
	SP_AUTO_BUFFER says = { 0 };
	sp_buffer_format(&says, "failed: %s", sentence);
	begin_ways(f);
	change(f, run_script,
	       (char[]){ "INSERT INTO subnets SELECT 'subnet-00000000000000003', vpc_id, "
			 "'127.77.3.0/24', zone, interface, 'aclassoc-00000000000000003', "
			 "map_public_ip, assign_ipv6, enable_dns64, created_ms, '', '' FROM "
			 "subnets WHERE "
			 "id = '" SUBNET "';"
			 "INSERT INTO route_tables VALUES ('" EMPTY_TABLE "', '" VPC "', 0);"
			 "INSERT INTO route_associations VALUES ('rtbassoc-00000000000000003', "
			 "'" EMPTY_TABLE "', 'subnet-00000000000000003');" });
	turn_until(f, told_all, "TABLE " EMPTY_TABLE "\n");
	change(f, change_tag,
	       &(struct tag_change){
		       "arn:aws:ec2:eu-central-1:000000000000:subnet/subnet-00000000000000003",
		       NETWORK_TAG_UPLINK, "eth3" });
	struct network_interface like = { .subnet_id = "subnet-00000000000000003",
					  .address = "127.77.3.9" };
	change(f, add_users_interface, &like);
	turn_until(f, told_all, "ENI " USERS_ENI " rules=0 servers=0 APPLIANCE\n");
	sp_buffer_clear(&f->peer.told);
	struct route_change route = { MAIN_TABLE, "10.0.0.0/8", ROUTE_INTERFACE, USERS_ENI };
	change(f, change_route, &route);
	turn_until(f, gateway_is, sp_buffer_text(&says));
	expect_told(f, "TABLE " MAIN_TABLE " 00000000/0>via:7f4d0205 0a000000/8>blackhole\n");
	assert_string_equal(networks_failure_of(f->networks, MAIN_TABLE), sentence);
	assert_true(nat_is(f, "available"));
	route.id = NULL;
	change(f, change_route, &route);
	turn_until(f, gateway_is, "active");
}

/* A rule that names a group means the appliances that have it too. */
static int allow_group(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return insert_rule(db, "sgr-00000000000000008", GROUP, true, 22, RULE_GROUP,
			   (char[]){ OTHER_GROUP }, err);
}

static void a_group_means_the_appliances_that_have_it(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, allow_group, NULL);
	settle_down(f);
	assert_true(told_is(f, ""));
	change(f, add_users_interface, NULL);
	expect_told(f, "ENI " FIRST_ENI " rules=2 servers=0\nENI " SECOND_ENI
		       " rules=2 servers=0\nENI " USERS_ENI " rules=0 servers=0 APPLIANCE\n");
}

/* ---- forgetting ---- */

static int look_for_nat(struct db *db, void *ctx, struct sp_error *err)
{
	struct nat_gateway nat = { 0 };
	struct tag tags[TAGS_MAX];
	size_t *count = ctx, tag_count = 0;
	*count = nat_gateways_find(db, NAT, &nat, err) == 0;
	nat_gateway_finish(&nat);
	if (tags_list(db, NAT_ARN, tags, &tag_count, err) != 0)
		return -1;
	for (size_t i = 0; i < tag_count; i++)
		tag_finish(&tags[i]);
	*count += tag_count;
	return 0;
}

static bool nat_is_forgotten(struct fixture *f, const char *text)
{
	struct sp_error err = { 0 };
	size_t count;
	(void)text;
	assert_int_equal(store_read(f->house.store, look_for_nat, &count, &err), 0);
	return count == 0;
}

/* @ctx: for how much longer it is shown. */
static int show_nat_for(struct db *db, void *ctx, struct sp_error *err)
{
	struct nat_gateway nat;
	if (nat_gateways_find(db, NAT, &nat, err) != 0)
		return -1;
	nat.deleted_ms = sp_now_ms() - NAT_DELETED_SHOWN_MS + *(int64_t *)ctx;
	int result = nat_gateways_update(db, &nat, err);
	nat_gateway_finish(&nat);
	return result != 0 ? -1 : tags_put(db, NAT_ARN, "Name", "old", err);
}

/* Nobody wakes the networks when its time is over. */
static void a_deleted_nat_gateway_is_forgotten_when_its_time_is_over(void **state)
{
	struct fixture *f = *state;
	begin_ways(f);
	change(f, delete_nat, NULL);
	turn_until(f, told_all, "TABLE " MAIN_TABLE " 00000000/0>blackhole\n");
	settle_down(f);
	assert_false(nat_is_forgotten(f, NULL));
	change(f, show_nat_for, &(int64_t){ 300 });
	turn_until(f, nat_is_forgotten, "that it is forgotten");
}

#define PROVES(test) cmocka_unit_test_setup_teardown(test, set_up_ways, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROVES(a_way_is_told_before_what_goes_by_it),
		PROVES(a_changed_route_is_told_and_nothing_else),
		PROVES(another_public_address_is_told_and_nothing_else),
		PROVES(another_table_of_a_subnet_is_told_without_its_interfaces),
		PROVES(another_way_out_is_told_with_the_tables_that_lead_there),
		PROVES(an_interface_that_was_lost_is_made_again_with_all_on_its_way),
		PROVES(a_connection_that_fails_has_its_ways_looked_at_now_and_then),
		PROVES(a_deleted_nat_gateway_leaves_a_blackhole),
		PROVES(a_detached_internet_gateway_leaves_a_blackhole_and_may_come_back),
		PROVES(an_internet_gateway_leaves_one_vpc_before_it_comes_to_another),
		PROVES(what_stands_on_others_leaves_before_them),
		PROVES(a_connection_waits_for_all_that_changes_on_its_way),
		PROVES(a_connection_waits_for_an_appliance_that_is_being_made),
		PROVES(a_connection_waits_for_no_other_gateway),
		PROVES(a_table_that_fails_fails_the_gateways_that_go_by_it_until_it_is_mended),
		PROVES(a_way_out_that_fails_is_the_failure_of_nobody_else),
		PROVES(a_nat_gateway_whose_interface_fails_says_why_and_recovers),
		PROVES(a_nat_gateway_that_was_refused_at_once_is_a_blackhole),
		PROVES(a_nat_gateway_asks_for_no_names),
		PROVES(what_was_deleted_meanwhile_stays_deleted),
		PROVES(a_way_out_that_makes_no_sense_says_why_and_goes),
		PROVES(without_an_uplink_it_leads_to_this_host_only_when_that_is_allowed),
		PROVES(routes_and_the_uplink_of_a_subnet_exclude_each_other),
		PROVES(a_nat_gateway_needs_a_subnet_of_the_vpcs_router),
		PROVES(an_appliance_has_the_rules_of_its_own_groups),
		PROVES(an_interface_that_checks_addresses_forwards_nothing),
		PROVES(a_machine_that_is_there_already_is_only_led_to),
		PROVES(a_route_through_a_subnet_with_an_uplink_leads_nowhere_and_says_why),
		PROVES(a_group_means_the_appliances_that_have_it),
		PROVES(a_deleted_nat_gateway_is_forgotten_when_its_time_is_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
