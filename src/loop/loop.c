#include "loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/scope.h"
#include "loop/timers.h"

enum {
	EVENTS_A_ROUND = 64,
	PIDFD_RETRY_MS = 100, /* while no descriptor is free for a child */
};

struct loop_watch {
	struct loop *loop;
	int fd; /* borrowed */
	uint32_t events;
	loop_fd_fn *fn; /* NULL: removed */
	void *ctx;
	LIST_ENTRY(loop_watch) link;
};
LIST_HEAD(watches, loop_watch);

struct post {
	loop_fn *fn;
	void *ctx;
	STAILQ_ENTRY(post) link;
};
STAILQ_HEAD(posts, post);

struct child {
	struct loop *loop;
	pid_t pid;
	int pidfd; /* owned; -1 while none is free */
	struct loop_watch *watch;
	loop_child_fn *fn;
	void *ctx;
	LIST_ENTRY(child) link;
};
LIST_HEAD(children, child);

struct loop {
	int epoll_fd;
	int wake_fd; /* an eventfd: other threads have posted something or want us to stop */
	atomic_bool stopping;
	struct timers timers;
	struct children children;
	struct watches watches;

	/* Removed, but perhaps still named by an event of this round: freed when the round is over. */
	struct watches removed;

	pthread_mutex_t posts_lock;
	struct posts posts; /* guarded by posts_lock */
};

int loop_create(struct loop **out, struct sp_error *err)
{
	SP_AUTO_FD epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd == -1)
		return sp_fail_errno(err, "could not create an epoll descriptor");
	SP_AUTO_FD wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd == -1)
		return sp_fail_errno(err, "could not create an event descriptor");
	struct epoll_event wake = { .events = EPOLLIN, .data.ptr = NULL };
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &wake) == -1)
		return sp_fail_errno(err, "could not watch an event descriptor");

	struct loop *loop = sp_alloc(sizeof(*loop));
	loop->epoll_fd = sp_take_fd(&epoll_fd);
	loop->wake_fd = sp_take_fd(&wake_fd);
	pthread_mutex_init(&loop->posts_lock, NULL);
	STAILQ_INIT(&loop->posts);
	*out = loop;
	return 0;
}

/* Descriptors */

static void control(struct loop_watch *watch, int operation)
{
	struct epoll_event event = { .events = watch->events, .data.ptr = watch };
	/* A descriptor that was closed too early or is watched twice is our own mistake, and going on would deliver
	 * events to whoever gets its number next. */
	if (epoll_ctl(watch->loop->epoll_fd, operation, watch->fd, &event) == -1)
		sp_die("could not watch descriptor %d: %s", watch->fd, strerror(errno));
}

struct loop_watch *loop_watch_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn *fn,
				 void *ctx)
{
	struct loop_watch *watch = sp_alloc(sizeof(*watch));
	watch->loop = loop;
	watch->fd = fd;
	watch->events = events;
	watch->fn = fn;
	watch->ctx = ctx;
	control(watch, EPOLL_CTL_ADD);
	LIST_INSERT_HEAD(&loop->watches, watch, link);
	return watch;
}

void loop_watch_change(struct loop_watch *watch, uint32_t events)
{
	if (watch->events == events)
		return;
	watch->events = events;
	control(watch, EPOLL_CTL_MOD);
}

void loop_watch_remove(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	control(watch, EPOLL_CTL_DEL);
	watch->fn = NULL;
	LIST_REMOVE(watch, link);
	LIST_INSERT_HEAD(&watch->loop->removed, watch, link);
}

static void free_watches(struct watches *watches)
{
	struct loop_watch *next;
	for (struct loop_watch *watch = LIST_FIRST(watches); watch != NULL; watch = next) {
		next = LIST_NEXT(watch, link);
		free(watch);
	}
	LIST_INIT(watches);
}

static void deliver(const struct epoll_event *event)
{
	const struct loop_watch *watch = event->data.ptr;
	if (watch->fn == NULL)
		return; /* removed by a callback earlier in this round */

	/* Also not what an earlier callback stopped to ask for. */
	uint32_t events = event->events & (watch->events | EPOLLHUP | EPOLLERR);
	if (events != 0)
		watch->fn(watch->ctx, events);
}

/* Timers */

struct loop_timer *loop_add_timer(struct loop *loop, int64_t delay_ms, loop_fn *fn, void *ctx)
{
	int64_t deadline_ms;
	if (__builtin_add_overflow(sp_monotonic_ms(), delay_ms < 0 ? 0 : delay_ms, &deadline_ms))
		deadline_ms = INT64_MAX;
	return timers_add(&loop->timers, deadline_ms, fn, ctx);
}

/* Children */

