/* One file over several channels of one connection. */
#include "test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"
#include "peer.h"
#include "pipe_channel.h"
#include "remote/ask.h"
#include "run.h"

enum { CHANNELS = 4, BLOCKS = 32, OPEN_MS = 500, LATE_MS = 5, BLOCK = REMOTE_BLOCK_MAX };

/* ---- channels ---------------------------------------------------------------------------------------------------- */

/** What a server lets be opened beside the first channel: scripted peers, or real sftp-servers where there is none. */
struct ground {
	struct peer *peers[CHANNELS]; /* the first is the trunk's */
	struct channel_opener opener;
	struct remote *remote;
	struct pattern_source source;
	size_t granted; /* channels beside the first */
	size_t asked, opened, given_up;
	bool real;
};

struct channel_opening {
	struct ground *ground;
	bool stepped;
};

static struct channel_opening *begin(void *ctx, int64_t timeout_ms, struct sp_error *err)
{
	(void)timeout_ms, (void)err;
	struct ground *ground = ctx;
	struct channel_opening *opening = sp_alloc(sizeof(*opening));
	opening->ground = ground;
	ground->asked++;
	return opening;
}

/* The answer is there when it is asked for a second time. */
static int step(struct channel_opening *opening, struct channel **out, struct sp_error *err)
{
	struct ground *ground = opening->ground;
	if (!opening->stepped) {
		opening->stepped = true;
		return 0;
	}
	free(opening);
	if (ground->opened == ground->granted)
		return sp_fail(err, SP_DENIED, "the server refused to open a channel");
	ground->opened++;
	*out = ground->real ? pipe_channel_start(NULL, 0) : &ground->peers[ground->opened]->channel;
	return 1;
}

static void give_up(struct channel_opening *opening)
{
	opening->ground->given_up++;
	free(opening);
}

static int set_up(void **state)
{
	struct ground *ground = sp_alloc(sizeof(*ground));
	for (size_t i = 0; i < CHANNELS; i++)
		ground->peers[i] = peer_create();
	ground->opener = (struct channel_opener){ ground, begin, step, give_up };
	ground->granted = CHANNELS - 1;
	*state = ground;
	return 0;
}

static int tear_down(void **state)
{
	struct ground *ground = *state;
	remote_close(ground->remote);
	for (size_t i = 0; i < CHANNELS; i++) {
		assert_false(ground->peers[i]->wrong);
		peer_destroy(ground->peers[i]);
	}
	free(ground);
	return 0;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static void open_trunk(struct ground *ground, struct channel *channel)
{
	struct sp_error err = { 0 };
	/* Known, so that a busy machine does not make the line longer. */
	if (ground->peers[0]->late_ms > 0)
		channel->round_trip_us = ground->peers[0]->late_ms * 1000;
	if (remote_open(channel, NULL, OPEN_MS, -1, &ground->remote, &err) != 0)
		fail_msg("%s", err.message);
	remote_may_branch(ground->remote, &ground->opener, CHANNELS);
}

static struct upload *start(struct ground *ground, const char *part, uint64_t size)
{
	if (ground->remote == NULL)
		open_trunk(ground, &ground->peers[0]->channel);
	ground->peers[0]->told_size = size;
	pattern_source_init(&ground->source, size, BLOCKS);
	const struct upload_plan plan = { .part_path = part,
					  .size = size,
					  .branches = CHANNELS - 1 };
	return upload_start(ground->remote, &plan, &ground->source.source);
}

/* Sleeping for one channel would be deaf to the others here: real ones have one socket. */
static struct outcome run(struct ground *ground, struct upload *upload)
{
	struct outcome outcome = { 0 };
	struct sp_error ignored = { 0 };
	while ((outcome.state = upload_step(upload, &outcome.step, &outcome.error)) == JOB_WORKING)
		remote_pump(ground->remote, -1, ground->real ? 1 : 0, RUN_IDLE_MS, &ignored);
	return outcome;
}

static struct outcome send(struct ground *ground, const char *part, uint64_t size)
{
	struct upload *upload = start(ground, part, size);
	struct outcome outcome = run(ground, upload);
	upload_destroy(upload);
	pattern_source_finish(&ground->source);
	return outcome;
}

static void send_well(struct ground *ground, const char *part, uint64_t size)
{
	struct outcome outcome = send(ground, part, size);
	if (outcome.state != JOB_DONE)
		fail_msg("%llu bytes: %s", (unsigned long long)size, outcome.error.message);
}

static void fail_to_send(struct ground *ground, enum sp_code code, const char *words)
{
	struct outcome outcome = send(ground, "/in/part", 60 * BLOCK);
	assert_int_equal(JOB_FAILED, outcome.state);
	if (outcome.error.code != code || outcome.step != STEP_WRITE_REMOTE ||
	    strstr(outcome.error.message, words) == NULL)
		fail_msg("unexpected: step %s, code %d: %s", failure_step_name(outcome.step),
			 outcome.error.code, outcome.error.message);
}

static size_t open_handles(const struct ground *ground)
{
	size_t handles = 0;
	for (size_t i = 0; i < CHANNELS; i++)
		handles += ground->peers[i]->open_handles;
	return handles;
}

static uint64_t written(const struct ground *ground)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < CHANNELS; i++)
		bytes += ground->peers[i]->written;
	return bytes;
}

