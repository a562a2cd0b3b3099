/* The engine against servers that are odd, broken or hostile. */
#include "test.h"

#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"
#include "peer.h"
#include "run.h"

enum { OPEN_MS = 500, TINY_MS = 5, FILE_SIZE = 1000000 };

static int set_up(void **state)
{
	struct peer *peer = peer_create();
	peer->file_size = peer->told_size = FILE_SIZE;
	*state = peer;
	return 0;
}

static int tear_down(void **state)
{
	struct peer *peer = *state;
	assert_true(peer->was_closed);
	peer_destroy(peer);
	return 0;
}

static struct remote *open_peer(struct peer *peer)
{
	struct remote *remote = NULL;
	struct sp_error err = { 0 };
	if (remote_open(&peer->channel, NULL, OPEN_MS, -1, &remote, &err) != 0)
		fail_msg("%s", err.message);
	return remote;
}

static void refuse_to_open(struct peer *peer, enum sp_code code, const char *words)
{
	struct remote *remote = NULL;
	struct sp_error err = { 0 };
	assert_int_equal(remote_open(&peer->channel, NULL, TINY_MS, -1, &remote, &err), -1);
	assert_null(remote);
	if (err.code != code || strstr(err.message, words) == NULL)
		fail_msg("unexpected: code %d: %s", err.code, err.message);
}

static struct outcome fetch(struct peer *peer, uint64_t *out_bytes)
{
	struct remote *remote = open_peer(peer);
	struct pattern_sink sink;
	pattern_sink_init(&sink, 32);
	struct outcome outcome = fetch_file(remote, "/file", &sink);
	remote_close(remote);
	assert_false(sink.wrong);
	if (out_bytes != NULL)
		*out_bytes = sink.offset;
	pattern_sink_finish(&sink);
	return outcome;
}

static struct outcome send(struct peer *peer, uint64_t size)
{
	struct remote *remote = open_peer(peer);
	struct pattern_source source;
	pattern_source_init(&source, size, 32);
	struct outcome outcome = send_file(remote, "/in/part", size, &source);
	remote_close(remote);
	assert_false(peer->wrong);
	pattern_source_finish(&source);
	return outcome;
}

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

static void fetch_whole(struct peer *peer)
{
	uint64_t bytes;
	struct outcome outcome = fetch(peer, &bytes);
	assert_done(&outcome);
	assert_int_equal(bytes, peer->file_size);
	assert_int_equal(peer->open_handles, 0);
}

static void fail_to_fetch(struct peer *peer, enum sp_code code, const char *words)
{
	struct outcome outcome = fetch(peer, NULL);
	assert_failed(&outcome, STEP_READ_REMOTE, code, words);
}

static void send_whole(struct peer *peer, uint64_t size)
{
	peer->told_size = size;
	struct outcome outcome = send(peer, size);
	assert_done(&outcome);
	assert_int_equal(peer->written, size);
	assert_int_equal(peer->open_handles, 0);
}

static void fail_to_send(struct peer *peer, uint64_t size, enum sp_code code, const char *words)
{
	struct outcome outcome = send(peer, size);
	assert_failed(&outcome, STEP_WRITE_REMOTE, code, words);
}

/* ---- the greeting ---------------------------------------------------------------------------------------------- */

static void refuses_other_versions(void **state)
{
	struct peer *peer = *state;
	peer->version = 2;
	refuse_to_open(peer, SP_UNSUPPORTED, "speaks SFTP version 2 only");
	peer->version = 6;
	refuse_to_open(peer, SP_PROTOCOL, "chose SFTP version 6");
}

static const char *noise;
static size_t noise_length;

static bool greet_with_noise(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)type, (void)id, (void)rest;
	peer_send(peer, noise, noise_length);
	return true;
}

static void refuses_greetings_that_are_none(void **state)
{
	struct peer *peer = *state;
	static const struct {
		const char *bytes;
		size_t length;
		const char *words;
	} greetings[] = {
		{ "\xff\xff\xff\xff\2", 5, "a packet of 4294967295 bytes" },
		{ "\0\0\0\0", 4, "a packet of 0 bytes" },
		{ "\0\x40\0\0\2", 5, "a packet of 4194304 bytes" },
		{ "Welcome to host\n", 16, "login scripts do: \"Welcome to host" },
		{ "\0\0\0\5\x65\0\0\0\3", 9, "packet type 101" },
		{ "\0\0\0\4\2\0\0\0", 8, "malformed VERSION" },
		{ "\0\0\0\x0c\2\0\0\0\3\0\0\0\4abc", 16, "malformed VERSION" },
		{ "\0\0\0\x0c\2\0\0\0\3\0\0\0\3abc", 16, "malformed VERSION" },
	};
	peer->hook = greet_with_noise;
	for (size_t i = 0; i < SP_COUNT_OF(greetings); i++) {
		noise = greetings[i].bytes;
		noise_length = greetings[i].length;
		refuse_to_open(peer, SP_PROTOCOL, greetings[i].words);
	}
}

static void gives_up_on_a_server_that_does_not_greet(void **state)
{
	struct peer *peer = *state;
	peer->hook = greet_with_noise;
	noise_length = 0;
	refuse_to_open(peer, SP_TIMEOUT, "in time");

	struct sp_error err = { 0 };
	struct remote *remote;
	SP_AUTO_FD cancel = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(remote_open(&peer->channel, NULL, OPEN_MS, cancel, &remote, &err), -1);
	assert_int_equal(err.code, SP_CANCELLED);
}

