#pragma once
/** Within service/transfer/: the handlers, a file per resource. */

#include "api/call.h"

/* connector.c */
void transfer_create_connector(struct api_call *call);
void transfer_update_connector(struct api_call *call);
void transfer_delete_connector(struct api_call *call);

/* connector_list.c */
void transfer_describe_connector(struct api_call *call);
void transfer_list_connectors(struct api_call *call);

/* test_connection.c */
void transfer_test_connection(struct api_call *call);

/* file_transfer.c */
void transfer_start_file_transfer(struct api_call *call);
void transfer_list_file_transfer_results(struct api_call *call);

/* directory.c */
void transfer_start_directory_listing(struct api_call *call);
void transfer_start_remote_move(struct api_call *call);
void transfer_start_remote_delete(struct api_call *call);

/* security_policy.c */
void transfer_describe_security_policy(struct api_call *call);
void transfer_list_security_policies(struct api_call *call);

/* tag.c */
void transfer_tag_resource(struct api_call *call);
void transfer_untag_resource(struct api_call *call);
void transfer_list_tags_for_resource(struct api_call *call);
