#include "model/failure.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	const char *usual;     /* the contract's code … */
	const char *not_found; /* … and for SP_NOT_FOUND, where that differs */
} steps[FAILURE_STEP_COUNT] = {
	[STEP_ROLE] = { "role", "ASSUME_ROLE_ERROR", NULL },
	[STEP_SECRET] = { "secret", "CONNECTION_ERROR", NULL },
	[STEP_RESOLVE] = { "resolve", "CONNECTION_ERROR", NULL },
	[STEP_CONNECT] = { "connect", "CONNECTION_ERROR", NULL },
	[STEP_BANNER] = { "banner", "CONNECTION_ERROR", NULL },
	[STEP_KEY_EXCHANGE] = { "key-exchange", "CONNECTION_ERROR", NULL },
	[STEP_HOST_KEY] = { "host-key", "CONNECTION_ERROR", NULL },
	[STEP_AUTHENTICATE] = { "authenticate", "CONNECTION_ERROR", NULL },
	[STEP_SFTP] = { "sftp", "CONNECTION_ERROR", NULL },
	[STEP_READ_OBJECT] = { "read-object", "READ_FILE_ERROR", "SEND_FILE_NOT_FOUND" },
	[STEP_WRITE_REMOTE] = { "write-remote", "WRITE_FILE_ERROR", "DIRECTORY_NOT_FOUND" },
	[STEP_RENAME_REMOTE] = { "rename-remote", "RENAME_ERROR", NULL },
	[STEP_READ_REMOTE] = { "read-remote", "READ_FILE_ERROR", "RETRIEVE_FILE_NOT_FOUND" },
	[STEP_WRITE_OBJECT] = { "write-object", "WRITE_FILE_ERROR", NULL },
	[STEP_WAIT] = { "wait", "TIMEOUT_ERROR", NULL },
	[STEP_WORKER] = { "worker", "INTERNAL_ERROR", NULL },
	[STEP_CONFIGURATION] = { "resource-configuration", "CONNECTION_ERROR", NULL },
	[STEP_PORT] = { "port", "CONNECTION_ERROR", NULL },
	[STEP_GATEWAY] = { "gateway", "CONNECTION_ERROR", NULL },
	[STEP_INTERFACE] = { "interface", "CONNECTION_ERROR", NULL },
	[STEP_GROUPS] = { "security-groups", "CONNECTION_ERROR", NULL },
	[STEP_ROUTE] = { "route", "CONNECTION_ERROR", NULL },
	[STEP_LIST_REMOTE] = { "list-remote", "LIST_DIRECTORY_ERROR", "DIRECTORY_NOT_FOUND" },
	[STEP_MOVE_REMOTE] = { "move-remote", "RENAME_ERROR", "FILE_NOT_FOUND" },
	[STEP_MOVE_TARGET] = { "move-target", "RENAME_ERROR", "PATH_NOT_FOUND" },
	[STEP_DELETE_REMOTE] = { "delete-remote", "DELETE_ERROR", "FILE_NOT_FOUND" },
};

const char *failure_step_name(enum failure_step step)
{
	return (unsigned)step < FAILURE_STEP_COUNT ? steps[step].name : "unknown";
}

const char *failure_code(enum failure_step step, enum sp_code code)
{
	if ((unsigned)step >= FAILURE_STEP_COUNT)
		return "UNKNOWN_ERROR";
	if (code == SP_TIMEOUT)
		return "TIMEOUT_ERROR";
	if (code == SP_INTERNAL || code == SP_NO_MEMORY)
		return "INTERNAL_ERROR";
	if (code == SP_NOT_FOUND && steps[step].not_found != NULL)
		return steps[step].not_found;
	return steps[step].usual;
}

const char failure_cancelled[] = "CANCELLED";

const char *failure_code_from_name(const char *name)
{
	static const char *const others[] = { "TIMEOUT_ERROR", "INTERNAL_ERROR",
					      failure_cancelled };
	if (name == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i], name) == 0)
			return others[i];
	for (size_t i = 0; i < FAILURE_STEP_COUNT; i++) {
		if (strcmp(steps[i].usual, name) == 0)
			return steps[i].usual;
		if (steps[i].not_found != NULL && strcmp(steps[i].not_found, name) == 0)
			return steps[i].not_found;
	}
	return "UNKNOWN_ERROR";
}

/* Codes that usually end a file, but not at these steps: what is in the way there goes away by itself. */
static const struct {
	enum failure_step step;
	enum sp_code code;
} passing[] = {
	{ STEP_WORKER, SP_SYSTEM },       { STEP_CONNECT, SP_SYSTEM },
	{ STEP_SECRET, SP_SYSTEM },       /* the store had a bad moment, not the secret */
	{ STEP_GATEWAY, SP_CONFLICT },    /* its interfaces are being made … */
	{ STEP_GATEWAY, SP_SYSTEM },      /* … or could not be; that is tried again too */
	{ STEP_ROUTE, SP_CONFLICT },      /* a gateway on the way is being made … */
	{ STEP_ROUTE, SP_SYSTEM },        /* … or could not be */
	{ STEP_INTERFACE, SP_SYSTEM },    /* what makes networks was away */
	{ STEP_READ_OBJECT, SP_SYSTEM },  /* a disk or a file server had a bad moment */
	{ STEP_WRITE_OBJECT, SP_SYSTEM }, /* the same, and whether it was renamed may not be known */
	{ STEP_INTERFACE, SP_NOT_FOUND }, /* this host has lost the address: a link is down */
};

static bool passes(enum failure_step step, enum sp_code code)
{
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (passing[i].step == step && passing[i].code == code)
			return true;
	return false;
}

bool failure_is_transient(enum failure_step step, enum sp_code code)
{
	switch (code) {
	case SP_UNREACHABLE:
	case SP_CLOSED:
	case SP_TIMEOUT:
	case SP_CHANGED:
	case SP_NO_MEMORY:
	case SP_LIMIT:
	case SP_CANCELLED:
		return true;
	case SP_NOT_FOUND:
	case SP_CONFLICT:
	case SP_SYSTEM:
		return passes(step, code);
	case SP_OK:
	case SP_INVALID:
	case SP_EXISTS:
	case SP_DENIED:
	case SP_AUTH:
	case SP_UNTRUSTED:
	case SP_NO_SPACE:
	case SP_UNSUPPORTED:
	case SP_PROTOCOL:
	case SP_INTERNAL:
		return false;
	}
	return false;
}
