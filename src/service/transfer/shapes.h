#pragma once
/** Within service/transfer/: the inputs of the operations. AWS Transfer Family API, version 2018-11-05. */

#include "api/shape.h"

extern const struct shape transfer_create_connector_input;
extern const struct shape transfer_update_connector_input;
extern const struct shape
	transfer_connector_input; /* DescribeConnector, DeleteConnector, TestConnection */
extern const struct shape transfer_page_input; /* ListConnectors, ListSecurityPolicies */
extern const struct shape transfer_start_file_transfer_input;
extern const struct shape transfer_list_file_transfer_results_input;
extern const struct shape transfer_start_directory_listing_input;
extern const struct shape transfer_start_remote_move_input;
extern const struct shape transfer_start_remote_delete_input;
extern const struct shape transfer_describe_security_policy_input;
extern const struct shape transfer_tag_resource_input;
extern const struct shape transfer_untag_resource_input;
extern const struct shape transfer_list_tags_input;
