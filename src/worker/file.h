#pragma once
/**
 * What is done with one file on a live connection: SEND, RETRIEVE, RECOVER and REMOVE here, LIST in list.h, MOVE and
 * DELETE in errand.h. Runs on a fiber of the connection, until the file has ended and the daemon was told how. It stands
 * on task.h, resume.h, verify.h, publish.h and those two.
 */

#include "worker/connection.h"

/** SEND, RETRIEVE, RECOVER, REMOVE, LIST, MOVE, DELETE. */
bool file_is_work(enum worker_kind kind);

/** @letter stays the caller's. Whether the connection survived is asked with connection_lives(). */
void file_work(struct connection *connection, struct letter *letter);
