#include "service/lattice/placement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/scope.h"
#include "egress/host_addresses.h"
#include "network/cidr.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/security_groups.h"

enum { ENI_DIGITS = 17, FIELD_SIZE = 40 };

/* No quota stands behind it: EC2's own word for it says more than a made-up number. */
#define QUOTA_SERVICE_SUBNET "ec2"
#define QUOTA_CODE_SUBNET    "InsufficientFreeAddressesInSubnet"

void lattice_placement_finish(struct lattice_placement *placement)
{
	for (size_t i = 0; i < GATEWAY_SUBNETS_MAX; i++)
		free(placement->candidates[i]);
	*placement = (struct lattice_placement){ 0 };
}

/* The ids of a list in the request, none twice. @field: its name there. */
static int read_ids(struct lattice_request *request, const char *field,
		    enum lattice_resource resource, char (*out)[NETWORK_ID_SIZE], size_t *out_count,
		    struct sp_error *err)
{
	const json_t *list = json_object_get(request->input, field);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id = json_string_value(json_array_get(list, i));
		char name[FIELD_SIZE];
		snprintf(name, sizeof(name), "%s[%zu]", field, i);
		for (size_t j = 0; j < i; j++)
			if (strcmp(out[j], id) == 0)
				return lattice_refuse_field(request, err, name,
							    "\"%s\" is given twice", id);
		/* Longer than any id is, so there is none. */
		if (strlen(id) >= NETWORK_ID_SIZE)
			return lattice_refuse_missing(request, resource, id, err);
		snprintf(out[i], NETWORK_ID_SIZE, "%s", id);
	}
	*out_count = json_array_size(list);
	return 0;
}

int lattice_read_places(struct lattice_request *request, struct resource_gateway *gateway,
			struct sp_error *err)
{
	const char *vpc = sp_json_string(request->input, "vpcIdentifier");
	if (vpc == NULL)
		return lattice_refuse_field(request, err, "vpcIdentifier", "is required");
	if (strlen(vpc) >= sizeof(gateway->vpc_id))
		return lattice_refuse_missing(request, LATTICE_VPC, vpc, err);
	strcpy(gateway->vpc_id, vpc);
	if (read_ids(request, "subnetIds", LATTICE_SUBNET, gateway->subnet_ids,
		     &gateway->subnet_count, err) != 0)
		return -1;
	if (gateway->subnet_count == 0)
		return lattice_refuse_field(request, err, "subnetIds",
					    "at least one subnet of the VPC is required");
	return 0;
}

/* Turns SP_NOT_FOUND of a find into the exception. */
static int found(struct lattice_request *request, int result, enum lattice_resource resource,
		 const char *id, struct sp_error *err)
{
	if (result != 0 && err->code == SP_NOT_FOUND)
		return lattice_refuse_missing(request, resource, id, err);
	return result;
}

static int check_vpc(struct lattice_request *request, enum lattice_resource resource,
		     const char *field, size_t index, const char *id, const char *vpc_id,
		     const struct vpc *vpc, struct sp_error *err)
{
	char name[FIELD_SIZE];
	if (strcmp(vpc_id, vpc->id) == 0)
		return 0;
	snprintf(name, sizeof(name), "%s[%zu]", field, index);
	return lattice_refuse_field(request, err, name,
				    "the %s \"%s\" is in the VPC \"%s\", not in \"%s\"",
				    lattice_noun(resource), id, vpc_id, vpc->id);
}

/* Sallyport has no subnets without IPv4, which Amazon wants for IPV6: it takes those with both. */
static int check_family(struct lattice_request *request, const struct resource_gateway *gateway,
			const struct subnet *subnet, size_t index, struct sp_error *err)
{
	char name[FIELD_SIZE];
	if (!address_type_has_v6(gateway->address_type) || subnet->cidr6[0] != '\0')
		return 0;
	snprintf(name, sizeof(name), "subnetIds[%zu]", index);
	return lattice_refuse_field(
		request, err, name,
		"the IP address type %s is supported only if all selected subnets "
		"have IPv6 address ranges, and \"%s\" has none",
		address_type_name(gateway->address_type), subnet->id);
}

int lattice_check_places(struct lattice_request *request, struct db *db,
			 const struct resource_gateway *gateway, struct lattice_placement *out,
			 struct sp_error *err)
{
	if (found(request, vpcs_find(db, gateway->vpc_id, &out->vpc, err), LATTICE_VPC,
		  gateway->vpc_id, err) != 0)
		return -1;
	for (size_t i = 0; i < gateway->subnet_count; i++) {
		const char *id = gateway->subnet_ids[i];
		struct subnet *subnet = &out->subnets[i];
		if (found(request, subnets_find(db, id, subnet, err), LATTICE_SUBNET, id, err) !=
			    0 ||
		    check_vpc(request, LATTICE_SUBNET, "subnetIds", i, id, subnet->vpc_id,
			      &out->vpc, err) != 0 ||
		    check_family(request, gateway, subnet, i, err) != 0)
			return -1;
	}
	return 0;
}

static int check_group(struct lattice_request *request, struct db *db, const struct vpc *vpc,
		       const char *id, size_t index, struct sp_error *err)
{
	struct security_group group = { 0 };
	if (found(request, security_groups_find(db, id, &group, err), LATTICE_GROUP, id, err) != 0)
		return -1;
	int result = check_vpc(request, LATTICE_GROUP, "securityGroupIds", index, id, group.vpc_id,
			       vpc, err);
	security_group_finish(&group);
	return result;
}

