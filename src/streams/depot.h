#pragma once
/**
 * The streams of one process whose objects are at storage that speaks S3: GETs and PUTs by URLs that somebody else signed,
 * over sockets that somebody else connected. It opens nothing, and holds no key to the storage but those URLs.
 *
 * Why not libcurl: it makes sockets for its own use whenever it likes, which a sandbox answers with death, and wants a
 * connected one at once, where ours come by a message. Two verbs and one kind of answer are all that is needed.
 *
 * For the file thread alone, but for depot_create().
 */

#include "streams/stream.h"

struct depot_door {
	void *ctx;
	/** Answered by depot_take_socket() or depot_refuse_socket(). */
	void (*need_socket)(void *ctx, uint32_t request, const char *origin);
	/** Answered by depot_take_urls(). @part: the first of those that are wanted; 0: the source. */
	void (*need_urls)(void *ctx, const char *file_id, uint32_t attempt, uint32_t part);
	/**
	 * A connection on which no byte of an object moved for so long is given up. An answer's whole head has to come within
	 * it, with all that may stand in front of it (1xx), and what is said of a refusal.
	 */
	int stall_ms;
};

enum {
	DEPOT_LINES_MAX = 16,   /* connections at a time */
	DEPOT_STALL_MS = 20000, /* the usual patience with them */

	/* Bytes of sources. A range, which one request fetches, costs the storage a millisecond, so it is long. */
	DEPOT_RANGE = 8 << 20,
	DEPOT_RANGE_MIN = 512 << 10,    /* while the budget is used up */
	DEPOT_SOURCE_AHEAD = 24 << 20,  /* that all hold besides what each begins with, … */
	DEPOT_SOURCE_BUDGET = 48 << 20, /* … and with it; what is needed now comes on top */
	DEPOT_RANGES_MAX = 3,           /* of one source at a time */

	DEPOT_PART_MIN = 8 << 20,   /* of a part; larger when 10,000 of them would not do, … */
	DEPOT_PARTS_MAX = 10000,    /* … which is S3's limit, up to … */
	DEPOT_PART_MAX = 525 << 20, /* … what takes an object of 5 TiB */
	/* Of parts that are not kept yet, besides one that is over it, and the first few bytes of each sink. */
	DEPOT_SINK_BUDGET = 36 << 20,
};

void depot_create(const struct depot_door *door, struct depot **out);
/** No stream may be open. NULL is fine. */
void depot_destroy(struct depot *depot);

/** @fd is taken. */
void depot_take_socket(struct depot *depot, uint32_t request, int fd);
void depot_refuse_socket(struct depot *depot, uint32_t request, const struct sp_error *why);

/** A file of certificates that are trusted at @origin; taken. Comes before a socket to an origin with TLS, as of which it counts. */
void depot_take_ca(struct depot *depot, const char *origin, int fd);

/** @urls: lines; NULL: @why not. */
void depot_take_urls(struct depot *depot, const char *file_id, uint32_t attempt, uint32_t part,
		     const char *urls, const struct sp_error *why);

/** Whether there is anything to turn for. */
bool depot_is_busy(const struct depot *depot);

/** Moves bytes once, and waits for that, but not longer than @timeout_ms (-1: as long as it takes) or until @wake_fd is readable. */
void depot_turn(struct depot *depot, int wake_fd, int timeout_ms);