static void takes_limits_with_care(void **state)
{
	struct peer *peer = *state;
	static const struct {
		struct wire_limits told;
		uint32_t read_max, write_max;
	} cases[] = {
		{ { 262144, 261120, 261120, 0 }, 261120, 261120 },
		{ { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX }, 261120, 261120 },
		{ { 0, 0, 0, 0 }, 32768, 32768 },
		{ { 34000, 65536, 100000, 1 }, 32976, 32976 },
		{ { 0, 1, 65536, 1 }, 32768, 65536 },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		peer->limits = cases[i].told;
		struct remote *remote = open_peer(peer);
		assert_int_equal(remote_features(remote)->read_max, cases[i].read_max);
		assert_int_equal(remote_features(remote)->write_max, cases[i].write_max);
		remote_close(remote);
	}
}

static bool refuse_extended(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_EXTENDED)
		peer_send_status(peer, id, WIRE_OP_UNSUPPORTED, "");
	return type == WIRE_EXTENDED;
}

static void lives_with_extensions_that_are_announced_only(void **state)
{
	struct peer *peer = *state;
	peer->hook = refuse_extended;
	send_whole(peer, 100000);
	assert_int_equal(peer->seen[WIRE_WRITE], 4);
	assert_int_equal(peer->seen[WIRE_EXTENDED], 2);
}

static bool keep_limits_to_itself(struct peer *peer, uint8_t type, uint32_t id,
				  struct sp_reader *rest)
{
	(void)peer, (void)id, (void)rest;
	return type == WIRE_EXTENDED;
}

static void what_a_server_granted_before_is_not_waited_for(void **state)
{
	struct peer *peer = *state;
	const struct remote_limits known = { 100000, 50000, 7 };
	struct remote *remote = NULL;
	struct sp_error err = { 0 };
	peer->hook = keep_limits_to_itself;
	peer->channel.round_trip_us = 1000;
	assert_int_equal(0, remote_open(&peer->channel, &known, TINY_MS, -1, &remote, &err));
	assert_int_equal(100000, remote_features(remote)->read_max);
	assert_int_equal(50000, remote_features(remote)->write_max);
	assert_int_equal(7, remote_features(remote)->handles_max);
	assert_int_equal(1, remote_outstanding(remote));
	assert_int_equal(0, remote_pump(remote, -1, 0, TINY_MS, &err));
	assert_int_equal(1, peer->seen[WIRE_EXTENDED]); /* asked it is */
	remote_close(remote);
}

static void without_a_round_trip_what_it_grants_is_waited_for(void **state)
{
	struct peer *peer = *state;
	const struct remote_limits known = { 100000, 50000, 7 };
	struct remote *remote = NULL;
	struct sp_error err = { 0 };
	peer->channel.round_trip_us = 0;
	assert_int_equal(0, remote_open(&peer->channel, &known, OPEN_MS, -1, &remote, &err));
	assert_int_equal(0, remote_outstanding(remote));
	assert_int_equal(peer->limits.handles, remote_features(remote)->handles_max);
	remote_close(remote);
}

/* ---- good servers of all kinds --------------------------------------------------------------------------------- */

static void takes_replies_in_any_order(void **state)
{
	struct peer *peer = *state;
	peer->file_size = peer->told_size = 10 << 20;
	peer->reversed = true;
	fetch_whole(peer);
	send_whole(peer, 10 << 20);
}

static void takes_replies_byte_by_byte(void **state)
{
	struct peer *peer = *state;
	peer->chunk = 1;
	peer->file_size = 70000;
	peer->told_size = 70000;
	fetch_whole(peer);
	send_whole(peer, 70000);
}

static void asks_again_for_the_rest_of_short_reads(void **state)
{
	struct peer *peer = *state;
	peer->short_read = 10007;
	fetch_whole(peer);
	assert_true(peer->seen[WIRE_READ] > FILE_SIZE / 10007);
	peer->reversed = true;
	fetch_whole(peer);
}

static void fetches_with_small_requests_into_big_blocks(void **state)
{
	struct peer *peer = *state;
	peer->extensions[0] = NULL;
	fetch_whole(peer);
	assert_int_equal(peer->seen[WIRE_READ], FILE_SIZE / REMOTE_BLOCK_DEFAULT + 2);
	peer->reversed = true;
	peer->short_read = 1000;
	fetch_whole(peer);
}

static void refuses_files_that_are_longer_than_their_size(void **state)
{
	struct peer *peer = *state;
	static const uint64_t told[] = { 1, 261120, FILE_SIZE - 1 };
	for (size_t i = 0; i < SP_COUNT_OF(told); i++) {
		peer->told_size = told[i];
		fail_to_fetch(peer, SP_CHANGED, "there is more of it than its size");
	}
}

static void fetches_files_whose_size_is_not_told(void **state)
{
	struct peer *peer = *state;
	peer->told_size = 0; /* as /proc has it */
	fetch_whole(peer);
	peer->of_handle.size = peer->of_path.size = false;
	fetch_whole(peer);
	peer->of_handle.fails = peer->of_path.fails = true;
	fetch_whole(peer);
	peer->file_size = 0;
	fetch_whole(peer);
}

static void looks_at_the_path_when_the_handle_tells_too_little(void **state)
{
	struct peer *peer = *state;
	peer->of_handle.fails = true;
	fetch_whole(peer);
	assert_int_equal(peer->seen[WIRE_STAT], 2);
	peer->of_handle = (struct peer_tells){ .size = true, .permissions = 0644 };
	peer->of_path.permissions = S_IFDIR | 0755;
	fail_to_fetch(peer, SP_UNSUPPORTED, "\"/file\": it is a directory");
}

