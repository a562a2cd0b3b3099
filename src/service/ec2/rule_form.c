#include "service/ec2/rule_form.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"
#include "service/ec2/kinds.h"

enum { PORT_MAX = 65535, ICMP_MAX = 255, PROTOCOL_MAX = 255, TEXT_MAX = 255 };

#define MALFORMED "InvalidPermission.Malformed"

void rule_list_finish(struct rule_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		security_rule_finish(&list->rules[i]);
	free(list->rules);
	*list = (struct rule_list){ 0 };
}

/* ---- Peers -------------------------------------------------------------------------------------------------------- */

static bool add_block(bool is_block, const struct cidr *block, struct sp_buffer *out)
{
	char canonical[CIDR_TEXT_SIZE];
	if (!is_block)
		return false;
	cidr_text(block, canonical);
	sp_buffer_add_text(out, canonical);
	return true;
}

static bool canonical_cidr4(const char *text, struct sp_buffer *out)
{
	struct cidr block;
	return add_block(cidr_parse_v4(text, &block), &block, out);
}

static bool canonical_cidr6(const char *text, struct sp_buffer *out)
{
	struct cidr block;
	return add_block(cidr_parse_v6(text, &block), &block, out);
}

static bool canonical_id(const char *text, struct sp_buffer *out)
{
	sp_buffer_add_text(out, text);
	return true;
}

static const struct peer {
	const char *list, *value;             /* in IpPermissions */
	const char *alone;                    /* in a SecurityGroupRule to modify */
	const char *shown_list, *shown_value; /* in ipPermissions */
	const char *shown_alone;              /* in a securityGroupRuleSet */
	const char *id_prefix, *malformed;    /* of ids; NULL: a block of addresses */
	/* Appends the form that is kept; false: it is no such thing. */
	bool (*canonical)(const char *text, struct sp_buffer *out);
} peers[] = {
	[RULE_CIDR4] = { "IpRanges", "CidrIp", "CidrIpv4", "ipRanges", "cidrIp", "cidrIpv4",
			 .canonical = canonical_cidr4 },
	[RULE_CIDR6] = { "Ipv6Ranges", "CidrIpv6", "CidrIpv6", "ipv6Ranges", "cidrIpv6", "cidrIpv6",
			 .canonical = canonical_cidr6 },
	[RULE_GROUP] = { "Groups", "GroupId", "ReferencedGroupId", "groups", "groupId",
			 "referencedGroupId", "sg-", "InvalidGroupId.Malformed", canonical_id },
	[RULE_PREFIX_LIST] = { "PrefixListIds", "PrefixListId", "PrefixListId", "prefixListIds",
			       "prefixListId", "prefixListId", "pl-",
			       "InvalidPrefixListId.Malformed", canonical_id },
};

/* ---- Protocols and ports ------------------------------------------------------------------------------------------ */

static const struct protocol {
	const char *name;
	int number;
	bool has_ports, has_types;
} protocols[] = {
	{ "tcp", IPPROTO_TCP, .has_ports = true },
	{ "udp", IPPROTO_UDP, .has_ports = true },
	{ "icmp", IPPROTO_ICMP, .has_types = true },
	{ "icmpv6", IPPROTO_ICMPV6, .has_types = true },
	{ "-1", RULE_PROTOCOL_ALL },
	{ "all", RULE_PROTOCOL_ALL },
};

/* NULL: it has no ports, and its number is its name. */
static const struct protocol *known_protocol(int number)
{
	for (size_t i = 0; i < SP_COUNT_OF(protocols); i++)
		if (protocols[i].number == number)
			return &protocols[i];
	return NULL;
}

static void protocol_text(int number, char out[16])
{
	const struct protocol *known = known_protocol(number);
	if (known != NULL)
		snprintf(out, 16, "%s", known->name);
	else
		snprintf(out, 16, "%d", number);
}

static int read_protocol(struct ec2_request *request, const json_t *form, int *out,
			 struct sp_error *err)
{
	const char *text = sp_json_string(form, "IpProtocol");
	if (text == NULL)
		return ec2_refuse(
			request, err, EC2_INVALID_VALUE,
			"Invalid value 'null' for protocol. VPC security group rules must "
			"specify protocols explicitly.");
	for (size_t i = 0; i < SP_COUNT_OF(protocols); i++) {
		if (strcasecmp(protocols[i].name, text) != 0)
			continue;
		*out = protocols[i].number;
		return 0;
	}
	uint64_t number;
	if (!sp_text_to_u64(text, 0, PROTOCOL_MAX, &number))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Invalid value '%.60s' for IP protocol. Unknown protocol.", text);
	*out = (int)number;
	return 0;
}

