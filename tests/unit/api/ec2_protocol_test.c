#include "protocol_call.h"

#define FORM      "application/x-www-form-urlencoded; charset=utf-8"
#define NAMESPACE "http://ec2.amazonaws.com/doc/2016-11-15/"
#define XML       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define ERROR(status, code, message)                                                               \
	status " " XML "<Response><Errors><Error><Code>" code "</Code><Message>" message           \
	       "</Message></Error></Errors><RequestID>id</RequestID></Response>"

static const struct shape text = { .type = SHAPE_STRING, .min = 1 };
static const struct shape number = { .type = SHAPE_INTEGER, .min = 5, .max = 1000 };
static const struct shape flag = { .type = SHAPE_BOOLEAN };
static const struct shape texts = { .type = SHAPE_LIST, .element = &text, .max = 3 };
static const struct shape_member filter_members[] = { { "Name", &text, true },
						      { "Value", &texts, false },
						      { 0 } };
static const struct shape filter = { .type = SHAPE_STRUCTURE, .members = filter_members };
static const struct shape filters = { .type = SHAPE_LIST, .element = &filter };
static const struct shape_member tag_members[] = { { "Key", &text, true },
						   { "Value", &text, false },
						   { 0 } };
static const struct shape tag = { .type = SHAPE_STRUCTURE, .members = tag_members };
static const struct shape tags = { .type = SHAPE_LIST, .element = &tag };
static const struct shape_member specification_members[] = { { "ResourceType", &text, false },
							     { "Tag", &tags, false },
							     { 0 } };
static const struct shape specification = { .type = SHAPE_STRUCTURE,
					    .members = specification_members };
static const struct shape specifications = { .type = SHAPE_LIST, .element = &specification };

static const struct shape_member create_members[] = { { "CidrBlock", &text, true },
						      { "TagSpecification", &specifications,
							false },
						      { "DryRun", &flag, false },
						      { 0 } };
static const struct shape create_input = { .type = SHAPE_STRUCTURE, .members = create_members };
static const struct shape_member describe_members[] = { { "VpcId", &texts, false },
							{ "Filter", &filters, false },
							{ "MaxResults", &number, false },
							{ 0 } };
static const struct shape describe_input = { .type = SHAPE_STRUCTURE, .members = describe_members };

static const struct api_operation operations[] = {
	{ .name = "CreateVpc", .input = &create_input },
	{ .name = "DescribeVpcs", .input = &describe_input },
	{ 0 },
};
static const struct api_error_type errors[] = { { "DryRunOperation", 412 }, { 0 } };
static const struct api_service service = {
	.signing_name = "ec2",
	.title = "Amazon EC2",
	.protocol = API_EC2,
	.version = "2016-11-15",
	.xml_namespace = NAMESPACE,
	.validation_error = "InvalidParameterValue",
	.operations = operations,
	.errors = errors,
};

static void requests_of_real_clients_are_read(void **state)
{
	(void)state;
	expect_read(&service, "POST", "/", FORM,
		    "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16"
		    "&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=Name"
		    "&TagSpecification.1.Tag.1.Value=x+y",
		    "CreateVpc {\"CidrBlock\":\"10.0.0.0/16\",\"TagSpecification\":[{"
		    "\"ResourceType\":\"vpc\",\"Tag\":[{\"Key\":\"Name\",\"Value\":\"x y\"}]}]}");
	expect_read(&service, "POST", "/", "application/x-www-form-urlencoded",
		    "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16&DryRun=true",
		    "CreateVpc {\"CidrBlock\":\"10.0.0.0/16\",\"DryRun\":true}");
	expect_read(&service, "POST", "/", FORM,
		    "Action=DescribeVpcs&Version=2016-11-15&Filter.1.Name=cidr&Filter.1.Value.1="
		    "10.0.0.0%2F16&Filter.1.Value.2=x&VpcId.1=vpc-1&VpcId.2=vpc-2&MaxResults=5",
		    "DescribeVpcs {\"VpcId\":[\"vpc-1\",\"vpc-2\"],\"Filter\":[{\"Name\":\"cidr\","
		    "\"Value\":[\"10.0.0.0/16\",\"x\"]}],\"MaxResults\":5}");
}

