/** Network interfaces of the user's own: an appliance's, that routes lead through. */

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "network/cidr.h"
#include "service/ec2/client_token.h"
#include "service/ec2/network_interface.h"
#include "service/ec2/operations.h"
#include "service/ec2/private_address.h"
#include "service/ec2/tags.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/routing.h"
#include "store/security_groups.h"

/* ---- what a request says -------------------------------------------------------------------------------------------- */

/* What Amazon's interfaces may have besides one address of each family. */
static const char *const absent[] = {
	"ConnectionTrackingSpecification",
	"Ipv4Prefix",
	"Ipv6Prefix",
	"Operator",
};
static const char *const absent_counts[] = {
	"Ipv4PrefixCount",
	"Ipv6PrefixCount",
	"SecondaryPrivateIpAddressCount",
};

static int refuse_absent(struct ec2_request *request, const char *name, struct sp_error *err)
{
	return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
			  "The parameter %s is not supported: a network interface has one private "
			  "IPv4 address, and may have one of IPv6",
			  name);
}

static int refuse_what_is_not_here(struct ec2_request *request, struct sp_error *err)
{
	const char *type = ec2_text(request, "InterfaceType");
	for (size_t i = 0; i < SP_COUNT_OF(absent); i++)
		if (json_object_get(request->input, absent[i]) != NULL)
			return refuse_absent(request, absent[i], err);
	for (size_t i = 0; i < SP_COUNT_OF(absent_counts); i++)
		if (sp_json_integer(request->input, absent_counts[i], 0) != 0)
			return refuse_absent(request, absent_counts[i], err);
	if (ec2_flag(request, "EnablePrimaryIpv6"))
		return refuse_absent(request, "EnablePrimaryIpv6", err);
	if (type == NULL || strcmp(type, "interface") == 0)
		return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.64s) for parameter interfaceType is invalid: it is always "
			  "interface",
			  type);
}

/* The address asked for: by either of the two parameters that EC2 has for it. NULL: any will do. */
static int read_address(struct ec2_request *request, const char **out, struct sp_error *err)
{
	const json_t *list = json_object_get(request->input, "PrivateIpAddresses");
	*out = ec2_text(request, "PrivateIpAddress");
	if (json_array_size(list) == 0)
		return 0;
	if (*out != NULL)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "The parameter PrivateIpAddresses cannot be used with the "
				  "parameter PrivateIpAddress");
	if (json_array_size(list) > 1)
		return refuse_absent(request, "PrivateIpAddresses.2", err);
	*out = sp_json_string(json_array_get(list, 0), "PrivateIpAddress");
	return *out != NULL
		       ? 0
		       : ec2_refuse_missing(request, err, "PrivateIpAddresses.1.PrivateIpAddress");
}

int ec2_interface_read_description(struct ec2_request *request, const char *text,
				   struct network_interface *interface, struct sp_error *err)
{
	if (text == NULL)
		return 0;
	if (strlen(text) >= sizeof(interface->description))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "The description of a network interface may have %zu bytes, not "
				  "%zu",
				  sizeof(interface->description) - 1, strlen(text));
	strcpy(interface->description, text);
	return 0;
}

static int check_group(struct ec2_request *request, struct db *db,
		       const struct network_interface *interface, const char *id,
		       struct sp_error *err)
{
	struct security_group group = { 0 };
	if (ec2_id_check(request, &ec2_security_group, id, err) != 0)
		return -1;
	if (security_groups_find(db, id, &group, err) != 0)
		return ec2_not_found(request, &ec2_security_group, id, err);
	int result = 0;
	if (strcmp(group.vpc_id, interface->vpc_id) != 0)
		result = ec2_refuse(request, err, "InvalidParameter",
				    "Security group %s and subnet %s belong to different networks.",
				    id, interface->subnet_id);
	security_group_finish(&group);
	return result;
}

int ec2_interface_read_groups(struct ec2_request *request, struct db *db,
			      struct network_interface *interface, struct sp_error *err)
{
	const json_t *ids = json_object_get(request->input, "SecurityGroupId");
	size_t count = json_array_size(ids);
	if (count == 0)
		return 0;
	if (count > GATEWAY_GROUPS_MAX)
		return ec2_refuse(request, err, "SecurityGroupsPerInterfaceLimitExceeded",
				  "A network interface may have %d security groups, not %zu",
				  GATEWAY_GROUPS_MAX, count);
	for (size_t i = 0; i < count; i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		if (check_group(request, db, interface, id, err) != 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			if (strcmp(interface->group_ids[j], id) == 0)
				return ec2_refuse(request, err, EC2_INVALID_VALUE,
						  "The security group '%s' is given twice", id);
		snprintf(interface->group_ids[i], NETWORK_ID_SIZE, "%s", id);
	}
	interface->group_count = count;
	return 0;
}

/* ---- making --------------------------------------------------------------------------------------------------------- */

static int read_request(struct ec2_request *request, struct db *db,
			struct network_interface *interface, struct subnet *subnet,
			struct sp_error *err)
{
	struct vpc vpc;
	if (refuse_what_is_not_here(request, err) != 0 ||
	    ec2_find_subnet(request, db, "SubnetId", subnet, err) != 0 ||
	    vpcs_find(db, subnet->vpc_id, &vpc, err) != 0)
		return -1;
	if (vpc.provider == PROVIDER_HOST)
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "The subnet %s cannot have another network interface: network %s "
				  "is made of this host's own interfaces",
				  subnet->id, vpc.id);
	memcpy(interface->vpc_id, vpc.id, sizeof(interface->vpc_id));
	memcpy(interface->subnet_id, subnet->id, sizeof(interface->subnet_id));
	memcpy(interface->group_ids[0], vpc.default_group_id, NETWORK_ID_SIZE);
	interface->group_count = 1;
	if (ec2_interface_read_groups(request, db, interface, err) != 0)
		return -1;
	return ec2_interface_read_description(request, ec2_text(request, "Description"), interface,
					      err);
}

