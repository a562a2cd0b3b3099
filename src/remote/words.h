#pragma once
/** How names and the server's own words stand in our sentences: escaped, and short enough to leave room for the cause. */

#include <stddef.h>
#include <stdint.h>

/* Two paths and a server's text fit a struct sp_error. */
enum { WORDS_PATH_MAX = 120, WORDS_SERVER_MAX = 200 /* bytes */ };

/** @path escaped; of a long one the end is shown. Owned by the caller. */
char *words_of_path(const char *path);

/** Any bytes of a server, up to a NUL, escaped; of a long text the beginning is shown. Owned by the caller. */
char *words_of_server(const uint8_t *text, size_t length);