static void get_asks_as_well_also_with_its_signature_in_the_query(void **state)
{
	(void)state;
	expect_read(&service, "GET", "/?Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1", NULL,
		    "", "DescribeVpcs {\"VpcId\":[\"vpc-1\"]}");
	expect_read(&service, "GET",
		    "/?Action=DescribeVpcs&Version=2016-11-15&X-Amz-Date=1&X-Amz-Signature=2", NULL,
		    "", "DescribeVpcs {}");
}

static void what_is_missing_or_wrong_is_refused_by_its_name_on_the_wire(void **state)
{
	(void)state;
	static const struct {
		const char *fields, *expected;
	} cases[] = {
		{ "Action=CreateVpc", ERROR("400", "MissingParameter",
					    "The request must contain the parameter CidrBlock") },
		{ "Action=DescribeVpcs&Filter.1.Name=a&Filter.2.Value.1=b",
		  ERROR("400", "MissingParameter",
			"The request must contain the parameter Filter.2.Name") },
		{ "Action=DescribeVpcs&VpcId.1=a&VpcId.2=",
		  ERROR("400", "InvalidParameterValue",
			"Invalid value for the parameter VpcId.2: it must have at least 1 "
			"character, not 0") },
		{ "Action=DescribeVpcs&MaxResults=4",
		  ERROR("400", "InvalidParameterValue",
			"Invalid value for the parameter MaxResults: it must be between 5 and "
			"1000, not 4") },
		{ "Action=DescribeVpcs&MaxResults=many",
		  ERROR("400", "InvalidParameterValue",
			"Invalid value for the parameter MaxResults: it must be an integer") },
		{ "Action=CreateVpc&CidrBlock=a&DryRun=yes",
		  ERROR("400", "InvalidParameterValue",
			"Invalid value for the parameter DryRun: it must be true or false") },
		{ "Action=DescribeVpcs&VpcId=a",
		  ERROR("400", "InvalidParameterValue",
			"Invalid value for the parameter VpcId: it must be a list") },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		SP_AUTO_BUFFER fields = { 0 };
		sp_buffer_format(&fields, "%s&Version=2016-11-15", cases[i].fields);
		expect_read(&service, "POST", "/", FORM, sp_buffer_text(&fields),
			    cases[i].expected);
	}
}

/* A filter, a DryRun or an element behind a gap that is passed over would change what is done. */
static void what_is_not_known_is_refused_and_not_passed_over(void **state)
{
	(void)state;
	static const struct {
		const char *field, *name;
	} cases[] = {
		{ "DryRun=true", "DryRun" },
		{ "Filter.1.Name=a&Filter.1.Values.1=b", "Filter.1.Values.1" },
		{ "VpcId.1=a&VpcId.3=b", "VpcId.3" },
		{ "VpcId.2=b", "VpcId.2" },
		{ "VpcId.0=b", "VpcId.0" },
		{ "VpcId.01=b", "VpcId.01" },
		{ "vpcId.1=b", "vpcId.1" },
		{ "%3Cb%3E=", "&lt;b&gt;" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		SP_AUTO_BUFFER fields = { 0 };
		SP_AUTO_BUFFER message = { 0 };
		sp_buffer_format(&fields, "Action=DescribeVpcs&Version=2016-11-15&%s",
				 cases[i].field);
		sp_buffer_format(
			&message,
			ERROR("400", "UnknownParameter", "The parameter %s is not recognized"),
			cases[i].name);
		expect_read(&service, "POST", "/", FORM, sp_buffer_text(&fields),
			    sp_buffer_text(&message));
	}
}

static void an_unknown_action_is_refused_naming_all_that_are_there(void **state)
{
	(void)state;
	expect_read(&service, "POST", "/", FORM, "Action=RunInstances&Version=2016-11-15",
		    ERROR("400", "InvalidAction",
			  "Amazon EC2 has no operation &quot;RunInstances&quot; here; it has "
			  "CreateVpc, DescribeVpcs"));
	expect_read(&service, "POST", "/", FORM, "Action=DescribeVpcs&Version=2014-01-01",
		    ERROR("400", "InvalidAction",
			  "Could not find operation DescribeVpcs for version 2014-01-01; there is "
			  "version 2016-11-15"));
	expect_read(&service, "POST", "/", FORM, "",
		    ERROR("400", "InvalidAction",
			  "the form has no field Action, which names the operation"));
	expect_read(
		&service, "PUT", "/", FORM, "Action=DescribeVpcs&Version=2016-11-15",
		ERROR("400", "InvalidAction", "Amazon EC2 is asked with POST /, not with PUT /"));
	expect_read(&service, "POST", "/", FORM, "Action=%zz",
		    ERROR("400", "MalformedQueryString", "the form's field 1 is no encoded UTF-8"));
}

static void expect_written(const struct api_operation *operation, json_t *output,
			   const char *expected)
{
	struct api_call *call = make_call(&service, "POST", "/", FORM, "");
	struct api_answer answer;
	call->operation = operation;
	protocol_ec2.write(call, output, &answer);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.content_type, "text/xml;charset=UTF-8");
	assert_string_equal(answer.body, expected);
	assert_int_equal(answer.length, strlen(expected));
	free(answer.body);
	json_decref(output);
	call_release(call);
}

