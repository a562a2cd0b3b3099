#pragma once
/**
 * What servers do and do not say: learnt while files are published, told to the daemon, and brought back by it to the
 * next worker, as long as banner and host key are the same.
 */

#include <stdbool.h>

#include "base/buffer.h"
#include "remote/session.h"
#include "remote/transport.h"

struct connection;

enum { LEARNT_METHOD_SIZE = 32 };

struct learnt {
	bool rename_refuses;                /* a plain rename, where the new name is taken … */
	bool rename_replaces;               /* … or it replaces what has the name */
	bool no_posix_rename;               /* it is offered, and answered with "unsupported" */
	bool no_hash;                       /* the same of check-file */
	char method[LEARNT_METHOD_SIZE];    /* of authentication, that did alone; "": none */
	struct remote_limits limits;        /* granted; read_max 0: not known */
	char server[TRANSPORT_SERVER_SIZE]; /* whom it is about; "": nobody */
};

/** Before a connection is made: what is known of the server that was there last. */
void learnt_recall(const struct connection *connection, struct learnt *out);

/** A connection was made: what is known of its server, and CONNECTED to the daemon. */
void learnt_begin(struct connection *connection);

/** Whether its server may be asked for the hash of a file. */
bool learnt_has_hash(const struct connection *connection);

/** What the server answered meanwhile; CONNECTED again when that is news. */
void learnt_renew(struct connection *connection);

/** One of @connection->learnt; CONNECTED again when that is news. */
void learnt_note(struct connection *connection, bool *fact);

/** The words of a text that are known ("rename-existing=refuses read-max=261120") into @out; others are left alone. Pure. */
void learnt_parse(const char *text, struct learnt *out);
void learnt_format(const struct learnt *learnt, struct sp_buffer *out);
