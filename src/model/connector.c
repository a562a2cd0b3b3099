#include "model/connector.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_MAX = 253 };

const char *connector_state_name(enum connector_state state)
{
	switch (state) {
	case CONNECTOR_ACTIVE:
		return "ACTIVE";
	case CONNECTOR_PENDING:
		return "PENDING";
	case CONNECTOR_ERRORED:
		return "ERRORED";
	}
	return "UNKNOWN";
}

void connector_finish(struct connector *connector)
{
	free(connector->url);
	free(connector->access_role);
	free(connector->logging_role);
	free(connector->user_secret_id);
	for (size_t i = 0; i < connector->trusted_key_count; i++)
		free(connector->trusted_keys[i]);
	for (size_t i = 0; i < connector->secret_stage_count; i++)
		free(connector->secret_stages[i]);
	free(connector->security_policy);
	free(connector->configuration_arn);
	free(connector->failure);
	*connector = (struct connector){ 0 };
}

static bool read_port(const char *text, uint16_t *out)
{
	unsigned long port = 0;
	size_t length = strlen(text);
	if (length == 0 || length > 5)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		port = port * 10 + (unsigned long)(text[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return false;
	*out = (uint16_t)port;
	return true;
}

bool connector_split_url(const char *url, char **out_host, uint16_t *out_port)
{
	static const char scheme[] = "sftp://";
	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return false;

	const char *host = url + sizeof(scheme) - 1;
	const char *end;
	const char *rest;
	const char *allowed;
	if (*host == '[') {
		host++;
		end = strchr(host, ']');
		if (end == NULL)
			return false;
		rest = end + 1;
		allowed = "0123456789abcdefABCDEF:.";
	} else {
		end = host + strcspn(host, ":");
		rest = end;
		allowed = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_";
	}
	size_t length = (size_t)(end - host);
	if (length == 0 || length > HOST_MAX || strspn(host, allowed) < length)
		return false;

	uint16_t port = CONNECTOR_PORT_DEFAULT;
	if (*rest == ':' ? !read_port(rest + 1, &port) : *rest != '\0')
		return false;
	*out_host = strndup(host, length);
	*out_port = port;
	return *out_host != NULL;
}

bool connector_url_is_v6(const char *url)
{
	char *host = NULL;
	uint16_t port;
	bool result = connector_split_url(url, &host, &port) && strchr(host, ':') != NULL;
	free(host);
	return result;
}
