#include "objects/folder_notes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/digest.h"
#include "base/scope.h"
#include "base/text.h"

#define ATTRIBUTE "user.sallyport.object"

enum {
	ETAG_DIGITS = 32,
	OWN_MAX =
		128, /* bytes of what is kept besides what was told: ETag, size and time with their names */
};

void object_notes_finish(struct object_notes *notes)
{
	json_decref(notes->told);
	*notes = (struct object_notes){ 0 };
}

static int64_t time_of(const struct stat *status)
{
	return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

static void make_etag(const struct stat *status, char out[OBJECT_ETAG_SIZE])
{
	char text[128], hex[SP_SHA256_HEX_SIZE];
	int length =
		snprintf(text, sizeof(text), "%ju %ju %jd %" PRId64, (uintmax_t)status->st_dev,
			 (uintmax_t)status->st_ino, (intmax_t)status->st_size, time_of(status));
	sp_sha256_hex(text, (size_t)length, hex);
	snprintf(out, OBJECT_ETAG_SIZE, "%.*s-0", ETAG_DIGITS, hex);
}

/* What is no text of ours is nothing: other programs may write attributes, too. */
static json_t *parse(const char *text, ssize_t length)
{
	json_t *value = NULL;
	if (length <= 0 || sp_json_parse(text, (size_t)length, &value, NULL) != 0)
		return NULL;
	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

static void etag_of(const json_t *kept, const struct stat *status, char out[OBJECT_ETAG_SIZE])
{
	const char *etag = sp_json_string(kept, "etag");
	if (etag != NULL && etag[0] != '\0' && strlen(etag) < OBJECT_ETAG_SIZE &&
	    strspn(etag, "0123456789abcdef-") == strlen(etag) &&
	    sp_json_integer(kept, "size", -1) == status->st_size &&
	    sp_json_integer(kept, "time_ns", -1) == time_of(status))
		snprintf(out, OBJECT_ETAG_SIZE, "%s", etag);
	else
		make_etag(status, out);
}

static int fail_too_long(size_t length, struct sp_error *err)
{
	return sp_fail(err, SP_INVALID,
		       "what is said of an object has %zu bytes with its metadata, and at most %d "
		       "fit",
		       length, OBJECT_NOTES_MAX);
}

int object_notes_check(const json_t *told, struct sp_error *err)
{
	SP_AUTO_FREE char *text = told == NULL ? NULL : sp_json_text(told);
	size_t length = OWN_MAX + (text == NULL ? 0 : strlen(text));
	return length > OBJECT_NOTES_MAX ? fail_too_long(length, err) : 0;
}

int object_notes_write(int fd, const struct object_notes *notes, struct sp_error *err)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return sp_fail_errno(err, "could not look at the object's temporary");
	SP_AUTO_JSON json_t *kept = json_object();
	sp_json_set_text(kept, "etag", notes->etag);
	json_object_set_new(kept, "size", json_integer(status.st_size));
	json_object_set_new(kept, "time_ns", json_integer(time_of(&status)));
	if (notes->told != NULL)
		json_object_set(kept, "told", notes->told);
	SP_AUTO_FREE char *text = sp_json_text(kept);
	size_t length = strlen(text);
	if (length > OBJECT_NOTES_MAX)
		return fail_too_long(length, err);
	if (fsetxattr(fd, ATTRIBUTE, text, length, 0) == 0)
		return 0;
	if (errno == ENOTSUP || errno == EPERM)
		return sp_fail(err, SP_UNSUPPORTED,
			       "the bucket's file system keeps no extended attributes, which is "
			       "where an object's type and metadata would be");
	return sp_fail_errno(err, "could not keep what is said of the object");
}

void object_notes_read(int fd, struct object_notes *out)
{
	char text[OBJECT_NOTES_MAX];
	struct stat status = { 0 };
	*out = (struct object_notes){ 0 };
	SP_AUTO_JSON json_t *kept = parse(text, fgetxattr(fd, ATTRIBUTE, text, sizeof(text)));
	if (fstat(fd, &status) != 0)
		return;
	etag_of(kept, &status, out->etag);
	out->told = json_incref(json_object_get(kept, "told"));
	/* Checksums were those of the bytes that the ETag was told of. */
	if (sp_text_ends_with(out->etag, "-0") && out->told != NULL)
		json_object_del(out->told, "checksum");
}

void object_notes_find_etag(int folder_fd, const char *name, const struct stat *status,
			    char out[OBJECT_ETAG_SIZE])
{
	char text[OBJECT_NOTES_MAX], path[32 + 256];
	/* There is no getxattrat() in this kernel's interface yet, and an open() would cost more. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", folder_fd, name);
	SP_AUTO_JSON json_t *kept = parse(text, lgetxattr(path, ATTRIBUTE, text, sizeof(text)));
	etag_of(kept, status, out);
}
