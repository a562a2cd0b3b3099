#include "test.h"

#include "model/connector.h"

static void splits_urls(void **state)
{
	(void)state;
	static const struct {
		const char *url, *host;
		uint16_t port;
	} good[] = {
		{ "sftp://example.com", "example.com", 22 },
		{ "sftp://example.com:2222", "example.com", 2222 },
		{ "sftp://192.0.2.7:65535", "192.0.2.7", 65535 },
		{ "sftp://[2001:db8::1]:22", "2001:db8::1", 22 },
		{ "sftp://[::1]", "::1", 22 },
	};
	static const char *const bad[] = { "",
					   "example.com",
					   "ssh://example.com",
					   "sftp://",
					   "sftp://:22",
					   "sftp://host:",
					   "sftp://host:0",
					   "sftp://host:65536",
					   "sftp://host:22x",
					   "sftp://u@host",
					   "sftp://host/path",
					   "sftp://ho st",
					   "sftp://[::1",
					   "sftp://[::1]x",
					   "sftp://[host]",
					   "sftp://host:22:22" };
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char *host = NULL;
		uint16_t port = 0;
		assert_true(connector_split_url(good[i].url, &host, &port));
		assert_string_equal(host, good[i].host);
		assert_int_equal(port, good[i].port);
		free(host);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *host = NULL;
		uint16_t port = 0;
		assert_false(connector_split_url(bad[i], &host, &port));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(splits_urls) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
