#pragma once
/** What this process is to the system: its rights, its limits, its word to the service manager. */

#include "base/error.h"

/** No core files, no foreign eyes, files that are not for everybody, as many descriptors as we may have. */
int process_harden(struct sp_error *err);

/** Becomes @user (NULL: stays). Before any thread is started. Only root can become somebody else. */
int process_become(const char *user, struct sp_error *err);

/** Tells systemd, when it listens (sd_notify(3)): "READY=1". Nobody needs to know when that fails. */
void process_notify(const char *state);

/**
 * The program sallyport-worker: @path when it is set, else beside this one, in the build tree, or where it is
 * installed. Owned by the caller.
 */
int process_find_worker(const char *path, char **out, struct sp_error *err);