static void answers_have_their_members_beside_the_request_id_and_items_in_lists(void **state)
{
	(void)state;
	expect_written(&operations[1],
		       json_pack("{s:[{s:s,s:b,s:i,s:[{s:s,s:s}],s:[]}],s:n}", "vpcSet", "vpcId",
				 "vpc-1", "isDefault", 0, "count", 7, "tagSet", "key", "Name",
				 "value", "a & b", "emptySet", "nextToken"),
		       XML "<DescribeVpcsResponse xmlns=\"" NAMESPACE "\"><requestId>id</requestId>"
			   "<vpcSet><item><vpcId>vpc-1</vpcId><isDefault>false</isDefault>"
			   "<count>7</count><tagSet><item><key>Name</key><value>a &amp; b</value>"
			   "</item></tagSet><emptySet></emptySet></item></vpcSet>"
			   "</DescribeVpcsResponse>");
	expect_written(&operations[1], json_pack("{s:[]}", "vpcSet"),
		       XML "<DescribeVpcsResponse xmlns=\"" NAMESPACE
			   "\"><requestId>id</requestId><vpcSet></vpcSet></DescribeVpcsResponse>");
}

static void an_operation_without_output_returns_true(void **state)
{
	(void)state;
	expect_written(&operations[0], NULL,
		       XML "<CreateVpcResponse xmlns=\"" NAMESPACE
			   "\"><requestId>id</requestId><return>true</return></CreateVpcResponse>");
}

static void errors_of_the_service_have_the_status_of_its_table(void **state)
{
	(void)state;
	struct api_call *call = make_call(&service, "POST", "/", FORM, "");
	struct api_answer answer;
	call_write_error(call, "DryRunOperation", "it would have", NULL, &answer);
	assert_int_equal(answer.status, 412);
	assert_string_equal(answer.body, XML "<Response><Errors><Error><Code>DryRunOperation</Code>"
					     "<Message>it would have</Message></Error></Errors>"
					     "<RequestID>id</RequestID></Response>");
	free(answer.body);
	call_release(call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_real_clients_are_read),
		cmocka_unit_test(get_asks_as_well_also_with_its_signature_in_the_query),
		cmocka_unit_test(what_is_missing_or_wrong_is_refused_by_its_name_on_the_wire),
		cmocka_unit_test(what_is_not_known_is_refused_and_not_passed_over),
		cmocka_unit_test(an_unknown_action_is_refused_naming_all_that_are_there),
		cmocka_unit_test(
			answers_have_their_members_beside_the_request_id_and_items_in_lists),
		cmocka_unit_test(an_operation_without_output_returns_true),
		cmocka_unit_test(errors_of_the_service_have_the_status_of_its_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
