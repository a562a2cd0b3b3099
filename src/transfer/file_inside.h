#pragma once
/**
 * A file's run as the files of its house share it:
 *
 *   file_run.c ──► file_errand.c  ──► file_publish.c ──► file_end.c ──► file_trip.c ──► file_resume.c
 *   the way    │   what moves no      its final name     the ends   ▲   what leaves     going on where another
 *              │   bytes                                            │   the loop        attempt ended
 *              └─► file_limits.c ───────────────────────────────────┘              └─► file_urls.c
 *                  how much of it there may be                                         for bytes at storage
 */

#include "transfer/file_run.h"

struct file_run {
	const struct file_owner *owner;
	struct file_run *next;
	/* State and all: as committed, or as the commit under way will have it. */
	struct transfer_file file;
	enum file_state from; /* the state before the commit under way */
	bool busy;            /* a pool job or a commit is under way: what happens waits in … */
	bool abandoned;       /* … these six */
	bool worker_lost, blamed;
	bool cancelled;   /* somebody wants it to end … */
	bool cancel_told; /* … and the worker was told */
	struct {
		enum failure_step step;
		enum sp_code code;
		char *text; /* owned; NULL: none */
	} late;
	struct loop_timer *deadline; /* of the attempt; NULL: none */
	struct {
		enum failure_step step;
		enum sp_code code;
		char *text;    /* owned; NULL: none */
	} limit;               /* of ours that ends it */
	bool at_worker;        /* the worker owes an answer */
	struct object_way way; /* to source or staging, until it is sent */
	struct object_identity identity;
	int result; /* of the pool job, with … */
	struct sp_error err;
	enum failure_step err_step;          /* where that happened */
	char *access_role;                   /* of the connector, when the attempt began; owned */
	void (*after)(struct file_run *run); /* when it came back */
	struct loop_timer *timer;
	int asked;                              /* in vain, after a publish */
	void (*recover)(struct file_run *run);  /* tries to finish a publish, at once */
	bool (*catch_up)(struct file_run *run); /* file_catch_up(), for who stands below it */
	uint64_t bytes_done;                    /* of the file, as the worker says */
	/* Going on with an earlier attempt's part or temporary: */
	uint64_t went_on_at;                /* bytes that it had; 0: begun anew */
	uint64_t remote_size, remote_mtime; /* RETRIEVE: what the file has to be. MOVE, DELETE: … */
	enum found_kind remote_kind;        /* … what was found before the permit */
	int64_t moved_before;               /* bytes_moved of the attempts before */
	struct mark_note *note;             /* under way to the store */
	bool has_newer_mark;                /* than that one */
	bool notes_publishing; /* the commit under way is the first to say how it is published */
	/* What the connection is that the file names: kept in the commit that names it, for the store has those only that
	 * files name, and others that did may be gone. NULL: nothing to be kept. Owned */
	char *connection;
	char *free_name; /* RETRIEVE: a name that is not taken yet; NULL: none was looked for. Owned */
	int names_taken; /* in a row, while it was published */
	/* RETRIEVE, LIST into storage: */
	bool held; /* the worker has the bytes, until it is told where to put them: */
	struct object_put
		put;      /* what the last PERMIT said of that; its URL is there until it is told */
	int puts_refused; /* by storage at which something else was */
	struct url_request *urls; /* under way */
};

/* ---- file_trip.c ---- */

/** @work in the file pool, or, where the bucket is at storage, where calls to that run; then @after. Below: "in the pool". */
void file_in_pool(struct file_run *run, loop_fn *work, void (*after)(struct file_run *run));
/** The same for work that waits for a disk, or for storage: others do not come back with it. */
void file_in_pool_long(struct file_run *run, loop_fn *work, void (*after)(struct file_run *run));

/**
 * Commits the file as it is, in state @to, then @after. A commit that fails is tried again, unless the row is no longer
 * what it was (its connector was deleted): then the run is over.
 */
void file_commit(struct file_run *run, enum file_state to, void (*after)(struct file_run *run));

/** The same for what is about to be done about a final name that is taken; the state stays PUBLISHING. */
void file_commit_intent(struct file_run *run, void (*after)(struct file_run *run));

/** The run is over, and freed. */
void file_over(struct file_run *run);

