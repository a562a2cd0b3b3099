#pragma once
/**
 * Transfers and their files: what a row is, and which state may follow which.
 *
 *   QUEUED ──► RUNNING ──► PUBLISHING ──► COMPLETED
 *     ▲  └───────┤  └──────────┤
 *     └──────────┘             │     (back to QUEUED: a retry, or the worker or daemon died)
 *      FAILED ◄────────────────┘
 *
 * PUBLISHING is committed before the permit to rename is given. From then on the part is only renamed or looked at,
 * never written, so that nobody sees half a file (doc/guarantees.md). PUBLISHING goes back to QUEUED only when the
 * part is provably gone and the final name does not show it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "model/publishing.h"

enum {
	TRANSFER_ID_SIZE = 37,  /* a UUID and its NUL */
	FILE_ID_SIZE = 33,      /* 32 hex digits and a NUL */
	CONNECTOR_ID_SIZE = 20, /* c- and 17 hex digits and a NUL */
	TRANSFER_PATHS_MAX = 10,
	TRANSFER_PATH_CHARACTERS_MAX = 1024,
};

/** What is done with a file. Numbers are kept: add at the end only. */
enum transfer_direction {
	TRANSFER_SEND,
	TRANSFER_RETRIEVE,
	TRANSFER_LIST, /* StartDirectoryListing: its object is made of what the partner's directory has */
	TRANSFER_MOVE, /* StartRemoteMove: no bytes; PUBLISHING is "it may be done now", as of DELETE */
	TRANSFER_DELETE, /* StartRemoteDelete */
	TRANSFER_DIRECTION_COUNT,
};

/** "SEND", "RETRIEVE", "LIST", "MOVE", "DELETE". */
const char *transfer_direction_name(enum transfer_direction direction);

/** "send", "sent" …, for sentences. */
const char *transfer_direction_verb(enum transfer_direction direction);
const char *transfer_direction_participle(enum transfer_direction direction);

/** RETRIEVE, LIST: what it makes is an object. */
bool transfer_makes_object(enum transfer_direction direction);

/** MOVE, DELETE: one request that changes names at the partner. */
bool transfer_is_errand(enum transfer_direction direction);

enum file_state { FILE_QUEUED, FILE_RUNNING, FILE_PUBLISHING, FILE_COMPLETED, FILE_FAILED };

/** "QUEUED", "RUNNING", "PUBLISHING" …: as the picture above has it, for logs and sentences. */
const char *file_state_name(enum file_state state);

/** "QUEUED", "IN_PROGRESS" (RUNNING and PUBLISHING), "COMPLETED", "FAILED": ConnectorFileTransferResult.StatusCode. */
const char *file_state_aws_name(enum file_state state);

bool file_state_may_move(enum file_state from, enum file_state to);

/** What becomes of a transfer follows from its files. Numbers are kept, and those of the states of files. */
enum transfer_state {
	TRANSFER_QUEUED = FILE_QUEUED,       /* none was begun */
	TRANSFER_IN_PROGRESS = FILE_RUNNING, /* some were, and not all have ended */
	TRANSFER_COMPLETED = FILE_COMPLETED, /* all are */
	TRANSFER_FAILED = FILE_FAILED,       /* all have ended, and one at least has failed */
};

/** "QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED". */
const char *transfer_state_name(enum transfer_state state);

/** False when there is none of this name. */
bool transfer_state_find(const char *name, enum transfer_state *out);

/** False when there is none of this name. */
bool transfer_direction_find(const char *name, enum transfer_direction *out);

/** How a file got its final name. Numbers go over the wire and are kept: add at the end only. */
enum publish_outcome {
	PUBLISH_RENAMED,   /* the rename was answered with OK, and a file of its size is there */
	PUBLISH_CONFIRMED, /* the rename's answer was lost; the final name has the size */
	PUBLISH_INFERRED, /* the part is gone, and no file of its size is there: a partner took it away */
	PUBLISH_WRITTEN, /* it was written under that name (sallyport:upload=direct): nothing was renamed */
	PUBLISH_DONE, /* MOVE, DELETE: answered with OK, and seen to be so */
	PUBLISH_OUTCOME_COUNT,
};

/** "RENAMED", "CONFIRMED", "INFERRED", "WRITTEN", "DONE". */
const char *publish_outcome_name(enum publish_outcome outcome);

/**
 * What is known of the published bytes, weakest first. Numbers go over the wire and are kept: add at the end only.
 * Each level says what was looked at after the last byte was acknowledged; UNKNOWN until the file is COMPLETED.
 */
