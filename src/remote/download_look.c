/* What kind of file it is, and whether it is the same afterwards. */

#include "remote/download_inside.h"

#include <sys/stat.h>

#include "remote/replies.h"

enum { END_REQUESTS = 3 };

/* ---- what it is ------------------------------------------------------------------------------------------------ */

static uint32_t type_of(const struct remote_attributes *attributes)
{
	return attributes->has_permissions ? attributes->permissions & S_IFMT : 0;
}

/* Only regular files are read. Servers that tell no type are believed. */
bool download_is_refused(struct download *download, const struct remote_attributes *attributes)
{
	uint32_t type = type_of(attributes);
	if (type == S_IFREG || type == 0)
		return false;
	sp_fail(&download->failure, SP_UNSUPPORTED, "cannot read \"%s\": it is %s",
		download->shown_path, type == S_IFDIR ? "a directory" : "not a regular file");
	download_fail(download, STEP_READ_REMOTE);
	return true;
}

/* ---- looking, before and after --------------------------------------------------------------------------------- */

/* Takes over what is not known yet: the handle's answer comes first and counts. */
static void add_attributes(struct remote_attributes *known, const struct remote_attributes *more)
{
	if (!known->has_size && more->has_size) {
		known->has_size = true;
		known->size = more->size;
	}
	if (type_of(known) == 0 && more->has_permissions) {
		known->has_permissions = true;
		known->permissions = more->permissions;
	}
	if (!known->has_times && more->has_times) {
		known->has_times = true;
		known->mtime = more->mtime;
	}
}

static bool tells_enough(const struct remote_attributes *attributes)
{
	return attributes->has_size && type_of(attributes) != 0;
}

bool download_identity(const struct download *download, uint64_t *out_size, uint64_t *out_mtime)
{
	const struct remote_attributes *attributes = &download->before.attributes;
	*out_size = attributes->size;
	*out_mtime = attributes->mtime;
	return attributes->has_size && attributes->has_times;
}

bool download_saw_size(const struct download *download)
{
	return download->before.attributes.has_size;
}

static bool is_what_it_was(const struct download *download)
{
	uint64_t size, mtime;
	return download_identity(download, &size, &mtime) && size == download->old_size &&
	       mtime == download->old_mtime;
}

static void begin_reading(struct download *download)
{
	const struct remote_attributes *attributes = &download->before.attributes;
	if (download_is_refused(download, attributes))
		return;
	if (attributes->has_size && attributes->size > INT64_MAX) {
		sp_fail(&download->failure, SP_UNSUPPORTED,
			"cannot read \"%s\": the server says that it has %llu bytes, which no file "
			"can have",
			download->shown_path, (unsigned long long)attributes->size);
		download_fail(download, STEP_READ_REMOTE);
		return;
	}
	if (download->offset > 0 && !is_what_it_was(download)) {
		download_fail_changed(download, "it is another one than when it was begun");
		return;
	}
	download->limit = attributes->has_size ? attributes->size : UNKNOWN;
	download->state = DOWNLOAD_READING;
}

static void looked(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	struct look *before = &download->before;
	if (reply->dead != NULL || download->state != DOWNLOAD_LOOKING)
		return;
	if (reply->kind == REPLY_ATTRIBUTES)
		add_attributes(&before->attributes, &reply->attributes);
	if (!download->ask_path && !tells_enough(&before->attributes)) {
		download->ask_path = true;
		download->state = DOWNLOAD_LOOK;
		return;
	}
	begin_reading(download);
}

static void looked_early(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	struct early_look *early = &download->early;
	if (reply->dead != NULL)
		return;
	early->is_unanswered = false;
	/* An answer that came before those to the READs in front of it says nothing about them. */
	early->is_there = download->reading == 0;
	early->attributes = (struct remote_attributes){ 0 };
	if (reply->kind == REPLY_ATTRIBUTES)
		early->attributes = reply->attributes;
}

/* Once for as many READs as there are now. */
void download_look_early(struct download *download)
{
	struct early_look *early = &download->early;
	const struct remote_features *features = remote_features(download->remote);
	if (!features->keeps_order || !features->looks_in_order || download->ask_path ||
	    early->is_unanswered || early->asked == download->asked ||
	    remote_room(download->remote) == 0)
		return;
	early->is_unanswered = true;
	early->is_there = false;
	early->asked = download->asked;
	ask_fstat(download->remote, &download->handle, download_asker(download, looked_early));
}

void download_look(struct download *download)
{
	if (download->ask_path)
		ask_stat(download->remote, WIRE_STAT, download->path,
			 download_asker(download, looked));
	else
		ask_fstat(download->remote, &download->handle, download_asker(download, looked));
}

static void conclude(struct download *download)
{
	const struct remote_attributes *before = &download->before.attributes;
	const struct remote_attributes *after = &download->after.attributes;
	if (download->state != DOWNLOAD_ENDING || download->after.unanswered > 0)
		return;
	if (before->has_size && !after->has_size)
		download_fail_changed(download, "the server does not tell its size any more");
	else if (before->has_size && before->size != after->size)
		download_fail_changed(download, "its size is another now");
	else if (before->has_times && after->has_times && before->mtime != after->mtime)
		download_fail_changed(download, "it was written to");
	else if (before->has_size && download->delivered < before->size)
		download_fail_changed(download, "it ended before its size");
	else
		download->state = DOWNLOAD_DONE;
}

static void looked_again(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	if (reply->dead != NULL)
		return;
	download->after.unanswered--;
	if (reply->kind == REPLY_ATTRIBUTES)
		add_attributes(&download->after.attributes, &reply->attributes);
	conclude(download);
}

/* What was read is not touched by a CLOSE that fails: that it was answered is enough. */
static void closed(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	if (reply->dead != NULL)
		return;
	download->after.unanswered--;
	conclude(download);
}

/* The look is there already: nothing was read behind it. */
static bool has_looked(const struct download *download)
{
	const struct early_look *early = &download->early;
	return early->is_there && early->asked == download->asked && !download->ask_path &&
	       download->crew == NULL;
}

void download_step_end(struct download *download)
{
	if (remote_room(download->remote) < END_REQUESTS)
		return;
	if (has_looked(download)) {
		download->after.attributes = download->early.attributes;
		ask_close(download->remote, &download->handle, (struct asker){ 0 });
		download->is_open = false;
		download->state = DOWNLOAD_ENDING;
		conclude(download);
		return;
	}
	download->state = DOWNLOAD_ENDING;
	download->after.unanswered = 2;
	ask_fstat(download->remote, &download->handle, download_asker(download, looked_again));
	if (download->ask_path) {
		download->after.unanswered++;
		ask_stat(download->remote, WIRE_STAT, download->path,
			 download_asker(download, looked_again));
	}
	ask_close(download->remote, &download->handle, download_asker(download, closed));
	download->is_open = false;
}
