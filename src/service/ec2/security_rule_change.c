#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "service/ec2/rule_form.h"
#include "service/ec2/security_group.h"
#include "service/ec2/tags.h"
#include "store/security_groups.h"

#define NO_PERMISSION "InvalidPermission.NotFound"

/* ---- What all changes share --------------------------------------------------------------------------------------- */

enum change { AUTHORIZE, REVOKE, MODIFY, UPDATE_DESCRIPTIONS };

/* An operation on the rules of one group, one way. */
struct operation {
	enum change change;
	bool egress;
};

struct work {
	struct ec2_request *request;
	struct db *db;
	const struct operation *operation;
	struct security_group group;
};

/* The old form of one permission, as members of the request itself. NULL: the request has none. */
static json_t *flat_permission(const json_t *input)
{
	static const char *const members[] = { "IpProtocol", "FromPort", "ToPort" };
	const json_t *cidr = json_object_get(input, "CidrIp");
	bool is_flat = cidr != NULL;
	json_t *permission = json_object();
	for (size_t i = 0; i < SP_COUNT_OF(members); i++) {
		json_t *value = json_object_get(input, members[i]);
		is_flat = is_flat || value != NULL;
		if (value != NULL)
			json_object_set(permission, members[i], value);
	}
	if (cidr != NULL)
		json_object_set_new(permission, "IpRanges", json_pack("[{s:O}]", "CidrIp", cidr));
	if (is_flat)
		return permission;
	json_decref(permission);
	return NULL;
}

/* The permissions of the request, both forms; "[]" when it has none. */
static int read_permissions(const struct work *work, struct rule_list *out, struct sp_error *err)
{
	const json_t *input = work->request->input;
	const json_t *listed = json_object_get(input, "IpPermissions");
	if (json_object_get(input, "SourceSecurityGroupName") != NULL)
		return ec2_refuse(
			work->request, err, EC2_INVALID_VALUE,
			"SourceSecurityGroupName is for the default VPC only, and there is "
			"none: use IpPermissions with a GroupId");
	SP_AUTO_JSON json_t *flat = flat_permission(input);
	if (flat != NULL && json_array_size(listed) > 0)
		return ec2_refuse(work->request, err, EC2_INVALID_COMBINATION,
				  "The parameter IpPermissions cannot be used with IpProtocol, "
				  "FromPort, ToPort and CidrIp");
	SP_AUTO_JSON json_t *one = flat != NULL ? json_pack("[O]", flat) : NULL;
	return rule_form_read(work->request, one != NULL ? one : listed, work->operation->egress,
			      work->group.id, out, err);
}

/* Groups that rules name must be there, in the same VPC. */
static int check_reference(const struct work *work, const struct security_rule *rule,
			   struct sp_error *err)
{
	struct security_group other = { 0 };
	if (rule->peer != RULE_GROUP)
		return 0;
	if (security_groups_find(work->db, rule->value, &other, err) != 0)
		return ec2_not_found(work->request, &ec2_security_group, rule->value, err);
	bool same = strcmp(other.vpc_id, work->group.vpc_id) == 0;
	security_group_finish(&other);
	if (same)
		return 0;
	return ec2_refuse(work->request, err, "InvalidGroup.NotFound",
			  "You have specified two resources that belong to different networks: "
			  "'%s' and '%s'",
			  work->group.id, rule->value);
}

static int insert(const struct work *work, const struct security_rule *rule, struct sp_error *err)
{
	if (check_reference(work, rule, err) != 0)
		return -1;
	if (security_rules_insert(work->db, rule, err) == 0)
		return 0;
	if (err->code == SP_LIMIT)
		work->request->code = "RulesPerSecurityGroupLimitExceeded";
	if (err->code != SP_EXISTS)
		return -1;
	SP_AUTO_BUFFER text = { 0 };
	rule_form_describe(rule, &text);
	return ec2_refuse(work->request, err, "InvalidPermission.Duplicate",
			  "the specified rule \"%s\" already exists", sp_buffer_text(&text));
}

