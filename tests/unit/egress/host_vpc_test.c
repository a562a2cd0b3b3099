#include "house.h"

#include "base/text.h"
#include "egress/host_vpc.h"

#define REGION  "eu-central-1"
#define ACCOUNT "000000000000"

static const char *const zones[] = { REGION "a", REGION "b", NULL };

static struct host_address on(const char *interface, const char *address, const char *network)
{
	struct host_address found = { 0 };
	assert_true(ip_parse_v4(address, &found.address));
	assert_true(cidr_parse(network, &found.network, NULL));
	strcpy(found.interface, interface);
	return found;
}

struct mirroring {
	const struct host_address *addresses;
	size_t count;
	bool differs;
};

static int mirror(struct db *db, void *ctx, struct sp_error *err)
{
	const struct mirroring *mirroring = ctx;
	const struct host_vpc_options options = { REGION, ACCOUNT, zones };
	return host_vpc_mirror(db, &options, mirroring->addresses, mirroring->count, err);
}

static int look_whether_it_differs(struct db *db, void *ctx, struct sp_error *err)
{
	struct mirroring *mirroring = ctx;
	return host_vpc_differs(db, mirroring->addresses, mirroring->count, &mirroring->differs,
				err);
}

static bool differs(struct house *house, const struct host_address *addresses, size_t count)
{
	struct mirroring mirroring = { .addresses = addresses, .count = count };
	struct sp_error err = { 0 };
	if (store_read(house->store, look_whether_it_differs, &mirroring, &err) != 0)
		fail_msg("%s", err.message);
	return mirroring.differs;
}

struct view {
	struct vpc vpc;
	struct subnet *subnets;
	size_t count;
	struct tag tags[TAGS_MAX];
	size_t tag_count;
};

static int look(struct db *db, void *ctx, struct sp_error *err)
{
	struct view *view = ctx;
	char arn[128];
	if (vpcs_find_host(db, &view->vpc, err) != 0 ||
	    subnets_list(db, view->vpc.id, &view->subnets, &view->count, err) != 0)
		return -1;
	snprintf(arn, sizeof(arn), "arn:aws:ec2:" REGION ":" ACCOUNT ":vpc/%s", view->vpc.id);
	return tags_list(db, arn, view->tags, &view->tag_count, err);
}

static void see(struct house *house, struct view *view)
{
	struct sp_error err = { 0 };
	*view = (struct view){ 0 };
	if (store_read(house->store, look, view, &err) != 0)
		fail_msg("%s", err.message);
}

static void forget(struct view *view)
{
	for (size_t i = 0; i < view->tag_count; i++)
		tag_finish(&view->tags[i]);
	free(view->subnets);
}

static const struct subnet *subnet_of(const struct view *view, const char *interface)
{
	const struct subnet *found = NULL;
	for (size_t i = 0; i < view->count; i++)
		if (strcmp(view->subnets[i].interface, interface) == 0) {
			assert_null(found);
			found = &view->subnets[i];
		}
	return found;
}

static void shows(struct house *house, const struct host_address *addresses, size_t count)
{
	house_write(house, mirror, &(struct mirroring){ .addresses = addresses, .count = count });
	assert_false(differs(house, addresses, count));
}

static int set_up(void **state)
{
	struct house *house = sp_alloc(sizeof(*house));
	house_open(house);
	*state = house;
	return 0;
}

static int tear_down(void **state)
{
	house_close(*state);
	free(*state);
	return 0;
}

static void is_a_whole_vpc_with_its_tags(void **state)
{
	struct house *house = *state;
	const struct host_address lo = on("lo", "127.0.0.1", "127.0.0.0/8");
	shows(house, &lo, 1);
	struct view view;
	see(house, &view);
	assert_true(view.vpc.is_host);
	assert_int_equal(view.vpc.provider, PROVIDER_HOST);
	assert_string_equal(view.vpc.cidr, "0.0.0.0/0");
	assert_int_equal(strlen(view.vpc.cidr_association_id), strlen("vpc-cidr-assoc-") + 17);
	assert_int_equal(view.tag_count, 2);
	assert_string_equal(view.tags[0].key, "Name");
	assert_string_equal(view.tags[0].value, "host");
	assert_string_equal(view.tags[1].key, "sallyport:network");
	assert_string_equal(view.tags[1].value, "host");
	assert_int_equal(view.count, 1);
	assert_string_equal(view.subnets[0].cidr, "127.0.0.0/8");
	assert_string_equal(view.subnets[0].zone, REGION "a");
	forget(&view);
}

