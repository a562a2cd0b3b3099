#include "remote/download_inside.h"

#include <assert.h>
#include <string.h>

#include "base/scope.h"
#include "remote/replies.h"
#include "remote/words.h"

/* ---- explaining ------------------------------------------------------------------------------------------------ */

static void explained(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	download->state = DOWNLOAD_FAILED;
	if (reply->dead == NULL && reply->kind == REPLY_ATTRIBUTES)
		download_is_refused(download, &reply->attributes);
}

static void step_explain(struct download *download)
{
	if (remote_room(download->remote) == 0)
		return;
	ask_stat(download->remote, WIRE_STAT, download->path, download_asker(download, explained));
	download->state = DOWNLOAD_EXPLAINING;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static void opened(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	if (reply->dead != NULL)
		return;
	if (reply->kind == REPLY_HANDLE) {
		download->handle = reply->handle;
		download->is_open = true;
		download->state = DOWNLOAD_LOOK;
		return;
	}
	download_fail_remote(download, reply, "open");
	/* Servers that refuse to open a directory do not say that it is one. */
	if (!reply_is_status(reply, WIRE_NO_SUCH_FILE))
		download->state = DOWNLOAD_EXPLAIN;
}

static void step_open(struct download *download)
{
	if (strlen(download->path) > REMOTE_PATH_MAX) {
		sp_fail(&download->failure, SP_INVALID,
			"cannot open \"%s\": the path is longer than %d bytes",
			download->shown_path, REMOTE_PATH_MAX);
		download_fail(download, STEP_READ_REMOTE);
		return;
	}
	if (remote_room(download->remote) == 0)
		return;
	ask_open(download->remote, download->path, WIRE_OPEN_READ,
		 download_asker(download, opened));
	download->state = DOWNLOAD_OPENING;
}

/* ---- the door -------------------------------------------------------------------------------------------------- */

struct download *download_start(struct remote *remote, const struct download_plan *plan,
				const struct block_sink *sink)
{
	struct download *download = sp_alloc(sizeof(*download));
	download->remote = remote;
	download->sink = sink;
	download->path = sp_strdup(plan->path);
	download->shown_path = words_of_path(plan->path);
	download->offset = download->delivered = download->next = plan->offset;
	download->old_size = plan->size;
	download->old_mtime = plan->mtime;
	download->limit = UNKNOWN;
	download->end = UNKNOWN;
	download->flight = flight_of(plan->flight_max, remote_features(remote)->read_max,
				     remote_round_trip_us(remote));
	return download;
}

static void (*const steps[])(struct download *download) = {
	[DOWNLOAD_OPEN] = step_open,          [DOWNLOAD_EXPLAIN] = step_explain,
	[DOWNLOAD_LOOK] = download_step_look, [DOWNLOAD_READING] = download_step_read,
	[DOWNLOAD_END] = download_step_end,   [DOWNLOAD_FAILED] = NULL,
};

static void notice_death(struct download *download)
{
	const struct sp_error *dead = session_dead(download->remote);
	if (dead == NULL || download->state == DOWNLOAD_DONE || download->state == DOWNLOAD_FAILED)
		return;
	if (!download_has_failed(download)) {
		download->failure = *dead;
		download->failed_step = STEP_READ_REMOTE;
	}
	download->state = DOWNLOAD_FAILED;
}

enum job_state download_step(struct download *download, enum failure_step *out_step,
			     struct sp_error *err)
{
	notice_death(download);
	for (enum download_state before = DOWNLOAD_DONE; download->state != before;) {
		before = download->state;
		if (steps[download->state] != NULL)
			steps[download->state](download);
	}
	if (download->state == DOWNLOAD_DONE)
		return JOB_DONE;
	if (download->state != DOWNLOAD_FAILED)
		return JOB_WORKING;
	*out_step = download->failed_step;
	sp_fail(err, download->failure.code, "%s", download->failure.message);
	return JOB_FAILED;
}

uint64_t download_progress(const struct download *download)
{
	return download->delivered;
}

void download_lend_to(struct download *download, struct crew *crew)
{
	download->crew = crew;
}

bool download_recall(struct download *download)
{
	if (download->crew == NULL)
		return true;
	crew_recall(download->crew);
	bool is_over = crew_is_over(download->crew);
	download_take_all_back(download);
	return is_over;
}

void download_destroy(struct download *download)
{
	if (download == NULL)
		return;
	assert(download->lent == 0);
	session_forget(download->remote, download);
	if (download->is_open)
		ask_close(download->remote, &download->handle, (struct asker){ 0 });
	while (download->head != NULL) {
		struct block *block = download_take_head(download);
		download->sink->give_back(download->sink->ctx, block);
	}
	free(download->path);
	free(download->shown_path);
	free(download);
}
