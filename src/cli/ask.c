#include "cli/ask.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"
#include "base/xml_texts.h"
#include "sign/canonical.h"

enum {
	TRIES_MAX = 4,
	FIRST_WAIT_MS = 200,
	RETRY_AFTER_MAX_S = 30,
};

int ask_within(struct run *run, ask_command_fn *command, struct sp_error *err)
{
	struct ask ask = { 0 };
	int result = account_find(run, &ask.account, err);
	if (result == 0)
		result = http_open(&ask.account, &ask.http, err);
	if (result == 0)
		result = command(&ask, run, err);
	http_close(ask.http);
	account_finish(&ask.account);
	return result;
}

void ask_add_encoded(struct sp_buffer *out, const char *text)
{
	sign_encode(text, strlen(text), false, out);
}

void ask_add_parameter(struct sp_buffer *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	bool is_first = strchr(sp_buffer_text(out), '?') == NULL;
	sp_buffer_format(out, "%c%s=", is_first ? '?' : '&', name);
	ask_add_encoded(out, value);
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static const struct {
	const char *part; /* of the error's name */
	enum sp_code code;
} kinds[] = {
	{ "NotFound", SP_NOT_FOUND },
	{ "NoSuch", SP_NOT_FOUND },
	{ "AccessDenied", SP_DENIED },
	{ "InvalidSignature", SP_AUTH },
	{ "SignatureDoesNot", SP_AUTH },
	{ "UnrecognizedClient", SP_AUTH },
	{ "InvalidClientToken", SP_AUTH },
	{ "IncompleteSignature", SP_AUTH },
	{ "MissingAuthentication", SP_AUTH },
	{ "ExpiredToken", SP_AUTH },
	{ "SignatureExpired", SP_AUTH },
	{ "RequestExpired", SP_AUTH },
	{ "Throttl", SP_LIMIT },
	{ "Exists", SP_EXISTS },
	{ "EntityAlreadyExists", SP_EXISTS },
};

static enum sp_code code_of(const char *type, long status)
{
	for (size_t i = 0; i < SP_COUNT_OF(kinds); i++)
		if (strstr(type, kinds[i].part) != NULL)
			return kinds[i].code;
	if (status == 501)
		return SP_UNSUPPORTED; /* it does not pass by itself */
	return status >= 500 ? SP_SYSTEM : status == 403 ? SP_AUTH : SP_CONFLICT;
}

static int refuse(long status, const char *type, const char *sentence, struct sp_error *err)
{
	if (sentence == NULL || sentence[0] == '\0')
		return sp_fail(err, code_of(type, status),
			       "the service answered %ld %.100s and no sentence", status, type);
	return sp_fail(err, code_of(type, status), "%s", sentence);
}

/* @out_retry_s: how soon it may be asked again; -1 when it does not say. */
static int refuse_json(const struct http_answer *answer, int *out_retry_s, struct sp_error *err)
{
	SP_AUTO_JSON json_t *body = NULL;
	uint64_t seconds;
	sp_json_parse(sp_buffer_text(&answer->body), answer->body.length, &body, NULL);
	const char *type = sp_json_string(body, "__type");
	const char *sentence = sp_json_string(body, "Message");
	const char *retry = sp_json_string(body, "RetryAfterSeconds");
	if (sentence == NULL)
		sentence = sp_json_string(body, "message");
	if (retry != NULL && sp_text_to_u64(retry, 0, RETRY_AFTER_MAX_S, &seconds))
		*out_retry_s = (int)seconds;
	return refuse(answer->status, type != NULL ? type : answer->error_type, sentence, err);
}

static int refuse_xml(const struct http_answer *answer, struct sp_error *err)
{
	struct xml_piece body = { sp_buffer_text(&answer->body), answer->body.length };
	SP_AUTO_FREE char *type = xml_text(body, "Code");
	SP_AUTO_FREE char *sentence = xml_text(body, "Message");
	return refuse(answer->status, type == NULL ? "" : type, sentence, err);
}

/* ---- tries ------------------------------------------------------------------------------------------------------ */

static void finish_answer(struct http_answer *answer)
{
	sp_buffer_finish(&answer->body);
}

#define AUTO_ANSWER __attribute__((cleanup(finish_answer))) struct http_answer

static void wait_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	nanosleep(&time, NULL); /* a signal cuts it short */
}

static bool passes_by_itself(const struct sp_error *reason)
{
	return reason->code == SP_SYSTEM || reason->code == SP_CLOSED;
}