/* One that is named, or as many as are wanted: one, also where the subnet gives it to all. */
static int choose_address6(struct ec2_request *request, struct db *db, const struct subnet *subnet,
			   struct network_interface *interface, struct sp_error *err)
{
	const json_t *list = json_object_get(request->input, "Ipv6Addresses");
	json_int_t count = sp_json_integer(request->input, "Ipv6AddressCount", -1);
	if (json_array_size(list) > 0 && count != -1)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "The parameter Ipv6Addresses cannot be used with the parameter "
				  "Ipv6AddressCount");
	if (json_array_size(list) > 1)
		return refuse_absent(request, "Ipv6Addresses.2", err);
	if (count > 1)
		return refuse_absent(request, "Ipv6AddressCount of more than 1", err);
	const char *asked = sp_json_string(json_array_get(list, 0), "Ipv6Address");
	if (json_array_size(list) == 1 && asked == NULL)
		return ec2_refuse_missing(request, err, "Ipv6Addresses.1.Ipv6Address");
	if (asked == NULL && (count == 0 || (count == -1 && !subnet->assign_ipv6)))
		return 0;
	return ec2_private_address_choose(request, db, subnet, true, asked, interface->address6,
					  err);
}

static int choose_address(struct ec2_request *request, struct db *db, const struct subnet *subnet,
			  struct network_interface *interface, struct sp_error *err)
{
	const char *asked;
	if (read_address(request, &asked, err) != 0)
		return -1;
	if (ec2_private_address_choose(request, db, subnet, false, asked, interface->address,
				       err) == 0)
		return choose_address6(request, db, subnet, interface, err);
	if (err->code == SP_LIMIT)
		request->code = "InsufficientFreeAddressesInSubnet";
	return -1;
}

static int make(struct ec2_request *request, struct db *db, char out_id[NETWORK_ID_SIZE],
		struct sp_error *err)
{
	struct network_interface interface = { .kind = INTERFACE_OF_USER,
					       .checks_addresses = true,
					       .created_ms = sp_now_ms() };
	struct subnet subnet;
	if (read_request(request, db, &interface, &subnet, err) != 0 ||
	    choose_address(request, db, &subnet, &interface, err) != 0)
		return -1;
	ec2_id_draw(ec2_network_interface.id_prefix, interface.id);
	memcpy(interface.owner_id, interface.id, sizeof(interface.owner_id));
	memcpy(out_id, interface.id, sizeof(interface.id));
	mac_draw(interface.mac);
	if (interfaces_insert(db, &interface, err) == 0)
		return ec2_tags_create(request, db, &ec2_network_interface, interface.id, err);
	if (err->code == SP_LIMIT)
		request->code = "NetworkInterfaceLimitExceeded";
	return -1;
}

static int create(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return ec2_create_once(request, db, "CreateNetworkInterface", make, &ec2_network_interface,
			       "networkInterface", err);
}

void ec2_create_network_interface(struct api_call *call)
{
	ec2_write(call, create, NULL);
}

/* ---- deleting ------------------------------------------------------------------------------------------------------- */

/* As EC2 does: its Elastic IP address stays allocated, for another to have. */
static int let_go_of_address(struct db *db, const char *id, struct sp_error *err)
{
	struct elastic_address address;
	if (elastic_addresses_find_of(db, id, &address, err) == 0) {
		address.association_id[0] = address.interface_id[0] = '\0';
		return elastic_addresses_update(db, &address, err);
	}
	if (err->code != SP_NOT_FOUND)
		return -1;
	*err = (struct sp_error){ 0 };
	return 0;
}

/* Routes to it stay, and become blackholes. */
static int delete_interface(struct ec2_request *request, struct db *db, void *ctx,
			    struct sp_error *err)
{
	struct network_interface interface;
	(void)ctx;
	if (ec2_find_own_interface(request, db, "deleted", &interface, err) != 0)
		return -1;
	if (let_go_of_address(db, interface.id, err) != 0 ||
	    interfaces_delete(db, interface.id, err) != 0)
		return -1;
	return ec2_tags_delete(request->context, db, &ec2_network_interface, interface.id, err);
}

void ec2_delete_network_interface(struct api_call *call)
{
	ec2_write(call, delete_interface, NULL);
}
