#include "objects/s3_place.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "objects/s3_credentials.h"

enum { CALL_LIFETIME_S = 60 };

static const char scheme_s3[] = "s3://";

static int fail_setting(const struct bucket_option *option, const char *setting, const char *value,
			const char *why, struct sp_error *err)
{
	return sp_fail(err, SP_INVALID, "cannot use bucket.%s%s = %s: %s", option->name, setting,
		       value, why);
}

/* "s3://bucket/prefix" into "bucket" and "/prefix/"; "/" without a prefix. */
static int read_target(const struct bucket_option *option, char **out_bucket, char **out_prefix,
		       struct sp_error *err)
{
	const char *target = option->path + strlen(scheme_s3);
	size_t length = strcspn(target, "/");
	const char *prefix = target[length] == '/' ? target + length + 1 : "";
	if (length == 0 || length > 255 || strpbrk(target, "?#%\n ") != NULL)
		return fail_setting(
			option, "", option->path,
			"needed is s3://bucket or s3://bucket/prefix, without spaces and "
			"the characters ? # %",
			err);
	SP_AUTO_BUFFER path = { 0 };
	sp_buffer_format(&path, "/%s", prefix);
	if (*prefix != '\0' && !sp_text_ends_with(prefix, "/"))
		sp_buffer_add_char(&path, '/');
	*out_bucket = sp_strdup(target);
	(*out_bucket)[length] = '\0';
	*out_prefix = sp_buffer_take(&path);
	return 0;
}

/* "https://host:port" into its parts. A default port is not named, as HTTP clients have it. */
static int read_endpoint(const struct bucket_option *option, const char *endpoint,
			 struct s3_place *place, struct sp_error *err)
{
	static const char why[] = "needed is http://host:port or https://host:port, without a path";
	place->tls = sp_text_starts_with(endpoint, "https://");
	const char *host = endpoint + (place->tls ? 8 : 7);
	if (!place->tls && !sp_text_starts_with(endpoint, "http://"))
		return fail_setting(option, ".endpoint", endpoint, why, err);
	size_t length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	if (length == 0 || length > strlen(host))
		return fail_setting(option, ".endpoint", endpoint, why, err);
	place->host = sp_strdup(host);
	place->host[length] = '\0';
	uint64_t port = place->tls ? 443 : 80;
	const char *rest = host + length;
	SP_AUTO_FREE char *number = sp_strdup(rest[0] == ':' ? rest + 1 : rest);
	if (sp_text_ends_with(number, "/"))
		number[strlen(number) - 1] = '\0';
	if (number[0] != '\0' && !(rest[0] == ':' && sp_text_to_u64(number, 1, UINT16_MAX, &port)))
		return fail_setting(option, ".endpoint", endpoint, why, err);
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "%u", (unsigned)port);
	place->port = sp_buffer_take(&text);
	return 0;
}

static bool is_default_port(const struct s3_place *place)
{
	return strcmp(place->port, place->tls ? "443" : "80") == 0;
}

/* Whether "s3://bucket/…" names one that a wildcard certificate of its storage is for, which is one label and no more. AWS's
 * own clients take the path for all others. */
static bool is_one_label(const char *target)
{
	const char *bucket = target + strlen(scheme_s3);
	size_t length = strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return length >= 3 && length <= 63 && (bucket[length] == '\0' || bucket[length] == '/');
}

static int read_options(const struct bucket_option *option, struct s3_place *place,
			struct sp_error *err)
{
	SP_AUTO_FREE char *bucket = NULL;
	SP_AUTO_FREE char *prefix = NULL;
	SP_AUTO_BUFFER endpoint = { 0 };
	const char *style = option->style;
	if (style == NULL)
		style = option->endpoint == NULL && is_one_label(option->path) ? "virtual" : "path";
	bool virtual_host = strcmp(style, "virtual") == 0;
	if (!virtual_host && strcmp(style, "path") != 0)
		return fail_setting(option, ".style", style, "needed is path or virtual", err);
	if (option->credentials == NULL)
		return sp_fail(err, SP_INVALID,
			       "cannot use bucket.%s = %s without bucket.%s.credentials: the path "
			       "of a file with access keys",
			       option->name, option->path, option->name);
	place->region = sp_strdup(option->region != NULL ? option->region : "us-east-1");
	if (option->endpoint != NULL)
		sp_buffer_add_text(&endpoint, option->endpoint);
	else
		/* China's regions are a partition of their own, under a domain of their own. */
		sp_buffer_format(&endpoint, "https://s3.%s.amazonaws.com%s", place->region,
				 sp_text_starts_with(place->region, "cn-") ? ".cn" : "");
	if (read_target(option, &bucket, &prefix, err) != 0 ||
	    read_endpoint(option, sp_buffer_text(&endpoint), place, err) != 0)
		return -1;