enum verification {
	VERIFIED_UNKNOWN,
	VERIFIED_INFERRED, /* nobody saw it under its final name */
	VERIFIED_ACKNOWLEDGED, /* every write and the close were acknowledged; the server tells no size */
	VERIFIED_SIZE,         /* and it has the size */
	VERIFIED_REREAD,       /* and its bytes were read back and have the SHA-256 */
	VERIFIED_SERVER_HASH, /* and the server's own hash of it is ours */
	VERIFIED_DIRECT, /* written under its final name (sallyport:upload=direct): it could be seen half-written */
	VERIFICATION_COUNT,
};

/** "ACKNOWLEDGED", "SIZE_CHECKED", "RE_READ", "SERVER_HASH", "INFERRED", "DIRECT", "UNKNOWN". */
const char *verification_name(enum verification verification);

/** What a path at a partner was when it was looked at. Numbers go over the wire: add at the end only. */
enum found_kind { FOUND_UNKNOWN, FOUND_FILE, FOUND_DIRECTORY, FOUND_KIND_COUNT };

enum { RESUME_STATE_HEX_MAX = 256 };
enum { LISTING_ITEMS_MAX = 200000, LISTING_ITEMS_DEFAULT = 1000 };

struct transfer {
	char id[TRANSFER_ID_SIZE];
	char connector_id[CONNECTOR_ID_SIZE];
	enum transfer_direction direction;
	char *local_directory; /* RETRIEVE, LIST: "/bucket/prefix" as given; else NULL. Owned. */
	/* SEND, LIST: as given, escaped text; NULL is the home directory. MOVE: the target, the same way. Owned. */
	char *remote_directory;
	int64_t created_ms;
	enum transfer_state state;       /* follows from its files; kept along with them */
	char retry_of[TRANSFER_ID_SIZE]; /* the one whose FAILED files these are; "": none */
};

struct transfer_file {
	char id[FILE_ID_SIZE];
	char transfer_id[TRANSFER_ID_SIZE];
	char connector_id[CONNECTOR_ID_SIZE];
	enum transfer_direction direction;
	int64_t position; /* its place in the connector's queue: ascending, unique in the store */
	char *path; /* as the request has it (SEND: object, others: remote path). Owned, as all below. */
	char *bucket, *key;     /* object read or written */
	char *remote_directory; /* SEND: bytes, NULL is the home directory; others: NULL */
	char *remote_name; /* SEND: bytes of the name in @remote_directory; others: bytes of the remote path */
	char *target_path; /* MOVE: bytes of the remote path that it gets; others: NULL */
	int items_max;     /* LIST: entries, at most … */
	int items;         /* … and those that are in the object, once it is READY … */
	bool truncated;    /* … which there are more of */
	enum file_state state;
	int attempt; /* counts from 1 when the first attempt starts; part of every temporary name */
	int tries;   /* failed attempts that count against the limit */
	int worker_deaths;
	int64_t not_before_ms; /* wall clock: a retry waits until then */
	int64_t size;          /* bytes; -1 until READY */
	char sha256[65];       /* "" until READY */

	/* Whose part (SEND) or temporary (RETRIEVE) is in use: an earlier attempt's when it is gone on with; 0: none yet. */
	int part_attempt;
	int64_t watermark;  /* bytes of it that an attempt may go on behind; 0: from the start */
	char *resume_state; /* hex digits: the hash's state there. NULL: none. Owned, as below */
	/* What the source was when the part was begun, or the move or deletion was permitted. NULL: not known */
	char *source_identity;
	int64_t bytes_moved; /* over the wire, all attempts */

	/* As the connector's tags were when the part, if there may be one, was begun; @verify is not kept. */
	struct publishing publishing;
	bool leaves_part; /* SEND: should it FAIL, a part may lie at the partner */
	bool leaves_aside; /* when it is COMPLETED: what it replaced lies there still; not kept with it */
	/* SEND, PUBLISHING: the file that has the final name may go for it, and may be gone already. */
	bool replaces;

	enum verification verification;
	enum publish_outcome outcome;
	char *published_name; /* where a conflict gave it another one: bytes; NULL: remote_name, key */
	char *connection;     /* id of the one that ended it (store/servers.h); NULL: not known */

	int64_t queued_ms;            /* when the request was accepted */
	int64_t started_ms, ended_ms; /* 0 until then */
	int64_t attempt_ms;           /* when the present attempt began */
	int64_t publishing_ms;        /* when it was about to get its final name; 0: not yet */
	int64_t cancelled_ms;         /* when somebody wanted it to end; 0: nobody does */
	char *cancelled_by;           /* an access key's id */
	char *attempt_failure; /* back in the queue: why the attempt ended; kept with that (store/attempts.h) */
	const char *failure_code; /* static text of the contract; NULL unless FAILED */
	char *failure_message;
};

void transfer_finish(struct transfer *transfer);
void transfer_file_finish(struct transfer_file *file);
