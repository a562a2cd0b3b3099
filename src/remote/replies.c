#include "remote/replies.h"

#include "base/scope.h"
#include "remote/words.h"

static bool get_status(struct sp_reader *reader, struct reply *out)
{
	return wire_get_status(reader, &out->status);
}

static bool get_handle(struct sp_reader *reader, struct reply *out)
{
	return wire_get_handle(reader, &out->handle);
}

static bool get_attributes(struct sp_reader *reader, struct reply *out)
{
	return wire_get_attributes(reader, &out->attributes);
}

static bool get_limits(struct sp_reader *reader, struct reply *out)
{
	return wire_get_limits(reader, &out->limits);
}

static bool get_space(struct sp_reader *reader, struct reply *out)
{
	return wire_get_space(reader, &out->space);
}

static bool get_hash(struct sp_reader *reader, struct reply *out)
{
	return wire_get_hash(reader, &out->hash);
}

static bool get_names(struct sp_reader *reader, struct reply *out)
{
	return wire_get_names(reader, &out->names);
}

static const struct {
	uint8_t type;
	bool (*get)(struct sp_reader *reader, struct reply *out);
} kinds[REPLY_KIND_COUNT] = {
	[REPLY_STATUS] = { WIRE_STATUS, get_status },
	[REPLY_HANDLE] = { WIRE_HANDLE, get_handle },
	[REPLY_DATA] = { WIRE_DATA, NULL },
	[REPLY_ATTRIBUTES] = { WIRE_ATTRS, get_attributes },
	[REPLY_LIMITS] = { WIRE_EXTENDED_REPLY, get_limits },
	[REPLY_SPACE] = { WIRE_EXTENDED_REPLY, get_space },
	[REPLY_HASH] = { WIRE_EXTENDED_REPLY, get_hash },
	[REPLY_NAMES] = { WIRE_NAME, get_names },
};

struct reply reply_for(const struct request *request)
{
	return (struct reply){
		.kind = request->wants,
		.item = request->item,
		.offset = request->offset,
		.length = request->length,
	};
}

int reply_decode(const struct request *request, uint8_t type, struct sp_reader *reader,
		 struct reply *out, struct sp_error *err)
{
	*out = reply_for(request);
	if (type == WIRE_STATUS)
		out->kind = REPLY_STATUS;
	if (type != kinds[out->kind].type)
		return sp_fail(err, SP_PROTOCOL, "the server answered with %s where %s was due",
			       wire_type_name(type), wire_type_name(kinds[request->wants].type));
	/* DATA comes here only when it has no room for the length of its bytes. */
	if (kinds[out->kind].get == NULL || !kinds[out->kind].get(reader, out))
		return sp_fail(err, SP_PROTOCOL, "the server sent a malformed %s reply",
			       wire_type_name(type));
	if (reply_is_status(out, WIRE_OK) && request->wants != REPLY_STATUS)
		return sp_fail(err, SP_PROTOCOL, "the server answered OK where %s was due",
			       wire_type_name(kinds[request->wants].type));
	return 0;
}

bool reply_is_status(const struct reply *reply, uint32_t code)
{
	return reply->dead == NULL && reply->kind == REPLY_STATUS && reply->status.code == code;
}

int reply_fail(const struct reply *reply, struct sp_error *err)
{
	if (reply->dead != NULL)
		return sp_fail(err, reply->dead->code, "%s", reply->dead->message);
	SP_AUTO_FREE char *words = words_of_server(reply->status.text, reply->status.text_length);
	return remote_fail_status(err, reply->status.code, words);
}
