/*
 * One VPC, 10.0.0.0/16: the resource gateway's interface in the subnet "home", NAT gateways in "front", appliances in
 * "guard" and "second", another resource gateway's interface in "other". Each subnet has a table of its name.
 */

#include "test.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"
#include "network/routes.h"
#include "network/way.h"

enum { ROUTES_MAX = 16, CHAIN = 12 };

static const struct vpc vpc = { .id = "vpc-1", .cidr = "10.0.0.0/16", .cidr6 = "fd00::/56" };

static const struct way_interface all_interfaces[] = {
	{ .row = { .id = "eni-from",
		   .subnet_id = "home",
		   .kind = INTERFACE_OF_GATEWAY,
		   .owner_id = "rgw-1",
		   .address = "10.0.0.5",
		   .address6 = "fd00::5" } },
	{ .row = { .id = "eni-nat",
		   .subnet_id = "front",
		   .kind = INTERFACE_OF_NAT,
		   .owner_id = "nat-1",
		   .address = "10.0.1.7" },
	  .public_address = "203.0.113.9",
	  .allocation_id = "eipalloc-1" },
	{ .row = { .id = "eni-private",
		   .subnet_id = "front",
		   .kind = INTERFACE_OF_NAT,
		   .owner_id = "nat-private",
		   .address = "10.0.1.8" } },
	{ .row = { .id = "eni-guard",
		   .subnet_id = "guard",
		   .kind = INTERFACE_OF_USER,
		   .owner_id = "eni-guard",
		   .address = "10.0.2.4",
		   .address6 = "fd00:0:0:2::4" } },
	{ .row = { .id = "eni-second",
		   .subnet_id = "second",
		   .kind = INTERFACE_OF_USER,
		   .owner_id = "eni-second",
		   .address = "10.0.3.4" },
	  .public_address = "203.0.113.10",
	  .allocation_id = "eipalloc-2" },
	{ .row = { .id = "eni-checking",
		   .subnet_id = "guard",
		   .kind = INTERFACE_OF_USER,
		   .owner_id = "eni-checking",
		   .checks_addresses = true,
		   .address = "10.0.2.5" } },
	{ .row = { .id = "eni-machine",
		   .subnet_id = "guard",
		   .kind = INTERFACE_OF_USER,
		   .owner_id = "eni-machine",
		   .checks_addresses = true,
		   .address = "10.0.2.6" },
	  .is_external = true },
	{ .row = { .id = "eni-other",
		   .subnet_id = "other",
		   .kind = INTERFACE_OF_GATEWAY,
		   .owner_id = "rgw-2",
		   .address = "10.0.4.5" } },
};

static const struct way_subnet subnets[] = {
	{ "home", { IPV4(0x0a000000), 24 }, "rtb-home", { { (ip_number)0xfd00 << 112 }, 64 } },
	{ "front", { IPV4(0x0a000100), 24 }, "rtb-front" },
	{ "guard", { IPV4(0x0a000200), 24 }, "rtb-guard" },
	{ "second", { IPV4(0x0a000300), 24 }, "rtb-second" },
	{ "other", { IPV4(0x0a000400), 24 }, "rtb-other" },
};

/* What tests may change. */
struct fixture {
	struct route routes[ROUTES_MAX];
	struct nat_gateway nats[2];
	struct way_interface interfaces[SP_COUNT_OF(all_interfaces)];
	struct way_world world;
	struct way way;
	struct sp_error err;
	struct sp_buffer words;
};

static int set_up(void **state)
{
	struct fixture *f = sp_alloc(sizeof(*f));
	f->nats[0] = (struct nat_gateway){ .id = "nat-1",
					   .subnet_id = "front",
					   .state = NAT_AVAILABLE,
					   .interface_id = "eni-nat",
					   .allocation_id = "eipalloc-1" };
	f->nats[1] = (struct nat_gateway){ .id = "nat-private",
					   .subnet_id = "front",
					   .is_private = true,
					   .state = NAT_AVAILABLE,
					   .interface_id = "eni-private" };
	memcpy(f->interfaces, all_interfaces, sizeof(all_interfaces));
	f->world = (struct way_world){ .vpc = &vpc,
				       .subnets = subnets,
				       .subnet_count = SP_COUNT_OF(subnets),
				       .routes = f->routes,
				       .interfaces = f->interfaces,
				       .interface_count = SP_COUNT_OF(all_interfaces),
				       .nats = f->nats,
				       .nat_count = SP_COUNT_OF(f->nats),
				       .internet_id = "igw-1" };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	sp_buffer_finish(&f->words);
	free(f);
	return 0;
}

