/* Directories of servers that are good, odd or hostile. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "peer.h"
#include "remote/listing.h"

enum { OPEN_MS = 500, PUMPS_MAX = 100000, READS = 8, PAYLOAD_MAX = 200000 };

/* What the server's directory has: .., ., and entry-N, so many a reply. */
static struct {
	unsigned entries, per_reply, sent;
	const char *name; /* of all entries; NULL: entry-N */
	size_t name_length;
	uint32_t mode;                     /* 0: not told … */
	const char *line;                  /* … but shown */
	uint32_t open_status, read_status; /* instead of an answer; 0: none */
	bool endless_dots, empty_reply;
	size_t reads_waiting, reads_most; /* that were under way at once */
} server;

static struct remote *remote;
static struct peer *peer;
static struct sp_error err;

static void put_entry(struct sp_writer *writer, const char *name, size_t length)
{
	sp_write_string(writer, name, length);
	sp_write_text(writer, server.line);
	sp_write_u32(writer, server.mode == 0 ? 0x01 : 0x05);
	sp_write_u64(writer, 7);
	if (server.mode != 0)
		sp_write_u32(writer, server.mode);
}

static void put_number(struct sp_writer *writer, unsigned number)
{
	char name[32];
	snprintf(name, sizeof(name), "entry-%u", number);
	if (server.name != NULL)
		put_entry(writer, server.name, server.name_length);
	else
		put_entry(writer, name, strlen(name));
}

static void answer_names(uint32_t id)
{
	static uint8_t payload[PAYLOAD_MAX];
	struct sp_writer writer = sp_writer_of(payload, sizeof(payload));
	unsigned left = server.entries - server.sent;
	unsigned count = left < server.per_reply ? left : server.per_reply;
	if (server.read_status != 0 ||
	    (count == 0 && !server.endless_dots && !server.empty_reply)) {
		peer_send_status(peer, id, server.read_status != 0 ? server.read_status : WIRE_EOF,
				 "");
		return;
	}
	bool dots = server.sent == 0 || server.endless_dots;
	sp_write_u32(&writer, count + (dots && !server.empty_reply ? 2 : 0));
	if (dots && !server.empty_reply) {
		put_entry(&writer, ".", 1);
		put_entry(&writer, "..", 2);
	}
	for (unsigned i = 0; i < count; i++)
		put_number(&writer, server.sent++);
	assert_false(writer.failed);
	peer_send_packet(peer, WIRE_NAME, id, payload, sp_writer_length(&writer));
}

static bool serve(struct peer *ours, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)rest;
	assert_ptr_equal(ours, peer);
	if (type == WIRE_OPENDIR && server.open_status != 0)
		peer_send_status(peer, id, server.open_status, "");
	else if (type == WIRE_OPENDIR) {
		peer->open_handles++;
		peer_send_packet(peer, WIRE_HANDLE, id, "\0\0\0\3abc", 7);
	} else if (type == WIRE_READDIR) {
		server.reads_waiting++;
		if (server.reads_waiting > server.reads_most)
			server.reads_most = server.reads_waiting;
		answer_names(id);
	} else {
		return false;
	}
	return true;
}

static int set_up(void **state)
{
	(void)state;
	server.entries = 250;
	server.per_reply = 100;
	server.sent = 0;
	server.name = server.line = NULL;
	server.mode = S_IFREG | 0644;
	server.open_status = server.read_status = 0;
	server.endless_dots = server.empty_reply = false;
	server.reads_waiting = server.reads_most = 0;
	err = (struct sp_error){ 0 };
	peer = peer_create();
	peer->hook = serve;
	return 0;
}

static void open_session(void)
{
	if (remote_open(&peer->channel, NULL, OPEN_MS, -1, &remote, &err) != 0)
		fail_msg("%s", err.message);
}

static int tear_down(void **state)
{
	(void)state;
	remote_close(remote);
	assert_int_equal(peer->open_handles, 0);
	assert_false(peer->wrong);
	peer_destroy(peer);
	return 0;
}

