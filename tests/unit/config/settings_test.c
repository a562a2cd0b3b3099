#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"
#include "config/settings.h"

enum { KIB = 1024, HOUR_MS = 3600 * 1000 };

static struct settings settings;
static struct sp_error err;

static int init(void **state)
{
	(void)state;
	settings_init(&settings);
	err = (struct sp_error){ 0 };
	return 0;
}

static int finish(void **state)
{
	(void)state;
	settings_finish(&settings);
	return 0;
}

/* Reads @text as a file; its name in error messages is FILE. */
static int read_text(const char *text, size_t length)
{
	char path[] = "/tmp/settings-test-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), (ssize_t)length);
	close(fd);
	int result = settings_read_file(&settings, path, &err);
	unlink(path);

	char *name = strstr(err.message, path);
	if (name != NULL) {
		memcpy(name, "FILE", 4);
		memmove(name + 4, name + strlen(path), strlen(name + strlen(path)) + 1);
	}
	return result;
}

static void assert_read(const char *text)
{
	if (read_text(text, strlen(text)) != 0)
		fail_msg("%s", err.message);
}

static void assert_refused(const char *text, const char *sentence)
{
	assert_int_equal(read_text(text, strlen(text)), -1);
	assert_string_equal(err.message, sentence);
}

static void the_defaults_are_those_of_the_manual_and_pass_the_check(void **state)
{
	(void)state;
	assert_string_equal(settings.listen, "127.0.0.1:8722");
	assert_string_equal(settings.region, "us-east-1");
	assert_string_equal(settings.account, "000000000000");
	assert_string_equal(settings.log_level, "info");
	assert_null(settings.tls_certificate);
	assert_null(settings.user);
	assert_int_equal(settings.http_body_max, 1024 * KIB);
	assert_int_equal(settings.http_operation_threads, 8);
	assert_int_equal(settings.transfer_queue_wait_max_ms, 12 * HOUR_MS);
	assert_int_equal(settings.egress_connect_timeout_ms, 15000);
	assert_false(settings.egress_allow_private_targets);
	assert_int_equal(settings.bucket_count, 0);
	assert_int_equal(settings_check(&settings, &err), 0);
}

static void a_file_sets_every_kind_of_value(void **state)
{
	(void)state;
	assert_read("# a comment\n"
		    "; another\n"
		    "\n"
		    "listen = [::1]:0\n"
		    "region=eu-central-1\n"
		    "  account = 123456789012  \n"
		    "log.level = debug\n"
		    "http.body_max = 64KiB\n"
		    "http.io_threads = 7\n"
		    "tls.certificate = /etc/a folder;with/more.pem\n"
		    "bucket.invoices = /srv/in voices\n"
		    "[transfer]\n"
		    "retry_delay = 250ms\n"
		    "idle_timeout = 5m\n"
		    "queue_wait_max = 2h\n"
		    "[egress]\n"
		    "allow_private_targets = true\n"
		    "source_addresses = 192.0.2.1, 2001:db8::1\n"
		    "address_pools = office = 192.0.2.8/29 ; backup=192.0.2.1\n"
		    "[bucket]\n"
		    "reports.2026 = /srv/reports");
	assert_string_equal(settings.listen, "[::1]:0");
	assert_string_equal(settings.region, "eu-central-1");
	assert_string_equal(settings.account, "123456789012");
	assert_string_equal(settings.log_level, "debug");
	assert_int_equal(settings.http_body_max, 64 * KIB);
	assert_int_equal(settings.http_io_threads, 7);
	assert_string_equal(settings.tls_certificate, "/etc/a folder;with/more.pem");
	assert_int_equal(settings.transfer_retry_delay_ms, 250);
	assert_int_equal(settings.transfer_idle_timeout_ms, 5 * 60 * 1000);
	assert_int_equal(settings.transfer_queue_wait_max_ms, 2 * HOUR_MS);
	assert_true(settings.egress_allow_private_targets);
	assert_string_equal(settings.egress_source_addresses, "192.0.2.1, 2001:db8::1");
	assert_string_equal(settings.egress_address_pools,
			    "office = 192.0.2.8/29 ; backup=192.0.2.1");
	assert_int_equal(settings.bucket_count, 2);
	assert_string_equal(settings.buckets[0].name, "invoices");
	assert_string_equal(settings.buckets[0].path, "/srv/in voices");
	assert_string_equal(settings.buckets[1].name, "reports.2026");
}

