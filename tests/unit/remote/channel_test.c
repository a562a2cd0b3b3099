#include "test.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "pattern.h"
#include "remote/session.h"
#include "remote/transport.h"
#include "run.h"
#include "servers.h"

enum { PATIENCE_MS = 20000, MANY_BYTES = 8 << 20, OPENSSH_WINDOW = 2 << 20 };

static struct ssh_folder folder;

/** An authenticated connection to an sshd. */
struct ground {
	struct server server;
	struct transport *transport;
};

static struct ground connect_to_sshd(const char *config)
{
	struct ground ground = { .server = server_sshd(&folder, config) };
	SP_AUTO_FREE char *trusted = ssh_folder_read(&folder, "host_ed25519.pub");
	SP_AUTO_FREE char *key = ssh_folder_read(&folder, "user_ed25519");
	const struct transport_options options = {
		.fd = ground.server.client_fd,
		.user = getpwuid(getuid())->pw_name,
		.trusted_keys = trusted,
		.private_key = key,
		.policy = security_policy_find(security_policy_default_name),
		.timeout_ms = PATIENCE_MS,
		.cancel_fd = -1,
	};
	struct transport_report report;
	struct sp_error err = { 0 };
	if (transport_open(&options, &ground.transport, &report, &err) != 0)
		fail_msg("refused: %s", err.message);
	return ground;
}

static void disconnect(struct ground *ground, bool is_killed)
{
	transport_close(ground->transport);
	server_end(&ground->server, is_killed);
}

static struct channel *open_channel(struct ground *ground)
{
	struct channel *channel = NULL;
	struct sp_error err = { 0 };
	if (transport_open_sftp(ground->transport, PATIENCE_MS, -1, &channel, &err) != 0)
		fail_msg("no channel: %s", err.message);
	assert_true(channel->round_trip_us > 0);
	return channel;
}

/** Reads until the end; the bytes that came, or -1 with what ended it. Gives up after PATIENCE_MS. */
static ssize_t read_some(struct channel *channel, void *out, size_t room, struct sp_error *err)
{
	int64_t deadline_ms = sp_monotonic_ms() + PATIENCE_MS;
	while (sp_monotonic_ms() < deadline_ms) {
		ssize_t count = channel->backend->read(channel, out, room, err);
		if (count != 0)
			return count;
		if (channel->backend->wait(channel, false, -1, PATIENCE_MS, err) != 0)
			return -1;
	}
	fail_msg("nothing came");
	return 0;
}

/* ---- bytes --------------------------------------------------------------------------------------------------------- */

static const uint64_t sizes[] = { 0, 1, 32767, 32769, 261119, 261121, 20 * 1024 * 1024 + 17 };

static void send_and_fetch(const char *config)
{
	struct ground ground = connect_to_sshd(config);
	struct remote *remote;
	struct sp_error err = { 0 };
	char path[SERVER_PATH_MAX];

	assert_int_equal(remote_open(open_channel(&ground), NULL, PATIENCE_MS, -1, &remote, &err),
			 0);
	for (size_t i = 0; i < SP_COUNT_OF(sizes); i++) {
		struct pattern_source source;
		struct pattern_sink sink;
		snprintf(path, sizeof(path), "%s/file%zu", folder.path, i);
		pattern_source_init(&source, sizes[i], 32);
		pattern_sink_init(&sink, 32);
		assert_int_equal(send_file(remote, path, sizes[i], &source).state, JOB_DONE);
		assert_true(pattern_is_file(path, sizes[i]));
		assert_int_equal(fetch_file(remote, path, &sink).state, JOB_DONE);
		assert_false(sink.wrong);
		assert_int_equal(sink.offset, sizes[i]);
		pattern_source_finish(&source);
		pattern_sink_finish(&sink);
		unlink(path);
	}
	remote_close(remote);
	disconnect(&ground, false);
}

static void files_arrive_whole_both_ways(void **state)
{
	(void)state;
	send_and_fetch("");
}

static void files_arrive_whole_while_keys_are_exchanged_anew(void **state)
{
	(void)state;
	send_and_fetch("RekeyLimit 1M");
}

