#include "service/ec2/security_group.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "service/ec2/rule_form.h"
#include "service/ec2/tags.h"
#include "store/networks.h"
#include "store/security_groups.h"

#define NOT_FOUND "InvalidGroup.NotFound"

/* ---- Describing --------------------------------------------------------------------------------------------------- */

static int show(struct ec2_view *view, struct db *db, const struct security_group *group,
		struct sp_error *err)
{
	const struct service_context *context = view->request->context;
	struct security_rule *rules;
	size_t count;
	if (security_rules_list(db, group->id, &rules, &count, err) != 0)
		return -1;
	SP_AUTO_FREE char *arn = ec2_arn(context, &ec2_security_group, group->id);
	json_t *item = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "ownerId", context->account, "groupId",
		group->id, "securityGroupArn", arn, "groupName", group->name, "groupDescription",
		group->description, "vpcId", group->vpc_id, "ipPermissions",
		rule_form_permissions(rules, count, false, context->account), "ipPermissionsEgress",
		rule_form_permissions(rules, count, true, context->account));
	security_rules_free(rules, count);
	return ec2_view_add(view, db, group->id, item, err);
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	struct security_group *groups;
	size_t count;
	if (security_groups_list(db, NULL, &groups, &count, err) != 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		if (ec2_view_wants(view, groups[i].id))
			result = show(view, db, &groups[i], err);
	security_groups_free(groups, count);
	return result;
}

static const struct ec2_filter filters[] = {
	{ "description", "groupDescription" },
	{ "group-id", "groupId" },
	{ "group-name", "groupName" },
	{ "owner-id", "ownerId" },
	{ "vpc-id", "vpcId" },
	{ "ip-permission.cidr", "ipPermissions.ipRanges.cidrIp" },
	{ "ip-permission.from-port", "ipPermissions.fromPort" },
	{ "ip-permission.group-id", "ipPermissions.groups.groupId" },
	{ "ip-permission.group-name", NULL }, /* in a VPC rules name groups by id only */
	{ "ip-permission.ipv6-cidr", "ipPermissions.ipv6Ranges.cidrIpv6" },
	{ "ip-permission.prefix-list-id", "ipPermissions.prefixListIds.prefixListId" },
	{ "ip-permission.protocol", "ipPermissions.ipProtocol" },
	{ "ip-permission.to-port", "ipPermissions.toPort" },
	{ "ip-permission.user-id", "ipPermissions.groups.userId" },
	{ "egress.ip-permission.cidr", "ipPermissionsEgress.ipRanges.cidrIp" },
	{ "egress.ip-permission.from-port", "ipPermissionsEgress.fromPort" },
	{ "egress.ip-permission.group-id", "ipPermissionsEgress.groups.groupId" },
	{ "egress.ip-permission.group-name", NULL },
	{ "egress.ip-permission.ipv6-cidr", "ipPermissionsEgress.ipv6Ranges.cidrIpv6" },
	{ "egress.ip-permission.prefix-list-id", "ipPermissionsEgress.prefixListIds.prefixListId" },
	{ "egress.ip-permission.protocol", "ipPermissionsEgress.ipProtocol" },
	{ "egress.ip-permission.to-port", "ipPermissionsEgress.toPort" },
	{ "egress.ip-permission.user-id", "ipPermissionsEgress.groups.userId" },
	EC2_TAG_FILTERS,
	{ 0 },
};

const struct ec2_kind ec2_security_group = {
	.type = "security-group",
	.id_prefix = "sg-",
	.malformed = "InvalidGroupId.Malformed",
	.selectors = {
		{ "GroupId", "groupId", NOT_FOUND, "security group" },
		{ "GroupName", "groupName", NOT_FOUND, "security group" },
	},
	.set = "securityGroupInfo",
	.page_min = 5,
	.page_max = 1000,
	.filters = filters,
	.list = list,
};

void ec2_describe_security_groups(struct api_call *call)
{
	ec2_describe(call, &ec2_security_group);
}

/* ---- Finding ------------------------------------------------------------------------------------------------------ */

