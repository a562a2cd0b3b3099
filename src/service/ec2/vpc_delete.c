#include "service/ec2/kinds.h"
#include "service/ec2/operations.h"
#include "service/ec2/security_group.h"
#include "service/ec2/tags.h"
#include "store/networks.h"

/* Its companions' tags; those of the default group go with the group. */
static int delete_tags(const struct service_context *context, struct db *db, const struct vpc *vpc,
		       struct sp_error *err)
{
	if (ec2_tags_delete(context, db, &ec2_route_table, vpc->main_route_table_id, err) != 0 ||
	    ec2_tags_delete(context, db, &ec2_network_acl, vpc->network_acl_id, err) != 0)
		return -1;
	return ec2_tags_delete(context, db, &ec2_vpc, vpc->id, err);
}

static int delete (struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct vpc vpc;
	(void)ctx;
	if (ec2_find_vpc(request, db, "VpcId", &vpc, err) != 0)
		return -1;
	if (vpc.is_host)
		return ec2_refuse(request, err, EC2_NOT_PERMITTED,
				  "The vpc '%s' shows this machine and cannot be deleted", vpc.id);
	if (delete_tags(request->context, db, &vpc, err) != 0)
		return -1;
	if (security_group_remove(request, db, vpc.default_group_id, err) == 0 &&
	    vpcs_delete(db, vpc.id, err) == 0)
		return 0;
	if (err->code != SP_EXISTS)
		return -1;
	return ec2_refuse(request, err, EC2_DEPENDENCY_VIOLATION,
			  "The vpc '%s' has dependencies and cannot be deleted.", vpc.id);
}

void ec2_delete_vpc(struct api_call *call)
{
	ec2_write(call, delete, NULL);
}
