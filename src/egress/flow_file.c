#include "egress/flow_file.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "base/line_file.h"
#include "base/log.h"
#include "base/scope.h"
#include "loop/pool.h"

struct flow_file {
	struct pool *pool; /* one thread */

	pthread_mutex_t lock;
	struct sp_buffer waiting; /* guarded by the lock, as is */
	uint64_t lost;            /* lines that there was no room for */

	/* The writer's: */
	struct sp_line_file *lines;
	bool failing; /* that was said, and is not said again before it works */
};

static void note_outcome(struct flow_file *file, const struct sp_error *err, uint64_t lost)
{
	const char *path = sp_line_file_path(file->lines);
	if (err->code != SP_OK && !file->failing)
		sp_log(SP_LOG_ERROR, "%s; its lines wait for the next try", err->message);
	else if (err->code == SP_OK && file->failing)
		sp_log(SP_LOG_INFO, "the flow log \"%s\" can be written again", path);
	if (err->code == SP_OK && lost > 0)
		sp_log(SP_LOG_WARNING, "the flow log \"%s\" lacks %llu lines", path,
		       (unsigned long long)lost);
	file->failing = err->code != SP_OK;
}

/* What is not written goes back in front of what came meanwhile. */
static void give_back(struct flow_file *file, struct sp_buffer *lines, size_t done)
{
	struct sp_buffer rest = { 0 };
	pthread_mutex_lock(&file->lock);
	sp_buffer_add(&rest, lines->data + done, lines->length - done);
	sp_buffer_add(&rest, sp_buffer_text(&file->waiting), file->waiting.length);
	sp_buffer_finish(&file->waiting);
	file->waiting = rest;
	pthread_mutex_unlock(&file->lock);
}

static void write_waiting(void *ctx)
{
	struct flow_file *file = ctx;
	struct sp_error err = { 0 };
	pthread_mutex_lock(&file->lock);
	SP_AUTO_BUFFER lines = file->waiting;
	file->waiting = (struct sp_buffer){ 0 };
	uint64_t lost = file->lost;
	pthread_mutex_unlock(&file->lock);
	if (lines.length == 0)
		return;

	size_t done = sp_line_file_write(file->lines, lines.data, lines.length, &err);
	note_outcome(file, &err, lost);
	if (done < lines.length) {
		give_back(file, &lines, done);
		return;
	}
	pthread_mutex_lock(&file->lock);
	file->lost -= lost;
	pthread_mutex_unlock(&file->lock);
}

void flow_file_add(struct flow_file *file, const char *lines, size_t length)
{
	if (file == NULL || length == 0)
		return;
	pthread_mutex_lock(&file->lock);
	if (file->waiting.length + length <= FLOW_FILE_WAITING_MAX)
		sp_buffer_add(&file->waiting, lines, length);
	else
		for (const char *at = lines;
		     (at = memchr(at, '\n', length - (size_t)(at - lines))) != NULL; at++)
			file->lost++;
	pthread_mutex_unlock(&file->lock);
	/* A full queue: somebody is on the way to it already. */
	pool_submit(file->pool, write_waiting, file, NULL);
}

int flow_file_open(const char *path, int64_t size_max, int64_t kept, struct flow_file **out,
		   struct sp_error *err)
{
	const struct sp_line_file_options options = {
		.what = "flow log", .path = path, .size_max = size_max, .kept = kept
	};
	struct flow_file *file = sp_alloc(sizeof(*file));
	pthread_mutex_init(&file->lock, NULL);
	if (sp_line_file_open(&options, &file->lines, err) != 0 ||
	    pool_create("flow log", 1, 1, &file->pool, err) != 0) {
		flow_file_close(file);
		return -1;
	}
	*out = file;
	return 0;
}

void flow_file_close(struct flow_file *file)
{
	if (file == NULL)
		return;
	pool_destroy(file->pool);
	write_waiting(file);
	sp_line_file_close(file->lines);
	sp_buffer_finish(&file->waiting);
	pthread_mutex_destroy(&file->lock);
	free(file);
}
