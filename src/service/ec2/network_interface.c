#include "service/ec2/network_interface.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "service/ec2/describe.h"
#include "service/ec2/network_tags.h"
#include "service/ec2/operations.h"
#include "service/ec2/zone.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/routing.h"
#include "store/security_groups.h"

#define INSTANCE_OWNER "amazon-aws"

/* How EC2 shows interfaces of each kind. Those with a requester are not the user's to attach, change or delete. */
static const struct look {
	const char *requester;   /* NULL: the user */
	const char *description; /* in front of the owner's id; NULL: the interface's own */
	const char *type;
	const char *noun; /* of the owner, in sentences */
} looks[] = {
	[INTERFACE_OF_GATEWAY] = { "amazon-vpc-lattice", "VPC Lattice resource gateway ",
				   "interface", "resource gateway" },
	[INTERFACE_OF_NAT] = { "amazon-vpc", "Interface for NAT Gateway ", "natGateway",
			       "NAT gateway" },
	[INTERFACE_OF_USER] = { NULL, NULL, "interface", NULL },
};

/* ---- describing ----------------------------------------------------------------------------------------------------- */

static int show_groups(struct db *db, const char (*ids)[NETWORK_ID_SIZE], size_t count,
		       json_t **out, struct sp_error *err)
{
	SP_AUTO_JSON json_t *groups = json_array();
	for (size_t i = 0; i < count; i++) {
		struct security_group group = { 0 };
		if (security_groups_find(db, ids[i], &group, err) != 0)
			return -1;
		json_array_append_new(groups, json_pack("{s:s, s:s}", "groupId", group.id,
							"groupName", group.name));
		security_group_finish(&group);
	}
	*out = sp_take_pointer(&groups);
	return 0;
}

int ec2_interface_show_groups(struct db *db, const struct network_interface *interface,
			      json_t **out, struct sp_error *err)
{
	struct resource_gateway gateway = { 0 };
	if (interface->kind != INTERFACE_OF_GATEWAY)
		return show_groups(db, interface->group_ids, interface->group_count, out, err);
	if (gateways_find(db, interface->owner_id, &gateway, err) != 0)
		return -1;
	int result = show_groups(db, gateway.group_ids, gateway.group_count, out, err);
	resource_gateway_finish(&gateway);
	return result;
}

/* Nobody can detach it, so its id is the interface's own digits. */
json_t *ec2_interface_show_attachment(const struct network_interface *interface)
{
	char id[NETWORK_ID_SIZE + 16], time[SP_ISO_TIME_SIZE];
	if (looks[interface->kind].requester == NULL)
		return NULL;
	snprintf(id, sizeof(id), "eni-attach-%s", interface->id + strlen("eni-"));
	sp_time_to_iso(interface->created_ms, time);
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:b}", "attachmentId", id, "instanceOwnerId",
			 INSTANCE_OWNER, "deviceIndex", 1, "status", "attached", "attachTime", time,
			 "deleteOnTermination", false);
}

/* The Elastic IP address that it shows to the internet, owned by the caller; NULL: none. */
static int show_association(const struct service_context *context, struct db *db,
			    const struct network_interface *interface, json_t **out,
			    struct sp_error *err)
{
	struct elastic_address address;
	*out = NULL;
	if (elastic_addresses_find_of(db, interface->id, &address, err) != 0) {
		if (err->code != SP_NOT_FOUND)
			return -1;
		*err = (struct sp_error){ 0 };
		return 0;
	}
	*out = json_pack("{s:s, s:s, s:s, s:s, s:s}", "allocationId", address.id, "associationId",
			 address.association_id, "ipOwnerId", context->account, "publicDnsName", "",
			 "publicIp", address.address);
	return 0;
}

void ec2_interface_describe(const struct network_interface *interface, struct sp_buffer *out)
{
	const char *beginning = looks[interface->kind].description;
	if (beginning != NULL)
		sp_buffer_format(out, "%s%s", beginning, interface->owner_id);
	else
		sp_buffer_add_text(out, interface->description);
}