static void keeps_its_ids_while_networks_come_and_go(void **state)
{
	struct house *house = *state;
	const struct host_address both[] = { on("lo", "127.0.0.1", "127.0.0.0/8"),
					     on("eth0", "10.1.0.9", "10.1.0.0/16") };
	struct view first, without, again;
	shows(house, both, 2);
	see(house, &first);
	assert_int_equal(first.count, 2);
	assert_true(differs(house, both, 1));
	shows(house, both, 1);
	see(house, &without);
	assert_null(subnet_of(&without, "eth0"));
	shows(house, both, 2);
	see(house, &again);
	assert_string_equal(again.vpc.id, first.vpc.id);
	assert_string_equal(subnet_of(&again, "lo")->id, subnet_of(&first, "lo")->id);
	assert_string_equal(subnet_of(&again, "eth0")->cidr, "10.1.0.0/16");
	forget(&first);
	forget(&without);
	forget(&again);
}

static void two_addresses_of_a_network_are_one_subnet(void **state)
{
	struct house *house = *state;
	const struct host_address three[] = { on("eth0", "10.1.0.9", "10.1.0.0/16"),
					      on("eth0", "10.1.0.10", "10.1.0.0/16"),
					      on("eth0", "10.2.0.1", "10.2.0.0/16") };
	shows(house, three, 3);
	struct view view;
	see(house, &view);
	assert_int_equal(view.count, 2);
	forget(&view);
}

static int put_eni(struct db *db, void *ctx, struct sp_error *err)
{
	const struct view *view = ctx;
	struct network_interface interface = { .id = "eni-00000000000000009",
					       .owner_id = GATEWAY,
					       .address = "10.1.0.9",
					       .mac = "02:00:00:00:00:09" };
	strcpy(interface.vpc_id, view->vpc.id);
	strcpy(interface.subnet_id, subnet_of(view, "eth0")->id);
	return interfaces_insert(db, &interface, err);
}

static void a_subnet_stays_while_an_eni_is_in_it(void **state)
{
	struct house *house = *state;
	const struct host_address both[] = { on("lo", "127.0.0.1", "127.0.0.0/8"),
					     on("eth0", "10.1.0.9", "10.1.0.0/16") };
	struct view view, after;
	shows(house, both, 2);
	see(house, &view);
	house_write(house, put_eni, &view);
	assert_false(differs(house, both, 1));
	shows(house, both, 1);
	see(house, &after);
	assert_string_equal(subnet_of(&after, "eth0")->id, subnet_of(&view, "eth0")->id);
	forget(&view);
	forget(&after);
}

static int list_rules(struct db *db, void *ctx, struct sp_error *err)
{
	const struct view *view = ctx;
	struct security_rule *rules;
	size_t count;
	if (security_rules_list(db, view->vpc.default_group_id, &rules, &count, err) != 0)
		return -1;
	assert_int_equal(count, 2);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(rules[i].value,
				    rules[i].egress ? "0.0.0.0/0" : view->vpc.default_group_id);
	security_rules_free(rules, count);
	return 0;
}

static void its_default_group_lets_everything_leave(void **state)
{
	struct house *house = *state;
	const struct host_address lo = on("lo", "127.0.0.1", "127.0.0.0/8");
	struct sp_error err = { 0 };
	struct view view;
	shows(house, &lo, 1);
	see(house, &view);
	assert_int_equal(store_read(house->store, list_rules, &view, &err), 0);
	forget(&view);
}

#define PROVES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROVES(is_a_whole_vpc_with_its_tags),
		PROVES(keeps_its_ids_while_networks_come_and_go),
		PROVES(two_addresses_of_a_network_are_one_subnet),
		PROVES(a_subnet_stays_while_an_eni_is_in_it),
		PROVES(its_default_group_lets_everything_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
