#include "shape_check.h"
#include "test.h"

#include "base/scope.h"
#include "base/text.h"
#include "service/transfer/connector_request.h"
#include "service/transfer/shapes.h"

#define ROLE   "\"AccessRole\":\"arn:aws:iam::000000000000:role/sallyport\""
#define URL    "\"Url\":\"sftp://partner.example:2222\""
#define SECRET "\"UserSecretId\":\"aws/transfer/partner\""
#define KEY    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"

#define ARN_OF(region, account, id)                                                                \
	"arn:aws:vpc-lattice:" region ":" account ":resourceconfiguration/" id
#define FIRST              ARN_OF("eu-central-1", "000000000000", "rcfg-00000000000000001")
#define SECOND             ARN_OF("eu-central-1", "000000000000", "rcfg-00000000000000002")
#define EGRESS(members)    "\"EgressConfig\":{\"VpcLattice\":{" members "}}"
#define CONFIGURATION(arn) "\"ResourceConfigurationArn\":\"" arn "\""

static const struct connector_home home = { .region = "eu-central-1", .account = "000000000000" };

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
	return connector_request_create(input, &home, 5, out, err);
}

static int update(const char *text, struct connector *connector, struct sp_error *err)
{
	SP_AUTO_JSON json_t *input = parse(text);
	return connector_request_update(input, &home, connector, err);
}

/* A connector with that way out and one trusted key. */
static struct connector created(const char *way_out)
{
	char text[2048];
	struct connector connector = { 0 };
	struct sp_error err = { 0 };
	snprintf(text, sizeof(text),
		 "{" ROLE ",%s,\"SftpConfig\":{" SECRET ",\"TrustedHostKeys\":[\"" KEY "\"]}}",
		 way_out);
	if (create(text, &connector, &err) != 0)
		fail_msg("%s: %s", text, err.message);
	return connector;
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
	assert_int_equal(update("{}", &connector, &err), 0);
	assert_int_equal(update("{\"SftpConfig\":{\"UserSecretId\":\"other\"}}", &connector, &err),
			 0);
	assert_string_equal(connector.url, "sftp://partner.example:2222");
	assert_string_equal(connector.user_secret_id, "other");
	assert_int_equal(connector.max_connections, 4);
	assert_int_equal(connector.trusted_key_count, 1);

	assert_int_equal(update("{\"SftpConfig\":{\"TrustedHostKeys\":[]}}", &connector, &err), 0);
	assert_int_equal(connector.trusted_key_count, 0);
	assert_int_equal(update("{\"Url\":\"sftp://[2001:db8::1]\",\"IpAddressType\":\"DUALSTACK\","
				"\"LoggingRole\":\"arn:aws:iam::000000000000:role/log\"}",
				&connector, &err),
			 0);
	assert_string_equal(connector.url, "sftp://[2001:db8::1]");
	assert_string_equal(connector.logging_role, "arn:aws:iam::000000000000:role/log");
	assert_true(connector.dual_stack);
	assert_int_equal(update("{\"IpAddressType\":\"IPV4\"}", &connector, &err), -1);
	assert_non_null(strstr(err.message, "DUALSTACK"));
	connector_finish(&connector);
}

static void version_stages_stay_until_others_are_given(void **state)
{
	(void)state;
	struct connector connector = { 0 };
	struct sp_error err = { 0 };
	assert_int_equal(
		create("{" ROLE "," URL ",\"SftpConfig\":{" SECRET
		       ",\"OrderedUserSecretVersionStages\":[\"AWSPENDING\",\"AWSCURRENT\"]}}",
		       &connector, &err),
		0);
	assert_int_equal(
		update("{\"SftpConfig\":{\"MaxConcurrentConnections\":2}}", &connector, &err), 0);
	assert_int_equal(connector.secret_stage_count, 2);
	assert_string_equal(connector.secret_stages[0], "AWSPENDING");
	assert_string_equal(connector.secret_stages[1], "AWSCURRENT");
	assert_int_equal(
		update("{\"SftpConfig\":{\"OrderedUserSecretVersionStages\":[\"AWSPREVIOUS\"]}}",
		       &connector, &err),
		0);
	assert_int_equal(connector.secret_stage_count, 1);
	assert_string_equal(connector.secret_stages[0], "AWSPREVIOUS");
	assert_int_equal(update("{\"SftpConfig\":{\"OrderedUserSecretVersionStages\":[]}}",
				&connector, &err),
			 0);
	assert_int_equal(connector.secret_stage_count, 0);
	connector_finish(&connector);
}

