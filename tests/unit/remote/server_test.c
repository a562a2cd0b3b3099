/* The engine against the real sftp-server(8). */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"
#include "pipe_channel.h"
#include "remote/flight.h"
#include "run.h"

enum { NOBODY = 65534 };

static const struct remote_patience patience = { .idle_ms = RUN_IDLE_MS, .cancel_fd = -1 };

struct fixture {
	char folder[64];
	struct channel *channel;
	struct remote *remote;
};

static struct remote *start(struct fixture *fixture, const char *const *arguments, uid_t user)
{
	struct sp_error err = { 0 };
	remote_close(fixture->remote);
	fixture->remote = NULL;
	fixture->channel = pipe_channel_start(arguments, user);
	if (remote_open(fixture->channel, NULL, RUN_IDLE_MS, -1, &fixture->remote, &err) != 0)
		fail_msg("%s", err.message);
	return fixture->remote;
}

static int set_up(void **state)
{
	struct fixture *fixture = sp_alloc(sizeof(*fixture));
	strcpy(fixture->folder, "/tmp/sallyport-remote-XXXXXX");
	if (mkdtemp(fixture->folder) == NULL || chmod(fixture->folder, 0755) != 0)
		return -1;
	*state = fixture;
	start(fixture, NULL, 0);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	remote_close(fixture->remote);
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", fixture->folder);
	int result = system(command);
	free(fixture);
	return result;
}

/* @name in the fixture's folder; a few can be held at a time. */
static const char *at(const struct fixture *fixture, const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof(paths[0]), "%s/%s", fixture->folder, name);
	return path;
}

static const uint64_t sizes[] = { 0,      1,      32767,  32768,       32769,
				  261119, 261120, 261121, 3 * 261120U, 5000000 };

static void assert_done(const struct outcome *outcome)
{
	if (outcome->state != JOB_DONE)
		fail_msg("%s", outcome->error.message);
}

static void assert_failed(const struct outcome *outcome, enum failure_step step, enum sp_code code,
			  const char *words)
{
	assert_int_equal(outcome->state, JOB_FAILED);
	if (outcome->error.code != code || outcome->step != step ||
	    strstr(outcome->error.message, words) == NULL)
		fail_msg("unexpected: step %s, code %d: %s", failure_step_name(outcome->step),
			 outcome->error.code, outcome->error.message);
}

static void send_and_check(struct fixture *fixture, uint64_t size, bool stutters)
{
	struct pattern_source source;
	pattern_source_init(&source, size, 8);
	source.stutters = stutters;
	const char *path = at(fixture, "sent");
	struct outcome outcome = send_file(fixture->remote, path, size, &source);
	assert_done(&outcome);
	assert_true(pattern_is_file(path, size));
	pattern_source_finish(&source);
	unlink(path);
}

static void fetch_and_check(struct fixture *fixture, uint64_t size, size_t blocks)
{
	struct pattern_sink sink;
	pattern_sink_init(&sink, blocks);
	const char *path = at(fixture, "fetched");
	pattern_write_file(path, size);
	struct outcome outcome = fetch_file(fixture->remote, path, &sink);
	assert_done(&outcome);
	assert_false(sink.wrong);
	assert_int_equal(sink.offset, size);
	pattern_sink_finish(&sink);
}

static void learns_what_openssh_offers(void **state)
{
	struct fixture *fixture = *state;
	const struct remote_features *features = remote_features(fixture->remote);
	assert_int_equal(features->version, 3);
	assert_true(features->posix_rename && features->fsync && features->statvfs);
	assert_true(features->limits);
	assert_non_null(strstr(features->extensions, "posix-rename@openssh.com, "));
	assert_int_equal(features->read_max, REMOTE_BLOCK_MAX);
	assert_int_equal(features->write_max, REMOTE_BLOCK_MAX);
}

static void sends_files_of_every_size(void **state)
{
	for (size_t i = 0; i < SP_COUNT_OF(sizes); i++)
		send_and_check(*state, sizes[i], i % 2 == 1);
}

static void fetches_files_of_every_size(void **state)
{
	for (size_t i = 0; i < SP_COUNT_OF(sizes); i++)
		fetch_and_check(*state, sizes[i], i % 2 == 0 ? 32 : 1);
}

