#include "service/secretsmanager/request.h"

#include "service/tag_list.h"

static int tag(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	const json_t *tags = json_object_get(request->input, "Tags");
	AUTO_SECRET secret = { 0 };
	if (tag_list_check(tags, err) != 0 ||
	    request_find_secret(db, request, false, &secret, err) != 0 ||
	    tag_list_put(db, secret.arn, tags, err) != 0)
		return -1;
	return request_touch_secret(db, request, &secret, err);
}

/* Both answer with nothing at all. */
void tag_resource(struct api_call *call)
{
	request_write(call, tag);
}

static int untag(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	AUTO_SECRET secret = { 0 };
	if (request_find_secret(db, request, false, &secret, err) != 0)
		return -1;
	const json_t *keys = json_object_get(request->input, "TagKeys");
	if (tag_list_remove(db, secret.arn, keys, err) != 0)
		return -1;
	return request_touch_secret(db, request, &secret, err);
}

void untag_resource(struct api_call *call)
{
	request_write(call, untag);
}
