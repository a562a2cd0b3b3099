#include "test.h"

#include <stdio.h>

#include "base/scope.h"
#include "base/text.h"
#include "service/ec2/rule_form.h"

#define GROUP "sg-00000000000000001"
#define OTHER "sg-00000000000000002"
#define LIST  "pl-00000000000000003"

static json_t *parse(const char *text)
{
	json_t *out = NULL;
	struct sp_error err = { 0 };
	if (sp_json_parse(text, strlen(text), &out, &err) != 0)
		fail_msg("%s: %s", text, err.message);
	return out;
}

/* One permission in JSON as the form's fields would give it. */
static int read_text(const char *permission, struct rule_list *out, struct ec2_request *request,
		     struct sp_error *err)
{
	SP_AUTO_JSON json_t *permissions = json_pack("[o]", parse(permission));
	return rule_form_read(request, permissions, true, GROUP, out, err);
}

static void protocols_have_names_and_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *said;
		int protocol;
		const char *shown;
	} cases[] = {
		{ "tcp", 6, "tcp" },        { "TCP", 6, "tcp" },    { "6", 6, "tcp" },
		{ "udp", 17, "udp" },       { "17", 17, "udp" },    { "icmp", 1, "icmp" },
		{ "icmpv6", 58, "icmpv6" }, { "58", 58, "icmpv6" }, { "-1", -1, "-1" },
		{ "all", -1, "-1" },        { "50", 50, "50" },     { "0", 0, "0" },
		{ "255", 255, "255" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		char text[200];
		snprintf(text, sizeof(text),
			 "{\"IpProtocol\":\"%s\",\"FromPort\":8,\"ToPort\":9,"
			 "\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/8\"}]}",
			 cases[i].said);
		AUTO_RULE_LIST list = { 0 };
		struct ec2_request request = { 0 };
		assert_int_equal(read_text(text, &list, &request, NULL), 0);
		assert_int_equal(list.count, 1);
		assert_int_equal(list.rules[0].protocol, cases[i].protocol);
		SP_AUTO_JSON json_t *shown = rule_form_show(&list.rules[0], "000000000000");
		assert_string_equal(sp_json_string(shown, "ipProtocol"), cases[i].shown);
	}
}

static void ports_are_kept_where_a_protocol_has_them(void **state)
{
	(void)state;
	static const struct {
		const char *permission;
		int from, to;
	} cases[] = {
		{ "\"IpProtocol\":\"tcp\",\"FromPort\":0,\"ToPort\":65535", 0, 65535 },
		{ "\"IpProtocol\":\"udp\",\"FromPort\":53,\"ToPort\":53", 53, 53 },
		{ "\"IpProtocol\":\"-1\",\"FromPort\":0,\"ToPort\":0", -1, -1 },
		{ "\"IpProtocol\":\"-1\"", -1, -1 },
		{ "\"IpProtocol\":\"50\",\"FromPort\":1,\"ToPort\":2", -1, -1 },
		{ "\"IpProtocol\":\"icmp\"", -1, -1 },
		{ "\"IpProtocol\":\"icmp\",\"FromPort\":-1,\"ToPort\":-1", -1, -1 },
		{ "\"IpProtocol\":\"icmp\",\"FromPort\":8,\"ToPort\":-1", 8, -1 },
		{ "\"IpProtocol\":\"icmp\",\"FromPort\":3,\"ToPort\":4", 3, 4 },
		{ "\"IpProtocol\":\"icmpv6\",\"FromPort\":255,\"ToPort\":255", 255, 255 },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		char text[200];
		snprintf(text, sizeof(text), "{%s,\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/8\"}]}",
			 cases[i].permission);
		AUTO_RULE_LIST list = { 0 };
		struct ec2_request request = { 0 };
		assert_int_equal(read_text(text, &list, &request, NULL), 0);
		assert_int_equal(list.rules[0].from_port, cases[i].from);
		assert_int_equal(list.rules[0].to_port, cases[i].to);
	}
}

