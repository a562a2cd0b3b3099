#pragma once
/** Where a partner's server is, as people type it: sftp://[USER@]HOST[:PORT]. Pure. */

#include <stdint.h>

#include "base/error.h"

enum { SERVER_URL_PART = 256 };

struct server_url {
	char user[SERVER_URL_PART];    /* "": it does not say */
	char host[SERVER_URL_PART];    /* an IPv6 address without its brackets */
	uint16_t port;                 /* 22 when it does not say */
	char url[2 * SERVER_URL_PART]; /* without the user, as a connector has it */
};

int server_url_read(const char *text, struct server_url *out, struct sp_error *err);

/** The same of its parts. */
int server_url_make(const char *host, uint16_t port, struct server_url *out, struct sp_error *err);