static void add(struct fixture *f, const char *table, const char *destination, const char *target)
{
	assert_true(f->world.route_count < ROUTES_MAX);
	struct route *route = &f->routes[f->world.route_count++];
	*route = (struct route){ .target = target[0] == 'i'   ? ROUTE_INTERNET_GATEWAY
					   : target[0] == 'n' ? ROUTE_NAT_GATEWAY
							      : ROUTE_INTERFACE };
	strcpy(route->table_id, table);
	strcpy(route->destination, destination);
	strcpy(route->target_id, target);
}

static void go_to(struct fixture *f, const char *to, const char *table, const char *target)
{
	for (size_t i = 0; i < f->world.route_count; i++)
		if (strcmp(f->routes[i].table_id, table) == 0) {
			f->routes[i] = f->routes[--f->world.route_count];
			break;
		}
	add(f, table, to, target);
}

static struct way_interface *interface(struct fixture *f, const char *id)
{
	for (size_t i = 0; i < f->world.interface_count; i++)
		if (strcmp(f->interfaces[i].row.id, id) == 0)
			return &f->interfaces[i];
	fail_msg("there is no %s", id);
	return NULL;
}

static int find(struct fixture *f, const char *to)
{
	struct ip_address address;
	assert_true(ip_parse(to, &address));
	f->err = (struct sp_error){ 0 };
	return way_find(&f->world, "eni-from", address, &f->way, &f->err);
}

static void assert_way(struct fixture *f, const char *to, enum way_end end, const char *source,
		       const char *words)
{
	char text[ADDRESS_TEXT_SIZE];
	if (find(f, to) != 0)
		fail_msg("%s", f->err.message);
	sp_buffer_clear(&f->words);
	way_describe(&f->way, &f->words);
	assert_string_equal(sp_buffer_text(&f->words), words);
	ip_text(f->way.source, text);
	assert_string_equal(text, source);
	assert_int_equal(f->way.end, end);
	assert_int_equal(f->way.allocation_id[0] != '\0', end == WAY_PUBLIC);
}

static void assert_refused(struct fixture *f, const char *to, enum sp_code code,
			   const char *sentence)
{
	assert_int_equal(find(f, to), -1);
	assert_string_equal(f->err.message, sentence);
	assert_int_equal(f->err.code, code);
}

static void assert_hops(struct fixture *f, const char *names)
{
	sp_buffer_clear(&f->words);
	way_name_hops(&f->way, &f->words);
	assert_string_equal(sp_buffer_text(&f->words), names);
}

static void assert_between(struct fixture *f, bool translates, const char *words)
{
	sp_buffer_clear(&f->words);
	way_describe_between(&f->way, &f->words);
	assert_string_equal(sp_buffer_text(&f->words), words);
	assert_int_equal(way_translates(&f->way), translates);
}

/* ---- inside the VPC -------------------------------------------------------------------------------------------- */

static void the_vpcs_own_range_is_reached_without_any_route(void **state)
{
	struct fixture *f = *state;
	assert_way(f, "10.0.4.5", WAY_INSIDE, "10.0.0.5",
		   "by the route 10.0.0.0/16 (local) of rtb-home");
	assert_int_equal(f->way.count, 1);
	assert_int_equal(f->way.hops[0].target, ROUTE_LOCAL);
	assert_string_equal(f->way.hops[0].target_id, "");
	assert_string_equal(f->way.hops[0].interface_id, "");
	assert_hops(f, "");
	assert_between(f, false, "");
}

