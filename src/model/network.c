#include "model/network.h"

#include <stdlib.h>
#include <string.h>

static const char *const provider_names[NETWORK_PROVIDER_COUNT] = {
	[PROVIDER_HOST] = "host",
	[PROVIDER_NETNS] = "netns",
};

const char *network_provider_name(enum network_provider provider)
{
	return (unsigned)provider < NETWORK_PROVIDER_COUNT ? provider_names[provider] : "unknown";
}

bool network_provider_find(const char *name, enum network_provider *out)
{
	for (unsigned i = 0; i < NETWORK_PROVIDER_COUNT; i++) {
		if (strcmp(provider_names[i], name) != 0)
			continue;
		*out = (enum network_provider)i;
		return true;
	}
	return false;
}

static const char *const address_types[ADDRESS_TYPE_COUNT] = {
	[ADDRESS_TYPE_IPV4] = "IPV4",
	[ADDRESS_TYPE_IPV6] = "IPV6",
	[ADDRESS_TYPE_DUALSTACK] = "DUALSTACK",
};

const char *address_type_name(enum address_type type)
{
	return (unsigned)type < ADDRESS_TYPE_COUNT ? address_types[type] : "unknown";
}

bool address_type_find(const char *name, enum address_type *out)
{
	for (unsigned i = 0; i < ADDRESS_TYPE_COUNT; i++) {
		if (strcmp(address_types[i], name) != 0)
			continue;
		*out = (enum address_type)i;
		return true;
	}
	return false;
}

bool address_type_has_v4(enum address_type type)
{
	return type != ADDRESS_TYPE_IPV6;
}

bool address_type_has_v6(enum address_type type)
{
	return type != ADDRESS_TYPE_IPV4;
}

void security_group_finish(struct security_group *group)
{
	if (group == NULL)
		return;
	free(group->name);
	free(group->description);
	*group = (struct security_group){ 0 };
}

void security_rule_finish(struct security_rule *rule)
{
	if (rule == NULL)
		return;
	free(rule->value);
	free(rule->description);
	*rule = (struct security_rule){ 0 };
}

void resource_gateway_finish(struct resource_gateway *gateway)
{
	if (gateway == NULL)
		return;
	free(gateway->name);
	free(gateway->failure);
	*gateway = (struct resource_gateway){ 0 };
}

void resource_configuration_finish(struct resource_configuration *configuration)
{
	if (configuration == NULL)
		return;
	free(configuration->name);
	free(configuration->target);
	free(configuration->custom_domain);
	free(configuration->group_domain);
	*configuration = (struct resource_configuration){ 0 };
}

static const char *const configuration_types[CONFIGURATION_TYPE_COUNT] = { "SINGLE", "GROUP",
									   "CHILD" };

const char *configuration_type_name(enum configuration_type type)
{
	return configuration_types[type];
}

bool configuration_type_find(const char *name, enum configuration_type *out)
{
	for (size_t i = 0; i < CONFIGURATION_TYPE_COUNT; i++)
		if (strcmp(configuration_types[i], name) == 0) {
			*out = (enum configuration_type)i;
			return true;
		}
	return false;
}
