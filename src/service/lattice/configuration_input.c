#include "service/lattice/configuration_input.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"
#include "network/port_ranges.h"

enum { DOMAIN_LABEL_MAX = 63, DOMAIN_MAX = 253, FIELD_SIZE = 40 };

#define DEFINITION "resourceConfigurationDefinition"

/* ---- ports ---------------------------------------------------------------------------------------------------------- */

int lattice_read_ports(struct lattice_request *request, struct resource_configuration *out,
		       struct sp_error *err)
{
	const json_t *list = json_object_get(request->input, "portRanges");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (port_range_parse(text, &out->ports[i], err) == 0)
			continue;
		char name[FIELD_SIZE];
		struct sp_error cause = *err;
		snprintf(name, sizeof(name), "portRanges[%zu]", i);
		return lattice_refuse_field(request, err, name, "%s", cause.message);
	}
	out->port_count = json_array_size(list);
	if (port_ranges_check(out->ports, out->port_count, err) == 0)
		return 0;
	struct sp_error cause = *err;
	return lattice_refuse_field(request, err, "portRanges", "%s", cause.message);
}

/* ---- the target ----------------------------------------------------------------------------------------------------- */

static const struct cidr private_blocks[] = {
	{ IPV4(0x0a000000), 8 },  /* 10.0.0.0/8 */
	{ IPV4(0x64400000), 10 }, /* 100.64.0.0/10 */
	{ IPV4(0xac100000), 12 }, /* 172.16.0.0/12 */
	{ IPV4(0xc0a80000), 16 }, /* 192.168.0.0/16 */
};
static const struct cidr loopback = { IPV4(0x7f000000), 8 };

static const struct cidr unique_local = { { (ip_number)0xfc00 << 112 }, 7 }; /* fc00::/7 */

/* Of IPv6: the VPC's own, wherever it is from, and what no other network of the internet has. */
static bool may_lead_to_v6(struct ip_address address, const struct vpc *vpc)
{
	struct cidr own;
	return cidr_contains(&unique_local, address) ||
	       (cidr_parse_v6(vpc->cidr6, &own) && cidr_contains(&own, address));
}

static bool may_lead_to(struct ip_address address, const struct vpc *vpc)
{
	if (ip_is_v6(address))
		return may_lead_to_v6(address, vpc);
	for (size_t i = 0; i < SP_COUNT_OF(private_blocks); i++)
		if (cidr_contains(&private_blocks[i], address))
			return true;
	return vpc->provider == PROVIDER_HOST && cidr_contains(&loopback, address);
}

static int refuse_family(struct lattice_request *request, const char *field,
			 const struct lattice_ground *ground, struct sp_error *err)
{
	static const char *const needs[ADDRESS_TYPE_COUNT] = {
		[ADDRESS_TYPE_IPV4] = "the resource also has an IPv4 address",
		[ADDRESS_TYPE_IPV6] = "the resource also has an IPv6 address",
		[ADDRESS_TYPE_DUALSTACK] = "the resource either has an IPv4 or IPv6 address",
	};
	return lattice_refuse_field(
		request, err, field,
		"the resource gateway \"%s\" has the IP address type %s, which is "
		"supported only if %s",
		ground->gateway_id, address_type_name(ground->address_type),
		needs[ground->address_type]);
}

static int check_address(struct lattice_request *request, const char *text,
			 const struct lattice_ground *ground, struct sp_error *err)
{
	static const char field[] = DEFINITION ".ipResource.ipAddress";
	struct ip_address address;
	if (!ip_parse(text, &address))
		return lattice_refuse_field(request, err, field,
					    "\"%s\" is neither an IPv4 nor an IPv6 address", text);
	if (ip_is_v6(address) ? !address_type_has_v6(ground->address_type)
			      : !address_type_has_v4(ground->address_type))
		return refuse_family(request, field, ground, err);
	if (may_lead_to(address, &ground->vpc))
		return 0;
	return lattice_refuse_field(request, err, field, "IP address %s is not in allowed ranges.",
				    text);
}

/* Letters, digits, hyphens and underscores, in labels; a dot at the end is the root's. */
static bool is_domain_name(const char *text)
{
	size_t length = strlen(text);
	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length == 0 || length > DOMAIN_MAX)
		return false;
	for (const char *at = text, *end = text + length; at < end;) {
		size_t label = strcspn(at, ".");
		if (label == 0 || label > DOMAIN_LABEL_MAX || at[0] == '-' || at[label - 1] == '-')
			return false;
		for (size_t i = 0; i < label; i++)
			if (!isalnum((unsigned char)at[i]) && strchr("-_", at[i]) == NULL)
				return false;
		at += label + 1;
	}
	return text[length - 1] != '.';
}

/* None named: what the gateway has. */
static int read_name_type(struct lattice_request *request, const json_t *resource,
			  const struct lattice_ground *ground, enum address_type *out,
			  struct sp_error *err)
{
	const char *name = sp_json_string(resource, "ipAddressType");
	*out = ground->address_type;
	if (name == NULL || !address_type_find(name, out) || *out == ground->address_type ||
	    ground->address_type == ADDRESS_TYPE_DUALSTACK)
		return 0;
	return refuse_family(request, DEFINITION ".dnsResource.ipAddressType", ground, err);
}

static int check_domain(struct lattice_request *request, const json_t *resource,
			struct sp_error *err)
{
	static const char field[] = DEFINITION ".dnsResource.domainName";
	const char *name = sp_json_string(resource, "domainName");
	struct ip_address address;
	if (ip_parse_v4(name, &address) || strchr(name, ':') != NULL)
		return lattice_refuse_field(request, err, field,
					    "\"%s\" is an address, which belongs into an "
					    "ipResource",
					    name);
	if (!is_domain_name(name))
		return lattice_refuse_field(request, err, field, "\"%s\" is no domain name", name);
	return 0;
}