static void refuses_what_is_no_regular_file(void **state)
{
	struct peer *peer = *state;
	static const struct {
		uint32_t type;
		const char *words;
	} types[] = { { S_IFDIR, "a directory" },
		      { S_IFIFO, "not a regular file" },
		      { S_IFCHR, "not a regular file" },
		      { S_IFSOCK, "not a regular file" } };
	for (size_t i = 0; i < SP_COUNT_OF(types); i++) {
		peer->of_handle.permissions = types[i].type | 0644;
		fail_to_fetch(peer, SP_UNSUPPORTED, types[i].words);
	}
	/* But for the one that goes with the look, nothing is read. */
	assert_int_equal(peer->seen[WIRE_READ], SP_COUNT_OF(types));
}

static uint32_t open_status;

static bool refuse_open(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_OPEN)
		peer_send_status(peer, id, open_status, "");
	return type == WIRE_OPEN;
}

static void finds_out_why_a_file_cannot_be_opened(void **state)
{
	struct peer *peer = *state;
	peer->hook = refuse_open;
	peer->of_path.permissions = S_IFDIR | 0755;
	open_status = WIRE_FAILURE;
	fail_to_fetch(peer, SP_UNSUPPORTED, "is a directory");
	open_status = WIRE_PERMISSION_DENIED;
	fail_to_fetch(peer, SP_UNSUPPORTED, "is a directory");
	open_status = WIRE_NO_SUCH_FILE;
	fail_to_fetch(peer, SP_NOT_FOUND, "could not open \"/file\": no such file");
	peer->of_path.permissions = S_IFREG | 0644;
	open_status = WIRE_PERMISSION_DENIED;
	fail_to_fetch(peer, SP_DENIED, "permission denied");

	open_status = WIRE_NO_SUCH_FILE;
	peer->of_path.permissions = S_IFDIR | 0755;
	fail_to_send(peer, 1, SP_NOT_FOUND, "could not create \"/in/part\": no such file");
	open_status = WIRE_FAILURE;
	fail_to_send(peer, 1, SP_EXISTS, "exists already");
	peer->of_path.fails = true;
	fail_to_send(peer, 1, SP_SYSTEM, "a failure without a reason");
	peer->space = 0;
	fail_to_send(peer, 1, SP_NO_SPACE, "disk is full");
}

/* ---- sources that change --------------------------------------------------------------------------------------- */

static bool grow_afterwards(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)id, (void)rest;
	if (type == WIRE_FSTAT && peer->seen[WIRE_FSTAT] == 2)
		peer->told_size++;
	return false;
}

static bool touch_afterwards(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)id, (void)rest;
	if (type == WIRE_FSTAT && peer->seen[WIRE_FSTAT] == 2)
		peer->mtime++;
	return false;
}

static bool hide_afterwards(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)id, (void)rest;
	if (type == WIRE_FSTAT && peer->seen[WIRE_FSTAT] == 2)
		peer->of_handle.fails = true;
	return false;
}

/* The first READ goes with the look. The second finds the end of the file, those behind it find bytes. */
static bool have_a_hole(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	bool second = type == WIRE_READ && peer->seen[WIRE_READ] == 2;
	if (second)
		peer_send_status(peer, id, WIRE_EOF, "");
	return second;
}

static void notices_that_the_file_changed(void **state)
{
	struct peer *peer = *state;
	static const struct {
		peer_hook *hook;
		const char *words;
	} changes[] = { { grow_afterwards, "its size is another now" },
			{ touch_afterwards, "it was written to" },
			{ hide_afterwards, "does not tell its size any more" } };
	for (size_t i = 0; i < SP_COUNT_OF(changes); i++) {
		peer->hook = changes[i].hook;
		peer->seen[WIRE_FSTAT] = 0;
		fail_to_fetch(peer, SP_CHANGED, changes[i].words);
	}
	peer->of_handle.fails = false;
	peer->hook = have_a_hole;
	peer->seen[WIRE_READ] = 0;
	peer->told_size = FILE_SIZE;
	fail_to_fetch(peer, SP_CHANGED, "from behind its end");
	peer->hook = NULL;
	peer->told_size = FILE_SIZE + 1;
	fail_to_fetch(peer, SP_CHANGED, "ended before its size");
	peer->told_size = INT64_MAX;
	fail_to_fetch(peer, SP_CHANGED, "ended before its size");
}

static bool touch_before_the_fourth_look(struct peer *peer, uint8_t type, uint32_t id,
					 struct sp_reader *rest)
{
	(void)id, (void)rest;
	if (type == WIRE_FSTAT && peer->seen[WIRE_FSTAT] == 4)
		peer->mtime++;
	return false;
}

/* It announces OpenSSH's extensions, and answers the look before the READs in front of it: they may be younger. */
static void a_look_that_overtook_a_read_does_not_count(void **state)
{
	struct peer *peer = *state;
	peer->reversed = true;
	peer->hook = touch_before_the_fourth_look;
	fail_to_fetch(peer, SP_CHANGED, "it was written to");
}

static void fetches_nothing_where_only_the_path_tells_the_size(void **state)
{
	struct peer *peer = *state;
	peer->of_handle.fails = true;
	peer->file_size = peer->told_size = 0;
	fetch_whole(peer);
}

static void refuses_sizes_that_no_file_can_have(void **state)
{
	struct peer *peer = *state;
	static const uint64_t told[] = { (uint64_t)INT64_MAX + 1, UINT64_MAX };
	for (size_t i = 0; i < SP_COUNT_OF(told); i++) {
		peer->told_size = told[i];
		fail_to_fetch(peer, SP_UNSUPPORTED, "which no file can have");
		assert_int_equal(peer->seen[WIRE_READ], i + 1);
	}
}

/* ---- parts that are not what was sent -------------------------------------------------------------------------- */