static void the_later_one_counts_and_the_command_line_wins(void **state)
{
	(void)state;
	assert_read("region = eu-west-1\nregion = eu-west-2\nbucket.aaa = /a\nbucket.aaa = /b\n"
		    "user = nobody\n");
	assert_string_equal(settings.region, "eu-west-2");
	assert_int_equal(settings.bucket_count, 1);
	assert_string_equal(settings.buckets[0].path, "/b");
	assert_int_equal(settings_set(&settings, "region=eu-west-3", &err), 0);
	assert_string_equal(settings.region, "eu-west-3");
	assert_int_equal(settings_set(&settings, "user=", &err), 0);
	assert_null(settings.user);
	assert_int_equal(settings_set(&settings, "bucket.aaa=/c=d", &err), 0);
	assert_string_equal(settings.buckets[0].path, "/c=d");
}

static void a_mistake_names_file_line_setting_and_what_is_allowed(void **state)
{
	(void)state;
	assert_refused("\n# x\nhttp.io_threads = 0\n",
		       "\"FILE\" line 3: cannot set http.io_threads to \"0\": needed is a number "
		       "from 1 to 64");
	assert_refused(
		"[transfer]\nretry_delay = 20\n",
		"\"FILE\" line 2: cannot set transfer.retry_delay to \"20\": needed is a time, "
		"such as 500ms, 20s, 5m or 12h, from 1ms to 1h");
	assert_refused(
		"http.body_max = 1GiB\n",
		"\"FILE\" line 1: cannot set http.body_max to \"1GiB\": needed is a size, such "
		"as 65536, 64KiB or 1MiB, from 64KiB to 64MiB");
	assert_refused(
		"regoin = a\n",
		"\"FILE\" line 1: there is no setting \"regoin\"; the nearest is \"region\"");
	assert_refused(
		"region = a\nnonsense\n",
		"cannot read \"FILE\" line 2: needed is name = value, [section], or a comment "
		"after #");
	assert_refused(
		"bucket.Invoices = /a\n",
		"\"FILE\" line 1: cannot name a bucket \"Invoices\": a bucket's name has 3 to 63 "
		"characters of a-z, 0-9, \".\" and \"-\", begins and ends with a letter or digit, "
		"and has no two dots in a row");
	assert_refused(
		"bucket.in..voices = /a\n",
		"\"FILE\" line 1: cannot name a bucket \"in..voices\": a bucket's name has 3 to 63 "
		"characters of a-z, 0-9, \".\" and \"-\", begins and ends with a letter or digit, "
		"and has no two dots in a row");
	assert_refused(
		"bucket.invoices = a\n",
		"\"FILE\" line 1: cannot set bucket.invoices to \"a\": needed is an absolute "
		"path or s3://bucket");
}

static void the_first_of_several_mistakes_is_told(void **state)
{
	(void)state;
	assert_refused("account = 1\nregion = A\nnonsense\n",
		       "\"FILE\" line 1: cannot set account to \"1\": needed is twelve digits");
}

static void each_of_these_values_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"listen=8722",
		"listen=localhost:8722",
		"listen=127.0.0.1:65536",
		"listen=127.0.0.1:",
		"listen=::1:80",
		"listen=[127.0.0.1]:80",
		"listen=[::1:80",
		"listen=",
		"region=EU",
		"region=",
		"account=00000000000a",
		"log.level=verbose",
		"user=\xff",
		"master_key=master.key",
		"http.io_threads=-1",
		"http.io_threads=+1",
		"http.io_threads=1s",
		"http.io_threads=",
		"http.io_threads= 3",
		"http.body_max=1mib",
		"http.body_max=99999999999999999999",
		"http.body_max=9007199254740993GiB",
		"http.idle_timeout=1.5s",
		"http.idle_timeout=s",
		"http.idle_timeout=0s",
		"http.idle_timeout=99999999999999999d",
		"egress.allow_private_targets=Yes",
		"network.internet=maybe",
		"egress.allow_private_targets=",
		"egress.source_addresses=192.0.2.1,",
		"egress.source_addresses=example.net",
		"bucket.=/a",
		"bucket.ab=/a",
		"bucket.-ab=/a",
		"bucket.abc=",
		"nothing",
		"=value",
		("a.name.that.is.longer.than.all.others.and.than.any.row.of.the.table.may.ever."
		 "become=1"),
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		if (settings_set(&settings, bad[i], &err) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(err.code, SP_INVALID);
	}
	assert_string_equal(settings.listen, "127.0.0.1:8722");
	assert_int_equal(settings.bucket_count, 0);
}

static void yes_and_no_are_as_good_as_true_and_false(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool value;
	} ways[] = { { "network.internet=yes", true },
		     { "network.internet=no", false },
		     { "network.internet=true", true },
		     { "network.internet=false", false } };
	assert_false(settings.network_internet);
	for (size_t i = 0; i < SP_COUNT_OF(ways); i++) {
		assert_int_equal(settings_set(&settings, ways[i].text, &err), 0);
		assert_int_equal(settings.network_internet, ways[i].value);
	}
}