/* @is_xml: what refusals are written in. */
static int carry_request(struct ask *ask, const struct http_request *once, bool is_xml,
			 struct http_answer *out, struct sp_error *err)
{
	char id[SP_UUID_SIZE];
	struct http_request request = *once;
	sp_random_uuid(id);
	request.invocation = id;
	for (int tries = 1;; tries++) {
		struct sp_error reason = { 0 };
		int retry_s = -1;
		if (http_send(ask->http, &request, out, &reason) == 0) {
			if (out->status >= 200 && out->status < 300)
				return 0;
			if (is_xml)
				refuse_xml(out, &reason);
			else
				refuse_json(out, &retry_s, &reason);
		}
		bool again = passes_by_itself(&reason) || (reason.code == SP_LIMIT && retry_s >= 0);
		if (tries == TRIES_MAX || !again) {
			if (err != NULL)
				*err = reason;
			return -1;
		}
		wait_ms(retry_s >= 0 ? retry_s * 1000L : FIRST_WAIT_MS << tries);
	}
}

static int read_json(const struct http_answer *answer, json_t **out, struct sp_error *err)
{
	if (out == NULL)
		return 0;
	if (answer->body.length == 0) {
		*out = json_object();
		return 0;
	}
	if (sp_json_parse(sp_buffer_text(&answer->body), answer->body.length, out, err) != 0)
		return sp_fail(err, SP_PROTOCOL,
			       "what answered is no sallyportd: its answer is no JSON");
	return 0;
}

/* ---- the protocols ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *signing, *prefix;
} services[] = {
	[ASK_TRANSFER] = { "transfer", "TransferService" },
	[ASK_SECRETS] = { "secretsmanager", "secretsmanager" },
};

int ask_json(struct ask *ask, enum ask_service service, const char *operation, json_t *input,
	     json_t **out, struct sp_error *err)
{
	SP_AUTO_BUFFER target = { 0 };
	SP_AUTO_BUFFER body = { .secret = true };
	char *text = sp_json_text(input);
	sp_buffer_add_text(&body, text);
	explicit_bzero(text, strlen(text));
	free(text);
	json_decref(input);
	sp_buffer_format(&target, "%s.%s", services[service].prefix, operation);
	const struct http_request request = { .method = "POST",
					      .target = "/",
					      .service = services[service].signing,
					      .content_type = "application/x-amz-json-1.1",
					      .operation = sp_buffer_text(&target),
					      .body = sp_buffer_text(&body),
					      .body_length = body.length };
	AUTO_ANSWER answer = { .body.secret = true };
	if (carry_request(ask, &request, false, &answer, err) != 0)
		return -1;
	return read_json(&answer, out, err);
}

int ask_native(struct ask *ask, const char *method, const char *target, json_t **out,
	       struct sp_error *err)
{
	const struct http_request request = { .method = method,
					      .target = target,
					      .service = "sallyport" };
	AUTO_ANSWER answer = { 0 };
	if (carry_request(ask, &request, false, &answer, err) != 0)
		return -1;
	return read_json(&answer, out, err);
}

int ask_query(struct ask *ask, const char *service, const char *action,
	      const struct ask_parameter *parameters, struct sp_buffer *out, struct sp_error *err)
{
	SP_AUTO_BUFFER form = { 0 };
	sp_buffer_format(&form, "Action=%s&Version=%s", action,
			 strcmp(service, "iam") == 0 ? "2010-05-08" : "2011-06-15");
	for (; parameters->name != NULL; parameters++) {
		sp_buffer_format(&form, "&%s=", parameters->name);
		ask_add_encoded(&form, parameters->value);
	}
	const struct http_request request = { .method = "POST",
					      .target = "/",
					      .service = service,
					      .content_type = "application/x-www-form-urlencoded",
					      .body = sp_buffer_text(&form),
					      .body_length = form.length };
	AUTO_ANSWER answer = { .body.secret = true };
	if (carry_request(ask, &request, true, &answer, err) != 0)
		return -1;
	sp_buffer_add(out, answer.body.data, answer.body.length);
	return 0;
}

int ask_s3(struct ask *ask, const char *method, const char *target, struct sp_buffer *out,
	   struct sp_error *err)
{
	const struct http_request request = { .method = method, .target = target, .service = "s3" };
	AUTO_ANSWER answer = { 0 };
	if (carry_request(ask, &request, true, &answer, err) != 0)
		return -1;
	sp_buffer_add(out, answer.body.data, answer.body.length);
	return 0;
}
