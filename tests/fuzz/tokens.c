/* Small texts that come back to us from outside: page tokens, hash states, ARNs, times, base64, names of buckets. */
#include "fuzz.h"

#include <strings.h>

#include "base/arn.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/digest.h"
#include "model/bucket_name.h"
#include "service/page_token.h"

static const unsigned char key[PAGE_TOKEN_KEY_SIZE];

/* Nobody makes up a token, and what we gave leads back. */
static void read_page_token(const char *text)
{
	SP_AUTO_FREE char *position = NULL;
	SP_AUTO_FREE char *made = page_token_make(key, "list", text);
	SP_AUTO_FREE char *back = NULL;
	struct sp_error err = { 0 };
	if (page_token_read(key, "other list", text, &position, &err) != 0)
		fuzz_check_error(&err);
	FUZZ_CHECK(page_token_read(key, "other list", made, &back, &err) != 0);
	if (page_token_read(key, "list", made, &back, &err) == 0)
		FUZZ_CHECK(strcmp(back, text) == 0);
}

/* A state that is taken can be gone on with and saved again. */
static void read_digest_state(const char *text)
{
	struct sp_digest digest;
	uint64_t length;
	char saved[SP_DIGEST_STATE_MAX];
	unsigned char sum[SP_SHA256_SIZE];
	if (!sp_digest_restore(&digest, text, &length))
		return;
	sp_digest_save(&digest, saved);
	FUZZ_CHECK(strcasecmp(saved, text) == 0);
	sp_digest_add(&digest, text, strlen(text));
	sp_digest_end(&digest, sum);
}

static void read_base64(const char *text)
{
	size_t length, room = sp_base64_decoded_max(strlen(text));
	SP_AUTO_FREE uint8_t *bytes = malloc(room == 0 ? 1 : room);
	if (!sp_base64_decode(text, strlen(text), bytes, &length))
		return;
	FUZZ_CHECK(length <= room);
	SP_AUTO_FREE char *again = sp_base64_encode(bytes, length);
	FUZZ_CHECK(strcmp(text, again) == 0);
}

static void read_times(const char *text)
{
	int64_t time_ms;
	char written[SP_ISO_TIME_SIZE];
	if (sp_time_from_amz(text, &time_ms)) {
		sp_time_to_amz(time_ms, written);
		FUZZ_CHECK(strcmp(text, written) == 0);
	}
	if (sp_time_from_http(text, &time_ms))
		sp_time_to_iso(time_ms, written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	struct sp_arn arn;
	read_page_token(text);
	read_digest_state(text);
	read_base64(text);
	read_times(text);
	if (sp_arn_parse(text, &arn))
		FUZZ_CHECK(arn.resource > text && arn.resource[0] != '\0');
	if (bucket_name_is_valid(text))
		FUZZ_CHECK(strpbrk(text, "/\\ ") == NULL && strcmp(text, "..") != 0);
	return 0;
}