static bool swallow_writes(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)peer, (void)id, (void)rest;
	return type == WIRE_WRITE;
}

/* ---- what works -------------------------------------------------------------------------------------------------- */

static void a_file_is_whole_whatever_its_size(void **state)
{
	struct ground *ground = *state;
	char folder[] = "/tmp/sallyport-stripes-XXXXXX", path[64];
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/part", folder);
	ground->real = true;
	open_trunk(ground, pipe_channel_start(NULL, 0));
	static const uint64_t sizes[] = {
		0, 1, BLOCK - 1, BLOCK, BLOCK + 1, CHANNELS * BLOCK, CHANNELS * BLOCK + 1, 20000000
	};
	for (size_t i = 0; i < SP_COUNT_OF(sizes); i++) {
		send_well(ground, path, sizes[i]);
		assert_true(pattern_is_file(path, sizes[i]));
		unlink(path);
	}
	assert_int_equal(CHANNELS - 1, ground->opened);
	rmdir(folder);
}

static void every_channel_has_its_share(void **state)
{
	struct ground *ground = *state;
	send_well(ground, "/in/part", 100 * BLOCK);
	assert_int_equal(100 * BLOCK, written(ground));
	for (size_t i = 0; i < CHANNELS; i++)
		assert_in_range(ground->peers[i]->written, 10 * BLOCK, 70 * BLOCK);
	assert_int_equal(0, open_handles(ground));
}

/* The trunk has created it, and alone looks at it in the end. */
static void the_part_is_created_once(void **state)
{
	struct ground *ground = *state;
	send_well(ground, "/in/part", 100 * BLOCK);
	for (size_t i = 1; i < CHANNELS; i++) {
		assert_int_equal(1, ground->peers[i]->seen[WIRE_OPEN]);
		assert_int_equal(1, ground->peers[i]->seen[WIRE_CLOSE]);
		assert_int_equal(0, ground->peers[i]->seen[WIRE_FSTAT]);
		assert_int_equal(0, ground->peers[i]->seen[WIRE_EXTENDED]);
	}
}

static struct ground *watched;

/* Whether all the others have closed when the trunk is flushed and closed. */
static bool expect_closed_branches(struct peer *peer, uint8_t type, uint32_t id,
				   struct sp_reader *rest)
{
	(void)id, (void)rest;
	if (type == WIRE_EXTENDED || type == WIRE_CLOSE)
		peer->wrong = peer->wrong || (watched->opened > 0 && open_handles(watched) != 1);
	return false;
}

static void the_trunk_closes_last(void **state)
{
	struct ground *ground = watched = *state;
	open_trunk(ground, &ground->peers[0]->channel);
	ground->peers[0]->hook = expect_closed_branches;
	send_well(ground, "/in/part", 100 * BLOCK);
}

static void the_watermark_stays_where_something_is_missing(void **state)
{
	struct ground *ground = *state;
	struct upload *upload = start(ground, "/in/part", 200 * BLOCK);
	enum failure_step step;
	struct sp_error err = { 0 };
	ground->peers[1]->hook = swallow_writes;
	for (int i = 0; i < 500; i++) {
		assert_int_equal(JOB_WORKING, upload_step(upload, &step, &err));
		assert_int_equal(0, remote_pump(ground->remote, -1, 0, RUN_IDLE_MS, &err));
	}
	/* All that the others could have is there, and in front of it the first that the one keeps. */
	assert_true(ground->peers[1]->seen[WIRE_WRITE] > 0);
	assert_in_range(upload_watermark(upload), BLOCK, 50 * BLOCK);
	assert_true(upload_progress(upload) > 2 * upload_watermark(upload));
	upload_destroy(upload);
	pattern_source_finish(&ground->source);
}

