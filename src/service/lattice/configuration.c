#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/scope.h"
#include "service/lattice/configuration_input.h"
#include "service/lattice/configuration_view.h"
#include "service/lattice/gateway_view.h"
#include "service/lattice/operations.h"
#include "service/lattice/tag.h"
#include "service/lattice/token.h"
#include "store/connectors.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/tags.h"

#define OPERATION      "vpc-lattice CreateResourceConfiguration"
#define QUOTA_SERVICE  "vpc-lattice"
#define QUOTA_CODE     "L-5FF8F9B9" /* resource configurations per Region */
#define QUOTA_CHILDREN "L-9BC96FEF" /* child configurations per group */

static int find_ground(struct db *db, const char *gateway_id, struct lattice_ground *out,
		       struct sp_error *err)
{
	struct resource_gateway gateway = { 0 };
	if (gateways_find(db, gateway_id, &gateway, err) != 0)
		return -1;
	snprintf(out->gateway_id, sizeof(out->gateway_id), "%s", gateway.id);
	out->address_type = gateway.address_type;
	int result = vpcs_find(db, gateway.vpc_id, &out->vpc, err);
	resource_gateway_finish(&gateway);
	return result;
}

static int answer_shown(struct lattice_request *request,
			const struct resource_configuration *configuration)
{
	json_t *shown = lattice_show_configuration(request->context, configuration);
	json_object_update(request->output, shown);
	json_decref(shown);
	return 0;
}

static int answer_made(struct lattice_request *request,
		       const struct resource_configuration *configuration)
{
	char created[SP_ISO_TIME_SIZE];
	sp_time_to_iso(configuration->created_ms, created);
	sp_json_set_text(request->output, "createdAt", created);
	return answer_shown(request, configuration);
}

/* The token's configuration may be gone since: the request cannot be answered as it was then. */
static int answer_again(struct lattice_request *request, struct db *db, const char *id,
			struct sp_error *err)
{
	struct resource_configuration configuration = { 0 };
	if (configurations_find(db, id, &configuration, err) == 0) {
		answer_made(request, &configuration);
		resource_configuration_finish(&configuration);
		return 0;
	}
	if (err->code != SP_NOT_FOUND)
		return -1;
	return lattice_refuse_conflict(
		request, LATTICE_CONFIGURATION, id, err,
		"the client token made the resource configuration \"%s\", which was deleted since",
		id);
}

static int check_room(struct lattice_request *request, struct db *db,
		      const struct resource_configuration *configuration, struct sp_error *err)
{
	int64_t count;
	if (configurations_count(db, &count, err) != 0)
		return -1;
	if (count < request->context->quotas.configurations)
		return 0;
	sp_fail(err, SP_LIMIT,
		"the account has %" PRId64
		" resource configurations, more cannot be made (quota.configurations)",
		count);
	return lattice_refuse_quota(request, LATTICE_CONFIGURATION, configuration->name,
				    QUOTA_SERVICE, QUOTA_CODE);
}

static int insert(struct lattice_request *request, struct db *db,
		  const struct resource_configuration *configuration, struct sp_error *err)
{
	if (check_room(request, db, configuration, err) != 0)
		return -1;
	if (configurations_insert(db, configuration, err) == 0)
		return 0;
	if (err->code == SP_LIMIT)
		return lattice_refuse_quota(request, LATTICE_CONFIGURATION, configuration->name,
					    QUOTA_SERVICE, QUOTA_CODE);
	if (err->code == SP_EXISTS)
		return lattice_refuse_conflict(
			request, LATTICE_CONFIGURATION, configuration->name, err,
			"there is a resource configuration named \"%s\" already",
			configuration->name);
	return -1;
}

/* "db.group.example" is in "group.example". */
static bool is_in_domain(const char *name, const char *domain)
{
	size_t length = strlen(name), domain_length = strlen(domain);
	return length > domain_length && name[length - domain_length - 1] == '.' &&
	       strcasecmp(name + length - domain_length, domain) == 0;
}

static int check_room_in(struct lattice_request *request, struct db *db,
			 const struct resource_configuration *child, struct sp_error *err)
{
	int64_t count;
	if (configurations_count_children(db, child->group_id, &count, err) != 0)
		return -1;
	if (count < request->context->quotas.group_children)
		return 0;
	sp_fail(err, SP_LIMIT,
		"the group \"%s\" has %" PRId64
		" children, more cannot be made (quota.group_children)",
		child->group_id, count);
	return lattice_refuse_quota(request, LATTICE_CONFIGURATION, child->name, QUOTA_SERVICE,
				    QUOTA_CHILDREN);
}

/* Its group's gateway is its own. */
static int join_group(struct lattice_request *request, struct db *db,
		      const struct resource_configuration *group,
		      struct resource_configuration *child, struct sp_error *err)
{
	if (group->type != CONFIGURATION_GROUP)
		return lattice_refuse_field(request, err, "resourceConfigurationGroupIdentifier",
					    "\"%s\" is a %s, and no GROUP", group->id,
					    configuration_type_name(group->type));
	if (child->custom_domain != NULL &&
	    (group->group_domain == NULL ||
	     !is_in_domain(child->custom_domain, group->group_domain)))
		return lattice_refuse_field(request, err, "customDomainName",
					    "\"%s\" is not in the groupDomain of its group, %s%s%s",
					    child->custom_domain,
					    group->group_domain == NULL ? "which has none" : "\"",
					    group->group_domain == NULL ? "" : group->group_domain,
					    group->group_domain == NULL ? "" : "\"");
	memcpy(child->group_id, group->id, sizeof(child->group_id));
	memcpy(child->gateway_id, group->gateway_id, sizeof(child->gateway_id));
	return check_room_in(request, db, child, err);
}

