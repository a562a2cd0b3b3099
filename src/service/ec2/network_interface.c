#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "service/ec2/zone.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/security_groups.h"

/* Who asked for the interfaces of resource gateways: they are not the user's own to attach or delete. */
#define REQUESTER      "amazon-vpc-lattice"
#define INSTANCE_OWNER "amazon-aws"

/* ---- Describing: every interface is a resource gateway's ----------------------------------------------------------- */

static int show_groups(struct db *db, const struct resource_gateway *gateway, json_t **out,
		       struct sp_error *err)
{
	SP_AUTO_JSON json_t *groups = json_array();
	for (size_t i = 0; i < gateway->group_count; i++) {
		struct security_group group = { 0 };
		if (security_groups_find(db, gateway->group_ids[i], &group, err) != 0)
			return -1;
		json_array_append_new(groups, json_pack("{s:s, s:s}", "groupId", group.id,
							"groupName", group.name));
		security_group_finish(&group);
	}
	*out = sp_take_pointer(&groups);
	return 0;
}

/* Nobody can detach it, so its id is the interface's own digits. */
static json_t *show_attachment(const struct network_interface *interface)
{
	char id[NETWORK_ID_SIZE + 16], time[SP_ISO_TIME_SIZE];
	snprintf(id, sizeof(id), "eni-attach-%s", interface->id + strlen("eni-"));
	sp_time_to_iso(interface->created_ms, time);
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:b}", "attachmentId", id, "instanceOwnerId",
			 INSTANCE_OWNER, "deviceIndex", 1, "status", "attached", "attachTime", time,
			 "deleteOnTermination", false);
}

static json_t *show(const struct service_context *context,
		    const struct network_interface *interface, const struct subnet *subnet,
		    json_t *groups)
{
	SP_AUTO_BUFFER description = { 0 };
	char zone_id[ZONE_SIZE];
	ec2_zone_id(context->region, subnet->zone, zone_id);
	sp_buffer_format(&description, "VPC Lattice resource gateway %s", interface->owner_id);
	json_t *shown = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "networkInterfaceId",
		interface->id, "subnetId", interface->subnet_id, "vpcId", interface->vpc_id,
		"availabilityZone", subnet->zone, "description", sp_buffer_text(&description),
		"ownerId", context->account, "requesterId", REQUESTER, "status", "in-use",
		"interfaceType", "interface", "requesterManaged", true, "sourceDestCheck", true);
	sp_json_set_text(shown, "availabilityZoneId", zone_id);
	sp_json_set_text(shown, "macAddress", interface->mac);
	sp_json_set_text(shown, "privateIpAddress", interface->address);
	json_object_set_new(shown, "groupSet", groups);
	json_object_set_new(shown, "attachment", show_attachment(interface));
	json_object_set_new(
		shown, "privateIpAddressesSet",
		json_pack("[{s:s, s:b}]", "privateIpAddress", interface->address, "primary", true));
	json_object_set_new(shown, "ipv6AddressesSet", json_array());
	json_object_set_new(shown, "operator", json_pack("{s:b}", "managed", false));
	return shown;
}

static int add(struct ec2_view *view, struct db *db, const struct network_interface *interface,
	       struct sp_error *err)
{
	struct subnet subnet;
	struct resource_gateway gateway = { 0 };
	if (subnets_find(db, interface->subnet_id, &subnet, err) != 0 ||
	    gateways_find(db, interface->owner_id, &gateway, err) != 0)
		return -1;
	json_t *groups = NULL;
	int result = show_groups(db, &gateway, &groups, err);
	resource_gateway_finish(&gateway);
	if (result != 0)
		return -1;
	return ec2_view_add(view, db, interface->id,
			    show(view->request->context, interface, &subnet, groups), err);
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	struct network_interface *interfaces;
	size_t count;
	if (interfaces_list(db, NULL, NULL, &interfaces, &count, err) != 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		if (ec2_view_wants(view, interfaces[i].id))
			result = add(view, db, &interfaces[i], err);
	free(interfaces);
	return result;
}

static const struct ec2_filter filters[] = {
	{ "addresses.association.owner-id", NULL }, /* no interface has a public address */
	{ "addresses.association.public-ip", NULL },
	{ "addresses.primary", "privateIpAddressesSet.primary" },
	{ "addresses.private-ip-address", "privateIpAddressesSet.privateIpAddress" },
	{ "association.allocation-id", NULL },
	{ "association.association-id", NULL },
	{ "association.ip-owner-id", NULL },
	{ "association.public-dns-name", NULL },
	{ "association.public-ip", NULL },
	{ "attachment.attach-time", "attachment.attachTime" },
	{ "attachment.attachment-id", "attachment.attachmentId" },
	{ "attachment.delete-on-termination", "attachment.deleteOnTermination" },
	{ "attachment.device-index", "attachment.deviceIndex" },
	{ "attachment.instance-id", NULL },
	{ "attachment.instance-owner-id", "attachment.instanceOwnerId" },
	{ "attachment.status", "attachment.status" },
	{ "availability-zone", "availabilityZone" },
	{ "availability-zone-id", "availabilityZoneId" },
	{ "description", "description" },
	{ "group-id", "groupSet.groupId" },
	{ "group-name", "groupSet.groupName" },
	{ "interface-type", "interfaceType" },
	{ "ipv6-addresses.ipv6-address", NULL },
	{ "mac-address", "macAddress" },
	{ "network-interface-id", "networkInterfaceId" },
	{ "operator.managed", "operator.managed" },
	{ "operator.principal", NULL },
	{ "owner-id", "ownerId" },
	{ "private-dns-name", NULL },
	{ "private-ip-address", "privateIpAddress" },
	{ "requester-id", "requesterId" },
	{ "requester-managed", "requesterManaged" },
	{ "source-dest-check", "sourceDestCheck" },
	{ "status", "status" },
	{ "subnet-id", "subnetId" },
	{ "vpc-id", "vpcId" },
	EC2_TAG_FILTERS,
	{ 0 },
};

const struct ec2_kind ec2_network_interface = {
	.type = "network-interface",
	.id_prefix = "eni-",
	.malformed = "InvalidNetworkInterfaceId.Malformed",
	.selectors = { { "NetworkInterfaceId", "networkInterfaceId",
			 "InvalidNetworkInterfaceID.NotFound", "networkInterface ID" } },
	.set = "networkInterfaceSet",
	.page_min = 5,
	.page_max = 1000,
	.filters = filters,
	.list = list,
};

void ec2_describe_network_interfaces(struct api_call *call)
{
	ec2_describe(call, &ec2_network_interface);
}
