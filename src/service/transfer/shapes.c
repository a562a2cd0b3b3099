#include "service/transfer/shapes.h"

#include "model/connector.h"
#include "model/transfer.h"

/* clang-format off */

#define STRING(name, minimum, maximum, regex) \
	static const struct shape name = { .type = SHAPE_STRING, .min = (minimum), .max = (maximum), .pattern = (regex) }
#define INTEGER(name, minimum, maximum) \
	static const struct shape name = { .type = SHAPE_INTEGER, .min = (minimum), .max = (maximum) }
#define LIST(name, minimum, maximum, of) \
	static const struct shape name = { .type = SHAPE_LIST, .min = (minimum), .max = (maximum), .element = &(of) }
#define MEMBERS(...) \
	.type = SHAPE_STRUCTURE, .members = (const struct shape_member[]){ __VA_ARGS__, { NULL, NULL, false } }
#define STRUCTURE(name, ...) static const struct shape name = { MEMBERS(__VA_ARGS__) }
#define UNION(name, ...)     static const struct shape name = { MEMBERS(__VA_ARGS__), .is_union = true }
#define INPUT(name, ...)     const struct shape name = { MEMBERS(__VA_ARGS__) }
#define REQUIRED             true
#define OPTIONAL             false

STRING(connector_id, 19, 19, "c-[0-9a-f]{17}");
STRING(arn, 20, 1600, "arn:[^[:space:]]+");
STRING(role, 20, 2048, "arn:.*role/[^[:space:]]+");
STRING(url, 0, 255, NULL);
STRING(ip_address_type, 0, 0, "IPV4|DUALSTACK");
STRING(next_token, 1, 6144, NULL);
INTEGER(max_results, 1, 1000);

/* ---- connectors ------------------------------------------------------------------------------------------------- */

STRING(secret_id, 1, 2048, NULL);
STRING(trusted_host_key, 1, 2048, NULL);
LIST(trusted_host_keys, 0, 10, trusted_host_key);
INTEGER(concurrent_connections, 1, 5);
STRING(version_stage, 1, CONNECTOR_STAGE_CHARACTERS_MAX, NULL);
LIST(version_stages, 0, CONNECTOR_STAGES_MAX, version_stage);
STRUCTURE(sftp_config,
	{ "UserSecretId", &secret_id, OPTIONAL },
	{ "TrustedHostKeys", &trusted_host_keys, OPTIONAL },
	{ "MaxConcurrentConnections", &concurrent_connections, OPTIONAL },
	{ "OrderedUserSecretVersionStages", &version_stages, OPTIONAL });

STRUCTURE(as2_config,
	{ NULL, NULL, OPTIONAL }); /* refused whole */

STRING(resource_configuration_arn, 1, 2048,
       "arn:[a-z0-9-]+:vpc-lattice:[a-zA-Z0-9-]+:[0-9]{12}:resourceconfiguration/"
       "rcfg-[0-9a-z]{17}");
INTEGER(port_number, 1, 65535);
STRUCTURE(create_vpc_lattice,
	{ "ResourceConfigurationArn", &resource_configuration_arn, REQUIRED },
	{ "PortNumber", &port_number, OPTIONAL });
STRUCTURE(update_vpc_lattice,
	{ "ResourceConfigurationArn", &resource_configuration_arn, OPTIONAL },
	{ "PortNumber", &port_number, OPTIONAL });
UNION(create_egress_config,
	{ "VpcLattice", &create_vpc_lattice, OPTIONAL });
UNION(update_egress_config,
	{ "VpcLattice", &update_vpc_lattice, OPTIONAL });

STRING(connector_security_policy, 0, 100, "TransferSFTPConnectorSecurityPolicy-[A-Za-z0-9-]+");

STRING(tag_key, 0, 128, NULL);
STRING(tag_value, 0, 256, NULL);
STRUCTURE(tag,
	{ "Key", &tag_key, REQUIRED },
	{ "Value", &tag_value, REQUIRED });
LIST(tags, 1, 50, tag);
LIST(tag_keys, 1, 50, tag_key);

