#include "shape_check.h"
#include "test.h"

#include "base/scope.h"
#include "base/text.h"
#include "service/lattice/configuration_input.h"
#include "service/lattice/page.h"
#include "service/lattice/shapes.h"
#include "service/lattice/tag.h"

#define DEFINITION "resourceConfigurationDefinition"
#define ELSEWHERE  "arn:aws:vpc-lattice:us-east-1:123456789012:resourcegateway/rgw-0123456789abcdef0"

static const unsigned char token_key[32] = "lattice";
static const struct service_context context = { .region = "eu-central-1",
						.account = "123456789012",
						.token_key = token_key };

/* A request as a handler has it; @text is its input. */
static struct lattice_request begin(const char *text)
{
	json_t *input;
	assert_int_equal(sp_json_parse(text, strlen(text), &input, NULL), 0);
	return (struct lattice_request){ .context = &context,
					 .input = input,
					 .output = json_object() };
}

static void end(struct lattice_request *request)
{
	json_decref((json_t *)request->input);
	json_decref(request->output);
	json_decref(request->members);
}

/* The refusal names the exception and the field. */
static void assert_refused(const struct lattice_request *request, const struct sp_error *err,
			   const char *field, const char *sentence)
{
	assert_string_equal(request->exception, "ValidationException");
	assert_string_equal(sp_json_string(request->members, "reason"), "fieldValidationFailed");
	const json_t *entry = json_array_get(json_object_get(request->members, "fieldList"), 0);
	assert_string_equal(sp_json_string(entry, "name"), field);
	assert_true(sp_text_starts_with(err->message, field));
	if (strstr(err->message, sentence) == NULL)
		fail_msg("\"%s\" has no \"%s\"", err->message, sentence);
}

static void names_are_of_lower_case_letters_digits_and_single_hyphens(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{ "abc", true },
		{ "a-1", true },
		{ "gw-one-2", true },
		{ "0123456789012345678901234567890123456789", true },
		{ "ab", false },
		{ "01234567890123456789012345678901234567890", false },
		{ "-abc", false },
		{ "abc-", false },
		{ "a--b", false },
		{ "Abc", false },
		{ "a_b", false },
		{ "a b", false },
		{ "\xc3\xa9\xc3\xa9\xc3\xa9", false },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		SP_AUTO_JSON json_t *input = json_pack("{s:s}", "name", cases[i].name);
		if ((shape_check(&lattice_create_gateway_input, input, NULL) == 0) != cases[i].good)
			fail_msg("%s", cases[i].name);
	}
}

static void a_name_does_not_look_like_an_id(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	struct lattice_request request = begin("{\"name\":\"rgw-one\"}");
	assert_int_equal(lattice_check_name(&request, LATTICE_CONFIGURATION, &err), 0);
	assert_int_equal(lattice_check_name(&request, LATTICE_GATEWAY, &err), -1);
	assert_refused(&request, &err, "name", "\"rgw-one\" begins with \"rgw-\"");
	end(&request);
}