static void channels_of_one_connection_keep_their_bytes_apart(void **state)
{
	(void)state;
	struct ground ground = connect_to_sshd("");
	struct remote *remotes[3];
	char paths[SP_COUNT_OF(remotes)][sizeof(folder.path) + 16];
	struct sp_error err = { 0 };
	for (size_t i = 0; i < SP_COUNT_OF(remotes); i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/told-%zu", folder.path, i);
		pattern_write_file(paths[i], 1000 + i);
	}
	for (size_t i = 0; i < SP_COUNT_OF(remotes); i++)
		assert_int_equal(remote_open(open_channel(&ground), NULL, PATIENCE_MS, -1,
					     &remotes[i], &err),
				 0);
	for (size_t i = 0; i < SP_COUNT_OF(remotes); i++) {
		const struct remote_patience patience = { PATIENCE_MS, -1 };
		struct remote_attributes told;
		assert_int_equal(remote_stat(remotes[i], paths[i], &patience, &told, &err), 0);
		assert_int_equal(told.size, 1000 + i);
	}
	remote_close(remotes[1]);
	assert_int_equal(transport_keepalive(ground.transport, &err), 0);
	remote_close(remotes[0]);
	remote_close(remotes[2]);
	disconnect(&ground, false);
}

/* ---- a server that does not do its part ---------------------------------------------------------------------------- */

/* Its window is open, but it takes nothing: what is given to libssh must end before, and no call may block. */
static void a_server_that_stops_reading_neither_blocks_nor_fills_memory(void **state)
{
	(void)state;
	struct ground ground = connect_to_sshd("Subsystem sftp /bin/cat");
	struct channel *channel = open_channel(&ground);
	struct sp_error err = { 0 };
	char *bytes = sp_alloc(MANY_BYTES);
	size_t total = 0;
	int64_t start_ms = sp_monotonic_ms();

	kill(ground.server.pid, SIGSTOP);
	for (int quiet = 0; quiet < 3;) {
		ssize_t count = channel->backend->write(channel, bytes, MANY_BYTES, &err);
		assert_true(count >= 0);
		total += (size_t)count;
		quiet = count == 0 ? quiet + 1 : 0;
		assert_int_equal(channel->backend->wait(channel, true, -1, 50, &err), 0);
	}
	assert_true(total > 0);
	assert_true(total < OPENSSH_WINDOW);
	assert_true(sp_monotonic_ms() - start_ms < PATIENCE_MS);

	/* It goes on when the server does. */
	kill(ground.server.pid, SIGCONT);
	for (size_t back = 0; back < total;) {
		ssize_t count = read_some(channel, bytes, MANY_BYTES, &err);
		assert_true(count > 0);
		back += (size_t)count;
	}
	free(bytes);
	channel->backend->close(channel);
	disconnect(&ground, false);
}

static void what_a_server_writes_to_stderr_is_dropped(void **state)
{
	(void)state;
	struct ground ground = connect_to_sshd(
		"Subsystem sftp head -c 50000000 /dev/zero >&2; echo through; cat >&2");
	struct channel *channel = open_channel(&ground);
	struct sp_error err = { 0 };
	char text[16] = { 0 };
	assert_int_equal(read_some(channel, text, sizeof(text) - 1, &err), 8);
	assert_string_equal(text, "through\n");
	channel->backend->close(channel);
	disconnect(&ground, false);
}

static void the_end_of_the_subsystem_is_the_end_of_the_channel(void **state)
{
	(void)state;
	struct ground ground = connect_to_sshd("Subsystem sftp echo This service is for people");
	struct channel *channel = open_channel(&ground);
	struct sp_error err = { 0 };
	char text[64] = { 0 };
	assert_true(read_some(channel, text, sizeof(text) - 1, &err) > 0);
	assert_int_equal(read_some(channel, text, sizeof(text) - 1, &err), -1);
	assert_int_equal(err.code, SP_CLOSED);
	assert_string_equal(err.message, "the server ended the SFTP session");
	channel->backend->close(channel);

	/* The connection itself lives on. */
	channel = open_channel(&ground);
	channel->backend->close(channel);
	disconnect(&ground, false);
}

