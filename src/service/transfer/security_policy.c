#include "model/security_policy.h"

#include <string.h>

#include "base/scope.h"
#include "service/transfer/answer.h"
#include "service/transfer/operations.h"

static const char list_name[] = "security policies";

static json_t *names(const char *const *list)
{
	json_t *out = json_array();
	for (; *list != NULL; list++)
		json_array_append_new(out, json_string(*list));
	return out;
}

void transfer_describe_security_policy(struct api_call *call)
{
	const char *name = sp_json_string(api_input(call), "SecurityPolicyName");
	const struct security_policy *policy = security_policy_find(name);
	if (policy == NULL) {
		struct sp_error err = { 0 };
		sp_fail(&err, SP_NOT_FOUND,
			"there is no security policy \"%s\" for SFTP connectors", name);
		answer_not_found(call, "SecurityPolicy", name, err.message);
		return;
	}
	json_t *out =
		json_pack("{s:s, s:b, s:s, s:[s]}", "SecurityPolicyName", policy->name, "Fips",
			  (int)policy->fips, "Type", "CONNECTOR", "Protocols", "SFTP");
	json_object_set_new(out, "SshCiphers", names(policy->ciphers));
	json_object_set_new(out, "SshKexs", names(policy->kexs));
	json_object_set_new(out, "SshMacs", names(policy->macs));
	json_object_set_new(out, "SshHostKeyAlgorithms", names(policy->host_keys));
	api_reply(call, json_pack("{s:o}", "SecurityPolicy", out));
}

void transfer_list_security_policies(struct api_call *call)
{
	size_t max = answer_page_size(call);
	SP_AUTO_FREE char *after = NULL;
	if (answer_page_start(call, list_name, INVALID_NEXT_TOKEN, &after) != 0)
		return;
	json_t *output = json_object();
	json_t *list = json_array();
	const struct security_policy *policy;
	for (size_t i = 0; (policy = security_policy_at(i)) != NULL; i++) {
		if (after != NULL && strcmp(policy->name, after) <= 0)
			continue;
		if (json_array_size(list) == max) {
			answer_next_token(answer_context(call), output, list_name,
					  json_string_value(json_array_get(list, max - 1)));
			break;
		}
		json_array_append_new(list, json_string(policy->name));
	}
	json_object_set_new(output, "SecurityPolicyNames", list);
	api_reply(call, output);
}
