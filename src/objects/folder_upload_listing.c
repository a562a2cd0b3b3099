/* The uploads of a bucket, a page at a time: never more than two pages of them are kept, however many there are. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "objects/folder_uploads_inside.h"

/* One page in the making. */
struct page {
	const struct uploads_query *query;
	struct upload_listing *out;
	size_t kept; /* one more than asked for, which tells whether there are more */
};

static int compare(const void *a, const void *b)
{
	const struct listed_upload *one = a, *other = b;
	int order = strcmp(one->upload.key, other->upload.key);
	return order != 0 ? order : strcmp(one->upload.id, other->upload.id);
}

/* A group is told once, whatever is in it. */
static void drop_same_groups(struct upload_listing *out)
{
	size_t count = 0;
	for (size_t i = 0; i < out->count; i++) {
		if (count > 0 && out->list[i].is_group &&
		    compare(&out->list[count - 1], &out->list[i]) == 0)
			upload_finish(&out->list[i].upload);
		else
			out->list[count++] = out->list[i];
	}
	out->count = count;
}

/* The first ones stay. */
static void cut(struct page *page)
{
	struct upload_listing *out = page->out;
	qsort(out->list, out->count, sizeof(*out->list), compare);
	drop_same_groups(out);
	while (out->count > page->kept)
		upload_finish(&out->list[--out->count].upload);
}

/* The key up to the first slash behind the prefix. Owned by the caller; NULL: it is in no group. */
static char *group_of(const struct uploads_query *query, const char *key)
{
	const char *slash = query->grouped ? strchr(key + strlen(query->prefix), '/') : NULL;
	return slash == NULL ? NULL : strndup(key, (size_t)(slash - key) + 1);
}

static bool comes_after(const struct uploads_query *query, const char *key, const char *id)
{
	int order = strcmp(key, query->after_key);
	return order > 0 ||
	       (order == 0 && query->after_id[0] != '\0' && strcmp(id, query->after_id) > 0);
}

/* @upload: taken. */
static void add(struct page *page, struct upload *upload)
{
	const struct uploads_query *query = page->query;
	struct upload_listing *out = page->out;
	bool fits = sp_text_starts_with(upload->key, query->prefix);
	char *group = fits ? group_of(query, upload->key) : NULL;
	struct listed_upload one = { *upload, group != NULL };
	if (group != NULL) {
		upload_finish(upload);
		one.upload = (struct upload){ .key = group };
	}
	if (!fits || !comes_after(query, one.upload.key, one.upload.id)) {
		upload_finish(&one.upload);
		return;
	}
	if (out->count == 2 * page->kept)
		cut(page);
	out->list[out->count++] = one;
}

/* One that goes meanwhile is not told. */
static int add_one(struct page *page, int bucket_fd, const char *bucket, const char *id,
		   struct sp_error *err)
{
	struct upload upload;
	struct sp_error why = { 0 };
	SP_AUTO_FD folder_fd = -1;
	if (upload_open_folder(bucket_fd, bucket, id, &folder_fd, &why) == 0 &&
	    upload_read_about(folder_fd, id, &upload, &why) == 0)
		add(page, &upload);
	return why.code == SP_OK || why.code == SP_NOT_FOUND
		       ? 0
		       : sp_fail(err, why.code, "%s", why.message);
}

static int read_all(struct page *page, int bucket_fd, const char *bucket, struct sp_error *err)
{
	SP_AUTO_FD staging_fd = -1;
	if (staging_open_folder(bucket_fd, &staging_fd) != 0)
		return errno == ENOENT ? 0
				       : sp_fail_errno(err,
						       "could not list the uploads in bucket "
						       "\"%s\"",
						       bucket);
	DIR *folder = staging_list(staging_fd);
	if (folder == NULL)
		return sp_fail_errno(err, "could not list the uploads in bucket \"%s\"", bucket);
	struct dirent *entry;
	int found, result = 0;
	while (result == 0 && (found = objects_next_entry(folder, &entry)) != 0) {
		char id[UPLOAD_ID_SIZE];
		if (found == -1)
			result = sp_fail_errno(err, "could not list the uploads in bucket \"%s\"",
					       bucket);
		else if (upload_id_of(entry->d_name, id))
			result = add_one(page, bucket_fd, bucket, id, err);
	}
	closedir(folder);
	return result;
}

int uploads_list(struct objects *objects, const char *bucket, const struct uploads_query *query,
		 struct upload_listing *out, struct sp_error *err)
{
	SP_AUTO_FD bucket_fd = -1;
	struct page page = { query, out, query->max + 1 };
	*out = (struct upload_listing){ 0 };
	if (objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;
	out->list = sp_alloc(2 * page.kept * sizeof(*out->list));
	if (query->max == 0)
		return 0;
	if (read_all(&page, bucket_fd, bucket, err) != 0) {
		upload_listing_finish(out);
		return -1;
	}
	cut(&page);
	out->more = out->count > query->max;
	if (out->more)
		upload_finish(&out->list[--out->count].upload);
	return 0;
}

void upload_listing_finish(struct upload_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		upload_finish(&listing->list[i].upload);
	free(listing->list);
	*listing = (struct upload_listing){ 0 };
}