static void forget_child(struct child *child)
{
	LIST_REMOVE(child, link);
	loop_watch_remove(child->watch);
	sp_close_fd(&child->pidfd);
	free(child);
}

static void child_ended(void *ctx, uint32_t events)
{
	(void)events;
	struct child *child = ctx;
	int wait_status = 0;
	pid_t reaped = waitpid(child->pid, &wait_status, WNOHANG);
	if (reaped == 0)
		return;
	if (reaped == -1)
		sp_die("could not wait for process %d: %s", child->pid, strerror(errno));

	loop_child_fn *fn = child->fn;
	void *fn_ctx = child->ctx;
	forget_child(child);
	fn(fn_ctx, reaped, wait_status);
}

static void open_child(void *ctx)
{
	struct child *child = ctx;
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0); /* always close-on-exec */
	if (child->pidfd != -1) {
		child->watch =
			loop_watch_fd(child->loop, child->pidfd, EPOLLIN, child_ended, child);
		return;
	}
	if (errno != EMFILE && errno != ENFILE && errno != ENOMEM)
		sp_die("could not watch process %d: %s", child->pid, strerror(errno));
	loop_add_timer(child->loop, PIDFD_RETRY_MS, open_child, child);
}

void loop_watch_child(struct loop *loop, pid_t pid, loop_child_fn *fn, void *ctx)
{
	struct child *child = sp_alloc(sizeof(*child));
	child->loop = loop;
	child->pid = pid;
	child->fn = fn;
	child->ctx = ctx;
	LIST_INSERT_HEAD(&loop->children, child, link);
	open_child(child);
}

/* Posts */

static void wake(struct loop *loop)
{
	uint64_t one = 1;
	/* It can only fail when the counter is full, and then the loop wakes up anyway. */
	ssize_t written = write(loop->wake_fd, &one, sizeof(one));
	(void)written;
}

void loop_post(struct loop *loop, loop_fn *fn, void *ctx)
{
	struct post *post = sp_alloc(sizeof(*post));
	post->fn = fn;
	post->ctx = ctx;

	/* Woken inside the lock: as soon as the post can run, its callback may lead to loop_destroy(). */
	pthread_mutex_lock(&loop->posts_lock);
	bool first = STAILQ_EMPTY(&loop->posts);
	STAILQ_INSERT_TAIL(&loop->posts, post, link);
	if (first)
		wake(loop);
	pthread_mutex_unlock(&loop->posts_lock);
}

/* False when there were none. What they post in turn waits for the next call. */
static bool run_posts(struct loop *loop)
{
	struct posts batch = STAILQ_HEAD_INITIALIZER(batch);
	pthread_mutex_lock(&loop->posts_lock);
	STAILQ_CONCAT(&batch, &loop->posts);
	pthread_mutex_unlock(&loop->posts_lock);

	bool any = !STAILQ_EMPTY(&batch);
	struct post *post;
	while ((post = STAILQ_FIRST(&batch)) != NULL) {
		STAILQ_REMOVE_HEAD(&batch, link);
		post->fn(post->ctx);
		free(post);
	}
	return any;
}

/* Rounds */

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->stopping, true);
	wake(loop);
}

static void run_round(struct loop *loop)
{
	struct epoll_event events[EVENTS_A_ROUND];
	int timeout_ms = timers_wait_ms(&loop->timers, sp_monotonic_ms());
	int count = epoll_wait(loop->epoll_fd, events, EVENTS_A_ROUND, timeout_ms);
	if (count == -1 && errno != EINTR)
		sp_die("could not wait for events: %s", strerror(errno));

	bool woken = false;
	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr == NULL)
			woken = true;
		else
			deliver(&events[i]);
	}
	timers_fire(&loop->timers, sp_monotonic_ms());
	if (woken) {
		/* Emptied before the posts are taken: one that comes in between wakes us again. */
		uint64_t posts;
		ssize_t length = read(loop->wake_fd, &posts, sizeof(posts));
		(void)length;
		run_posts(loop);
	}
	free_watches(&loop->removed);
}

void loop_run(struct loop *loop)
{
	/* Asked for before we came here counts as well; afterwards the loop may run again. */
	do
		run_round(loop);
	while (!atomic_exchange(&loop->stopping, false));
}

void loop_destroy(struct loop *loop)
{
	if (loop == NULL)
		return;
	while (run_posts(loop))
		;
	struct child *next;
	for (struct child *child = LIST_FIRST(&loop->children); child != NULL; child = next) {
		next = LIST_NEXT(child, link);
		forget_child(child);
	}
	free_watches(&loop->watches);
	free_watches(&loop->removed);
	timers_finish(&loop->timers);
	pthread_mutex_destroy(&loop->posts_lock);
	close(loop->wake_fd);
	close(loop->epoll_fd);
	free(loop);
}