static int read_port_range(struct ec2_request *request, json_int_t from, json_int_t to,
			   struct sp_error *err)
{
	if (from < 0 || from > PORT_MAX || to < 0 || to > PORT_MAX)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Invalid value '%lld' for portRange. Must be between 0 and %d.",
				  (long long)(from < 0 || from > PORT_MAX ? from : to), PORT_MAX);
	if (from > to)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Invalid TCP/UDP port range (%lld:%lld)", (long long)from,
				  (long long)to);
	return 0;
}

static int read_type_and_code(struct ec2_request *request, json_int_t type, json_int_t code,
			      struct sp_error *err)
{
	if (type < RULE_PORT_NONE || type > ICMP_MAX)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "ICMP type (%lld) out of range: -1 (all) to %d", (long long)type,
				  ICMP_MAX);
	if (code < RULE_PORT_NONE || code > ICMP_MAX)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "ICMP code (%lld) out of range: -1 (all) to %d", (long long)code,
				  ICMP_MAX);
	if (type == RULE_PORT_NONE && code != RULE_PORT_NONE)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "ICMP code (%lld) without a type: all types have all codes",
				  (long long)code);
	return 0;
}

/* Protocol and ports of @form into @out. Where a protocol has no ports, those that are said mean nothing. */
static int read_ports(struct ec2_request *request, const json_t *form, struct security_rule *out,
		      struct sp_error *err)
{
	out->from_port = out->to_port = RULE_PORT_NONE;
	if (read_protocol(request, form, &out->protocol, err) != 0)
		return -1;
	const struct protocol *known = known_protocol(out->protocol);
	if (known == NULL || (!known->has_ports && !known->has_types))
		return 0;
	if (known->has_ports &&
	    (json_object_get(form, "FromPort") == NULL || json_object_get(form, "ToPort") == NULL))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Invalid value 'Must specify both from and to ports with "
				  "TCP/UDP.' for portRange.");

	json_int_t from = sp_json_integer(form, "FromPort", RULE_PORT_NONE);
	json_int_t to = sp_json_integer(form, "ToPort", RULE_PORT_NONE);
	if ((known->has_ports ? read_port_range : read_type_and_code)(request, from, to, err) != 0)
		return -1;
	out->from_port = (int)from;
	out->to_port = (int)to;
	return 0;
}

/* ---- Reading ------------------------------------------------------------------------------------------------------ */

int rule_form_check_text(struct ec2_request *request, const char *what, const char *text,
			 struct sp_error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789 ._-:/()#,@[]+=&;{}!$*";
	if (strlen(text) > TEXT_MAX)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "%s is too long: it may have %d characters", what, TEXT_MAX);
	if (text[strspn(text, allowed)] != '\0')
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Invalid %s '%.200s'. Valid characters are: a-z, A-Z, 0-9, "
				  "spaces, and ._-:/()#,@[]+=&;{}!$*",
				  what, text);
	return 0;
}

bool rule_form_same(const struct security_rule *a, const struct security_rule *b)
{
	return a->egress == b->egress && a->protocol == b->protocol &&
	       a->from_port == b->from_port && a->to_port == b->to_port && a->peer == b->peer &&
	       strcmp(a->value, b->value) == 0;
}

struct reading {
	struct ec2_request *request;
	struct security_rule
		ground; /* all that a permission's rules share; its pointers are NULL */
	struct rule_list *out;
};

static int check_new(const struct reading *reading, const struct security_rule *rule,
		     struct sp_error *err)
{
	for (size_t i = 0; i < reading->out->count; i++)
		if (rule_form_same(&reading->out->rules[i], rule))
			return ec2_refuse(reading->request, err, EC2_INVALID_VALUE,
					  "The same permission must not appear multiple times");
	if (reading->out->count == RULES_ONCE_MAX)
		return ec2_refuse(reading->request, err, "RulesPerSecurityGroupLimitExceeded",
				  "One request cannot have more than %d rules", RULES_ONCE_MAX);
	return 0;
}

