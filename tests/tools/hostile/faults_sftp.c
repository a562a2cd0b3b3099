/* What can be wrong in SFTP's own packets. */

#include <stdio.h>
#include <string.h>

#include "peer.h"

enum {
	ID_AT = 5,      /* of a reply: behind length and type */
	CONTENT_AT = 9, /* behind the id */
	FLAGS_SIZE = 0x01,
	FLAGS_PERMISSIONS = 0x04,
	NAME_BYTES = 255,
	FLOOD_WAITS_MAX = 1 << 20, /* what nobody takes is not worth more memory of ours */
};
#define FLAGS_EXTENDED 0x80000000u

static void send_draft(struct peer *peer)
{
	sp_buffer_add(&peer->to_client, peer->draft.data, peer->draft.length);
	flush_to_client(peer);
}

/* The draft was built anew and goes out as it is. */
static bool send_built(struct peer *peer)
{
	set_u32(&peer->draft, 0, (uint32_t)(peer->draft.length - sizeof(uint32_t)));
	send_draft(peer);
	return true;
}

/* ---- any reply ------------------------------------------------------------------------------------------------------ */

static bool wrong_id(struct peer *peer, const struct use *use)
{
	set_u32(&peer->draft, ID_AT, get_u32(&peer->draft, ID_AT) + (uint32_t)use->amount);
	return false;
}

static bool twice(struct peer *peer, const struct use *use)
{
	(void)use;
	send_draft(peer);
	return false;
}

static bool never(struct peer *peer, const struct use *use)
{
	(void)peer;
	(void)use;
	return true;
}

static bool announce(struct peer *peer, const struct use *use)
{
	set_u32(&peer->draft, 0, (uint32_t)use->amount);
	return false;
}

/* Ends --amount bytes after its id, and says so. */
static bool shorten(struct peer *peer, const struct use *use)
{
	size_t wanted = CONTENT_AT + use->amount;
	if (wanted < peer->draft.length)
		peer->draft.length = wanted;
	return send_built(peer);
}

static bool other_type(struct peer *peer, const struct use *use)
{
	peer->draft.data[sizeof(uint32_t)] = (char)use->amount;
	return false;
}

static bool lengthen(struct peer *peer, const struct use *use)
{
	put_filling(&peer->draft, 'j', use->amount);
	return send_built(peer);
}

/* ---- STATUS --------------------------------------------------------------------------------------------------------- */

static void begin_status(struct peer *peer, uint32_t code)
{
	reply_begin(peer, SFTP_STATUS);
	put_u32(&peer->draft, code);
}

static bool bare_status(struct peer *peer, const struct use *use)
{
	begin_status(peer, (uint32_t)use->amount);
	return send_built(peer);
}

static bool strange_status(struct peer *peer, const struct use *use)
{
	begin_status(peer, (uint32_t)use->amount);
	put_string(&peer->draft, "bad\x1b[2J\xff\xfe\0news\n\"%n", 19);
	put_string(&peer->draft, "\xff\xff", 2);
	return send_built(peer);
}

static bool long_status(struct peer *peer, const struct use *use)
{
	begin_status(peer, 4);
	put_u32(&peer->draft, (uint32_t)use->amount);
	put_filling(&peer->draft, 'w', use->amount);
	put_text(&peer->draft, "");
	return send_built(peer);
}

static bool status_text_lie(struct peer *peer, const struct use *use)
{
	begin_status(peer, 4);
	put_u32(&peer->draft, (uint32_t)use->amount);
	put_filling(&peer->draft, 'w', 10);
	return send_built(peer);
}

/* The request is carried out all the same. */
static bool false_alarm(struct peer *peer, const struct use *use)
{
	begin_status(peer, (uint32_t)use->amount);
	put_text(&peer->draft, "");
	put_text(&peer->draft, "");
	return send_built(peer);
}

/* The opposite: nothing is done, and it went well. */
static bool say_ok(struct peer *peer, const struct use *use)
{
	(void)use;
	begin_status(peer, 0);
	put_text(&peer->draft, "");
	put_text(&peer->draft, "");
	return send_built(peer);
}

/* ---- handles and names ---------------------------------------------------------------------------------------------- */

static bool strange_handle(struct peer *peer, const struct use *use)
{
	reply_begin(peer, SFTP_HANDLE);
	put_u32(&peer->draft, (uint32_t)use->amount);
	put_filling(&peer->draft, 'h', use->amount);
	return send_built(peer);
}