/* One that means a group is its id by now, as it was when the permission was asked for: ec2_resolve(). */
static int refuse_name(struct ec2_request *request, struct db *db, const char *name,
		       struct sp_error *err)
{
	struct security_group *groups;
	size_t count, found = 0;
	if (security_groups_list(db, NULL, &groups, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		found += strcmp(groups[i].name, name) == 0;
	security_groups_free(groups, count);
	if (found <= 1)
		return ec2_refuse(request, err, NOT_FOUND,
				  "The security group '%.255s' does not exist", name);
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "%zu VPCs have a security group '%.255s': use GroupId", found, name);
}

int security_group_asked(struct ec2_request *request, struct db *db, bool by_name,
			 struct security_group *out, struct sp_error *err)
{
	const char *id = ec2_text(request, "GroupId");
	const char *name = by_name ? ec2_text(request, "GroupName") : NULL;
	if (id != NULL && name != NULL)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "The parameter GroupId cannot be used with the parameter "
				  "GroupName");
	if (id == NULL && name == NULL)
		return ec2_refuse_missing(request, err, "GroupId");
	if (id == NULL)
		return refuse_name(request, db, name, err);
	if (ec2_id_check(request, &ec2_security_group, id, err) != 0)
		return -1;
	if (security_groups_find(db, id, out, err) != 0)
		return ec2_not_found(request, &ec2_security_group, id, err);
	return 0;
}

/* ---- Creating ----------------------------------------------------------------------------------------------------- */

static int insert_rule(struct db *db, const char *group_id, bool egress, enum rule_peer peer,
		       const char *value, struct sp_error *err)
{
	struct security_rule rule = {
		.egress = egress,
		.protocol = RULE_PROTOCOL_ALL,
		.from_port = RULE_PORT_NONE,
		.to_port = RULE_PORT_NONE,
		.peer = peer,
		.value = (char *)value,
	};
	ec2_id_draw(ec2_security_group_rule.id_prefix, rule.id);
	snprintf(rule.group_id, sizeof(rule.group_id), "%s", group_id);
	return security_rules_insert(db, &rule, err);
}

/* Before anybody says anything, a group may send to everywhere that its VPC has addresses for, and nothing may come in. */
static int insert_group(struct db *db, const struct vpc *vpc, const struct security_group *group,
			struct sp_error *err)
{
	if (security_groups_insert(db, group, err) != 0 ||
	    insert_rule(db, group->id, true, RULE_CIDR4, "0.0.0.0/0", err) != 0)
		return -1;
	return vpc->cidr6[0] == '\0' ? 0
				     : insert_rule(db, group->id, true, RULE_CIDR6, "::/0", err);
}

int security_group_make_default(struct db *db, const struct vpc *vpc, struct sp_error *err)
{
	struct security_group group = {
		.name = (char *)SECURITY_GROUP_DEFAULT_NAME,
		.description = (char *)"default VPC security group",
		.created_ms = vpc->created_ms,
	};
	snprintf(group.id, sizeof(group.id), "%s", vpc->default_group_id);
	snprintf(group.vpc_id, sizeof(group.vpc_id), "%s", vpc->id);
	if (insert_group(db, vpc, &group, err) != 0)
		return -1;
	return insert_rule(db, group.id, false, RULE_GROUP, group.id, err);
}

static int check_name(struct ec2_request *request, const char *name, struct sp_error *err)
{
	if (name[0] == '\0')
		return ec2_refuse_missing(request, err, "GroupName");
	if (strcmp(name, SECURITY_GROUP_DEFAULT_NAME) == 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Cannot use reserved security group name: %s", name);
	if (sp_text_starts_with(name, "sg-"))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Invalid security group name '%.200s': it cannot begin with "
				  "\"sg-\", as ids do",
				  name);
	return rule_form_check_text(request, "security group name", name, err);
}

