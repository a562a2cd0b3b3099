#pragma once
/**
 * Why a file failed: the contract's failure codes (AWS Transfer Family user guide, connector events), and which
 * failures are worth another attempt. Both come from tables of codes, never from the text of a message.
 */

#include <stdbool.h>

#include "base/error.h"

/** What was being done when it failed. Numbers go over the wire between our processes: add at the end only. */
enum failure_step {
	STEP_ROLE,    /* taking on the access role */
	STEP_SECRET,  /* reading the connector's secret */
	STEP_RESOLVE, /* turning the host name into addresses */
	STEP_CONNECT, /* TCP */
	STEP_BANNER,  /* the server's SSH version line */
	STEP_KEY_EXCHANGE,
	STEP_HOST_KEY,
	STEP_AUTHENTICATE,
	STEP_SFTP,          /* subsystem and version */
	STEP_READ_OBJECT,   /* SEND: finding, opening, reading the source in the bucket */
	STEP_WRITE_REMOTE,  /* SEND: creating, writing, closing the part at the partner */
	STEP_RENAME_REMOTE, /* SEND: the part's rename to its final name */
	STEP_READ_REMOTE,   /* RETRIEVE: finding, opening, reading the partner's file */
	STEP_WRITE_OBJECT,  /* RETRIEVE: creating, writing, publishing in the bucket */
	STEP_WAIT,          /* waiting in the queue */
	STEP_WORKER,        /* the worker process itself */
	STEP_CONFIGURATION, /* the resource configuration: is it there? */
	STEP_PORT,          /* is the port among its port ranges? */
	STEP_GATEWAY,       /* the resource gateway: is it there and active? */
	STEP_INTERFACE,     /* a network interface of it, and the address to leave from */
	STEP_GROUPS,        /* what the gateway's security groups let out */
	STEP_ROUTE,         /* the routes from there to the target */
	STEP_LIST_REMOTE,   /* LIST: opening and reading the partner's directory */
	STEP_MOVE_REMOTE,   /* MOVE: finding and renaming what is to be moved */
	STEP_MOVE_TARGET,   /* MOVE: the directory that it goes to */
	STEP_DELETE_REMOTE, /* DELETE: finding and removing it */
	FAILURE_STEP_COUNT,
};

/** "connect", "host-key" …: for logs and traces. */
const char *failure_step_name(enum failure_step step);

/** The contract's FailureCode, for example "CONNECTION_ERROR"; static. */
const char *failure_code(enum failure_step step, enum sp_code code);

/** The same static text for a code that was written down as text; NULL stays NULL, an unknown one is "UNKNOWN_ERROR". */
const char *failure_code_from_name(const char *name);

/** "CANCELLED": somebody wanted it to end. Ours, as the call for it is. */
extern const char failure_cancelled[];

/** Whether another attempt may help. */
bool failure_is_transient(enum failure_step step, enum sp_code code);