/* One NAME with --amount entries: names that leave the folder, cut a text, or have no end. */
static bool names(struct peer *peer, const struct use *use)
{
	static const struct {
		const char *bytes;
		size_t length;
	} bad[] = { { "../../etc/passwd", 16 },
		    { "/", 1 },
		    { "a\0b", 3 },
		    { "a\nb", 3 },
		    { "..", 2 },
		    { "", 0 } };
	reply_begin(peer, SFTP_NAME);
	put_u32(&peer->draft, (uint32_t)use->amount);
	for (uint64_t i = 0; i < use->amount && peer->draft.length < 200000; i++) {
		size_t which = i % (sizeof(bad) / sizeof(bad[0]));
		put_string(&peer->draft, bad[which].bytes, bad[which].length);
		put_text(&peer->draft, "");
		put_u32(&peer->draft, 0);
	}
	return send_built(peer);
}

static bool long_name(struct peer *peer, const struct use *use)
{
	reply_begin(peer, SFTP_NAME);
	put_u32(&peer->draft, 1);
	put_u32(&peer->draft, (uint32_t)use->amount);
	put_filling(&peer->draft, 'n', use->amount);
	put_text(&peer->draft, "");
	put_u32(&peer->draft, 0);
	return send_built(peer);
}

/* A directory that has no end: of each READDIR so many directories with names of the longest kind that there is. */
static bool endless_directory(struct peer *peer, const struct use *use)
{
	char name[NAME_BYTES + 1];
	reply_begin(peer, SFTP_NAME);
	put_u32(&peer->draft, (uint32_t)use->amount);
	for (uint64_t i = 0; i < use->amount; i++) {
		snprintf(name, sizeof(name), "%0*llu", (int)NAME_BYTES,
			 (unsigned long long)(peer->request.id * use->amount + i));
		put_text(&peer->draft, name);
		put_text(&peer->draft, "");
		put_u32(&peer->draft, FLAGS_PERMISSIONS);
		put_u32(&peer->draft, 0040755);
	}
	return send_built(peer);
}

/* NAMEs that nobody asked for, until the window is full. */
static bool name_flood(struct peer *peer, const struct use *use)
{
	while (peer->to_client.length < FLOOD_WAITS_MAX)
		names(peer, use);
	return true;
}

/* ---- DATA ----------------------------------------------------------------------------------------------------------- */

static void build_data(struct peer *peer, uint32_t told, size_t length)
{
	reply_begin(peer, SFTP_DATA);
	put_u32(&peer->draft, told);
	put_filling(&peer->draft, 'd', length);
}

static size_t asked_for(const struct peer *peer)
{
	struct sp_reader rest = peer->request.rest;
	size_t length;
	sp_read_string(&rest, &length); /* the handle */
	sp_read_u64(&rest);
	return sp_read_u32(&rest);
}

static bool longer_data(struct peer *peer, const struct use *use)
{
	size_t length = asked_for(peer) + use->amount;
	build_data(peer, (uint32_t)length, length);
	return send_built(peer);
}

/* As much as was asked for comes, whatever the file has. */
static bool endless_file(struct peer *peer, const struct use *use)
{
	(void)use;
	size_t length = asked_for(peer);
	build_data(peer, (uint32_t)length, length);
	return send_built(peer);
}

static bool empty_data(struct peer *peer, const struct use *use)
{
	(void)use;
	build_data(peer, 0, 0);
	return send_built(peer);
}

static bool data_length_lie(struct peer *peer, const struct use *use)
{
	build_data(peer, (uint32_t)use->amount, 100);
	return send_built(peer);
}

/* At most --amount bytes of what was read. */
static bool short_data(struct peer *peer, const struct use *use)
{
	if ((uint8_t)peer->draft.data[sizeof(uint32_t)] != SFTP_DATA)
		return false;
	uint32_t length = get_u32(&peer->draft, CONTENT_AT);
	if (length > use->amount)
		length = (uint32_t)use->amount;
	set_u32(&peer->draft, CONTENT_AT, length);
	peer->draft.length = CONTENT_AT + sizeof(uint32_t) + length;
	return send_built(peer);
}

/* DATA for the same request, until the window is full. */
static bool data_flood(struct peer *peer, const struct use *use)
{
	(void)use;
	while (peer->to_client.length < FLOOD_WAITS_MAX) {
		build_data(peer, 1000, 1000);
		send_built(peer);
	}
	return true;
}