static void checks_the_size_of_what_it_sent(void **state)
{
	struct peer *peer = *state;
	peer->told_size = 999;
	fail_to_send(peer, 1000, SP_CHANGED, "has 999 bytes of \"/in/part\" after 1000");
	assert_int_equal(peer->seen[WIRE_STAT], 2); /* it had the chance to say it again */

	/* Neither tells: what was acknowledged has to do. */
	peer->of_handle.size = peer->of_path.size = false;
	peer->written = 0;
	send_whole(peer, 1000);
	peer->of_handle.fails = peer->of_path.fails = true;
	peer->written = 0;
	send_whole(peer, 1000);
}

static bool tell_size_after_close(struct peer *peer, uint8_t type, uint32_t id,
				  struct sp_reader *rest)
{
	(void)id, (void)rest;
	if (type == WIRE_CLOSE)
		peer->told_size = 1000;
	return false;
}

static void believes_the_size_after_close_more_than_before(void **state)
{
	struct peer *peer = *state;
	peer->hook = tell_size_after_close;
	peer->told_size = 0;
	struct outcome outcome = send(peer, 1000);
	assert_done(&outcome);
}

static bool truncate_at_close(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)id, (void)rest;
	if (type == WIRE_CLOSE)
		peer->told_size = 999;
	return false;
}

static void notices_what_close_has_cut_off(void **state)
{
	struct peer *peer = *state;
	peer->hook = truncate_at_close;
	peer->told_size = 1000;
	fail_to_send(peer, 1000, SP_CHANGED, "has 999 bytes of \"/in/part\" after 1000");

	/* When the path tells nothing, that all was acknowledged has to do. */
	peer->of_path.fails = true;
	peer->written = 0;
	send_whole(peer, 1000);
}

static void a_size_that_fits_is_asked_for_once(void **state)
{
	struct peer *peer = *state;
	send_whole(peer, 1000);
	assert_int_equal(peer->seen[WIRE_FSTAT], 0);
	assert_int_equal(peer->seen[WIRE_STAT], 1);
}

/* A server that answers STAT before it is done with CLOSE. */
static bool take_time_to_close(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)id, (void)rest;
	if (type == WIRE_STAT)
		peer->told_size = peer->seen[WIRE_STAT] == 1 ? 0 : 1000;
	return false;
}

static void a_size_that_is_told_too_early_may_be_corrected(void **state)
{
	struct peer *peer = *state;
	peer->hook = take_time_to_close;
	peer->told_size = 1000;
	struct outcome outcome = send(peer, 1000);
	assert_done(&outcome);
	assert_int_equal(peer->seen[WIRE_STAT], 2);
}

static uint8_t refused_type;
static uint32_t refused_with;

static bool refuse_type(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	SP_AUTO_FREE char *name = NULL;
	if (type == WIRE_EXTENDED && refused_type == WIRE_EXTENDED) {
		struct sp_reader copy = *rest;
		name = sp_read_text(&copy, 64);
		if (strcmp(name, "fsync@openssh.com") != 0)
			return false;
	}
	if (type == refused_type)
		peer_send_status(peer, id, refused_with, "");
	return type == refused_type;
}

static size_t unread_at_close;

static bool look_at_close(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)id, (void)rest;
	if (type == WIRE_CLOSE)
		unread_at_close = peer->ready.length - peer->ready_from;
	return false;
}

static void closes_a_file_only_after_all_answers_where_order_is_not_kept(void **state)
{
	struct peer *peer = *state;
	peer->hook = look_at_close;
	send_whole(peer, FILE_SIZE);
	assert_int_not_equal(unread_at_close, 0);
	peer->extensions[0] = NULL;
	peer->written = 0;
	send_whole(peer, FILE_SIZE);
	assert_int_equal(unread_at_close, 0);
	fetch_whole(peer);
	assert_int_equal(unread_at_close, 0);
	/* What is given up is closed all the same. */
	assert_int_equal(peer->open_handles, 0);
}

static void fails_when_writing_flushing_or_closing_is_refused(void **state)
{
	struct peer *peer = *state;
	static const struct {
		uint8_t type;
		uint32_t status;
		enum sp_code code;
		const char *words;
	} cases[] = {
		{ WIRE_WRITE, WIRE_FAILURE, SP_SYSTEM, "could not write \"/in/part\"" },
		{ WIRE_WRITE, WIRE_PERMISSION_DENIED, SP_DENIED, "permission denied" },
		{ WIRE_WRITE, WIRE_NO_SPACE, SP_NO_SPACE, "disk is full" },
		{ WIRE_WRITE, WIRE_QUOTA_EXCEEDED, SP_NO_SPACE, "quota" },
		{ WIRE_WRITE, WIRE_EOF, SP_PROTOCOL, "could not write" },
		{ WIRE_WRITE, 4711, SP_SYSTEM, "status 4711" },
		{ WIRE_CLOSE, WIRE_FAILURE, SP_SYSTEM, "could not close \"/in/part\"" },
		{ WIRE_EXTENDED, WIRE_FAILURE, SP_SYSTEM, "could not flush \"/in/part\"" },
	};
	peer->hook = refuse_type;
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		refused_type = cases[i].type;
		refused_with = cases[i].status;
		fail_to_send(peer, 1000000, cases[i].code, cases[i].words);
	}
	refused_type = WIRE_EXTENDED;
	refused_with = WIRE_OP_UNSUPPORTED;
	peer->written = 0;
	peer->open_handles = 0;
	send_whole(peer, 1000000);
}