/* The group's own rule with this id, that way. @out is the caller's to finish, also on failure. */
static int find_by_id(const struct work *work, const char *id, struct security_rule *out,
		      struct sp_error *err)
{
	if (ec2_id_check(work->request, &ec2_security_group_rule, id, err) != 0)
		return -1;
	if (security_rules_find(work->db, id, out, err) != 0)
		return ec2_not_found(work->request, &ec2_security_group_rule, id, err);
	bool right_way =
		work->operation->change == MODIFY || out->egress == work->operation->egress;
	if (strcmp(out->group_id, work->group.id) == 0 && right_way)
		return 0;
	return ec2_refuse(work->request, err, ec2_security_group_rule.selectors[0].not_found,
			  "The security group rule ID '%s' is %s rule of '%s'", id,
			  right_way     ? "no"
			  : out->egress ? "an egress"
					: "an ingress",
			  right_way ? work->group.id : out->group_id);
}

/* The group's own rule that lets the same through. @out is the caller's to finish, also on failure. */
static int find_same(const struct work *work, const struct security_rule *wanted,
		     struct security_rule *out, struct sp_error *err)
{
	struct security_rule *rules;
	size_t count, at = 0;
	if (security_rules_list(work->db, work->group.id, &rules, &count, err) != 0)
		return -1;
	while (at < count && !rule_form_same(&rules[at], wanted))
		at++;
	bool found = at < count;
	if (found) {
		*out = rules[at];
		rules[at] = (struct security_rule){ 0 };
	}
	security_rules_free(rules, count);
	if (found)
		return 0;
	SP_AUTO_BUFFER text = { 0 };
	rule_form_describe(wanted, &text);
	return ec2_refuse(work->request, err, NO_PERMISSION,
			  "The specified rule does not exist in this security group: \"%s\"",
			  sp_buffer_text(&text));
}

/* ---- AuthorizeSecurityGroupEgress, AuthorizeSecurityGroupIngress --------------------------------------------------- */

static int add_rule(const struct work *work, struct security_rule *rule, json_t *shown,
		    struct sp_error *err)
{
	json_t *item;
	ec2_id_draw(ec2_security_group_rule.id_prefix, rule->id);
	if (insert(work, rule, err) != 0 ||
	    ec2_tags_create(work->request, work->db, &ec2_security_group_rule, rule->id, err) !=
		    0 ||
	    ec2_show(work->request, work->db, &ec2_security_group_rule, rule->id, &item, err) != 0)
		return -1;
	json_array_append_new(shown, item);
	return 0;
}

static int authorize(const struct work *work, struct sp_error *err)
{
	AUTO_RULE_LIST rules = { 0 };
	if (read_permissions(work, &rules, err) != 0)
		return -1;
	if (rules.count == 0)
		return ec2_refuse_missing(work->request, err, "IpPermissions");

	json_t *shown = json_array();
	json_object_set_new(work->request->output, "return", json_true());
	json_object_set_new(work->request->output, "securityGroupRuleSet", shown);
	for (size_t i = 0; i < rules.count; i++)
		if (add_rule(work, &rules.rules[i], shown, err) != 0)
			return -1;
	return 0;
}

/* ---- RevokeSecurityGroupEgress, RevokeSecurityGroupIngress --------------------------------------------------------- */

static int remove_rule(const struct work *work, const struct security_rule *rule, json_t *shown,
		       struct sp_error *err)
{
	json_array_append_new(shown, rule_form_show_revoked(rule));
	if (ec2_tags_delete(work->request->context, work->db, &ec2_security_group_rule, rule->id,
			    err) != 0)
		return -1;
	return security_rules_delete(work->db, rule->id, err);
}