static void a_private_path_is_pending_and_has_no_url(void **state)
{
	(void)state;
	struct connector connector = created(EGRESS(CONFIGURATION(FIRST) ",\"PortNumber\":2222"));
	assert_string_equal(connector.configuration_arn, FIRST);
	assert_int_equal(connector.port, 2222);
	assert_int_equal(connector.state, CONNECTOR_PENDING);
	assert_null(connector.url);
	connector_finish(&connector);

	connector = created(EGRESS(CONFIGURATION(FIRST)));
	assert_int_equal(connector.port, 0); /* what was not given is not shown either */
	connector_finish(&connector);

	connector = created(URL);
	assert_int_equal(connector.state, CONNECTOR_ACTIVE);
	assert_null(connector.configuration_arn);
	connector_finish(&connector);
}

static void an_update_of_the_private_path_merges_and_makes_it_pending_again(void **state)
{
	(void)state;
	static const struct {
		const char *input, *arn;
		int port;
	} cases[] = {
		{ EGRESS("\"PortNumber\":23"), FIRST, 23 },
		{ EGRESS(CONFIGURATION(SECOND)), SECOND, 2222 },
		{ EGRESS(CONFIGURATION(SECOND) ",\"PortNumber\":23"), SECOND, 23 },
		/* The same again: this is how a path is made anew. */
		{ EGRESS(CONFIGURATION(FIRST) ",\"PortNumber\":2222"), FIRST, 2222 },
		{ EGRESS(""), FIRST, 2222 },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct sp_error err = { 0 };
		char text[512];
		struct connector connector =
			created(EGRESS(CONFIGURATION(FIRST) ",\"PortNumber\":2222"));
		connector.state = CONNECTOR_ERRORED;
		connector.failure = sp_strdup("why");
		snprintf(text, sizeof(text), "{%s}", cases[i].input);
		assert_int_equal(update(text, &connector, &err), 0);
		assert_string_equal(connector.configuration_arn, cases[i].arn);
		assert_int_equal(connector.port, cases[i].port);
		assert_int_equal(connector.state, CONNECTOR_PENDING);
		assert_null(connector.failure);
		connector_finish(&connector);
	}
}

static void an_update_of_something_else_leaves_a_good_path_alone(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	struct connector connector = created(EGRESS(CONFIGURATION(FIRST)));
	connector.state = CONNECTOR_ACTIVE;
	assert_int_equal(update("{\"SftpConfig\":{\"UserSecretId\":\"other\"}}", &connector, &err),
			 0);
	assert_int_equal(connector.state, CONNECTOR_ACTIVE);
	connector.state = CONNECTOR_ERRORED;
	connector.failure = sp_strdup("why");
	assert_int_equal(update("{}", &connector, &err), 0);
	assert_int_equal(connector.state, CONNECTOR_PENDING);
	assert_null(connector.failure);
	connector_finish(&connector);
}

static void url_and_egress_config_change_the_kind_of_egress(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	struct connector connector = created(URL);
	assert_int_equal(
		update("{" EGRESS(CONFIGURATION(FIRST) ",\"PortNumber\":23") "}", &connector, &err),
		0);
	assert_string_equal(connector.configuration_arn, FIRST);
	assert_int_equal(connector.state, CONNECTOR_PENDING);
	assert_null(connector.url);

	connector.state = CONNECTOR_ERRORED;
	connector.failure = sp_strdup("why");
	assert_int_equal(update("{" URL "}", &connector, &err), 0);
	assert_string_equal(connector.url, "sftp://partner.example:2222");
	assert_null(connector.configuration_arn);
	assert_int_equal(connector.port, 0);
	assert_int_equal(connector.state, CONNECTOR_ACTIVE);
	assert_null(connector.failure);
	connector_finish(&connector);
}