static void what_belongs_together_is_checked_together(void **state)
{
	(void)state;
	assert_int_equal(settings_set(&settings, "listen=0.0.0.0:80", &err), 0);
	assert_int_equal(settings_check(&settings, &err), -1);
	assert_string_equal(
		err.message,
		"cannot serve plain HTTP on 0.0.0.0:80: that is done on loopback only; set "
		"tls.certificate and tls.key, or listen on 127.0.0.1");
	assert_int_equal(settings_set(&settings, "tls.certificate=/a.pem", &err), 0);
	assert_int_equal(settings_check(&settings, &err), -1);
	assert_non_null(strstr(err.message, "tls.key is not set"));
	assert_int_equal(settings_set(&settings, "tls.key=/a.key", &err), 0);
	assert_int_equal(settings_check(&settings, &err), 0);

	static const char *const loopback[] = { "listen=127.8.9.1:1", "listen=[::1]:1" };
	settings_set(&settings, "tls.certificate=", &err);
	settings_set(&settings, "tls.key=", &err);
	for (size_t i = 0; i < SP_COUNT_OF(loopback); i++) {
		assert_int_equal(settings_set(&settings, loopback[i], &err), 0);
		assert_int_equal(settings_check(&settings, &err), 0);
	}
	assert_int_equal(settings_set(&settings, "listen=[::]:1", &err), 0);
	assert_int_equal(settings_check(&settings, &err), -1);
}

static void a_long_line_is_read_and_an_endless_one_refused(void **state)
{
	(void)state;
	char line[16384] = "bucket.long = /";
	size_t length = strlen(line);
	memset(line + length, 'p', 4000);
	assert_int_equal(read_text(line, length + 4000), 0);
	assert_int_equal(strlen(settings.buckets[0].path), 4001);

	memset(line + length, 'p', 10000);
	assert_int_equal(read_text(line, length + 10000), -1);
	assert_string_equal(err.message,
			    "cannot read \"FILE\" line 1: it is longer than 8192 bytes");
}

static void a_file_that_is_not_there_is_told(void **state)
{
	(void)state;
	assert_int_equal(settings_read_file(&settings, "/no/such.conf", &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_string_equal(err.message,
			    "could not open \"/no/such.conf\": No such file or directory");
}

static char differences[256];

static void note_difference(void *ctx, const char *name)
{
	(void)ctx;
	strcat(differences, name);
	strcat(differences, " ");
}

static void differences_are_named(void **state)
{
	(void)state;
	struct settings other;
	settings_init(&other);
	differences[0] = '\0';
	settings_compare(&settings, &other, note_difference, NULL);
	assert_string_equal(differences, "");

	settings_set(&other, "user=nobody", &err);
	settings_set(&other, "http.io_threads=3", &err);
	settings_set(&other, "egress.allow_private_targets=true", &err);
	settings_set(&other, "bucket.abc=/a", &err);
	settings_compare(&settings, &other, note_difference, NULL);
	assert_string_equal(differences, "user http.io_threads egress.allow_private_targets "
					 "bucket.NAME ");
	settings_set(&settings, "bucket.abc=/b", &err);
	differences[0] = '\0';
	settings_compare(&settings, &other, note_difference, NULL);
	assert_non_null(strstr(differences, "bucket.NAME"));
	settings_finish(&other);
}

static void the_manual_names_every_default(void **state)
{
	(void)state;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	settings_print_manual(out);
	fclose(out);
	static const char *const expected[] = {
		".It Cm listen No = Ar address:port\n",
		"Default:\n.Ql 12h .\n",
		"Allowed: a number from 1 to 64.\n",
		".It Cm bucket.NAME No = Ar path\n",
	};
	for (size_t i = 0; i < SP_COUNT_OF(expected); i++)
		assert_non_null(strstr(text, expected[i]));
	free(text);
}

#define SETTINGS_TEST(name) cmocka_unit_test_setup_teardown(name, init, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SETTINGS_TEST(the_defaults_are_those_of_the_manual_and_pass_the_check),
		SETTINGS_TEST(a_file_sets_every_kind_of_value),
		SETTINGS_TEST(the_later_one_counts_and_the_command_line_wins),
		SETTINGS_TEST(a_mistake_names_file_line_setting_and_what_is_allowed),
		SETTINGS_TEST(the_first_of_several_mistakes_is_told),
		SETTINGS_TEST(each_of_these_values_is_refused),
		SETTINGS_TEST(yes_and_no_are_as_good_as_true_and_false),
		SETTINGS_TEST(what_belongs_together_is_checked_together),
		SETTINGS_TEST(a_long_line_is_read_and_an_endless_one_refused),
		SETTINGS_TEST(a_file_that_is_not_there_is_told),
		SETTINGS_TEST(differences_are_named),
		SETTINGS_TEST(the_manual_names_every_default),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