static void a_server_that_dies_is_noticed(void **state)
{
	(void)state;
	struct ground ground = connect_to_sshd("Subsystem sftp /bin/cat");
	struct channel *channel = open_channel(&ground);
	struct sp_error err = { 0 };
	char byte;
	kill(ground.server.pid, SIGKILL);
	assert_int_equal(read_some(channel, &byte, 1, &err), -1);
	assert_int_equal(err.code, SP_CLOSED);
	assert_int_equal(channel->backend->write(channel, "x", 1, &err), -1);
	assert_int_equal(channel->backend->wait(channel, true, -1, PATIENCE_MS, &err), -1);
	assert_int_equal(transport_keepalive(ground.transport, &err), -1);
	assert_int_equal(err.code, SP_CLOSED);
	channel->backend->close(channel);
	disconnect(&ground, false);
}

/* ---- waiting ------------------------------------------------------------------------------------------------------- */

static void waiting_ends_with_time_or_the_other_descriptor(void **state)
{
	(void)state;
	SP_AUTO_FD other = eventfd(0, EFD_CLOEXEC);
	struct ground ground = connect_to_sshd("Subsystem sftp /bin/cat");
	struct channel *channel = open_channel(&ground);
	struct sp_error err = { 0 };

	int64_t start_ms = sp_monotonic_ms();
	assert_int_equal(channel->backend->wait(channel, false, other, 100, &err), 0);
	assert_true(sp_monotonic_ms() - start_ms >= 100);

	eventfd_write(other, 1);
	assert_int_equal(channel->backend->wait(channel, false, other, PATIENCE_MS, &err), 0);
	assert_int_equal(channel->backend->wait(channel, true, -1, PATIENCE_MS, &err), 0);
	assert_true(sp_monotonic_ms() - start_ms < PATIENCE_MS);
	channel->backend->close(channel);
	disconnect(&ground, false);
}

/* Bytes that libssh holds already must not be slept over: the socket will not tell of them again. */
static void waiting_does_not_sleep_over_bytes_that_are_there(void **state)
{
	(void)state;
	struct ground ground = connect_to_sshd("Subsystem sftp printf abcdef; cat");
	struct channel *channel = open_channel(&ground);
	struct sp_error err = { 0 };
	char byte;
	for (const char *expected = "abcdef"; *expected != '\0'; expected++) {
		assert_int_equal(channel->backend->wait(channel, false, -1, PATIENCE_MS, &err), 0);
		assert_int_equal(read_some(channel, &byte, 1, &err), 1);
		assert_int_equal(byte, *expected);
	}
	channel->backend->close(channel);
	disconnect(&ground, false);
}

/* ---- one file over several channels ------------------------------------------------------------------------------ */

/* A transport's opener that counts what it opened. */
static struct counter {
	struct channel_opener opener;
	size_t opened;
} counter;

static struct channel_opening *counted_begin(void *ctx, int64_t timeout_ms, struct sp_error *err)
{
	(void)ctx;
	return counter.opener.begin(counter.opener.ctx, timeout_ms, err);
}

static int counted_step(struct channel_opening *opening, struct channel **out, struct sp_error *err)
{
	int result = counter.opener.step(opening, out, err);
	counter.opened += result == 1;
	return result;
}

static void counted_give_up(struct channel_opening *opening)
{
	counter.opener.give_up(opening);
}

