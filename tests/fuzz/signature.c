/* What a request says about its signature, and the canonical forms of what is signed. */
#include "fuzz.h"

#include "request.h"
#include "sign/canonical.h"
#include "sign/claim.h"

static enum sign_verdict find_key(void *ctx, const char *id, const char *token, int64_t now_ms,
				  struct sign_key *out)
{
	(void)ctx;
	(void)now_ms;
	snprintf(out->id, sizeof(out->id), "%s", id);
	snprintf(out->secret, sizeof(out->secret), "secret");
	return token == NULL ? SIGN_GOOD : SIGN_BAD_TOKEN;
}

/* Both sides must come to the same text: what is canonical stays as it is. */
static void check_query(const char *query)
{
	SP_AUTO_BUFFER once = { 0 };
	SP_AUTO_BUFFER twice = { 0 };
	if (!sign_canonical_query(query, NULL, &once))
		return;
	FUZZ_CHECK(sign_canonical_query(sp_buffer_text(&once), NULL, &twice));
	FUZZ_CHECK(strcmp(sp_buffer_text(&once), sp_buffer_text(&twice)) == 0);
}

static void check_path(const char *path, size_t length)
{
	SP_AUTO_BUFFER text = { 0 };
	sign_canonical_path(path, length, &text);
	FUZZ_CHECK(text.length > 0 && text.data[0] == '/');
	FUZZ_CHECK(strstr(text.data, "//") == NULL && strstr(text.data, "/../") == NULL);
}

/* A guess at a signature is never good. */
static void verify(const struct sign_request *request, int64_t now_ms)
{
	static const struct sign_keys keys = { NULL, find_key };
	struct sign_identity identity;
	struct sp_error err = { 0 };
	enum sign_verdict verdict =
		sign_verify(request, &keys, "eu-central-1", now_ms, &identity, &err);
	FUZZ_CHECK(verdict != SIGN_GOOD && err.message[0] != '\0');
	struct api_answer answer;
	refusal_write(refusal_form_of_request(request), refusal_of_verdict(verdict), err.message,
		      "id", &answer);
	fuzz_request_check_answer(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_call *call = fuzz_request_read(data, size);
	if (call == NULL)
		return 0;
	const struct sign_request request = call_request(call);
	size_t path_length = strcspn(call->target, "?");
	check_path(call->target, path_length);
	check_query(call->target[path_length] == '?' ? call->target + path_length + 1 : "");

	static struct sign_claim claim;
	struct sp_error err = { 0 };
	sign_read_claim(&request, &claim, &err);
	verify(&request, claim.time_ms); /* as if it came in time */
	call_release(call);
	return 0;
}