static void what_makes_no_sense_is_refused_with_ec2s_code(void **state)
{
	(void)state;
	const struct service_context context = { .account = "42" };
#define RANGE ",\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/8\"}]}"
#define TCP   "{\"IpProtocol\":\"tcp\",\"FromPort\":22,\"ToPort\":22"
	static const struct {
		const char *permission, *code, *words;
	} cases[] = {
		{ "{\"FromPort\":22,\"ToPort\":22" RANGE, "InvalidParameterValue", "protocol" },
		{ "{\"IpProtocol\":\"tcpp\"" RANGE, "InvalidParameterValue", "'tcpp'" },
		{ "{\"IpProtocol\":\"\"" RANGE, "InvalidParameterValue", "Unknown protocol" },
		{ "{\"IpProtocol\":\"256\"" RANGE, "InvalidParameterValue", "'256'" },
		{ "{\"IpProtocol\":\"-2\"" RANGE, "InvalidParameterValue", "'-2'" },
		{ "{\"IpProtocol\":\"tcp\"" RANGE, "InvalidParameterValue", "both from and to" },
		{ "{\"IpProtocol\":\"tcp\",\"FromPort\":22" RANGE, "InvalidParameterValue",
		  "both" },
		{ "{\"IpProtocol\":\"udp\",\"ToPort\":22" RANGE, "InvalidParameterValue", "both" },
		{ "{\"IpProtocol\":\"tcp\",\"FromPort\":-1,\"ToPort\":-1" RANGE,
		  "InvalidParameterValue", "'-1'" },
		{ "{\"IpProtocol\":\"tcp\",\"FromPort\":0,\"ToPort\":65536" RANGE,
		  "InvalidParameterValue", "'65536'" },
		{ "{\"IpProtocol\":\"tcp\",\"FromPort\":23,\"ToPort\":22" RANGE,
		  "InvalidParameterValue", "(23:22)" },
		{ "{\"IpProtocol\":\"icmp\",\"FromPort\":256,\"ToPort\":0" RANGE,
		  "InvalidParameterValue", "ICMP type (256)" },
		{ "{\"IpProtocol\":\"icmp\",\"FromPort\":3,\"ToPort\":256" RANGE,
		  "InvalidParameterValue", "ICMP code (256)" },
		{ "{\"IpProtocol\":\"icmp\",\"FromPort\":-1,\"ToPort\":0" RANGE,
		  "InvalidParameterValue", "without a type" },
		{ TCP "}", "InvalidPermission.Malformed", "needs a range" },
		{ TCP ",\"IpRanges\":[]}", "InvalidPermission.Malformed", "needs a range" },
		{ TCP ",\"IpRanges\":[{}]}", "MissingParameter", "CidrIp" },
		{ TCP ",\"IpRanges\":[{\"CidrIp\":\"10.0.0.0\"}]}", "InvalidParameterValue",
		  "10.0.0.0 is malformed" },
		{ TCP ",\"IpRanges\":[{\"CidrIp\":\"::/0\"}]}", "InvalidParameterValue", "::/0" },
		{ TCP ",\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/33\"}]}", "InvalidParameterValue",
		  "/33" },
		{ TCP ",\"Ipv6Ranges\":[{\"CidrIpv6\":\"10.0.0.0/8\"}]}", "InvalidParameterValue",
		  "" },
		{ TCP ",\"Ipv6Ranges\":[{\"CidrIpv6\":\"::/129\"}]}", "InvalidParameterValue",
		  "::/129" },
		{ TCP ",\"Ipv6Ranges\":[{\"CidrIpv6\":\"::\"}]}", "InvalidParameterValue", "::" },
		{ TCP ",\"Groups\":[{\"GroupName\":\"web\"}]}", "InvalidParameterValue", "'web'" },
		{ TCP ",\"Groups\":[{\"GroupId\":\"" OTHER "\",\"UserId\":\"43\"}]}",
		  "InvalidGroup.NotFound", "'43'" },
		{ TCP ",\"Groups\":[{\"GroupId\":\"web\"}]}", "InvalidGroupId.Malformed",
		  "\"web\"" },
		{ TCP ",\"PrefixListIds\":[{\"PrefixListId\":\"sg-00000000000000001\"}]}",
		  "InvalidPrefixListId.Malformed", "pl-" },
		{ TCP ",\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/8\"},{\"CidrIp\":\"10.1.2.3/8\"}]}",
		  "InvalidParameterValue", "multiple times" },
		{ TCP ",\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/8\",\"Description\":\"a\\tb\"}]}",
		  "InvalidParameterValue", "rule description" },
		{ TCP ",\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/8\",\"Description\":\"<b>\"}]}",
		  "InvalidParameterValue", "<b>" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		AUTO_RULE_LIST list = { 0 };
		struct ec2_request request = { .context = &context };
		struct sp_error err = { 0 };
		assert_int_equal(read_text(cases[i].permission, &list, &request, &err), -1);
		assert_string_equal(request.code, cases[i].code);
		if (strstr(err.message, cases[i].words) == NULL)
			fail_msg("%s: \"%s\" is not in: %s", cases[i].permission, cases[i].words,
				 err.message);
	}
}

static void blocks_of_addresses_become_canonical(void **state)
{
	(void)state;
	static const struct {
		const char *said, *kept;
		enum rule_peer peer;
	} cases[] = {
		{ "\"IpRanges\":[{\"CidrIp\":\"100.68.0.18/18\"}]", "100.68.0.0/18", RULE_CIDR4 },
		{ "\"IpRanges\":[{\"CidrIp\":\"0.0.0.0/0\"}]", "0.0.0.0/0", RULE_CIDR4 },
		{ "\"IpRanges\":[{\"CidrIp\":\"192.0.2.7/32\"}]", "192.0.2.7/32", RULE_CIDR4 },
		{ "\"Ipv6Ranges\":[{\"CidrIpv6\":\"2001:DB8:0:0::1/33\"}]", "2001:db8::/33",
		  RULE_CIDR6 },
		{ "\"Ipv6Ranges\":[{\"CidrIpv6\":\"2001:db8:ffff::/33\"}]", "2001:db8:8000::/33",
		  RULE_CIDR6 },
		{ "\"Ipv6Ranges\":[{\"CidrIpv6\":\"::1/0\"}]", "::/0", RULE_CIDR6 },
		{ "\"Ipv6Ranges\":[{\"CidrIpv6\":\"::1/128\"}]", "::1/128", RULE_CIDR6 },
		{ "\"Groups\":[{\"GroupId\":\"" OTHER "\"}]", OTHER, RULE_GROUP },
		{ "\"PrefixListIds\":[{\"PrefixListId\":\"" LIST "\"}]", LIST, RULE_PREFIX_LIST },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		char text[200];
		snprintf(text, sizeof(text), "{\"IpProtocol\":\"-1\",%s}", cases[i].said);
		AUTO_RULE_LIST list = { 0 };
		struct ec2_request request = { 0 };
		assert_int_equal(read_text(text, &list, &request, NULL), 0);
		assert_int_equal(list.rules[0].peer, cases[i].peer);
		assert_string_equal(list.rules[0].value, cases[i].kept);
		assert_string_equal(list.rules[0].group_id, GROUP);
		assert_true(list.rules[0].egress);
	}
}

static void a_description_has_at_most_255_characters(void **state)
{
	(void)state;
	char text[257];
	struct ec2_request request = { 0 };
	memset(text, 'x', 256);
	text[256] = '\0';
	assert_int_equal(rule_form_check_text(&request, "rule description", text, NULL), -1);
	assert_string_equal(request.code, "InvalidParameterValue");
	text[255] = '\0';
	assert_int_equal(rule_form_check_text(&request, "rule description", text, NULL), 0);
	assert_int_equal(rule_form_check_text(&request, "name", "a.Z_0 -:/()#,@[]+=&;{}!$*", NULL),
			 0);
	assert_int_equal(rule_form_check_text(&request, "name", "na\xc3\xafve", NULL), -1);
}

static void a_permission_is_a_rule_for_each_of_its_peers_and_back(void **state)
{
	(void)state;
	AUTO_RULE_LIST list = { 0 };
	struct ec2_request request = { 0 };
	SP_AUTO_JSON json_t *permissions =
		parse("[" TCP ",\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/8\",\"Description\":\"here\"},"
		      "{\"CidrIp\":\"10.0.0.0/9\"}],\"Groups\":[{\"GroupId\":\"" OTHER "\"}],"
		      "\"Ipv6Ranges\":[{\"CidrIpv6\":\"::/0\"}],"
		      "\"PrefixListIds\":[{\"PrefixListId\":\"" LIST "\"}]},"
		      "{\"IpProtocol\":\"-1\",\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/8\"}]},"
		      "{\"IpProtocol\":\"6\",\"FromPort\":22,\"ToPort\":22,"
		      "\"IpRanges\":[{\"CidrIp\":\"11.0.0.0/8\"}]}]");
	assert_int_equal(rule_form_read(&request, permissions, true, GROUP, &list, NULL), 0);
	assert_int_equal(list.count, 7);

	SP_AUTO_JSON json_t *shown = rule_form_permissions(list.rules, list.count, true, "42");
	SP_AUTO_JSON json_t *expected = parse(
		"[{\"ipProtocol\":\"tcp\",\"fromPort\":22,\"toPort\":22,\"ipRanges\":["
		"{\"cidrIp\":\"10.0.0.0/8\",\"description\":\"here\"},{\"cidrIp\":\"10.0.0.0/9\"},"
		"{\"cidrIp\":\"11.0.0.0/8\"}],\"ipv6Ranges\":[{\"cidrIpv6\":\"::/0\"}],"
		"\"groups\":[{\"userId\":\"42\",\"groupId\":\"" OTHER "\"}],"
		"\"prefixListIds\":[{\"prefixListId\":\"" LIST "\"}]},"
		"{\"ipProtocol\":\"-1\",\"ipRanges\":[{\"cidrIp\":\"10.0.0.0/8\"}],"
		"\"ipv6Ranges\":[],\"groups\":[],\"prefixListIds\":[]}]");
	assert_true(json_equal(shown, expected));

	SP_AUTO_JSON json_t *ingress = rule_form_permissions(list.rules, list.count, false, "42");
	assert_int_equal(json_array_size(ingress), 0);
}

static void one_request_has_as_many_rules_as_a_group_can_have(void **state)
{
	(void)state;
	SP_AUTO_JSON json_t *ranges = json_array();
	for (int i = 0; i <= RULES_ONCE_MAX; i++) {
		char cidr[32];
		snprintf(cidr, sizeof(cidr), "10.0.%d.0/24", i);
		json_array_append_new(ranges, json_pack("{s:s}", "CidrIp", cidr));
	}
	SP_AUTO_JSON json_t *permissions =
		json_pack("[{s:s, s:O}]", "IpProtocol", "-1", "IpRanges", ranges);
	AUTO_RULE_LIST list = { 0 };
	struct ec2_request request = { 0 };
	assert_int_equal(rule_form_read(&request, permissions, true, GROUP, &list, NULL), -1);
	assert_string_equal(request.code, "RulesPerSecurityGroupLimitExceeded");
	assert_int_equal(list.count, RULES_ONCE_MAX);
}

static void a_rule_to_modify_has_one_peer(void **state)
{
	(void)state;
	static const struct {
		const char *form;
		bool good;
	} cases[] = {
		{ TCP ",\"CidrIpv4\":\"10.1.2.3/8\",\"Description\":\"d\"}", true },
		{ TCP ",\"ReferencedGroupId\":\"" OTHER "\"}", true },
		{ TCP "}", false },
		{ TCP ",\"CidrIpv4\":\"10.0.0.0/8\",\"CidrIpv6\":\"::/0\"}", false },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		SP_AUTO_JSON json_t *form = parse(cases[i].form);
		AUTO_RULE_LIST list = { 0 };
		struct ec2_request request = { 0 };
		int result = rule_form_read_one(&request, form, false, GROUP, &list, NULL);
		assert_int_equal(result, cases[i].good ? 0 : -1);
		if (!cases[i].good)
			assert_string_equal(request.code, "InvalidPermission.Malformed");
		else
			assert_false(list.rules[0].egress);
	}
}

static void a_rule_reads_as_a_sentence_wants_it(void **state)
{
	(void)state;
	static const struct {
		struct security_rule rule;
		const char *text;
	} cases[] = {
		{ { .egress = true,
		    .protocol = 6,
		    .from_port = 22,
		    .to_port = 23,
		    .value = (char *)"10.0.0.0/8" },
		  "tcp 22-23 to 10.0.0.0/8" },
		{ { .protocol = -1, .from_port = -1, .to_port = -1, .value = (char *)OTHER },
		  "all from " OTHER },
		{ { .protocol = 1, .from_port = 8, .to_port = -1, .value = (char *)"0.0.0.0/0" },
		  "icmp 8 from 0.0.0.0/0" },
		{ { .egress = true,
		    .protocol = 50,
		    .from_port = -1,
		    .to_port = -1,
		    .value = (char *)"0.0.0.0/0" },
		  "50 to 0.0.0.0/0" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		SP_AUTO_BUFFER text = { 0 };
		rule_form_describe(&cases[i].rule, &text);
		assert_string_equal(sp_buffer_text(&text), cases[i].text);
	}
}

static void groups_are_shown_as_ec2_shows_them(void **state)
{
	(void)state;
	const struct security_rule rule = {
		.id = "sgr-1",
		.group_id = GROUP,
		.protocol = 6,
		.from_port = 22,
		.to_port = 22,
		.peer = RULE_GROUP,
		.value = (char *)OTHER,
	};
	SP_AUTO_JSON json_t *shown = rule_form_show(&rule, "42");
	SP_AUTO_JSON json_t *revoked = rule_form_show_revoked(&rule);
	const json_t *info = json_object_get(shown, "referencedGroupInfo");
	assert_string_equal(sp_json_string(info, "groupId"), OTHER);
	assert_string_equal(sp_json_string(info, "userId"), "42");
	assert_string_equal(sp_json_string(shown, "groupOwnerId"), "42");
	assert_string_equal(sp_json_string(revoked, "referencedGroupId"), OTHER);
	assert_null(json_object_get(revoked, "groupOwnerId"));
	assert_null(json_object_get(shown, "description"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protocols_have_names_and_numbers),
		cmocka_unit_test(ports_are_kept_where_a_protocol_has_them),
		cmocka_unit_test(what_makes_no_sense_is_refused_with_ec2s_code),
		cmocka_unit_test(blocks_of_addresses_become_canonical),
		cmocka_unit_test(a_description_has_at_most_255_characters),
		cmocka_unit_test(a_permission_is_a_rule_for_each_of_its_peers_and_back),
		cmocka_unit_test(one_request_has_as_many_rules_as_a_group_can_have),
		cmocka_unit_test(a_rule_to_modify_has_one_peer),
		cmocka_unit_test(a_rule_reads_as_a_sentence_wants_it),
		cmocka_unit_test(groups_are_shown_as_ec2_shows_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
