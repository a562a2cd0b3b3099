/* A request in the Query protocols: forms, with EC2's rules and with those of the others; and what EC2's own readers make
 * of an input whose shape is right. */
#include "fuzz.h"

#include "request.h"
#include "service/ec2/filter.h"
#include "service/ec2/rule_form.h"
#include "service/services.h"

#define GROUP "sg-00000000000000001"

static const struct ec2_filter filters[] = {
	{ "vpc-id", "vpcId" }, { "cidr", "cidrBlock" }, EC2_TAG_FILTERS, { 0 }
};

/* What is kept of a permission says the same when it is shown and asked for again. */
static void check_rules(const struct rule_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		SP_AUTO_JSON json_t *shown = rule_form_show(&list->rules[i], "123456789012");
		SP_AUTO_BUFFER words = { 0 };
		rule_form_describe(&list->rules[i], &words);
		FUZZ_CHECK(shown != NULL && words.length > 0);
		for (size_t k = 0; k < i; k++)
			FUZZ_CHECK(!rule_form_same(&list->rules[k], &list->rules[i]));
	}
}

static void read_permissions(const json_t *permissions)
{
	AUTO_RULE_LIST list = { 0 };
	struct ec2_request request = { 0 };
	struct sp_error err = { 0 };
	if (rule_form_read(&request, permissions, true, GROUP, &list, &err) == 0)
		check_rules(&list);
	else
		fuzz_check_error(&err);
}

static void read_filters(const json_t *asked)
{
	SP_AUTO_JSON json_t *shown =
		json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "vpcId", "vpc-1", "cidrBlock",
			  "10.0.0.0/16", "tagSet", "key", "Name", "value", "\xc3\xa4 b");
	struct sp_error err = { 0 };
	if (ec2_filters_check(asked, filters, &err) == 0)
		ec2_filters_match(asked, filters, shown);
	else
		fuzz_check_error(&err);
}

static void use(const struct api_call *call)
{
	if (json_object_get(call->input, "IpPermissions") != NULL)
		read_permissions(json_object_get(call->input, "IpPermissions"));
	if (json_object_get(call->input, "Filter") != NULL)
		read_filters(json_object_get(call->input, "Filter"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct api_served served[] = { { &service_ec2, NULL },
						    { &service_sts, NULL } };
	fuzz_request_serve(data, size, served, SP_COUNT_OF(served), use);
	return 0;
}
