#include "service/ec2/kinds.h"

#include "base/text.h"

static const struct ec2_kind *const kinds[] = {
	&ec2_vpc,
	&ec2_subnet,
	&ec2_route_table,
	&ec2_network_acl,
	&ec2_dhcp_options,
	&ec2_security_group,
	&ec2_security_group_rule,
	&ec2_network_interface,
	&ec2_internet_gateway,
	&ec2_nat_gateway,
	&ec2_elastic_address,
	&ec2_address_pool,
};

const struct ec2_kind *ec2_kind_of(const char *id)
{
	for (size_t i = 0; i < SP_COUNT_OF(kinds); i++)
		if (sp_text_starts_with(id, kinds[i]->id_prefix))
			return kinds[i];
	return NULL;
}
