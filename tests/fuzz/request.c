#include "request.h"

#include <stdio.h>

#include "base/json.h"
#include "fuzz.h"

enum { HEADERS_MAX = 64 };

/* ---- reading --------------------------------------------------------------------------------------------------- */

struct text {
	const char *at, *end;
};

/* Up to the next line end, which is taken as well; owned by the caller, NULL when there is none. libmicrohttpd gives
 * texts without NUL. */
static char *next_line(struct text *rest)
{
	const char *end = memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
	if (end == NULL || memchr(rest->at, '\0', (size_t)(end - rest->at)) != NULL)
		return NULL;
	char *line = strndup(rest->at, (size_t)(end - rest->at));
	rest->at = end + 1;
	return line;
}

static void add_header(struct api_call *call, const char *line)
{
	const char *colon = strchr(line, ':');
	if (colon == NULL || call->header_count == HEADERS_MAX)
		return;
	call->headers[call->header_count++] = (struct sign_header){
		.name = strndup(line, (size_t)(colon - line)),
		.value = strdup(colon + 1 + strspn(colon + 1, " ")),
	};
}

struct api_call *fuzz_request_read(const uint8_t *data, size_t size)
{
	struct text rest = { (const char *)data, (const char *)data + size };
	SP_AUTO_FREE char *first = next_line(&rest);
	const char *space = first == NULL ? NULL : strchr(first, ' ');
	if (space == NULL)
		return NULL;

	struct api_call *call = call_create(space + 1);
	call->method = strndup(first, (size_t)(space - first));
	call->headers = sp_alloc(HEADERS_MAX * sizeof(*call->headers));
	snprintf(call->id, sizeof(call->id), "id");
	for (;;) {
		SP_AUTO_FREE char *line = next_line(&rest);
		if (line == NULL || line[0] == '\0')
			break;
		add_header(call, line);
	}
	sp_buffer_add(&call->body, rest.at, (size_t)(rest.end - rest.at));
	return call;
}

/* ---- answering ------------------------------------------------------------------------------------------------- */

static bool is_json(const struct api_answer *answer)
{
	return answer->content_type != NULL && strstr(answer->content_type, "json") != NULL;
}

void fuzz_request_check_answer(struct api_answer *answer)
{
	FUZZ_CHECK(answer->status >= 200 && answer->status < 600);
	FUZZ_CHECK(sp_utf8_valid(answer->error_type, strlen(answer->error_type)));
	FUZZ_CHECK(strpbrk(answer->error_type, "\r\n") == NULL);
	if (answer->body != NULL) {
		FUZZ_CHECK(strlen(answer->body) == answer->length);
		FUZZ_CHECK(sp_utf8_valid(answer->body, answer->length));
	}
	if (answer->body != NULL && is_json(answer)) {
		SP_AUTO_JSON json_t *value = NULL;
		FUZZ_CHECK(sp_json_parse(answer->body, answer->length, &value, NULL) == 0);
	}
	free(answer->body);
}

static void answer(struct api_call *call, const struct api_service *service)
{
	call->service = service;
	const struct protocol *protocol = protocol_of(service->protocol);
	enum refusal_reason reason = REFUSED_REASON_COUNT;
	struct sp_error err = { 0 };
	struct shape_fault fault;
	struct api_answer written = { 0 };
	if (protocol->read(call, &reason, &err) != 0) {
		FUZZ_CHECK(reason < REFUSED_REASON_COUNT && err.code != SP_OK);
		protocol->refuse(call, reason, &err, &written);
	} else {
		shape_drop_nulls(call->input);
		if (shape_find_fault(call->operation->input, call->input, &fault) != 0)
			protocol->refuse_input(call, &fault, &written);
		else
			protocol->write(call, call->input, &written);
	}
	fuzz_request_check_answer(&written);
}

static bool has_input_that_fits(const struct api_call *call)
{
	struct shape_fault fault;
	return call->operation != NULL && call->input != NULL &&
	       shape_find_fault(call->operation->input, call->input, &fault) == 0;
}

void fuzz_request_serve(const uint8_t *data, size_t size, const struct api_served *served,
			size_t count, void (*use)(const struct api_call *call))
{
	for (size_t i = 0; i < count; i++) {
		struct api_call *call = fuzz_request_read(data, size);
		if (call == NULL)
			return;
		call->catalogue =
			(struct api_catalogue){ .services = served, .service_count = count };
		answer(call, served[i].service);
		if (has_input_that_fits(call))
			use(call);
		call_release(call);
	}
}
