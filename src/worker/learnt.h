#pragma once
/**
 * What servers do and do not say: learnt while files are published, told to the daemon, and brought back by it to the
 * next worker, as long as banner and host key are the same.
 */

#include <stdbool.h>

#include "base/buffer.h"

struct connection;

struct learnt {
	bool rename_refuses;  /* a plain rename, where the new name is taken … */
	bool rename_replaces; /* … or it replaces what has the name */
	bool no_posix_rename; /* it is offered, and answered with "unsupported" */
	bool no_hash;         /* the same of check-file */
	char server[384];     /* whom it is about: banner and fingerprint */
};

/** A connection was made: what is known of its server, and CONNECTED to the daemon. */
void learnt_begin(struct connection *connection);

/** Whether its server may be asked for the hash of a file. */
bool learnt_has_hash(const struct connection *connection);

/** One of @connection->learnt; CONNECTED again when that is news. */
void learnt_note(struct connection *connection, bool *fact);

/** The words of a text that are facts ("rename-existing=refuses no-posix-rename") into @out; others are left alone. Pure. */
void learnt_parse(const char *text, struct learnt *out);
void learnt_format(const struct learnt *learnt, struct sp_buffer *out);
