#include "transfer/convoy.h"

#include <stdatomic.h>

#include "base/scope.h"

enum {
	CONVOYS_A_ROUND = 4, /* so many threads may work on what one round brought up */
	CONVOY_JOBS_MAX = 32,
};

struct convoy_job {
	struct convoy_job *next;
	loop_fn *work, *done;
	store_fn *write;
	convoy_written_fn *written;
	void *ctx;
	struct convoy *convoy; /* of writes */
	int result;
	struct sp_error err;
};

/* On its way. */
struct convoy {
	struct loop *loop;
	struct convoy_job *first;
	atomic_size_t away; /* writes that are not done */
};

static void append(struct convoy_queue *queue, struct convoy_job *job)
{
	if (queue->first == NULL)
		queue->first = job;
	else
		queue->last->next = job;
	queue->last = job;
	queue->count++;
}

/* The oldest @count of them, in their order. */
static struct convoy *depart(struct convoys *convoys, struct convoy_queue *queue, size_t count)
{
	struct convoy *convoy = sp_alloc(sizeof(*convoy));
	convoy->loop = convoys->loop;
	convoy->first = queue->first;
	atomic_init(&convoy->away, count);
	struct convoy_job *last = queue->first;
	for (size_t i = 1; i < count; i++)
		last = last->next;
	queue->first = last->next;
	queue->count -= count;
	last->next = NULL;
	return convoy;
}

/* On the loop again. */
static void arrive(void *ctx)
{
	struct convoy *convoy = ctx;
	struct convoy_job *job = convoy->first;
	free(convoy);
	for (struct convoy_job *next; job != NULL; job = next) {
		next = job->next;
		if (job->write != NULL)
			job->written(job->ctx, job->result, &job->err);
		else
			job->done(job->ctx);
		free(job);
	}
}

/* ---- to the pool ---- */

static void work_all(void *ctx)
{
	const struct convoy *convoy = ctx;
	for (const struct convoy_job *job = convoy->first; job != NULL; job = job->next)
		job->work(job->ctx);
}

static void send_jobs(void *ctx)
{
	struct convoys *convoys = ctx;
	struct convoy_queue *queue = &convoys->jobs;
	size_t size = (queue->count + CONVOYS_A_ROUND - 1) / CONVOYS_A_ROUND;
	if (size > CONVOY_JOBS_MAX)
		size = CONVOY_JOBS_MAX;
	while (queue->count > 0) {
		size_t count = queue->count < size ? queue->count : size;
		pool_run(convoys->pool, convoys->loop, work_all, arrive,
			 depart(convoys, queue, count));
	}
}

void convoys_run(struct convoys *convoys, loop_fn *work, loop_fn *done, void *ctx)
{
	struct convoy_job *job = sp_alloc(sizeof(*job));
	*job = (struct convoy_job){ .work = work, .done = done, .ctx = ctx };
	append(&convoys->jobs, job);
	if (convoys->jobs.count == 1)
		loop_post(convoys->loop, send_jobs, convoys);
}

/* ---- to the store's writer ---- */

static int write_one(struct db *db, void *ctx, struct sp_error *err)
{
	struct convoy_job *job = ctx;
	return job->write(db, job->ctx, err);
}

/* On the writer's thread; here when there is no room for it. */
static void note_written(void *ctx, int result, const struct sp_error *err)
{
	struct convoy_job *job = ctx;
	struct convoy *convoy = job->convoy;
	job->result = result;
	if (result != 0)
		job->err = *err;
	if (atomic_fetch_sub(&convoy->away, 1) == 1)
		loop_post(convoy->loop, arrive, convoy);
}

static void send_writes(void *ctx)
{
	struct convoys *convoys = ctx;
	struct convoy_queue *queue = &convoys->writes;
	while (queue->count > 0) {
		void *jobs[STORE_BATCH_MAX];
		size_t count = 0;
		size_t most = queue->count < STORE_BATCH_MAX ? queue->count : STORE_BATCH_MAX;
		struct convoy *convoy = depart(convoys, queue, most);
		for (struct convoy_job *job = convoy->first; job != NULL; job = job->next) {
			job->convoy = convoy;
			jobs[count++] = job;
		}
		store_submit_all(convoys->store, write_one, jobs, count, note_written);
	}
}

void convoys_commit(struct convoys *convoys, store_fn *write, convoy_written_fn *written, void *ctx)
{
	struct convoy_job *job = sp_alloc(sizeof(*job));
	*job = (struct convoy_job){ .write = write, .written = written, .ctx = ctx };
	append(&convoys->writes, job);
	if (convoys->writes.count == 1)
		loop_post(convoys->loop, send_writes, convoys);
}
