#include "service/ec2/kinds.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/arn.h"
#include "base/id.h"
#include "base/text.h"
#include "store/networks.h"

enum { ID_DIGITS = 17, ID_DIGITS_ONCE = 8 };

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

void ec2_id_draw(const char *prefix, char out[NETWORK_ID_SIZE])
{
	char digits[ID_DIGITS + 1];
	assert(strlen(prefix) + ID_DIGITS < NETWORK_ID_SIZE);
	sp_random_hex(digits, ID_DIGITS);
	snprintf(out, NETWORK_ID_SIZE, "%s%s", prefix, digits);
}

bool ec2_id_is(const char *prefix, const char *id)
{
	if (!sp_text_starts_with(id, prefix))
		return false;
	const char *digits = id + strlen(prefix);
	size_t length = strspn(digits, "0123456789abcdef");
	return digits[length] == '\0' && (length == ID_DIGITS || length == ID_DIGITS_ONCE);
}

int ec2_id_check(struct ec2_request *request, const struct ec2_kind *kind, const char *id,
		 struct sp_error *err)
{
	if (ec2_id_is(kind->id_prefix, id))
		return 0;
	return ec2_refuse(request, err, kind->malformed,
			  "Invalid id: \"%.200s\" (expecting \"%s...\")", id, kind->id_prefix);
}

int ec2_not_found(struct ec2_request *request, const struct ec2_kind *kind, const char *id,
		  struct sp_error *err)
{
	const struct ec2_selector *by_id = &kind->selectors[0];
	if (err->code != SP_NOT_FOUND)
		return -1;
	return ec2_refuse(request, err, by_id->not_found, "The %s '%s' does not exist", by_id->noun,
			  id);
}

char *ec2_arn(const struct service_context *context, const struct ec2_kind *kind, const char *id)
{
	return sp_arn_format("ec2", context->region, context->account, "%s/%s", kind->type, id);
}

/* NULL: it was refused. */
static const char *id_of(struct ec2_request *request, const struct ec2_kind *kind,
			 const char *parameter, struct sp_error *err)
{
	const char *id = ec2_text(request, parameter);
	if (id == NULL)
		ec2_refuse_missing(request, err, parameter);
	else if (ec2_id_check(request, kind, id, err) == 0)
		return id;
	return NULL;
}

int ec2_find_vpc(struct ec2_request *request, struct db *db, const char *parameter, struct vpc *out,
		 struct sp_error *err)
{
	const char *id = id_of(request, &ec2_vpc, parameter, err);
	if (id == NULL)
		return -1;
	return vpcs_find(db, id, out, err) == 0 ? 0 : ec2_not_found(request, &ec2_vpc, id, err);
}

int ec2_find_subnet(struct ec2_request *request, struct db *db, const char *parameter,
		    struct subnet *out, struct sp_error *err)
{
	const char *id = id_of(request, &ec2_subnet, parameter, err);
	if (id == NULL)
		return -1;
	return subnets_find(db, id, out, err) == 0 ? 0
						   : ec2_not_found(request, &ec2_subnet, id, err);
}
