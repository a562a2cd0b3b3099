/* A request to S3: its operation, its input, its XML document; a copy's source and ranges of bytes. */
#include "fuzz.h"

#include "request.h"
#include "service/s3/conditions.h"
#include "service/s3/copy_source.h"
#include "service/services.h"

static void use(const struct api_call *call)
{
	const char *text = sp_json_string(call->input, "x-amz-copy-source");
	struct copy_source source;
	struct sp_error err = { 0 };
	FUZZ_CHECK(call->operation->handle != NULL || call->operation->sink != NULL);
	if (text == NULL)
		return;
	if (copy_source_read(text, &source, &err) != 0) {
		fuzz_check_error(&err);
		return;
	}
	FUZZ_CHECK(source.bucket[0] != '\0' && source.key[0] != '\0');
	FUZZ_CHECK(strchr(source.bucket, '/') == NULL);
	copy_source_finish(&source);
}

static void read_range(const char *text)
{
	enum { SIZE = 1000 };
	uint64_t offset, length;
	range_read(text, SIZE, &offset, &length);
	FUZZ_CHECK(offset <= SIZE && length <= SIZE - offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct api_served served[] = { { &service_s3, NULL } };
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	read_range(text);
	fuzz_request_serve(data, size, served, SP_COUNT_OF(served), use);
	return 0;
}