static void a_second_file_uses_the_channels_that_are_there(void **state)
{
	struct ground *ground = *state;
	send_well(ground, "/in/part", 100 * BLOCK);
	send_well(ground, "/in/part", 100 * BLOCK);
	assert_int_equal(CHANNELS - 1, ground->asked);
	assert_int_equal(2, ground->peers[1]->seen[WIRE_OPEN]);
}

/* ---- when it is worth while -------------------------------------------------------------------------------------- */

/** As the engine thinks right, with a server that takes @appetite bytes at a time. */
static void send_as_it_is(struct ground *ground, uint64_t size, size_t appetite)
{
	struct sp_error ignored = { 0 };
	struct outcome outcome = { 0 };
	ground->peers[0]->told_size = size;
	pattern_source_init(&ground->source, size, BLOCKS);
	const struct upload_plan plan = { .part_path = "/in/part", .size = size };
	struct upload *upload = upload_start(ground->remote, &plan, &ground->source.source);
	while ((outcome.state = upload_step(upload, &outcome.step, &outcome.error)) ==
	       JOB_WORKING) {
		ground->peers[0]->appetite = appetite;
		remote_pump(ground->remote, -1, 0, RUN_IDLE_MS, &ignored);
	}
	assert_int_equal(JOB_DONE, outcome.state);
	upload_destroy(upload);
	pattern_source_finish(&ground->source);
}

static void further_channels_are_opened_where_a_long_line_is_held_up(void **state)
{
	struct ground *ground = *state;
	ground->peers[0]->late_ms = LATE_MS;
	open_trunk(ground, &ground->peers[0]->channel);
	send_as_it_is(ground, 200 * BLOCK, BLOCK / 2);
	assert_int_equal(CHANNELS - 1, ground->asked);
	assert_int_equal(200 * BLOCK, written(ground));
}

static void a_line_without_delay_gets_one_channel(void **state)
{
	struct ground *ground = *state;
	open_trunk(ground, &ground->peers[0]->channel);
	send_as_it_is(ground, 200 * BLOCK, BLOCK / 2);
	assert_int_equal(0, ground->asked);
}

static void a_long_line_that_holds_nothing_up_gets_one_channel(void **state)
{
	struct ground *ground = *state;
	ground->peers[0]->late_ms = LATE_MS;
	open_trunk(ground, &ground->peers[0]->channel);
	send_as_it_is(ground, 200 * BLOCK, SIZE_MAX);
	assert_int_equal(0, ground->asked);
}

static void a_small_file_gets_one_channel(void **state)
{
	struct ground *ground = *state;
	ground->peers[0]->late_ms = LATE_MS;
	open_trunk(ground, &ground->peers[0]->channel);
	send_as_it_is(ground, 12 * BLOCK, BLOCK / 2);
	assert_int_equal(0, ground->asked);
}

static void only_servers_that_are_known_for_it_are_sent_stripes(void **state)
{
	(void)state;
	assert_true(remote_stripes_well("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"));
	assert_false(remote_stripes_well("SSH-2.0-OpenSSH_for_Windows_8.1"));
	assert_false(remote_stripes_well("SSH-2.0-AWS_SFTP_1.1"));
	assert_false(remote_stripes_well("SSH-2.0-dropbear_2022.83"));
	assert_false(remote_stripes_well(""));
}

/* ---- servers that do not want it --------------------------------------------------------------------------------- */

static void a_server_that_refuses_channels_is_left_with_those_it_granted(void **state)
{
	struct ground *ground = *state;
	ground->granted = 1;
	send_well(ground, "/in/part", 100 * BLOCK);
	assert_true(ground->peers[1]->written > 0);
	assert_int_equal(100 * BLOCK, written(ground));
	size_t asked = ground->asked;
	send_well(ground, "/in/part", 100 * BLOCK);
	assert_int_equal(asked, ground->asked);
}

static void a_server_with_one_channel_is_asked_once(void **state)
{
	struct ground *ground = *state;
	ground->granted = 0;
	send_well(ground, "/in/part", 100 * BLOCK);
	size_t asked = ground->asked;
	send_well(ground, "/in/part", 100 * BLOCK);
	assert_int_equal(asked, ground->asked);
	assert_int_equal(200 * BLOCK, ground->peers[0]->written);
}

static uint64_t last_offset;

static bool expect_ascending(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)id;
	if (type != WIRE_WRITE)
		return false;
	struct sp_reader copy = *rest;
	size_t length;
	sp_read_string(&copy, &length);
	uint64_t offset = sp_read_u64(&copy);
	peer->wrong = peer->wrong || offset != last_offset;
	sp_read_string(&copy, &length);
	last_offset = offset + length;
	return false;
}