static void works_when_every_call_moves_few_bytes(void **state)
{
	struct fixture *fixture = *state;
	pipe_channel_limit(fixture->channel, 7);
	send_and_check(fixture, 40000, true);
	fetch_and_check(fixture, 40000, 3);
}

static const char *const without_limits[] = { "-P", "limits", NULL };

static void works_without_limits(void **state)
{
	struct fixture *fixture = *state;
	start(fixture, without_limits, 0);
	assert_false(remote_features(fixture->remote)->limits);
	assert_int_equal(remote_features(fixture->remote)->read_max, REMOTE_BLOCK_DEFAULT);
	for (size_t i = 0; i < SP_COUNT_OF(sizes); i++) {
		send_and_check(fixture, sizes[i], i % 2 == 0);
		fetch_and_check(fixture, sizes[i], 1 + i);
	}
}

static void carries_100_mib_both_ways(void **state)
{
	send_and_check(*state, 100 << 20, false);
	fetch_and_check(*state, 100 << 20, 32);
}

static void tells_the_channel_what_to_expect(void **state)
{
	struct fixture *fixture = *state;
	fetch_and_check(fixture, 20 << 20, 32);
	size_t expected = pipe_channel_expected(fixture->channel);
	/* More than eight where the machine is busy: that is a delay, too. */
	assert_in_range(expected, 7 * REMOTE_BLOCK_MAX, FLIGHT_MAX);
}

static void keeps_within_the_flight_it_was_given(void **state)
{
	struct fixture *fixture = *state;
	struct pattern_sink sink;
	pattern_sink_init(&sink, 32);
	pattern_write_file(at(fixture, "file"), 3000000);
	const struct download_plan plan = { .path = at(fixture, "file"), .flight_max = 600000 };
	struct download *download = download_start(fixture->remote, &plan, &sink.sink);
	struct outcome outcome = run_download(fixture->remote, download);
	assert_done(&outcome);
	assert_int_equal(download_progress(download), 3000000);
	download_destroy(download);
	pattern_sink_finish(&sink);
	assert_in_range(pipe_channel_expected(fixture->channel), REMOTE_BLOCK_MAX, 600000);
}

static void never_touches_a_part_that_exists(void **state)
{
	struct fixture *fixture = *state;
	struct pattern_source source;
	pattern_source_init(&source, 10, 2);
	pattern_write_file(at(fixture, "part"), 500);
	struct outcome outcome = send_file(fixture->remote, at(fixture, "part"), 10, &source);
	assert_failed(&outcome, STEP_WRITE_REMOTE, SP_EXISTS, "exists already");
	assert_true(pattern_is_file(at(fixture, "part"), 500));
	pattern_source_finish(&source);
}

static void names_a_missing_remote_directory(void **state)
{
	struct fixture *fixture = *state;
	struct pattern_source source;
	pattern_source_init(&source, 10, 2);
	struct outcome outcome = send_file(fixture->remote, at(fixture, "no/part"), 10, &source);
	assert_failed(&outcome, STEP_WRITE_REMOTE, SP_NOT_FOUND, "/no\" does not exist");

	pattern_write_file(at(fixture, "file"), 5);
	outcome = send_file(fixture->remote, at(fixture, "file/part"), 10, &source);
	assert_failed(&outcome, STEP_WRITE_REMOTE, SP_NOT_FOUND, "is a file, not a directory");
	pattern_source_finish(&source);
}

static void says_when_the_server_forbids_writing(void **state)
{
	struct fixture *fixture = *state;
	static const char *const read_only[] = { "-R", NULL };
	struct pattern_source source;
	pattern_source_init(&source, 10, 2);
	start(fixture, read_only, 0);
	struct outcome outcome = send_file(fixture->remote, at(fixture, "part"), 10, &source);
	assert_failed(&outcome, STEP_WRITE_REMOTE, SP_DENIED, "permission denied");
	if (geteuid() == 0) {
		start(fixture, NULL, NOBODY);
		outcome = send_file(fixture->remote, at(fixture, "part"), 10, &source);
		assert_failed(&outcome, STEP_WRITE_REMOTE, SP_DENIED, "permission denied");
	}
	pattern_source_finish(&source);
}

