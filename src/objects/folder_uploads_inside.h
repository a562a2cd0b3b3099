#pragma once
/** Within objects/: the folders of uploads. */

#include <limits.h>

#include "objects/folder_staging.h"
#include "objects/folder_uploads.h"

#define UPLOAD_PREFIX "upload-"
#define UPLOAD_ABOUT  "about"

/** Whether a name in .sallyport is that of an upload's folder; its id then. */
bool upload_id_of(const char *name, char out[UPLOAD_ID_SIZE]);

/** @out_fd: the upload's folder, owned by the caller. SP_NOT_FOUND: there is none. */
int upload_open_folder(int bucket_fd, const char *bucket, const char *id, int *out_fd,
		       struct sp_error *err);

/** The same from the name of its bucket. */
int upload_open(struct objects *objects, const char *bucket, const char *id, int *out_fd,
		struct sp_error *err);

/** What it is for, of which @out is the caller's to finish. SP_NOT_FOUND: it is no upload of ours, or is on its way out. */
int upload_read_about(int folder_fd, const char *id, struct upload *out, struct sp_error *err);

/** Removes the folder of the upload and what is in it; @staging_fd: .sallyport. -1 and errno. */
int upload_remove_folder(int staging_fd, const char *id);

int upload_fail_gone(const char *id, struct sp_error *err);