static int add_rule(const struct reading *reading, enum rule_peer kind, const char *text,
		    const char *description, struct sp_error *err)
{
	const struct peer *peer = &peers[kind];
	struct security_rule rule = reading->ground;
	SP_AUTO_BUFFER value = { 0 };
	if (description != NULL &&
	    rule_form_check_text(reading->request, "rule description", description, err) != 0)
		return -1;
	if (peer->id_prefix != NULL && !ec2_id_is(peer->id_prefix, text))
		return ec2_refuse(reading->request, err, peer->malformed,
				  "Invalid id: \"%.60s\" (expecting \"%s...\")", text,
				  peer->id_prefix);
	if (!peer->canonical(text, &value))
		return ec2_refuse(reading->request, err, EC2_INVALID_VALUE,
				  "CIDR block %.60s is malformed", text);
	rule.peer = kind;
	rule.value = value.data;
	if (check_new(reading, &rule, err) != 0)
		return -1;

	struct rule_list *out = reading->out;
	rule.value = sp_buffer_take(&value);
	rule.description = sp_strdup(description);
	out->rules = sp_realloc(out->rules, (out->count + 1) * sizeof(*out->rules));
	out->rules[out->count++] = rule;
	return 0;
}

/* Groups of VPCs are named by their ids, and there is one account. */
static int check_group(struct ec2_request *request, const json_t *group, struct sp_error *err)
{
	const char *id = sp_json_string(group, "GroupId");
	const char *name = sp_json_string(group, "GroupName");
	const char *owner = sp_json_string(group, "UserId");
	if (id == NULL && name != NULL)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "A rule of a VPC names a group by its GroupId, not by its name "
				  "'%.200s'",
				  name);
	if (id != NULL && owner != NULL && strcmp(owner, request->context->account) != 0)
		return ec2_refuse(
			request, err, "InvalidGroup.NotFound",
			"The security group '%.40s' of the account '%.40s' does not exist", id,
			owner);
	return 0;
}

static int add_peers(const struct reading *reading, enum rule_peer kind, const json_t *list,
		     struct sp_error *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *element = json_array_get(list, i);
		const char *text = sp_json_string(element, peers[kind].value);
		if (kind == RULE_GROUP && check_group(reading->request, element, err) != 0)
			return -1;
		if (text == NULL)
			return ec2_refuse_missing(reading->request, err, peers[kind].value);
		if (add_rule(reading, kind, text, sp_json_string(element, "Description"), err) != 0)
			return -1;
	}
	return 0;
}

static int begin(struct reading *reading, const json_t *form, bool egress, const char *group_id,
		 struct sp_error *err)
{
	reading->ground = (struct security_rule){ .egress = egress };
	snprintf(reading->ground.group_id, NETWORK_ID_SIZE, "%s", group_id);
	return read_ports(reading->request, form, &reading->ground, err);
}

int rule_form_read(struct ec2_request *request, const json_t *permissions, bool egress,
		   const char *group_id, struct rule_list *out, struct sp_error *err)
{
	struct reading reading = { .request = request, .out = out };
	for (size_t i = 0; i < json_array_size(permissions); i++) {
		const json_t *permission = json_array_get(permissions, i);
		size_t before = out->count;
		if (begin(&reading, permission, egress, group_id, err) != 0)
			return -1;
		for (size_t kind = 0; kind < SP_COUNT_OF(peers); kind++)
			if (add_peers(&reading, (enum rule_peer)kind,
				      json_object_get(permission, peers[kind].list), err) != 0)
				return -1;
		if (out->count == before)
			return ec2_refuse(
				request, err, MALFORMED,
				"A permission needs a range of addresses, a security group "
				"or a prefix list");
	}
	return 0;
}

int rule_form_read_one(struct ec2_request *request, const json_t *form, bool egress,
		       const char *group_id, struct rule_list *out, struct sp_error *err)
{
	struct reading reading = { .request = request, .out = out };
	size_t before = out->count;
	if (begin(&reading, form, egress, group_id, err) != 0)
		return -1;
	for (size_t kind = 0; kind < SP_COUNT_OF(peers); kind++) {
		const char *text = sp_json_string(form, peers[kind].alone);
		if (text != NULL && add_rule(&reading, (enum rule_peer)kind, text,
					     sp_json_string(form, "Description"), err) != 0)
			return -1;
	}
	if (out->count != before + 1)
		return ec2_refuse(
			request, err, MALFORMED,
			"A rule needs exactly one of CidrIpv4, CidrIpv6, PrefixListId and "
			"ReferencedGroupId");
	return 0;
}

