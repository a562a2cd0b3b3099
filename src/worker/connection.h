#pragma once
/**
 * One SSH connection and the thread that owns it: gets a socket through the main thread, opens SFTP, works on one file
 * at a time and stays warm in between. Everything it is told and tells are letters.
 */

#include "remote/session.h"
#include "remote/transport.h"
#include "worker/feeder.h"
#include "worker/letter.h"

struct connection {
	unsigned number;
	const struct worker_message *configuration; /* kept; nobody changes it */
	struct feeder *feeder;
	struct inbox *desk;  /* the main thread's */
	struct inbox *inbox; /* ours */
	int blocks_fd;       /* an eventfd: the feeder has something for us */
	int wake_fd;         /* readable when the inbox or the blocks are */

	struct transport *transport; /* NULL while there is no connection, as is the session */
	struct remote *remote;
	struct transport_report report;
	int line;              /* the same socket as the transport's, to shut it down; -1: none */
	char place[256];       /* the socket's other end and what is before it, for sentences */
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

/* ---- for what runs on the connection's thread ------------------------------------------------------------------ */

/** Sends @message to the daemon; its texts are copied. */
void connection_tell(struct connection *connection, const struct worker_message *message);

/** FILE_FAILED with what @err says. */
void connection_tell_failed(struct connection *connection, const struct worker_message *order,
			    enum failure_step step, const struct sp_error *err);

enum {
	CONNECTION_TURN_MS =
		500 /* the longest sleep while a file is worked on: progress is told that often */
};

/**
 * Moves bytes once, or sleeps until there are some, or a letter or a block, but not longer than @timeout_ms; keeps the
 * connection warm. -1: it is dead.
 */
int connection_turn(struct connection *connection, int timeout_ms, struct sp_error *err);

/** Whether the session is still good after a call failed. */
bool connection_lives(struct connection *connection);

/** Whether @message is about this try of this file. */
bool connection_is_about(const struct worker_message *message, const struct worker_message *order);

/** True when the daemon wants this file stopped. Letters about files that are gone are dropped. */
bool connection_cancelled(struct connection *connection, const struct worker_message *order);

/** The server's longest silence, to be cut short by a letter if @may_cancel. */
struct remote_patience connection_patience(const struct connection *connection, bool may_cancel);
