#pragma once
/**
 * An SFTP version 3 session (draft-ietf-secsh-filexfer-02) on one channel: requests go out, each with a function that
 * is called with its reply. Fixed memory; unknown and duplicate ids, and replies longer than what was asked, are
 * protocol errors that end the session. Belongs to one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "remote/transport.h"

struct remote;

enum {
	REMOTE_REQUESTS_MAX = 1024,            /* outstanding */
	REMOTE_PATH_MAX = 4096,                /* bytes */
	REMOTE_PACKET_MAX = 256 * 1024 + 1024, /* bytes of one packet, either way */
	REMOTE_BLOCK_MAX =
		261120, /* bytes of one READ or WRITE: what OpenSSH's limits@openssh.com grants */
	REMOTE_BLOCK_DEFAULT = 32768, /* without limits@openssh.com */
	REMOTE_EXTENSIONS_MAX = 512,  /* bytes of the list of their names */
	REMOTE_CHANNELS_MAX = 8,      /* of one connection */
};

/** What the server offers; learnt when the session opens. */
struct remote_features {
	uint32_t version;
	bool posix_rename, fsync, statvfs, limits, copy_data, check_file, home_directory;
	bool keeps_order;    /* what is asked about one file is done in that order … */
	bool looks_in_order; /* … and a look at it only behind the READs in front of it */
	uint32_t read_max, write_max; /* bytes of one request */
	uint64_t handles_max;         /* files that it lets be open; 0: not told */
	/* "posix-rename@openssh.com, …": all that it announced, as far as they fit; ASCII. */
	char extensions[REMOTE_EXTENSIONS_MAX];
};

/** What a server granted when it was asked before (limits@openssh.com). */
struct remote_limits {
	uint32_t read_max, write_max;
	uint64_t handles_max;
};

/**
 * INIT, VERSION, limits. @channel is taken, also when the call fails.
 * @known  the server is asked again, and its answer not waited for; NULL: it is
 */
int remote_open(struct channel *channel, const struct remote_limits *known, int64_t timeout_ms,
		int cancel_fd, struct remote **out, struct sp_error *err);
void remote_close(struct remote *remote); /* destroy its jobs first. NULL is fine */

/**
 * From now on large uploads may use further channels of the same connection, which the pump moves as well.
 *
 * @opener    copied; what it opens must be on the connection of @remote's channel
 * @channels  at most, the first among them
 */
void remote_may_branch(struct remote *remote, const struct channel_opener *opener, size_t channels);

/** As many as may be: fewer than it was said once the server has refused one. */
size_t remote_channels_most(const struct remote *remote);

/** Servers, by their version line, that are known to store a file rightly that is written through several handles. */
bool remote_stripes_well(const char *banner);
const struct remote_features *remote_features(const struct remote *remote);

/**
 * Moves bytes once: sends what may be sent, reads what is there, calls the reply functions, then, when nothing moved,
 * sleeps until something can, @other_fd is readable, or @timeout_ms passed.
 *
 * @timeout_ms  -1: none
 * @idle_ms     0: no limit
 *
 * -1 when the session is dead (SP_CLOSED, SP_PROTOCOL, or SP_TIMEOUT: a reply was owed and for @idle_ms no byte came);
 * every outstanding request's function has then been called with that error.
 */
int remote_pump(struct remote *remote, int other_fd, int timeout_ms, int64_t idle_ms,
		struct sp_error *err);

/** Whoever waits is told that it died of @why. */
void remote_end(struct remote *remote, const struct sp_error *why);

/** -1 with what it died of. Looks at nothing: only a pump finds out. */
int remote_check(const struct remote *remote, struct sp_error *err);

/** Requests that may still be sent before REMOTE_REQUESTS_MAX is reached or the out-queue's budget is used up. */
size_t remote_room(struct remote *remote);

/** Once: somebody found little or no room, and now there is some again. */
bool remote_has_room_again(struct remote *remote);

/** Requests without a reply. */
size_t remote_outstanding(const struct remote *remote);

/** The shortest time that a question without a file's bytes took so far: the line's delay. 0 before there was one. */
int64_t remote_round_trip_us(const struct remote *remote);

/* ---- many at once on one session ------------------------------------------------------------------------------ */

