#include "test.h"

#include "base/text.h"
#include "service/transfer/connector_request.h"
#include "service/transfer/shapes.h"

#define ROLE   "\"AccessRole\":\"arn:aws:iam::000000000000:role/sallyport\""
#define URL    "\"Url\":\"sftp://partner.example:2222\""
#define SECRET "\"UserSecretId\":\"aws/transfer/partner\""
#define KEY    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"

static json_t *parse(const char *text)
{
	json_t *input = NULL;
	struct sp_error err = { 0 };
	if (sp_json_parse(text, strlen(text), &input, &err) != 0)
		fail_msg("%s: %s", text, err.message);
	return input;
}

static int create(const char *text, struct connector *out, struct sp_error *err)
{
	SP_AUTO_JSON json_t *input = parse(text);
	if (shape_check(&transfer_create_connector_input, input, err) != 0)
		return -1;
	return connector_request_create(input, 5, out, err);
}

static void a_new_connector_has_an_id_and_defaults(void **state)
{
	(void)state;
	struct connector a = { 0 };
	struct connector b = { 0 };
	struct sp_error err = { 0 };
	assert_int_equal(create("{" ROLE "," URL ",\"SftpConfig\":{" SECRET "}}", &a, &err), 0);
	assert_int_equal(create("{" ROLE "," URL ",\"SftpConfig\":{" SECRET "}}", &b, &err), 0);
	assert_int_equal(strlen(a.id), 19);
	assert_int_equal(strncmp(a.id, "c-", 2), 0);
	assert_int_equal(strspn(a.id + 2, "0123456789abcdef"), 17);
	assert_string_not_equal(a.id, b.id);
	assert_string_equal(a.url, "sftp://partner.example:2222");
	assert_string_equal(a.user_secret_id, "aws/transfer/partner");
	assert_string_equal(a.security_policy, "TransferSFTPConnectorSecurityPolicy-2024-03");
	assert_int_equal(a.max_connections, 1);
	assert_int_equal(a.trusted_key_count, 0);
	assert_null(a.logging_role);
	assert_int_equal(a.created_ms, 5);
	connector_finish(&a);
	connector_finish(&b);
}

static void host_keys_are_kept_as_they_were_given(void **state)
{
	(void)state;
	struct connector connector = { 0 };
	struct sp_error err = { 0 };
	assert_int_equal(create("{" ROLE "," URL ",\"SftpConfig\":{" SECRET
				",\"TrustedHostKeys\":[\"" KEY "\",\"[partner.example]:2222 " KEY
				"\",\"" KEY " a comment\"]}}",
				&connector, &err),
			 0);
	assert_int_equal(connector.trusted_key_count, 3);
	assert_string_equal(connector.trusted_keys[0], KEY);
	assert_string_equal(connector.trusted_keys[1], "[partner.example]:2222 " KEY);
	assert_string_equal(connector.trusted_keys[2], KEY " a comment");
	connector_finish(&connector);
}

static void an_update_changes_what_it_names_and_nothing_else(void **state)
{
	(void)state;
	struct connector connector = { 0 };
	struct sp_error err = { 0 };
	assert_int_equal(create("{" ROLE "," URL ",\"SftpConfig\":{" SECRET
				",\"MaxConcurrentConnections\":4,\"TrustedHostKeys\":[\"" KEY
				"\"]}}",
				&connector, &err),
			 0);
	SP_AUTO_JSON json_t *nothing = parse("{}");
	assert_int_equal(connector_request_update(nothing, &connector, &err), 0);
	SP_AUTO_JSON json_t *secret = parse("{\"SftpConfig\":{\"UserSecretId\":\"other\"}}");
	assert_int_equal(connector_request_update(secret, &connector, &err), 0);
	assert_string_equal(connector.url, "sftp://partner.example:2222");
	assert_string_equal(connector.user_secret_id, "other");
	assert_int_equal(connector.max_connections, 4);
	assert_int_equal(connector.trusted_key_count, 1);

	SP_AUTO_JSON json_t *no_keys = parse("{\"SftpConfig\":{\"TrustedHostKeys\":[]}}");
	assert_int_equal(connector_request_update(no_keys, &connector, &err), 0);
	assert_int_equal(connector.trusted_key_count, 0);
	SP_AUTO_JSON json_t *url = parse("{\"Url\":\"sftp://[2001:db8::1]\",\"LoggingRole\":"
					 "\"arn:aws:iam::000000000000:role/log\"}");
	assert_int_equal(connector_request_update(url, &connector, &err), 0);
	assert_string_equal(connector.url, "sftp://[2001:db8::1]");
	assert_string_equal(connector.logging_role, "arn:aws:iam::000000000000:role/log");
	connector_finish(&connector);
}