/** The same, once its temporaries in the bucket are gone. */
void file_clear_away(struct file_run *run);

/** In the pool: whether the connector's role lets us read, or write, this object of the file's bucket. */
int file_check_permission(struct file_run *run, const char *key);

/** What the worker is told of the file; its texts are the run's. */
struct worker_message file_message(struct file_run *run, enum worker_kind kind);

/** The worker, if it has the file, stops and removes the part; its answer is a failure. */
void file_cancel_at_worker(struct file_run *run);

/* ---- file_resume.c: going on where an earlier attempt ended ---- */

/** In the pool: opens source or temporary, and decides whether the attempt goes on or begins anew. */
int resume_prepare(struct file_run *run, struct sp_error *err);
/** Before it is given to the worker. */
void resume_begin(struct file_run *run);
/** The worker is at byte @done. */
void resume_progress(struct file_run *run, uint64_t done);
/** A mark. False when the worker may not say that now. */
bool resume_note(struct file_run *run, const struct worker_message *message);
/** What was left may not be gone on with: it may have its final name, or the source is another. */
void resume_forget(struct file_run *run);
/** The run is over. */
void resume_end(struct file_run *run);

/* ---- file_urls.c: URLs for a worker whose bytes are at storage ---- */

/** The worker wants them. False when it may not want that now. */
bool urls_asked(struct file_run *run, const struct worker_message *message);
/** The run is over. */
void urls_end(struct file_run *run);

/* ---- file_publish.c: names, and what is known of what has them ---- */

/** It begins: as its connector's tags say, unless a part of it lies at the partner already. */
void publish_begin(struct file_run *run);
/** All bytes are where they shall be: false when the worker may not claim that of them. */
bool publish_note_ready(struct file_run *run, const struct worker_message *message);
/** The final name is taken. False when the worker may not want what it wants. */
bool publish_taken(struct file_run *run, const struct worker_message *message);
/** What a worker held is where it was told to put it, as it says. False when it may not say that now. */
bool publish_put_done(struct file_run *run);
/** It has its final name. */
bool publish_done(struct file_run *run, const struct worker_message *message);
/** In the pool, before the first byte: SP_EXISTS when the object may not have its name. */
int publish_check_object(struct file_run *run, struct sp_error *err);
/** RETRIEVE: gives the object its name, or another one. */
void publish_object(struct file_run *run);
/** The worker may do what it told last. */
void publish_permit(struct file_run *run);

/** Through which connection it went. */
void publish_note_connection(struct file_run *run, const struct worker_message *message);

/* ---- file_limits.c: how much of it there may be ---- */

/** The attempt begins. */
void limits_begin(struct file_run *run);
/** In the pool, once the source is open. */
int limits_check_source(const struct file_run *run, struct sp_error *err);
/** What is fetched has so many bytes, or has them @so_far, as the worker says. False when that is too much: the run ends, as FAILED. */
bool limits_hear_size(struct file_run *run, uint64_t size, bool so_far);

/* ---- file_errand.c: MOVE and DELETE ---- */

/** What it is done to is known. False when the worker may not say that now. */
bool errand_found(struct file_run *run, const struct worker_message *message);
/** It is done. */
bool errand_done(struct file_run *run, const struct worker_message *message);
/** Before it is given to the worker, which is told what was found by an earlier one. */
void errand_begin(struct file_run *run);

/* ---- file_end.c: how a run ends, or begins again ---- */

void file_complete(struct file_run *run);

/** Somebody wanted it to end, and the worker does not have it any more: FAILED. */
void file_end_cancelled(struct file_run *run);

/** Ends a RUNNING one as FAILED, whatever its attempt might come to, once the worker has let go of it. */
void file_end_early(struct file_run *run, enum failure_step step, const struct sp_error *why);

/** Ends it as FAILED, or puts it back into the queue for another try, by the class of the failure. */
void file_fail(struct file_run *run, enum failure_step step, enum sp_code code, const char *text);

/** The same, with what run->err says. */
void file_fail_with_err(struct file_run *run, enum failure_step step);

/** @blame: the worker died on its own; otherwise it was sent away. */
void file_lose_worker(struct file_run *run, bool blame);

/** What came while the run was away. True when that changed its course. */
bool file_catch_up(struct file_run *run);
