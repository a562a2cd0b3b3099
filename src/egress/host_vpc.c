#include "egress/host_vpc.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/arn.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/security_groups.h"
#include "store/tags.h"

enum { ID_DIGITS = 17 };

static void draw_id(char out[NETWORK_ID_SIZE], const char *prefix)
{
	char digits[ID_DIGITS + 1];
	sp_random_hex(digits, ID_DIGITS);
	snprintf(out, NETWORK_ID_SIZE, "%s%s", prefix, digits);
}

/* ---- the VPC --------------------------------------------------------------------------------------------------- */

/* As every new VPC has it: all may leave, its own may come in. */
static int insert_default_group(struct db *db, const struct vpc *vpc, struct sp_error *err)
{
	struct security_group group = { .name = (char *)"default",
					.description = (char *)"default VPC security group",
					.created_ms = vpc->created_ms };
	strcpy(group.id, vpc->default_group_id);
	strcpy(group.vpc_id, vpc->id);
	struct security_rule rules[] = {
		{ .egress = true, .peer = RULE_CIDR4, .value = (char *)"0.0.0.0/0" },
		{ .egress = false, .peer = RULE_GROUP, .value = group.id },
	};
	if (security_groups_insert(db, &group, err) != 0)
		return -1;
	for (size_t i = 0; i < SP_COUNT_OF(rules); i++) {
		draw_id(rules[i].id, "sgr-");
		strcpy(rules[i].group_id, group.id);
		rules[i].protocol = RULE_PROTOCOL_ALL;
		rules[i].from_port = rules[i].to_port = RULE_PORT_NONE;
		if (security_rules_insert(db, &rules[i], err) != 0)
			return -1;
	}
	return 0;
}

static int insert_vpc(struct db *db, const struct host_vpc_options *options, struct vpc *out,
		      struct sp_error *err)
{
	struct vpc vpc = { .cidr = "0.0.0.0/0",
			   .provider = PROVIDER_HOST,
			   .is_host = true,
			   .dns_support = true,
			   .created_ms = sp_now_ms() };
	const struct {
		char *id;
		const char *prefix;
	} ids[] = {
		{ vpc.id, "vpc-" },
		{ vpc.cidr_association_id, "vpc-cidr-assoc-" },
		{ vpc.default_group_id, "sg-" },
		{ vpc.dhcp_options_id, "dopt-" },
		{ vpc.network_acl_id, "acl-" },
		{ vpc.main_route_table_id, "rtb-" },
		{ vpc.main_association_id, "rtbassoc-" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(ids); i++)
		draw_id(ids[i].id, ids[i].prefix);
	if (vpcs_insert(db, &vpc, err) != 0 || insert_default_group(db, &vpc, err) != 0)
		return -1;
	SP_AUTO_FREE char *arn =
		sp_arn_format("ec2", options->region, options->account, "vpc/%s", vpc.id);
	if (tags_put(db, arn, "Name", "host", err) != 0 ||
	    tags_put(db, arn, NETWORK_TAG_PROVIDER, network_provider_name(PROVIDER_HOST), err) != 0)
		return -1;
	*out = vpc;
	return 0;
}

static int find_or_insert_vpc(struct db *db, const struct host_vpc_options *options,
			      struct vpc *out, struct sp_error *err)
{
	if (vpcs_find_host(db, out, err) == 0)
		return 0;
	return err->code == SP_NOT_FOUND ? insert_vpc(db, options, out, err) : -1;
}

/* ---- its subnets ----------------------------------------------------------------------------------------------- */

static bool shows(const struct subnet *subnet, const struct host_address *address)
{
	char cidr[CIDR_TEXT_SIZE];
	cidr_text(&address->network, cidr);
	return strcmp(subnet->interface, address->interface) == 0 &&
	       strcmp(subnet->cidr, cidr) == 0;
}

static bool is_shown(const struct host_address *address, const struct subnet *subnets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (shows(&subnets[i], address))
			return true;
	return false;
}

static bool is_there(const struct subnet *subnet, const struct host_address *addresses,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (shows(subnet, &addresses[i]))
			return true;
	return false;
}

/* Two addresses of one interface may be in one network: it is one subnet. */
static bool is_first(const struct host_address *addresses, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(addresses[i].interface, addresses[index].interface) == 0 &&
		    cidr_equal(&addresses[i].network, &addresses[index].network))
			return false;
	return true;
}

