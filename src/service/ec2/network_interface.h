#pragma once
/** Within service/ec2/: network interfaces for other resources. */

#include "service/ec2/kinds.h"

/** By the request's NetworkInterfaceId, which must look like an id and be there. */
int ec2_find_interface(struct ec2_request *request, struct db *db, struct network_interface *out,
		       struct sp_error *err);

/** The same for what is changed; refused when it belongs to a gateway, which alone may change it. */
int ec2_find_own_interface(struct ec2_request *request, struct db *db, const char *what,
			   struct network_interface *out, struct sp_error *err);

/** What it is for, as EC2 tells it. */
struct sp_buffer;
void ec2_interface_describe(const struct network_interface *interface, struct sp_buffer *out);

/** [{groupId, groupName}], owned by the caller. A gateway's interface has the gateway's groups. */
int ec2_interface_show_groups(struct db *db, const struct network_interface *interface,
			      json_t **out, struct sp_error *err);

/** "attachment" of an interface that a gateway has, owned by the caller; NULL: the user's own, of which nobody makes use. */
json_t *ec2_interface_show_attachment(const struct network_interface *interface);

/** The request's Description, if any. */
int ec2_interface_read_description(struct ec2_request *request, const char *text,
				   struct network_interface *interface, struct sp_error *err);

/** The request's SecurityGroupId list, which are groups of the interface's VPC; without them nothing is changed. */
int ec2_interface_read_groups(struct ec2_request *request, struct db *db,
			      struct network_interface *interface, struct sp_error *err);