static void a_server_that_nobody_knows_gets_one_handle_and_ascending_offsets(void **state)
{
	struct ground *ground = *state;
	struct sp_error err = { 0 };
	struct peer *peer = ground->peers[0];
	assert_int_equal(0, remote_open(&peer->channel, NULL, OPEN_MS, -1, &ground->remote, &err));
	last_offset = 0;
	peer->hook = expect_ascending;
	send_well(ground, "/in/part", 100 * BLOCK);
	assert_int_equal(100 * BLOCK, peer->written);
	assert_int_equal(1, peer->seen[WIRE_OPEN]);
	assert_int_equal(0, ground->asked);
}

static bool refuse_to_open(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_OPEN)
		peer_send_status(peer, id, WIRE_PERMISSION_DENIED, "locked");
	return type == WIRE_OPEN;
}

static void a_part_that_may_be_open_only_once_is_written_through_one_handle(void **state)
{
	struct ground *ground = *state;
	for (size_t i = 1; i < CHANNELS; i++)
		ground->peers[i]->hook = refuse_to_open;
	send_well(ground, "/in/part", 100 * BLOCK);
	assert_int_equal(100 * BLOCK, ground->peers[0]->written);
	assert_int_equal(1, ground->peers[1]->seen[WIRE_OPEN]);
}

static void a_channel_that_dies_before_it_has_written_is_no_loss(void **state)
{
	struct ground *ground = *state;
	ground->peers[1]->cut_at = 0;
	send_well(ground, "/in/part", 100 * BLOCK);
	assert_int_equal(0, ground->peers[1]->written);
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

static bool fail_writes(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_WRITE)
		peer_send_status(peer, id, WIRE_PERMISSION_DENIED, "no more");
	return type == WIRE_WRITE;
}

static void a_write_that_fails_on_one_channel_fails_the_file(void **state)
{
	struct ground *ground = *state;
	ground->peers[2]->hook = fail_writes;
	fail_to_send(ground, SP_DENIED, "could not write \"/in/part\": ");
}

static bool fail_barely(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_WRITE)
		peer_send_status(peer, id, WIRE_FAILURE, "Failure");
	return type == WIRE_WRITE;
}

static void a_full_disk_is_told_whoever_meets_it(void **state)
{
	struct ground *ground = *state;
	ground->peers[0]->space = 0;
	ground->peers[2]->hook = fail_barely;
	fail_to_send(ground, SP_NO_SPACE, "the server's disk is full");
}

static bool fail_close(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_CLOSE)
		peer_send_status(peer, id, WIRE_FAILURE, "Failure");
	return type == WIRE_CLOSE;
}

static void a_handle_that_cannot_be_closed_fails_the_file(void **state)
{
	struct ground *ground = *state;
	ground->peers[3]->hook = fail_close;
	fail_to_send(ground, SP_SYSTEM, "could not close \"/in/part\"");
}

static void a_channel_that_dies_with_writes_fails_the_file_but_not_the_connection(void **state)
{
	struct ground *ground = *state;
	struct remote_attributes attributes;
	const struct remote_patience patience = { .idle_ms = RUN_IDLE_MS, .cancel_fd = -1 };
	struct sp_error err = { 0 };
	ground->peers[2]->cut_at = 300; /* after some answers */
	fail_to_send(ground, SP_CLOSED, "could not write \"/in/part\": the server closed");
	assert_int_equal(0, remote_stat(ground->remote, "/in", &patience, &attributes, &err));
	assert_true(ground->peers[2]->was_closed);
}

static bool has_swallowed;

static bool swallow_one_write(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)peer, (void)id, (void)rest;
	bool swallows = type == WIRE_WRITE && !has_swallowed;
	has_swallowed = has_swallowed || swallows;
	return swallows;
}

