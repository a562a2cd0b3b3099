#include "service/s3/incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/id.h"
#include "base/name.h"
#include "base/scope.h"
#include "objects/buckets.h"
#include "service/s3/told.h"

int incoming_check(const struct incoming *incoming, struct sp_error *err)
{
	const struct object_condition *condition = conditions_judge(&incoming->condition);
	return condition == NULL ? 0
				 : objects_judge(incoming->context->objects, incoming->bucket,
						 incoming->key, condition, err);
}

int incoming_open(struct incoming *out, struct service_context *context, const char *bucket,
		  const char *key, struct sp_error *err)
{
	out->context = context;
	out->bucket = sp_strdup(bucket);
	out->key = sp_strdup(key);
	out->fd = -1;
	if (objects_check_new_key(context->objects, bucket, key, err) != 0) {
		SP_AUTO_FREE char *shown = sp_name_shown(key);
		return sp_wrap(err, "cannot store the key \"%s\"", shown);
	}
	if (incoming_check(out, err) != 0)
		return -1;
	struct object_way way = { .fd = -1 };
	sp_random_hex(out->file_id, UPLOAD_ID_SIZE - 1);
	int result =
		objects_create_staging(context->objects, bucket, key, out->file_id, 0, &way, err);
	out->fd = sp_take_fd(&way.fd);
	object_way_finish(&way);
	return result;
}

/* On their way to the disk while the rest comes, so that the sync at the end does not have all of them to wait for. */
enum { WRITE_BACK_EVERY = 32 << 20 };

int incoming_take(void *ctx, const void *data, size_t length, struct sp_error *err)
{
	struct incoming *incoming = ctx;
	const char *at = data;
	incoming->unsent += length;
	while (length > 0) {
		ssize_t count = write(incoming->fd, at, length);
		if (count == -1 && errno == EINTR)
			continue;
		if (count == -1)
			return sp_fail_errno(err, "could not write into bucket \"%s\"",
					     incoming->bucket);
		at += count;
		length -= (size_t)count;
	}
	if (incoming->unsent >= WRITE_BACK_EVERY) {
		sync_file_range(incoming->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		incoming->unsent = 0;
	}
	return 0;
}

/* Without a place for them, types and the MD5 are not kept, as doc/buckets.md says; metadata would be missed. */
static int write_notes(struct incoming *incoming, const char *etag, struct sp_error *err)
{
	struct object_notes notes = { .told = incoming->told }, kept;
	snprintf(notes.etag, sizeof(notes.etag), "%s", etag);
	if (object_notes_write(incoming->fd, &notes, err) != 0 &&
	    (err->code != SP_UNSUPPORTED || told_has_metadata(incoming->told)))
		return -1;
	object_notes_read(incoming->fd, &kept);
	memcpy(incoming->etag, kept.etag, sizeof(incoming->etag));
	object_notes_finish(&kept);
	return 0;
}

/* What a condition does not find is the object. Without one it is what was sent, and the client may send it again. */
static int give_name(const struct incoming *incoming, uint64_t size, struct sp_error *err)
{
	struct objects *objects = incoming->context->objects;
	const struct object_condition *condition = conditions_judge(&incoming->condition);
	if (condition != NULL)
		return objects_publish_if(objects, incoming->bucket, incoming->key,
					  incoming->file_id, 0, size, condition, err);
	struct sp_error why = { 0 };
	if (objects_publish(objects, incoming->bucket, incoming->key, incoming->file_id, 0, size,
			    true, &why) == 0)
		return 0;
	return sp_fail(err, why.code == SP_NOT_FOUND ? SP_SYSTEM : why.code, "%s", why.message);
}

int incoming_publish(struct incoming *incoming, const char *etag, struct sp_error *err)
{
	struct stat status;
	if (fstat(incoming->fd, &status) != 0)
		return sp_fail_errno(err, "could not look at a temporary in bucket \"%s\"",
				     incoming->bucket);
	if (write_notes(incoming, etag, err) != 0 ||
	    give_name(incoming, (uint64_t)status.st_size, err) != 0)
		return -1;
	sp_close_fd(&incoming->fd);
	return 0;
}

void incoming_discard(struct incoming *incoming)
{
	if (incoming->fd != -1)
		objects_remove_staging(incoming->context->objects, incoming->bucket,
				       incoming->file_id);
	sp_close_fd(&incoming->fd);
}

void incoming_finish(struct incoming *incoming)
{
	incoming_discard(incoming);
	payload_finish(&incoming->payload);
	conditions_finish(&incoming->condition);
	json_decref(incoming->told);
	free(incoming->bucket);
	free(incoming->key);
}
