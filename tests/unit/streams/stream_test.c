#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "streams/stream.h"

static struct stream *open_memory(int *out_fd)
{
	int fd = memfd_create("object", MFD_CLOEXEC);
	assert_true(fd >= 0);
	struct stream *stream;
	struct sp_error err = { 0 };
	assert_int_equal(stream_open_descriptor(fd, &stream, &err), 0);
	*out_fd = fd;
	return stream;
}

static void what_was_written_is_read_back_at_its_offsets(void **state)
{
	(void)state;
	int fd;
	struct stream *stream = open_memory(&fd);
	struct sp_error err = { 0 };
	assert_int_equal(stream_write(stream, 5, "world", 5, &err), 5);
	assert_int_equal(stream_write(stream, 0, "hello", 5, &err), 5);
	assert_int_equal(stream_write(stream, 3, "", 0, &err), 0);

	char bytes[16];
	assert_int_equal(stream_read(stream, 0, bytes, sizeof(bytes), &err), 10);
	assert_memory_equal(bytes, "helloworld", 10);
	assert_int_equal(stream_read(stream, 8, bytes, 1, &err), 1);
	assert_int_equal(bytes[0], 'l');
	assert_int_equal(stream_read(stream, 10, bytes, sizeof(bytes), &err), 0);
	assert_int_equal(stream_read(stream, 1000, bytes, sizeof(bytes), &err), 0);
	stream_close(stream);
}

static void closing_closes_the_descriptor(void **state)
{
	(void)state;
	int fd;
	struct stream *stream = open_memory(&fd);
	stream_close(stream);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	stream_close(NULL);
}

static void a_full_disk_is_told_as_no_space(void **state)
{
	(void)state;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct stream *stream;
	struct sp_error err = { 0 };
	assert_int_equal(stream_open_descriptor(fd, &stream, &err), 0);
	assert_int_equal(stream_write(stream, 0, "x", 1, &err), -1);
	assert_int_equal(err.code, SP_NO_SPACE);
	assert_non_null(strstr(err.message, "No space left"));
	stream_close(stream);
}

/* The first write is cut short at the limit, the rest fails: both must be seen. */
static void a_short_write_is_not_a_success(void **state)
{
	(void)state;
	char path[] = "/tmp/sallyport-stream-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	struct stream *stream;
	struct sp_error err = { 0 };
	assert_int_equal(stream_open_descriptor(fd, &stream, &err), 0);

	struct rlimit before;
	getrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4, before.rlim_max });
	ssize_t result = stream_write(stream, 0, "too long", 8, &err);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(result, -1);
	assert_int_equal(err.code, SP_NO_SPACE);
	assert_non_null(strstr(err.message, "at byte 4"));
	stream_close(stream);
}

static void refuses_what_is_no_descriptor_and_what_cannot_be_read(void **state)
{
	(void)state;
	struct stream *stream;
	struct sp_error err = { 0 };
	assert_int_equal(stream_open_descriptor(-1, &stream, &err), -1);
	assert_int_equal(err.code, SP_INVALID);

	char byte;
	assert_int_equal(stream_open_descriptor(open("/tmp", O_RDONLY | O_CLOEXEC), &stream, &err),
			 0);
	assert_int_equal(stream_read(stream, 0, &byte, 1, &err), -1);
	assert_int_equal(err.code, SP_SYSTEM);
	stream_close(stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_back_at_its_offsets),
		cmocka_unit_test(closing_closes_the_descriptor),
		cmocka_unit_test(a_full_disk_is_told_as_no_space),
		cmocka_unit_test(a_short_write_is_not_a_success),
		cmocka_unit_test(refuses_what_is_no_descriptor_and_what_cannot_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
