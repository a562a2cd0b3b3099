#include "cli/server_url.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { USUAL_PORT = 22 };

static int fail(const char *text, struct sp_error *err)
{
	return sp_fail(err, SP_INVALID,
		       "cannot use \"%.200s\": needed is sftp://HOST or "
		       "sftp://USER@HOST:PORT",
		       text);
}

int server_url_make(const char *host, uint16_t port, struct server_url *out, struct sp_error *err)
{
	bool is_v6 = strchr(host, ':') != NULL;
	if (host[0] == '\0' || strlen(host) >= sizeof(out->host) ||
	    strpbrk(host, " /@[]?#") != NULL)
		return fail(host, err);
	snprintf(out->host, sizeof(out->host), "%s", host);
	out->port = port;
	int length = snprintf(out->url, sizeof(out->url), "sftp://%s%s%s", is_v6 ? "[" : "", host,
			      is_v6 ? "]" : "");
	if (port != USUAL_PORT)
		snprintf(out->url + length, sizeof(out->url) - (size_t)length, ":%u", port);
	return 0;
}

int server_url_read(const char *text, struct server_url *out, struct sp_error *err)
{
	char copy[4 * SERVER_URL_PART];
	uint64_t port = USUAL_PORT;
	*out = (struct server_url){ 0 };
	if (strncmp(text, "sftp://", 7) != 0 || strlen(text) >= sizeof(copy))
		return fail(text, err);
	snprintf(copy, sizeof(copy), "%s", text + 7);
	if (sp_text_ends_with(copy, "/"))
		copy[strlen(copy) - 1] = '\0';
	char *host = strrchr(copy, '@');
	if (host != NULL) {
		*host++ = '\0';
		if (strlen(copy) >= sizeof(out->user))
			return fail(text, err);
		snprintf(out->user, sizeof(out->user), "%s", copy);
	} else {
		host = copy;
	}
	char *behind = host[0] == '[' ? strchr(host, ']') : host + strcspn(host, ":");
	if (behind == NULL)
		return fail(text, err);
	if (host[0] == '[') {
		host++;
		*behind++ = '\0';
	}
	if (behind[0] != '\0' && (behind[0] != ':' || !sp_text_to_u64(behind + 1, 1, 65535, &port)))
		return fail(text, err);
	*behind = '\0';
	return server_url_make(host, (uint16_t)port, out, err) == 0 ? 0 : fail(text, err);
}