int lattice_read_target(struct lattice_request *request, const struct lattice_ground *ground,
			struct resource_configuration *out, struct sp_error *err)
{
	const json_t *definition = json_object_get(request->input, DEFINITION);
	if (out->type == CONFIGURATION_GROUP) {
		free(out->target);
		out->target = sp_strdup("");
		return definition == NULL
			       ? 0
			       : lattice_refuse_field(request, err, DEFINITION,
						      "a GROUP leads nowhere itself: its children "
						      "do, configurations of the type CHILD");
	}
	const json_t *dns = json_object_get(definition, "dnsResource");
	const json_t *ip = json_object_get(definition, "ipResource");
	if (definition == NULL)
		return lattice_refuse_field(request, err, DEFINITION, "is required");
	if (dns == NULL && ip == NULL)
		return lattice_refuse_field(request, err, DEFINITION,
					    "only a dnsResource and an ipResource are offered");

	const char *target =
		dns != NULL ? sp_json_string(dns, "domainName") : sp_json_string(ip, "ipAddress");
	if (dns != NULL && (check_domain(request, dns, err) != 0 ||
			    read_name_type(request, dns, ground, &out->name_type, err) != 0))
		return -1;
	if (ip != NULL && check_address(request, target, ground, err) != 0)
		return -1;
	free(out->target);
	out->target = sp_strdup(target);
	out->is_name = dns != NULL;
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------ */

/* Members that only some types have. */
static const struct {
	const char *member;
	bool taken[CONFIGURATION_TYPE_COUNT], needed[CONFIGURATION_TYPE_COUNT];
	const char *why_not;
} members[] = {
	{ "resourceGatewayIdentifier",
	  { [CONFIGURATION_SINGLE] = true, [CONFIGURATION_GROUP] = true },
	  { [CONFIGURATION_SINGLE] = true, [CONFIGURATION_GROUP] = true },
	  "a CHILD has the resource gateway of its group" },
	{ "resourceConfigurationGroupIdentifier",
	  { [CONFIGURATION_CHILD] = true },
	  { [CONFIGURATION_CHILD] = true },
	  "only configurations of the type CHILD have one" },
	{ "groupDomain",
	  { [CONFIGURATION_GROUP] = true },
	  { false },
	  "only configurations of the type GROUP have one" },
	{ "customDomainName",
	  { [CONFIGURATION_SINGLE] = true, [CONFIGURATION_CHILD] = true },
	  { false },
	  "a GROUP has a groupDomain, and its children have names in it" },
	{ "resourceConfigurationDefinition",
	  { [CONFIGURATION_SINGLE] = true, [CONFIGURATION_CHILD] = true },
	  { false }, /* told where it is read */
	  "a GROUP leads nowhere itself: its children do, configurations of the type CHILD" },
	{ "domainVerificationIdentifier",
	  { false },
	  { false },
	  "the verification of domains is not offered yet" },
};

static bool is_given(const struct lattice_request *request, size_t member)
{
	return json_object_get(request->input, members[member].member) != NULL;
}

static int check_members(struct lattice_request *request, enum configuration_type type,
			 struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(members); i++)
		if (is_given(request, i) && !members[i].taken[type])
			return lattice_refuse_field(request, err, members[i].member, "%s",
						    members[i].why_not);
	for (size_t i = 0; i < SP_COUNT_OF(members); i++)
		if (!is_given(request, i) && members[i].needed[type])
			return lattice_refuse_field(request, err, members[i].member, "is required");
	return 0;
}

static int read_type(struct lattice_request *request, struct resource_configuration *out,
		     struct sp_error *err)
{
	const char *type = sp_json_string(request->input, "type");
	const char *protocol = sp_json_string(request->input, "protocol");
	if (!configuration_type_find(type, &out->type))
		return lattice_refuse_field(
			request, err, "type",
			"%s is not offered: only SINGLE, GROUP and CHILD are, whose targets are "
			"addresses and domain names",
			type);
	if (protocol != NULL && strcmp(protocol, "TCP") != 0)
		return lattice_refuse_field(request, err, "protocol",
					    "%s is not offered, only TCP is", protocol);
	return check_members(request, out->type, err);
}

static int read_domain(struct lattice_request *request, const char *member, char **out,
		       struct sp_error *err)
{
	const char *name = sp_json_string(request->input, member);
	if (name != NULL && !is_domain_name(name))
		return lattice_refuse_field(request, err, member, "\"%s\" is no domain name", name);
	*out = sp_strdup(name);
	return 0;
}

int lattice_read_configuration(struct lattice_request *request, struct resource_configuration *out,
			       struct sp_error *err)
{
	if (lattice_check_name(request, LATTICE_CONFIGURATION, err) != 0 ||
	    read_type(request, out, err) != 0 ||
	    read_domain(request, "customDomainName", &out->custom_domain, err) != 0 ||
	    read_domain(request, "groupDomain", &out->group_domain, err) != 0)
		return -1;

	out->name = sp_strdup(sp_json_string(request->input, "name"));
	out->allow_association = json_is_true(
		json_object_get(request->input, "allowAssociationToShareableServiceNetwork"));
	if (json_object_get(request->input, "portRanges") != NULL)
		return lattice_read_ports(request, out, err);
	out->ports[0] = (struct port_range){ .from = 1, .to = UINT16_MAX };
	out->port_count = 1;
	return 0;
}
