#include "daemon/endpoint.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"

enum { HOST_MAX = 254 };

/* "0.0.0.0" of "0.0.0.0:80", "::" of "[::]:80". */
static void listen_address(const char *listen, char out[HOST_MAX])
{
	size_t length = (size_t)(strrchr(listen, ':') - listen);
	if (listen[0] == '[') {
		listen++;
		length -= 2;
	}
	if (length >= HOST_MAX)
		length = HOST_MAX - 1;
	memcpy(out, listen, length);
	out[length] = '\0';
}

static bool is_any(const char *address)
{
	return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

/* The first name in the certificate that is no wildcard. */
static bool first_name(X509 *certificate, char out[HOST_MAX])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	bool found = false;
	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DNS)
			continue;
		const char *text = (const char *)ASN1_STRING_get0_data(name->d.dNSName);
		size_t length = (size_t)ASN1_STRING_length(name->d.dNSName);
		found = length > 0 && length < HOST_MAX && text[0] != '*' &&
			strnlen(text, length) == length;
		if (found) {
			memcpy(out, text, length);
			out[length] = '\0';
		}
	}
	GENERAL_NAMES_free(names);
	return found;
}

static void choose_host(X509 *certificate, char host[HOST_MAX])
{
	bool any = is_any(host);
	if (!any && (certificate == NULL || X509_check_ip_asc(certificate, host, 0) == 1))
		return;
	bool local =
		certificate == NULL || X509_check_host(certificate, "localhost", 0, 0, NULL) == 1;
	if (local || (!first_name(certificate, host) && any))
		snprintf(host, HOST_MAX, "localhost");
}

static X509 *read_certificate(FILE *file)
{
	return PEM_read_X509(file, NULL, NULL, NULL);
}

static bool is_root(X509 *certificate)
{
	return X509_NAME_cmp(X509_get_subject_name(certificate),
			     X509_get_issuer_name(certificate)) == 0;
}

/* The server's own certificate is the first one; NULL when it cannot be read, which the server will say. */
static X509 *look_into(const char *path, bool *out_has_root)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return NULL;
	X509 *first = read_certificate(file);
	*out_has_root = first != NULL && is_root(first);
	X509 *next;
	while (first != NULL && (next = read_certificate(file)) != NULL) {
		*out_has_root = *out_has_root || is_root(next);
		X509_free(next);
	}
	fclose(file);
	return first;
}

void endpoint_find(struct endpoint *endpoint, const struct settings *settings, uint16_t port)
{
	char host[HOST_MAX];
	listen_address(settings->listen, host);
	bool tls = settings->tls_certificate != NULL, has_root = false;
	X509 *certificate = tls ? look_into(settings->tls_certificate, &has_root) : NULL;
	choose_host(certificate, host);
	X509_free(certificate);

	struct sp_buffer url = { 0 };
	bool is_ipv6 = strchr(host, ':') != NULL;
	sp_buffer_format(&url, "%s://%s%s%s:%u", tls ? "https" : "http", is_ipv6 ? "[" : "", host,
			 is_ipv6 ? "]" : "", (unsigned)port);
	endpoint->url = sp_buffer_take(&url);
	endpoint->trust = has_root ? sp_strdup(settings->tls_certificate) : NULL;
}

void endpoint_finish(struct endpoint *endpoint)
{
	free(endpoint->url);
	free(endpoint->trust);
}
