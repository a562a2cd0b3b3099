#include "transfer/queue_page.h"

#include "base/clock.h"
#include "base/scope.h"
#include "store/breakers.h"
#include "store/connectors.h"
#include "store/transfers.h"

static int read_files(struct db *db, void *ctx, struct sp_error *err)
{
	struct queue_page *page = ctx;
	struct sp_error why = { 0 };
	size_t queued = 0;
	if (connectors_check(db, page->connector_id, &why) != 0)
		return why.code == SP_NOT_FOUND ? 0 : sp_fail(err, why.code, "%s", why.message);
	if (page->publishing &&
	    transfers_publishing_files(db, page->connector_id, page->publishing_after, page->files,
				       page->max, &page->publishing_count, err) != 0)
		return -1;
	page->count = page->publishing_count;
	if (page->count < page->max &&
	    transfers_next_files(db, page->connector_id, page->ready_after, page->now_ms,
				 page->files + page->count, page->max - page->count, &queued,
				 err) != 0)
		return -1;
	page->count += queued;
	if (transfers_earliest_wait(db, page->connector_id, &page->earliest_ms, err) != 0)
		return -1;
	/* A connector that was deleted is not paused. */
	if (connectors_find_pause(db, page->connector_id, &page->pause, err) != 0 &&
	    err->code != SP_NOT_FOUND)
		return -1;
	return breakers_find(db, page->connector_id, &page->breaker, &page->has_breaker, err);
}

static void work(void *ctx)
{
	struct queue_page *page = ctx;
	page->result = store_read(page->ground->rooms.store, read_files, page, &page->err);
}

static void done(void *ctx)
{
	struct queue_page *page = ctx;
	page->done(page->ctx);
}

struct queue_page *queue_page_read(const struct queue_page *wish, loop_fn *then, void *ctx)
{
	struct queue_page *page = sp_alloc(sizeof(*page));
	*page = *wish;
	if (page->max > QUEUE_PAGE_MAX)
		page->max = QUEUE_PAGE_MAX;
	page->files = sp_alloc(page->max * sizeof(*page->files));
	page->now_ms = ground_late_ms(page->ground);
	page->done = then;
	page->ctx = ctx;
	ground_read(page->ground, work, done, page);
	return page;
}

void queue_page_destroy(struct queue_page *page)
{
	if (page == NULL)
		return;
	for (size_t i = 0; i < page->count; i++)
		transfer_file_finish(&page->files[i]);
	free(page->files);
	free(page);
}