/* Neighbours see each other: a router would never be asked. */
static void inside_a_subnet_no_table_counts(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "10.0.0.0/24", "eni-guard");
	add(f, "rtb-home", "10.0.0.9/32", "eni-guard");
	assert_way(f, "10.0.0.9", WAY_INSIDE, "10.0.0.5", "inside the subnet's own 10.0.0.0/24");
	assert_string_equal(f->way.hops[0].table_id, "");
}

static void a_route_longer_than_the_vpcs_own_wins(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "nat-1");
	add(f, "rtb-home", "10.0.4.0/24", "eni-guard");
	assert_way(f, "10.0.4.5", WAY_INSIDE, "10.0.0.5",
		   "by the route 10.0.4.0/24 of rtb-home through the appliance eni-guard "
		   "(10.0.2.4), then by the route 10.0.0.0/16 (local) of rtb-guard");
	assert_way(f, "10.0.3.9", WAY_INSIDE, "10.0.0.5",
		   "by the route 10.0.0.0/16 (local) of rtb-home");
	assert_hops(f, "");
}

/* The appliance's own subnet: it hands the packet over itself. */
static void an_appliance_reaches_its_neighbours_directly(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "10.0.2.0/24", "eni-guard");
	assert_way(f, "10.0.2.99", WAY_INSIDE, "10.0.0.5",
		   "by the route 10.0.2.0/24 of rtb-home through the appliance eni-guard "
		   "(10.0.2.4), then inside the subnet's own 10.0.2.0/24");
}

static void a_route_wider_than_the_vpc_does_not_touch_it(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "10.0.0.0/8", "eni-guard");
	assert_way(f, "10.0.4.5", WAY_INSIDE, "10.0.0.5",
		   "by the route 10.0.0.0/16 (local) of rtb-home");
	assert_way(
		f, "10.1.4.5", WAY_BY_ROUTER, "10.0.0.5",
		"by the route 10.0.0.0/8 of rtb-home through the appliance eni-guard (10.0.2.4), "
		"then by the VPC's router's own routes, as none of rtb-guard leads there");
}

/* ---- NAT gateways ---------------------------------------------------------------------------------------------- */

static void leaves_by_a_nat_gateway_as_its_elastic_ip(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "nat-1");
	add(f, "rtb-front", "0.0.0.0/0", "igw-1");
	assert_way(f, "192.0.2.7", WAY_PUBLIC, "203.0.113.9",
		   "by the route 0.0.0.0/0 of rtb-home through the NAT gateway nat-1 (10.0.1.7), "
		   "then by the route 0.0.0.0/0 of rtb-front through the internet gateway igw-1 as "
		   "203.0.113.9 (eipalloc-1)");
	assert_string_equal(f->way.allocation_id, "eipalloc-1");
	assert_string_equal(f->way.translator_id, "");
	assert_int_equal(f->way.count, 2);
	assert_string_equal(f->way.hops[0].interface_id, "eni-nat");
	assert_string_equal(f->way.hops[0].target_id, "nat-1");
	assert_string_equal(f->way.hops[1].interface_id, "");
	assert_hops(f, "the NAT gateway nat-1 (10.0.1.7)");
	assert_between(f, true, "behind the NAT gateway nat-1 (10.0.1.7), as 203.0.113.9");
}

static void what_stays_private_bears_the_nat_gateways_private_address(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "10.0.4.0/24", "nat-1");
	add(f, "rtb-home", "192.168.0.0/16", "nat-private");
	assert_way(f, "10.0.4.5", WAY_INSIDE, "10.0.1.7",
		   "by the route 10.0.4.0/24 of rtb-home through the NAT gateway nat-1 (10.0.1.7), "
		   "then by the route 10.0.0.0/16 (local) of rtb-front");
	assert_way(f, "192.168.1.1", WAY_BY_ROUTER, "10.0.1.8",
		   "by the route 192.168.0.0/16 of rtb-home through the NAT gateway nat-private "
		   "(10.0.1.8), then by the VPC's router's own routes, as none of rtb-front leads "
		   "there");
}

