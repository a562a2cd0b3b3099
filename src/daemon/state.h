#pragma once
/**
 * The state folder: DIR/lock (one daemon at a time), DIR/buckets, DIR/run, the master key's place, and what it tells
 * people: DIR/admin.env, DIR/aws-config.
 */

#include "base/error.h"

struct state {
	char *directory; /* absolute, without symbolic links */
	char *buckets, *run;
	int directory_fd, lock_fd;
};

/** Creates what is not there. Refuses a folder of somebody else, or one that another daemon uses, naming its process. */
int state_open(struct state *state, const char *directory, struct sp_error *err);
/** Only to look, whoever uses it: nothing is created or locked. Refuses a folder of somebody else. */
int state_visit(struct state *state, const char *directory, struct sp_error *err);
void state_close(struct state *state);

/** @setting when it is set, else systemd's credential, else a file in the folder. Owned by the caller. */
char *state_master_key_path(const struct state *state, const char *setting);

/** Whole or not at all, mode 0600, on disk when it returns. @name is that of a file in the folder. */
int state_write_file(const struct state *state, const char *name, const char *text,
		     struct sp_error *err);

/** No failure when it is not there. */
int state_remove_file(const struct state *state, const char *name, struct sp_error *err);
