#include "addresses.h"
#include "house.h"

#include "base/scope.h"
#include "base/text.h"
#include "egress/path.h"
#include "network/cidr.h"

struct fixture {
	struct house house;
	struct path path;
	struct trace trace;
	struct sp_error err;
	const char *arn;
	uint16_t port;
};

static int read_it(struct db *db, void *ctx, struct sp_error *err)
{
	struct fixture *f = ctx;
	return path_read(db, f->arn, f->port, &f->path, &f->trace, err);
}

static int read_path(struct fixture *f, const char *arn, uint16_t port)
{
	path_finish(&f->path);
	trace_finish(&f->trace);
	trace_begin(&f->trace);
	f->err = (struct sp_error){ 0 };
	f->arn = arn;
	f->port = port;
	return store_read(f->house.store, read_it, f, &f->err);
}

static int set_up(void **state)
{
	struct fixture *f = sp_alloc(sizeof(*f));
	house_open(&f->house);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	path_finish(&f->path);
	trace_finish(&f->trace);
	house_close(&f->house);
	free(f);
	return 0;
}

/* The sentence is that of the error and of the trace's last step. */
static void assert_ends(struct fixture *f, enum failure_step step, enum sp_code code,
			const char *sentence)
{
	assert_string_equal(f->err.message, sentence);
	assert_int_equal(f->err.code, code);
	assert_int_equal(f->path.step, step);
	const struct trace_step *last = &f->trace.steps[f->trace.count - 1];
	assert_int_equal(last->step, step);
	assert_true(last->failed);
	assert_string_equal(last->text, sentence);
}

static void finds_everything_on_the_way(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_path(f, ARN_OF(CONFIGURATION), 22), 0);
	assert_string_equal(f->path.configuration.target, "127.0.0.3");
	assert_string_equal(f->path.gateway.id, GATEWAY);
	assert_string_equal(f->path.vpc.id, VPC);
	assert_int_equal(f->path.interface_count, 2);
	assert_string_equal(f->path.interfaces[1].address, "127.77.1.6");
	assert_int_equal(f->path.rule_count, 1);
	assert_null(f->path.name_servers);

	static const char *const texts[] = {
		"\"partner\" (" CONFIGURATION
		") leads to 127.0.0.3 through the resource gateway " GATEWAY,
		"port 22 is among the permitted ones (22, 1024-65535)",
		"\"gate\" (" GATEWAY ") is active in " VPC " with 2 network interfaces",
	};
	static const enum failure_step steps[] = { STEP_CONFIGURATION, STEP_PORT, STEP_GATEWAY };
	assert_int_equal(f->trace.count, SP_COUNT_OF(texts));
	for (size_t i = 0; i < SP_COUNT_OF(texts); i++) {
		assert_int_equal(f->trace.steps[i].step, steps[i]);
		assert_string_equal(f->trace.steps[i].text, texts[i]);
		assert_non_null(f->trace.steps[i].details);
	}
	assert_string_equal(sp_json_string(f->trace.steps[2].details, "Provider"), "host");
}

static void names_what_is_not_there(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_path(f, ARN_OF("rcfg-0000000000000dead"), 22), -1);
	assert_ends(f, STEP_CONFIGURATION, SP_NOT_FOUND,
		    "there is no resource configuration \"rcfg-0000000000000dead\" any more");
	assert_int_equal(read_path(f, "arn:aws:s3:::bucket", 22), -1);
	assert_ends(f, STEP_CONFIGURATION, SP_INVALID,
		    "cannot use \"arn:aws:s3:::bucket\": this is no ARN of a resource "
		    "configuration");

	house_write(&f->house, run_script, (char[]){ "DELETE FROM interfaces" });
	assert_int_equal(read_path(f, ARN_OF(CONFIGURATION), 22), -1);
	assert_ends(f, STEP_GATEWAY, SP_INTERNAL,
		    "cannot use the resource gateway \"gate\" (" GATEWAY
		    "): it has no network interface");
}

static void a_port_outside_the_ranges_is_refused(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_path(f, ARN_OF(CONFIGURATION), 23), -1);
	assert_ends(f, STEP_PORT, SP_DENIED,
		    "cannot connect to 127.0.0.3 port 23: the resource configuration \"partner\" "
		    "(" CONFIGURATION ") permits only 22, 1024-65535");
	assert_int_equal(f->trace.count, 2);
}