static int next(struct listing *listing, struct remote_entry *out)
{
	for (int pumps = 0; pumps < PUMPS_MAX; pumps++) {
		listing_allow_reads(listing, READS);
		int got = listing_next(listing, out, &err);
		if (got != 0)
			return got;
		if (remote_pump(remote, -1, 0, 0, &err) != 0)
			return listing_next(listing, out, &err);
		server.reads_waiting = 0;
	}
	fail_msg("the listing comes to no end");
	return -1;
}

/* The entries, up to @most; -1 when it failed. Its handle is closed. */
static int count_entries(const char *path, int most)
{
	struct listing *listing = listing_start(remote, path);
	struct remote_entry entry;
	int count = 0, got = 1;
	while (count < most && (got = next(listing, &entry)) == 1)
		count++;
	listing_destroy(listing);
	while (remote_outstanding(remote) > 0)
		if (remote_pump(remote, -1, 0, 0, NULL) != 0)
			break;
	return got < 0 ? -1 : count;
}

static void refuse(const char *path, enum sp_code code, const char *words)
{
	assert_int_equal(count_entries(path, 1000), -1);
	if (err.code != code || strstr(err.message, words) == NULL)
		fail_msg("unexpected: code %d: %s", err.code, err.message);
}

static void every_entry_comes_once_and_in_order(void **state)
{
	(void)state;
	open_session();
	struct listing *listing = listing_start(remote, "/out");
	struct remote_entry entry;
	for (unsigned i = 0; i < server.entries; i++) {
		char name[32];
		snprintf(name, sizeof(name), "entry-%u", i);
		assert_int_equal(next(listing, &entry), 1);
		assert_string_equal(entry.name, name);
		assert_true(entry.attributes.has_size && entry.attributes.size == 7);
		assert_false(entry.is_directory || entry.is_link);
	}
	assert_int_equal(next(listing, &entry), 2);
	assert_int_equal(next(listing, &entry), 2);
	listing_destroy(listing);
	while (remote_outstanding(remote) > 0)
		assert_int_equal(remote_pump(remote, -1, 0, 0, &err), 0);
}

static void several_reads_are_under_way_where_the_server_keeps_the_order(void **state)
{
	(void)state;
	server.entries = 3000;
	open_session();
	assert_int_equal(count_entries("/out", 5000), 3000);
	assert_int_equal(server.reads_most, READS);
}

static void a_server_that_may_answer_two_reads_alike_is_asked_one_by_one(void **state)
{
	(void)state;
	memset(peer->extensions, 0, sizeof(peer->extensions));
	open_session();
	assert_int_equal(count_entries("/out", 1000), 250);
	assert_int_equal(server.reads_most, 1);
}

static void whoever_has_enough_leaves_and_the_handle_is_closed(void **state)
{
	(void)state;
	server.entries = 100000;
	open_session();
	assert_int_equal(count_entries("/out", 10), 10);
}

static void an_empty_directory_ends_at_once(void **state)
{
	(void)state;
	server.entries = 0;
	open_session();
	assert_int_equal(count_entries("/out", 10), 0);
}

/* It would come again and again. */
static void a_reply_without_names_is_the_end(void **state)
{
	(void)state;
	server.entries = 0;
	server.empty_reply = true;
	open_session();
	assert_int_equal(count_entries("/out", 10), 0);
}

static void kinds_are_told_by_permissions_or_shown_by_the_line(void **state)
{
	(void)state;
	static const struct {
		uint32_t mode;
		const char *line;
		bool is_directory, is_link;
	} cases[] = {
		{ S_IFDIR | 0755, NULL, true, false },
		{ S_IFLNK | 0777, NULL, false, true },
		{ S_IFREG | 0644, "drwxr-xr-x", false, false },
		{ 0, "drwxr-xr-x 2 u u 4096 a", true, false },
		{ 0, "lrwxrwxrwx", false, true },
		{ 0, NULL, false, false },
	};
	open_session();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		server.mode = cases[i].mode;
		server.line = cases[i].line;
		server.sent = 0;
		struct listing *listing = listing_start(remote, "/out");
		struct remote_entry entry;
		assert_int_equal(next(listing, &entry), 1);
		assert_int_equal(entry.is_directory, cases[i].is_directory);
		assert_int_equal(entry.is_link, cases[i].is_link);
		listing_destroy(listing);
	}
	while (remote_outstanding(remote) > 0)
		assert_int_equal(remote_pump(remote, -1, 0, 0, &err), 0);
}