static void a_private_nat_gateway_never_leaves_to_the_internet(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "nat-private");
	add(f, "rtb-front", "0.0.0.0/0", "igw-1");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "behind the NAT gateway nat-private (10.0.1.8), the route 0.0.0.0/0 of "
		       "rtb-front leads nowhere: the NAT gateway nat-private has no Elastic IP "
		       "address to go through igw-1 with");
	assert_int_equal(f->way.count, 2);
	assert_string_equal(f->way.hops[1].target_id, "igw-1");
}

static void a_nat_gateway_behind_another_is_the_one_that_is_seen(void **state)
{
	struct fixture *f = *state;
	struct way_subnet apart[SP_COUNT_OF(subnets)];
	memcpy(apart, subnets, sizeof(subnets));
	f->world.subnets = apart;
	strcpy(interface(f, "eni-private")->row.subnet_id, "other");
	add(f, "rtb-home", "0.0.0.0/0", "nat-private");
	add(f, "rtb-other", "0.0.0.0/0", "nat-1");
	add(f, "rtb-front", "0.0.0.0/0", "igw-1");
	assert_int_equal(find(f, "192.0.2.7"), 0);
	assert_string_equal(f->way.allocation_id, "eipalloc-1");
	assert_hops(f, "the NAT gateway nat-private (10.0.1.8) and the NAT gateway nat-1 "
		       "(10.0.1.7)");
}

static void only_an_available_nat_gateway_leads_on(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "nat-1");
	add(f, "rtb-front", "0.0.0.0/0", "igw-1");
	f->nats[0].state = NAT_DELETED;
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of rtb-home leads nowhere: the NAT gateway nat-1 was "
		       "deleted");
	f->nats[0].state = NAT_PENDING;
	assert_refused(f, "192.0.2.7", SP_CONFLICT,
		       "the route 0.0.0.0/0 of rtb-home cannot be used yet: the NAT gateway nat-1 "
		       "is still being made");
	f->nats[0].state = NAT_FAILED;
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of rtb-home leads nowhere: the NAT gateway nat-1 "
		       "failed: sallyport-netd gave no reason");
	f->nats[0].failure = (char[]){ "the subnet is full" };
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of rtb-home leads nowhere: the NAT gateway nat-1 "
		       "failed: the subnet is full");
	f->nats[0].state = NAT_AVAILABLE;
	assert_int_equal(find(f, "192.0.2.7"), 0);
	f->nats[0].interface_id[0] = 'x';
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of rtb-home leads nowhere: the NAT gateway nat-1 has "
		       "lost its network interface xni-nat");
	f->world.nat_count = 0;
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of rtb-home leads nowhere: there is no NAT gateway "
		       "nat-1 any more");
}

static void a_route_to_a_nat_gateways_interface_is_one_to_the_gateway(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "eni-nat");
	add(f, "rtb-front", "0.0.0.0/0", "igw-1");
	assert_int_equal(find(f, "192.0.2.7"), 0);
	assert_string_equal(f->way.allocation_id, "eipalloc-1");
	assert_hops(f, "the NAT gateway nat-1 (10.0.1.7)");
}

/* ---- internet gateways ----------------------------------------------------------------------------------------- */

static void an_internet_gateway_must_be_attached(void **state)
{
	struct fixture *f = *state;
	static const char sentence[] =
		"the route 0.0.0.0/0 of rtb-home leads nowhere: the internet "
		"gateway igw-1 is not attached to vpc-1";
	add(f, "rtb-home", "0.0.0.0/0", "igw-1");
	f->world.internet_id = NULL;
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE, sentence);
	f->world.internet_id = "igw-2";
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE, sentence);
	f->world.internet_id = NULL;
	go_to(f, "0.0.0.0/0", "rtb-home", "nat-1");
	add(f, "rtb-front", "192.0.0.0/8", "igw-1");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "behind the NAT gateway nat-1 (10.0.1.7), the route 192.0.0.0/8 of "
		       "rtb-front leads nowhere: the internet gateway igw-1 is not attached to "
		       "vpc-1");
}