static const char *next_zone(const struct host_vpc_options *options, size_t number)
{
	size_t count = 0;
	while (options->zones[count] != NULL)
		count++;
	assert(count > 0);
	return options->zones[number % count];
}

static int insert_subnet(struct db *db, const struct host_vpc_options *options,
			 const struct vpc *vpc, const struct host_address *address, size_t number,
			 struct sp_error *err)
{
	struct subnet subnet = { .created_ms = sp_now_ms() };
	draw_id(subnet.id, "subnet-");
	draw_id(subnet.acl_association_id, "aclassoc-");
	strcpy(subnet.vpc_id, vpc->id);
	cidr_text(&address->network, subnet.cidr);
	snprintf(subnet.zone, sizeof(subnet.zone), "%s", next_zone(options, number));
	memcpy(subnet.interface, address->interface, sizeof(subnet.interface));
	if (subnets_insert(db, &subnet, err) != 0)
		return -1;
	SP_AUTO_FREE char *arn =
		sp_arn_format("ec2", options->region, options->account, "subnet/%s", subnet.id);
	return tags_put(db, arn, "Name", subnet.interface, err);
}

/* Whether its network has vanished and nothing is in it: no network interface, so no gateway either. */
static int can_go(struct db *db, const struct subnet *subnet, const struct host_address *addresses,
		  size_t count, bool *out, struct sp_error *err)
{
	SP_AUTO_FREE struct network_interface *enis = NULL;
	size_t eni_count;
	*out = !is_there(subnet, addresses, count);
	if (!*out)
		return 0;
	if (interfaces_list(db, subnet->id, NULL, &enis, &eni_count, err) != 0)
		return -1;
	*out = eni_count == 0;
	return 0;
}

static int remove_subnet(struct db *db, const struct host_vpc_options *options,
			 const struct subnet *subnet, struct sp_error *err)
{
	SP_AUTO_FREE char *arn =
		sp_arn_format("ec2", options->region, options->account, "subnet/%s", subnet->id);
	return subnets_delete(db, subnet->id, err) != 0 ? -1 : tags_remove_all(db, arn, err);
}

int host_vpc_mirror(struct db *db, const struct host_vpc_options *options,
		    const struct host_address *addresses, size_t count, struct sp_error *err)
{
	struct vpc vpc;
	SP_AUTO_FREE struct subnet *subnets = NULL;
	size_t subnet_count;
	if (find_or_insert_vpc(db, options, &vpc, err) != 0 ||
	    subnets_list(db, vpc.id, &subnets, &subnet_count, err) != 0)
		return sp_wrap(err, "could not make the VPC of this host");
	size_t number = subnet_count;
	for (size_t i = 0; i < count; i++)
		if (is_first(addresses, i) && !is_shown(&addresses[i], subnets, subnet_count) &&
		    insert_subnet(db, options, &vpc, &addresses[i], number++, err) != 0)
			return sp_wrap(err, "could not show the interface \"%s\" as a subnet",
				       addresses[i].interface);
	for (size_t i = 0; i < subnet_count; i++) {
		bool goes;
		if (can_go(db, &subnets[i], addresses, count, &goes, err) != 0 ||
		    (goes && remove_subnet(db, options, &subnets[i], err) != 0))
			return sp_wrap(err, "could not take away the subnet of \"%s\"",
				       subnets[i].interface);
	}
	return 0;
}

int host_vpc_differs(struct db *db, const struct host_address *addresses, size_t count,
		     bool *out_differs, struct sp_error *err)
{
	struct vpc vpc;
	SP_AUTO_FREE struct subnet *subnets = NULL;
	size_t subnet_count;
	if (vpcs_find_host(db, &vpc, err) != 0 ||
	    subnets_list(db, vpc.id, &subnets, &subnet_count, err) != 0)
		return -1;
	*out_differs = false;
	for (size_t i = 0; i < count && !*out_differs; i++)
		*out_differs = !is_shown(&addresses[i], subnets, subnet_count);
	for (size_t i = 0; i < subnet_count && !*out_differs; i++)
		if (can_go(db, &subnets[i], addresses, count, out_differs, err) != 0)
			return -1;
	return 0;
}
