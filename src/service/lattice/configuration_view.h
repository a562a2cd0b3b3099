#pragma once
/** Within service/lattice/: resource configurations as answers have them. */

#include "service/lattice/request.h"

/** What create, get and update answer alike. Owned by the caller. */
json_t *lattice_show_configuration(const struct service_context *context,
				   const struct resource_configuration *configuration);

/** The configuration that the request's identifier names; the caller finishes it. */
int lattice_find_configuration(struct lattice_request *request, struct db *db,
			       struct resource_configuration *out, struct sp_error *err);

/** The same of the request's resourceConfigurationGroupIdentifier. */
int lattice_find_group(struct lattice_request *request, struct db *db,
		       struct resource_configuration *out, struct sp_error *err);
