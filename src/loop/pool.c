#include "loop/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "base/scope.h"

enum { NAME_ROOM = 16 }; /* the kernel's limit for the name of a thread, with its NUL */

struct job {
	loop_fn *work;
	loop_fn *done;     /* NULL: nobody waits for it */
	struct loop *loop; /* where done runs */
	void *ctx;
	STAILQ_ENTRY(job) link;
};

STAILQ_HEAD(jobs, job);

struct pool {
	char name[NAME_ROOM];
	size_t queue_max;
	pthread_t *threads;
	size_t thread_count;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* All guarded by the lock. One list holds both kinds of work: what is beyond queue_max came by pool_run(). */
	struct jobs queue;
	size_t queued;
	bool ending;
};

static struct job *take_job(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (STAILQ_EMPTY(&pool->queue) && !pool->ending)
		pthread_cond_wait(&pool->changed, &pool->lock);
	struct job *job = STAILQ_FIRST(&pool->queue);
	if (job != NULL) {
		STAILQ_REMOVE_HEAD(&pool->queue, link);
		pool->queued--;
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void *work_until_the_end(void *ctx)
{
	struct pool *pool = ctx;
	pthread_setname_np(pthread_self(), pool->name);
	struct job *job;
	while ((job = take_job(pool)) != NULL) {
		job->work(job->ctx);
		if (job->done != NULL)
			loop_post(job->loop, job->done, job->ctx);
		free(job);
	}
	return NULL;
}

int pool_create(const char *name, size_t threads, size_t queue_max, struct pool **out,
		struct sp_error *err)
{
	struct pool *pool = sp_alloc(sizeof(*pool));
	snprintf(pool->name, sizeof(pool->name), "%s", name);
	pool->queue_max = queue_max;
	pool->threads = sp_alloc(threads * sizeof(*pool->threads));
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	STAILQ_INIT(&pool->queue);

	/* Signals belong to the thread that waits for them: a new thread inherits that all are blocked. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int number = 0;
	while (number == 0 && pool->thread_count < threads) {
		number = pthread_create(&pool->threads[pool->thread_count], NULL,
					work_until_the_end, pool);
		if (number == 0)
			pool->thread_count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);

	if (number != 0) {
		pool_destroy(pool);
		return sp_fail(err, sp_code_from_errno(number),
			       "could not start %zu threads for %s: %s", threads, name,
			       strerror(number));
	}
	*out = pool;
	return 0;
}

void pool_destroy(struct pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);

	for (size_t i = 0; i < pool->thread_count; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool);
}

static bool add_job(struct pool *pool, struct job *job, bool bounded)
{
	pthread_mutex_lock(&pool->lock);
	bool fits = !bounded || pool->queued < pool->queue_max;
	if (fits) {
		STAILQ_INSERT_TAIL(&pool->queue, job, link);
		pool->queued++;
		pthread_cond_signal(&pool->changed);
	}
	pthread_mutex_unlock(&pool->lock);
	return fits;
}

int pool_submit(struct pool *pool, loop_fn *work, void *ctx, struct sp_error *err)
{
	struct job *job = sp_alloc(sizeof(*job));
	job->work = work;
	job->ctx = ctx;
	if (!add_job(pool, job, true)) {
		free(job);
		return sp_fail(err, SP_LIMIT, "could not queue more work for %s: %zu are waiting",
			       pool->name, pool->queue_max);
	}
	return 0;
}

void pool_add(struct pool *pool, loop_fn *work, void *ctx)
{
	struct job *job = sp_alloc(sizeof(*job));
	job->work = work;
	job->ctx = ctx;
	add_job(pool, job, false);
}

void pool_run(struct pool *pool, struct loop *loop, loop_fn *work, loop_fn *done, void *ctx)
{
	struct job *job = sp_alloc(sizeof(*job));
	job->work = work;
	job->done = done;
	job->loop = loop;
	job->ctx = ctx;
	add_job(pool, job, false);
}
