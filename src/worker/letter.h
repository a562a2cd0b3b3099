#pragma once
/**
 * How the worker's threads speak: letters in inboxes. A letter belongs to whoever holds it; an inbox may be written to
 * by any thread and is read by one.
 */

#include <stdbool.h>

#include "ipc/worker_message.h"
#include "remote/crew.h"

enum letter_kind {
	LETTER_MESSAGE, /* what the daemon sent, or what it is to be sent */

	/* main thread ──► connection */
	LETTER_OPEN,      /* get a connection; answered by OPENED or NOT_OPENED */
	LETTER_TRY,       /* the same, but do not keep it */
	LETTER_OPEN_HELD, /* as OPEN, but log in only once told ADMITTED; DISMISSED: give up */
	LETTER_ADMITTED,  /* the first one has logged in, so that it is no use to be careful */
	LETTER_DISMISSED, /* the first one could not log in */
	LETTER_HELP,      /* @crew: with somebody else's file */

	/* any thread ──► connection */
	LETTER_RING, /* the runner of @file looks again; ROLL_MAX: the one that helps */

	/* connection ──► main thread */
	LETTER_OPENED,      /* @message: what was learnt on the way */
	LETTER_NOT_OPENED,  /* @message: these, if seen, with step, code and text */
	LETTER_ENDED,       /* a file has ended, and what it used is there for another one */
	LETTER_RETURNED,    /* here is a file back: nothing was done for it */
	LETTER_LOST,        /* the connection is gone, and no file is at work on it */
	LETTER_HELP_WANTED, /* @crew: by the file that @message names */
	LETTER_STORAGE,     /* file thread ──► main thread: @message is for the daemon */
	LETTER_HELPED,      /* @crew: the connection helps no more; @returned: it could not */
};

struct letter {
	enum letter_kind kind;
	unsigned from;                 /* number of the connection */
	unsigned file;                 /* what is about a file: its number in the desk's roll */
	unsigned depth;                /* OPENED: files that may be at work on it at once */
	bool returned;                 /* a file that came back once already */
	struct crew *crew;             /* held; NULL: none */
	int fd;                        /* that came with the message, -1 when none. Owned. */
	struct worker_message message; /* owned */
	struct letter *next;           /* for the list of whoever holds it */
};

/** Never NULL. @fd is taken; @message's texts are taken when it is not NULL. */
struct letter *letter_create(enum letter_kind kind, const struct worker_message *message, int fd);
void letter_destroy(struct letter *letter); /* wipes. NULL is fine */

/** A list of them, oldest first, for one thread. Starts as { 0 }. */
struct letters {
	struct letter *first, *last;
	size_t count;
};

/** @letter is taken. */
void letters_append(struct letters *letters, struct letter *letter);
void letters_prepend(struct letters *letters, struct letter *letter);

/** The oldest, owned by the caller; NULL when there is none. */
struct letter *letters_shift(struct letters *letters);

struct inbox;

int inbox_open(struct inbox **out, struct sp_error *err);
void inbox_close(struct inbox *inbox); /* with all letters in it. NULL is fine */

/** A descriptor that is readable as long as a letter is there. */
int inbox_fd(const struct inbox *inbox);

/** @letter is taken. */
void inbox_post(struct inbox *inbox, struct letter *letter);

/** The oldest letter, owned by the caller; NULL when there is none. */
struct letter *inbox_take(struct inbox *inbox);

/** All that are there, behind those in @out. */
void inbox_take_all(struct inbox *inbox, struct letters *out);
