/** What the permission to change a resource is asked for, when a request names the resource by something else than its id. */

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "service/ec2/kinds.h"
#include "service/ec2/resource.h"
#include "store/routing.h"
#include "store/security_groups.h"

struct search {
	const char *name;
	char id[NETWORK_ID_SIZE]; /* "": none was found */
};

static void note(struct search *search, const char *id)
{
	snprintf(search->id, sizeof(search->id), "%s", id);
}

/* By public address or association. */
static int find_address(struct db *db, void *ctx, struct sp_error *err)
{
	struct search *search = ctx;
	SP_AUTO_FREE struct elastic_address *addresses = NULL;
	size_t count;
	if (elastic_addresses_list(db, &addresses, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strcmp(addresses[i].address, search->name) == 0 ||
		    strcmp(addresses[i].association_id, search->name) == 0)
			note(search, addresses[i].id);
	return 0;
}

/* By a subnet's association. */
static int find_table(struct db *db, void *ctx, struct sp_error *err)
{
	struct search *search = ctx;
	struct route_association association;
	if (route_associations_find(db, search->name, &association, err) != 0)
		return -1;
	note(search, association.table_id);
	return 0;
}

/* By name, when one VPC only has it. */
static int find_group(struct db *db, void *ctx, struct sp_error *err)
{
	struct search *search = ctx;
	struct security_group *groups = NULL;
	size_t count, found = 0;
	if (security_groups_list(db, NULL, &groups, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(groups[i].name, search->name) != 0)
			continue;
		note(search, ++found == 1 ? groups[i].id : "");
	}
	security_groups_free(groups, count);
	return 0;
}

static bool takes(const struct api_operation *operation, const char *name)
{
	const struct shape_member *at = operation->input->members;
	while (at->name != NULL && strcmp(at->name, name) != 0)
		at++;
	return at->name != NULL;
}

/* Rules of the way out take no name: there an id is missing. */
void ec2_resolve(void *context, const struct api_operation *operation, json_t *input)
{
	const struct service_context *service = context;
	struct search search = { .name = sp_json_string(input, "GroupName") };
	struct sp_error err = { 0 };
	if (search.name == NULL || json_object_get(input, "GroupId") != NULL ||
	    !takes(operation, "GroupId") || sp_text_ends_with(operation->name, "Egress") ||
	    store_read(service->store, find_group, &search, &err) != 0 || search.id[0] == '\0')
		return;
	sp_json_set_text(input, "GroupId", search.id);
	json_object_del(input, "GroupName");
}

static const struct {
	const struct ec2_kind *kind;
	store_fn *find;
} searches[] = {
	{ &ec2_elastic_address, find_address },
	{ &ec2_route_table, find_table },
	{ &ec2_security_group, find_group },
};

char *ec2_find_arn(void *context, const json_t *input, const char *kind, const char *value)
{
	const struct service_context *service = context;
	const struct ec2_kind *of_id = ec2_kind_of(value);
	(void)input;
	/* Of any kind where the operation is: a group may be called "vpc-inside". */
	if (of_id != NULL && (kind[0] == '\0' || sp_text_starts_with(kind, of_id->type)))
		return ec2_arn(service, of_id, value);
	for (size_t i = 0; i < SP_COUNT_OF(searches); i++) {
		struct search search = { .name = value };
		struct sp_error err = { 0 };
		if (!sp_text_starts_with(kind, searches[i].kind->type))
			continue;
		if (store_read(service->store, searches[i].find, &search, &err) == 0 &&
		    search.id[0] != '\0')
			return ec2_arn(service, searches[i].kind, search.id);
	}
	return NULL;
}