/* Another file keeps the channel lively: its answers are none to this one's WRITE. */
static void a_channel_notices_the_one_write_that_is_left_out(void **state)
{
	struct ground *ground = *state;
	enum { IDLE_MS = 300, ROUNDS = 1000 };
	struct sp_error ignored = { 0 }, why = { 0 };
	struct pattern_source source;
	enum failure_step step;
	ground->granted = 1;
	struct upload *victim = start(ground, "/in/part", 60 * BLOCK);
	has_swallowed = false;
	ground->peers[1]->hook = swallow_one_write;
	enum job_state victim_state = JOB_WORKING;
	while (!has_swallowed) {
		assert_int_equal(JOB_WORKING, upload_step(victim, &step, &ignored));
		remote_pump(ground->remote, -1, 0, RUN_IDLE_MS, &ignored);
	}
	for (int i = 0; i < ROUNDS && victim_state == JOB_WORKING; i++) {
		pattern_source_init(&source, 20 * BLOCK, BLOCKS);
		const struct upload_plan plan = { .part_path = "/in/other",
						  .size = 20 * BLOCK,
						  .branches = CHANNELS - 1 };
		struct upload *other = upload_start(ground->remote, &plan, &source.source);
		struct outcome outcome = { .state = JOB_WORKING };
		while (outcome.state == JOB_WORKING && victim_state == JOB_WORKING) {
			remote_pump(ground->remote, -1, 0, IDLE_MS, &ignored);
			outcome.state = upload_step(other, &outcome.step, &outcome.error);
			victim_state = upload_step(victim, &step, &why);
		}
		upload_destroy(other);
		pattern_source_finish(&source);
	}
	assert_true(has_swallowed);
	upload_destroy(victim);
	pattern_source_finish(&ground->source);
	assert_int_equal(JOB_FAILED, victim_state);
	assert_non_null(strstr(why.message, "left one request unanswered"));
}

static void an_upload_that_is_given_up_leaves_no_handle(void **state)
{
	struct ground *ground = *state;
	struct upload *upload = start(ground, "/in/part", 600 * BLOCK);
	enum failure_step step;
	struct sp_error err = { 0 };
	for (int i = 0; i < 8; i++) {
		assert_int_equal(JOB_WORKING, upload_step(upload, &step, &err));
		assert_int_equal(0, remote_pump(ground->remote, -1, 0, RUN_IDLE_MS, &err));
	}
	assert_true(open_handles(ground) > 1);
	upload_destroy(upload);
	pattern_source_finish(&ground->source);
	for (int i = 0; i < 8; i++)
		remote_pump(ground->remote, -1, 0, RUN_IDLE_MS, &err);
	assert_int_equal(0, open_handles(ground));
}

static void channels_that_were_still_opened_go_with_the_connection(void **state)
{
	struct ground *ground = *state;
	struct upload *upload = start(ground, "/in/part", 60 * BLOCK);
	struct sp_error err = { 0 };
	assert_int_equal(0, remote_pump(ground->remote, -1, 0, RUN_IDLE_MS, &err));
	upload_destroy(upload);
	pattern_source_finish(&ground->source);
	remote_close(ground->remote);
	ground->remote = NULL;
	assert_int_equal(CHANNELS - 1, ground->given_up);
}

#define WITH_GROUND(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GROUND(a_file_is_whole_whatever_its_size),
		WITH_GROUND(every_channel_has_its_share),
		WITH_GROUND(the_part_is_created_once),
		WITH_GROUND(the_trunk_closes_last),
		WITH_GROUND(the_watermark_stays_where_something_is_missing),
		WITH_GROUND(a_second_file_uses_the_channels_that_are_there),
		WITH_GROUND(further_channels_are_opened_where_a_long_line_is_held_up),
		WITH_GROUND(a_line_without_delay_gets_one_channel),
		WITH_GROUND(a_long_line_that_holds_nothing_up_gets_one_channel),
		WITH_GROUND(a_small_file_gets_one_channel),
		WITH_GROUND(only_servers_that_are_known_for_it_are_sent_stripes),
		WITH_GROUND(a_server_that_refuses_channels_is_left_with_those_it_granted),
		WITH_GROUND(a_server_with_one_channel_is_asked_once),
		WITH_GROUND(a_server_that_nobody_knows_gets_one_handle_and_ascending_offsets),
		WITH_GROUND(a_part_that_may_be_open_only_once_is_written_through_one_handle),
		WITH_GROUND(a_channel_that_dies_before_it_has_written_is_no_loss),
		WITH_GROUND(a_write_that_fails_on_one_channel_fails_the_file),
		WITH_GROUND(a_full_disk_is_told_whoever_meets_it),
		WITH_GROUND(a_handle_that_cannot_be_closed_fails_the_file),
		WITH_GROUND(a_channel_that_dies_with_writes_fails_the_file_but_not_the_connection),
		WITH_GROUND(a_channel_notices_the_one_write_that_is_left_out),
		WITH_GROUND(an_upload_that_is_given_up_leaves_no_handle),
		WITH_GROUND(channels_that_were_still_opened_go_with_the_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
