#pragma once
/** Where events are sent: names and URLs, as a setting has them: "audit=https://audit.example/in ops=http://10.0.0.9/". */

#include <stddef.h>

#include "base/error.h"

enum { WEBHOOKS_MAX = 8, WEBHOOK_NAME_SIZE = 33, WEBHOOK_URL_MAX = 2048 };

struct webhook_places {
	struct webhook_place {
		char name[WEBHOOK_NAME_SIZE]; /* what their place in the outbox is kept under */
		char *url;                    /* owned */
	} list[WEBHOOKS_MAX];
	size_t count;
};

/** @text: NULL or "": none. SP_INVALID, or SP_LIMIT, says what is wrong with which. @out is the caller's to finish. */
int webhook_places_parse(const char *text, struct webhook_places *out, struct sp_error *err);
void webhook_places_copy(const struct webhook_places *places, struct webhook_places *out);
void webhook_places_finish(struct webhook_places *places);