static void ids_and_arns_name_what_is_here(void **state)
{
	(void)state;
	static const struct {
		const char *text, *exception;
	} cases[] = {
		{ "rgw-0123456789abcdef0", NULL },
		{ "rgw-0123456789abcdefz", NULL },
		{ "arn:aws:vpc-lattice:eu-central-1:123456789012:resourcegateway/"
		  "rgw-0123456789abcdef0",
		  NULL },
		{ ELSEWHERE, "ResourceNotFoundException" },
		{ "arn:aws:vpc-lattice:eu-central-1:210987654321:resourcegateway/"
		  "rgw-0123456789abcdef0",
		  "ResourceNotFoundException" },
		{ "rgw-0123456789abcdef", "ValidationException" },
		{ "rgw-0123456789abcdef01", "ValidationException" },
		{ "rgw-0123456789ABCDEF0", "ValidationException" },
		{ "rcfg-0123456789abcdef0", "ValidationException" },
		{ "gw-one-with-a-long-name", "ValidationException" },
		{ "arn:aws:vpc-lattice:eu-central-1:123456789012:resourcegateway/gw-one",
		  "ValidationException" },
		{ "arn:aws:vpc-lattice:eu-central-1:123456789012:resourceconfiguration/"
		  "rcfg-0123456789abcdef0",
		  "ValidationException" },
		{ "arn:aws:ec2:eu-central-1:123456789012:resourcegateway/rgw-0123456789abcdef0",
		  "ValidationException" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct lattice_request request = {
			.context = &context,
			.input = json_pack("{s:s}", "resourceGatewayIdentifier", cases[i].text),
		};
		struct sp_error err = { 0 };
		char id[NETWORK_ID_SIZE] = "";
		int result = lattice_read_identifier(&request, LATTICE_GATEWAY,
						     "resourceGatewayIdentifier", id, &err);
		if ((result == 0) != (cases[i].exception == NULL) ||
		    !sp_text_equal(request.exception, cases[i].exception))
			fail_msg("%s: %s", cases[i].text, err.message);
		if (result == 0)
			assert_true(sp_text_ends_with(cases[i].text, id));
		end(&request);
	}
}

static void an_arn_says_what_it_names(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	enum lattice_resource resource;
	char id[NETWORK_ID_SIZE];
	struct lattice_request request =
		begin("{\"resourceArn\":\"arn:aws:vpc-lattice:eu-central-1:123456789012:"
		      "resourceconfiguration/rcfg-0123456789abcdef0\"}");
	assert_int_equal(lattice_read_arn(&request, "resourceArn", &resource, id, &err), 0);
	assert_int_equal(resource, LATTICE_CONFIGURATION);
	assert_string_equal(id, "rcfg-0123456789abcdef0");
	SP_AUTO_FREE char *arn = lattice_arn(&context, resource, id);
	assert_string_equal(arn, sp_json_string(request.input, "resourceArn"));
	end(&request);

	request = begin("{\"resourceArn\":\"" ELSEWHERE "\"}");
	assert_int_equal(lattice_read_arn(&request, "resourceArn", &resource, id, &err), -1);
	assert_string_equal(request.exception, "ResourceNotFoundException");
	assert_string_equal(sp_json_string(request.members, "resourceType"), "RESOURCE_GATEWAY");
	assert_string_equal(sp_json_string(request.members, "resourceId"), ELSEWHERE);
	end(&request);

	request = begin(
		"{\"resourceArn\":\"arn:aws:vpc-lattice:eu-central-1:123456789012:service/x\"}");
	assert_int_equal(lattice_read_arn(&request, "resourceArn", &resource, id, &err), -1);
	assert_string_equal(request.exception, "ValidationException");
	end(&request);
}

static void drawn_ids_are_ids(void **state)
{
	(void)state;
	char id[NETWORK_ID_SIZE], out[NETWORK_ID_SIZE];
	lattice_draw_id(LATTICE_CONFIGURATION, id);
	struct lattice_request request = {
		.context = &context,
		.input = json_pack("{s:s}", "resourceConfigurationIdentifier", id),
	};
	assert_int_equal(strlen(id), 22);
	assert_int_equal(lattice_read_identifier(&request, LATTICE_CONFIGURATION,
						 "resourceConfigurationIdentifier", out, NULL),
			 0);
	assert_string_equal(out, id);
	end(&request);
}

/* ---- configurations --------------------------------------------------------------------------------------------------- */

static void private_addresses_are_targets_and_loopback_only_with_this_hosts_own(void **state)
{
	(void)state;
	static const struct {
		const char *address;
		bool netns, host;
		const char *sentence;
	} cases[] = {
		{ "10.0.0.0", true, true, "" },
		{ "10.255.255.255", true, true, "" },
		{ "100.64.0.1", true, true, "" },
		{ "100.127.255.255", true, true, "" },
		{ "172.16.0.1", true, true, "" },
		{ "172.31.255.255", true, true, "" },
		{ "192.168.0.1", true, true, "" },
		{ "127.0.0.1", false, true, "IP address 127.0.0.1 is not in allowed ranges." },
		{ "9.255.255.255", false, false, "is not in allowed ranges." },
		{ "11.0.0.0", false, false, "is not in allowed ranges." },
		{ "100.63.255.255", false, false, "is not in allowed ranges." },
		{ "100.128.0.0", false, false, "is not in allowed ranges." },
		{ "172.32.0.0", false, false, "is not in allowed ranges." },
		{ "192.167.255.255", false, false, "is not in allowed ranges." },
		{ "192.169.0.0", false, false, "is not in allowed ranges." },
		{ "169.254.169.254", false, false, "is not in allowed ranges." },
		{ "0.0.0.0", false, false, "is not in allowed ranges." },
		{ "8.8.8.8", false, false, "IP address 8.8.8.8 is not in allowed ranges." },
		{ "10.0.0", false, false, "\"10.0.0\" is neither an IPv4 nor an IPv6 address" },
		{ "010.0.0.1", false, false, "is neither" },
		{ "10.0.0.1/32", false, false, "is neither" },
		{ "fd00::1", false, false,
		  "the resource gateway \"rgw-1\" has the IP address type IPV4, which is supported "
		  "only if the resource also has an IPv4 address" },
		{ "::ffff:10.0.0.1", false, false, "is neither" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		for (int provider = 0; provider < NETWORK_PROVIDER_COUNT; provider++) {
			struct lattice_request request = {
				.context = &context,
				.input = json_pack("{s:{s:{s:s}}}", DEFINITION, "ipResource",
						   "ipAddress", cases[i].address),
			};
			struct resource_configuration configuration = { 0 };
			struct sp_error err = { 0 };
			bool good = provider == PROVIDER_HOST ? cases[i].host : cases[i].netns;
			const struct lattice_ground ground = {
				.gateway_id = "rgw-1",
				.vpc = { .provider = (enum network_provider)provider },
			};
			int result = lattice_read_target(&request, &ground, &configuration, &err);
			if ((result == 0) != good)
				fail_msg("%s: %s", cases[i].address, err.message);
			if (good)
				assert_string_equal(configuration.target, cases[i].address);
			else
				assert_refused(&request, &err, DEFINITION ".ipResource.ipAddress",
					       cases[i].sentence);
			resource_configuration_finish(&configuration);
			end(&request);
		}
	}
}

static void a_target_is_of_a_family_that_the_gateway_has(void **state)
{
	(void)state;
	static const char address[] = DEFINITION ".ipResource.ipAddress";
	static const char type[] = DEFINITION ".dnsResource.ipAddressType";
	static const struct {
		enum address_type gateway;
		const char *definition, *field, *sentence; /* NULL: good */
		enum address_type kept;
	} rows[] = {
		{ ADDRESS_TYPE_IPV6, "{\"ipResource\":{\"ipAddress\":\"fd00:0:0:1::7\"}}" },
		{ ADDRESS_TYPE_DUALSTACK, "{\"ipResource\":{\"ipAddress\":\"fd77::7\"}}" },
		{ ADDRESS_TYPE_DUALSTACK, "{\"ipResource\":{\"ipAddress\":\"10.0.0.7\"}}" },
		{ ADDRESS_TYPE_DUALSTACK, "{\"ipResource\":{\"ipAddress\":\"2001:db8:0:9::7\"}}" },
		{ ADDRESS_TYPE_DUALSTACK, "{\"ipResource\":{\"ipAddress\":\"2001:db8:1::7\"}}",
		  address, "IP address 2001:db8:1::7 is not in allowed ranges." },
		{ ADDRESS_TYPE_DUALSTACK, "{\"ipResource\":{\"ipAddress\":\"fe80::7\"}}", address,
		  "is not in allowed ranges." },
		{ ADDRESS_TYPE_IPV6, "{\"ipResource\":{\"ipAddress\":\"10.0.0.7\"}}", address,
		  "IPV6, which is supported only if the resource also has an IPv6 address" },
		{ ADDRESS_TYPE_IPV4,
		  "{\"dnsResource\":{\"domainName\":\"a.b\",\"ipAddressType\":\"IPV6\"}}", type,
		  "IPV4, which is supported only if" },
		{ ADDRESS_TYPE_IPV6,
		  "{\"dnsResource\":{\"domainName\":\"a.b\",\"ipAddressType\":\"DUALSTACK\"}}",
		  type, "IPV6, which is supported only if" },
		{ ADDRESS_TYPE_IPV6, "{\"dnsResource\":{\"domainName\":\"a.b\"}}",
		  .kept = ADDRESS_TYPE_IPV6 },
		{ ADDRESS_TYPE_DUALSTACK,
		  "{\"dnsResource\":{\"domainName\":\"a.b\",\"ipAddressType\":\"IPV6\"}}",
		  .kept = ADDRESS_TYPE_IPV6 },
		{ ADDRESS_TYPE_DUALSTACK, "{\"dnsResource\":{\"domainName\":\"a.b\"}}",
		  .kept = ADDRESS_TYPE_DUALSTACK },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		const struct lattice_ground ground = {
			.gateway_id = "rgw-1",
			.address_type = rows[i].gateway,
			.vpc = { .provider = PROVIDER_NETNS, .cidr6 = "2001:db8::/56" },
		};
		struct lattice_request request = {
			.context = &context,
			.input = json_pack("{s:o}", DEFINITION,
					   json_loads(rows[i].definition, 0, NULL)),
		};
		struct resource_configuration configuration = { 0 };
		struct sp_error err = { 0 };
		int result = lattice_read_target(&request, &ground, &configuration, &err);
		if ((result == 0) != (rows[i].sentence == NULL))
			fail_msg("%s: %s", rows[i].definition, err.message);
		if (result != 0)
			assert_refused(&request, &err, rows[i].field, rows[i].sentence);
		else
			assert_int_equal(configuration.name_type, rows[i].kept);
		resource_configuration_finish(&configuration);
		end(&request);
	}
}

static void domain_names_are_targets(void **state)
{
	(void)state;
	static const struct {
		const char *name, *sentence; /* NULL: good */
	} cases[] = {
		{ "sftp.example.com", NULL },
		{ "sftp", NULL },
		{ "a_b.example.com.", NULL },
		{ "10.0.0.1", "\"10.0.0.1\" is an address, which belongs into an ipResource" },
		{ "fd00::1", "is an address" },
		{ "a..b", "\"a..b\" is no domain name" },
		{ ".a.b", "is no domain name" },
		{ "-a.b", "is no domain name" },
		{ "a-.b", "is no domain name" },
		{ "a b", "is no domain name" },
		{ "a/b", "is no domain name" },
		{ "a.b..", "is no domain name" },
		{ "sftp://a.b", "is an address" },
		{ "0123456789012345678901234567890123456789012345678901234567890123.com",
		  "is no domain name" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct lattice_request request = {
			.context = &context,
			.input = json_pack("{s:{s:{s:s, s:s}}}", DEFINITION, "dnsResource",
					   "domainName", cases[i].name, "ipAddressType", "IPV4"),
		};
		struct resource_configuration configuration = { 0 };
		struct sp_error err = { 0 };
		const struct lattice_ground ground = { .vpc = { .provider = PROVIDER_NETNS } };
		int result = lattice_read_target(&request, &ground, &configuration, &err);
		if ((result == 0) != (cases[i].sentence == NULL))
			fail_msg("%s: %s", cases[i].name, err.message);
		if (result == 0)
			assert_true(configuration.is_name);
		else
			assert_refused(&request, &err, DEFINITION ".dnsResource.domainName",
				       cases[i].sentence);
		resource_configuration_finish(&configuration);
		end(&request);
	}
}

static void what_is_not_offered_is_refused_by_its_name(void **state)
{
	(void)state;
	static const struct {
		const char *input, *field, *sentence;
	} cases[] = {
		{ "{\"name\":\"abc\",\"type\":\"ARN\"}", "type", "ARN is not offered" },
		{ "{\"name\":\"abc\",\"type\":\"CIDR\"}", "type", "CIDR is not offered" },
		{ "{\"name\":\"abc\",\"type\":\"GROUP\"}", "resourceGatewayIdentifier",
		  "is required" },
		{ "{\"name\":\"abc\",\"type\":\"GROUP\",\"resourceGatewayIdentifier\":\"x\","
		  "\"resourceConfigurationDefinition\":{}}",
		  DEFINITION, "leads nowhere itself" },
		{ "{\"name\":\"abc\",\"type\":\"GROUP\",\"resourceGatewayIdentifier\":\"x\","
		  "\"customDomainName\":\"a.b\"}",
		  "customDomainName", "has a groupDomain" },
		{ "{\"name\":\"abc\",\"type\":\"CHILD\"}", "resourceConfigurationGroupIdentifier",
		  "is required" },
		{ "{\"name\":\"abc\",\"type\":\"CHILD\",\"resourceGatewayIdentifier\":\"x\"}",
		  "resourceGatewayIdentifier", "the resource gateway of its group" },
		{ "{\"name\":\"abc\",\"type\":\"SINGLE\",\"protocol\":\"TCP_UDP\"}", "protocol",
		  "only TCP is" },
		{ "{\"name\":\"abc\",\"type\":\"SINGLE\",\"groupDomain\":\"a.b\"}", "groupDomain",
		  "only configurations of the type GROUP have one" },
		{ "{\"name\":\"abc\",\"type\":\"SINGLE\"}", "resourceGatewayIdentifier",
		  "is required" },
		{ "{\"name\":\"rcfg-a\",\"type\":\"SINGLE\"}", "name", "begins with" },
		{ "{\"name\":\"abc\",\"type\":\"SINGLE\",\"resourceGatewayIdentifier\":\"x\","
		  "\"portRanges\":[\"22\",\"0\"]}",
		  "portRanges[1]", "\"0\" is no port range" },
		{ "{\"name\":\"abc\",\"type\":\"SINGLE\",\"resourceGatewayIdentifier\":\"x\","
		  "\"portRanges\":[\"20-30\",\"22\"]}",
		  "portRanges", "overlap" },
		{ "{\"name\":\"abc\",\"type\":\"SINGLE\",\"resourceGatewayIdentifier\":\"x\","
		  "\"customDomainName\":\"a b\"}",
		  "customDomainName", "is no domain name" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct lattice_request request = begin(cases[i].input);
		struct resource_configuration configuration = { 0 };
		struct sp_error err = { 0 };
		assert_int_equal(lattice_read_configuration(&request, &configuration, &err), -1);
		assert_refused(&request, &err, cases[i].field, cases[i].sentence);
		resource_configuration_finish(&configuration);
		end(&request);
	}
	static const char *const definitions[] = {
		"{\"" DEFINITION "\":{\"arnResource\":{\"arn\":\"arn:aws:rds:::x\"}}}",
		"{\"" DEFINITION "\":{\"cidrResource\":{}}}",
		"{}",
	};
	const struct lattice_ground on_host = { .vpc = { .provider = PROVIDER_HOST } };
	for (size_t i = 0; i < SP_COUNT_OF(definitions); i++) {
		struct lattice_request request = begin(definitions[i]);
		struct resource_configuration configuration = { 0 };
		struct sp_error err = { 0 };
		assert_int_equal(lattice_read_target(&request, &on_host, &configuration, &err), -1);
		assert_refused(&request, &err, DEFINITION, "");
		end(&request);
	}
}

static void without_port_ranges_all_ports_are_allowed(void **state)
{
	(void)state;
	struct lattice_request request =
		begin("{\"name\":\"abc\",\"type\":\"SINGLE\",\"resourceGatewayIdentifier\":\"x\"}");
	struct resource_configuration configuration = { 0 };
	assert_int_equal(lattice_read_configuration(&request, &configuration, NULL), 0);
	assert_int_equal(configuration.port_count, 1);
	assert_int_equal(configuration.ports[0].from, 1);
	assert_int_equal(configuration.ports[0].to, 65535);
	assert_false(configuration.allow_association);
	resource_configuration_finish(&configuration);
	end(&request);
}

/* ---- tags and pages ----------------------------------------------------------------------------------------------------- */

static void tags_have_keys_of_their_owner(void **state)
{
	(void)state;
	static const struct {
		const char *input, *sentence; /* NULL: good */
	} cases[] = {
		{ "{}", NULL },
		{ "{\"tags\":{\"a\":\"\",\"sallyport:x\":\"y\"}}", NULL },
		{ "{\"tags\":{\"\":\"a\"}}", "cannot be empty" },
		{ "{\"tags\":{\"aws:a\":\"a\"}}", "which is AWS's own" },
		{ "{\"tags\":{\"AWS:a\":\"a\"}}", "which is AWS's own" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct lattice_request request = begin(cases[i].input);
		struct sp_error err = { 0 };
		int result = lattice_check_tags(&request, &err);
		assert_int_equal(result, cases[i].sentence == NULL ? 0 : -1);
		if (result != 0)
			assert_refused(&request, &err, "tags", cases[i].sentence);
		end(&request);
	}
}

/* Three entries, two a page; @token: NULL for the first. */
static char *read_page(const char *list, const char *token, const char *expected)
{
	static const char *const ids[] = { "rgw-1", "rgw-2", "rgw-3" };
	struct lattice_request request = { .context = &context,
					   .input = json_pack("{s:i, s:s*}", "maxResults", 2,
							      "nextToken", token),
					   .output = json_object() };
	struct lattice_page page;
	assert_int_equal(lattice_page_begin(&request, list, &page, NULL), 0);
	for (size_t i = 0; i < SP_COUNT_OF(ids); i++)
		if (lattice_page_wants(&page, ids[i]))
			lattice_page_add(&page, json_string(ids[i]));
	lattice_page_end(&page, &request);
	SP_AUTO_FREE char *items = sp_json_text(json_object_get(request.output, "items"));
	assert_string_equal(items, expected);
	const char *next = sp_json_string(request.output, "nextToken");
	char *copy = next == NULL ? NULL : sp_strdup(next);
	end(&request);
	return copy;
}

static void a_list_comes_in_pages_and_tokens_are_of_their_list(void **state)
{
	(void)state;
	SP_AUTO_FREE char *token = read_page("a", NULL, "[\"rgw-1\",\"rgw-2\"]");
	assert_non_null(token);
	assert_null(read_page("a", token, "[\"rgw-3\"]"));

	struct lattice_request request = { .context = &context,
					   .input = json_pack("{s:s}", "nextToken", token),
					   .output = json_object() };
	struct lattice_page page;
	struct sp_error err = { 0 };
	assert_int_equal(lattice_page_begin(&request, "b", &page, &err), -1);
	assert_refused(&request, &err, "nextToken", "not one that this list gave out");
	end(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_of_lower_case_letters_digits_and_single_hyphens),
		cmocka_unit_test(a_name_does_not_look_like_an_id),
		cmocka_unit_test(ids_and_arns_name_what_is_here),
		cmocka_unit_test(an_arn_says_what_it_names),
		cmocka_unit_test(drawn_ids_are_ids),
		cmocka_unit_test(
			private_addresses_are_targets_and_loopback_only_with_this_hosts_own),
		cmocka_unit_test(a_target_is_of_a_family_that_the_gateway_has),
		cmocka_unit_test(domain_names_are_targets),
		cmocka_unit_test(what_is_not_offered_is_refused_by_its_name),
		cmocka_unit_test(without_port_ranges_all_ports_are_allowed),
		cmocka_unit_test(tags_have_keys_of_their_owner),
		cmocka_unit_test(a_list_comes_in_pages_and_tokens_are_of_their_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