static void only_who_has_an_elastic_ip_goes_through_an_internet_gateway(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "igw-1");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of rtb-home leads nowhere: eni-from (10.0.0.5) has no "
		       "Elastic IP address to go through igw-1 with; lead it through a public NAT "
		       "gateway");
	strcpy(interface(f, "eni-from")->public_address, "203.0.113.77");
	strcpy(interface(f, "eni-from")->allocation_id, "eipalloc-7");
	assert_way(f, "192.0.2.7", WAY_PUBLIC, "203.0.113.77",
		   "by the route 0.0.0.0/0 of rtb-home through the internet gateway igw-1 as "
		   "203.0.113.77 (eipalloc-7)");
}

/* ---- appliances ------------------------------------------------------------------------------------------------ */

static void goes_through_an_appliance_and_on_by_its_subnets_table(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "eni-guard");
	add(f, "rtb-guard", "0.0.0.0/0", "nat-1");
	add(f, "rtb-front", "0.0.0.0/0", "igw-1");
	assert_way(f, "192.0.2.7", WAY_PUBLIC, "203.0.113.9",
		   "by the route 0.0.0.0/0 of rtb-home through the appliance eni-guard (10.0.2.4), "
		   "then by the route 0.0.0.0/0 of rtb-guard through the NAT gateway nat-1 "
		   "(10.0.1.7), then by the route 0.0.0.0/0 of rtb-front through the internet "
		   "gateway igw-1 as 203.0.113.9 (eipalloc-1)");
	assert_hops(f, "the appliance eni-guard (10.0.2.4) and the NAT gateway nat-1 (10.0.1.7)");
	go_to(f, "0.0.0.0/0", "rtb-guard", "eni-second");
	add(f, "rtb-second", "0.0.0.0/0", "nat-1");
	assert_int_equal(find(f, "192.0.2.7"), 0);
	assert_hops(f, "the appliance eni-guard (10.0.2.4), the appliance eni-second (10.0.3.4) "
		       "and the NAT gateway nat-1 (10.0.1.7)");
}

static void an_appliance_leaves_the_source_as_it_is(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "198.51.100.0/24", "eni-guard");
	assert_way(f, "198.51.100.1", WAY_BY_ROUTER, "10.0.0.5",
		   "by the route 198.51.100.0/24 of rtb-home through the appliance eni-guard "
		   "(10.0.2.4), then by the VPC's router's own routes, as none of rtb-guard leads "
		   "there");
	add(f, "rtb-guard", "198.51.100.0/24", "igw-1");
	assert_refused(f, "198.51.100.1", SP_UNREACHABLE,
		       "behind the appliance eni-guard (10.0.2.4), the route 198.51.100.0/24 of "
		       "rtb-guard leads nowhere: eni-from (10.0.0.5) has no Elastic IP address to "
		       "go through igw-1 with; lead it through a public NAT gateway");
}

/* The old NAT instance: an appliance that masquerades behind an Elastic IP of its own. */
static void an_appliance_with_an_elastic_ip_may_be_who_is_seen(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "eni-second");
	add(f, "rtb-second", "0.0.0.0/0", "igw-1");
	assert_way(
		f, "192.0.2.7", WAY_PUBLIC, "203.0.113.10",
		"by the route 0.0.0.0/0 of rtb-home through the appliance eni-second (10.0.3.4), "
		"then by the route 0.0.0.0/0 of rtb-second through the internet gateway igw-1 "
		"as 203.0.113.10 (eipalloc-2), if eni-second puts its own address in place of "
		"the connection's");
	assert_string_equal(f->way.translator_id, "eni-second");

	/* In front of a NAT gateway it is not. */
	go_to(f, "0.0.0.0/0", "rtb-second", "nat-private");
	add(f, "rtb-front", "0.0.0.0/0", "igw-1");
	assert_refused(
		f, "192.0.2.7", SP_UNREACHABLE,
		"behind the appliance eni-second (10.0.3.4) and the NAT gateway nat-private "
		"(10.0.1.8), the route 0.0.0.0/0 of rtb-front leads nowhere: the NAT gateway "
		"nat-private has no Elastic IP address to go through igw-1 with");
	/* Behind one without it is. */
	go_to(f, "0.0.0.0/0", "rtb-home", "nat-private");
	go_to(f, "0.0.0.0/0", "rtb-front", "eni-second");
	go_to(f, "0.0.0.0/0", "rtb-second", "igw-1");
	assert_int_equal(find(f, "192.0.2.7"), 0);
	assert_string_equal(f->way.translator_id, "eni-second");
}