	SP_AUTO_BUFFER server = { 0 };
	SP_AUTO_BUFFER host = { 0 };
	SP_AUTO_BUFFER origin = { 0 };
	SP_AUTO_BUFFER path = { 0 };
	sp_buffer_format(&server, "%s:%s", place->host, place->port);
	place->server = sp_buffer_take(&server);
	sp_buffer_format(&host, "%s%s%s", virtual_host ? bucket : "", virtual_host ? "." : "",
			 place->host);
	free(place->host);
	place->host = sp_buffer_take(&host);
	sp_buffer_format(&origin, "%s://%s", place->tls ? "https" : "http", place->host);
	if (!is_default_port(place))
		sp_buffer_format(&origin, ":%s", place->port);
	place->origin = sp_buffer_take(&origin);
	sp_buffer_format(&path, "%s%s%s", virtual_host ? "" : "/", virtual_host ? "" : bucket,
			 prefix);
	place->path = sp_buffer_take(&path);
	place->bucket = sp_take_pointer(&bucket);
	place->prefix_length = strlen(prefix) - 1;
	return 0;
}

int s3_place_create(const struct bucket_option *option, struct s3_place **out, struct sp_error *err)
{
	struct s3_place *place = sp_alloc(sizeof(*place));
	struct s3_credentials credentials = { 0 };
	struct sp_error why = { 0 };
	pthread_mutex_init(&place->lock, NULL);
	place->name = sp_strdup(option->name);
	place->credentials = sp_strdup(option->credentials);
	place->ca = sp_strdup(option->ca);
	if (read_options(option, place, err) != 0) {
		s3_place_destroy(place);
		return -1;
	}
	if (s3_credentials_read(place->credentials, &credentials, &why) != 0)
		sp_log(SP_LOG_WARNING, "bucket \"%s\" cannot be used yet: %s", place->name,
		       why.message);
	s3_credentials_finish(&credentials);
	*out = place;
	return 0;
}

void s3_place_destroy(struct s3_place *place)
{
	if (place == NULL)
		return;
	for (size_t i = 0; i < place->idle_count; i++)
		curl_easy_cleanup(place->idle[i]);
	pthread_mutex_destroy(&place->lock);
	free(place->name);
	free(place->bucket);
	free(place->origin);
	free(place->host);
	free(place->port);
	free(place->server);
	free(place->path);
	free(place->region);
	free(place->credentials);
	free(place->ca);
	free(place);
}

bool s3_place_knows(struct s3_place *place, const bool *what)
{
	pthread_mutex_lock(&place->lock);
	bool knows = *what;
	pthread_mutex_unlock(&place->lock);
	return knows;
}

bool s3_place_learn(struct s3_place *place, bool *what)
{
	pthread_mutex_lock(&place->lock);
	bool is_news = !*what;
	*what = true;
	pthread_mutex_unlock(&place->lock);
	return is_news;
}

size_t s3_wish_headers(const struct s3_wish *wish)
{
	size_t count = 0;
	while (count < S3_HEADERS_MAX && wish->headers[count].name != NULL)
		count++;
	return count;
}

int s3_place_sign(const struct s3_place *place, const struct s3_wish *wish, char **out_url,
		  struct sp_error *err)
{
	struct s3_credentials credentials;
	struct sp_error why = { 0 };
	/* Whatever it is, it says nothing of what is at the storage, and a later attempt may find the file mended. */
	if (s3_credentials_read(place->credentials, &credentials, &why) != 0)
		return sp_fail(err, SP_SYSTEM, "%s", why.message);
	const struct sign_signer signer = { .access_key_id = credentials.access_key_id,
					    .secret = credentials.secret,
					    .session_token = credentials.session_token,
					    .region = place->region };
	SP_AUTO_BUFFER path = { 0 };
	sp_buffer_format(&path, "%s%s", place->path, wish->key);
	const struct sign_presign presign = {
		.method = wish->method,
		.origin = place->origin,
		.path = sp_buffer_text(&path),
		.query = wish->query == NULL ? "" : wish->query,
		.headers = wish->headers,
		.header_count = s3_wish_headers(wish),
		.expires_s = wish->lifetime_s == 0 ? CALL_LIFETIME_S : wish->lifetime_s,
		.now_ms = sp_now_ms(),
	};
	*out_url = sign_presign(&presign, &signer);
	s3_credentials_finish(&credentials);
	sp_secret_wipe_stack();
	return 0;
}

void s3_mark(const char *file_id, int attempt, char out[S3_MARK_SIZE])
{
	snprintf(out, S3_MARK_SIZE, "%s-%d", file_id, attempt);
}

bool s3_mark_is_of(const char *mark, const char *file_id)
{
	size_t length = strlen(file_id);
	return strncmp(mark, file_id, length) == 0 && mark[length] == '-';
}