static void says_why_a_file_cannot_be_fetched(void **state)
{
	struct fixture *fixture = *state;
	struct pattern_sink sink;
	pattern_sink_init(&sink, 2);
	struct outcome outcome = fetch_file(fixture->remote, at(fixture, "none"), &sink);
	assert_failed(&outcome, STEP_READ_REMOTE, SP_NOT_FOUND, "no such file");
	outcome = fetch_file(fixture->remote, fixture->folder, &sink);
	assert_failed(&outcome, STEP_READ_REMOTE, SP_UNSUPPORTED, "is a directory");
	outcome = fetch_file(fixture->remote, "/dev/null", &sink);
	assert_failed(&outcome, STEP_READ_REMOTE, SP_UNSUPPORTED, "not a regular file");
	if (geteuid() == 0) {
		start(fixture, NULL, NOBODY);
		pattern_write_file(at(fixture, "secret"), 5);
		chmod(at(fixture, "secret"), 0600);
		outcome = fetch_file(fixture->remote, at(fixture, "secret"), &sink);
		assert_failed(&outcome, STEP_READ_REMOTE, SP_DENIED, "permission denied");
	}
	assert_int_equal(sink.offset, 0);
	pattern_sink_finish(&sink);
}

/* /proc tells size 0 for files that have something in them. */
static void reads_files_whose_size_is_told_as_zero(void **state)
{
	struct fixture *fixture = *state;
	struct pattern_sink sink;
	pattern_sink_init(&sink, 4);
	struct outcome outcome = fetch_file(fixture->remote, "/proc/cpuinfo", &sink);
	assert_done(&outcome);
	assert_true(sink.offset > 0);
	pattern_sink_finish(&sink);
}

static void refuses_paths_that_are_too_long(void **state)
{
	struct fixture *fixture = *state;
	char path[REMOTE_PATH_MAX + 2];
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	struct pattern_source source;
	struct pattern_sink sink;
	pattern_source_init(&source, 1, 1);
	pattern_sink_init(&sink, 1);
	struct outcome outcome = send_file(fixture->remote, path, 1, &source);
	assert_failed(&outcome, STEP_WRITE_REMOTE, SP_INVALID, "longer than 4096 bytes");
	outcome = fetch_file(fixture->remote, path, &sink);
	assert_failed(&outcome, STEP_READ_REMOTE, SP_INVALID, "longer than 4096 bytes");

	/* The longest that is sent is refused by the server, and the session lives. */
	path[REMOTE_PATH_MAX] = '\0';
	outcome = send_file(fixture->remote, path, 1, &source);
	assert_int_equal(outcome.state, JOB_FAILED);
	fetch_and_check(fixture, 100, 1);
	pattern_source_finish(&source);
	pattern_sink_finish(&sink);
}

static void notices_a_source_that_is_not_as_long_as_planned(void **state)
{
	struct fixture *fixture = *state;
	struct pattern_source source;
	pattern_source_init(&source, 600000, 8);
	struct outcome outcome = send_file(fixture->remote, at(fixture, "a"), 600001, &source);
	assert_failed(&outcome, STEP_READ_OBJECT, SP_CHANGED, "fewer bytes");
	source.offset = 0;
	outcome = send_file(fixture->remote, at(fixture, "b"), 599999, &source);
	assert_failed(&outcome, STEP_READ_OBJECT, SP_CHANGED, "more bytes");
	source.offset = 0;
	source.fails_at = 261120;
	outcome = send_file(fixture->remote, at(fixture, "c"), 600000, &source);
	assert_failed(&outcome, STEP_READ_OBJECT, SP_SYSTEM, "could not read the object");
	pattern_source_finish(&source);
}

static void tells_what_the_sink_reports(void **state)
{
	struct fixture *fixture = *state;
	struct pattern_sink sink;
	pattern_sink_init(&sink, 8);
	sink.fails_at = 300000;
	pattern_write_file(at(fixture, "file"), 5000000);
	struct outcome outcome = fetch_file(fixture->remote, at(fixture, "file"), &sink);
	assert_failed(&outcome, STEP_WRITE_OBJECT, SP_NO_SPACE, "disk full");
	pattern_sink_finish(&sink);
	fetch_and_check(fixture, 1000, 1);
}