static bool other_bytes(struct peer *peer, const struct use *use)
{
	if (peer->draft.length > CONTENT_AT + sizeof(uint32_t) + use->amount)
		peer->draft.data[CONTENT_AT + sizeof(uint32_t) + use->amount] ^= 1;
	return false;
}

/* ---- ATTRS ---------------------------------------------------------------------------------------------------------- */

static bool told_size(struct peer *peer, const struct use *use)
{
	reply_begin(peer, SFTP_ATTRS);
	put_u32(&peer->draft, FLAGS_SIZE | FLAGS_PERMISSIONS);
	put_u64(&peer->draft, use->amount);
	put_u32(&peer->draft, 0100644);
	return send_built(peer);
}

static bool no_attributes(struct peer *peer, const struct use *use)
{
	(void)use;
	reply_begin(peer, SFTP_ATTRS);
	put_u32(&peer->draft, 0);
	return send_built(peer);
}

/* Everything below zero, were it signed; the good size stays. */
static bool negative_attributes(struct peer *peer, const struct use *use)
{
	if ((uint8_t)peer->draft.data[sizeof(uint32_t)] != SFTP_ATTRS)
		return false;
	(void)use;
	enum { OWNER_AT = CONTENT_AT + 12, TIMES_AT = OWNER_AT + 12 };
	set_u32(&peer->draft, OWNER_AT, 0xffffffff);
	set_u32(&peer->draft, TIMES_AT, 0xffffffff);
	set_u32(&peer->draft, TIMES_AT + 4, 0x80000000);
	return false;
}

static bool told_mode(struct peer *peer, const struct use *use)
{
	if ((uint8_t)peer->draft.data[sizeof(uint32_t)] == SFTP_ATTRS)
		set_u32(&peer->draft, CONTENT_AT + 20, (uint32_t)use->amount);
	return false;
}

static bool extended_attributes(struct peer *peer, const struct use *use)
{
	reply_begin(peer, SFTP_ATTRS);
	put_u32(&peer->draft, FLAGS_EXTENDED);
	put_u32(&peer->draft, (uint32_t)use->amount);
	for (size_t i = 0; i < 20000; i++)
		put_u64(&peer->draft, 0); /* an empty name and an empty value */
	return send_built(peer);
}

/* ---- the greeting --------------------------------------------------------------------------------------------------- */

static bool text_first(struct peer *peer, const struct use *use)
{
	static const char text[] = "Last login: never\r\nYou have new mail.\r\n";
	(void)use;
	sp_buffer_add(&peer->to_client, text, strlen(text));
	return false;
}

static bool told_version(struct peer *peer, const struct use *use)
{
	set_u32(&peer->draft, ID_AT, (uint32_t)use->amount);
	return false;
}

static bool many_extensions(struct peer *peer, const struct use *use)
{
	for (uint64_t i = 0; i < use->amount; i++) {
		put_string(&peer->draft, "x\x1b[2J@\xff\n", 8);
		put_text(&peer->draft, "1");
	}
	return send_built(peer);
}

static bool long_extension(struct peer *peer, const struct use *use)
{
	put_u32(&peer->draft, (uint32_t)use->amount);
	put_filling(&peer->draft, 'e', use->amount);
	put_text(&peer->draft, "1");
	return send_built(peer);
}

static bool extension_lie(struct peer *peer, const struct use *use)
{
	put_u32(&peer->draft, (uint32_t)use->amount);
	return send_built(peer);
}

static bool no_extensions(struct peer *peer, const struct use *use)
{
	(void)use;
	peer->draft.length = CONTENT_AT;
	return send_built(peer);
}

static bool told_numbers(struct peer *peer, const struct use *use)
{
	reply_begin(peer, SFTP_EXTENDED_REPLY);
	for (size_t i = 0; i < 11; i++) /* more than limits, as many as statvfs */
		put_u64(&peer->draft, use->amount);
	return send_built(peer);
}

