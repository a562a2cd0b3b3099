#include "service/ec2/uplink.h"

#include "base/scope.h"
#include "service/ec2/kinds.h"
#include "service/ec2/tags.h"
#include "store/routing.h"

int ec2_uplink_check(struct ec2_request *request, struct db *db, const char *subnet_id,
		     const char *what, struct sp_error *err)
{
	SP_AUTO_FREE char *uplink = NULL;
	if (ec2_tag_find(request->context, db, &ec2_subnet, subnet_id, NETWORK_TAG_UPLINK, &uplink,
			 err) != 0)
		return -1;
	if (uplink == NULL)
		return 0;
	return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
			  "The subnet %s %s: it has the tag " NETWORK_TAG_UPLINK "=%.64s, so the "
			  "router of that real network decides where everything goes",
			  subnet_id, what, uplink);
}

int ec2_uplink_check_table(struct ec2_request *request, struct db *db, const char *table_id,
			   struct sp_error *err)
{
	SP_AUTO_FREE struct route_association *associations = NULL;
	size_t count;
	if (route_associations_list(db, table_id, &associations, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (ec2_uplink_check(request, db, associations[i].subnet_id,
				     "cannot have routes of a route table", err) != 0)
			return -1;
	return 0;
}
