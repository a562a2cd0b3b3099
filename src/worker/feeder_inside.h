#pragma once
/**
 * The feeder as its files share it. From the bottom: feed_turns.c says whose turn it is, feed_serve.c is what the file thread
 * does for one feed, feeder.c the thread itself; feed.c is what the engine and the connection do.
 */

#include <pthread.h>

#include "worker/block_pool.h"
#include "worker/feeder.h"

enum {
	/* A source is at most the pool ahead of what its server has acknowledged. */
	MARKS_MAX = 8 + BLOCK_POOL_LARGE_MAX * BLOCK_POOL_LARGE / FEED_MARK_STEP,
};

/* Oldest first. A feed is in one of them at most. */
struct feed_queue {
	struct feed *first, *last;
};

/* Everything here is under the feeder's lock, but for the bytes of a block, which belong to whoever holds it, and for
 * stream and digest while @busy, which belong to the file thread. */
struct feeder {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct block_pool pool;
	struct feed_queue ready;  /* the file thread has something to do for them */
	struct feed_queue hungry; /* they wait for a block */
	struct feed_group *groups;
	struct depot *depot; /* the file thread's */
	struct inbox *desk;
	struct letters letters; /* what the daemon said of storage */
	int wake_fd;            /* an eventfd, for while … */
	bool polls;             /* … the file thread waits for storage */
};

struct feed_group {
	struct feeder *feeder;
	struct feed_group *next;
	struct block_group blocks;
	struct feed *rung;   /* and were not answered, by their next_rung */
	size_t rung_quietly; /* of them, since the bell sounded */
	bool sounds;         /* the bell, and nobody came */
	int bell;            /* an eventfd */
};

struct feed {
	struct feed_group *group;
	struct feed_queue *queue; /* that it is in; NULL: none */
	struct feed *next;        /* there */
	struct feed *next_rung;
	bool rung;
	void *owner;
	enum feed_way way;
	struct stream *stream;      /* owned */
	struct block *first, *last; /* source: read, to be taken. Sink: put, to be written */
	size_t queued;
	struct block_share share;
	uint64_t offset; /* source: of the next block. Sink: bytes written */
	uint64_t size;   /* source: said to be */
	struct sp_digest digest;
	struct feed_mark marks[MARKS_MAX]; /* ascending, not taken yet */
	size_t mark_count;
	uint64_t marked;       /* where the last one was noted */
	uint64_t kept;         /* sink: bytes that its stream has kept */
	size_t written;        /* sink: bytes of its first block that are written */
	uint64_t expected;     /* sink: bytes that will come; 0: not known */
	char *put_url;         /* sink: what is held is to be put there. Owned, wiped … */
	char *put_condition;   /* … if this is there: as stream_put() has it. Owned */
	bool grew;             /* sink: it had a block already, so there is more than little */
	struct sp_error error; /* of the stream; code SP_OK while there is none */
	bool ended;            /* source: its last byte was read */
	bool finishing;        /* sink: nothing will be put any more … */
	bool finished;         /* … and all is written */
	bool asleep;           /* its stream wakes it */
	bool waits;            /* its thread got nothing and wants to be woken */
	bool busy;             /* the file thread is in its stream */
	bool closed;           /* and destroys it when it comes back */
};

/* ---- feed_turns.c; all under the lock ---------------------------------------------------------------------------- */

/** The file thread looks after the feed, if there is something to do for it. */
void feeder_note_work(struct feed *feed);

/** The one that the file thread looks after next, in no queue any more; NULL: none. */
struct feed *feeder_next(struct feeder *feeder);

/** Whoever waits for it is woken, soon. */
void feeder_ring(struct feed *feed);

/** Now, also for those that rang quietly: before the file thread sleeps. */
void feeder_sound_all(struct feeder *feeder);

/** It waits for a block, in turn with others. */
void feeder_note_hungry(struct feed *feed);

/** A block goes back to the pool. */
void feeder_put_spare(struct feed *feed, struct block *block);

/** The queue of blocks of one feed. */
void feeder_enqueue(struct feed *feed, struct block *block);
struct block *feeder_dequeue(struct feed *feed);
void feeder_drop_queue(struct feed *feed);

/** Wakes the file thread. */
void feeder_wake(struct feeder *feeder);

/** The file thread destroys it: its stream is its own. */
void feeder_leave_behind(struct feed *feed);

/** Of the stream that a feed waits for: worth asking again. Without the lock. */
void feeder_stream_woke(void *ctx);

/** Not while the file thread is in it. Leaves the lock meanwhile. */
void feeder_destroy_feed(struct feed *feed);

/* ---- feed_serve.c; under the lock, which it leaves while it reads and writes -------------------------------------- */

/** The feed is in no queue meanwhile; whoever closes it then leaves it to the file thread. */
void feeder_serve(struct feed *feed);