/** @who: what was given to remote_ask_for(). May do no more than note it. */
typedef void remote_wake_fn(void *ctx, void *who);

/** From now on @wake is called after each reply function of a request that was asked for somebody. @ctx is kept. */
void remote_on_reply(struct remote *remote, remote_wake_fn *wake, void *ctx);

/** What is asked from now on, or by the replies to it, is asked for @who; NULL: for nobody. */
void remote_ask_for(struct remote *remote, void *who);

/* ---- single operations that wait for their answer (remote/operations.c) ---------------------------------------- */

struct remote_attributes {
	bool has_size, has_permissions, has_times;
	uint64_t size;
	uint32_t permissions;  /* with the file type bits */
	uint32_t atime, mtime; /* seconds */
};

/** Patience for the calls below: the longest silence of the server, and who may cut it short. */
struct remote_patience {
	int64_t idle_ms; /* 0: no limit */
	int cancel_fd;   /* -1: none */
	/* Where many share the session, somebody else pumps: then this waits until there may be something new, or fails
	 * as a pump does. NULL: the call pumps. */
	int (*wait)(const struct remote_patience *patience, struct sp_error *err);
	void *ctx;
	int64_t since_ms; /* for @wait: monotonic, when it began to be patient */
};

int remote_stat(struct remote *remote, const char *path, const struct remote_patience *patience,
		struct remote_attributes *out, struct sp_error *err);
/** The same of a symbolic link itself. */
int remote_lstat(struct remote *remote, const char *path, const struct remote_patience *patience,
		 struct remote_attributes *out, struct sp_error *err);
int remote_remove(struct remote *remote, const char *path, const struct remote_patience *patience,
		  struct sp_error *err);

/** An empty one: servers refuse others, OpenSSH's with a bare FAILURE (SP_SYSTEM). */
int remote_remove_directory(struct remote *remote, const char *path,
			    const struct remote_patience *patience, struct sp_error *err);

/** All @length bytes from @offset on; SP_PROTOCOL where the file ends before. Not for whole files: it fills memory. */
int remote_read(struct remote *remote, const char *path, uint64_t offset, uint8_t *out,
		size_t length, const struct remote_patience *patience, struct sp_error *err);

/**
 * The first @length bytes of a file into a new one, at the server (copy-data, which it has to offer). What was made is
 * the caller's to remove after a failure.
 */
int remote_copy(struct remote *remote, const char *from, const char *to, uint64_t length,
		const struct remote_patience *patience, struct sp_error *err);

/**
 * What the server says the SHA-256 of a file is ("check-file", which it has to offer), 64 hex digits. SP_UNSUPPORTED when
 * it answers something else.
 */
int remote_hash(struct remote *remote, const char *path, const struct remote_patience *patience,
		char out_sha256[SP_SHA256_HEX_SIZE], struct sp_error *err);

/**
 * @replace  posix-rename where offered, else plain rename. Servers differ on an existing name: OpenSSH refuses a plain
 *           rename with a bare FAILURE (SP_SYSTEM), others say SP_EXISTS, others overwrite.
 *
 * After SP_CANCELLED, SP_TIMEOUT and SP_CLOSED the server may still carry it out.
 */
int remote_rename(struct remote *remote, const char *from, const char *to, bool replace,
		  const struct remote_patience *patience, struct sp_error *err);

/** What is under a name, as far as the server tells. */
struct remote_sight {
	bool is_told; /* false: it does not let us look */
	bool exists;
	struct remote_attributes attributes;
};

/**
 * remote_rename() with posix-rename, which the server has to offer, and a look at @to before and after, all in one
 * breath: a file that is renamed costs no more than one round trip.
 *
 * @before, @after  what was seen, also when the rename failed
 */
int remote_rename_watched(struct remote *remote, const char *from, const char *to,
			  const struct remote_patience *patience, struct remote_sight *before,
			  struct remote_sight *after, struct sp_error *err);

/** The error that an SFTP status stands for: NO_SUCH_FILE → SP_NOT_FOUND, PERMISSION_DENIED → SP_DENIED, and so on.
 *  @text: the server's own words, escaped and shortened already; used when they say more than the code. NULL is fine. */
int remote_fail_status(struct sp_error *err, uint32_t status, const char *text);
