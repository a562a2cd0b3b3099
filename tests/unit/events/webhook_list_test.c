#include "test.h"

#include "base/text.h"
#include "events/webhook_list.h"
#include "events/webhook_view.h"

static struct webhook_places places;
static struct sp_error err;

static void names_and_urls_are_read(void **state)
{
	(void)state;
	assert_int_equal(webhook_places_parse(" audit=https://audit.example/in?a=b \t"
					      "o-2=http://[::1]:9000/ ",
					      &places, &err),
			 0);
	assert_int_equal(places.count, 2);
	assert_string_equal(places.list[0].name, "audit");
	assert_string_equal(places.list[0].url, "https://audit.example/in?a=b");
	assert_string_equal(places.list[1].name, "o-2");
	assert_string_equal(places.list[1].url, "http://[::1]:9000/");
	struct webhook_places copy;
	webhook_places_copy(&places, &copy);
	webhook_places_finish(&places);
	assert_string_equal(copy.list[1].url, "http://[::1]:9000/");
	webhook_places_finish(&copy);
}

static void nothing_is_none(void **state)
{
	(void)state;
	assert_int_equal(webhook_places_parse(NULL, &places, &err), 0);
	assert_int_equal(places.count, 0);
	assert_int_equal(webhook_places_parse("  ", &places, &err), 0);
	assert_int_equal(places.count, 0);
}

static void what_makes_no_sense_is_refused_with_its_name(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "https://audit.example/in", "needed is NAME=URL" },
		{ "=https://audit.example/in", "needed is NAME=URL" },
		{ "Audit=https://audit.example/in", "lower-case letters" },
		{ "abcdefghijklmnopqrstuvwxyz0123456=https://a/", "1 to 32" },
		{ "audit=", "the webhook \"audit\": needed is a URL" },
		{ "audit=ftp://audit.example/in", "needed is a URL" },
		{ "audit=/in", "needed is a URL" },
		{ "audit=https://a.example:port/", "needed is a URL" },
		{ "audit=https://user:secret@audit.example/", "must not have a user" },
		{ "audit=https://audit.example/#in", "fragment" },
		{ "a=http://a/ a=http://b/", "two webhooks \"a\"" },
		{ "a=http://a/ b=http://a/ c=http://a/ d=http://a/ e=http://a/ f=http://a/"
		  " g=http://a/ h=http://a/ i=http://a/",
		  "more than 8" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		err = (struct sp_error){ 0 };
		if (webhook_places_parse(bad[i].text, &places, &err) == 0)
			fail_msg("\"%s\" was taken", bad[i].text);
		if (strstr(err.message, bad[i].words) == NULL)
			fail_msg("\"%s\": %s", bad[i].text, err.message);
		assert_null(strstr(err.message, "secret"));
	}
}

static void of_a_url_nothing_is_shown_that_may_be_secret(void **state)
{
	(void)state;
	static const char *const urls[][2] = {
		{ "https://audit.example/in?key=secret", "https://audit.example" },
		{ "https://audit.example:8443/hooks/T0/secret", "https://audit.example:8443" },
		{ "http://user:secret@10.0.0.9/", "http://10.0.0.9" },
		{ "http://user:sec@ret@[::1]:80?x@y", "http://[::1]:80" },
		{ "https://audit.example#secret@x", "https://audit.example" },
	};
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		char *origin = webhook_origin(urls[i][0]);
		assert_string_equal(origin, urls[i][1]);
		free(origin);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_url_nothing_is_shown_that_may_be_secret),
		cmocka_unit_test(names_and_urls_are_read),
		cmocka_unit_test(nothing_is_none),
		cmocka_unit_test(what_makes_no_sense_is_refused_with_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
