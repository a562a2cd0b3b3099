#include "api/page.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"

static const char no_gzip[] =
	"the console's pages are kept compressed: ask with \"Accept-Encoding: gzip\"\n";

/* What a page may do in a browser. Nothing is loaded from elsewhere, no script or style stands inside a page, nobody
 * frames it, and no address of it is told to anybody. Styles that scripts set through the DOM are not what the policy
 * is about. */
static const struct {
	const char *name, *value;
} always[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
	  "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
	  "frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Vary", "Accept-Encoding" },
};

const struct api_page *page_find(const struct api_page *pages, const char *method,
				 const char *target)
{
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return NULL;
	size_t length = strcspn(target, "?");
	for (const struct api_page *page = pages; page != NULL && page->path != NULL; page++)
		if (strlen(page->path) == length && memcmp(page->path, target, length) == 0)
			return page;
	return NULL;
}

/* One element of a list: from @at to a comma, without the spaces around it. Moves @at behind it. */
static size_t next_element(const char **at, const char **out)
{
	*at += strspn(*at, " \t,");
	*out = *at;
	size_t length = strcspn(*at, ",");
	*at += length;
	while (length > 0 && strchr(" \t", (*out)[length - 1]) != NULL)
		length--;
	return length;
}

/* Of "gzip;q=0.5" the weight; 1 where there is none. @element ends with a comma or a NUL. */
static double weight_of(const char *element, size_t length)
{
	const char *weight = memchr(element, ';', length);
	if (weight == NULL)
		return 1;
	weight += 1 + strspn(weight + 1, " \t");
	return strncasecmp(weight, "q=", 2) == 0 ? strtod(weight + 2, NULL) : 1;
}

bool page_accepts_gzip(const char *accept_encoding)
{
	if (accept_encoding == NULL)
		return true;
	double any = 0, gzip = -1;
	const char *at = accept_encoding, *element;
	for (size_t length; (length = next_element(&at, &element)) > 0;) {
		size_t name = strcspn(element, " \t;,");
		if (name == 1 && element[0] == '*')
			any = weight_of(element, length);
		if ((name == 4 && strncasecmp(element, "gzip", name) == 0) ||
		    (name == 6 && strncasecmp(element, "x-gzip", name) == 0))
			gzip = weight_of(element, length);
	}
	return (gzip >= 0 ? gzip : any) > 0;
}

bool page_is_known(const char *if_none_match, const char *etag)
{
	if (if_none_match == NULL)
		return false;
	const char *at = if_none_match, *element;
	for (size_t length; (length = next_element(&at, &element)) > 0;) {
		if (length == 1 && element[0] == '*')
			return true;
		size_t weak = length > 2 && memcmp(element, "W/", 2) == 0 ? 2 : 0;
		if (length - weak == strlen(etag) &&
		    memcmp(element + weak, etag, length - weak) == 0)
			return true;
	}
	return false;
}

/* A page's text is constant and libmicrohttpd only reads it. */
static struct MHD_Response *response_of(const void *text, size_t length)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		length, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		sp_die("out of memory");
	for (size_t i = 0; i < SP_COUNT_OF(always); i++)
		MHD_add_response_header(response, always[i].name, always[i].value);
	return response;
}

static struct MHD_Response *response_of_page(const struct api_page *page, unsigned status)
{
	struct MHD_Response *response = status == MHD_HTTP_OK
						? response_of(page->content, page->length)
						: response_of("", 0);
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, page->etag);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
				page->lasting ? "public, max-age=31536000, immutable" : "no-cache");
	if (status == MHD_HTTP_OK) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->content_type);
		if (page->gzipped)
			MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	}
	return response;
}

enum MHD_Result page_send(const struct api_page *page, struct MHD_Connection *connection)
{
	const char *accepted = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							   MHD_HTTP_HEADER_ACCEPT_ENCODING);
	const char *known = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							MHD_HTTP_HEADER_IF_NONE_MATCH);
	unsigned status = MHD_HTTP_OK;
	struct MHD_Response *response;
	if (page->gzipped && !page_accepts_gzip(accepted)) {
		status = MHD_HTTP_NOT_ACCEPTABLE;
		response = response_of(no_gzip, strlen(no_gzip));
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	} else {
		if (page_is_known(known, page->etag))
			status = MHD_HTTP_NOT_MODIFIED;
		response = response_of_page(page, status);
	}
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}
