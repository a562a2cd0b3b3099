#pragma once
/**
 * What proves to a receiver that an event came from us, and when it was sent, so that nobody plays it to him again later.
 */

#include <stddef.h>
#include <stdint.h>

#define EVENT_SIGNATURE_HEADER "Sallyport-Signature"

enum { EVENT_SIGNATURE_SIZE = 96 };

/** "t=1764520088,v1=5257a869…": seconds since 1970, and the HMAC-SHA256 of "1764520088.BODY" in lower-case hex digits. */
void event_signature(const char *secret, int64_t time_ms, const char *body, size_t length,
		     char out[EVENT_SIGNATURE_SIZE]);