static int check_creation(struct ec2_request *request, struct sp_error *err)
{
	const char *name = ec2_text(request, "GroupName");
	const char *description = ec2_text(request, "GroupDescription");
	if (description[0] == '\0')
		return ec2_refuse_missing(request, err, "GroupDescription");
	if (ec2_text(request, "VpcId") == NULL)
		return ec2_refuse(request, err, "VPCIdNotSpecified",
				  "No default VPC for this user: name one with VpcId");
	if (check_name(request, name, err) != 0)
		return -1;
	return rule_form_check_text(request, "security group description", description, err);
}

static int refuse_creation(struct ec2_request *request, const struct security_group *group,
			   struct sp_error *err)
{
	if (err->code == SP_EXISTS)
		return ec2_refuse(request, err, "InvalidGroup.Duplicate",
				  "The security group '%s' already exists for VPC '%s'",
				  group->name, group->vpc_id);
	if (err->code == SP_LIMIT)
		request->code = "SecurityGroupLimitExceeded";
	return -1;
}

static int create(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct vpc vpc;
	if (check_creation(request, err) != 0 || ec2_find_vpc(request, db, "VpcId", &vpc, err) != 0)
		return -1;

	struct security_group group = {
		.name = (char *)ec2_text(request, "GroupName"),
		.description = (char *)ec2_text(request, "GroupDescription"),
		.created_ms = sp_now_ms(),
	};
	ec2_id_draw(ec2_security_group.id_prefix, group.id);
	snprintf(group.vpc_id, sizeof(group.vpc_id), "%s", vpc.id);
	if (insert_group(db, &vpc, &group, err) != 0)
		return refuse_creation(request, &group, err);

	json_t *tags;
	if (ec2_tags_create(request, db, &ec2_security_group, group.id, err) != 0 ||
	    ec2_tag_set(request->context, db, &ec2_security_group, group.id, &tags, err) != 0)
		return -1;
	SP_AUTO_FREE char *arn = ec2_arn(request->context, &ec2_security_group, group.id);
	sp_json_set_text(request->output, "groupId", group.id);
	json_object_set_new(request->output, "tagSet", tags);
	sp_json_set_text(request->output, "securityGroupArn", arn);
	return 0;
}

void ec2_create_security_group(struct api_call *call)
{
	ec2_write(call, create, NULL);
}

/* ---- Deleting ----------------------------------------------------------------------------------------------------- */

int security_group_remove(struct ec2_request *request, struct db *db, const char *id,
			  struct sp_error *err)
{
	struct security_rule *rules;
	size_t count;
	if (security_rules_list(db, id, &rules, &count, err) != 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		result = ec2_tags_delete(request->context, db, &ec2_security_group_rule,
					 rules[i].id, err);
	security_rules_free(rules, count);
	if (result != 0 || ec2_tags_delete(request->context, db, &ec2_security_group, id, err) != 0)
		return -1;
	return security_groups_delete(db, id, err);
}

static int delete_group(struct ec2_request *request, struct db *db,
			const struct security_group *group, struct sp_error *err)
{
	struct vpc vpc;
	if (vpcs_find(db, group->vpc_id, &vpc, err) != 0)
		return -1;
	if (strcmp(vpc.default_group_id, group->id) == 0)
		return ec2_refuse(request, err, "CannotDelete",
				  "the specified group: \"%s\" name: \"%s\" cannot be deleted by a "
				  "user",
				  group->id, group->name);
	if (security_group_remove(request, db, group->id, err) == 0) {
		json_object_set_new(request->output, "return", json_true());
		sp_json_set_text(request->output, "groupId", group->id);
		return 0;
	}
	if (err->code != SP_EXISTS)
		return -1;
	request->code = EC2_DEPENDENCY_VIOLATION;
	return sp_wrap(err, "resource %s has a dependent object", group->id);
}

static int delete_asked(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct security_group group = { 0 };
	int result = security_group_asked(request, db, true, &group, err);
	if (result == 0)
		result = delete_group(request, db, &group, err);
	security_group_finish(&group);
	return result;
}

void ec2_delete_security_group(struct api_call *call)
{
	ec2_write(call, delete_asked, NULL);
}
