#pragma once
/** Within objects/: access keys out of a file as AWS's tools keep it, read whenever something is signed. */

#include "base/error.h"

/** All owned by the caller. */
struct s3_credentials {
	char *access_key_id, *secret;
	char *session_token; /* NULL: none */
};

/**
 * Of the section [default], or of what stands before any section: aws_access_key_id, aws_secret_access_key,
 * aws_session_token. What a file may look like: base/profile.h.
 */
int s3_credentials_read(const char *path, struct s3_credentials *out, struct sp_error *err);

/** Wipes. */
void s3_credentials_finish(struct s3_credentials *credentials);