INPUT(transfer_create_connector_input,
	{ "AccessRole", &role, REQUIRED },
	{ "Url", &url, OPTIONAL },
	{ "SftpConfig", &sftp_config, OPTIONAL },
	{ "As2Config", &as2_config, OPTIONAL },
	{ "LoggingRole", &role, OPTIONAL },
	{ "Tags", &tags, OPTIONAL },
	{ "SecurityPolicyName", &connector_security_policy, OPTIONAL },
	{ "EgressConfig", &create_egress_config, OPTIONAL },
	{ "IpAddressType", &ip_address_type, OPTIONAL });

INPUT(transfer_update_connector_input,
	{ "ConnectorId", &connector_id, REQUIRED },
	{ "Url", &url, OPTIONAL },
	{ "SftpConfig", &sftp_config, OPTIONAL },
	{ "As2Config", &as2_config, OPTIONAL },
	{ "AccessRole", &role, OPTIONAL },
	{ "LoggingRole", &role, OPTIONAL },
	{ "SecurityPolicyName", &connector_security_policy, OPTIONAL },
	{ "EgressConfig", &update_egress_config, OPTIONAL },
	{ "IpAddressType", &ip_address_type, OPTIONAL });

INPUT(transfer_connector_input,
	{ "ConnectorId", &connector_id, REQUIRED });

INPUT(transfer_page_input,
	{ "MaxResults", &max_results, OPTIONAL },
	{ "NextToken", &next_token, OPTIONAL });

/* ---- transfers -------------------------------------------------------------------------------------------------- */

STRING(file_path, 1, 1024, NULL);
LIST(file_paths, 1, 10, file_path);
STRING(transfer_id, 1, 512, "[0-9a-zA-Z./-]+");
STRING(http_header_name, 1, 128, NULL);
STRING(http_header_value, 0, 1024, NULL);
STRUCTURE(http_header,
	{ "Key", &http_header_name, OPTIONAL },
	{ "Value", &http_header_value, OPTIONAL });
LIST(http_headers, 0, 10, http_header);

INPUT(transfer_start_file_transfer_input,
	{ "ConnectorId", &connector_id, REQUIRED },
	{ "SendFilePaths", &file_paths, OPTIONAL },
	{ "RetrieveFilePaths", &file_paths, OPTIONAL },
	{ "LocalDirectoryPath", &file_path, OPTIONAL },
	{ "RemoteDirectoryPath", &file_path, OPTIONAL },
	{ "CustomHttpHeaders", &http_headers, OPTIONAL });

INPUT(transfer_list_file_transfer_results_input,
	{ "ConnectorId", &connector_id, REQUIRED },
	{ "TransferId", &transfer_id, REQUIRED },
	{ "NextToken", &next_token, OPTIONAL },
	{ "MaxResults", &max_results, OPTIONAL });

INTEGER(max_items, 1, LISTING_ITEMS_MAX);
INPUT(transfer_start_directory_listing_input,
	{ "ConnectorId", &connector_id, REQUIRED },
	{ "RemoteDirectoryPath", &file_path, REQUIRED },
	{ "OutputDirectoryPath", &file_path, REQUIRED },
	{ "MaxItems", &max_items, OPTIONAL });

INPUT(transfer_start_remote_move_input,
	{ "ConnectorId", &connector_id, REQUIRED },
	{ "SourcePath", &file_path, REQUIRED },
	{ "TargetPath", &file_path, REQUIRED });

INPUT(transfer_start_remote_delete_input,
	{ "ConnectorId", &connector_id, REQUIRED },
	{ "DeletePath", &file_path, REQUIRED });

/* ---- policies and tags ------------------------------------------------------------------------------------------ */

STRING(security_policy, 0, 100, "Transfer[A-Za-z0-9]*SecurityPolicy-[A-Za-z0-9-]+");

INPUT(transfer_describe_security_policy_input,
	{ "SecurityPolicyName", &security_policy, REQUIRED });

INPUT(transfer_tag_resource_input,
	{ "Arn", &arn, REQUIRED },
	{ "Tags", &tags, REQUIRED });

INPUT(transfer_untag_resource_input,
	{ "Arn", &arn, REQUIRED },
	{ "TagKeys", &tag_keys, REQUIRED });

INPUT(transfer_list_tags_input,
	{ "Arn", &arn, REQUIRED },
	{ "MaxResults", &max_results, OPTIONAL },
	{ "NextToken", &next_token, OPTIONAL });
