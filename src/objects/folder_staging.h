#pragma once
/** Within objects/: the folder BUCKET/.sallyport/ of unfinished files. */

#include <dirent.h>

#include "model/transfer.h"
#include "objects/bucket.h"

enum { STAGING_NAME_SIZE = FILE_ID_SIZE + 12 };

/** "<file id>-<attempt>" */
int staging_name(const char *file_id, int attempt, char out[STAGING_NAME_SIZE],
		 struct sp_error *err);

/** @out_fd is owned by the caller. -1 and errno; ENOENT when there is no such folder yet. */
int staging_open_folder(int bucket_fd, int *out_fd);

/** Opens it, creates it before where needed. */
int staging_make_folder(int bucket_fd, const char *bucket, int *out_fd, struct sp_error *err);

/** What is in it, from the beginning: closedir(). NULL and errno when it cannot be read. */
DIR *staging_list(int folder_fd);

/** Opens the temporary and checks that it has @size: SP_CHANGED. SP_NOT_FOUND when it is gone. */
int staging_open_file(int folder_fd, const char *name, uint64_t size, int *out_fd,
		      struct sp_error *err);