static void asks_whether_the_disk_is_full(void **state)
{
	struct peer *peer = *state;
	peer->hook = refuse_type;
	refused_with = WIRE_FAILURE;
	peer->space = 0;
	static const uint8_t types[] = { WIRE_WRITE, WIRE_CLOSE, WIRE_EXTENDED };
	for (size_t i = 0; i < SP_COUNT_OF(types); i++) {
		refused_type = types[i];
		fail_to_send(peer, 1000000, SP_NO_SPACE, "the server's disk is full");
	}
	/* Some room, but not for the block. */
	refused_type = WIRE_WRITE;
	peer->space = 5;
	fail_to_send(peer, 1000000, SP_NO_SPACE, "the server's disk is full");
	fail_to_send(peer, 1000, SP_SYSTEM, "a failure without a reason");
}

static bool speak(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_OPEN)
		peer_send_status(peer, id, WIRE_FAILURE, "ask \x1b[31mBob\nnow");
	return type == WIRE_OPEN;
}

static void shows_the_servers_words_escaped(void **state)
{
	struct peer *peer = *state;
	peer->hook = speak;
	fail_to_fetch(peer, SP_SYSTEM, "the server says \"ask \\x1b[31mBob\\x0anow\"");
}

/* ---- protocols broken ------------------------------------------------------------------------------------------ */

/* Each answers the second READ of a good file. */

static bool at_second_read(const struct peer *peer, uint8_t type)
{
	return type == WIRE_READ && peer->seen[WIRE_READ] == 2;
}

static bool too_long(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (at_second_read(peer, type))
		peer_send_data(peer, id, REMOTE_BLOCK_MAX, REMOTE_BLOCK_MAX + 1);
	return at_second_read(peer, type);
}

static bool empty(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (at_second_read(peer, type))
		peer_send_data(peer, id, 0, 0);
	return at_second_read(peer, type);
}

static bool unknown_id(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (at_second_read(peer, type))
		peer_send_data(peer, id + 12345, 0, 10);
	return at_second_read(peer, type);
}

static bool twice(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (at_second_read(peer, type)) {
		peer_send_data(peer, id, REMOTE_BLOCK_MAX, REMOTE_BLOCK_MAX);
		peer_send_data(peer, id, REMOTE_BLOCK_MAX, REMOTE_BLOCK_MAX);
	}
	return at_second_read(peer, type);
}

static bool too_early(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_OPEN)
		peer_send_status(peer, id + 1, WIRE_OK, "");
	return false;
}

static bool wrong_kind(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (at_second_read(peer, type))
		peer_send_packet(peer, WIRE_HANDLE, id, "\0\0\0\1a", 5);
	return at_second_read(peer, type);
}

static bool data_for_open(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_OPEN)
		peer_send_data(peer, id, 0, 10);
	return type == WIRE_OPEN;
}

static bool fine(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (at_second_read(peer, type))
		peer_send_status(peer, id, WIRE_OK, "Success");
	return at_second_read(peer, type);
}

static bool lying_inside(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (at_second_read(peer, type))
		peer_send_packet(peer, WIRE_DATA, id,
				 "\0\0\0\x0a"
				 "abc",
				 7);
	return at_second_read(peer, type);
}

static bool huge(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest, (void)id;
	if (at_second_read(peer, type))
		peer_send(peer, "\xff\xff\xff\xff\x67", 5);
	return at_second_read(peer, type);
}

static bool tiny(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest, (void)id;
	if (at_second_read(peer, type))
		peer_send(peer, "\0\0\0\4\x67\0\0\0", 8);
	return at_second_read(peer, type);
}

static bool long_handle(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	uint8_t payload[4 + WIRE_HANDLE_MAX + 1] = { 0, 0, 1, 1 };
	if (type == WIRE_OPEN)
		peer_send_packet(peer, WIRE_HANDLE, id, payload, sizeof(payload));
	return type == WIRE_OPEN;
}

static bool bad_attributes(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_FSTAT)
		peer_send_packet(peer, WIRE_ATTRS, id, "\x80\0\0\0\xff\xff\xff\xff\0\0\0\0", 12);
	return type == WIRE_FSTAT;
}

static bool second_version(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest, (void)id;
	if (at_second_read(peer, type))
		peer_send(peer, "\0\0\0\5\2\0\0\0\3", 9);
	return at_second_read(peer, type);
}

static void ends_the_session_when_the_protocol_is_broken(void **state)
{
	static const struct {
		peer_hook *hook;
		const char *words;
	} cases[] = {
		{ too_long, "sent 261121 bytes where 261120 were asked for" },
		{ empty, "sent 0 bytes" },
		{ unknown_id, "which is not open" },
		{ twice, "which is not open" },
		{ too_early, "which is not open" },
		{ wrong_kind, "answered with HANDLE where DATA was due" },
		{ data_for_open, "answered with DATA" },
		{ fine, "answered OK where DATA was due" },
		{ lying_inside, "malformed DATA" },
		{ huge, "a packet of 4294967295 bytes" },
		{ tiny, "truncated packet" },
		{ long_handle, "malformed HANDLE" },
		{ bad_attributes, "malformed ATTRS" },
		{ second_version, "which is not open" },
	};
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		for (size_t chunk = 0; chunk < 2; chunk++) {
			struct peer *peer = peer_create();
			peer->file_size = peer->told_size = FILE_SIZE;
			peer->hook = cases[i].hook;
			peer->chunk = chunk == 0 ? SIZE_MAX : 5;
			fail_to_fetch(peer, SP_PROTOCOL, cases[i].words);
			peer_destroy(peer);
		}
	}
	((struct peer *)*state)->was_closed = true;
}

