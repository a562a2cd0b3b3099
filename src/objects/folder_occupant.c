#include "objects/folder_occupant.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/scope.h"
#include "objects/bucket.h"
#include "objects/folder.h"

/* By the key, and so through links, as whoever asks for the object does it. What is no object has none; one that could
 * not be looked at may be any. */
static int find_etag(struct objects *objects, const char *bucket, const char *key,
		     char out[OBJECT_ETAG_SIZE], struct sp_error *err)
{
	struct object_identity identity;
	struct object_notes notes;
	struct sp_error none = { 0 };
	SP_AUTO_FD fd = -1;
	if (folder_open_source(objects, bucket, key, &fd, &identity, &none) != 0) {
		bool is_none = none.code == SP_NOT_FOUND || none.code == SP_UNSUPPORTED;
		return is_none ? 0 : sp_fail(err, none.code, "%s", none.message);
	}
	object_notes_read(fd, &notes);
	memcpy(out, notes.etag, OBJECT_ETAG_SIZE);
	object_notes_finish(&notes);
	return 0;
}

int occupant_look(struct objects *objects, const char *bucket, const char *key, int folder_fd,
		  const char *name, struct occupant *out, struct sp_error *err)
{
	*out = (struct occupant){ 0 };
	out->is_there = fstatat(folder_fd, name, &out->status, AT_SYMLINK_NOFOLLOW) == 0;
	if (!out->is_there && errno != ENOENT)
		return objects_fail_beneath(err, "could not look at", bucket, key);
	return out->is_there ? find_etag(objects, bucket, key, out->etag, err) : 0;
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
	if (folder_check_key(key, NULL) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, NULL) != 0)
		return 0;
	SP_AUTO_FD fd = objects_open_beneath(bucket_fd, key, O_PATH | O_NOFOLLOW, 0);
	occupant.is_there = fd >= 0;
	if (fd == -1 && errno != ENOENT && errno != ENOTDIR)
		return objects_fail_beneath(err, "could not look at", bucket, key);
	if (occupant.is_there && find_etag(objects, bucket, key, occupant.etag, err) != 0)
		return -1;
	return occupant_judge(&occupant, condition, err);
}
