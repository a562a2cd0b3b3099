#pragma once
/** The desk as its files share it: desk.c has the letters and messages, distribute.c decides which connection gets what. */

#include "ipc/channel.h"
#include "worker/connection.h"
#include "worker/desk.h"
#include "worker/roll.h"

/*
 *   UNUSED ──► OPENING ──► UP ──► DOWN ──► OPENING …
 *                 └────────────────▲
 */
enum slot_state {
	SLOT_UNUSED, /* without a thread */
	SLOT_DOWN,   /* without a connection */
	SLOT_OPENING,
	SLOT_UP,
};

/* One connection as the main thread sees it. */
struct slot {
	enum slot_state state;
	struct connection *connection; /* NULL while UNUSED */
	uint32_t request;              /* OPENING: the socket it was promised; 0 when none */
	char file_id[FILE_ID_SIZE];    /* OPENING: the file that waits for it */
	size_t files;                  /* that it has … */
	size_t resting;                /* … and those of them that are READY */
	size_t depth;                  /* UP: files that it may be busy with */
	bool helps;                    /* UP: with the file of another one */
	bool held;                     /* OPENING: logs in only when another one has */
	bool dismissed;                /* OPENING: was told to give up */
};

/* They come in one message, with something in front of each that is no shorter than a NUL. */
enum { SECRETS_MAX = IPC_MESSAGE_MAX };

/* All of it in pages for secrets: they come in by @wire. */
struct desk {
	int control_fd;
	bool test;
	bool ended;                          /* the daemon is gone */
	struct worker_message configuration; /* password and key are in @secrets */
	struct inbox *inbox;
	struct feeder *feeder;
	struct slot slots[CONNECTOR_CONNECTIONS_MAX];
	size_t slot_count;
	struct roll roll;
	struct letters waiting; /* files without a connection */
	size_t at_work;         /* files with one */
	struct letters calls;   /* for help, with files that are at work */
	struct letters outgoing;
	uint32_t last_request;
	int64_t content_until_ms; /* with the connections that there are */
	bool was_refused;         /* the last time that the first connection was opened */
	int64_t next_beat_ms;
	uint8_t wire[IPC_MESSAGE_MAX];
	char secrets[SECRETS_MAX];
	size_t secrets_used;
};

/* ---- distribute.c ------------------------------------------------------------------------------------------------ */

size_t desk_count_slots(const struct desk *desk, enum slot_state state);
struct slot *desk_find_slot(struct desk *desk, enum slot_state state);

/** @file is READY: until its end it takes a permit and a rename, which keep nobody busy. Others may come meanwhile. */
void desk_rest(struct desk *desk, struct rolled *file);

/** @how: LETTER_OPEN, LETTER_OPEN_HELD or LETTER_TRY. */
int desk_open_slot(struct desk *desk, struct slot *slot, enum letter_kind how,
		   struct sp_error *err);

/** To those that are held: LETTER_ADMITTED or LETTER_DISMISSED. */
void desk_tell_held(struct desk *desk, enum letter_kind what);

/** Whether a connection is being opened that nobody holds. */
bool desk_is_led(const struct desk *desk);

/** Gives out what waits, as far as there is room, and opens connections for the rest. */
int desk_distribute(struct desk *desk, struct sp_error *err);

/** A helper is done, well or not. */
void desk_note_helped(struct desk *desk, struct slot *slot, const struct letter *letter);

/** A connection has done with a file, or never began with it. */
void desk_take_back(struct desk *desk, struct slot *slot, unsigned number);

/** The file of that number, which waits: owned by the caller. */
struct letter *desk_take_waiting(struct desk *desk, unsigned number);
