#pragma once
/**
 * One request of a client, from the verified signature to the answer. A handler runs on a thread of the operations
 * pool and may block there (store_write …). It answers the call exactly once, before it returns or later from any
 * thread; after that the call is gone.
 */

#include "base/error.h"
#include <stdint.h>

#include "base/json.h"

struct api_call;

/** The input, checked against the operation's shape. Borrowed; an object, possibly empty. */
const json_t *api_input(const struct api_call *call);

/** The context of the service the operation belongs to. */
void *api_context(const struct api_call *call);

/** A UUID, also in the answer's header. */
const char *api_request_id(const struct api_call *call);

/** Who asks: an access key id … */
const char *api_access_key_id(const struct api_call *call);

/** … and with temporary credentials whose session it is, as sign_key has it ("": nobody's), and since when. */
const char *api_session(const struct api_call *call, int64_t *out_issued_ms);

/**
 * What an SDK calls one call of its user's: the same in all of the requests that it sends until one of them is answered
 * (the header amz-sdk-invocation-id). NULL when the client does not say. Borrowed.
 */
const char *api_invocation_id(const struct api_call *call);

/** The value of a header that came once; NULL otherwise. Borrowed. */
const char *api_header(const struct api_call *call, const char *name);

/** Header @i of the request, counted from 0: false when there are fewer. Borrowed. */
bool api_header_at(const struct api_call *call, size_t i, const char **name, const char **value);

/**
 * What a row cannot say (api_operation.resource): whether who asks may do @action ("s3:GetObject") on @resource, an ARN.
 * 0, or -1: SP_DENIED with the sentence for it, or why it could not be found out. Pools' threads.
 */
int api_check(const struct api_call *call, const char *action, const char *resource,
	      struct sp_error *err);

/** An answer that is no JSON. @body is taken. */
void api_reply_text(struct api_call *call, unsigned status, const char *content_type, char *body);

/** A header of the answer, whatever that will be: copied. Before the answer, of course. */
void api_add_header(struct api_call *call, const char *name, const char *value);

/** Headers only. */
void api_reply_empty(struct api_call *call, unsigned status);

/** @length bytes of a file from @offset on; to a HEAD only how many there are. @fd is taken. */
void api_reply_file(struct api_call *call, unsigned status, int fd, uint64_t offset,
		    uint64_t length);

/** @output is taken; NULL: no output (an empty body in AWS JSON). */
void api_reply(struct api_call *call, json_t *output);

/** @type: the modelled error's name, for example "ResourceNotFoundException"; its HTTP status comes from the service's table. */
void api_fail(struct api_call *call, const char *type, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The key that signed is nobody's any more: it went after the signature was verified. Refused as if it had gone before. */
void api_refuse_key(struct api_call *call);

/** As api_fail(), with further members of the error's shape. @members is taken. */
void api_fail_with(struct api_call *call, const char *type, json_t *members, const char *format,
		   ...) __attribute__((format(printf, 4, 5)));