static void a_private_path_trusts_keys_without_a_name_in_front(void **state)
{
	(void)state;
	static const char named[] =
		"{\"SftpConfig\":{\"TrustedHostKeys\":[\"" KEY "\",\"partner.example " KEY "\"]}}";
	struct sp_error err = { 0 };
	struct connector private = created(EGRESS(CONFIGURATION(FIRST)));
	assert_int_equal(update(named, &private, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_non_null(strstr(err.message, "TrustedHostKeys[1]"));
	assert_non_null(strstr(err.message, "host name"));
	connector_finish(&private);

	/* Nor can a connector that has such keys change over, unless it gets others. */
	struct connector connector = created(URL);
	assert_int_equal(update(named, &connector, &err), 0);
	assert_int_equal(update("{" EGRESS(CONFIGURATION(FIRST)) "}", &connector, &err), -1);
	assert_non_null(strstr(err.message, "TrustedHostKeys[1]"));
	connector_finish(&connector);
	connector = created(URL);
	assert_int_equal(update(named, &connector, &err), 0);
	assert_int_equal(update("{" EGRESS(CONFIGURATION(FIRST)) ",\"SftpConfig\":{"
								 "\"TrustedHostKeys\":[\"" KEY
								 "\"]}}",
				&connector, &err),
			 0);
	assert_int_equal(connector.trusted_key_count, 1);
	connector_finish(&connector);
}

static void an_update_without_a_configuration_to_merge_into_is_refused(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	struct connector connector = created(URL);
	assert_int_equal(update("{" EGRESS("\"PortNumber\":23") "}", &connector, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_non_null(strstr(err.message, "ResourceConfigurationArn: is required"));
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
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET "},\"EgressConfig\":{}",
		  "EgressConfig: must have exactly one member", SP_INVALID },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET "}," EGRESS(CONFIGURATION(FIRST)),
		  "Url and EgressConfig cannot be given together", SP_INVALID },
		{ ROLE ",\"SftpConfig\":{" SECRET "}," EGRESS("\"PortNumber\":22"),
		  "ResourceConfigurationArn: is required", SP_INVALID },
		{ ROLE ",\"SftpConfig\":{" SECRET
		       "}," EGRESS(CONFIGURATION(FIRST) ",\"PortNumber\":0"),
		  "PortNumber", SP_INVALID },
		{ ROLE ",\"SftpConfig\":{" SECRET
		       "}," EGRESS(CONFIGURATION(FIRST) ",\"PortNumber\":65536"),
		  "PortNumber", SP_INVALID },
		{ ROLE ",\"SftpConfig\":{" SECRET "}," EGRESS(CONFIGURATION("rcfg-1")),
		  "ResourceConfigurationArn", SP_INVALID },
		{ ROLE ",\"SftpConfig\":{" SECRET "}," EGRESS(CONFIGURATION(
			  ARN_OF("us-east-1", "000000000000", "rcfg-00000000000000001"))),
		  "from one Region to another", SP_INVALID },
		{ ROLE ",\"SftpConfig\":{" SECRET "}," EGRESS(CONFIGURATION(
			  ARN_OF("eu-central-1", "111111111111", "rcfg-00000000000000001"))),
		  "the account 111111111111", SP_INVALID },
		{ ROLE ",\"SftpConfig\":{" SECRET
		       "}," EGRESS(CONFIGURATION("arn:aws-cn:vpc-lattice:eu-central-1:000000000000:"
						 "resourceconfiguration/rcfg-00000000000000001")),
		  "\"aws-cn\"", SP_INVALID },
		{ ROLE ",\"Url\":\"sftp://[::1]\",\"SftpConfig\":{" SECRET "}", "DUALSTACK",
		  SP_INVALID },
		{ ROLE "," URL ",\"IpAddressType\":\"IPV5\",\"SftpConfig\":{" SECRET "}",
		  "IpAddressType", SP_INVALID },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET ",\"MaxConcurrentConnections\":6}",
		  "between 1 and 5", SP_INVALID },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET ",\"MaxConcurrentConnections\":0}",
		  "between 1 and 5", SP_INVALID },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET
		       ",\"OrderedUserSecretVersionStages\":[\"A\",\"A\"]}",
		  "\"A\" is given twice", SP_INVALID },
		{ ROLE "," URL ",\"SftpConfig\":{" SECRET
		       ",\"OrderedUserSecretVersionStages\":[\"A\",\"B\",\"C\",\"D\"]}",
		  "OrderedUserSecretVersionStages", SP_INVALID },
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
		cmocka_unit_test(version_stages_stay_until_others_are_given),
		cmocka_unit_test(a_private_path_is_pending_and_has_no_url),
		cmocka_unit_test(an_update_of_the_private_path_merges_and_makes_it_pending_again),
		cmocka_unit_test(an_update_of_something_else_leaves_a_good_path_alone),
		cmocka_unit_test(url_and_egress_config_change_the_kind_of_egress),
		cmocka_unit_test(a_private_path_trusts_keys_without_a_name_in_front),
		cmocka_unit_test(an_update_without_a_configuration_to_merge_into_is_refused),
		cmocka_unit_test(what_makes_no_sense_is_refused_with_the_members_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
