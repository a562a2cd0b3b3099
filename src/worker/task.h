#pragma once
/** A file at work, as those who do something with it share it: why it failed, what lies at the server, what it waits for. */

#include "worker/connection.h"

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
	uint32_t items;        /* LIST: entries in the object, and … */
	bool truncated;        /* … there are more */
	bool holds;            /* RETRIEVE, LIST: the bytes, until they may be put */
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

/** Tells the daemon @message, of this file and attempt. Its texts are copied. */
void task_tell(const struct task *task, struct worker_message *message);

/** Notes why the task failed. Always -1. */
int task_fail(struct task *task, enum sp_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The same for one that the daemon wanted stopped. */
int task_fail_cancelled(struct task *task);

/** Fails when nobody can say whether there is something. */
int task_look(struct task *task, const char *path, struct sight *out);

/** Adds what helps where a server does not let files be renamed. Always -1. */
int task_advise_direct(struct task *task);

/** Turns the connection once, a moment at most. -1 when it is dead or the daemon wants the file stopped. */
int task_wait_for_more(struct task *task);

/** What the daemon was told (READY, TAKEN, FOUND) waits for its PERMIT. */
int task_wait_for_permit(struct task *task);

/** However a connection died (a server that breaks the protocol included): what was asked for with a permit may have been
 *  carried out, and SP_CLOSED says that nobody knows. Returns @result. */
int task_note_doubt(struct task *task, int result);

/** The object's bytes: out of @fd, which is taken (-1: out of storage), or into it. @from NULL: from the start. NULL when it
 *  fails. */
struct feed *task_open_feed(struct task *task, enum feed_way way, int fd,
			    const struct feed_mark *from);

/** Bytes [@offset, @offset + @length) of the source. @fd: taken. SP_CHANGED when it has not so many. */
int task_read_source(struct task *task, int fd, uint64_t offset, uint8_t *out, size_t length);

/** Until all that was put into a sink is written: what becomes of the connection meanwhile is no matter. */
int task_flush(struct task *task, struct feed *feed);
/** The same, for who does something meanwhile: 1 when it is written, 0 when something may have moved, -1. */
int task_flush_turn(struct task *task, struct feed *feed);

/** A flushed sink that is held: waits for the PERMIT, puts it, and tells PUBLISHED; TAKEN, and waits again, when there is
 *  something else than the PERMIT says. */
int task_put_object(struct task *task, struct feed *feed);

/** READY. */
void task_tell_ready(struct task *task, uint64_t size, char *sha256);