static void names_that_cannot_be_end_it(void **state)
{
	(void)state;
	static char longer[LISTING_NAME_MAX + 1];
	memset(longer, 'n', sizeof(longer));
	static const struct {
		const char *name;
		size_t length;
		enum sp_code code;
		const char *words;
	} cases[] = {
		{ "a/b", 3, SP_PROTOCOL, "\"a/b\", and no name holds a slash" },
		{ "../up", 5, SP_PROTOCOL, "slash" },
		{ "a\0b", 3, SP_PROTOCOL, "NUL byte" },
		{ "", 0, SP_PROTOCOL, "no name" },
		{ "a\nb", 3, SP_UNSUPPORTED, "a\\x0ab" },
		{ longer, sizeof(longer), SP_PROTOCOL, "longer than any name" },
	};
	open_session();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		server.sent = 0;
		server.name = cases[i].name;
		server.name_length = cases[i].length;
		refuse("/out", cases[i].code, cases[i].words);
	}
}

static void the_longest_name_comes_whole(void **state)
{
	(void)state;
	static char longest[LISTING_NAME_MAX + 1];
	memset(longest, 'n', LISTING_NAME_MAX);
	server.name = longest;
	server.name_length = LISTING_NAME_MAX;
	server.per_reply = 10;
	open_session();
	struct listing *listing = listing_start(remote, "/out");
	struct remote_entry entry;
	assert_int_equal(next(listing, &entry), 1);
	assert_string_equal(entry.name, longest);
	listing_destroy(listing);
	while (remote_outstanding(remote) > 0)
		assert_int_equal(remote_pump(remote, -1, 0, 0, &err), 0);
}

static void dots_without_end_end_it(void **state)
{
	(void)state;
	server.endless_dots = true;
	server.entries = 0;
	open_session();
	refuse("/out", SP_PROTOCOL, "again and again");
}

static void what_is_no_directory_is_told(void **state)
{
	(void)state;
	server.open_status = WIRE_FAILURE;
	peer->of_path.permissions = S_IFREG | 0644;
	open_session();
	refuse("/out/file", SP_CONFLICT, "could not list \"/out/file\": it is no directory");
}

static void what_the_server_says_is_told(void **state)
{
	(void)state;
	server.open_status = WIRE_PERMISSION_DENIED;
	peer->of_path.permissions = S_IFDIR | 0700;
	open_session();
	refuse("/out", SP_DENIED, "permission denied");
	server.open_status = 0;
	server.read_status = WIRE_FAILURE;
	refuse("/out", SP_SYSTEM, "failure");
}

static void a_session_that_dies_ends_it(void **state)
{
	(void)state;
	server.entries = 100000;
	peer->cut_at = 200000;
	open_session();
	assert_int_equal(count_entries("/out", 100000), -1);
	assert_int_equal(err.code, SP_CLOSED);
	peer->open_handles = 0; /* closed with the session */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_entry_comes_once_and_in_order),
		TEST(several_reads_are_under_way_where_the_server_keeps_the_order),
		TEST(a_server_that_may_answer_two_reads_alike_is_asked_one_by_one),
		TEST(whoever_has_enough_leaves_and_the_handle_is_closed),
		TEST(an_empty_directory_ends_at_once),
		TEST(a_reply_without_names_is_the_end),
		TEST(kinds_are_told_by_permissions_or_shown_by_the_line),
		TEST(names_that_cannot_be_end_it),
		TEST(the_longest_name_comes_whole),
		TEST(dots_without_end_end_it),
		TEST(what_is_no_directory_is_told),
		TEST(what_the_server_says_is_told),
		TEST(a_session_that_dies_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
