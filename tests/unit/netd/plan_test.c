#include "test.h"

#include <stdio.h>

#include "base/text.h"
#include "netd/plan.h"

#define OWNER "0123abcd"
#define VPC   "vpc-00000000000000001"
#define NET_A "subnet-a0000000000000001"
#define NET_B "subnet-b0000000000000002"
#define ENI_A "eni-a0000000000000001"
#define ENI_B "eni-b0000000000000002"
#define MAC   "02:00:00:00:00:01"

/* 10.0.0.0/16, in it 10.0.1.0/24 and 10.0.2.0/24 (on an uplink), and an interface in each. */
static const struct netd_message vpc = { .kind = NETD_VPC, .id = VPC, .cidr = { 0x0a000000, 16 } };
static const struct netd_message net_a = { .kind = NETD_SUBNET,
					   .id = NET_A,
					   .parent = VPC,
					   .cidr = { 0x0a000100, 24 },
					   .router = 0x0a000101 };
static const struct netd_message net_b = { .kind = NETD_SUBNET,
					   .id = NET_B,
					   .parent = VPC,
					   .cidr = { 0x0a000200, 24 },
					   .uplink = "eth1.120",
					   .router = 0x0a0002fe };
static const struct netd_message eni_a = {
	.kind = NETD_ENI, .id = ENI_A, .parent = NET_A, .address = 0x0a000111, .mac = MAC
};
static const struct netd_message eni_b = {
	.kind = NETD_ENI, .id = ENI_B, .parent = NET_B, .address = 0x0a000201, .mac = MAC
};

static int put(struct plan *plan, const struct netd_message *message, struct sp_error *err)
{
	const struct thing *thing = NULL;
	int result = plan_put(plan, message, &thing, err);
	if (result == 0)
		assert_string_equal(thing->id, message->id);
	return result;
}

static void assert_put(struct plan *plan, const struct netd_message *message)
{
	struct sp_error err = { 0 };
	if (put(plan, message, &err) != 0)
		fail_msg("%s", err.message);
}

static void assert_refused(struct plan *plan, const struct netd_message *message, enum sp_code code)
{
	struct sp_error err = { 0 };
	size_t before = plan->count;
	assert_int_equal(put(plan, message, &err), -1);
	assert_int_equal(err.code, code);
	assert_int_equal(plan->count, before);
}

static struct plan whole_plan(void)
{
	struct plan plan = { 0 };
	struct sp_error err = { 0 };
	assert_int_equal(plan_own(&plan, OWNER, &err), 0);
	const struct netd_message *messages[] = { &vpc, &net_a, &net_b, &eni_a, &eni_b };
	for (size_t i = 0; i < SP_COUNT_OF(messages); i++)
		assert_put(&plan, messages[i]);
	return plan;
}

static void what_makes_sense_is_noted_and_can_be_said_again(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	assert_int_equal(plan.count, 5);
	struct netd_message moved = eni_a;
	moved.address = 0x0a000122;
	assert_put(&plan, &moved);
	assert_put(&plan, &vpc);
	assert_int_equal(plan.count, 5);
	assert_int_equal(plan_find(&plan, ENI_A)->address, 0x0a000122);
	assert_true(plan_has_link(&plan, "sn-a00000000000"));
	assert_true(plan_has_link(&plan, "ni-b00000000000"));
	assert_false(plan_has_link(&plan, "ni-c00000000000"));
	plan_finish(&plan);
}

