/* A body in chunks, in pieces of any size. The first byte says of which kind it is and how large pieces are. */
#include "fuzz.h"

#include "sign/chunks.h"

enum { PIECES = 64, OBJECT_MAX = 100 };

struct seen {
	size_t length;
};

static int take(void *ctx, const void *data, size_t length, struct sp_error *err)
{
	struct seen *seen = ctx;
	(void)data;
	(void)err;
	seen->length += length;
	return 0;
}

static bool read_all(const uint8_t *data, size_t size, enum sign_payload payload, size_t piece,
		     struct seen *seen)
{
	struct sign_seal seal = { .payload = payload };
	struct sign_chunks chunks;
	struct sp_error err = { 0 };
	*seen = (struct seen){ 0 };
	sign_chunks_start(&chunks, &seal, OBJECT_MAX);
	int result = 0;
	for (size_t at = 0; at < size && result == 0; at += piece) {
		size_t length = size - at < piece ? size - at : piece;
		result = sign_chunks_add(&chunks, data + at, length, take, seen, &err);
	}
	if (result == 0)
		result = sign_chunks_end(&chunks, &err);
	FUZZ_CHECK(seen->length <= OBJECT_MAX);
	if (result == 0)
		FUZZ_CHECK(seen->length == OBJECT_MAX);
	else
		fuzz_check_error(&err);
	SP_AUTO_FREE char *trailer = sign_chunks_trailer(&chunks, "x-amz-checksum-crc32");
	FUZZ_CHECK(trailer == NULL || strchr(trailer, '\n') == NULL);
	sign_chunks_finish(&chunks);
	return result == 0;
}

/* How it is cut into pieces changes nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum sign_payload payloads[] = { SIGN_PAYLOAD_UNSIGNED_TRAILER,
						      SIGN_PAYLOAD_CHUNKS,
						      SIGN_PAYLOAD_CHUNKS_TRAILER };
	struct seen whole, cut;
	if (size == 0)
		return 0;
	enum sign_payload payload = payloads[data[0] % 3];
	bool good = read_all(data + 1, size - 1, payload, size, &whole);
	FUZZ_CHECK(read_all(data + 1, size - 1, payload, data[0] % PIECES + 1, &cut) == good);
	FUZZ_CHECK(whole.length == cut.length);
	return 0;
}
