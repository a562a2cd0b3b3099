/* How a download fails: what went wrong first counts. */

#include "remote/download_inside.h"

#include "remote/replies.h"

bool download_has_failed(const struct download *download)
{
	return download->failure.code != SP_OK;
}

void download_fail(struct download *download, enum failure_step step)
{
	download->failed_step = step;
	download->state = DOWNLOAD_FAILED;
}

void download_fail_remote(struct download *download, const struct reply *reply, const char *what)
{
	if (download_has_failed(download))
		return;
	reply_fail(reply, &download->failure);
	sp_wrap(&download->failure, "could not %s \"%s\"", what, download->shown_path);
	download_fail(download, STEP_READ_REMOTE);
}

void download_fail_changed(struct download *download, const char *how)
{
	sp_fail(&download->failure, SP_CHANGED, "\"%s\" changed while it was read: %s",
		download->shown_path, how);
	download_fail(download, STEP_READ_REMOTE);
}
