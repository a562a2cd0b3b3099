/* GetObject and HeadObject: the file itself goes to the connection, or a part of it. And its tags. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "objects/folder_notes.h"
#include "objects/folder_removal.h"
#include "service/s3/conditions.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"
#include "service/s3/told.h"

enum { RANGE_TEXT_SIZE = 80, MS_NS = 1000 * 1000 };

struct found {
	int fd;
	struct object_identity identity;
	struct object_notes notes;
	int64_t time_ms;
};

/* The console is on the same address and port. What somebody stored is a stranger to it: a page among the objects, opened
 * by a signed URL, must not act as the console nor look into what that keeps. */
static void add_headers_for_browsers(struct api_call *call)
{
	api_add_header(call, "Content-Security-Policy", "sandbox");
	api_add_header(call, "X-Content-Type-Options", "nosniff");
}

static void add_headers(struct api_call *call, const struct found *found)
{
	char time[SP_ISO_TIME_SIZE];
	add_headers_for_browsers(call);
	sp_time_to_http(found->time_ms, time);
	door_add_etag_header(call, found->notes.etag);
	api_add_header(call, "Last-Modified", time);
	api_add_header(call, "Accept-Ranges", "bytes");
}

static void refuse_range(struct api_call *call, const struct found *found)
{
	char range[RANGE_TEXT_SIZE];
	snprintf(range, sizeof(range), "bytes */%" PRIu64, found->identity.size);
	api_add_header(call, "Content-Range", range);
	api_fail(call, "InvalidRange", "The requested range is not satisfiable");
}

static void send_file(struct api_call *call, struct found *found)
{
	const struct object_identity *identity = &found->identity;
	uint64_t offset, length;
	char text[RANGE_TEXT_SIZE];
	const char *asked = conditions_let_range(call, found->notes.etag, found->time_ms)
				    ? api_header(call, "range")
				    : NULL;
	enum range_kind kind = range_read(asked, identity->size, &offset, &length);
	if (kind == RANGE_OUTSIDE) {
		refuse_range(call, found);
		return;
	}
	/* What the client's next step hangs on is in front: of the metadata an answer has room for so much. */
	add_headers(call, found);
	const char *mode = api_header(call, "x-amz-checksum-mode");
	if (kind == RANGE_WHOLE && mode != NULL && strcmp(mode, "ENABLED") == 0)
		told_add_checksum_header(call, &found->notes);
	if (kind == RANGE_PART) {
		snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, offset,
			 offset + length - 1, identity->size);
		api_add_header(call, "Content-Range", text);
	}
	told_add_headers(call, &found->notes, true);
	api_reply_file(call, kind == RANGE_PART ? 206 : 200, sp_take_fd(&found->fd), offset,
		       length);
}

static void answer_found(struct api_call *call, struct found *found)
{
	switch (conditions_check(call, "", found->notes.etag, found->time_ms)) {
	case CONDITION_HOLDS:
		send_file(call, found);
		break;
	case CONDITION_FAILED:
		api_fail(call, S3_PRECONDITION,
			 "At least one of the pre-conditions you specified did not hold");
		break;
	case CONDITION_NOT_MODIFIED:
		add_headers(call, found);
		api_reply_empty(call, 304);
		break;
	}
}

/* A folder has no bytes, and consoles ask whether it is there. */
static void answer_folder(struct api_call *call)
{
	struct sp_error err = { 0 };
	if (!objects_has_folder(door_context(call)->objects, door_bucket(call), door_key(call))) {
		sp_fail(&err, SP_NOT_FOUND, "there is no folder \"%.200s\"", door_key(call));
		door_error(call, &err);
		return;
	}
	api_add_header(call, "Content-Type", "application/x-directory");
	api_reply_empty(call, 200);
}

/* False when there is none, and the call is answered. */
static bool finds(struct api_call *call, struct found *out)
{
	struct sp_error err = { 0 };
	if (door_open_object(call, door_bucket(call), door_key(call), &out->fd, &out->identity,
			     &err) == 0)
		return true;
	/* What no object can be called, or is a folder, is not there. */
	if (err.code == SP_INVALID || err.code == SP_UNSUPPORTED)
		err.code = SP_NOT_FOUND;
	door_error(call, &err);
	return false;
}

static void get(void *ctx)
{
	struct api_call *call = ctx;
	struct found found = { .fd = -1 };
	if (sp_text_ends_with(door_key(call), "/")) {
		answer_folder(call);
		return;
	}
	if (!finds(call, &found))
		return;
	found.time_ms = found.identity.mtime_ns / MS_NS;
	object_notes_read(found.fd, &found.notes);
	answer_found(call, &found);
	object_notes_finish(&found.notes);
	sp_close_fd(&found.fd);
}

void door_get_object(struct api_call *call)
{
	door_run(call, get);
}

/* None are kept. `aws s3 cp` asks before it copies what is large. */
static void tell_tags(void *ctx)
{
	struct api_call *call = ctx;
	struct found found = { .fd = -1 };
	if (!finds(call, &found))
		return;
	sp_close_fd(&found.fd);
	SP_AUTO_BUFFER xml = { 0 };
	sp_buffer_add_text(&xml, S3_XML "<Tagging" S3_XMLNS "><TagSet/></Tagging>");
	door_reply_xml(call, &xml);
}

void door_get_object_tagging(struct api_call *call)
{
	door_run(call, tell_tags);
}
