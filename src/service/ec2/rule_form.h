#pragma once
/**
 * Within service/ec2/: how requests and answers put security group rules into words. One rule has one peer; requests
 * and groups speak of permissions, which are the rules of one protocol and port range together. No store.
 */

#include "base/buffer.h"
#include "model/network.h"
#include "service/ec2/request.h"

enum { RULES_ONCE_MAX = 2 * GROUP_RULES_MAX }; /* in one request: all of a group */

struct rule_list {
	struct security_rule *rules; /* owned */
	size_t count;
};

void rule_list_finish(struct rule_list *list);
#define AUTO_RULE_LIST __attribute__((cleanup(rule_list_finish))) struct rule_list

/**
 * The rules of @group_id that @permissions (IpPermissions) stand for: checked, canonical, none twice, without ids.
 * Whether groups that they name are there is not looked at. @out is the caller's to finish either way.
 */
int rule_form_read(struct ec2_request *request, const json_t *permissions, bool egress,
		   const char *group_id, struct rule_list *out, struct sp_error *err);

/** One of ModifySecurityGroupRules' SecurityGroupRule, which has its peer as a member. */
int rule_form_read_one(struct ec2_request *request, const json_t *form, bool egress,
		       const char *group_id, struct rule_list *out, struct sp_error *err);

/** SP_INVALID unless @text may be the name or description of a group or the description of a rule. @what begins the sentence. */
int rule_form_check_text(struct ec2_request *request, const char *what, const char *text,
			 struct sp_error *err);

/** Whether they let the same through: their descriptions and ids may differ. */
bool rule_form_same(const struct security_rule *a, const struct security_rule *b);

/** "tcp 22-23 to 10.0.0.0/8": for sentences. */
void rule_form_describe(const struct security_rule *rule, struct sp_buffer *out);

/** ipPermissions or ipPermissionsEgress of a group, owned by the caller. @account owns all groups. */
json_t *rule_form_permissions(const struct security_rule *rules, size_t count, bool egress,
			      const char *account);

/** An element of securityGroupRuleSet without ARN and tags, owned by the caller. */
json_t *rule_form_show(const struct security_rule *rule, const char *account);

/** An element of revokedSecurityGroupRuleSet, owned by the caller. */
json_t *rule_form_show_revoked(const struct security_rule *rule);
