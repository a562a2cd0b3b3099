#include "transfer/ground.h"

#include <sys/resource.h>

#include "base/clock.h"
#include "base/scope.h"

/* Half of all are for files; sockets, the store and the API have the rest. */
enum { DESCRIPTORS_PART = 2 };

struct job {
	struct ground *ground;
	loop_fn *work, *done;
	store_fn *write;
	ground_written_fn *written;
	void *ctx;
};

void ground_init(struct ground *ground, const struct transfer_rooms *rooms,
		 const struct transfer_options *options)
{
	*ground = (struct ground){ .rooms = *rooms, .options = *options };
	ground->places.max = (size_t)options->workers_max;
	wait_clock_start(&ground->wait_clock, sp_now_ms(), sp_monotonic_ms());
	ground->convoys = (struct convoys){ .loop = rooms->loop,
					    .pool = rooms->files,
					    .store = rooms->store };
	storage_calls_init(&ground->storage_calls, rooms->storage, rooms->loop,
			   objects_storages(rooms->objects));
	ground->board = progress_board_create();
	ground->options.worker_path = sp_strdup(options->worker_path);
	ground->options.run_directory = sp_strdup(options->run_directory);
	ground->options.region = sp_strdup(options->region);
	ground->options.account = sp_strdup(options->account);
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		ground->descriptors = (size_t)limit.rlim_cur / DESCRIPTORS_PART;
}

void ground_finish(struct ground *ground)
{
	progress_board_destroy(ground->board);
	storage_calls_finish(&ground->storage_calls);
	free((char *)(uintptr_t)ground->options.worker_path);
	free((char *)(uintptr_t)ground->options.run_directory);
	free((char *)(uintptr_t)ground->options.region);
	free((char *)(uintptr_t)ground->options.account);
}

size_t ground_descriptor_share(const struct ground *ground)
{
	if (ground->runs >= ground->descriptors)
		return 0;
	size_t workers = ground->places.taken;
	return workers == 0 ? ground->descriptors : ground->descriptors / workers;
}

struct logging ground_logging(const struct ground *ground)
{
	return (struct logging){ ground->rooms.identities, ground->options.region,
				 ground->options.account };
}

int64_t ground_early_ms(const struct ground *ground)
{
	return wait_clock_early(&ground->wait_clock, sp_now_ms(), sp_monotonic_ms());
}

int64_t ground_late_ms(const struct ground *ground)
{
	return wait_clock_late(&ground->wait_clock, sp_now_ms(), sp_monotonic_ms());
}

void ground_went_out(struct ground *ground)
{
	ground->under_way++;
}

void ground_came_back(struct ground *ground)
{
	ground->under_way--;
	if (ground->stopping && ground->under_way == 0)
		ground->stopped(ground->stopped_ctx);
}

static void job_work(void *ctx)
{
	struct job *job = ctx;
	job->work(job->ctx);
}

/* Counted until the very end: nothing of the engine may be touched afterwards. */
static void end(struct job *job)
{
	struct ground *ground = job->ground;
	free(job);
	ground_came_back(ground);
}

static void job_done(void *ctx)
{
	struct job *job = ctx;
	job->done(job->ctx);
	end(job);
}

static struct job *begin(struct ground *ground, const struct job *what)
{
	struct job *job = sp_alloc(sizeof(*job));
	*job = *what;
	job->ground = ground;
	ground_went_out(ground);
	return job;
}

static struct job *begin_work(struct ground *ground, loop_fn *work, loop_fn *done, void *ctx)
{
	return begin(ground, &(struct job){ .work = work, .done = done, .ctx = ctx });
}

void ground_run(struct ground *ground, loop_fn *work, loop_fn *done, void *ctx)
{
	convoys_run(&ground->convoys, job_work, job_done, begin_work(ground, work, done, ctx));
}

void ground_run_long(struct ground *ground, loop_fn *work, loop_fn *done, void *ctx)
{
	pool_run(ground->rooms.files, ground->rooms.loop, job_work, job_done,
		 begin_work(ground, work, done, ctx));
}

void ground_run_storage(struct ground *ground, size_t storage, loop_fn *work, loop_fn *done,
			void *ctx)
{
	storage_calls_run(&ground->storage_calls, storage, job_work, job_done,
			  begin_work(ground, work, done, ctx));
}

void ground_read(struct ground *ground, loop_fn *work, loop_fn *done, void *ctx)
{
	pool_run(ground->rooms.reads, ground->rooms.loop, job_work, job_done,
		 begin_work(ground, work, done, ctx));
}

static int job_write(struct db *db, void *ctx, struct sp_error *err)
{
	struct job *job = ctx;
	return job->write(db, job->ctx, err);
}

static void job_written(void *ctx, int result, const struct sp_error *err)
{
	struct job *job = ctx;
	job->written(job->ctx, result, err);
	end(job);
}

void ground_commit(struct ground *ground, store_fn *write, ground_written_fn *written, void *ctx)
{
	convoys_commit(
		&ground->convoys, job_write, job_written,
		begin(ground, &(struct job){ .write = write, .written = written, .ctx = ctx }));
}
