#include "objects/occupant.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/scope.h"
#include "objects/bucket.h"
#include "objects/directory.h"

/* By the key, and so through links, as whoever asks for the object does it. */
static void find_etag(struct objects *objects, const char *bucket, const char *key,
		      char out[OBJECT_ETAG_SIZE])
{
	struct object_identity identity;
	struct object_notes notes;
	SP_AUTO_FD fd = -1;
	if (directory_open_source(objects, bucket, key, &fd, &identity, NULL) != 0)
		return;
	object_notes_read(fd, &notes);
	memcpy(out, notes.etag, OBJECT_ETAG_SIZE);
	object_notes_finish(&notes);
}

int occupant_look(struct objects *objects, const char *bucket, const char *key, int folder_fd,
		  const char *name, struct occupant *out)
{
	*out = (struct occupant){ 0 };
	out->is_there = fstatat(folder_fd, name, &out->status, AT_SYMLINK_NOFOLLOW) == 0;
	if (!out->is_there)
		return errno == ENOENT ? 0 : -1;
	find_etag(objects, bucket, key, out->etag);
	return 0;
}

int occupant_judge(const struct occupant *occupant, const struct object_condition *condition,
		   struct sp_error *err)
{
	return condition->judge(condition->ctx, occupant->is_there ? occupant->etag : NULL, err);
}

int objects_judge(struct objects *objects, const char *bucket, const char *key,
		  const struct object_condition *condition, struct sp_error *err)
{
	struct occupant occupant = { 0 };
	SP_AUTO_FD bucket_fd = -1;
	if (directory_check_key(key, NULL) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, NULL) != 0)
		return 0;
	SP_AUTO_FD fd = objects_open_beneath(bucket_fd, key, O_PATH | O_NOFOLLOW, 0);
	occupant.is_there = fd >= 0;
	if (fd == -1 && errno != ENOENT && errno != ENOTDIR)
		return objects_fail_beneath(err, "could not look at", bucket, key);
	find_etag(objects, bucket, key, occupant.etag);
	return occupant_judge(&occupant, condition, err);
}
