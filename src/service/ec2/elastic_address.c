/** Elastic IP addresses, and the pools of the owner's addresses that they come from. */

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "network/address_pools.h"
#include "network/cidr.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "service/ec2/tags.h"
#include "store/gateways.h"
#include "store/routing.h"

/* ---- describing ----------------------------------------------------------------------------------------------------- */

/* What it is associated with: a network interface, of a NAT gateway or the user's own. */
static int show_association(struct db *db, const struct service_context *context,
			    const struct elastic_address *address, json_t *shown,
			    struct sp_error *err)
{
	struct network_interface interface;
	if (address->association_id[0] == '\0')
		return 0;
	if (interfaces_find(db, address->interface_id, &interface, err) != 0)
		return -1;
	sp_json_set_text(shown, "associationId", address->association_id);
	sp_json_set_text(shown, "networkInterfaceId", address->interface_id);
	sp_json_set_text(shown, "networkInterfaceOwnerId", context->account);
	sp_json_set_text(shown, "privateIpAddress", interface.address);
	return 0;
}

static int add(struct ec2_view *view, struct db *db, const struct elastic_address *address,
	       struct sp_error *err)
{
	const struct service_context *context = view->request->context;
	json_t *shown = json_pack("{s:s, s:s, s:s, s:s, s:s}", "allocationId", address->id,
				  "publicIp", address->address, "domain", "vpc", "publicIpv4Pool",
				  address->pool, "networkBorderGroup", context->region);
	if (show_association(db, context, address, shown, err) != 0) {
		json_decref(shown);
		return -1;
	}
	return ec2_view_add(view, db, address->id, shown, err);
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE struct elastic_address *addresses = NULL;
	size_t count;
	if (elastic_addresses_list(db, &addresses, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (ec2_view_wants(view, addresses[i].id) && add(view, db, &addresses[i], err) != 0)
			return -1;
	return 0;
}

static const struct ec2_filter filters[] = {
	{ "allocation-id", "allocationId" },
	{ "association-id", "associationId" },
	{ "domain", "domain" },
	{ "instance-id", NULL },
	{ "network-border-group", "networkBorderGroup" },
	{ "network-interface-id", "networkInterfaceId" },
	{ "network-interface-owner-id", "networkInterfaceOwnerId" },
	{ "private-ip-address", "privateIpAddress" },
	{ "public-ip", "publicIp" },
	EC2_TAG_FILTERS,
	{ 0 },
};

const struct ec2_kind ec2_elastic_address = {
	.type = "elastic-ip",
	.id_prefix = "eipalloc-",
	.malformed = "InvalidAllocationID.Malformed",
	.selectors = {
		{ "AllocationId", "allocationId", "InvalidAllocationID.NotFound", "allocation ID" },
		{ "PublicIp", "publicIp", "InvalidAddress.NotFound", "address" },
	},
	.set = "addressesSet",
	.filters = filters,
	.list = list,
};

void ec2_describe_addresses(struct api_call *call)
{
	ec2_describe(call, &ec2_elastic_address);
}

/* Reverse names, which nothing here has. Terraform asks for them. */
static int describe_attributes(struct ec2_request *request, struct db *db, void *ctx,
			       struct sp_error *err)
{
	const json_t *ids = json_object_get(request->input, "AllocationId");
	const char *attribute = ec2_text(request, "Attribute");
	struct elastic_address address;
	(void)ctx;
	if (attribute != NULL && strcmp(attribute, "domain-name") != 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Value (%.64s) for parameter attribute is invalid: it is "
				  "domain-name",
				  attribute);
	for (size_t i = 0; i < json_array_size(ids); i++)
		if (ec2_find_address(request, db, json_string_value(json_array_get(ids, i)),
				     &address, err) != 0)
			return -1;
	json_object_set_new(request->output, "addressSet", json_array());
	return 0;
}

void ec2_describe_addresses_attribute(struct api_call *call)
{
	ec2_read(call, describe_attributes, NULL);
}

/* ---- allocating ----------------------------------------------------------------------------------------------------- */

int ec2_addresses_taken(struct db *db, struct ip_address **out, size_t *out_count,
			struct sp_error *err)
{
	SP_AUTO_FREE struct elastic_address *addresses = NULL;
	if (elastic_addresses_list(db, &addresses, out_count, err) != 0)
		return -1;
	*out = sp_alloc((*out_count + 1) * sizeof(**out));
	for (size_t i = 0; i < *out_count; i++)
		ip_parse_v4(addresses[i].address, &(*out)[i]);
	return 0;
}

static int refuse_pool(struct ec2_request *request, const char *id, struct sp_error *err)
{
	SP_AUTO_BUFFER known = { 0 };
	const struct address_pools *pools = request->context->pools;
	for (size_t i = 0; i < pools->count; i++)
		sp_buffer_format(&known, "%s%s (%s)", i == 0 ? "" : ", ", pools->pools[i].id,
				 pools->pools[i].name);
	return ec2_refuse(request, err, "InvalidPublicIpv4PoolID.NotFound",
			  "The public IPv4 pool '%.200s' does not exist: there %s", id,
			  pools->count > 0
				  ? sp_buffer_text(&known)
				  : "are none, the setting egress.address_pools makes them");
}

/* One that the request names. */
static int choose_address(struct ec2_request *request, const struct address_pool *only,
			  const char *text, struct ip_address *out,
			  const struct address_pool **out_pool, struct sp_error *err)
{
	if (!ip_parse_v4(text, out))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Value (%.64s) for parameter address is invalid: an IPv4 address "
				  "is expected",
				  text);
	*out_pool = address_pools_owner(request->context->pools, *out);
	if (*out_pool != NULL && (only == NULL || only == *out_pool))
		return 0;
	return ec2_refuse(request, err, "InvalidAddress.NotFound",
			  "The address %s is in no pool of this installation%s%s: the setting "
			  "egress.address_pools has the pools",
			  text, only != NULL ? " called " : "", only != NULL ? only->name : "");
}

/* Any that is free. */
static int draw_address(struct ec2_request *request, struct db *db, const struct address_pool *only,
			struct ip_address *out, const struct address_pool **out_pool,
			struct sp_error *err)
{
	const struct address_pools *pools = request->context->pools;
	SP_AUTO_FREE struct ip_address *taken = NULL;
	size_t count;
	if (ec2_addresses_taken(db, &taken, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < pools->count; i++) {
		*out_pool = &pools->pools[i];
		if ((only == NULL || only == *out_pool) &&
		    address_pool_draw(*out_pool, taken, count, out))
			return 0;
	}
	if (pools->count == 0)
		return ec2_refuse(request, err, "InsufficientAddressCapacity",
				  "There are no public addresses: the setting egress.address_pools "
				  "names those that this installation may use");
	return ec2_refuse(request, err, "AddressLimitExceeded",
			  "All addresses of %s%s are allocated", only != NULL ? "the pool " : "",
			  only != NULL ? only->name : "the pools");
}

static int refuse_what_is_not_here(struct ec2_request *request, struct sp_error *err)
{
	static const char *const absent[] = { "CustomerOwnedIpv4Pool", "IpamPoolId" };
	const char *domain = ec2_text(request, "Domain");
	const char *group = ec2_text(request, "NetworkBorderGroup");
	for (size_t i = 0; i < SP_COUNT_OF(absent); i++)
		if (ec2_text(request, absent[i]) != NULL)
			return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
					  "The parameter %s is not supported: addresses come from "
					  "the pools of the setting egress.address_pools",
					  absent[i]);
	if (domain != NULL && strcmp(domain, "vpc") != 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Value (%.64s) for parameter domain is invalid: it is always vpc",
				  domain);
	if (group == NULL || strcmp(group, request->context->region) == 0)
		return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.64s) for parameter networkBorderGroup is invalid: it is always "
			  "%s",
			  group, request->context->region);
}

