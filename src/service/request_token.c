#include "service/request_token.h"

#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/scope.h"

enum { TOKEN_KEPT_MS = 24 * 3600 * 1000 };

/* Of all parameters but the token, if there is one, in any order. */
static void take_fingerprint(const json_t *input, const char *member, char out[SP_SHA256_HEX_SIZE])
{
	SP_AUTO_JSON json_t *rest = json_copy((json_t *)input);
	if (member != NULL)
		json_object_del(rest, member);
	SP_AUTO_FREE char *text = json_dumps(rest, JSON_SORT_KEYS | JSON_COMPACT);
	if (text == NULL)
		sp_die("out of memory");
	sp_sha256_hex(text, strlen(text), out);
}

int request_token_look_up(struct db *db, const char *operation, const json_t *input,
			  const char *member, char out_id[NETWORK_ID_SIZE], struct sp_error *err)
{
	const char *token = sp_json_string(input, member);
	char fingerprint[SP_SHA256_HEX_SIZE];
	out_id[0] = '\0';
	if (token == NULL)
		return 0;
	take_fingerprint(input, member, fingerprint);
	if (client_tokens_look_up(db, operation, token, fingerprint, sp_now_ms(), out_id, err) == 0)
		return 0;
	if (err->code != SP_EXISTS)
		return -1;
	return sp_fail(err, SP_EXISTS,
		       "the client token \"%s\" was used already with other parameters", token);
}

int request_token_note(struct db *db, const char *operation, const json_t *input,
		       const char *member, const char *id, struct sp_error *err)
{
	const char *token = sp_json_string(input, member);
	char fingerprint[SP_SHA256_HEX_SIZE];
	if (token == NULL)
		return 0;
	take_fingerprint(input, member, fingerprint);
	int64_t now_ms = sp_now_ms();
	return client_tokens_note(db, operation, token, fingerprint, id, now_ms,
				  now_ms + TOKEN_KEPT_MS, err);
}

void request_try_begin(const struct api_call *call, const char *operation, int64_t window_ms,
		       struct request_try *out)
{
	const char *invocation = api_invocation_id(call);
	char fingerprint[SP_SHA256_HEX_SIZE];
	*out = (struct request_try){ .operation = operation, .window_ms = window_ms };
	if (invocation == NULL || window_ms == 0)
		return;
	take_fingerprint(api_input(call), NULL, fingerprint);
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "%s\n%s\n%s", api_access_key_id(call), invocation, fingerprint);
	sp_sha256_hex(sp_buffer_text(&text), text.length, out->token);
}

int request_try_look_up(struct db *db, const struct request_try *this_try,
			char out_id[NETWORK_ID_SIZE], struct sp_error *err)
{
	out_id[0] = '\0';
	if (this_try->token[0] == '\0')
		return 0;
	return client_tokens_look_up(db, this_try->operation, this_try->token, "", sp_now_ms(),
				     out_id, err);
}

int request_try_note(struct db *db, const struct request_try *this_try, const char *id,
		     struct sp_error *err)
{
	int64_t now_ms = sp_now_ms();
	if (this_try->token[0] == '\0')
		return 0;
	return client_tokens_note(db, this_try->operation, this_try->token, "", id, now_ms,
				  now_ms + this_try->window_ms, err);
}
