/* The file thread: one feed after the other, and storage in between. */

#include "worker/feeder_inside.h"

#include <string.h>
#include <sys/eventfd.h>

#include "base/scope.h"

/* ---- storage --------------------------------------------------------------------------------------------------- */

static void hear(struct feeder *feeder, struct letter *letter)
{
	struct worker_message *message = &letter->message;
	struct sp_error why = { 0 };
	if (message->text != NULL)
		sp_fail(&why, (enum sp_code)message->code, "%s", message->text);
	switch (message->kind) {
	case WORKER_URLS:
		depot_take_urls(feeder->depot, message->file_id, message->attempt, message->part,
				message->url, &why);
		break;
	case WORKER_STORAGE_CA:
		depot_take_ca(feeder->depot, message->url, sp_take_fd(&letter->fd));
		break;
	case WORKER_STORAGE_SOCKET:
		depot_take_socket(feeder->depot, message->request, sp_take_fd(&letter->fd));
		break;
	case WORKER_NO_STORAGE:
		depot_refuse_socket(feeder->depot, message->request, &why);
		break;
	default:
		break;
	}
	letter_destroy(letter);
}

void feeder_post(struct feeder *feeder, struct letter *letter)
{
	pthread_mutex_lock(&feeder->lock);
	letters_append(&feeder->letters, letter);
	feeder_wake(feeder);
	pthread_mutex_unlock(&feeder->lock);
}

static void hear_letters(struct feeder *feeder)
{
	for (struct letter *letter; (letter = letters_shift(&feeder->letters)) != NULL;) {
		pthread_mutex_unlock(&feeder->lock);
		hear(feeder, letter);
		pthread_mutex_lock(&feeder->lock);
	}
}

/* Moves what storage has for us, and waits for it when there is nothing else to do. */
static void turn_depot(struct feeder *feeder, bool may_wait)
{
	feeder->polls = may_wait;
	pthread_mutex_unlock(&feeder->lock);
	depot_turn(feeder->depot, feeder->wake_fd, may_wait ? -1 : 0);
	pthread_mutex_lock(&feeder->lock);
	if (feeder->polls)
		eventfd_read(feeder->wake_fd, &(eventfd_t){ 0 });
	feeder->polls = false;
}

static void ask_desk(struct feeder *feeder, const struct worker_message *message)
{
	struct worker_message copy;
	worker_message_copy(message, &copy);
	inbox_post(feeder->desk, letter_create(LETTER_STORAGE, &copy, -1));
}

static void need_socket(void *ctx, uint32_t request, const char *origin)
{
	ask_desk(ctx, &(struct worker_message){ .kind = WORKER_NEED_STORAGE,
						.request = request,
						.url = (char *)(uintptr_t)origin });
}

static void need_urls(void *ctx, const char *file_id, uint32_t attempt, uint32_t part)
{
	ask_desk(ctx, &(struct worker_message){ .kind = WORKER_NEED_URLS,
						.file_id = (char *)(uintptr_t)file_id,
						.attempt = attempt,
						.part = part });
}

/* ---- the thread ------------------------------------------------------------------------------------------------ */

static void *run(void *ctx)
{
	struct feeder *feeder = ctx;
	pthread_mutex_lock(&feeder->lock);
	for (;;) {
		hear_letters(feeder);
		struct feed *feed = feeder_next(feeder);
		if (feed != NULL)
			feeder_serve(feed);
		bool idle = feeder->ready.first == NULL && feeder->letters.first == NULL;
		if (idle)
			feeder_sound_all(feeder);
		if (depot_is_busy(feeder->depot))
			turn_depot(feeder, idle);
		else if (feed == NULL && idle)
			pthread_cond_wait(&feeder->work, &feeder->lock);
	}
	return NULL;
}

int feeder_start(size_t groups_max, struct inbox *desk, struct feeder **out, struct sp_error *err)
{
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd == -1)
		return sp_fail_errno(err, "could not create an eventfd");
	struct feeder *feeder = sp_alloc(sizeof(*feeder));
	const struct depot_door door = { .ctx = feeder,
					 .need_socket = need_socket,
					 .need_urls = need_urls,
					 .stall_ms = DEPOT_STALL_MS };
	depot_create(&door, &feeder->depot);
	feeder->desk = desk;
	feeder->wake_fd = wake_fd;
	block_pool_init(&feeder->pool, groups_max);
	pthread_mutex_init(&feeder->lock, NULL);
	pthread_cond_init(&feeder->work, NULL);
	pthread_t thread;
	int failed = pthread_create(&thread, NULL, run, feeder);
	if (failed != 0) {
		depot_destroy(feeder->depot);
		close(wake_fd);
		free(feeder);
		return sp_fail(err, SP_SYSTEM, "could not start the file thread: %s",
			       strerror(failed));
	}
	pthread_detach(thread);
	*out = feeder;
	return 0;
}
