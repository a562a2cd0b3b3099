/* One file over several connections. Here all of them are on one thread; bench/engine gives each its own. */
#include "test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"
#include "peer.h"
#include "pipe_channel.h"
#include "remote/assist.h"
#include "run.h"

enum { CONNECTIONS = 3, OPEN_MS = 500, BLOCK = REMOTE_BLOCK_MAX, BLOCKS = 60 };

struct ground {
	struct peer *peers[CONNECTIONS]; /* the first is the owner's */
	struct remote *remotes[CONNECTIONS];
	struct crew *crew;
	struct assist *assists[CONNECTIONS]; /* the first: none */
	size_t rings;
	bool real;
};

static void ring(void *ctx)
{
	((struct ground *)ctx)->rings++;
}

static int set_up(void **state)
{
	struct ground *ground = sp_alloc(sizeof(*ground));
	for (size_t i = 0; i < CONNECTIONS; i++) {
		ground->peers[i] = peer_create();
		ground->peers[i]->file_size = ground->peers[i]->told_size = BLOCKS * BLOCK + 17;
	}
	*state = ground;
	return 0;
}

static int tear_down(void **state)
{
	struct ground *ground = *state;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		remote_close(ground->remotes[i]);
		assert_false(ground->peers[i]->wrong);
		peer_destroy(ground->peers[i]);
	}
	free(ground);
	return 0;
}

static void connect(struct ground *ground)
{
	struct sp_error err = { 0 };
	for (size_t i = 0; i < CONNECTIONS; i++) {
		if (ground->remotes[i] != NULL)
			continue;
		struct channel *channel =
			ground->real ? pipe_channel_start(NULL, 0) : &ground->peers[i]->channel;
		if (remote_open(channel, NULL, OPEN_MS, -1, &ground->remotes[i], &err) != 0)
			fail_msg("%s", err.message);
	}
}

static void call_for_help(struct ground *ground, bool sends, const char *path, uint64_t size,
			  uint64_t mtime)
{
	const struct crew_bell bell = { ring, ground };
	const struct crew_task task = {
		.sends = sends, .path = (char *)(uintptr_t)path, .size = size, .mtime = mtime
	};
	connect(ground);
	ground->crew = crew_create(&task, &bell);
	for (size_t i = 1; i < CONNECTIONS; i++) {
		ground->assists[i] = assist_start(ground->remotes[i], ground->crew, &bell);
		assert_non_null(ground->assists[i]);
	}
}

static void help(struct ground *ground)
{
	struct sp_error ignored = { 0 };
	for (size_t i = 1; i < CONNECTIONS; i++) {
		if (ground->assists[i] == NULL)
			continue;
		if (assist_step(ground->assists[i]) == JOB_WORKING)
			remote_pump(ground->remotes[i], -1, 0, RUN_IDLE_MS, &ignored);
		else
			assist_destroy(sp_take_pointer(&ground->assists[i]));
	}
}

static void pump(struct ground *ground)
{
	struct sp_error ignored = { 0 };
	remote_pump(ground->remotes[0], -1, 0, RUN_IDLE_MS, &ignored);
	help(ground);
}

static struct outcome send(struct ground *ground, const char *part, uint64_t size)
{
	struct pattern_source source;
	struct outcome outcome = { 0 };
	call_for_help(ground, true, part, size, 0);
	ground->peers[0]->told_size = size;
	pattern_source_init(&source, size, 32);
	const struct upload_plan plan = { .part_path = part, .size = size, .crew = ground->crew };
	struct upload *upload = upload_start(ground->remotes[0], &plan, &source.source);
	while ((outcome.state = upload_step(upload, &outcome.step, &outcome.error)) == JOB_WORKING)
		pump(ground);
	while (!upload_recall(upload))
		help(ground);
	upload_destroy(upload);
	crew_release(ground->crew);
	pattern_source_finish(&source);
	return outcome;
}

static struct outcome fetch(struct ground *ground, const char *path, uint64_t size, uint64_t mtime)
{
	struct pattern_sink sink;
	struct outcome outcome = { 0 };
	call_for_help(ground, false, path, size, mtime);
	ground->peers[0]->told_size = ground->peers[0]->file_size = size;
	pattern_sink_init(&sink, 32);
	const struct download_plan plan = { .path = path };
	struct download *download = download_start(ground->remotes[0], &plan, &sink.sink);
	download_lend_to(download, ground->crew);
	while ((outcome.state = download_step(download, &outcome.step, &outcome.error)) ==
	       JOB_WORKING)
		pump(ground);
	while (!download_recall(download))
		help(ground);
	download_destroy(download);
	crew_release(ground->crew);
	assert_false(sink.wrong);
	if (outcome.state == JOB_DONE)
		assert_int_equal(size, sink.offset);
	pattern_sink_finish(&sink);
	return outcome;
}

