#include "service/ec2/private_address.h"

#include "base/scope.h"
#include "network/cidr.h"
#include "store/gateways.h"

/* The addresses that network interfaces of the subnet have. */
struct taken {
	struct ip_address *addresses; /* owned */
	size_t count;
};

static int list_taken(struct db *db, const struct subnet *subnet, bool is_v6, struct taken *out,
		      struct sp_error *err)
{
	SP_AUTO_FREE struct network_interface *interfaces = NULL;
	size_t count;
	if (interfaces_list(db, subnet->id, NULL, &interfaces, &count, err) != 0)
		return -1;
	out->addresses = sp_alloc((count + 1) * sizeof(*out->addresses));
	for (size_t i = 0; i < count; i++) {
		const char *text = is_v6 ? interfaces[i].address6 : interfaces[i].address;
		if (ip_parse(text, &out->addresses[out->count]))
			out->count++;
		else if (!is_v6 || text[0] != '\0')
			return sp_fail(err, SP_INTERNAL, "cannot read the address \"%s\" of \"%s\"",
				       text, interfaces[i].id);
	}
	return 0;
}

/* The router's, and what Amazon keeps besides it: none of them is an interface's. */
static bool is_reserved(const struct cidr *range, struct ip_address address)
{
	return address.number - range->address.number < CIDR_RESERVED_FIRST ||
	       cidr_last(range).number - address.number < CIDR_RESERVED_LAST;
}

static int check_asked(struct ec2_request *request, const struct subnet *subnet,
		       const struct cidr *range, const struct taken *taken, const char *asked,
		       struct ip_address *out, struct sp_error *err)
{
	char block[CIDR_TEXT_SIZE];
	cidr_text(range, block);
	if (!ip_parse(asked, out) || ip_is_v6(*out) != cidr_is_v6(range))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "invalid value for parameter address: %.64s", asked);
	if (!cidr_contains(range, *out))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Address %s does not fall within the subnet's address range: %s "
				  "has %s",
				  asked, subnet->id, block);
	if (is_reserved(range, *out))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Address %s is in subnet's reserved address range: the first %d "
				  "and the last of %s are",
				  asked, CIDR_RESERVED_FIRST, block);
	for (size_t i = 0; i < taken->count; i++)
		if (ip_equal(taken->addresses[i], *out))
			return ec2_refuse(request, err, "InvalidIPAddress.InUse",
					  "The specified address is already in use: %s", asked);
	return 0;
}

int ec2_private_address_choose(struct ec2_request *request, struct db *db,
			       const struct subnet *subnet, bool is_v6, const char *asked,
			       char out[ADDRESS_TEXT_SIZE], struct sp_error *err)
{
	struct taken taken = { 0 };
	struct cidr range;
	struct ip_address address;
	const char *block = is_v6 ? subnet->cidr6 : subnet->cidr;
	if (is_v6 && block[0] == '\0')
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "The subnet '%s' has no IPv6 CIDR block to take an address from",
				  subnet->id);
	if (!cidr_parse(block, &range, NULL))
		return sp_fail(err, SP_INTERNAL, "the subnet \"%s\" has the range \"%s\"",
			       subnet->id, block);
	int result = list_taken(db, subnet, is_v6, &taken, err);
	SP_AUTO_FREE struct ip_address *owned = taken.addresses;
	if (result != 0)
		return -1;
	if ((asked != NULL ? check_asked(request, subnet, &range, &taken, asked, &address, err)
			   : address_draw(&range, owned, taken.count, &address, err)) != 0)
		return -1;
	ip_text(address, out);
	return 0;
}