/** The file over as many channels as the server lets be open, which are @channels. */
static void send_striped(const char *config, size_t channels)
{
	enum { SIZE = 40 << 20 };
	struct ground ground = connect_to_sshd(config);
	const struct channel_opener opener = { .begin = counted_begin,
					       .step = counted_step,
					       .give_up = counted_give_up };
	struct remote *remote;
	struct sp_error err = { 0 };
	char path[SERVER_PATH_MAX];
	snprintf(path, sizeof(path), "%s/striped", folder.path);
	counter = (struct counter){ .opener = transport_opener(ground.transport), .opened = 1 };
	assert_int_equal(remote_open(open_channel(&ground), NULL, PATIENCE_MS, -1, &remote, &err),
			 0);
	remote_may_branch(remote, &opener, REMOTE_CHANNELS_MAX);
	struct pattern_source source;
	pattern_source_init(&source, SIZE, 32);
	const struct upload_plan plan = { .part_path = path,
					  .size = SIZE,
					  .branches = REMOTE_CHANNELS_MAX - 1 };
	struct upload *upload = upload_start(remote, &plan, &source.source);
	struct outcome outcome = run_upload(remote, upload);
	if (outcome.state != JOB_DONE)
		fail_msg("%s", outcome.error.message);
	upload_destroy(upload);
	assert_true(pattern_is_file(path, SIZE));
	assert_int_equal(channels, counter.opened);
	pattern_source_finish(&source);
	unlink(path);
	remote_close(remote);
	disconnect(&ground, false);
}

static void one_file_goes_over_several_channels(void **state)
{
	(void)state;
	send_striped("", REMOTE_CHANNELS_MAX);
	send_striped("RekeyLimit 4M", REMOTE_CHANNELS_MAX);
}

static void a_server_that_refuses_further_channels_goes_on_with_those_it_granted(void **state)
{
	(void)state;
	send_striped("MaxSessions 3", 3);
	send_striped("MaxSessions 1", 1);
}

/* ---- channels that do not open ------------------------------------------------------------------------------------- */

static void expect_no_channel(struct ground *ground, int64_t timeout_ms, int cancel_fd,
			      enum sp_code code, const char *says)
{
	struct channel *channel = NULL;
	struct sp_error err = { 0 };
	assert_int_equal(
		transport_open_sftp(ground->transport, timeout_ms, cancel_fd, &channel, &err), -1);
	assert_null(channel);
	if (err.code != code || strstr(err.message, says) == NULL)
		fail_msg("code %d: %s", err.code, err.message);
}

static void a_channel_that_does_not_open_says_why(void **state)
{
	(void)state;
	struct ground ground = connect_to_sshd("Subsystem other /bin/cat");
	expect_no_channel(&ground, PATIENCE_MS, -1, SP_UNSUPPORTED, "offers no SFTP");
	disconnect(&ground, false);

	ground = connect_to_sshd("MaxSessions 1");
	struct channel *first = open_channel(&ground);
	expect_no_channel(&ground, PATIENCE_MS, -1, SP_DENIED, "refused to open a channel");
	first->backend->close(first);
	disconnect(&ground, false);

	ground = connect_to_sshd("");
	SP_AUTO_FD cancel = eventfd(1, EFD_CLOEXEC);
	kill(ground.server.pid, SIGSTOP);
	expect_no_channel(&ground, 300, -1, SP_TIMEOUT,
			  "the server did not open an SFTP session within 0.3 s");
	expect_no_channel(&ground, PATIENCE_MS, cancel, SP_CANCELLED, "given up");
	disconnect(&ground, true);
}

static int set_up(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	ssh_folder_make(&folder);
	return transport_init(&err);
}

static int tear_down(void **state)
{
	(void)state;
	ssh_folder_remove(&folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_arrive_whole_both_ways),
		cmocka_unit_test(files_arrive_whole_while_keys_are_exchanged_anew),
		cmocka_unit_test(channels_of_one_connection_keep_their_bytes_apart),
		cmocka_unit_test(a_server_that_stops_reading_neither_blocks_nor_fills_memory),
		cmocka_unit_test(what_a_server_writes_to_stderr_is_dropped),
		cmocka_unit_test(the_end_of_the_subsystem_is_the_end_of_the_channel),
		cmocka_unit_test(a_server_that_dies_is_noticed),
		cmocka_unit_test(waiting_ends_with_time_or_the_other_descriptor),
		cmocka_unit_test(waiting_does_not_sleep_over_bytes_that_are_there),
		cmocka_unit_test(one_file_goes_over_several_channels),
		cmocka_unit_test(
			a_server_that_refuses_further_channels_goes_on_with_those_it_granted),
		cmocka_unit_test(a_channel_that_does_not_open_says_why),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