static void assert_done(const struct outcome *outcome)
{
	if (outcome->state != JOB_DONE)
		fail_msg("%s", outcome->error.message);
}

static void assert_failed(const struct outcome *outcome, enum sp_code code, const char *words)
{
	assert_int_equal(JOB_FAILED, outcome->state);
	if (outcome->error.code != code || outcome->step != STEP_WRITE_REMOTE ||
	    strstr(outcome->error.message, words) == NULL)
		fail_msg("unexpected: step %s, code %d: %s", failure_step_name(outcome->step),
			 outcome->error.code, outcome->error.message);
}

static uint64_t written(const struct ground *ground)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < CONNECTIONS; i++)
		bytes += ground->peers[i]->written;
	return bytes;
}

static void assert_no_open_handle(const struct ground *ground)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		assert_int_equal(0, ground->peers[i]->open_handles);
}

/* ---- what works -------------------------------------------------------------------------------------------------- */

static const uint64_t sizes[] = { 0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 1, 20000000 };

static void files_are_whole_both_ways_whatever_their_size(void **state)
{
	struct ground *ground = *state;
	char folder[] = "/tmp/sallyport-crew-XXXXXX", path[64];
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	ground->real = true;
	for (size_t i = 0; i < SP_COUNT_OF(sizes); i++) {
		struct outcome outcome = send(ground, path, sizes[i]);
		assert_done(&outcome);
		assert_true(pattern_is_file(path, sizes[i]));
		struct stat status;
		assert_int_equal(0, stat(path, &status));
		outcome = fetch(ground, path, sizes[i], (uint64_t)status.st_mtime);
		assert_done(&outcome);
		unlink(path);
	}
	rmdir(folder);
}

static void everybody_sends_a_share(void **state)
{
	struct ground *ground = *state;
	struct outcome outcome = send(ground, "/in/part", BLOCKS * BLOCK);
	assert_done(&outcome);
	assert_int_equal(BLOCKS * BLOCK, written(ground));
	for (size_t i = 0; i < CONNECTIONS; i++)
		assert_true(ground->peers[i]->written >= 4 * BLOCK);
	assert_no_open_handle(ground);
	assert_true(ground->rings > 0);
}

static void everybody_fetches_a_share(void **state)
{
	struct ground *ground = *state;
	struct outcome outcome = fetch(ground, "/file", BLOCKS * BLOCK + 17, 1000);
	assert_done(&outcome);
	for (size_t i = 0; i < CONNECTIONS; i++)
		assert_true(ground->peers[i]->seen[WIRE_READ] >= 4);
	assert_no_open_handle(ground);
}

static void only_the_owner_makes_the_part_and_looks_at_it(void **state)
{
	struct ground *ground = *state;
	struct outcome outcome = send(ground, "/in/part", BLOCKS * BLOCK);
	assert_done(&outcome);
	for (size_t i = 1; i < CONNECTIONS; i++) {
		assert_int_equal(1, ground->peers[i]->seen[WIRE_OPEN]);
		assert_int_equal(0, ground->peers[i]->seen[WIRE_FSTAT]);
		assert_int_equal(0, ground->peers[i]->seen[WIRE_STAT]);
		assert_int_equal(1, ground->peers[i]->seen[WIRE_CLOSE]);
	}
}

static void helpers_that_are_not_needed_touch_nothing(void **state)
{
	struct ground *ground = *state;
	struct outcome outcome = send(ground, "/in/part", BLOCK);
	assert_done(&outcome);
	assert_int_equal(0, ground->peers[1]->seen[WIRE_OPEN]);
}

static void short_reads_are_asked_for_again(void **state)
{
	struct ground *ground = *state;
	ground->peers[1]->short_read = 1000;
	struct outcome outcome = fetch(ground, "/file", BLOCKS * BLOCK + 17, 1000);
	assert_done(&outcome);
}

/* ---- helpers that fail ------------------------------------------------------------------------------------------- */

static bool refuse_to_open(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_OPEN)
		peer_send_status(peer, id, WIRE_PERMISSION_DENIED, "locked");
	return type == WIRE_OPEN;
}

static void what_a_helper_could_not_begin_the_owner_does(void **state)
{
	struct ground *ground = *state;
	ground->peers[1]->hook = ground->peers[2]->hook = refuse_to_open;
	struct outcome outcome = send(ground, "/in/part", BLOCKS * BLOCK);
	assert_done(&outcome);
	assert_int_equal(BLOCKS * BLOCK, ground->peers[0]->written);
	outcome = fetch(ground, "/file", BLOCKS * BLOCK, 1000);
	assert_done(&outcome);
}

static bool fail_writes(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_WRITE)
		peer_send_status(peer, id, WIRE_PERMISSION_DENIED, "no more");
	return type == WIRE_WRITE;
}

