#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"
#include "objects/objects.h"
#include "objects/s3_credentials.h"
#include "objects/s3_place.h"

static char path[] = "/tmp/s3-credentials-XXXXXX";

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_file(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	close(fd);
	return fd < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void takes_the_default_profile_or_lines_without_one(void **state)
{
	(void)state;
	struct s3_credentials found;
	struct sp_error err = { 0 };
	write_file("# ours\n[other]\naws_access_key_id = X\naws_secret_access_key = Y\n[default]\n"
		   " aws_access_key_id=AKIA1 \naws_secret_access_key = s=cret/+\r\n[last]\n"
		   "aws_session_token = nobody's\n");
	assert_int_equal(s3_credentials_read(path, &found, &err), 0);
	assert_string_equal(found.access_key_id, "AKIA1");
	assert_string_equal(found.secret, "s=cret/+");
	assert_null(found.session_token);
	s3_credentials_finish(&found);
	write_file("aws_access_key_id = A\naws_secret_access_key = B\naws_session_token = C");
	assert_int_equal(s3_credentials_read(path, &found, &err), 0);
	assert_string_equal(found.session_token, "C");
	s3_credentials_finish(&found);
}

static void says_what_a_file_of_credentials_lacks(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"aws_access_key_id = A\n",
		"[work]\naws_access_key_id = A\naws_secret_access_key = B\n",
		"aws_access_key_id =\naws_secret_access_key = B\n",
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct s3_credentials found;
		struct sp_error err = { 0 };
		write_file(bad[i]);
		assert_int_equal(s3_credentials_read(path, &found, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
		assert_non_null(strstr(err.message, "aws_secret_access_key = …"));
	}
	struct s3_credentials found;
	struct sp_error err = { 0 };
	write_file("aws_access_key_id = A\naws_secret_access_key hunter2\n");
	assert_int_equal(s3_credentials_read(path, &found, &err), -1);
	assert_non_null(strstr(err.message, "line 2 is no"));
	assert_null(strstr(err.message, "hunter2"));
	char line[512];
	snprintf(line, sizeof(line), "aws_access_key_id = A\naws_secret_access_key = %0200d\n", 0);
	write_file(line);
	assert_int_equal(s3_credentials_read(path, &found, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	assert_non_null(strstr(err.message, "more than 128 bytes"));
}

static int open_two(const char *first_ca, const char *second_ca, const char *second_endpoint,
		    struct sp_error *err)
{
	const struct bucket_option options[] = {
		{ .name = "one",
		  .path = "s3://one",
		  .endpoint = "https://store.example",
		  .credentials = path,
		  .ca = first_ca },
		{ .name = "two",
		  .path = "s3://two",
		  .endpoint = second_endpoint,
		  .credentials = path,
		  .ca = second_ca },
	};
	struct objects *objects = NULL;
	int result = objects_open("/tmp", options, 2, &objects, err);
	objects_close(objects);
	return result;
}

/* A worker has one connection for both. */
static void buckets_of_one_origin_trust_the_same(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	assert_int_equal(open_two("/a.pem", "/a.pem", "https://store.example", &err), 0);
	assert_int_equal(open_two("/a.pem", "/b.pem", "https://store.example:444", &err), 0);
	assert_int_equal(open_two("/a.pem", "/b.pem", "https://store.example", &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_non_null(
		strstr(err.message, "bucket.two.ca: bucket.one is at https://store.example"));
	assert_int_equal(open_two(NULL, "/b.pem", "https://store.example", &err), -1);
}

/* Whoever writes it may come later than the daemon. */
static void credentials_that_are_not_there_yet_keep_nothing_from_opening(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	struct objects *objects;
	const struct bucket_option option = { .name = "ours",
					      .path = "s3://ours",
					      .credentials = "/nowhere/keys" };
	assert_int_equal(objects_open("/tmp", &option, 1, &objects, &err), 0);
	objects_close(objects);
}

static void a_bucket_has_its_origin_and_path(void **state)
{
	(void)state;
	static const struct {
		const char *path, *endpoint, *region, *style;
		const char *origin, *begins, *host, *port;
	} cases[] = {
		{ "s3://data", NULL, "eu-west-1", NULL, "https://data.s3.eu-west-1.amazonaws.com",
		  "/", "data.s3.eu-west-1.amazonaws.com", "443" },
		{ "s3://data.example/a", NULL, "eu-west-1", NULL,
		  "https://s3.eu-west-1.amazonaws.com", "/data.example/a/",
		  "s3.eu-west-1.amazonaws.com", "443" },
		{ "s3://Data_Of_Old", NULL, NULL, NULL, "https://s3.us-east-1.amazonaws.com",
		  "/Data_Of_Old/", "s3.us-east-1.amazonaws.com", "443" },
		{ "s3://data.example", NULL, NULL, "virtual",
		  "https://data.example.s3.us-east-1.amazonaws.com", "/",
		  "data.example.s3.us-east-1.amazonaws.com", "443" },
		{ "s3://data/a/b", "http://127.0.0.1:9000", NULL, NULL, "http://127.0.0.1:9000",
		  "/data/a/b/", "127.0.0.1", "9000" },
		{ "s3://data/a/", "https://store.example:443/", NULL, "path",
		  "https://store.example", "/data/a/", "store.example", "443" },
		{ "s3://data", "https://store.example", NULL, "virtual",
		  "https://data.store.example", "/", "data.store.example", "443" },
		{ "s3://data", NULL, "cn-north-1", NULL,
		  "https://data.s3.cn-north-1.amazonaws.com.cn", "/",
		  "data.s3.cn-north-1.amazonaws.com.cn", "443" },
		{ "s3://data", "http://[::1]:81", NULL, NULL, "http://[::1]:81", "/data/", "[::1]",
		  "81" },
	};
	write_file("aws_access_key_id = A\naws_secret_access_key = B\n");
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		const struct bucket_option option = { .name = "ours",
						      .path = cases[i].path,
						      .endpoint = cases[i].endpoint,
						      .region = cases[i].region,
						      .credentials = path,
						      .style = cases[i].style };
		struct s3_place *place;
		struct sp_error err = { 0 };
		if (s3_place_create(&option, &place, &err) != 0)
			fail_msg("%s", err.message);
		assert_string_equal(place->origin, cases[i].origin);
		assert_string_equal(place->path, cases[i].begins);
		assert_string_equal(place->host, cases[i].host);
		assert_string_equal(place->port, cases[i].port);
		s3_place_destroy(place);
	}
}

static void refuses_settings_that_make_no_sense(void **state)
{
	(void)state;
	static const struct {
		const char *path, *endpoint, *style, *says;
	} cases[] = {
		{ "s3://", NULL, NULL, "s3://bucket" },
		{ "s3://a b", NULL, NULL, "without spaces" },
		{ "s3://data", "store.example", NULL, "http://host:port" },
		{ "s3://data", "http://", NULL, "http://host:port" },
		{ "s3://data", "http://h:0", NULL, "http://host:port" },
		{ "s3://data", "http://h:1/path", NULL, "http://host:port" },
		{ "s3://data", "ftp://h", NULL, "http://host:port" },
		{ "s3://data", "http://h", "sideways", "path or virtual" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		const struct bucket_option option = { .name = "ours",
						      .path = cases[i].path,
						      .endpoint = cases[i].endpoint,
						      .credentials = path,
						      .style = cases[i].style };
		struct s3_place *place;
		struct sp_error err = { 0 };
		assert_int_equal(s3_place_create(&option, &place, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
		if (strstr(err.message, cases[i].says) == NULL)
			fail_msg("%s", err.message);
	}
	const struct bucket_option without = { .name = "ours", .path = "s3://data" };
	struct s3_place *place;
	struct sp_error err = { 0 };
	assert_int_equal(s3_place_create(&without, &place, &err), -1);
	assert_non_null(strstr(err.message, "bucket.ours.credentials"));
}

static void a_key_fits_together_with_its_prefix(void **state)
{
	(void)state;
	const struct bucket_option option = { .name = "ours",
					      .path = "s3://data/four",
					      .endpoint = "http://h",
					      .credentials = path };
	struct objects *objects;
	struct sp_error err = { 0 };
	char key[OBJECT_KEY_MAX + 1];
	write_file("aws_access_key_id = A\naws_secret_access_key = B\n");
	assert_int_equal(objects_open("/tmp", &option, 1, &objects, &err), 0);
	snprintf(key, sizeof(key), "%0*d", OBJECT_KEY_MAX - 5, 0);
	assert_int_equal(objects_check_key(objects, "ours", key, &err), 0);
	snprintf(key, sizeof(key), "%0*d", OBJECT_KEY_MAX - 4, 0);
	assert_int_equal(objects_check_key(objects, "ours", key, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_non_null(strstr(err.message, "1025 bytes"));
	objects_close(objects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_default_profile_or_lines_without_one),
		cmocka_unit_test(says_what_a_file_of_credentials_lacks),
		cmocka_unit_test(buckets_of_one_origin_trust_the_same),
		cmocka_unit_test(credentials_that_are_not_there_yet_keep_nothing_from_opening),
		cmocka_unit_test(a_bucket_has_its_origin_and_path),
		cmocka_unit_test(refuses_settings_that_make_no_sense),
		cmocka_unit_test(a_key_fits_together_with_its_prefix),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