/* ---- Showing ------------------------------------------------------------------------------------------------------ */

void rule_form_describe(const struct security_rule *rule, struct sp_buffer *out)
{
	char protocol[16];
	protocol_text(rule->protocol, protocol);
	sp_buffer_add_text(out, rule->protocol == RULE_PROTOCOL_ALL ? "all" : protocol);
	if (rule->from_port != RULE_PORT_NONE)
		sp_buffer_format(out, rule->to_port != RULE_PORT_NONE ? " %d-%d" : " %d",
				 rule->from_port, rule->to_port);
	sp_buffer_format(out, " %s %s", rule->egress ? "to" : "from", rule->value);
}

static bool same_ports(const struct security_rule *a, const struct security_rule *b)
{
	return a->protocol == b->protocol && a->from_port == b->from_port &&
	       a->to_port == b->to_port;
}

static json_t *new_permission(const struct security_rule *rule)
{
	char protocol[16];
	protocol_text(rule->protocol, protocol);
	json_t *permission = json_pack("{s:s}", "ipProtocol", protocol);
	const struct protocol *known = known_protocol(rule->protocol);
	if (known != NULL && (known->has_ports || known->has_types)) {
		json_object_set_new(permission, "fromPort", json_integer(rule->from_port));
		json_object_set_new(permission, "toPort", json_integer(rule->to_port));
	}
	for (size_t kind = 0; kind < SP_COUNT_OF(peers); kind++)
		json_object_set_new(permission, peers[kind].shown_list, json_array());
	return permission;
}

static void add_to_permission(json_t *permission, const struct security_rule *rule,
			      const char *account)
{
	const struct peer *peer = &peers[rule->peer];
	json_t *element = json_object();
	if (rule->peer == RULE_GROUP)
		sp_json_set_text(element, "userId", account);
	sp_json_set_text(element, peer->shown_value, rule->value);
	sp_json_set_text(element, "description", rule->description);
	json_array_append_new(json_object_get(permission, peer->shown_list), element);
}

json_t *rule_form_permissions(const struct security_rule *rules, size_t count, bool egress,
			      const char *account)
{
	json_t *permissions = json_array();
	for (size_t i = 0; i < count; i++) {
		/* The first rule of its protocol and ports begins the permission and takes the others in. */
		bool begun = rules[i].egress != egress;
		for (size_t j = 0; j < i && !begun; j++)
			begun = rules[j].egress == egress && same_ports(&rules[j], &rules[i]);
		if (begun)
			continue;
		json_t *permission = new_permission(&rules[i]);
		for (size_t j = i; j < count; j++)
			if (rules[j].egress == egress && same_ports(&rules[j], &rules[i]))
				add_to_permission(permission, &rules[j], account);
		json_array_append_new(permissions, permission);
	}
	return permissions;
}

static json_t *show_ports(const struct security_rule *rule)
{
	char protocol[16];
	protocol_text(rule->protocol, protocol);
	return json_pack("{s:s, s:s, s:b, s:s, s:i, s:i}", "securityGroupRuleId", rule->id,
			 "groupId", rule->group_id, "isEgress", rule->egress, "ipProtocol",
			 protocol, "fromPort", rule->from_port, "toPort", rule->to_port);
}

json_t *rule_form_show(const struct security_rule *rule, const char *account)
{
	json_t *shown = show_ports(rule);
	sp_json_set_text(shown, "groupOwnerId", account);
	if (rule->peer == RULE_GROUP)
		json_object_set_new(
			shown, "referencedGroupInfo",
			json_pack("{s:s, s:s}", "groupId", rule->value, "userId", account));
	else
		sp_json_set_text(shown, peers[rule->peer].shown_alone, rule->value);
	sp_json_set_text(shown, "description", rule->description);
	return shown;
}

json_t *rule_form_show_revoked(const struct security_rule *rule)
{
	json_t *shown = show_ports(rule);
	sp_json_set_text(shown, peers[rule->peer].shown_alone, rule->value);
	sp_json_set_text(shown, "description", rule->description);
	return shown;
}