static int find_place(struct lattice_request *request, struct db *db,
		      struct resource_configuration *configuration, struct sp_error *err)
{
	if (configuration->type == CONFIGURATION_CHILD) {
		struct resource_configuration group = { 0 };
		if (lattice_find_group(request, db, &group, err) != 0)
			return -1;
		int result = join_group(request, db, &group, configuration, err);
		resource_configuration_finish(&group);
		return result;
	}
	struct resource_gateway gateway = { 0 };
	if (lattice_find_gateway(request, db, &gateway, err) != 0)
		return -1;
	memcpy(configuration->gateway_id, gateway.id, sizeof(gateway.id));
	resource_gateway_finish(&gateway);
	return 0;
}

static int make(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct resource_configuration *configuration = ctx;
	struct lattice_ground ground;
	char made_id[NETWORK_ID_SIZE];
	if (lattice_token_look_up(request, db, OPERATION, LATTICE_CONFIGURATION, made_id, err) != 0)
		return -1;
	if (made_id[0] != '\0')
		return answer_again(request, db, made_id, err);

	if (find_place(request, db, configuration, err) != 0)
		return -1;
	SP_AUTO_FREE char *arn =
		lattice_arn(request->context, LATTICE_CONFIGURATION, configuration->id);
	if (find_ground(db, configuration->gateway_id, &ground, err) != 0 ||
	    lattice_read_target(request, &ground, configuration, err) != 0 ||
	    insert(request, db, configuration, err) != 0 ||
	    lattice_put_tags(request, db, arn, err) != 0 ||
	    lattice_token_note(request, db, OPERATION, configuration->id, err) != 0)
		return -1;
	return answer_made(request, configuration);
}

void lattice_create_configuration(struct api_call *call)
{
	struct lattice_request request;
	struct resource_configuration configuration = { 0 };
	struct sp_error err = { 0 };
	lattice_begin(&request, call);
	lattice_draw_id(LATTICE_CONFIGURATION, configuration.id);
	configuration.created_ms = configuration.updated_ms = sp_now_ms();
	int result = lattice_read_configuration(&request, &configuration, &err);
	if (result == 0)
		result = lattice_check_tags(&request, &err);
	if (result == 0)
		result = lattice_in_write(&request, make, &configuration, &err);
	resource_configuration_finish(&configuration);
	lattice_end(&request, call, result, &err);
}

/* Members that are not there stay as they are. */
static int change(struct lattice_request *request, struct db *db,
		  struct resource_configuration *configuration, struct sp_error *err)
{
	const json_t *input = request->input;
	const json_t *allow = json_object_get(input, "allowAssociationToShareableServiceNetwork");
	struct lattice_ground ground;
	if (json_object_get(input, "resourceConfigurationDefinition") != NULL &&
	    (find_ground(db, configuration->gateway_id, &ground, err) != 0 ||
	     lattice_read_target(request, &ground, configuration, err) != 0))
		return -1;
	if (json_object_get(input, "portRanges") != NULL &&
	    lattice_read_ports(request, configuration, err) != 0)
		return -1;
	if (allow != NULL)
		configuration->allow_association = json_is_true(allow);
	configuration->updated_ms = sp_now_ms();
	request->changes_networks = request->changes_connections = true;
	return configurations_update(db, configuration, err);
}

static int update(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct resource_configuration configuration = { 0 };
	if (lattice_find_configuration(request, db, &configuration, err) != 0)
		return -1;
	int result = change(request, db, &configuration, err);
	if (result == 0)
		answer_shown(request, &configuration);
	resource_configuration_finish(&configuration);
	return result;
}

void lattice_update_configuration(struct api_call *call)
{
	lattice_write(call, update, NULL);
}

static int delete (struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct resource_configuration configuration = { 0 };
	char user[CONNECTOR_ID_SIZE];
	if (lattice_find_configuration(request, db, &configuration, err) != 0)
		return -1;
	char id[NETWORK_ID_SIZE];
	memcpy(id, configuration.id, sizeof(id));
	resource_configuration_finish(&configuration);

	SP_AUTO_FREE char *arn = lattice_arn(request->context, LATTICE_CONFIGURATION, id);
	char child[NETWORK_ID_SIZE];
	if (configurations_first_child(db, id, child, err) != 0 ||
	    connectors_using(db, arn, user, err) != 0)
		return -1;
	if (child[0] != '\0')
		return lattice_refuse_conflict(request, LATTICE_CONFIGURATION, id, err,
					       "the resource configuration \"%s\" has children, "
					       "\"%s\" first: delete them before",
					       id, child);
	if (user[0] != '\0')
		return lattice_refuse_conflict(
			request, LATTICE_CONFIGURATION, id, err,
			"the resource configuration \"%s\" is used by the connector \"%s\"", id,
			user);
	return configurations_delete(db, id, err) != 0 ? -1 : tags_remove_all(db, arn, err);
}

void lattice_delete_configuration(struct api_call *call)
{
	lattice_write(call, delete, NULL);
}