static void only_an_active_gateway_is_used(void **state)
{
	struct fixture *f = *state;
	house_write(&f->house, change_gateway,
		    &(struct gateway_change){ .state = NETWORK_IN_PROGRESS });
	assert_int_equal(read_path(f, ARN_OF(CONFIGURATION), 22), -1);
	assert_ends(f, STEP_GATEWAY, SP_CONFLICT,
		    "could not use the resource gateway \"gate\" (" GATEWAY
		    "): its network interfaces are still being made");
	assert_true(failure_is_transient(f->path.step, f->err.code));

	house_write(&f->house, change_gateway,
		    &(struct gateway_change){ .state = NETWORK_FAILED,
					      .failure = "the subnet is full" });
	assert_int_equal(read_path(f, ARN_OF(CONFIGURATION), 22), -1);
	assert_ends(f, STEP_GATEWAY, SP_SYSTEM,
		    "could not use the resource gateway \"gate\" (" GATEWAY
		    "): it failed: the subnet is full");
	assert_true(failure_is_transient(f->path.step, f->err.code));
}

static int tag_vpc(struct db *db, void *ctx, struct sp_error *err)
{
	return tags_put(db, VPC_ARN, NETWORK_TAG_DNS, ctx, err);
}

static void the_vpcs_tag_names_its_name_servers(void **state)
{
	struct fixture *f = *state;
	house_write(&f->house, tag_vpc, (char[]){ "10.0.0.2, 10.0.0.3:5353" });
	assert_int_equal(read_path(f, ARN_OF(CONFIGURATION), 22), 0);
	assert_string_equal(f->path.name_servers, "10.0.0.2, 10.0.0.3:5353");
}

static void tells_the_rule_that_decides(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_path(f, ARN_OF(CONFIGURATION), 22), 0);
	assert_int_equal(path_judge(&f->path, address("127.0.0.3"), 22, &f->trace, &f->err), 0);
	const struct trace_step *step = &f->trace.steps[f->trace.count - 1];
	assert_int_equal(step->step, STEP_GROUPS);
	assert_string_equal(step->text, "the rule " RULE " of " GROUP
					" allows 127.0.0.3 port 22 (127.0.0.0/24)");
	assert_string_equal(sp_json_string(step->details, "SecurityGroupRuleId"), RULE);
	assert_int_equal(path_judge(&f->path, address("127.0.0.3"), 22, NULL, NULL), 0);

	assert_int_equal(path_judge(&f->path, address("127.0.1.3"), 22, &f->trace, &f->err), -1);
	f->path.step = STEP_GROUPS;
	assert_ends(f, STEP_GROUPS, SP_DENIED,
		    "cannot connect to 127.0.1.3 port 22: no egress rule of the security "
		    "group " GROUP " of the resource gateway \"gate\" (" GATEWAY ") allows it");
}

static int insert_reference(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return insert_rule(db, "sgr-00000000000000002", GROUP, true, 22, RULE_GROUP,
			   (char[]){ OTHER_GROUP }, err) != 0 ||
			       insert_rule(db, "sgr-00000000000000003", GROUP, false, 22,
					   RULE_CIDR4, (char[]){ "0.0.0.0/0" }, err) != 0 ||
			       insert_gateway(db, "rgw-00000000000000002", (char[]){ "other" },
					      OTHER_GROUP, err) != 0 ||
			       insert_interface(db, "eni-00000000000000009",
						"rgw-00000000000000002", "127.77.1.9", err) != 0
		       ? -1
		       : 0;
}

/* A rule that names a group means the interfaces that have it now; ingress rules let nothing leave. */
static void a_rule_that_names_a_group_means_its_members(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_path(f, ARN_OF(CONFIGURATION), 22), 0);
	assert_int_equal(path_judge(&f->path, address("127.77.1.9"), 22, NULL, NULL), -1);
	house_write(&f->house, insert_reference, NULL);
	assert_int_equal(read_path(f, ARN_OF(CONFIGURATION), 22), 0);
	assert_int_equal(f->path.rule_count, 2);
	assert_int_equal(path_judge(&f->path, address("127.77.1.9"), 22, NULL, NULL), 0);
	assert_int_equal(path_judge(&f->path, address("127.77.1.9"), 23, NULL, NULL), -1);
	assert_int_equal(path_judge(&f->path, address("127.77.1.10"), 22, NULL, NULL), -1);

	house_write(&f->house, run_script,
		    (char[]){ "DELETE FROM interfaces WHERE id = 'eni-00000000000000009'" });
	assert_int_equal(read_path(f, ARN_OF(CONFIGURATION), 22), 0);
	assert_int_equal(path_judge(&f->path, address("127.77.1.9"), 22, NULL, NULL), -1);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORY(finds_everything_on_the_way),
		STORY(names_what_is_not_there),
		STORY(a_port_outside_the_ranges_is_refused),
		STORY(only_an_active_gateway_is_used),
		STORY(the_vpcs_tag_names_its_name_servers),
		STORY(tells_the_rule_that_decides),
		STORY(a_rule_that_names_a_group_means_its_members),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
