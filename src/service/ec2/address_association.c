/** Elastic IP addresses and the network interfaces that have them. NAT gateways take and leave theirs by themselves. */

#include <string.h>

#include "base/scope.h"
#include "service/ec2/internet_gateway.h"
#include "service/ec2/network_interface.h"
#include "service/ec2/operations.h"
#include "service/ec2/uplink.h"
#include "store/gateways.h"
#include "store/routing.h"

/* ---- associating ---------------------------------------------------------------------------------------------------- */

static int check_request(struct ec2_request *request, struct sp_error *err)
{
	if (ec2_text(request, "InstanceId") != NULL)
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "The parameter InstanceId is not supported: there are no "
				  "instances, addresses are associated with network interfaces");
	if (ec2_text(request, "NetworkInterfaceId") == NULL)
		return ec2_refuse_missing(request, err, "NetworkInterfaceId");
	return 0;
}

/* Where the address would be of use: EC2 has no more than one private address per interface to associate with. */
static int check_interface(struct ec2_request *request, struct db *db,
			   const struct network_interface *interface, struct sp_error *err)
{
	const char *address = ec2_text(request, "PrivateIpAddress");
	bool attached;
	if (address != NULL && strcmp(address, interface->address) != 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Invalid value '%.64s' for PrivateIpAddress: the address of %s "
				  "is %s",
				  address, interface->id, interface->address);
	if (ec2_uplink_check(request, db, interface->subnet_id,
			     "cannot have interfaces with Elastic IP addresses", err) != 0 ||
	    ec2_internet_is_attached(db, interface->vpc_id, &attached, err) != 0)
		return -1;
	return attached ? 0
			: ec2_refuse(request, err, "Gateway.NotAttached",
				     "Network %s is not attached to any internet gateway",
				     interface->vpc_id);
}

static int refuse_associated(struct ec2_request *request, const struct elastic_address *address,
			     const char *more, struct sp_error *err)
{
	return ec2_refuse(request, err, "Resource.AlreadyAssociated",
			  "resource %s is already associated with associate-id %s: %s has it%s",
			  address->id, address->association_id, address->interface_id, more);
}

/* Whether the address may leave whom it is associated with. */
static int check_leaves(struct ec2_request *request, struct db *db,
			const struct elastic_address *address, bool may_move, struct sp_error *err)
{
	struct network_interface interface;
	if (address->association_id[0] == '\0')
		return 0;
	if (interfaces_find(db, address->interface_id, &interface, err) != 0)
		return -1;
	if (interface.kind != INTERFACE_OF_USER)
		return refuse_associated(request, address, ", which a NAT gateway manages", err);
	return may_move ? 0
			: refuse_associated(request, address, ", and AllowReassociation is false",
					    err);
}

static int let_go(struct db *db, struct elastic_address *address, struct sp_error *err)
{
	address->association_id[0] = address->interface_id[0] = '\0';
	return elastic_addresses_update(db, address, err);
}

/* The one that the interface has until now goes back to the allocated ones. */
static int take_place(struct ec2_request *request, struct db *db, const char *interface_id,
		      bool may_move, struct sp_error *err)
{
	struct elastic_address before;
	if (elastic_addresses_find_of(db, interface_id, &before, err) == 0)
		return may_move ? let_go(db, &before, err)
				: refuse_associated(request, &before,
						    ", and AllowReassociation is false", err);
	if (err->code != SP_NOT_FOUND)
		return -1;
	*err = (struct sp_error){ 0 };
	return 0;
}

static int associate(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct elastic_address address;
	struct network_interface interface;
	bool may_move = !json_is_false(json_object_get(request->input, "AllowReassociation"));
	(void)ctx;
	if (check_request(request, err) != 0 ||
	    ec2_find_address_asked(request, db, &address, err) != 0 ||
	    ec2_find_own_interface(request, db, "given an address", &interface, err) != 0 ||
	    check_interface(request, db, &interface, err) != 0)
		return -1;
	/* Once more is as good as once. */
	if (strcmp(address.interface_id, interface.id) != 0) {
		if (check_leaves(request, db, &address, may_move, err) != 0 ||
		    take_place(request, db, interface.id, may_move, err) != 0)
			return -1;
		ec2_id_draw("eipassoc-", address.association_id);
		memcpy(address.interface_id, interface.id, sizeof(address.interface_id));
		if (elastic_addresses_update(db, &address, err) != 0)
			return -1;
	}
	json_object_set_new(request->output, "return", json_true());
	sp_json_set_text(request->output, "associationId", address.association_id);
	return 0;
}

void ec2_associate_address(struct api_call *call)
{
	ec2_write(call, associate, NULL);
}

/* ---- disassociating ------------------------------------------------------------------------------------------------- */

static int find_association(struct ec2_request *request, struct db *db, const char *id,
			    struct elastic_address *out, struct sp_error *err)
{
	SP_AUTO_FREE struct elastic_address *addresses = NULL;
	size_t count;
	if (elastic_addresses_list(db, &addresses, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count && id[0] != '\0'; i++) {
		if (strcmp(addresses[i].association_id, id) != 0)
			continue;
		*out = addresses[i];
		return 0;
	}
	return ec2_refuse(request, err, "InvalidAssociationID.NotFound",
			  "The association ID '%.200s' does not exist", id);
}

static int find(struct ec2_request *request, struct db *db, struct elastic_address *out,
		struct sp_error *err)
{
	const char *id = ec2_text(request, "AssociationId");
	const char *text = ec2_text(request, "PublicIp");
	if (id == NULL && text == NULL)
		return ec2_refuse_missing(request, err, "AssociationId");
	if (id != NULL && text != NULL)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "You may specify public IP or association id, but not both in "
				  "the same call");
	return id != NULL ? find_association(request, db, id, out, err)
			  : ec2_find_address_asked(request, db, out, err);
}

static int disassociate(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct elastic_address address;
	struct network_interface interface;
	(void)ctx;
	if (find(request, db, &address, err) != 0)
		return -1;
	if (address.association_id[0] == '\0')
		return 0; /* by its PublicIp, once more */
	if (interfaces_find(db, address.interface_id, &interface, err) != 0)
		return -1;
	if (interface.kind != INTERFACE_OF_USER)
		return ec2_refuse(request, err, EC2_NOT_PERMITTED,
				  "The address %s cannot be disassociated: it is managed by the "
				  "NAT gateway %s, and is free when that is deleted",
				  address.address, interface.owner_id);
	return let_go(db, &address, err);
}

void ec2_disassociate_address(struct api_call *call)
{
	ec2_write(call, disassociate, NULL);
}