static int choose(struct ec2_request *request, struct db *db, struct elastic_address *address,
		  struct sp_error *err)
{
	const char *pool_id = ec2_text(request, "PublicIpv4Pool");
	const char *text = ec2_text(request, "Address");
	const struct address_pool *only = NULL, *pool = NULL;
	struct ip_address number = { 0 };
	if (pool_id != NULL && strcmp(pool_id, "amazon") != 0) {
		only = address_pools_find(request->context->pools, pool_id);
		if (only == NULL)
			return refuse_pool(request, pool_id, err);
	}
	if ((text != NULL ? choose_address(request, only, text, &number, &pool, err)
			  : draw_address(request, db, only, &number, &pool, err)) != 0)
		return -1;
	ip_text(number, address->address);
	snprintf(address->pool, sizeof(address->pool), "%s", pool->id);
	return 0;
}

static int allocate(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct elastic_address address = { .created_ms = sp_now_ms() };
	(void)ctx;
	ec2_id_draw(ec2_elastic_address.id_prefix, address.id);
	if (refuse_what_is_not_here(request, err) != 0 || choose(request, db, &address, err) != 0)
		return -1;
	if (elastic_addresses_insert(db, &address, err) != 0) {
		if (err->code == SP_EXISTS)
			request->code = "InvalidIPAddress.InUse";
		else if (err->code == SP_LIMIT)
			request->code = "AddressLimitExceeded";
		return -1;
	}
	json_object_update_new(request->output,
			       json_pack("{s:s, s:s, s:s, s:s, s:s}", "publicIp", address.address,
					 "allocationId", address.id, "publicIpv4Pool", address.pool,
					 "networkBorderGroup", request->context->region, "domain",
					 "vpc"));
	return ec2_tags_create(request, db, &ec2_elastic_address, address.id, err);
}

