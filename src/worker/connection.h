#pragma once
/**
 * One SSH connection and the thread that owns it: gets a socket through the main thread, opens SFTP, works on many files
 * at once, each on a fiber (worker/schedule.h), and stays warm in between. Everything it is told and tells are letters.
 *
 *   connection.c          what it tells; what is done with a file waits here
 *   connection_session.c  opening, closing, staying alive
 *   connection_thread.c   what it is told, and the thread's round, which runs what is done with files (file.h, help.h)
 *
 * Each calls those before it, and nothing that is done with a file calls the thread.
 */

#include "remote/session.h"
#include "remote/transport.h"
#include "worker/feeder.h"
#include "worker/learnt.h"
#include "worker/letter.h"
#include "worker/roll.h"
#include "worker/schedule.h"

/* Whether a connection that is being opened may log in. */
enum admission { ADMISSION_FREE, ADMISSION_HELD, ADMISSION_DENIED };

struct connection {
	unsigned number;
	const struct worker_message *configuration; /* kept; nobody changes it */
	struct feed_group *feeds;
	struct inbox *desk;  /* the main thread's */
	struct inbox *inbox; /* ours */
	int wake_fd;         /* readable when the inbox or the bell of the feeds is */

	struct schedule schedule;         /* of the files at work … */
	struct runner *runners[ROLL_MAX]; /* … by their numbers */
	struct runner *helper;            /* the one with somebody else's file; NULL: none */
	int64_t next_tick_ms;             /* when all of them look at the clock */

	enum admission admission;    /* while it is opened */
	size_t channels;             /* that the server grants, as far as is known */
	struct transport *transport; /* NULL while there is no connection, as is the session */
	struct remote *remote;
	struct transport_report report;
	uint32_t request; /* the daemon's number of its socket */
	struct learnt learnt;
	unsigned rereads;      /* large files that are read back now */
	unsigned listings;     /* directories that are read now */
	int line;              /* the same socket as the transport's, to shut it down; -1: none */
	char place[256];       /* the socket's other end and what is before it, for sentences */
	int64_t opening_us;    /* that it took from asking for a socket to the session */
	int64_t last_spoke_ms; /* when something was last said to keep it warm */
	int64_t last_sure_ms;  /* when the server last answered for certain */
};

/**
 * Starts the thread, which runs until the process ends.
 * @configuration, @feeder, @desk  kept
 */
int connection_start(unsigned number, const struct worker_message *configuration,
		     struct feeder *feeder, struct inbox *desk, struct connection **out,
		     struct sp_error *err);

/** Any thread. @letter is taken. */
void connection_post(struct connection *connection, struct letter *letter);

/* ---- for what is done with a file, on its fiber ---------------------------------------------------------------- */

/** Sends @message to the daemon, about the file whose runner runs; its texts are copied. */
void connection_tell(struct connection *connection, const struct worker_message *message);

enum {
	CONNECTION_TURN_MS =
		500 /* the longest sleep of a file that is at work: progress is told that often */
};

/** Until something happened that may concern this file: a reply, a block, a letter, room, the clock. */
void connection_wait(struct connection *connection);

/** The same. -1: the connection is dead. */
int connection_turn(struct connection *connection, struct sp_error *err);

/** Whether the session is still good, as far as is known. */
bool connection_lives(const struct connection *connection);

/** True when the daemon wants this file stopped. */
bool connection_cancelled(const struct connection *connection);
/** True, once, when it has permitted what it was told last. */
bool connection_take_permit(struct connection *connection);
/** The URL that came with it, owned by the caller, to be wiped; NULL: none. And the condition, owned; NULL: none. */
char *connection_take_permit_url(struct connection *connection, char **out_condition);

/**
 * The server's longest silence, to be cut short by a CANCEL if @may_cancel. For one operation that begins now: a
 * shorter silence than the connector's is counted from here, and ends nothing but the waiting.
 */
struct remote_patience connection_patience(struct connection *connection, bool may_cancel);

/* ---- within: letters to the desk -------------------------------------------------------------------------------- */

/** @message: its texts are taken; NULL: none. */
void connection_report(struct connection *connection, enum letter_kind kind,
		       const struct worker_message *message);

/** About the file with this number. */
void connection_report_file(struct connection *connection, enum letter_kind kind, unsigned file,
			    const struct worker_message *message);

/** FILE_FAILED with what @err says. */
void connection_tell_failed(struct connection *connection, unsigned file,
			    const struct worker_message *order, enum failure_step step,
			    const struct sp_error *err);

/* ---- within: the session ---------------------------------------------------------------------------------------- */

/** From now on the session's replies wake the runner that runs, if one does. */
void connection_ask_for_current(struct connection *connection);

/** Gets a socket and a session, and tells OPENED or NOT_OPENED. @how: LETTER_OPEN, LETTER_OPEN_HELD or LETTER_TRY. */
void connection_open(struct connection *connection, enum letter_kind how);
void connection_close(struct connection *connection);

/** Moves bytes once, or sleeps, but not longer than @timeout_ms; keeps the connection warm. -1: it is dead. */
int connection_pump(struct connection *connection, int timeout_ms, struct sp_error *err);

/** Whether its server stores a file rightly that comes through several handles at once. */
bool connection_may_stripe(const struct connection *connection);
/** The same for a server with that version line. */
bool connection_may_stripe_at(const struct worker_message *configuration, const char *banner);

/** Looks whether a connection that nobody used is still there. */
bool connection_is_good(struct connection *connection);
