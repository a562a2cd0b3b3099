#pragma once
/** Within service/lattice/: the handlers, a file per resource. */

#include "api/call.h"

/* gateway.c */
void lattice_create_gateway(struct api_call *call);
void lattice_update_gateway(struct api_call *call);
void lattice_delete_gateway(struct api_call *call);

/* gateway_view.c */
void lattice_get_gateway(struct api_call *call);
void lattice_list_gateways(struct api_call *call);

/* configuration.c */
void lattice_create_configuration(struct api_call *call);
void lattice_update_configuration(struct api_call *call);
void lattice_delete_configuration(struct api_call *call);

/* configuration_view.c */
void lattice_get_configuration(struct api_call *call);
void lattice_list_configurations(struct api_call *call);
void lattice_list_associations(struct api_call *call);

/* tag.c */
void lattice_tag_resource(struct api_call *call);
void lattice_untag_resource(struct api_call *call);
void lattice_list_tags(struct api_call *call);
