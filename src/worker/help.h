#pragma once
/**
 * One large file over connections that have nothing else to do (remote/crew.h): whoever has the file calls for help,
 * the desk sends connections that are idle or still to be opened, and each of them runs help_work() on a fiber.
 */

#include <stdatomic.h>

#include "remote/crew.h"
#include "worker/connection.h"

enum {
	HELP_BYTES_MIN = 32 << 20, /* a file that has less left is done before help is there */
};

/** Makes the runner of a file, or of help, look again. Rung by any thread; it must outlive the crew's work. */
struct bell {
	struct connection *connection;
	unsigned file; /* its number; ROLL_MAX: the one that helps */
	atomic_bool rung;
};

/** On the runner's own thread, before it looks. */
void bell_hear(struct bell *bell);

/** The owner's side. Starts as { 0 }. */
struct help {
	struct bell bell;
	struct crew *crew; /* NULL: nobody was called */
	int64_t since_us;  /* monotonic: when it was first thought of; 0: not yet */
};

/** Whether others may come, and there is enough for them to do. */
bool help_is_worth_while(const struct connection *connection, uint64_t bytes_left);

/**
 * The same for a file of which @bytes_done came since this was first asked: whether what is left takes longer than it
 * takes them to come. False while nobody knows.
 */
bool help_comes_in_time(struct help *help, const struct connection *connection, uint64_t bytes_done,
			uint64_t bytes_left);

/** For the file whose runner runs. @help stays where it is until help_end(). */
void help_call(struct help *help, struct connection *connection, const struct crew_task *task);

/** When nothing is lent any more and all have left. */
void help_end(struct help *help);

/** A helper's side, on its fiber: until there is nothing more to do. The desk is told how it went. */
void help_work(struct connection *connection, const struct letter *letter);