static json_t *show_alone(const struct service_context *context,
			  const struct network_interface *interface, const struct subnet *subnet)
{
	const struct look *look = &looks[interface->kind];
	SP_AUTO_BUFFER description = { 0 };
	char zone_id[ZONE_SIZE];
	ec2_zone_id(context->region, subnet->zone, zone_id);
	ec2_interface_describe(interface, &description);
	json_t *shown =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b}",
			  "networkInterfaceId", interface->id, "subnetId", interface->subnet_id,
			  "vpcId", interface->vpc_id, "availabilityZone", subnet->zone,
			  "description", sp_buffer_text(&description), "ownerId", context->account,
			  "status", look->requester != NULL ? "in-use" : "available",
			  "interfaceType", look->type, "requesterManaged", look->requester != NULL,
			  "sourceDestCheck", interface->checks_addresses);
	sp_json_set_text(shown, "requesterId", look->requester);
	sp_json_set_text(shown, "availabilityZoneId", zone_id);
	sp_json_set_text(shown, "macAddress", interface->mac);
	sp_json_set_text(shown, "privateIpAddress", interface->address);
	json_object_set_new(shown, "ipv6AddressesSet",
			    interface->address6[0] == '\0'
				    ? json_array()
				    : json_pack("[{s:s, s:b}]", "ipv6Address", interface->address6,
						"isPrimaryIpv6", false));
	json_object_set_new(shown, "operator", json_pack("{s:b}", "managed", false));
	return shown;
}

static int add(struct ec2_view *view, struct db *db, const struct network_interface *interface,
	       struct sp_error *err)
{
	const struct service_context *context = view->request->context;
	SP_AUTO_JSON json_t *groups = NULL, *association = NULL;
	struct subnet subnet;
	if (subnets_find(db, interface->subnet_id, &subnet, err) != 0 ||
	    ec2_interface_show_groups(db, interface, &groups, err) != 0 ||
	    show_association(context, db, interface, &association, err) != 0)
		return -1;
	json_t *shown = show_alone(context, interface, &subnet);
	json_t *address =
		json_pack("{s:s, s:b}", "privateIpAddress", interface->address, "primary", true);
	json_t *attachment = ec2_interface_show_attachment(interface);
	json_object_set(shown, "groupSet", groups);
	if (association != NULL) {
		json_object_set(shown, "association", association);
		json_object_set(address, "association", association);
	}
	if (attachment != NULL)
		json_object_set_new(shown, "attachment", attachment);
	json_object_set_new(shown, "privateIpAddressesSet", json_pack("[o]", address));
	return ec2_view_add(view, db, interface->id, shown, err);
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE struct network_interface *interfaces = NULL;
	size_t count;
	if (interfaces_list(db, NULL, NULL, &interfaces, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (ec2_view_wants(view, interfaces[i].id) &&
		    add(view, db, &interfaces[i], err) != 0)
			return -1;
	return 0;
}

/* clang-format off */
static const struct ec2_filter filters[] = {
	{ "addresses.association.allocation-id", "privateIpAddressesSet.association.allocationId" },
	{ "addresses.association.association-id", "privateIpAddressesSet.association.associationId" },
	{ "addresses.association.owner-id", "privateIpAddressesSet.association.ipOwnerId" },
	{ "addresses.association.public-ip", "privateIpAddressesSet.association.publicIp" },
	{ "addresses.primary", "privateIpAddressesSet.primary" },
	{ "addresses.private-ip-address", "privateIpAddressesSet.privateIpAddress" },
	{ "association.allocation-id", "association.allocationId" },
	{ "association.association-id", "association.associationId" },
	{ "association.ip-owner-id", "association.ipOwnerId" },
	{ "association.public-dns-name", "association.publicDnsName" },
	{ "association.public-ip", "association.publicIp" },
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
	{ "ipv6-addresses.ipv6-address", "ipv6AddressesSet.ipv6Address" },
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
/* clang-format on */

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
	.check_tag = ec2_interface_check_tag,
};

void ec2_describe_network_interfaces(struct api_call *call)
{
	ec2_describe(call, &ec2_network_interface);
}

/* ---- for requests that name one -------------------------------------------------------------------------------------- */

int ec2_find_interface(struct ec2_request *request, struct db *db, struct network_interface *out,
		       struct sp_error *err)
{
	const char *id = ec2_text(request, "NetworkInterfaceId");
	if (ec2_id_check(request, &ec2_network_interface, id, err) != 0)
		return -1;
	return interfaces_find(db, id, out, err) == 0
		       ? 0
		       : ec2_not_found(request, &ec2_network_interface, id, err);
}

int ec2_find_own_interface(struct ec2_request *request, struct db *db, const char *what,
			   struct network_interface *out, struct sp_error *err)
{
	if (ec2_find_interface(request, db, out, err) != 0)
		return -1;
	const struct look *look = &looks[out->kind];
	if (look->requester == NULL)
		return 0;
	return ec2_refuse(request, err, EC2_NOT_PERMITTED,
			  "The networkInterface '%s' cannot be %s: it is managed by the %s %s",
			  out->id, what, look->noun, out->owner_id);
}