static int revoke_by_id(const struct work *work, const json_t *ids, json_t *shown,
			struct sp_error *err)
{
	for (size_t i = 0; i < json_array_size(ids); i++) {
		struct security_rule rule = { 0 };
		int result =
			find_by_id(work, json_string_value(json_array_get(ids, i)), &rule, err);
		if (result == 0)
			result = remove_rule(work, &rule, shown, err);
		security_rule_finish(&rule);
		if (result != 0)
			return -1;
	}
	return 0;
}

static int revoke_same(const struct work *work, const struct rule_list *wanted, json_t *shown,
		       struct sp_error *err)
{
	for (size_t i = 0; i < wanted->count; i++) {
		struct security_rule rule = { 0 };
		int result = find_same(work, &wanted->rules[i], &rule, err);
		if (result == 0)
			result = remove_rule(work, &rule, shown, err);
		security_rule_finish(&rule);
		if (result != 0)
			return -1;
	}
	return 0;
}

/*
 * All or none: what is not there is refused, as EC2 does in every VPC that is not the default one. So what is told as
 * unknown is always empty.
 */
static int revoke_asked(const struct work *work, struct sp_error *err)
{
	const json_t *ids = json_object_get(work->request->input, "SecurityGroupRuleId");
	AUTO_RULE_LIST wanted = { 0 };
	if (read_permissions(work, &wanted, err) != 0)
		return -1;
	if (json_array_size(ids) > 0 && wanted.count > 0)
		return ec2_refuse(work->request, err, EC2_INVALID_COMBINATION,
				  "The parameter IpPermissions cannot be used with the parameter "
				  "SecurityGroupRuleId");
	if (json_array_size(ids) == 0 && wanted.count == 0)
		return ec2_refuse(work->request, err, EC2_MISSING_PARAMETER,
				  "The request must contain the parameter IpPermissions or "
				  "SecurityGroupRuleId");

	json_t *shown = json_array();
	json_object_set_new(work->request->output, "return", json_true());
	json_object_set_new(work->request->output, "unknownIpPermissionSet", json_array());
	json_object_set_new(work->request->output, "revokedSecurityGroupRuleSet", shown);
	if (revoke_by_id(work, ids, shown, err) != 0)
		return -1;
	return revoke_same(work, &wanted, shown, err);
}

/* ---- ModifySecurityGroupRules ------------------------------------------------------------------------------------- */

/* Takes the place of the rule that has @rule's id. */
static int replace(const struct work *work, const struct security_rule *rule, struct sp_error *err)
{
	if (security_rules_delete(work->db, rule->id, err) != 0)
		return -1;
	return insert(work, rule, err);
}

static int modify_one(const struct work *work, const struct security_rule *before,
		      const json_t *form, struct sp_error *err)
{
	AUTO_RULE_LIST after = { 0 };
	if (rule_form_read_one(work->request, form, before->egress, before->group_id, &after,
			       err) != 0)
		return -1;
	struct security_rule *rule = &after.rules[0];
	if (rule->peer != before->peer)
		return ec2_refuse(work->request, err, EC2_INVALID_VALUE,
				  "The rule '%s' cannot become one for another kind of source or "
				  "destination than \"%s\"",
				  before->id, before->value);
	snprintf(rule->id, sizeof(rule->id), "%s", before->id);
	return replace(work, rule, err);
}

static int modify(const struct work *work, struct sp_error *err)
{
	const json_t *changes = json_object_get(work->request->input, "SecurityGroupRule");
	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *change = json_array_get(changes, i);
		struct security_rule before = { 0 };
		int result = find_by_id(work, sp_json_string(change, "SecurityGroupRuleId"),
					&before, err);
		if (result == 0)
			result = modify_one(work, &before,
					    json_object_get(change, "SecurityGroupRule"), err);
		security_rule_finish(&before);
		if (result != 0)
			return -1;
	}
	return 0;
}

/* ---- UpdateSecurityGroupRuleDescriptionsEgress, …Ingress ------------------------------------------------------------ */

