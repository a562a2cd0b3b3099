#pragma once
/** The services that are answered. Each is a folder: service/<name>/. */

#include "api/service.h"

/** All of them; ends with NULL. */
extern const struct api_service *const services_all[];

extern const struct api_service service_ec2;
extern const struct api_service service_iam;
extern const struct api_service service_lattice;
extern const struct api_service service_logs;
extern const struct api_service service_native; /* our own */
extern const struct api_service service_s3;
extern const struct api_service service_secretsmanager;
extern const struct api_service service_sts;
extern const struct api_service service_transfer;
