#pragma once
/** Under which URL clients on this machine reach us, and what they must trust for it. */

#include <stdint.h>

#include "config/settings.h"

struct endpoint {
	char *url;
	char *trust; /* a PEM file for AWS_CA_BUNDLE; NULL: what the system trusts */
};

/**
 * With TLS the host is a name or address that the certificate is for, and the certificate's own file is what to trust
 * when it holds a root.
 */
void endpoint_find(struct endpoint *endpoint, const struct settings *settings, uint16_t port);
void endpoint_finish(struct endpoint *endpoint);
