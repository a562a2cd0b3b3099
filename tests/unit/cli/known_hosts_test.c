#include "test.h"

#include "base/json.h"
#include "base/scope.h"
#include "base/text.h"
#include "cli/known_hosts.h"
#include "cli/server_url.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

static const char text[] = "# ours\n"
			   "sftp.example,192.0.2.1 " KEY " a comment\n"
			   "[sftp.example]:2222 " KEY "\r\n"
			   "*.wild.example,!bad.wild.example " KEY "\n"
			   "@revoked revoked.example " KEY "\n"
			   "@cert-authority *.ca.example " KEY "\n"
			   "old.example ssh-dss AAAAB3NzaC1kc3M=\n"
			   "cut.example\n"
			   "broken.example ssh-ed25519 AAAA\n"
			   "|1|NBcP5V1NoO8HVcl/NAFF93Xo/Ws=|Zdtn31Zltk8Z1s3p7yXoTU17dYk= " KEY "\n"
			   "|1|nonsense " KEY "\n"
			   "|1||| " KEY "\n";

static size_t keys_of(const char *host, uint16_t port)
{
	SP_AUTO_JSON json_t *keys = json_array();
	size_t count = known_hosts_find(text, strlen(text), host, port, keys);
	assert_int_equal(count, json_array_size(keys));
	for (size_t i = 0; i < count; i++)
		assert_string_equal(json_string_value(json_array_get(keys, i)), KEY);
	return count;
}

static void a_server_is_known_by_name_port_pattern_and_hash(void **state)
{
	(void)state;
	static const struct {
		const char *host;
		uint16_t port;
		size_t count;
	} rows[] = {
		{ "sftp.example", 22, 1 },
		{ "SFTP.example", 22, 1 },
		{ "192.0.2.1", 22, 1 },
		{ "sftp.example", 2222, 1 },
		{ "sftp.example", 2223, 0 },
		{ "192.0.2.1", 2222, 0 },
		{ "a.wild.example", 22, 1 },
		{ "bad.wild.example", 22, 0 },
		{ "wild.example", 22, 0 },
		{ "revoked.example", 22, 0 },
		{ "a.ca.example", 22, 0 },
		{ "old.example", 22, 0 },
		{ "cut.example", 22, 0 },
		{ "broken.example", 22, 0 },
		{ "hashed.example", 22, 1 },
		{ "hashed.example", 23, 0 },
		{ "", 22, 0 },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++)
		if (keys_of(rows[i].host, rows[i].port) != rows[i].count)
			fail_msg("%s port %u", rows[i].host, rows[i].port);
}

static void a_url_is_read_with_user_and_port(void **state)
{
	(void)state;
	static const struct {
		const char *text, *user, *host, *url;
		unsigned port;
	} rows[] = {
		{ "sftp://h", "", "h", "sftp://h", 22 },
		{ "sftp://h/", "", "h", "sftp://h", 22 },
		{ "sftp://me@h:22", "me", "h", "sftp://h", 22 },
		{ "sftp://me@x@h:2022", "me@x", "h", "sftp://h:2022", 2022 },
		{ "sftp://[2001:db8::1]:2022", "", "2001:db8::1", "sftp://[2001:db8::1]:2022",
		  2022 },
		{ "sftp://[2001:db8::1]", "", "2001:db8::1", "sftp://[2001:db8::1]", 22 },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		struct server_url url;
		assert_int_equal(server_url_read(rows[i].text, &url, NULL), 0);
		assert_string_equal(url.user, rows[i].user);
		assert_string_equal(url.host, rows[i].host);
		assert_string_equal(url.url, rows[i].url);
		assert_int_equal(url.port, rows[i].port);
	}
	static const char *const wrong[] = { "",
					     "h",
					     "ssh://h",
					     "sftp://",
					     "sftp://h:0",
					     "sftp://h:70000",
					     "sftp://h:22x",
					     "sftp://[::1",
					     "sftp://h/path",
					     "sftp://@",
					     "sftp://a b",
					     "sftp://[::1]x" };
	for (size_t i = 0; i < SP_COUNT_OF(wrong); i++) {
		struct server_url url;
		struct sp_error err = { 0 };
		if (server_url_read(wrong[i], &url, &err) == 0)
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_int_equal(err.code, SP_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_known_by_name_port_pattern_and_hash),
		cmocka_unit_test(a_url_is_read_with_user_and_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
