#pragma once
/** Within service/lattice/: the inputs of the operations. Amazon VPC Lattice API, version 2022-11-30. */

#include "api/shape.h"

extern const struct shape lattice_create_gateway_input;
extern const struct shape lattice_gateway_input; /* Get, Delete */
extern const struct shape lattice_update_gateway_input;
extern const struct shape lattice_list_gateways_input;
extern const struct shape lattice_create_configuration_input;
extern const struct shape lattice_configuration_input; /* Get, Delete */
extern const struct shape lattice_update_configuration_input;
extern const struct shape lattice_list_configurations_input;
extern const struct shape lattice_list_associations_input;
extern const struct shape lattice_tag_resource_input;
extern const struct shape lattice_untag_resource_input;
extern const struct shape lattice_list_tags_input;
