#include "test.h"

#include "service/ec2/kinds.h"
#include "service/ec2/zone.h"

static void a_drawn_id_is_one_of_its_kind_only(void **state)
{
	(void)state;
	char id[NETWORK_ID_SIZE], other[NETWORK_ID_SIZE];
	ec2_id_draw("vpc-", id);
	ec2_id_draw("vpc-", other);
	assert_int_equal(strlen(id), strlen("vpc-") + 17);
	assert_string_not_equal(id, other);
	assert_true(ec2_id_is("vpc-", id));
	assert_false(ec2_id_is("subnet-", id));
	assert_ptr_equal(ec2_kind_of(id), &ec2_vpc);

	ec2_id_draw("vpc-cidr-assoc-", id);
	assert_true(ec2_id_is("vpc-cidr-assoc-", id));
}

static void what_looks_like_no_id_is_told_apart(void **state)
{
	(void)state;
	assert_true(ec2_id_is("sg-", "sg-0123456789abcdef0"));
	assert_true(ec2_id_is("sg-", "sg-01234567"));
	assert_false(ec2_id_is("sg-", "sg-"));
	assert_false(ec2_id_is("sg-", "sg-0123456"));
	assert_false(ec2_id_is("sg-", "sg-0123456789abcdef01"));
	assert_false(ec2_id_is("sg-", "sg-0123456789ABCDEF0"));
	assert_false(ec2_id_is("sg-", "sg-0123456789abcdefg"));
	assert_false(ec2_id_is("sg-", "sgr-0123456789abcdef0"));
	assert_null(ec2_kind_of("i-0123456789abcdef0"));
	assert_null(ec2_kind_of(""));
}

static void zone_ids_are_short_forms_of_the_region(void **state)
{
	(void)state;
	static const struct {
		const char *region, *zone, *id;
	} cases[] = {
		{ "eu-central-1", "eu-central-1a", "euc1-az1" },
		{ "us-east-1", "us-east-1c", "use1-az3" },
		{ "ap-southeast-2", "ap-southeast-2b", "apse2-az2" },
		{ "us-gov-west-1", "us-gov-west-1a", "usgw1-az1" },
		{ "local", "locala", "local-az1" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char id[ZONE_SIZE];
		ec2_zone_id(cases[i].region, cases[i].zone, id);
		assert_string_equal(id, cases[i].id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drawn_id_is_one_of_its_kind_only),
		cmocka_unit_test(what_looks_like_no_id_is_told_apart),
		cmocka_unit_test(zone_ids_are_short_forms_of_the_region),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