const struct fault faults_of_sftp[] = {
	{ "wrong-id", AT_REPLY, SFTP_READ, 1, wrong_id, "the reply's id is --amount too high" },
	{ "twice", AT_REPLY, SFTP_READ, 0, twice, "every reply comes twice" },
	{ "never", AT_REPLY, SFTP_READ, 0, never, "no reply" },
	{ "length", AT_REPLY, SFTP_READ, 0xffffffff, announce,
	  "the reply is said to have --amount bytes" },
	{ "shorten", AT_REPLY, SFTP_READ, 0, shorten, "it ends --amount bytes behind its id" },
	{ "lengthen", AT_REPLY, SFTP_READ, 100, lengthen, "--amount more bytes in it" },
	{ "type", AT_REPLY, SFTP_READ, 150, other_type, "a packet of type --amount" },

	{ "status", AT_REPLY, SFTP_READ, 4, false_alarm, "STATUS --amount after it was done" },
	{ "status-bare", AT_REQUEST, SFTP_OPEN, 4, bare_status, "STATUS --amount without a text" },
	{ "status-strange", AT_REQUEST, SFTP_OPEN, 4, strange_status,
	  "STATUS with bytes that are no text" },
	{ "status-long", AT_REQUEST, SFTP_OPEN, 200000, long_status,
	  "STATUS with a text of --amount bytes" },
	{ "status-lie", AT_REQUEST, SFTP_OPEN, 0xffffffff, status_text_lie,
	  "its text is said to have --amount bytes" },
	{ "ok", AT_REQUEST, SFTP_WRITE, 0, say_ok, "OK, and nothing was done" },

	{ "handle", AT_REPLY, SFTP_OPEN, 65536, strange_handle, "a handle of --amount bytes" },
	{ "names", AT_REQUEST, SFTP_STAT, 10, names,
	  "NAME with --amount names that no file may have" },
	{ "name-long", AT_REQUEST, SFTP_STAT, 65536, long_name, "NAME with one of --amount bytes" },
	{ "names-endless", AT_REQUEST, SFTP_READDIR, 500, endless_directory,
	  "a directory without end, --amount names at a time" },
	{ "name-flood", AT_REQUEST, SFTP_STAT, 1000, name_flood,
	  "NAMEs, until the window is full" },

	{ "data-longer", AT_REQUEST, SFTP_READ, 1, longer_data,
	  "--amount bytes more than were asked for" },
	{ "data-endless", AT_REQUEST, SFTP_READ, 0, endless_file, "the file never ends" },
	{ "data-empty", AT_REQUEST, SFTP_READ, 0, empty_data, "DATA without data" },
	{ "data-length", AT_REQUEST, SFTP_READ, 0xffffffff, data_length_lie,
	  "DATA that is said to have --amount bytes" },
	{ "data-short", AT_REPLY, SFTP_READ, 1, short_data, "--amount bytes at a time" },
	{ "data-flood", AT_REPLY, SFTP_READ, 0, data_flood,
	  "DATA for the same request, until the window is full" },
	{ "data-other", AT_REPLY, SFTP_READ, 0, other_bytes,
	  "byte --amount of the data is another one" },

	{ "size", AT_REPLY, SFTP_FSTAT, 0, told_size, "a size of --amount" },
	{ "attributes-none", AT_REPLY, 0, 0, no_attributes, "ATTRS without any; give --on" },
	{ "attributes-negative", AT_REPLY, 0, 0, negative_attributes,
	  "times and owners that are below zero" },
	{ "mode", AT_REPLY, SFTP_FSTAT, 0040755, told_mode, "the mode is --amount (a directory)" },
	{ "attributes-extended", AT_REPLY, SFTP_FSTAT, 0xffffffff, extended_attributes,
	  "--amount extended ones, it says" },

	{ "text-first", AT_REPLY, SFTP_INIT, 0, text_first,
	  "a login script's text before VERSION" },
	{ "version", AT_REPLY, SFTP_INIT, 2, told_version, "SFTP version --amount" },
	{ "extensions-many", AT_REPLY, SFTP_INIT, 10000, many_extensions,
	  "--amount extensions more" },
	{ "extension-long", AT_REPLY, SFTP_INIT, 65536, long_extension,
	  "one with a name of --amount bytes" },
	{ "extension-lie", AT_REPLY, SFTP_INIT, 0xffffffff, extension_lie,
	  "one said to have --amount bytes" },
	{ "extensions-none", AT_REPLY, SFTP_INIT, 0, no_extensions, "no extensions" },
	{ "limits", AT_REPLY, SFTP_LIMITS, 0, told_numbers, "all limits are --amount" },
	{ "space", AT_REPLY, SFTP_STATVFS, 0, told_numbers, "all of statvfs is --amount" },
	{ 0 },
};
