#pragma once
/**
 * Pages: files that are part of the program, the web console's. They are the same for everybody and hold no secret, so
 * they need no signature; what a browser asks from within them does. Nothing else under their paths is reachable.
 */

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

struct api_page {
	const char *path; /* the whole path: "/console/"; matched byte by byte, no pattern */
	const char *content_type;
	const char *etag;             /* with its quotes */
	const unsigned char *content; /* as it is sent */
	size_t length;
	bool gzipped;
	bool lasting; /* its name changes with its content: a browser need not ask again */
};

/** The page that @method and @target (as sent; a query string is passed over) ask for, or NULL. @pages ends with a NULL
 *  path; NULL: there are none. */
const struct api_page *page_find(const struct api_page *pages, const char *method,
				 const char *target);

/** May an answer to this Accept-Encoding (NULL: not sent, and anything may) be gzipped: RFC 9110, 12.5.3? */
bool page_accepts_gzip(const char *accept_encoding);

/** Is @etag in this If-None-Match (may be NULL): RFC 9110, 13.1.2? */
bool page_is_known(const char *if_none_match, const char *etag);

/** Answers on libmicrohttpd's thread: the content lies in the program. */
enum MHD_Result page_send(const struct api_page *page, struct MHD_Connection *connection);
