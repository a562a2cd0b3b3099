#pragma once
/** A page of a connector's queue, read in the pool for that: first what is to be finished, then what is to be begun. */

#include "model/breaker.h"
#include "model/transfer.h"
#include "store/connectors.h"
#include "transfer/ground.h"

enum { QUEUE_PAGE_MAX = 256 /* files */ };

struct queue_page {
	struct ground *ground;
	char connector_id[CONNECTOR_ID_SIZE];
	/* What is asked for: */
	bool publishing;          /* those in state PUBLISHING … */
	int64_t publishing_after; /* … behind this position */
	int64_t ready_after;      /* of those that never waited, the ones behind this position */
	int64_t now_ms;
	size_t max; /* at most QUEUE_PAGE_MAX */
	/* What was found: */
	struct transfer_file *files; /* owned; what is taken out of it is zeroed */
	size_t count, publishing_count;
	int64_t earliest_ms; /* when the next waiting file may run; 0: none */
	bool has_breaker;
	struct breaker_record breaker; /* as it was kept */
	struct connector_pause pause;
	int result;
	struct sp_error err;
	loop_fn *done;
	void *ctx;
};

/** Copies what @wish asks for, reads, then @done(@ctx) on the loop. Owned by the caller from then on. */
struct queue_page *queue_page_read(const struct queue_page *wish, loop_fn *done, void *ctx);
void queue_page_destroy(struct queue_page *page);
