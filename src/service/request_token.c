#include "service/request_token.h"

#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/scope.h"

/* Of all parameters but the token, in any order. */
static void take_fingerprint(const json_t *input, const char *member, char out[SP_SHA256_HEX_SIZE])
{
	SP_AUTO_JSON json_t *rest = json_copy((json_t *)input);
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
	return client_tokens_note(db, operation, token, fingerprint, id, sp_now_ms(), err);
}
