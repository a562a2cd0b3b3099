/*
 * A whole session with a server that does what the input says. The first bytes choose what is done and how the server
 * is made; then there is an instruction for each request that comes, until there are no more: after that the server is
 * a good one, so that whatever was said early is carried to the end.
 */
#include "fuzz.h"

#include "peer.h"
#include "remote/listing.h"
#include "run.h"

enum { FILE_MAX = 400000, OPEN_MS = 10000, BLOCKS = 8, SENT_MAX = 4096, READ_MAX = 1024 };

/* What an instruction has the server do. */
enum move {
	MOVE_GOOD,    /* the right answer */
	MOVE_PACKET,  /* a packet of any type and content for this request */
	MOVE_ANOTHER, /* the same for another request's id */
	MOVE_BYTES,   /* bytes that are perhaps no packet */
	MOVE_STATUS,  /* a STATUS of any code */
	MOVE_DATA,    /* DATA, as long as it is told to be */
	MOVE_SILENCE,
	MOVE_TWICE, /* a packet, and the right answer behind it */
	MOVE_COUNT,
};

static struct sp_reader script;

/* A length and as many bytes, as far as they are there; the length is read as well as it goes. */
static const uint8_t *take_bytes(size_t *out_length)
{
	size_t length = sp_read_u8(&script);
	size_t left = sp_reader_left(&script);
	*out_length = length < left ? length : left;
	return sp_read_bytes(&script, *out_length);
}

static void send_any_packet(struct peer *peer, uint32_t id)
{
	size_t length;
	uint8_t type = sp_read_u8(&script);
	const uint8_t *content = take_bytes(&length);
	peer_send_packet(peer, type, id, content, length);
}

static void send_any_bytes(struct peer *peer)
{
	size_t length;
	const uint8_t *bytes = take_bytes(&length);
	peer_send(peer, bytes, length);
}

static bool move(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	(void)type, (void)rest;
	if (sp_reader_left(&script) == 0)
		return false;
	switch ((enum move)(sp_read_u8(&script) % MOVE_COUNT)) {
	case MOVE_PACKET:
		send_any_packet(peer, id);
		return true;
	case MOVE_ANOTHER:
		send_any_packet(peer, id - sp_read_u8(&script));
		return true;
	case MOVE_BYTES:
		send_any_bytes(peer);
		return true;
	case MOVE_STATUS:
		peer_send_status(peer, id, sp_read_u8(&script), "as told");
		return true;
	case MOVE_DATA:
		peer_send_data(peer, id, 0, sp_read_u32(&script) % (REMOTE_BLOCK_MAX + 2));
		return true;
	case MOVE_SILENCE:
		return true;
	case MOVE_TWICE:
		send_any_packet(peer, id);
		return false;
	case MOVE_GOOD:
	case MOVE_COUNT:
		break;
	}
	return false;
}

static struct peer *make_peer(void)
{
	struct peer *peer = peer_create();
	uint8_t ways = sp_read_u8(&script);
	peer->hook = move;
	peer->impatient = true; /* what would be waited for never comes */
	peer->reversed = (ways & 1) != 0;
	peer->short_read = (ways & 2) != 0 ? 1000 : 0;
	peer->chunk = (ways & 4) != 0 ? 1 + (size_t)(ways >> 4) : SIZE_MAX;
	peer->of_handle.size = (ways & 8) == 0;
	peer->file_size = peer->told_size = sp_read_u32(&script) % FILE_MAX;
	if (peer->chunk != SIZE_MAX) /* or it would take forever */
		peer->file_size = peer->told_size = peer->file_size % SENT_MAX;
	return peer;
}

/* ---- what is done ---------------------------------------------------------------------------------------------- */

static const struct remote_patience patience = { .idle_ms = 0, .cancel_fd = -1 };

static void check_outcome(const struct outcome *outcome)
{
	FUZZ_CHECK(outcome->state == JOB_DONE || outcome->state == JOB_FAILED);
	if (outcome->state == JOB_FAILED)
		fuzz_check_error(&outcome->error);
}

static void check_result(int result, const struct sp_error *err)
{
	if (result != 0)
		fuzz_check_error(err);
}

static void fetch(struct remote *remote, struct peer *peer)
{
	(void)peer;
	struct pattern_sink sink;
	pattern_sink_init(&sink, BLOCKS);
	struct outcome outcome = fetch_file(remote, "/out/file", &sink);
	check_outcome(&outcome);
	pattern_sink_finish(&sink); /* ends the program when a block is missing */
}

static void send_to(struct remote *remote, struct peer *peer)
{
	struct pattern_source source;
	pattern_source_init(&source, peer->told_size, BLOCKS);
	struct outcome outcome = send_file(remote, "/in/part", peer->told_size, &source);
	check_outcome(&outcome);
	pattern_source_finish(&source);
}

static void ask_around(struct remote *remote, struct peer *peer)
{
	(void)peer;
	struct sp_error err = { 0 };
	struct remote_attributes attributes;
	uint8_t bytes[READ_MAX];
	check_result(remote_stat(remote, "/file", &patience, &attributes, &err), &err);
	check_result(remote_rename(remote, "/a", "/b", true, &patience, &err), &err);
	check_result(remote_remove(remote, "/c", &patience, &err), &err);
	check_result(remote_read(remote, "/d", 1, bytes, sizeof(bytes), &patience, &err), &err);
	check_result(remote_copy(remote, "/e", "/f", READ_MAX, &patience, &err), &err);
}

static void list(struct remote *remote, struct peer *peer)
{
	(void)peer;
	enum { ENTRIES_MAX = 1000 };
	struct sp_error err = { 0 };
	struct remote_entry entry;
	struct listing *listing = listing_start(remote, "/out");
	int got = 0;
	for (int count = 0; count < ENTRIES_MAX && got >= 0 && got != 2; count++) {
		listing_allow_reads(listing, 8);
		got = listing_next(listing, &entry, &err);
		if (got == 1)
			FUZZ_CHECK(entry.name[0] != '\0' && strpbrk(entry.name, "/\n") == NULL);
		if (got == 0 && remote_pump(remote, -1, 0, 0, &err) != 0)
			got = -1;
	}
	check_result(got < 0 ? -1 : 0, &err);
	listing_destroy(listing);
}

static void (*const errands[])(struct remote *remote, struct peer *peer) = { fetch, send_to,
									     ask_around, list };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > SENT_MAX)
		return 0;
	script = sp_reader_of(data, size);
	uint8_t errand = sp_read_u8(&script);
	struct peer *peer = make_peer();
	struct remote *remote = NULL;
	struct sp_error err = { 0 };
	if (remote_open(&peer->channel, NULL, OPEN_MS, -1, &remote, &err) == 0) {
		errands[errand % SP_COUNT_OF(errands)](remote, peer);
		remote_close(remote);
	} else {
		fuzz_check_error(&err);
	}
	FUZZ_CHECK(peer->was_closed);
	peer_destroy(peer);
	return 0;
}
