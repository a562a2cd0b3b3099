#include "service/s3/late_answer.h"

#include <stdio.h>
#include <string.h>

#include "api/xml.h"
#include "base/clock.h"
#include "service/s3/request.h"

enum { SIGN_OF_LIFE_MS = 3000, STREAM_ROOM = 64 << 10 };

static void begin(struct late_answer *answer)
{
	struct api_call *call = answer->call;
	snprintf(answer->id, sizeof(answer->id), "%s", api_request_id(call));
	answer->call = NULL;
	answer->stream = api_stream_open(call, "application/xml", STREAM_ROOM);
	api_stream_write(answer->stream, S3_XML, strlen(S3_XML));
	answer->told_ms = sp_monotonic_ms();
}

void late_answer_run(struct late_answer *answer, struct service_context *context, loop_fn *fn,
		     loop_fn *drop, void *ctx)
{
	struct sp_error err = { 0 };
	begin(answer);
	if (pool_submit(context->copies, fn, ctx, &err) == 0)
		return;
	late_answer_fail(answer, "SlowDown", &err);
	drop(ctx);
}

void late_answer_tell(void *ctx)
{
	struct late_answer *answer = ctx;
	int64_t now_ms = sp_monotonic_ms();
	if (answer->stream == NULL || now_ms - answer->told_ms < SIGN_OF_LIFE_MS)
		return;
	answer->told_ms = now_ms;
	api_stream_write(answer->stream, " ", 1);
}

static void end_stream(struct late_answer *answer, struct sp_buffer *xml)
{
	api_stream_write(answer->stream, xml->data, xml->length);
	api_stream_close(answer->stream);
	answer->stream = NULL;
	sp_buffer_finish(xml);
}

void late_answer_succeed(struct late_answer *answer, struct sp_buffer *xml)
{
	if (answer->stream != NULL) {
		end_stream(answer, xml);
		return;
	}
	struct sp_buffer whole = { 0 };
	sp_buffer_add_text(&whole, S3_XML);
	sp_buffer_add(&whole, xml->data, xml->length);
	sp_buffer_finish(xml);
	door_reply_xml(answer->call, &whole);
}

void late_answer_fail(struct late_answer *answer, const char *code, const struct sp_error *err)
{
	if (answer->stream == NULL) {
		door_fail(answer->call, code, err);
		return;
	}
	struct sp_buffer xml = { 0 };
	sp_buffer_add_text(&xml, "<Error>");
	xml_add_element(&xml, "Code", code != NULL ? code : door_error_code(err));
	xml_add_element(&xml, "Message", err->message);
	xml_add_element(&xml, "RequestId", answer->id);
	sp_buffer_add_text(&xml, "</Error>");
	end_stream(answer, &xml);
}