static void an_interface_that_checks_addresses_lets_nothing_through(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "eni-checking");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of rtb-home leads nowhere: eni-checking drops what is "
		       "not for itself, as its source/destination check is on");
	interface(f, "eni-checking")->row.checks_addresses = false;
	assert_int_equal(find(f, "192.0.2.7"), 0);
}

static void interfaces_that_forward_nothing_lead_nowhere(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "eni-other");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of rtb-home leads nowhere: eni-other belongs to the "
		       "resource gateway rgw-2, which lets nothing through");
	go_to(f, "0.0.0.0/0", "rtb-home", "eni-gone");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "the route 0.0.0.0/0 of rtb-home leads nowhere: there is no network "
		       "interface eni-gone any more");
}

/* Also where its own table would lead back to it, as with a VPN router that all tables name. */
static void the_tables_say_nothing_about_what_an_external_machine_does(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "192.168.0.0/16", "eni-machine");
	add(f, "rtb-guard", "192.168.0.0/16", "eni-machine");
	assert_way(f, "192.168.7.7", WAY_EXTERNAL, "10.0.0.5",
		   "by the route 192.168.0.0/16 of rtb-home through the appliance eni-machine "
		   "(10.0.2.6), a machine that leads on by itself");
	assert_hops(f, "the appliance eni-machine (10.0.2.6)");
	assert_between(f, false, "behind the appliance eni-machine (10.0.2.6)");
}

/* ---- circles --------------------------------------------------------------------------------------------------- */

static void a_circle_is_found(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "eni-guard");
	add(f, "rtb-guard", "0.0.0.0/0", "eni-guard");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "behind the appliance eni-guard (10.0.2.4), the route 0.0.0.0/0 of "
		       "rtb-guard leads nowhere: it leads in a circle, back to eni-guard; its "
		       "subnet guard needs a route table of its own");
	go_to(f, "0.0.0.0/0", "rtb-guard", "eni-second");
	add(f, "rtb-second", "0.0.0.0/0", "nat-1");
	add(f, "rtb-front", "0.0.0.0/0", "eni-guard");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "behind the appliance eni-guard (10.0.2.4), the appliance eni-second "
		       "(10.0.3.4) and the NAT gateway nat-1 (10.0.1.7), the route 0.0.0.0/0 of "
		       "rtb-front leads nowhere: it leads in a circle, back to eni-guard; its "
		       "subnet guard needs a route table of its own");
	go_to(f, "0.0.0.0/0", "rtb-home", "nat-1");
	go_to(f, "0.0.0.0/0", "rtb-front", "nat-1");
	assert_refused(f, "192.0.2.7", SP_UNREACHABLE,
		       "behind the NAT gateway nat-1 (10.0.1.7), the route 0.0.0.0/0 of rtb-front "
		       "leads nowhere: it leads in a circle, back to nat-1; its subnet front needs "
		       "a route table of its own");
}

