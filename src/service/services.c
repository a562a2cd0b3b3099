#include "service/services.h"

const struct api_service *const services_all[] = {
	&service_ec2,  &service_iam,      &service_lattice,
	&service_logs, &service_s3,       &service_secretsmanager,
	&service_sts,  &service_transfer, &service_native,
	NULL,
};