static bool without_text(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	if (type == WIRE_WRITE)
		peer_send_packet(peer, WIRE_STATUS, id, "\0\0\0\0", 4);
	if (type == WIRE_OPEN && peer->seen[WIRE_WRITE] > 0)
		peer_send_packet(peer, WIRE_STATUS, id, "\0\0\0\3", 4);
	return type == WIRE_WRITE || (type == WIRE_OPEN && peer->seen[WIRE_WRITE] > 0);
}

static void takes_a_status_without_text(void **state)
{
	struct peer *peer = *state;
	peer->hook = without_text;
	peer->told_size = 100;
	struct outcome outcome = send(peer, 100);
	assert_done(&outcome);
	fail_to_send(peer, 100, SP_DENIED, "permission denied");
}

/* One small run of each kind against @peer: opening, and a file out or in. Whatever comes of it, all is given back. */
static struct outcome run_small(struct peer *peer, bool sending)
{
	struct outcome outcome = { .state = JOB_FAILED };
	struct remote *remote = NULL;
	peer->file_size = peer->told_size = 300;
	peer->short_read = 100;
	if (remote_open(&peer->channel, NULL, OPEN_MS, -1, &remote, &outcome.error) == 0) {
		struct pattern_source source;
		struct pattern_sink sink;
		pattern_source_init(&source, 300, 2);
		pattern_sink_init(&sink, 2);
		outcome = sending ? send_file(remote, "/part", 300, &source)
				  : fetch_file(remote, "/file", &sink);
		remote_close(remote);
		pattern_source_finish(&source);
		pattern_sink_finish(&sink);
	}
	assert_true(peer->was_closed);
	return outcome;
}

/* How many bytes a server that does nothing wrong answers. */
static size_t replies_of_small_run(bool sending)
{
	struct peer *peer = peer_create();
	struct outcome outcome = run_small(peer, sending);
	size_t replied = peer->replied;
	peer_destroy(peer);
	assert_done(&outcome);
	assert_true(replied > 200);
	return replied;
}

/* The answer to the CLOSE of a file that was read is not waited for. */
enum { CLOSE_ANSWER = 28 }; /* bytes: a STATUS with "Success" */

static void survives_the_end_of_the_connection_anywhere(void **state)
{
	((struct peer *)*state)->was_closed = true;
	for (int sending = 0; sending < 2; sending++) {
		size_t length = replies_of_small_run(sending) - (sending ? 0 : CLOSE_ANSWER);
		for (size_t cut = 0; cut < length; cut++) {
			struct peer *peer = peer_create();
			peer->cut_at = cut;
			struct outcome outcome = run_small(peer, sending);
			assert_int_equal(outcome.state, JOB_FAILED);
			assert_int_equal(outcome.error.code, SP_CLOSED);
			peer_destroy(peer);
		}
	}
}

/* Every byte of the server's, changed in several ways. */
static void survives_damage_anywhere(void **state)
{
	static const uint8_t damages[] = { 0x01, 0x08, 0x80, 0xff };
	((struct peer *)*state)->was_closed = true;
	for (int sending = 0; sending < 2; sending++) {
		size_t length = replies_of_small_run(sending) - (sending ? 0 : CLOSE_ANSWER);
		size_t failed = 0;
		for (size_t i = 0; i < length * SP_COUNT_OF(damages); i++) {
			struct peer *peer = peer_create();
			peer->damage_at = i / SP_COUNT_OF(damages);
			peer->damage = damages[i % SP_COUNT_OF(damages)];
			peer->impatient = true;
			struct outcome outcome = run_small(peer, sending);
			failed += outcome.state == JOB_FAILED;
			if (outcome.state == JOB_FAILED)
				assert_int_not_equal(outcome.error.code, SP_OK);
			peer_destroy(peer);
		}
		assert_true(failed > length);
	}
}

/* ---- silence --------------------------------------------------------------------------------------------------- */

static bool never_answer(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)peer, (void)id, (void)rest;
	return type == WIRE_READ || type == WIRE_REMOVE;
}

static void does_not_wait_forever_for_an_answer(void **state)
{
	struct peer *peer = *state;
	peer->hook = never_answer;
	struct remote *remote = open_peer(peer);
	struct pattern_sink sink;
	struct sp_error err = { 0 };
	struct outcome outcome;
	pattern_sink_init(&sink, 8);

	/* Nothing is owed: silence is fine. */
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(remote_pump(remote, -1, 2 * TINY_MS, TINY_MS, &err), 0);

	const struct download_plan plan = { .path = "/file" };
	struct download *download = download_start(remote, &plan, &sink.sink);
	while (download_step(download, &outcome.step, &outcome.error) == JOB_WORKING)
		if (remote_pump(remote, -1, -1, TINY_MS, &err) != 0)
			assert_int_equal(err.code, SP_TIMEOUT);
	assert_int_equal(outcome.error.code, SP_TIMEOUT);
	assert_int_equal(remote_outstanding(remote), 0);
	assert_int_equal(remote_room(remote), 0);

	/* It stays dead, for everybody. */
	const struct remote_patience patience = { TINY_MS, -1 };
	assert_int_equal(remote_pump(remote, -1, -1, TINY_MS, &err), -1);
	assert_int_equal(remote_remove(remote, "/x", &patience, &err), -1);
	assert_int_equal(err.code, SP_TIMEOUT);
	download_destroy(download);
	remote_close(remote);
	pattern_sink_finish(&sink);
}

static void does_not_wait_forever_to_send(void **state)
{
	struct peer *peer = *state;
	struct remote *remote = open_peer(peer);
	struct sp_error err = { 0 };
	const struct remote_patience patience = { TINY_MS, -1 };
	peer->appetite = 0;
	assert_int_equal(remote_remove(remote, "/x", &patience, &err), -1);
	assert_int_equal(err.code, SP_TIMEOUT);
	remote_close(remote);
}

