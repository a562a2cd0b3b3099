/*
 * Stretches of remote files: read back all at once, or copied by the server itself. Handles are opened here and closed in
 * the end, whatever happens.
 */

#include <string.h>

#include "base/scope.h"
#include "remote/ask.h"
#include "remote/replies.h"
#include "remote/words.h"

enum { COPY_PIECE = 32 << 20 /* bytes: a server copies so much before its silence gets long */ };

struct range {
	struct remote *remote;
	const struct remote_patience *patience;
	struct wire_handle opened; /* last */
	uint8_t *out;
	uint64_t offset;   /* of the first byte of @out */
	size_t unanswered; /* requests */
	struct sp_error failure;
};

static int wait_for_answers(struct range *range, struct sp_error *err)
{
	while (range->unanswered > 0)
		if (session_wait(range->remote, range->patience, err) != 0)
			return -1;
	if (range->failure.code != SP_OK)
		return sp_fail(err, range->failure.code, "%s", range->failure.message);
	return 0;
}

static void note_failure(struct range *range, const struct reply *reply)
{
	if (range->failure.code == SP_OK)
		reply_fail(reply, &range->failure);
}

static void open_answered(void *owner, const struct reply *reply)
{
	struct range *range = owner;
	range->unanswered--;
	if (reply->dead == NULL && reply->kind == REPLY_HANDLE)
		range->opened = reply->handle;
	else
		note_failure(range, reply);
}

static int open_file(struct range *range, const char *path, uint32_t flags, struct wire_handle *out,
		     struct sp_error *err)
{
	if (session_wait_for_room(range->remote, 1, range->patience, err) != 0)
		return -1;
	range->unanswered++;
	ask_open(range->remote, path, flags, (struct asker){ open_answered, range });
	if (wait_for_answers(range, err) != 0)
		return -1;
	*out = range->opened;
	return 0;
}

static void close_file(struct range *range, const struct wire_handle *handle)
{
	session_forget(range->remote, range);
	ask_close(range->remote, handle, (struct asker){ 0 });
}

/* ---- read back --------------------------------------------------------------------------------------------------- */

static void ask(struct range *range, uint64_t offset, uint32_t length);

static void read_answered(void *owner, const struct reply *reply)
{
	struct range *range = owner;
	range->unanswered--;
	if (reply->dead != NULL || reply->kind != REPLY_DATA)
		note_failure(range, reply);
	else if (reply->data_length < reply->length)
		ask(range, reply->offset + reply->data_length, reply->length - reply->data_length);
}

static void ask(struct range *range, uint64_t offset, uint32_t length)
{
	struct piece piece = { offset, length, NULL };
	range->unanswered++;
	ask_read(range->remote, &range->opened, &piece, range->out + (offset - range->offset),
		 (struct asker){ read_answered, range });
}

static int read_all(struct range *range, size_t length, struct sp_error *err)
{
	uint32_t most = remote_features(range->remote)->read_max;
	for (size_t asked = 0; asked < length;) {
		size_t piece = length - asked < most ? length - asked : most;
		if (session_wait_for_room(range->remote, 1, range->patience, err) != 0)
			return -1;
		ask(range, range->offset + asked, (uint32_t)piece);
		asked += piece;
	}
	return wait_for_answers(range, err);
}

int remote_read(struct remote *remote, const char *path, uint64_t offset, uint8_t *out,
		size_t length, const struct remote_patience *patience, struct sp_error *err)
{
	struct range range = {
		.remote = remote, .patience = patience, .out = out, .offset = offset
	};
	struct wire_handle handle;
	int result = open_file(&range, path, WIRE_OPEN_READ, &handle, err);
	if (result == 0) {
		result = read_all(&range, length, err);
		close_file(&range, &handle);
	}
	session_forget(remote, &range);
	if (result == 0)
		return 0;
	SP_AUTO_FREE char *shown = words_of_path(path);
	return sp_wrap(err, "could not read \"%s\" back", shown);
}

/* ---- copied ------------------------------------------------------------------------------------------------------ */

static void copy_answered(void *owner, const struct reply *reply)
{
	struct range *range = owner;
	range->unanswered--;
	if (!reply_is_status(reply, WIRE_OK))
		note_failure(range, reply);
}

static int copy_all(struct range *range, const struct wire_handle *from,
		    const struct wire_handle *to, uint64_t length, struct sp_error *err)
{
	for (uint64_t done = 0; done < length;) {
		uint64_t piece = length - done < COPY_PIECE ? length - done : COPY_PIECE;
		if (session_wait_for_room(range->remote, 1, range->patience, err) != 0)
			return -1;
		range->unanswered++;
		ask_copy(range->remote, from, to, done, piece,
			 (struct asker){ copy_answered, range });
		if (wait_for_answers(range, err) != 0)
			return -1;
		done += piece;
	}
	return 0;
}

static int copy_into(struct range *range, const struct wire_handle *from, const char *to,
		     uint64_t length, struct sp_error *err)
{
	struct wire_handle made;
	if (open_file(range, to, WIRE_OPEN_NEW, &made, err) != 0)
		return -1;
	int result = copy_all(range, from, &made, length, err);
	close_file(range, &made);
	return result;
}

int remote_copy(struct remote *remote, const char *from, const char *to, uint64_t length,
		const struct remote_patience *patience, struct sp_error *err)
{
	struct range range = { .remote = remote, .patience = patience };
	struct wire_handle source;
	int result = open_file(&range, from, WIRE_OPEN_READ, &source, err);
	if (result == 0) {
		result = copy_into(&range, &source, to, length, err);
		close_file(&range, &source);
	}
	session_forget(remote, &range);
	if (result == 0)
		return 0;
	SP_AUTO_FREE char *shown = words_of_path(from);
	return sp_wrap(err, "could not copy \"%s\" at the server", shown);
}
