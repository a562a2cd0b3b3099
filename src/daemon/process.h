#pragma once
/** What this process is to the system: its rights, its limits, its word to the service manager. */

#include "base/error.h"

/** No core files, no foreign eyes, files that are not for everybody, as many descriptors as we may have. */
int process_harden(struct sp_error *err);

/** Becomes @user (NULL: stays). Before any thread is started. Only root can become somebody else. */
int process_become(const char *user, struct sp_error *err);

/** Gives up what of root's power nothing here needs, for good. Once it is who it stays, and before any thread. */
int process_confine(struct sp_error *err);

/** Tells systemd, when it listens (sd_notify(3)): "READY=1". Nobody needs to know when that fails. */
void process_notify(const char *state);

/**
 * A program of ours: @path when it is set, else beside this one, in the build tree, or where it is installed. Owned by
 * the caller.
 *
 * @built_in  where it is in the build tree, from here: "/../worker"
 * @setting   that names it, for sentences
 */
int process_find_program(const char *name, const char *built_in, const char *path,
			 const char *setting, char **out, struct sp_error *err);

/** The program sallyport-worker. */
int process_find_worker(const char *path, char **out, struct sp_error *err);