static void a_write_that_fails_at_a_helper_fails_the_file(void **state)
{
	struct ground *ground = *state;
	ground->peers[1]->hook = fail_writes;
	struct outcome outcome = send(ground, "/in/part", BLOCKS * BLOCK);
	assert_failed(&outcome, SP_DENIED, "could not write \"/in/part\": ");
}

static bool fail_close(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_CLOSE)
		peer_send_status(peer, id, WIRE_FAILURE, "Failure");
	return type == WIRE_CLOSE;
}

static void a_helper_that_cannot_close_fails_the_file(void **state)
{
	struct ground *ground = *state;
	ground->peers[2]->hook = fail_close;
	struct outcome outcome = send(ground, "/in/part", BLOCKS * BLOCK);
	assert_failed(&outcome, SP_SYSTEM, "could not close \"/in/part\"");
}

static void a_connection_that_is_lost_with_writes_fails_the_file(void **state)
{
	struct ground *ground = *state;
	ground->peers[1]->cut_at = 300; /* after some answers */
	struct outcome outcome = send(ground, "/in/part", BLOCKS * BLOCK);
	assert_failed(&outcome, SP_CLOSED, "the server closed the connection");
}

static void what_a_lost_connection_should_have_read_the_owner_reads(void **state)
{
	struct ground *ground = *state;
	ground->peers[1]->cut_at = 3 * BLOCK;
	struct outcome outcome = fetch(ground, "/file", BLOCKS * BLOCK + 17, 1000);
	assert_done(&outcome);
}

static void bytes_of_another_file_are_not_mixed_in(void **state)
{
	struct ground *ground = *state;
	ground->peers[1]->mtime = 2000;
	ground->peers[2]->told_size = 5;
	struct outcome outcome = fetch(ground, "/file", BLOCKS * BLOCK + 17, 1000);
	assert_done(&outcome);
	assert_int_equal(0, ground->peers[1]->seen[WIRE_READ]);
	assert_int_equal(0, ground->peers[2]->seen[WIRE_READ]);
}

static bool swallow(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)peer, (void)id, (void)rest;
	return type == WIRE_WRITE;
}

static void an_upload_that_is_given_up_gets_its_blocks_back(void **state)
{
	struct ground *ground = *state;
	struct pattern_source source;
	enum failure_step step;
	struct sp_error err = { 0 };
	for (size_t i = 0; i < CONNECTIONS; i++)
		ground->peers[i]->hook = swallow;
	call_for_help(ground, true, "/in/part", BLOCKS * BLOCK, 0);
	pattern_source_init(&source, BLOCKS * BLOCK, 32);
	const struct upload_plan plan = { .part_path = "/in/part",
					  .size = BLOCKS * BLOCK,
					  .crew = ground->crew };
	struct upload *upload = upload_start(ground->remotes[0], &plan, &source.source);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(JOB_WORKING, upload_step(upload, &step, &err));
		pump(ground);
	}
	assert_true(ground->peers[1]->seen[WIRE_WRITE] > 0);
	assert_int_equal(0, upload_watermark(upload));
	assert_false(upload_recall(upload));
	help(ground);
	assert_true(upload_recall(upload));
	upload_destroy(upload);
	crew_release(ground->crew);
	pattern_source_finish(&source);
}

static void nobody_joins_when_it_is_over(void **state)
{
	struct ground *ground = *state;
	const struct crew_bell bell = { ring, ground };
	const struct crew_task task = { .path = (char[]){ "/file" } };
	connect(ground);
	struct crew *crew = crew_create(&task, &bell);
	crew_end(crew);
	assert_true(crew_is_over(crew));
	assert_null(assist_start(ground->remotes[1], crew, &bell));
	crew_release(crew);
}

#define WITH_GROUND(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GROUND(files_are_whole_both_ways_whatever_their_size),
		WITH_GROUND(everybody_sends_a_share),
		WITH_GROUND(everybody_fetches_a_share),
		WITH_GROUND(only_the_owner_makes_the_part_and_looks_at_it),
		WITH_GROUND(helpers_that_are_not_needed_touch_nothing),
		WITH_GROUND(short_reads_are_asked_for_again),
		WITH_GROUND(what_a_helper_could_not_begin_the_owner_does),
		WITH_GROUND(a_write_that_fails_at_a_helper_fails_the_file),
		WITH_GROUND(a_helper_that_cannot_close_fails_the_file),
		WITH_GROUND(a_connection_that_is_lost_with_writes_fails_the_file),
		WITH_GROUND(what_a_lost_connection_should_have_read_the_owner_reads),
		WITH_GROUND(bytes_of_another_file_are_not_mixed_in),
		WITH_GROUND(an_upload_that_is_given_up_gets_its_blocks_back),
		WITH_GROUND(nobody_joins_when_it_is_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
