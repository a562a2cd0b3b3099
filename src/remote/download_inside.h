#pragma once
/**
 * A download as its files share it: download.c opens the file and is the door, download_read.c brings its bytes,
 * download_look.c sees what it is before and after, download_fail.c says what went wrong. Each calls those behind it.
 * Outside of them nobody includes this.
 */

#include "remote/ask.h"
#include "remote/download.h"
#include "remote/flight.h"

/*
 *   OPEN ──► OPENING ──► LOOK ──► LOOKING ──► READING ──► END ──► ENDING ──► DONE
 *               │                   │            │                  │
 *               └► EXPLAIN ─► …ING ─┴────────────┴──────────────────┴──► FAILED
 *
 * LOOK is FSTAT and, when that does not tell size and type, STAT on the path as well; END is the same look again, in
 * one burst with CLOSE. With the first look goes a READ of the first block: of a small file that is all. Where a round
 * trip is long and nobody else uses the session, as much is asked for as may be: what is behind the end costs nothing.
 * Servers that keep the order are asked for the second look right behind the last READ: then END is CLOSE alone, which
 * nobody waits for, and a small file takes two round trips.
 * EXPLAIN asks whether what could not be opened or read is a directory.
 */
enum download_state {
	DOWNLOAD_OPEN,
	DOWNLOAD_OPENING,
	DOWNLOAD_EXPLAIN,
	DOWNLOAD_EXPLAINING,
	DOWNLOAD_LOOK,
	DOWNLOAD_LOOKING,
	DOWNLOAD_READING,
	DOWNLOAD_END,
	DOWNLOAD_ENDING,
	DOWNLOAD_DONE,
	DOWNLOAD_FAILED,
};

#define UNKNOWN UINT64_MAX

enum { LENT_MAX = 64 /* blocks */ };

/* What the server says about the file: of the handle, and of the path where the handle did not tell enough. */
struct look {
	struct remote_attributes attributes;
	size_t unanswered;
};

/* A look at the handle behind READs that are not answered yet. */
struct early_look {
	struct remote_attributes attributes;
	uint64_t asked;     /* READs in front of it */
	bool is_unanswered; /* the last one */
	bool is_there;      /* an answer */
};

struct download {
	struct remote *remote;
	const struct block_sink *sink;
	char *path, *shown_path; /* owned */
	enum download_state state;

	struct wire_handle handle;
	bool is_open;                         /* and CLOSE was not asked for */
	uint64_t offset, old_size, old_mtime; /* gone on with; 0: from the start */
	struct look before, after;
	bool ask_path; /* the handle alone does not tell enough */

	/*
	 *   0 ────────── delivered ─────────── next ─────────── limit
	 *    in the sink     blocks, asked for       not asked for    what we were told; then one probe for more
	 */
	/* Ascending; the tail is being filled with requests while it has room. */
	struct block *head, *tail;
	uint64_t delivered, next;
	uint64_t limit; /* UNKNOWN: until EOF shows */
	uint64_t end;   /* where EOF was seen; UNKNOWN until then */
	uint64_t seen;  /* one past the highest byte that came */
	size_t reading; /* READs that were not answered, the probe among them */
	uint64_t asked; /* READs, so far */
	struct early_look early;
	bool probed;
	uint8_t probe;
	struct flight flight;
	struct crew *crew;             /* NULL: nobody helps … */
	size_t lent;                   /* … or has so many blocks … */
	struct block *again[LENT_MAX]; /* … and gave these back as they were */
	size_t again_count;

	struct sp_error failure;
	enum failure_step failed_step;
};

static inline struct asker download_asker(struct download *download, reply_fn *fn)
{
	return (struct asker){ fn, download };
}

/* ---- download_fail.c --------------------------------------------------------------------------------------------- */

bool download_has_failed(const struct download *download);
void download_fail(struct download *download, enum failure_step step);
void download_fail_remote(struct download *download, const struct reply *reply, const char *what);
void download_fail_changed(struct download *download, const char *how);

/* ---- download_look.c --------------------------------------------------------------------------------------------- */

/** Only regular files are read: true after another one was refused. Servers that tell no type are believed. */
bool download_is_refused(struct download *download, const struct remote_attributes *attributes);

/** Asks what the file is; READING begins with the answer. */
void download_look(struct download *download);

/** The second look, behind all READs that there are now; once for as many. */
void download_look_early(struct download *download);

/** The step of END. */
void download_step_end(struct download *download);

/* ---- download_read.c --------------------------------------------------------------------------------------------- */

/** The steps of LOOK and READING. */
void download_step_look(struct download *download);
void download_step_read(struct download *download);

/** The first of the blocks, which is full or not needed. */
struct block *download_take_head(struct download *download);

/** What helpers gave back. */
void download_take_all_back(struct download *download);
