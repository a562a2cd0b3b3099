#pragma once
/**
 * What is done with one file on a live connection: SEND and RETRIEVE here, RECOVER and the last step of SEND in
 * publish.c. Runs on a fiber of the connection, until the file has ended and the daemon was told how.
 */

#include "worker/connection.h"

/** SEND, RETRIEVE, RECOVER, REMOVE. */
bool file_is_work(enum worker_kind kind);

/** @letter stays the caller's. Whether the connection survived is asked with connection_lives(). */
void file_work(struct connection *connection, struct letter *letter);

/** A file at work, as file.c and publish.c share it. */
struct task {
	struct connection *connection;
	const struct worker_message *order; /* what the daemon said; borrowed */
	uint32_t part_attempt;              /* whose part is in use */
	char *part_path;                    /* SEND, RECOVER. Owned, as are … */
	char *old_part_path; /* … the one that it was copied from, to be removed in the end; NULL: none … */
	char *final_path;      /* … where it goes; RETRIEVE: where it comes from */
	bool direct;           /* SEND: the part is the final file … */
	bool made_final;       /* … and the server has made or opened it */
	bool replaces;         /* what has the final name may go for it, and … */
	bool has_aside;        /* … was put aside (aside.h) … */
	bool has_just_put;     /* … by this very task … */
	bool removed_existing; /* … or is gone … */
	bool leaves_aside;     /* … or lies aside still, where it is not wanted any more */
	enum verification verification; /* once all bytes are there */
	enum failure_step step;         /* what is being done */
	struct sp_error err;            /* why it failed */
};

/** What is under a name. */
struct sight {
	bool exists;
	struct remote_attributes attributes;
};

/** Both of these take names relative to the home directory without a directory. */
char *task_part_path(const struct worker_message *order, uint32_t attempt);
char *task_path(const char *directory, const char *name);

/** Notes why the task failed. Always -1. */
int task_fail(struct task *task, enum sp_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** Fails when nobody can say whether there is something. */
int task_look(struct task *task, const char *path, struct sight *out);

/** Adds what helps where a server does not let files be renamed. Always -1. */
int task_advise_direct(struct task *task);

/** Turns the connection once, a moment at most. -1 when it is dead or the daemon wants the file stopped. */
int task_wait_for_more(struct task *task);

/** What the daemon was told (READY, TAKEN) waits for its PERMIT. */
int task_wait_for_permit(struct task *task);

/** Puts the part out of the way while the server still answers; what it says about it is not worth telling. */
void task_remove_part(struct task *task);

/** Before the first byte: whether the file may have its name at all, where that is not left to the end. */
int publish_check_name(struct task *task);

/**
 * Gives the part its final name, whatever stands in the way, as far as its connector's tags allow; asks the daemon
 * before it touches anything, or takes another name. SP_CLOSED and SP_TIMEOUT mean that nobody knows whether the server
 * did it; after any other failure the part still has its old name, or is gone (SP_NOT_FOUND), and the file that has the
 * name is the one that had it, unless the sentence says otherwise.
 */
int publish_part(struct task *task, enum publish_outcome *out);

/**
 * What the connector's tag asks for beyond the size: the server's own hash of the file at @path, or its bytes once more,
 * have to be @sha256. @task->verification says what was done. SP_CHANGED when it is another.
 */
int verify_remote(struct task *task, const char *path, uint64_t size, const char *sha256);

/** Finds out what became of a publish whose answer nobody heard, and ends it. */
int publish_recover(struct task *task, enum publish_outcome *out);
