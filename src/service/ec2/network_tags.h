#pragma once
/** Within service/ec2/: the tags with which Sallyport adds to VPCs, subnets and interfaces what EC2 has no words for. */

#include "service/ec2/request.h"

/* As a kind's check_tag(). */
int ec2_vpc_check_tag(struct ec2_request *request, struct db *db, const char *id, const char *key,
		      const char *value, struct sp_error *err);
int ec2_subnet_check_tag(struct ec2_request *request, struct db *db, const char *id,
			 const char *key, const char *value, struct sp_error *err);
int ec2_interface_check_tag(struct ec2_request *request, struct db *db, const char *id,
			    const char *key, const char *value, struct sp_error *err);
