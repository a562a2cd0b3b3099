#include "run.h"

/* The jobs' sources and sinks answer at once, so a pump that has to wait, waits for the server. A source that stutters
 * is asked again without any wait. */
static void pump(struct remote *remote)
{
	struct sp_error unused;
	remote_pump(remote, -1, remote_outstanding(remote) > 0 ? -1 : 0, RUN_IDLE_MS, &unused);
}

struct outcome run_upload(struct remote *remote, struct upload *upload)
{
	struct outcome outcome = { 0 };
	while ((outcome.state = upload_step(upload, &outcome.step, &outcome.error)) == JOB_WORKING)
		pump(remote);
	return outcome;
}

struct outcome run_download(struct remote *remote, struct download *download)
{
	struct outcome outcome = { 0 };
	while ((outcome.state = download_step(download, &outcome.step, &outcome.error)) ==
	       JOB_WORKING)
		pump(remote);
	/* CLOSE is not waited for, and answered all the same. */
	struct sp_error ignored = { 0 };
	while (outcome.state == JOB_DONE && remote_outstanding(remote) > 0 &&
	       remote_check(remote, &ignored) == 0)
		pump(remote);
	return outcome;
}

struct outcome send_file(struct remote *remote, const char *part, uint64_t planned,
			 struct pattern_source *source)
{
	const struct upload_plan plan = { .part_path = part, .size = planned };
	struct upload *upload = upload_start(remote, &plan, &source->source);
	struct outcome outcome = run_upload(remote, upload);
	upload_destroy(upload);
	return outcome;
}

struct outcome fetch_file(struct remote *remote, const char *path, struct pattern_sink *sink)
{
	const struct download_plan plan = { .path = path };
	struct download *download = download_start(remote, &plan, &sink->sink);
	struct outcome outcome = run_download(remote, download);
	download_destroy(download);
	return outcome;
}
