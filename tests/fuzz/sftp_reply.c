/* One reply of a server, behind its length: which request it is for, its type, and what follows the id. */
#include "fuzz.h"

#include "remote/replies.h"
#include "remote/words.h"

enum { FIRST_KIND_OF_ALL = 64 };

static void read_version(struct sp_reader *reader)
{
	struct remote_features features = { 0 };
	wire_get_version(reader, &features);
	FUZZ_CHECK(strlen(features.extensions) < REMOTE_EXTENSIONS_MAX);
	FUZZ_CHECK(sp_utf8_valid(features.extensions, strlen(features.extensions)));
}

/* What a server calls a file comes back to it byte for byte. */
static void check_handle(const struct wire_handle *handle)
{
	FUZZ_CHECK(handle->length <= WIRE_HANDLE_MAX);
	uint8_t packet[WIRE_HANDLE_REQUEST_MAX];
	struct sp_writer writer = sp_writer_of(packet, sizeof(packet));
	wire_put_handle(&writer, WIRE_CLOSE, 1, handle);
	FUZZ_CHECK(!writer.failed);

	struct sp_reader reader = sp_reader_of(packet, sp_writer_length(&writer));
	sp_read_u32(&reader);
	sp_read_u8(&reader);
	sp_read_u32(&reader);
	struct wire_handle again;
	FUZZ_CHECK(wire_get_handle(&reader, &again) && sp_reader_ended_well(&reader));
	FUZZ_CHECK(again.length == handle->length &&
		   memcmp(again.bytes, handle->bytes, again.length) == 0);
}

/* All entries that were counted are there, and lie within the packet. */
static void check_names(struct wire_names names)
{
	struct wire_name name;
	uint32_t count = names.left;
	while (wire_next_name(&names, &name))
		count--;
	FUZZ_CHECK(count == 0 && !names.entries.failed);
}

static void check_reply(const struct reply *reply)
{
	struct sp_error err = { 0 };
	if (reply->kind == REPLY_HANDLE)
		check_handle(&reply->handle);
	if (reply->kind == REPLY_NAMES)
		check_names(reply->names);
	if (reply->kind != REPLY_STATUS)
		return;
	reply_fail(reply, &err);
	fuzz_check_error(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_reader reader = sp_reader_of(data, size);
	uint8_t wants = sp_read_u8(&reader), type = sp_read_u8(&reader);
	if (wants >= FIRST_KIND_OF_ALL) {
		read_version(&reader);
		return 0;
	}
	const struct request request = { .wants = wants % REPLY_KIND_COUNT, .length = 100 };
	struct reply reply;
	struct sp_error err = { 0 };
	if (reply_decode(&request, type, &reader, &reply, &err) == 0)
		check_reply(&reply);
	else
		fuzz_check_error(&err);
	return 0;
}
