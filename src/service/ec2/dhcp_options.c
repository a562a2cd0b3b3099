/** All VPCs have the same DHCP options, as VPCs of AWS have as long as nobody makes others. */

#include <string.h>

#include "base/scope.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "store/networks.h"

static json_t *show_options(const struct service_context *context, const char *id)
{
	return json_pack("{s:s, s:s, s:[{s:s, s:[{s:s}]}]}", "dhcpOptionsId", id, "ownerId",
			 context->account, "dhcpConfigurationSet", "key", "domain-name-servers",
			 "valueSet", "value", "AmazonProvidedDNS");
}

static bool is_first_with(const struct vpc *vpcs, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(vpcs[i].dhcp_options_id, vpcs[at].dhcp_options_id) == 0)
			return false;
	return true;
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE struct vpc *vpcs = NULL;
	size_t count;
	if (vpcs_list(db, &vpcs, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *id = vpcs[i].dhcp_options_id;
		if (is_first_with(vpcs, i) && ec2_view_wants(view, id) &&
		    ec2_view_add(view, db, id, show_options(view->request->context, id), err) != 0)
			return -1;
	}
	return 0;
}

static const struct ec2_filter filters[] = {
	{ "dhcp-options-id", "dhcpOptionsId" },
	{ "key", "dhcpConfigurationSet.key" },
	{ "owner-id", "ownerId" },
	{ "value", "dhcpConfigurationSet.valueSet.value" },
	EC2_TAG_FILTERS,
	{ 0 },
};

const struct ec2_kind ec2_dhcp_options = {
	.type = "dhcp-options",
	.id_prefix = "dopt-",
	.malformed = "InvalidDhcpOptionsId.Malformed",
	.selectors = { { "DhcpOptionsId", "dhcpOptionsId", "InvalidDhcpOptionID.NotFound",
			 "dhcpOption ID" } },
	.set = "dhcpOptionsSet",
	.page_min = 5,
	.page_max = 1000,
	.filters = filters,
	.list = list,
};

void ec2_describe_dhcp_options(struct api_call *call)
{
	ec2_describe(call, &ec2_dhcp_options);
}
