#include "events/webhook_list.h"

#include <curl/curl.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"

static bool is_name(const char *text, size_t length)
{
	return length > 0 && length < WEBHOOK_NAME_SIZE &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") >= length;
}

static void cleanup_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void cleanup_part(char **part)
{
	curl_free(*part);
}

#define AUTO_PART __attribute__((cleanup(cleanup_part))) char

static int check_url(const char *name, const char *text, struct sp_error *err)
{
	__attribute__((cleanup(cleanup_url))) CURLU *url = curl_url();
	AUTO_PART *scheme = NULL, *host = NULL, *user = NULL, *fragment = NULL;
	bool good = strlen(text) <= WEBHOOK_URL_MAX && url != NULL &&
		    curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK && host[0] != '\0' &&
		    (strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0);
	if (!good)
		return sp_fail(err, SP_INVALID,
			       "cannot send events to the webhook \"%s\": needed is a URL such as "
			       "https://audit.example/in",
			       name);
	/* They would be shown wherever the URL is. */
	if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK ||
	    curl_url_get(url, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK)
		return sp_fail(err, SP_INVALID,
			       "cannot send events to the webhook \"%s\": its URL must not have a "
			       "user, a password or a fragment; what comes from here is proved by "
			       "its signature",
			       name);
	return 0;
}

static int add_place(struct webhook_places *places, const char *word, struct sp_error *err)
{
	const char *equals = strchr(word, '=');
	size_t length = equals == NULL ? 0 : (size_t)(equals - word);
	if (!is_name(word, length))
		return sp_fail(err, SP_INVALID,
			       "cannot use the webhook \"%s\": needed is NAME=URL, and a name has "
			       "1 to %d lower-case letters, digits and hyphens",
			       word, WEBHOOK_NAME_SIZE - 1);
	if (places->count == WEBHOOKS_MAX)
		return sp_fail(err, SP_LIMIT, "there are more than %d webhooks", WEBHOOKS_MAX);
	struct webhook_place *place = &places->list[places->count];
	memcpy(place->name, word, length);
	place->name[length] = '\0';
	for (size_t i = 0; i < places->count; i++)
		if (strcmp(places->list[i].name, place->name) == 0)
			return sp_fail(err, SP_INVALID, "there are two webhooks \"%s\"",
				       place->name);
	if (check_url(place->name, equals + 1, err) != 0)
		return -1;
	place->url = sp_strdup(equals + 1);
	places->count++;
	return 0;
}

int webhook_places_parse(const char *text, struct webhook_places *out, struct sp_error *err)
{
	*out = (struct webhook_places){ 0 };
	SP_AUTO_FREE char *words = sp_strdup(text == NULL ? "" : text);
	char *rest = NULL;
	for (char *word = strtok_r(words, " \t", &rest); word != NULL;
	     word = strtok_r(NULL, " \t", &rest))
		if (add_place(out, word, err) != 0) {
			webhook_places_finish(out);
			return -1;
		}
	return 0;
}

void webhook_places_copy(const struct webhook_places *places, struct webhook_places *out)
{
	*out = *places;
	for (size_t i = 0; i < out->count; i++)
		out->list[i].url = sp_strdup(places->list[i].url);
}

void webhook_places_finish(struct webhook_places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->list[i].url);
	*places = (struct webhook_places){ 0 };
}
