#include "test.h"

#include "events/signature.h"

/* printf '1764520088.{"version":"0"}' | openssl dgst -sha256 -hmac whsec-0123456789 */
static void a_signature_is_what_openssl_makes_of_time_and_body(void **state)
{
	(void)state;
	static const char body[] = "{\"version\":\"0\"}";
	char out[EVENT_SIGNATURE_SIZE];
	event_signature("whsec-0123456789", 1764520088999, body, strlen(body), out);
	assert_string_equal(out,
			    "t=1764520088,v1="
			    "7dc9a0e6a14fbe2396e7befa75052012dc258d5264373f2568428d1d3633ac9d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_is_what_openssl_makes_of_time_and_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