static void one_connection_has_one_owner(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct sp_error err = { 0 };
	assert_int_equal(plan_own(&plan, "9999abcd", &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_int_equal(plan_own(&plan, "../../..", &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_int_equal(plan.count, 5);
	assert_int_equal(plan_own(&plan, OWNER, &err), 0); /* begins anew */
	assert_int_equal(plan.count, 0);
	plan_finish(&plan);
}

static void refuses_ids_and_blocks_that_are_none(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	static const char *const ids[] = { "", "vpc-1", "../etc/passwd", NET_A,
					   "vpc-0000000000000000g" };
	for (size_t i = 0; i < SP_COUNT_OF(ids); i++) {
		struct netd_message bad = vpc;
		strcpy(bad.id, ids[i]);
		assert_refused(&plan, &bad, SP_INVALID);
	}
	static const struct cidr blocks[] = { { 0, 0 }, { 0x0a000000, 31 }, { 0x0a000000, 32 } };
	for (size_t i = 0; i < SP_COUNT_OF(blocks); i++) {
		struct netd_message bad = vpc;
		bad.cidr = blocks[i];
		assert_refused(&plan, &bad, SP_INVALID);
	}
	plan_finish(&plan);
}

static void refuses_subnets_that_do_not_fit_their_vpc(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message bad = net_a;
	bad.cidr = (struct cidr){ 0x0b000100, 24 };
	bad.router = 0x0b000101;
	assert_refused(&plan, &bad, SP_INVALID);

	static const uint32_t routers[] = { 0, 0x0a000100, 0x0a0001ff, 0x0a000201 };
	for (size_t i = 0; i < SP_COUNT_OF(routers); i++) {
		bad = net_a;
		bad.router = routers[i];
		assert_refused(&plan, &bad, SP_INVALID);
	}
	bad = net_a;
	strcpy(bad.uplink, "eth0/../x");
	assert_refused(&plan, &bad, SP_INVALID);
	bad = net_a;
	strcpy(bad.parent, "vpc-00000000000000009");
	assert_refused(&plan, &bad, SP_NOT_FOUND);
	strcpy(bad.parent, NET_B); /* there, but no VPC */
	assert_refused(&plan, &bad, SP_NOT_FOUND);
	plan_finish(&plan);
}

static void two_subnets_of_a_vpc_never_overlap(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message other = net_a;
	strcpy(other.id, "subnet-c0000000000000003");
	assert_refused(&plan, &other, SP_CONFLICT);

	struct netd_message twin = vpc; /* in another VPC it may */
	strcpy(twin.id, "vpc-00000000000000002");
	strcpy(other.parent, twin.id);
	assert_put(&plan, &twin);
	assert_put(&plan, &other);
	plan_finish(&plan);
}

static void refuses_addresses_that_a_host_cannot_have(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	static const struct {
		uint32_t address;
		enum sp_code code;
	} rows[] = {
		{ 0x0a000100, SP_INVALID },  /* the subnet itself */
		{ 0x0a0001ff, SP_INVALID },  /* its broadcast */
		{ 0x0a000211, SP_INVALID },  /* elsewhere */
		{ 0x0a000101, SP_CONFLICT }, /* the router's */
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		struct netd_message bad = eni_a;
		bad.address = rows[i].address;
		assert_refused(&plan, &bad, rows[i].code);
	}
	struct netd_message bad = eni_b;
	bad.address = net_b.router;
	assert_refused(&plan, &bad, SP_CONFLICT);
	plan_finish(&plan);
}

/* On a bridge the first address is the VPC's router, also where another host is the next hop. */
static void the_first_address_of_a_bridge_is_taken(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message net = net_a;
	net.router = 0x0a000105;
	assert_put(&plan, &net);
	struct netd_message bad = eni_a;
	bad.address = 0x0a000101;
	assert_refused(&plan, &bad, SP_CONFLICT);
	bad.address = 0x0a000105;
	assert_refused(&plan, &bad, SP_CONFLICT);
	plan_finish(&plan);
}

static void refuses_hardware_addresses_that_are_not_local(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	static const char *const macs[] = { "",
					    "02:00:00:00:00",
					    "02:00:00:00:00:0g",
					    "02-00-00-00-00-01",
					    "02:00:00:00:00:1x",
					    "03:00:00:00:00:01", /* many hosts' */
					    "00:00:00:00:00:00",
					    "00:1b:21:00:00:01", /* a vendor's */
					    "ff:ff:ff:ff:ff:ff" };
	for (size_t i = 0; i < SP_COUNT_OF(macs); i++) {
		struct netd_message bad = eni_a;
		snprintf(bad.mac, sizeof(bad.mac), "%s", macs[i]);
		assert_refused(&plan, &bad, SP_INVALID);
	}
	plan_finish(&plan);
}

static void refuses_an_address_or_a_name_that_another_interface_has(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message other = eni_a;
	strcpy(other.id, "eni-c0000000000000003");
	assert_refused(&plan, &other, SP_CONFLICT);
	other.address++;
	assert_put(&plan, &other);
	strcpy(other.id, "eni-a000000000000ffff"); /* the same first 12 digits as ENI_A */
	other.address++;
	assert_refused(&plan, &other, SP_CONFLICT);
	plan_finish(&plan);
}

static void refuses_name_servers_that_are_none_and_moves(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct netd_message bad = eni_a;
	bad.server_count = 1;
	bad.servers[0] = (struct netd_server){ 0, 53 };
	assert_refused(&plan, &bad, SP_INVALID);
	bad.servers[0] = (struct netd_server){ 0x0a000002, 0 };
	assert_refused(&plan, &bad, SP_INVALID);
	bad = eni_a;
	strcpy(bad.parent, NET_B);
	bad.address = 0x0a000244;
	assert_refused(&plan, &bad, SP_CONFLICT);
	plan_finish(&plan);
}

static void what_a_round_does_not_name_is_forgotten_at_its_end(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct sp_error err = { 0 };
	plan_begin(&plan);
	assert_null(plan_find(&plan, VPC)); /* not yet */
	assert_refused(&plan, &net_a, SP_NOT_FOUND);
	assert_put(&plan, &vpc);
	assert_put(&plan, &net_a);
	struct netd_message heir = eni_a; /* has the address of one that is on its way out */
	strcpy(heir.id, "eni-c0000000000000003");
	assert_put(&plan, &heir);
	assert_int_equal(plan_end(&plan, &err), 0);
	assert_int_equal(plan.count, 3);
	assert_null(plan_find(&plan, ENI_A));
	assert_null(plan_find(&plan, NET_B));
	assert_non_null(plan_find(&plan, heir.id));
	plan_finish(&plan);
}

static void an_end_needs_a_beginning(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	struct sp_error err = { 0 };
	assert_int_equal(plan_end(&plan, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_int_equal(plan.count, 5);
	plan_finish(&plan);
}

static void what_stands_on_something_is_forgotten_with_it(void **state)
{
	(void)state;
	struct plan plan = whole_plan();
	plan_drop(&plan, ENI_B);
	assert_int_equal(plan.count, 4);
	plan_drop(&plan, NET_A);
	assert_int_equal(plan.count, 2);
	assert_null(plan_find(&plan, ENI_A));
	plan_drop(&plan, VPC);
	assert_int_equal(plan.count, 0);
	plan_drop(&plan, VPC);
	plan_finish(&plan);

	plan = whole_plan();
	plan_drop(&plan, VPC);
	assert_int_equal(plan.count, 0);
	plan_finish(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_makes_sense_is_noted_and_can_be_said_again),
		cmocka_unit_test(one_connection_has_one_owner),
		cmocka_unit_test(refuses_ids_and_blocks_that_are_none),
		cmocka_unit_test(refuses_subnets_that_do_not_fit_their_vpc),
		cmocka_unit_test(two_subnets_of_a_vpc_never_overlap),
		cmocka_unit_test(refuses_addresses_that_a_host_cannot_have),
		cmocka_unit_test(the_first_address_of_a_bridge_is_taken),
		cmocka_unit_test(refuses_hardware_addresses_that_are_not_local),
		cmocka_unit_test(refuses_an_address_or_a_name_that_another_interface_has),
		cmocka_unit_test(refuses_name_servers_that_are_none_and_moves),
		cmocka_unit_test(what_a_round_does_not_name_is_forgotten_at_its_end),
		cmocka_unit_test(an_end_needs_a_beginning),
		cmocka_unit_test(what_stands_on_something_is_forgotten_with_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
