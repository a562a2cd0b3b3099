/** Network interfaces' attributes, which EC2 shows and changes one by one. */

#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "service/ec2/network_interface.h"
#include "service/ec2/operations.h"
#include "store/gateways.h"

/* ---- describing ----------------------------------------------------------------------------------------------------- */

/* Each gives the member's value, owned by the caller; NULL: it has none. */

static int show_description(struct db *db, const struct network_interface *interface, json_t **out,
			    struct sp_error *err)
{
	SP_AUTO_BUFFER text = { 0 };
	(void)db;
	(void)err;
	ec2_interface_describe(interface, &text);
	*out = json_pack("{s:s}", "value", sp_buffer_text(&text));
	return 0;
}

static int show_check(struct db *db, const struct network_interface *interface, json_t **out,
		      struct sp_error *err)
{
	(void)db;
	(void)err;
	*out = json_pack("{s:b}", "value", interface->checks_addresses);
	return 0;
}

static int show_attachment(struct db *db, const struct network_interface *interface, json_t **out,
			   struct sp_error *err)
{
	(void)db;
	(void)err;
	*out = ec2_interface_show_attachment(interface);
	return 0;
}

static int show_public(struct db *db, const struct network_interface *interface, json_t **out,
		       struct sp_error *err)
{
	(void)db;
	(void)interface;
	(void)err;
	*out = json_false(); /* public addresses are Elastic IP addresses here */
	return 0;
}

static const struct attribute {
	const char *name; /* in requests and answers */
	int (*show)(struct db *db, const struct network_interface *interface, json_t **out,
		    struct sp_error *err);
} attributes[] = {
	{ "description", show_description },         { "groupSet", ec2_interface_show_groups },
	{ "sourceDestCheck", show_check },           { "attachment", show_attachment },
	{ "associatePublicIpAddress", show_public },
};

static int describe(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	const char *name = ec2_text(request, "Attribute");
	struct network_interface interface;
	json_t *shown;
	(void)ctx;
	if (name == NULL)
		return ec2_refuse_missing(request, err, "Attribute");
	if (ec2_find_interface(request, db, &interface, err) != 0)
		return -1;
	for (size_t i = 0; i < SP_COUNT_OF(attributes); i++) {
		if (strcmp(attributes[i].name, name) != 0)
			continue;
		if (attributes[i].show(db, &interface, &shown, err) != 0)
			return -1;
		sp_json_set_text(request->output, "networkInterfaceId", interface.id);
		if (shown != NULL)
			json_object_set_new(request->output, name, shown);
		return 0;
	}
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.64s) for parameter attribute is invalid: it is description, "
			  "groupSet, sourceDestCheck, attachment or associatePublicIpAddress",
			  name);
}

void ec2_describe_network_interface_attribute(struct api_call *call)
{
	ec2_read(call, describe, NULL);
}

/* ---- changing ------------------------------------------------------------------------------------------------------- */

static int change_description(struct ec2_request *request, struct db *db,
			      struct network_interface *interface, struct sp_error *err)
{
	const char *text = sp_json_string(json_object_get(request->input, "Description"), "Value");
	(void)db;
	if (text == NULL)
		return ec2_refuse_missing(request, err, "Description.Value");
	return ec2_interface_read_description(request, text, interface, err);
}

static int change_check(struct ec2_request *request, struct db *db,
			struct network_interface *interface, struct sp_error *err)
{
	(void)db;
	return ec2_attribute(request, "SourceDestCheck", &interface->checks_addresses)
		       ? 0
		       : ec2_refuse_missing(request, err, "SourceDestCheck.Value");
}

static int refuse(struct ec2_request *request, struct db *db, struct network_interface *interface,
		  struct sp_error *err)
{
	(void)db;
	(void)interface;
	return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
			  "What can be changed of a network interface is Description, "
			  "SourceDestCheck and its groups");
}

static const struct change {
	const char *parameter;
	int (*make)(struct ec2_request *request, struct db *db, struct network_interface *interface,
		    struct sp_error *err);
} changes[] = {
	{ "Description", change_description },
	{ "SourceDestCheck", change_check },
	{ "SecurityGroupId", ec2_interface_read_groups },
	{ "AssociatePublicIpAddress", refuse },
	{ "AssociatedSubnetId", refuse },
	{ "Attachment", refuse },
	{ "ConnectionTrackingSpecification", refuse },
	{ "EnablePrimaryIpv6", refuse },
	{ "EnaSrdSpecification", refuse },
};

static int find_change(struct ec2_request *request, const struct change **out, struct sp_error *err)
{
	*out = NULL;
	for (size_t i = 0; i < SP_COUNT_OF(changes); i++) {
		if (json_object_get(request->input, changes[i].parameter) == NULL)
			continue;
		if (*out != NULL)
			return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
					  "One attribute is changed at a time: %s and %s were "
					  "given",
					  (*out)->parameter, changes[i].parameter);
		*out = &changes[i];
	}
	return *out != NULL ? 0
			    : ec2_refuse(request, err, EC2_MISSING_PARAMETER,
					 "The request must contain the parameter Description, "
					 "SourceDestCheck or SecurityGroupId");
}

static int modify(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	const struct change *change;
	struct network_interface interface;
	(void)ctx;
	if (ec2_find_own_interface(request, db, "changed", &interface, err) != 0 ||
	    find_change(request, &change, err) != 0 ||
	    change->make(request, db, &interface, err) != 0)
		return -1;
	return interfaces_update(db, &interface, err);
}

void ec2_modify_network_interface_attribute(struct api_call *call)
{
	ec2_write(call, modify, NULL);
}
