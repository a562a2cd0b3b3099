/* Whether a bucket works: what transfers ask of it, tried once. */

#include "base/scope.h"
#include "objects/probe.h"
#include "service/native/operations.h"
#include "service/native/request.h"

static json_t *describe_step(const struct object_probe_step *step)
{
	return json_pack("{s:s, s:s, s:I, s:s}", "Step", step->name, "Status",
			 object_probe_status_name(step->status), "Milliseconds",
			 (json_int_t)step->milliseconds, "Message", step->message);
}

static json_t *describe(const char *bucket, const struct object_probe *probe)
{
	json_t *steps = json_array();
	for (size_t i = 0; i < probe->count; i++)
		json_array_append_new(steps, describe_step(&probe->steps[i]));
	return json_pack("{s:s, s:s, s:s, s:o}", "BucketName", bucket, "Status",
			 object_probe_status_name(probe->status), "StatusMessage",
			 probe->status == OBJECT_PROBE_OK ? "it works"
							  : object_probe_worst(probe)->message,
			 "Steps", steps);
}

/* On the loop's thread. */
static void answer(void *ctx, const struct object_probe *probe, const struct sp_error *err)
{
	struct api_call *call = ctx;
	const char *bucket = sp_json_string(api_input(call), "BucketName");
	if (err->code == SP_OK)
		api_reply(call, describe(bucket, probe));
	else if (err->code == SP_NOT_FOUND)
		answer_not_found(call, "Bucket", bucket, err->message);
	else
		native_error(call, err);
}

void native_test_bucket(struct api_call *call)
{
	transfer_engine_test_bucket(answer_context(call)->engine,
				    sp_json_string(api_input(call), "BucketName"), answer, call);
}