void ec2_allocate_address(struct api_call *call)
{
	ec2_write(call, allocate, NULL);
}

/* ---- releasing ------------------------------------------------------------------------------------------------------ */

static int find_by_address(struct ec2_request *request, struct db *db, const char *text,
			   struct elastic_address *out, struct sp_error *err)
{
	SP_AUTO_FREE struct elastic_address *addresses = NULL;
	size_t count;
	if (elastic_addresses_list(db, &addresses, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(addresses[i].address, text) != 0)
			continue;
		*out = addresses[i];
		return 0;
	}
	return ec2_refuse(request, err, "InvalidAddress.NotFound", "Address '%.64s' not found.",
			  text);
}

int ec2_find_address_asked(struct ec2_request *request, struct db *db, struct elastic_address *out,
			   struct sp_error *err)
{
	const char *id = ec2_text(request, "AllocationId");
	const char *text = ec2_text(request, "PublicIp");
	if (id == NULL && text == NULL)
		return ec2_refuse_missing(request, err, "AllocationId");
	if (id != NULL && text != NULL)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "You may specify public IP or allocation id, but not both in the "
				  "same call");
	return id != NULL ? ec2_find_address(request, db, id, out, err)
			  : find_by_address(request, db, text, out, err);
}

int ec2_find_address(struct ec2_request *request, struct db *db, const char *id,
		     struct elastic_address *out, struct sp_error *err)
{
	if (ec2_id_check(request, &ec2_elastic_address, id, err) != 0)
		return -1;
	return elastic_addresses_find(db, id, out, err) == 0
		       ? 0
		       : ec2_not_found(request, &ec2_elastic_address, id, err);
}

static int release(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct elastic_address address;
	const char *group = ec2_text(request, "NetworkBorderGroup");
	(void)ctx;
	if (ec2_find_address_asked(request, db, &address, err) != 0)
		return -1;
	if (group != NULL && strcmp(group, request->context->region) != 0)
		return ec2_refuse(request, err, "InvalidAddress.NotFound",
				  "The address %s is not in the network border group %.64s, but in "
				  "%s",
				  address.address, group, request->context->region);
	if (address.association_id[0] != '\0')
		return ec2_refuse(request, err, "InvalidIPAddress.InUse",
				  "Address %s is in use: %s has it", address.address,
				  address.interface_id);
	if (elastic_addresses_delete(db, address.id, err) != 0)
		return -1;
	return ec2_tags_delete(request->context, db, &ec2_elastic_address, address.id, err);
}

void ec2_release_address(struct api_call *call)
{
	ec2_write(call, release, NULL);
}
