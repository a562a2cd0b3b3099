#include "base/scope.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "service/ec2/rule_form.h"
#include "store/security_groups.h"

static json_t *show(const struct ec2_request *request, const struct security_rule *rule)
{
	SP_AUTO_FREE char *arn = ec2_arn(request->context, &ec2_security_group_rule, rule->id);
	json_t *shown = rule_form_show(rule, request->context->account);
	sp_json_set_text(shown, "securityGroupRuleArn", arn);
	return shown;
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	struct security_rule *rules;
	size_t count;
	if (security_rules_list(db, NULL, &rules, &count, err) != 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		if (ec2_view_wants(view, rules[i].id))
			result = ec2_view_add(view, db, rules[i].id, show(view->request, &rules[i]),
					      err);
	security_rules_free(rules, count);
	return result;
}

static const struct ec2_filter filters[] = {
	{ "group-id", "groupId" },
	{ "security-group-rule-id", "securityGroupRuleId" },
	{ "tag:", "tagSet" },
	{ 0 },
};

const struct ec2_kind ec2_security_group_rule = {
	.type = "security-group-rule",
	.id_prefix = "sgr-",
	.malformed = "InvalidSecurityGroupRuleId.Malformed",
	.selectors = { { "SecurityGroupRuleId", "securityGroupRuleId",
			 "InvalidSecurityGroupRuleId.NotFound", "security group rule ID" } },
	.set = "securityGroupRuleSet",
	.page_min = 5,
	.page_max = 1000,
	.filters = filters,
	.list = list,
};

void ec2_describe_security_group_rules(struct api_call *call)
{
	ec2_describe(call, &ec2_security_group_rule);
}