static void endless_chains_are_given_up(void **state)
{
	struct fixture *f = *state;
	struct way_interface interfaces[CHAIN + 1];
	struct way_subnet places[CHAIN + 1];
	char target[8], table[8];
	memset(interfaces, 0, sizeof(interfaces));
	memset(places, 0, sizeof(places));
	interfaces[0] = *interface(f, "eni-from");
	places[0] = subnets[0];
	for (int i = 1; i <= CHAIN; i++) {
		snprintf(target, sizeof(target), "eni-%d", i);
		snprintf(table, sizeof(table), "rtb-%d", i);
		interfaces[i].row.kind = INTERFACE_OF_USER;
		strcpy(interfaces[i].row.id, target);
		strcpy(interfaces[i].row.subnet_id, table);
		strcpy(interfaces[i].row.address, "10.0.9.9");
		strcpy(places[i].id, table);
		strcpy(places[i].table_id, table);
		places[i].cidr = (struct cidr){ .address = IPV4(0x0a000900), .bits = 24 };
		snprintf(table, sizeof(table), "rtb-%d", i - 1);
		add(f, i == 1 ? "rtb-home" : table, "0.0.0.0/0", target);
	}
	f->world.interfaces = interfaces;
	f->world.interface_count = SP_COUNT_OF(interfaces);
	f->world.subnets = places;
	f->world.subnet_count = SP_COUNT_OF(places);
	assert_int_equal(find(f, "192.0.2.7"), -1);
	assert_int_equal(f->err.code, SP_UNREACHABLE);
	assert_int_equal(f->way.count, WAY_HOPS_MAX);
	assert_non_null(strstr(f->err.message, "the route 0.0.0.0/0 of rtb-7 leads nowhere: more "
					       "than 8 routes would follow each other"));
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

static void without_a_route_the_router_decides(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-other", "0.0.0.0/0", "nat-1");
	assert_way(f, "192.168.1.1", WAY_BY_ROUTER, "10.0.0.5",
		   "by the VPC's router's own routes, as none of rtb-home leads there");
	assert_string_equal(f->way.hops[0].destination, "");
	assert_string_equal(f->way.hops[0].table_id, "rtb-home");
}

static void ipv6_goes_by_its_own_routes(void **state)
{
	struct fixture *f = *state;
	add(f, "rtb-home", "0.0.0.0/0", "nat-1");
	assert_way(f, "fd00::9", WAY_INSIDE, "fd00::5", "inside the subnet's own fd00::/64");
	assert_way(f, "fd00:0:0:3::9", WAY_INSIDE, "fd00::5",
		   "by the route fd00::/56 (local) of rtb-home");
	assert_way(f, "2001:db8::9", WAY_BY_ROUTER, "fd00::5",
		   "by the VPC's router's own routes, as none of rtb-home leads there");
	add(f, "rtb-home", "2001:db8::/32", "eni-guard");
	assert_way(f, "2001:db8::9", WAY_BY_ROUTER, "fd00::5",
		   "by the route 2001:db8::/32 of rtb-home through the appliance eni-guard "
		   "(fd00:0:0:2::4), then by the VPC's router's own routes, as none of rtb-guard "
		   "leads there");
}

#define LEADS_NOWHERE "the route 2001:db8::/32 of rtb-home leads nowhere: "

static void ipv6_leads_through_nobody_without_an_address_of_it(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *target, *words;
	} rows[] = {
		{ "nat-1", LEADS_NOWHERE "IPv6 does not go through nat-1, which translates "
					 "addresses of IPv4" },
		{ "eni-nat", LEADS_NOWHERE "IPv6 does not go through eni-nat, which translates "
					   "addresses of IPv4" },
		{ "igw-1", LEADS_NOWHERE "IPv6 does not go through igw-1, which translates "
					 "addresses of IPv4" },
		{ "eni-second", LEADS_NOWHERE "eni-second has no address of IPv6" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		go_to(f, "2001:db8::/32", "rtb-home", rows[i].target);
		assert_refused(f, "2001:db8::9", SP_UNREACHABLE, rows[i].words);
	}
	interface(f, "eni-from")->row.address6[0] = '\0';
	assert_refused(f, "fd00::9", SP_UNREACHABLE, "eni-from has no address of IPv6");
}

static void what_does_not_fit_together_is_our_mistake(void **state)
{
	struct fixture *f = *state;
	struct vpc broken = { .id = "vpc-1", .cidr = "all" };
	assert_int_equal(way_find(&f->world, "eni-nobody", ip_of_v4(0), &f->way, &f->err), -1);
	assert_int_equal(f->err.code, SP_INTERNAL);
	f->world.subnet_count = 0;
	assert_refused(f, "192.0.2.7", SP_INTERNAL, "cannot find the subnet home of eni-from");
	f->world.vpc = &broken;
	assert_refused(f, "192.0.2.7", SP_INTERNAL, "cannot use vpc-1 with the block \"all\"");
}

/* Whatever tables there are, each hop is what its table says, and it comes to an end. */
static void every_hop_is_what_its_table_says(void **state)
{
	struct fixture *f = *state;
	static const char *const tables[] = { "rtb-home", "rtb-front", "rtb-guard", "rtb-second" };
	static const char *const blocks[] = { "0.0.0.0/0", "192.0.0.0/8", "192.0.2.0/24",
					      "10.0.4.0/24", "10.0.0.0/8" };
	static const char *const targets[] = { "igw-1",     "nat-1",       "nat-private",
					       "eni-guard", "eni-second",  "eni-checking",
					       "eni-other", "eni-machine", "eni-gone" };
	static const char *const goals[] = { "192.0.2.7", "192.9.9.9", "10.0.4.5", "8.8.8.8" };
	struct cidr local = { IPV4(0x0a000000), 16 };
	size_t found = 0, refused = 0;
	unsigned seed = 4;
	for (int round = 0; round < 5000; round++) {
		f->world.route_count = 0;
		for (size_t i = 0; i < SP_COUNT_OF(tables) * 2; i++)
			add(f, tables[i % SP_COUNT_OF(tables)],
			    blocks[(unsigned)rand_r(&seed) % SP_COUNT_OF(blocks)],
			    targets[(unsigned)rand_r(&seed) % SP_COUNT_OF(targets)]);
		const char *to = goals[(unsigned)rand_r(&seed) % SP_COUNT_OF(goals)];
		struct ip_address address;
		ip_parse_v4(to, &address);
		if (find(f, to) == 0)
			found++;
		else
			refused++;
		assert_in_range(f->way.count, 1, WAY_HOPS_MAX);
		for (size_t i = 0; i < f->way.count; i++) {
			const struct way_hop *hop = &f->way.hops[i];
			bool is_local;
			if (hop->table_id[0] == '\0')
				continue;
			const struct route *route =
				routes_choose(f->routes, f->world.route_count, hop->table_id,
					      &local, address, &is_local);
			assert_string_equal(hop->destination, is_local        ? "10.0.0.0/16"
							      : route == NULL ? ""
									      : route->destination);
		}
	}
	assert_true(found > 500 && refused > 500);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORY(the_vpcs_own_range_is_reached_without_any_route),
		STORY(inside_a_subnet_no_table_counts),
		STORY(a_route_longer_than_the_vpcs_own_wins),
		STORY(an_appliance_reaches_its_neighbours_directly),
		STORY(a_route_wider_than_the_vpc_does_not_touch_it),
		STORY(leaves_by_a_nat_gateway_as_its_elastic_ip),
		STORY(what_stays_private_bears_the_nat_gateways_private_address),
		STORY(a_private_nat_gateway_never_leaves_to_the_internet),
		STORY(a_nat_gateway_behind_another_is_the_one_that_is_seen),
		STORY(only_an_available_nat_gateway_leads_on),
		STORY(a_route_to_a_nat_gateways_interface_is_one_to_the_gateway),
		STORY(an_internet_gateway_must_be_attached),
		STORY(only_who_has_an_elastic_ip_goes_through_an_internet_gateway),
		STORY(goes_through_an_appliance_and_on_by_its_subnets_table),
		STORY(an_appliance_leaves_the_source_as_it_is),
		STORY(an_appliance_with_an_elastic_ip_may_be_who_is_seen),
		STORY(an_interface_that_checks_addresses_lets_nothing_through),
		STORY(interfaces_that_forward_nothing_lead_nowhere),
		STORY(the_tables_say_nothing_about_what_an_external_machine_does),
		STORY(a_circle_is_found),
		STORY(endless_chains_are_given_up),
		STORY(without_a_route_the_router_decides),
		STORY(ipv6_goes_by_its_own_routes),
		STORY(ipv6_leads_through_nobody_without_an_address_of_it),
		STORY(what_does_not_fit_together_is_our_mistake),
		STORY(every_hop_is_what_its_table_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
