#pragma once
/** A lane as its two files share it: lane.c says when to look at the queue, lane_files.c begins what is found there. */

#include "transfer/credit.h"
#include "transfer/deletion.h"
#include "transfer/lane.h"
#include "transfer/lane_worker.h"
#include "transfer/partner.h"
#include "transfer/parts.h"
#include "transfer/queue_page.h"
#include "transfer/run_set.h"
#include "transfer/server.h"

struct lane {
	struct ground *ground;
	lane_idle_fn *idle;
	void *idle_ctx;
	struct file_owner owner;
	struct lane *next;
	char connector_id[CONNECTOR_ID_SIZE];
	struct lane_worker worker;
	struct server server;
	struct partner partner;
	struct parts parts;
	struct deletion deletion;
	struct credit credit;
	struct run_set runs;
	/* Files up to here are in hand, or were: those that never waited, and those found in PUBLISHING … */
	int64_t ready_after, publishing_after;
	bool publishing_found;   /* … all of which are, as a crash may have left them */
	struct queue_page *page; /* being read; NULL: none */
	size_t ended_count; /* meanwhile; what the page says of those at these positions is old */
	int64_t ended[WORKER_FILES_MAX];
	bool wanted;             /* something happened since the page was asked for */
	bool need_worker;        /* a publish waits for one */
	bool stale;              /* the worker has old settings */
	bool paused;             /* nothing new is begun … */
	bool pause_told;         /* … as was told while a page was read that may be older */
	int64_t paused_until_ms; /* monotonic; 0: not paused */
	int64_t idle_since_ms;   /* monotonic; 0: it had work when it last looked */
	/* What comes first: a retry, the end of a pause, the worker's idle time. */
	struct loop_timer *timer;
};

/** How many files it may have under way. */
size_t lane_credit(const struct lane *lane);

/** Takes what can be begun now. Returns how many files are there to be worked on, whether or not they could. */
size_t lane_start_files(struct lane *lane, struct queue_page *page);

/** When (wall clock) the first of the page's files that wait will have waited for too long; INT64_MAX: none will. */
int64_t lane_first_gives_up_at(const struct lane *lane, const struct queue_page *page);