static void says_when_the_servers_disk_is_full(void **state)
{
	struct fixture *fixture = *state;
	const char *disk = at(fixture, "disk");
	mkdir(disk, 0755);
	if (mount("tmpfs", disk, "tmpfs", 0, "size=1m") != 0) {
		print_message("SKIPPED: mounting a small tmpfs needs privileges\n");
		skip();
	}
	struct pattern_source source;
	pattern_source_init(&source, 3 << 20, 32);
	struct outcome outcome =
		send_file(fixture->remote, at(fixture, "disk/part"), 3 << 20, &source);
	remote_close(fixture->remote);
	fixture->remote = NULL;
	assert_int_equal(umount(disk), 0);
	assert_failed(&outcome, STEP_WRITE_REMOTE, SP_NO_SPACE, "the server's disk is full");
	pattern_source_finish(&source);
}

static void write_file(const char *path, const char *text)
{
	SP_AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void tells_with_a_rename_what_was_there_and_what_is(void **state)
{
	struct fixture *fixture = *state;
	struct remote *remote = fixture->remote;
	struct remote_sight before, after;
	struct sp_error err = { 0 };
	const char *from = at(fixture, "part"), *to = at(fixture, "final");
	write_file(from, "first");
	assert_int_equal(remote_rename_watched(remote, from, to, &patience, &before, &after, &err),
			 0);
	assert_true(before.is_told && !before.exists && after.is_told && after.exists);
	assert_int_equal(after.attributes.size, 5);

	write_file(from, "the second");
	assert_int_equal(remote_rename_watched(remote, from, to, &patience, &before, &after, &err),
			 0);
	assert_true(before.exists && before.attributes.size == 5);
	assert_true(after.exists && after.attributes.size == 10);

	assert_int_equal(remote_rename_watched(remote, from, to, &patience, &before, &after, &err),
			 -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_true(before.exists && after.exists);

	write_file(from, "third");
	assert_int_equal(mkdir(at(fixture, "folder"), 0755), 0);
	assert_int_equal(remote_rename_watched(remote, from, at(fixture, "folder"), &patience,
					       &before, &after, &err),
			 -1);
	assert_true(S_ISDIR(before.attributes.permissions));
	assert_int_equal(access(from, F_OK), 0);
}

static void looks_up_renames_and_removes(void **state)
{
	struct fixture *fixture = *state;
	struct remote *remote = fixture->remote;
	struct remote_attributes attributes;
	struct sp_error err = { 0 };
	pattern_write_file(at(fixture, "a"), 1234);
	pattern_write_file(at(fixture, "b"), 1);
	assert_int_equal(remote_stat(remote, at(fixture, "a"), &patience, &attributes, &err), 0);
	assert_true(attributes.has_size && attributes.has_permissions && attributes.has_times);
	assert_int_equal(attributes.size, 1234);
	assert_true(S_ISREG(attributes.permissions));

	assert_int_equal(
		remote_rename(remote, at(fixture, "a"), at(fixture, "b"), false, &patience, &err),
		-1);
	assert_int_equal(err.code, SP_SYSTEM);
	assert_true(pattern_is_file(at(fixture, "b"), 1));
	assert_int_equal(
		remote_rename(remote, at(fixture, "a"), at(fixture, "b"), true, &patience, &err),
		0);
	assert_true(pattern_is_file(at(fixture, "b"), 1234));

	assert_int_equal(remote_remove(remote, at(fixture, "b"), &patience, &err), 0);
	assert_int_equal(remote_remove(remote, at(fixture, "b"), &patience, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(remote_stat(remote, at(fixture, "b"), &patience, &attributes, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

static void carries_names_of_any_bytes(void **state)
{
	struct fixture *fixture = *state;
	static const char *const names[] = { "a b", "q\"uo'te", "gr\xc3\xbc\xc3\x9f", "latin\xe9",
					     "tab\tnew\nline" };
	for (size_t i = 0; i < SP_COUNT_OF(names); i++) {
		struct pattern_source source;
		pattern_source_init(&source, 100, 1);
		struct outcome outcome =
			send_file(fixture->remote, at(fixture, names[i]), 100, &source);
		assert_done(&outcome);
		assert_true(pattern_is_file(at(fixture, names[i]), 100));
		pattern_source_finish(&source);
	}
}

enum { JOBS = 40 };

/* Uploads and downloads of odd sizes, all at the same time on one session, the operations in between. */
static void runs_many_jobs_at_once(void **state)
{
	struct fixture *fixture = *state;
	static struct pattern_source sources[JOBS];
	static struct pattern_sink sinks[JOBS];
	struct upload *uploads[JOBS];
	struct download *downloads[JOBS];
	char name[32];
	for (size_t i = 0; i < JOBS; i++) {
		uint64_t size = i * 30011;
		pattern_source_init(&sources[i], size, 2);
		pattern_sink_init(&sinks[i], 2);
		snprintf(name, sizeof(name), "in%zu", i);
		pattern_write_file(at(fixture, name), size);
		const struct download_plan fetch = { .path = at(fixture, name) };
		downloads[i] = download_start(fixture->remote, &fetch, &sinks[i].sink);
		snprintf(name, sizeof(name), "out%zu", i);
		const struct upload_plan send = { .part_path = at(fixture, name), .size = size };
		uploads[i] = upload_start(fixture->remote, &send, &sources[i].source);
	}
	struct outcome outcome;
	for (size_t left = 1; left > 0;) {
		left = 0;
		for (size_t i = 0; i < JOBS; i++) {
			outcome.state = upload_step(uploads[i], &outcome.step, &outcome.error);
			assert_int_not_equal(outcome.state, JOB_FAILED);
			left += outcome.state == JOB_WORKING;
			outcome.state = download_step(downloads[i], &outcome.step, &outcome.error);
			assert_int_not_equal(outcome.state, JOB_FAILED);
			left += outcome.state == JOB_WORKING;
		}
		if (left > 0)
			assert_int_equal(
				remote_pump(fixture->remote, -1, -1, RUN_IDLE_MS, &outcome.error),
				0);
	}
	for (size_t i = 0; i < JOBS; i++) {
		snprintf(name, sizeof(name), "out%zu", i);
		assert_true(pattern_is_file(at(fixture, name), i * 30011));
		assert_false(sinks[i].wrong);
		assert_int_equal(sinks[i].offset, i * 30011);
		upload_destroy(uploads[i]);
		download_destroy(downloads[i]);
		pattern_source_finish(&sources[i]);
		pattern_sink_finish(&sinks[i]);
	}
}

int main(void)
{
	if (pipe_channel_server() == NULL) {
		printf("1..0 # SKIP sftp-server is not installed\n");
		return 0;
	}
	const struct CMUnitTest tests[] = {
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		IN_FOLDER(learns_what_openssh_offers),
		IN_FOLDER(sends_files_of_every_size),
		IN_FOLDER(fetches_files_of_every_size),
		IN_FOLDER(works_when_every_call_moves_few_bytes),
		IN_FOLDER(works_without_limits),
		IN_FOLDER(carries_100_mib_both_ways),
		IN_FOLDER(tells_the_channel_what_to_expect),
		IN_FOLDER(keeps_within_the_flight_it_was_given),
		IN_FOLDER(never_touches_a_part_that_exists),
		IN_FOLDER(names_a_missing_remote_directory),
		IN_FOLDER(says_when_the_server_forbids_writing),
		IN_FOLDER(says_why_a_file_cannot_be_fetched),
		IN_FOLDER(reads_files_whose_size_is_told_as_zero),
		IN_FOLDER(refuses_paths_that_are_too_long),
		IN_FOLDER(notices_a_source_that_is_not_as_long_as_planned),
		IN_FOLDER(tells_what_the_sink_reports),
		IN_FOLDER(says_when_the_servers_disk_is_full),
		IN_FOLDER(looks_up_renames_and_removes),
		IN_FOLDER(tells_with_a_rename_what_was_there_and_what_is),
		IN_FOLDER(carries_names_of_any_bytes),
		IN_FOLDER(runs_many_jobs_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
