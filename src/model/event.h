#pragma once
/**
 * What is told of each file's end, as it was written down in the same commit: whatever becomes of the connector and its
 * rows afterwards, the event stays what it was. Its shapes on the wire: events/envelope.h.
 */

#include "base/id.h"
#include "model/transfer.h"

struct event {
	int64_t number;        /* ascending in the order of the commits; never given twice */
	char id[SP_UUID_SIZE]; /* given once, with the commit: what is told again is told under the same */
	char connector_id[CONNECTOR_ID_SIZE];
	enum transfer_direction direction;
	enum file_state state; /* COMPLETED or FAILED */
	int64_t time_ms;       /* of the commit */
	bool is_logged;        /* the connector had a logging role that may log */

	/* The connector's way, as it was then. Owned, as all texts below. */
	char *url;               /* NULL with VPC_LATTICE */
	char *configuration_arn; /* NULL: service-managed */
	int port;                /* with VPC_LATTICE */

	char transfer_id[TRANSFER_ID_SIZE];
	char file_id[FILE_ID_SIZE];
	char *path;             /* as the request has it, as are these: */
	char *local_directory;  /* RETRIEVE, LIST */
	char *remote_directory; /* SEND: NULL is the home directory. LIST. MOVE: the target */
	char *bucket, *key;     /* the object; NULL when the path names none. @key: bytes */
	int64_t bytes;          /* 0 when it FAILED */
	int64_t queued_ms, started_ms, ended_ms; /* started_ms 0: it never began */
	int items_max, items;                    /* LIST: entries, at most and in the object … */
	bool truncated;                          /* … which there are more of */
	const char *failure_code; /* static text of the contract; NULL unless FAILED */
	char *failure_message;
};

void event_finish(struct event *event);
