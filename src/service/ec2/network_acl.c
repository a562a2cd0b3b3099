/** Every VPC has one network ACL, the default one, which lets everything pass in and out of all its subnets. */

#include "base/scope.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "store/networks.h"

enum { RULE_ALLOW_ALL = 100, RULE_LAST = 32767 /* shown as "*": what no other rule let pass */ };

static json_t *show_entry(bool egress, int number, const char *action)
{
	return json_pack("{s:i, s:s, s:s, s:b, s:s}", "ruleNumber", number, "protocol", "-1",
			 "ruleAction", action, "egress", (int)egress, "cidrBlock", "0.0.0.0/0");
}

static json_t *show_entries(void)
{
	json_t *entries = json_array();
	for (int egress = 1; egress >= 0; egress--) {
		json_array_append_new(entries, show_entry(egress != 0, RULE_ALLOW_ALL, "allow"));
		json_array_append_new(entries, show_entry(egress != 0, RULE_LAST, "deny"));
	}
	return entries;
}

static int show_associations(struct db *db, const struct vpc *vpc, json_t **out,
			     struct sp_error *err)
{
	SP_AUTO_FREE struct subnet *subnets = NULL;
	size_t count;
	if (subnets_list(db, vpc->id, &subnets, &count, err) != 0)
		return -1;
	*out = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(*out,
				      json_pack("{s:s, s:s, s:s}", "networkAclAssociationId",
						subnets[i].acl_association_id, "networkAclId",
						vpc->network_acl_id, "subnetId", subnets[i].id));
	return 0;
}

static int show_acl(const struct service_context *context, struct db *db, const struct vpc *vpc,
		    json_t **out, struct sp_error *err)
{
	json_t *associations;
	if (show_associations(db, vpc, &associations, err) != 0)
		return -1;
	*out = json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "networkAclId", vpc->network_acl_id,
			 "vpcId", vpc->id, "ownerId", context->account, "default", 1, "entrySet",
			 show_entries(), "associationSet", associations);
	return 0;
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE struct vpc *vpcs = NULL;
	size_t count;
	if (vpcs_list(db, &vpcs, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *id = vpcs[i].network_acl_id;
		json_t *item;
		if (ec2_view_wants(view, id) &&
		    (show_acl(view->request->context, db, &vpcs[i], &item, err) != 0 ||
		     ec2_view_add(view, db, id, item, err) != 0))
			return -1;
	}
	return 0;
}

/* clang-format off */
static const struct ec2_filter filters[] = {
	{ "association.association-id", "associationSet.networkAclAssociationId" },
	{ "association.network-acl-id", "associationSet.networkAclId" },
	{ "association.subnet-id", "associationSet.subnetId" },
	{ "default", "default" },
	{ "entry.cidr", "entrySet.cidrBlock" },
	{ "entry.egress", "entrySet.egress" },
	{ "entry.icmp.code", NULL },
	{ "entry.icmp.type", NULL },
	{ "entry.ipv6-cidr", NULL },
	{ "entry.port-range.from", NULL },
	{ "entry.port-range.to", NULL },
	{ "entry.protocol", "entrySet.protocol" },
	{ "entry.rule-action", "entrySet.ruleAction" },
	{ "entry.rule-number", "entrySet.ruleNumber" },
	{ "network-acl-id", "networkAclId" },
	{ "owner-id", "ownerId" },
	{ "vpc-id", "vpcId" },
	EC2_TAG_FILTERS,
	{ 0 },
};
/* clang-format on */

const struct ec2_kind ec2_network_acl = {
	.type = "network-acl",
	.id_prefix = "acl-",
	.malformed = "InvalidNetworkAclId.Malformed",
	.selectors = { { "NetworkAclId", "networkAclId", "InvalidNetworkAclID.NotFound",
			 "networkAcl ID" } },
	.set = "networkAclSet",
	.page_min = 5,
	.page_max = 1000,
	.filters = filters,
	.list = list,
};

void ec2_describe_network_acls(struct api_call *call)
{
	ec2_describe(call, &ec2_network_acl);
}