static int set_description(const struct work *work, struct security_rule *rule,
			   const char *description, struct sp_error *err)
{
	if (description != NULL &&
	    rule_form_check_text(work->request, "rule description", description, err) != 0)
		return -1;
	free(rule->description);
	rule->description = sp_strdup(description);
	return replace(work, rule, err);
}

static int describe_by_id(const struct work *work, const json_t *descriptions, struct sp_error *err)
{
	for (size_t i = 0; i < json_array_size(descriptions); i++) {
		const json_t *one = json_array_get(descriptions, i);
		struct security_rule rule = { 0 };
		int result =
			find_by_id(work, sp_json_string(one, "SecurityGroupRuleId"), &rule, err);
		if (result == 0)
			result = set_description(work, &rule, sp_json_string(one, "Description"),
						 err);
		security_rule_finish(&rule);
		if (result != 0)
			return -1;
	}
	return 0;
}

static int describe_same(const struct work *work, const struct rule_list *wanted,
			 struct sp_error *err)
{
	for (size_t i = 0; i < wanted->count; i++) {
		struct security_rule rule = { 0 };
		int result = find_same(work, &wanted->rules[i], &rule, err);
		if (result == 0)
			result = set_description(work, &rule, wanted->rules[i].description, err);
		security_rule_finish(&rule);
		if (result != 0)
			return -1;
	}
	return 0;
}

static int update_descriptions(const struct work *work, struct sp_error *err)
{
	const json_t *by_id = json_object_get(work->request->input, "SecurityGroupRuleDescription");
	AUTO_RULE_LIST wanted = { 0 };
	if (read_permissions(work, &wanted, err) != 0)
		return -1;
	if (json_array_size(by_id) == 0 && wanted.count == 0)
		return ec2_refuse(work->request, err, EC2_MISSING_PARAMETER,
				  "The request must contain the parameter IpPermissions or "
				  "SecurityGroupRuleDescription");
	if (describe_by_id(work, by_id, err) != 0)
		return -1;
	return describe_same(work, &wanted, err);
}

/* ---- The operations ----------------------------------------------------------------------------------------------- */

static int (*const changes[])(const struct work *work, struct sp_error *err) = {
	[AUTHORIZE] = authorize,
	[REVOKE] = revoke_asked,
	[MODIFY] = modify,
	[UPDATE_DESCRIPTIONS] = update_descriptions,
};

static int run(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct work work = { .request = request, .db = db, .operation = ctx };
	bool by_name = !work.operation->egress && work.operation->change != MODIFY;
	int result = security_group_asked(request, db, by_name, &work.group, err);
	if (result == 0)
		result = changes[work.operation->change](&work, err);
	security_group_finish(&work.group);
	return result;
}

void ec2_authorize_security_group_egress(struct api_call *call)
{
	ec2_write(call, run, &(struct operation){ AUTHORIZE, .egress = true });
}

void ec2_authorize_security_group_ingress(struct api_call *call)
{
	ec2_write(call, run, &(struct operation){ AUTHORIZE, .egress = false });
}

void ec2_revoke_security_group_egress(struct api_call *call)
{
	ec2_write(call, run, &(struct operation){ REVOKE, .egress = true });
}

void ec2_revoke_security_group_ingress(struct api_call *call)
{
	ec2_write(call, run, &(struct operation){ REVOKE, .egress = false });
}

void ec2_modify_security_group_rules(struct api_call *call)
{
	ec2_write(call, run, &(struct operation){ MODIFY, .egress = false });
}

void ec2_update_egress_rule_descriptions(struct api_call *call)
{
	ec2_write(call, run, &(struct operation){ UPDATE_DESCRIPTIONS, .egress = true });
}

void ec2_update_ingress_rule_descriptions(struct api_call *call)
{
	ec2_write(call, run, &(struct operation){ UPDATE_DESCRIPTIONS, .egress = false });
}
