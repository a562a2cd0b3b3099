#include "transfer/storage_calls.h"

#include "base/scope.h"

struct storage_call {
	struct storage_calls *calls;
	struct storage_line *line;
	struct storage_call *next;
	loop_fn *work, *done;
	void *ctx;
};

size_t storage_calls_threads(size_t storages, size_t *out_share)
{
	size_t share = storages == 0 ? 1 : STORAGE_THREADS_MAX / storages;
	if (share == 0)
		share = 1;
	*out_share = share < STORAGE_CALLS_MAX ? share : STORAGE_CALLS_MAX;
	size_t threads = storages * *out_share;
	return threads < STORAGE_THREADS_MAX ? threads : STORAGE_THREADS_MAX;
}

void storage_calls_init(struct storage_calls *calls, struct pool *pool, struct loop *loop,
			size_t storages)
{
	*calls = (struct storage_calls){ .pool = pool, .loop = loop };
	storage_calls_threads(storages, &calls->share);
	calls->lines = sp_alloc((storages + 1) * sizeof(*calls->lines));
	for (size_t i = 0; i < storages; i++)
		calls->lines[i].last = &calls->lines[i].first;
}

void storage_calls_finish(struct storage_calls *calls)
{
	free(sp_take_pointer(&calls->lines));
}

static void work(void *ctx)
{
	struct storage_call *call = ctx;
	call->work(call->ctx);
}

static void go_on(struct storage_calls *calls, struct storage_line *line);

static void done(void *ctx)
{
	struct storage_call *call = ctx;
	call->line->under_way--;
	go_on(call->calls, call->line);
	call->done(call->ctx);
	free(call);
}

static void go_on(struct storage_calls *calls, struct storage_line *line)
{
	while (line->first != NULL && line->under_way < calls->share) {
		struct storage_call *call = line->first;
		line->first = call->next;
		if (line->first == NULL)
			line->last = &line->first;
		line->under_way++;
		pool_run(calls->pool, calls->loop, work, done, call);
	}
}

void storage_calls_run(struct storage_calls *calls, size_t storage, loop_fn *work_fn,
		       loop_fn *done_fn, void *ctx)
{
	struct storage_call *call = sp_alloc(sizeof(*call));
	struct storage_line *line = &calls->lines[storage];
	*call = (struct storage_call){
		.calls = calls, .line = line, .work = work_fn, .done = done_fn, .ctx = ctx
	};
	*line->last = call;
	line->last = &call->next;
	go_on(calls, line);
}
