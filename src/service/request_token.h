#pragma once
/**
 * Requests that create, and come again: the second one makes nothing and is answered like the first. A client token says
 * so on purpose; it is the client's word, and with other parameters it is refused. An SDK that got no answer sends its
 * request again, and says so by the id of its invocation.
 */

#include "api/call.h"
#include "base/digest.h"
#include "base/json.h"
#include "model/network.h"
#include "store/client_tokens.h"

/**
 * Inside the write that creates.
 *
 * @operation  "vpc-lattice CreateResourceGateway"
 * @member     of @input that is the token: "clientToken"
 * @out_id     what the token made before; "" when it is new, or there is none
 * SP_EXISTS: the token came with other parameters.
 */
int request_token_look_up(struct db *db, const char *operation, const json_t *input,
			  const char *member, char out_id[NETWORK_ID_SIZE], struct sp_error *err);

/** What the request's token made. Without a token nothing happens. */
int request_token_note(struct db *db, const char *operation, const json_t *input,
		       const char *member, const char *id, struct sp_error *err);

/**
 * A request that has no client token, as one of an SDK's tries.
 *
 * @token  a digest of all that makes it the same request: who asks (an access key's calls are nobody else's), the id,
 *         and what is asked. The id with another body is another request and not refused, as a client token would be: AWS
 *         looks at that header as little as at any other, and whoever gives all requests the same id asks for nothing
 *         wrong. "" when the client does not say.
 */
struct request_try {
	const char *operation;
	char token[SP_SHA256_HEX_SIZE];
	int64_t window_ms;
};

/**
 * @operation  "transfer StartFileTransfer"; kept
 * @window_ms  for how long a try is known again; 0: never
 */
void request_try_begin(const struct api_call *call, const char *operation, int64_t window_ms,
		       struct request_try *out);

/** Inside the write that creates. @out_id: what an earlier try made; "" when there was none. */
int request_try_look_up(struct db *db, const struct request_try *this_try,
			char out_id[NETWORK_ID_SIZE], struct sp_error *err);
int request_try_note(struct db *db, const struct request_try *this_try, const char *id,
		     struct sp_error *err);
