/* A request in AWS JSON 1.1, and what Transfer Family's own readers make of an input whose shape is right. */
#include "fuzz.h"

#include "request.h"
#include "service/services.h"
#include "service/tag_list.h"
#include "service/transfer/connector_request.h"
#include "service/transfer/plan.h"

static const struct api_served served[] = { { &service_transfer, NULL },
					    { &service_secretsmanager, NULL } };

static void make_plan(const json_t *input)
{
	static struct plan plan;
	struct sp_error err = { 0 };
	if (plan_make(NULL, input, 1, &plan, &err) != 0) {
		fuzz_check_error(&err);
		return;
	}
	for (size_t i = 0; i < plan.count; i++)
		FUZZ_CHECK(sp_utf8_valid(plan.files[i].path, strlen(plan.files[i].path)));
	plan_finish(&plan);
}

static void make_connector(const json_t *input)
{
	static const struct connector_home home = { "eu-central-1", "123456789012" };
	struct connector connector = { 0 };
	struct sp_error err = { 0 };
	if (connector_request_create(input, &home, 1, &connector, &err) != 0 ||
	    connector_request_update(input, &home, &connector, &err) != 0)
		fuzz_check_error(&err);
	connector_finish(&connector);
}

static void use(const struct api_call *call)
{
	struct sp_error err = { 0 };
	if (tag_list_check(json_object_get(call->input, "Tags"), &err) != 0)
		fuzz_check_error(&err);
	if (strcmp(call->operation->name, "StartFileTransfer") == 0)
		make_plan(call->input);
	if (strcmp(call->operation->name, "CreateConnector") == 0)
		make_connector(call->input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_request_serve(data, size, served, SP_COUNT_OF(served), use);
	return 0;
}
