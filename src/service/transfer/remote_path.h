#pragma once
/** Within service/transfer/: paths at a partner, from the text of a request to the bytes that are used. Pure. */

#include "base/error.h"

/** Behind the last slash, borrowed. */
const char *remote_base_name(const char *path);

/*
 * Each returns 0 and the path's bytes, owned by the caller, or -1 with SP_INVALID: "..", a line break, a NUL byte, and
 * what the path has to name. Relative ones are left as they are: they begin at the home directory.
 */

/** Without slashes at its end. NULL stays NULL. */
int remote_read_directory(const char *text, char **out, struct sp_error *err);
/** What is retrieved: a name at the end. */
int remote_read_file(const char *text, char **out, struct sp_error *err);
/** A file or directory that is moved, what it becomes, or what is deleted; slashes at its end are taken off. */
int remote_read_entry(const char *text, char **out, struct sp_error *err);
