#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "model/network.h"
#include "service/ec2/operations.h"
#include "service/ec2/request.h"

static const struct {
	const char *name, *value;
} attributes[] = {
	{ "supported-platforms", "VPC" },
	{ "default-vpc", "none" },
	{ "vpc-max-security-groups-per-interface", "5" },
};
static_assert(GATEWAY_GROUPS_MAX == 5, "the account's attributes must tell the real limit");

static bool is_asked_for(const json_t *names, const char *name)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
			return true;
	return json_array_size(names) == 0;
}

static int describe(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	const json_t *names = json_object_get(request->input, "AttributeName");
	json_t *set = json_array();
	(void)db;
	(void)ctx;
	(void)err;
	for (size_t i = 0; i < SP_COUNT_OF(attributes); i++)
		if (is_asked_for(names, attributes[i].name))
			json_array_append_new(set,
					      json_pack("{s:s, s:[{s:s}]}", "attributeName",
							attributes[i].name, "attributeValueSet",
							"attributeValue", attributes[i].value));
	json_object_set_new(request->output, "accountAttributeSet", set);
	return 0;
}

void ec2_describe_account_attributes(struct api_call *call)
{
	ec2_read(call, describe, NULL);
}