int lattice_read_groups(struct lattice_request *request, struct db *db, const struct vpc *vpc,
			struct resource_gateway *gateway, struct sp_error *err)
{
	if (read_ids(request, "securityGroupIds", LATTICE_GROUP, gateway->group_ids,
		     &gateway->group_count, err) != 0)
		return -1;
	for (size_t i = 0; i < gateway->group_count; i++)
		if (check_group(request, db, vpc, gateway->group_ids[i], i, err) != 0)
			return -1;
	if (gateway->group_count > 0)
		return 0;
	snprintf(gateway->group_ids[0], NETWORK_ID_SIZE, "%s", vpc->default_group_id);
	gateway->group_count = 1;
	return 0;
}

static int parse_block(const struct subnet *subnet, const char *cidr, struct cidr *out,
		       struct sp_error *err)
{
	if (cidr_parse(cidr, out, NULL))
		return 0;
	return sp_fail(err, SP_INTERNAL, "cannot use \"%s\", the addresses of the subnet \"%s\"",
		       cidr, subnet->id);
}

int lattice_find_candidates(struct lattice_placement *placement,
			    const struct resource_gateway *gateway, struct sp_error *err)
{
	if (placement->vpc.provider != PROVIDER_HOST)
		return 0;
	for (size_t i = 0; i < gateway->subnet_count; i++) {
		struct cidr block;
		if (parse_block(&placement->subnets[i], placement->subnets[i].cidr, &block, err) !=
			    0 ||
		    host_addresses_in(&block, &placement->candidates[i],
				      &placement->candidate_counts[i], err) != 0)
			return -1;
	}
	return 0;
}

/* What ENIs have in the subnet, of one family, owned by the caller. */
static int list_taken(struct db *db, const struct subnet *subnet, bool is_v6,
		      struct ip_address **out, size_t *out_count, struct sp_error *err)
{
	SP_AUTO_FREE struct network_interface *interfaces = NULL;
	size_t count = 0;
	if (interfaces_list(db, subnet->id, NULL, &interfaces, &count, err) != 0)
		return -1;
	*out = sp_alloc((count + 1) * sizeof(**out));
	*out_count = 0;
	for (size_t i = 0; i < count; i++) {
		const char *text = is_v6 ? interfaces[i].address6 : interfaces[i].address;
		if (ip_parse(text, &(*out)[*out_count]))
			*out_count += 1;
		else if (!is_v6 || text[0] != '\0')
			return sp_fail(err, SP_INTERNAL, "cannot read the address \"%s\" of \"%s\"",
				       text, interfaces[i].id);
	}
	return 0;
}

static int draw(struct db *db, const struct lattice_placement *placement, size_t index, bool is_v6,
		char out[ADDRESS_TEXT_SIZE], struct sp_error *err)
{
	const struct subnet *subnet = &placement->subnets[index];
	SP_AUTO_FREE struct ip_address *taken = NULL;
	struct ip_address address;
	size_t count = 0;
	struct cidr block;
	if (parse_block(subnet, is_v6 ? subnet->cidr6 : subnet->cidr, &block, err) != 0 ||
	    list_taken(db, subnet, is_v6, &taken, &count, err) != 0)
		return -1;
	int result = placement->vpc.provider != PROVIDER_HOST
			     ? address_draw(&block, taken, count, &address, err)
			     : address_draw_among(&block, placement->candidates[index],
						  placement->candidate_counts[index], taken, count,
						  &address, err);
	if (result == 0)
		ip_text(address, out);
	return result;
}

int lattice_make_interfaces(struct lattice_request *request, struct db *db,
			    const struct lattice_placement *placement,
			    const struct resource_gateway *gateway, struct sp_error *err)
{
	for (size_t i = 0; i < gateway->subnet_count; i++) {
		struct network_interface interface = { .checks_addresses = true,
						       .created_ms = gateway->created_ms };
		char digits[ENI_DIGITS + 1];
		if (draw(db, placement, i, false, interface.address, err) != 0 ||
		    (address_type_has_v6(gateway->address_type) &&
		     draw(db, placement, i, true, interface.address6, err) != 0)) {
			if (err->code != SP_LIMIT)
				return -1;
			sp_wrap(err, "there are no free IPs in the gateway subnets: \"%s\"",
				gateway->subnet_ids[i]);
			return lattice_refuse_quota(request, LATTICE_SUBNET, gateway->subnet_ids[i],
						    QUOTA_SERVICE_SUBNET, QUOTA_CODE_SUBNET);
		}
		sp_random_hex(digits, ENI_DIGITS);
		snprintf(interface.id, sizeof(interface.id), "eni-%s", digits);
		snprintf(interface.vpc_id, sizeof(interface.vpc_id), "%s", gateway->vpc_id);
		snprintf(interface.subnet_id, sizeof(interface.subnet_id), "%s",
			 gateway->subnet_ids[i]);
		snprintf(interface.owner_id, sizeof(interface.owner_id), "%s", gateway->id);
		mac_draw(interface.mac);
		if (interfaces_insert(db, &interface, err) != 0)
			return -1;
	}
	return 0;
}
