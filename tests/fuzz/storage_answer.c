/* What storage that speaks S3 answers: heads of responses, and elements of XML. */
#include "fuzz.h"

#include "base/xml_texts.h"
#include "streams/http_head.h"

static void check_head(const char *data, size_t size)
{
	struct http_head head;
	int length = http_head_read(data, size, &head);
	FUZZ_CHECK(length >= -1 && (length <= 0 || (size_t)length <= size));
	if (length <= 0)
		return;
	FUZZ_CHECK(memcmp(data + length - 4, "\r\n\r\n", 4) == 0);
	FUZZ_CHECK(head.status >= 100 && head.status <= 999);
	FUZZ_CHECK(strlen(head.etag) < sizeof(head.etag));
	FUZZ_CHECK(!(head.has_length && head.chunked));
}

static void check_elements(const char *text)
{
	const char *end = text + strlen(text);
	struct xml_piece rest = { text, strlen(text) }, piece;
	while (xml_next(&rest, "Part", &piece)) {
		SP_AUTO_FREE char *value = xml_text(piece, "ETag");
		FUZZ_CHECK(piece.at > text && piece.at + piece.length < rest.at);
		FUZZ_CHECK(rest.at + rest.length == end);
		FUZZ_CHECK(value == NULL || strlen(value) <= piece.length);
	}
	SP_AUTO_FREE char *first = xml_text((struct xml_piece){ text, strlen(text) }, "ETag");
	FUZZ_CHECK(first == NULL || strlen(first) <= strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	check_head((const char *)data, size);
	check_elements(text);
	return 0;
}