static void a_few_bytes_are_no_sign_of_life(void **state)
{
	struct peer *peer = *state;
	peer->hook = never_answer;
	struct remote *remote = open_peer(peer);
	struct sp_error err = { 0 };
	const struct remote_patience patience = { TINY_MS, -1 };
	static const uint8_t head[] = { 0, 0, 0x80, 0, WIRE_STATUS };
	peer_send(peer, head, sizeof(head));
	peer->drips = true;
	assert_int_equal(remote_remove(remote, "/x", &patience, &err), -1);
	assert_int_equal(err.code, SP_TIMEOUT);
	assert_non_null(strstr(err.message, "bytes came or went within 5 ms"));
	remote_close(remote);
}

static void stops_waiting_when_told(void **state)
{
	struct peer *peer = *state;
	peer->hook = never_answer;
	struct remote *remote = open_peer(peer);
	struct sp_error err = { 0 };
	SP_AUTO_FD cancel = eventfd(0, EFD_CLOEXEC);
	const struct remote_patience patience = { 0, cancel };
	eventfd_write(cancel, 1);
	assert_int_equal(remote_remove(remote, "/x", &patience, &err), -1);
	assert_int_equal(err.code, SP_CANCELLED);
	/* It never left, so nothing is owed, and the session goes on. */
	assert_int_equal(peer->seen[WIRE_REMOVE], 0);
	assert_int_equal(remote_outstanding(remote), 0);
	remote_close(remote);
}

/* ---- jobs that are given up ------------------------------------------------------------------------------------ */

static uint32_t held_ids[PEER_REPLIES_MAX];
static size_t held_count;
static uint8_t held_type;

/* Notes who waits, and answers later. */
static bool hold_replies(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)peer, (void)rest;
	if (type == held_type)
		held_ids[held_count++] = id;
	return type == held_type;
}

static void pump_until_quiet(struct remote *remote)
{
	struct sp_error err = { 0 };
	for (size_t i = 0; i < 20; i++)
		if (remote_pump(remote, -1, 0, 0, &err) != 0)
			fail_msg("%s", err.message);
}

static void closes_a_handle_that_comes_too_late(void **state)
{
	struct peer *peer = *state;
	peer->hook = hold_replies;
	held_type = WIRE_OPEN;
	held_count = 0;
	struct remote *remote = open_peer(peer);
	struct pattern_sink sink;
	struct outcome outcome;
	pattern_sink_init(&sink, 8);
	const struct download_plan plan = { .path = "/file" };
	struct download *download = download_start(remote, &plan, &sink.sink);
	download_step(download, &outcome.step, &outcome.error);
	pump_until_quiet(remote);
	download_destroy(download);
	assert_int_equal(remote_outstanding(remote), 1);
	peer_send_packet(peer, WIRE_HANDLE, held_ids[0], "\0\0\0\1a", 5);
	pump_until_quiet(remote);
	assert_int_equal(peer->seen[WIRE_CLOSE], 1);
	assert_int_equal(remote_outstanding(remote), 0);
	remote_close(remote);
	pattern_sink_finish(&sink);
}

static void forgets_a_download_in_the_middle(void **state)
{
	struct peer *peer = *state;
	peer->hook = hold_replies;
	held_type = WIRE_READ;
	held_count = 0;
	struct remote *remote = open_peer(peer);
	struct pattern_sink sink;
	struct outcome outcome;
	pattern_sink_init(&sink, 8);
	const struct download_plan plan = { .path = "/file" };
	struct download *download = download_start(remote, &plan, &sink.sink);
	while (held_count == 0) {
		download_step(download, &outcome.step, &outcome.error);
		pump_until_quiet(remote);
	}
	/* One block is half here when the download goes. */
	peer->chunk = 1000;
	peer_send_data(peer, held_ids[0], 0, REMOTE_BLOCK_MAX);
	for (size_t i = 0; i < 5; i++)
		remote_pump(remote, -1, 0, 0, &outcome.error);
	assert_true(sink.pool.out > 0);
	download_destroy(download);
	assert_int_equal(sink.pool.out, 0);
	/* The memory goes: what would still be written to it is found. */
	pattern_sink_finish(&sink);

	peer->chunk = SIZE_MAX;
	for (size_t i = 1; i < held_count; i++)
		peer_send_status(peer, held_ids[i], WIRE_FAILURE, "");
	pump_until_quiet(remote);
	assert_int_equal(remote_outstanding(remote), 0);
	assert_int_equal(peer->open_handles, 0);
	remote_close(remote);
}

static void forgets_an_upload_in_the_middle_of_a_write(void **state)
{
	struct peer *peer = *state;
	struct remote *remote = open_peer(peer);
	struct pattern_source source;
	struct outcome outcome;
	pattern_source_init(&source, FILE_SIZE, 8);
	const struct upload_plan plan = { .part_path = "/part", .size = FILE_SIZE };
	struct upload *upload = upload_start(remote, &plan, &source.source);
	while (upload_step(upload, &outcome.step, &outcome.error) == JOB_WORKING &&
	       source.pool.out == 0)
		remote_pump(remote, -1, 0, 0, &outcome.error);
	/* The first WRITE is half out, the others are not begun. */
	size_t seen = peer->seen_all;
	peer->appetite = 5000;
	remote_pump(remote, -1, 0, 0, &outcome.error);
	assert_int_equal(peer->seen_all, seen);
	peer->appetite = SIZE_MAX;
	upload_destroy(upload);
	assert_int_equal(source.pool.out, 0);
	/* The memory goes: what would still be sent from it is found. */
	pattern_source_finish(&source);

	pump_until_quiet(remote);
	assert_int_equal(peer->seen[WIRE_WRITE], 1);
	assert_false(peer->wrong);
	assert_int_equal(peer->open_handles, 0);
	assert_int_equal(remote_outstanding(remote), 0);
	remote_close(remote);
}

