#pragma once
/** For the tests of objects/: a state folder of their own with the bucket "orders". */

#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects/objects.h"

struct fixture {
	char root[64]; /* "/tmp/…" */
	char home[64]; /* where the test was started */
	struct objects *objects;
};

/* Folders give descriptors. */
static inline int open_source(struct objects *objects, const char *bucket, const char *key,
			      int *out_fd, struct object_identity *out, struct sp_error *err)
{
	struct object_way way = { .fd = -1 };
	int result = objects_open_source(objects, bucket, key, &way, out, err);
	if (result == 0)
		*out_fd = way.fd;
	return result;
}

static inline int create_staging(struct objects *objects, const char *bucket, const char *key,
				 const char *file_id, int attempt, int *out_fd,
				 struct sp_error *err)
{
	struct object_way way = { .fd = -1 };
	int result = objects_create_staging(objects, bucket, key, file_id, attempt, &way, err);
	if (result == 0)
		*out_fd = way.fd;
	return result;
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

/* Paths of the tests are relative to the root, so that they read well. */
static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	strcpy(f->root, "/tmp/objects-test-XXXXXX");
	assert_non_null(mkdtemp(f->root));
	assert_int_equal(chdir(f->root), 0);
	assert_int_equal(mkdir("buckets", 0755), 0);
	assert_int_equal(mkdir("buckets/orders", 0755), 0);
	struct sp_error err = { 0 };
	char directory[96];
	snprintf(directory, sizeof(directory), "%s/buckets", f->root);
	assert_int_equal(objects_open(directory, NULL, 0, &f->objects, &err), 0);
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;
	objects_close(f->objects);
	assert_int_equal(chdir("/"), 0);
	nftw(f->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static inline void assert_file(const char *path, const char *text)
{
	char bytes[256] = { 0 };
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, bytes, sizeof(bytes) - 1), (ssize_t)strlen(text));
	assert_string_equal(bytes, text);
	close(fd);
}

static inline bool exists(const char *path)
{
	struct stat status;
	return lstat(path, &status) == 0;
}
