#include "service/page_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/scope.h"
#include "base/text.h"

/* A token is the base64url of: SHA-256 HMAC of list, NUL and position; position. */

enum { TOKEN_MAX = 8192 };

char *page_token_list(const char *list, const json_t *filters)
{
	SP_AUTO_BUFFER name = { 0 };
	/* Whatever the order in which a client names them. */
	SP_AUTO_FREE char *text =
		filters == NULL
			? NULL
			: json_dumps(filters, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
	if (filters != NULL && text == NULL)
		sp_die("out of memory");
	sp_buffer_format(&name, "%s|%s", list, text == NULL ? "" : text);
	return sp_buffer_take(&name);
}

char *page_token_list_of(const char *list, const json_t *input)
{
	static const char *const paging[] = { "Marker",    "MaxItems",  "MaxResults",
					      "NextToken", "nextToken", "limit" };
	SP_AUTO_JSON json_t *filters = json_copy((json_t *)input);
	for (size_t i = 0; i < SP_COUNT_OF(paging); i++)
		json_object_del(filters, paging[i]);
	return page_token_list(list, filters);
}

static void sign(const unsigned char *key, const char *list, const char *position, size_t length,
		 unsigned char out[SP_SHA256_SIZE])
{
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_add(&text, list, strlen(list) + 1);
	sp_buffer_add(&text, position, length);
	if (HMAC(EVP_sha256(), key, PAGE_TOKEN_KEY_SIZE,
		 (const unsigned char *)sp_buffer_text(&text), text.length, out, NULL) == NULL)
		sp_die("a page token could not be signed");
}

static void swap(char *text, char from, char to)
{
	for (; (text = strchr(text, from)) != NULL; text++)
		*text = to;
}

char *page_token_make(const unsigned char *key, const char *list, const char *position)
{
	unsigned char signature[SP_SHA256_SIZE];
	size_t length = strlen(position);
	sign(key, list, position, length, signature);
	SP_AUTO_BUFFER bytes = { 0 };
	sp_buffer_add(&bytes, signature, sizeof(signature));
	sp_buffer_add(&bytes, position, length);

	char *token = sp_base64_encode(sp_buffer_text(&bytes), bytes.length);
	swap(token, '+', '-');
	swap(token, '/', '_');
	token[strcspn(token, "=")] = '\0';
	return token;
}

int page_token_read(const unsigned char *key, const char *list, const char *token,
		    char **out_position, struct sp_error *err)
{
	if (strlen(token) > TOKEN_MAX || strpbrk(token, "+/=") != NULL)
		return sp_fail(err, SP_INVALID,
			       "the token is not one that this list gave out: begin without one");
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_add_text(&text, token);
	while (text.length % 4 != 0)
		sp_buffer_add_char(&text, '=');
	SP_AUTO_FREE char *base64 = sp_buffer_take(&text);
	swap(base64, '-', '+');
	swap(base64, '_', '/');

	size_t length, base64_length = strlen(base64);
	SP_AUTO_FREE unsigned char *bytes = sp_alloc(sp_base64_decoded_max(base64_length) + 1);
	bool good =
		sp_base64_decode(base64, base64_length, bytes, &length) && length >= SP_SHA256_SIZE;
	if (good) {
		unsigned char signature[SP_SHA256_SIZE];
		const char *position = (const char *)bytes + SP_SHA256_SIZE;
		sign(key, list, position, length - SP_SHA256_SIZE, signature);
		good = CRYPTO_memcmp(signature, bytes, SP_SHA256_SIZE) == 0;
	}
	if (!good)
		return sp_fail(err, SP_INVALID,
			       "the token is not one that this list gave out: begin without one");
	bytes[length] = '\0';
	*out_position = sp_strdup((const char *)bytes + SP_SHA256_SIZE);
	return 0;
}