static void what_makes_no_sense_is_refused_with_the_members_name(void **state)
{
	(void)state;
	static const struct {
		const char *input, *says;
		enum sp_code code;
	} bad[] = {
		{ URL ",\"SftpConfig\":{" SECRET "}", "AccessRole: is required", SP_INVALID },
		{ ROLE "," URL, "SftpConfig: is required", SP_INVALID },
		{ ROLE ",\"SftpConfig\":{" SECRET "}", "Url: is required", SP_INVALID },
		{ ROLE "," URL ",\"SftpConfig\":{}", "UserSecretId: is required", SP_INVALID },
		{ ROLE ",\"Url\":\"partner.example\",\"SftpConfig\":{" SECRET "}",
		  "Url: \"partner.example\" is no URL", SP_INVALID },
		{ ROLE ",\"Url\":\"sftp://user@host\",\"SftpConfig\":{" SECRET "}", "without user",
		  SP_INVALID },
		{ ROLE ",\"Url\":\"\",\"SftpConfig\":{" SECRET "}", "Url: \"\"", SP_INVALID },
		{ ROLE "," URL ",\"As2Config\":{}", "As2Config", SP_UNSUPPORTED },
		{ ROLE "," URL ",\"As2Config\":{},\"SftpConfig\":{" SECRET "}", "As2Config",
		  SP_UNSUPPORTED },
		{ ROLE
		  ",\"SftpConfig\":{" SECRET "},\"EgressConfig\":{\"VpcLattice\":{"
		  "\"ResourceConfigurationArn\":\"arn:aws:vpc-lattice:eu-central-1:000000000000:"
		  "resourceconfiguration/rcfg-0123456789abcdefg\"}}",
		  "VPC_LATTICE egress is not offered yet", SP_UNSUPPORTED },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET "},\"EgressConfig\":{}",
		  "EgressConfig: must have exactly one member", SP_INVALID },
		{ ROLE "," URL ",\"IpAddressType\":\"DUALSTACK\",\"SftpConfig\":{" SECRET "}",
		  "DUALSTACK", SP_UNSUPPORTED },
		{ ROLE "," URL ",\"IpAddressType\":\"IPV5\",\"SftpConfig\":{" SECRET "}",
		  "IpAddressType", SP_INVALID },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET ",\"MaxConcurrentConnections\":6}",
		  "between 1 and 5", SP_INVALID },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET ",\"MaxConcurrentConnections\":0}",
		  "between 1 and 5", SP_INVALID },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET
		       ",\"OrderedUserSecretVersionStages\":[\"AWSPREVIOUS\"]}",
		  "OrderedUserSecretVersionStages", SP_UNSUPPORTED },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET ",\"TrustedHostKeys\":[\"" KEY
		       "\",\"ssh-ed25519 AAAA\"]}",
		  "SftpConfig.TrustedHostKeys[1]: ", SP_INVALID },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET
		       "},\"SecurityPolicyName\":\"TransferSFTPConnectorSecurityPolicy-1999-01\"",
		  "there is no security policy", SP_NOT_FOUND },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET
		       "},\"SecurityPolicyName\":\"TransferSecurityPolicy-2024-01\"",
		  "SecurityPolicyName", SP_INVALID },
		{ "\"AccessRole\":\"arn:aws:iam::000000000000:user/x\"," URL
		  ",\"SftpConfig\":{" SECRET "}",
		  "AccessRole", SP_INVALID },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct connector connector = { 0 };
		struct sp_error err = { 0 };
		char text[2048];
		snprintf(text, sizeof(text), "{%s}", bad[i].input);
		assert_int_equal(create(text, &connector, &err), -1);
		if (err.code != bad[i].code || strstr(err.message, bad[i].says) == NULL)
			fail_msg("%s: code %d: %s", text, err.code, err.message);
		assert_null(connector.url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_connector_has_an_id_and_defaults),
		cmocka_unit_test(host_keys_are_kept_as_they_were_given),
		cmocka_unit_test(an_update_changes_what_it_names_and_nothing_else),
		cmocka_unit_test(what_makes_no_sense_is_refused_with_the_members_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