/* ---- single operations ----------------------------------------------------------------------------------------- */

static void uses_posix_rename_only_where_offered(void **state)
{
	struct peer *peer = *state;
	const struct remote_patience patience = { OPEN_MS, -1 };
	struct sp_error err = { 0 };
	struct remote *remote = open_peer(peer);
	assert_int_equal(remote_rename(remote, "/a", "/b", true, &patience, &err), 0);
	assert_int_equal(peer->seen[WIRE_RENAME], 1);
	remote_close(remote);

	peer->extensions[2] = "posix-rename@openssh.com";
	peer->extensions[3] = "1";
	peer->extensions[4] = NULL;
	remote = open_peer(peer);
	size_t extended = peer->seen[WIRE_EXTENDED];
	assert_int_equal(remote_rename(remote, "/a", "/b", true, &patience, &err), 0);
	assert_int_equal(peer->seen[WIRE_RENAME], 1);
	assert_int_equal(peer->seen[WIRE_EXTENDED], extended + 1);
	assert_int_equal(remote_rename(remote, "/a", "/b", false, &patience, &err), 0);
	assert_int_equal(peer->seen[WIRE_RENAME], 2);
	remote_close(remote);
}

static bool swallow_open(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)peer, (void)id, (void)rest;
	return type == WIRE_OPEN;
}

/* Replies to others keep the session lively: it must not take that for an answer. */
static void notices_the_one_request_that_is_left_out(void **state)
{
	struct peer *peer = *state;
	struct remote *remote = open_peer(peer);
	const struct remote_patience patience = { TINY_MS, -1 };
	struct pattern_sink sink;
	pattern_sink_init(&sink, 32);
	const struct download_plan plan = { .path = "/file" };
	struct download *download = download_start(remote, &plan, &sink.sink);
	enum failure_step step;
	struct sp_error err = { 0 };
	peer->hook = swallow_open;
	assert_int_equal(download_step(download, &step, &err), JOB_WORKING);

	struct remote_attributes attributes;
	size_t answers = 0;
	while (remote_stat(remote, "/other", &patience, &attributes, &err) == 0)
		assert_true(++answers < 1000 * 1000);
	assert_true(answers > REMOTE_REQUESTS_MAX);
	assert_int_equal(err.code, SP_TIMEOUT);
	assert_non_null(strstr(err.message, "left one request unanswered"));
	assert_int_equal(download_step(download, &step, &err), JOB_FAILED);
	download_destroy(download);
	pattern_sink_finish(&sink);
	remote_close(remote);
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_PEER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_PEER(refuses_other_versions),
		WITH_PEER(refuses_greetings_that_are_none),
		WITH_PEER(gives_up_on_a_server_that_does_not_greet),
		WITH_PEER(takes_limits_with_care),
		WITH_PEER(lives_with_extensions_that_are_announced_only),
		WITH_PEER(what_a_server_granted_before_is_not_waited_for),
		WITH_PEER(without_a_round_trip_what_it_grants_is_waited_for),
		WITH_PEER(takes_replies_in_any_order),
		WITH_PEER(takes_replies_byte_by_byte),
		WITH_PEER(asks_again_for_the_rest_of_short_reads),
		WITH_PEER(fetches_with_small_requests_into_big_blocks),
		WITH_PEER(refuses_files_that_are_longer_than_their_size),
		WITH_PEER(fetches_files_whose_size_is_not_told),
		WITH_PEER(looks_at_the_path_when_the_handle_tells_too_little),
		WITH_PEER(a_look_that_overtook_a_read_does_not_count),
		WITH_PEER(fetches_nothing_where_only_the_path_tells_the_size),
		WITH_PEER(refuses_what_is_no_regular_file),
		WITH_PEER(finds_out_why_a_file_cannot_be_opened),
		WITH_PEER(notices_that_the_file_changed),
		WITH_PEER(refuses_sizes_that_no_file_can_have),
		WITH_PEER(checks_the_size_of_what_it_sent),
		WITH_PEER(believes_the_size_after_close_more_than_before),
		WITH_PEER(notices_what_close_has_cut_off),
		WITH_PEER(a_size_that_fits_is_asked_for_once),
		WITH_PEER(a_size_that_is_told_too_early_may_be_corrected),
		WITH_PEER(closes_a_file_only_after_all_answers_where_order_is_not_kept),
		WITH_PEER(fails_when_writing_flushing_or_closing_is_refused),
		WITH_PEER(asks_whether_the_disk_is_full),
		WITH_PEER(shows_the_servers_words_escaped),
		WITH_PEER(ends_the_session_when_the_protocol_is_broken),
		WITH_PEER(takes_a_status_without_text),
		WITH_PEER(survives_the_end_of_the_connection_anywhere),
		WITH_PEER(survives_damage_anywhere),
		WITH_PEER(does_not_wait_forever_for_an_answer),
		WITH_PEER(does_not_wait_forever_to_send),
		WITH_PEER(a_few_bytes_are_no_sign_of_life),
		WITH_PEER(stops_waiting_when_told),
		WITH_PEER(closes_a_handle_that_comes_too_late),
		WITH_PEER(forgets_a_download_in_the_middle),
		WITH_PEER(forgets_an_upload_in_the_middle_of_a_write),
		WITH_PEER(uses_posix_rename_only_where_offered),
		WITH_PEER(notices_the_one_request_that_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
