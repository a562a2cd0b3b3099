#pragma once
/**
 * What is in one directory of the partner, entry by entry: OPENDIR, several READDIRs under way at a time, CLOSE. Servers
 * answer a READDIR with a handful of names (OpenSSH's with 100 at most), so that without that a large directory would
 * take a round trip for each handful.
 *
 * A server may go on for ever: whoever reads decides when it has enough. What is under way and what waits to be read is
 * bounded. Belongs to the session's thread, and ends before the session.
 */

#include "remote/session.h"

struct listing;

enum {
	LISTING_NAME_MAX = 1024, /* bytes of one name */
	LISTING_READS_FIRST = 4, /* READDIRs under way when nothing is known of the directory … */
	LISTING_READS_UNKNOWN =
		1, /* … and of servers that may answer two of them with the same names */
};

struct remote_entry {
	char name[LISTING_NAME_MAX +
		  1]; /* bytes: never empty, "." or "..", without '/', NUL or line break */
	bool is_directory, is_link;
	struct remote_attributes attributes; /* of a link itself */
};

/** @path: copied. Nothing is asked yet. Never NULL. */
struct listing *listing_start(struct remote *remote, const char *path);
void listing_destroy(struct listing *listing); /* waits for nothing. NULL is fine */

/** How many READDIRs may be under way from now on, where the server can do with more than one. */
void listing_allow_reads(struct listing *listing, size_t reads);

/**
 * 1 and an entry, 0 when there is none yet (a reply will bring it), 2 at the end, -1: SP_NOT_FOUND, SP_CONFLICT when the
 * path is no directory, SP_PROTOCOL and SP_UNSUPPORTED for names that cannot be, or be taken, and what else a server
 * says.
 */
int listing_next(struct listing *listing, struct remote_entry *out, struct sp_error *err);
